/** Which addresses classic resources hold, and the lowest free one of a range. */
import { azureError } from '../../errors/index.js';
import {
  contains,
  formatIpAddress,
  formatIpPrefix,
  networkOf,
  parseIpAddress,
  parseIpv4Prefix,
  sizeOf,
} from '../../support/ip-address.js';
import type { Deployment, HostedService, ReservedIp, VirtualNetworkSiteRecord } from './types.js';

/** `cidr` with its host bits cleared; any other text is returned unchanged. */
export function canonicalCidr(cidr: string): string {
  const prefix = parseIpv4Prefix(cidr);
  return prefix ? formatIpPrefix(networkOf(prefix)) : cidr;
}

/** The lowest free address of `cidr`. Azure keeps the first four and the last one of a subnet for itself. */
export function lowestFreeAddress(cidr: string, taken: ReadonlySet<string>): string | undefined {
  const prefix = parseIpv4Prefix(cidr);
  if (!prefix) return undefined;
  const first = networkOf(prefix).value;
  const last = first + sizeOf(prefix) - 1n;
  for (let value = first + 4n; value < last; value++) {
    const address = formatIpAddress({ version: 4, value });
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
      for (const { Address } of deployment.additionalVips ?? []) if (Address !== undefined) held.add(Address);
      for (const instance of deployment.instances) for (const address of instance.publicAddresses) held.add(address);
    }
  }
  for (const { Address } of reservedIps) held.add(Address);
  return held;
}

const privateAddresses = ({ instances, LoadBalancers }: Deployment): string[] => [
  ...instances.map(({ IpAddress }) => IpAddress),
  ...LoadBalancers.map(({ address }) => address),
];

/** Private addresses that instances and internal load balancers of `services` hold. */
export function privateAddressesOf(services: Iterable<HostedService>): Set<string> {
  const held = new Set<string>();
  for (const { deployments } of services) {
    for (const deployment of deployments) for (const address of privateAddresses(deployment)) held.add(address);
  }
  return held;
}

/** Refuses networks without a network, or without a subnet of the same name, in which `deployment` has addresses. */
export function checkStaysPlaced(
  deployment: Deployment,
  { before, after }: Readonly<Record<'before' | 'after', readonly VirtualNetworkSiteRecord[]>>,
): void {
  const name = deployment.VirtualNetworkName?.toLowerCase();
  const ofDeployment = ({ Name }: VirtualNetworkSiteRecord) => Name.toLowerCase() === name;
  const [old, next] = [before.find(ofDeployment), after.find(ofDeployment)];
  if (!old) return;
  const inUse = (what: string) => azureError('ClassicInUse', { values: { what, deployment: deployment.Name } });
  if (!next) throw inUse(`virtual network ${old.Name}`);
  for (const subnet of old.subnets) {
    const held = privateAddresses(deployment).filter((address) => isWithin(subnet.AddressPrefix, address));
    const kept = next.subnets.find(({ Name }) => Name.toLowerCase() === subnet.Name.toLowerCase());
    if (held.some((address) => !kept || !isWithin(kept.AddressPrefix, address))) throw inUse(`subnet ${subnet.Name}`);
  }
}

/** `address` is one of the IPv4 prefix; false when either cannot be read. */
export function isWithin(cidr: string, address: string): boolean {
  const [prefix, parsed] = [parseIpv4Prefix(cidr), parseIpAddress(address)];
  return prefix !== undefined && parsed !== undefined && contains(prefix, parsed);
}

/** Where model functions get addresses from; each call hands out another one. */
export interface AddressSource {
  publicAddress(): string;
  /** Throws when virtual network or subnet do not exist. */
  checkPlace(place: SubnetPlace): void;
  /** An address of the subnet, or of the general pool outside a virtual network. Throws as `checkPlace` does. */
  privateAddress(place: SubnetPlace): string;
  /** Takes exactly `address`, which lies in `place`; throws ClassicAddressInUse when it is taken. */
  claimPrivateAddress(address: string, place: SubnetPlace): void;
}

/** A subnet by its names; without a virtual network there is none. */
export interface SubnetPlace {
  readonly virtualNetwork?: string | undefined;
  readonly subnet?: string | undefined;
}

/** What model functions need besides documents: the time, unique names, addresses. */
export interface ModelContext {
  readonly nowMs: number;
  readonly addresses: AddressSource;
  newGuid(): string;
}
