/** Types without a model: children of modelled types, what Azure fills in on well-known ones, and types it does not have. */
import t from 'tap';
import { deploy, deployment, deployments, template } from '../deployments/deployment-client.js';
import {
  ArmClient,
  at,
  group,
  type Json,
  loadBalancer,
  network,
  networkInterface,
  refusal,
  subscriptionId,
} from './arm-client.js';

const compute = `${group}/providers/Microsoft.Compute`;
const extension = { location: 'westeurope', properties: { publisher: 'Contoso', type: 'Setup' } };
const names = (body: Json): unknown[] => (body.value as Json[]).map(({ name }) => name);

t.test('A virtual machine has extensions, each named by its last segment and gone with the machine', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const vm = `${compute}/virtualMachines/vm`;
  t.equal((await azure.put(`${vm}/extensions/setup`, extension)).status, 404, 'the machine is not there');
  for (const name of ['vm', 'vm2']) {
    await azure.put(`${compute}/virtualMachines/${name}`, { location: 'westeurope', properties: {} });
    await azure.put(`${compute}/virtualMachines/${name}/extensions/of-${name}`, extension);
  }
  const made = await azure.put(`${vm}/extensions/setup`, extension);
  t.equal(made.status, 201);
  t.match(made.body, {
    name: 'setup',
    type: 'Microsoft.Compute/virtualMachines/extensions',
    properties: { type: 'Setup' },
  });
  t.equal((await azure.head(`${vm}/extensions/setup`)).status, 204);
  t.equal((await azure.head(`${vm}/extensions/none`)).status, 404);
  t.equal((await azure.head(vm)).status, 405, 'there, but Azure has no HEAD for it');
  t.same(names((await azure.get(`${vm}/extensions`)).body), ['of-vm', 'setup'], 'of this machine only');
  const shown = (await azure.get(vm)).body;
  t.same(names({ value: shown.resources }), ['of-vm', 'setup'], 'the machine shows them too');
  t.match(shown.resources, [{}, { id: `${vm}/extensions/setup`, properties: { provisioningState: 'Succeeded' } }]);
  const { status } = await azure.put(vm, shown);
  t.equal(status, 200, 'what it shows can be written back');
  t.equal((await azure.delete(vm)).status, 202);
  t.equal((await azure.get(`${vm}/extensions/setup`)).status, 404);
});

t.test('Resources of a type without a model are listed in their subscription, group and parent', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const account = `${group}/providers/Microsoft.Storage/storageAccounts/store`;
  await azure.put(account, { location: 'westeurope' });
  await azure.put(`${account}/blobServices/default`, {});
  const lock = '/providers/Microsoft.Authorization/locks';
  await azure.put(`${account}${lock}/keep`, { properties: { level: 'CanNotDelete' } });
  const inSubscription = `/subscriptions/${subscriptionId}/providers/Microsoft.Storage/storageAccounts`;
  t.same(names((await azure.get(inSubscription)).body), ['store']);
  t.same(names((await azure.get(`${account}/blobServices`)).body), ['default']);
  t.same(names((await azure.get(`${account}${lock}`)).body), ['keep']);
  t.same(names((await azure.get(`${group}${lock}`)).body), ['keep']);
  t.same(names((await azure.get(`${network}/natGateways`)).body), []);
  t.same(names((await azure.get(`${account}/providers/Microsoft.Insights/diagnosticSettings`)).body), []);
  for (const missing of [`${network}/privateLinkServices/none`, `${account}x`])
    for (const children of ['privateEndpointConnections', 'providers/Microsoft.Insights/diagnosticSettings'])
      t.match(
        refusal(await azure.get(`${missing}/${children}`)),
        /^404 (ResourceNotFound|InvalidResourceType)/,
        children,
      );
});

