/** What the userspace engine does at its limits: many connections, no descriptors, no members, a dead thread. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import t, { type Test } from 'tap';
import { UserspaceEngine } from '../../../src/data-plane/userspace/engine.js';
import { LoadingThread } from '../../../src/data-plane/userspace/worker-thread.js';
import { Clock } from '../../../src/support/clock.js';
import { nextEvent, repeatUntil } from '../../turns.js';
import { dial, echoes, ending, inParallel, openStream, tcpBackend, UdpClient } from '../network.js';
import { frontend, member, plan, rule } from '../plans.js';
import { membersOf, probedMembers, probesOf, World } from '../world.js';

const worldOf = (t: Test, options: { descriptorLimit?: number } = {}): World => {
  const world = new World((base) => new UserspaceEngine({ ...base, ...options }));
  t.teardown(() => world.close());
  return world;
};

/** Starting a thread costs a second here, so tests that do not mind share one, and one with twenty descriptors. */
const ample = worldOf(t);
const scarce = worldOf(t, { descriptorLimit: 20 });
const using = (t: Test, world: World): World => {
  t.teardown(() => world.reset());
  return world;
};

/** Connects, waits for the backend to end the connection, and counts. */
function connections(at: { address: string; port: number }, of: { count: number; atOnce: number; from: string }) {
  return new Promise<{ done: number; failed: number }>((resolve) => {
    let [started, done, failed] = [0, 0, 0];
    const next = (): void => {
      if (done + failed === of.count) resolve({ done, failed });
      if (started === of.count) return;
      started++;
      const socket = connect({ host: at.address, port: at.port, localAddress: of.from });
      let error = false;
      let bytes = 0;
      socket.on('data', (chunk) => {
        bytes += chunk.length;
      });
      socket.on('error', () => {
        error = true;
      });
      socket.on('close', () => {
        if (error || bytes !== 2) failed++;
        else done++;
        next();
      });
    };
    for (let client = 0; client < of.atOnce; client++) next();
  });
}

t.test('45,000 connections from one client in a row, and none of them fails', async (t) => {
  const world = using(t, ample);
  const server = createServer((socket) => socket.on('error', () => {}).end('ok'));
  server.listen({ port: 28080, host: '127.82.0.4', backlog: 1024 });
  await nextEvent(server, 'listening');
  t.teardown(() => server.close());
  await world.apply([frontend('tcp', '127.82.0.100:20080', rule([member('127.82.0.4', 28080)]))]);
  const at = { address: '127.82.0.100', port: 20080 };
  const { done, failed } = await connections(at, { count: 45_000, atOnce: 64, from: '127.82.0.200' });
  t.equal(done, 45_000);
  t.equal(failed, 0);
  t.equal(world.count('connections', 'tcp/127.82.0.100/20080'), 45_000);
  t.comment(`source ports that were taken: ${world.count('sourcePortTaken', 'tcp/127.82.0.100/20080')}`);
});

t.test(
  'Without an eligible member a client is accepted and hears nothing, until its SYNs would have ended after 127 s',
  async (t) => {
    const world = using(t, ample);
    await world.apply([
      frontend('tcp', '127.82.1.100:20080', rule([])),
      frontend('udp', '127.82.1.100:20080', rule([])),
    ]);
    const socket = await dial({ address: '127.82.1.100', port: 20080 });
    const end = ending(socket);
    socket.write('hello?');
    await world.counted('noEligibleMember', 'tcp/127.82.1.100/20080');
    await world.advance(126_000);
    t.equal(world.count('noEligibleMember', 'tcp/127.82.1.100/20080'), 1);
    t.equal(world.count('heldTimedOut', 'tcp/127.82.1.100/20080'), 0);
    await world.advance(2000);
    t.equal(await end, 'ECONNRESET');
    t.equal(world.count('heldTimedOut', 'tcp/127.82.1.100/20080'), 1);
    const client = await UdpClient.open();
    client.socket.send('hello?', 20080, '127.82.1.100');
    await world.counted('datagramsWithoutMember', 'udp/127.82.1.100/20080');
    client.close();
    const { reason } = await world.engine.explain({
      transport: 'tcp',
      sourceAddress: '127.0.0.1',
      sourcePort: 1,
      destinationAddress: '127.82.1.100',
      destinationPort: 20080,
    });
    t.equal(reason, 'The backend pool has no members. A client waits without an answer.');
  },
);

