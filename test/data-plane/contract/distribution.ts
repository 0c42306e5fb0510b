/** Statements about Azure's three distribution modes. */
import type { Distribution } from '../../../src/data-plane/model/plan.js';
import { nextEvent } from '../../turns.js';
import { echoes, inParallel, openStream, tcpBackend, UdpClient, udpBackend } from '../network.js';
import { frontend, rule } from '../plans.js';
import { membersOf } from '../world.js';
import type { ContractTest } from './statement.js';

const clients = (net: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${net.replace('127.77', '127.78')}.${index + 1}`);

const https = 24443;
const mediaOrGateway = 23391;

export const distributionContract: readonly ContractTest[] = [
  {
    title: "Under Default one client's connections reach every backend, none more than 60 % of them",
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 3, port: 28080 });
      await world.apply([frontend('tcp', `${address}:20080`, rule(membersOf(backends)))]);
      const counts = new Map<string, number>();
      await inParallel(new Array(300).fill(0), 16, async () => {
        const backend = await tcpBackend({ address, port: 20080 }, { from: `${net}.200` });
        counts.set(backend, (counts.get(backend) ?? 0) + 1);
      });
      t.equal(counts.size, 3);
      t.ok(Math.max(...counts.values()) <= 180, JSON.stringify([...counts]));
    },
  },
  {
    title: 'Under SourceIP each of 200 client addresses stays on one backend, on TCP and UDP and on both ports',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 4, port: 28080 });
      const affine = rule(membersOf(backends), { distribution: 'SourceIP' });
      await world.apply([
        frontend('tcp', `${address}:${https}`, affine),
        frontend('udp', `${address}:${mediaOrGateway}`, { ...affine, id: 'rule-2' }),
        frontend('tcp', `${address}:${mediaOrGateway}`, { ...affine, id: 'rule-3' }),
      ]);
      const used = new Set<string>();
      let strayed = 0;
      await inParallel(clients(net, 200), 16, async (from) => {
        const answers = [
          await tcpBackend({ address, port: https }, { from }),
          await tcpBackend({ address, port: https }, { from }),
          await tcpBackend({ address, port: mediaOrGateway }, { from }),
          await udpBackend({ address, port: mediaOrGateway }, { from }),
        ];
        if (new Set(answers).size !== 1) strayed++;
        used.add(answers[0] as string);
      });
      t.equal(strayed, 0, 'clients that met more than one backend');
      t.equal(used.size, 4, 'all backends are used');
    },
  },
  {
    title: 'Under SourceIPProtocol each client has one backend per protocol, and for some they differ',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 4, port: 28080 });
      const affine = rule(membersOf(backends), { distribution: 'SourceIPProtocol' });
      await world.apply([
        frontend('tcp', `${address}:${https}`, affine),
        frontend('udp', `${address}:${https}`, { ...affine, id: 'rule-2' }),
      ]);
      let strayed = 0;
      let apart = 0;
      await inParallel(clients(net, 40), 8, async (from) => {
        const at = { address, port: https };
        const tcp = new Set<string>();
        const udp = new Set<string>();
        for (let repeat = 0; repeat < 5; repeat++) {
          tcp.add(await tcpBackend(at, { from }));
          udp.add(await udpBackend(at, { from }));
        }
        if (tcp.size !== 1 || udp.size !== 1) strayed++;
        if ([...tcp][0] !== [...udp][0]) apart++;
      });
      t.equal(strayed, 0);
      t.ok(apart > 0, `${apart} of 40 have different backends for TCP and UDP`);
    },
  },
  {
    title: 'Switching the mode while 50 streams run breaks none of them and refuses no connection',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 3, port: 28080 });
      const apply = (distribution: Distribution) =>
        world.apply([frontend('tcp', `${address}:20080`, rule(membersOf(backends), { distribution }))]);
      await apply('Default');
      const at = { address, port: 20080 };
      const streams = await Promise.all(Array.from({ length: 50 }, () => openStream(at, { from: `${net}.200` })));
      const switching = (async () => {
        for (const mode of ['SourceIP', 'SourceIPProtocol', 'Default', 'SourceIP'] as const) await apply(mode);
      })();
      let refused = 0;
      const connecting = inParallel(new Array(100).fill(0), 8, async () => {
        await tcpBackend(at, { from: `${net}.200` }).catch(() => refused++);
      });
      const alive = await Promise.all(streams.map((stream) => echoes(stream, 'still there?'.repeat(1000))));
      await Promise.all([switching, connecting]);
      t.ok((await Promise.all(streams.map((stream) => echoes(stream, 'and now?')))).every(Boolean));
      t.ok(alive.every(Boolean));
      t.equal(refused, 0);
      const after = new Set<string>();
      for (let repeat = 0; repeat < 10; repeat++) after.add(await tcpBackend(at, { from: `${net}.200` }));
      t.equal(after.size, 1, 'new connections follow the new mode');
      for (const { socket } of streams) socket.destroy();
    },
  },
  {
    title: 'Removing a member moves its clients and nearly no others',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 5, port: 28080 });
      const members = membersOf(backends);
      const affine = (of: typeof members) =>
        world.apply([frontend('tcp', `${address}:20080`, rule(of, { distribution: 'SourceIP' }))]);
      const at = { address, port: 20080 };
      const ask = async (): Promise<Map<string, string>> => {
        const answers = new Map<string, string>();
        await inParallel(clients(net, 150), 16, async (from) => {
          answers.set(from, await tcpBackend(at, { from }));
        });
        return answers;
      };
      await affine(members);
      const before = await ask();
      const gone = members[2]?.address;
      await affine(members.filter(({ address }) => address !== gone));
      const after = await ask();
      const moved = [...before].filter(([from, backend]) => backend !== gone && after.get(from) !== backend);
      t.ok(moved.length <= 3, `${moved.length} clients of other members moved`);
      t.ok([...before].some(([, backend]) => backend === gone));
      t.notOk([...after].some(([, backend]) => backend === gone));
      await affine(members);
      t.strictSame([...(await ask())].sort(), [...before].sort(), 'when it returns everybody is where they were');
    },
  },
  {
    title: 'The same five-tuple reaches the same backend again',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 4, port: 28080 });
      await world.apply([frontend('udp', `${address}:20053`, rule(membersOf(backends)))]);
      for (const fromPort of [21001, 21002, 21003, 21004, 21005]) {
        const answers = new Set<string>();
        for (let repeat = 0; repeat < 3; repeat++)
          answers.add(await udpBackend({ address, port: 20053 }, { from: `${net}.200`, fromPort }));
        t.equal(answers.size, 1);
      }
    },
  },
  {
    title: 'What explain says is what happens, in every mode, over TCP and UDP',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 7, port: 28080 });
      const modes = ['Default', 'SourceIP', 'SourceIPProtocol'] as const;
      const at = (index: number) => ({ address, port: 22000 + index });
      await world.apply(
        modes.flatMap((distribution, index) =>
          (['tcp', 'udp'] as const).map((transport) =>
            frontend(transport, `${address}:${22000 + index}`, rule(membersOf(backends), { distribution })),
          ),
        ),
      );
      let wrong = 0;
      for (const index of modes.keys()) {
        await inParallel(clients(net, 60), 16, async (from) => {
          const { address: destinationAddress, port: destinationPort } = at(index);
          const told = (transport: 'tcp' | 'udp', sourcePort: number) =>
            world.engine.explain({ transport, sourceAddress: from, sourcePort, destinationAddress, destinationPort });
          const { socket, backend } = await openStream(at(index), { from });
          if ((await told('tcp', socket.localPort ?? 0)).choice?.address !== backend) wrong++;
          socket.destroy();
          const client = await UdpClient.open({ from });
          if ((await told('udp', client.port)).choice?.address !== (await client.ask(at(index))).backend) wrong++;
          client.close();
          await nextEvent(client.socket, 'close').catch(() => {});
        });
      }
      t.equal(wrong, 0, 'of 360 flows');
    },
  },
];
