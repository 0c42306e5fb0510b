/** Operations on machines and their deployment that change neither endpoints nor traffic: migration, disks, maintenance. */
import t from 'tap';
import { azureXmlns, createServiceXml, deploymentXml, roleXml } from './harness.js';
import { dep, errorOf, services, startWithSet } from './my-service.js';

const destination = (kind: string, names = '') =>
  `<DeploymentNetworkResource ${azureXmlns}>${names}<DestinationVirtualNetwork>${kind}</DestinationVirtualNetwork></DeploymentNetworkResource>`;

t.test('a migration is validated, prepared, and committed or aborted; the roles say how far it is', async (t) => {
  const classic = await startWithSet(t);
  const version = '2016-06-01';
  const step = async (comp: string, body = '') => {
    const answer = await classic.post(`${dep}/migration?comp=${comp}`, body, { version });
    return answer.statusCode < 400 ? `${answer.statusCode}` : `${answer.statusCode} ${errorOf(answer.body)}`;
  };
  const states = async () => {
    const { body } = await classic.get(dep, { version });
    return [...body.matchAll(/<MigrationState>(\w+)<\/MigrationState><\/Role>/g)].map(([, state]) => state);
  };
  const refused = (state: string, name: string) =>
    `409 ConflictError: The migration state of deployment mySvc is '${state}', so that step '${name}' is not possible.`;
  const validated = await classic.post(`${dep}/migration?comp=validate`, destination('New'), { version });
  t.match(validated.body, /^<ValidationMessages [^>]*\/>$/);
  t.equal(await step('abort'), refused('None', 'abort'));
  t.equal(
    await step('prepare', destination('Existing', '<ResourceGroupName>g</ResourceGroupName>')),
    "400 BadRequest: The value for parameter 'VirtualNetworkName' is null or empty.",
  );
  t.strictSame(await states(), []);
  t.equal(await step('prepare', destination('New')), '202');
  t.equal(await step('prepare', destination('New')), '202', 'preparing may be repeated');
  t.strictSame(await states(), ['Prepared', 'Prepared']);
  t.notMatch((await classic.get(dep, { version: '2015-09-01' })).body, /MigrationState/);
  t.equal(await step('abort'), '202');
  t.strictSame(await states(), []);
  t.equal(await step('prepare', destination('Default')), '202');
  t.equal(await step('commit'), '202');
  t.strictSame(await states(), ['Committed', 'Committed']);
  t.equal(await step('abort'), refused('Committed', 'abort'));
});

t.test('a virtual network is migrated with the machines in it, a reserved IP on its own', async (t) => {
  const classic = await startWithSet(t);
  const version = '2016-07-01';
  const networking = '/services/networking';
  const configuration =
    '<NetworkConfiguration xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"><VirtualNetworkConfiguration><VirtualNetworkSites><VirtualNetworkSite name="VNet" Location="West US"><AddressSpace><AddressPrefix>10.1.0.0/16</AddressPrefix></AddressSpace></VirtualNetworkSite></VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>';
  await classic.put(`${networking}/media`, configuration);
  await classic.post(services, createServiceXml('other'));
  const rest = '<VirtualNetworkName>vnet</VirtualNetworkName>';
  const roles = roleXml('Role', { name: 'vm3' });
  await classic.post(`${services}/other/deployments`, deploymentXml({ name: 'other', roles, rest }));
  const ip = `<ReservedIP ${azureXmlns}><Name>ip</Name><Location>West US</Location></ReservedIP>`;
  await classic.post(`${networking}/reservedips`, ip);
  const places = {
    'virtual network VNet': [`${networking}/virtualnetwork/vnet`, `${networking}/virtualnetwork`],
    'reserved IP ip': [`${networking}/reservedips/IP`, `${networking}/reservedips`],
  };
  for (const [what, [path = '', list = '']] of Object.entries(places)) {
    const step = async (comp: string) => {
      const answer = await classic.post(`${path}/migration?comp=${comp}`, '', { version });
      return answer.statusCode < 400 ? `${answer.statusCode}` : errorOf(answer.body);
    };
    const state = async () => /<MigrationState>(\w+)</.exec((await classic.get(list, { version })).body)?.[1];
    t.equal(await step('validate'), '200');
    t.equal(
      await step('commit'),
      `ConflictError: The migration state of ${what} is 'None', so that step 'commit' is not possible.`,
    );
    t.equal(await step('prepare'), '202');
    t.equal(await state(), 'Prepared');
    t.notMatch((await classic.get(list, { version: '2015-04-01' })).body, /MigrationState/);
    t.equal(await step('abort'), '202');
    t.equal(await state(), undefined);
    t.equal(await step('prepare'), '202');
    t.equal((await classic.put(`${networking}/media`, configuration)).statusCode, 202);
    t.equal(await state(), 'Prepared', 'another configuration forgets no migration');
    t.equal(await step('commit'), '202');
    t.equal(await state(), 'Committed');
    t.equal((await classic.post(`${list}/nothing/migration?comp=validate`, '', { version })).statusCode, 404);
  }
  const machines = async (service: string) =>
    /<MigrationState>(\w+)</.exec(
      (await classic.get(`${services}/${service}/deploymentslots/Production`, { version })).body,
    )?.[1];
  t.same([await machines('other'), await machines('mySvc')], ['Committed', undefined]);
});

