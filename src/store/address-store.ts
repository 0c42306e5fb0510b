/**
 * Addresses handed out of subnets, public IP prefixes and the public pool: the lowest free one, or exactly the one asked for.
 * Public ones come from blocks, each of which one Lazurite at a time hands out: two on one machine never give two frontends
 * the same address.
 *
 * The lease of a block is a bound socket in Linux's abstract namespace. It belongs to the network namespace, as the addresses
 * do, and it ends with its process, killed or not. Elsewhere every block can be had.
 */
import { createServer, type Server } from 'node:net';
import { rootKey } from '../resources/resource-id.js';
import type { AddressClaim, Addresses, BlockClaim, ClaimResult } from '../resources/resource-type.js';
import { newGuid } from '../support/ids.js';
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
  /** The first position after a held one that is not held; it may be `below` itself. Stops at the first gap. */
  nextFree: `SELECT position + 1 AS position FROM addresses AS held
    WHERE pool = @pool AND position >= @from AND position < @below
      AND NOT EXISTS (SELECT 1 FROM addresses WHERE pool = @pool AND position = held.position + 1)
    ORDER BY position LIMIT 1`,
  occupied: 'SELECT MAX(position) AS position FROM addresses WHERE pool = ? AND position >= ? AND position < ?',
  take: 'INSERT INTO addresses VALUES (?, ?, ?, ?)',
  heldBy: 'SELECT pool, position FROM addresses WHERE owner_root = ?',
  usedBlocks:
    'SELECT DISTINCT CAST(position / @size AS INTEGER) AS block FROM addresses WHERE pool = @pool ORDER BY block',
  releaseOne: 'DELETE FROM addresses WHERE pool = ? AND position = ?',
} as const;

