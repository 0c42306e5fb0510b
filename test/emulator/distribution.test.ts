/** Azure's three distribution modes, seen from the clients of a load balancer that was made through the API. */
import t, { type Test } from 'tap';
import { echoes, inParallel, openStream, tcpBackend, udpBackend } from '../data-plane/network.js';
import { engineOfRun } from '../data-plane/nftables/in-namespace.js';
import { Cloud } from './cloud.js';
import { clientAddresses, loadBalancer, type Rule } from './load-balancer.js';

const network = 201;
const clients = clientAddresses('127.31.1', 200);
const hosts = [4, 5, 6];
const backendPort = 8080;
const engine = engineOfRun(t, import.meta.url);
const cloud = await Cloud.start(t, { network, argv: ['--in-memory', '--engine', engine] });

interface Stage {
  readonly ip: string;
  readonly rules: (loadDistribution: string) => Promise<void>;
}

/** Three machines behind one public address. RD Gateway's ports and media upload are rules of the same pool. */
async function stage(t: Test): Promise<Stage> {
  const ip = await cloud.prepare();
  const gatewayPort = 8443;
  for (const host of hosts) {
    await cloud.machine(t, host, backendPort);
    await cloud.machine(t, host, gatewayPort);
  }
  const rules = async (loadDistribution: string): Promise<void> => {
    const rule = (name: string, rest: Partial<Rule>): Rule => ({
      name,
      frontendPort: 5000,
      backendPort,
      loadDistribution,
      ...rest,
    });
    await cloud.put(
      'loadBalancers/lb',
      loadBalancer({
        rules: [
          rule('control', {}),
          rule('data', { protocol: 'Udp' }),
          rule('gateway-https', { frontendPort: 443, backendPort: gatewayPort }),
          rule('gateway-udp', { frontendPort: 3391, backendPort: gatewayPort, protocol: 'Udp' }),
        ],
      }),
    );
  };
  await rules('Default');
  for (const host of hosts) await cloud.nic(host, { pools: ['loadBalancers/lb/backendAddressPools/pool'] });
  return { ip, rules };
}

