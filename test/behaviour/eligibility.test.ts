/** Who gets what when probes fail or an administrator decides, assertion by assertion, over real connections. */
import t, { type Test } from 'tap';
import type { RuleParts } from '../balancer-body.js';
import { type Backend, echoes, ending, openStream, streamTo, tcpBackend, UdpClient } from '../data-plane/network.js';
import { Cloud } from '../emulator/cloud.js';
import { nextEvent, until } from '../turns.js';
import { addresses, givenUp, healthOf, type Member, putBalancer, reached } from './stage.js';

const port = 8080;
const client = '127.243.200.1';
const cloud = await Cloud.start(t, { network: 243 });
const probes = { probe: { protocol: 'Tcp', port } };
const web: RuleParts = { frontendPort: 5080, backendPort: port, probe: 'probe', loadDistribution: 'SourceIP' };
const data: RuleParts = { ...web, protocol: 'Udp' };
const members = (...hosts: number[]): Member[] => hosts.map((host) => ({ host }));
const down = (...failing: (Backend | undefined)[]): Promise<void> => {
  for (const machine of failing) machine?.refuse();
  return cloud.emulator.advance(5000);
};
const becomes = (wanted: Record<number, string>): Promise<boolean> =>
  until(JSON.stringify(wanted), async () => JSON.stringify(await healthOf(cloud)) === JSON.stringify(wanted));
const passing = 'Up Up_Probe_Success';
const failing = 'Down Down_Probe_TcpProbeTimeout';

/** Two healthy machines behind a TCP rule and a UDP rule of one frontend. */
async function pair(t: Test, rule: RuleParts = web) {
  const ip = await cloud.prepare();
  const machines = [await cloud.machine(t, 4, port), await cloud.machine(t, 5, port)];
  await putBalancer(cloud, { pools: { pool: members(4, 5) }, probes, rules: { web: rule, data } });
  await cloud.membersUp(4, 5);
  const [at, udpAt] = [await cloud.place(ip, 5080), await cloud.place(ip, 5080, 'udp')];
  const of = (backend: string): { host: number; machine: Backend } => {
    const machine = machines.find(({ address }) => address === backend);
    if (!machine) throw new Error(backend);
    return { host: Number(backend.split('.')[3]), machine };
  };
  return { at, udpAt, machines, of };
}

t.test('when a member fails its probe, its UDP flows go to another one', async (t) => {
  const { udpAt, of } = await pair(t);
  const talker = await UdpClient.open({ from: client });
  const { backend } = await talker.ask(udpAt);
  await down(of(backend).machine);
  await cloud.membersUp(9 - of(backend).host);
  t.equal((await talker.ask(udpAt)).backend, cloud.localAddress(9 - of(backend).host));
  talker.close();
});

t.test('when all members of a Standard load balancer are down', async (t) => {
  const { at, udpAt, machines } = await pair(t);
  const stream = await openStream(at, { from: client });
  const talker = await UdpClient.open({ from: client });
  await talker.ask(udpAt);
  await down(...machines);
  await becomes({ 4: failing, 5: failing });
  const accepted = machines.map((machine) => machine.accepted);

  await t.test('established TCP connections go on', async (t) => {
    t.ok(await echoes(stream, 'still there\n'));
  });

  await t.test(
    'no new connection is served; a socket has accepted it, and resets it when the client’s kernel gives up',
    async (t) => {
      const attempt = openStream(at, { from: client }).catch((error: NodeJS.ErrnoException) => error.code);
      t.equal(await Promise.race([attempt, echoes(stream, 'time for a round trip\n').then(() => 'waits')]), 'waits');
      await cloud.emulator.advance(15_000);
      t.equal(await Promise.race([attempt, echoes(stream, 'and another\n').then(() => 'waits')]), 'waits');
      t.equal(await givenUp(cloud, attempt), 'ECONNRESET');
      t.strictSame(
        machines.map((machine) => machine.accepted),
        accepted,
      );
    },
  );

  await t.test('UDP flows end', async (t) => {
    let heard = 0;
    talker.socket.on('message', () => heard++);
    talker.socket.send('anybody there?', udpAt.port, udpAt.address);
    for (let round = 0; round < 3; round++) await echoes(stream, 'time for a round trip\n');
    t.equal(heard, 0);
  });
  talker.close();
  stream.socket.destroy();
});

