import { type AddressInfo, createServer } from 'node:net';
import { test } from 'tap';
import { type ErrorKey, errors } from '../../../../src/errors/index.js';
import { Clock } from '../../../../src/support/clock.js';
import { nextEvent } from '../../../turns.js';
import * as arm from './arm-client.js';

/** A refusal: its key in the table of errors, what is asked, and Azure's text, word by word. */
type Case = readonly [key: ErrorKey, ask: (azure: arm.ArmClient) => Promise<arm.Answer>, text: string];

const frontend = arm.childId('frontendIPConfigurations', 'frontend');
const pool = arm.childId('backendAddressPools', 'pool');
const nic = (name: string) => `${arm.network}/networkInterfaces/${name}`;
const vnet = `${arm.network}/virtualNetworks/vnet`;
const balancer = (properties: arm.Json, envelope?: arm.Json) => (azure: arm.ArmClient) =>
  azure.put(arm.balancerId, arm.loadBalancer(properties, envelope));
const ruled = (properties: arm.Json, apiVersion?: string) => (azure: arm.ArmClient) =>
  azure.put(
    arm.balancerId,
    arm.loadBalancer({ loadBalancingRules: [arm.rule('r', properties)] }),
    apiVersion ? { apiVersion } : {},
  );
const probed = (properties: arm.Json) => balancer({ probes: [arm.probe('probe', properties)] });
const outbound = (name: string, properties: arm.Json = {}) => ({
  name,
  properties: {
    protocol: 'All',
    frontendIPConfigurations: [{ id: frontend }],
    backendAddressPool: { id: pool },
    ...properties,
  },
});
const natPool = (properties: arm.Json = {}) => ({
  name: 'nats',
  properties: {
    protocol: 'Tcp',
    frontendPortRangeStart: 5000,
    frontendPortRangeEnd: 5010,
    backendPort: 22,
    frontendIPConfiguration: { id: frontend },
    ...properties,
  },
});
const port = (name: string, property: string, value: number, range: string) =>
  `Resource ${name} has invalid value of ${property} (${value}). The value must be between ${range}.`;

