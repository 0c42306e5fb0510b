/**
 * Which addresses classic resources hold, and the next free one. Outside a virtual network Azure takes private addresses
 * from a pool of its own; so does Lazurite.
 */
import { formatIpAddress, formatIpPrefix, type IpPrefix, networkOf, parseIpPrefix, sizeOf } from '../ip-address.js';
import type { HostedService, ReservedIp } from './types.js';

/** The IPv4 prefix that `text` is, or undefined. Host bits may be set, as Azure's ACLs allow (`10.1.2.3/8`). */
export function parseIpv4Prefix(text: string): IpPrefix | undefined {
  const prefix = parseIpPrefix(text);
  return prefix?.version === 4 ? prefix : undefined;
}

/** `cidr` with its host bits cleared; what is no IPv4 prefix stays as it is. */
export function canonicalCidr(cidr: string): string {
  const prefix = parseIpv4Prefix(cidr);
  return prefix ? formatIpPrefix(networkOf(prefix)) : cidr;
}

/** The lowest address of `cidr` not in `taken`. Azure keeps the first four and the last one of a subnet for itself. */
export function lowestFreeAddress(cidr: string, taken: ReadonlySet<string>): string | undefined {
  const prefix = parseIpv4Prefix(cidr);
  if (!prefix) return undefined;
  const network = networkOf(prefix);
  const size = sizeOf(network);
  for (let offset = 4n; offset < size - 1n; offset++) {
    const address = formatIpAddress({ version: 4, value: network.value + offset });
    if (!taken.has(address)) return address;
  }
  return undefined;
}

/** Public addresses that `services` and `reservedIps` hold. */
export function publicAddressesOf(services: Iterable<HostedService>, reservedIps: Iterable<ReservedIp>): Set<string> {
  const held = new Set<string>();
  for (const service of services) {
    for (const deployment of service.deployments) {
      held.add(deployment.vip);
      for (const instance of deployment.instances) for (const address of instance.publicAddresses) held.add(address);
    }
  }
  for (const { Address } of reservedIps) held.add(Address);
  return held;
}

/** Private addresses that instances and internal load balancers of `services` hold. */
export function privateAddressesOf(services: Iterable<HostedService>): Set<string> {
  const held = new Set<string>();
  for (const service of services) {
    for (const deployment of service.deployments) {
      for (const { IpAddress } of deployment.instances) held.add(IpAddress);
      for (const { address } of deployment.LoadBalancers) held.add(address);
    }
  }
  return held;
}

/** Where model functions get addresses from; each call hands out another one. */
export interface AddressSource {
  publicAddress(): string;
  /** An address of the subnet, or of the general pool outside a virtual network. */
  privateAddress(place: { virtualNetwork?: string | undefined; subnet?: string | undefined }): string;
  /** Takes exactly `address`; refused when somebody has it. */
  claimPrivateAddress(address: string): void;
}

/** What model functions need besides documents: the time, names that nobody else has, addresses. */
export interface ModelContext {
  readonly nowMs: number;
  readonly addresses: AddressSource;
  newGuid(): string;
}
