import t from 'tap';
import {
  checkIpAddressAvailability,
  virtualNetworkUsages,
} from '../../../src/resources/Microsoft.Network/virtualNetworks.js';
import type { Resource } from '../../../src/resources/resource-type.js';
import { AzureInMemory, guid, idOf, writeBack } from '../azure-in-memory.js';

const id = idOf('Microsoft.Network/virtualNetworks', 'vnet');
const nicId = (name: string) => idOf('Microsoft.Network/networkInterfaces', name);
const azureWith = () => new AzureInMemory();

const network = (subnets: Record<string, string | object>, addressPrefixes = ['10.0.0.0/16']) => ({
  location: 'westus',
  properties: {
    addressSpace: { addressPrefixes },
    subnets: Object.entries(subnets).map(([name, given]) => ({
      name,
      properties: typeof given === 'string' ? { addressPrefix: given } : given,
    })),
  },
});

const addNic = (azure: AzureInMemory, name: string, address?: string) =>
  azure.put(nicId(name), {
    location: 'westus',
    properties: {
      ipConfigurations: [
        {
          name: 'ipconfig1',
          properties: {
            subnet: { id: `${id}/subnets/subnet` },
            ...(address === undefined ? {} : { privateIPAddress: address, privateIPAllocationMethod: 'Static' }),
          },
        },
      ],
    },
  });

t.test('a virtual network and its subnets get Azure’s defaults', async (t) => {
  const azure = azureWith();
  azure.put(id, network({ subnet: '10.0.0.0/24' }));
  const etag = azure.at(id, 'etag');
  const resourceGuid = azure.at(id, 'properties.resourceGuid');
  t.match(resourceGuid, guid);
  t.same(azure.get(id), {
    name: 'vnet',
    id,
    etag,
    type: 'Microsoft.Network/virtualNetworks',
    location: 'westus',
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid,
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      privateEndpointVNetPolicies: 'Disabled',
      subnets: [
        {
          name: 'subnet',
          id: `${id}/subnets/subnet`,
          etag,
          properties: {
            provisioningState: 'Succeeded',
            addressPrefix: '10.0.0.0/24',
            delegations: [],
            privateEndpointNetworkPolicies: 'Disabled',
            privateLinkServiceNetworkPolicies: 'Enabled',
          },
          type: 'Microsoft.Network/virtualNetworks/subnets',
        },
      ],
      virtualNetworkPeerings: [],
      enableDdosProtection: false,
    },
  });
  const [before, after] = writeBack(azure, id);
  t.same(before, after, 'writing it back changes nothing');
});

t.test('an old api-version gets the old defaults and shows only what it knows', async (t) => {
  const azure = azureWith();
  azure.put(id, network({ subnet: '10.0.0.0/24' }), { apiVersion: '2020-04-01' });
  t.equal(azure.at(id, 'properties.subnets.0.properties.privateEndpointNetworkPolicies', '2020-04-01'), 'Enabled');
  t.equal(azure.at(id, 'properties.enableVmProtection', '2020-04-01'), false);
  t.same(Object.keys(azure.at(id, 'properties', '2015-06-15') as object), [
    'provisioningState',
    'resourceGuid',
    'addressSpace',
    'subnets',
  ]);
  t.same(Object.keys(azure.at(id, 'properties.subnets.0.properties', '2015-06-15') as object), [
    'provisioningState',
    'addressPrefix',
  ]);
});

t.test('a delegation may be named after its service', async (t) => {
  const azure = azureWith();
  const name = 'Microsoft.Netapp/volumes';
  const delegations = [{ name, properties: { serviceName: name } }];
  azure.put(id, network({ subnet: { addressPrefix: '10.0.0.0/24', delegations } }));
  const [before, after] = writeBack(azure, id);
  t.same(after, before);
  t.match(azure.at(id, 'properties.subnets.0.properties.delegations.0'), {
    name,
    id: `${id}/subnets/subnet/delegations/${name}`,
  });
});