/** Asked of a group with network `vnet`, address `ip`, and balancer `lb` with NIC `nic` in its pool. */
const aboutLoadBalancers: readonly Case[] = [
  [
    'FrontendIPConfigHasNoSubnetOrPublicIP',
    balancer({ frontendIPConfigurations: [{ name: 'frontend', properties: {} }] }),
    `Frontend IP Configuration ${frontend} must reference either a Subnet or a Public IP Address.`,
  ],
  [
    'FrontendIPConfigHasBothSubnetAndPublicIP',
    balancer({
      frontendIPConfigurations: [
        {
          name: 'frontend',
          properties: { subnet: { id: arm.subnetId }, publicIPAddress: { id: arm.publicIPAddressId('ip') } },
        },
      ],
    }),
    `Frontend IP Configuration ${frontend} must not reference both a Subnet and a Public IP Address.`,
  ],
  [
    'DeletingAllIpConfigsInLoadbalancerNotSupported',
    balancer({ frontendIPConfigurations: [], loadBalancingRules: [], probes: [] }),
    `Deleting all frontendIPConfigs from load balancer ${arm.balancerId} is not supported.`,
  ],
  [
    'LoadBalancerWithoutFrontendIPCantHaveChildResources',
    (azure) =>
      azure.put(`${arm.network}/loadBalancers/bare`, { location: 'westeurope', properties: { probes: [arm.probe()] } }),
    `Load Balancer ${arm.network}/loadBalancers/bare does not have Frontend IP Configuration, but it has other child resources. This setup is not supported.`,
  ],
  [
    'RulesUseSameBackendPortProtocolAndPool',
    balancer({ loadBalancingRules: [arm.rule('a'), arm.rule('b', { frontendPort: 81 })] }),
    `Load balancing rules ${arm.childId('loadBalancingRules', 'a')} and ${arm.childId('loadBalancingRules', 'b')} with floating IP disabled use the same protocol Tcp and backend port 8080, and must not be used with the same backend address pool ${pool}.`,
  ],
  [
    'RulesUseSameFrontendPortProtocolAndIPConfig',
    balancer({ loadBalancingRules: [arm.rule('a'), arm.rule('b', { backendPort: 81 })] }),
    `Load balancing rules ${arm.childId('loadBalancingRules', 'a')} and ${arm.childId('loadBalancingRules', 'b')} use the same frontend IP configuration ${frontend}, protocol Tcp and frontend port 80.`,
  ],
  [
    'RulesUseSameBackendPortProtocolAndIPConfig',
    async (azure) => {
      const rules = ['a', 'b'].map((name, at) =>
        arm.natRule(name, { frontendPort: 6000 + at, backendPort: 3389 + at }),
      );
      await azure.made(arm.balancerId, arm.loadBalancer({ inboundNatRules: rules }));
      const natRules = ['a', 'b'].map((name) => arm.childId('inboundNatRules', name));
      await azure.makeNetworkInterface('nic', { pools: [pool], natRules });
      const same = rules.map((one) =>
        arm.natRule(one.name as string, { ...(one.properties as arm.Json), backendPort: 3389 }),
      );
      return azure.put(arm.balancerId, arm.loadBalancer({ inboundNatRules: same }));
    },
    `Load balancer rules ${arm.childId('inboundNatRules', 'a')} and ${arm.childId('inboundNatRules', 'b')} with floating IP disabled use the same backend port 3389 and protocol Tcp, and must not be used with the same backend IP ${nic('nic')}/ipConfigurations/ipconfig.`,
  ],
  [
    'RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndIPConfig',
    async (azure) => {
      await azure.makePublicIPAddress('ip2');
      const text = JSON.stringify(arm.loadBalancer()).replaceAll('/loadBalancers/lb/', '/loadBalancers/lb2/');
      await azure.made(
        `${arm.network}/loadBalancers/lb2`,
        JSON.parse(text.replaceAll('publicIPAddresses/ip"', 'publicIPAddresses/ip2"')),
      );
      return azure.put(nic('nic'), arm.networkInterface({ pools: [pool, pool.replace('/lb/', '/lb2/')] }));
    },
    `Load balancer rules ${arm.childId('loadBalancingRules', 'rule')} and ${arm.network}/loadBalancers/lb2/loadBalancingRules/rule belong to the load balancer of the same type and use the same backend port (8080) and protocol (Tcp), and must not be used with the same backend ip (${nic('nic')}/ipConfigurations/ipconfig).`,
  ],
  [
    'DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed',
    async (azure) => {
      await azure.made(arm.publicIPAddressId('basic'), { location: 'westeurope', properties: {} });
      const body = JSON.parse(JSON.stringify(arm.networkInterface({ pools: [pool] })));
      body.properties.ipConfigurations[0].properties.publicIPAddress = { id: arm.publicIPAddressId('basic') };
      return azure.put(nic('nic'), body);
    },
    `Different basic sku and standard sku load balancer or public Ip resources in availability set is not allowed ${arm.balancerId} and ${arm.publicIPAddressId('basic')}.`,
  ],
  [
    'PublicIPAndLBSkuDoNotMatch',
    async (azure) => {
      await azure.made(arm.publicIPAddressId('basic'), { location: 'westeurope', properties: {} });
      return azure.put(
        arm.balancerId,
        arm.loadBalancer({ frontendIPConfigurations: [arm.publicFrontend('frontend', 'basic')] }),
      );
    },
    `Standard sku load balancer ${arm.balancerId} cannot reference Basic sku publicIP ${arm.publicIPAddressId('basic')}.`,
  ],
  [
    'LoadBalancingRuleMustDisableSNATSinceSameFrontendIPConfigurationIsReferencedByOutboundRule',
    balancer({ outboundRules: [outbound('o')] }),
    `Load Balancing Rules ${arm.childId('loadBalancingRules', 'rule')} must have disableOutboundSNAT set to true when same FrontendIPConfiguration ${frontend} is referenced by Outbound Rules ${arm.childId('outboundRules', 'o')}.`,
  ],
  [
    'MoreThanOneOutboundRuleUsingSameFrontendIPConfigurationAndProtocolIsNotSupported',
    balancer({ loadBalancingRules: [], outboundRules: [outbound('o1', { protocol: 'Tcp' }), outbound('o2')] }),
    `Is is not supported to have more than a single outbound rule using frontendIPConfiguration ${frontend} with same or overlapping protocol. This frontendIPConfiguration is used by the following outbound rules: ${arm.childId('outboundRules', 'o1')},${arm.childId('outboundRules', 'o2')}`,
  ],
  [
    'ModificationOfNICIpConfigBackendPoolNotSupported',
    (azure) => azure.put(pool, { properties: { loadBalancerBackendAddresses: [] } }),
    `Operation on backend pool ${pool} not allowed since it adds/modifies/deletes backend address pool members that are specified with a network interface IP configuration.`,
  ],
  [
    'CannotMixIPBasedAddressesAndIPConfigurationsOnLoadBalancerBackendAddressPool',
    balancer({
      backendAddressPools: [
        {
          name: 'pool',
          properties: { loadBalancerBackendAddresses: [{ name: 'a', properties: { ipAddress: '10.0.0.9' } }] },
        },
      ],
    }),
    `Backend address pool ${pool} cannot mix IP based addresses and network interface IP configurations.`,
  ],
  ['PortValueIsOutOfRange', ruled({ backendPort: 65536 }), port('r', 'BackendPort', 65536, '0 and 65535')],
  ['PortValueIsOutOfRange', ruled({ frontendPort: 65535 }), port('r', 'FrontendPort', 65535, '0 and 65534')],
  ['PortValueIsOutOfRange', probed({ port: 65536 }), port('probe', 'Port', 65536, '1 and 65535')],
  ['PortValueIsOutOfRange', probed({ port: 0 }), port('probe', 'Port', 0, '1 and 65535')],
  [
    'PortValueIsOutOfRange',
    balancer({ inboundNatPools: [natPool({ backendPort: 0 })] }),
    port('nats', 'BackendPort', 0, '1 and 65535'),
  ],
  [
    'PortValueIsOutOfRange',
    balancer({ inboundNatPools: [natPool({ frontendPortRangeEnd: 65535 })] }),
    port('nats', 'FrontendPortRangeEnd', 65535, '1 and 65534'),
  ],
  [
    'RuleIdleTimeoutIsOutOfRange',
    ruled({ idleTimeoutInMinutes: 31 }, '2017-10-01'),
    'Rule r has invalid Idle Timeout. The value must be between 4 and 30.',
  ],
  [
    'RuleIdleTimeoutIsOutOfRange',
    ruled({ idleTimeoutInMinutes: 3 }),
    'Rule r has invalid Idle Timeout. The value must be between 4 and 100.',
  ],
  [
    'ProbeIntervalIsOutOfRange',
    probed({ intervalInSeconds: 4 }),
    'Probe Interval for probe probe must be between 5 and 2147483646.',
  ],
  [
    'NumberOfProbesIsOutOfRange',
    probed({ numberOfProbes: 143165577 }),
    'NumberOfProbes value for probe probe is out of range. When IntervalInSeconds is 15, the value must be between 1 and 143165576.',
  ],
  [
    'ProbeThresholdIsOutOfRange',
    probed({ probeThreshold: 101 }),
    'ProbeThreshold value for probe probe is out of range. The value must be between 1 and 100.',
  ],
  [
    'ProbeRequestPathIsNotNull',
    probed({ requestPath: '/' }),
    `Request path for probe ${arm.childId('probes', 'probe')} must be null when its protocol is Tcp.`,
  ],
  [
    'ProbeRequestPathIsNull',
    probed({ protocol: 'Http' }),
    `Request path for probe ${arm.childId('probes', 'probe')} must not be null when its protocol is Http.`,
  ],
  [
    'HaPortsRuleNotSupported',
    ruled({ protocol: 'All', frontendPort: 0, backendPort: 0 }),
    `Rule ${arm.childId('loadBalancingRules', 'r')} uses protocol All with frontend port 0, which is supported only on internal frontends of Standard sku load balancers.`,
  ],
  [
    'SubscriptionNotRegisteredForFeature',
    ruled({ frontendPort: 0 }, '2017-10-01'),
    `Subscription ${arm.subscriptionId} is not registered for feature Microsoft.Network/AllowILBAllPortsRule required to carry out the requested operation.`,
  ],
  [
    'LoadBalancerFrontendIPConfigCannotHaveZoneWhenReferencingPublicIPAddress',
    (azure) => {
      const { properties } = arm.loadBalancer() as unknown as { properties: { frontendIPConfigurations: arm.Json[] } };
      const [first] = properties.frontendIPConfigurations;
      const frontendIPConfigurations = [first, { ...first, name: 'zoned', zones: ['1'] }];
      return azure.put(arm.balancerId, arm.loadBalancer({ frontendIPConfigurations }));
    },
    `Frontend ipConfiguration ${arm.childId('frontendIPConfigurations', 'zoned')} has a zone specified and is referencing a publicIPAddress. Networking supports zones only for frontendIpconfigurations which reference a subnet.`,
  ],
  [
    'MissedInboundNatRuleV2Properties',
    balancer({ inboundNatRules: [arm.natRule('n', { frontendPort: undefined, backendAddressPool: { id: pool } })] }),
    'For inbound Nat rule V2 properties FrontendPortRangeStart, FrontendPortRangeEnd should not be null.',
  ],
  [
    'UnsupportedSetOfInboundNatRulePropertiesWhenFrontendPortIsSpecified',
    balancer({
      inboundNatRules: [arm.natRule('n', { frontendPort: 22, frontendPortRangeStart: 100, frontendPortRangeEnd: 110 })],
    }),
    'If FrontendPort 22 is set, properties FrontendPortRangeStart, FrontendPortRangeEnd should be null.',
  ],
  [
    'SpecifiedAllocatedOutboundPortsForOutboundRuleExceedsTotalNumberOfAllowedPortsPerRule',
    balancer({ loadBalancingRules: [], outboundRules: [outbound('o', { allocatedOutboundPorts: 64008 })] }),
    `Outbound rule ${arm.childId('outboundRules', 'o')} allocates 64008 outbound ports, more than the 64000 that a rule may allocate.`,
  ],
  [
    'LoadBalancingRuleBackendAdressPoolAndBackendAddressPoolsCannotBeSetAtTheSameTimeWithDifferentValue',
    balancer({
      backendAddressPools: [{ name: 'pool' }, { name: 'other' }],
      loadBalancingRules: [
        arm.rule('r', {
          backendAddressPool: { id: arm.childId('backendAddressPools', 'other') },
          backendAddressPools: [{ id: pool }],
        }),
      ],
    }),
    `Load balancing rule ${arm.childId('loadBalancingRules', 'r')} has a backendAddressPool that is none of its backendAddressPools. Both cannot be set with different values.`,
  ],
  [
    'ModificationOfBackendAddressesInPoolIsNotSupportedWhenSyncModeIsAutomatic',
    (azure) =>
      azure.put(arm.childId('backendAddressPools', 'synced'), {
        properties: {
          syncMode: 'Automatic',
          virtualNetwork: { id: `${arm.network}/virtualNetworks/vnet` },
          loadBalancerBackendAddresses: [{ name: 'a', properties: { ipAddress: '10.0.0.9' } }],
        },
      }),
    'Modification of backend addresses in pools is not supported when sync mode is set as Automatic.',
  ],
  [
    'BackendAddressPoolSyncModeNotSupported',
    (azure) => azure.put(arm.childId('backendAddressPools', 'synced'), { properties: { syncMode: 'Manual' } }),
    `The sync mode of backend address pool ${arm.childId('backendAddressPools', 'synced')} needs a virtual network and cannot be changed once it is set.`,
  ],
  [
    'SpecifiedAllocatedOutboundPortsForOutboundRuleIsNotAMultipleOfEight',
    balancer({ loadBalancingRules: [], outboundRules: [outbound('o', { allocatedOutboundPorts: 9 })] }),
    `Outbound rule ${arm.childId('outboundRules', 'o')} allocates 9 outbound ports, which is not a multiple of 8.`,
  ],
  [
    'InboundNatRuleFrontendPortRangeInvalid',
    balancer({
      inboundNatRules: [
        arm.natRule('n', {
          frontendPort: undefined,
          frontendPortRangeStart: 9,
          frontendPortRangeEnd: 8,
          backendAddressPool: { id: pool },
        }),
      ],
    }),
    `Inbound NAT rule ${arm.childId('inboundNatRules', 'n')} has an invalid frontend port range 9-8.`,
  ],
  [
    'SkuCannotBeChangedOnUpdate',
    balancer({ frontendIPConfigurations: [arm.internalFrontend()] }, { sku: { name: 'Basic' } }),
    `Sku property is set at creation time and cannot be changed from Standard to Basic on resource update for resource ${arm.balancerId}.`,
  ],
  [
    'ResourceAvailabilityZonesCannotBeModified',
    balancer({ frontendIPConfigurations: [{ ...arm.publicFrontend(), zones: ['1', '2', '3'] }] }),
    `Resource ${frontend} has an existing availability zone constraint {} and the request has availability zone constraint 1, 2, 3, which do not match. Zones cannot be added/updated/removed once the resource is created. The resource cannot be updated from regional to zonal or vice-versa.`,
  ],
  [
    'InvalidResourceName',
    balancer({ backendAddressPools: [{ name: '-x' }] }),
    "Resource name -x is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.",
  ],
  [
    'DuplicateResourceName',
    balancer({ backendAddressPools: [{ name: 'pool' }, { name: 'POOL' }] }),
    `Resource ${arm.balancerId} has two child resources with the same name (POOL).`,
  ],
  [
    'PublicIPReferencedByMultipleIPConfigs',
    balancer({ frontendIPConfigurations: [arm.publicFrontend(), arm.publicFrontend('second')] }),
    `Public ip address ${arm.publicIPAddressId('ip')} is referenced by multiple ipconfigs in resource ${arm.balancerId}.`,
  ],
  [
    'NotAllowedToDeleteLoadBalancerWithFrontendIpConfigurationInUseByGlobalLB',
    async (azure) => {
      const address = { name: 'r', properties: { loadBalancerFrontendIPConfiguration: { id: frontend } } };
      await azure.made(`${arm.network}/loadBalancers/global`, {
        location: 'westeurope',
        sku: { name: 'Standard', tier: 'Global' },
        properties: { backendAddressPools: [{ name: 'p', properties: { loadBalancerBackendAddresses: [address] } }] },
      });
      return azure.delete(arm.balancerId);
    },
    `It is not allowed to delete load balancer ${arm.balancerId} that has a load balancer frontend IP configuration ${frontend} referenced by global load balancer's pool ${arm.network}/loadBalancers/global/backendAddressPools/p. Please remove from global load balancing configuration first.`,
  ],
];

