/**
 * PUT and GET of a load balancer with ten rules: Lazurite, with and without a data plane behind it, against a bare
 * Fastify + Ajv + better-sqlite3 handler with the same durability. All in turn in every round; medians and ratios.
 *
 * Lazurite also reads a path as an id, checks preconditions and references, fills in defaults, keeps links and an
 * operation, follows with its data plane, and shows the api-version that was asked for.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { body, group, loadBalancer, network } from './control-plane-body.js';
import { cpuSeconds, lazurite, median, repository, type Started, start, stop } from './process.js';

const rounds = 3;
const seconds = 2;
const connections = 8;
const query = '?api-version=2024-05-01';
const headers = { 'content-type': 'application/json' };
const variants = Array.from({ length: 16 }, (_, variant) => JSON.stringify(body(variant)));

interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds of CPU a request costs the server: what stays comparable on a machine with other work. */
  readonly cpu: number;
}

async function load(server: Started, method: 'PUT' | 'GET'): Promise<Figures> {
  const { url } = server;
  const path = `${loadBalancer}${query}`;
  const requests =
    method === 'PUT' ? variants.map((text) => ({ method, path, body: text, headers })) : [{ method, path }];
  const before = cpuSeconds(server);
  const {
    requests: done,
    latency,
    errors,
    non2xx,
  } = await autocannon({ url, connections, duration: seconds, requests });
  if (errors + non2xx > 0) throw new Error(`${method} ${url}: ${errors} errors, ${non2xx} answers that are no 2xx`);
  const cpu = (1000 * (cpuSeconds(server) - before)) / done.total;
  return { perSecond: done.average, p50: latency.p50, p99: latency.p99, cpu };
}

async function send(url: string, method: string, path: string, content?: object): Promise<string> {
  const answer = await fetch(`${url}${path}${query}`, {
    method,
    headers,
    ...(content && { body: JSON.stringify(content) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text;
}

/** An emulator with everything that the load balancer refers to. */
async function startLazurite(folder: string, engine: string): Promise<Started> {
  const data = join(folder, engine);
  const started = await start(lazurite, ['start', '--port', '0', '--data', data, '--engine', engine]);
  await send(started.url, 'PUT', group, { location: 'westeurope' });
  await send(started.url, 'PUT', `${network}/publicIPAddresses/ip`, {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static' },
  });
  await send(started.url, 'PUT', loadBalancer, body(0));
  return started;
}

const folder = mkdtempSync(join(tmpdir(), 'lazurite-bench-'));
const servers = new Map<string, Started>();
try {
  servers.set('Lazurite', await startLazurite(folder, 'userspace'));
  const bare = await startLazurite(folder, 'none');
  servers.set('Lazurite, engine none', bare);
  const answer = join(folder, 'answer.json');
  writeFileSync(answer, await send(bare.url, 'GET', loadBalancer));
  const peer = `${repository}dist-bench/bench/control-plane-peer.js`;
  servers.set('bare handler', await start(peer, [answer, join(folder, 'peer.sqlite')]));

  console.log(
    `Node ${process.version}, ${cpus().length} cores; ${connections} connections, ${rounds} rounds of ${seconds} s`,
  );
  for (const method of ['PUT', 'GET'] as const) {
    const results = new Map<string, Figures[]>([...servers.keys()].map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, server] of servers) results.get(name)?.push(await load(server, method));
    }
    const of = (name: string, figure: keyof Figures): number =>
      median((results.get(name) ?? []).map((figures) => figures[figure]));
    for (const name of servers.keys()) {
      const ratio = of(name, 'perSecond') / of('bare handler', 'perSecond');
      const [perSecond, p50, p99] = (['perSecond', 'p50', 'p99'] as const).map((figure) => of(name, figure));
      const cpu = of(name, 'cpu').toFixed(2);
      console.log(
        `${method}  ${name.padEnd(22)}${String(Math.round(perSecond ?? 0)).padStart(6)}/s` +
          `  p50 ${p50} ms  p99 ${p99} ms  CPU ${cpu} ms each  ${ratio.toFixed(2)} of the bare handler`,
      );
    }
  }
} finally {
  await Promise.all([...servers.values()].map(stop));
  rmSync(folder, { recursive: true, force: true });
}
