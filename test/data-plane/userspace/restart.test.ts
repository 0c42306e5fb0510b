/** The engine's thread throws, hangs or ends: the engine notices, and starts another one with the plan of the moment. */
import { createServer } from 'node:net';
import { type Test, test } from 'tap';
import { UserspaceEngine } from '../../../src/data-plane/userspace/engine.js';
import { Clock } from '../../../src/support/clock.js';
import { ending, openStream, tcpBackend } from '../network.js';
import { frontend, rule } from '../plans.js';
import { probedMembers, probesOf, World } from '../world.js';

const subnet = '127.84.0';
const port = 28090;
const at = { address: `${subnet}.100`, port: 20090 };
const place = `${at.address}:${at.port}`;
const scope = `tcp/${at.address}/${at.port}`;

/** With something that keeps the process alive while there is no thread, as the server of the API does. */
function worldOf(t: Test, realClock = new Clock()): World {
  const world = new World((options) => new UserspaceEngine({ ...options, realClock }));
  const open = createServer().listen();
  t.teardown(() => {
    open.close();
    return world.close();
  });
  return world;
}

test('a thread that throws is followed by another one: same plan, same health, flows lost and counted', async (t) => {
  const world = worldOf(t);
  const { engine } = world;
  const backends = await world.backends(subnet, { count: 2, port });
  await world.apply([frontend('tcp', place, rule(probedMembers(backends)))], probesOf(backends));
  await world.healthy(`${subnet}.4`, `${subnet}.5`);
  const streams = await Promise.all([openStream(at), openStream(at)]);
  const ends = streams.map(({ socket }) => ending(socket));
  const connections = world.count('connections', scope);
  const transitions = world.healthSeen.length;
  engine.failThread?.('crash');
  await world.until(() => world.interruptions.length === 1);
  t.notOk(engine.running);
  t.match(engine.frontends(), [{ state: 'Unbound', reason: /started anew/ }]);
  t.match(world.interruptions, [{ lostFlows: 2, error: { message: /injected fault/ } }]);
  t.strictSame(await engine.flows(), [], 'asked meanwhile, it answers when the next thread does');
  t.ok(engine.running);
  await Promise.all(ends);
  t.equal(world.restarts, 1);
  t.match(engine.frontends(), [{ state: 'Bound' }]);
  t.match(await tcpBackend(at), new RegExp(`^${subnet}\\.[45]$`));
  t.equal(world.count('endedByFailure', scope), 2);
  t.equal(world.count('connectionsClosed', scope), connections, 'no flow of the old thread counts as open');
  t.equal(world.count('threadRestarts', ''), 1);
  t.equal(world.healthSeen.length, transitions, 'no member went down or up');
  await world.counted('connections', scope, connections + 1);
  t.strictSame(world.failures, []);
});

test('a plan that is applied while the thread is down is carried out by the next one', async (t) => {
  const world = worldOf(t);
  const { engine } = world;
  const backends = await world.backends(subnet, { count: 1, port });
  engine.failThread?.('crash');
  await world.apply([frontend('tcp', place, rule(probedMembers(backends)))], probesOf(backends));
  await world.until(() => world.restarts === 1);
  await world.healthy(`${subnet}.4`);
  t.equal(await tcpBackend(at), `${subnet}.4`);
});

test('faults and the clock are the same in the next thread', async (t) => {
  const world = worldOf(t);
  const { engine } = world;
  const backends = await world.backends(subnet, { count: 1, port });
  await world.apply([frontend('tcp', place, rule(probedMembers(backends)))], probesOf(backends));
  await world.healthy(`${subnet}.4`);
  await engine.setFaults?.([{ id: 'fault-1', effect: 'probe', verdict: 'down' }]);
  t.notOk(world.isUp(`${subnet}.4`));
  await world.advance(3_600_000);
  engine.failThread?.('crash');
  await world.until(() => world.restarts === 1);
  const seen = world.healthSeen.length;
  await engine.setFaults?.([]);
  await world.until(() => world.healthSeen.length > seen);
  const [health] = engine.health();
  t.ok(health?.up);
  t.ok(Math.abs((health?.sinceMs ?? 0) - world.clock.now()) < 60_000, 'transitions are told in the time of the clock');
});

