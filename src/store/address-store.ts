/** Addresses handed out of subnets, public IP prefixes and the public pool: the lowest free one, or exactly the one asked for. */

import { rootKey } from '../resources/resource-id.js';
import type { AddressClaim, Addresses, BlockClaim, ClaimResult } from '../resources/resource-type.js';
import type { AddressBlocks } from '../support/address-blocks.js';
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
import type { MemoryJournal } from './write-queue.js';

const sql = {
  holder: 'SELECT owner FROM addresses WHERE pool = ? AND position = ?',
  /** The lowest position at or above a start that is not held; it may be `below` itself. */
  lowestFree: `SELECT MIN(candidate) AS position FROM (
      SELECT @from AS candidate
      UNION ALL SELECT position + 1 FROM addresses WHERE pool = @pool AND position >= @from AND position < @below
    ) WHERE NOT EXISTS (SELECT 1 FROM addresses WHERE pool = @pool AND position = candidate)`,
  occupied: 'SELECT MAX(position) AS position FROM addresses WHERE pool = ? AND position >= ? AND position < ?',
  take: 'INSERT INTO addresses VALUES (?, ?, ?, ?)',
  release: 'DELETE FROM addresses WHERE owner_root = ? RETURNING pool, position',
  held: 'SELECT position FROM addresses WHERE pool = ? AND owner_root = ?',
  usedBlocks:
    'SELECT DISTINCT CAST(position / @size AS INTEGER) AS block FROM addresses WHERE pool = @pool ORDER BY block',
  releaseOne: 'DELETE FROM addresses WHERE pool = ? AND position = ?',
} as const;

export interface PublicPool {
  readonly publicPrefix: Addresses['publicPrefix'];
  /** The blocks of the IPv4 pool that may be handed out here; without them all of it. */
  readonly blocks?: AddressBlocks | undefined;
}

/** What an owner goes on holding of one pool. */
export interface KeptAddresses {
  readonly pool: string;
  readonly ownerRoot: string;
  readonly prefix: string;
  readonly kept: ReadonlySet<string>;
}

/** Positions from `from` on, before `below`. */
interface Range {
  readonly from: number;
  readonly below: number;
}

export class AddressStore implements Addresses {
  readonly #statement: Prepared<typeof sql>;
  /** By pool and start of a search: the end of the positions that are all held, which a search can skip. */
  readonly #full = new Map<string, Map<number, number>>();
  readonly #blocks: AddressBlocks | undefined;
  readonly #journal: MemoryJournal;
  readonly publicPrefix: Addresses['publicPrefix'];

  constructor(connection: Connection, { publicPrefix, blocks, journal }: PublicPool & { journal: MemoryJournal }) {
    this.#statement = prepareAll(connection, sql);
    this.#journal = journal;
    this.publicPrefix = publicPrefix;
    this.#blocks = blocks;
  }

  /** Frees everything that the top-level resource `ownerRoot` (folded id) holds. */
  release(ownerRoot: string): void {
    const released = this.#statement.release.all(ownerRoot) as { pool: string; position: number }[];
    for (const { pool, position } of released) this.#freed(pool, position);
  }

  /** Drops what is kept in memory. */
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
    // The last address of an IPv4 subnet is its broadcast address.
    const atEnd = range.version === 4 && reserved > 0 ? 1 : 0;
    for (const { from, below } of this.#ranges(name, { pool, range, reserved })) {
      const free = this.#lowestFree(pool, { from, below });
      if (free >= below - atEnd) continue;
      return this.#take({ pool, owner, range, position: free });
    }
    return { conflict: 'full' };
  }

  claimBlock({ pool: name, owner, prefix, length, preferred }: BlockClaim): { prefix: string } | { conflict: 'full' } {
    const range = networkOf(parseIpPrefix(prefix) as IpPrefix);
    const pool = poolKey(name, range);
    const size = Number(sizeOf({ ...range, length }));
    const start = this.#freeBlock(name, { pool, range, size, preferred });
    if (start === undefined) return { conflict: 'full' };
    for (let offset = 0; offset < size; offset++) this.#take({ pool, owner, range, position: start + offset });
    return { prefix: formatIpPrefix({ ...range, value: range.value + BigInt(start), length }) };
  }

  /** Where `size` aligned positions are free: where they are already if that is so, never at the start of a range. */
  #freeBlock(
    name: string,
    { pool, range, size, preferred }: { pool: string; range: IpPrefix; size: number; preferred: string | undefined },
  ): number | undefined {
    const isFree = (start: number) => this.#occupied(pool, { from: start, below: start + size }) === undefined;
    const kept = preferred === undefined ? undefined : positionIn(range, preferred.split('/')[0] as string);
    if (kept !== undefined && isFree(kept)) return kept;
    for (const { from, below } of this.#ranges(name, { pool, range, reserved: 0 })) {
      // A block as large as the range could begin nowhere else.
      let start = from + size < below ? from + size : from;
      while (start + size <= below) {
        const last = this.#occupied(pool, { from: start, below: start + size });
        if (last === undefined) return start;
        start = (Math.floor(last / size) + 1) * size;
      }
    }
    return undefined;
  }

  #occupied(pool: string, { from, below }: Range): number | undefined {
    return (this.#statement.occupied.get(pool, from, below) as { position: number | null }).position ?? undefined;
  }

  /** The parts of a pool to search, one after the other: the whole of it, or each block that may be handed out here. */
  *#ranges(
    name: string,
    { pool, range, reserved }: { pool: string; range: IpPrefix; reserved: number },
  ): Generator<Range> {
    const blocks = name === 'public' && range.version === 4 ? this.#blocks : undefined;
    if (!blocks) {
      yield { from: reserved, below: Number(sizeOf(range)) };
      return;
    }
    const { size } = blocks;
    const used = () =>
      (this.#statement.usedBlocks.all({ pool, size }) as { block: number }[]).map(({ block }) => block);
    for (const block of blocks.candidates(used)) {
      yield { from: block * size + reserved, below: (block + 1) * size };
    }
  }

  /** The lowest free position of the range; its end when there is none. */
  #lowestFree(pool: string, { from, below }: Range): number {
    const full = this.#full.get(pool) ?? new Map<number, number>();
    const start = full.get(from) ?? from;
    const { position } = this.#statement.lowestFree.get({ pool, from: start, below }) as { position: number };
    this.#journal.note(this.#full, pool);
    this.#full.set(pool, full.set(from, Math.min(position + 1, below)));
    return position;
  }

  #freed(pool: string, position: number): void {
    const full = this.#full.get(pool);
    for (const [from, below] of full ?? []) {
      if (position >= from && position < below) full?.set(from, position);
    }
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
