import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import { readServiceConfiguration } from '../../src/classic/service-model/cscfg.js';
import { readServiceDefinition } from '../../src/classic/service-model/csdef.js';
import { readPackage } from '../../src/classic/service-model/package.js';
import { fetchPackage } from '../../src/classic/service-model/package-source.js';
import { readZip } from '../../src/classic/service-model/zip.js';
import { AzureError } from '../../src/errors.js';
import { azureXmlns, createServiceXml, startClassic, textOf } from './harness.js';
import { writeZip } from './zip.js';

const csdef = `\uFEFF<?xml version="1.0" encoding="utf-8"?>
<ServiceDefinition name="MediaService" upgradeDomainCount="3" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceDefinition">
  <LoadBalancerProbes>
    <LoadBalancerProbe name="health" protocol="HTTP" path="/health" intervalInSeconds="5" timeoutInSeconds="100"/>
    <LoadBalancerProbe name="alive" protocol="tcp" port="9000"/>
  </LoadBalancerProbes>
  <WebRole name="Upload" vmsize="Small">
    <Endpoints>
      <InputEndpoint name="Web" protocol="https" port="443" localPort="*" loadBalancerDistribution="SourceIP" loadBalancerProbe="Health"/>
      <InputEndpoint name="Media" protocol="udp" port="5000" localPort="5001" loadBalancerDistribution="sourceIPProtocol"/>
      <InternalEndpoint name="Inside" protocol="tcp"/>
    </Endpoints>
  </WebRole>
  <WorkerRole name="Worker">
    <Endpoints>
      <InputEndpoint name="Private" protocol="tcp" port="1433" loadBalancer="ilb" idleTimeoutInMinutes="10" loadBalancerProbe="alive"/>
      <InstanceInputEndpoint name="Debug" protocol="tcp" localPort="4020"><AllocatePublicPortFrom><FixedPortRange min="10100" max="10101"/></AllocatePublicPortFrom></InstanceInputEndpoint>
    </Endpoints>
  </WorkerRole>
</ServiceDefinition>`;

const cscfg = ({
  uploads = 2,
  network = '',
} = {}) => `<ServiceConfiguration serviceName="MediaService" osFamily="4" osVersion="*" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration">
  <Role name="Upload"><Instances count="${uploads}"/><ConfigurationSettings/></Role>
  <Role name="Worker"><Instances count="3"/></Role>
  <NetworkConfiguration>
    <AccessControls><AccessControl name="office"><Rule order="200" action="deny" remoteSubnet="175.1.0.0/24" description="d"/><Rule order="100" action="PERMIT" remoteSubnet="175.0.0.0/8"/></AccessControl></AccessControls>
    <EndpointAcls><EndpointAcl role="upload" endPoint="web" accessControl="Office"/></EndpointAcls>
    <AddressAssignments><InstanceAddress roleName="Worker"><PublicIPs><PublicIP name="pip" idleTimeoutInMinutes="15" domainNameLabel="w"/></PublicIPs></InstanceAddress></AddressAssignments>
    <LoadBalancers><LoadBalancer name="ilb"><FrontendIPConfiguration type="private"/></LoadBalancer></LoadBalancers>${network}
  </NetworkConfiguration>
</ServiceConfiguration>`;