t.test('At most 1,024 clients of a frontend wait for a member; further ones are refused and counted', async (t) => {
  const world = using(t, ample);
  const [backend] = await world.backends('127.82.10', { count: 1, port: 28080 });
  const scope = 'tcp/127.82.10.100/20080';
  await world.apply([frontend('tcp', '127.82.10.100:20080', rule([]))]);
  const at = { address: '127.82.10.100', port: 20080 };
  const waiting = await Promise.all(Array.from({ length: 1024 }, () => dial(at, { from: '127.82.10.200' })));
  await world.counted('noEligibleMember', scope, 1024);
  await t.rejects(openStream(at, { from: '127.82.10.201' }), { code: 'ECONNRESET' });
  t.equal(world.count('heldRefused', scope), 1);
  const greeted = waiting.map((socket) => nextEvent(socket.resume(), 'data'));
  await world.apply([frontend('tcp', '127.82.10.100:20080', rule(membersOf(backend ? [backend] : [])))]);
  await world.advance(1000);
  await Promise.all(greeted);
  t.equal(world.count('heldServed', scope), 1024);
  for (const socket of waiting) socket.destroy();
});

t.test('A handshake that the backend does not answer is given up after 60 Azure seconds', async (t) => {
  const world = using(t, ample);
  // It listens and accepts nobody; Linux drops what comes once two connections wait.
  const deaf = spawn(
    process.execPath,
    [
      '-e',
      `require('net').createServer().listen({ host: '127.82.8.4', port: 28080, backlog: 1 }, () => {
       require('fs').writeSync(1, 'listening');
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     })`,
    ],
    { env: { PATH: process.env.PATH } },
  );
  t.teardown(() => deaf.kill('SIGKILL'));
  await nextEvent(deaf.stdout, 'data');
  const waiting = await Promise.all([0, 1].map(() => dial({ address: '127.82.8.4', port: 28080 })));
  t.teardown(() => {
    for (const socket of waiting) socket.on('error', () => {}).destroy();
  });
  await world.apply([frontend('tcp', '127.82.8.100:20080', rule([member('127.82.8.4', 28080)]))]);
  const client = await dial({ address: '127.82.8.100', port: 20080 }, { from: '127.82.8.200' });
  const end = ending(client);
  await world.counted('connections', 'tcp/127.82.8.100/20080');
  await world.advance(59_000);
  t.equal(world.count('handshakeTimedOut', 'tcp/127.82.8.100/20080'), 0);
  await world.advance(2000);
  t.equal(await end, 'ECONNRESET');
  t.equal(world.count('handshakeTimedOut', 'tcp/127.82.8.100/20080'), 1);
});

t.test('Above the descriptor limit new connections are refused and counted, established ones go on', async (t) => {
  const world = using(t, scarce);
  const backends = await world.backends('127.82.2', { count: 1, port: 28080 });
  await world.apply([frontend('tcp', '127.82.2.100:20080', rule(membersOf(backends)))]);
  const at = { address: '127.82.2.100', port: 20080 };
  const streams = await Promise.all(Array.from({ length: 10 }, () => openStream(at)));
  await t.rejects(openStream(at), { code: 'ECONNRESET' });
  t.equal(world.count('descriptorLimit', 'tcp/127.82.2.100/20080'), 1);
  t.ok((await Promise.all(streams.map((stream) => echoes(stream, 'still here')))).every(Boolean));
  for (const { socket } of streams) socket.destroy();
  await repeatUntil(async () => (await world.engine.flows()).length === 0, {
    what: 'no flow is left',
    step: () => undefined,
  });
  t.equal(await tcpBackend(at), '127.82.2.4', 'what was closed can be used again');
});

