/** Outbound rules with real traffic: where a backend's own connections seem to come from, and what if it has no port left. */
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { NftablesEngine } from '../../../src/data-plane/nftables/engine.js';
import type { NodeOptions } from '../../../src/data-plane/nftables/frontend.js';
import { Clock } from '../../../src/support/clock.js';
import { Backend, echoes, openStream, type Stream, tcpBackend, UdpClient } from '../network.js';
import { frontend, outbound, plan, rule } from '../plans.js';
import { membersOf, World } from '../world.js';
import { isInNamespace, nft } from './in-namespace.js';

/** Somebody on the internet, who says how callers are seen there. */
const internet = { address: '198.51.100.7', port: 443 };
const publicAddress = '127.255.0.4';

interface StageOptions {
  readonly scale?: number;
  /** Of an engine that is one of several nodes. */
  readonly node?: NodeOptions;
}

async function stage(t: Test, { scale = 1, ...several }: StageOptions = {}): Promise<World> {
  const world = new World(({ events }) => new NftablesEngine({ clock: new Clock({ scale }), events, ...several }));
  const outsider = await Backend.start(internet.address, internet.port);
  t.teardown(async () => {
    outsider.stop();
    await world.close();
  });
  return world;
}

const portsSeen = (streams: readonly { seenAs: string }[]): number[] =>
  streams.map(({ seenAs }) => Number(seenAs.split(':')[1])).sort((a, b) => a - b);

const portsFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, at) => first + at);

async function fill(from: string, count: number): Promise<Stream[]> {
  const streams: Stream[] = [];
  for (let opened = 0; opened < count; opened++) streams.push(await openStream(internet, { from }));
  return streams;
}

async function counts(world: World, name: string, scope: string): Promise<number> {
  await world.engine.flows();
  return world.count(name, scope);
}

