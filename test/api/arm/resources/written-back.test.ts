import { test } from 'tap';
import { numbers } from '../../../fuzz/random.js';
import * as arm from './arm-client.js';

const pool = arm.childId('backendAddressPools', 'pool');
const second = arm.childId('backendAddressPools', 'second');
const frontend = arm.childId('frontendIPConfigurations', 'frontend');
const scaleSets = `${arm.group}/providers/Microsoft.Compute/virtualMachineScaleSets`;

const natPool = {
  name: 'nats',
  properties: {
    protocol: 'Tcp',
    frontendPortRangeStart: 7000,
    frontendPortRangeEnd: 7010,
    backendPort: 22,
    frontendIPConfiguration: { id: frontend },
  },
};
const spread = arm.natRule('spread', {
  frontendPort: undefined,
  frontendPortRangeStart: 6000,
  frontendPortRangeEnd: 6002,
  backendAddressPool: { id: pool },
});
const address = {
  name: 'a',
  properties: { ipAddress: '10.0.0.99', virtualNetwork: { id: `${arm.network}/virtualNetworks/vnet` } },
};
const outbound = {
  name: 'out',
  properties: {
    protocol: 'All',
    allocatedOutboundPorts: 24_000,
    frontendIPConfigurations: [{ id: frontend }],
    backendAddressPool: { id: pool },
  },
};
const two = [{ name: 'pool' }, { name: 'second' }];

function scaleSet(capacity: number, member: arm.Json): arm.Json {
  const ipConfigurations = [{ name: 'ip', properties: { subnet: { id: arm.subnetId }, ...member } }];
  const networkInterfaceConfigurations = [{ name: 'nic', properties: { primary: true, ipConfigurations } }];
  return {
    location: 'westeurope',
    sku: { name: 'Standard_DS1_v2', capacity },
    properties: {
      upgradePolicy: { mode: 'Manual' },
      virtualMachineProfile: { networkProfile: { networkInterfaceConfigurations } },
    },
  };
}

const inNats = { loadBalancerInboundNatPools: [{ id: arm.childId('inboundNatPools', 'nats') }] };
const inPool = { loadBalancerBackendAddressPools: [{ id: pool }] };

const fixedInterface: arm.Json = {
  location: 'westeurope',
  properties: {
    ipConfigurations: [
      {
        name: 'ipconfig',
        properties: {
          privateIPAllocationMethod: 'Static',
          privateIPAddress: '10.0.0.77',
          subnet: { id: arm.subnetId },
        },
      },
    ],
  },
};
const everyPort = arm.rule('every', { protocol: 'All', frontendPort: 0, backendPort: 0 });
const subnets = (...own: arm.Json[]): arm.Json => ({
  location: 'westeurope',
  tags: { one: '1', ONE: '2' },
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
    subnets: [
      { name: 'default', properties: { addressPrefix: '10.0.0.0/24' } },
      ...own.map((properties, index) => ({ name: `more${index}`, properties })),
    ],
  },
});
const security = (properties: arm.Json): arm.Json => ({
  location: 'westeurope',
  properties: { securityRules: [{ name: 'rule', properties: { ...arm.inboundRule('80'), ...properties } }] },
});
const webFarm = { name: 'd', properties: { serviceName: 'Microsoft.Web/serverFarms' } };

/** Bodies by id, some of which some states refuse. */
const bodies: Readonly<Record<string, readonly arm.Json[]>> = {
  [arm.balancerId]: [
    arm.loadBalancer(),
    arm.loadBalancer({ backendAddressPools: two }),
    arm.loadBalancer({ backendAddressPools: two, inboundNatPools: [natPool] }),
    arm.loadBalancer({ backendAddressPools: two, inboundNatRules: [arm.natRule('ssh')] }),
    arm.loadBalancer({ inboundNatRules: [spread] }),
    arm.loadBalancer({ frontendIPConfigurations: [arm.internalFrontend()], loadBalancingRules: [everyPort] }),
    arm.loadBalancer({ loadBalancingRules: [], outboundRules: [outbound] }),
    arm.loadBalancer({
      backendAddressPools: [{ name: 'pool', properties: { loadBalancerBackendAddresses: [address] } }],
    }),
    arm.loadBalancer({
      backendAddressPools: two,
      loadBalancingRules: [arm.rule('a'), arm.rule('b', { frontendPort: 81, backendAddressPool: { id: second } })],
    }),
  ],
  ...Object.fromEntries(
    ['n1', 'n2', 'n3'].map((name) => [
      `${arm.network}/networkInterfaces/${name}`,
      [
        arm.networkInterface(),
        arm.networkInterface({ pools: [pool] }),
        arm.networkInterface({ pools: [pool, second] }),
        arm.networkInterface({ natRules: [arm.childId('inboundNatRules', 'ssh')] }),
        fixedInterface,
      ],
    ]),
  ),
  [`${arm.network}/virtualNetworks/vnet`]: [
    subnets(),
    subnets({ addressPrefix: '10.0.1.0/24', delegations: [webFarm] }),
    subnets({ addressPrefix: '10.0.1.0/24' }, { addressPrefixes: ['10.0.2.0/25', '10.0.3.0/24'] }),
  ],
  [`${arm.network}/networkSecurityGroups/nsg`]: [
    security({}),
    security({ sourceAddressPrefix: '', sourceAddressPrefixes: ['10.0.0.0/8', '11.0.0.1'] }),
    security({ destinationPortRange: '', destinationPortRanges: ['80', '443-445'] }),
  ],
  ...Object.fromEntries(
    ['s1', 's2'].map((name) => [
      `${scaleSets}/${name}`,
      [scaleSet(2, {}), scaleSet(1, inPool), scaleSet(2, inNats), scaleSet(3, { ...inNats, ...inPool })],
    ]),
  ),
};

const written = ['backendAddressPools', 'inboundNatRules', 'subnets', 'securityRules'];

/** The ids of all children with a path that PUT takes. */
async function childrenOf(azure: arm.ArmClient, ids: readonly string[]): Promise<string[]> {
  const all = await Promise.all(ids.map((id) => azure.get(id)));
  return all.flatMap(({ body }) =>
    written.flatMap((collection) =>
      ((arm.at(body, `properties.${collection}`) ?? []) as arm.Json[]).map(({ id }) => `${id}`),
    ),
  );
}

test('whatever writes were accepted, what GET answers can be PUT back and changes nothing', async (t) => {
  const azure = await arm.ArmClient.start(t);
  const ids = Object.keys(bodies);
  for (let seed = 1; seed <= 4; seed++) {
    await azure.reset();
    await azure.makeLoadBalancer();
    const next = numbers(seed);
    for (let step = 0; step < 40; step++) {
      const id = ids[next(ids.length)] as string;
      const all = bodies[id] as readonly arm.Json[];
      const body = all[next(all.length)] as arm.Json;
      const { status } = next(8) === 0 ? await azure.delete(id) : await azure.put(id, body);
      if (status >= 400) continue;
      for (const one of [...ids, ...(step % 8 === 7 ? await childrenOf(azure, ids) : [])]) {
        const before = await azure.get(one);
        if (before.status === 404) continue;
        const back = await azure.put(one, before.body);
        const wrong = back.status !== 200 || JSON.stringify(back.body) !== before.text;
        if (wrong) t.same([back.status, back.body], [200, before.body], `seed ${seed}, step ${step}: ${one}`);
        if (wrong) return;
      }
    }
  }
  t.pass('every resource after every write');
});
