/** What Azure refuses of the resources around a load balancer, by kind: each refusal beside what it takes. */
import t, { type Test } from 'tap';
import { AzureInMemory, idOf } from '../azure-in-memory.js';

type Body = Record<string, unknown>;

const id = (type: string, name: string): string => idOf(`Microsoft.Network/${type}`, name);
const vnet = id('virtualNetworks', 'vnet');
const other = id('virtualNetworks', 'other');
const nsg = id('networkSecurityGroups', 'nsg');
const table = id('routeTables', 'table');
const gateway = id('natGateways', 'nat');
const prefix = id('publicIPPrefixes', 'prefix');
const nic = id('networkInterfaces', 'nic');
const subnetId = `${vnet}/subnets/subnet`;

const codes = (azure: AzureInMemory, at: string, body: Body): string[] =>
  azure.refusals(at, body).map((text) => text.split(':')[0] as string);

const network = (prefixes: string[], properties: Body = {}): Body => ({
  location: 'westus',
  properties: { addressSpace: { addressPrefixes: prefixes }, ...properties },
});
const subnets = (...all: Body[]): Body => ({
  subnets: all.map((properties, index) => ({ name: index === 0 ? 'subnet' : `subnet${index}`, properties })),
});
const peering = (remote: string, properties: Body = {}, name = 'peering'): Body => ({
  name,
  properties: { remoteVirtualNetwork: { id: remote }, ...properties },
});
const publicIP = (properties: Body = {}, own: Body = {}): Body => ({
  location: 'westus',
  sku: { name: 'Standard' },
  ...own,
  properties: { publicIPAllocationMethod: 'Static', ...properties },
});
const standard = (properties: Body = {}, own: Body = {}): Body => ({
  location: 'westus',
  sku: { name: 'Standard' },
  ...own,
  properties,
});
const nicBody = (...all: Body[]): Body => ({
  location: 'westus',
  properties: {
    ipConfigurations: all.map((properties, index) => ({
      name: `ip${index}`,
      properties: { primary: index === 0, subnet: { id: subnetId }, ...properties },
    })),
  },
});

/** Expects of each body the code with which it is refused, or that it is taken when there is none. */
function expectEach(t: Test, azure: AzureInMemory, at: string, cases: readonly (readonly [string, Body, string?])[]) {
  for (const [title, body, code] of cases) t.same(codes(azure, at, body), code === undefined ? [] : [code], title);
}

