/** Shortest Azure time between two sweeps. */
const shortestSweepMs = 100;
export class IdleWatch {
    #clock;
    #items = new Set();
    #timer;
    #nextSweepMs = Number.POSITIVE_INFINITY;
    constructor(clock) {
        this.#clock = clock;
    }
    get size() {
        return this.#items.size;
    }
    [Symbol.iterator]() {
        return this.#items.values();
    }
    add(item) {
        this.#items.add(item);
        const dueMs = item.lastActivityMs + item.idleTimeoutMs;
        if (dueMs < this.#nextSweepMs)
            this.#arm(dueMs);
    }
    delete(item) {
        this.#items.delete(item);
    }
    stop() {
        this.#timer?.cancel();
        this.#nextSweepMs = Number.NEGATIVE_INFINITY;
    }
    #arm(dueMs) {
        this.#timer?.cancel();
        this.#nextSweepMs = dueMs;
        this.#timer = this.#clock.setTimeout(() => this.#sweep(), dueMs - this.#clock.now());
    }
    #sweep() {
        const nowMs = this.#clock.now();
        let earliestMs = Number.POSITIVE_INFINITY;
        for (const item of this.#items) {
            const dueMs = item.lastActivityMs + item.idleTimeoutMs;
            if (dueMs <= nowMs) {
                this.#items.delete(item);
                item.expire();
            }
            else if (dueMs < earliestMs)
                earliestMs = dueMs;
        }
        this.#timer = undefined;
        this.#nextSweepMs = Number.POSITIVE_INFINITY;
        if (earliestMs < Number.POSITIVE_INFINITY)
            this.#arm(Math.max(earliestMs, nowMs + shortestSweepMs));
    }
}
/** Items that are released after a fixed Azure time. */
export class ExpiryQueue {
    #options;
    /** Insertion order is expiry order, because all are kept equally long. */
    #dueMs = new Map();
    #timer;
    constructor(options) {
        this.#options = options;
    }
    add(item) {
        const { clock, keepMs } = this.#options;
        this.#dueMs.set(item, clock.now() + keepMs);
        this.#arm();
    }
    /** The item needs no expiry any more. */
    remove(item) {
        this.#dueMs.delete(item);
    }
    /** Removes all items, without releasing them, and returns them. */
    clear() {
        const items = [...this.#dueMs.keys()];
        this.#dueMs.clear();
        this.#timer?.cancel();
        this.#timer = undefined;
        return items;
    }
    #arm() {
        if (this.#timer)
            return;
        for (const dueMs of this.#dueMs.values()) {
            const { clock } = this.#options;
            this.#timer = clock.setTimeout(() => this.#wake(), dueMs - clock.now());
            return;
        }
    }
    #wake() {
        this.#timer = undefined;
        const nowMs = this.#options.clock.now();
        for (const [item, dueMs] of this.#dueMs) {
            if (dueMs > nowMs)
                break;
            this.#dueMs.delete(item);
            this.#options.release(item);
        }
        this.#arm();
    }
}
//# sourceMappingURL=timeouts.js.map