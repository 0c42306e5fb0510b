/** What Azure's health probes find out, assertion by assertion, through the API and over real connections. */
import t, { type Test } from 'tap';
import { openStream, tcpBackend } from '../data-plane/network.js';
import { Cloud } from '../emulator/cloud.js';
import { until } from '../turns.js';
import { addresses, givenUp, HealthPage, healthOf, putBalancer, reached, refusalOf, shares } from './stage.js';

const port = 8080;
const probePort = 9090;
const client = '127.242.200.1';
const pool = 'loadBalancers/lb/backendAddressPools/pool';
const cloud = await Cloud.start(t, { network: 242 });
const members = (...hosts: number[]) => hosts.map((host) => ({ host }));
const page = (of: Test, host: number): Promise<HealthPage> =>
  HealthPage.start(of, { address: cloud.localAddress(host), port: probePort });
const web = { frontendPort: 5080, backendPort: port, probe: 'probe' };
const http = { protocol: 'Http', port: probePort, requestPath: '/h' };
const tcp = { protocol: 'Tcp', port: probePort };
const seconds = (count: number): Promise<void> => cloud.emulator.advance(count * 1000);
/** Waits until a machine is in this state for this reason. */
const becomes = (host: number, wanted: string): Promise<boolean> =>
  until(`${host}: ${wanted}`, async () => (await healthOf(cloud))[host] === wanted);

t.test(
  'only 200 is healthy: 503, 301, 401, 204 and 404 are down at the next probe, 200 is up at the next',
  async (t) => {
    await cloud.prepare();
    const health = await page(t, 4);
    await putBalancer(cloud, { pools: { pool: members(4) }, probes: { probe: http }, rules: { web } });
    await becomes(4, 'Up Up_Probe_Success');
    for (const status of [503, 301, 401, 204, 404]) {
      health.status = status;
      await seconds(5);
      await becomes(4, 'Down Down_Probe_HttpStatusCodeError');
      health.status = 200;
      await seconds(5);
      await becomes(4, 'Up Up_Probe_Success');
    }
    t.pass('each of them');
  },
);

t.test(
  'an HTTP server that never answers fails at the end of the interval, of a long one after 30 seconds',
  async (t) => {
    await cloud.prepare();
    (await page(t, 4)).status = 'silent';
    for (const [intervalInSeconds, patience] of [
      [5, 5],
      [60, 30],
    ] as const) {
      const probe = { ...http, intervalInSeconds };
      await cloud.delete('loadBalancers/lb');
      await putBalancer(cloud, { pools: { pool: members(4) }, probes: { probe }, rules: { web } });
      await seconds(patience - 3);
      t.equal((await healthOf(cloud))[4], 'Down NA', `${patience - 3} seconds may pass`);
      await seconds(4);
      await becomes(4, 'Down Down_Probe_HttpNoResponse');
    }
  },
);

t.test('numberOfProbes does not delay anything: one failure is enough', async (t) => {
  await cloud.prepare();
  const health = await page(t, 4);
  const probe = { ...http, numberOfProbes: 5 };
  await putBalancer(cloud, { pools: { pool: members(4) }, probes: { probe }, rules: { web } });
  await becomes(4, 'Up Up_Probe_Success');
  health.status = 500;
  await seconds(5);
  await becomes(4, 'Down Down_Probe_HttpStatusCodeError');
  t.equal((await cloud.get('loadBalancers/lb/probes/probe')).properties.numberOfProbes, 5, 'it is shown');
});

t.test('probeThreshold 3 over TCP: two failures only approach, three are down, three answers bring back', async (t) => {
  await cloud.prepare();
  const machine = await cloud.machine(t, 4, probePort);
  const probe = { ...tcp, probeThreshold: 3 };
  await putBalancer(cloud, { pools: { pool: members(4) }, probes: { probe }, rules: { web } });
  await seconds(10);
  await becomes(4, 'Up Up_Probe_Success');
  const approaching = 'Up Up_Probe_ApproachingUnhealthyThreshold';
  machine.refuse();
  await seconds(10);
  await becomes(4, approaching);
  await machine.acceptAgain();
  await seconds(5);
  await becomes(4, 'Up Up_Probe_Success');
  machine.refuse();
  await seconds(10);
  await becomes(4, approaching);
  await seconds(5);
  await becomes(4, 'Down Down_Probe_TcpProbeTimeout');
  await machine.acceptAgain();
  await seconds(10);
  await becomes(4, 'Down Down_Probe_ApproachingHealthyThreshold');
  await seconds(5);
  await becomes(4, 'Up Up_Probe_Success');
  t.pass('three of each');
});

