/**
 * Where an Azure address is on this machine: a developer's machine is no virtual network, so the address 10.0.0.4 of a
 * VNet is reached at 127.0.0.4 (replace the first number by 127), unless `--address-map` says otherwise.
 */
import { isIPv4, isIPv6 } from 'node:net';

/** An IPv4 network: the 32-bit number of its first address, and how many leading bits belong to the network. */
export interface Cidr {
  readonly base: number;
  readonly prefixLength: number;
}

/** Addresses in `from` are found at the same place within `to`, which is as large. */
export interface AddressMapping {
  readonly from: Cidr;
  readonly to: Cidr;
}

const hostBits = (prefixLength: number): number => (prefixLength === 0 ? 0xffffffff : 2 ** (32 - prefixLength) - 1);

/** The 32-bit number of a dotted IPv4 address. */
export const ipv4ToNumber = (address: string): number =>
  address.split('.').reduce((number, part) => number * 256 + Number(part), 0);

/** The dotted form of a 32-bit number. */
export const numberToIpv4 = (number: number): string =>
  [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join('.');

/** Reads `10.0.0.0/8`; `undefined` when it is not an IPv4 network or has bits set behind its prefix. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const [, address = '', length = ''] = match;
  const prefixLength = Number(length);
  if (!isIPv4(address) || prefixLength > 32) return undefined;
  const base = ipv4ToNumber(address);
  return (base & hostBits(prefixLength)) === 0 ? { base, prefixLength } : undefined;
}

/** `cidr` as it is written: `10.0.0.0/8`. */
export const formatCidr = (cidr: Cidr): string => `${numberToIpv4(cidr.base)}/${cidr.prefixLength}`;

/** Whether the IPv4 address with this number lies in `cidr`. */
export const cidrContains = (cidr: Cidr, number: number): boolean =>
  number >= cidr.base && number <= cidr.base + hostBits(cidr.prefixLength);

/** Whether two networks share an address. */
export const cidrsOverlap = (a: Cidr, b: Cidr): boolean => cidrContains(a, b.base) || cidrContains(b, a.base);

/**
 * The address of this machine that stands for an Azure address. The first mapping that contains it decides; an IPv4
 * address that none contains, and every IPv6 address, stays as it is.
 */
export function mapAddress(address: string, maps: readonly AddressMapping[]): string {
  if (isIPv6(address) || !isIPv4(address)) return address;
  const number = ipv4ToNumber(address);
  const mapping = maps.find(({ from }) => cidrContains(from, number));
  return mapping ? numberToIpv4(mapping.to.base + (number - mapping.from.base)) : address;
}

/** The network of this machine that stands for one of Azure's, as long as one mapping covers it whole; else the same. */
export function mapNetwork(network: string, maps: readonly AddressMapping[]): string {
  const cidr = parseCidr(network);
  if (!cidr) return network;
  const mapping = maps.find(({ from }) => cidr.prefixLength >= from.prefixLength && cidrContains(from, cidr.base));
  return mapping
    ? formatCidr({ base: mapping.to.base + (cidr.base - mapping.from.base), prefixLength: cidr.prefixLength })
    : network;
}