if (isInNamespace(t, import.meta.url)) {
  t.test(
    'What a backend calls sees the public address of the outbound rule, and a port of the backend’s block',
    async (t) => {
      const world = await stage(t);
      const neighbour = await Backend.start('127.70.0.9', 8080);
      t.teardown(() => neighbour.stop());
      const second = { firstPort: 1032, lastPort: 1039 };
      await world.engine.apply(
        plan(
          [],
          [],
          [
            outbound('tcp', '127.70.0.4'),
            outbound('udp', '127.70.0.4'),
            outbound('tcp', '127.70.0.5', second),
            // An outbound rule for TCP alone says nothing about UDP.
          ],
        ),
      );
      const [one, other] = [await fill('127.70.0.4', 8), await fill('127.70.0.5', 8)];
      t.strictSame(portsSeen(one), portsFrom(1024, 8), 'each port of the block once');
      t.strictSame(portsSeen(other), portsFrom(1032, 8), 'the next member has the next block');
      t.ok([...one, ...other].every(({ seenAs }) => seenAs.startsWith(`${publicAddress}:`)));
      for (const stream of one) t.ok(await echoes(stream, 'answers find their way back'));
      for (const { socket } of [...one, ...other]) socket.destroy();
      t.ok((await counts(world, 'snatConnections', 'outbound/tcp/127.70.0.4')) >= 8);

      for (const [from, expected] of [
        ['127.70.0.4', /^127\.255\.0\.4:10(2[4-9]|3[01])$/],
        ['127.70.0.5', /^127\.70\.0\.5:/],
        ['127.70.0.6', /^127\.70\.0\.6:/],
      ] as const) {
        const client = await UdpClient.open({ from });
        t.match((await client.ask(internet)).seenAs, expected, `UDP of ${from}`);
        client.close();
      }
      const stranger = await openStream(internet, { from: '127.70.0.6' });
      t.match(stranger.seenAs, /^127\.70\.0\.6:/, 'who is in no pool has no outbound rule');
      stranger.socket.destroy();
      const within = await openStream({ address: '127.70.0.9', port: 8080 }, { from: '127.70.0.4' });
      t.match(within.seenAs, /^127\.70\.0\.4:/, 'within the virtual network nobody’s address changes');
      within.socket.destroy();
    },
  );

  t.test('When the block is used up new connections vanish and are counted, until a port comes back', async (t) => {
    const world = await stage(t);
    const elsewhere = await Backend.start('198.51.100.8', 443);
    t.teardown(() => elsewhere.stop());
    await world.engine.apply(plan([], [], [outbound('tcp', '127.70.1.4')]));
    const from = '127.70.1.4';
    const streams = await fill(from, 8);
    const heard: string[] = [];
    const ninth = connect({ host: internet.address, port: internet.port, localAddress: from });
    for (const event of ['connect', 'error', 'close']) ninth.on(event, () => heard.push(event));
    await world.counted('snatPortsExhausted', `outbound/tcp/${from}`);
    t.strictSame(heard, [], 'the client hears nothing at all');
    t.match(
      await openStream({ address: elsewhere.address, port: 443 }, { from }),
      { seenAs: /^127\.255\.0\.4:10(2[4-9]|3[01])$/ },
      'a port is lent once to each destination',
    );
    t.ok(await echoes(streams[3] as Stream, 'who has a port keeps it'));
    // A SYN for which the kernel finds no free port at once is sent again by its client, and counts again.
    t.ok((await counts(world, 'snatConnections', `outbound/tcp/${from}`)) >= 9);

    const [leaving] = streams;
    leaving?.socket.resetAndDestroy();
    await new Promise((resolve) => ninth.once('connect', resolve));
    t.strictSame(heard, ['connect'], 'the client has tried again, as TCP does');
    ninth.destroy();
    for (const { socket } of streams) socket.destroy();
  });

  t.test('A ninth UDP socket of a backend with eight ports is not heard, and is not told so', async (t) => {
    const world = await stage(t);
    const from = '127.70.4.4';
    // Of the other address, the kernel may still remember what the tests before have sent.
    await world.engine.apply(plan([], [], [outbound('udp', from, { frontendAddress: '127.255.0.5' })]));
    const clients = await Promise.all(Array.from({ length: 9 }, () => UdpClient.open({ from })));
    const ninth = clients.pop() as UdpClient;
    t.teardown(() => [...clients, ninth].map((client) => client.close()));
    const seen: { seenAs: string }[] = [];
    for (const client of clients) seen.push(await client.ask(internet));
    t.strictSame(portsSeen(seen), portsFrom(1024, 8));
    let answers = 0;
    ninth.socket.on('message', () => answers++);
    const errors: (Error | null)[] = [];
    for (let sent = 0; sent < 20; sent++) {
      errors.push(
        await new Promise((done) => ninth.socket.send('anybody there?', internet.port, internet.address, done)),
      );
      for (const client of clients) {
        t.match(await client.ask(internet), { seenAs: /^127\.255\.0\.5:/ }, 'who has a port keeps it');
      }
    }
    t.ok(
      errors.every((error) => error === null),
      'nor is it told so',
    );
    t.equal(await counts(world, 'snatPortsExhausted', `outbound/udp/${from}`), 20);
    t.equal(answers, 0);
  });

  t.test('A connection that is silent for the rule’s idle timeout gives its port back', async (t) => {
    // Four Azure minutes are a second here.
    const world = await stage(t, { scale: 240 });
    await world.engine.apply(plan([], [], [outbound('tcp', '127.70.2.4')]));
    const silent = await fill('127.70.2.4', 8);
    const late = await openStream(internet, { from: '127.70.2.4' });
    t.match(late.seenAs, /^127\.255\.0\.4:10(2[4-9]|3[01])$/);
    for (const { socket } of [...silent, late]) socket.destroy();
  });

  t.test('Load balancing and outbound rules of one public address do not get in each other’s way', async (t) => {
    const world = await stage(t);
    const backends = await world.backends('127.70.3', { count: 2, port: 28080 });
    const balanced = rule(membersOf(backends));
    const blocks = [outbound('tcp', '127.70.3.4'), outbound('tcp', '127.70.3.5', { firstPort: 1040, lastPort: 1047 })];
    // Port 1032 has the eight ports around it for itself.
    const place = { address: publicAddress, port: 1032 };
    await world.engine.apply(plan([frontend('tcp', `${publicAddress}:1032`, balanced)], [], blocks));
    const calling = await fill('127.70.3.5', 8);
    for (let call = 0; call < 20; call++) t.match(await tcpBackend(place), /^127\.70\.3\.[45]$/);
    t.strictSame(portsSeen(calling), portsFrom(1040, 8));

    await world.engine.apply(plan([frontend('tcp', `${publicAddress}:1032`, balanced)], [], blocks.slice(1)));
    for (const stream of calling) t.ok(await echoes(stream, 'a member that leaves takes nobody’s connections along'));
    t.match(
      (await openStream(internet, { from: '127.70.3.4' })).seenAs,
      /^127\.70\.3\.4:/,
      'and has no ports any more',
    );
    for (const { socket } of calling) socket.destroy();
    t.strictSame(world.failures, []);
  });

  t.test('One of several nodes runs outbound rules while it is told to, and balances load all the time', async (t) => {
    const world = await stage(t, { node: { adopt: 'after-change', symmetric: false } });
    const engine = world.engine as NftablesEngine;
    const backends = await world.backends('127.70.5', { count: 2, port: 28080 });
    const from = '127.70.5.4';
    const scope = `outbound/tcp/${from}`;
    const place = { address: '127.255.0.6', port: 80 };
    const balanced = frontend('tcp', `${place.address}:${place.port}`, rule(membersOf(backends)));
    const block = outbound('tcp', from, { frontendAddress: place.address });
    const apply = (lastPort: number) => engine.apply(plan([balanced], [], [{ ...block, lastPort }]));
    const seenFrom = async (): Promise<string> => {
      const { socket, seenAs } = await openStream(internet, { from });
      socket.destroy();
      return seenAs;
    };
    const isTranslated = /^127\.255\.0\.6:10\d\d$/;
    const isAsItWas = /^127\.70\.5\.4:/;
    const hasTables = (): boolean => /outbound_|hook postrouting/.test(nft('list', 'table', 'ip', 'lazurite'));

    await apply(1039);
    t.match(await seenFrom(), isAsItWas, 'this engine was not told to run them');
    t.match(engine.whyNoOutbound, /run on one node at a time/);
    t.notOk(hasTables(), 'nothing tracks connections here');

    await engine.runOutbound(true);
    t.match(await seenFrom(), isTranslated);
    t.equal(engine.whyNoOutbound, undefined);
    t.ok(hasTables());
    t.ok((await counts(world, 'snatConnections', scope)) >= 1);
    const silent = await openStream(internet, { from });
    const served = await openStream(place, { from: '127.70.5.200' });

    await engine.runOutbound(false);
    t.match(await seenFrom(), isAsItWas);
    t.match(engine.whyNoOutbound, /run on one node at a time/);
    t.notOk(hasTables());
    await apply(1031);
    t.match(await seenFrom(), isAsItWas, 'another plan does not bring them back');
    t.ok(await echoes(served, 'flows of load balancing go on'));
    t.match(await tcpBackend(place), /^127\.70\.5\.[45]$/);

    await Promise.all([engine.runOutbound(true), engine.runOutbound(false), engine.runOutbound(true)]);
    t.match(await seenFrom(), isTranslated, 'what was said last counts');
    t.ok(await echoes(silent, 'a connection that sent nothing meanwhile has its port again'));
    t.ok(await echoes(served, 'and flows of load balancing go on'));
    for (const { socket } of [silent, served]) socket.destroy();
    t.strictSame(world.failures, []);
  });
}
