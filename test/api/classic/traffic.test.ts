/** Classic deployments as their clients see them: real connections through an emulator that was told by XML only. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import t from 'tap';
import type { ExplainView } from '../../../src/api/admin/views.js';
import { echoes, openStream, tcpBackend, udpBackend } from '../../data-plane/network.js';
import { engineOfRun } from '../../data-plane/nftables/in-namespace.js';
import { clientAddresses } from '../../emulator/load-balancer.js';
import { until } from '../../turns.js';
import { ClassicCloud, everybodyMet, hosts, meetings as meet, member } from './classic-cloud.js';
import { azureXmlns, endpointXml, setsXml } from './harness.js';
import { dep, services } from './my-service.js';

const clients = clientAddresses('127.35.1', 60);
const engine = engineOfRun(t, import.meta.url);
const classic = await ClassicCloud.start(t, { network: 228, engine });
const { cloud, all, send } = classic;
/** What a page of the documentation says to deploy: its XML blocks. */
const filesOf = (page: string): string[] =>
  [...readFileSync(`docs/${page}`, 'utf8').matchAll(/^```xml\n(.*?)^```/gms)].map(([, text = '']) => text);
const meetings = (ask: (from: string) => Promise<string>, rounds?: number) => meet(clients, ask, rounds);

t.test('UpdateLbSet switches a set between 5-tuple, 2-tuple and 3-tuple without cutting a flow', async (t) => {
  await classic.prepare();
  await classic.machines(t, 8080);
  const vip = await classic.deploy(
    member('web', { LocalPort: 8080, Port: 5080, Protocol: 'tcp' }) +
      member('media', { LocalPort: 8080, Port: 5081, Protocol: 'udp' }),
  );
  const tcpAt = await cloud.place(vip, 5080);
  const udpAt = await cloud.place(vip, 5081, 'udp');
  const streams = await Promise.all(clients.slice(0, 10).map((from) => openStream(tcpAt, { from })));
  const oneEach = (met: Map<string, Set<string>>) => [...met.values()].filter(({ size }) => size === 1).length;

  const spread = await meetings((from) => tcpBackend(tcpAt, { from }));
  t.ok(oneEach(spread) < clients.length / 2, 'absent distribution: the connections of a client go anywhere');
  t.strictSame(everybodyMet(spread), all);

  const both = (distribution: string) =>
    send(
      'POST',
      `${dep}?comp=UpdateLbSet`,
      setsXml(
        ...['web', 'media'].map((name) =>
          endpointXml({ LoadBalancedEndpointSetName: name, LoadBalancerDistribution: distribution }),
        ),
      ),
    );
  await both('sourceIP');
  const sticky = await meetings((from) => tcpBackend(tcpAt, { from }));
  t.equal(oneEach(sticky), clients.length, 'sourceIP: each client has one machine');
  const media = await meetings((from) => udpBackend(udpAt, { from }), 1);
  t.strictSame(
    clients.filter((client) => [...(media.get(client) ?? [])][0] !== [...(sticky.get(client) ?? [])][0]),
    [],
    'media upload: its TCP control and UDP data meet',
  );

  await both('SOURCEIPPROTOCOL');
  const byProtocol = await meetings((from) => tcpBackend(tcpAt, { from }));
  t.equal(oneEach(byProtocol), clients.length, 'sourceIPProtocol: one machine per protocol');
  const overUdp = await meetings((from) => udpBackend(udpAt, { from }), 2);
  t.equal(oneEach(overUdp), clients.length);
  t.ok(
    clients.some((client) => [...(overUdp.get(client) ?? [])][0] !== [...(byProtocol.get(client) ?? [])][0]),
    'which differs for some',
  );

  await both('none');
  t.ok(
    oneEach(await meetings((from) => tcpBackend(tcpAt, { from }))) < clients.length / 2,
    'none is the 5-tuple again',
  );
  for (const stream of streams) {
    t.ok(await echoes(stream, 'still here\n'), 'a stream from before all this goes on');
    stream.socket.destroy();
  }
});

