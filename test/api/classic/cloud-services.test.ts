import t from 'tap';
import { azureXmlns, createServiceXml, roleXml, startClassic, textOf } from './harness.js';
import { cscfg, cspkg } from './media-service.js';
import { startedMembers } from './model.js';
import { errorOf } from './my-service.js';

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
      ['tcp 127.255.0.4:10102', 'Default', '10.64.0.9:4020'],
      ['tcp 127.255.0.5:0', 'Default', '10.64.0.7:0'],
      ['udp 127.255.0.5:0', 'Default', '10.64.0.7:0'],
      ['tcp 127.255.0.5:1433', 'Default', '10.64.0.7:0'],
      ['tcp 127.255.0.5:4020', 'Default', '10.64.0.7:0'],
      ['tcp 127.255.0.6:0', 'Default', '10.64.0.8:0'],
      ['udp 127.255.0.6:0', 'Default', '10.64.0.8:0'],
      ['tcp 127.255.0.6:1433', 'Default', '10.64.0.8:0'],
      ['tcp 127.255.0.6:4020', 'Default', '10.64.0.8:0'],
      ['tcp 127.255.0.7:0', 'Default', '10.64.0.9:0'],
      ['udp 127.255.0.7:0', 'Default', '10.64.0.9:0'],
      ['tcp 127.255.0.7:1433', 'Default', '10.64.0.9:0'],
      ['tcp 127.255.0.7:4020', 'Default', '10.64.0.9:0'],
    ]);
    t.same(frontends[0]?.rule.acl, [
      { action: 'permit', remoteSubnet: '175.0.0.0/8' },
      { action: 'deny', remoteSubnet: '175.1.0.0/24' },
      { action: 'deny', remoteSubnet: '0.0.0.0/0' },
    ]);
    t.equal(frontends[2]?.rule.idleTimeoutMs, 600_000);
    t.equal(frontends[6]?.rule.idleTimeoutMs, 900_000);
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
  const members = () => startedMembers(classic.plan().frontends[0]?.rule);
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
  for (const [path, body] of [
    [
      '?comp=walkupgradedomain',
      `<WalkUpgradeDomain ${azureXmlns}><UpgradeDomain>0</UpgradeDomain></WalkUpgradeDomain>`,
    ],
    [
      '?comp=rollback',
      `<RollbackUpdateOrUpgrade ${azureXmlns}><Mode>Auto</Mode><Force>true</Force></RollbackUpdateOrUpgrade>`,
    ],
    ['/package', ''],
    ['/roleinstances/Worker_IN_0?comp=reimage', ''],
  ] as const) {
    t.equal((await classic.post(`${production}${path}`, body)).statusCode, 202, path);
    if (body !== '') t.equal((await classic.post(`${production}${path}`, '')).statusCode, 400, `${path} has a body`);
  }
  t.equal((await classic.post(`${production}/roleinstances/x?comp=reboot`, '')).statusCode, 404);
});

t.test('staging and production change places, and each slot keeps its address', async (t) => {
  const { classic } = await startMedia(t);
  const staging = `${services}/mySvc/deploymentslots/Staging`;
  t.equal((await classic.post(staging, createXml({ name: 'dep2', start: false }))).statusCode, 202);
  t.match((await classic.get(staging)).body, /<Url>http:\/\/[0-9a-f]{32}\.cloudapp\.net\/<.*<PowerState>Stopped</);
  const reservedIps = '/services/networking/reservedips';
  await classic.post(
    reservedIps,
    `<ReservedIP ${azureXmlns}><Name>rip1</Name><ServiceName>mySvc</ServiceName><DeploymentName>dep1</DeploymentName></ReservedIP>`,
  );
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
  t.match(
    (await classic.get(`${reservedIps}/rip1`)).body,
    /<InUse>true<.*<DeploymentName>dep2</,
    'so does a reserved one',
  );
  t.equal((await classic.delete(staging)).statusCode, 202);
});

t.test('a service configuration may be UTF-16 and is returned as it was sent', async (t) => {
  const sent = Buffer.from(`\uFEFF${cscfg()}`, 'utf16le').toString('base64');
  const body = createXml().replace(/<Configuration>[^<]*/, `<Configuration>${sent}`);
  const { classic, answer } = await startMedia(t, body);
  t.equal(answer.statusCode, 202, answer.body);
  t.match((await classic.get(production)).body, `<Configuration>${sent}</Configuration>`);
});

/** Answers to deployments of `definition` with `configuration`: status and message, or the plan's frontends. */
async function deployed(t: { teardown(work: () => unknown): void }, definition: string, configuration: string) {
  const classic = startClassic({ packages: async () => Buffer.from(definition) });
  t.teardown(() => classic.close());
  await classic.post(services, createServiceXml('mySvc'));
  const answer = await classic.post(`${services}/mySvc/deploymentslots/production`, createXml({ configuration }));
  if (answer.statusCode !== 202) return { refusal: `${answer.statusCode} ${answer.body}` };
  return { classic, frontends: classic.plan().frontends.map(({ transport, port }) => `${transport} ${port}`) };
}
const definitionOf = (name: string, roles: string) =>
  `<ServiceDefinition name="${name}" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceDefinition">${roles}</ServiceDefinition>`;
