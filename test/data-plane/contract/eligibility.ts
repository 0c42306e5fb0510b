/** Statements about probes, admin state and who gets new flows. */
import { connect } from 'node:net';
import { repeatUntil } from '../../turns.js';
import { echoes, ending, openStream, streamTo, tcpBackend, UdpClient } from '../network.js';
import { frontend, rule } from '../plans.js';
import { membersOf, probedMembers, probesOf } from '../world.js';
import { type ContractTest, networkOf } from './statement.js';

const reached = async (at: { address: string; port: number }, from: string): Promise<Set<string>> => {
  const backends = new Set<string>();
  for (let repeat = 0; repeat < 40; repeat++) backends.add(await tcpBackend(at, { from }));
  return backends;
};

export const eligibilityContract: readonly ContractTest[] = [
  {
    title: 'A failing probe takes a member out, established connections continue, and a good answer brings it back',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 2, port: 28080 });
      const [first, second] = backends;
      if (!first || !second) throw new Error('two backends were asked for');
      const at = { address, port: 20080 };
      await world.apply([frontend('tcp', `${address}:20080`, rule(probedMembers(backends)))], probesOf(backends));
      await world.healthy(first.address, second.address);
      const client = `${net}.200`;
      t.equal((await reached(at, client)).size, 2);
      const stream = await streamTo(at, { from: client, backend: first.address });
      first.refuse();
      await world.advance(5000);
      await world.until(() => !world.isUp(first.address));
      t.equal(world.reason(first.address), 'Down_Probe_TcpProbeTimeout');
      t.strictSame([...(await reached(at, client))], [second.address]);
      t.ok(await echoes(stream, 'still on the member that is down'));
      await first.acceptAgain();
      await world.advance(5000);
      await world.healthy(first.address);
      t.equal((await reached(at, client)).size, 2);
      stream.socket.destroy();
    },
  },
  {
    title: 'A member that is shown as up has new flows from that moment, and one that is shown as down has none',
    async run({ t, world, net, frontend: address }) {
      const [backend] = await world.backends(net, { count: 1, port: 28080 });
      if (!backend) throw new Error('a backend was asked for');
      await world.apply([frontend('tcp', `${address}:20080`, rule(probedMembers([backend])))], probesOf([backend]));
      await world.healthy(backend.address);
      const turn = async (up: boolean): Promise<void> => {
        const announced = world.healthSeen.length;
        const moved = world.advance(5000);
        await repeatUntil(() => world.isUp(backend.address) === up, {
          what: `${backend.address} is ${up ? 'up' : 'down'}`,
          step: () => new Promise((resolve) => setImmediate(resolve)),
        });
        t.match(world.healthSeen.slice(announced), [{ up }], 'what is announced has come true');
        await moved;
      };
      backend.refuse();
      await turn(false);
      await backend.acceptAgain();
      await turn(true);
    },
  },
  {
    title: 'A member that has never passed its probe gets no flow',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 3, port: 28080 });
      const silent = backends[2];
      const probes = probesOf(backends).map((probe) =>
        probe.address === silent?.address ? { ...probe, port: 28999 } : probe,
      );
      await world.apply([frontend('tcp', `${address}:20080`, rule(probedMembers(backends)))], probes);
      await world.healthy(`${net}.4`, `${net}.5`);
      await reached({ address, port: 20080 }, `${net}.200`);
      await world.advance(60_000);
      await reached({ address, port: 20080 }, `${net}.201`);
      // Its probe uses another port, so everything it accepted was a flow.
      t.equal(silent?.accepted, 0);
      t.equal(world.isUp(`${net}.6`), false);
    },
  },
  {
    title: 'A UDP flow moves to another member when its own goes down, a TCP flow stays',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 2, port: 28080 });
      const affine = rule(probedMembers(backends), { distribution: 'SourceIP' });
      await world.apply(
        [frontend('tcp', `${address}:20080`, affine), frontend('udp', `${address}:20080`, affine)],
        probesOf(backends),
      );
      await world.healthy(`${net}.4`, `${net}.5`);
      const at = { address, port: 20080 };
      const stream = await openStream(at, { from: `${net}.200` });
      const client = await UdpClient.open({ from: `${net}.200` });
      t.equal((await client.ask(at)).backend, stream.backend);
      backends.find((backend) => backend.address === stream.backend)?.refuse();
      await world.advance(5000);
      await world.until(() => !world.isUp(stream.backend));
      t.not((await client.ask(at)).backend, stream.backend);
      t.ok(await echoes(stream, 'still here'));
      client.close();
      stream.socket.destroy();
    },
  },
  {
    title: 'adminState overrides the probe: Up takes new flows although it fails, Down takes none although it passes',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 3, port: 28080 });
      const [up, down, none] = probedMembers(backends);
      if (!up || !down || !none) throw new Error('three members were asked for');
      const at = { address, port: 20080 };
      const probes = probesOf(backends);
      await world.apply([frontend('tcp', `${address}:20080`, rule([up, down, none]))], probes);
      await world.healthy(up.address, down.address, none.address);
      const stream = await streamTo(at, { from: `${net}.200`, backend: down.address });
      const decided = [{ ...up, adminState: 'Up' as const }, { ...down, adminState: 'Down' as const }, none];
      const failing = probes.map((probe) => (probe.address === up.address ? { ...probe, port: 28999 } : probe));
      await world.apply([frontend('tcp', `${address}:20080`, rule(decided))], failing);
      await world.until(() => world.reason(up.address) === 'Down_Probe_TcpProbeTimeout');
      t.strictSame([...(await reached(at, `${net}.200`))].sort(), [up.address, none.address]);
      t.ok(await echoes(stream, 'an established connection persists'));
      const { candidates } = await world.engine.explain({
        transport: 'tcp',
        sourceAddress: `${net}.200`,
        sourcePort: 1,
        destinationAddress: address,
        destinationPort: 20080,
      });
      t.strictSame(
        candidates.map(({ reason }) => reason),
        ['Up_Admin', 'Down_Admin', 'Up_Probe_Success'],
      );
      stream.socket.destroy();
    },
  },
  {
    title: 'After the drain period of its pool a member that was put out or removed has its TCP flows reset, both ends',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 4, port: 28080 });
      const [down, removed, returning, stays] = probedMembers(backends, { drainPeriodMs: 30_000 });
      if (!down || !removed || !returning || !stays) throw new Error('four members were asked for');
      const at = { address, port: 20080 };
      const apply = (...members: (typeof down)[]) =>
        world.apply([frontend('tcp', `${address}:20080`, rule(members))], probesOf(backends));
      await apply(down, removed, returning, stays);
      await world.healthy(...backends.map((backend) => backend.address));
      const streams = new Map<string, Awaited<ReturnType<typeof openStream>>>();
      for (const { address: backend } of backends) {
        streams.set(backend, await streamTo(at, { from: `${net}.200`, backend }));
      }
      const out = { ...down, adminState: 'Down' as const };
      await apply(out, stays);
      await apply(out, returning, stays);
      await world.advance(25_000);
      for (const stream of streams.values()) t.ok(await echoes(stream, 'not yet'));
      const drained = [down, removed].flatMap((member) => streams.get(member.address) ?? []);
      const served = backends
        .flatMap(({ sockets }) => [...sockets])
        .filter((socket) => drained.some(({ seenAs }) => seenAs === `${socket.remoteAddress}:${socket.remotePort}`));
      t.equal(served.length, 2);
      const ends = Promise.all([...drained.map(({ socket }) => socket), ...served].map(ending));
      await world.advance(10_000);
      t.strictSame([...new Set(await ends)], ['ECONNRESET']);
      for (const { address: kept } of [returning, stays]) {
        const stream = streams.get(kept);
        t.ok(stream && (await echoes(stream, 'still here')));
        stream?.socket.destroy();
      }
    },
  },
  {
    title: 'With noHealthyBackends AllProbedUp and all members down, new flows go to all of them',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 2, port: 28080 });
      const probes = probesOf(backends).map((probe) => ({ ...probe, port: 28999 }));
      const generous = rule(probedMembers(backends), { noHealthyBackends: 'AllProbedUp' });
      await world.apply([frontend('tcp', `${address}:20080`, generous)], probes);
      await world.until(() => backends.every((backend) => world.reason(backend.address)?.startsWith('Down')));
      t.equal((await reached({ address, port: 20080 }, `${net}.200`)).size, 2);
    },
  },
  {
    title: 'When all members are down a Standard load balancer keeps established connections, a Basic one ends them',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 2, port: 28080 });
      const standard = rule(probedMembers(backends));
      const basic = rule(probedMembers(backends), { id: 'basic', allProbedDown: 'endEstablished' });
      await world.apply(
        [frontend('tcp', `${address}:20080`, standard), frontend('tcp', `${address}:20081`, basic)],
        probesOf(backends),
      );
      await world.healthy(`${net}.4`, `${net}.5`);
      const kept = await openStream({ address, port: 20080 });
      const ended = await openStream({ address, port: 20081 });
      const end = ending(ended.socket);
      for (const backend of backends) backend.refuse();
      await world.advance(5000);
      t.not(await end, 'end', 'Basic: ended without a proper goodbye');
      t.ok(await echoes(kept, 'Standard: established connections continue'));
      kept.socket.destroy();
    },
  },
  {
    title: 'A rule without a probe sends new flows to a dead backend too, and the client sees its refusal',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      await world.apply([frontend('tcp', `${address}:20080`, rule(membersOf(backends)))]);
      backends[0]?.refuse();
      await t.rejects(openStream({ address, port: 20080 }, { from: `${net}.200` }), {
        // A socket that stands in for the backend has accepted already; the kernel passes the refusal itself on.
        code: /^ECONN(RESET|REFUSED)$/,
      });
    },
  },
  {
    title: 'An endpoint access control list permits and denies by first match',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      const at = { address, port: 20080 };
      const list = rule(membersOf(backends), {
        acl: [
          { action: 'deny', remoteSubnet: networkOf(`${net}.200`) },
          { action: 'permit', remoteSubnet: networkOf(`${net}.0`, 8) },
        ],
      });
      await world.apply([frontend('tcp', `${address}:20080`, list), frontend('udp', `${address}:20080`, list)]);
      t.equal(await tcpBackend(at, { from: `${net}.201` }), `${net}.4`);
      const accepted = backends[0]?.accepted;
      let heard = 0;
      const denied = [`${net.replace('127.77', '127.79')}.1`, `${net}.200`].map((localAddress) =>
        connect({ host: address, port: 20080, localAddress })
          .on('data', () => heard++)
          .on('error', () => {}),
      );
      t.equal(await tcpBackend(at, { from: `${net}.202` }), `${net}.4`);
      t.equal(backends[0]?.accepted, (accepted ?? 0) + 1);
      await world.advance(60_000);
      for (const socket of denied) socket.destroy();
      t.equal(heard, 0, 'the denied hear nothing');
    },
  },
  {
    title:
      'A changed access control list holds for the next datagram and the next connection, not for established ones',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      const at = { address, port: 20080 };
      const from = `${net}.201`;
      const apply = async (remoteSubnet?: string): Promise<void> => {
        const acl = remoteSubnet === undefined ? [] : [{ action: 'deny' as const, remoteSubnet }];
        const forward = rule(membersOf(backends), { acl });
        await world.apply([frontend('tcp', `${address}:20080`, forward), frontend('udp', `${address}:20080`, forward)]);
      };
      await apply();
      const stream = await openStream(at, { from });
      const client = await UdpClient.open({ from });
      await client.ask(at);
      let heard = 0;
      client.socket.on('message', (answer) => {
        if (String(answer).endsWith('denied')) heard++;
      });
      await apply(networkOf(from));
      t.ok(await echoes(stream, 'established'));
      client.socket.send('denied', at.port, at.address);
      await world.counted('datagramsDenied', `udp/${address}/20080`);
      const denied = connect({ host: address, port: 20080, localAddress: from }).on('error', () => {});
      await world.counted('deniedByAcl', `tcp/${address}/20080`);
      t.equal(await tcpBackend(at, { from: `${net}.202` }), `${net}.4`, 'others are served');
      t.equal(heard, 0);
      denied.destroy();
      await apply(networkOf(`${net}.203`));
      t.equal((await client.ask(at)).backend, `${net}.4`, 'who is not denied any more is served');
      t.equal(await tcpBackend(at, { from }), `${net}.4`);
      t.ok(await echoes(stream, 'all the time'));
      client.close();
      stream.socket.destroy();
    },
  },
];
