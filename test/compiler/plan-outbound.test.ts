/** Outbound rules in the plan: which backend has which ports of which public address. */
import t from 'tap';
import { compileLoadBalancer } from '../../src/compiler/load-balancer-plan.js';
import { portBlocks } from '../../src/compiler/outbound-plan.js';
import { parseConfig } from '../../src/config/config.js';
import { defaultChoices } from '../../src/config/undocumented.js';
import type { PlanOutbound } from '../../src/data-plane/model/plan.js';
import { idKey } from '../../src/resources/resource-id.js';
import { AzureInMemory, idOf } from '../resources/azure-in-memory.js';

const network = 'Microsoft.Network';
const lb = idOf(`${network}/loadBalancers`, 'lb');
const vnet = idOf(`${network}/virtualNetworks`, 'vnet');
const ref = (collection: string, name: string) => ({ id: `${lb}/${collection}/${name}` });
const { addressMap } = parseConfig([], {});

/** A virtual network and two public addresses. */
function azure(): AzureInMemory {
  const all = new AzureInMemory();
  const addressPrefixes = ['10.1.0.0/16', 'fd00:1::/48'];
  const subnets = [{ name: 'vms', properties: { addressPrefix: '10.1.0.0/16' } }];
  all.put(vnet, { location: 'westus', properties: { addressSpace: { addressPrefixes }, subnets } });
  for (const name of ['a', 'b']) {
    const properties = { publicIPAllocationMethod: 'Static' };
    all.put(idOf(`${network}/publicIPAddresses`, name), { location: 'westus', sku: { name: 'Standard' }, properties });
  }
  return all;
}

interface Wish {
  /** Machines 10.1.0.4 and up, by their NICs. */
  readonly members: number;
  readonly rulePort?: number;
  /** Whether 10.1.0.99 is written on the pool. */
  readonly written?: boolean;
}

function compile(outbound: object, { members, rulePort = 80, written = false }: Wish): readonly PlanOutbound[] {
  const all = azure();
  const backendAddress = { name: 'w', properties: { ipAddress: '10.1.0.99', virtualNetwork: { id: vnet } } };
  all.put(lb, {
    location: 'westus',
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: ['a', 'b'].map((name) => ({
        name,
        properties: { publicIPAddress: { id: idOf(`${network}/publicIPAddresses`, name) } },
      })),
      backendAddressPools: [
        { name: 'pool', properties: written ? { loadBalancerBackendAddresses: [backendAddress] } : {} },
      ],
      loadBalancingRules: [
        {
          name: 'web',
          properties: {
            protocol: 'Tcp',
            frontendIPConfiguration: ref('frontendIPConfigurations', 'a'),
            backendAddressPool: ref('backendAddressPools', 'pool'),
            frontendPort: rulePort,
            backendPort: 80,
            disableOutboundSnat: true,
          },
        },
      ],
      outboundRules: [
        {
          name: 'out',
          properties: {
            protocol: 'All',
            frontendIPConfigurations: [ref('frontendIPConfigurations', 'a')],
            backendAddressPool: ref('backendAddressPools', 'pool'),
            ...outbound,
          },
        },
      ],
    },
  });
  for (let host = 4; host < 4 + members; host++) {
    const properties = {
      subnet: { id: `${vnet}/subnets/vms` },
      privateIPAllocationMethod: 'Static',
      privateIPAddress: `10.1.0.${host}`,
      loadBalancerBackendAddressPools: [ref('backendAddressPools', 'pool')],
    };
    const ipConfigurations = [{ name: 'ip', properties }];
    all.put(idOf(`${network}/networkInterfaces`, `vm${host}`), {
      location: 'westus',
      properties: { ipConfigurations },
    });
  }
  const resource = all.resource(idKey(lb));
  if (!resource) throw new Error('the balancer was put');
  return compileLoadBalancer(resource, { lookup: all, addressMap, choices: defaultChoices }).outbound;
}

