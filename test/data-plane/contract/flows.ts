/** Statements about flows: what a pass-through load balancer passes through. */
import { randomBytes, randomInt } from 'node:crypto';
import { connect, createServer, isIPv6, type Socket } from 'node:net';
import { nextEvent } from '../../turns.js';
import { dial, echoes, ending, inParallel, openStream, readAll, sha256, tcpBackend, UdpClient } from '../network.js';
import { frontend, member, rule } from '../plans.js';
import { membersOf } from '../world.js';
import type { ContractTest, Stage } from './statement.js';

/** A backend that does what the test says with each connection, behind a frontend. */
async function behindFrontend({ t, world, net, frontend: address }: Stage, serve: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, serve);
  server.listen(28081, `${net}.4`);
  await nextEvent(server, 'listening');
  t.teardown(() => server.close());
  await world.apply([frontend('tcp', `${address}:20080`, rule([member(`${net}.4`, 28081)]))]);
  return { address, port: 20080 };
}

/** One backend behind a rule for TCP and UDP; answers where clients find it. */
async function onBothTransports({ world, net, frontend: address }: Pick<Stage, 'world' | 'net' | 'frontend'>) {
  const forward = rule(membersOf(await world.backends(net, { count: 1, port: 28080 })));
  await world.apply([frontend('tcp', `${address}:20080`, forward), frontend('udp', `${address}:20080`, forward)]);
  return { address, port: 20080 };
}

