/** Network interfaces as targets: the IP configuration names the pool or the NAT rule, so that joining one writes the interface. */
import { type ArmResource, putRequest, type Reference, readId, sameId } from './arm.js';
import type { PlannedRequest } from './http.js';

/** The members of an IP configuration that say what it belongs to. */
type Link = 'loadBalancerBackendAddressPools' | 'loadBalancerInboundNatRules';

interface IpConfiguration {
  readonly id: string;
  readonly name: string;
  readonly properties: { readonly privateIPAddress?: string } & { readonly [member in Link]?: readonly Reference[] };
}

export type NetworkInterface = ArmResource<{ readonly ipConfigurations: readonly IpConfiguration[] }>;

/** `vm1-nic/ipconfig1 (10.0.0.4)`. */
export const textOf = ({ id, properties: { privateIPAddress } }: IpConfiguration): string =>
  `${readId(id).rootName}/${readId(id).name}${privateIPAddress === undefined ? '' : ` (${privateIPAddress})`}`;

export const ipConfigurationsOf = (interfaces: readonly NetworkInterface[]): IpConfiguration[] =>
  interfaces.flatMap(({ properties }) => properties.ipConfigurations);

/** The ids of the IP configurations that belong to `target`. */
export const linkedTo = (interfaces: readonly NetworkInterface[], link: Link, target: string): string[] =>
  ipConfigurationsOf(interfaces)
    .filter(({ properties }) => (properties[link] ?? []).some(({ id }) => sameId(id, target)))
    .map(({ id }) => id);

/** A PUT for each interface that has to change so that exactly the `wanted` IP configurations belong to `target`. */
export function linkRequests(
  interfaces: readonly NetworkInterface[],
  { link, target, wanted }: { link: Link; target: string; wanted: readonly string[] },
): PlannedRequest[] {
  const before = linkedTo(interfaces, link, target);
  const has = (ids: readonly string[], id: string): boolean => ids.some((one) => sameId(one, id));
  const changes = ({ id }: IpConfiguration): boolean => has(before, id) !== has(wanted, id);
  return interfaces
    .filter(({ properties }) => properties.ipConfigurations.some(changes))
    .map((one) => {
      const ipConfigurations = one.properties.ipConfigurations.map((configuration) => {
        if (!changes(configuration)) return configuration;
        const others = (configuration.properties[link] ?? []).filter(({ id }) => !sameId(id, target));
        const references = has(wanted, configuration.id) ? [...others, { id: target }] : others;
        return { ...configuration, properties: { ...configuration.properties, [link]: references } };
      });
      return putRequest({ ...one, properties: { ...one.properties, ipConfigurations } });
    });
}