t.test('A security rule says everything once', async (t) => {
  const azure = new AzureInMemory();
  azure.put(id('applicationSecurityGroups', 'asg'), { location: 'westus' });
  const asg = [{ id: id('applicationSecurityGroups', 'asg') }];
  const group = (own: Body): Body => {
    const properties: Body = {
      protocol: 'Tcp',
      access: 'Allow',
      direction: 'Inbound',
      priority: 100,
      sourcePortRange: '*',
      destinationPortRange: '80',
      sourceAddressPrefix: '*',
      destinationAddressPrefix: '*',
      ...own,
    };
    return { location: 'westus', properties: { securityRules: [{ name: 'rule', properties }] } };
  };
  expectEach(t, azure, nsg, [
    ['as it should be', group({})],
    ['an empty text beside the plural', group({ destinationPortRange: '', destinationPortRanges: ['80', '443'] })],
    ['a group in place of a prefix', group({ sourceAddressPrefix: undefined, sourceApplicationSecurityGroups: asg })],
    ['several prefixes', group({ sourceAddressPrefix: undefined, sourceAddressPrefixes: ['10.0.0.0/8', '11.0.0.1'] })],
    ['no access', group({ access: undefined }), 'SecurityRuleParametersMissing'],
    ['no direction', group({ direction: undefined }), 'SecurityRuleParametersMissing'],
    ['no port', group({ destinationPortRange: undefined }), 'SecurityRuleParametersMissing'],
    ['no prefix', group({ sourceAddressPrefix: undefined }), 'SecurityRuleParametersMissing'],
    ['both ports alike', group({ destinationPortRanges: ['80'] })],
    ['both ports', group({ destinationPortRanges: ['81'] }), 'SecurityRuleParametersConflict'],
    ['both prefixes', group({ sourceAddressPrefixes: ['10.0.0.0/8'] }), 'SecurityRuleParametersConflict'],
    ['prefix and group', group({ sourceApplicationSecurityGroups: asg }), 'SecurityRuleParametersConflict'],
    [
      'a tag for everything in a list',
      group({ sourceAddressPrefix: undefined, sourceAddressPrefixes: ['Internet', '10.0.0.0/8'] }),
      'SecurityRuleParameterContainsUnsupportedValue',
    ],
  ]);
  const unsupported = 'SecurityRuleParameterContainsUnsupportedValue';
  const overlapping = 'OverlappingSubnetsNotPermittedInSecurityRule';
  const listed = (member: string, ...values: string[]): Body => group({ [member]: undefined, [`${member}es`]: values });
  const ports = (...values: string[]): Body =>
    group({ destinationPortRange: undefined, destinationPortRanges: values });
  for (const member of ['sourceAddressPrefix', 'destinationAddressPrefix']) {
    expectEach(t, azure, nsg, [
      ['addresses, prefixes and ranges', listed(member, '10.0.0.4', '10.1.0.0/16', 'fd00::/8', '11.0.0.1-11.0.0.9')],
      ['a tag in a list', listed(member, 'AzureContainerRegistry'), unsupported],
      ['everything in a list', listed(member, '*'), unsupported],
      ['one prefix inside another', listed(member, '149.173.0.0/16', '149.173.8.27/32'), overlapping],
      ['one prefix twice', listed(member, '10.0.0.0/8', '10.0.0.0/8'), overlapping],
      ['an address in a prefix', listed(member, '10.0.0.0/8', '10.0.0.1'), overlapping],
    ]);
  }
  expectEach(t, azure, nsg, [
    ['ports in a list', ports('80', '443-445')],
    ['every port in a list', ports('*'), 'SecurityRuleParameterContainsInvalidPortRanges'],
    ['every port beside one', ports('80', '*'), 'SecurityRuleParameterContainsInvalidPortRanges'],
  ]);
  t.match(azure.refusals(nsg, group({ sourceAddressPrefix: undefined })), [
    /security rule with Id: .*\/rule\. Security rule must specify SourceAddressPrefixes, SourceAddressPrefix, or SourceApplicationSecurityGroups\.$/,
  ]);
});

t.test('A network security group of a scale set cannot be deleted', async (t) => {
  const azure = new AzureInMemory();
  azure.put(nsg, { location: 'westus' });
  azure.putNetwork();
  const scaleSet = idOf('Microsoft.Compute/virtualMachineScaleSets', 'set');
  const configuration = (name: string, ipConfiguration = 'ip'): Body => ({
    name,
    properties: {
      primary: true,
      networkSecurityGroup: { id: nsg },
      ipConfigurations: [{ name: ipConfiguration, properties: { subnet: { id: subnetId } } }],
    },
  });
  const body = (...networkInterfaceConfigurations: Body[]): Body => ({
    location: 'westus',
    sku: { name: 'Standard_B1s', capacity: 1 },
    properties: { virtualMachineProfile: { networkProfile: { networkInterfaceConfigurations } } },
  });
  t.same(codes(azure, scaleSet, body(configuration('nic'), configuration('NIC'))), ['DuplicateResourceName']);
  t.same(codes(azure, scaleSet, body(configuration('a b'))), ['InvalidResourceName']);
  t.same(codes(azure, scaleSet, body(configuration('nic', 'a/b'))), ['InvalidResourceName']);
  azure.put(scaleSet, body(configuration('nic')));
  t.throws(() => azure.delete(nsg), { code: 'NetworkSecurityGroupInUseByVirtualMachineScaleSet' });
});

