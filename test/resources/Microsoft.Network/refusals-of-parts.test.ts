/** What Azure refuses of the parts of a load balancer, and of the machines, interfaces and services behind it. */
import t, { type Test } from 'tap';
import { AzureInMemory, idOf } from '../azure-in-memory.js';

type Body = Record<string, unknown>;

const id = (type: string, name: string): string => idOf(`Microsoft.Network/${type}`, name);
const compute = (type: string, name: string): string => idOf(`Microsoft.Compute/${type}`, name);
const lb = id('loadBalancers', 'lb');
const nic = id('networkInterfaces', 'nic');
const vnet = id('virtualNetworks', 'vnet');
const subnet = { id: `${vnet}/subnets/subnet` };
const elsewhere = { id: `${id('virtualNetworks', 'other')}/subnets/subnet` };
const ip = { id: id('publicIPAddresses', 'ip') };
const front = { id: `${lb}/frontendIPConfigurations/front` };
const pool = { id: `${lb}/backendAddressPools/pool` };

function azureWith(): AzureInMemory {
  const azure = new AzureInMemory();
  azure.putNetwork({ privateLinkServiceNetworkPolicies: 'Disabled' });
  azure.put(id('virtualNetworks', 'other'), {
    location: 'westus',
    properties: {
      addressSpace: { addressPrefixes: ['10.1.0.0/16'] },
      subnets: [{ name: 'subnet', properties: { addressPrefix: '10.1.0.0/24' } }],
    },
  });
  azure.put(ip.id, {
    location: 'westus',
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static' },
  });
  return azure;
}

const codes = (azure: AzureInMemory, at: string, body: Body): string[] =>
  azure.refusals(at, body).map((text) => text.split(':')[0] as string);

/** Expects of each body the code with which it is refused, or that it is taken when there is none. */
function expectEach(
  t: Test,
  azure: AzureInMemory,
  at: string,
  cases: readonly (readonly [string, Body, (string | undefined)?])[],
) {
  for (const [title, body, code] of cases) t.same(codes(azure, at, body), code === undefined ? [] : [code], title);
}

const balancer = (parts: Body, frontend: Body = { publicIPAddress: ip }, sku = 'Standard'): Body => ({
  location: 'westus',
  sku: { name: sku },
  properties: {
    frontendIPConfigurations: [{ name: 'front', properties: frontend }],
    backendAddressPools: [{ name: 'pool' }],
    ...parts,
  },
});
const named = (properties: Body, name = 'part'): Body => ({ name, properties });