const configurationOf = (name: string, roles: string) =>
  `<ServiceConfiguration serviceName="${name}" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration">${roles}</ServiceConfiguration>`;
const oneWeb = '<Role name="Web"><Instances count="1"/></Role>';

t.test('InputEndpoints directly in a role (SDK 1.x) are input endpoints', async (t) => {
  const role =
    '<WebRole name="Web" enableNativeCodeExecution="true"><InputEndpoints><InputEndpoint name="HttpIn" protocol="http" port="18100"/></InputEndpoints></WebRole>';
  const { frontends } = await deployed(t, definitionOf('Old', role), configurationOf('Old', oneWeb));
  t.same(frontends, ['tcp 18100']);
});

t.test(
  'importing RemoteForwarder adds its public endpoint; a module that is not known is refused by name',
  async (t) => {
    const role = (module: string) =>
      `<WebRole name="Web"><Endpoints><InputEndpoint name="HttpIn" protocol="http" port="18100"/></Endpoints><Imports><Import moduleName="RemoteAccess"/><Import moduleName="${module}"/></Imports></WebRole>`;
    const configuration = configurationOf('Rdp', oneWeb);
    const { classic, frontends } = await deployed(t, definitionOf('Rdp', role('RemoteForwarder')), configuration);
    t.same(frontends, ['tcp 18100', 'tcp 3389']);
    t.match(
      (await classic?.get(production))?.body,
      /<Name>Microsoft.WindowsAzure.Plugins.RemoteForwarder.RdpInput<\/Name><Vip>[\d.]+<\/Vip><PublicPort>3389<\/PublicPort><LocalPort>20000</,
    );
    const { refusal } = await deployed(t, definitionOf('Rdp', role('Other')), configuration);
    t.match(refusal, /400 .*The module Other is unknown/);
  },
);

t.test('a definition or configuration that contradicts itself is refused', async (t) => {
  const tcp = (name: string, port: number) => `<InputEndpoint name="${name}" protocol="tcp" port="${port}"/>`;
  const range = (max: number) =>
    `<InstanceInputEndpoint name="I" protocol="tcp" localPort="18103"><AllocatePublicPortFrom><FixedPortRange min="20109" max="${max}"/></AllocatePublicPortFrom></InstanceInputEndpoint>`;
  const role = (endpoints: string, name = 'W') =>
    `<WorkerRole name="${name}"><Endpoints>${endpoints}</Endpoints></WorkerRole>`;
  const instances = (count: number, more = '') =>
    configurationOf('R', `<Role name="W"><Instances count="${count}"/></Role>${more}`);
  const addresses = (roleName: string) =>
    `<NetworkConfiguration><AddressAssignments><InstanceAddress roleName="${roleName}"/></AddressAssignments></NetworkConfiguration>`;
  const refusals: [string, string, RegExp][] = [
    [role(tcp('A', 1) + tcp('a', 2)), instances(1), /two endpoints called a/],
    [role(tcp('A', 1)) + role(tcp('B', 2), 'w'), instances(1), /two roles called w/],
    [role(range(20109)), instances(2), /InstanceInputEndpoint I has 1 ports for the 2 instances of role W/],
    [role(tcp('A', 1)), configurationOf('Other', '<Role name="W"/>'), /service name Other is not R/],
    [role(tcp('A', 1)), instances(1, '<Role name="X"/>'), /Role X is not in the service definition/],
    [role(tcp('A', 1)), instances(1, addresses('NoSuchRole')), /names the role NoSuchRole/],
    [role('<Mystery/>'), instances(1), /Element Mystery is unknown in Endpoints/],
  ];
  for (const [roles, configuration, reason] of refusals)
    t.match((await deployed(t, definitionOf('R', roles), configuration)).refusal, reason);
  t.same((await deployed(t, definitionOf('R', role(range(20110))), instances(2))).frontends, [
    'tcp 20109',
    'tcp 20110',
  ]);
});

t.test('what the two files do not agree on is refused', async (t) => {
  const refused = async (body: string) =>
    textOf(
      (await import('../../../src/api/classic/xml/xml.js')).readXml((await startMedia(t, body)).answer.body),
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

t.test('a virtual machine cannot be added to a deployment of web and worker roles', async (t) => {
  const { classic } = await startMedia(t);
  const machine = roleXml('PersistentVMRole', { name: 'vm1' });
  const { statusCode, body } = await classic.post(`${services}/mySvc/deployments/dep1/roles`, machine);
  t.same(
    [statusCode, errorOf(body)],
    [400, 'BadRequest: The operation is not valid for deployment dep1, whose roles are not virtual machines.'],
  );
});
