/**
 * Garbage collection for the ruleset: finds chains of removed or replaced frontends, and members that have left, which no
 * element of the flow tables refers to any more.
 */
import { ipv4 } from './family.js';
import { placesOf } from './flows.js';
import { listElements } from './listing.js';
import { chainBits, hex, markOf, memberBits, readMark } from './marks.js';
import { outboundCounts } from './outbound.js';
/** Maps whose elements name the chains and the member of a flow. */
const referencingMaps = [
    ['map', 'tcp_flows'],
    ['set', 'udp_flows'],
    ['map', 'udp_tracked'],
    ['map', 'tcp_replies'],
    ['map', 'udp_replies'],
    ['map', 'tcp_done'],
];
/** Flows that were reset: their late packets arrive at their frontend's entry chain. */
const ended = ['set', 'tcp_ended'];
const elementsPerTransaction = 1000;
export const isNothing = ({ sets, members }) => sets.size === 0 && members.size === 0;
/** Whether a mark names something unreferenced. */
export function isUnreferenced({ sets, members }, mark) {
    const { chains, member } = readMark(mark);
    return sets.has(chains) || (members.get(chains)?.has(member) ?? false);
}
/** How many sets and members may be unreferenced; a cheap upper bound. */
export function countCandidates(sets) {
    let count = 0;
    for (const { state, members, set } of sets.all()) {
        count += state === 'open' ? Math.max(0, members.size - set.frontend.rule.members.length) : 1;
    }
    return count;
}
/** Everything that elements of flows refer to now. */
export async function collectReferences(families) {
    const references = { sets: new Set(), marks: new Set(), places: new Set() };
    for (const { table } of families) {
        const listing = await listElements(table, [...referencingMaps, ended]);
        for (const [, name] of referencingMaps) {
            for (const { mark } of listing.get(name) ?? []) {
                references.sets.add(readMark(mark).chains);
                references.marks.add((mark & (chainBits | memberBits)) >>> 0);
            }
        }
        for (const element of listing.get(ended[1]) ?? []) {
            const { frontend, frontendPort } = placesOf(element);
            references.places.add(`${frontend} ${frontendPort}`).add(`${frontend} 0`);
        }
    }
    return references;
}
const isNeeded = ({ set: { number, frontend } }, { sets, places }) => sets.has(number) || (frontend.transport === 'tcp' && places.has(`${frontend.address} ${frontend.port}`));
/** Finds everything unreferenced. */
export function findUnreferenced(references, { sets, numberOf }) {
    const goneSets = new Set();
    const goneMembers = new Map();
    for (const one of sets.all()) {
        const { number, frontend } = one.set;
        if (one.state !== 'open') {
            if (!isNeeded(one, references))
                goneSets.add(number);
            continue;
        }
        const present = new Set(frontend.rule.members.map(({ address }) => numberOf(address)));
        const left = [...one.members.keys()].filter((member) => !present.has(member) && !references.marks.has(markOf(number, member)));
        if (left.length > 0)
            goneMembers.set(number, new Set(left));
    }
    return { sets: goneSets, members: goneMembers };
}
/** Deletes the counts of backends that have left all outbound rules. */
export async function deleteOutboundCounts(loader, { left, outbound }) {
    // The sets are deleted with the last outbound rule.
    if (left.size === 0 || outbound.size === 0)
        return;
    const listing = await listElements(ipv4.table, outboundCounts);
    for (const [, set] of outboundCounts) {
        const keys = (listing.get(set) ?? []).map(({ key }) => key).filter((key) => left.has(key));
        await deleteCounts(loader, { table: ipv4.table, set, keys });
    }
}
/** Deletes elements that packets have added to a set; a later user of the key must not inherit its counts. */
export async function deleteCounts(loader, { table, set, keys }) {
    for (let at = 0; at < keys.length; at += elementsPerTransaction) {
        await loader.transaction(`delete element ${table} ${set} { ${keys.slice(at, at + elementsPerTransaction).join(', ')} }`);
    }
}
/** Marks as nft writes element keys. */
export const markKeys = (marks) => [...marks].map(hex);
//# sourceMappingURL=collector.js.map