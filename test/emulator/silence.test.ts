/** What Azure does not answer, which member a datagram reaches, and what a probe accepts: through the API, both engines. */
import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { ExplainView } from '../../src/api/admin/views.js';
import { addressMembers, type BalancerParts, balancerBody } from '../balancer-body.js';
import { openStream, UdpClient } from '../data-plane/network.js';
import { engineOfRun } from '../data-plane/nftables/in-namespace.js';
import { nextEvent, until } from '../turns.js';
import { Cloud, idOf, ref } from './cloud.js';
import { clientAddresses } from './load-balancer.js';

const network = 206;
const engine = engineOfRun(t, import.meta.url);
const cloud = await Cloud.start(t, { network, argv: ['--in-memory', '--engine', engine] });
const hosts = [4, 5, 6];

/** PUTs a balancer with one public frontend and one pool of the machines named; `down`: those an administrator put out. */
function balancer(
  members: readonly number[],
  { down = [], ...parts }: Partial<BalancerParts> & { readonly down?: readonly number[] },
): Promise<unknown> {
  const pool = addressMembers(members.map(cloud.azureAddress), ref('virtualNetworks/vnet'));
  const addresses = pool.loadBalancerBackendAddresses as { name: string; properties: Record<string, unknown> }[];
  for (const { name, properties } of addresses)
    if (down.map(cloud.azureAddress).includes(name)) properties.adminState = 'Down';
  const frontends = { front: { publicIPAddress: ref('publicIPAddresses/ip') } };
  return cloud.put(
    'loadBalancers/lb',
    balancerBody(idOf('loadBalancers/lb'), { frontends, pools: { pool }, ...parts }),
  );
}

