/** An emulator that holds the benches' load balancer, and the measuring of requests to it. */
import { join } from 'node:path';
import autocannon from 'autocannon';
import { createHttpClient, type HttpClient } from '../src/cli/http-client.js';
import { body, group, loadBalancer, network } from './control-plane-body.js';
import { cpuSeconds, lazurite, median, type Started, start } from './process.js';

const usual = { seconds: 2, connections: 8 };
const query = '?api-version=2024-05-01';
const headers = { 'content-type': 'application/json' };

export const howMeasured = `${usual.connections} connections, ${usual.seconds} s each`;

export interface Figures {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Milliseconds of CPU a request costs the server: what stays comparable on a machine with other work. */
  readonly cpu: number;
}

/** A client that takes nothing but success. */
export class Client {
  readonly #client: HttpClient;

  constructor({ url }: Started) {
    this.#client = createHttpClient({ url });
  }

  async send(method: string, path: string, content?: object): Promise<unknown> {
    const { status, body: answer } = await this.#client.send(method, `${path}${query}`, content);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }

  close(): void {
    this.#client.close();
  }
}

export interface Load {
  readonly method: 'PUT' | 'GET';
  readonly rules?: number;
  readonly path?: string;
  readonly connections?: number;
  readonly seconds?: number;
}

/** Writes, or reads, the load balancer as fast as the server answers. Every write is another document. */
export async function load(
  server: Started,
  { method, rules = 10, path = loadBalancer, connections = usual.connections, seconds = usual.seconds }: Load,
): Promise<Figures> {
  const { url } = server;
  const at = { method, path: `${path}${query}` };
  const requests =
    method === 'PUT'
      ? Array.from({ length: 16 }, (_, variant) => ({ ...at, body: JSON.stringify(body({ variant, rules })), headers }))
      : [at];
  const before = cpuSeconds(server);
  const result = await autocannon({ url, connections, duration: seconds, requests });
  const { errors, non2xx, latency } = result;
  if (errors + non2xx > 0) throw new Error(`${method} ${url}: ${errors} errors, ${non2xx} answers that are no 2xx`);
  const cpu = (1000 * (cpuSeconds(server) - before)) / result.requests.total;
  return { perSecond: result.requests.total / result.duration, p50: latency.p50, p99: latency.p99, cpu };
}

/** An emulator with everything that the load balancer refers to, and the load balancer. */
export async function startLazurite(
  folder: string,
  { engine, rules = 10, options = [] }: { engine: string; rules?: number; options?: readonly string[] },
): Promise<Started> {
  const data = join(folder, `${engine}-${rules}`);
  const started = await start(lazurite, [
    'start',
    '--port',
    '0',
    '--data',
    data,
    '--engine',
    engine,
    '--log-level',
    'warn',
    ...options,
  ]);
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
export const medianOf = (all: readonly Figures[]): Figures => ({
  perSecond: median(all.map(({ perSecond }) => perSecond)),
  p50: median(all.map(({ p50 }) => p50)),
  p99: median(all.map(({ p99 }) => p99)),
  cpu: median(all.map(({ cpu }) => cpu)),
});

/** A line of figures. */
export const line = ({ perSecond, p50, p99, cpu }: Figures): string =>
  `${String(Math.round(perSecond)).padStart(6)}/s  p50 ${p50} ms  p99 ${p99} ms  CPU ${cpu.toFixed(2)} ms each`;