/** A package as the Azure SDK makes it: a zip whose relationships lead to another zip. */
const relationships = (target: string) =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Type="t" Target="/x.csmx" Id="SERVICEMODEL"/><Relationship Type="t" Target="/${target}" Id="SERVICEDESCRIPTION"/></Relationships>`;
const csdx = writeZip([
  { name: 'readme.txt', data: 'no definition' },
  { name: 'ServiceDefinition.csdef', data: csdef },
]);
const cspkg = writeZip([
  { name: '_rels/.rels', data: relationships('SDPackage.csdx') },
  { name: 'SDPackage.csdx', data: csdx, stored: true },
]);

t.test('a package is read down to its service definition', async (t) => {
  const definition = readServiceDefinition(csdef);
  t.equal(definition.roles[0]?.inputEndpoints[0]?.loadBalancerDistribution, 'sourceIP');
  const shapes: [string, Buffer][] = [
    ['a .cspkg', cspkg],
    ['a .cspkg without relationships', writeZip([{ name: 'a.csdx', data: csdx }])],
    ['a .csdx', csdx],
    ['a .csdef', Buffer.from(csdef)],
    ['a zip with a .csdef in place of the .csdx', writeZip([{ name: 'x.csdef', data: csdef }])],
  ];
  for (const [title, data] of shapes) t.same(await readPackage('u', async () => data), definition, title);
});

t.test('a package that cannot be read is a bad request that says why', async (t) => {
  const wrong: [string, Buffer][] = [
    ['no service definition', writeZip([{ name: 'a.txt', data: 'x' }])],
    ['no service definition', writeZip([{ name: 'a.csdx', data: writeZip([{ name: 'b', data: '' }]) }])],
    ['no service definition', cspkg.subarray(0, cspkg.length - 300)],
  ];
  for (const [reason, data] of wrong)
    await t.rejects(
      readPackage('u', async () => data),
      { code: 'BadRequest', message: new RegExp(reason) },
    );
});

t.test('no zip archive, however broken, ends in anything but a refusal', async () => {
  const broken = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })).map(([at, byte]) => {
    const copy = Buffer.from(cspkg);
    copy[at % copy.length] = byte;
    return copy;
  });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        broken,
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ),
      async (data) => {
        try {
          await readPackage('u', async () => data);
          return true;
        } catch (error) {
          return error instanceof AzureError;
        }
      },
    ),
  );
});

t.test('packages come from http, data and file URLs', async (t) => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/app.cspkg' ? 200 : 404;
    response.end(cspkg);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  t.same(await fetchPackage(`http://127.0.0.1:${port}/app.cspkg`), cspkg);
  await t.rejects(fetchPackage(`http://127.0.0.1:${port}/other`), { message: /answered 404/ });
  t.same(await fetchPackage(`data:text/xml;base64,${Buffer.from('x').toString('base64')}`), Buffer.from('x'));
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'a.csdef'), csdef);
  t.equal(
    (await fetchPackage(pathToFileURL(join(folder, 'a.csdef')).href)).toString(),
    readFileSync(join(folder, 'a.csdef'), 'utf8'),
  );
  await t.rejects(fetchPackage('ftp://host/a'), { message: /not ftp:/ });
  await t.rejects(readPackage('no url', fetchPackage), { message: /no URL/ });
  await t.rejects(readPackage('file:///no/such/file', fetchPackage), { message: /ENOENT/ });
});

const recorded = join(process.env.LAZURITE_SHARED ?? '../shared', 'classic-recordings/cspkg');
t.test(
  'a definition that Visual Studio made is read',
  { skip: existsSync(recorded) ? false : `no package in ${recorded}` },
  async (t) => {
    const definition = readServiceDefinition(readFileSync(join(recorded, 'ServiceDefinition.csdef'), 'utf8'));
    t.match(definition.roles[0]?.inputEndpoints, [{ name: 'Endpoint1', protocol: 'http', port: 80, localPort: 80 }]);
    t.match(readServiceConfiguration(readFileSync(join(recorded, 'OneWebOneWorker.cscfg'), 'utf8')).roles, [
      { instances: 4 },
      { instances: 4 },
    ]);
  },
);

