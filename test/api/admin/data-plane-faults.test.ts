/** Faults of the data plane: what clients, backends and health see of them. */

import { once } from 'node:events';
import { type Test, test } from 'tap';
import type { DataPlaneFault } from '../../../src/data-plane/model/faults.js';
import { UserspaceEngine } from '../../../src/data-plane/userspace/engine.js';
import { dial, ending, openStream, type Stream, tcpBackend, UdpClient } from '../../data-plane/network.js';
import { frontend, rule } from '../../data-plane/plans.js';
import { probedMembers, probesOf, World } from '../../data-plane/world.js';
import { Cloud } from '../../emulator/cloud.js';
import { loadBalancer } from '../../emulator/load-balancer.js';
import { nextEvent, until } from '../../turns.js';

const subnet = '127.240.40';
const port = 7401;
const at = { address: `${subnet}.100`, port: 5000 };

interface Stage {
  readonly world: World;
  readonly faults: (...faults: DataPlaneFault[]) => Promise<void>;
  readonly count: (name: string, transport?: string) => number;
}

/** Two probed backends behind TCP and UDP on one address. */
async function stage(t: Test): Promise<Stage> {
  const world = new World((options) => new UserspaceEngine(options));
  t.teardown(() => world.close());
  const backends = await world.backends(subnet, { count: 2, port });
  const web = rule(probedMembers(backends), { id: '/lb/loadBalancingRules/web', distribution: 'SourceIP' });
  const place = `${at.address}:${at.port}`;
  await world.apply([frontend('tcp', place, web), frontend('udp', place, web)], probesOf(backends));
  await world.healthy(`${subnet}.4`, `${subnet}.5`);
  return {
    world,
    faults: (...faults) => world.engine.setFaults?.(faults) ?? Promise.reject(new Error('no faults')),
    count: (name, transport = 'tcp') => world.count(name, `${transport}/${at.address}/${at.port}`),
  };
}

const traffic = (rest: Omit<Extract<DataPlaneFault, { effect: 'drop' | 'reset' | 'slow' }>, 'id'>): DataPlaneFault => ({
  id: 'fault-1',
  ...rest,
});

/** Resolves with what comes back of what is sent; never, when nothing does. */
async function echo({ socket }: Stream, text: string): Promise<string> {
  const back = once(socket, 'data').then(([chunk]) => String(chunk));
  socket.resume().write(text);
  return back;
}

