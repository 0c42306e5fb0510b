/** Addresses handed out of subnets, public IP prefixes and the public pool: the lowest free one, or exactly the one asked for. */

import { rootKey } from '../resources/resource-id.js';
import type { AddressClaim, Addresses, BlockClaim, ClaimResult } from '../resources/resource-type.js';
import {
  contains,
  formatIpAddress,
  formatIpPrefix,
  type IpPrefix,
  networkOf,
  parseIpAddress,
  parseIpPrefix,
  sizeOf,
} from '../support/ip-address.js';
import { type Prepared, prepareAll } from './database.js';
import type { Connection } from './sqlite.js';

const sql = {
  holder: 'SELECT owner FROM addresses WHERE pool = ? AND position = ?',
  /** The lowest position at or above a start that is not held. */
  lowestFree: `SELECT MIN(candidate) AS position FROM (
      SELECT @from AS candidate
      UNION ALL SELECT position + 1 FROM addresses WHERE pool = @pool AND position >= @from
    ) WHERE NOT EXISTS (SELECT 1 FROM addresses WHERE pool = @pool AND position = candidate)`,
  occupied: 'SELECT MAX(position) AS position FROM addresses WHERE pool = ? AND position >= ? AND position < ?',
  take: 'INSERT INTO addresses VALUES (?, ?, ?, ?)',
  release: 'DELETE FROM addresses WHERE owner_root = ? RETURNING pool, position',
  held: 'SELECT position FROM addresses WHERE pool = ? AND owner_root = ?',
  releaseOne: 'DELETE FROM addresses WHERE pool = ? AND position = ?',
} as const;

/** What an owner goes on holding of one pool. */
export interface KeptAddresses {
  readonly pool: string;
  readonly ownerRoot: string;
  readonly prefix: string;
  readonly kept: ReadonlySet<string>;
}

/** The addresses of the pool between `from` and `below` are all held; a search can skip them. */
interface Full {
  readonly from: number;
  readonly below: number;
}

export class AddressStore implements Addresses {
  readonly #statement: Prepared<typeof sql>;
  readonly #full = new Map<string, Full>();

  constructor(
    connection: Connection,
    readonly publicPrefix: Addresses['publicPrefix'],
  ) {
    this.#statement = prepareAll(connection, sql);
  }

  /** Frees everything that the top-level resource `ownerRoot` (folded id) holds. */
  release(ownerRoot: string): void {
    const released = this.#statement.release.all(ownerRoot) as { pool: string; position: number }[];
    for (const { pool, position } of released) this.#freed(pool, position);
  }

  /** Drops what is kept in memory: a transaction was undone, or the tables were replaced. */
  forget(): void {
    this.#full.clear();
  }

  /** Frees what `ownerRoot` holds of a pool, but for the addresses in `kept`. */
  releaseExcept({ pool: name, ownerRoot, prefix, kept }: KeptAddresses): void {
    const range = networkOf(parseIpPrefix(prefix) as IpPrefix);
    const pool = poolKey(name, range);
    for (const { position } of this.#statement.held.all(pool, ownerRoot) as { position: number }[]) {
      const address = formatIpAddress({ ...range, value: range.value + BigInt(position) });
      if (kept.has(address)) continue;
      this.#statement.releaseOne.run(pool, position);
      this.#freed(pool, position);
    }
  }

  claim({ pool: name, owner, prefix, reserved, preferred, exact }: AddressClaim): ClaimResult {
    const range = networkOf(parseIpPrefix(prefix) as IpPrefix);
    const pool = poolKey(name, range);
    if (exact !== undefined) {
      const position = positionIn(range, exact);
      const holder = position === undefined ? undefined : this.#holder(pool, position);
      if (position === undefined) return { conflict: 'full' };
      if (holder !== undefined) return { conflict: 'allocated', holder };
      return this.#take({ pool, owner, range, position });
    }
    const wanted = preferred === undefined ? undefined : positionIn(range, preferred);
    if (wanted !== undefined && this.#holder(pool, wanted) === undefined) {
      return this.#take({ pool, owner, range, position: wanted });
    }
    const position = this.#lowestFree(pool, reserved);
    // The last address of an IPv4 subnet is its broadcast address.
    const end = sizeOf(range) - (range.version === 4 && reserved > 0 ? 1n : 0n);
    if (BigInt(position) >= end) return { conflict: 'full' };
    this.#full.set(pool, { from: reserved, below: position + 1 });
    return this.#take({ pool, owner, range, position });
  }

  claimBlock({ pool: name, owner, prefix, length, preferred }: BlockClaim): { prefix: string } | { conflict: 'full' } {
    const range = networkOf(parseIpPrefix(prefix) as IpPrefix);
    const pool = poolKey(name, range);
    const size = Number(sizeOf({ ...range, length }));
    const kept = preferred === undefined ? undefined : positionIn(range, preferred.split('/')[0] as string);
    let start = kept ?? size;
    for (;;) {
      if (BigInt(start + size) > sizeOf(range)) return { conflict: 'full' };
      const { position } = this.#statement.occupied.get(pool, start, start + size) as { position: number | null };
      if (position === null) break;
      start = (Math.floor(position / size) + 1) * size;
    }
    for (let offset = 0; offset < size; offset++) this.#take({ pool, owner, range, position: start + offset });
    return { prefix: formatIpPrefix({ ...range, value: range.value + BigInt(start), length }) };
  }

  #lowestFree(pool: string, reserved: number): number {
    const full = this.#full.get(pool);
    const from = full?.from === reserved ? full.below : reserved;
    return (this.#statement.lowestFree.get({ pool, from }) as { position: number }).position;
  }

  #freed(pool: string, position: number): void {
    const full = this.#full.get(pool);
    if (full && position < full.below) this.#full.set(pool, { ...full, below: Math.max(full.from, position) });
  }

  #holder(pool: string, position: number): string | undefined {
    return (this.#statement.holder.get(pool, position) as { owner: string } | undefined)?.owner;
  }

  #take({ pool, owner, range, position }: { pool: string; owner: string; range: IpPrefix; position: number }) {
    this.#statement.take.run(pool, position, owner, rootKey(owner));
    return { address: formatIpAddress({ ...range, value: range.value + BigInt(position) }) };
  }
}

/** Positions count from the first address of a prefix, so each prefix of a pool is a pool of its own. */
const poolKey = (pool: string, range: IpPrefix): string => `${pool}@${formatIpAddress(range)}`;

function positionIn(range: IpPrefix, address: string): number | undefined {
  const parsed = parseIpAddress(address);
  return parsed && contains(range, parsed) ? Number(parsed.value - range.value) : undefined;
}
