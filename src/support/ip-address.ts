/**
 * Arithmetic on IP addresses and CIDR prefixes, IPv4 and IPv6 alike, for everything but the packet path; and where an Azure
 * address is on this machine. A developer's machine is no virtual network, so the address 10.0.0.4 of a VNet is reached at
 * 127.0.0.4 (replace the first number by 127), unless `--address-map` says otherwise.
 */
import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface IpAddress {
  readonly version: 4 | 6;
  readonly value: bigint;
}

export interface IpPrefix extends IpAddress {
  readonly length: number;
}

const bitsOf = (version: 4 | 6): number => (version === 4 ? 32 : 128);

const { IPv4, IPv6 } = ipaddr;

const parsed = (address: ipaddr.IPv4 | ipaddr.IPv6): IpAddress => ({
  version: address.kind() === 'ipv4' ? 4 : 6,
  value: BigInt(`0x${Buffer.from(address.toByteArray()).toString('hex')}`),
});

/** Reads an address; undefined when `text` is none. IPv4 has four decimal parts; IPv6 has no zone. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (IPv4.isValidFourPartDecimal(text)) return parsed(IPv4.parse(text));
  return text.includes(':') && !text.includes('%') && IPv6.isValid(text) ? parsed(IPv6.parse(text)) : undefined;
}

/** The bytes of an address in network order: 4 or 16. */
export const ipAddressBytes = ({ version, value }: IpAddress): Buffer =>
  Buffer.from(value.toString(16).padStart(bitsOf(version) / 4, '0'), 'hex');

/** Writes an address in its canonical form (RFC 5952 for IPv6). */
export function formatIpAddress(address: IpAddress): string {
  const bytes = [...ipAddressBytes(address)];
  return address.version === 4 ? bytes.join('.') : new IPv6(bytes).toRFC5952String();
}

/** Reads `address/length`; the address may have host bits set (see `networkOf`). */
export function parseIpPrefix(text: string): IpPrefix | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match ? parseIpAddress(match[1] as string) : undefined;
  const length = Number(match?.[2]);
  if (!address || length > bitsOf(address.version)) return undefined;
  return { ...address, length };
}

/** Reads an IPv4 prefix; undefined for anything else. */
export function parseIpv4Prefix(text: string): IpPrefix | undefined {
  const prefix = parseIpPrefix(text);
  return prefix?.version === 4 ? prefix : undefined;
}

/** Reads a prefix without host bits, such as `10.0.0.0/8`; undefined for anything else. */
export function parseIpNetwork(text: string): IpPrefix | undefined {
  const prefix = parseIpPrefix(text);
  return prefix?.value === (prefix && networkOf(prefix).value) ? prefix : undefined;
}

/** The same for IPv4 alone. */
export function parseIpv4Network(text: string): IpPrefix | undefined {
  const network = parseIpNetwork(text);
  return network?.version === 4 ? network : undefined;
}

/** Number of addresses in the prefix. */
export const sizeOf = (prefix: IpPrefix): bigint => 1n << BigInt(bitsOf(prefix.version) - prefix.length);

/** The prefix with its host bits cleared. */
export const networkOf = (prefix: IpPrefix): IpPrefix => ({
  ...prefix,
  value: prefix.value - (prefix.value % sizeOf(prefix)),
});

export const formatIpPrefix = (prefix: IpPrefix): string => `${formatIpAddress(prefix)}/${prefix.length}`;

/** `address` lies in `prefix`. */
export function contains(prefix: IpPrefix, address: IpAddress): boolean {
  const first = networkOf(prefix).value;
  return prefix.version === address.version && address.value >= first && address.value < first + sizeOf(prefix);
}

/** The prefixes share an address. */
export const overlaps = (a: IpPrefix, b: IpPrefix): boolean =>
  a.version === b.version && (contains(a, networkOf(b)) || contains(b, networkOf(a)));

/** `prefix` without the addresses of `holes`, as the largest prefixes that are left, in order. */
export function splitAround(prefix: IpPrefix, holes: readonly IpPrefix[]): IpPrefix[] {
  const inside = holes.filter((hole) => overlaps(prefix, hole));
  if (inside.length === 0) return [prefix];
  if (inside.some((hole) => hole.length <= prefix.length)) return [];
  const half = { ...networkOf(prefix), length: prefix.length + 1 };
  return [half, { ...half, value: half.value + sizeOf(half) }].flatMap((one) => splitAround(one, inside));
}

/** Whether a host as in a URL or an option can only be this machine: localhost or a loopback address. */
export const isLoopbackHost = (host: string): boolean =>
  /(?:^|\.)localhost$/i.test(host) || /^\[?::1\]?$/.test(host) || (isIPv4(host) && host.startsWith('127.'));

/** Addresses in `from` are found at the same place within `to`, which is as large and of the same version. */
export interface AddressMapping {
  readonly from: IpPrefix;
  readonly to: IpPrefix;
}

/**
 * The address of this machine that stands for an Azure address. The first mapping that contains it decides; an
 * address that none contains stays as it is.
 */
export function mapAddress(address: string, maps: readonly AddressMapping[]): string {
  let known = mappedAddresses.get(maps);
  if (!known) {
    known = new Map();
    mappedAddresses.set(maps, known);
  }
  let mapped = known.get(address);
  if (mapped === undefined) {
    mapped = findMapped(address, maps);
    if (known.size >= mappedAtHand) known.clear();
    known.set(address, mapped);
  }
  return mapped;
}

/** The same addresses are mapped at each change of a plan. */
const mappedAddresses = new WeakMap<readonly AddressMapping[], Map<string, string>>();
const mappedAtHand = 65_536;

function findMapped(address: string, maps: readonly AddressMapping[]): string {
  const parsed = parseIpAddress(address);
  const mapping = parsed && maps.find(({ from }) => contains(from, parsed));
  if (!parsed || !mapping) return address;
  return formatIpAddress({ ...parsed, value: mapping.to.value + (parsed.value - mapping.from.value) });
}

/** The network of this machine that stands for one of Azure's, as long as one mapping covers it whole; else the same. */
export function mapNetwork(network: string, maps: readonly AddressMapping[]): string {
  const prefix = parseIpNetwork(network);
  const mapping = prefix && maps.find(({ from }) => prefix.length >= from.length && contains(from, prefix));
  if (!prefix || !mapping) return network;
  return formatIpPrefix({ ...prefix, value: mapping.to.value + (prefix.value - mapping.from.value) });
}