const scaleSetId = `${arm.group}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss`;

/** The balancer with a NAT pool, and a scale set of one instance behind it. */
async function withScaleSet(azure: arm.ArmClient): Promise<void> {
  await azure.made(arm.balancerId, arm.loadBalancer({ inboundNatPools: [natPool()] }));
  const ipConfiguration = {
    name: 'ip',
    properties: {
      subnet: { id: arm.subnetId },
      loadBalancerInboundNatPools: [{ id: arm.childId('inboundNatPools', 'nats') }],
    },
  };
  const networkInterfaceConfigurations = [
    { name: 'nic', properties: { primary: true, ipConfigurations: [ipConfiguration] } },
  ];
  await azure.made(scaleSetId, {
    location: 'westeurope',
    sku: { name: 'Standard_DS1_v2', capacity: 1 },
    properties: {
      upgradePolicy: { mode: 'Manual' },
      virtualMachineProfile: { networkProfile: { networkInterfaceConfigurations } },
    },
  });
}

const bare = `${arm.network}/loadBalancers/bare`;
const basic = (properties: arm.Json) => (azure: arm.ArmClient) =>
  azure.put(bare, {
    location: 'westeurope',
    properties: {
      frontendIPConfigurations: [arm.internalFrontend()],
      backendAddressPools: [{ name: 'pool' }],
      ...properties,
    },
  });

