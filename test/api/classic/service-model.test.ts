import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import { readServiceConfiguration } from '../../../src/api/classic/service-model/cscfg.js';
import { readServiceDefinition } from '../../../src/api/classic/service-model/csdef.js';
import { packageSource, readPackage, readZip } from '../../../src/api/classic/service-model/package.js';
import { AzureError } from '../../../src/errors/index.js';
import { csdef, csdx, cspkg } from './media-service.js';
import { writeZip } from './zip.js';

t.test('a package is read down to its service definition', async (t) => {
  const definition = readServiceDefinition(csdef);
  t.equal(definition.roles[0]?.inputEndpoints[0]?.loadBalancerDistribution, 'sourceIP');
  const shapes: [string, Buffer][] = [
    ['a .cspkg', cspkg],
    ['a .cspkg without relationships', writeZip([{ name: 'a.csdx', data: csdx }])],
    ['a .csdx', csdx],
    ['a .csdef', Buffer.from(csdef)],
    ['a .csdef in UTF-16', Buffer.from(csdef, 'utf16le')],
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
  const notes: string[] = [];
  const note = (message: string) => void notes.push(message);
  const fetchPackage = packageSource({ policy: 'loopback', note });
  t.same(await fetchPackage(`http://127.0.0.1:${port}/app.cspkg`), cspkg);
  await t.rejects(fetchPackage(`http://127.0.0.1:${port}/other`), { message: /could not be read/ });
  t.match(notes, [/answers 404/]);
  t.same(await fetchPackage(`data:text/xml;base64,${Buffer.from('x').toString('base64')}`), Buffer.from('x'));
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'a.csdef'), csdef);
  t.equal(
    (await fetchPackage(pathToFileURL(join(folder, 'a.csdef')).href))?.toString(),
    readFileSync(join(folder, 'a.csdef'), 'utf8'),
  );
  await t.rejects(fetchPackage('ftp://host/a'), { message: /not ftp:/ });
  await t.rejects(readPackage('no url', fetchPackage), { message: /no URL/ });
  const unread = { message: /could not be read/ };
  await t.rejects(readPackage('file:///no/such/file.csdef', fetchPackage), unread);
  t.match(notes.at(-1), /ENOENT/);
  await t.rejects(readPackage('file:///dev/zero', fetchPackage), unread);
  t.match(notes.at(-1), /does not end in/);
  symlinkSync('/dev/zero', join(folder, 'endless.csdef'));
  await t.rejects(fetchPackage(pathToFileURL(join(folder, 'endless.csdef')).href), unread);
  t.match(notes.at(-1), /no regular file/);
  await t.rejects(fetchPackage('http://192.0.2.1/app.cspkg'), unread);
  t.match(notes.at(-1), /does not permit/);
  const none = packageSource({ policy: 'none', note });
  await t.rejects(none(pathToFileURL(join(folder, 'a.csdef')).href), unread);
  const inAzure = 'https://store.blob.core.windows.net/packages/app.cspkg?sv=1&sig=MARKER';
  for (const source of [fetchPackage, none]) {
    t.equal(await source(inAzure), undefined);
    t.match(notes.at(-1), /Blob service: the policy '(loopback|none)' does not permit/);
    t.notMatch(notes.at(-1), /MARKER/);
  }
  await t.rejects(fetchPackage('http://127.0.0.1/store.blob.core.windows.net'), unread, 'the host decides');
  await t.rejects(none(`http://127.0.0.1:${port}/app.cspkg`), unread);
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

t.test('every element of the public schemas is read, or accepted without effect', async (t) => {
  const definition =
    readServiceDefinition(`<ServiceDefinition name="s" upgradeDomainCount="3" schemaVersion="2015-04.2.6" topologyChangeDiscovery="Blast" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceDefinition" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b">
  <LoadBalancerProbes><LoadBalancerProbe name="p" protocol="http" path="/" port="80" intervalInSeconds="5" timeoutInSeconds="11"/></LoadBalancerProbes>
  <WebRole name="web" vmsize="Small" enableNativeCodeExecution="true">
    <Certificates><Certificate name="c" storeLocation="LocalMachine" storeName="My" permissionLevel="elevated"/></Certificates>
    <ConfigurationSettings><Setting name="x"/></ConfigurationSettings>
    <Imports><Import moduleName="RemoteAccess"/><Import moduleName="RemoteForwarder"/></Imports>
    <Endpoints>
      <InputEndpoint name="in" protocol="https" port="443" localPort="*" certificate="c" ignoreRoleInstanceStatus="true" loadBalancerProbe="p" loadBalancerDistribution="sourceIP" idleTimeoutInMinutes="10"/>
      <InternalEndpoint name="one" protocol="tcp" port="*"/>
      <InternalEndpoint name="fixed" protocol="tcp"><FixedPort port="8080"/></InternalEndpoint>
      <InternalEndpoint name="range" protocol="udp"><FixedPortRange min="8081" max="8090"/></InternalEndpoint>
      <InstanceInputEndpoint name="debug" localPort="4020" protocol="tcp"><AllocatePublicPortFrom><FixedPortRange min="10100" max="10110"/></AllocatePublicPortFrom></InstanceInputEndpoint>
    </Endpoints>
    <LocalResources><LocalStorage name="l" cleanOnRoleRecycle="true" sizeInMB="100"/></LocalResources>
    <Runtime executionContext="elevated"><Environment><Variable name="v"><RoleInstanceValue xpath="/x"/></Variable></Environment><EntryPoint><NetFxEntryPoint assemblyName="a" targetFrameworkVersion="v4.0"/></EntryPoint></Runtime>
    <Sites><Site name="Web" physicalDirectory="d"><VirtualApplication name="a" physicalDirectory="d"/><VirtualDirectory name="v" physicalDirectory="d"/><Bindings><Binding name="b" endpointName="in" hostHeader="www.example.com"/></Bindings></Site></Sites>
    <Startup priority="1"><Task commandLine="x" executionContext="limited" taskType="simple"><Environment/></Task></Startup>
    <Contents><Content destination="d"><SourceDirectory path="p"/></Content></Contents>
  </WebRole>
  <NetworkTrafficRules><OnlyAllowTrafficTo><Destinations><RoleEndpoint endpointName="one" roleName="web"/></Destinations><AllowAllTraffic/><WhenSource matches="AnyRule"><FromRole roleName="web"/></WhenSource></OnlyAllowTrafficTo></NetworkTrafficRules>
</ServiceDefinition>`);
  t.match(definition.roles, [
    {
      inputEndpoints: [{ name: 'in', loadBalancerDistribution: 'sourceIP' }, { port: 3389 }],
      instanceInputEndpoints: [{ minPort: 10100, maxPort: 10110 }],
    },
  ]);
  const configuration =
    readServiceConfiguration(`<ServiceConfiguration serviceName="s" osFamily="4" osVersion="*" schemaVersion="2015-04.2.6" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration">
  <Role name="web" vmName="w"><OsImage href="h"/><Instances count="2"/><ConfigurationSettings><Setting name="x" value="y"/></ConfigurationSettings><Certificates><Certificate name="c" thumbprint="AB" thumbprintAlgorithm="sha1"/></Certificates></Role>
  <NetworkConfiguration>
    <AccessControls><AccessControl name="a"><Rule order="1" action="permit" remoteSubnet="10.0.0.0/8" description="d"/></AccessControl></AccessControls>
    <EndpointAcls><EndpointAcl role="web" endPoint="in" accessControl="a"/></EndpointAcls>
    <Dns><DnsServers><DnsServer name="d" IPAddress="10.0.0.4"/></DnsServers></Dns>
    <VirtualNetworkSite name="VNet"/>
    <AddressAssignments><InstanceAddress roleName="web"><Subnets><Subnet name="s"/></Subnets><PublicIPs><PublicIP name="p" domainNameLabel="l" idleTimeoutInMinutes="4"/></PublicIPs></InstanceAddress><ReservedIPs><ReservedIP name="r"/></ReservedIPs></AddressAssignments>
    <LoadBalancers><LoadBalancer name="ilb"><FrontendIPConfiguration type="private" subnet="s" staticVirtualNetworkIPAddress="10.0.0.9"/></LoadBalancer></LoadBalancers>
  </NetworkConfiguration></ServiceConfiguration>`);
  t.match(configuration, {
    roles: [{ name: 'web', instances: 2 }],
    thumbprints: ['AB'],
    virtualNetworkSite: 'VNet',
    reservedIps: ['r'],
    endpointAcls: [{ endpoint: 'in' }],
  });
});

t.test(
  'an attribute or element that a schema does not have is refused by its name, wherever traffic depends on it',
  async (t) => {
    const csdef = (inner: string) =>
      `<ServiceDefinition name="s"><WorkerRole name="w"><Endpoints>${inner}</Endpoints></WorkerRole></ServiceDefinition>`;
    const cscfg = (inner: string) =>
      `<ServiceConfiguration serviceName="s"><NetworkConfiguration>${inner}</NetworkConfiguration></ServiceConfiguration>`;
    const endpoint = 'name="e" protocol="tcp" port="80"';
    const definitions: [string, RegExp][] = [
      [
        csdef(`<InputEndpoint ${endpoint} loadBalancerDistributon="sourceIP"/>`),
        /Attribute loadBalancerDistributon is unknown in InputEndpoint/,
      ],
      [
        csdef(`<InputEndpoint ${endpoint}><FixedPort port="1"/></InputEndpoint>`),
        /Element FixedPort is unknown in InputEndpoint/,
      ],
      [
        csdef('<InternalEndpoint name="i" protocol="tcp"><PortRange/></InternalEndpoint>'),
        /Element PortRange is unknown/,
      ],
      [
        csdef('<InstanceInputEndpoint name="i" localPort="1" port="2"/>'),
        /Attribute port is unknown in InstanceInputEndpoint/,
      ],
    ];
    for (const [text, reason] of definitions)
      t.match(
        refusal(() => readServiceDefinition(text)),
        reason,
      );
    const configurations: [string, RegExp][] = [
      [cscfg('<VirtualNetworkSite name="v" subnet="s"/>'), /Attribute subnet is unknown in VirtualNetworkSite/],
      [
        cscfg(
          '<AccessControls><AccessControl name="a"><Rule order="1" action="deny" subnet="10.0.0.0/8"/></AccessControl></AccessControls>',
        ),
        /Attribute subnet is unknown in Rule/,
      ],
    ];
    for (const [text, reason] of configurations)
      t.match(
        refusal(() => readServiceConfiguration(text)),
        reason,
      );
  },
);

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
