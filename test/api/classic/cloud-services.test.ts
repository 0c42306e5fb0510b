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

t.test('a service configuration may be UTF-16 and is returned as it was sent', async (t) => {
  const sent = Buffer.from(`\uFEFF${cscfg()}`, 'utf16le').toString('base64');
  const body = createXml().replace(/<Configuration>[^<]*/, `<Configuration>${sent}`);
  const { classic, answer } = await startMedia(t, body);
  t.equal(answer.statusCode, 202, answer.body);
  t.match((await classic.get(production)).body, `<Configuration>${sent}</Configuration>`);
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