const shown = (outbound: readonly PlanOutbound[]): string[] =>
  outbound.map(({ key, frontendAddress, firstPort, lastPort }) => `${key} ${frontendAddress}:${firstPort}-${lastPort}`);

t.test('An outbound rule gives each member a block of ports, in the order in which they joined', (t) => {
  const rule = { allocatedOutboundPorts: 5000, protocol: 'Tcp', idleTimeoutInMinutes: 30 };
  const outbound = compile(rule, { members: 2 });
  const [{ frontendAddress: a } = { frontendAddress: '' }] = outbound;
  t.strictSame(shown(outbound), [`outbound/tcp/127.1.0.4 ${a}:1024-6023`, `outbound/tcp/127.1.0.5 ${a}:6024-11023`]);
  t.match(outbound[0], {
    rule: `${lb}/outboundRules/out`,
    loadBalancerId: lb,
    azureAddress: '10.1.0.4',
    idleTimeoutMs: 1_800_000,
    inside: ['127.1.0.0/16', '127.0.0.1/32', '168.63.129.16/32', '169.254.0.0/16'],
  });
  t.end();
});

t.test('All is TCP and UDP, each with all ports of the address', (t) => {
  t.strictSame(
    compile({ allocatedOutboundPorts: 8 }, { members: 1 }).map(({ key, firstPort }) => `${key} ${firstPort}`),
    ['outbound/tcp/127.1.0.4 1024', 'outbound/udp/127.1.0.4 1024'],
  );
  t.end();
});

t.test('Without a number, and with 0, the size of the pool decides: 1,024 ports up to 50 members', (t) => {
  for (const ports of [{}, { allocatedOutboundPorts: 0 }]) {
    const [first, second] = compile({ ...ports, protocol: 'Tcp' }, { members: 2 });
    t.match(first, { firstPort: 1024, lastPort: 2047 });
    t.match(second, { firstPort: 2048, lastPort: 3071 });
  }
  t.match(compile({ allocatedOutboundPorts: 0, protocol: 'Tcp' }, { members: 51 })[0], {
    firstPort: 1024,
    lastPort: 1535,
  });
  t.end();
});

t.test('A load balancing rule has the eight ports around its own for itself, where its protocol is meant', (t) => {
  const outbound = compile({ allocatedOutboundPorts: 16 }, { members: 2, rulePort: 1050 });
  t.strictSame(
    outbound.map(({ transport, firstPort, lastPort }) => `${transport} ${firstPort}-${lastPort}`),
    ['tcp 1024-1039', 'tcp 1056-1071', 'udp 1024-1039', 'udp 1040-1055'],
  );
  t.end();
});

t.test('A member that is written on its pool has ports too', (t) => {
  const outbound = compile({ allocatedOutboundPorts: 8, protocol: 'Udp' }, { members: 0, written: true });
  t.match(outbound, [{ key: 'outbound/udp/127.1.0.99', inside: ['127.1.0.0/16'] }]);
  t.end();
});

t.test('One address after the other is used up; then there are no ports any more', (t) => {
  const blocks = portBlocks({ count: 6, size: 24_000, addresses: ['a', 'b'], takenPorts: () => [] });
  t.strictSame(
    blocks.map(({ address, firstPort, lastPort }) => `${address} ${firstPort}-${lastPort}`),
    ['a 1024-25023', 'a 25024-49023', 'b 1024-25023', 'b 25024-49023'],
  );
  const full = portBlocks({ count: 8000, size: 8, addresses: ['a'], takenPorts: () => [80, 8080, 65_535] });
  t.equal(full.length, 8000, '64,000 ports are there beside a few rules');
  t.notOk(full.some(({ firstPort }) => firstPort === 8080));
  t.ok(full.every(({ firstPort, lastPort }) => firstPort % 8 === 0 && lastPort <= 65_535));
  t.end();
});