t.test('when all members of a Basic load balancer are down, established connections end', async (t) => {
  const ip = await cloud.prepare();
  const machines = [await cloud.machine(t, 4, port), await cloud.machine(t, 5, port)];
  await putBalancer(cloud, { sku: 'Basic', probes, rules: { web } });
  for (const host of [4, 5]) await cloud.nic(host, { pools: ['loadBalancers/lb/backendAddressPools/pool'] });
  await cloud.membersUp(4, 5);
  const at = await cloud.place(ip, 5080);
  const stream = await openStream(at, { from: client });
  const end = ending(stream.socket);
  const other = machines.filter(({ address }) => address !== stream.backend);
  const same = machines.filter(({ address }) => address === stream.backend);
  await down(...same);
  await cloud.membersUp(Number(other[0]?.address.split('.')[3]));
  t.equal(await Promise.race([end, tcpBackend(at, { from: client }).then(() => 'goes on')]), 'goes on', 'one is up');
  await down(...other);
  t.equal(await end, 'ECONNRESET');
});

t.test('with AllProbedUp, when all are down new connections go to all of them', async (t) => {
  const ip = await cloud.prepare();
  for (const host of [4, 5]) await cloud.machine(t, host, port);
  await putBalancer(cloud, {
    pools: { pool: members(4, 5) },
    probes: { probe: { protocol: 'Tcp', port: 9999, noHealthyBackendsBehavior: 'AllProbedUp' } },
    rules: { web: { ...web, loadDistribution: 'Default' } },
  });
  await becomes({ 4: 'Up Up_Probe_AllDownIsUp', 5: 'Up Up_Probe_AllDownIsUp' });
  const at = await cloud.place(ip, 5080);
  t.strictSame(await reached(at, { from: client, count: 60 }), [4, 5].map(cloud.localAddress));
});

t.test('adminState Down takes no new flows although the probe passes; TCP goes on, UDP moves', async (t) => {
  const { at, udpAt, of } = await pair(t);
  const stream = await openStream(at, { from: client });
  const talker = await UdpClient.open({ from: client });
  t.equal((await talker.ask(udpAt)).backend, stream.backend);
  const { host } = of(stream.backend);
  const other = cloud.localAddress(9 - host);
  const decided: Member[] = [{ host, adminState: 'Down' }, { host: 9 - host }];
  await cloud.put('loadBalancers/lb/backendAddressPools/pool', { properties: addresses(cloud, decided) });
  await becomes({ 4: host === 4 ? 'Down Down_Admin' : passing, 5: host === 5 ? 'Down Down_Admin' : passing });
  t.strictSame(await reached(at, { from: client, count: 20 }), [other]);
  t.ok(await echoes(stream, 'I was here before\n'));
  t.equal((await talker.ask(udpAt)).backend, other);
  talker.close();
  stream.socket.destroy();
});

t.test('adminState Up takes new flows although the probe fails, and None leaves it to the probe again', async (t) => {
  const ip = await cloud.prepare();
  for (const host of [4, 5]) await cloud.machine(t, host, port);
  const health = await cloud.machine(t, 4, 9090);
  const put = (adminState: 'None' | 'Up') =>
    putBalancer(cloud, {
      pools: { pool: [{ host: 4 }, { host: 5, adminState }] },
      probes: { probe: { protocol: 'Tcp', port: 9090 } },
      rules: { web: { ...web, loadDistribution: 'Default' } },
    });
  await put('Up');
  await becomes({ 4: passing, 5: 'Up Up_Admin' });
  const at = await cloud.place(ip, 5080);
  t.strictSame(await reached(at, { from: client, count: 60 }), [4, 5].map(cloud.localAddress));
  await put('None');
  await becomes({ 4: passing, 5: failing });
  t.strictSame(await reached(at, { from: client, count: 60 }), [cloud.localAddress(4)]);
  health.refuse();
});

