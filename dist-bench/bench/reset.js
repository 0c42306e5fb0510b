/**
 * How long `POST /_lazurite/reset` takes with 100 resources and their frontends, and with flows open: the time between
 * two tests of somebody's suite. Prints medians of 30.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createHttpClient } from '../src/cli/http-client.js';
import { parseConfig } from '../src/config/config.js';
import { Emulator } from '../src/emulator.js';
import { silentLog } from '../src/support/log.js';
import { addressMembers, balancerBody } from '../test/balancer-body.js';
const rounds = 30;
const balancers = 48;
const group = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/bench';
const network = `${group}/providers/Microsoft.Network`;
const location = 'westeurope';
const resource = (type, name, body) => ({
    type: `Microsoft.Network/${type}`,
    apiVersion: '2024-05-01',
    name,
    location,
    ...body,
});
/** A network, a security group, a route table, a NAT gateway, and 48 balancers with an address each. */
function resources() {
    const list = [
        resource('virtualNetworks', 'vnet', { properties: { addressSpace: { addressPrefixes: ['10.240.0.0/16'] } } }),
        resource('networkSecurityGroups', 'nsg', {}),
        resource('routeTables', 'routes', {}),
        resource('applicationSecurityGroups', 'asg', {}),
    ];
    for (let index = 0; index < balancers; index++) {
        const ip = `ip${index}`;
        list.push(resource('publicIPAddresses', ip, {
            sku: { name: 'Standard' },
            properties: { publicIPAllocationMethod: 'Static' },
        }), resource('loadBalancers', `lb${index}`, balancerBody(`${network}/loadBalancers/lb${index}`, {
            frontends: { front: { publicIPAddress: { id: `${network}/publicIPAddresses/${ip}` } } },
            pools: { pool: addressMembers(['10.240.90.4'], { id: `${network}/virtualNetworks/vnet` }) },
            probes: { probe: { port: 7901 } },
            rules: { web: { probe: 'probe', frontendPort: 5000, backendPort: 7901 } },
        })));
    }
    return list;
}
const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
async function measure(name, { argv, flows = 0 }) {
    const options = ['--port', '0', '--public-ip-pool', '127.240.90.0/24', ...argv];
    const emulator = await Emulator.start(parseConfig(options, {}), { log: silentLog });
    const { send, close } = createHttpClient({ url: emulator.httpUrl });
    await send('PUT', `${group}?api-version=2021-04-01`, { location });
    for (const { type, name: resourceName, apiVersion, ...body } of resources()) {
        const path = `${group}/providers/${type}/${resourceName}?api-version=${apiVersion}`;
        const { status, body: answer } = await send('PUT', path, body);
        if (status >= 400)
            throw new Error(JSON.stringify(answer));
    }
    const { body: snapshot } = await send('GET', '/_lazurite/snapshot');
    const stored = snapshot.tables.resources.length;
    const taken = [];
    for (let round = 0; round < rounds; round++) {
        await send('PUT', '/_lazurite/snapshot', snapshot);
        await probed(emulator);
        const sockets = await openFlows(emulator, flows);
        const startMs = performance.now();
        const { status } = await send('POST', '/_lazurite/reset');
        taken.push(performance.now() - startMs);
        if (status !== 204)
            throw new Error(`reset answered ${status}`);
        for (const socket of sockets)
            socket.destroy();
    }
    taken.sort((a, b) => a - b);
    const figure = (share) => percentile(taken, share).toFixed(1).padStart(6);
    console.log(`${name.padEnd(34)}${String(stored).padStart(9)}${figure(0.5)} ms${figure(0.9)} ms${figure(1)} ms`);
    close();
    await emulator.close();
}
/** Until every probe has had its answer and its connection is closed: a reset does not usually meet a start. */
async function probed({ engine }) {
    if (engine.name === 'none')
        return;
    while (!engine.health().every(({ up }) => up))
        await setTimeout(10);
    await setTimeout(50);
}
async function openFlows(emulator, count) {
    if (count === 0)
        return [];
    const places = emulator.engine.frontends().filter(({ state }) => state === 'Bound');
    return Promise.all(Array.from({ length: count }, async (_, index) => {
        const place = places[index % places.length];
        const socket = connect({ host: place?.boundAddress ?? '', port: place?.boundPort ?? 0 });
        socket.on('error', () => { });
        await once(socket, 'data');
        return socket;
    }));
}
const backend = createServer((socket) => {
    socket.on('error', () => { });
    socket.write('hello');
}).listen(7901, '127.240.90.4');
await once(backend, 'listening');
const folder = mkdtempSync(join(tmpdir(), 'lazurite-reset-'));
console.log(`${'reset'.padEnd(34)}resources   median      p90      max`);
await measure('no data plane, in memory', { argv: ['--in-memory', '--engine', 'none'] });
await measure('no data plane, on disk', { argv: ['--data', join(folder, 'a'), '--engine', 'none'] });
await measure('userspace, in memory', { argv: ['--in-memory'] });
await measure('userspace, in memory, 64 flows', { argv: ['--in-memory'], flows: 64 });
await measure('userspace, on disk', { argv: ['--data', join(folder, 'b')] });
rmSync(folder, { recursive: true });
backend.close();
//# sourceMappingURL=reset.js.map