t.test('A route leads from one prefix to one next hop', async (t) => {
  const azure = new AzureInMemory();
  const routes = (...all: Body[]): Body => ({
    location: 'westus',
    properties: { routes: all.map((properties, index) => ({ name: `route${index}`, properties })) },
  });
  const toInternet = { addressPrefix: '10.0.0.0/24', nextHopType: 'Internet' };
  const toAppliance = { addressPrefix: '0.0.0.0/0', nextHopType: 'VirtualAppliance', nextHopIpAddress: '10.0.0.4' };
  expectEach(t, azure, table, [
    ['as they should be', routes(toInternet, toAppliance, { ...toInternet, addressPrefix: 'Storage' })],
    ['an empty address', routes({ ...toInternet, nextHopIpAddress: '' })],
    ['no address of the appliance', routes({ ...toAppliance, nextHopIpAddress: undefined }), 'MissingNextHopIpAddress'],
    ['an address of the Internet', routes({ ...toInternet, nextHopIpAddress: '10.0.0.4' }), 'NextHopIpAddressInvalid'],
    ['an address that is none', routes({ ...toAppliance, nextHopIpAddress: 'host' }), 'NextHopIpAddressInvalid'],
    ['no prefix', routes({ nextHopType: 'Internet' }), 'RouteParametersMissing'],
    ['no next hop', routes({ addressPrefix: '10.0.0.0/24' }), 'RouteParametersMissing'],
    ['one prefix twice', routes(toInternet, { ...toInternet, nextHopType: 'None' }), 'RouteConflict'],
  ]);
});

t.test('Peered virtual networks have address spaces apart', async (t) => {
  const azure = new AzureInMemory();
  const third = id('virtualNetworks', 'third');
  azure.put(other, network(['10.1.0.0/16']));
  azure.put(third, network(['10.0.8.0/24', '10.2.0.0/16']));
  const peered = (...virtualNetworkPeerings: Body[]): Body => network(['10.0.0.0/16'], { virtualNetworkPeerings });
  const both = { allowGatewayTransit: true, useRemoteGateways: true };
  const withoutRemote = { name: 'peering', properties: {} };
  expectEach(t, azure, vnet, [
    ['apart', peered(peering(other))],
    ['overlapping', peered(peering(third)), 'VnetAddressSpacesOverlap'],
    ['overlapping, but not whole', peered(peering(third, { peerCompleteVnets: false }))],
    ['with itself', peered(peering(vnet)), 'VnetAddressSpacesOverlap'],
    ['twice', peered(peering(other), peering(other, {}, 'again')), 'AnotherPeeringAlreadyReferencesRemoteVnet'],
    ['gateways both ways', peered(peering(other, both)), 'PeeringFlagsInvalid'],
    ['without remote', peered(withoutRemote), 'PeeringRemoteVirtualNetworkCannotBeChanged'],
  ]);
  azure.put(vnet, peered(peering(other)));
  azure.put(id('virtualNetworks', 'fourth'), network(['10.4.0.0/16']));
  const elsewhere = peered(peering(id('virtualNetworks', 'fourth')));
  t.same(codes(azure, vnet, elsewhere), ['PeeringRemoteVirtualNetworkCannotBeChanged']);
  const grown = network(['10.0.0.0/16', '10.1.4.0/24'], { virtualNetworkPeerings: [peering(other)] });
  t.same(codes(azure, vnet, grown), ['VnetAddressSpacesOverlap'], 'the address space changes');
  azure.put(other, network(['10.1.0.0/16'], { virtualNetworkPeerings: [peering(vnet)] }));
  const late = network(['10.0.8.0/24', '10.2.0.0/16'], { virtualNetworkPeerings: [peering(other)] });
  t.same(codes(azure, third, late), ['VnetAddressSpaceOverlapsWithAlreadyPeeredVnet']);
});

