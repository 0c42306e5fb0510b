import t from 'tap';
import { loadBalancersOfNetworkInterface } from '../../../src/resources/Microsoft.Network/networkInterfaces.js';
import type { Resource } from '../../../src/resources/resource-type.js';
import { AzureInMemory, idOf, writeBack } from '../azure-in-memory.js';

const vnet = idOf('Microsoft.Network/virtualNetworks', 'vnet');
const id = idOf('Microsoft.Network/networkInterfaces', 'nic');
const lb = idOf('Microsoft.Network/loadBalancers', 'lb');
const subnet = (name = 'subnet', network = vnet) => ({ id: `${network}/subnets/${name}` });

function azureWith(): AzureInMemory {
  const azure = new AzureInMemory();
  azure.put(vnet, {
    location: 'eastus',
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/16', 'fd00::/48'] },
      subnets: [
        { name: 'subnet', properties: { addressPrefixes: ['10.0.0.0/24', 'fd00::/64'] } },
        { name: 'small', properties: { addressPrefix: '10.0.1.0/29' } },
      ],
    },
  });
  return azure;
}

const nic = (...ipConfigurations: Record<string, unknown>[]) => ({
  location: 'eastus',
  properties: {
    ipConfigurations: ipConfigurations.map(({ name = 'ipconfig1', ...properties }) => ({
      name,
      properties: { subnet: subnet(), ...properties },
    })),
  },
});
const staticAddress = (privateIPAddress: string) => ({ privateIPAddress, privateIPAllocationMethod: 'Static' });
const addressOf = (azure: AzureInMemory, at = 0, of = id) =>
  azure.at(of, `properties.ipConfigurations.${at}.properties.privateIPAddress`);

t.test('a network interface gets Azure’s defaults and the first free address', async (t) => {
  const azure = azureWith();
  azure.put(id, nic({}));
  const shown = azure.get(id);
  t.match(shown.properties, {
    dnsSettings: { internalDomainNameSuffix: /^[a-z0-9]{26}\.bx\.internal\.cloudapp\.net$/ },
  });
  const { dnsSettings, resourceGuid, ...properties } = shown.properties as Record<string, unknown>;
  t.same(Object.keys(dnsSettings as object), ['dnsServers', 'appliedDnsServers', 'internalDomainNameSuffix']);
  t.same(properties, {
    provisioningState: 'Succeeded',
    ipConfigurations: [
      {
        name: 'ipconfig1',
        id: `${id}/ipConfigurations/ipconfig1`,
        etag: shown.etag,
        type: 'Microsoft.Network/networkInterfaces/ipConfigurations',
        properties: {
          provisioningState: 'Succeeded',
          privateIPAddress: '10.0.0.4',
          privateIPAllocationMethod: 'Dynamic',
          subnet: subnet(),
          primary: true,
          privateIPAddressVersion: 'IPv4',
        },
      },
    ],
    enableAcceleratedNetworking: false,
    vnetEncryptionSupported: false,
    enableIPForwarding: false,
    disableTcpStateTracking: false,
    hostedWorkloads: [],
    tapConfigurations: [],
    nicType: 'Standard',
    allowPort25Out: true,
    defaultOutboundConnectivityEnabled: false,
    auxiliaryMode: 'None',
    auxiliarySku: 'None',
  });
  t.same(Object.keys(shown), ['name', 'id', 'etag', 'properties', 'type', 'location', 'kind']);
  t.equal(shown.kind, 'Regular');
  const [before, after] = writeBack(azure, id);
  t.same(before, after, 'writing it back changes nothing');
});

t.test('old api-versions do not show what came later', async (t) => {
  const azure = azureWith();
  azure.put(id, nic({}));
  t.same(Object.keys(azure.get(id, '2015-06-15')), ['name', 'id', 'etag', 'properties', 'type', 'location']);
  t.same(
    Object.keys(azure.at(id, 'properties', '2015-06-15') as object),
    'provisioningState resourceGuid ipConfigurations dnsSettings enableIPForwarding'.split(' '),
  );
  t.same(azure.at(id, 'properties.dnsSettings', '2015-06-15'), { dnsServers: [], appliedDnsServers: [] });
});