const aboutScale: readonly Case[] = [
  [
    'HttpsProbeNotSupportedOnBasicSku',
    basic({ probes: [arm.probe('probe', { protocol: 'Https', requestPath: '/' })] }),
    'Probe with https protocol is only supported on standard SKU load balancer.',
  ],
  [
    'OutboundRulesNotSupportedOnBasicSku',
    basic({
      outboundRules: [
        outbound('o', {
          frontendIPConfigurations: [{ id: `${bare}/frontendIPConfigurations/frontend` }],
          backendAddressPool: { id: `${bare}/backendAddressPools/pool` },
        }),
      ],
    }),
    `Outbound rule ${bare}/outboundRules/o is not supported by load balancers of sku Basic.`,
  ],
  [
    'SpecifiedAllocatedOutboundPortsForOutboundRuleExceedsTotalNumberOfAvailablePorts',
    async (azure) => {
      await azure.makeNetworkInterface('nic2', { pools: [pool] });
      const outboundRules = [outbound('o', { allocatedOutboundPorts: 40000 })];
      return azure.put(arm.balancerId, arm.loadBalancer({ loadBalancingRules: [], outboundRules }));
    },
    `Outbound rule ${arm.childId('outboundRules', 'o')} allocates 80000 ports for 2 backend instances, which exceeds the 64000 ports of its frontend IP configurations.`,
  ],
  [
    'InboundNatRuleFrontendPortRangeTooSmall',
    async (azure) => {
      await azure.makeNetworkInterface('nic2', { pools: [pool] });
      const range = { frontendPortRangeStart: 6000, frontendPortRangeEnd: 6000, backendAddressPool: { id: pool } };
      return azure.put(arm.childId('inboundNatRules', 'n'), arm.natRule('n', { ...range, frontendPort: undefined }));
    },
    `Inbound NAT rule ${arm.childId('inboundNatRules', 'n')} has 1 frontend ports for 2 backend instances of pool ${pool}.`,
  ],
  [
    'LoadBalancerInUseByVirtualMachineScaleSet',
    async (azure) => {
      await withScaleSet(azure);
      return azure.delete(arm.balancerId);
    },
    `Cannot delete load balancer ${arm.balancerId} since its child resources nats are in use by virtual machine scale set ${scaleSetId}.`,
  ],
  [
    'AddingOrUpdatingNatRulesWhenNatPoolIsPresentOnLoadbalancerIsNotSupported',
    async (azure) => {
      await withScaleSet(azure);
      return azure.put(
        arm.balancerId,
        arm.loadBalancer({
          inboundNatPools: [natPool()],
          inboundNatRules: [arm.natRule('ssh', { frontendPort: 4000 })],
        }),
      );
    },
    `Adding or updating NAT Rules when NAT pool is present on loadbalancer ${arm.balancerId} is not supported. To modify the load balancer, pass in all NAT rules unchanged or remove the LoadBalancerInboundNatRules property from your PUT request.`,
  ],
];

