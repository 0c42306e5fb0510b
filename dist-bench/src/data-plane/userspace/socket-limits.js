/** Limited resources that flows share: file descriptors, and local ports towards backends. */
import { readFileSync } from 'node:fs';
import { isLoopbackWord, localhostWord } from '../selection/ip-address.js';
/** Reserved for the API, the database and listeners. */
const reserved = 1024;
/** Used where the system's limit is unknown. */
const fallbackLimit = 8192;
/**
 * The process limit less a reserve. Node raises the soft limit to the hard one at its start.
 * Not from `process.report`: it waits for all other threads and never returns if one is blocked.
 */
export function defaultDescriptorLimit() {
    try {
        const limit = Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
        if (Number.isFinite(limit))
            return Math.max(limit - reserved, Math.floor(limit / 2));
    }
    catch {
        // Not Linux.
    }
    return fallbackLimit;
}
export class Descriptors {
    limit;
    #used = 0;
    constructor(limit) {
        this.limit = limit;
    }
    get used() {
        return this.#used;
    }
    /** Takes `count` descriptors; false when there are not that many. */
    take(count) {
        if (this.#used + count > this.limit)
            return false;
        this.#used += count;
        return true;
    }
    give(count) {
        this.#used -= count;
    }
}
const firstPort = 10000;
const portCount = 22000;
const clientLimit = 65536;
/** How many ports are tried before a connection is given up. */
export const sourcePortAttempts = 256;
export class SourcePorts {
    #next = new Map();
    /** The next port of a client, by its address word. */
    next(client) {
        const port = this.#next.get(client) ?? firstPort;
        if (this.#next.size >= clientLimit && !this.#next.has(client))
            this.#forgetOldest();
        this.#next.set(client, port + 1 === firstPort + portCount ? firstPort : port + 1);
        return port;
    }
    #forgetOldest() {
        for (const oldest of this.#next.keys()) {
            this.#next.delete(oldest);
            return;
        }
    }
}
/** Whether a backend can be shown the client's own address: both on 127/8, and the client not simply "this machine". */
export const keepsSource = (client, backend) => isLoopbackWord(client) && client !== localhostWord && isLoopbackWord(backend);
/** The error means that this local port cannot be used towards this backend now, another may. */
export const isPortTaken = (code) => code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL';
//# sourceMappingURL=socket-limits.js.map