/** A listener for probes on a machine's port; `answer` gets each request's head. */
async function probed(t: Test, host: number, { port, answer }: { port: number; answer: (head: string) => string }) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    socket.once('data', (head) => socket.end(answer(String(head))));
  });
  server.listen(port, cloud.localAddress(host));
  await nextEvent(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const unavailable = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n';

/** State and reason of one machine's only rule, as soon as it is another one than `NA`. */
const judged = (host: number): Promise<string> =>
  until(`a verdict about ${host}`, async () => {
    const found = (await cloud.backends()).find(({ azureAddress }) => azureAddress === cloud.azureAddress(host));
    return found && found.reason !== 'NA' && `${found.state} ${found.reason}`;
  });

const udpRule = { protocol: 'Udp', frontendPort: 7000, backendPort: 7001 };

t.test('the path of an HTTP probe reaches the machine as a path, however it was written', async (t) => {
  await cloud.prepare();
  const asked: string[] = [];
  const answer = (head: string): string => {
    asked.push(head.split('\r\n', 1)[0] as string);
    return ok;
  };
  await probed(t, 4, { port: 7110, answer });
  for (const [index, [requestPath, target]] of (
    [
      ['probe.aspx', '/probe.aspx'],
      ['status/ready?full=yes', '/status/ready?full=yes'],
      ['/is it up', '/is%20it%20up'],
      ['gesundheit/prüfung', '/gesundheit/pr%C3%BCfung'],
    ] as const
  ).entries()) {
    const name = `probe-${index}`;
    await balancer([4], {
      probes: { [name]: { protocol: 'Http', port: 7110, requestPath } },
      rules: { web: { frontendPort: 7000, backendPort: 7001, probe: name } },
    });
    t.equal(await judged(4), 'Up Up_Probe_Success', requestPath);
    t.ok(asked.includes(`GET ${target} HTTP/1.1`), target);
    const stored = await cloud.get(`loadBalancers/lb/probes/${name}`);
    t.equal(stored.properties.requestPath, requestPath, 'it reads back as it was written');
  }
});

t.test('an HTTP probe accepts status 200 only, on ports that Azure asks', async (t) => {
  await cloud.prepare();
  const answers = new Map([
    [7110, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
    [7111, 'HTTP/1.1 204 No Content\r\n\r\n'],
    [7112, unavailable],
    [25, ok],
    [143, ok],
  ]);
  for (const [port, answer] of answers) await probed(t, 4, { port, answer: () => answer });
  for (const port of answers.keys()) {
    const name = `probe-${port}`;
    await balancer([4], {
      probes: { [name]: { protocol: 'Http', port, requestPath: '/' } },
      rules: { web: { frontendPort: 7000, backendPort: 7001, probe: name } },
    });
    const reason = port > 1024 ? 'Down_Probe_HttpStatusCodeError' : 'Down_Probe_HttpEndpointUnreachable';
    t.equal(await judged(4), `Down ${reason}`, `port ${port}`);
  }
});

t.test('each datagram of a socket that stays open reaches the member that explain names', async (t) => {
  const ip = await cloud.prepare();
  const sick = new Set<number>();
  for (const host of hosts) {
    await cloud.machine(t, host, 7001);
    await probed(t, host, { port: 7110, answer: () => (sick.has(host) ? unavailable : ok) });
  }
  const probes = { health: { protocol: 'Http', port: 7110, requestPath: '/health' } };
  const put = (members: readonly number[], rest: Record<string, unknown> = {}, down: readonly number[] = []) =>
    balancer(members, { down, probes, rules: { data: { ...udpRule, probe: 'health', ...rest } } });
  await put(hosts);
  await cloud.membersUp(...hosts);
  const at = await cloud.place(ip, 7000, 'udp');
  const clients = await Promise.all(
    clientAddresses('127.36.1', 16).map(async (from) => ({ from, socket: await UdpClient.open({ from }) })),
  );
  t.teardown(() => {
    for (const { socket } of clients) socket.close();
  });
  const apart = async (): Promise<string[]> => {
    const found = await Promise.all(
      clients.map(async ({ from, socket }) => {
        const { backend, answeredFrom } = await socket.ask(at);
        const question = `/_lazurite/explain?proto=udp&from=${from}:${socket.port}&to=${ip}:7000`;
        const { choice } = (await cloud.send('GET', question)).body as ExplainView;
        const right = choice?.address === backend && answeredFrom === `${at.address}:${at.port}`;
        return right ? [] : [`${from}: ${backend} instead of ${choice?.address}, from ${answeredFrom}`];
      }),
    );
    return found.flat();
  };
  t.strictSame(await apart(), [], 'three members');
  sick.add(4);
  await cloud.emulator.advance(20_000);
  await cloud.membersUp(5, 6);
  t.strictSame(await apart(), [], 'one is down');
  sick.delete(4);
  await cloud.emulator.advance(20_000);
  await cloud.membersUp(...hosts);
  t.strictSame(await apart(), [], 'it is up again');
  for (const { why, change, up = hosts } of [
    { why: 'one is removed', change: () => put([4, 5]), up: [4, 5] },
    { why: 'and added again', change: () => put(hosts) },
    { why: 'SourceIP', change: () => put(hosts, { loadDistribution: 'SourceIP' }) },
    { why: 'SourceIPProtocol', change: () => put(hosts, { loadDistribution: 'SourceIPProtocol' }) },
    { why: 'Default', change: () => put(hosts) },
    { why: 'an administrator has put one out', change: () => put(hosts, {}, [5]), up: [4, 6] },
    { why: 'and in again', change: () => put(hosts) },
  ]) {
    await change();
    await cloud.membersUp(...up);
    t.strictSame(await apart(), [], why);
  }
});

t.test('a datagram for a pool without members vanishes, and its sender sees no error', async (t) => {
  const ip = await cloud.prepare();
  await balancer([], { rules: { data: udpRule } });
  const at = await cloud.place(ip, 7000, 'udp');
  const socket = createSocket('udp4');
  const heard: string[] = [];
  socket.on('error', ({ message }) => heard.push(message)).on('message', (datagram) => heard.push(String(datagram)));
  socket.bind(0, '127.36.2.1');
  await nextEvent(socket, 'listening');
  socket.connect(at.port, at.address);
  await nextEvent(socket, 'connect');
  const dropped = () => {
    const samples = cloud.emulator.engine.counters();
    return samples.find(({ name }) => name === 'datagramsWithoutMember')?.value ?? 0;
  };
  for (let sent = 0; sent < 10; sent++) {
    const error = await new Promise((resolve) => socket.send('x', resolve));
    t.equal(error ?? undefined, undefined);
  }
  await until('all were dropped', async () => {
    await cloud.emulator.engine.flows();
    return dropped() >= 10;
  });
  t.strictSame(heard, []);
  socket.close();
});

t.test('without enableTcpReset an idle connection is silent for ever, at both ends', async (t) => {
  const ip = await cloud.prepare();
  const machine = await cloud.machine(t, 4, 7001);
  await balancer([4], { rules: { web: { frontendPort: 7000, backendPort: 7001, idleTimeoutInMinutes: 4 } } });
  const { socket } = await openStream(await cloud.place(ip, 7000), { from: '127.36.2.2' });
  const heard: string[] = [];
  for (const end of [socket, ...machine.sockets])
    for (const event of ['data', 'end', 'error', 'close']) end.on(event, () => heard.push(event));
  for (const seconds of [245, 240, 300, 7200]) {
    await cloud.emulator.advance(1000 * seconds);
    await cloud.emulator.engine.flows();
    t.strictSame(heard, [], `${seconds} seconds later`);
  }
  socket.destroy();
});
