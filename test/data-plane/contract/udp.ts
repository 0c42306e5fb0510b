/** Statements about UDP: Azure keeps no state of it, so every datagram is distributed on its own. */
import { createSocket, type Socket } from 'node:dgram';
import type { Engine } from '../../../src/data-plane/model/engine.js';
import type { PlanMember, PlanRule } from '../../../src/data-plane/model/plan.js';
import { nextEvent } from '../../turns.js';
import { datagramsOf, echoes, openStream, UdpClient } from '../network.js';
import { frontend, member, rule } from '../plans.js';
import { membersOf, probedMembers, probesOf } from '../world.js';
import type { ContractTest } from './statement.js';

const port = 20080;

/** The backend that `explain` names for a UDP client. */
async function explained(
  engine: Engine,
  { from, client, address }: { from: string; client: UdpClient; address: string },
) {
  const tuple = {
    transport: 'udp' as const,
    sourceAddress: from,
    sourcePort: client.port,
    destinationAddress: address,
    destinationPort: port,
  };
  return (await engine.explain(tuple)).choice?.address;
}

/** A UDP server that sends back what it gets, with room for bursts. */
async function echoServer(address: string): Promise<Socket> {
  const server = createSocket({ type: datagramsOf(address), recvBufferSize: 4_194_304, sendBufferSize: 4_194_304 });
  server.on('message', (datagram, from) => server.send(datagram, from.port, from.address));
  server.bind(28080, address);
  await nextEvent(server, 'listening');
  return server;
}