t.test('Virtual networks and subnets have sizes and ranges that Azure has', async (t) => {
  const azure = new AzureInMemory();
  const space = ['10.0.0.0/16', 'fd00::/48'];
  const delegations = ['Microsoft.Web/serverFarms', 'Microsoft.Sql/managedInstances'].map((serviceName, index) => ({
    name: `delegation${index}`,
    properties: { serviceName },
  }));
  const inside = '10.0.0.0/24';
  expectEach(t, azure, vnet, [
    ['as it should be', network(space, subnets({ addressPrefixes: [inside, 'fd00::/64'] }))],
    ['the smallest', network(space, subnets({ addressPrefix: '10.0.0.0/29' }))],
    ['both members alike', network(space, subnets({ addressPrefix: inside, addressPrefixes: [inside] }))],
    ['too small', network(space, subnets({ addressPrefix: '10.0.0.0/30' })), 'NetcfgInvalidSubnet'],
    ['IPv6 of any size', network(space, subnets({ addressPrefixes: [inside, 'fd00::/56'] })), 'NetcfgInvalidSubnet'],
    [
      'both members',
      network(space, subnets({ addressPrefix: inside, addressPrefixes: ['10.0.1.0/24'] })),
      'SubnetAddressPrefixesDiffer',
    ],
    ['two services', network(space, subnets({ addressPrefix: inside, delegations })), 'SubnetDelegatedTwice'],
    ['multicast', network(['224.0.0.0/8']), 'AddressPrefixIsReserved'],
    ['loopback', network(['127.0.0.0/16']), 'AddressPrefixIsReserved'],
    ['one inside the other', network(['10.0.0.0/16', '10.0.1.0/24']), 'AddressPrefixesOverlap'],
    ['flows forgotten at once', network(space, { flowTimeoutInMinutes: 3 }), 'FlowTimeoutIsOutOfRange'],
    ['flows kept', network(space, { flowTimeoutInMinutes: 30 })],
  ]);
});

t.test('A virtual network has addresses, and its subnets parts of them', async (t) => {
  const azure = new AzureInMemory();
  const allocation = { pool: { id: id('networkManagers', 'm/ipamPools/p') }, numberOfIpAddresses: '256' };
  const allocated = { addressSpace: { ipamPoolPrefixAllocations: [allocation] } };
  expectEach(t, azure, vnet, [
    ['no addresses', network([]), 'AddressSpaceHasNoAddressPrefixes'],
    ['no address space', { location: 'westus' }, 'AddressSpaceHasNoAddressPrefixes'],
    ['addresses out of a pool', network([], allocated)],
    ['a subnet without', network(['10.0.0.0/16'], subnets({})), 'AddressPrefixStringCannotBeNullOrEmpty'],
  ]);
});

t.test('A network interface of a machine stays in its virtual network, a secondary one in its subnet', async (t) => {
  const azure = new AzureInMemory();
  const two = subnets({ addressPrefix: '10.0.0.0/24' }, { addressPrefix: '10.0.1.0/24' });
  azure.put(vnet, network(['10.0.0.0/16'], two));
  azure.put(other, network(['10.0.0.0/16'], two));
  const second = id('networkInterfaces', 'second');
  for (const one of [nic, second]) azure.put(one, nicBody({}));
  const moved = nicBody({ subnet: { id: `${vnet}/subnets/subnet1` } });
  const away = nicBody({ subnet: { id: `${other}/subnets/subnet` } });
  expectEach(t, azure, second, [
    ['of no machine, to another subnet', moved],
    ['of no machine, to another network', away],
  ]);
  azure.put(idOf('Microsoft.Compute/virtualMachines', 'vm'), {
    location: 'westus',
    properties: {
      networkProfile: {
        networkInterfaces: [nic, second].map((one) => ({ id: one, properties: { primary: one === nic } })),
      },
    },
  });
  expectEach(t, azure, nic, [
    ['the primary one of a machine', moved],
    ['to another network', away, 'NetworkInterfaceCannotHave'],
  ]);
  expectEach(t, azure, second, [['a secondary one', moved, 'SecondaryNetworkInterfaceInUseCannotChangeSubnet']]);
});

