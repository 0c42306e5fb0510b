/**
 * `npm run fuzz`: sends broken requests to a built emulator and holds it to what must be true whatever comes: it answers,
 * never with an error of its own, its memory stays bounded, traffic flows, and a snapshot can be taken and loaded.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect, createServer } from 'node:net';
import { parseArgs } from 'node:util';
import {
  group,
  type Json,
  network,
  publicFrontend,
  publicIPAddress,
  rule,
  virtualNetwork,
} from '../api/arm/resources/arm-client.js';
import { type Answer, portOf, type Sent, send as sendTo, spawnBuilt } from '../built-emulator.js';
import { Random } from './random.js';
import { type Attempt, beginning, surfaces } from './surfaces.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    concurrency: { type: 'string', default: '16' },
    recordings: { type: 'string', default: `${process.env.LAZURITE_SHARED ?? '../shared'}/recordings-2` },
    'silence-ms': { type: 'string', default: '1000' },
    'memory-mib': { type: 'string', default: '1024' },
    verbose: { type: 'boolean', default: false },
  },
});
const [requests, seed, from, concurrency] = [values.requests, values.seed, values.from, values.concurrency].map(
  Number,
) as [number, number, number, number];
const silenceMs = Number(values['silence-ms']);
const memoryMiB = Number(values['memory-mib']);

/** After so many requests everything is reset: any of them can be reached again without those before its episode. */
const episode = 500;
const backendPort = 28080;
const frontendPort = 20080;
/** The balancer whose traffic must flow lies in a subscription that no fuzzed request names. */
const kept = (path: string): string => path.replaceAll('00000000000a', '0000000000ff');

const failures: string[] = [];
function fail(what: string): void {
  failures.push(what);
  process.stdout.write(`FAILED ${what}\n`);
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
let port = 0;

const send = (one: Sent): Promise<Answer> => sendTo(one, { port, agent });

/** Writes bytes and waits until the server has closed, or has answered and been left. */
function sendRaw(bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.on('data', () => socket.destroy());
    socket.end(bytes);
    socket.setTimeout(500, () => socket.destroy());
  });
}

const call = async (method: string, path: string, body?: Json): Promise<Answer> => {
  const answer = await send({
    method,
    path,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
  });
  if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer;
};

/** The reproduction of a request, as a line. */
const shown = ({ method, path, headers, body, raw }: Attempt): string =>
  raw
    ? `bytes ${JSON.stringify(raw.toString('latin1').slice(0, 400))}`
    : `${method} ${path.slice(0, 300)} ${JSON.stringify(headers)} ${body?.toString().slice(0, 1_500) ?? ''}`;

const make = surfaces(values.recordings);
/** Answers by status, for the report. */
const statuses = new Map<number, number>();

const requestAt = (index: number): Attempt => make(new Random(seed, index));

async function attempt(index: number, one: Attempt): Promise<void> {
  if (values.verbose) process.stdout.write(`${index} ${shown(one)}\n`);
  try {
    if (one.raw) return await sendRaw(one.raw);
    const { status, text } = await send(one);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    // An injected fault is answered with the status that it names; the request that injects it is not.
    if (status >= 500) fail(`request ${index}: ${status} ${text.slice(0, 300)}\n  ${shown(one)}`);
  } catch (error) {
    // What the HTTP library refuses to send was never sent.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!code.startsWith('ERR_')) fail(`request ${index}: no answer, ${error}\n  ${shown(one)}`);
  } finally {
    if (one.alone) await call('DELETE', '/_lazurite/faults');
  }
}

/** Requests `first` to below `end`, several at a time; those that change how others are treated alone. */
async function run(first: number, end: number): Promise<void> {
  let next = first;
  let upcoming = requestAt(next);
  const take = (): Promise<void> => {
    const one = upcoming;
    upcoming = requestAt(next + 1);
    return attempt(next++, one);
  };
  const worker = async (): Promise<void> => {
    while (next < end && !upcoming.alone) await take();
  };
  while (next < end) {
    await Promise.all(Array.from({ length: concurrency }, worker));
    if (next < end) await take();
  }
}

