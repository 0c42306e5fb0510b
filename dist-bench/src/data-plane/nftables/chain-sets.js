import { familyOf } from './family.js';
import { noElements } from './fragment.js';
import { hex, mostChainSets } from './marks.js';
/** Real time that the engine has to reset both ends of an idle flow, before the kernel forgets it. */
const resetMarginMs = 2000;
function portsOf(rule, numberOf) {
    if (rule.backendPort !== undefined)
        return { port: rule.backendPort, elements: noElements };
    const [first] = rule.members;
    if (!first || rule.members.every(({ port }) => port === first.port)) {
        return { port: first?.port ?? 0, elements: noElements };
    }
    return {
        port: undefined,
        elements: new Map(rule.members.map(({ address, port }) => [hex(numberOf(address)), String(port)])),
    };
}
class NumberedSet {
    identity;
    ports;
    idleMs;
    members = new Map();
    state = 'open';
    choice;
    connections;
    entry;
    tracked;
    set;
    constructor(identity, set, ports, idleMs) {
        this.identity = identity;
        this.ports = ports;
        this.idleMs = idleMs;
        this.set = set;
    }
    get family() {
        return this.set.family;
    }
    /** Keeps the entry chains when nothing about them changes. */
    choose(choice, rule) {
        const before = this.set.frontend.rule;
        const same = this.choice?.pool === choice.pool &&
            this.choice.slotCount === choice.slotCount &&
            before.distribution === rule.distribution &&
            before.connectionTracking === rule.connectionTracking &&
            (before.acl === rule.acl || JSON.stringify(before.acl) === JSON.stringify(rule.acl));
        if (!same)
            this.entry = undefined;
        this.choice = choice;
        this.set = { ...this.set, frontend: { ...this.set.frontend, rule } };
    }
}
export class ChainSets {
    #scale;
    #byNumber = new Map();
    #current = new Map();
    #last = 0;
    constructor(scale) {
        this.#scale = scale;
    }
    all() {
        return this.#byNumber.values();
    }
    of(number) {
        return this.#byNumber.get(number);
    }
    /** The set of a frontend: the one it has, unless a property changed that established flows keep. */
    open(frontend, numberOf) {
        const { key, rule } = frontend;
        const known = this.#current.get(key);
        // Removing all members changes no property that established flows keep.
        const { port, elements } = rule.members.length === 0 && known ? { port: known.set.port, elements: known.ports } : portsOf(rule, numberOf);
        const identity = JSON.stringify([rule.idleTimeoutMs, rule.tcpReset, port, ...elements]);
        let set = known;
        if (known?.identity !== identity) {
            if (known)
                known.state = 'retired';
            const idleMs = rule.idleTimeoutMs / this.#scale;
            const margin = rule.tcpReset && frontend.transport === 'tcp' ? resetMarginMs : 0;
            const number = this.#freeNumber();
            const chains = { number, family: familyOf(frontend.address), frontend, idleMs: idleMs + margin, port };
            set = new NumberedSet(identity, chains, elements, idleMs);
            // Keeps its predecessor's pool until the next plan sets one.
            set.choice = known?.choice;
            this.#byNumber.set(number, set);
            this.#current.set(key, set);
        }
        const opened = set;
        const before = opened.members.size;
        for (const { address, key } of rule.members)
            opened.members.set(numberOf(address), key);
        if (opened.members.size > before)
            opened.connections = undefined;
        return opened;
    }
    /** Closes the sets of frontends that are not in the plan. */
    closeOthers(frontends) {
        for (const [key, set] of this.#current) {
            if (frontends.has(key))
                continue;
            set.state = 'closed';
            set.entry = undefined;
            this.#current.delete(key);
        }
        // A frontend that is in the plan again is not closed.
        for (const set of this.#byNumber.values()) {
            if (set.state === 'closed' && this.#current.has(set.set.frontend.key))
                set.state = 'retired';
        }
    }
    /** Whether a frontend with this key is in the plan. */
    isCurrent(key) {
        return this.#current.has(key);
    }
    /** Removes a set that no flow needs any more. */
    forget(number) {
        this.#byNumber.delete(number);
    }
    /** No flow of this set goes to these members any more. */
    forgetMembers(number, members) {
        const set = this.#byNumber.get(number);
        if (!set)
            return;
        for (const member of members)
            set.members.delete(member);
        set.connections = undefined;
    }
    #freeNumber() {
        for (let tried = 0; tried < mostChainSets; tried++) {
            this.#last = (this.#last % mostChainSets) + 1;
            if (!this.#byNumber.has(this.#last))
                return this.#last;
        }
        throw new Error(`The nftables engine knows at most ${mostChainSets} frontends.`);
    }
}
//# sourceMappingURL=chain-sets.js.map