/** The nft commands that change one ruleset into another: only the differences, in an order that is valid at every step. */
import { type Chain, type Elements, type Fragment, type NamedSet, noElements, type Ruleset } from './fragment.js';

/** Text that must be executed in one transaction, with its approximate size in a netlink message. */
export interface NftCommand {
  readonly text: string;
  readonly bytes: number;
}

/** About twice what a rule takes: most are short, and one that lists many networks takes two to three bytes a character. */
const ruleBytes = (rule: string): number => Math.max(500, 5 * rule.length);
const elementBytes = 72;
/** A slot number and its value. */
const slotBytes = 32;
const objectBytes = 200;
/** Elements that one command adds: far below what an unprivileged socket may send at once. */
const elementsPerCommand = 1000;

const noSlots: readonly string[] = [];

const object = (text: string): NftCommand => ({ text, bytes: objectBytes });

const quoted = ([key, value]: readonly [string, string]): string => (value === '' ? key : `${key} : ${value}`);

interface ElementChanges {
  /** Keys; one that is also added is replaced. */
  readonly removed: readonly string[];
  readonly added: readonly (readonly [string, string])[];
  readonly bytesEach: number;
}

/** Commands that change what a map or set contains; a key's old and new value are exchanged in one transaction. */
function changeElements(place: string, { removed, added, bytesEach }: ElementChanges): NftCommand[] {
  const commands: NftCommand[] = [];
  const renewed = new Map(added);
  const replaced = removed.filter((key) => renewed.has(key));
  const gone = removed.filter((key) => !renewed.has(key));
  const isReplaced = new Set(replaced);
  const fresh = added.filter(([key]) => !isReplaced.has(key));
  // Slots of one chunk change together; chunks may change one after the other.
  for (let at = 0; at < replaced.length; at += elementsPerCommand) {
    const keys = replaced.slice(at, at + elementsPerCommand);
    const values = keys.map((key) => quoted([key, renewed.get(key) as string]));
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

function elementChanges(place: string, before: Elements, after: Elements): NftCommand[] {
  if (before === after) return [];
  const removed: string[] = [];
  const added: [string, string][] = [];
  for (const [key, value] of after) {
    const old = before.get(key);
    if (old === value) continue;
    if (old !== undefined) removed.push(key);
    added.push([key, value]);
  }
  for (const key of before.keys()) if (!after.has(key)) removed.push(key);
  return changeElements(place, { removed, added, bytesEach: elementBytes });
}

function slotChanges(place: string, before: readonly string[], after: readonly string[]): NftCommand[] {
  if (before === after) return [];
  const removed: string[] = [];
  const added: [string, string][] = [];
  const count = Math.max(before.length, after.length);
  for (let slot = 0; slot < count; slot++) {
    const old = before[slot];
    const renewed = after[slot];
    if (old === renewed) continue;
    if (old !== undefined) removed.push(String(slot));
    if (renewed !== undefined) added.push([String(slot), renewed]);
  }
  return changeElements(place, { removed, added, bytesEach: slotBytes });
}

/** All objects of one kind in both states, by their full name. */
class Both<T> {
  readonly before = new Map<string, T>();
  readonly after = new Map<string, T>();

  get added(): [string, T][] {
    return [...this.after].filter(([place]) => !this.before.has(place));
  }

  get removed(): [string, T][] {
    return [...this.before].filter(([place]) => !this.after.has(place));
  }
}

function fillRules(place: string, chain: Chain, { isNew }: { isNew: boolean }): NftCommand {
  const rules = chain.rules.map((rule) => `add rule ${place} ${rule}`);
  return {
    text: (isNew ? rules : [`flush chain ${place}`, ...rules]).join('; '),
    bytes: rules.reduce((sum, rule) => sum + ruleBytes(rule), objectBytes),
  };
}

const alike = (a: Chain, b: Chain): boolean =>
  a === b || (a.rules.length === b.rules.length && a.rules.every((rule, index) => rule === b.rules[index]));

class Comparison {
  readonly #sets = new Both<NamedSet>();
  readonly #chains = new Both<Chain>();
  readonly #shared = new Map<string, { before: Map<string, string>; after: Map<string, string> }>();

  constructor(before: Ruleset, after: Ruleset) {
    for (const [id, fragment] of before) if (after.get(id) !== fragment) this.#take(fragment, 'before');
    for (const [id, fragment] of after) if (before.get(id) !== fragment) this.#take(fragment, 'after');
  }

  #take({ table, sets, chains, shared }: Fragment, state: 'before' | 'after'): void {
    for (const set of sets) this.#sets[state].set(`${table} ${set.name}`, set);
    for (const chain of chains) this.#chains[state].set(`${table} ${chain.name}`, chain);
    for (const { map, key, value } of shared) {
      const place = `${table} ${map}`;
      const both = this.#shared.get(place) ?? { before: new Map(), after: new Map() };
      this.#shared.set(place, both);
      both[state].set(key, value);
    }
  }

  commands(): NftCommand[] {
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

  #sharedChanges({ verdicts }: { verdicts: boolean }): NftCommand[] {
    return [...this.#shared].flatMap(([place, { before, after }]) => {
      const [value = ''] = (after.size > 0 ? after : before).values();
      return value.startsWith('goto ') === verdicts ? elementChanges(place, before, after) : [];
    });
  }

  #rules(): NftCommand[] {
    // A hooked chain is filled after everything that it leads to.
    const inOrder = [...this.#chains.after].sort(([, a], [, b]) => Number(Boolean(a.hook)) - Number(Boolean(b.hook)));
    return inOrder.flatMap(([place, chain]) => {
      const before = this.#chains.before.get(place);
      return before && alike(before, chain) ? [] : [fillRules(place, chain, { isNew: !before })];
    });
  }
}

/** The commands that lead from `before` to `after`. The tables themselves are the loader's. */
export const changesBetween = (before: Ruleset, after: Ruleset): readonly NftCommand[] =>
  new Comparison(before, after).commands();

/** Commands gathered into as few transactions as the kernel takes from an unprivileged process. */
export function transactions(commands: readonly NftCommand[], limitBytes = 150_000): string[] {
  const lines: string[] = [];
  let texts: string[] = [];
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
  if (texts.length > 0) lines.push(texts.join('; '));
  return lines;
}