t.test('UDP from ever new sources stays within a bounded table, and the least recently used flow goes', async (t) => {
  const world = using(t, scarce);
  const backends = await world.backends('127.82.3', { count: 2, port: 28080 });
  await world.apply([frontend('udp', '127.82.3.100:20053', rule(membersOf(backends)))]);
  const at = { address: '127.82.3.100', port: 20053 };
  const faithful = await UdpClient.open();
  for (let index = 0; index < 30; index++) {
    const client = await UdpClient.open({ from: `127.82.3.${150 + index}` });
    await client.ask(at);
    client.close();
    await faithful.ask(at);
  }
  const flows = await world.engine.flows();
  t.equal(flows.length, 20);
  t.ok(flows.some(({ source }) => source === `127.0.0.1:${faithful.port}`));
  t.equal(world.count('flowsEvicted', 'udp/127.82.3.100/20053'), 11);
  faithful.close();
});

t.test('A silently dropped connection is never reset, and its sockets go when its ends close them', async (t) => {
  const world = using(t, ample);
  const [backend] = await world.backends('127.82.4', { count: 1, port: 28080 });
  await world.apply([frontend('tcp', '127.82.4.100:20080', rule(membersOf(backend ? [backend] : [])))]);
  const streams = await Promise.all(
    Array.from({ length: 50 }, () => openStream({ address: '127.82.4.100', port: 20080 })),
  );
  let heard = 0;
  for (const { socket } of streams) {
    for (const event of ['data', 'end', 'error', 'close']) socket.on(event, () => heard++);
    socket.resume();
  }
  await world.advance(241_000);
  t.strictSame(await world.engine.flows(), []);
  t.equal(world.count('idleDropped', 'tcp/127.82.4.100/20080'), 50);
  await world.advance(4 * 3_600_000);
  t.equal(heard, 0);
  t.equal(world.count('connectionsClosed', 'tcp/127.82.4.100/20080'), 0);
  for (const { socket } of streams) socket.destroy();
  let ended = 0;
  for (const socket of backend?.sockets ?? []) socket.on('end', () => ended++);
  for (let round = 0; round < 20; round++) await world.engine.flows();
  t.equal(ended, 0, 'the backend is not told that its client has gone');
  for (const socket of backend?.sockets ?? []) socket.destroy();
  await world.counted('connectionsClosed', 'tcp/127.82.4.100/20080', 50);
});

t.test('Beyond their share of descriptors the oldest of the silently dropped connections are reset', async (t) => {
  const world = using(t, scarce);
  const backends = await world.backends('127.82.11', { count: 1, port: 28080 });
  await world.apply([frontend('tcp', '127.82.11.100:20080', rule(membersOf(backends)))]);
  const at = { address: '127.82.11.100', port: 20080 };
  const streams = [];
  for (let count = 0; count < 4; count++) streams.push(await openStream(at));
  const ends = streams.map(({ socket }) => ending(socket));
  await world.advance(241_000);
  t.strictSame(await Promise.all(ends.slice(0, 2)), ['ECONNRESET', 'ECONNRESET']);
  t.equal(world.count('droppedEvicted', 'tcp/127.82.11.100/20080'), 2);
  for (const { socket } of streams) socket.destroy();
});

t.test('Counters of a frontend that is gone disappear with its last flow', async (t) => {
  const world = using(t, ample);
  const backends = await world.backends('127.82.5', { count: 1, port: 28080 });
  await world.apply([frontend('tcp', '127.82.5.100:20080', rule(membersOf(backends), { tcpReset: true }))]);
  const { socket } = await openStream({ address: '127.82.5.100', port: 20080 });
  const end = ending(socket);
  t.ok(world.engine.counters().length > 0);
  await world.apply([]);
  await end;
  await repeatUntil(() => world.engine.counters().length === 0, {
    what: () => `no counter is left, of ${JSON.stringify(world.engine.counters())}`,
    step: () => world.engine.flows(),
  });
  t.strictSame(world.engine.frontends(), []);
});

