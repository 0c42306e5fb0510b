import { test } from 'tap';
import type { ErrorKey } from '../../../../src/errors/index.js';
import * as arm from './arm-client.js';

const pool = arm.childId('backendAddressPools', 'pool');
const second = arm.childId('backendAddressPools', 'second');
const frontend = arm.childId('frontendIPConfigurations', 'frontend');
const nic = `${arm.network}/networkInterfaces/nic`;
const scaleSetId = `${arm.group}/providers/Microsoft.Compute/virtualMachineScaleSets/Set`;
const codeOf = ({ status, body }: arm.Answer): string =>
  `${status} ${(body.error as arm.Json | undefined)?.code ?? ''}`;
const write = (properties: arm.Json, envelope?: arm.Json) => (azure: arm.ArmClient) =>
  azure.put(arm.balancerId, arm.loadBalancer(properties, envelope));
const join =
  (pools: string[], natRules: string[] = []) =>
  (azure: arm.ArmClient) =>
    azure.put(nic, arm.networkInterface({ pools, natRules }));
const addressed = (ipAddress = '10.0.0.9') => ({
  name: 'pool',
  properties: {
    loadBalancerBackendAddresses: [
      { name: 'a', properties: { ipAddress, virtualNetwork: { id: `${arm.network}/virtualNetworks/vnet` } } },
    ],
  },
});
const outbound = (allocatedOutboundPorts: number) => ({
  name: 'o',
  properties: {
    protocol: 'All',
    allocatedOutboundPorts,
    frontendIPConfigurations: [{ id: frontend }],
    backendAddressPool: { id: pool },
  },
});
const range = (frontendPortRangeEnd: number) =>
  arm.natRule('n', {
    frontendPort: undefined,
    frontendPortRangeStart: 6000,
    frontendPortRangeEnd,
    backendAddressPool: { id: pool },
  });
const natPool = (name = 'nats', backendPort = 22) => ({
  name,
  properties: {
    protocol: 'Tcp',
    frontendPortRangeStart: 5000,
    frontendPortRangeEnd: 5010,
    backendPort,
    frontendIPConfiguration: { id: frontend },
  },
});
const natPoolTo = (frontendPortRangeEnd: number): arm.Json => {
  const { name, properties } = natPool();
  return { name, properties: { ...properties, frontendPortRangeEnd } };
};
const scaleSet = (member: arm.Json, networkProfile: arm.Json = {}) => ({
  location: 'westeurope',
  sku: { name: 'Standard_DS1_v2', capacity: 1 },
  properties: {
    upgradePolicy: { mode: 'Manual' },
    virtualMachineProfile: {
      networkProfile: {
        networkInterfaceConfigurations: [
          {
            name: 'nic',
            properties: {
              primary: true,
              ipConfigurations: [{ name: 'ip', properties: { subnet: { id: arm.subnetId }, ...member } }],
            },
          },
        ],
        ...networkProfile,
      },
    },
  },
});
const inPool = { loadBalancerBackendAddressPools: [{ id: pool }] };
const inNatPool = { loadBalancerInboundNatPools: [{ id: arm.childId('inboundNatPools', 'nats') }] };
const probed = { healthProbe: { id: arm.childId('probes', 'probe') } };
const inside = { frontendIPConfigurations: [arm.internalFrontend()] };
const twoPools = { backendAddressPools: [{ name: 'pool' }, { name: 'second' }] };
const colliding = [arm.rule('a'), arm.rule('b', { frontendPort: 81, backendAddressPool: { id: second } })];
const apart = [arm.rule('a'), arm.rule('b', { frontendPort: 81, backendPort: 81, backendAddressPool: { id: second } })];

type Ask = (azure: arm.ArmClient) => Promise<arm.Answer>;

interface Pair {
  readonly key: ErrorKey;
  readonly title: string;
  /** Ways to the same state; the last write of each is refused. */
  readonly ways: readonly (readonly Ask[])[];
}

