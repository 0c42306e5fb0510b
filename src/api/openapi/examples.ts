/** Names and bodies that work one after the other in an empty Lazurite: what the documents show, and Postman sends. */
import { defaultSubscriptionId } from '../../config/config-values.js';

const location = 'westeurope';
const group = `/subscriptions/${defaultSubscriptionId}/resourceGroups/demo`;
const ref = (path: string) => ({ id: `${group}/providers/Microsoft.Network/${path}` });

/** What stands for `{name}` behind a segment of a path. */
const namesBehind: Readonly<Record<string, string>> = {
  subscriptions: defaultSubscriptionId,
  resourceGroups: 'demo',
  resourcegroups: 'demo',
  locations: location,
  providers: 'Microsoft.Network',
  deployments: 'deployment',
  virtualNetworks: 'vnet',
  subnets: 'vms',
  publicIPAddresses: 'ip',
  loadBalancers: 'lb',
  frontendIPConfigurations: 'front',
  backendAddressPools: 'pool',
  probes: 'probe',
  loadBalancingRules: 'web',
  inboundNatRules: 'ssh',
  outboundRules: 'out',
  networkInterfaces: 'vm1',
  ipConfigurations: 'ip',
  networkSecurityGroups: 'nsg',
  securityRules: 'allow',
  faults: 'fault-1',
  'stand-ins': '10.0.0.4:8080',
  hostedservices: 'cloud',
};

const subnet = { addressPrefix: '10.0.0.0/24' };
const loadBalancingRule = {
  protocol: 'Tcp',
  frontendPort: 8080,
  backendPort: 8080,
  loadDistribution: 'SourceIP',
  frontendIPConfiguration: ref('loadBalancers/lb/frontendIPConfigurations/front'),
  backendAddressPool: ref('loadBalancers/lb/backendAddressPools/pool'),
  probe: ref('loadBalancers/lb/probes/probe'),
};
const natRule = {
  protocol: 'Tcp',
  frontendPort: 2222,
  backendPort: 22,
  frontendIPConfiguration: ref('loadBalancers/lb/frontendIPConfigurations/front'),
};
const securityRule = {
  ...{ priority: 100, direction: 'Inbound', access: 'Allow', protocol: 'Tcp' },
  ...{ sourceAddressPrefix: '*', sourcePortRange: '*', destinationAddressPrefix: '*', destinationPortRange: '8080' },
};
const template = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources: [],
};

/** Bodies of a PUT by the last named segment of its path. */
const bodies: Readonly<Record<string, object>> = {
  resourceGroups: { location },
  resourcegroups: { location },
  virtualNetworks: {
    location,
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [{ name: 'vms', properties: subnet }],
    },
  },
  subnets: { properties: subnet },
  publicIPAddresses: { location, sku: { name: 'Standard' }, properties: { publicIPAllocationMethod: 'Static' } },
  loadBalancers: {
    location,
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [{ name: 'front', properties: { publicIPAddress: ref('publicIPAddresses/ip') } }],
      backendAddressPools: [{ name: 'pool' }],
      probes: [{ name: 'probe', properties: { protocol: 'Tcp', port: 8080, intervalInSeconds: 5 } }],
      loadBalancingRules: [{ name: 'web', properties: loadBalancingRule }],
    },
  },
  backendAddressPools: { properties: {} },
  inboundNatRules: { properties: natRule },
  networkInterfaces: {
    location,
    properties: {
      ipConfigurations: [
        {
          name: 'ip',
          properties: {
            subnet: ref('virtualNetworks/vnet/subnets/vms'),
            loadBalancerBackendAddressPools: [ref('loadBalancers/lb/backendAddressPools/pool')],
          },
        },
      ],
    },
  },
  networkSecurityGroups: { location, properties: {} },
  securityRules: { properties: securityRule },
  deployments: { properties: { mode: 'Incremental', template } },
};

const newest = '2024-05-01';

/** The version that an example of this path asks for. */
export const exampleApiVersion = (path: string): string =>
  path.includes('/providers/Microsoft.Network/')
    ? newest
    : path.includes('/Microsoft.Compute/')
      ? '2024-07-01'
      : '2021-04-01';

/** What stands for each parameter of `path`, by its name. */
export function exampleParameters(path: string): ReadonlyMap<string, string> {
  const segments = path.split('/');
  return new Map(
    segments.flatMap((segment, index) => {
      if (!segment.startsWith('{')) return [];
      const before = segments[index - 1] ?? '';
      return [[segment.slice(1, -1), namesBehind[before] ?? 'example'] as const];
    }),
  );
}

/** The body of a PUT of `path`; any resource of another type needs no more than a place. */
export function exampleBody(path: string): object {
  const last = path.split('/').findLast((segment) => segment !== '' && !segment.startsWith('{')) ?? '';
  return bodies[last] ?? { location, properties: {} };
}