t.test('a load balancer spreads connections by its rules’ distribution mode', async (t) => {
  const { ip, rules } = await stage(t);
  const at = await cloud.place(ip, 5000);
  const udpAt = await cloud.place(ip, 5000, 'udp');
  const all = hosts.map(cloud.localAddress).sort();

  await t.test('under Default, the connections of one client reach every backend', async (t) => {
    const share = new Map<string, number>();
    await inParallel(
      Array.from({ length: 300 }, (_, call) => call),
      16,
      async () => {
        const backend = await tcpBackend(at, { from: '127.31.2.1' });
        share.set(backend, (share.get(backend) ?? 0) + 1);
      },
    );
    t.strictSame([...share.keys()].sort(), all);
    // 100 each expected, 8.2 the standard deviation: five of them are no accident.
    for (const count of share.values()) t.ok(count > 55 && count < 145, `${count} of 300`);
  });

  await t.test('under Default, all that is sent over one connection stays on one backend', async (t) => {
    const stream = await openStream(at, { from: '127.31.2.2' });
    for (let turn = 0; turn < 20; turn++) t.ok(await echoes(stream, `turn ${turn}\n`));
    stream.socket.destroy();
  });

  await t.test('a backend sees who calls', async (t) => {
    const stream = await openStream(at, { from: '127.31.2.3' });
    t.match(stream.seenAs, /^127\.31\.2\.3:\d+$/);
    stream.socket.destroy();
  });

  await rules('SourceIP');

  await t.test('under SourceIP, each of 200 clients stays on one backend, and every backend is used', async (t) => {
    const seen = new Map<string, Set<string>>(clients.map((client) => [client, new Set()]));
    const calls = [...clients, ...clients, ...clients, ...clients];
    await inParallel(calls, 16, async (client) => {
      seen.get(client)?.add(await tcpBackend(at, { from: client }));
    });
    t.strictSame(
      clients.filter((client) => seen.get(client)?.size !== 1),
      [],
    );
    t.strictSame([...new Set([...seen.values()].flatMap((backends) => [...backends]))].sort(), all);
  });

  await t.test('under SourceIP, a media upload’s TCP control and UDP data meet on one backend', async (t) => {
    const apart: string[] = [];
    await inParallel(clients, 16, async (client) => {
      const [control, data] = await Promise.all([
        tcpBackend(at, { from: client }),
        udpBackend(udpAt, { from: client }),
      ]);
      if (control !== data) apart.push(client);
    });
    t.strictSame(apart, []);
  });

  await t.test('under SourceIP, an RD Gateway’s TCP 443 and UDP 3391 meet on one backend', async (t) => {
    const [https, udp] = [await cloud.place(ip, 443), await cloud.place(ip, 3391, 'udp')];
    const apart: string[] = [];
    await inParallel(clients, 16, async (client) => {
      const backends = [
        await tcpBackend(https, { from: client }),
        await udpBackend(udp, { from: client }),
        await tcpBackend(at, { from: client }),
      ];
      if (new Set(backends).size !== 1) apart.push(`${client}: ${backends.join(' ')}`);
    });
    t.strictSame(apart, []);
  });

  await t.test('the mode may be written in any casing and reads back as Azure spells it', async (t) => {
    await rules('sourceIPPROTOCOL');
    const { properties } = await cloud.get('loadBalancers/lb/loadBalancingRules/control');
    t.equal(properties.loadDistribution, 'SourceIPProtocol');
  });

  await t.test('under SourceIPProtocol, a client has one backend per protocol, not always the same', async (t) => {
    let apart = 0;
    await inParallel(clients.slice(0, 60), 16, async (client) => {
      const tcp = new Set<string>();
      const udp = new Set<string>();
      for (let call = 0; call < 3; call++) {
        tcp.add(await tcpBackend(at, { from: client }));
        udp.add(await udpBackend(udpAt, { from: client }));
      }
      t.equal(tcp.size, 1, `${client} over TCP`);
      t.equal(udp.size, 1, `${client} over UDP`);
      if ([...tcp][0] !== [...udp][0]) apart++;
    });
    // Two independent choices among three backends differ for 40 of 60 clients.
    t.ok(apart > 20 && apart < 58, `${apart} of 60 differ`);
  });
});

t.test('switching the mode has no downtime: no stream breaks and no connection is refused', async (t) => {
  const { ip, rules } = await stage(t);
  const at = await cloud.place(ip, 5000);
  const streams = await Promise.all(clients.slice(0, 50).map((from) => openStream(at, { from })));
  let switching = true;
  let connected = 0;
  const refused: string[] = [];
  const connecting = Array.from({ length: 4 }, async (_, caller) => {
    while (switching) {
      await tcpBackend(at, { from: `127.31.3.${caller + 1}` }).then(
        () => connected++,
        (error: Error) => refused.push(error.message),
      );
    }
  });
  const talking = streams.map(async (stream, index) => {
    let turns = 0;
    while (switching || turns === 0) {
      if (!(await echoes(stream, `stream ${index}, turn ${turns++}\n`))) throw new Error(`stream ${index} broke`);
    }
  });
  for (const mode of ['SourceIP', 'SourceIPProtocol', 'Default', 'SourceIP']) await rules(mode);
  switching = false;
  await Promise.all([...connecting, ...talking]);
  t.strictSame(refused, []);
  t.ok(connected > 0, `${connected} connections while the mode was switched`);
  const affine = new Set<string>();
  for (let call = 0; call < 10; call++) affine.add(await tcpBackend(at, { from: clients[0] as string }));
  t.equal(affine.size, 1, 'new connections follow the new mode');
  for (const { socket } of streams) socket.destroy();
});