async function makeBalancer(): Promise<string> {
  await call('POST', '/_lazurite/reset');
  const put = async (path: string, body: Json): Promise<Json> =>
    JSON.parse(
      (await call('PUT', `${kept(path)}?api-version=2025-05-01`, JSON.parse(kept(JSON.stringify(body))))).text,
    );
  await put(group, { location: 'westeurope' });
  const vnet = await put(`${network}/virtualNetworks/vnet`, virtualNetwork());
  const address = await put(`${network}/publicIPAddresses/ip`, publicIPAddress());
  const member = { name: 'a', properties: { ipAddress: '10.0.0.200', virtualNetwork: { id: vnet.id } } };
  await put(`${network}/loadBalancers/lb`, {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [publicFrontend()],
      backendAddressPools: [{ name: 'pool', properties: { loadBalancerBackendAddresses: [member] } }],
      loadBalancingRules: [rule('rule', { frontendPort, backendPort, probe: undefined })],
    },
  });
  for (const one of beginning) {
    const { status, text } = await send(one);
    if (status >= 400) fail(`beginning: ${status} ${text}\n  ${shown(one)}`);
  }
  return String((address.properties as Json).ipAddress);
}

/** What comes back from the frontend; empty when nothing does. */
function echoed(address: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: frontendPort });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    socket.setTimeout(10_000, () => socket.destroy());
    socket.end('still here');
  });
}

const residentMiB = (pid: number): number => {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

/** Asks for `ready` again and again, and reports when an answer takes longer than it may. */
function watchSilence(): { stop(): void; longestMs(): number } {
  let longest = 0;
  let going = true;
  const watch = async (): Promise<void> => {
    while (going) {
      const started = performance.now();
      await send({ method: 'GET', path: '/_lazurite/ready', headers: {} }).catch(() => {});
      const took = performance.now() - started;
      if (took > longest) longest = took;
      if (took > silenceMs && going) fail(`no answer for ${took.toFixed(0)} ms`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  void watch();
  const stop = (): void => {
    going = false;
  };
  return { stop, longestMs: () => longest };
}

async function start(): Promise<{ child: ChildProcess; pid: number }> {
  const child = spawnBuilt('--in-memory', '--engine', 'userspace');
  process.once('exit', () => child.kill('SIGKILL'));
  child.once('exit', (code, signal) => {
    if (!ending) {
      fail(`the emulator ended: ${code ?? signal}`);
      report();
      process.exit(1);
    }
  });
  port = await portOf(child);
  return { child, pid: child.pid as number };
}

let ending = false;
let done = 0;
let peakMiB = 0;
function report(): void {
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  process.stdout.write(`answers ${counts.join(', ')}\n`);
  process.stdout.write(
    `${done} requests (seed ${seed}), ${failures.length} failures, at most ${peakMiB.toFixed(0)} MiB\n`,
  );
}

const { child, pid } = await start();
const backend = createServer((socket) => socket.on('error', () => {}).pipe(socket));
backend.listen(backendPort, '127.0.0.200');
await once(backend, 'listening');
for (let first = from; first < from + requests && failures.length < 50; first += episode) {
  const address = await makeBalancer();
  const silence = watchSilence();
  const end = Math.min(first + episode, from + requests);
  await run(first, end);
  done += end - first;
  silence.stop();
  const where = `after requests ${first} to ${end - 1}`;
  if ((await echoed(address)) !== 'still here') fail(`${where}: no traffic`);
  try {
    const { text } = await call('GET', '/_lazurite/snapshot');
    await call('PUT', '/_lazurite/snapshot', JSON.parse(text));
  } catch (error) {
    fail(`${where}: the snapshot cannot be loaded: ${error}`);
  }
  const resident = residentMiB(pid);
  peakMiB = Math.max(peakMiB, resident);
  if (resident > memoryMiB) fail(`${where}: ${resident.toFixed(0)} MiB`);
  if ((first / episode) % 20 === 19)
    process.stdout.write(
      `${end} requests, ${resident.toFixed(0)} MiB, longest wait ${silence.longestMs().toFixed(0)} ms\n`,
    );
}
ending = true;
child.kill('SIGTERM');
await once(child, 'exit');
backend.close();
agent.destroy();
report();
process.exitCode = failures.length > 0 ? 1 : 0;