const ip = arm.publicIPAddressId('ip');
const aboutNeighbours: readonly Case[] = [
  [
    'PublicIPAddressCannotBeDeleted',
    (azure) => azure.delete(ip),
    `Public IP address ${ip} can not be deleted since it is still allocated to resource ${frontend}. In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip.`,
  ],
  [
    'PublicIPAddressInUse',
    (azure) =>
      azure.put(`${arm.network}/loadBalancers/second`, {
        location: 'westeurope',
        sku: { name: 'Standard' },
        properties: { frontendIPConfigurations: [arm.publicFrontend()] },
      }),
    `Resource ${arm.network}/loadBalancers/second/frontendIPConfigurations/frontend is referencing public IP address ${ip} that is already allocated to resource ${frontend}.`,
  ],
  [
    'StandardAndStandardV2SkuPublicIPAddressesMustBeStatic',
    (azure) => azure.put(arm.publicIPAddressId('new'), arm.publicIPAddress({ publicIPAllocationMethod: 'Dynamic' })),
    `Standard sku publicIp ${arm.publicIPAddressId('new')} must have AllocationMethod set to Static.`,
  ],
  [
    'PublicIPIdleTimeoutIsOutOfRange',
    (azure) => azure.put(arm.publicIPAddressId('new'), arm.publicIPAddress({ idleTimeoutInMinutes: 3 })),
    'Public IP address new has invalid Idle Timeout. The value must be between 4 and 30.',
  ],
  [
    'InvalidDomainNameLabel',
    (azure) =>
      azure.put(arm.publicIPAddressId('new'), arm.publicIPAddress({ dnsSettings: { domainNameLabel: 'l-a_b-1-e' } })),
    'The domain name label l-a_b-1-e is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.',
  ],
  [
    'DnsRecordInUse',
    async (azure) => {
      await azure.makePublicIPAddress('named', { dnsSettings: { domainNameLabel: 'dns' } });
      return azure.put(arm.publicIPAddressId('new'), arm.publicIPAddress({ dnsSettings: { domainNameLabel: 'dns' } }));
    },
    'DNS record dns.westeurope.cloudapp.azure.com is already used by another public IP.',
  ],
  [
    'InUseSubnetCannotBeDeleted',
    (azure) => azure.delete(arm.subnetId),
    `Subnet default is in use by ${nic('nic')}/ipConfigurations/ipconfig and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.`,
  ],
  [
    'NetcfgSubnetRangesOverlap',
    (azure) => azure.put(`${vnet}/subnets/second`, { properties: { addressPrefix: '10.0.0.128/25' } }),
    "Subnet 'second' is not valid because its IP address range overlaps with that of an existing subnet in virtual network 'vnet'.",
  ],
  [
    'NetcfgInvalidSubnet',
    (azure) => azure.put(`${vnet}/subnets/second`, { properties: { addressPrefix: '10.9.0.0/24' } }),
    "Subnet 'second' is not valid in virtual network 'vnet'.",
  ],
  [
    'PrivateIPAddressInReservedRange',
    (azure) => azure.put(nic('new'), arm.networkInterface({ privateIPAddress: '10.0.0.3' })),
    'Private static IP address 10.0.0.3 falls within reserved IP range of subnet prefix 10.0.0.0/24.',
  ],
  [
    'PrivateIPAddressNotInSubnet',
    (azure) => azure.put(nic('new'), arm.networkInterface({ privateIPAddress: '10.1.0.9' })),
    'Private static IP address 10.1.0.9 does not belong to the range of subnet prefix 10.0.0.0/24.',
  ],
  [
    'PrivateIPAddressIsAllocated',
    (azure) => azure.put(nic('new'), arm.networkInterface({ privateIPAddress: '10.0.0.4' })),
    `IP configuration ${nic('new')}/ipConfigurations/ipconfig is using the private IP address 10.0.0.4 which is already allocated to resource ${nic('nic')}/ipConfigurations/ipconfig.`,
  ],
  [
    'InvalidPrivateIPAddressFormat',
    (azure) => azure.put(nic('new'), arm.networkInterface({ privateIPAddress: '10.11.12.13.14' })),
    'Private static IP address value 10.11.12.13.14 is invalid.',
  ],
  [
    'SubnetIsFull',
    async (azure) => {
      await azure.made(`${vnet}/subnets/tiny`, { properties: { addressPrefix: '10.0.1.0/29' } });
      const subnet = `${vnet}/subnets/tiny`;
      for (const name of ['a', 'b', 'c']) await azure.makeNetworkInterface(name, { subnet });
      return azure.put(nic('d'), arm.networkInterface({ subnet }));
    },
    'Subnet tiny with address prefix 10.0.1.0/29 does not have enough capacity for 1 IP addresses.',
  ],
  [
    'InvalidIPConfigCount',
    (azure) => azure.put(nic('new'), { location: 'westeurope', properties: { ipConfigurations: [] } }),
    'Network interface new must have one or more IP configurations.',
  ],
];