t.test('What Azure fills in on well-known types is there, and stays the same', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeNetwork();
  const subnetResourceId = `${network}/virtualNetworks/vnet/subnets/default`;
  const subnetAddress = '10.0.0.4';
  const hub = { properties: { addressPrefix: '10.8.0.0/16' } };
  const virtualHub = { id: `${network}/virtualHubs/one` };
  const expected: readonly [type: string, shown: Json, sent?: Json][] = [
    ['Microsoft.Storage/storageAccounts', { primaryEndpoints: { blob: 'https://one.blob.core.windows.net/' } }],
    [
      'Microsoft.ManagedIdentity/userAssignedIdentities',
      { principalId: /^[0-9a-f-]{36}$/, clientId: /^[0-9a-f-]{36}$/ },
    ],
    [
      'Microsoft.Insights/components',
      { InstrumentationKey: /^[0-9a-f-]{36}$/, ConnectionString: /^InstrumentationKey=/ },
    ],
    ['Microsoft.KeyVault/vaults', { vaultUri: 'https://one.vault.azure.net/' }],
    ['Microsoft.OperationalInsights/workspaces', { customerId: /^[0-9a-f-]{36}$/ }],
    ['Microsoft.Network/dnsZones', { nameServers: [/azure-dns\.com\.$/, String, String, String] }],
    ['Microsoft.Network/ipGroups', { firewalls: [] }],
    ['Microsoft.Web/sites', { defaultHostName: 'one.azurewebsites.net' }],
    ['Microsoft.Sql/servers', { fullyQualifiedDomainName: 'one.database.windows.net' }],
    ['Microsoft.ContainerRegistry/registries', { loginServer: 'one.azurecr.io' }],
    ['Microsoft.ServiceFabric/clusters', { clusterEndpoint: /^https:/ }],
    [
      'Microsoft.ServiceFabric/managedClusters',
      { fqdn: 'mine.westeurope.cloudapp.azure.com', clusterId: String },
      { properties: { dnsName: 'Mine' } },
    ],
    ['Microsoft.EventGrid/domains', { endpoint: /^https:/ }],
    [
      'Microsoft.Storage/storageAccounts',
      { secondaryEndpoints: { blob: 'https://one-secondary.blob.core.windows.net/' } },
      { sku: { name: 'Standard_RAGRS' } },
    ],
    [
      'Microsoft.ContainerService/managedClusters',
      {
        identityProfile: { kubeletidentity: { clientId: String, objectId: String } },
        addonProfiles: { monitoring: { enabled: true, identity: { objectId: String } }, dashboard: { enabled: false } },
        oidcIssuerProfile: { issuerURL: /^https:/ },
      },
      {
        properties: {
          addonProfiles: { monitoring: { enabled: true }, dashboard: { enabled: false } },
          oidcIssuerProfile: { enabled: true },
        },
      },
    ],
    [
      'Microsoft.ApiManagement/service',
      { privateIPAddresses: [subnetAddress], developerPortalUrl: 'https://one.developer.azure-api.net' },
      { properties: { virtualNetworkType: 'Internal', virtualNetworkConfiguration: { subnetResourceId } } },
    ],
    [
      'Microsoft.DesktopVirtualization/hostPools',
      { registrationInfo: { token: /^NotARealToken/ } },
      { properties: { registrationInfo: { registrationTokenOperation: 'Update' } } },
    ],
    ['Microsoft.Automation/automationAccounts', { RegistrationUrl: /^https:/ }],
    ['Microsoft.Network/virtualHubs', { virtualRouterIps: ['10.8.0.4', '10.8.0.5'] }, hub],
    [
      'Microsoft.Network/azureFirewalls',
      { hubIPAddresses: { privateIPAddress: '10.8.0.132', publicIPs: { addresses: [{ address: String }] } } },
      { properties: { virtualHub, hubIPAddresses: { publicIPs: { count: 1 } } } },
    ],
    [
      'Microsoft.Network/vpnGateways',
      {
        bgpSettings: { asn: 65010, bgpPeeringAddresses: [{ defaultBgpIpAddresses: ['10.8.0.12'] }, {}] },
        ipConfigurations: [{ publicIpAddress: String, privateIpAddress: '10.8.0.12' }, {}],
      },
      { properties: { virtualHub, bgpSettings: { asn: 65010 } } },
    ],
    ['Microsoft.Network/dnsResolvers', { dnsResolverState: 'Connected' }],
    [
      'Microsoft.Network/dnsResolvers/one/inboundEndpoints',
      { ipConfigurations: [{ privateIpAddress: subnetAddress }] },
      { properties: { ipConfigurations: [{ subnet: { id: subnetResourceId } }] } },
    ],
  ];
  for (const [type, properties, sent = {}] of expected) {
    const path = `${group}/providers/${type}/one`;
    const made = await azure.put(path, { location: 'westeurope', properties: {}, ...sent });
    t.match(at(made.body, 'properties'), properties, type);
    t.same((await azure.get(path)).body, made.body, `${type} stays the same`);
    t.match(
      (await azure.put(path, made.body)).body.properties,
      made.body.properties as Json,
      `${type} can be put back`,
    );
  }
});

