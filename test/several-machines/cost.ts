/**
 * What several machines cost against one: writes and reads of 64 clients, how long a new node takes to have 10,000
 * resources, and after what time a write is carried by all nodes. The database writes to its disk as the file does.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { network } from '../../bench/control-plane-body.js';
import { Client, load, startLazurite } from '../../bench/control-plane-load.js';
import { median, type Started, stop } from '../../bench/process.js';
import { Postgres } from '../postgres.js';

const clients = 64;
const rounds = 3;
const resources = 10_000;
const singleWrites = 300;
/** Requests that each process answers before anything is measured, so that its code is compiled as far as that of others. */
const warmUps = { PUT: 2000, GET: 15_000 } as const;

/** Requests a second of clients that are spread over servers. */
async function perSecond(servers: readonly Started[], method: 'PUT' | 'GET'): Promise<number> {
  const connections = Math.ceil(clients / servers.length);
  const all = await Promise.all(servers.map((server) => load(server, { method, connections })));
  return all.reduce((sum, figures) => sum + figures.perSecond, 0);
}

/** The same number of requests to each server. */
async function warmUp(servers: readonly Started[], method: 'PUT' | 'GET'): Promise<void> {
  const connections = Math.ceil(clients / servers.length);
  await Promise.all(servers.map((server) => load(server, { method, connections, amount: warmUps[method] })));
}

/** Writes so many resources through all nodes. */
async function fill(servers: readonly Started[]): Promise<void> {
  let next = 0;
  const worker = async (server: Started): Promise<void> => {
    const client = new Client(server);
    while (next < resources) {
      const path = `${network}/applicationSecurityGroups/group${next++}`;
      await client.send('PUT', path, { location: 'westeurope' });
    }
    client.close();
  };
  await Promise.all(servers.flatMap((server) => Array.from({ length: 8 }, () => worker(server))));
}

/** Real milliseconds of single writes, each answered once all nodes carry it. */
async function carriedWithin(server: Started): Promise<number[]> {
  const client = new Client(server);
  const times: number[] = [];
  for (let index = 0; index < singleWrites; index++) {
    const startMs = performance.now();
    await client.send('PUT', `${network}/applicationSecurityGroups/group0`, {
      location: 'westeurope',
      tags: { index: String(index) },
    });
    times.push(performance.now() - startMs);
  }
  client.close();
  return times.sort((a, b) => a - b);
}

/** Says what was measured, and answers in sentences what is not as it should be. */
export async function measureCost(say: (sentence: string) => void): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-cost-'));
  const postgres = new Postgres();
  const started: Started[] = [];
  const begin = async (name: string, options: readonly string[] = []): Promise<Started> => {
    mkdirSync(join(folder, name));
    const one = await startLazurite(join(folder, name), { engine: 'none', options });
    started.push(one);
    return one;
  };
  const faults: string[] = [];
  const hold = (holds: boolean, sentence: string): void => {
    say(sentence);
    if (!holds) faults.push(sentence);
  };
  try {
    await postgres.start({ isDurable: true });
    const alone = await begin('alone');
    const store = ['--store', postgres.url];
    const nodes = [await begin('1', store), await begin('2', store), await begin('3', store)];
    for (const [method, least] of [
      ['PUT', 0.5],
      ['GET', 0.9],
    ] as const) {
      await warmUp([alone], method);
      await warmUp(nodes, method);
      const ratios: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const [one, all] = [await perSecond([alone], method), await perSecond(nodes, method)];
        ratios.push(all / one);
        say(`${method}, ${clients} clients: one ${Math.round(one)}/s, three nodes ${Math.round(all)}/s`);
      }
      const ratio = median(ratios);
      hold(ratio >= least, `${method}: ${ratio.toFixed(2)} of one node on SQLite (at least ${least})`);
    }
    const [single, shared] = [await carriedWithin(alone), await carriedWithin(nodes[0] as Started)];
    const p99 = shared[Math.floor(shared.length * 0.99)] as number;
    say(
      `a single client's write: ${median(single).toFixed(1)} ms at one, ${median(shared).toFixed(1)} ms at three nodes`,
    );
    hold(p99 <= 50, `a write is carried by all nodes within ${p99.toFixed(0)} ms p99 (at most 50)`);
    await fill(nodes);
    const empty = nodes[1]?.startedMs ?? 0;
    const { startedMs } = await begin('new', store);
    const seconds = (startedMs - empty) / 1000;
    hold(seconds < 3, `a new node has ${resources} resources ${seconds.toFixed(1)} s after it would start (under 3)`);
  } finally {
    await Promise.all(started.map(stop));
    await postgres.remove();
    rmSync(folder, { recursive: true, force: true });
  }
  return faults;
}
