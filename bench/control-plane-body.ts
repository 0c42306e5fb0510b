/** The load balancers that the control plane benches write: one of two probes and rules, and a large one with its network. */
import { addressMembers, balancerBody } from '../test/balancer-body.js';

export const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/bench';
export const network = `${group}/providers/Microsoft.Network`;
export const loadBalancer = `${network}/loadBalancers/lb`;

/** `variant` makes it another document, so that every write is one. */
export const body = ({ variant, rules }: { variant: number; rules: number }) => ({
  tags: { variant: String(variant) },
  ...balancerBody(loadBalancer, {
    frontends: { front: { publicIPAddress: { id: `${network}/publicIPAddresses/ip` } } },
    probes: {
      tcp: { port: 80, probeThreshold: 2 },
      http: { protocol: 'Http', port: 8080, requestPath: '/health', intervalInSeconds: 15 },
    },
    rules: Object.fromEntries(
      Array.from({ length: rules }, (_, index) => [
        `rule${index}`,
        {
          probe: index % 2 ? 'http' : 'tcp',
          protocol: index % 2 ? 'Udp' : 'Tcp',
          frontendPort: 20_000 + index,
          backendPort: 8000 + index,
          idleTimeoutInMinutes: 4 + (variant % 20),
          loadDistribution: 'SourceIP',
          enableTcpReset: true,
          disableOutboundSnat: true,
        },
      ]),
    ),
  }),
});

export const location = 'westeurope';
export const largeRules = 1500;
export const largeMembers = 100;
export const large = `${network}/loadBalancers/large`;

const prefix = '10.91.0.0/16';
/** What the large balancer needs, to be written first. */
export const vnet = {
  location,
  properties: {
    addressSpace: { addressPrefixes: [prefix] },
    subnets: [{ name: 'vms', properties: { addressPrefix: prefix } }],
  },
};
export const publicIp = {
  location,
  sku: { name: 'Standard' },
  properties: { publicIPAllocationMethod: 'Static' },
};

/** `largeRules` rules over one pool of `largeMembers` members. The first member has another address in each turn (0 to 254). */
export function largeBody(turn: number): ReturnType<typeof balancerBody> {
  const addresses = Array.from(
    { length: largeMembers },
    (_, index) => `10.91.${index === 0 ? 1 + turn : 0}.${index + 1}`,
  );
  return balancerBody(large, {
    frontends: { front: { publicIPAddress: { id: `${network}/publicIPAddresses/ip` } } },
    pools: { pool: addressMembers(addresses, { id: `${network}/virtualNetworks/vnet` }) },
    probes: { probe: { port: 9, intervalInSeconds: 300 } },
    rules: Object.fromEntries(
      Array.from({ length: largeRules }, (_, index) => [
        `rule-${index}`,
        { frontendPort: 20_000 + index, backendPort: 9000 + index, probe: 'probe' },
      ]),
    ),
  });
}