t.test('a delegation gets the actions that Azure grants to the service', async (t) => {
  const azure = azureWith();
  const delegations = [{ name: 'd', properties: { serviceName: 'Microsoft.Web/serverFarms' } }];
  azure.put(id, network({ subnet: { addressPrefix: '10.0.0.0/24', delegations } }));
  t.match(azure.at(id, 'properties.subnets.0.properties.delegations'), [
    {
      name: 'd',
      id: `${id}/subnets/subnet/delegations/d`,
      properties: {
        serviceName: 'Microsoft.Web/serverFarms',
        actions: ['Microsoft.Network/virtualNetworks/subnets/action'],
      },
      type: 'Microsoft.Network/virtualNetworks/subnets/delegations',
    },
  ]);
  const [before, after] = writeBack(azure, id);
  t.same(before, after, 'writing it back changes nothing');
  const inSubnet = (...actions: string[]) => actions.map((one) => `Microsoft.Network/virtualNetworks/subnets/${one}`);
  const services: readonly [service: string, actions: string[]][] = [
    ['Microsoft.ContainerInstance/containerGroups', inSubnet('action')],
    ['Microsoft.DBforPostgreSQL/flexibleServers', inSubnet('join/action')],
    ['Microsoft.Synapse/workspaces', inSubnet('join/action')],
    ['Microsoft.Netapp/volumes', ['Microsoft.Network/networkinterfaces/*', ...inSubnet('join/action')]],
    [
      'Microsoft.Sql/managedInstances',
      inSubnet('join/action', 'prepareNetworkPolicies/action', 'unprepareNetworkPolicies/action'),
    ],
    ['Microsoft.ApiManagement/service', inSubnet('join/action', 'prepareNetworkPolicies/action')],
  ];
  for (const [serviceName, actions] of services) {
    const delegations = [{ name: 'd', properties: { serviceName } }];
    azure.put(id, network({ subnet: { addressPrefix: '10.0.0.0/24', delegations } }));
    t.same(azure.at(id, 'properties.subnets.0.properties.delegations.0.properties.actions'), actions, serviceName);
  }
});

t.test('what a virtual network’s PUT leaves out stays, [] and null empty it', async (t) => {
  const azure = azureWith();
  const names = (member: string) =>
    (azure.at(id, `properties.${member}`) as { name: string }[]).map(({ name }) => name);
  const peering = { name: 'to', properties: { remoteVirtualNetwork: { id: `${id}2` } } };
  const put = (properties: Record<string, unknown>, apiVersion = '2024-05-01') =>
    azure.put(
      id,
      { location: 'westeurope', properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] }, ...properties } },
      { apiVersion },
    );
  azure.put(`${id}2`, network({}, ['10.9.0.0/16']));
  const both = {
    subnets: [{ name: 's', properties: { addressPrefix: '10.0.0.0/24' } }],
    virtualNetworkPeerings: [peering],
  };
  put(both);
  put({});
  t.same([names('subnets'), names('virtualNetworkPeerings')], [['s'], ['to']]);
  put({}, '2023-06-01');
  t.same([names('subnets'), names('virtualNetworkPeerings')], [[], ['to']], 'before that version subnets went');
  put(both);
  put({ subnets: null, virtualNetworkPeerings: null });
  t.same([names('subnets'), names('virtualNetworkPeerings')], [[], []]);
  put(both);
  put({ subnets: [], virtualNetworkPeerings: [] });
  t.same([names('subnets'), names('virtualNetworkPeerings')], [[], []]);
});

t.test('the default of private endpoint policies belongs to the version that reads', async (t) => {
  const azure = azureWith();
  const policies = (apiVersion: string) =>
    azure.at(id, 'properties.subnets.0.properties.privateEndpointNetworkPolicies', apiVersion);
  azure.put(id, network({ subnet: '10.0.0.0/24' }), { apiVersion: '2020-04-01' });
  t.same([policies('2020-04-01'), policies('2024-05-01')], ['Enabled', 'Disabled']);
  const subnet = { addressPrefix: '10.0.0.0/24', privateEndpointNetworkPolicies: 'Enabled' };
  azure.put(id, network({ subnet }), { apiVersion: '2020-04-01' });
  t.equal(policies('2024-05-01'), 'Disabled', 'sent back as it was shown');
  azure.put(id, network({ subnet }), { apiVersion: '2024-05-01' });
  t.same([policies('2020-04-01'), policies('2024-05-01')], ['Enabled', 'Enabled'], 'asked for');
});

