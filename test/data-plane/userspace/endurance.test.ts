/** What the userspace engine does for long: a hundred thousand transfers, and crowds of connections that fall asleep. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { Session } from 'node:inspector';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { UserspaceEngine } from '../../../src/data-plane/userspace/engine.js';
import { defaultDescriptorLimit } from '../../../src/data-plane/userspace/socket-limits.js';
import { nextEvent } from '../../turns.js';
import { inParallel } from '../network.js';
import { frontend, member, rule } from '../plans.js';
import { World } from '../world.js';

const worldOf = (t: Test): World => {
  const world = new World((base) => new UserspaceEngine(base));
  t.teardown(() => world.close());
  return world;
};

/** A process that is one side of a crowd; without the test runner's loaders. */
function crowd(t: Test, ...args: (string | number)[]): ChildProcess {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = fork(fileURLToPath(new URL('./crowd.mjs', import.meta.url)), args.map(String), { execArgv: [], env });
  t.teardown(() => child.disconnect());
  return child;
}

/**
 * Returns a function that collects the garbage of the one worker thread of this process, and answers what its heap
 * holds after that, in MiB. (The memory of the process depends on when the collector ran of itself.)
 */
function workerHeapMiB(t: Test): () => Promise<number> {
  const session = new Session();
  session.connect();
  t.teardown(() => session.disconnect());
  const attached = once(session, 'NodeWorker.attachedToWorker');
  session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  const call = async (method: string): Promise<{ usedSize: number }> => {
    const { sessionId } = (await attached)[0].params;
    const answered = once(session, 'NodeWorker.receivedMessageFromWorker');
    session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id: 1, method }) });
    return JSON.parse((await answered)[0].params.message).result;
  };
  return async () => {
    await call('HeapProfiler.collectGarbage');
    return (await call('Runtime.getHeapUsage')).usedSize / 2 ** 20;
  };
}

const heard = async (child: ChildProcess): Promise<unknown> => ((await nextEvent(child, 'message')) as [unknown])[0];

/** Sends `data`, ends, and answers what came back. */
function roundTrip(at: { address: string; port: number; from: string }, data: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: at.address, port: at.port, localAddress: at.from });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.end(data);
  });
}

t.test('Of 100,000 transfers while pool and mode change, every one comes back as it was sent', async (t) => {
  const world = worldOf(t);
  const [address, port] = ['127.84.1.100', 20080];
  const backends = ['127.84.1.4', '127.84.1.5', '127.84.1.6', '127.84.1.7'];
  await Promise.all(backends.map((backend) => heard(crowd(t, 'backend', backend, 28080))));
  const modes = ['Default', 'SourceIP', 'SourceIPProtocol'] as const;
  let changes = 0;
  const change = async (): Promise<void> => {
    const members = backends.filter((_, index) => index !== changes % 5).map((backend) => member(backend, 28080));
    const distribution = modes[changes++ % 3] as (typeof modes)[number];
    await world.apply([frontend('tcp', `${address}:${port}`, rule(members, { distribution }))]);
  };
  await change();
  const pool = randomBytes(1024 * 1024);
  let bad = 0;
  let done = 0;
  await inParallel(new Array(100_000).fill(0), 48, async () => {
    // Most are small, a few are large, as in life.
    const length = Math.floor(2 ** (Math.random() * 17));
    const start = randomInt(pool.length - length);
    const data = pool.subarray(start, start + length);
    const from = `127.84.2.${1 + (done % 250)}`;
    const back = await roundTrip({ address, port, from }, data).catch(() => undefined);
    if (!back?.equals(data)) bad++;
    if (++done % 100 === 0) await change();
  });
  t.equal(bad, 0);
  t.equal(changes, 1001);
  t.equal(world.count('connections', `tcp/${address}/${port}`), 100_000);
  t.strictSame(world.failures, []);
});

const noProc = existsSync('/proc/self/fd') ? false : 'open descriptors can be counted on Linux only';
t.test('9,000 connections that all fall idle give back descriptors and memory', { skip: noProc }, async (t) => {
  const world = worldOf(t);
  const [address, port, backend] = ['127.84.3.100', 20080, '127.84.3.4'];
  const count = 9000;
  if (defaultDescriptorLimit() < 2 * count) {
    t.fail(`${2 * count} descriptors are needed, the engine may have ${defaultDescriptorLimit()}: raise ulimit -n`);
    return;
  }
  const backends = crowd(t, 'backend', backend, 28080);
  await heard(backends);
  const clients = crowd(t, 'clients', address, port, count, '127.84.5');
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const threadHeapMiB = workerHeapMiB(t);
  const scope = `tcp/${address}/${port}`;
  const apply = (tcpReset: boolean): Promise<void> =>
    world.apply([frontend('tcp', `${address}:${port}`, rule([member(backend, 28080)], { tcpReset }))]);
  await apply(false);
  const before = descriptors();

  clients.send('go');
  t.equal(await heard(clients), 'open');
  t.equal((await world.engine.flows()).length, count);
  t.ok(descriptors() >= before + 2 * count);
  const firstMiB = await threadHeapMiB();
  await world.advance(241_000);
  t.strictSame(await world.engine.flows(), [], 'dropped without a word');
  t.equal(world.count('idleDropped', scope), count);
  await world.counted('droppedEvicted', scope, count - 2048);
  const ends = heard(clients);
  for (const side of [clients, backends]) side.send('leave');
  t.strictSame(((await ends) as string[]).sort(), ['ECONNRESET', 'FIN'], 'the oldest are reset, the last ones stay');
  await world.counted('connectionsClosed', scope, count);
  t.ok(descriptors() <= before + 8, `${descriptors()} of ${before}`);

  await apply(true);
  clients.send('again');
  t.equal(await heard(clients), 'open');
  const secondMiB = await threadHeapMiB();
  t.ok(secondMiB < 1.2 * firstMiB, `the second crowd holds what the first held: ${secondMiB} of ${firstMiB} MiB`);
  await world.advance(241_000);
  t.strictSame(await heard(clients), ['ECONNRESET'], 'with TCP reset the clients hear of it at once');
  await world.counted('connectionsClosed', scope, 2 * count);
  t.ok(descriptors() <= before + 8, `${descriptors()} of ${before}`);
  const leftMiB = await threadHeapMiB();
  t.ok(leftMiB < firstMiB / 2, `what the crowds held is given back: ${leftMiB} of ${firstMiB} MiB`);
});
