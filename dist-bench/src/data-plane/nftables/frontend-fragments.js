import { noElements } from './fragment.js';
import { hex, markOf } from './marks.js';
import { tcpClosedEntryChains, tcpConnectionChains, tcpEntryChains } from './tcp-chains.js';
import { udpEntryChains, udpFlowChains } from './udp-chains.js';
function entryElement({ number, frontend: { address, port, transport } }) {
    const value = `goto ${transport === 'tcp' ? 'front' : 'new'}_${number}`;
    return port === 0
        ? { map: 'all_ports', key: `${address} . ${transport}`, value }
        : { map: 'frontends', key: `${address} . ${transport} . ${port}`, value };
}
/** The port of a TCP rule: the kernel may answer from there. */
const portElement = ({ frontend: { address, port, transport } }) => transport === 'tcp' && port !== 0 ? [{ map: 'frontend_ports', key: `${address} . ${port}`, value: '' }] : [];
/** The entry chains for new flows. */
export const entryFragment = (set, choice) => ({
    table: set.family.table,
    sets: [],
    chains: set.frontend.transport === 'tcp' ? tcpEntryChains(set, choice) : udpEntryChains(set, choice),
    shared: [entryElement(set), ...portElement(set)],
});
/** For a while after its frontend was removed, late packets of its connections are still recognised. */
export const closedEntryFragment = (set) => ({
    table: set.family.table,
    sets: [],
    chains: tcpClosedEntryChains(set),
    shared: [entryElement(set)],
});
/** Members that clients with connection tracking may stay with. */
export const trackedMembersFragment = ({ number, family }, members) => ({
    table: family.table,
    sets: [],
    chains: [],
    shared: members.map((member) => ({
        map: 'tracked_members',
        key: hex(markOf(number, member)),
        value: `goto assign_${number}`,
    })),
});
/** How packets of flows go on, in both directions. `members`: addresses by number, including members that have left. */
export function connectionsFragment(set, { ports, members }) {
    const { number, family, frontend } = set;
    const mark = hex(markOf(number));
    const shared = [];
    for (const [member, address] of members) {
        const key = hex(markOf(number, member));
        shared.push({ map: 'targets', key, value: address });
        if (frontend.internal)
            shared.push({ map: 'hairpins', key: `${address} . ${key}`, value: '' });
        shared.push({ map: 'replies_of', key, value: `goto reply_${number}` });
    }
    if (frontend.transport === 'tcp') {
        shared.push({ map: 'established_of', key: mark, value: `goto forward_${number}` });
        shared.push({ map: 'client_ends_of', key: mark, value: `goto ending_${number}` });
        shared.push({ map: 'last_replies_of', key: mark, value: `goto last_reply_${number}` });
    }
    return {
        table: family.table,
        sets: set.port === undefined
            ? [
                {
                    kind: 'map',
                    name: `ports_${number}`,
                    spec: `typeof meta mark : ${frontend.transport} dport;`,
                    elements: ports,
                },
            ]
            : [],
        chains: frontend.transport === 'tcp' ? tcpConnectionChains(set) : udpFlowChains(set),
        shared,
    };
}
/** `typeof numgen`: the way to declare a plain number in nft; it cannot print `typeof jhash`. */
export function poolFragment({ number, family, table, members }) {
    const marks = members.map(hex);
    const slots = [];
    if (marks.length > 0)
        for (const member of table)
            slots.push(marks[member]);
    return {
        table: family.table,
        sets: [
            {
                kind: 'map',
                name: `slots_${number}`,
                spec: 'typeof numgen inc mod 65536 : meta mark;',
                elements: noElements,
                slots,
            },
        ],
        chains: [],
        shared: [],
    };
}
//# sourceMappingURL=frontend-fragments.js.map