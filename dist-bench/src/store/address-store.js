/** Addresses handed out of subnets, public IP prefixes and the public pool: the lowest free one, or exactly the one asked for. */
import { rootKey } from '../resources/resource-id.js';
import { contains, formatIpAddress, formatIpPrefix, networkOf, parseIpAddress, parseIpPrefix, sizeOf, } from '../support/ip-address.js';
import { prepareAll } from './database.js';
const sql = {
    holder: 'SELECT owner FROM addresses WHERE pool = ? AND position = ?',
    /** The first position after a held one that is not held; it may be `below` itself. Stops at the first gap. */
    nextFree: `SELECT position + 1 AS position FROM addresses AS held
    WHERE pool = @pool AND position >= @from AND position < @below
      AND NOT EXISTS (SELECT 1 FROM addresses WHERE pool = @pool AND position = held.position + 1)
    ORDER BY position LIMIT 1`,
    occupied: 'SELECT MAX(position) AS position FROM addresses WHERE pool = ? AND position >= ? AND position < ?',
    take: 'INSERT INTO addresses VALUES (?, ?, ?, ?)',
    release: 'DELETE FROM addresses WHERE owner_root = ? RETURNING pool, position',
    heldBy: 'SELECT pool, position FROM addresses WHERE owner_root = ?',
    usedBlocks: 'SELECT DISTINCT CAST(position / @size AS INTEGER) AS block FROM addresses WHERE pool = @pool ORDER BY block',
    releaseOne: 'DELETE FROM addresses WHERE pool = ? AND position = ?',
};
/** The rows of the database. */
class StoredAddressRows {
    #statement;
    constructor(connection) {
        this.#statement = prepareAll(connection, sql);
    }
    holder(pool, position) {
        return this.#statement.holder.get(pool, position)?.owner;
    }
    lowestFree(pool, { from, below }) {
        if (this.holder(pool, from) === undefined)
            return from;
        return this.#statement.nextFree.get({ pool, from, below })?.position ?? below;
    }
    highestHeld(pool, { from, below }) {
        return this.#statement.occupied.get(pool, from, below).position ?? undefined;
    }
    usedBlocks(pool, size) {
        return this.#statement.usedBlocks.all({ pool, size }).map(({ block }) => block);
    }
    heldBy(ownerRoot) {
        return this.#statement.heldBy.all(ownerRoot);
    }
    take({ pool, position }, owner) {
        this.#statement.take.run(pool, position, owner, rootKey(owner));
    }
    free({ pool, position }) {
        this.#statement.releaseOne.run(pool, position);
    }
    release(ownerRoot) {
        return this.#statement.release.all(ownerRoot);
    }
}
export class AddressStore {
    #rows;
    /** By pool and start of a search: the end of the positions that are all held, which a search can skip. */
    #full = new Map();
    #below;
    #blocks;
    publicPrefix;
    /** With `below`, `rows` are a view of its rows, and what is known of those is known from the start. */
    constructor(rows, { publicPrefix, blocks }, below) {
        this.#rows = 'prepare' in rows ? new StoredAddressRows(rows) : rows;
        this.publicPrefix = publicPrefix;
        this.#blocks = blocks;
        this.#below = below;
    }
    /** The same store over `view` of its rows. */
    overlaid(view) {
        return new AddressStore(view(this.#rows), { publicPrefix: this.publicPrefix, blocks: this.#blocks }, this);
    }
    /** Frees everything that the top-level resource `ownerRoot` (folded id) holds. */
    release(ownerRoot) {
        for (const { pool, position } of this.#rows.release(ownerRoot))
            this.#freed(pool, position);
    }
    /** Drops what is kept in memory: a transaction was undone, or the tables were replaced. */
    forget() {
        this.#full.clear();
    }
    /** Frees what `ownerRoot` holds of a pool, but for the addresses in `kept`. */
    releaseExcept({ pool: name, ownerRoot, prefix, kept }) {
        const range = networkOf(parseIpPrefix(prefix));
        const pool = poolKey(name, range);
        for (const held of this.#rows.heldBy(ownerRoot)) {
            const address = formatIpAddress({ ...range, value: range.value + BigInt(held.position) });
            if (held.pool !== pool || kept.has(address))
                continue;
            this.#rows.free(held);
            this.#freed(pool, held.position);
        }
    }
    claim({ pool: name, owner, prefix, reserved, preferred, exact }) {
        const range = networkOf(parseIpPrefix(prefix));
        const pool = poolKey(name, range);
        if (exact !== undefined) {
            const position = positionIn(range, exact);
            const holder = position === undefined ? undefined : this.#rows.holder(pool, position);
            if (position === undefined)
                return { conflict: 'full' };
            if (holder !== undefined)
                return { conflict: 'allocated', holder };
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
            if (free >= below - atEnd)
                continue;
            return this.#take({ pool, owner, range, position: free });
        }
        return { conflict: 'full' };
    }
    claimBlock({ pool: name, owner, prefix, length, preferred }) {
        const range = networkOf(parseIpPrefix(prefix));
        const pool = poolKey(name, range);
        const size = Number(sizeOf({ ...range, length }));
        const start = this.#freeBlock(name, { pool, range, size, preferred });
        if (start === undefined)
            return { conflict: 'full' };
        for (let offset = 0; offset < size; offset++)
            this.#take({ pool, owner, range, position: start + offset });
        return { prefix: formatIpPrefix({ ...range, value: range.value + BigInt(start), length }) };
    }
    /** Where `size` aligned positions are free: where they are already if that is so, never at the start of a range. */
    #freeBlock(name, { pool, range, size, preferred }) {
        const isFree = (start) => this.#rows.highestHeld(pool, { from: start, below: start + size }) === undefined;
        const kept = preferred === undefined ? undefined : positionIn(range, preferred.split('/')[0]);
        if (kept !== undefined && isFree(kept))
            return kept;
        for (const { from, below } of this.#ranges(name, { pool, range, reserved: 0 })) {
            // A block as large as the range could begin nowhere else.
            let start = from + size < below ? from + size : from;
            while (start + size <= below) {
                const last = this.#rows.highestHeld(pool, { from: start, below: start + size });
                if (last === undefined)
                    return start;
                start = (Math.floor(last / size) + 1) * size;
            }
        }
        return undefined;
    }
    /** The parts of a pool to search, one after the other: the whole of it, or each block that may be handed out here. */
    *#ranges(name, { pool, range, reserved }) {
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
    #lowestFree(pool, { from, below }) {
        const full = this.#fullOf(pool);
        const position = this.#rows.lowestFree(pool, { from: full.get(from) ?? from, below });
        this.#full.set(pool, full.set(from, Math.min(position + 1, below)));
        return position;
    }
    #fullOf(pool) {
        return this.#full.get(pool) ?? new Map(this.#below ? this.#below.#full.get(pool) : []);
    }
    #freed(pool, position) {
        const full = this.#fullOf(pool);
        for (const [from, below] of full) {
            if (position >= from && position < below)
                full.set(from, position);
        }
        if (this.#below)
            this.#full.set(pool, full);
    }
    #take({ pool, owner, range, position }) {
        this.#rows.take({ pool, position }, owner);
        return { address: formatIpAddress({ ...range, value: range.value + BigInt(position) }) };
    }
}
/** Positions count from the first address of a prefix, so each prefix of a pool is a pool of its own. */
const poolKey = (pool, range) => `${pool}@${formatIpAddress(range)}`;
function positionIn(range, address) {
    const parsed = parseIpAddress(address);
    return parsed && contains(range, parsed) ? Number(parsed.value - range.value) : undefined;
}
//# sourceMappingURL=address-store.js.map