t.test('The parts of a load balancer say where they come from and go to', async (t) => {
  const azure = azureWith();
  azure.put(id('loadBalancers', 'other'), balancer({}, { subnet }));
  const rule = (own: Body): Body => ({
    loadBalancingRules: [
      named({
        frontendIPConfiguration: front,
        backendAddressPool: pool,
        protocol: 'Tcp',
        frontendPort: 80,
        backendPort: 80,
        ...own,
      }),
    ],
  });
  const natPool = (start: number, end: number): Body => ({
    inboundNatPools: [
      named(
        {
          frontendIPConfiguration: front,
          protocol: 'Tcp',
          frontendPortRangeStart: start,
          frontendPortRangeEnd: end,
          backendPort: 22,
        },
        'nat',
      ),
    ],
  });
  const natRule = (own: Body): Body => ({
    inboundNatRules: [named({ frontendIPConfiguration: front, protocol: 'Tcp', backendPort: 22, ...own })],
  });
  const ofPool = { backendAddressPool: pool, frontendPortRangeStart: 6000, frontendPortRangeEnd: 6010 };
  const outbound = (own: Body): Body => ({
    outboundRules: [named({ frontendIPConfigurations: [front], backendAddressPool: pool, protocol: 'All', ...own })],
  });
  const incomplete = 'LoadBalancerPartIsIncomplete';
  const foreign = { id: `${id('loadBalancers', 'other')}/backendAddressPools/pool` };
  expectEach(t, azure, lb, [
    ['a rule', balancer(rule({}))],
    [
      'every port of an internal frontend',
      balancer(rule({ protocol: 'All', frontendPort: 0, backendPort: 0 }), { subnet }),
    ],
    ['every protocol, but one port', balancer(rule({ protocol: 'All' }), { subnet }), 'HaPortsRuleNotSupported'],
    ['no frontend', balancer(rule({ frontendIPConfiguration: undefined })), incomplete],
    ['no protocol', balancer(rule({ protocol: undefined })), incomplete],
    ['no backend port', balancer(rule({ backendPort: undefined })), incomplete],
    ['a probe without protocol', balancer({ probes: [named({ port: 80 })] }), incomplete],
    ['an outbound rule without protocol', balancer(outbound({ protocol: undefined })), incomplete],
    ['a NAT rule', balancer(natRule({ frontendPort: 22 }))],
    ['a NAT rule of every port', balancer(natRule({ frontendPort: 0 })), 'PortValueIsOutOfRange'],
    ['a NAT rule of a pool', balancer(natRule(ofPool))],
    ['a NAT rule of a pool, Basic, as recorded', balancer(natRule(ofPool), { subnet }, 'Basic')],
    ['port 0', balancer(rule({ frontendPort: 0 })), incomplete],
    ['a pool of another balancer', balancer(rule({ backendAddressPool: foreign })), 'InvalidResourceReference'],
    ['a NAT pool', balancer(natPool(5000, 5010))],
    ['a NAT pool backwards', balancer(natPool(5010, 5000)), 'InboundNatPoolFrontendPortRangeInvalid'],
    [
      'a rule in the range of a NAT pool',
      balancer({ ...rule({ frontendPort: 5005 }), ...natPool(5000, 5010) }),
      'RulesUseSameFrontendPortProtocolAndIPConfig',
    ],
    ['an outbound rule', balancer(outbound({}))],
    ['an outbound rule from nowhere', balancer(outbound({ backendAddressPool: undefined })), incomplete],
    ['an outbound rule to nowhere', balancer(outbound({ frontendIPConfigurations: [] })), incomplete],
    ['an outbound rule of an internal frontend', balancer(outbound({}), { subnet }), 'LoadBalancerDoesNotSupport'],
  ]);
});

t.test('A rule for every port stands alone on its frontend and in its pool', async (t) => {
  const azure = azureWith();
  const second = { id: `${lb}/frontendIPConfigurations/second` };
  const other = { id: `${lb}/backendAddressPools/other` };
  const every = { protocol: 'All', frontendPort: 0, backendPort: 0 };
  const port = { protocol: 'Tcp', frontendPort: 80, backendPort: 80 };
  const two = (first: Body, last: Body, own: Body = {}): Body =>
    balancer({
      frontendIPConfigurations: [named({ subnet }, 'front'), named({ subnet }, 'second')],
      backendAddressPools: [{ name: 'pool' }, { name: 'other' }],
      loadBalancingRules: [first, last].map((rule, index) =>
        named({ frontendIPConfiguration: front, backendAddressPool: pool, ...rule }, `rule${index}`),
      ),
      ...own,
    });
  const apart = { frontendIPConfiguration: second, backendAddressPool: other };
  const nat = { frontendIPConfiguration: front, ...port };
  expectEach(t, azure, lb, [
    ['apart', two(every, { ...port, ...apart })],
    ['floating', two(every, { ...port, frontendIPConfiguration: second, enableFloatingIP: true })],
    ['one frontend', two(every, { ...port, backendAddressPool: other }), 'RulesUseSameFrontendPortProtocolAndIPConfig'],
    ['one pool', two(every, { ...port, frontendIPConfiguration: second }), 'RulesUseSameBackendPortProtocolAndPool'],
    [
      'in the other order',
      two({ ...port, frontendIPConfiguration: second }, every),
      'RulesUseSameBackendPortProtocolAndPool',
    ],
    [
      'floating, beside a NAT rule',
      two({ ...every, enableFloatingIP: true }, { ...port, ...apart }, { inboundNatRules: [named(nat)] }),
    ],
    [
      'both floating on one frontend',
      two({ ...every, enableFloatingIP: true }, { ...port, backendAddressPool: other, enableFloatingIP: true }),
    ],
    [
      'one of two floating on one frontend',
      two({ ...every, enableFloatingIP: true }, { ...port, backendAddressPool: other }),
      'RulesUseSameFrontendPortProtocolAndIPConfig',
    ],
    [
      'beside a NAT rule',
      two(every, { ...port, ...apart }, { inboundNatRules: [named(nat)] }),
      'RulesUseSameFrontendPortProtocolAndIPConfig',
    ],
  ]);
});