export const flowContract: readonly ContractTest[] = [
  {
    title: "A backend sees its client's own address over TCP and UDP",
    async run({ t, world, net, frontend: address }) {
      const at = await onBothTransports({ world, net, frontend: address });
      const localhost = isIPv6(address) ? '::1' : '127.0.0.1';
      const addressIn = (place: string): string => place.slice(0, place.lastIndexOf(':'));
      for (const from of [`${net}.201`, `${net}.202`, `${net.replace('127.77', '127.76')}.3`, localhost]) {
        const stream = await openStream(at, { from });
        t.equal(addressIn(stream.seenAs), from);
        stream.socket.destroy();
        const client = await UdpClient.open({ from });
        t.equal(addressIn((await client.ask(at)).seenAs), from);
        client.close();
      }
    },
  },
  {
    title: "UDP answers come from the frontend's own address and port",
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 2, port: 28080 });
      await world.apply([frontend('udp', `${address}:20053`, rule(membersOf(backends)))]);
      for (let index = 1; index <= 20; index++) {
        const client = await UdpClient.open({ from: `${net}.${200 + index}` });
        t.equal((await client.ask({ address, port: 20053 })).answeredFrom, `${address}:20053`);
        client.close();
      }
    },
  },
  {
    title: 'A client may end its side and still read the answer, and so may a backend',
    async run(stage) {
      const { t } = stage;
      const at = await behindFrontend(stage, (socket) => {
        readAll(socket).then((all) => socket.end(`got ${all.length}`));
      });
      const asking = await dial(at);
      asking.end(Buffer.alloc(100_000));
      t.equal(String(await readAll(asking)), 'got 100000');

      const received: Promise<Buffer>[] = [];
      await stage.world.reset();
      const other = { ...stage, net: `${stage.net}`.replace('127.77', '127.76') };
      const at2 = await behindFrontend(other, (socket) => {
        socket.end('goodbye, but go on');
        received.push(readAll(socket));
      });
      const telling = await dial(at2);
      t.equal(String(await readAll(telling)), 'goodbye, but go on');
      telling.end(Buffer.alloc(70_000));
      t.equal((await received[0])?.length, 70_000);
    },
  },
  {
    title: 'A reset by the client reaches the backend, and a reset by the backend the client',
    async run(stage) {
      const { t } = stage;
      const arrived: Socket[] = [];
      const seen: Promise<string>[] = [];
      const at = await behindFrontend(stage, (socket) => {
        arrived.push(socket);
        seen.push(ending(socket));
        socket.write('hello');
      });
      const resetting = await dial(at);
      await nextEvent(resetting, 'data');
      resetting.resetAndDestroy();
      const reset = await dial(at);
      await nextEvent(reset, 'data');
      const end = ending(reset);
      arrived[1]?.resetAndDestroy();
      t.equal(await end, 'ECONNRESET');
      t.equal(await seen[0], 'ECONNRESET');
    },
  },
  {
    title: 'A backend that reads slowly slows its client down, and nothing is lost',
    async run(stage) {
      const { t, world } = stage;
      let server: Socket | undefined;
      const at = await behindFrontend(stage, (socket) => {
        server = socket;
        socket.pause();
      });
      const client = await dial(at, { from: `${stage.net}.200` });
      const data = randomBytes(48 * 1024 * 1024);
      client.end(data);
      const scope = `tcp/${at.address}/${at.port}`;
      // As much as fits into kernel buffers is taken; then the engine must stop reading. The kernel engine takes some ten
      // milliseconds for a look, the other a tenth of one.
      const looks = world.engine.name === 'nftables' ? 10 : 50;
      let before = -1;
      for (let taken = 0, same = 0; same < looks; taken = world.count('bytesIn', scope)) {
        same = taken === before ? same + 1 : 0;
        before = taken;
        await new Promise((resolve) => setImmediate(resolve));
        await world.engine.flows();
      }
      t.ok(before < data.length * 0.8, `${before} of ${data.length} bytes were taken`);
      if (!server) throw new Error('no client connected');
      t.equal(sha256(await readAll(server)), sha256(data));
      server.end();
      await nextEvent(client.resume(), 'close');
    },
  },
  {
    title: 'Transfers of random size arrive whole in both directions, many at once',
    async run(stage) {
      const { t } = stage;
      const at = await behindFrontend(stage, (socket) => socket.on('error', () => {}).pipe(socket));
      let bad = 0;
      await inParallel(new Array(120).fill(0), 16, async () => {
        const data = randomBytes(randomInt(2) === 0 ? randomInt(1, 3000) : randomInt(1, 1_500_000));
        const client = await dial(at, { from: `${stage.net}.${randomInt(100, 200)}` });
        for (let start = 0; start < data.length; ) {
          const end = start + randomInt(1, 400_000);
          client.write(data.subarray(start, end));
          start = end;
        }
        client.end();
        if (sha256(await readAll(client)) !== sha256(data)) bad++;
      });
      t.equal(bad, 0);
    },
  },
  {
    title: 'A removed member keeps its established connections',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 2, port: 28080 });
      const members = membersOf(backends);
      const at = { address, port: 20080 };
      await world.apply([frontend('tcp', `${address}:20080`, rule(members))]);
      const stream = await openStream(at);
      await world.apply([
        frontend('tcp', `${address}:20080`, rule(members.filter((each) => each.address !== stream.backend))),
      ]);
      t.ok(await echoes(stream, 'still there'));
      for (let repeat = 0; repeat < 20; repeat++) t.not(await tcpBackend(at), stream.backend);
      stream.socket.destroy();
    },
  },
  {
    title: 'Deleting a rule stops its flows: silently, or with resets when TCP reset is enabled',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      const silent = frontend('tcp', `${address}:20080`, rule(membersOf(backends)));
      const loud = frontend('tcp', `${address}:20081`, rule(membersOf(backends), { id: 'loud', tcpReset: true }));
      const stays = frontend('tcp', `${address}:20082`, rule(membersOf(backends), { id: 'stays' }));
      await world.apply([silent, loud, stays]);
      const streams = await Promise.all([20080, 20081, 20082].map((port) => openStream({ address, port })));
      const [quiet, reset, kept] = streams;
      if (!quiet || !reset || !kept) throw new Error('three streams were opened');
      const end = ending(reset.socket);
      await world.apply([stays]);
      t.equal(await end, 'ECONNRESET');
      // Azure does not answer at all. A port that no socket listens on refuses: the userspace engine can do no better.
      let answered = false;
      const late = connect({ host: address, port: 20080 })
        .on('connect', () => {
          answered = true;
        })
        .on('error', (error: NodeJS.ErrnoException) => {
          if (world.engine.name !== 'userspace' || error.code !== 'ECONNREFUSED') answered = true;
        });
      let heard = 0;
      quiet.socket.on('data', () => heard++).resume();
      quiet.socket.write('is anybody there?');
      t.ok(await echoes(kept, 'another rule is not touched'));
      t.ok(await echoes(kept, 'and there was time for an answer'));
      t.equal(heard, 0);
      t.notOk(answered, 'a port without a rule does not answer');
      late.destroy();
      for (const { socket } of streams) socket.destroy();
    },
  },
  {
    title: 'flows lists what is established, with its backend and its bytes',
    async run({ t, world, net, frontend: address }) {
      const at = await onBothTransports({ world, net, frontend: address });
      const stream = await openStream(at, { from: `${net}.200` });
      const client = await UdpClient.open({ from: `${net}.201` });
      await client.ask(at);
      t.ok(await echoes(stream, 'x'.repeat(1000)));
      const shown = (host: string): string => (isIPv6(host) ? `[${host}]` : host);
      const flows = await world.engine.flows();
      const ours = flows.filter((flow) => flow.frontend.includes(`/${address}/`));
      t.match(
        ours.find(({ transport }) => transport === 'tcp'),
        {
          rule: 'rule-1',
          source: `${shown(`${net}.200`)}:${stream.socket.localPort}`,
          backend: `${net}.4`,
          bytesIn: 1000,
        },
      );
      t.match(
        ours.find(({ transport }) => transport === 'udp'),
        { source: `${shown(`${net}.201`)}:${client.port}`, bytesIn: 12 },
      );
      t.equal(world.count('connections', `tcp/${address}/20080`), 1);
      t.equal(world.count('bytesIn', `tcp/${address}/20080`), 1000);
      t.equal(world.count('connections', `tcp/${address}/20080|${net}.4`), 1);
      t.equal(world.count('packetsIn', `udp/${address}/20080`), 1);
      client.close();
      stream.socket.destroy();
    },
  },
  {
    title: 'While the pool and the mode change 1,000 times, 64 streams run on and no new connection fails',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 4, port: 28080 });
      const at = { address, port: 20080 };
      const modes = ['Default', 'SourceIP', 'SourceIPProtocol'] as const;
      const data = 'x'.repeat(20_000);
      const change = (index: number) => {
        const members = membersOf(backends.filter((_, each) => each !== index % 5));
        const distribution = modes[index % 3] as (typeof modes)[number];
        return world.apply([frontend('tcp', `${address}:20080`, rule(members, { distribution }))]);
      };
      await change(4);
      const streams = await Promise.all(Array.from({ length: 64 }, () => openStream(at, { from: `${net}.200` })));
      let whole = true;
      let failed = 0;
      for (let index = 0; index < 1000; index++) {
        let changing = true;
        const changed = change(index).finally(() => {
          changing = false;
        });
        // A quarter of the streams and four clients at most, so that an engine that takes longer has no more to carry.
        const streaming = streams.filter((_, each) => each % 4 === index % 4).map((each) => echoes(each, data));
        const arriving = (async () => {
          for (let client = 0; client < 4 && (changing || client === 0); client++)
            await tcpBackend(at, { from: `${net}.201` }).catch(() => failed++);
        })();
        const [echoed] = await Promise.all([Promise.all(streaming), changed, arriving]);
        whole &&= echoed.every(Boolean);
      }
      t.ok(whole, 'what was sent meanwhile came back');
      t.equal(failed, 0);
      for (const { socket } of streams) socket.destroy();
    },
  },
];
