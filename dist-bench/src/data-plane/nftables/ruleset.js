/**
 * A plan and the probes' health as a ruleset: the same plan twice gives the same objects, so that only differences reach
 * the kernel. Keeps only the numbers that the kernel's flow tables contain.
 */
import { eligibleKeys, SlotTables } from '../selection/decision.js';
import { ChainSets } from './chain-sets.js';
import { familyOf, ipv4 } from './family.js';
import { closedEntryFragment, connectionsFragment, entryFragment, poolFragment, trackedMembersFragment, } from './frontend-fragments.js';
import { MemberNumbers, mostMembers } from './marks.js';
import { OutboundModel } from './outbound.js';
import { addressesFragment, tableFragment } from './table.js';
/** Identifies members and what decides about each. */
const memberKeys = new WeakMap();
/** Identifies the members that a rule chooses among and what decides about each. */
function poolKeyOf({ address, rule: { members, noHealthyBackends } }) {
    let key = memberKeys.get(members);
    if (key === undefined) {
        key = JSON.stringify(members.map(({ key, address, adminState, probe }) => [key, address, adminState, probe]));
        memberKeys.set(members, key);
    }
    return `${familyOf(address).ip} ${noHealthyBackends} ${key}`;
}
function entryOf(one) {
    if (one.state === 'open' && one.choice)
        one.entry ??= entryFragment(one.set, one.choice);
    else if (one.state === 'closed' && one.set.frontend.transport === 'tcp')
        one.entry ??= closedEntryFragment(one.set);
    else
        one.entry = undefined;
    return one.entry;
}
function trackedMembersOf(one, members) {
    if (one.tracked?.from !== members)
        one.tracked = { from: members, fragment: trackedMembersFragment(one.set, members) };
    return one.tracked.fragment;
}
export class RulesetModel {
    #tables = new SlotTables();
    #members;
    #tableFragments = new Map();
    #addressFragments = new Map();
    sets;
    #outbound;
    #families = new Set();
    #pools = new Map();
    #nextPool = 1;
    /** `scale`: Azure milliseconds in a real one. */
    constructor(scale, members = mostMembers) {
        this.sets = new ChainSets(scale);
        this.#members = new MemberNumbers(members, () => this.sets.all());
        this.#outbound = new OutboundModel(scale);
    }
    /** The ruleset for a plan; frontends that left it keep what their flows need until `sets.forget`. */
    compile(plan, healthOf) {
        this.#members.begin();
        const open = [];
        for (const frontend of plan.frontends.values()) {
            const set = this.sets.open(frontend, (address) => this.#members.of(address));
            open.push({ frontend, set, poolKey: poolKeyOf(frontend) });
        }
        this.sets.closeOthers(plan.frontends);
        this.#renamePools(open);
        const ruleset = new Map();
        const allPorts = open.some(({ frontend }) => frontend.port === 0);
        const outbound = this.#outbound.compile(plan.outbound.values());
        for (const { set } of this.sets.all())
            this.#families.add(set.family);
        if (outbound.size > 0)
            this.#families.add(ipv4);
        // A table stays when nothing is left to forward, so that listing flows and counters still works.
        for (const family of this.#families) {
            this.#tableOf(family, { allPorts, ruleset });
            ruleset.set(`addresses ${family.ip}`, this.#addressesOf(family));
        }
        const pools = new Map();
        for (const { frontend, set, poolKey } of open) {
            const pool = pools.get(poolKey) ?? this.#poolOf(poolKey, { frontend, healthOf });
            pools.set(poolKey, pool);
            ruleset.set(`pool ${pool.number}`, pool.fragment);
            set.choose({ pool: pool.number, slotCount: pool.slotCount }, frontend.rule);
            if (frontend.transport === 'udp' && frontend.rule.connectionTracking) {
                ruleset.set(`tracked ${set.set.number}`, trackedMembersOf(set, pool.members));
            }
        }
        this.#pools = pools;
        for (const one of this.sets.all()) {
            ruleset.set(`connections ${one.set.number}`, this.#connectionsOf(one));
            const entry = entryOf(one);
            if (entry)
                ruleset.set(`entry ${one.set.number}`, entry);
        }
        for (const [id, fragment] of outbound)
            ruleset.set(id, fragment);
        return ruleset;
    }
    /** The address behind a member's number. */
    addressOf(number) {
        return this.#members.addressOf(number);
    }
    /** The number of a member's address, which it keeps. */
    numberOf(address) {
        return this.#members.of(address);
    }
    #connectionsOf(one) {
        const members = new Map([...one.members.keys()].map((number) => [number, this.addressOf(number) ?? '']));
        one.connections ??= connectionsFragment(one.set, { ports: one.ports, members });
        return one.connections;
    }
    #tableOf(family, { allPorts, ruleset }) {
        const name = `table ${family.ip}`;
        const variant = `${name} ${allPorts}`;
        const known = this.#tableFragments.get(variant) ?? tableFragment(family, { allPorts });
        this.#tableFragments.set(variant, known);
        ruleset.set(name, known);
    }
    #addressesOf(family) {
        const addresses = new Set();
        for (const { set } of this.sets.all())
            if (set.family === family)
                addresses.add(set.frontend.address);
        const text = [...addresses].join();
        const known = this.#addressFragments.get(family);
        if (known?.text === text)
            return known.fragment;
        const fragment = addressesFragment(family, addresses);
        this.#addressFragments.set(family, { text, fragment });
        return fragment;
    }
    #poolOf(key, { frontend, healthOf }) {
        const { rule } = frontend;
        const family = familyOf(frontend.address);
        const byKey = new Map(rule.members.map((member) => [member.key, member]));
        const keys = eligibleKeys(rule, healthOf);
        const known = this.#pools.get(key);
        const eligible = JSON.stringify(keys.map((each) => [each, byKey.get(each)?.address]));
        if (known?.eligible === eligible && known.fragment)
            return known;
        const number = known?.number ?? this.#nextPool++;
        const table = this.#tables.of(keys);
        const members = keys.map((each) => this.#members.of(byKey.get(each)?.address ?? ''));
        return {
            number,
            slotCount: table.length,
            eligible,
            members,
            fragment: poolFragment({ number, family, table, members }),
        };
    }
    /** A pool whose members changed keeps its number when all its rules agree, so that only changed slots are rewritten. */
    #renamePools(open) {
        const successors = new Map();
        for (const { set, poolKey } of open) {
            if (!set.choice)
                continue;
            const of = successors.get(set.choice.pool) ?? new Set();
            successors.set(set.choice.pool, of.add(poolKey));
        }
        for (const [key, pool] of [...this.#pools]) {
            const [successor, ...others] = successors.get(pool.number) ?? [];
            if (successor === undefined || successor === key || others.length > 0 || this.#pools.has(successor))
                continue;
            this.#pools.delete(key);
            this.#pools.set(successor, pool);
        }
    }
}
//# sourceMappingURL=ruleset.js.map