/** What only the kernel can do for a load balancer: SYNs that vanish, source ports, all ports, and no trace left. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { NftablesEngine } from '../../../src/data-plane/nftables/engine.js';
import { refuseWhereImpossible } from '../../../src/data-plane/nftables/loader.js';
import { Clock } from '../../../src/support/clock.js';
import { UsageError } from '../../../src/support/usage-error.js';
import { nextEvent, repeatUntil } from '../../turns.js';
import { Backend, echoes, ending, openStream, tcpBackend, UdpClient } from '../network.js';
import { frontend, member, plan, rule } from '../plans.js';
import { membersOf, probedMembers, probesOf, World } from '../world.js';
import { isInNamespace, nft } from './in-namespace.js';

function newWorld(t: Test, scale = 1): World {
  const world = new World(({ events }) => new NftablesEngine({ clock: new Clock({ scale }), events }));
  t.teardown(() => world.close());
  return world;
}

/** Of all connections in this network namespace, as its kernel has counted them. */
function synsSentAgain(): number {
  const [names = [], values = []] = readFileSync('/proc/net/netstat', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('TCPSynRetrans')]);
}

/** Resolves when the engine's counters say so; they are read once a second, and by `flows`. */
async function counts(world: World, name: string, scope: string): Promise<number> {
  await world.engine.flows();
  return world.count(name, scope);
}

