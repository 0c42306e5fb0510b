/** Statements about what Azure does not answer, and for how long. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { PlanFrontend, PlanMember } from '../../../src/data-plane/model/plan.js';
import { nextEvent } from '../../turns.js';
import { datagramsOf, echoes, openStream, UdpClient, udpBackend } from '../network.js';
import { frontend, rule } from '../plans.js';
import { membersOf } from '../world.js';
import { type ContractTest, networkOf, type Stage } from './statement.js';

const port = 20080;

/** Real time in which an error would have arrived. */
const moment = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 150));

/** A connected UDP socket, which hears of errors, and what it hears. */
async function listener({ net, frontend: address }: Stage, toPort: number) {
  const socket = createSocket(datagramsOf(address));
  const heard: string[] = [];
  socket.on('error', (error: NodeJS.ErrnoException) => heard.push(error.code ?? String(error)));
  socket.on('message', (datagram) => heard.push(String(datagram)));
  socket.bind(0, `${net}.201`);
  await nextEvent(socket, 'listening');
  socket.connect(toPort, address);
  await nextEvent(socket, 'connect');
  const send = (): Promise<string | undefined> =>
    new Promise((resolve) => socket.send('x', (error) => resolve((error as NodeJS.ErrnoException | null)?.code)));
  return { socket, heard, send };
}