t.test('Identities have principals, on types with a model and without', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const user = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me`;
  const { body: me } = await azure.put(user, { location: 'westeurope' });
  const identity = { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [user]: {} } };
  for (const path of [`${compute}/virtualMachines/vm`, `${group}/providers/Microsoft.Web/sites/site`]) {
    const made = await azure.put(path, { location: 'westeurope', identity, properties: {} });
    t.match(made.body.identity, { principalId: /^[0-9a-f-]{36}$/, tenantId: /^[0-9a-f-]{36}$/ });
    const users = (made.body.identity as { userAssignedIdentities: Record<string, Json> }).userAssignedIdentities;
    t.equal(users[user]?.principalId, at(me, 'properties.principalId'));
    t.equal(users[user]?.clientId, at(me, 'properties.clientId'));
    const again = await azure.put(path, made.body);
    t.same(again.body.identity, made.body.identity);
    const none = await azure.put(path, { location: 'westeurope', identity: { type: 'None' }, properties: {} });
    t.same(none.body.identity, { type: 'None' });
  }
});

t.test('Keys are listed over the wire and in templates, and are nobody’s secrets', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const account = `${group}/providers/Microsoft.Storage/storageAccounts/store`;
  t.equal((await azure.post(`${account}/listKeys`)).status, 404, 'no account, no keys');
  await azure.put(account, { location: 'westeurope' });
  const { body } = await azure.post(`${account}/listKeys`);
  const key = at(body, 'keys.0.value') as string;
  t.match(key, /^NotARealKey\/LazuriteMadeItUp\/[0-9a-f]+A==$/);
  t.equal(Buffer.from(key, 'base64').length, 64);
  t.same((await azure.post(`${account}/listKeys`)).body, body);
  const value = `[listKeys('${account}', '2023-01-01').keys[0].value]`;
  const made = await deploy(
    azure,
    `${deployments}/d`,
    deployment(template({ outputs: { key: { type: 'string', value } } })),
  );
  t.equal(at(made, 'properties.outputs.key.value'), key);
});

t.test('Lists of keys, tokens and addresses that templates ask for have answers', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const lists: readonly [type: string, list: string, shown: Json][] = [
    ['Microsoft.AppConfiguration/configurationStores/one', 'listKeys', { value: [{ connectionString: String }, {}] }],
    ['Microsoft.Cache/redisEnterprise/one', 'databases/default/listKeys', { primaryKey: String }],
    ['Microsoft.ContainerService/managedClusters/one', 'listClusterUserCredential', { kubeconfigs: [{}] }],
    ['Microsoft.ContainerService/managedClusters/one', 'listClusterAdminCredential', { kubeconfigs: [{}] }],
    ['Microsoft.DataFactory/factories/one', 'integrationRuntimes/ir/listAuthKeys', { authKey1: String }],
    ['Microsoft.DocumentDB/databaseAccounts/one', 'listConnectionStrings', { connectionStrings: [{}, {}] }],
    ['Microsoft.EventGrid/domains/one', 'listKeys', { key1: String }],
    ['Microsoft.Logic/workflows/one', 'triggers/manual/listCallbackUrl', { value: /^https:/ }],
    ['Microsoft.Logic/workflows/one', 'listCallbackUrl', { value: /^https:/ }],
    ['Microsoft.Maps/accounts/one', 'listKeys', { primaryKey: String }],
    ['Microsoft.Search/searchServices/one', 'listQueryKeys', { value: [{ key: String }] }],
    ['Microsoft.Synapse/workspaces/one', 'integrationRuntimes/ir/listAuthKeys', { authKey2: String }],
    ['Microsoft.Web/sites/one', 'config/publishingcredentials/list', { properties: { publishingUserName: '$one' } }],
    ['Microsoft.Web/sites/one', 'config/appsettings/list', { properties: {} }],
  ];
  for (const [type, list, shown] of lists) {
    const id = `${group}/providers/${type}`;
    t.equal((await azure.post(`${id}/${list}`)).status, 404, `${type} is not there`);
    await azure.put(id, { location: 'westeurope' });
    const { status, body } = await azure.post(`${id}/${list}`);
    t.equal(status, 200, `${type}/${list}`);
    t.match(body, shown, `${type}/${list}`);
    t.same((await azure.post(`${id}/${list}`)).body, body, 'the same each time');
    await azure.delete(id);
  }
});

t.test('A type that Azure does not have is refused with a hint', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const message = async (path: string) => at((await azure.put(path, { location: 'westeurope' })).body, 'error.message');
  t.match(await message(`${network}/loadbalancer/lb`), /Did you mean 'Microsoft.Network\/loadBalancers'\?$/);
  t.match(await message(`${compute}/virtualMachine/vm`), /Did you mean 'Microsoft.Compute\/virtualMachines'\?$/);
  t.match(
    await message(`${network}/loadBalancers/lb/colours/blue`),
    /^The resource type 'loadBalancers\/colours' could not/,
  );
  for (const path of [`${network}/zebra/z`, `${compute}/zebra/z`]) {
    t.notMatch(await message(path), /api-versions are ''/);
  }
});

t.test('What is inside a resource without a model may be referred to', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  await azure.makeNetwork();
  const gateway = `${network}/virtualNetworkGateways/gateway`;
  const applicationGateway = `${network}/applicationGateways/gateway`;
  await azure.made(applicationGateway, { location: 'westeurope', properties: {} });
  const pool = { id: `${applicationGateway}/backendAddressPools/pool` };
  const subnet = { id: `${network}/virtualNetworks/vnet/subnets/default` };
  const configuration = { subnet, applicationGatewayBackendAddressPools: [pool] };
  await azure.made(`${network}/networkInterfaces/nic`, {
    location: 'westeurope',
    properties: { ipConfigurations: [{ name: 'one', properties: configuration }] },
  });
  await azure.made(gateway, {
    location: 'westeurope',
    properties: { ipConfigurations: [{ name: 'one', properties: { subnet } }] },
  });
  const peering = {
    remoteVirtualNetwork: { id: `${network}/virtualNetworks/vnet` },
    useRemoteGateways: true,
  };
  await azure.made(`${network}/virtualNetworks/other`, {
    location: 'westeurope',
    properties: {
      addressSpace: { addressPrefixes: ['172.16.0.0/16'] },
      virtualNetworkPeerings: [{ name: 'peer', properties: peering }],
    },
  });
  const shown = await azure.get(`${network}/virtualNetworks/other/virtualNetworkPeerings/peer`);
  t.match(shown.body, { properties: { remoteGateways: [{ id: gateway }] } }, 'a peering shows the gateways it uses');
});

t.test('Gateways, firewalls and bastions hold their subnet and public IP address until they are gone', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  await azure.makeNetwork();
  await azure.makePublicIPAddress('ip');
  const [vnet, ip] = [`${network}/virtualNetworks/vnet`, `${network}/publicIPAddresses/ip`];
  const subnet = { id: `${vnet}/subnets/default` };
  const body = (properties: Json, member = 'ipConfigurations') => ({
    location: 'westeurope',
    properties: { [member]: [{ name: 'one', properties }] },
  });
  const types: readonly [type: string, segment: string, member?: string][] = [
    ['virtualNetworkGateways', 'ipConfigurations'],
    ['applicationGateways', 'frontendIPConfigurations', 'frontendIPConfigurations'],
    ['azureFirewalls', 'azureFirewallIpConfigurations'],
    ['bastionHosts', 'bastionHostIpConfigurations'],
  ];
  for (const [type, segment, member] of types) {
    const holder = `${network}/${type}/holder`;
    const missing = await azure.put(holder, body({ publicIPAddress: { id: `${ip}x` } }, member));
    t.match(refusal(missing), /^400 InvalidResourceReference/, type);
    const made = await azure.put(holder, body({ subnet, publicIPAddress: { id: ip } }, member));
    t.equal(made.status, 201, type);
    const part = { id: `${holder}/${segment}/one` };
    t.match(at(made.body, 'properties'), { [member ?? 'ipConfigurations']: [part] }, 'the part has its id');
    t.same(at((await azure.get(ip)).body, 'properties.ipConfiguration'), part);
    t.same(at((await azure.get(subnet.id)).body, 'properties.ipConfigurations'), [part]);
    t.match(refusal(await azure.delete(ip)), /^400 PublicIPAddressCannotBeDeleted/);
    t.match(refusal(await azure.delete(subnet.id)), /^400 InUseSubnetCannotBeDeleted/);
    t.match(refusal(await azure.delete(vnet)), /^400 InUseSubnetCannotBeDeleted/);
    const second = await azure.put(`${network}/${type}/second`, body({ publicIPAddress: { id: ip } }, member));
    t.match(refusal(second), /^400 PublicIPAddressInUse/);
    t.equal((await azure.put(holder, made.body)).status, 200, 'what it shows can be written back');
    t.equal((await azure.delete(holder)).status, 202);
    t.equal(at((await azure.get(ip)).body, 'properties.ipConfiguration'), undefined);
    t.equal(at((await azure.get(subnet.id)).body, 'properties.ipConfigurations'), undefined);
  }
  const gateway = body({ subnet }, 'gatewayIPConfigurations');
  await azure.made(`${network}/applicationGateways/holder`, gateway);
  const [shown] = at((await azure.get(subnet.id)).body, 'properties.applicationGatewayIPConfigurations') as Json[];
  t.same(shown, { id: `${network}/applicationGateways/holder/gatewayIPConfigurations/one` });
  const nameless = { properties: { publicIPAddress: { id: ip } } };
  const firewall = { location: 'westeurope', properties: { ipConfigurations: [nameless] } };
  await azure.made(`${network}/azureFirewalls/holder`, firewall);
  t.equal((await azure.put(`${network}/azureFirewalls/holder`, firewall)).status, 200, 'its own address is not taken');
  const { message } = (await azure.delete(ip)).body.error as Json;
  t.match(message, /\/azureFirewalls\/holder\b(?!\/)/, 'a part without a name has no id: the firewall itself holds it');
});

t.test('A provider is unregistered until it is registered again, and lists what is accepted', async (t) => {
  const azure = await ArmClient.start(t);
  const path = `/subscriptions/${subscriptionId}/providers/Microsoft.Network`;
  const state = async () => (await azure.get(path)).body.registrationState;
  t.equal((await azure.post(`${path}/unregister`)).body.registrationState, 'Unregistered');
  t.equal(await state(), 'Unregistered');
  await azure.post(`${path}/register`);
  t.equal(await state(), 'Registered');
  const types = (await azure.get(path)).body.resourceTypes as Json[];
  const entry = (name: string) => types.find(({ resourceType }) => resourceType === name);
  t.match(entry('loadBalancers'), { zoneMappings: [{ location: 'East US', zones: ['3', '1', '2'] }] });
  t.ok(entry('bastionHosts'), 'stored without a model');
  const { body } = await azure.get('/providers/Microsoft.Network/operations');
  t.ok((body.value as Json[]).some(({ name }) => name === 'Microsoft.Network/loadBalancers/read'));
});

t.test('A resource has a current resource health', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  await azure.makePublicIPAddress('ip');
  const health = '/providers/Microsoft.ResourceHealth/availabilityStatuses/current';
  const { status, body } = await azure.get(`${network}/publicIPAddresses/ip${health}`, { apiVersion: '2020-05-01' });
  t.equal(status, 200);
  t.equal(at(body, 'properties.availabilityState'), 'Available');
  t.equal((await azure.get(`${network}/publicIPAddresses/none${health}`, { apiVersion: '2020-05-01' })).status, 404);
  for (const scope of [`/subscriptions/${subscriptionId}`, group, `${network}/publicIPAddresses/ip`]) {
    const all = await azure.get(`${scope}/providers/Microsoft.ResourceHealth/availabilityStatuses`);
    t.match(all.body.value, [{ id: `${network}/publicIPAddresses/ip${health}`, name: 'current' }]);
  }
});

t.test('Tags are read and written as a resource of their own', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  await azure.makePublicIPAddress('ip');
  const ip = `${network}/publicIPAddresses/ip`;
  const tags = `${ip}/providers/Microsoft.Resources/tags/default`;
  const patch = async (operation: string, given: Json) =>
    at((await azure.patch(tags, { operation, properties: { tags: given } })).body, 'properties.tags');
  t.equal((await azure.put(tags, { properties: { tags: { a: '1' } } })).status, 200);
  t.same(await patch('Merge', { b: '2' }), { a: '1', b: '2' });
  t.same(await patch('Delete', { a: '1' }), { b: '2' });
  t.same((await azure.get(ip)).body.tags, { b: '2' });
  t.same(at((await azure.get(tags)).body, 'properties.tags'), { b: '2' });
  t.equal((await azure.delete(tags)).status, 200);
  t.same((await azure.get(ip)).body.tags, {});
});

t.test('An availability set of 2016-04-30-preview may be managed', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const body = { location: 'westeurope', properties: { managed: true } };
  const preview = { apiVersion: '2016-04-30-preview' };
  const made = await azure.put(`${compute}/availabilitySets/set`, body, preview);
  t.equal(at(made.body, 'properties.managed'), true);
});

t.test('The envelope of a type without a model is checked like that of any other', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const account = `${group}/providers/Microsoft.Storage/storageAccounts/store`;
  const codeOf = async (body: Json): Promise<unknown> => {
    const { status, body: answer } = await azure.put(account, body);
    return [status, at(answer, 'error.code')];
  };
  for (const location of [{}, ['westeurope'], { toString: 1 }]) {
    t.same(await codeOf({ location }), [400, 'InvalidRequestFormat'], JSON.stringify(location));
  }
  for (const location of ['\ud800', 'a/b', 'west<europe', 1.5]) {
    t.same(await codeOf({ location }), [400, 'InvalidResourceLocation'], JSON.stringify(location));
  }
  for (const tags of [[], 'a', { a: {} }]) t.same(await codeOf({ tags }), [400, 'InvalidRequestFormat']);
  for (const properties of [[], 'a', 1]) t.same(await codeOf({ properties }), [400, 'InvalidRequestFormat']);
  t.equal((await azure.get(account)).status, 404);
  t.equal((await azure.put(account, { Location: 'West Europe', properties: null, tags: null })).status, 200);
  t.equal((await azure.get(account)).body.location, 'westeurope');
  t.equal((await azure.delete(account)).status, 200);
});

t.test('A PUT and a DELETE answer the statuses that the type has on Azure', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeNetwork();
  const set = `${compute}/availabilitySets/set`;
  const made = await azure.put(set, { location: 'westeurope', sku: { name: 'Aligned' } }, { apiVersion: '2023-09-01' });
  t.same([made.status, made.headers['azure-asyncoperation']], [200, undefined]);
  t.equal((await azure.delete(set, { apiVersion: '2023-09-01' })).status, 200);
  t.equal((await azure.delete(set, { apiVersion: '2023-09-01' })).status, 204);
  for (const [apiVersion, isAtOnce] of [
    ['2022-01-01', false],
    ['2023-11-01', true],
  ] as const) {
    const put = () => azure.put(`${network}/networkInterfaces/nic`, networkInterface(), { apiVersion });
    const [created, again] = [await put(), await put()];
    t.same([created.status, again.status], [201, 200], apiVersion);
    t.same(
      [created, again].map(({ headers }) => headers['azure-asyncoperation'] === undefined),
      [isAtOnce, isAtOnce],
    );
    const deleted = await azure.delete(`${network}/networkInterfaces/nic`, { apiVersion });
    t.equal(deleted.status, isAtOnce ? 200 : 202);
  }
  await azure.makePublicIPAddress('ip');
  await azure.made(`${network}/loadBalancers/lb`, loadBalancer());
  const pools = [`${network}/loadBalancers/lb/backendAddressPools/pool`];
  for (const body of [networkInterface({ pools }), networkInterface()]) {
    const { headers } = await azure.put(`${network}/networkInterfaces/nic`, body, { apiVersion: '2023-11-01' });
    t.ok(headers['azure-asyncoperation'], 'the balancer has to follow');
  }
});

t.test('Subscriptions and groups have tags of their own', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const subscription = `/subscriptions/${subscriptionId}`;
  for (const scope of [subscription, group]) {
    const tags = `${scope}/providers/Microsoft.Resources/tags/default`;
    t.same(at((await azure.get(tags)).body, 'properties.tags'), {}, 'none at first');
    const merged = await azure.patch(tags, { operation: 'Merge', properties: { tags: { a: '1', b: '2' } } });
    t.match([merged.status, merged.body.id], [200, tags]);
    await azure.patch(tags, { operation: 'Delete', properties: { tags: { a: '1' } } });
    t.same(at((await azure.get(tags)).body, 'properties.tags'), { b: '2' });
  }
  t.same((await azure.get(group)).body.tags, { b: '2' });
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`tag${index}`, '']));
  const tags = `${group}/providers/Microsoft.Resources/tags/default`;
  t.equal((await azure.put(tags, { properties: { tags: many } })).status, 400, 'the limits are those of any tags');
  t.equal((await azure.delete(tags)).status, 200);
  t.same((await azure.get(group)).body.tags, {});
});

t.test('What a location offers to networks is listed', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const subscription = `/subscriptions/${subscriptionId}`;
  const inLocation = '/providers/Microsoft.Network/locations/westeurope';
  for (const [scope, inId] of [
    [subscription, subscription],
    [group, group.replace('/resourceGroups/', '/resourceGroup/')],
  ]) {
    const all = (await azure.get(`${scope}${inLocation}/availableDelegations`)).body.value as Json[];
    t.match(
      all.find(({ serviceName }) => serviceName === 'Microsoft.Sql/managedInstances'),
      {
        name: 'Microsoft.Sql.managedInstances',
        id: `${inId}/providers/Microsoft.Network/availableDelegations/Microsoft.Sql.managedInstances`,
        type: 'Microsoft.Network/availableDelegations',
        actions: { length: 3 },
      },
    );
    const types = await azure.get(`${scope}${inLocation}/availablePrivateEndpointTypes`);
    t.match(types.body.value, [{ resourceName: 'Microsoft.Network/privateLinkServices', apiVersion: '2018-08-01' }]);
  }
  const services = names(
    (await azure.get(`${subscription}${inLocation}/virtualNetworkAvailableEndpointServices`)).body,
  );
  for (const service of ['Microsoft.Storage', 'Microsoft.CosmosDBManagedInstance']) t.ok(services.includes(service));
  const tags = (await azure.get(`${subscription}${inLocation}/serviceTags`)).body;
  t.match(tags, { name: 'Public', cloud: 'Public', values: [{ name: 'AzureLoadBalancer' }] });
  const [first] = (await azure.get(`${subscription}/locations`)).body.value as Json[];
  t.match(first?.availabilityZoneMappings, [{ logicalZone: '1', physicalZone: `${first?.name}-az1` }]);
  const peers = await azure.post(`${subscription}/providers/Microsoft.Resources/checkZonePeers`, {
    location: 'westeurope',
    subscriptionIds: [`subscriptions/${subscriptionId}`],
  });
  t.match(peers.body.availabilityZonePeers, [{ availabilityZone: '1', peers: [{ subscriptionId }] }]);
});

t.test('A private link service is visible to its own subscription, and to those that it names', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeNetwork();
  const subnet = { id: `${network}/virtualNetworks/vnet/subnets/links` };
  await azure.made(subnet.id, {
    properties: { addressPrefix: '10.0.1.0/24', privateLinkServiceNetworkPolicies: 'Disabled' },
  });
  const frontendIPConfigurations = [{ name: 'front', properties: { subnet } }];
  const balancer = { location: 'westeurope', sku: { name: 'Standard' }, properties: { frontendIPConfigurations } };
  await azure.made(`${network}/loadBalancers/lb`, balancer);
  const other = '00000000-0000-0000-0000-00000000000b';
  const service = {
    location: 'westeurope',
    properties: {
      visibility: { subscriptions: [other] },
      loadBalancerFrontendIpConfigurations: [{ id: `${network}/loadBalancers/lb/frontendIPConfigurations/front` }],
      ipConfigurations: [{ name: 'ip', properties: { subnet } }],
    },
  };
  const made = await azure.made(`${network}/privateLinkServices/service`, service);
  const visible = async (subscription: string, privateLinkServiceAlias: unknown) => {
    const path = '/providers/Microsoft.Network/locations/westeurope/checkPrivateLinkServiceVisibility';
    const asked = await azure.post(`/subscriptions/${subscription}${path}`, { privateLinkServiceAlias });
    t.equal(asked.status, 202);
    return (await azure.poll(asked, 'location')).body.visible;
  };
  const alias = at(made, 'properties.alias');
  t.equal(await visible(subscriptionId, alias), true);
  t.equal(await visible(other, alias), true);
  t.equal(await visible('00000000-0000-0000-0000-00000000000c', alias), false);
  t.equal(await visible(subscriptionId, 'none'), false);
});

t.test('Addresses have the protection of their network, unless they have one of their own', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeNetwork();
  const ipAddress = `${network}/publicIPAddresses/ip`;
  await azure.makePublicIPAddress('ip');
  const nic = networkInterface() as { properties: { ipConfigurations: { properties: Json }[] } };
  (nic.properties.ipConfigurations[0] as { properties: Json }).properties.publicIPAddress = { id: ipAddress };
  await azure.made(`${network}/networkInterfaces/nic`, nic);
  const status = async (id: string) => {
    const asked = await azure.post(`${id}/ddosProtectionStatus`);
    t.equal(asked.status, 202);
    return (await azure.poll(asked, 'location')).body;
  };
  t.match(await status(ipAddress), { publicIpAddressId: ipAddress, isWorkloadProtected: 'False' });
  await azure.makePublicIPAddress('ip', { ddosSettings: { protectionMode: 'Enabled' } });
  t.match(await status(`${network}/virtualNetworks/vnet`), { value: [{ isWorkloadProtected: 'True' }] });
});

t.test('What Azure fills in can be made up beside whatever a client writes', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const subnet = `${network}/virtualNetworks/none/subnets/none`;
  const scalars: unknown[] = [null, 1, 'text', { toString: 1 }, [], {}];
  const inside = [
    { name: 1 },
    { properties: null },
    { properties: { subnet: null } },
    { relativeName: { toString: 1 } },
    { id: { toString: 1 }, publicIPs: { count: -1 }, enabled: true, subnetResourceId: { toString: 1 } },
    { properties: { privateLinkServiceId: { toString: 1 }, groupIds: [{ toString: 1 }] } },
    { publicIPs: { count: 1e12 }, subnet: { id: { toString: 1 } } },
  ];
  const values = [
    ...[...scalars, ...inside].flatMap((value: unknown): unknown[] => [value, [value]]),
    [
      { name: 'a', properties: { subnet: { id: 1 } } },
      { name: 'b', properties: { subnet: { id: subnet } } },
    ],
  ];
  const members =
    'ipConfigurations dnsConfig ipAddress bgpSettings configuration dnsName addressPrefix virtualHub hubIPAddresses addonProfiles oidcIssuerProfile registrationInfo virtualNetworkConfiguration subnet'.split(
      ' ',
    );
  const types = [
    'Microsoft.Network/azureFirewalls',
    'Microsoft.Network/virtualNetworkGateways',
    'Microsoft.Network/trafficManagerProfiles',
    'Microsoft.ContainerInstance/containerGroups',
    'Microsoft.App/containerApps',
    'Microsoft.Storage/storageAccounts',
    'Microsoft.ApiManagement/service',
    'Microsoft.ContainerService/managedClusters',
    'Microsoft.DesktopVirtualization/hostPools',
    'Microsoft.Network/dnsResolvers/resolver/inboundEndpoints',
    'Microsoft.Network/virtualHubs',
    'Microsoft.Network/vpnGateways',
    'Microsoft.ServiceFabric/managedClusters',
  ];
  await azure.put(`${network}/dnsResolvers/resolver`, { location: 'westeurope' });
  for (const type of types) {
    for (const value of values) {
      const id = `${group}/providers/${type}/one`;
      const properties = Object.fromEntries(members.map((name) => [name, value]));
      const identity = { type: value, userAssignedIdentities: value };
      const sku = { name: value };
      const { status } = await azure.put(id, { location: 'westeurope', identity, sku, properties } as Json);
      t.ok(status < 500, `${type} with ${JSON.stringify(value)}: ${status}`);
      t.ok((await azure.get(id)).status < 500);
    }
  }
});

t.test('A modelled type extends nothing', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const prefix = `${network}/publicIPPrefixes/prefix`;
  const body = { location: 'westeurope', sku: { name: 'Standard' }, properties: { prefixLength: 30 } };
  t.equal((await azure.put(prefix, body)).status, 201);
  for (const path of ['publicIPPrefixes/prefix', 'loadBalancers/lb', 'loadBalancers/lb/probes/probe']) {
    t.equal((await azure.put(`${prefix}/providers/Microsoft.Network/${path}`, body)).status, 404);
  }
  t.equal((await azure.put('/_lazurite/snapshot', (await azure.get('/_lazurite/snapshot')).body)).status, 204);
});

t.test('An application and a group of containers name their addresses', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const put = async (type: string, properties: Json): Promise<Json> => {
    const { status, body } = await azure.put(`${group}/providers/${type}/one`, {
      location: 'westeurope',
      properties,
    });
    t.ok(status < 300, type);
    return body.properties as Json;
  };
  t.match(await put('Microsoft.App/containerApps', { configuration: { ingress: { external: true } } }), {
    configuration: { ingress: { external: true, fqdn: /^one\..*\.azurecontainerapps\.io$/ } },
  });
  t.match(await put('Microsoft.ContainerInstance/containerGroups', { ipAddress: { dnsNameLabel: 'shop' } }), {
    ipAddress: { fqdn: 'shop.westeurope.azurecontainer.io' },
  });
});

t.test('A deployment stack is refused, since nothing of it would be deployed', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const stack = `${group}/providers/Microsoft.Resources/deploymentStacks/stack`;
  const answer = await azure.put(stack, { properties: { actionOnUnmanage: { resources: 'delete' } } });
  t.match(
    refusal(answer),
    "400 OperationNotSupported: Lazurite does not emulate 'Microsoft.Resources/deploymentStacks'.",
  );
  t.match(refusal(await azure.get(stack)), /^400 OperationNotSupported/);
});

t.test('Names and values of tags are set down for a subscription, and counted where they are used', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const all = `/subscriptions/${subscriptionId}/tagNames`;
  const team = `${all}/Team`;
  const of = (value: number) => ({ type: 'Total', value });
  t.match(refusal(await azure.put(`${team}/tagValues/web`, undefined)), /^404 TagNotFound/);
  const made = await azure.put(team, undefined);
  t.same([made.status, made.body], [201, { id: team, tagName: 'Team', count: of(0), values: [] }]);
  const value = await azure.put(`${all}/team/tagValues/web`, undefined);
  t.same([value.status, value.body], [201, { id: `${team}/tagValues/web`, tagValue: 'web', count: of(0) }]);
  const again = await Promise.all([team, `${team}/tagValues/web`].map((path) => azure.put(path, undefined)));
  t.same(
    again.map(({ status }) => status),
    [200, 200],
  );
  const address = (tags: Json) =>
    azure.put(`${network}/applicationSecurityGroups/asg`, { location: 'westeurope', tags });
  await address({ TEAM: 'web', env: 'test' });
  const listed = (await azure.get(all)).body.value as Json[];
  t.match(
    listed.map(({ tagName, count, values }) => [tagName, count, values]),
    [
      ['Team', of(1), [{ tagValue: 'web', count: of(1) }]],
      ['env', of(1), [{ tagValue: 'test' }]],
    ],
  );
  t.match(refusal(await azure.delete(`${team}/tagValues/web`)), /^409 TagInUse/);
  await address({});
  t.match(refusal(await azure.delete(team)), /^409 TagInUse/, 'it has a value');
  for (const status of [200, 204]) t.equal((await azure.delete(`${team}/tagValues/web`)).status, status);
  for (const status of [200, 204]) t.equal((await azure.delete(team)).status, status);
  t.same((await azure.get(all)).body, { value: [] });
});