const aboutGroups: readonly Case[] = [
  [
    'InvalidResourceGroupLocation',
    (azure) => azure.put(arm.group, { location: 'West US' }),
    "Invalid resource group location 'West US'. The Resource group already exists in location 'westeurope'.",
  ],
  [
    'InvalidResourceGroup',
    (azure) => azure.put(`/subscriptions/${arm.subscriptionId}/resourceGroups/x!!`, { location: 'westeurope' }),
    "The provided resource group name 'x!!' has these invalid characters: '!'. The name can only be a letter, digit, '-', '.', '(', ')' or '_'.",
  ],
  [
    'LocationRequired',
    (azure) => azure.put(arm.publicIPAddressId('new'), { properties: {} }),
    'The location property is required for this definition.',
  ],
  [
    'InvalidResourceLocationFormat',
    (azure) => azure.put(arm.publicIPAddressId('new'), { location: 'here & there', properties: {} }),
    "The specified location 'here & there' is invalid. A location must consist of characters, whitespace, digit, or following symbols '(,)'.",
  ],
  [
    'InvalidResourceLocation',
    (azure) => azure.put(arm.publicIPAddressId('ip'), { ...arm.publicIPAddress(), location: 'East US' }),
    "The resource 'ip' already exists in location 'westeurope' in resource group 'rg'. A resource with the same name cannot be created in location 'East US'. Please select a new resource name.",
  ],
  [
    'InvalidResourceNamespace',
    (azure) => azure.put(`${arm.group}/providers/Fake/things/x`, { location: 'westeurope' }),
    "The resource namespace 'Fake' is invalid.",
  ],
  [
    'ParentResourceNotFound',
    (azure) => azure.put(`${arm.group}/providers/Microsoft.Cdn/profiles/p/customDomains/d`, {}),
    `Failed to perform 'write' on resource(s) of type 'profiles/customDomains', because the parent resource '${arm.group}/providers/Microsoft.Cdn/profiles/p' could not be found.`,
  ],
  [
    'InvalidDeploymentName',
    (azure) => azure.put(`${arm.group}/providers/Microsoft.Resources/deployments/a,b`, { properties: {} }),
    "The deployment name 'a,b' is not valid: it may have letters, digits, underscores, periods, hyphens and parentheses.",
  ],
  [
    'DeploymentNameTooLong',
    (azure) =>
      azure.put(`${arm.group}/providers/Microsoft.Resources/deployments/${'d'.repeat(65)}`, { properties: {} }),
    `The provided deployment name '${'d'.repeat(65)}' has a length of '65' which exceeds the maximum length of '64'. Please see https://aka.ms/arm-deploy for usage details.`,
  ],
  [
    'InvalidSubscriptionId',
    (azure) => azure.get('/subscriptions/x/resourceGroups'),
    "The provided subscription identifier 'x' is malformed or invalid.",
  ],
];