export const silenceContract: readonly ContractTest[] = [
  {
    title: 'A client that connects while no member is eligible is served as soon as one is, when its SYN comes again',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      const at = (present: boolean): PlanFrontend =>
        frontend('tcp', `${address}:${port}`, rule(present ? membersOf(backends) : []));
      await world.apply([at(false)]);
      const waiting = [201, 202, 203].map((last) => connect({ host: address, port, localAddress: `${net}.${last}` }));
      const heard: string[] = [];
      for (const socket of waiting)
        for (const event of ['data', 'error', 'close']) socket.on(event, () => heard.push(event));
      const greeted = Promise.all(waiting.map((socket) => nextEvent(socket, 'data')));
      await world.counted('noEligibleMember', `tcp/${address}/${port}`, 3);
      await world.advance(500);
      t.strictSame(heard, []);
      await world.apply([at(true)]);
      await world.advance(3000);
      await greeted;
      t.strictSame(heard, ['data', 'data', 'data']);
      t.equal(backends[0]?.accepted, 3);
      for (const socket of waiting) socket.destroy();
    },
  },
  {
    title: 'A client that waits is served by the rule that was made again at its frontend',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      const members = membersOf(backends);
      const other = frontend('tcp', `${address}:${port + 1}`, rule(members));
      const at = (present: readonly PlanMember[]): PlanFrontend =>
        frontend('tcp', `${address}:${port}`, rule(present, { id: `rule-of-${present.length}` }));
      await world.apply([at([]), other]);
      const waiting = connect({ host: address, port, localAddress: `${net}.201` });
      const heard: string[] = [];
      for (const event of ['data', 'error', 'close']) waiting.on(event, () => heard.push(event));
      const greeted = nextEvent(waiting, 'data');
      await world.counted('noEligibleMember', `tcp/${address}/${port}`);
      await world.apply([other]);
      await world.apply([at(members), other]);
      await world.advance(3000);
      await greeted;
      t.strictSame(heard, ['data']);
      waiting.destroy();
      // What the frontend has counted since it was made again is not lost with what was there before.
      await world.counted('connections', `tcp/${address}/${port}|${net}.4`);
    },
  },
  {
    title: 'An idle connection that was dropped silently is not reset later either',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      await world.apply([frontend('tcp', `${address}:${port}`, rule(membersOf(backends)))]);
      const { socket } = await openStream({ address, port }, { from: `${net}.201` });
      const served = [...(backends[0]?.sockets ?? [])];
      const heard: string[] = [];
      for (const each of [socket, ...served]) {
        for (const event of ['data', 'end', 'error', 'close']) each.on(event, () => heard.push(event));
        each.resume();
      }
      for (const ms of [241_000, 300_000, 3_600_000]) {
        await world.advance(ms);
        await moment();
        t.strictSame(heard, []);
      }
      t.equal(world.count('idleDropped', `tcp/${address}/${port}`), 1);
      socket.destroy();
    },
  },
  {
    title: 'A datagram that Azure drops is dropped without an error for its sender',
    async run(stage) {
      const { t, world, net, frontend: address } = stage;
      const backends = await world.backends(net, { count: 2, port: 28080 });
      const at = `${address}:${port}`;
      const denied = rule(membersOf(backends), { acl: [{ action: 'deny', remoteSubnet: networkOf(`${net}.201`) }] });
      const { socket, heard, send } = await listener(stage, port);
      for (const [why, forward, counter] of [
        ['no member', rule([]), 'datagramsWithoutMember'],
        ['an ACL', denied, 'datagramsDenied'],
      ] as const) {
        await world.apply([frontend('udp', at, forward)]);
        for (let count = 0; count < 5; count++) t.equal(await send(), undefined, why);
        await world.counted(counter, `udp/${address}/${port}`, 5);
        await moment();
        t.strictSame(heard, [], why);
      }
      socket.close();
    },
  },
  {
    title: 'While members change 200 times no sender of datagrams sees an error',
    async run(stage) {
      const { t, world, net, frontend: address } = stage;
      const backends = await world.backends(net, { count: 3, port: 28080 });
      const at = `${address}:${port}`;
      const change = (index: number): Promise<void> =>
        world.apply([frontend('udp', at, rule(membersOf(backends.filter((_, each) => each !== index % 3))))]);
      await change(0);
      const { socket, heard, send } = await listener(stage, port);
      const errors = new Set<string>();
      let sent = 0;
      const sendTen = async (): Promise<void> => {
        for (let each = 0; each < 10; each++, sent++) {
          const error = await send();
          if (error !== undefined) errors.add(error);
        }
      };
      for (let index = 0; index < 200; index++) {
        let changing = true;
        const changed = change(index).finally(() => {
          changing = false;
        });
        // Before and while the members change, but not more the longer an engine takes.
        for (let turn = 0; turn < 10 && (changing || turn === 0); turn++) {
          await sendTen();
          await new Promise((resolve) => setImmediate(resolve));
        }
        await changed;
      }
      await moment();
      t.ok(sent > 200);
      t.strictSame([...errors], []);
      t.strictSame(
        heard.filter((text) => !text.startsWith(net)),
        [],
      );
      socket.close();
    },
  },
  {
    title: 'A port of a frontend without a rule does not answer, over TCP and UDP',
    async run(stage) {
      const { t, world, net, frontend: address } = stage;
      const backends = await world.backends(net, { count: 1, port: 28080 });
      const forward = rule(membersOf(backends));
      await world.apply((['tcp', 'udp'] as const).map((each) => frontend(each, `${address}:${port}`, forward)));
      const heard: string[] = [];
      const stranger = connect({ host: address, port: port + 1, localAddress: `${net}.201` });
      for (const event of ['connect', 'error', 'close']) stranger.on(event, () => heard.push(event));
      const datagrams = await listener(stage, port + 1);
      t.equal(await datagrams.send(), undefined);
      const stream = await openStream({ address, port }, { from: `${net}.201` });
      t.ok(await echoes(stream, 'the port with a rule answers'));
      t.equal(await udpBackend({ address, port }, { from: `${net}.202` }), `${net}.4`);
      await moment();
      t.equal(await datagrams.send(), undefined);
      t.strictSame([...heard, ...datagrams.heard], []);
      stranger.destroy();
      stream.socket.destroy();
      datagrams.socket.close();
    },
  },
  {
    title: 'A UDP client is answered again after a time without members',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      const at = `${address}:${port}`;
      await world.apply([frontend('udp', at, rule([]))]);
      const client = await UdpClient.open({ from: `${net}.201` });
      client.socket.send('nobody', port, address);
      await world.counted('datagramsWithoutMember', `udp/${address}/${port}`);
      await world.apply([frontend('udp', at, rule(membersOf(backends)))]);
      t.equal((await client.ask({ address, port })).backend, `${net}.4`);
      client.close();
    },
  },
];
