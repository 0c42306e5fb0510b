/** The load balancer that the control plane benches write: one frontend, one pool, two probes, and rules. */
import { balancerBody } from '../test/balancer-body.js';
export const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/bench';
export const network = `${group}/providers/Microsoft.Network`;
export const loadBalancer = `${network}/loadBalancers/lb`;
/** `variant` makes it another document, so that every write is one. */
export const body = ({ variant, rules }) => ({
    tags: { variant: String(variant) },
    ...balancerBody(loadBalancer, {
        frontends: { front: { publicIPAddress: { id: `${network}/publicIPAddresses/ip` } } },
        probes: {
            tcp: { port: 80, probeThreshold: 2 },
            http: { protocol: 'Http', port: 8080, requestPath: '/health', intervalInSeconds: 15 },
        },
        rules: Object.fromEntries(Array.from({ length: rules }, (_, index) => [
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
        ])),
    }),
});
//# sourceMappingURL=control-plane-body.js.map