import { readFile } from 'node:fs/promises';
import { Counter } from '../model/counters.js';
import { addressWords } from '../selection/ip-address.js';
/** Real time between two readings while there is traffic. */
const readEveryMs = 1000;
/** One line per socket; its last column counts drops. Absent on other systems, where drops stay unknown. */
const tables = ['/proc/thread-self/net/udp', '/proc/thread-self/net/udp6'];
/** A socket's address as the kernel's table has it: `0400007F:4E35`. */
function placeOf(socket) {
    const { address, port } = socket.address();
    const hex = (value, digits) => value.toString(16).toUpperCase().padStart(digits, '0');
    return `${[...(addressWords(address) ?? [])].map((word) => hex(word, 8)).join('')}:${hex(port, 4)}`;
}
export class UdpDrops {
    #realClock;
    #sockets = new Map();
    #timer;
    #reading;
    constructor(realClock) {
        this.#realClock = realClock;
    }
    /** Counts the drops of a bound socket until it is closed. */
    watch(socket, counters) {
        const place = placeOf(socket);
        const watched = { counters, counted: 0 };
        this.#sockets.set(place, watched);
        socket.once('close', () => {
            if (this.#sockets.get(place) === watched)
                this.#sockets.delete(place);
        });
    }
    /** There is traffic: drops are counted within a second. */
    noteTraffic() {
        this.#timer ??= this.#realClock.setTimeout(() => {
            this.#timer = undefined;
            void this.read();
        }, readEveryMs);
    }
    /** Counts what was dropped until now. */
    read() {
        this.#reading ??= this.#read().finally(() => {
            this.#reading = undefined;
        });
        return this.#reading;
    }
    stop() {
        this.#timer?.cancel();
        this.#sockets.clear();
    }
    async #read() {
        if (this.#sockets.size === 0)
            return;
        for (const table of tables)
            this.#take(await readFile(table, 'latin1').catch(() => ''));
    }
    #take(text) {
        for (const line of text.split('\n')) {
            if (line.trimEnd().endsWith(' 0'))
                continue;
            const columns = line.trim().split(/\s+/);
            const watched = this.#sockets.get(columns[1] ?? '');
            const drops = Number(columns.at(-1));
            if (!watched || !(drops > watched.counted))
                continue;
            watched.counters.add(Counter.datagramsDroppedByKernel, drops - watched.counted);
            watched.counted = drops;
        }
    }
}
//# sourceMappingURL=udp-drops.js.map