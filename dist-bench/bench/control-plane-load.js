/** An emulator that holds the benches' load balancer, and the measuring of requests to it. */
import { join } from 'node:path';
import autocannon from 'autocannon';
import { createHttpClient } from '../src/cli/http-client.js';
import { body, group, loadBalancer, network } from './control-plane-body.js';
import { cpuSeconds, lazurite, median, start } from './process.js';
const seconds = 2;
const connections = 8;
const query = '?api-version=2024-05-01';
const headers = { 'content-type': 'application/json' };
export const howMeasured = `${connections} connections, ${seconds} s each`;
/** A client that takes nothing but success. */
export class Client {
    #client;
    constructor({ url }) {
        this.#client = createHttpClient({ url });
    }
    async send(method, path, content) {
        const { status, body: answer } = await this.#client.send(method, `${path}${query}`, content);
        if (status >= 300)
            throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
        return answer;
    }
    close() {
        this.#client.close();
    }
}
/** Writes, or reads, the load balancer as fast as the server answers. Every write is another document. */
export async function load(server, { method, rules = 10, path = loadBalancer }) {
    const { url } = server;
    const at = { method, path: `${path}${query}` };
    const requests = method === 'PUT'
        ? Array.from({ length: 16 }, (_, variant) => ({ ...at, body: JSON.stringify(body({ variant, rules })), headers }))
        : [at];
    const before = cpuSeconds(server);
    const result = await autocannon({ url, connections, duration: seconds, requests });
    const { errors, non2xx, latency } = result;
    if (errors + non2xx > 0)
        throw new Error(`${method} ${url}: ${errors} errors, ${non2xx} answers that are no 2xx`);
    const cpu = (1000 * (cpuSeconds(server) - before)) / result.requests.total;
    return { perSecond: result.requests.average, p50: latency.p50, p99: latency.p99, cpu };
}
/** An emulator with everything that the load balancer refers to, and the load balancer. */
export async function startLazurite(folder, { engine, rules = 10, options = [] }) {
    const data = join(folder, `${engine}-${rules}`);
    const started = await start(lazurite, ['start', '--port', '0', '--data', data, '--engine', engine, ...options]);
    const client = new Client(started);
    await client.send('PUT', group, { location: 'westeurope' });
    await client.send('PUT', `${network}/publicIPAddresses/ip`, {
        location: 'westeurope',
        sku: { name: 'Standard' },
        properties: { publicIPAllocationMethod: 'Static' },
    });
    await client.send('PUT', loadBalancer, body({ variant: 0, rules }));
    client.close();
    return started;
}
/** The median of each figure. */
export const medianOf = (all) => ({
    perSecond: median(all.map(({ perSecond }) => perSecond)),
    p50: median(all.map(({ p50 }) => p50)),
    p99: median(all.map(({ p99 }) => p99)),
    cpu: median(all.map(({ cpu }) => cpu)),
});
/** A line of figures. */
export const line = ({ perSecond, p50, p99, cpu }) => `${String(Math.round(perSecond)).padStart(6)}/s  p50 ${p50} ms  p99 ${p99} ms  CPU ${cpu.toFixed(2)} ms each`;
//# sourceMappingURL=control-plane-load.js.map