t.test('Frontends and ipConfigurations of Static allocation name their address', async (t) => {
  const azure = azureWith();
  const at = (properties: Body): Body => ({ subnet, privateIPAllocationMethod: 'Static', ...properties });
  const interfaceAt = (properties: Body): Body => ({
    location: 'westus',
    properties: { ipConfigurations: [named(at(properties), 'ip')] },
  });
  const cases: readonly (readonly [string, Body, string?])[] = [
    ['an address', { privateIPAddress: '10.0.0.9' }],
    ['none, but Dynamic', { privateIPAllocationMethod: 'Dynamic' }],
    ['one, but Dynamic', { privateIPAllocationMethod: 'Dynamic', privateIPAddress: '10.0.0.9' }],
    ['none', {}, 'PrivateIPAddressMissing'],
    ['an empty one', { privateIPAddress: '' }, 'PrivateIPAddressMissing'],
    ['one that is none', { privateIPAddress: 'ten' }, 'InvalidPrivateIPAddressFormat'],
    ['one outside', { privateIPAddress: '10.0.1.9' }, 'PrivateIPAddressNotInSubnet'],
    ['the network', { privateIPAddress: '10.0.0.0' }, 'PrivateIPAddressInReservedRange'],
    ['the fourth', { privateIPAddress: '10.0.0.3' }, 'PrivateIPAddressInReservedRange'],
    ['the last', { privateIPAddress: '10.0.0.255' }, 'PrivateIPAddressInReservedRange'],
    ['one that is held', { privateIPAddress: '10.0.0.50' }, 'PrivateIPAddressIsAllocated'],
  ];
  azure.put(id('networkInterfaces', 'held'), interfaceAt({ privateIPAddress: '10.0.0.50' }));
  for (const [title, properties, code] of cases) {
    expectEach(t, azure, lb, [[`${title}, at a frontend`, balancer({}, at(properties)), code]]);
    expectEach(t, azure, nic, [[`${title}, at an interface`, interfaceAt(properties), code]]);
  }
});

t.test('Internal frontends of a load balancer are in one virtual network', async (t) => {
  const azure = azureWith();
  const gateway = id('loadBalancers', 'gateway');
  azure.put(gateway, balancer({}, { subnet }, 'Gateway'));
  azure.put(id('loadBalancers', 'internal'), balancer({}, { subnet }));
  const chained = (name: string): Body => ({
    publicIPAddress: ip,
    gatewayLoadBalancer: { id: `${id('loadBalancers', name)}/frontendIPConfigurations/front` },
  });
  const two = (first: Body, second: Body): Body =>
    balancer({ frontendIPConfigurations: [named(first, 'front'), named(second, 'second')] });
  const refused = 'LoadBalancerDoesNotSupport';
  expectEach(t, azure, lb, [
    ['two internal ones', two({ subnet }, { subnet })],
    ['a public one beside an internal one', two({ subnet }, { publicIPAddress: ip }), refused],
    ['an internal one beside a public one', two({ publicIPAddress: ip }, { subnet }), refused],
    ['of two networks', two({ subnet }, { subnet: elsewhere }), refused],
    ['behind a gateway', balancer({}, chained('gateway'))],
    ['behind what is no gateway', balancer({}, chained('internal')), refused],
  ]);
  azure.put(lb, balancer({}, { subnet }));
  expectEach(t, azure, lb, [['all of them become public', balancer({}, { publicIPAddress: ip })]]);
  const zones = { name: 'front', zones: ['4'], properties: { subnet } };
  t.same(codes(azure, lb, balancer({ frontendIPConfigurations: [zones] })), ['InvalidAvailabilityZone']);
});