t.test('A blocked API loop delays no forwarded byte and flips no probe', async (t) => {
  const world = using(t, ample);
  const { Worker } = await import('node:worker_threads');
  const done = new Int32Array(new SharedArrayBuffer(4));
  const far = new Worker(
    `const { parentPort, workerData: done } = require('node:worker_threads');
     const net = require('node:net');
     net.createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(28080, '127.82.6.4', () => {
       parentPort.on('message', (rounds) => {
         const socket = net.connect({ host: '127.82.6.100', port: 20080, noDelay: true });
         socket.write('x');
         socket.on('data', () => {
           if (--rounds > 0) return socket.write('x');
           Atomics.store(done, 0, 1);
           Atomics.notify(done, 0);
           socket.destroy();
         });
       });
       parentPort.postMessage('ready');
     });`,
    { eval: true, workerData: done },
  );
  t.teardown(() => far.terminate());
  await nextEvent(far, 'message');
  const backend = { address: '127.82.6.4', port: 28080 } as Parameters<typeof probedMembers>[0][number];
  await world.apply([frontend('tcp', '127.82.6.100:20080', rule(probedMembers([backend])))], probesOf([backend]));
  await world.healthy(backend.address);
  world.healthSeen.length = 0;
  far.postMessage(2000);
  // This loop stands still until the round trips are over: if one of them needed it, they would never be.
  t.not(Atomics.wait(done, 0, 0, 60_000), 'timed-out', '2,000 round trips end while this loop stands still');
  await world.advance(20_000);
  t.strictSame(world.healthSeen, []);
});

const noProc = existsSync('/proc/self/fd') ? false : 'open descriptors can be counted on Linux only';
t.test('Ends and resets that cross each other leave no socket behind', { skip: noProc }, async (t) => {
  const world = using(t, ample);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.end('bye');
    setImmediate(() => socket.resetAndDestroy());
  });
  server.listen(28080, '127.82.9.4');
  await nextEvent(server, 'listening');
  t.teardown(() => server.close());
  await world.apply([frontend('tcp', '127.82.9.100:20080', rule([member('127.82.9.4', 28080)]))]);
  const before = readdirSync('/proc/self/fd').length;
  await inParallel(new Array(800).fill(0), 32, async () => {
    const socket = connect({ host: '127.82.9.100', port: 20080, localAddress: '127.82.9.200' });
    socket.on('error', () => {});
    socket.end('hello');
    // `once` would reject when the reset comes first.
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('data', () => setImmediate(() => socket.resetAndDestroy()));
    await closed;
  });
  const scope = 'tcp/127.82.9.100/20080';
  await repeatUntil(() => world.count('connectionsClosed', scope) >= world.count('connections', scope), {
    what: 'every connection is closed',
    step: () => world.engine.flows(),
  });
  t.strictSame(await world.engine.flows(), []);
  t.ok(readdirSync('/proc/self/fd').length <= before + 8, `${readdirSync('/proc/self/fd').length} of ${before}`);
});

t.test('Closing lets flows finish within the grace period, and ends what is left', async (t) => {
  const world = worldOf(t);
  const backends = await world.backends('127.82.7', { count: 1, port: 28080 });
  await world.apply([frontend('tcp', '127.82.7.100:20080', rule(membersOf(backends)))]);
  const at = { address: '127.82.7.100', port: 20080 };
  const [finishing, staying] = await Promise.all([openStream(at), openStream(at)]);
  const end = ending(staying.socket);
  const closing = world.engine.close(300);
  t.ok(await echoes(finishing, 'one last word'));
  finishing.socket.destroy();
  await closing;
  t.equal(await end, 'ECONNRESET');
  await t.rejects(dial(at));
  t.strictSame(world.failures, []);
});

t.test('When the thread of the data plane dies the engine says so, once, and answers with that error', async (t) => {
  const failures: Error[] = [];
  const engine = new UserspaceEngine({
    clock: new Clock(),
    events: { onFailure: (error) => failures.push(error) },
    thread: new LoadingThread(
      new URL(
        'data:text/javascript,import{parentPort}from"node:worker_threads";parentPort.on("message",()=>{throw new Error("defect")})',
      ),
    ),
  });
  await t.rejects(engine.apply(plan([])), { message: 'defect' });
  await t.rejects(engine.flows(), { message: 'defect' });
  await engine.close(0);
  await engine.close(0);
  t.strictSame(
    failures.map(({ message }) => message),
    ['defect'],
  );
});

t.test('A thread that failed before its engine began fails as one that fails later', async (t) => {
  const failures: Error[] = [];
  const thread = new LoadingThread(new URL('data:text/javascript,throw new Error("defect")'));
  await thread.exited;
  const events = { onFailure: (error: Error) => failures.push(error) };
  const engine = new UserspaceEngine({ clock: new Clock(), events, thread });
  await t.rejects(engine.apply(plan([])), { message: 'defect' });
  await engine.close(0);
  t.equal(failures.length, 1);
});