t.test('a Remote Desktop Gateway: HTTPS and UDP 3391 of a client meet on one machine', async (t) => {
  await classic.prepare();
  await classic.machines(t, 8443);
  const [endpoints = ''] = filesOf('classic-rd-gateway.md');
  const vip = await classic.deploy(endpoints);
  const [httpsAt, udpAt] = [await cloud.place(vip, 443), await cloud.place(vip, 3391, 'udp')];
  const met = await meetings(async (from) => {
    const [https, udp] = [await tcpBackend(httpsAt, { from }), await udpBackend(udpAt, { from })];
    return https === udp ? https : `${https} and ${udp}`;
  }, 1);
  t.strictSame(everybodyMet(met), all);
});

t.test('clients behind one proxy are one client under sourceIP, and spread without it', async (t) => {
  await classic.prepare();
  await classic.machines(t, 8080);
  const vip = await classic.deploy(filesOf('classic-proxies.md').join(''));
  const at = await cloud.place(vip, 5080);
  const [proxy = ''] = clients;
  const met = async () => everybodyMet(await meet([proxy], (from) => tcpBackend(at, { from }), 100));
  t.equal((await met()).length, 1, 'a hundred connections of the proxy meet one machine');
  const everybody = await meetings((from) => tcpBackend(at, { from }), 1);
  t.strictSame(everybodyMet(everybody), all, 'clients with addresses of their own meet all of them');
  await classic.updateSet('web', { LoadBalancerDistribution: 'none' });
  t.strictSame(await met(), all);
});

t.test('standalone endpoints lead to one machine each, and an ACL decides who gets through', async (t) => {
  await classic.prepare();
  await classic.machines(t, 2222);
  const acl =
    '<Rules><Rule><Order>1</Order><Action>DENY</Action><RemoteSubnet>127.35.1.1/32</RemoteSubnet></Rule><Rule><Order>2</Order><Action>permit</Action><RemoteSubnet>127.35.1.0/24</RemoteSubnet></Rule></Rules>';
  const vip = await classic.deploy('', {
    own: (host) =>
      endpointXml({ LocalPort: 2222, Name: 'SSH', Port: 50_000 + host, Protocol: 'tcp', EndpointAcl: acl }),
  });
  for (const host of hosts) {
    t.equal(await tcpBackend(await cloud.place(vip, 50_000 + host), { from: '127.35.1.2' }), cloud.localAddress(host));
  }
  const at = await cloud.place(vip, 50_004);
  for (const from of ['127.35.1.1', '127.35.2.1']) {
    const denied = await Promise.race([
      tcpBackend(at, { from }).catch(() => 'denied'),
      new Promise<string>((resolve) => setTimeout(resolve, 300, 'denied')),
    ]);
    t.equal(denied, 'denied', from);
  }
  const explained = async (from: string): Promise<ExplainView> =>
    (await cloud.send('GET', `/_lazurite/explain?proto=tcp&from=${from}:4000&to=${vip}:50004`)).body as ExplainView;
  t.equal((await explained('127.35.1.2')).choice?.address, cloud.localAddress(4), 'explain names the machine');
  for (const from of ['127.35.1.1', '127.35.2.1']) {
    const { choice, reason } = await explained(from);
    t.equal(choice, undefined, 'and none for a client that is denied');
    t.match(reason, `access control list of the endpoint denies ${from}: packets get no answer`);
  }
});