const tagged = (tags: arm.Json) => (azure: arm.ArmClient) => azure.put(arm.balancerId, arm.loadBalancer({}, { tags }));
const elsewhere =
  'Please make sure that the referenced resource exists, and that both resources are in the same region.';

const aboutAnyResource: readonly Case[] = [
  [
    'InvalidResourceName',
    (azure) => azure.put(`${arm.network}/loadBalancers/a%20b`, arm.loadBalancer()),
    "Resource name a b is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.",
  ],
  [
    'InvalidEntityName',
    (azure) => azure.put(`${arm.group}/providers/Microsoft.Compute/availabilitySets/_set`, { location: 'westeurope' }),
    "The entity name 'availabilitySetName' is invalid according to its validation rule: ^[^_\\W][\\w-._]{0,79}(?<![-.])$.",
  ],
  [
    'ReservedCharacterInName',
    (azure) => azure.put(`${arm.group}/providers/Microsoft.Cdn/profiles/a%3Cb`, { location: 'westeurope' }),
    "Resource name 'a<b' has characters that the name of no resource can have: <, >, %, &, \\, ?, /, #.",
  ],
  [
    'TagLimitExceeded',
    tagged(Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 'v']))),
    'A resource cannot have more than 50 tags; 51 were given.',
  ],
  [
    'InvalidTagName',
    tagged({ ['k'.repeat(513)]: 'v' }),
    `Tag key too large. Following tag name '${'k'.repeat(513)}' exceeded the maximum length. Maximum allowed length for tag name - '512' characters.`,
  ],
  [
    'InvalidTagValueLength',
    (azure) => azure.patch(arm.balancerId, { tags: { k: 'v'.repeat(257) } }),
    `Tag value too large. Following tag value '${'v'.repeat(257)}' exceeded the maximum length. Maximum allowed length for tag value - '256' characters.`,
  ],
  [
    'InvalidTagNameCharacters',
    tagged({ 'a/b': 'v', 'hidden-link:/subscriptions/s': 'v', 'c?': 'v' }),
    "The tag names 'a/b, c?' have reserved characters '<,>,%,&,\\,?,/' or control characters.",
  ],
  [
    'InvalidResourceReference',
    (azure) => azure.put(nic('far'), { ...arm.networkInterface(), location: 'northeurope' }),
    `Resource ${arm.subnetId} referenced by resource ${nic('far')}/ipConfigurations/ipconfig was not found. ${elsewhere}`,
  ],
];

test('Azure’s refusals are raised with their status, code and text', async (t) => {
  const azure = await arm.ArmClient.start(t);
  for (const [key, ask, text] of [
    ...aboutLoadBalancers,
    ...aboutScale,
    ...aboutNeighbours,
    ...aboutGroups,
    ...aboutAnyResource,
  ]) {
    await azure.reset();
    await azure.makeLoadBalancer();
    await azure.makeNetworkInterface('nic', { pools: [pool] });
    const { status, origin, ...definition } = errors[key] as { status: number; origin: string; code?: string };
    const answer = await ask(azure);
    t.equal(arm.refusal(answer), `${status} ${definition.code ?? key}: ${text}`);
    const error = answer.body.error as arm.Json | undefined;
    t.equal('details' in (error ?? {}), origin === 'network', `${key}: details come from the network provider`);
  }
});

test('locations that Azure does not have are refused with those it has', async (t) => {
  const azure = await arm.ArmClient.start(t);
  t.match(
    arm.refusal(await azure.put(arm.group, { location: 'atlantis' })),
    /^400 LocationNotAvailableForResourceGroup: The provided location 'atlantis' is not available for resource group\. List of available regions is 'eastus,.*'\.$/,
  );
  await azure.makeGroup();
  t.match(
    arm.refusal(await azure.put(arm.publicIPAddressId('ip'), { location: 'atlantis' })),
    /^400 LocationNotAvailableForResourceType: The provided location 'atlantis' is not available for resource type 'Microsoft\.Network\/publicIPAddresses'\. List of available regions for the resource type is 'eastus,.*'\.$/,
  );
});