/** The message that `work` is refused with. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AzureError) return error.message;
    throw error;
  }
  return 'not refused';
}

t.test('a service definition that Azure’s tools would not package is refused with a reason', async (t) => {
  const endpoints = (inner: string, probes = '') =>
    `<ServiceDefinition name="s">${probes}<WorkerRole name="w"><Endpoints>${inner}</Endpoints></WorkerRole></ServiceDefinition>`;
  const table: [string, RegExp][] = [
    ['<Other/>', /root element is Other/],
    ['<ServiceDefinition/>', /no attribute name/],
    ['<ServiceDefinition name="s"/>', /no WebRole and no WorkerRole/],
    [endpoints('<InputEndpoint name="e" port="80"/>'), /needs port and protocol/],
    [endpoints('<InputEndpoint name="e" protocol="tcp" port="http"/>'), /no number: http/],
    [endpoints('<InputEndpoint name="e" protocol="tcp" port="65536"/>'), /'InputEndpoint.port'.*1 to 65535/],
    [endpoints('<InputEndpoint name="e" protocol="icmp" port="80"/>'), /http, https, tcp, udp/],
    [endpoints('<InputEndpoint name="e" protocol="tcp" port="80" idleTimeoutInMinutes="31"/>'), /4 to 30/],
    [
      endpoints('<InputEndpoint name="e" protocol="tcp" port="80" loadBalancerProbe="p"/>'),
      /LoadBalancerProbe p, which is not defined/,
    ],
    [endpoints('<InputEndpoint name="e" protocol="tcp" port="80"/>'.repeat(26)), /More than 25/],
    [endpoints('<InstanceInputEndpoint name="e" localPort="1"/>'), /FixedPortRange/],
    [
      endpoints(
        '<InstanceInputEndpoint name="e"><AllocatePublicPortFrom><FixedPortRange min="1" max="2"/></AllocatePublicPortFrom></InstanceInputEndpoint>',
      ),
      /needs localPort/,
    ],
    [
      endpoints('', '<LoadBalancerProbes><LoadBalancerProbe name="p" protocol="http"/></LoadBalancerProbes>'),
      /Path' is required/,
    ],
    [
      endpoints(
        '',
        '<LoadBalancerProbes><LoadBalancerProbe name="p" protocol="tcp" intervalInSeconds="4"/></LoadBalancerProbes>',
      ),
      /5 to/,
    ],
  ];
  for (const [text, reason] of table)
    t.match(
      refusal(() => readServiceDefinition(text)),
      reason,
    );
  t.match(
    refusal(() =>
      readServiceConfiguration(
        '<ServiceConfiguration><NetworkConfiguration><LoadBalancers><LoadBalancer name="l"/></LoadBalancers></NetworkConfiguration></ServiceConfiguration>',
      ),
    ),
    /FrontendIPConfiguration/,
  );
  t.equal(readZip(Buffer.from('PK')), undefined);
});

const services = '/services/hostedservices';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const createXml = ({ name = 'dep1', start = true, configuration = cscfg() } = {}) =>
  `<CreateDeployment ${azureXmlns}><Name>${name}</Name><PackageUrl>http://store.example/app.cspkg</PackageUrl><Label>bA==</Label><Configuration>${base64(configuration)}</Configuration><StartDeployment>${start}</StartDeployment></CreateDeployment>`;

/** A classic API with the media service deployed to production. */
async function startMedia(t: { teardown(work: () => unknown): void }, body = createXml()) {
  const classic = startClassic({ packages: async () => cspkg });
  t.teardown(() => classic.close());
  await classic.post(services, createServiceXml('mySvc'));
  return { classic, answer: await classic.post(`${services}/mySvc/deploymentslots/production`, body) };
}
const production = `${services}/mySvc/deploymentslots/Production`;