t.test('addresses are the lowest free ones, and stay', async (t) => {
  const azure = azureWith();
  const other = idOf('Microsoft.Network/networkInterfaces', 'other');
  azure.put(id, nic({}));
  azure.put(other, nic({}));
  t.equal(addressOf(azure, 0, other), '10.0.0.5');
  azure.delete(id);
  azure.put(other, nic({}));
  t.equal(addressOf(azure, 0, other), '10.0.0.5', 'a dynamic address does not change when its interface is written');
  azure.put(id, nic({}));
  t.equal(addressOf(azure), '10.0.0.4', 'a freed address is the lowest again');
  azure.put(id, nic(staticAddress('10.0.0.50')));
  azure.put(id, nic({}));
  t.equal(addressOf(azure), '10.0.0.50', 'an address that becomes dynamic stays');
  azure.put(id, nic({ subnet: subnet('small'), privateIPAddress: '10.0.0.50' }));
  t.equal(addressOf(azure), '10.0.1.4', 'another subnet gives another address');
});

t.test('a wish for a dynamic address is ignored', async (t) => {
  const azure = azureWith();
  azure.put(id, nic({ privateIPAddress: '10.0.0.50', privateIPAllocationMethod: 'Dynamic' }));
  t.equal(addressOf(azure), '10.0.0.4');
});

t.test('a static address is one of the subnet’s, not reserved and free', async (t) => {
  const azure = azureWith();
  const refusals = (address: string) => azure.refusals(id, nic(staticAddress(address)));
  t.same(refusals('10.11.12.13.14'), [
    'InvalidPrivateIPAddressFormat: Private static IP address value 10.11.12.13.14 is invalid.',
  ]);
  t.same(azure.refusals(id, nic({ subnet: subnet('small'), ...staticAddress('10.0.0.123') })), [
    'PrivateIPAddressNotInSubnet: Private static IP address 10.0.0.123 does not belong to the range of subnet prefix 10.0.1.0/29.',
  ]);
  for (const reserved of ['10.0.0.0', '10.0.0.3', '10.0.0.255']) {
    t.same(refusals(reserved), [
      `PrivateIPAddressInReservedRange: Private static IP address ${reserved} falls within reserved IP range of subnet prefix 10.0.0.0/24.`,
    ]);
  }
  const other = idOf('Microsoft.Network/networkInterfaces', 'other');
  azure.put(other, nic(staticAddress('10.0.0.10')));
  t.same(refusals('10.0.0.10'), [
    `PrivateIPAddressIsAllocated: IP configuration ${id}/ipConfigurations/ipconfig1 is using the private IP address 10.0.0.10 which is already allocated to resource ${other}/ipConfigurations/ipconfig1.`,
  ]);
});

t.test('a full subnet has no address', async (t) => {
  const azure = azureWith();
  for (const name of ['a', 'b', 'c']) {
    azure.put(idOf('Microsoft.Network/networkInterfaces', name), nic({ subnet: subnet('small') }));
  }
  t.same(azure.refusals(id, nic({ subnet: subnet('small') })), [
    'SubnetIsFull: Subnet small with address prefix 10.0.1.0/29 does not have enough capacity for 1 IP addresses.',
  ]);
});

t.test('an IPv6 configuration gets an address of the subnet’s IPv6 prefix', async (t) => {
  const azure = azureWith();
  azure.put(id, nic({ primary: true }, { name: 'six', privateIPAddressVersion: 'ipv6' }));
  t.equal(addressOf(azure, 1), 'fd00::4');
});

t.test('a configuration with a prefix length holds a block, which it shows as a prefix', async (t) => {
  const azure = azureWith();
  const block = { name: 'block', privateIPAddressPrefixLength: 28 };
  azure.put(id, nic({ primary: true }, block));
  t.equal(addressOf(azure, 1), '10.0.0.16/28');
  azure.put(id, nic({ primary: true }, block, { name: 'third' }));
  t.equal(addressOf(azure, 1), '10.0.0.16/28');
  t.equal(addressOf(azure, 2), '10.0.0.5');
});