t.test('a subnet in an edge zone has no default outbound access', async (t) => {
  const azure = new AzureInMemory();
  const body = {
    location: 'westus',
    extendedLocation: { type: 'EdgeZone', name: 'microsoftlosangeles1' },
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [{ name: 'subnet', properties: { addressPrefix: '10.0.0.0/24' } }],
    },
  };
  azure.put(id, body, { apiVersion: '2021-02-01' });
  t.equal(azure.at(id, 'properties.subnets.0.properties.defaultOutboundAccess', '2022-01-01'), false);
  t.equal(azure.at(id, 'properties.subnets.0.properties.defaultOutboundAccess', '2021-02-01'), undefined);
});

t.test('address prefixes are written in CIDR notation', async (t) => {
  const azure = azureWith();
  t.same(azure.refusals(id, network({}, ['10.10.10.10'])), [
    `InvalidAddressPrefixFormat: Address prefix 10.10.10.10 of resource ${id} is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.`,
  ]);
  t.same(azure.refusals(id, network({}, ['10.11.12.13/8'])), [
    `InvalidCIDRNotation: The address prefix 10.11.12.13/8 in resource ${id} has an invalid CIDR notation. For the given prefix length, the address prefix should be 10.0.0.0/8.`,
  ]);
  t.same(azure.refusals(id, network({ subnet: '10.0.0.9/24' })), [
    `InvalidCIDRNotation: The address prefix 10.0.0.9/24 in resource ${id}/subnets/subnet has an invalid CIDR notation. For the given prefix length, the address prefix should be 10.0.0.0/24.`,
  ]);
});

t.test('subnets lie inside their virtual network and apart from each other', async (t) => {
  const azure = azureWith();
  t.same(azure.refusals(id, network({ subnet: '10.1.0.0/24' })), [
    "NetcfgInvalidSubnet: Subnet 'subnet' is not valid in virtual network 'vnet'.",
  ]);
  t.same(azure.refusals(id, network({ subnet: '10.0.0.0/15' })), [
    "NetcfgInvalidSubnet: Subnet 'subnet' is not valid in virtual network 'vnet'.",
  ]);
  t.same(azure.refusals(id, network({ a: '10.0.0.0/24', b: '10.0.0.128/25' })), [
    "NetcfgSubnetRangesOverlap: Subnet 'b' is not valid because its IP address range overlaps with that of an existing subnet in virtual network 'vnet'.",
  ]);
  t.same(azure.refusals(id, network({ a: '10.0.0.0/24', b: { addressPrefixes: ['10.0.1.0/24'] } })), []);
});

t.test('DNS servers are addresses', async (t) => {
  const body = network({});
  const properties = { ...body.properties, dhcpOptions: { dnsServers: ['0'] } };
  t.same(azureWith().refusals(id, { ...body, properties }), [
    "NetcfgInvalidDnsServer: DNS server is not valid as specified with the name '0'.",
  ]);
});

t.test('a subnet in use shows who uses it and cannot be deleted', async (t) => {
  const azure = azureWith();
  azure.put(id, network({ subnet: '10.0.0.0/24', other: '10.0.1.0/24' }));
  addNic(azure, 'nic');
  const user = `${nicId('nic')}/ipConfigurations/ipconfig1`;
  t.same(azure.at(id, 'properties.subnets.0.properties.ipConfigurations'), [{ id: user }]);
  t.equal(azure.at(id, 'properties.subnets.1.properties.ipConfigurations'), undefined);
  const message = `Subnet subnet is in use by ${user} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.`;
  t.throws(() => azure.delete(id), { code: 'InUseSubnetCannotBeDeleted', message });
  t.same(azure.refusals(id, network({ other: '10.0.1.0/24' })), [`InUseSubnetCannotBeDeleted: ${message}`]);
  t.same(azure.refusals(id, network({ subnet: '10.0.2.0/24', other: '10.0.1.0/24' })), [
    'InUsePrefixCannotBeDeleted: IpPrefix 10.0.0.0/24 on Subnet subnet has active allocations and cannot be deleted.',
  ]);
  azure.delete(nicId('nic'));
  azure.delete(id);
});