t.test(
  'the media upload service: web over 2-tuple, media over 3-tuple, all over the instances of their role',
  async (t) => {
    const { classic, answer } = await startMedia(t);
    t.equal(answer.statusCode, 202, answer.body);
    t.equal(textOf(await classic.operation(answer), 'Status'), 'Succeeded');
    const { frontends, probes } = classic.plan();
    const shown = frontends.map(({ azureAddress, transport, port, rule }) => [
      `${transport} ${azureAddress}:${port}`,
      rule.distribution,
      rule.members.map((member) => `${member.azureAddress}:${member.port}`).join(' '),
    ]);
    t.same(shown, [
      ['tcp 127.255.0.4:443', 'SourceIP', '10.64.0.5:443 10.64.0.6:443'],
      ['udp 127.255.0.4:5000', 'SourceIPProtocol', '10.64.0.5:5001 10.64.0.6:5001'],
      ['tcp 10.64.0.4:1433', 'Default', '10.64.0.7:1433 10.64.0.8:1433 10.64.0.9:1433'],
      ['tcp 127.255.0.4:10100', 'Default', '10.64.0.7:4020'],
      ['tcp 127.255.0.4:10101', 'Default', '10.64.0.8:4020'],
      ['tcp 127.255.0.5:0', 'Default', '10.64.0.7:0'],
      ['udp 127.255.0.5:0', 'Default', '10.64.0.7:0'],
      ['tcp 127.255.0.6:0', 'Default', '10.64.0.8:0'],
      ['udp 127.255.0.6:0', 'Default', '10.64.0.8:0'],
      ['tcp 127.255.0.7:0', 'Default', '10.64.0.9:0'],
      ['udp 127.255.0.7:0', 'Default', '10.64.0.9:0'],
    ]);
    t.same(frontends[0]?.rule.acl, [
      { action: 'permit', remoteSubnet: '175.0.0.0/8' },
      { action: 'deny', remoteSubnet: '175.1.0.0/24' },
      { action: 'deny', remoteSubnet: '0.0.0.0/0' },
    ]);
    t.equal(frontends[2]?.rule.idleTimeoutMs, 600_000);
    t.equal(frontends[5]?.rule.idleTimeoutMs, 900_000);
    t.match(probes[0], {
      protocol: 'Http',
      port: 443,
      requestPath: '/health',
      intervalMs: 5000,
      timeoutMs: 5000,
      threshold: 20,
    });
    t.match(probes[2], { protocol: 'Tcp', port: 9000, intervalMs: 15_000, timeoutMs: 15_000, threshold: 2 });
    t.equal(probes.length, 5);
  },
);

t.test('Get Deployment shows the instances of web and worker roles', async (t) => {
  const { classic } = await startMedia(t);
  const { body } = await classic.get(`${services}/mySvc/deployments/dep1`, { version: '2017-01-01' });
  t.match(body, '<Role><RoleName>Upload</RoleName>');
  t.match(
    body,
    '<InputEndpoint><Port>443</Port><Protocol>https</Protocol><Vip>127.255.0.4</Vip><VirtualIPName>MediaServiceContractContract</VirtualIPName></InputEndpoint>',
  );
  t.match(
    body,
    '<InstanceName>Worker_IN_1</InstanceName><InstanceStatus>ReadyRole</InstanceStatus><InstanceUpgradeDomain>1</InstanceUpgradeDomain><InstanceFaultDomain>1</InstanceFaultDomain>',
  );
  t.match(
    body,
    '<InstanceEndpoint><Name>Debug</Name><Vip>127.255.0.4</Vip><PublicPort>10101</PublicPort><LocalPort>4020</LocalPort><Protocol>tcp</Protocol></InstanceEndpoint>',
  );
  t.match(
    body,
    '<DomainNameLabel>w</DomainNameLabel><Fqdns><Fqdn>w.mysvc.cloudapp.net</Fqdn><Fqdn>w.1.mysvc.cloudapp.net</Fqdn></Fqdns>',
  );
  t.match(body, '<UpgradeDomainCount>3</UpgradeDomainCount>');
  const uploads = await classic.post(`${services}/mySvc/deployments/dep1/roles`, '');
  t.equal(uploads.statusCode, 400);
});

