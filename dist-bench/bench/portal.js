/**
 * The portal in Chromium, against a load balancer with 1,000 members and 50 new flows a second: the longest task of each page
 * in a minute and how its heap grows; and how long a first visit takes until something useful is painted.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { createHttpClient } from '../src/cli/http-client.js';
import { parseConfig } from '../src/config/config.js';
import { Emulator } from '../src/emulator.js';
import { silentLog } from '../src/support/log.js';
import { addressMembers, balancerBody } from '../test/balancer-body.js';
import { tcpBackend } from '../test/data-plane/network.js';
const members = 1000;
const flowsPerSecond = 50;
const seconds = Number(process.env.SECONDS ?? 60);
const group = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/bench';
const network = `${group}/providers/Microsoft.Network`;
const lbId = `${network}/loadBalancers/lb`;
const version = '?api-version=2024-05-01';
const emulator = await Emulator.start(parseConfig(['--in-memory', '--port', '0'], {}), { log: silentLog });
const client = createHttpClient({ url: emulator.httpUrl });
const put = async (id, body) => {
    const { status } = await client.send('PUT', id, { location: 'westeurope', ...body });
    if (status >= 400)
        throw new Error(`PUT ${id}: ${status}`);
};
// One server stands in for all members: every loopback address is its.
const server = createServer((socket) => {
    socket.on('error', () => { });
    socket.end(`${socket.localAddress} ${socket.remoteAddress}:${socket.remotePort}\n`);
});
await once(server.listen(0, '0.0.0.0'), 'listening');
const { port } = server.address();
await put(`${group}?api-version=2021-04-01`, {});
await put(`${network}/virtualNetworks/vnet${version}`, {
    properties: { addressSpace: { addressPrefixes: ['10.241.0.0/16'] } },
});
await put(`${network}/publicIPAddresses/ip${version}`, {
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static' },
});
const addresses = Array.from({ length: members }, (_, n) => `10.241.${4 + (n >> 8)}.${n & 255}`);
await put(`${lbId}${version}`, balancerBody(lbId, {
    frontends: { front: { publicIPAddress: { id: `${network}/publicIPAddresses/ip` } } },
    pools: { pool: addressMembers(addresses, { id: `${network}/virtualNetworks/vnet` }) },
    rules: { http: { frontendPort: 8080, backendPort: port } },
}));
/** The place of the frontend, once it is bound. */
async function place() {
    for (;;) {
        const { body } = await client.send('GET', '/_lazurite/frontends');
        const [found] = body.value;
        if (found?.boundAddress)
            return { address: found.boundAddress, port: found.boundPort };
        await setTimeout(50);
    }
}
const at = await place();
const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const open = async (path, shown) => {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await page.addInitScript('window.tasks = []; new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ entryTypes: ["longtask"] });');
    await page.goto(`${emulator.httpUrl}/portal${path}`);
    await page.getByText(shown).first().waitFor();
    return page;
};
const paints = [];
for (let round = 0; round < 5; round++) {
    const page = await open('/', 'Connect your tools');
    paints.push(await page.evaluate('performance.now()'));
    await page.context().close();
}
paints.sort((a, b) => a - b);
process.stdout.write(`first visit until "Connect your tools" is shown, median of 5: ${Math.round(paints[2] ?? 0)} ms\n`);
for (const [path, shown] of [
    ['insights', `${members} members Up`],
    ['backend-pools', addresses[50] ?? ''],
]) {
    const page = await open(`/load-balancer${lbId}/${path}`, shown);
    const session = await page.context().newCDPSession(page);
    const heap = async () => {
        await session.send('HeapProfiler.collectGarbage');
        return (await session.send('Runtime.getHeapUsage')).usedSize / 1e6;
    };
    const before = await heap();
    await page.evaluate('tasks.length = 0');
    const flows = [];
    for (let tick = 0; tick < seconds * 10; tick++) {
        for (let flow = 0; flow < flowsPerSecond / 10; flow++)
            flows.push(tcpBackend(at));
        await setTimeout(100);
    }
    await Promise.all(flows);
    const tasks = await page.evaluate('tasks');
    const after = await heap();
    process.stdout.write(`${path}: ${flows.length} flows, longest task ${Math.round(Math.max(0, ...tasks))} ms, tasks over 200 ms: ${tasks.filter((task) => task > 200).length}, heap ${before.toFixed(1)} MB, then ${after.toFixed(1)} MB\n`);
    await page.context().close();
}
await browser.close();
client.close();
server.close();
await emulator.close();
//# sourceMappingURL=portal.js.map