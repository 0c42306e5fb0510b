/**
 * The X.509 extension "name constraints" (RFC 5280 §4.2.1.10), encoded by hand because @peculiar/x509 has no class for
 * it: with it, trusting Lazurite's CA endangers nothing, since no client accepts it for any other name.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';
import { ipAddressBytes, parseIpAddress } from '../../support/ip-address.js';

export const nameConstraintsOid = '2.5.29.30';

/** A DNS name (with its subdomains), an IP address, or a network `address/prefixLength`. */
export type PermittedName = string;

/** Names that the CA may always certify: this machine, its containers, and private networks. */
export const alwaysPermitted: readonly PermittedName[] = [
  'localhost',
  'lazurite',
  'host.docker.internal',
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fd00::/8',
];

let known: BlockList | undefined;

function permittedNetworks(): BlockList {
  if (known) return known;
  known = new BlockList();
  for (const name of alwaysPermitted) {
    const [address = '', length] = name.split('/');
    if (length) known.addSubnet(address, Number(length), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return known;
}

/** Whether every CA of ours may certify `name`, without naming it. */
export const isAlwaysPermitted = (name: string): boolean =>
  isIP(name)
    ? permittedNetworks().check(name, isIPv6(name) ? 'ipv6' : 'ipv4')
    : alwaysPermitted.some((permitted) => name === permitted || name.endsWith(`.${permitted}`));

const tags = { sequence: 0x30, permittedSubtrees: 0xa0, dnsName: 0x82, ipAddress: 0x87 };

function encode(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const lengthBytes = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}

function maskBytes(prefixLength: number, size: number): Buffer {
  return Buffer.from(
    Array.from({ length: size }, (_, index) => (0xff00 >> Math.min(8, Math.max(0, prefixLength - 8 * index))) & 0xff),
  );
}

/** One permitted subtree as it stands in the certificate, so that looking for its bytes tells whether it is there. */
export function encodePermittedName(name: PermittedName): Buffer {
  const [address = '', length] = name.split('/');
  const parsed = parseIpAddress(address);
  if (!parsed) {
    return encode(tags.sequence, encode(tags.dnsName, Buffer.from(name.replace(/^\*\./, ''), 'ascii')));
  }
  const bytes = ipAddressBytes(parsed);
  const prefixLength = length === undefined ? bytes.length * 8 : Number(length);
  return encode(tags.sequence, encode(tags.ipAddress, Buffer.concat([bytes, maskBytes(prefixLength, bytes.length)])));
}

/** The value of the extension that permits `names` and forbids every other DNS name and IP address. */
export const encodeNameConstraints = (names: readonly PermittedName[]): Buffer =>
  encode(tags.sequence, encode(tags.permittedSubtrees, Buffer.concat(names.map(encodePermittedName))));
