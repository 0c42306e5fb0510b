/**
 * Ends flows before the kernel would: silently, or by resetting both ends, as Azure does when TCP reset is enabled.
 *
 * The kernel answers late packets with RST. A silent end is made to send one: a SYN with the other end's address makes any
 * TCP answer with a challenge ACK (RFC 5961), which is then answered with RST.
 * The SYN is an ordinary connection attempt to the poke address, rewritten on its way by the `poke` maps.
 */
import { connect } from 'node:net';
import { memberOf, placesOf } from './flows.js';
import { hex } from './marks.js';
/** How long an ended flow's late packets are answered with RST; real time. */
const endedLastsMs = 120_000;
const flowsPerTransaction = 400;
const elements = (parts) => `{ ${parts.join(', ')} }`;
/** Removes flows from the kernel's maps: nothing of them is forwarded any more. */
export const forgetFlows = (flows, loader) => forgetElements(flows.flatMap(({ family, map, key, element }) => [
    { family, set: map, key: element },
    ...(key === element ? [] : [{ family, set: 'tcp_since', key }]),
]), loader);
/** Deletes elements of maps and sets. */
export async function forgetElements(of, loader) {
    await inBatches(of, (some) => {
        const keys = new Map();
        for (const { family, set, key } of some) {
            const place = `${family.table} ${set}`;
            keys.set(place, [...(keys.get(place) ?? []), key]);
        }
        return [...keys].map(([place, some]) => `delete element ${place} ${elements(some)}`);
    }, loader);
}
/** Shortens the remaining lifetime of flows by this much real time, because Azure's clock has been moved. */
export async function ageFlows(flows, byMs, loader) {
    const whole = (ms) => `${Math.max(1, Math.round(ms))}ms`;
    await inBatches(flows, (some) => some.flatMap(({ family, map, element: key, mark, timeoutMs, silentMs, packets, bytes }) => [
        `delete element ${family.table} ${map} { ${key} }`,
        `add element ${family.table} ${map} { ${key} counter packets ${packets} bytes ${bytes} timeout ${whole(timeoutMs)} expires ${whole(timeoutMs - silentMs - byMs)}${map === 'udp_flows' ? '' : ` : ${hex(mark)}`} }`,
    ]), loader);
}
/** Ends TCP flows and resets both ends. Where no route leads to the poke address, each end is reset with its next packet. */
export async function resetFlows(flows, context) {
    const { loader } = context;
    const tcp = flows.filter(({ transport }) => transport === 'tcp');
    await inBatches(tcp, (some) => some.map(({ family, key }) => `add element ${family.table} tcp_ended { ${key} timeout ${endedLastsMs}ms }`), loader);
    await forgetFlows(flows, loader);
    for (const family of new Set(tcp.map(({ family }) => family))) {
        const pokes = tcp.filter((flow) => flow.family === family).flatMap((flow) => pokesOf(flow, context));
        for (let at = 0; at < pokes.length; at += flowsPerTransaction) {
            await poke(pokes.slice(at, at + flowsPerTransaction), { family, loader });
        }
    }
}
function pokesOf(flow, { addressOf }) {
    const { client, clientPort, frontend, frontendPort } = placesOf(flow);
    const { address: member, port: memberPort } = memberOf(flow, addressOf);
    const toClient = { source: frontend, sourcePort: frontendPort, destination: client, port: clientPort };
    if (member === undefined)
        return [toClient];
    return [toClient, { source: client, sourcePort: clientPort, destination: member, port: memberPort }];
}
async function poke(pokes, { family: { table, pokeAddress }, loader }) {
    const columns = [
        ['poke_source', (each) => each.source],
        ['poke_source_port', (each) => each.sourcePort],
        ['poke_destination', (each) => each.destination],
        ['poke_port', (each) => each.port],
    ];
    const places = columns.map(([map]) => `element ${table} ${map}`);
    const added = columns.map(([, value], index) => {
        const pairs = pokes.map((each, number) => `${number + 1} : ${value(each)}`);
        return `add ${places[index]} ${elements(pairs)}`;
    });
    await loader.transaction(added.join('; '));
    await Promise.all(pokes.map((_, number) => sendSyn(pokeAddress, number + 1)));
    const keys = elements(pokes.map((_, number) => String(number + 1)));
    await loader.transaction(places.map((place) => `delete ${place} ${keys}`).join('; '));
}
/** Sends one SYN; no answer is expected. */
function sendSyn(host, port) {
    return new Promise((resolve) => {
        const socket = connect({ host, port });
        socket.on('error', () => { });
        // The SYN is sent within this turn of the event loop.
        setImmediate(() => setImmediate(() => {
            socket.destroy();
            resolve();
        }));
    });
}
/** A flow may end between listing and deletion, which fails its batch; the batch is then retried flow by flow. */
async function inBatches(flows, commands, loader) {
    for (let at = 0; at < flows.length; at += flowsPerTransaction) {
        const some = flows.slice(at, at + flowsPerTransaction);
        const together = loader.transaction(commands(some).join('; '));
        await together.catch(async () => {
            for (const flow of some)
                await loader.transaction(commands([flow]).join('; ')).catch(() => { });
        });
    }
}
//# sourceMappingURL=end-flows.js.map