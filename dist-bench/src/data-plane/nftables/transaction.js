/** The nft commands that change one ruleset into another: only the differences, in an order that is valid at every step. */
import { noElements } from './fragment.js';
const ruleBytes = 1500;
const elementBytes = 72;
/** A slot number and its value. */
const slotBytes = 32;
const objectBytes = 200;
/** Elements that one command adds: far below what an unprivileged socket may send at once. */
const elementsPerCommand = 1000;
const noSlots = [];
const object = (text) => ({ text, bytes: objectBytes });
const quoted = ([key, value]) => (value === '' ? key : `${key} : ${value}`);
/** Commands that change what a map or set contains; a key's old and new value are exchanged in one transaction. */
function changeElements(place, { removed, added, bytesEach }) {
    const commands = [];
    const renewed = new Map(added);
    const replaced = removed.filter((key) => renewed.has(key));
    const gone = removed.filter((key) => !renewed.has(key));
    const isReplaced = new Set(replaced);
    const fresh = added.filter(([key]) => !isReplaced.has(key));
    // Slots of one chunk change together; chunks may change one after the other.
    for (let at = 0; at < replaced.length; at += elementsPerCommand) {
        const keys = replaced.slice(at, at + elementsPerCommand);
        const values = keys.map((key) => quoted([key, renewed.get(key)]));
        commands.push({
            text: `delete element ${place} { ${keys.join(', ')} }; add element ${place} { ${values.join(', ')} }`,
            bytes: 2 * bytesEach * keys.length,
        });
    }
    for (let at = 0; at < fresh.length; at += elementsPerCommand) {
        const some = fresh.slice(at, at + elementsPerCommand);
        commands.push({
            text: `add element ${place} { ${some.map(quoted).join(', ')} }`,
            bytes: bytesEach * some.length,
        });
    }
    for (let at = 0; at < gone.length; at += elementsPerCommand) {
        const some = gone.slice(at, at + elementsPerCommand);
        commands.push({ text: `delete element ${place} { ${some.join(', ')} }`, bytes: bytesEach * some.length });
    }
    return commands;
}
function elementChanges(place, before, after) {
    if (before === after)
        return [];
    const removed = [];
    const added = [];
    for (const [key, value] of after) {
        const old = before.get(key);
        if (old === value)
            continue;
        if (old !== undefined)
            removed.push(key);
        added.push([key, value]);
    }
    for (const key of before.keys())
        if (!after.has(key))
            removed.push(key);
    return changeElements(place, { removed, added, bytesEach: elementBytes });
}
function slotChanges(place, before, after) {
    if (before === after)
        return [];
    const removed = [];
    const added = [];
    const count = Math.max(before.length, after.length);
    for (let slot = 0; slot < count; slot++) {
        const old = before[slot];
        const renewed = after[slot];
        if (old === renewed)
            continue;
        if (old !== undefined)
            removed.push(String(slot));
        if (renewed !== undefined)
            added.push([String(slot), renewed]);
    }
    return changeElements(place, { removed, added, bytesEach: slotBytes });
}
/** All objects of one kind in both states, by their full name. */
class Both {
    before = new Map();
    after = new Map();
    get added() {
        return [...this.after].filter(([place]) => !this.before.has(place));
    }
    get removed() {
        return [...this.before].filter(([place]) => !this.after.has(place));
    }
}
function fillRules(place, chain, { isNew }) {
    const rules = chain.rules.map((rule) => `add rule ${place} ${rule}`);
    return {
        text: (isNew ? rules : [`flush chain ${place}`, ...rules]).join('; '),
        bytes: objectBytes + ruleBytes * rules.length,
    };
}
const alike = (a, b) => a === b || (a.rules.length === b.rules.length && a.rules.every((rule, index) => rule === b.rules[index]));
class Comparison {
    #sets = new Both();
    #chains = new Both();
    #shared = new Map();
    constructor(before, after) {
        for (const [id, fragment] of before)
            if (after.get(id) !== fragment)
                this.#take(fragment, 'before');
        for (const [id, fragment] of after)
            if (before.get(id) !== fragment)
                this.#take(fragment, 'after');
    }
    #take({ table, sets, chains, shared }, state) {
        for (const set of sets)
            this.#sets[state].set(`${table} ${set.name}`, set);
        for (const chain of chains)
            this.#chains[state].set(`${table} ${chain.name}`, chain);
        for (const { map, key, value } of shared) {
            const place = `${table} ${map}`;
            const both = this.#shared.get(place) ?? { before: new Map(), after: new Map() };
            this.#shared.set(place, both);
            both[state].set(key, value);
        }
    }
    commands() {
        return [
            ...this.#sets.added.map(([place, { kind, spec }]) => object(`add ${kind} ${place} { ${spec} }`)),
            ...this.#chains.added.map(([place, { hook }]) => object(`add chain ${place}${hook ? ` { ${hook} }` : ''}`)),
            // A slot may name a member only when that member's address is loaded.
            ...this.#sharedChanges({ verdicts: false }),
            ...[...this.#sets.after].flatMap(([place, { elements, slots = noSlots }]) => {
                const before = this.#sets.before.get(place);
                return [
                    ...elementChanges(place, before?.elements ?? noElements, elements),
                    ...slotChanges(place, before?.slots ?? noSlots, slots),
                ];
            }),
            ...this.#rules(),
            ...this.#sharedChanges({ verdicts: true }),
            // Chains are emptied before they, and what they refer to, are deleted.
            ...this.#chains.removed.map(([place]) => object(`flush chain ${place}`)),
            ...this.#chains.removed.map(([place]) => object(`delete chain ${place}`)),
            ...this.#sets.removed.map(([place, { kind }]) => object(`delete ${kind} ${place}`)),
        ];
    }
    #sharedChanges({ verdicts }) {
        return [...this.#shared].flatMap(([place, { before, after }]) => {
            const [value = ''] = (after.size > 0 ? after : before).values();
            return value.startsWith('goto ') === verdicts ? elementChanges(place, before, after) : [];
        });
    }
    #rules() {
        // A hooked chain is filled after everything that it leads to.
        const inOrder = [...this.#chains.after].sort(([, a], [, b]) => Number(Boolean(a.hook)) - Number(Boolean(b.hook)));
        return inOrder.flatMap(([place, chain]) => {
            const before = this.#chains.before.get(place);
            return before && alike(before, chain) ? [] : [fillRules(place, chain, { isNew: !before })];
        });
    }
}
/** The commands that lead from `before` to `after`. The tables themselves are the loader's. */
export const changesBetween = (before, after) => new Comparison(before, after).commands();
/** Commands gathered into as few transactions as the kernel takes from an unprivileged process. */
export function transactions(commands, limitBytes = 100_000) {
    const lines = [];
    let texts = [];
    let bytes = 0;
    for (const command of commands) {
        if (texts.length > 0 && bytes + command.bytes > limitBytes) {
            lines.push(texts.join('; '));
            texts = [];
            bytes = 0;
        }
        texts.push(command.text);
        bytes += command.bytes;
    }
    if (texts.length > 0)
        lines.push(texts.join('; '));
    return lines;
}
//# sourceMappingURL=transaction.js.map