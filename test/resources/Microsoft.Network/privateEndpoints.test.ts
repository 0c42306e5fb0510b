/** Private endpoints: what Azure makes for them, their connections at both ends, and what it refuses. */
import t from 'tap';
import { AzureInMemory, idOf, ids, subscriptionId, writeBack } from '../azure-in-memory.js';

const { vnet, service, lb } = ids;
const endpoint = idOf('Microsoft.Network/privateEndpoints', 'pe');
const vault = idOf('Microsoft.KeyVault/vaults', 'Safe');
const other = '00000000-0000-0000-0000-00000000000f';
const subnet = { id: `${vnet}/subnets/subnet` };
const guid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

type Json = Record<string, unknown>;

/** A private link service in front of an internal load balancer. */
function azureWithService(properties: Json = {}): AzureInMemory {
  const azure = new AzureInMemory();
  azure.putNetwork({ privateLinkServiceNetworkPolicies: 'Disabled' });
  const frontendIPConfigurations = [{ name: 'fe', properties: { subnet } }];
  azure.put(lb, { location: 'westus', sku: { name: 'Standard' }, properties: { frontendIPConfigurations } });
  azure.put(service, {
    location: 'westus',
    properties: {
      loadBalancerFrontendIpConfigurations: [{ id: `${lb}/frontendIPConfigurations/fe` }],
      ipConfigurations: [{ name: 'config', properties: { subnet } }],
      ...properties,
    },
  });
  return azure;
}

const connectionTo = (privateLinkServiceId: string, more: Json = {}) => [
  { name: 'link', properties: { privateLinkServiceId, ...more } },
];

const bodyOf = (properties: Json, more: Json = {}) => ({
  location: 'westus',
  ...more,
  properties: { subnet, ...properties },
});

const connected = (more: Json = {}) => bodyOf({ privateLinkServiceConnections: connectionTo(service), ...more });
const byHand = (target: string, more: Json = {}) =>
  bodyOf({ manualPrivateLinkServiceConnections: connectionTo(target, more) });

const stateAt = (azure: AzureInMemory, list = 'privateLinkServiceConnections') =>
  azure.at(endpoint, `properties.${list}.0.properties.privateLinkServiceConnectionState`);
const nicOf = (azure: AzureInMemory): string => azure.at(endpoint, 'properties.networkInterfaces.0.id') as string;
const connectionAt = (azure: AzureInMemory) => azure.at(service, 'properties.privateEndpointConnections.0') as Json;

t.test('A private endpoint of a private link service is connected at both ends', async (t) => {
  const azure = azureWithService();
  azure.put(endpoint, connected());
  t.match(azure.get(endpoint), {
    type: 'Microsoft.Network/privateEndpoints',
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid: new RegExp(`^${guid}$`),
      privateLinkServiceConnections: [
        {
          id: `${endpoint}/privateLinkServiceConnections/link`,
          type: 'Microsoft.Network/privateEndpoints/privateLinkServiceConnections',
          properties: {
            provisioningState: 'Succeeded',
            privateLinkServiceId: service,
            privateLinkServiceConnectionState: {
              status: 'Approved',
              description: 'Auto Approved',
              actionsRequired: 'None',
            },
          },
        },
      ],
      manualPrivateLinkServiceConnections: [],
      customNetworkInterfaceName: '',
      subnet,
      ipConfigurations: [],
      networkInterfaces: [{ id: new RegExp(`/networkInterfaces/pe\\.nic\\.${guid}$`) }],
      customDnsConfigs: [],
      isIPv6EnabledPrivateEndpoint: false,
    },
  });
  const name = `pe.${azure.at(endpoint, 'properties.resourceGuid')}`;
  t.match(connectionAt(azure), {
    name,
    id: `${service}/privateEndpointConnections/${name}`,
    type: 'Microsoft.Network/privateLinkServices/privateEndpointConnections',
    properties: {
      privateEndpoint: { id: endpoint },
      privateLinkServiceConnectionState: { status: 'Approved', description: 'Auto Approved', actionsRequired: 'None' },
      linkIdentifier: /^\d{9}$/,
      privateEndpointLocation: 'westus',
    },
  });
  const [before, after] = writeBack(azure, endpoint);
  t.same(after, before, 'what it shows can be written back');
  const [service1, service2] = writeBack(azure, service);
  t.same(service2, service1, 'and so can what the service shows');
  t.equal(azure.at(endpoint, 'properties.ipConfigurations', '2020-07-01'), undefined, 'not yet in that version');
  azure.delete(endpoint);
  t.same(azure.at(service, 'properties.privateEndpointConnections'), [], 'it goes with the endpoint');
});