t.test('CheckIPAddressAvailability knows reserved, taken and free addresses', async (t) => {
  const azure = azureWith();
  azure.put(id, network({ subnet: '10.0.0.0/24' }));
  addNic(azure, 'nic', '10.0.0.5');
  const resource = azure.resource(id.toLowerCase()) as Resource;
  const ask = (ipAddress: string, apiVersion = '2022-01-01') =>
    checkIpAddressAvailability({ resource, lookup: azure }, { ipAddress, apiVersion });
  t.same(ask('10.0.0.50'), { available: true, isPlatformReserved: false });
  t.same(ask('10.0.0.50', '2018-11-01'), { available: true });
  const availableIPAddresses = ['10.0.0.4', '10.0.0.6', '10.0.0.7', '10.0.0.8', '10.0.0.9'];
  t.same(ask('10.0.0.0'), { available: false, availableIPAddresses, isPlatformReserved: true });
  t.same(ask('10.0.0.5'), { available: false, availableIPAddresses, isPlatformReserved: false });
  t.throws(() => ask('10.1.0.4'), {
    code: 'PrivateIPAddressNotInAnySubnet',
    message: `Private static IP address 10.1.0.4 does not belong to the range of any subnet in the virtual network ${id}.`,
  });
  t.same(virtualNetworkUsages({ resource, lookup: azure }), {
    value: [
      {
        currentValue: 1,
        id: `${id}/subnets/subnet`,
        limit: 251,
        name: { localizedValue: 'Subnet size and usage', value: 'SubnetSpace' },
        unit: 'Count',
      },
    ],
  });
});

t.test('a peering is connected when both sides have one, disconnected when the other is gone', async (t) => {
  const azure = azureWith();
  const other = idOf('Microsoft.Network/virtualNetworks', 'other');
  const peered = (prefix: string, remote?: string) => {
    const body = network({}, [prefix]);
    const properties = remote === undefined ? {} : { remoteVirtualNetwork: { id: remote } };
    const virtualNetworkPeerings = remote === undefined ? [] : [{ name: 'peer', properties }];
    return { ...body, properties: { ...body.properties, virtualNetworkPeerings } };
  };
  azure.put(other, peered('172.16.0.0/16'));
  azure.put(id, peered('10.0.0.0/16', other));
  t.match(azure.at(id, 'properties.virtualNetworkPeerings.0.properties'), {
    peeringState: 'Initiated',
    peeringSyncLevel: 'RemoteNotInSync',
    remoteVirtualNetwork: { id: other },
    allowVirtualNetworkAccess: true,
    allowForwardedTraffic: false,
    remoteAddressSpace: { addressPrefixes: ['172.16.0.0/16'] },
  });
  azure.put(other, peered('172.16.0.0/16', id));
  t.match(azure.at(id, 'properties.virtualNetworkPeerings.0.properties'), {
    peeringState: 'Connected',
    peeringSyncLevel: 'FullyInSync',
  });
  const [before, after] = writeBack(azure, id);
  t.same(before, after, 'writing it back changes nothing');
  azure.delete(other);
  t.match(azure.at(id, 'properties.virtualNetworkPeerings.0.properties'), {
    peeringState: 'Disconnected',
    remoteVirtualNetwork: { id: other },
    remoteAddressSpace: { addressPrefixes: ['172.16.0.0/16'] },
  });
  const [left, right] = writeBack(azure, id);
  t.same(left, right, 'nor does it then');
  const third = idOf('Microsoft.Network/virtualNetworks', 'third');
  t.match(azure.refusals(third, peered('10.2.0.0/16', other)), [/^InvalidResourceReference: /]);
});
