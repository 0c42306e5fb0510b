/** What every part of the plan asks about a rule's frontend: its address, and the protocols that the rule means. */
import { childWithId } from '../resources/children.js';
import type { LoadBalancerDocument } from '../resources/Microsoft.Network/loadBalancers/document.js';
import { idKey } from '../resources/resource-id.js';
import type { Lookup, Resource } from '../resources/resource-type.js';
import type { Transport } from './plan.js';

/** `All` is both; Azure carries QUIC as the UDP that it is. */
export const transportsOf = (protocol: string | undefined): readonly Transport[] =>
  protocol === 'All' ? ['tcp', 'udp'] : protocol === 'Udp' || protocol === 'Quic' ? ['udp'] : ['tcp'];

function frontendOf(loadBalancer: Resource, frontendId: string) {
  const { frontendIPConfigurations = [] } = (loadBalancer.document as LoadBalancerDocument).properties;
  return childWithId(frontendIPConfigurations, frontendId);
}

/** The public IP address of a frontend; undefined for an internal one. */
export function publicIPOf(loadBalancer: Resource, frontendId: string, lookup: Lookup): Resource | undefined {
  const publicIP = frontendOf(loadBalancer, frontendId)?.properties?.publicIPAddress;
  return publicIP && lookup.resource(idKey(publicIP.id));
}

/** Address of a frontend as Azure shows it; undefined while it has none. */
export function frontendAddress(loadBalancer: Resource, frontendId: string, lookup: Lookup): string | undefined {
  const frontend = frontendOf(loadBalancer, frontendId)?.properties;
  if (!frontend?.publicIPAddress) return frontend?.privateIPAddress;
  return publicIPOf(loadBalancer, frontendId, lookup)?.document.properties.ipAddress as string | undefined;
}