t.test('A subnet is delegated to services that Azure has, before others are in it', async (t) => {
  const azure = new AzureInMemory();
  const delegated = (...services: string[]): Body =>
    network(
      ['10.0.0.0/16'],
      subnets({
        addressPrefix: '10.0.0.0/24',
        delegations: services.map((serviceName) => ({ name: 'one', properties: { serviceName } })),
      }),
    );
  expectEach(t, azure, vnet, [
    ['a service', delegated('Microsoft.Web/serverFarms')],
    ['in any casing', delegated('microsoft.web/serverfarms')],
    ['a service that came later', delegated('Microsoft.DevOpsInfrastructure/pools')],
    ['none that Azure has', delegated('Microsoft.Web/serverFarm'), 'InvalidServiceNameOnDelegation'],
  ]);
  azure.put(vnet, delegated());
  azure.put(nic, nicBody({}));
  const code = 'SubnetDelegationsCannotChangeWhenSubnetUsedByResource';
  expectEach(t, azure, vnet, [
    ['as it is', delegated()],
    ['while a network interface is in it', delegated('Microsoft.Web/serverFarms'), code],
  ]);
});

t.test('A delegated subnet has no network interfaces of others', async (t) => {
  const azure = new AzureInMemory();
  azure.putNetwork({ delegations: [{ name: 'web', properties: { serviceName: 'Microsoft.Web/serverFarms' } }] });
  t.same(codes(azure, nic, nicBody({})), ['ResourceNotPermittedOnDelegatedSubnet']);
});

t.test('A NAT gateway has regional IPv4 addresses of its zone, and no Basic neighbours', async (t) => {
  const azure = new AzureInMemory();
  const ip = (name: string): { id: string } => ({ id: id('publicIPAddresses', name) });
  azure.put(ip('ip').id, publicIP());
  azure.put(ip('six').id, publicIP({ publicIPAddressVersion: 'IPv6' }));
  azure.put(ip('global').id, publicIP({}, { sku: { name: 'Standard', tier: 'Global' } }));
  azure.put(ip('zonal').id, publicIP({}, { zones: ['2'] }));
  azure.put(ip('basic').id, { location: 'westus', sku: { name: 'Basic' }, properties: {} });
  const many = Array.from({ length: 17 }, (_, index) => {
    azure.put(ip(`many${index}`).id, publicIP());
    return ip(`many${index}`);
  });
  const refused = 'NatGatewayDoesNotSupport';
  expectEach(t, azure, gateway, [
    ['as it should be', standard({ publicIpAddresses: [ip('ip')] }, { zones: ['1'] })],
    ['sixteen addresses', standard({ publicIpAddresses: many.slice(1) })],
    ['seventeen addresses', standard({ publicIpAddresses: many }), refused],
    ['IPv6', standard({ publicIpAddresses: [ip('six')] }), refused],
    ['Global', standard({ publicIpAddresses: [ip('global')] }), refused],
    ['one twice', standard({ publicIpAddresses: [ip('ip'), ip('ip')] }), refused],
    ['another zone', standard({ publicIpAddresses: [ip('zonal')] }, { zones: ['1'] }), refused],
    ['two zones', standard({}, { zones: ['1', '2'] }), refused],
    ['a zone that is none', standard({}, { zones: ['4'] }), 'InvalidAvailabilityZone'],
  ]);
  azure.put(gateway, standard({ publicIpAddresses: [ip('ip')] }));
  const natGateway = { id: gateway };
  const balancer = (properties: Body): Body => standard({ frontendIPConfigurations: [{ name: 'front', properties }] });
  const lb = id('loadBalancers', 'lb');
  t.same(codes(azure, lb, balancer({ publicIPAddress: ip('ip') })), ['PublicIPAddressInUse']);
  azure.putNetwork();
  azure.put(nic, nicBody({ publicIPAddress: ip('basic') }));
  const withGateway = (name: string, space = '10.0'): Body => {
    const own = { name, properties: { addressPrefix: `${space}.0.0/24`, natGateway } };
    return network([`${space}.0.0/16`], { subnets: [own] });
  };
  t.same(codes(azure, vnet, withGateway('subnet')), [refused], 'a Basic address is there already');
  azure.delete(nic);
  t.same(codes(azure, vnet, withGateway('GatewaySubnet')), [refused]);
  azure.put(vnet, withGateway('subnet'));
  t.same(codes(azure, nic, nicBody({ publicIPAddress: ip('basic') })), [refused], 'a Basic address comes');
  const basic = { ...balancer({ subnet: { id: subnetId } }), sku: { name: 'Basic' } };
  t.same(codes(azure, lb, basic), [refused], 'a Basic balancer comes');
  const code = 'NatGatewayCannotBeUsedBySubnetsBelongingToDifferentVirtualNetworks';
  t.same(codes(azure, other, withGateway('subnet', '10.1')), [code]);
});

