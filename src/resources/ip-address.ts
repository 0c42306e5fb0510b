/** Arithmetic on IP addresses and CIDR prefixes, IPv4 and IPv6 alike. For the control plane: clear, not fast. */

export interface IpAddress {
  readonly version: 4 | 6;
  readonly value: bigint;
}

export interface IpPrefix extends IpAddress {
  readonly length: number;
}

const bitsOf = (version: 4 | 6): number => (version === 4 ? 32 : 128);

function parseIpv4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let value = 0n;
  for (const octet of match.slice(1)) {
    if (Number(octet) > 255) return undefined;
    value = value * 256n + BigInt(octet);
  }
  return value;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groupsOf = (half: string): string[] => (half === '' ? [] : half.split(':'));
  const head = groupsOf(halves[0] as string);
  const tail = halves.length === 2 ? groupsOf(halves[1] as string) : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  let value = 0n;
  for (const group of groups) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    value = value * 65536n + BigInt(`0x${group}`);
  }
  return value;
}

/** Reads an address; undefined when `text` is none. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return { version: 4, value: v4 };
  const v6 = text.includes(':') ? parseIpv6(text) : undefined;
  return v6 === undefined ? undefined : { version: 6, value: v6 };
}

function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

/** Writes an address in its canonical form. */
export function formatIpAddress({ version, value }: IpAddress): string {
  if (version === 6) return formatIpv6(value);
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
}

/** Reads `address/length`; the address may have host bits set (see `networkOf`). */
export function parseIpPrefix(text: string): IpPrefix | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match ? parseIpAddress(match[1] as string) : undefined;
  const length = Number(match?.[2]);
  if (!address || length > bitsOf(address.version)) return undefined;
  return { ...address, length };
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