if (isInNamespace(t, import.meta.url)) {
  const shared = newWorld(t);

  t.test('Flows are listed and counted while tables are made: what is not there yet is no failure', async (t) => {
    for (let round = 0; round < 10; round++) {
      const world = new World(({ clock, events }) => new NftablesEngine({ clock, events }));
      await world.apply([]);
      let isApplied = false;
      const members = rule([member('127.80.14.4', 28_080)]);
      const applied = world
        .apply([frontend('tcp', '127.80.14.100:80', members), frontend('udp', '127.80.14.100:53', members)])
        .finally(() => {
          isApplied = true;
        });
      const reads: Promise<unknown>[] = [];
      while (!isApplied) {
        reads.push(world.engine.flows());
        await new Promise((resolve) => setImmediate(resolve));
      }
      await applied;
      await Promise.all(reads);
      t.strictSame(world.failures, []);
      await world.close();
    }
  });

  t.test('A SYN to a frontend without an eligible member vanishes: the client hears nothing at all', async (t) => {
    const world = shared;
    const backends = await world.backends('127.80.0', { count: 1, port: 28080 });
    const probes = probesOf(backends).map((probe) => ({ ...probe, port: 28999 }));
    await world.apply([frontend('tcp', '127.80.0.100:20080', rule(probedMembers(backends)))], probes);
    let heard = 0;
    const socket = connect({ host: '127.80.0.100', port: 20080 })
      .on('connect', () => heard++)
      .on('error', () => heard++);
    await world.counted('noEligibleMember', 'tcp/127.80.0.100/20080');
    t.equal(heard, 0);
    socket.destroy();
    t.equal(backends[0]?.accepted, 0);
    await world.reset();
  });

  t.test("The backend sees its client's own port, over TCP and UDP", async (t) => {
    const world = shared;
    const backends = await world.backends('127.80.1', { count: 1, port: 28080 });
    const forward = rule(membersOf(backends));
    await world.apply([frontend('tcp', '127.80.1.100:80', forward), frontend('udp', '127.80.1.100:53', forward)]);
    const stream = await openStream({ address: '127.80.1.100', port: 80 }, { from: '127.80.1.200', fromPort: 31234 });
    t.equal(stream.seenAs, '127.80.1.200:31234');
    stream.socket.destroy();
    const client = await UdpClient.open({ from: '127.80.1.200', fromPort: 31235 });
    t.equal((await client.ask({ address: '127.80.1.100', port: 53 })).seenAs, '127.80.1.200:31235');
    client.close();
    await world.reset();
  });

  t.test(
    'Who calls a member directly is answered by the member, from a port that was balanced before too',
    async (t) => {
      const world = shared;
      const backends = await world.backends('127.80.8', { count: 1, port: 28080 });
      const forward = rule(membersOf(backends));
      await world.apply([frontend('tcp', '127.80.8.100:80', forward), frontend('udp', '127.80.8.100:53', forward)]);
      const from = { from: '127.80.8.200', fromPort: 31236 };
      const direct = { address: '127.80.8.4', port: 28080 };
      const stream = await openStream({ address: '127.80.8.100', port: 80 }, from);
      stream.socket.resetAndDestroy();
      t.equal(await tcpBackend(direct, from), '127.80.8.4');
      const client = await UdpClient.open(from);
      t.equal((await client.ask({ address: '127.80.8.100', port: 53 })).answeredFrom, '127.80.8.100:53');
      t.equal((await client.ask(direct)).answeredFrom, '127.80.8.4:28080');
      t.equal((await client.ask({ address: '127.80.8.100', port: 53 })).answeredFrom, '127.80.8.100:53');
      client.close();
      await world.reset();
    },
  );

  t.test('HA ports: one rule forwards every port of both protocols, and the port stays', async (t) => {
    const world = shared;
    const ports = [80, 5432, 28080];
    const backends = await Promise.all(
      ports.flatMap((port) => ['127.80.2.4', '127.80.2.5'].map((address) => Backend.start(address, port))),
    );
    t.teardown(() => backends.map((backend) => backend.stop()));
    const all = rule([member('127.80.2.4', 0), member('127.80.2.5', 0)]);
    await world.apply([frontend('tcp', '127.80.2.100:0', all), frontend('udp', '127.80.2.100:0', all)]);
    for (const port of ports) {
      const at = { address: '127.80.2.100', port };
      const stream = await openStream(at, { from: '127.80.2.200' });
      const told = await world.engine.explain({
        transport: 'tcp',
        sourceAddress: '127.80.2.200',
        sourcePort: stream.socket.localPort ?? 0,
        destinationAddress: at.address,
        destinationPort: port,
      });
      t.equal(stream.backend, told.choice?.address);
      t.ok(await echoes(stream, `on port ${port}`));
      stream.socket.destroy();
      const client = await UdpClient.open({ from: '127.80.2.200' });
      t.equal((await client.ask(at)).answeredFrom, `127.80.2.100:${port}`);
      client.close();
    }
    t.strictSame(world.engine.frontends()[0]?.state, 'Bound');
    await world.reset();
  });

  t.test('HA ports take over at once where a rule for one port has left, and give way to one that comes', async (t) => {
    const world = shared;
    const [own, other] = await world.backends('127.80.9', { count: 2, port: 28080 });
    if (!own || !other) throw new Error('there are two backends');
    const at = { address: '127.80.9.100', port: 28080 };
    const single = frontend('tcp', '127.80.9.100:28080', rule(membersOf([own]), { id: 'single' }));
    const all = frontend('tcp', '127.80.9.100:0', rule(membersOf([other]), { id: 'all', backendPort: 0 }));
    const before = synsSentAgain();
    for (const [frontends, backend] of [
      [[single, all], own],
      [[all], other],
      [[single], own],
      [[all], other],
    ] as const) {
      await world.apply(frontends);
      for (let call = 0; call < 3; call++) t.equal(await tcpBackend(at), backend.address);
    }
    t.equal(synsSentAgain(), before);
    await world.reset();
  });

  t.test('Members of one rule may each have a port of their own', async (t) => {
    const world = shared;
    const backends = await Promise.all([Backend.start('127.80.3.4', 28081), Backend.start('127.80.3.5', 28082)]);
    t.teardown(() => backends.map((backend) => backend.stop()));
    await world.apply([frontend('tcp', '127.80.3.100:80', rule(membersOf(backends)))]);
    const reached = new Set<string>();
    for (let repeat = 0; repeat < 20; repeat++) reached.add(await tcpBackend({ address: '127.80.3.100', port: 80 }));
    t.strictSame([...reached].sort(), ['127.80.3.4', '127.80.3.5']);
    await world.reset();
  });

  t.test('Tables of others are not touched, and ours is gone afterwards', async (t) => {
    await shared.engine.close(0);
    nft('add table inet theirs');
    nft('add chain inet theirs here { type filter hook output priority 0; }');
    nft('add rule inet theirs here counter accept');
    const before = nft('list table inet theirs').replace(/packets \d+ bytes \d+/, '');
    const world = newWorld(t);
    const backends = await world.backends('127.80.5', { count: 1, port: 28080 });
    await world.apply([frontend('tcp', '127.80.5.100:80', rule(membersOf(backends)))]);
    t.equal(await tcpBackend({ address: '127.80.5.100', port: 80 }), '127.80.5.4');
    t.match(nft('list tables'), 'table ip lazurite');
    await world.engine.close(0);
    t.equal(nft('list table inet theirs').replace(/packets \d+ bytes \d+/, ''), before);
    t.notMatch(nft('list tables'), 'lazurite');
    nft('delete table inet theirs');
  });

  t.test("An idle connection is reset by the kernel's own time, scaled; one that speaks is not", async (t) => {
    const world = newWorld(t, 240);
    const backends = await world.backends('127.80.4', { count: 1, port: 28080 });
    // Four Azure minutes are a second here.
    await world.apply([frontend('tcp', '127.80.4.100:80', rule(membersOf(backends), { tcpReset: true }))]);
    const at = { address: '127.80.4.100', port: 80 };
    const [idle, busy] = [await openStream(at), await openStream(at)];
    let ended = false;
    const end = ending(idle.socket).finally(() => {
      ended = true;
    });
    let heard = true;
    while (!ended) heard &&= await echoes(busy, 'x');
    t.ok(heard, 'whoever speaks is heard all the time');
    t.equal(await end, 'ECONNRESET');
    t.ok(await echoes(busy, 'still here'));
    busy.socket.destroy();
    t.equal(await counts(world, 'idleReset', 'tcp/127.80.4.100/80'), 1);
    await world.engine.close(0);
  });

  t.test('A second engine in the same network is refused and says what to do; the first goes on', async (t) => {
    const world = newWorld(t);
    const backends = await world.backends('127.80.6', { count: 1, port: 28080 });
    const place = frontend('tcp', '127.80.6.100:80', rule(membersOf(backends)));
    await world.apply([place]);
    const second = new NftablesEngine({ clock: new Clock() });
    await t.rejects(second.apply(plan([place])), UsageError);
    await second.close(0);
    t.equal(await tcpBackend({ address: '127.80.6.100', port: 80 }), '127.80.6.4');
    await world.engine.close(0);
  });

  t.test('On a full disk the engine loads its rules all the same', async (t) => {
    const world = newWorld(t);
    const backends = await world.backends('127.80.9', { count: 1, port: 28080 });
    const limitFiles = (bytes: string) =>
      execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
    // Who listens to it is not ended by it.
    const onTooLarge = () => {};
    process.on('SIGXFSZ', onTooLarge);
    t.teardown(() => process.off('SIGXFSZ', onTooLarge));
    limitFiles('0');
    t.teardown(() => limitFiles('unlimited'));
    await world.apply([frontend('tcp', '127.80.9.100:80', rule(membersOf(backends)))]);
    limitFiles('unlimited');
    t.equal(await tcpBackend({ address: '127.80.9.100', port: 80 }), '127.80.9.4');
  });

  t.test('While the thread that probes is started anew, the kernel forwards by what was known', async (t) => {
    const world = newWorld(t);
    const backends = await world.backends('127.80.10', { count: 2, port: 28080 });
    const at = { address: '127.80.10.100', port: 80 };
    await world.apply([frontend('tcp', '127.80.10.100:80', rule(probedMembers(backends)))], probesOf(backends));
    await world.healthy('127.80.10.4', '127.80.10.5');
    const stream = await openStream(at);
    const seen = world.healthSeen.length;
    world.engine.failThread?.('crash');
    await world.until(() => world.interruptions.length === 1);
    t.notOk(world.engine.running);
    t.ok(await echoes(stream, 'on'), 'an open flow goes on');
    t.match(await tcpBackend(at), /^127\.80\.10\.[45]$/, 'a new one is forwarded');
    await world.until(() => world.restarts === 1);
    t.match(world.interruptions, [{ lostFlows: 0 }]);
    t.equal(world.count('threadRestarts', ''), 1);
    t.equal(world.healthSeen.length, seen, 'no member has gone down or up');
    stream.socket.destroy();
    backends[0]?.refuse();
    await world.advance(30_000);
    await world.until(() => !world.isUp('127.80.10.4'));
    t.equal(await tcpBackend(at), '127.80.10.5', 'and the new thread probes');
  });

  t.test('An engine that is killed leaves nothing behind, and the next one starts', async (t) => {
    const script = fileURLToPath(new URL('./killed-engine.js', import.meta.url));
    const child = spawn(process.execPath, [...process.execArgv, script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await nextEvent(child.stdout, 'data');
    t.match(nft('list tables'), 'table ip lazurite');
    child.kill('SIGKILL');
    await nextEvent(child, 'close');
    const world = newWorld(t);
    const backends = await world.backends('127.80.7', { count: 1, port: 28080 });
    const place = frontend('tcp', '127.80.7.100:80', rule(membersOf(backends)));
    await repeatUntil(() => !nft('list tables').includes('lazurite'), {
      what: 'the table is gone',
      step: () => new Promise((resolve) => setImmediate(resolve)),
    });
    await world.apply([place]);
    t.equal(await tcpBackend({ address: '127.80.7.100', port: 80 }), '127.80.7.4');
  });
}

t.test('Where the kernel engine cannot run it says what is missing', async (t) => {
  t.throws(() => refuseWhereImpossible('darwin'), { name: 'UsageError', message: /needs Linux/ });
});