t.test('one of several configurations is primary, and all keep the order of the request', async (t) => {
  const azure = azureWith();
  t.same(azure.refusals(id, nic({}, { name: 'second' })), [
    'NetworkInterfaceMustHaveOneOneIPConfigAsPrimary: Network Interface nic specifies multiple IPConfigurations but none of the IPConfigurations is specified as Primary.',
  ]);
  t.same(azure.refusals(id, nic({ primary: true }, { name: 'second', primary: true })), [
    'NetworkInterfaceMustHaveOneOneIPConfigAsPrimary: Network Interface nic specifies more than one IPConfiguration as Primary.',
  ]);
  azure.put(id, nic({}));
  azure.put(id, nic({ primary: false }, { name: 'second', primary: true }));
  t.match(azure.at(id, 'properties.ipConfigurations'), [
    { name: 'ipconfig1', properties: { primary: false, privateIPAddress: '10.0.0.4' } },
    { name: 'second', properties: { primary: true, privateIPAddress: '10.0.0.5' } },
  ]);
  azure.put(id, nic({ primary: false }, { name: 'six', primary: false, privateIPAddressVersion: 'IPv6' }));
  t.equal(
    azure.at(id, 'properties.ipConfigurations.0.properties.primary'),
    true,
    'the only IPv4 one, whatever it says',
  );
});

t.test('a network interface has a configuration, with a subnet, and all in one subnet', async (t) => {
  const azure = azureWith();
  t.match(azure.refusals(id, nic()), [
    'InvalidIPConfigCount: Network interface nic must have one or more IP configurations.',
  ]);
  const bare = { location: 'eastus', properties: { ipConfigurations: [{ name: 'ipconfig1' }] } };
  t.same(azure.refusals(id, bare), [
    `IPConfigurationMustHaveSubnet: Subnet reference is required for ipconfiguration ${id}/ipConfigurations/ipconfig1.`,
  ]);
  t.same(azure.refusals(id, nic({ primary: true }, { name: 'second', subnet: subnet('small') })), [
    `IpConfigurationsOnSameNicCannotUseDifferentSubnets: IPConfigurations on a Nic ${id} cannot belong to different subnets. Subnets referred: ${subnet().id};${subnet('small').id}`,
  ]);
});

function addLoadBalancer(azure: AzureInMemory, frontend: Record<string, unknown>): { id: string } {
  azure.put(lb, {
    location: 'eastus',
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [{ name: 'fe', properties: frontend }],
      backendAddressPools: [{ name: 'pool' }],
    },
  });
  return { id: `${lb}/backendAddressPools/pool` };
}

t.test('membership of a backend pool is written on the network interface', async (t) => {
  const azure = azureWith();
  const pool = addLoadBalancer(azure, { subnet: subnet() });
  const stored = azure.put(id, nic({ loadBalancerBackendAddressPools: [pool], loadBalancerInboundNatRules: [] }));
  t.same(azure.at(id, 'properties.ipConfigurations.0.properties.loadBalancerBackendAddressPools'), [pool]);
  t.equal(azure.at(id, 'properties.ipConfigurations.0.properties.loadBalancerInboundNatRules'), undefined);
  t.same(loadBalancersOfNetworkInterface(stored), [lb.toLowerCase()]);
  t.same(azure.at(lb, 'properties.backendAddressPools.0.properties.backendIPConfigurations'), [
    { id: `${id}/ipConfigurations/ipconfig1` },
  ]);
});

