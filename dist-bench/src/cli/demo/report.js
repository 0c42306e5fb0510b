/** The demo's figures: what each mode did, as a table, and where a figure contradicts what the mode promises. */
import { textTable } from '../ask.js';
import { classicDistributions } from './classic.js';
const distinct = (backends) => new Set(backends);
/** Clients of which every call was answered by the same backend. */
const clientsOnOne = ({ backendsOf }) => [...backendsOf.values()].filter((backends) => distinct(backends).size === 1).length;
/** Clients whose TCP and UDP both stayed on one backend, and on the same. */
function clientsThatMeet({ tcp, udp }) {
    return [...tcp.backendsOf].filter(([client, backends]) => {
        const all = distinct([...backends, ...(udp.backendsOf.get(client) ?? [])]);
        return all.size === 1;
    }).length;
}
/** A mode as its API calls it. */
const nameOf = ({ api, mode }) => (api === 'ARM' ? mode : classicDistributions[mode]);
/** The table: one line per API, mode and protocol. */
export function reportTable(results, backends) {
    const head = [
        'API',
        'distribution',
        'protocol',
        ...backends,
        'clients on one backend',
        'TCP and UDP on the same',
        'failed',
    ];
    const rows = results.flatMap((result, index) => ['tcp', 'udp'].map((transport) => {
        const { backendsOf, failed } = result[transport];
        const isFirstOfApi = transport === 'tcp' && results[index - 1]?.api !== result.api;
        return [
            isFirstOfApi ? result.api : '',
            transport === 'tcp' ? nameOf(result) : '',
            transport.toUpperCase(),
            ...backends.map((backend) => String(result.received.get(`${transport} ${backend}`) ?? 0)),
            `${clientsOnOne(result[transport])} of ${backendsOf.size}`,
            transport === 'tcp' ? `${clientsThatMeet(result)} of ${backendsOf.size}` : '',
            String(failed),
        ];
    }));
    return textTable(head, rows);
}
/** What a mode promises and the figures do not show; empty when all is well. */
export function contradictions(results, backends) {
    return results.flatMap((result) => [
        ...['tcp', 'udp'].flatMap((transport) => ofRound(result, { transport, backends })),
        ...ofMeeting(result),
    ]);
}
function ofRound(result, { transport, backends }) {
    const { backendsOf, failed } = result[transport];
    const name = `${result.api} ${nameOf(result)}, ${transport.toUpperCase()}`;
    const found = [];
    if (failed > 0)
        found.push(`${name}: ${failed} calls failed`);
    for (const backend of backends) {
        const counted = result.received.get(`${transport} ${backend}`) ?? 0;
        const answered = [...backendsOf.values()].flat().filter((one) => one === backend).length;
        if (counted === 0)
            found.push(`${name}: nothing reached ${backend}`);
        if (counted !== answered)
            found.push(`${name}: ${backend} counted ${counted} calls, the clients ${answered}`);
    }
    const stayed = clientsOnOne(result[transport]);
    if (result.mode === 'Default' && stayed > backendsOf.size / 2) {
        found.push(`${name}: ${stayed} of ${backendsOf.size} clients stayed on one backend, though every port counts`);
    }
    if (result.mode !== 'Default' && stayed < backendsOf.size) {
        found.push(`${name}: only ${stayed} of ${backendsOf.size} clients stayed on one backend`);
    }
    return found;
}
function ofMeeting(result) {
    const meet = clientsThatMeet(result);
    const all = result.tcp.backendsOf.size;
    if (result.mode === 'SourceIP' && meet < all) {
        return [`${result.api} ${nameOf(result)}: TCP and UDP met on one backend for ${meet} of ${all} clients only`];
    }
    if (result.mode === 'SourceIPProtocol' && meet === all) {
        return [
            `${result.api} ${nameOf(result)}: TCP and UDP met on one backend for every client, though the protocol counts`,
        ];
    }
    return [];
}
//# sourceMappingURL=report.js.map