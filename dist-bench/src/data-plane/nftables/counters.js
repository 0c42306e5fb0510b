/** The kernel's counts under the names that all engines use; they stay monotonic when chains are replaced. */
import { Mutex } from '../../support/mutex.js';
import { memberScope } from '../model/plan.js';
import { ipv4 } from './family.js';
import { payloadBytes } from './flows.js';
import { listElements } from './listing.js';
import { countedAs, mostMembers, readMark } from './marks.js';
import { outboundCounts } from './outbound.js';
const sets = [
    ['set', 'arrivals'],
    ['map', 'targets'],
    ['map', 'replies_of'],
];
export class KernelCounters {
    #scopes = new Map();
    #mutex = new Mutex();
    /** Counted by the engine itself. */
    #own = new Map();
    /** Counts something that the engine did to a flow of this frontend. */
    count(frontend, name, amount = 1) {
        add(this.#own, frontend.key, name, amount);
    }
    /** As last read. */
    samples() {
        const all = new Map();
        for (const scopes of [this.#scopes, this.#own]) {
            for (const [scope, values] of scopes)
                for (const [name, value] of values)
                    add(all, scope, name, value);
        }
        return [...all].flatMap(([scope, values]) => [...values].map(([name, value]) => ({ name, scope, value })));
    }
    /** Brings `samples` up to now. */
    read(reading) {
        return this.#mutex.run(async () => {
            const { all } = await tallies(reading, () => false);
            this.#scopes = all;
        });
    }
    /**
     * Saves the counts of marks that `remove` then deletes; no read runs meanwhile, so that nothing is counted twice.
     */
    retire(reading, { isUnreferenced, isCurrent, remove }) {
        return this.#mutex.run(async () => {
            const { all, gone, arrivals } = await tallies(reading, isUnreferenced);
            for (const [scope, values] of gone) {
                if (!isCurrent(scope.split('|', 1)[0] ?? ''))
                    continue;
                for (const [name, value] of values)
                    add(this.#own, scope, name, value);
            }
            this.#scopes = all;
            await remove(arrivals);
        });
    }
}
async function tallies({ families, chainSets, outbound }, isUnreferenced) {
    const all = new Map();
    const gone = new Map();
    const goneArrivals = new Map();
    if (outbound.size > 0)
        await readOutbound(all, outbound);
    for (const family of families) {
        const listing = await listElements(family.table, sets);
        const arrivals = new Map((listing.get('arrivals') ?? []).map((element) => [element.mark, element]));
        for (const element of arrivals.values())
            arrived(isUnreferenced(element.mark) ? gone : all, element, chainSets);
        goneArrivals.set(family.table, [...arrivals.keys()].filter(isUnreferenced));
        for (const [way, name] of [
            ['in', 'targets'],
            ['out', 'replies_of'],
        ]) {
            for (const element of listing.get(name) ?? []) {
                if (element.packets === 0)
                    continue;
                const beginnings = arrivals.get(element.mark)?.packets ?? 0;
                traffic(isUnreferenced(element.mark) ? gone : all, { element, way, family, beginnings, chainSets });
            }
        }
    }
    return { all, gone, arrivals: goneArrivals };
}
function add(scopes, scope, name, amount) {
    if (amount === 0)
        return;
    const values = scopes.get(scope) ?? new Map();
    scopes.set(scope, values);
    values.set(name, (values.get(name) ?? 0) + amount);
}
async function readOutbound(scopes, outbound) {
    // The sets are gone when the last outbound rule has just been removed.
    const listing = await listElements(ipv4.table, outboundCounts).catch(() => new Map());
    for (const [set, name] of [
        ['outbound_opened', 'snatConnections'],
        ['outbound_exhausted', 'snatPortsExhausted'],
    ]) {
        for (const { key, packets } of listing.get(set) ?? []) {
            const [address, transport] = key.split(' . ');
            const scope = `outbound/${transport}/${address}`;
            if (outbound.has(scope))
                add(scopes, scope, name, packets);
        }
    }
}
function arrived(scopes, { mark, packets }, chainSets) {
    const { chains, member } = readMark(mark);
    const set = chainSets.of(chains);
    if (!set)
        return;
    const { key, transport } = set.set.frontend;
    const tcp = transport === 'tcp';
    if (member === countedAs.late) {
        add(scopes, key, 'discardedAfterDrop', packets);
        return;
    }
    if (tcp || member <= mostMembers)
        add(scopes, key, 'connections', packets);
    if (member === countedAs.noEligibleMember) {
        add(scopes, key, tcp ? 'noEligibleMember' : 'datagramsWithoutMember', packets);
    }
    else if (member === countedAs.denied)
        add(scopes, key, tcp ? 'deniedByAcl' : 'datagramsDenied', packets);
    else if (member === countedAs.hairpin)
        add(scopes, key, tcp ? 'hairpin' : 'datagramsHairpin', packets);
    else
        add(scopes, memberScope(key, set.members.get(member) ?? String(member)), 'connections', packets);
}
function traffic(scopes, { element, way, family, beginnings, chainSets }) {
    const { chains, member } = readMark(element.mark);
    const set = chainSets.of(chains);
    if (!set)
        return;
    const { key, transport } = set.set.frontend;
    const bytes = payloadBytes(element, { family, transport, beginnings });
    for (const scope of [key, memberScope(key, set.members.get(member) ?? String(member))]) {
        add(scopes, scope, way === 'in' ? 'bytesIn' : 'bytesOut', bytes);
        add(scopes, scope, way === 'in' ? 'packetsIn' : 'packetsOut', element.packets);
    }
}
//# sourceMappingURL=counters.js.map