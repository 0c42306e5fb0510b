/** Arithmetic on IP addresses and CIDR prefixes, IPv4 and IPv6 alike, for everything but the packet path. */
import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
const bitsOf = (version) => (version === 4 ? 32 : 128);
const { IPv4, IPv6 } = ipaddr;
const parsed = (address) => ({
    version: address.kind() === 'ipv4' ? 4 : 6,
    value: BigInt(`0x${Buffer.from(address.toByteArray()).toString('hex')}`),
});
/** Reads an address; undefined when `text` is none. IPv4 has four decimal parts; IPv6 has no zone. */
export function parseIpAddress(text) {
    if (IPv4.isValidFourPartDecimal(text))
        return parsed(IPv4.parse(text));
    return text.includes(':') && !text.includes('%') && IPv6.isValid(text) ? parsed(IPv6.parse(text)) : undefined;
}
/** The bytes of an address in network order: 4 or 16. */
export const ipAddressBytes = ({ version, value }) => Buffer.from(value.toString(16).padStart(bitsOf(version) / 4, '0'), 'hex');
/** Writes an address in its canonical form (RFC 5952 for IPv6). */
export function formatIpAddress(address) {
    const bytes = [...ipAddressBytes(address)];
    return address.version === 4 ? bytes.join('.') : new IPv6(bytes).toRFC5952String();
}
/** Reads `address/length`; the address may have host bits set (see `networkOf`). */
export function parseIpPrefix(text) {
    const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
    const address = match ? parseIpAddress(match[1]) : undefined;
    const length = Number(match?.[2]);
    if (!address || length > bitsOf(address.version))
        return undefined;
    return { ...address, length };
}
/** Reads an IPv4 prefix; undefined for anything else. */
export function parseIpv4Prefix(text) {
    const prefix = parseIpPrefix(text);
    return prefix?.version === 4 ? prefix : undefined;
}
/** Reads an IPv4 prefix without host bits, such as `10.0.0.0/8`; undefined for anything else. */
export function parseIpv4Network(text) {
    const prefix = parseIpv4Prefix(text);
    return prefix?.value === (prefix && networkOf(prefix).value) ? prefix : undefined;
}
/** Number of addresses in the prefix. */
export const sizeOf = (prefix) => 1n << BigInt(bitsOf(prefix.version) - prefix.length);
/** The prefix with its host bits cleared. */
export const networkOf = (prefix) => ({
    ...prefix,
    value: prefix.value - (prefix.value % sizeOf(prefix)),
});
export const formatIpPrefix = (prefix) => `${formatIpAddress(prefix)}/${prefix.length}`;
/** `address` lies in `prefix`. */
export function contains(prefix, address) {
    const first = networkOf(prefix).value;
    return prefix.version === address.version && address.value >= first && address.value < first + sizeOf(prefix);
}
/** The prefixes share an address. */
export const overlaps = (a, b) => a.version === b.version && (contains(a, networkOf(b)) || contains(b, networkOf(a)));
/** Whether a host as in a URL or an option can only be this machine: localhost or a loopback address. */
export const isLoopbackHost = (host) => /(?:^|\.)localhost$/i.test(host) || /^\[?::1\]?$/.test(host) || (isIPv4(host) && host.startsWith('127.'));
//# sourceMappingURL=ip-address.js.map