t.test('An address out of a prefix is like the prefix, and stays in it', async (t) => {
  const azure = new AzureInMemory();
  const second = id('publicIPPrefixes', 'second');
  for (const one of [prefix, second]) azure.put(one, standard({ prefixLength: 30 }));
  const publicIPPrefix = { id: prefix };
  const ip = id('publicIPAddresses', 'ip');
  const refused = 'PublicIPAddressAndPrefixDoNotMatch';
  expectEach(t, azure, ip, [
    ['as it should be', publicIP({ publicIPPrefix })],
    ['another version', publicIP({ publicIPPrefix, publicIPAddressVersion: 'IPv6' }), refused],
    ['another sku', publicIP({ publicIPPrefix }, { sku: { name: 'Basic' } }), refused],
    ['another tier', publicIP({ publicIPPrefix }, { sku: { name: 'Standard', tier: 'Global' } }), refused],
    ['another zone', publicIP({ publicIPPrefix }, { zones: ['1'] }), refused],
    ['a zone that is none', publicIP({}, { zones: ['4'] }), 'InvalidAvailabilityZone'],
  ]);
  azure.put(ip, publicIP({ publicIPPrefix }));
  t.same(codes(azure, ip, publicIP({ publicIPPrefix: { id: second } })), ['PublicIPPrefixOfAddressCannotBeChanged']);
  t.same(codes(azure, ip, publicIP({})), ['PublicIPPrefixOfAddressCannotBeChanged']);
});

t.test(
  'A network interface is behind one internal load balancer, of its IP version, with few enough rules',
  async (t) => {
    const azure = new AzureInMemory();
    const dual = { addressPrefixes: ['10.0.0.0/24', 'fd00::/64'] };
    azure.put(vnet, network(['10.0.0.0/16', 'fd00::/48'], subnets(dual)));
    const pool = (balancer: string): { id: string } => ({
      id: `${id('loadBalancers', balancer)}/backendAddressPools/pool`,
    });
    const put = (name: string, frontend: Body, ports: readonly number[]): void => {
      const lb = id('loadBalancers', name);
      const rule = (port: number): Body => ({
        name: `rule${port}`,
        properties: {
          frontendIPConfiguration: { id: `${lb}/frontendIPConfigurations/front` },
          backendAddressPool: pool(name),
          protocol: 'Tcp',
          frontendPort: port,
          backendPort: port,
        },
      });
      const frontendIPConfigurations = [{ name: 'front', properties: { subnet: { id: subnetId }, ...frontend } }];
      const backendAddressPools = [{ name: 'pool' }];
      azure.put(lb, standard({ frontendIPConfigurations, backendAddressPools, loadBalancingRules: ports.map(rule) }));
    };
    const ports = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);
    put('first', {}, [80]);
    put('second', {}, [81]);
    put('six', { privateIPAddressVersion: 'IPv6' }, [80]);
    put('large', {}, ports(1000, 301));
    const member = (...pools: string[]): Body => ({ loadBalancerBackendAddressPools: pools.map(pool) });
    expectEach(t, azure, nic, [
      ['behind one', nicBody(member('first'))],
      ['behind two', nicBody(member('first', 'second')), 'AnotherInternalLoadBalancerExists'],
      ['of another version', nicBody(member('six')), 'FrontendAndBackendPoolIPVersionDoNotMatch'],
      ['with too many rules', nicBody(member('large')), 'LoadBalancerRuleCountLimitReachedForNic'],
      [
        'IPv4 and IPv6 apart',
        nicBody({ privateIPAddressVersion: 'IPv4' }, { privateIPAddressVersion: 'IPv6', ...member('six') }),
      ],
    ]);
  },
);
