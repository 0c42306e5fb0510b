/** The load balancer that the control plane benches write: one frontend, one pool, two probes, and rules. */
export const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/bench';
export const network = `${group}/providers/Microsoft.Network`;
export const loadBalancer = `${network}/loadBalancers/lb`;

const ref = (path: string) => ({ id: `${loadBalancer}/${path}` });

/** `variant` makes it another document, so that every write is one. */
export const body = ({ variant, rules }: { variant: number; rules: number }) => ({
  location: 'westeurope',
  tags: { variant: String(variant) },
  sku: { name: 'Standard' },
  properties: {
    frontendIPConfigurations: [
      { name: 'front', properties: { publicIPAddress: { id: `${network}/publicIPAddresses/ip` } } },
    ],
    backendAddressPools: [{ name: 'pool' }],
    probes: [
      { name: 'tcp', properties: { protocol: 'Tcp', port: 80, intervalInSeconds: 5, probeThreshold: 2 } },
      { name: 'http', properties: { protocol: 'Http', port: 8080, requestPath: '/health', intervalInSeconds: 15 } },
    ],
    loadBalancingRules: Array.from({ length: rules }, (_, index) => ({
      name: `rule${index}`,
      properties: {
        protocol: index % 2 ? 'Udp' : 'Tcp',
        frontendPort: 20_000 + index,
        backendPort: 8000 + index,
        idleTimeoutInMinutes: 4 + (variant % 20),
        loadDistribution: 'SourceIP',
        enableTcpReset: true,
        disableOutboundSnat: true,
        frontendIPConfiguration: ref('frontendIPConfigurations/front'),
        backendAddressPool: ref('backendAddressPools/pool'),
        probe: ref(`probes/${index % 2 ? 'http' : 'tcp'}`),
      },
    })),
  },
});
