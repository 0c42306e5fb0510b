import { keyOfTuple } from './family.js';
import { listElements } from './listing.js';
import { hex, readMark } from './marks.js';
import { sinceLastsMs } from './table.js';
/** Client and frontend of a flow. */
export function placesOf({ key }) {
    const [client = '', clientPort = '', frontend = '', frontendPort = ''] = key.split(' . ');
    return { client, clientPort: Number(clientPort), frontend, frontendPort: Number(frontendPort) };
}
/** Where the packets of a flow go; the address is undefined when its number has been forgotten. */
export function memberOf(flow, addressOf) {
    const { set, ports } = flow.set;
    const port = set.port === undefined ? Number(ports.get(hex(flow.memberNumber))) : set.port;
    return { address: addressOf(flow.memberNumber), port: port || placesOf(flow).frontendPort };
}
/** Flows of which not both sides have ended. */
const flowMaps = [
    ['map', 'tcp_flows'],
    ['set', 'udp_flows'],
];
const countMaps = [
    ['map', 'tcp_replies'],
    ['map', 'udp_replies'],
    ['set', 'udp_since'],
];
/** Tuples of TCP flows whose keys are hashes. */
const tcpSince = ['set', 'tcp_since'];
/** The maps that have to be listed with these to understand them. */
const withTuples = ({ hashesKeys }, maps) => hashesKeys ? [...maps, tcpSince] : maps;
/** The tuples of TCP flows by the keys in the map. */
const tuplesIn = (listing, family) => new Map((listing.get('tcp_since') ?? []).map(({ key }) => [keyOfTuple(family, key), key]));
function flowsIn(listing, { family, sets }) {
    const tuples = tuplesIn(listing, family);
    return flowMaps.flatMap(([, map]) => (listing.get(map) ?? []).flatMap(({ key: element, mark, timeoutMs, expiresMs, packets, bytes }) => {
        const { chains, member: memberNumber } = readMark(mark);
        const set = sets.of(chains);
        const key = tuples.get(element) ?? (family.hashesKeys && map === 'tcp_flows' ? undefined : element);
        if (!set || key === undefined)
            return [];
        const transport = map === 'udp_flows' ? 'udp' : 'tcp';
        const member = set.members.get(memberNumber) ?? String(memberNumber);
        const silentMs = Math.max(0, timeoutMs - expiresMs);
        return [
            { family, transport, map, key, element, mark, set, member, memberNumber, timeoutMs, silentMs, packets, bytes },
        ];
    }));
}
/** The flows of these families and protocols: a map of UDP flows may be long, and is read only where it is needed. */
export async function kernelFlows(families, { sets, transports }) {
    const maps = flowMaps.filter(([, map]) => transports.has(map === 'tcp_flows' ? 'tcp' : 'udp'));
    const listed = await Promise.all(families.map(async (family) => flowsIn(await listElements(family.table, withTuples(family, maps)), { family, sets })));
    return listed.flat();
}
/** Bytes of TCP and UDP headers; TCP's with the timestamps that nearly every system sends. */
const transportHeaderBytes = { tcp: 32, udp: 8 };
/** A SYN has more options. */
const synExtraBytes = 8;
/** Payload bytes: the kernel counts bytes with headers. */
export function payloadBytes({ packets, bytes }, { family, transport, beginnings }) {
    const headers = packets * (family.headerBytes + transportHeaderBytes[transport]);
    return Math.max(0, bytes - headers - (transport === 'tcp' ? beginnings * synExtraBytes : 0));
}
const text = (address, port) => `${address.includes(':') ? `[${address}]` : address}:${port}`;
/** Flows with their bytes and times, and elements left behind by flows that are over. */
export async function describeFlows(families, { sets, addressOf, scale, nowMs, firstListedMs }) {
    const flows = [];
    const stale = [];
    const before = new Map(firstListedMs);
    firstListedMs.clear();
    for (const family of families) {
        const listing = await listElements(family.table, withTuples(family, [...flowMaps, ...countMaps]));
        const since = new Map((listing.get('udp_since') ?? []).map((element) => [element.key, element]));
        const replies = new Map(['tcp', 'udp'].flatMap((transport) => (listing.get(`${transport}_replies`) ?? []).map((each) => [`${transport} ${each.key}`, each])));
        for (const flow of flowsIn(listing, { family, sets })) {
            const { client, clientPort } = placesOf(flow);
            const { address, port } = memberOf(flow, addressOf);
            const replyTuple = `${address} . ${port} . ${client} . ${clientPort}`;
            const found = replies.get(`${flow.transport} ${keyOfTuple(family, replyTuple)}`);
            const reply = found?.mark === flow.mark ? found : undefined;
            const first = flow.transport === 'udp' ? since.get(flow.key) : undefined;
            const firstMs = before.get(flow.key) ?? nowMs - flow.silentMs;
            if (flow.transport === 'tcp')
                firstListedMs.set(flow.key, firstMs);
            else
                since.delete(flow.key);
            const ageMs = first ? sinceLastsMs - first.expiresMs : nowMs - firstMs;
            const firstBytes = first?.bytes ?? family.headerBytes + transportHeaderBytes.tcp + synExtraBytes;
            flows.push(describe(flow, { firstBytes, reply, ageMs: ageMs * scale, idleMs: flow.silentMs * scale }));
        }
        for (const key of since.keys())
            stale.push({ family, set: 'udp_since', key });
        const open = new Set((listing.get('tcp_flows') ?? []).map(({ key }) => key));
        for (const [element, key] of tuplesIn(listing, family))
            if (!open.has(element))
                stale.push({ family, set: tcpSince[1], key });
    }
    return { flows, stale };
}
/** The kernel counts twice: when a packet's flow is looked up, and when its time is renewed. */
function describe(flow, { firstBytes, reply, ageMs, idleMs }) {
    const { client, clientPort } = placesOf(flow);
    const { key, rule } = flow.set.set.frontend;
    const of = { family: flow.family, transport: flow.transport, beginnings: 1 };
    const out = {
        packets: Math.max(0, (reply?.packets ?? 1) - 1) / 2,
        bytes: Math.max(0, (reply?.bytes ?? firstBytes) - firstBytes) / 2,
    };
    const into = { packets: flow.packets / 2 - out.packets, bytes: flow.bytes / 2 - out.bytes };
    return {
        transport: flow.transport,
        frontend: key,
        rule: rule.id,
        source: text(client, clientPort),
        backend: flow.member,
        ageMs,
        idleMs,
        bytesIn: payloadBytes(into, of),
        bytesOut: payloadBytes(out, of),
    };
}
//# sourceMappingURL=flows.js.map