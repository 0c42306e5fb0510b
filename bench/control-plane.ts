/**
 * PUT and GET of a load balancer with ten rules and with 1,000: Lazurite, with and without a data plane behind it,
 * against a bare Fastify + Ajv + better-sqlite3 handler with the same durability. All in turn in every round; medians and
 * ratios.
 *
 * Lazurite also reads a path as an id, checks preconditions and references, fills in defaults, keeps links and an
 * operation, follows with its data plane, and shows the api-version that was asked for.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadBalancer } from './control-plane-body.js';
import { Client, type Figures, howMeasured, line, load, medianOf, startLazurite } from './control-plane-load.js';
import { type Started, start, stop } from './process.js';

const rounds = 3;
const peer = 'bare handler';

async function servers(folder: string, rules: number): Promise<Map<string, Started>> {
  const full = await startLazurite(folder, { engine: 'userspace', rules });
  const bare = await startLazurite(folder, { engine: 'none', rules });
  const answer = join(folder, `answer-${rules}.json`);
  const client = new Client(bare);
  writeFileSync(answer, JSON.stringify(await client.send('GET', loadBalancer)));
  client.close();
  const script = fileURLToPath(new URL('control-plane-peer.js', import.meta.url));
  const limit = await start(script, [answer, join(folder, `peer-${rules}.sqlite`)]);
  return new Map([
    ['Lazurite', full],
    ['Lazurite, engine none', bare],
    [peer, limit],
  ]);
}

async function compare(all: ReadonlyMap<string, Started>, method: 'PUT' | 'GET', rules: number): Promise<void> {
  const results = new Map<string, Figures[]>([...all.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, server] of all) results.get(name)?.push(await load(server, { method, rules }));
  }
  const limit = medianOf(results.get(peer) ?? []);
  for (const [name, measured] of results) {
    const figures = medianOf(measured);
    const ratio = (figures.perSecond / limit.perSecond).toFixed(2);
    console.log(`${method}  ${rules} rules  ${name.padEnd(22)}${line(figures)}  ${ratio} of the bare handler`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'lazurite-bench-'));
console.log(`Node ${process.version}, ${cpus().length} cores; ${howMeasured}, medians of ${rounds} rounds`);
try {
  for (const rules of [10, 1000]) {
    const all = await servers(folder, rules);
    try {
      for (const method of ['PUT', 'GET'] as const) await compare(all, method, rules);
    } finally {
      await Promise.all([...all.values()].map(stop));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
