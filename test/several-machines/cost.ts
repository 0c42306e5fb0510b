/**
 * What several machines cost against one: writes and reads of 64 clients, how long a new node takes to have 10,000
 * resources, and after what time a write is carried by all nodes. The database writes to its disk as the file does.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { body, loadBalancer, network } from '../../bench/control-plane-body.js';
import { Client, startLazurite } from '../../bench/control-plane-load.js';
import { median, type Started, stop } from '../../bench/process.js';
import { Postgres } from '../postgres.js';

const clients = 64;
const rounds = 3;
const resources = 10_000;
const singleWrites = 300;
/** Requests that each process answers before anything is measured, so that its code is compiled as far as that of others. */
const warmUps = { PUT: 2000, GET: 15_000 } as const;
/** How long each of the rounds is. */
const seconds = 3;

type Method = keyof typeof warmUps;

/** The clients are a program in C: as a Node of their own they would take the servers as much CPU as a read does. */
class Clients {
  readonly #program: string;

  constructor(folder: string) {
    this.#program = join(folder, 'http-load');
    execFileSync('gcc', ['-O2', '-o', this.#program, 'bench/http-load.c']);
  }

  /** Answers a second of all servers together, over which the clients are spread evenly. */
  async perSecond(servers: readonly Started[], method: Method, amount = 0): Promise<number> {
    const places = servers.map(({ url }) => `127.0.0.1:${new URL(url).port}`);
    const child = spawn(this.#program, [String(seconds), String(amount), String(clients), ...places], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(
      requestsOf(method)
        .map((text) => `${Buffer.byteLength(text)}\n${text}`)
        .join(''),
    );
    const [text] = await Promise.all([child.stdout.setEncoding('utf8').toArray(), once(child, 'exit')]);
    const { requests, refused, seconds: took } = JSON.parse(text.join('')) as Record<string, number>;
    if (refused) throw new Error(`${refused} of ${requests} answers to ${method} are no 2xx`);
    return (requests as number) / (took as number);
  }

  /** The same number of requests to each server. */
  async warmUp(servers: readonly Started[], method: Method): Promise<void> {
    for (const server of servers) await this.perSecond([server], method, warmUps[method]);
  }
}

/** As clients send them; every write is another document than the one before. */
function requestsOf(method: Method): string[] {
  const head = `${method} ${loadBalancer}?api-version=2024-05-01 HTTP/1.1\r\nhost: localhost\r\n`;
  if (method === 'GET') return [`${head}\r\n`];
  return Array.from({ length: 16 }, (_, variant) => {
    const text = JSON.stringify(body({ variant, rules: 10 }));
    const type = 'content-type: application/json\r\n';
    return `${head}${type}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
  });
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
    const load = new Clients(folder);
    await postgres.start({ isDurable: true });
    const alone = await begin('alone');
    const store = ['--store', postgres.url];
    const nodes = [await begin('1', store), await begin('2', store), await begin('3', store)];
    for (const [method, least] of [
      ['PUT', 0.5],
      ['GET', 0.9],
    ] as const) {
      await load.warmUp([alone], method);
      await load.warmUp(nodes, method);
      const ratios: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const [one, all] = [await load.perSecond([alone], method), await load.perSecond(nodes, method)];
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
    const after = (startedMs - empty) / 1000;
    hold(after < 3, `a new node has ${resources} resources ${after.toFixed(1)} s after it would start (under 3)`);
  } finally {
    await Promise.all(started.map(stop));
    await postgres.remove();
    rmSync(folder, { recursive: true, force: true });
  }
  return faults;
}
