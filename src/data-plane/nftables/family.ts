/** How one address family is written in nft: IPv4 and IPv6 have tables of the same shape, each with its own keywords. */
import { isIPv6 } from 'node:net';
import { jhash } from '../selection/distribution.js';
import { addressWords } from '../selection/ip-address.js';

export interface Family {
  /** The family of the table, and the name of the protocol header. */
  readonly ip: 'ip' | 'ip6';
  readonly table: string;
  /** Bytes of the IP header. */
  readonly headerBytes: number;
  /** Connections to this address and a port are rewritten by the `poke` maps; nothing else should use it. */
  readonly pokeAddress: string;
  /** nft 1.0.6 aborts when a rule adds a key of more than 16 bytes to a map: hashes then stand for the addresses. */
  readonly hashesKeys: boolean;
}

const tableName = 'lazurite';

export const ipv4: Family = {
  ip: 'ip',
  table: `ip ${tableName}`,
  headerBytes: 20,
  pokeAddress: '127.254.254.254',
  hashesKeys: false,
};
/** The poke address is of the block for discarded packets (RFC 6666). Where no route leads to it, nothing is sent. */
export const ipv6: Family = {
  ip: 'ip6',
  table: `ip6 ${tableName}`,
  headerBytes: 40,
  pokeAddress: '100::7f7f',
  hashesKeys: true,
};

export const familyOf = (address: string): Family => (isIPv6(address) ? ipv6 : ipv4);

/** The addresses of a flow are known by two hashes of 31 bits with these seeds; the ports stand as they are. */
const keySeeds = [0x6b657931, 0x6b657932] as const;
const keyHashes = 2_147_483_648;

const hashed = (addresses: string): string =>
  keySeeds.map((seed) => `jhash ${addresses} mod ${keyHashes} seed 0x${seed.toString(16)}`).join(' . ');

/**
 * `client . port . frontend . port`, in a packet towards the frontend, or before a reply was translated. `th`: the chains
 * have checked the protocol already, and nft would check it again in every rule.
 */
export const forwardTuple = ({ ip }: Family): string => `${ip} saddr . th sport . ${ip} daddr . th dport`;

/** The same flow in a packet that comes back, or the tuple of its replies in one that was just translated. */
export const backwardTuple = ({ ip }: Family): string => `${ip} daddr . th dport . ${ip} saddr . th sport`;

/** The key in maps for `forwardTuple`. */
export const forwardKey = (family: Family): string =>
  family.hashesKeys ? `${hashed('ip6 saddr . ip6 daddr')} . th sport . th dport` : forwardTuple(family);

/** The key in maps for `backwardTuple`. */
export const backwardKey = (family: Family): string =>
  family.hashesKeys ? `${hashed('ip6 daddr . ip6 saddr')} . th dport . th sport` : backwardTuple(family);

/** The type of a key in maps. nft cannot print `typeof jhash`; `numgen` is a plain number too. */
export const keyType = (family: Family): string =>
  family.hashesKeys
    ? `${keySeeds.map(() => 'numgen inc mod 65536').join(' . ')} . th sport . th dport`
    : forwardTuple(family);

/** The key in maps, as nft writes it, for a tuple of addresses and ports as it writes that. */
export function keyOfTuple({ hashesKeys }: Family, tuple: string): string {
  if (!hashesKeys) return tuple;
  const [source = '', sourcePort, destination = '', port] = tuple.split(' . ');
  const words = new Uint32Array([source, destination].flatMap((address) => [...(addressWords(address) ?? [])]));
  return [...keySeeds.map((seed) => jhash(words, words.length, seed) >>> 1), sourcePort, port].join(' . ');
}

/** A UDP flow: the packet's tuple and the mark that names the member. */
export const withMark = (tuple: string): string => `${tuple} . meta mark`;

/** A real time as nft writes it. */
export const nftDuration = (ms: number): string => `${Math.max(1, Math.round(ms))}ms`;