test('faults of the data plane', async (t) => {
  const { world, faults, count } = await stage(t);
  t.afterEach(() => faults());

  await t.test('drop: new connections are held without an answer, and end after 127 seconds', async (t) => {
    await faults(traffic({ effect: 'drop', rule: 'web' }));
    const before = count('faultDropped');
    const socket = await dial(at);
    const end = ending(socket);
    await until('the connection has arrived', () => count('faultDropped') === before + 1);
    await world.advance(127_000);
    t.equal(await end, 'ECONNRESET');
  });

  await t.test('drop: an open connection stands still, and goes on afterwards without a byte lost', async (t) => {
    const stream = await openStream(at);
    t.equal(await echo(stream, 'before'), 'before');
    await faults(traffic({ effect: 'drop', frontend: at.address }));
    let answered = false;
    const pending = echo(stream, 'during').then((text) => {
      answered = true;
      return text;
    });
    await world.advance(10_000);
    t.notOk(answered);
    await faults();
    t.equal(await pending, 'during');
    stream.socket.destroy();
  });

  await t.test('reset: open and new connections end with RST', async (t) => {
    const stream = await openStream(at);
    const end = ending(stream.socket);
    await faults(traffic({ effect: 'reset' }));
    t.equal(await end, 'ECONNRESET');
    await t.rejects(tcpBackend(at));
    t.ok(count('faultReset') >= 2);
  });

  await t.test('a fault of one backend leaves the others alone', async (t) => {
    const clients = Array.from({ length: 12 }, (_, index) => `${subnet}.${150 + index}`);
    const served = new Map<string, string>();
    for (const from of clients) served.set(from, await tcpBackend(at, { from }));
    t.equal(new Set(served.values()).size, 2);
    await faults(traffic({ effect: 'reset', backend: `${subnet}.4` }));
    for (const [from, backend] of served) {
      if (backend === `${subnet}.4`) await t.rejects(tcpBackend(at, { from }), from);
      else t.equal(await tcpBackend(at, { from }), backend, from);
    }
  });

  await t.test('slow: bytes arrive late, by Azure’s clock and in order', async (t) => {
    const stream = await openStream(at);
    await faults(traffic({ effect: 'slow', latencyMs: 60_000, frontend: `${at.address}:${at.port}` }));
    let received = '';
    stream.socket.on('data', (chunk) => {
      received += chunk;
    });
    stream.socket.resume().write('one ');
    stream.socket.end('two');
    const closed = nextEvent(stream.socket, 'end');
    await until('the bytes are on their way', () => count('bytesIn') > 0);
    await world.advance(59_000);
    t.equal(received, '', 'half of the way there takes a minute');
    // A minute there and a minute back; the clock stops where the backend has to answer.
    await until('all is there', async () => {
      await world.advance(61_000);
      return received === 'one two';
    });
    await closed;
    t.pass('the end of the stream came after the bytes');
  });

  await t.test('slow: a bandwidth is kept', async (t) => {
    const stream = await openStream(at);
    await faults(traffic({ effect: 'slow', bytesPerSecond: 1000 }));
    let received = 0;
    stream.socket.on('data', (chunk) => {
      received += chunk.length;
    });
    const sentBefore = count('bytesIn');
    stream.socket.resume().write('x'.repeat(10_000));
    await until('the bytes are on their way', () => count('bytesIn') === sentBefore + 10_000);
    await world.advance(5000);
    const half = count('bytesOut');
    t.ok(received < 10_000, `${received} bytes are back after five seconds`);
    await until('all is there', async () => {
      await world.advance(1000);
      return received === 10_000;
    });
    t.ok(count('bytesOut') > half);
    stream.socket.destroy();
  });

  await t.test('a transfer under a fault that comes and goes is whole', async (t) => {
    const stream = await openStream(at);
    const sent = Buffer.alloc(3_000_000, 'lazurite ');
    const chunks: Buffer[] = [];
    stream.socket.on('data', (chunk) => chunks.push(chunk));
    stream.socket.resume().end(sent);
    const end = nextEvent(stream.socket, 'end');
    for (let turn = 0; turn < 6; turn++) {
      await faults(traffic({ effect: 'slow', latencyMs: 5, bytesPerSecond: 50_000_000 }));
      await world.advance(10);
      await faults(...(turn % 2 === 0 ? [traffic({ effect: 'drop' })] : []));
      await world.advance(10);
    }
    await faults();
    await end;
    t.ok(Buffer.concat(chunks).equals(sent));
  });

  await t.test('UDP: dropped datagrams are gone, late ones come late', async (t) => {
    const client = await UdpClient.open();
    const { backend } = await client.ask(at);
    await faults(traffic({ effect: 'drop', backend }));
    const lost = count('faultDropped', 'udp');
    t.teardown(() => client.close());
    client.socket.send('lost', at.port, at.address);
    await until('it is dropped', () => count('faultDropped', 'udp') === lost + 1);
    await faults(traffic({ effect: 'slow', latencyMs: 30_000 }));
    let answers = 0;
    client.socket.on('message', () => answers++);
    const arrived = count('packetsIn', 'udp');
    client.socket.send('late', at.port, at.address);
    await until('it has arrived', () => count('packetsIn', 'udp') === arrived + 1);
    await world.advance(29_000);
    t.equal(answers, 0);
    await until('its answer is back', async () => {
      await world.advance(31_000);
      return answers > 0;
    });
    t.equal(answers, 1, 'the dropped one is gone for good');
  });

  await t.test('a probe finds what the fault says, and the truth again afterwards', async (t) => {
    const up = (host: number): boolean => world.isUp(`${subnet}.${host}`);
    await faults({ id: 'p', effect: 'probe', verdict: 'down', backend: `${subnet}.4` });
    await world.until(() => !up(4));
    t.ok(up(5));
    t.match(world.reason(`${subnet}.4`), 'Down_Probe_');
    await faults();
    await world.until(() => up(4));

    await faults({ id: 'p', effect: 'probe', verdict: 'flap', flapEveryMs: 60_000, backend: `${subnet}.5` });
    await world.until(() => !up(5));
    await world.advance(61_000);
    await world.until(() => up(5));
    await world.advance(60_000);
    await world.until(() => !up(5));
    t.pass('it flaps with Azure’s clock');
  });
});

test('data plane faults through the admin API', async (t) => {
  const argv = ['--in-memory', '--public-ip-pool', '127.240.131.0/24'];
  const cloud = await Cloud.start(t, { network: 240, argv });
  const ip = await cloud.prepare();
  await cloud.machine(t, 44, port);
  const rules = [{ name: 'web', frontendPort: 5000, backendPort: port }];
  const addresses = [cloud.azureAddress(44)];
  await cloud.put('loadBalancers/lb', loadBalancer({ rules, probePort: port, addresses }));
  await cloud.membersUp(44);
  const place = await cloud.place(ip, 5000);
  const inject = (fault: object) => cloud.send('POST', '/_lazurite/faults', fault);

  t.match(await inject({ kind: 'dataPlane', effect: 'reset', rule: 'web', backend: '10.240.0.44' }), {
    status: 201,
    body: { id: 'fault-1', kind: 'dataPlane', effect: 'reset' },
  });
  await t.rejects(tcpBackend(place), 'it acts when it is answered');
  t.match((await cloud.send('GET', '/_lazurite/faults')).body, { value: [{ id: 'fault-1', rule: 'web' }] });
  await cloud.send('DELETE', '/_lazurite/faults/fault-1');
  t.equal(await tcpBackend(place), '127.240.0.44');

  t.match(await inject({ kind: 'probe', verdict: 'down', probe: 'probe' }), { status: 201 });
  await until('the backend is down', async () => (await cloud.backends()).every(({ state }) => state === 'Down'));
  await cloud.send('POST', '/_lazurite/reset');
  t.match((await cloud.send('GET', '/_lazurite/faults')).body, { value: [] });
});