t.test('configuration changes, upgrades and status changes keep what they can', async (t) => {
  const { classic } = await startMedia(t);
  const members = () =>
    classic.plan().frontends[0]?.rule.members.map(({ azureAddress, started }) => [azureAddress, started]);
  const config = (configuration: string) =>
    classic.post(
      `${production}/?comp=config`,
      `<ChangeConfiguration ${azureXmlns}><Configuration>${base64(configuration)}</Configuration></ChangeConfiguration>`,
    );
  t.equal((await config(cscfg({ uploads: 3 }))).statusCode, 202);
  t.same(
    members(),
    [
      ['10.64.0.5', true],
      ['10.64.0.6', true],
      ['10.64.0.10', true],
    ],
    'those that are there stay',
  );
  await config(cscfg({ uploads: 1 }));
  t.same(members(), [['10.64.0.5', true]]);
  const status = (value: string) =>
    classic.post(
      `${production}?comp=status`,
      `<UpdateDeploymentStatus ${azureXmlns}><Status>${value}</Status></UpdateDeploymentStatus>`,
    );
  t.equal((await status('suspended')).statusCode, 202);
  t.same(members(), [['10.64.0.5', false]]);
  await status('Running');
  const upgrade = `<UpgradeDeployment ${azureXmlns}><Mode>Auto</Mode><PackageUrl>u</PackageUrl><Configuration>${base64(cscfg())}</Configuration><Label>bmV3</Label><Force>true</Force></UpgradeDeployment>`;
  t.equal((await classic.post(`${services}/mySvc/deployments/dep1/?comp=upgrade`, upgrade)).statusCode, 202);
  t.match((await classic.get(production)).body, /<Label>bmV3<.*Upload_IN_1/);
  const removal = (name: string) =>
    classic.post(
      `${production}/roleinstances/?comp=delete`,
      `<RoleInstances ${azureXmlns}><Name>${name}</Name></RoleInstances>`,
    );
  t.equal((await removal('Upload_IN_0')).statusCode, 202);
  t.same(members(), [['10.64.0.6', true]]);
  t.equal((await removal('Upload_IN_7')).statusCode, 404);
  for (const path of [
    '?comp=walkupgradedomain',
    '?comp=rollback',
    '/package',
    '/roleinstances/Worker_IN_0?comp=reimage',
  ]) {
    t.equal((await classic.post(`${production}${path}`, '')).statusCode, 202, path);
  }
  t.equal((await classic.post(`${production}/roleinstances/x?comp=reboot`, '')).statusCode, 404);
});

t.test('staging and production change places, and each slot keeps its address', async (t) => {
  const { classic } = await startMedia(t);
  const staging = `${services}/mySvc/deploymentslots/Staging`;
  t.equal((await classic.post(staging, createXml({ name: 'dep2', start: false }))).statusCode, 202);
  t.match((await classic.get(staging)).body, /<Url>http:\/\/[0-9a-f]{32}\.cloudapp\.net\/<.*<PowerState>Stopped</);
  const address = async (path: string) => /<VirtualIP><Address>([\d.]+)</.exec((await classic.get(path)).body)?.[1];
  const before = [await address(production), await address(staging)];
  const swap = (source: string) =>
    classic.post(
      `${services}/mySvc`,
      `<Swap ${azureXmlns}><Production>dep1</Production><SourceDeployment>${source}</SourceDeployment></Swap>`,
    );
  t.equal((await swap('dep1')).statusCode, 404, 'the source is in staging');
  t.equal((await swap('dep2')).statusCode, 202);
  t.match((await classic.get(production)).body, /<Name>dep2</);
  t.same([await address(production), await address(staging)], before);
  t.equal((await classic.delete(staging)).statusCode, 202);
});

t.test('what the two files do not agree on is refused', async (t) => {
  const refused = async (body: string) =>
    textOf(
      (await import('../../src/classic/xml/reader.js')).readXml((await startMedia(t, body)).answer.body),
      'Message',
    );
  const without = (text: string) => createXml({ configuration: cscfg().replace(text, '') });
  t.match(
    await refused(without('<Role name="Worker"><Instances count="3"/></Role>')),
    /Role Worker of the service definition is missing/,
  );
  t.match(
    await refused(without('<LoadBalancer name="ilb"><FrontendIPConfiguration type="private"/></LoadBalancer>')),
    /load balancer 'ilb'/,
  );
  t.match(
    await refused(createXml({ configuration: cscfg().replace('accessControl="Office"', 'accessControl="other"') })),
    /no AccessControl other/,
  );
  t.match(await refused(createXml({ configuration: 'x' })), /settings for Settings are invalid. It is no XML/);
  t.match(await refused(createXml().replace(/<Configuration>[^<]*/, '<Configuration>*')), /parameter was incorrect/);
  t.match(
    await refused(
      createXml({
        configuration: cscfg({ network: '' }).replace(
          '<AddressAssignments>',
          '<AddressAssignments><ReservedIPs><ReservedIP name="r"/></ReservedIPs>',
        ),
      }),
    ),
    /does not exist/,
  );
});
