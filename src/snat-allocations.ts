/** The SNAT ports that Azure would reserve for each backend, by outbound rules and by rules that bring SNAT with them. */
import { frontendAddress } from './forwarding/frontend-address.js';
import type { SnatAllocation } from './metrics/monitor.js';
import type { LoadBalancerDocument } from './resources/Microsoft.Network/loadBalancers/document.js';
import { membersOfPool } from './resources/Microsoft.Network/loadBalancers/members.js';
import { defaultOutboundPorts } from './resources/Microsoft.Network/loadBalancers/outboundRules.js';
import type { Resource } from './resources/resource-type.js';
import type { ResourceStore } from './store/resource-store.js';

const portsPerAddress = 64_000;

interface Grant {
  readonly protocol: string | undefined;
  readonly poolId: string;
  readonly frontendIds: readonly string[];
  /** Per backend; 0 leaves it to Azure. */
  readonly ports: number;
}

/** Outbound rules, or else the public rules that do not disable outbound SNAT. */
function grantsOf({ properties }: LoadBalancerDocument): Grant[] {
  const { outboundRules = [], loadBalancingRules = [], frontendIPConfigurations = [] } = properties;
  const explicit = outboundRules.flatMap(({ properties: rule }) =>
    rule?.backendAddressPool
      ? [
          {
            protocol: rule.protocol,
            poolId: rule.backendAddressPool.id,
            frontendIds: (rule.frontendIPConfigurations ?? []).map(({ id }) => id),
            ports: rule.allocatedOutboundPorts ?? 0,
          },
        ]
      : [],
  );
  if (explicit.length > 0 || !frontendIPConfigurations.some((one) => one.properties?.publicIPAddress)) return explicit;
  const implicit = new Map<string, Grant>();
  for (const { properties: rule } of loadBalancingRules) {
    const frontend = rule?.frontendIPConfiguration;
    if (!rule || !frontend || rule.disableOutboundSnat) continue;
    for (const { id: poolId } of rule.backendAddressPools ?? []) {
      const grant = { protocol: rule.protocol, poolId, frontendIds: [frontend.id], ports: 0 };
      implicit.set(`${frontend.id}|${poolId}|${rule.protocol}`.toLowerCase(), grant);
    }
  }
  return [...implicit.values()];
}

const protocolsOf = (protocol: string | undefined): readonly ('TCP' | 'UDP')[] =>
  protocol === 'Tcp' ? ['TCP'] : protocol === 'Udp' ? ['UDP'] : ['TCP', 'UDP'];

function* allocationsOf(loadBalancer: Resource, store: ResourceStore): Generator<SnatAllocation> {
  const document = loadBalancer.document as LoadBalancerDocument;
  for (const { protocol, poolId, frontendIds, ports } of grantsOf(document)) {
    const addresses = frontendIds.flatMap((id) => frontendAddress(loadBalancer, id, store) ?? []);
    const backends = membersOfPool(document, poolId, { lookup: store }).flatMap(({ ipAddress }) => ipAddress ?? []);
    for (const [index, backendAddress] of backends.entries()) {
      // Azure uses up one frontend address after the other; what it grants of its own accord, it grants on each.
      const first = Math.floor((index * ports) / portsPerAddress);
      const granting = ports === 0 ? addresses : addresses.slice(first, first + 1);
      for (const frontendAddress of granting) {
        for (const transport of protocolsOf(protocol)) {
          yield {
            loadBalancerId: loadBalancer.id,
            frontendAddress,
            backendAddress,
            protocol: transport,
            ports: ports || defaultOutboundPorts(backends.length),
          };
        }
      }
    }
  }
}

/** Allocations of all Standard load balancers. */
export function snatAllocations(store: ResourceStore): SnatAllocation[] {
  return store
    .everyOfType('Microsoft.Network/loadBalancers')
    .filter(({ document }) => document.sku?.name === 'Standard')
    .flatMap((loadBalancer) => [...allocationsOf(loadBalancer, store)]);
}