test('a thread that hangs is ended after it has been silent for ten looks', async (t) => {
  const realClock = new Clock();
  const world = worldOf(t, realClock);
  const { engine } = world;
  const backends = await world.backends(subnet, { count: 1, port });
  await world.apply([frontend('tcp', place, rule(probedMembers(backends)))], probesOf(backends));
  await world.healthy(`${subnet}.4`);
  engine.failThread?.('hang');
  const applied = world.apply([]);
  realClock.advance(8000);
  t.ok(engine.running, 'a moment of silence is none');
  realClock.advance(4000);
  t.notOk(engine.running);
  await applied;
  t.match(world.interruptions, [{ error: { message: /has not answered for 10 s/ } }]);
  t.strictSame(engine.frontends(), []);
});

test('after the third failure within a minute the engine gives up, and says so once', async (t) => {
  const realClock = new Clock();
  const world = worldOf(t, realClock);
  const { engine } = world;
  for (const restarts of [1, 2]) {
    engine.failThread?.('crash');
    await world.until(() => world.interruptions.length === restarts);
    await world.until(() => world.restarts === restarts);
  }
  engine.failThread?.('crash');
  await world.until(() => world.failures.length === 1);
  t.notOk(engine.running);
  await t.rejects(world.apply([]), { message: /injected fault/ });
  t.ok(
    (world.interruptions[1]?.restartsInMs ?? 0) > (world.interruptions[0]?.restartsInMs ?? 0),
    'the second waits longer',
  );
  t.equal(world.failures.length, 1);
});

test('failures that are more than a minute apart do not add up', async (t) => {
  const realClock = new Clock();
  const world = worldOf(t, realClock);
  for (const restarts of [1, 2, 3]) {
    world.engine.failThread?.('crash');
    await world.until(() => world.restarts === restarts);
    // Looks at the heartbeat that fall due meanwhile would find a thread that had no time to answer.
    for (let second = 0; second < 61; second++) {
      realClock.advance(1000);
      await world.engine.flows();
    }
  }
  t.strictSame(world.failures, []);
});

test('a plan that is being applied when the engine is closed is no failure', async (t) => {
  const world = worldOf(t);
  const backends = await world.backends(subnet, { count: 1, port });
  const plans = Array.from({ length: 20 }, (_, index) =>
    frontend('tcp', `${at.address}:${at.port + index}`, rule(probedMembers(backends))),
  );
  const applied = world.apply(plans, probesOf(backends));
  const closed = world.engine.close(0);
  await t.resolves(applied);
  await closed;
  await t.resolves(world.apply([]), 'nor is one that comes later');
  t.strictSame(await world.engine.flows(), []);
  t.strictSame([world.interruptions, world.failures], [[], []]);
});

test('a plan that waits for a thread that hangs is no failure when the engine is closed', async (t) => {
  const realClock = new Clock();
  const world = worldOf(t, realClock);
  await world.engine.flows();
  world.engine.failThread?.('hang');
  const applied = world.apply([]);
  const closed = world.engine.close(5000);
  realClock.advance(6000);
  await closed;
  await t.resolves(applied);
  t.strictSame([world.interruptions, world.failures], [[], []]);
});

test('closing ends a thread that hangs', async (t) => {
  const realClock = new Clock();
  const world = worldOf(t, realClock);
  await world.engine.flows();
  world.engine.failThread?.('hang');
  const closed = world.engine.close(5000);
  realClock.advance(6000);
  await closed;
  t.strictSame([world.interruptions, world.failures], [[], []]);
});