t.test('a new member whose application fails its probe never gets a flow', async (t) => {
  const ip = await cloud.prepare();
  const machines = [await cloud.machine(t, 4, port), await cloud.machine(t, 5, port)];
  await page(t, 4);
  (await page(t, 5)).status = 'silent';
  await putBalancer(cloud, { pools: { pool: members(4) }, probes: { probe: http }, rules: { web } });
  await becomes(4, 'Up Up_Probe_Success');
  const at = await cloud.place(ip, 5080);
  await cloud.put(pool, { properties: addresses(cloud, members(4, 5)) });
  t.equal((await healthOf(cloud))[5], 'Down NA', 'not probed yet');
  t.strictSame(await reached(at, { from: client, count: 40 }), [cloud.localAddress(4)]);
  await seconds(20);
  await becomes(5, 'Down Down_Probe_HttpNoResponse');
  t.strictSame(await reached(at, { from: client, count: 40 }), [cloud.localAddress(4)]);
  t.equal(machines[1]?.accepted, 0);
});

t.test('a Basic load balancer has no HTTPS probes', async (t) => {
  await cloud.prepare();
  const https = { ...http, protocol: 'Https' };
  t.equal(await refusalOf(cloud, { sku: 'Basic', probes: { probe: https } }), '400 HttpsProbeNotSupportedOnBasicSku');
});

t.test('a TCP probe has no path', async (t) => {
  await cloud.prepare();
  const probe = { ...tcp, requestPath: '/h' };
  t.equal(await refusalOf(cloud, { probes: { probe } }), '400 ProbeRequestPathIsNotNull');
});

t.test('a probe’s interval is 5 seconds at least', async (t) => {
  await cloud.prepare();
  const probe = { ...tcp, intervalInSeconds: 4 };
  t.equal(await refusalOf(cloud, { probes: { probe } }), '400 ProbeIntervalIsOutOfRange');
});

t.test('a rule without a probe gives a dead backend its share, and the client sees it fail', async (t) => {
  const ip = await cloud.prepare();
  await cloud.machine(t, 4, port);
  const { probe: _, ...unprobed } = web;
  await putBalancer(cloud, { pools: { pool: members(4, 5) }, rules: { web: unprobed } });
  const share = await shares(await cloud.place(ip, 5080), { from: client, count: 200 });
  const failed = share.get('failed') ?? 0;
  // 100 expected, 7.1 the standard deviation.
  t.ok(failed > 60 && failed < 140, `${failed} of 200 failed`);
  t.equal(share.get(cloud.localAddress(4)), 200 - failed);
});

t.test('a probe on another port than the data decides alone', async (t) => {
  const ip = await cloud.prepare();
  const machine = await cloud.machine(t, 4, port);
  const health = await page(t, 4);
  await putBalancer(cloud, { pools: { pool: members(4) }, probes: { probe: http }, rules: { web } });
  await becomes(4, 'Up Up_Probe_Success');
  const at = await cloud.place(ip, 5080);
  machine.refuse();
  await seconds(10);
  t.equal((await healthOf(cloud))[4], 'Up Up_Probe_Success', 'although its data port refuses');
  await t.rejects(tcpBackend(at, { from: client }), { code: 'ECONNRESET' });
  await machine.acceptAgain();
  health.status = 503;
  await seconds(5);
  await becomes(4, 'Down Down_Probe_HttpStatusCodeError');
  const before = machine.accepted;
  const unanswered = openStream(at, { from: client }).catch(() => 'never served');
  t.equal(await givenUp(cloud, unanswered), 'never served');
  t.equal(machine.accepted, before, 'although its data port accepts');
});

t.test('under floating IP, a probe still goes to the backend’s own address', async (t) => {
  await cloud.prepare();
  const health = await page(t, 4);
  await putBalancer(cloud, {
    pools: { pool: members(4) },
    probes: { probe: http },
    rules: { web: { ...web, enableFloatingIP: true } },
  });
  await becomes(4, 'Up Up_Probe_Success');
  t.strictSame([...new Set(health.askedAt)], [cloud.localAddress(4)]);
});
