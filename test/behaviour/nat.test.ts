/** Azure's inbound NAT rules of pools and its arithmetic of SNAT ports, assertion by assertion. */
import t from 'tap';
import { tcpBackend } from '../data-plane/network.js';
import { engineOfRun } from '../data-plane/nftables/in-namespace.js';
import { Cloud, idOf } from '../emulator/cloud.js';
import { until } from '../turns.js';
import { addresses, balancer, putBalancer, refusalOf } from './stage.js';

const port = 2222;
const pool = 'loadBalancers/lb/backendAddressPools/pool';
const engine = engineOfRun(t, import.meta.url);
const cloud = await Cloud.start(t, { network: 245, argv: ['--in-memory', '--engine', engine] });
const members = (...hosts: number[]) => hosts.map((host) => ({ host }));
const ssh = { frontendPortRangeStart: 50_500, frontendPortRangeEnd: 50_502, backendPort: port };
const put = (...hosts: number[]) =>
  cloud.tryPut(pool, { properties: addresses(cloud, members(...hosts)) }).catch((error: Error) => error.message);

/** Frontend port of each machine, as the pool's query answers. */
async function mappings(...hosts: number[]): Promise<(number | undefined)[]> {
  const url = `${idOf(pool)}/queryInboundNatRulePortMapping?api-version=2024-05-01`;
  return Promise.all(
    hosts.map(async (host) => {
      const answer = await cloud.send('POST', url, { ipAddress: cloud.azureAddress(host) });
      const location = answer.headers.location;
      const { body } = answer.status === 202 ? await cloud.send('GET', String(location)) : answer;
      const { inboundNatRulePortMappings: found = [] } = body as {
        inboundNatRulePortMappings?: { frontendPort: number; backendPort: number }[];
      };
      return found.find(({ backendPort }) => backendPort === port)?.frontendPort;
    }),
  );
}

t.test('an inbound NAT rule of a pool, with a range of three ports', async (t) => {
  const ip = await cloud.prepare();
  for (const host of [4, 5, 6, 7]) await cloud.machine(t, host, port);
  await putBalancer(cloud, { pools: { pool: members(4, 5, 6) }, natRules: { ssh } });

  await t.test('leads each port to one member, and the query tells which', async (t) => {
    t.strictSame(await mappings(4, 5, 6), [50_500, 50_501, 50_502]);
    for (const [index, host] of [4, 5, 6].entries()) {
      const at = await cloud.place(ip, 50_500 + index);
      for (let call = 0; call < 3; call++) t.equal(await tcpBackend(at), cloud.localAddress(host));
    }
  });

  await t.test('has no port for a fourth member', async (t) => {
    const outcome = await put(4, 5, 6, 7);
    t.comment(outcome);
    t.strictSame(await mappings(4, 5, 6, 7), [50_500, 50_501, 50_502, undefined]);
  });

  await t.test('keeps the ports of the others when the second member leaves, and gives its port away', async (t) => {
    t.equal(await put(4, 6), 'Succeeded');
    t.strictSame(await mappings(4, 6), [50_500, 50_502]);
    t.equal(await tcpBackend(await cloud.place(ip, 50_502)), cloud.localAddress(6));
    t.equal(await put(4, 6, 7), 'Succeeded');
    t.strictSame(await mappings(4, 6, 7), [50_500, 50_502, 50_501]);
    t.equal(await tcpBackend(await cloud.place(ip, 50_501)), cloud.localAddress(7));
  });
});

t.test('outbound rules: ports per instance', async (t) => {
  const outbound = (allocatedOutboundPorts: number) => ({
    pools: { pool: members(4, 5, 6, 7, 8, 9, 10) },
    outboundRules: { out: { allocatedOutboundPorts } },
  });

  await t.test('come in eights', async (t) => {
    await cloud.prepare();
    t.equal(
      await refusalOf(cloud, outbound(1001)),
      '400 SpecifiedAllocatedOutboundPortsForOutboundRuleIsNotAMultipleOfEight',
    );
  });

  await t.test('are no limit for IP addresses that no network interface has', async (t) => {
    await cloud.prepare();
    t.match(await refusalOf(cloud, outbound(10_000)), /^20[01]$/);
    t.match(await refusalOf(cloud, outbound(9136)), /^20[01]$/);
  });

  await t.test('are 1024 each in a pool of up to 50 when Azure may choose', async (t) => {
    await cloud.prepare();
    await cloud.put('loadBalancers/lb', balancer(cloud, outbound(0)));
    await cloud.emulator.advance(2 * 60_000);
    const filter = encodeURIComponent(`BackendIPAddress eq '${cloud.azureAddress(4)}'`);
    const url = `${idOf('loadBalancers/lb')}/providers/Microsoft.Insights/metrics?api-version=2018-01-01&metricnames=AllocatedSnatPorts&$filter=${filter}`;
    const allocated = await until('a minute has been measured', async () => {
      const { body } = await cloud.send('GET', url);
      const { value } = body as { value: { timeseries: { data: { average?: number }[] }[] }[] };
      return value[0]?.timeseries[0]?.data.map(({ average }) => average).findLast((average) => average !== undefined);
    });
    t.equal(allocated, 1024);
  });
});
