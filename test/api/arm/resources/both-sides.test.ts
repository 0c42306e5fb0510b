import { test } from 'tap';
import type { ErrorKey } from '../../../../src/errors/index.js';
import {
  type Answer,
  ArmClient,
  balancerId,
  childId,
  group,
  internalFrontend,
  type Json,
  loadBalancer,
  natRule,
  network,
  networkInterface,
  probe,
  publicFrontend,
  publicIPAddress,
  publicIPAddressId,
  rule,
  subnetId,
  virtualNetwork,
} from './arm-client.js';

const pool = childId('backendAddressPools', 'pool');
const second = childId('backendAddressPools', 'second');
const frontend = childId('frontendIPConfigurations', 'frontend');
const nic = `${network}/networkInterfaces/nic`;
const scaleSetId = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/Set`;
const codeOf = ({ status, body }: Answer): string => `${status} ${(body.error as Json | undefined)?.code ?? ''}`;
const write = (properties: Json, envelope?: Json) => (azure: ArmClient) =>
  azure.put(balancerId, loadBalancer(properties, envelope));
const join =
  (pools: string[], natRules: string[] = []) =>
  (azure: ArmClient) =>
    azure.put(nic, networkInterface({ pools, natRules }));
const addressed = (ipAddress = '10.0.0.9') => ({
  name: 'pool',
  properties: {
    loadBalancerBackendAddresses: [
      { name: 'a', properties: { ipAddress, virtualNetwork: { id: `${network}/virtualNetworks/vnet` } } },
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
  natRule('n', {
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
const natPoolTo = (frontendPortRangeEnd: number): Json => {
  const { name, properties } = natPool();
  return { name, properties: { ...properties, frontendPortRangeEnd } };
};
const scaleSet = (member: Json, networkProfile: Json = {}) => ({
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
              ipConfigurations: [{ name: 'ip', properties: { subnet: { id: subnetId }, ...member } }],
            },
          },
        ],
        ...networkProfile,
      },
    },
  },
});
const inPool = { loadBalancerBackendAddressPools: [{ id: pool }] };
const inNatPool = { loadBalancerInboundNatPools: [{ id: childId('inboundNatPools', 'nats') }] };
const probed = { healthProbe: { id: childId('probes', 'probe') } };
const inside = { frontendIPConfigurations: [internalFrontend()] };
const twoPools = { backendAddressPools: [{ name: 'pool' }, { name: 'second' }] };
const colliding = [rule('a'), rule('b', { frontendPort: 81, backendAddressPool: { id: second } })];
const apart = [rule('a'), rule('b', { frontendPort: 81, backendPort: 81, backendAddressPool: { id: second } })];

type Ask = (azure: ArmClient) => Promise<Answer>;

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
        write({ inboundNatRules: [natRule('a'), natRule('b', { frontendPort: 5001 })] }),
        join([], [childId('inboundNatRules', 'a'), childId('inboundNatRules', 'b')]),
      ],
      [
        write({ inboundNatRules: [natRule('a'), natRule('b', { frontendPort: 5001, backendPort: 23 })] }),
        join([], [childId('inboundNatRules', 'a'), childId('inboundNatRules', 'b')]),
        write({ inboundNatRules: [natRule('a'), natRule('b', { frontendPort: 5001 })] }),
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
        (azure) => azure.put(`${nic}2`, networkInterface({ pools: [pool] })),
        join([pool]),
      ],
      [
        (azure) => azure.put(`${nic}2`, networkInterface({ pools: [pool] })),
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
        (azure) => azure.put(`${nic}2`, networkInterface({ pools: [pool] })),
        join([pool]),
      ],
      [
        (azure) => azure.put(`${nic}2`, networkInterface({ pools: [pool] })),
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
          const id = `${network}/virtualNetworks/other`;
          await azure.made(id, virtualNetwork());
          return azure.put(`${nic}2`, networkInterface({ pools: [pool], subnet: `${id}/subnets/default` }));
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
        (azure) => azure.put(`${network}/privateLinkServices/s`, service()),
      ],
      [
        write(inside),
        (azure) => azure.put(`${network}/privateLinkServices/s`, service()),
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
          return azure.put(`${network}/loadBalancers/lb2`, {
            location: 'westeurope',
            sku: { name: 'Standard' },
            properties: {
              frontendIPConfigurations: [publicFrontend('f', 'ip2')],
              backendAddressPools: [{ name: 'p' }],
            },
          });
        },
        (azure) => {
          const other = { id: `${network}/loadBalancers/lb2/backendAddressPools/p` };
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
    ipConfigurations: [{ name: 'c', properties: { subnet: { id: subnetId } } }],
  },
});

async function prepared(azure: ArmClient): Promise<void> {
  await azure.reset();
  await azure.makeNetwork();
  await azure.made(`${network}/virtualNetworks/vnet/subnets/default`, {
    properties: { addressPrefix: '10.0.0.0/24', privateLinkServiceNetworkPolicies: 'Disabled' },
  });
  await azure.makePublicIPAddress('ip');
}

test('what Azure refuses of a balancer and those behind it is refused from either side', async (t) => {
  const azure = await ArmClient.start(t);
  for (const { key, title, ways } of pairs) {
    for (const [index, way] of ways.entries()) {
      await prepared(azure);
      // A frontend cannot be replaced by one of another kind, so those that are internal are so from the start.
      if (!key.startsWith('PrivateLink')) await azure.made(balancerId, loadBalancer());
      for (const ask of way.slice(0, -1)) t.match(codeOf(await ask(azure)), /^20[01] $/, `${title}, way ${index}`);
      t.equal(codeOf(await (way.at(-1) as Ask)(azure)), `400 ${key}`, `${title}, way ${index}`);
    }
  }
});

test('what a scale set uses of a balancer stays', async (t) => {
  const azure = await ArmClient.start(t);
  const withParts = { inboundNatPools: [natPool()] };
  const member = { ...inPool, loadBalancerInboundNatPools: [{ id: childId('inboundNatPools', 'nats') }] };
  const changes: readonly (readonly [ErrorKey, Json])[] = [
    [
      'BackendAddressPoolInUseByVirtualMachineScaleSet',
      { ...withParts, backendAddressPools: [], loadBalancingRules: [] },
    ],
    ['InboundNatPoolInUseByVirtualMachineScaleSet', {}],
    [
      'ProbeInUseByVirtualMachineScaleSet',
      { ...withParts, probes: [], loadBalancingRules: [rule('rule', { probe: undefined })] },
    ],
    ['CannotRemoveRuleUsedByProbeUsedByVMSS', { ...withParts, loadBalancingRules: [] }],
    [
      'CannotChangePortOfRuleUsedByProbeUsedByVMSS',
      { ...withParts, loadBalancingRules: [rule('rule', { backendPort: 81 })] },
    ],
  ];
  await prepared(azure);
  await azure.made(balancerId, loadBalancer(withParts));
  await azure.made(scaleSetId, scaleSet(member, probed));
  for (const [key, properties] of changes) t.equal(codeOf(await write(properties)(azure)), `400 ${key}`);
  const added = {
    ...withParts,
    loadBalancingRules: [rule(), rule('free', { frontendPort: 90, backendPort: 90, probe: undefined })],
  };
  t.equal((await write(added)(azure)).status, 200);
  t.equal((await write(withParts)(azure)).status, 200, 'a rule without that probe can go');
  await azure.made(`${scaleSetId}2`, scaleSet({ loadBalancerInboundNatPools: member.loadBalancerInboundNatPools }));
  const { body } = await azure.get(balancerId);
  const names = ((body.properties as Json).inboundNatRules as Json[]).map(({ name }) => name);
  t.same(names, ['nats.0', 'nats.1'], 'rules of two scale sets have names of their own');
  const back = await azure.put(balancerId, body);
  t.same([back.status, back.body], [200, body], 'it can be put back and nothing changes');
});

test('Gateway, Global and Basic balancers, and rules between versions of IP, are refused what they do not have', async (t) => {
  const azure = await ArmClient.start(t);
  await prepared(azure);
  await azure.made(publicIPAddressId('global'), { ...publicIPAddress(), sku: { name: 'Standard', tier: 'Global' } });
  await azure.made(publicIPAddressId('six'), publicIPAddress({ publicIPAddressVersion: 'IPv6' }));
  const gateway = { sku: { name: 'Gateway' } };
  const global = { sku: { name: 'Standard', tier: 'Global' } };
  const none = { loadBalancingRules: [], probes: [probe()] };
  const worldwide = { ...none, frontendIPConfigurations: [publicFrontend('frontend', 'global')] };
  const cases: readonly (readonly [ErrorKey, Ask])[] = [
    ['GatewayLoadBalancerNeedsInternalFrontend', write(none, gateway)],
    ['GatewayLoadBalancerRuleNeedsAllPorts', write(inside, gateway)],
    ['PublicIPAndLoadBalancerTierDoNotMatch', write(none, global)],
    ['PublicIPAndLoadBalancerTierDoNotMatch', write(worldwide)],
    ['GlobalLoadBalancerNeedsPublicFrontend', write({ ...none, ...inside }, global)],
    ['GlobalLoadBalancerDoesNotSupport', write({ ...worldwide, inboundNatRules: [natRule('n')] }, global)],
    ['GlobalLoadBalancerPoolNeedsFrontends', write({ ...worldwide, backendAddressPools: [addressed()] }, global)],
    [
      'FrontendAndBackendPoolIPVersionDoNotMatch',
      write({ frontendIPConfigurations: [publicFrontend('frontend', 'six')], backendAddressPools: [addressed()] }),
    ],
  ];
  for (const [key, ask] of cases) t.equal(codeOf(await ask(azure)), `400 ${key}`);
  await azure.made(balancerId, loadBalancer({ ...none, ...inside }, { sku: { name: 'Basic' } }));
  t.equal(
    codeOf(await azure.put(`${network}/privateLinkServices/s`, service())),
    '400 PrivateLinkServiceIsNotSupportedForBasicLoadBalancer',
  );
});