const pairs: readonly Pair[] = [
  {
    key: 'RulesUseSameBackendPortProtocolAndIPConfig',
    title: 'one NIC in two pools with one backend port',
    ways: [
      [write({ ...twoPools, loadBalancingRules: colliding }), join([pool, second])],
      [
        write({ ...twoPools, loadBalancingRules: apart }),
        join([pool, second]),
        write({ ...twoPools, loadBalancingRules: colliding }),
      ],
    ],
  },
  {
    key: 'RulesUseSameBackendPortProtocolAndIPConfig',
    title: 'one NIC behind two NAT rules with one backend port',
    ways: [
      [
        write({ inboundNatRules: [arm.natRule('a'), arm.natRule('b', { frontendPort: 5001 })] }),
        join([], [arm.childId('inboundNatRules', 'a'), arm.childId('inboundNatRules', 'b')]),
      ],
      [
        write({ inboundNatRules: [arm.natRule('a'), arm.natRule('b', { frontendPort: 5001, backendPort: 23 })] }),
        join([], [arm.childId('inboundNatRules', 'a'), arm.childId('inboundNatRules', 'b')]),
        write({ inboundNatRules: [arm.natRule('a'), arm.natRule('b', { frontendPort: 5001 })] }),
      ],
    ],
  },
  {
    key: 'CannotMixIPBasedAddressesAndIPConfigurationsOnLoadBalancerBackendAddressPool',
    title: 'addresses and NICs in one pool',
    ways: [
      [write({ backendAddressPools: [addressed()] }), join([pool])],
      [join([pool]), write({ backendAddressPools: [addressed()] })],
    ],
  },
  {
    key: 'SpecifiedAllocatedOutboundPortsForOutboundRuleExceedsTotalNumberOfAvailablePorts',
    title: 'more members than outbound ports',
    ways: [
      [
        write({ loadBalancingRules: [], outboundRules: [outbound(40_000)] }),
        (azure) => azure.put(`${nic}2`, arm.networkInterface({ pools: [pool] })),
        join([pool]),
      ],
      [
        (azure) => azure.put(`${nic}2`, arm.networkInterface({ pools: [pool] })),
        join([pool]),
        write({ loadBalancingRules: [], outboundRules: [outbound(40_000)] }),
      ],
    ],
  },
  {
    key: 'InboundNatRuleFrontendPortRangeTooSmall',
    title: 'more members than ports of a NAT rule',
    ways: [
      [
        write({ inboundNatRules: [range(6000)] }),
        (azure) => azure.put(`${nic}2`, arm.networkInterface({ pools: [pool] })),
        join([pool]),
      ],
      [
        (azure) => azure.put(`${nic}2`, arm.networkInterface({ pools: [pool] })),
        join([pool]),
        write({ inboundNatRules: [range(6000)] }),
      ],
    ],
  },
  {
    key: 'InboundNatPoolFrontendPortRangeSmallerThanRequestedPorts',
    title: 'more instances than ports of a NAT pool',
    ways: [
      [
        write({ inboundNatPools: [natPoolTo(5000)] }),
        (azure) => azure.put(scaleSetId, scaleSet(inNatPool)),
        (azure) => azure.put(`${scaleSetId}2`, scaleSet(inNatPool)),
      ],
      [
        write({ inboundNatPools: [natPoolTo(5001)] }),
        (azure) => azure.put(scaleSetId, scaleSet(inNatPool)),
        (azure) => azure.put(`${scaleSetId}2`, scaleSet(inNatPool)),
        write({ inboundNatPools: [natPoolTo(5000)] }),
      ],
      [
        write({ inboundNatPools: [natPoolTo(5000)] }),
        (azure) => azure.put(scaleSetId, scaleSet(inNatPool)),
        (azure) => azure.put(scaleSetId, { ...scaleSet(inNatPool), sku: { name: 'Standard_DS1_v2', capacity: 2 } }),
      ],
    ],
  },
  {
    key: 'NetworkInterfacesOfLoadBalancerMustUseSameVnet',
    title: 'NICs of two virtual networks in one pool',
    ways: [
      [
        join([pool]),
        async (azure) => {
          const id = `${arm.network}/virtualNetworks/other`;
          await azure.made(id, arm.virtualNetwork());
          return azure.put(`${nic}2`, arm.networkInterface({ pools: [pool], subnet: `${id}/subnets/default` }));
        },
      ],
    ],
  },
  {
    key: 'PrivateLinkServiceIsNotSupportedForIPBasedLoadBalancer',
    title: 'a private link service and addresses',
    ways: [
      [
        write({ ...inside, backendAddressPools: [addressed()] }),
        (azure) => azure.put(`${arm.network}/privateLinkServices/s`, service()),
      ],
      [
        write(inside),
        (azure) => azure.put(`${arm.network}/privateLinkServices/s`, service()),
        write({ ...inside, backendAddressPools: [addressed()] }),
      ],
    ],
  },
  {
    key: 'RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndVmssIPConfig',
    title: 'a scale set in two pools with one backend port',
    ways: [
      [
        write({ ...twoPools, loadBalancingRules: colliding }),
        (azure) => azure.put(scaleSetId, scaleSet({ loadBalancerBackendAddressPools: [{ id: pool }, { id: second }] })),
      ],
    ],
  },
  {
    key: 'VMScaleSetCannotUseMultipleLoadBalancersOfSameType',
    title: 'a scale set behind two public balancers',
    ways: [
      [
        async (azure) => {
          await azure.makePublicIPAddress('ip2');
          return azure.put(`${arm.network}/loadBalancers/lb2`, {
            location: 'westeurope',
            sku: { name: 'Standard' },
            properties: {
              frontendIPConfigurations: [arm.publicFrontend('f', 'ip2')],
              backendAddressPools: [{ name: 'p' }],
            },
          });
        },
        (azure) => {
          const other = { id: `${arm.network}/loadBalancers/lb2/backendAddressPools/p` };
          return azure.put(scaleSetId, scaleSet({ loadBalancerBackendAddressPools: [{ id: pool }, other] }));
        },
      ],
    ],
  },
  {
    key: 'CannotUseInactiveHealthProbe',
    title: 'a scale set with a probe that no rule uses',
    ways: [[write({ loadBalancingRules: [] }), (azure) => azure.put(scaleSetId, scaleSet(inPool, probed))]],
  },
];

