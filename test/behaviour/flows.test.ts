/** What Azure does to a flow in the course of time and on its way, assertion by assertion, over real connections. */
import t, { type Test } from 'tap';
import type { RuleParts } from '../balancer-body.js';
import { dial, echoes, ending, openStream, type Stream, tcpBackend, UdpClient } from '../data-plane/network.js';
import { Cloud } from '../emulator/cloud.js';
import { nextEvent } from '../turns.js';
import { givenUp, putBalancer, refusalOf } from './stage.js';

const port = 8080;
const client = '127.244.200.1';
const minuteMs = 60_000;
const cloud = await Cloud.start(t, { network: 244 });
const members = (...hosts: number[]) => hosts.map((host) => ({ host }));
const web: RuleParts = { frontendPort: 5080, backendPort: port, idleTimeoutInMinutes: 4 };

/** A connection to the only machine behind a rule, and the machine's end of it. */
async function connected(t: Test, rule: RuleParts) {
  const ip = await cloud.prepare();
  const machine = await cloud.machine(t, 4, port);
  await putBalancer(cloud, {
    pools: { pool: members(4) },
    rules: {
      web: rule,
      other: { ...rule, frontendPort: 5081, backendPort: port, pool: 'pool', enableFloatingIP: true },
    },
  });
  const at = await cloud.place(ip, 5080);
  const stream = await openStream(at, { from: client });
  const [served] = [...machine.sockets];
  if (!served) throw new Error('no client connected');
  return { ip, at, otherAt: await cloud.place(ip, 5081), stream, served };
}

/** What a socket hears from now on. */
function listenTo({ socket }: Stream): () => string {
  let heard = '';
  for (const event of ['data', 'end', 'error']) socket.on(event, (what) => (heard += `${event} ${what}`));
  socket.resume();
  return () => heard;
}

t.test('with TCP reset enabled, four silent minutes reset both ends', async (t) => {
  const { stream, served } = await connected(t, { ...web, enableTcpReset: true });
  const both = Promise.all([ending(stream.socket), ending(served)]);
  await cloud.emulator.advance(3.5 * minuteMs);
  t.equal(await Promise.race([both, echoes(stream, 'not yet\n')]), true);
  await cloud.emulator.advance(4 * minuteMs + 1000);
  t.strictSame(await both, ['ECONNRESET', 'ECONNRESET']);
});

t.test('without TCP reset, what is sent after four silent minutes reaches nobody, and nobody is reset', async (t) => {
  const { stream, served, otherAt } = await connected(t, web);
  await cloud.emulator.advance(4 * minuteMs + 1000);
  const [client1, backend] = [listenTo(stream), listenTo({ ...stream, socket: served })];
  stream.socket.write('anybody there?\n');
  served.write('anybody there?\n');
  const other = await openStream(otherAt, { from: client });
  for (let round = 0; round < 3; round++) t.ok(await echoes(other, 'time for a round trip\n'));
  t.strictSame([client1(), backend()], ['', '']);
  for (const { socket } of [stream, other]) socket.destroy();
});

t.test('a word from either side within the idle timeout keeps a connection', async (t) => {
  const { stream, served } = await connected(t, { ...web, enableTcpReset: true });
  for (let turn = 0; turn < 3; turn++) {
    await cloud.emulator.advance(3 * minuteMs);
    t.ok(await echoes(stream, 'the client speaks\n'));
    await cloud.emulator.advance(3 * minuteMs);
    const heard = nextEvent(stream.socket.resume(), 'data');
    served.write('the backend speaks');
    t.equal(String((await heard)[0]), 'the backend speaks');
  }
  stream.socket.destroy();
});

t.test('an idle timeout of 3 or 101 minutes is refused, 4 and 100 are taken', async (t) => {
  await cloud.prepare();
  for (const idleTimeoutInMinutes of [3, 101]) {
    t.equal(
      await refusalOf(cloud, { rules: { web: { ...web, idleTimeoutInMinutes } } }),
      '400 RuleIdleTimeoutIsOutOfRange',
    );
  }
  for (const idleTimeoutInMinutes of [4, 100]) {
    t.match(await refusalOf(cloud, { rules: { web: { ...web, idleTimeoutInMinutes } } }), /^20[01]$/);
  }
});

t.test('under floating IP, a socket reaches the backend at the backend’s own address', async (t) => {
  const { served, stream } = await connected(t, { ...web, enableFloatingIP: true });
  t.strictSame([served.localAddress, served.localPort], [cloud.localAddress(4), port]);
  stream.socket.destroy();
});

t.test('two rules of one pool need backend ports of their own, unless both are floating', async (t) => {
  await cloud.prepare();
  const both = (enableFloatingIP: boolean) => ({
    rules: { web: { ...web, enableFloatingIP }, web2: { ...web, frontendPort: 5081, enableFloatingIP } },
  });
  t.equal(await refusalOf(cloud, both(false)), '400 RulesUseSameBackendPortProtocolAndPool');
  t.match(await refusalOf(cloud, both(true)), /^20[01]$/);
});

t.test('a member that calls its own internal frontend is answered by the others, and never by itself', async (t) => {
  await cloud.prepare();
  for (const host of [4, 5]) await cloud.machine(t, host, port);
  await putBalancer(cloud, {
    privateIPAddress: cloud.azureAddress(100),
    pools: { pool: members(4, 5) },
    rules: { web },
  });
  const at = await cloud.place(cloud.azureAddress(100), 5080);
  const from = cloud.localAddress(4);
  const ports = Array.from({ length: 40 }, (_, index) => 42_000 + index);
  let unanswered = 0;
  for (const fromPort of ports) {
    const { choice, reason } = await cloud.emulator.engine.explain({
      transport: 'tcp',
      sourceAddress: from,
      sourcePort: fromPort,
      destinationAddress: at.address,
      destinationPort: at.port,
    });
    if (choice) {
      t.equal(choice.address, cloud.localAddress(5));
      t.equal(await tcpBackend(at, { from, fromPort }), cloud.localAddress(5));
      continue;
    }
    unanswered++;
    t.match(reason, 'chosen for a flow of its own');
    const socket = await dial(at, { from, fromPort });
    let heard = false;
    const end = ending(socket.on('data', () => (heard = true)));
    t.equal(await givenUp(cloud, end), 'ECONNRESET');
    t.notOk(heard);
    // One is enough to see it over a socket.
    break;
  }
  t.equal(unanswered, 1, 'of 40 calls, one at least comes to the caller');
});

t.test('a UDP client is answered from the frontend that it asked', async (t) => {
  const ip = await cloud.prepare();
  for (const host of [4, 5]) await cloud.machine(t, host, port);
  await putBalancer(cloud, { pools: { pool: members(4, 5) }, rules: { data: { ...web, protocol: 'Udp' } } });
  const at = await cloud.place(ip, 5080, 'udp');
  for (let index = 1; index <= 10; index++) {
    const talker = await UdpClient.open({ from: `127.244.200.${index}` });
    t.equal((await talker.ask(at)).answeredFrom, `${ip}:5080`);
    talker.close();
  }
});