/** A pool is a resource or lies in one; owners have ids as written. */
const renames = {
  pools: `UPDATE addresses SET pool = @to || substr(pool, length(@from) + 1)
    WHERE substr(pool, 1, length(@from)) = @from AND substr(pool, length(@from) + 1, 1) IN ('/', '@')`,
  owners:
    'UPDATE addresses SET owner = @to || substr(owner, length(@from) + 1), owner_root = @root WHERE owner_root = @from',
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
export interface PositionRange {
  readonly from: number;
  readonly below: number;
}

export interface PoolPosition {
  readonly pool: string;
  readonly position: number;
}

interface AddressOptions extends PublicPool {
  readonly journal: MemoryJournal;
}

/** Which addresses are held, by pool and position. */
export interface AddressRows {
  holder(pool: string, position: number): string | undefined;
  /** The lowest position of the range that is not held; it may be `below` itself. */
  lowestFree(pool: string, range: PositionRange): number;
  /** The highest position of the range that is held. */
  highestHeld(pool: string, range: PositionRange): number | undefined;
  /** The blocks of `size` positions in which some are held, in order. */
  usedBlocks(pool: string, size: number): number[];
  /** What the top-level resource `ownerRoot` (folded id) holds. */
  heldBy(ownerRoot: string): PoolPosition[];
  take(position: PoolPosition, owner: string): void;
  free(position: PoolPosition): void;
}

/** The rows of the database. */
class StoredAddressRows implements AddressRows {
  readonly #statement: Prepared<typeof sql>;

  constructor(connection: Connection) {
    this.#statement = prepareAll(connection, sql);
  }

  holder(pool: string, position: number): string | undefined {
    return (this.#statement.holder.get(pool, position) as { owner: string } | undefined)?.owner;
  }

  lowestFree(pool: string, { from, below }: PositionRange): number {
    if (this.holder(pool, from) === undefined) return from;
    return (this.#statement.nextFree.get({ pool, from, below }) as { position: number } | undefined)?.position ?? below;
  }

  highestHeld(pool: string, { from, below }: PositionRange): number | undefined {
    return (this.#statement.occupied.get(pool, from, below) as { position: number | null }).position ?? undefined;
  }

  usedBlocks(pool: string, size: number): number[] {
    return (this.#statement.usedBlocks.all({ pool, size }) as { block: number }[]).map(({ block }) => block);
  }

  heldBy(ownerRoot: string): PoolPosition[] {
    return this.#statement.heldBy.all(ownerRoot) as PoolPosition[];
  }

  take({ pool, position }: PoolPosition, owner: string): void {
    this.#statement.take.run(pool, position, owner, rootKey(owner));
  }

  free({ pool, position }: PoolPosition): void {
    this.#statement.releaseOne.run(pool, position);
  }
}

export class AddressStore implements Addresses {
  readonly #rows: AddressRows;
  /** By pool and start of a search: the end of the positions that are all held, which a search can skip. */
  readonly #full = new Map<string, Map<number, number>>();
  readonly #below: AddressStore | undefined;
  readonly #blocks: AddressBlocks | undefined;
  readonly #journal: MemoryJournal;
  readonly publicPrefix: Addresses['publicPrefix'];

  /** With `below`, `rows` are a view of its rows, and what is known of those is known from the start. */
  constructor(rows: AddressRows | Connection, { publicPrefix, blocks, journal }: AddressOptions, below?: AddressStore) {
    this.#rows = 'prepare' in rows ? new StoredAddressRows(rows) : rows;
    this.#journal = journal;
    this.publicPrefix = publicPrefix;
    this.#blocks = blocks;
    this.#below = below;
  }

  /** The same store over `view` of its rows. */
  overlaid(view: (rows: AddressRows) => AddressRows): AddressStore {
    const options = { publicPrefix: this.publicPrefix, blocks: this.#blocks, journal: this.#journal };
    return new AddressStore(view(this.#rows), options, this);
  }

  /** Frees everything that the top-level resource `ownerRoot` (folded id) holds. */
  release(ownerRoot: string): void {
    for (const held of this.#rows.heldBy(ownerRoot)) this.#free(held);
  }

  /** The resource `from` (folded id) is `to` now, as owner and as pool. */
  rename(connection: Connection, { from, to }: { readonly from: string; readonly to: string }): void {
    const statement = prepareAll(connection, renames);
    statement.pools.run({ from, to: to.toLowerCase() });
    statement.owners.run({ from, to, root: to.toLowerCase() });
    this.forget();
  }

  /** Drops what is kept in memory. */
  forget(): void {
    this.#full.clear();
  }

  /** Follows one row that was written by other means than these methods: a search looks there again. */
  forgetRow(pool: string, position: number): void {
    this.#freed(pool, position);
  }

  /** Frees what `ownerRoot` holds of a pool, but for the addresses in `kept`. */
  releaseExcept({ pool: name, ownerRoot, prefix, kept }: KeptAddresses): void {
    const range = networkOf(parseIpPrefix(prefix) as IpPrefix);
    const pool = poolKey(name, range);
    for (const held of this.#rows.heldBy(ownerRoot)) {
      const address = formatIpAddress({ ...range, value: range.value + BigInt(held.position) });
      if (held.pool === pool && !kept.has(address)) this.#free(held);
    }
  }

  #free(held: PoolPosition): void {
    this.#rows.free(held);
    this.#freed(held.pool, held.position);
  }

  claim({ pool: name, owner, prefix, reserved, preferred, exact }: AddressClaim): ClaimResult {
    const range = networkOf(parseIpPrefix(prefix) as IpPrefix);
    const pool = poolKey(name, range);
    if (exact !== undefined) {
      const position = positionIn(range, exact);
      const holder = position === undefined ? undefined : this.#rows.holder(pool, position);
      if (position === undefined) return { conflict: 'full' };
      if (holder !== undefined) return { conflict: 'allocated', holder };
      return this.#take({ pool, owner, range, position });
    }
    const wanted = preferred === undefined ? undefined : positionIn(range, preferred);
    if (wanted !== undefined && this.#rows.holder(pool, wanted) === undefined) {
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
    const isFree = (start: number) => this.#rows.highestHeld(pool, { from: start, below: start + size }) === undefined;
    const kept = preferred === undefined ? undefined : positionIn(range, preferred.split('/')[0] as string);
    if (kept !== undefined && isFree(kept)) return kept;
    for (const { from, below } of this.#ranges(name, { pool, range, reserved: 0 })) {
      // A block as large as the range could begin nowhere else.
      let start = from + size < below ? from + size : from;
      while (start + size <= below) {
        const last = this.#rows.highestHeld(pool, { from: start, below: start + size });
        if (last === undefined) return start;
        start = (Math.floor(last / size) + 1) * size;
      }
    }
    return undefined;
  }

  /** The parts of a pool to search, one after the other: the whole of it, or each block that may be handed out here. */
  *#ranges(
    name: string,
    { pool, range, reserved }: { pool: string; range: IpPrefix; reserved: number },
  ): Generator<PositionRange> {
    const blocks = name === 'public' && range.version === 4 ? this.#blocks : undefined;
    if (!blocks) {
      yield { from: reserved, below: Number(sizeOf(range)) };
      return;
    }
    const { size } = blocks;
    for (const block of blocks.candidates(() => this.#rows.usedBlocks(pool, size))) {
      yield { from: block * size + reserved, below: (block + 1) * size };
    }
  }

  /** The lowest free position of the range; its end when there is none. */
  #lowestFree(pool: string, { from, below }: PositionRange): number {
    const full = this.#fullOf(pool);
    const position = this.#rows.lowestFree(pool, { from: full.get(from) ?? from, below });
    this.#journal.note(this.#full, pool);
    this.#full.set(pool, full.set(from, Math.min(position + 1, below)));
    return position;
  }

  #fullOf(pool: string): Map<number, number> {
    return this.#full.get(pool) ?? new Map(this.#below ? this.#below.#full.get(pool) : []);
  }

  #freed(pool: string, position: number): void {
    const full = this.#fullOf(pool);
    for (const [from, below] of full) {
      if (position >= from && position < below) full.set(from, position);
    }
    if (this.#below) this.#full.set(pool, full);
  }

  #take({ pool, owner, range, position }: { pool: string; owner: string; range: IpPrefix; position: number }) {
    this.#rows.take({ pool, position }, owner);
    return { address: formatIpAddress({ ...range, value: range.value + BigInt(position) }) };
  }
}

/** Positions count from the first address of a prefix, so each prefix of a pool is a pool of its own. */
const poolKey = (pool: string, range: IpPrefix): string => `${pool}@${formatIpAddress(range)}`;

function positionIn(range: IpPrefix, address: string): number | undefined {
  const parsed = parseIpAddress(address);
  return parsed && contains(range, parsed) ? Number(parsed.value - range.value) : undefined;
}

/** A pool is divided into so many bits' worth of blocks; a block of a small pool has 16 addresses at least. */
const blockBits = 8;
const longestBlockPrefix = 28;

export class AddressBlocks {
  readonly #pool: IpPrefix;
  readonly #leases = new Map<number, Server>();
  /** Where sockets have no abstract names, blocks cannot be leased. */
  readonly #unlimited: boolean;
  readonly #length: number;

  /** Leases nothing yet. `pool` is an IPv4 network. */
  constructor(pool: IpPrefix) {
    this.#pool = pool;
    this.#length = Math.max(pool.length, Math.min(longestBlockPrefix, pool.length + blockBits));
    const trial = process.platform === 'linux' ? bind(newGuid()) : undefined;
    this.#unlimited = !trial?.listening;
    trial?.close();
  }

  /** Addresses per block. */
  get size(): number {
    return 2 ** (32 - this.#length);
  }

  /**
   * Numbers of the blocks to look for a free address in, one after the other: those that are leased, then of `used` and of
   * all others each that can be leased. Each is leased when it is answered.
   */
  *candidates(used: () => Iterable<number>): Generator<number> {
    const tried = new Set([...this.#leases.keys()].sort((a, b) => a - b));
    yield* tried;
    for (const blocks of [used, () => Array(2 ** (this.#length - this.#pool.length)).keys()]) {
      for (const block of blocks()) {
        if (tried.has(block)) continue;
        tried.add(block);
        if (this.#lease(block)) yield block;
      }
    }
  }

  /** Why this address is not this process's to use: its block, as a CIDR, that another process has; undefined when it is. */
  leasedElsewhere(address: string): string | undefined {
    const parsed = parseIpAddress(address);
    if (!parsed || !contains(this.#pool, parsed)) return undefined;
    const block = Math.floor(Number(parsed.value - this.#pool.value) / this.size);
    return this.#lease(block) ? undefined : this.#nameOf(block);
  }

  /** Gives every block back. */
  close(): void {
    for (const server of this.#leases.values()) server.close();
    this.#leases.clear();
  }

  #lease(block: number): boolean {
    if (this.#unlimited || this.#leases.has(block)) return true;
    const server = bind(this.#nameOf(block));
    if (server.listening) this.#leases.set(block, server);
    return server.listening;
  }

  #nameOf(block: number): string {
    const { version, value } = this.#pool;
    return formatIpPrefix({ version, value: value + BigInt(block * this.size), length: this.#length });
  }
}

/** Binds at once: the server is `listening` when this returns, or never. */
function bind(name: string): Server {
  const server = createServer((socket) => socket.destroy());
  server.on('error', () => {});
  return server.listen({ path: `\0lazurite/${name}`, exclusive: true }).unref();
}