t.test('Addresses of a pool are addresses, each once, in one virtual network', async (t) => {
  const azure = azureWith();
  const virtualNetwork = { id: vnet };
  const addresses = (all: Body[], own: Body = { virtualNetwork }): Body => ({
    backendAddressPools: [
      named({ ...own, loadBalancerBackendAddresses: all.map((one, index) => named(one, `address${index}`)) }, 'pool'),
    ],
  });
  const refused = 'LoadBalancerPoolCannotHave';
  const first = { ipAddress: '10.0.0.4' };
  const other = { id: id('virtualNetworks', 'other') };
  expectEach(t, azure, lb, [
    ['two addresses', balancer(addresses([first, { ipAddress: '10.0.0.5' }]))],
    ['an address with its own network', balancer(addresses([{ ...first, virtualNetwork }], {}))],
    ['one twice', balancer(addresses([first, first])), refused],
    ['no address', balancer(addresses([{ ipAddress: 'ten' }])), refused],
    ['no network', balancer(addresses([first], {})), refused],
    ['two networks', balancer(addresses([first, { ipAddress: '10.1.0.4', virtualNetwork: other }])), refused],
    ['under sku Basic', balancer(addresses([first]), { subnet }, 'Basic'), refused],
    ['drained', balancer(addresses([first], { virtualNetwork, drainPeriodInSeconds: 10 }))],
    ['drained before', balancer(addresses([first], { virtualNetwork, drainPeriodInSeconds: -1 })), refused],
  ]);
  azure.put(lb, balancer(addresses([first])));
  const moved = addresses([{ ipAddress: '10.1.0.4' }], { virtualNetwork: other });
  expectEach(t, azure, lb, [['moved to another network', balancer(moved), refused]]);
});

t.test('Tunnels belong to Gateway balancers, one of each type', async (t) => {
  const azure = azureWith();
  const tunnel = (type: string, identifier: number): Body => ({ port: 10800, protocol: 'VXLAN', type, identifier });
  const tunnels = (...tunnelInterfaces: Body[]): Body => ({
    backendAddressPools: [named({ tunnelInterfaces }, 'pool')],
  });
  const gateway = (...all: Body[]): Body => balancer(tunnels(...all), { subnet }, 'Gateway');
  const refused = 'LoadBalancerPoolCannotHave';
  expectEach(t, azure, lb, [
    ['one of each', gateway(tunnel('Internal', 900), tunnel('External', 901))],
    ['two of one type', gateway(tunnel('Internal', 900), tunnel('Internal', 901)), refused],
    ['two of one identifier', gateway(tunnel('Internal', 900), tunnel('External', 900)), refused],
    ['under sku Standard', balancer(tunnels(tunnel('Internal', 900)), { subnet }), refused],
  ]);
});