const service = () => ({
  location: 'westeurope',
  properties: {
    loadBalancerFrontendIpConfigurations: [{ id: frontend }],
    ipConfigurations: [{ name: 'c', properties: { subnet: { id: arm.subnetId } } }],
  },
});

async function prepared(azure: arm.ArmClient): Promise<void> {
  await azure.reset();
  await azure.makeNetwork();
  await azure.made(`${arm.network}/virtualNetworks/vnet/subnets/default`, {
    properties: { addressPrefix: '10.0.0.0/24', privateLinkServiceNetworkPolicies: 'Disabled' },
  });
  await azure.makePublicIPAddress('ip');
}

test('what Azure refuses of a balancer and those behind it is refused from either side', async (t) => {
  const azure = await arm.ArmClient.start(t);
  for (const { key, title, ways } of pairs) {
    for (const [index, way] of ways.entries()) {
      await prepared(azure);
      // A frontend cannot be replaced by one of another kind, so those that are internal are so from the start.
      if (!key.startsWith('PrivateLink')) await azure.made(arm.balancerId, arm.loadBalancer());
      for (const ask of way.slice(0, -1)) t.match(codeOf(await ask(azure)), /^20[01] $/, `${title}, way ${index}`);
      t.equal(codeOf(await (way.at(-1) as Ask)(azure)), `400 ${key}`, `${title}, way ${index}`);
    }
  }
});

