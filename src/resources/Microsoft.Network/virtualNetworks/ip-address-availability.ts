/** Which addresses of a virtual network are taken: `CheckIPAddressAvailability` and `usages`. */
import { azureError } from '../../../errors/index.js';
import {
  contains,
  formatIpAddress,
  type IpPrefix,
  networkOf,
  parseIpAddress,
  parseIpPrefix,
  sizeOf,
} from '../../../support/ip-address.js';
import { type ChildDocument, childrenIn, lookUpChild } from '../../references.js';
import type { ViewContext } from '../../resource-type.js';
import { isReservedInSubnet, reservedInSubnet, subnetPrefixes } from '../private-address.js';
import { allocationsIn } from './subnets.js';

const suggestions = 5;

const prefixesOf = (subnet: ChildDocument): IpPrefix[] =>
  subnetPrefixes(subnet).flatMap((text) => {
    const prefix = parseIpPrefix(text);
    return prefix ? [networkOf(prefix)] : [];
  });

function takenIn({ resource, lookup }: ViewContext, subnet: ChildDocument): Set<string> {
  const taken = new Set<string>();
  for (const link of allocationsIn(lookup.linksInto(resource.key), `${resource.id}/subnets/${subnet.name}`)) {
    const address = lookUpChild(lookup, link.sourceId)?.child.properties?.privateIPAddress;
    if (typeof address === 'string') taken.add(address);
  }
  return taken;
}

function firstFree(prefix: IpPrefix, taken: ReadonlySet<string>): string[] {
  const free: string[] = [];
  const last = prefix.value + sizeOf(prefix) - 1n;
  for (let value = prefix.value + BigInt(reservedInSubnet); value < last && free.length < suggestions; value++) {
    const address = formatIpAddress({ version: prefix.version, value });
    if (!taken.has(address)) free.push(address);
  }
  return free;
}

export interface IPAddressAvailability {
  readonly available: boolean;
  readonly availableIPAddresses?: readonly string[];
  readonly isPlatformReserved?: boolean;
}

/** The answer of `GET …/virtualNetworks/{name}/CheckIPAddressAvailability?ipAddress=`. */
export function checkIpAddressAvailability(
  context: ViewContext,
  { ipAddress, apiVersion }: { readonly ipAddress: string; readonly apiVersion: string },
): IPAddressAvailability {
  const address = parseIpAddress(ipAddress);
  if (!address) throw azureError('InvalidPrivateIPAddressFormat', { values: { address: ipAddress } });
  for (const subnet of childrenIn(context.resource.document.properties, 'subnets')) {
    const prefix = prefixesOf(subnet).find((one) => contains(one, address));
    if (!prefix) continue;
    const reserved = isReservedInSubnet(prefix, ipAddress);
    const taken = takenIn(context, subnet);
    const available = !reserved && !taken.has(formatIpAddress(address));
    return {
      available,
      ...(available ? {} : { availableIPAddresses: firstFree(prefix, taken) }),
      ...(apiVersion >= '2019-12-01' ? { isPlatformReserved: reserved } : {}),
    };
  }
  const virtualNetwork = context.resource.id;
  throw azureError('PrivateIPAddressNotInAnySubnet', { values: { address: ipAddress, virtualNetwork } });
}

/** The answer of `GET …/virtualNetworks/{name}/usages`. */
export function virtualNetworkUsages(context: ViewContext): { value: unknown[] } {
  const { resource, lookup } = context;
  const links = lookup.linksInto(resource.key);
  const value = childrenIn(resource.document.properties, 'subnets').map((subnet) => {
    const id = `${resource.id}/subnets/${subnet.name}`;
    const sizes = prefixesOf(subnet)
      .filter(({ version }) => version === 4)
      .map(sizeOf);
    const limit = sizes.reduce((sum, size) => sum + Number(size) - reservedInSubnet - 1, 0);
    return {
      currentValue: allocationsIn(links, id).length,
      id,
      limit,
      name: { localizedValue: 'Subnet size and usage', value: 'SubnetSpace' },
      unit: 'Count',
    };
  });
  return { value };
}