t.test('data disks are added, read, changed and deleted by their logical unit number', async (t) => {
  const classic = await startWithSet(t);
  const disks = `${dep}/roles/vm1/DataDisks`;
  const disk = (inner: string) => `<DataVirtualHardDisk ${azureXmlns}>${inner}</DataVirtualHardDisk>`;
  const link = '<MediaLink>http://store.blob.example/d.vhd</MediaLink>';
  const added = await classic.post(disks, disk(`<HostCaching>ReadOnly</HostCaching>${link}`));
  t.equal(added.statusCode, 202, added.body);
  const five = `<Lun>5</Lun><LogicalDiskSizeInGB>10</LogicalDiskSizeInGB>${link}`;
  t.equal((await classic.post(disks, disk(five))).statusCode, 202);
  t.equal(errorOf((await classic.post(disks, disk(five))).body), "ConflictError: The name 'Lun 5' is already taken.");
  t.match((await classic.get(`${disks}/0`)).body, /<HostCaching>ReadOnly<.*<MediaLink>https:/);
  const changed = await classic.put(`${disks}/5`, disk(`<HostCaching>None</HostCaching><Lun>5</Lun>${link}`));
  t.same([changed.statusCode, changed.body], [200, ''], 'at once, as azure-asm-compute expects');
  t.match((await classic.get(`${disks}/5`)).body, /<HostCaching>None<.*<Lun>5<.*<LogicalDiskSizeInGB>10</);
  t.equal((await classic.delete(`${disks}/5?comp=media`)).statusCode, 202);
  t.equal((await classic.get(`${disks}/5`)).statusCode, 404);
  t.equal((await classic.delete(`${disks}/7`)).statusCode, 404);
  t.match((await classic.get(`${dep}/roles/vm1`)).body, /<DataVirtualHardDisks><DataVirtualHardDisk>(?!.*<Lun>)/);
});

t.test('machines are redeployed, and brought through maintenance', async (t) => {
  const classic = await startWithSet(t);
  const operate = (name: string) =>
    classic.post(
      `${dep}/roleinstances/vm1/Operations`,
      `<${name} ${azureXmlns}><OperationType>${name}</OperationType></${name}>`,
    );
  for (const name of ['ShutdownRoleOperation', 'RedeployRoleOperation', 'PerformMaintenanceOnRoleOperation'])
    t.equal((await operate(name)).statusCode, 202, name);
  t.notMatch((await classic.get(dep)).body, /StoppedVM/);
  t.equal(
    errorOf((await operate('PauseRoleOperation')).body),
    'BadRequest: RoleOperation has a missing, misspelled or out of order element.',
  );
  t.equal((await classic.get(`${services}/mySvc/deployments/mySvc/migration`)).statusCode, 400);
});