test('what a scale set uses of a balancer stays', async (t) => {
  const azure = await arm.ArmClient.start(t);
  const withParts = { inboundNatPools: [natPool()] };
  const member = { ...inPool, loadBalancerInboundNatPools: [{ id: arm.childId('inboundNatPools', 'nats') }] };
  const changes: readonly (readonly [ErrorKey, arm.Json])[] = [
    [
      'BackendAddressPoolInUseByVirtualMachineScaleSet',
      { ...withParts, backendAddressPools: [], loadBalancingRules: [] },
    ],
    ['InboundNatPoolInUseByVirtualMachineScaleSet', {}],
    [
      'ProbeInUseByVirtualMachineScaleSet',
      { ...withParts, probes: [], loadBalancingRules: [arm.rule('rule', { probe: undefined })] },
    ],
    ['CannotRemoveRuleUsedByProbeUsedByVMSS', { ...withParts, loadBalancingRules: [] }],
    [
      'CannotModifyRuleUsedByProbeUsedByVMSS',
      { ...withParts, loadBalancingRules: [arm.rule('rule', { backendPort: 81 })] },
    ],
  ];
  await prepared(azure);
  await azure.made(arm.balancerId, arm.loadBalancer(withParts));
  await azure.made(scaleSetId, scaleSet(member, probed));
  for (const [key, properties] of changes) t.equal(codeOf(await write(properties)(azure)), `400 ${key}`);
  const added = {
    ...withParts,
    loadBalancingRules: [arm.rule(), arm.rule('free', { frontendPort: 90, backendPort: 90, probe: undefined })],
  };
  t.equal((await write(added)(azure)).status, 200);
  t.equal((await write(withParts)(azure)).status, 200, 'a rule without that probe can go');
  await azure.made(`${scaleSetId}2`, scaleSet({ loadBalancerInboundNatPools: member.loadBalancerInboundNatPools }));
  const { body } = await azure.get(arm.balancerId);
  const names = ((body.properties as arm.Json).inboundNatRules as arm.Json[]).map(({ name }) => name);
  t.same(names, ['nats.0', 'nats.1'], 'rules of two scale sets have names of their own');
  const back = await azure.put(arm.balancerId, body);
  t.same([back.status, back.body], [200, body], 'it can be put back and nothing changes');
});

test('Gateway, Global and Basic balancers, and rules between versions of IP, are refused what they do not have', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await prepared(azure);
  await azure.made(arm.publicIPAddressId('global'), {
    ...arm.publicIPAddress(),
    sku: { name: 'Standard', tier: 'Global' },
  });
  await azure.made(arm.publicIPAddressId('six'), arm.publicIPAddress({ publicIPAddressVersion: 'IPv6' }));
  const gateway = { sku: { name: 'Gateway' } };
  const global = { sku: { name: 'Standard', tier: 'Global' } };
  const none = { loadBalancingRules: [], probes: [arm.probe()] };
  const worldwide = { ...none, frontendIPConfigurations: [arm.publicFrontend('frontend', 'global')] };
  const cases: readonly (readonly [ErrorKey, Ask])[] = [
    ['GatewayLoadBalancerNeedsInternalFrontend', write(none, gateway)],
    ['GatewayLoadBalancerRuleNeedsAllPorts', write(inside, gateway)],
    ['PublicIPAndLoadBalancerTierDoNotMatch', write(none, global)],
    ['PublicIPAndLoadBalancerTierDoNotMatch', write(worldwide)],
    ['GlobalLoadBalancerNeedsPublicFrontend', write({ ...none, ...inside }, global)],
    ['GlobalLoadBalancerDoesNotSupport', write({ ...worldwide, inboundNatRules: [arm.natRule('n')] }, global)],
    ['GlobalLoadBalancerPoolNeedsFrontends', write({ ...worldwide, backendAddressPools: [addressed()] }, global)],
    [
      'FrontendAndBackendPoolIPVersionDoNotMatch',
      write({ frontendIPConfigurations: [arm.publicFrontend('frontend', 'six')], backendAddressPools: [addressed()] }),
    ],
  ];
  for (const [key, ask] of cases) t.equal(codeOf(await ask(azure)), `400 ${key}`);
  await azure.made(arm.balancerId, arm.loadBalancer({ ...none, ...inside }, { sku: { name: 'Basic' } }));
  t.equal(
    codeOf(await azure.put(`${arm.network}/privateLinkServices/s`, service())),
    '400 PrivateLinkServiceIsNotSupportedForBasicLoadBalancer',
  );
});
