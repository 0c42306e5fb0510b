/**
 * Blocks of public addresses, each of which one Lazurite at a time hands out: two on one machine never give two frontends
 * the same address.
 *
 * A lease is a bound socket in Linux's abstract namespace. It belongs to the network namespace, as the addresses do, and
 * it ends with its process, killed or not. Elsewhere every block can be had.
 */
import { createServer } from 'node:net';
import { newGuid } from './ids.js';
import { contains, formatIpPrefix, parseIpAddress } from './ip-address.js';
/** A pool is divided into so many bits' worth of blocks; a block of a small pool has 16 addresses at least. */
const blockBits = 8;
const longestBlockPrefix = 28;
export class AddressBlocks {
    #pool;
    #leases = new Map();
    /** Where sockets have no abstract names, blocks cannot be leased. */
    #unlimited;
    #length;
    /** Leases nothing yet. `pool` is an IPv4 network. */
    constructor(pool) {
        this.#pool = pool;
        this.#length = Math.max(pool.length, Math.min(longestBlockPrefix, pool.length + blockBits));
        const trial = process.platform === 'linux' ? bind(newGuid()) : undefined;
        this.#unlimited = !trial?.listening;
        trial?.close();
    }
    /** Addresses per block. */
    get size() {
        return 2 ** (32 - this.#length);
    }
    /**
     * Numbers of the blocks to look for a free address in, one after the other: those that are leased, then of `used` and of
     * all others each that can be leased. Each is leased when it is answered.
     */
    *candidates(used) {
        const tried = new Set([...this.#leases.keys()].sort((a, b) => a - b));
        yield* tried;
        for (const blocks of [used, () => Array(2 ** (this.#length - this.#pool.length)).keys()]) {
            for (const block of blocks()) {
                if (tried.has(block))
                    continue;
                tried.add(block);
                if (this.#lease(block))
                    yield block;
            }
        }
    }
    /** Why this address is not this process's to use: its block, as a CIDR, that another process has; undefined when it is. */
    leasedElsewhere(address) {
        const parsed = parseIpAddress(address);
        if (!parsed || !contains(this.#pool, parsed))
            return undefined;
        const block = Math.floor(Number(parsed.value - this.#pool.value) / this.size);
        return this.#lease(block) ? undefined : this.#nameOf(block);
    }
    /** Gives every block back. */
    close() {
        for (const server of this.#leases.values())
            server.close();
        this.#leases.clear();
    }
    #lease(block) {
        if (this.#unlimited || this.#leases.has(block))
            return true;
        const server = bind(this.#nameOf(block));
        if (server.listening)
            this.#leases.set(block, server);
        return server.listening;
    }
    #nameOf(block) {
        const { version, value } = this.#pool;
        return formatIpPrefix({ version, value: value + BigInt(block * this.size), length: this.#length });
    }
}
/** Binds at once: the server is `listening` when this returns, or never. */
function bind(name) {
    const server = createServer((socket) => socket.destroy());
    server.on('error', () => { });
    return server.listen({ path: `\0lazurite/${name}`, exclusive: true }).unref();
}
//# sourceMappingURL=address-blocks.js.map