export const udpContract: readonly ContractTest[] = [
  {
    title: 'Every datagram follows the selection of the moment, from sockets that were open before too',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 3, port: 28080 });
      const members = probedMembers(backends);
      const clients = await Promise.all(
        Array.from({ length: 24 }, async (_, index) => {
          const from = `${net}.${201 + index}`;
          return { from, client: await UdpClient.open({ from }), address };
        }),
      );
      const moments: readonly (readonly [string, readonly PlanMember[], Partial<PlanRule>])[] = [
        ['three members', members, {}],
        ['one less', members.slice(0, 2), {}],
        ['the same one again', members, {}],
        ['SourceIP', members, { distribution: 'SourceIP' }],
        ['SourceIPProtocol', members, { distribution: 'SourceIPProtocol' }],
        ['Default', members, {}],
        ['admin state Down', members.map((each, at) => (at === 1 ? { ...each, adminState: 'Down' } : each)), {}],
        ['admin state None', members, {}],
        ['another idle timeout', members.slice(1), { idleTimeoutMs: 600_000 }],
      ];
      const check = async (moment: string): Promise<void> => {
        const reached = await Promise.all(clients.map(({ client }) => client.ask({ address, port })));
        t.strictSame(
          reached.map(({ backend }) => backend),
          await Promise.all(clients.map((each) => explained(world.engine, each))),
          moment,
        );
        t.ok(reached.every(({ answeredFrom }) => answeredFrom === `${address}:${port}`));
      };
      for (const [moment, present, rest] of moments) {
        await world.apply([frontend('udp', `${address}:${port}`, rule(present, rest))], probesOf(backends));
        await world.healthy(...backends.map((backend) => backend.address));
        await check(moment);
      }
      backends[2]?.refuse();
      await world.advance(5000);
      await world.until(() => !world.isUp(`${net}.6`));
      await check('a member whose probe fails');
      await backends[2]?.acceptAgain();
      await world.advance(5000);
      await world.healthy(`${net}.6`);
      await check('its probe succeeds again');
      for (const { client } of clients) client.close();
    },
  },
  {
    title: 'After a switch to SourceIP TCP and UDP of a client meet on one backend, from an open UDP socket too',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 3, port: 28080 });
      const at = { address, port };
      const apply = (rest: Partial<PlanRule>): Promise<void> => {
        const shared = rule(membersOf(backends), rest);
        return world.apply((['tcp', 'udp'] as const).map((each) => frontend(each, `${address}:${port}`, shared)));
      };
      await apply({});
      const sources = Array.from({ length: 20 }, (_, index) => `${net}.${201 + index}`);
      const clients = await Promise.all(sources.map((from) => UdpClient.open({ from })));
      await Promise.all(clients.map((client) => client.ask(at)));
      await apply({ distribution: 'SourceIP' });
      for (const [index, from] of sources.entries()) {
        const control = await openStream(at, { from });
        t.equal((await clients[index]?.ask(at))?.backend, control.backend);
        t.ok(await echoes(control, 'and the control connection goes on'));
        control.socket.destroy();
        clients[index]?.close();
      }
    },
  },
  {
    title: 'With enableConnectionTracking a UDP client stays with its member while that one is eligible',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 3, port: 28080 });
      const at = { address, port };
      const apply = (members: readonly PlanMember[], rest: Partial<PlanRule> = {}): Promise<void> => {
        const tracked = rule(members, { connectionTracking: true, ...rest });
        return world.apply([frontend('udp', `${address}:${port}`, tracked)]);
      };
      await apply(membersOf(backends));
      const clients = await Promise.all(
        Array.from({ length: 12 }, (_, index) => UdpClient.open({ from: `${net}.${201 + index}` })),
      );
      const reached = async (): Promise<string[]> => {
        const told = await Promise.all(
          clients.map((client, index) => explained(world.engine, { from: `${net}.${201 + index}`, client, address })),
        );
        const backends = (await Promise.all(clients.map((client) => client.ask(at)))).map(({ backend }) => backend);
        t.strictSame(told, backends, 'explain has said so before');
        return backends;
      };
      const first = await reached();
      await apply(membersOf(backends), { distribution: 'SourceIP' });
      t.strictSame(await reached(), first, 'another mode holds for new clients');
      const [, ...others] = membersOf(backends);
      await apply(others, { distribution: 'SourceIP' });
      const moved = await reached();
      t.notOk(moved.includes(`${net}.4`));
      for (const [index, backend] of first.entries()) if (backend !== `${net}.4`) t.equal(moved[index], backend);
      await apply(membersOf(backends), { distribution: 'SourceIP' });
      t.strictSame(await reached(), moved, 'a member that comes back takes no client from another');
      for (const client of clients) client.close();
    },
  },
  {
    title: "A burst of 1,000 datagrams of 1,400 B from one client is answered whole, from the frontend's address",
    async run({ t, world, net, frontend: address }) {
      const backend = await echoServer(`${net}.4`);
      const only = [member(`${net}.4`, 28080)];
      await world.apply([frontend('udp', `${address}:${port}`, rule(only))]);
      const client = createSocket({ type: datagramsOf(address), recvBufferSize: 4_194_304, sendBufferSize: 4_194_304 });
      client.bind(0, `${net}.201`);
      await nextEvent(client, 'listening');
      const count = 1000;
      const answered = new Set<number>();
      const all = new Promise<void>((resolve) => {
        client.on('message', (datagram, from) => {
          if (from.address === address && from.port === port) answered.add(datagram.readUInt32BE());
          if (answered.size === count) resolve();
        });
      });
      for (let number = 0; number < count; number++) {
        const datagram = Buffer.alloc(1400);
        datagram.writeUInt32BE(number);
        client.send(datagram, port, address);
      }
      const waited = new AbortController();
      const missing = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 5000);
        waited.signal.addEventListener('abort', () => clearTimeout(timer));
      });
      await Promise.race([all, missing]);
      waited.abort();
      t.equal(answered.size, count);
      backend.close();
      client.close();
    },
  },
  {
    title: 'Datagrams of every size come back whole, the empty one too',
    async run({ t, world, net, frontend: address }) {
      const backend = await echoServer(`${net}.4`);
      await world.apply([frontend('udp', `${address}:${port}`, rule([member(`${net}.4`, 28080)]))]);
      const client = createSocket(datagramsOf(address));
      client.bind(0, `${net}.201`);
      await nextEvent(client, 'listening');
      // One after the other: none can be lost to a full buffer. The longest fits one packet with either address family.
      for (const size of [0, 1, 511, 1472, 1473, 9000, 65_487]) {
        const datagram = Buffer.alloc(size, size);
        const answered = nextEvent(client, 'message');
        client.send(datagram, port, address);
        const [answer, from] = (await answered) as [Buffer, { address: string; port: number }];
        t.ok(answer.equals(datagram), `${size} bytes`);
        t.strictSame([from.address, from.port], [address, port]);
      }
      backend.close();
      client.close();
    },
  },
];
