/** What every part of the plan asks about a rule's frontend: its address, and the protocols that the rule means. */
import { nameKey } from '../resources/Microsoft.Network/loadBalancers/child.js';
import type { LoadBalancerDocument } from '../resources/Microsoft.Network/loadBalancers/document.js';
import { idKey } from '../resources/resource-id.js';
import type { Lookup, Resource } from '../resources/resource-type.js';
import type { Transport } from './engine.js';

/** `All` is both; Azure carries QUIC as the UDP that it is. */
export const transportsOf = (protocol: string | undefined): readonly Transport[] =>
  protocol === 'All' ? ['tcp', 'udp'] : protocol === 'Udp' || protocol === 'Quic' ? ['udp'] : ['tcp'];

/** Address of a frontend as Azure shows it; undefined while it has none. */
export function frontendAddress(loadBalancer: Resource, frontendId: string, lookup: Lookup): string | undefined {
  const { frontendIPConfigurations = [] } = (loadBalancer.document as LoadBalancerDocument).properties;
  const frontend = frontendIPConfigurations.find((one) => one.name?.toLowerCase() === nameKey(frontendId));
  const publicIP = frontend?.properties?.publicIPAddress;
  if (!publicIP) return frontend?.properties?.privateIPAddress;
  return lookup.resource(idKey(publicIP.id))?.document.properties.ipAddress as string | undefined;
}
