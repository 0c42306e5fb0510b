/**
 * IPv4 arithmetic, and which addresses classic resources hold. Outside a virtual network Azure takes private addresses
 * from a pool of its own; so does Lazurite.
 */
import type { HostedService, ReservedIp } from './types.js';

/** `text` as a number, or undefined when it is no IPv4 address. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** The dotted form of `value`. */
export const formatIpv4 = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

export interface Ipv4Range {
  readonly first: number;
  readonly size: number;
}

/** The range of a CIDR, or undefined when it is none. Host bits may be set, as Azure's ACLs allow (`10.1.2.3/8`). */
export function parseCidr(text: string): Ipv4Range | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const address = match ? parseIpv4(match[1] as string) : undefined;
  const prefix = Number(match?.[2]);
  if (address === undefined || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  return { first: address - (address % size), size };
}

/** `cidr` with its host bits cleared; what is no CIDR stays as it is. */
export function canonicalCidr(cidr: string): string {
  const range = parseCidr(cidr);
  return range ? `${formatIpv4(range.first)}/${cidr.slice(cidr.indexOf('/') + 1)}` : cidr;
}

/** The lowest address of `cidr` that nobody holds. Azure keeps the first four and the last one of a subnet for itself. */
export function lowestFreeAddress(cidr: string, taken: ReadonlySet<string>): string | undefined {
  const range = parseCidr(cidr);
  if (!range) return undefined;
  for (let offset = 4; offset < range.size - 1; offset++) {
    const address = formatIpv4(range.first + offset);
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
