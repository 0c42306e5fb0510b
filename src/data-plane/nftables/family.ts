/** How one address family is written in nft: IPv4 and IPv6 have tables of the same shape, each with its own keywords. */
import { isIPv6 } from 'node:net';

export interface Family {
  /** The family of the table, and the name of the protocol header. */
  readonly ip: 'ip' | 'ip6';
  readonly table: string;
  /** Bytes of the IP header. */
  readonly headerBytes: number;
}

const tableName = 'lazurite';

export const ipv4: Family = { ip: 'ip', table: `ip ${tableName}`, headerBytes: 20 };
export const ipv6: Family = { ip: 'ip6', table: `ip6 ${tableName}`, headerBytes: 40 };

export const familyOf = (address: string): Family => (isIPv6(address) ? ipv6 : ipv4);

/**
 * `client . port . frontend . port`, in a packet towards the frontend, or before a reply was translated. `th`: the chains
 * have checked the protocol already, and nft would check it again in every rule.
 */
export const forwardKey = ({ ip }: Family): string => `${ip} saddr . th sport . ${ip} daddr . th dport`;

/** The same flow in a packet that comes back, or the key of its replies in one that was just translated. */
export const backwardKey = ({ ip }: Family): string => `${ip} daddr . th dport . ${ip} saddr . th sport`;

/** A UDP flow: the packet's key and the mark that names the member. */
export const withMark = (key: string): string => `${key} . meta mark`;

/** A real time as nft writes it. */
export const nftDuration = (ms: number): string => `${Math.max(1, Math.round(ms))}ms`;
