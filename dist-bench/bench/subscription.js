/**
 * Whether a request costs more, and a start takes longer, among 10,000 resources: PUT and GET of a load balancer with
 * ten rules, alone and beside 10,000 others, in turn; a list of them; and start to ready.
 *
 * Among the 10,000 are 500 load balancers whose frontends are bound, and 4,000 network interfaces in their pools.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { balancerBody } from '../test/balancer-body.js';
import { group, network } from './control-plane-body.js';
import { Client, howMeasured, line, load, medianOf, startLazurite } from './control-plane-load.js';
import { lazurite, median, start, stop } from './process.js';
const rounds = 3;
const starts = 5;
const atOnce = 32;
const location = 'westeurope';
const balancers = 500;
const balancer = (index) => `${network}/loadBalancers/other-${index}`;
/** In the order of their references. */
const kinds = [
    {
        type: 'virtualNetworks',
        count: 1,
        body: () => ({
            properties: {
                addressSpace: { addressPrefixes: ['10.240.0.0/16'] },
                subnets: [{ name: 'default', properties: { addressPrefix: '10.240.0.0/16' } }],
            },
        }),
    },
    {
        type: 'publicIPAddresses',
        count: 2000,
        body: () => ({ sku: { name: 'Standard' }, properties: { publicIPAllocationMethod: 'Static' } }),
    },
    { type: 'networkSecurityGroups', count: 3499, body: () => ({ properties: {} }) },
    {
        type: 'loadBalancers',
        count: balancers,
        body: (index) => balancerBody(balancer(index), {
            frontends: { front: { publicIPAddress: { id: `${network}/publicIPAddresses/other-${index}` } } },
            rules: { http: { frontendPort: 20_080, backendPort: 8080 } },
        }),
    },
    {
        type: 'networkInterfaces',
        count: 4000,
        body: (index) => ({
            properties: {
                ipConfigurations: [
                    {
                        name: 'ipconfig1',
                        properties: {
                            subnet: { id: `${network}/virtualNetworks/other-0/subnets/default` },
                            loadBalancerBackendAddressPools: [{ id: `${balancer(index % balancers)}/backendAddressPools/pool` }],
                        },
                    },
                ],
            },
        }),
    },
];
async function fill(server) {
    const client = new Client(server);
    for (const { type, count, body } of kinds) {
        let next = 0;
        const before = performance.now();
        const worker = async () => {
            for (let index = next++; index < count; index = next++) {
                await client.send('PUT', `${network}/${type}/other-${index}`, { location, ...body(index) });
            }
        };
        await Promise.all(Array.from({ length: atOnce }, worker));
        const perSecond = (1000 * count) / (performance.now() - before);
        if (count > 1)
            console.log(`${String(count).padStart(5)} ${type} written, ${perSecond.toFixed(0)}/s`);
    }
    client.close();
}
/** Milliseconds that a list takes, and its length. */
async function list(server, path) {
    const client = new Client(server);
    const times = [];
    let length = 0;
    for (let round = 0; round < rounds; round++) {
        const before = performance.now();
        const { value } = (await client.send('GET', path));
        times.push(performance.now() - before);
        length = value.length;
    }
    client.close();
    return [median(times), length];
}
const folder = mkdtempSync(join(tmpdir(), 'lazurite-bench-'));
try {
    const alone = await startLazurite(join(folder, 'alone'), { engine: 'userspace' });
    const among = await startLazurite(join(folder, 'among'), {
        engine: 'userspace',
        // Not the addresses of the one beside it.
        options: ['--public-ip-pool', '127.254.0.0/16'],
    });
    const servers = { alone, 'among 10,000': among };
    try {
        await fill(among);
        console.log(`${howMeasured}, medians of ${rounds} rounds`);
        for (const method of ['PUT', 'GET']) {
            const results = {};
            for (let round = 0; round < rounds; round++) {
                for (const [name, server] of Object.entries(servers)) {
                    results[name] = [...(results[name] ?? []), await load(server, { method })];
                }
            }
            const medians = Object.entries(results).map(([name, all]) => ({ name, figures: medianOf(all) }));
            for (const { name, figures } of medians)
                console.log(`${method}  ${name.padEnd(14)}${line(figures)}`);
            const [one, other] = medians;
            const ratio = (other?.figures.cpu ?? Number.NaN) / (one?.figures.cpu ?? Number.NaN);
            console.log(`${method}  CPU of one among 10,000 is ${ratio.toFixed(2)} of one alone`);
        }
        for (const path of [`${group}/resources`, `${network}/loadBalancers`, `${network}/networkInterfaces`]) {
            const [ms, length] = await list(among, path);
            console.log(`GET  ${path.split('/').at(-1)}: ${length} resources in ${ms.toFixed(0)} ms`);
        }
    }
    finally {
        await Promise.all(Object.values(servers).map(stop));
    }
    for (const name of ['alone', 'among']) {
        const times = [];
        for (let round = 0; round < starts; round++) {
            const data = join(folder, name, 'userspace-10');
            const started = await start(lazurite, ['start', '--port', '0', '--data', data]);
            times.push(started.startedMs);
            await stop(started);
        }
        console.log(`start to ready, ${name}: ${median(times).toFixed(0)} ms`);
    }
}
finally {
    rmSync(folder, { recursive: true, force: true });
}
//# sourceMappingURL=subscription.js.map