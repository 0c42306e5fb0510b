/** Azure's distribution of flows, assertion by assertion: what the tests of the emulator's own distribution leave open. */
import t from 'tap';
import { echoes, inParallel, openStream, tcpBackend } from '../data-plane/network.js';
import { Cloud } from '../emulator/cloud.js';
import { clientAddresses } from '../emulator/load-balancer.js';
import { nextEvent, until } from '../turns.js';
import { addresses, putBalancer, reached, refusalOf } from './stage.js';

const port = 8080;
const cloud = await Cloud.start(t, { network: 241 });
const client = '127.241.200.1';
const rule = { frontendPort: 5080, backendPort: port };
const affine = { ...rule, loadDistribution: 'SourceIP' };
const members = (...hosts: number[]) => hosts.map((host) => ({ host }));
const local = (...hosts: number[]) => hosts.map(cloud.localAddress);

t.test('under Default, a client that uses the same five-tuple again meets the same backend', async (t) => {
  const ip = await cloud.prepare();
  for (const host of [4, 5, 6]) await cloud.machine(t, host, port);
  await putBalancer(cloud, { pools: { pool: members(4, 5, 6) }, rules: { web: rule } });
  const at = await cloud.place(ip, 5080);
  const used = new Set<string>();
  for (let fromPort = 21_001; fromPort <= 21_012; fromPort++) {
    const met = new Set<string>();
    for (let call = 0; call < 3; call++) {
      const { socket, backend } = await openStream(at, { from: client, fromPort });
      met.add(backend);
      socket.resetAndDestroy();
      await nextEvent(socket, 'close');
    }
    t.equal(met.size, 1, `port ${fromPort}`);
    used.add([...met].join());
  }
  t.ok(used.size > 1, 'other ports lead elsewhere');
});

t.test('under SourceIP', async (t) => {
  const ip = await cloud.prepare();
  for (const host of [4, 5, 6]) await cloud.machine(t, host, port);
  await putBalancer(cloud, { pools: { pool: members(4, 5, 6) }, rules: { web: affine } });
  const at = await cloud.place(ip, 5080);

  await t.test('all that comes from one address, as from behind a NAT, goes to one backend', async (t) => {
    t.equal((await reached(at, { from: client, count: 50 })).length, 1);
  });

  await t.test('the clients of a member that is removed find another one, and stay there', async (t) => {
    const gone = await tcpBackend(at, { from: client });
    const left = [4, 5, 6].filter((host) => cloud.localAddress(host) !== gone);
    await cloud.put('loadBalancers/lb/backendAddressPools/pool', { properties: addresses(cloud, members(...left)) });
    const now = await reached(at, { from: client, count: 20 });
    t.equal(now.length, 1);
    t.ok(local(...left).includes(now[0] as string));
  });
});

t.test('a member that is added gets new flows; those that are established stay where they are', async (t) => {
  const ip = await cloud.prepare();
  for (const host of [4, 5, 6, 7]) await cloud.machine(t, host, port);
  await putBalancer(cloud, { pools: { pool: members(4, 5, 6) }, rules: { web: rule } });
  const at = await cloud.place(ip, 5080);
  const streams = await Promise.all(Array.from({ length: 30 }, () => openStream(at, { from: client })));
  await cloud.put('loadBalancers/lb/backendAddressPools/pool', { properties: addresses(cloud, members(4, 5, 6, 7)) });
  t.strictSame(await reached(at, { from: client, count: 120 }), local(4, 5, 6, 7));
  for (const stream of streams) {
    t.ok(await echoes(stream, 'where I was\n'));
    stream.socket.destroy();
  }
});

t.test('two frontends of one load balancer have each its own lasting choice for a client', async (t) => {
  const ip = await cloud.prepare();
  const other = await cloud.publicIp('ip2');
  for (const host of [4, 5, 6]) for (const at of [port, 8081]) await cloud.machine(t, host, at);
  await putBalancer(cloud, {
    frontends: { front: 'ip', front2: 'ip2' },
    pools: { pool: members(4, 5, 6) },
    rules: { web: affine, web2: { ...affine, frontend: 'front2', backendPort: 8081 } },
  });
  const [first, second] = [await cloud.place(ip, 5080), await cloud.place(other, 5080)];
  let apart = 0;
  await inParallel(clientAddresses('127.241.201', 45), 8, async (from) => {
    const [here, there] = [await reached(first, { from, count: 3 }), await reached(second, { from, count: 3 })];
    t.strictSame([here.length, there.length], [1, 1], from);
    if (here[0] !== there[0]) apart++;
  });
  t.ok(apart > 12 && apart < 45, `${apart} of 45 clients have another backend at the other frontend`);
});

t.test('a frontend port leads to another backend port, and the client sees only the frontend', async (t) => {
  const ip = await cloud.prepare();
  const machine = await cloud.machine(t, 4, port);
  await putBalancer(cloud, { pools: { pool: members(4) }, rules: { web: rule } });
  const at = await cloud.place(ip, 5080);
  const { socket } = await openStream(at, { from: client });
  t.strictSame([socket.remoteAddress, socket.remotePort], [ip, 5080]);
  const [served] = [...machine.sockets];
  t.strictSame([served?.localAddress, served?.localPort], [cloud.localAddress(4), port]);
  socket.destroy();
});

t.test(
  'a backend sees its client’s address; the source port is another one, because a socket cannot take it',
  async (t) => {
    const ip = await cloud.prepare();
    await cloud.machine(t, 4, port);
    await putBalancer(cloud, { pools: { pool: members(4) }, rules: { web: rule } });
    const at = await cloud.place(ip, 5080);
    const { socket, seenAs } = await openStream(at, { from: client, fromPort: 21_500 });
    t.match(seenAs, new RegExp(`^${client}:\\d+$`));
    t.not(seenAs, `${client}:21500`);
    socket.destroy();
  },
);

t.test('high availability ports', async (t) => {
  const everything = { protocol: 'All', frontendPort: 0, backendPort: 0 };

  await t.test('are refused at a public frontend, Standard or Basic', async (t) => {
    await cloud.prepare();
    for (const sku of ['Standard', 'Basic'] as const) {
      t.equal(await refusalOf(cloud, { sku, rules: { ha: everything } }), '400 HaPortsRuleNotSupported', sku);
    }
  });

  await t.test('are Unbound in an internal Standard load balancer: a socket cannot listen on every port', async (t) => {
    await cloud.prepare();
    await putBalancer(cloud, {
      privateIPAddress: cloud.azureAddress(100),
      pools: { pool: members(4) },
      rules: { ha: everything },
    });
    const frontends = await until('both protocols', async () => {
      const all = await cloud.frontends();
      return all.length === 2 && all;
    });
    for (const { state, reason } of frontends) t.match(`${state}: ${reason}`, /^Unbound: .*every port/);
  });
});