test('a failed balancer takes no children until it has been written again', async (t) => {
  const taken = createServer().listen(0, '127.0.0.100');
  await nextEvent(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const azure = await arm.ArmClient.start(t, { argv: ['--engine', 'userspace', '--strict-bind'], clock: new Clock() });
  await azure.makeNetwork();
  const fixed = arm.internalFrontend('frontend', {
    privateIPAllocationMethod: 'Static',
    privateIPAddress: '10.0.0.100',
  });
  const body = arm.loadBalancer({
    frontendIPConfigurations: [fixed],
    loadBalancingRules: [arm.rule('rule', { frontendPort: port })],
  });
  const failed = await azure.put(arm.balancerId, body);
  t.equal(failed.status, 201);
  const operation = await azure.poll(failed);
  t.match(operation.body, { status: 'Failed', error: { code: 'FrontendBindFailed' } });
  t.match((await azure.get(arm.balancerId)).body, { properties: { provisioningState: 'Failed' } });
  const operationId = /operations\/([0-9a-f-]+)/.exec(failed.headers['azure-asyncoperation'] ?? '')?.[1];
  t.equal(
    arm.refusal(await azure.put(arm.childId('backendAddressPools', 'second'), {})),
    `400 ParentResourceIsInFailedState: PUT operation on child resource ${arm.childId('backendAddressPools', 'second')} is blocked because last operation (${operationId}) on parent resource failed leaving it in failed state. Run PUT operation on the parent, then retry operation on the child.`,
  );
  taken.close();
  await azure.made(arm.balancerId, arm.loadBalancer({ frontendIPConfigurations: [fixed], loadBalancingRules: [] }));
  t.equal((await azure.put(arm.childId('backendAddressPools', 'second'), {})).status, 201);
});

test('with --strict-bind an operation that waits fails too', async (t) => {
  const taken = createServer().listen(0, '127.0.0.101');
  await nextEvent(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const argv = ['--engine', 'userspace', '--strict-bind', '--operation-delay', '60000'];
  const azure = await arm.ArmClient.start(t, { argv, clock: new Clock() });
  await azure.makeNetwork();
  await azure.emulator.advance(60_000);
  const fixed = arm.internalFrontend('frontend', {
    privateIPAllocationMethod: 'Static',
    privateIPAddress: '10.0.0.101',
  });
  const loadBalancingRules = [arm.rule('rule', { frontendPort: port })];
  const put = await azure.put(
    arm.balancerId,
    arm.loadBalancer({ frontendIPConfigurations: [fixed], loadBalancingRules }),
  );
  t.equal(put.status, 201);
  t.equal((await azure.poll(put)).body.status, 'InProgress');
  // The engine has applied what came before a view of its frontends.
  await azure.get('/_lazurite/frontends');
  await azure.emulator.advance(60_000);
  t.match((await azure.poll(put)).body, { status: 'Failed', error: { code: 'FrontendBindFailed' } });
});

test('an operation of the classic API that its path does not have is refused', async (t) => {
  const azure = await arm.ArmClient.start(t);
  const path = `/${arm.subscriptionId}/services/hostedservices/s/deployments/d?comp=unknown`;
  const answer = await azure.post(path, undefined, { headers: { 'x-ms-version': '2014-10-01' } });
  t.equal(answer.status, 400);
  t.match(answer.text, /<Code>MissingOrInvalidRequiredQueryParameter<\/Code>/);
});

test('a pool names an ipConfiguration once', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  const made = await azure.makeNetworkInterface('nic', { pools: [pool] });
  const id = `${made.id}/ipConfigurations/ipconfig`;
  const member = (name: string) => ({ name, properties: { networkInterfaceIPConfiguration: { id } } });
  const put = (loadBalancerBackendAddresses: arm.Json[]) =>
    azure.put(pool, { properties: { loadBalancerBackendAddresses } });
  const address = (name: string) => `${pool}/loadBalancerBackendAddresses/${name}`;
  t.equal(
    arm.refusal(await put([member('a'), member('b')])),
    `400 InvalidRequestFormat: Cannot parse the request.\n  DuplicateIpConfigurationReferenceOnBackendAddressPool: Found duplicate ipConfiguration reference ${id} on backend pool addresses ${address('a')} and ${address('b')}.`,
  );
  t.equal((await put([member('a')])).status, 200, 'what the pool has may be repeated');
});

test('a child or address that goes takes the references to it along, and nothing is left of a refused write', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer({
    backendAddressPools: [{ name: 'pool' }, { name: 'second' }],
    inboundNatRules: [arm.natRule('ssh')],
  });
  const pools = [pool, arm.childId('backendAddressPools', 'second')];
  const before = await azure.makeNetworkInterface('nic', { pools, natRules: [arm.childId('inboundNatRules', 'ssh')] });
  await azure.made(arm.balancerId, arm.loadBalancer());
  const after = await azure.get(nic('nic'));
  t.not(after.body.etag, before.etag);
  t.match(after.text, /"loadBalancerBackendAddressPools":\[\{"id":"[^"]*\/pool"\}\]/);
  t.notMatch(after.text, /second|ssh/);
  t.equal((await azure.put(nic('nic'), after.body)).status, 200, 'it can be written back');

  const refused = await azure.put(
    `${arm.network}/loadBalancers/inside`,
    arm.loadBalancer({
      frontendIPConfigurations: [arm.internalFrontend()],
      loadBalancingRules: [],
      probes: [arm.probe('p', { port: 0 })],
    }),
  );
  t.equal(refused.status, 400);
  t.equal((await azure.get(`${arm.network}/loadBalancers/inside`)).status, 404);
  t.notMatch((await azure.get(vnet)).text, /inside/, 'no link');
  const next = await azure.makeNetworkInterface('next');
  t.match(JSON.stringify(next), /"privateIPAddress":"10\.0\.0\.5"/, 'no address held');
  t.equal((await azure.delete(nic('next'))).status < 300, true);
  t.equal((await azure.put(`${arm.network}/virtualNetworks/other`, arm.virtualNetwork())).status, 201);
});