t.test('Azure makes a read-only network interface for a private endpoint, which goes with it', async (t) => {
  const azure = azureWithService();
  azure.put(endpoint, { ...connected(), tags: { team: 'web' } });
  const nic = nicOf(azure);
  t.match(azure.get(nic), {
    location: 'westus',
    managedBy: endpoint,
    kind: 'Regular',
    tags: { team: 'web' },
    properties: {
      ipConfigurations: [
        {
          name: new RegExp(`^privateEndpointIpConfig\\.${guid}$`),
          properties: {
            privateIPAddress: '10.0.0.6',
            privateIPAllocationMethod: 'Dynamic',
            subnet,
            primary: true,
            privateLinkConnectionProperties: { groupId: '', requiredMemberName: '', fqdns: [] },
          },
        },
      ],
      macAddress: '',
      privateEndpoint: { id: endpoint },
    },
  });
  t.match(azure.at(vnet, 'properties.subnets.0.properties'), { privateEndpoints: [{ id: endpoint }] });
  const code = 'CannotModifyNicAttachedToPrivateEndpoint';
  t.throws(() => azure.delete(nic), { code });
  t.match(azure.refusals(nic, azure.get(nic)), [new RegExp(`^${code}: `)]);
  t.throws(() => azure.putNetwork({ name: 'another' }), { code: 'InUseSubnetCannotBeDeleted' });
  azure.put(endpoint, connected({ customNetworkInterfaceName: 'mine' }));
  t.match(nicOf(azure), /\/networkInterfaces\/mine$/);
  t.throws(() => azure.get(nic), /no such resource/, 'the one before is gone');
  azure.delete(endpoint);
  t.throws(() => azure.get(ids.nic.replace('/nic', '/mine')), /no such resource/);
  t.equal(azure.at(vnet, 'properties.subnets.0.properties.privateEndpoints'), undefined);
});

t.test('A private endpoint of a service of Azure names it in DNS, by the addresses that were asked for', async (t) => {
  const azure = azureWithService();
  const ipConfigurations = [
    { name: 'first', properties: { groupId: 'vault', memberName: 'default', privateIPAddress: '10.0.0.9' } },
    { name: 'second', properties: { privateIPAddress: '10.0.0.8' } },
  ];
  const privateLinkServiceConnections = connectionTo(vault, { groupIds: ['vault'] });
  azure.put(endpoint, bodyOf({ privateLinkServiceConnections, ipConfigurations }));
  t.match(stateAt(azure), { status: 'Approved', description: 'Auto-Approved' });
  t.same(azure.at(endpoint, 'properties.customDnsConfigs'), [
    { fqdn: 'safe.vault.azure.net', ipAddresses: ['10.0.0.9'] },
  ]);
  t.match(azure.at(nicOf(azure), 'properties.ipConfigurations'), [
    {
      properties: {
        privateIPAddress: '10.0.0.9',
        primary: true,
        privateLinkConnectionProperties: {
          groupId: 'vault',
          requiredMemberName: 'default',
          fqdns: ['safe.vault.azure.net'],
        },
      },
    },
    { properties: { privateIPAddress: '10.0.0.8', primary: false } },
  ]);
  const taken = bodyOf({ privateLinkServiceConnections, ipConfigurations });
  t.match(azure.refusals(idOf('Microsoft.Network/privateEndpoints', 'pe2'), taken), [/^PrivateIPAddressIsAllocated: /]);
  azure.put(endpoint, byHand(vault, { groupIds: ['vault'], requestMessage: 'please' }));
  t.match(stateAt(azure, 'manualPrivateLinkServiceConnections'), { status: 'Pending', description: 'please' });
});