t.test('a set goes around machines that are shut down or fail their probe', async (t) => {
  await classic.prepare();
  await classic.machines(t, 8080);
  const health = new Map(hosts.map((host) => [host, 200]));
  for (const host of hosts) {
    const server = createServer((_request, response) => {
      response.statusCode = health.get(host) ?? 503;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(8081, cloud.localAddress(host), resolve));
    t.teardown(() => server.close());
  }
  const vip = await classic.deploy(filesOf('classic-probe.md').join(''));
  const at = await cloud.place(vip, 5080);
  await cloud.membersUp(...hosts);
  const used = async () =>
    [
      ...new Set([...(await meetings((from) => tcpBackend(at, { from }), 1)).values()].flatMap((set) => [...set])),
    ].sort();
  t.strictSame(await used(), all);

  const answers = async (status: number, state: 'Up' | 'Down') => {
    health.set(4, status);
    await until(`machine 4 is ${state}`, async () => {
      await cloud.emulator.advance(5000);
      const backends = await cloud.backends();
      return backends.some((backend) => backend.azureAddress === cloud.azureAddress(4) && backend.state === state);
    });
  };
  await answers(401, 'Down');
  t.strictSame(await used(), all.slice(1), 'an HTTP status other than 200 takes it out at once');
  await answers(200, 'Up');
  t.strictSame(await used(), all);
  await answers(401, 'Down');

  const operation = (name: string) => `<${name} ${azureXmlns}><OperationType>${name}</OperationType></${name}>`;
  await send('POST', `${dep}/roleinstances/vm5/Operations`, operation('ShutdownRoleOperation'));
  t.strictSame(await used(), all.slice(2));
  await send('POST', `${dep}/roleinstances/vm5/Operations`, operation('StartRoleOperation'));
  await until('machine 5 is back', async () => (await used()).length === 2);
});

t.test('an internal load balancer answers on its address of the subnet', async (t) => {
  await classic.prepare();
  await classic.machines(t, 1433);
  const frontend = `<Type>Private</Type><SubnetName>vms</SubnetName><StaticVirtualNetworkIPAddress>${cloud.azureAddress(100)}</StaticVirtualNetworkIPAddress>`;
  await classic.deploy(
    member('sql', {
      LocalPort: 1433,
      Port: 1433,
      Protocol: 'tcp',
      LoadBalancerName: 'ilb',
      LoadBalancerDistribution: 'sourceIP',
    }),
    {
      rest: `<LoadBalancers><LoadBalancer><Name>ilb</Name><FrontendIpConfiguration>${frontend}</FrontendIpConfiguration></LoadBalancer></LoadBalancers>`,
    },
  );
  const at = await cloud.place(cloud.azureAddress(100), 1433);
  t.equal(at.address, cloud.localAddress(100));
  const met = await meetings((from) => tcpBackend(at, { from }), 2);
  t.ok([...met.values()].every(({ size }) => size === 1));
  await classic.updateSet('sql', { LocalPort: 0 });
  t.match(
    await send('GET', `${dep}/roles/vm4`),
    /<LocalPort>1433<.*<LoadBalancerName>ilb</,
    'UpdateLbSet leaves it there',
  );
});

t.test('a worker role: an upgrade to the csdef’s distribution reaches the packets and breaks no stream', async (t) => {
  await classic.prepare();
  await classic.machines(t, 8080);
  const [csdef = '', cscfg = ''] = filesOf('classic-media-upload.md');
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const files = (definition: string) =>
    `<PackageUrl>data:text/xml;base64,${base64(definition)}</PackageUrl><Label>bA==</Label><Configuration>${base64(cscfg)}</Configuration>`;
  const upgradeFiles = (definition: string) =>
    files(definition).replace(/(<Label>.*<\/Label>)(<Configuration>.*<\/Configuration>)/, '$2$1');
  const slot = `${services}/mySvc/deploymentslots/Production`;
  const anywhere = csdef.replaceAll(' loadBalancerDistribution="sourceIP"', '');
  await send(
    'POST',
    slot,
    `<CreateDeployment ${azureXmlns}><Name>mySvc</Name>${files(anywhere)}<StartDeployment>true</StartDeployment></CreateDeployment>`,
  );
  const vip = await classic.virtualIp();
  const [controlAt, dataAt] = [await cloud.place(vip, 5080), await cloud.place(vip, 5081, 'udp')];
  const spread = await meetings((from) => tcpBackend(controlAt, { from }));
  t.ok(
    [...spread.values()].some(({ size }) => size > 1),
    'before: the connections of a client go anywhere',
  );
  const streams = await Promise.all(clients.slice(0, 10).map((from) => openStream(controlAt, { from })));
  await send(
    'POST',
    `${slot}?comp=upgrade`,
    `<UpgradeDeployment ${azureXmlns}><Mode>Auto</Mode>${upgradeFiles(csdef)}<Force>false</Force></UpgradeDeployment>`,
  );
  const met = await meetings(async (from) => {
    const [control, data] = [await tcpBackend(controlAt, { from }), await udpBackend(dataAt, { from })];
    return control === data ? control : `${control} and ${data}`;
  }, 2);
  t.ok([...met.values()].every(({ size }) => size === 1));
  t.strictSame(everybodyMet(met), all);
  for (const stream of streams) {
    t.ok(await echoes(stream, 'still here\n'), 'a stream from before the upgrade goes on');
    stream.socket.destroy();
  }
});