t.test('A network interface has addresses that fit, and NAT rules of its own', async (t) => {
  const azure = azureWith();
  const address = (name: string, own: Body, sku: Body = {}): { id: string } => {
    const at = id('publicIPAddresses', name);
    const properties = { publicIPAllocationMethod: 'Static', ...own };
    azure.put(at, { location: 'westus', sku: { name: 'Standard', ...sku }, properties });
    return { id: at };
  };
  const six = address('six', { publicIPAddressVersion: 'IPv6' });
  const global = address('global', {}, { tier: 'Global' });
  const globalBalancer = id('loadBalancers', 'global');
  const everywhere = balancer({}, { publicIPAddress: address('global2', {}, { tier: 'Global' }) });
  azure.put(globalBalancer, { ...everywhere, sku: { name: 'Standard', tier: 'Global' } });
  const nat = (name: string, port: number, own: Body): Body =>
    named({ frontendIPConfiguration: front, protocol: 'Tcp', backendPort: port, ...own }, name);
  const ofPool = { backendAddressPool: pool, frontendPortRangeStart: 5000, frontendPortRangeEnd: 5010 };
  azure.put(lb, balancer({ inboundNatRules: [nat('one', 22, { frontendPort: 4000 }), nat('all', 23, ofPool)] }));
  const natRule = (name: string): Body => ({ loadBalancerInboundNatRules: [{ id: `${lb}/inboundNatRules/${name}` }] });
  const body = (own: Body, properties: Body = {}): Body => ({
    location: 'westus',
    properties: { ipConfigurations: [named({ subnet, ...own }, 'ip')], ...properties },
  });
  azure.put(id('networkInterfaces', 'other'), body(natRule('one')));
  const refused = 'NetworkInterfaceCannotHave';
  const inGlobalPool = { loadBalancerBackendAddressPools: [{ id: `${globalBalancer}/backendAddressPools/pool` }] };
  expectEach(t, azure, nic, [
    ['as it should be', body({ publicIPAddress: address('own', {}) }, { dnsSettings: { dnsServers: ['10.0.0.4'] } })],
    ['a name server that is no address', body({}, { dnsSettings: { dnsServers: ['host'] } }), refused],
    ['an IPv6 address beside IPv4', body({ publicIPAddress: six }), refused],
    ['a Global address', body({ publicIPAddress: global }), refused],
    ['a Global pool', body(inGlobalPool), refused],
    ['a NAT rule that another one has', body(natRule('one')), refused],
    ['a NAT rule of a pool', body(natRule('all')), refused],
    ['IPv6 only', body({ privateIPAddressVersion: 'IPv6', subnet: undefined }), refused],
  ]);
});

t.test('A private link service has one balancer, and both stay together', async (t) => {
  const azure = azureWith();
  azure.put(lb, balancer({}, { subnet }));
  azure.put(id('loadBalancers', 'other'), balancer({}, { subnet }));
  azure.put(id('loadBalancers', 'gateway'), balancer({}, { subnet }, 'Gateway'));
  const service = id('privateLinkServices', 'service');
  const frontOf = (name: string) => ({ id: `${id('loadBalancers', name)}/frontendIPConfigurations/front` });
  const body = (fronts: string[], count = 1): Body => ({
    location: 'westus',
    properties: {
      loadBalancerFrontendIpConfigurations: fronts.map(frontOf),
      ipConfigurations: Array.from({ length: count }, (_, index) => named({ subnet }, `ip${index}`)),
    },
  });
  const refused = 'PrivateLinkServiceCannotHave';
  expectEach(t, azure, service, [
    ['as it should be', body(['lb'], 8)],
    ['two balancers', body(['lb', 'other']), refused],
    ['a Gateway', body(['gateway']), refused],
    ['no address', body(['lb'], 0), refused],
    ['too many addresses', body(['lb'], 9), refused],
  ]);
  azure.put(service, body(['lb']));
  const without = balancer({ frontendIPConfigurations: [named({ subnet }, 'another')] });
  t.same(codes(azure, lb, without), ['CannotDeleteLoadBalancerWithPrivateLinkService']);
  const enabled = { addressPrefix: '10.0.0.0/24', privateLinkServiceNetworkPolicies: 'Enabled' };
  const network = {
    location: 'westus',
    properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] }, subnets: [named(enabled, 'subnet')] },
  };
  const code = 'PrivateLinkServiceCannotBeCreatedInSubnetThatHasNetworkPoliciesEnabled';
  t.same(codes(azure, vnet, network), [code]);
});