t.test('A request by hand waits, unless the service approves those of its subscription by itself', async (t) => {
  const azure = azureWithService();
  azure.put(endpoint, byHand(service, { requestMessage: 'please' }));
  const pending = { status: 'Pending', description: 'please', actionsRequired: 'None' };
  t.same(stateAt(azure, 'manualPrivateLinkServiceConnections'), pending);
  t.match(connectionAt(azure), { properties: { privateLinkServiceConnectionState: pending } });
  const open = azureWithService({ autoApproval: { subscriptions: [subscriptionId] } });
  open.put(endpoint, byHand(service));
  t.match(stateAt(open, 'manualPrivateLinkServiceConnections'), { status: 'Approved' });
});

t.test('An alias leads to the private link service, for the subscriptions that see it', async (t) => {
  const azure = azureWithService();
  const alias = azure.at(service, 'properties.alias') as string;
  azure.put(endpoint, byHand(alias));
  t.equal(
    azure.at(endpoint, 'properties.manualPrivateLinkServiceConnections.0.properties.privateLinkServiceId'),
    alias,
    'stays as it was written',
  );
  t.match(connectionAt(azure), { properties: { privateEndpoint: { id: endpoint } } });
  const far = endpoint.replace(subscriptionId, other);
  t.match(azure.refusals(far, byHand(alias)), [/^PrivateEndpointCannotHave: .*can see\.$/]);
  t.match(azure.refusals(endpoint, byHand('none.westus.azure.privatelinkservice')), [/^PrivateEndpointCannotHave: /]);
});

t.test(
  'A private link service with connections cannot be deleted, and endpoints outlast it with its group',
  async (t) => {
    const azure = azureWithService();
    azure.put(endpoint, connected());
    t.throws(() => azure.delete(service), { code: 'PrivateLinkServiceWithPrivateEndpointConnectionsCannotBeDeleted' });
    t.same(
      azure.refusals(service, { location: 'westus', properties: (azure.get(service) as Json).properties }),
      [],
      'a change of it is fine',
    );
  },
);

t.test('Azure refuses private endpoints without a subnet, with a wrong target, or in a delegated subnet', async (t) => {
  const azure = azureWithService();
  const refusals = (body: Json) => azure.refusals(endpoint, body)[0]?.replace(/: .*/, '');
  t.equal(refusals(connected({ subnet: undefined })), 'PrivateEndpointCannotHave');
  t.equal(refusals(bodyOf({})), 'PrivateEndpointCannotHave', 'no connection');
  t.equal(refusals(bodyOf({ privateLinkServiceConnections: connectionTo('nowhere') })), 'PrivateEndpointCannotHave');
  t.equal(refusals(bodyOf({ privateLinkServiceConnections: connectionTo(`${service}2`) })), 'InvalidResourceReference');
  t.same(azure.refusals(endpoint, bodyOf({ privateLinkServiceConnections: connectionTo(vault) })), [
    `MissingParameterOnPrivateLinkServiceConnection: Private link service connection ${endpoint}/privateLinkServiceConnections/link is missing required parameter 'group Id'.`,
  ]);
  azure.put(ids.nic, {
    location: 'westus',
    properties: { ipConfigurations: [{ name: 'config', properties: { subnet } }] },
  });
  t.equal(refusals(connected({ customNetworkInterfaceName: 'nic' })), 'PrivateEndpointCannotHave', 'not its own');
  const delegated = new AzureInMemory();
  delegated.putNetwork({ delegations: [{ name: 'web', properties: { serviceName: 'Microsoft.Web/serverFarms' } }] });
  const privateLinkServiceConnections = connectionTo(vault, { groupIds: ['vault'] });
  t.same(delegated.refusals(endpoint, bodyOf({ privateLinkServiceConnections })), [
    `PrivateEndpointCreationNotAllowedAsSubnetIsDelegated: Private endpoint ${endpoint} cannot be created as subnet ${subnet.id} is delegated.`,
  ]);
});
