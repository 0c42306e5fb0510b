/** Outbound rules made through the API: calls of backends, their metrics, and what an engine without packets says instead. */
import { connect } from 'node:net';
import t from 'tap';
import { balancer } from '../behaviour/stage.js';
import { Backend, openStream } from '../data-plane/network.js';
import { engineOfRun } from '../data-plane/nftables/in-namespace.js';
import { until } from '../turns.js';
import { Cloud, idOf } from './cloud.js';

const network = 204;
const engine = engineOfRun(t, import.meta.url);
const cloud = await Cloud.start(t, { network, argv: ['--in-memory', '--engine', engine] });

interface Block {
  readonly azureAddress: string;
  readonly frontendAddress: string;
  readonly transport: string;
  readonly firstPort: number;
  readonly lastPort: number;
  readonly inside: readonly string[];
  readonly state: string;
  readonly reason: string | null;
}

const blocks = async (): Promise<Block[]> =>
  ((await cloud.send('GET', '/_lazurite/outbound')).body as { value: Block[] }).value;

const ip = await cloud.prepare();
const outboundRules = { out: { allocatedOutboundPorts: 8, protocol: 'Tcp' } };
await cloud.put('loadBalancers/lb', balancer(cloud, { outboundRules }));
for (const host of [4, 5]) await cloud.nic(host, { pools: ['loadBalancers/lb/backendAddressPools/pool'] });

t.test('Every member of the pool has its block of ports', async (t) => {
  t.strictSame(
    (await blocks()).map(({ azureAddress, frontendAddress, transport, firstPort, lastPort }) =>
      [azureAddress, frontendAddress, transport, firstPort, lastPort].join(' '),
    ),
    [`${cloud.azureAddress(4)} ${ip} tcp 1024 1031`, `${cloud.azureAddress(5)} ${ip} tcp 1032 1039`],
  );
  const states = new Set((await blocks()).map(({ state, reason }) => `${state} ${reason}`));
  const [state = ''] = states;
  t.match(state, engine === 'nftables' ? /^CarriedOut null$/ : /^Ignored Outbound rules: .*--engine nftables/);
});

t.test('What is inside of the network follows the network, though nothing else has changed', async (t) => {
  const insides = async (): Promise<boolean[]> =>
    (await blocks()).map(({ inside }) => inside.includes('127.205.0.0/16'));
  t.strictSame(await insides(), [false, false]);
  const { properties } = await cloud.get('virtualNetworks/vnet');
  const { addressSpace, subnets } = properties as { addressSpace: { addressPrefixes: string[] }; subnets: unknown };
  const addressPrefixes = [...addressSpace.addressPrefixes, '10.205.0.0/16'];
  await cloud.put('virtualNetworks/vnet', { properties: { addressSpace: { addressPrefixes }, subnets } });
  t.strictSame(await insides(), [true, true]);
});

/** SnatConnectionCount of the last hour, by the state of the connection. */
async function connectionCounts(): Promise<Record<string, number>> {
  const filter = encodeURIComponent("ConnectionState eq '*'");
  const path = `${idOf('loadBalancers/lb')}/providers/Microsoft.Insights/metrics?api-version=2018-01-01`;
  const { body } = await cloud.send('GET', `${path}&metricnames=SnatConnectionCount&interval=FULL&$filter=${filter}`);
  const { value } = body as {
    value: { timeseries: { metadatavalues: { value: string }[]; data: { total?: number }[] }[] }[];
  };
  return Object.fromEntries(
    (value[0]?.timeseries ?? []).map(({ metadatavalues, data }) => [metadatavalues[0]?.value, data[0]?.total ?? 0]),
  );
}

// What backends send out passes no socket of the userspace engine.
if (engine === 'nftables')
  t.test('A member leaves from the public address until its ports are used up; the metric counts both', async (t) => {
    const internet = await Backend.start('198.51.100.7', 443);
    t.teardown(() => internet.stop());
    const from = cloud.localAddress(5);
    const seen: string[] = [];
    for (let call = 0; call < 8; call++) {
      const { seenAs, socket } = await openStream(internet, { from });
      seen.push(seenAs);
      t.teardown(() => socket.destroy());
    }
    t.strictSame(
      seen.sort(),
      Array.from({ length: 8 }, (_, at) => `${ip}:${1032 + at}`),
    );
    const ninth = connect({ host: internet.address, port: internet.port, localAddress: from });
    ninth.on('connect', () => t.fail('there is no port left'));
    t.teardown(() => ninth.destroy());
    const counted = await until('the metric counts', async () => {
      const states = await connectionCounts();
      return (states.Failed ?? 0) > 0 && states;
    });
    t.equal(counted.Successful, 8);
    const { body } = await cloud.send('GET', '/_lazurite/metrics');
    const labels = `load_balancer="lb",rule="out",frontend="${ip}",backend="${cloud.azureAddress(5)}",protocol="tcp"`;
    t.match(String(body), `lazurite_outbound_snat_connections_total{${labels}} 8\n`);
    t.match(String(body), `lazurite_outbound_snat_ports_exhausted_total{${labels}} `);
  });