t.test('A machine is in one place, with network interfaces that fit together', async (t) => {
  const azure = azureWith();
  for (const [name, where] of [
    ['nic', subnet],
    ['second', subnet],
    ['far', elsewhere],
  ] as const) {
    const ipConfigurations = [named({ subnet: where }, 'ip')];
    azure.put(id('networkInterfaces', name), { location: 'westus', properties: { ipConfigurations } });
  }
  const sets = ['set', 'set2'].map((name) => compute('availabilitySets', name));
  for (const set of sets) azure.put(set, { location: 'westus', sku: { name: 'Aligned' } });
  const machine = compute('virtualMachines', 'vm');
  const primary = (name: string, isPrimary?: boolean): Body => ({
    id: id('networkInterfaces', name),
    properties: { primary: isPrimary },
  });
  const body = (networkInterfaces: Body[], own: Body = {}, properties: Body = {}): Body => ({
    location: 'westus',
    ...own,
    properties: { networkProfile: { networkInterfaces }, ...properties },
  });
  const one = [primary('nic', true)];
  const availabilitySet = { id: sets[0] };
  const without = 'VirtualMachineMustHaveOneNetworkInterfaceAsPrimary';
  expectEach(t, azure, machine, [
    ['two network interfaces', body([primary('nic', true), primary('second', false)])],
    ['none primary', body([primary('nic', false), primary('second', false)]), without],
    ['primary of neither', body([primary('nic'), primary('second')]), 'NetworkInterfaceMustHavePrimaryPropertySet'],
    ['primary of one', body([primary('nic', true), primary('second')])],
    ['both primary', body([primary('nic', true), primary('second', true)]), without],
    ['one twice', body([primary('nic', true), primary('nic', false)]), 'InvalidParameter'],
    ['in two networks', body([primary('nic', true), primary('far', false)]), 'SubnetsNotInSameVnet'],
    ['in two zones', body(one, { zones: ['1', '2'] }), 'InvalidParameter'],
    ['in a zone and a set', body(one, { zones: ['1'] }, { availabilitySet }), 'InvalidParameter'],
  ]);
  azure.put(machine, body(one, {}, { availabilitySet }));
  const moved = body(one, {}, { availabilitySet: { id: sets[1] } });
  t.same(codes(azure, machine, moved), ['PropertyChangeNotAllowed']);
  t.same(codes(azure, machine, body(one, { zones: ['1'] })), ['PropertyChangeNotAllowed']);
  const setWith = (properties: Body): Body => ({ location: 'westus', sku: { name: 'Aligned' }, properties });
  expectEach(t, azure, compute('availabilitySets', 'third'), [
    ['as many as there are', setWith({ platformFaultDomainCount: 3, platformUpdateDomainCount: 20 })],
    ['no fault domain', setWith({ platformFaultDomainCount: 0 }), 'InvalidParameter'],
    ['too many update domains', setWith({ platformUpdateDomainCount: 21 }), 'InvalidParameter'],
  ]);
  const set = compute('availabilitySets', 'fourth');
  azure.put(set, setWith({ platformFaultDomainCount: 2, platformUpdateDomainCount: 10 }));
  t.same(codes(azure, set, setWith({ platformFaultDomainCount: 3 })), ['PropertyChangeNotAllowed']);
  t.same(codes(azure, set, setWith({ platformUpdateDomainCount: 5 })), ['PropertyChangeNotAllowed']);
  t.same(codes(azure, set, { ...setWith({}), sku: { name: 'Classic' } }), ['OperationNotAllowed']);
  azure.put(set, { location: 'westus', properties: {} });
  t.match(azure.get(set), {
    sku: { name: 'Aligned' },
    properties: { platformFaultDomainCount: 2, platformUpdateDomainCount: 10 },
  });
});

t.test('Instances of a scale set have network interfaces that fit together', async (t) => {
  const azure = azureWith();
  const configuration = (name: string, isPrimary: boolean, own: Body = { subnet }): Body =>
    named({ primary: isPrimary, ipConfigurations: [named(own, 'ip')] }, name);
  const body = (networkInterfaceConfigurations: Body[], capacity = 1): Body => ({
    location: 'westus',
    sku: { name: 'Standard_B1s', capacity },
    properties: { virtualMachineProfile: { networkProfile: { networkInterfaceConfigurations } } },
  });
  const one = configuration('one', true);
  const without = 'VirtualMachineMustHaveOneNetworkInterfaceAsPrimary';
  expectEach(t, azure, compute('virtualMachineScaleSets', 'set'), [
    ['two configurations', body([one, configuration('two', false)])],
    ['both primary', body([one, configuration('two', true)]), without],
    ['no subnet', body([configuration('one', true, {})]), 'InvalidParameter'],
    ['in two networks', body([one, configuration('two', false, { subnet: elsewhere })]), 'SubnetsNotInSameVnet'],
    ['fewer than none', body([one], -1), 'InvalidParameter'],
  ]);
});