t.test('adminState Down in one pool leaves the machine in another one, and inbound NAT to it, alone', async (t) => {
  const ip = await cloud.prepare();
  for (const host of [4, 5]) await cloud.machine(t, host, port);
  await putBalancer(cloud, {
    pools: { pool: [{ host: 4, adminState: 'Down' }, { host: 5 }], second: members(4) },
    probes,
    rules: { web, web2: { ...web, frontendPort: 5081, pool: 'second' } },
    natRules: { ssh: { frontendPortRangeStart: 50_200, frontendPortRangeEnd: 50_209, backendPort: port } },
  });
  await becomes({ 4: 'Down Down_Admin', 5: passing });
  await until('the second pool', async () => (await healthOf(cloud, 'web2'))[4] === passing);
  t.strictSame(await reached(await cloud.place(ip, 5080), { from: client, count: 10 }), [cloud.localAddress(5)]);
  t.equal(await tcpBackend(await cloud.place(ip, 5081), { from: client }), cloud.localAddress(4));
  t.equal(await tcpBackend(await cloud.place(ip, 50_200), { from: client }), cloud.localAddress(4));
});

t.test('drainPeriodInSeconds of a pool resets what a member still has, so long after it was put out', async (t) => {
  const ip = await cloud.prepare();
  const machines = [await cloud.machine(t, 4, port), await cloud.machine(t, 5, port)];
  const put = (drainPeriodInSeconds: number, pool: Member[]) =>
    putBalancer(cloud, { pools: { pool }, probes, rules: { web }, drainPeriodInSeconds });
  await put(0, members(4, 5));
  await cloud.membersUp(4, 5);
  const at = await cloud.place(ip, 5080);
  const stream = await openStream(at, { from: client });
  const served = machines.flatMap(({ sockets }) => [...sockets]).find(({ remoteAddress }) => remoteAddress === client);
  const host = Number(stream.backend.split('.')[3]);
  const out: Member[] = [{ host, adminState: 'Down' }, { host: 9 - host }];
  await put(0, out);
  await cloud.emulator.advance(120_000);
  t.ok(await echoes(stream, 'zero seconds mean for ever\n'));
  await put(60, members(4, 5));
  await put(60, out);
  await cloud.emulator.advance(50_000);
  t.ok(await echoes(stream, 'ten seconds more\n'));
  const both = Promise.all([ending(stream.socket), served && ending(served)]);
  await cloud.emulator.advance(11_000);
  t.strictSame(await both, ['ECONNRESET', 'ECONNRESET']);
});

t.test('a backend whose data port is closed refuses its clients; no other member is tried', async (t) => {
  const ip = await cloud.prepare();
  const machines = [await cloud.machine(t, 4, port), await cloud.machine(t, 5, port)];
  for (const host of [4, 5]) await cloud.machine(t, host, 9090);
  await putBalancer(cloud, {
    pools: { pool: members(4, 5) },
    probes: { probe: { protocol: 'Tcp', port: 9090 } },
    rules: { web },
  });
  await becomes({ 4: passing, 5: passing });
  const at = await cloud.place(ip, 5080);
  const { socket, backend } = await streamTo(at, { from: client, backend: await tcpBackend(at, { from: client }) });
  const closed = machines.find(({ address }) => address === backend);
  const other = machines.find(({ address }) => address !== backend);
  socket.destroy();
  closed?.refuse();
  if (socket.readyState !== 'closed') await nextEvent(socket, 'close');
  for (let call = 0; call < 10; call++) {
    await t.rejects(tcpBackend(at, { from: client }), { code: 'ECONNRESET' }, 'accepted first, then reset');
  }
  t.equal(other?.accepted, 0);
});