t.test('until 2016-03-30 only the primary configuration could be load balanced', async (t) => {
  const azure = azureWith();
  const pool = addLoadBalancer(azure, { subnet: subnet() });
  const body = nic({ primary: true }, { name: 'second', loadBalancerBackendAddressPools: [pool] });
  t.same(azure.refusals(id, body), []);
  t.same(azure.refusals(id, body, { apiVersion: '2016-03-30' }), [
    `LoadBalancingRulesNotSupportedOnSecondaryIpConfigurations: Network Interface with Id: ${id} has a secondary IpConfiguration second which is using LoadBalancerBackendAddressPools. LoadBalancingRules are not supported for secondary IpConfigurations.`,
  ]);
});

t.test('only the primary configuration is in pools of an application gateway', async (t) => {
  const azure = azureWith();
  const gateway = idOf('Microsoft.Network/applicationGateways', 'gateway', 'backendAddressPools', 'pool');
  const pooled = { applicationGatewayBackendAddressPools: [{ id: gateway }] };
  azure.put(id, nic({ primary: true, ...pooled }, { name: 'second' }));
  t.same(azure.at(id, 'properties.ipConfigurations.0.properties.applicationGatewayBackendAddressPools'), [
    { id: gateway },
  ]);
  t.match(azure.refusals(id, nic({ primary: true }, { name: 'second', ...pooled })), [
    /^ApplicationGatewayLoadBalancingNotSupportedOnSecondaryIpConfigurations: .* IpConfigurations second /,
  ]);
});

t.test('an internal load balancer takes members of its own virtual network only', async (t) => {
  const azure = azureWith();
  const pool = addLoadBalancer(azure, { subnet: subnet() });
  const other = idOf('Microsoft.Network/virtualNetworks', 'other');
  azure.put(other, {
    location: 'eastus',
    properties: {
      addressSpace: { addressPrefixes: ['10.9.0.0/16'] },
      subnets: [{ name: 'subnet', properties: { addressPrefix: '10.9.0.0/24' } }],
    },
  });
  const body = nic({ subnet: subnet('subnet', other), loadBalancerBackendAddressPools: [pool] });
  t.same(azure.refusals(id, body), [
    `NetworkInterfaceAndInternalLoadBalancerMustUseSameVnet: Network interface ${id} uses internal load balancer ${lb} but does not use the same VNET (${vnet}) as the load balancer.`,
  ]);
});

t.test('a network interface names a public IP address once', async (t) => {
  const azure = azureWith();
  const publicIPAddress = { id: idOf('Microsoft.Network/publicIPAddresses', 'ip') };
  azure.put(publicIPAddress.id, { location: 'eastus' });
  t.same(azure.refusals(id, nic({ primary: true, publicIPAddress }, { name: 'second', publicIPAddress })), [
    `PublicIPReferencedByMultipleIPConfigs: Public ip address ${publicIPAddress.id} is referenced by multiple ipconfigs in resource ${id}.`,
  ]);
});

t.test('an internal DNS label makes a name in the virtual network’s zone', async (t) => {
  const azure = azureWith();
  const body = nic({});
  const properties = { ...body.properties, dnsSettings: { internalDnsNameLabel: 'idns' } };
  azure.put(id, { ...body, properties });
  const suffix = azure.at(id, 'properties.dnsSettings.internalDomainNameSuffix');
  t.equal(azure.at(id, 'properties.dnsSettings.internalFqdn'), `idns.${suffix}`);
});

t.test('effective routes and security groups need a running virtual machine', async (t) => {
  const azure = azureWith();
  azure.put(id, nic({}));
  t.throws(() => azure.act(id, 'effectiveRouteTable'), {
    code: 'NicMustBeAttachedToRunningVmToGetEffectiveRoutes',
    message: `A network interface must be attached to a running virtual machine to get effective routes. The network interface ${id} is not attached to a running virtual machine.`,
  });
  t.throws(() => azure.act(id, 'effectiveNetworkSecurityGroups'), {
    code: 'NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups',
    message: `A network interface must be attached to a running virtual machine to get effective security groups. The network interface ${id} is not attached to a running virtual machine.`,
  });
  t.ok((azure.resource(id.toLowerCase()) as Resource).document, 'asking changes nothing');
});
