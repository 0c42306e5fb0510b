/**
 * Azure time: the only source of "now" and of timers in the project.
 *
 * `--time-scale 60` lets sixty Azure seconds pass in one real second; `advance` jumps forward, firing every timer on
 * the way in the order in which it falls due. Tests use `ManualTime`, so that nothing ever sleeps.
 */
const threadStart = Date.now() - performance.now();
/** When this thread's `performance.now()` was zero, in the time that all threads share. */
const sharedStart = Number(process.hrtime.bigint()) / 1e6 - performance.now();
const longestDelayMs = 2 ** 31 - 1;
/** The machine's own time. Its wake-ups keep no process alive. */
export const systemTime = {
    now: () => threadStart + performance.now(),
    aheadMs: threadStart - sharedStart,
    wakeAfter(delayMs, wake) {
        const handle = setTimeout(wake, Math.min(Math.max(0, Math.ceil(delayMs)), longestDelayMs));
        handle.unref();
        return () => clearTimeout(handle);
    },
};
export class Clock {
    /** Azure milliseconds that pass in one real millisecond. */
    scale;
    #source;
    #startMs;
    /** What is added to the source's time to have that of the clock that this one follows. */
    #shiftMs;
    #pending = [];
    #advancedMs = 0;
    #sequence = 0;
    #disarm;
    #armedForMs = Number.POSITIVE_INFINITY;
    /** `origin` of another clock makes this one follow it, except for later calls of `advance`, which go to both. */
    constructor({ scale = 1, source = systemTime, origin } = {}) {
        this.scale = origin?.scale ?? scale;
        this.#source = source;
        const { aheadMs = 0 } = source;
        this.#shiftMs = origin ? origin.aheadMs - aheadMs : 0;
        this.#startMs = origin?.startMs ?? source.now();
        this.#advancedMs = origin?.advancedMs ?? 0;
    }
    /** From which another thread builds a clock that shows the same time. */
    get origin() {
        const aheadMs = (this.#source.aheadMs ?? 0) + this.#shiftMs;
        return { scale: this.scale, startMs: this.#startMs, advancedMs: this.#advancedMs, aheadMs };
    }
    /** When the next timer falls due; infinity when none is pending. */
    get nextDueMs() {
        return this.#pending[0]?.dueMs ?? Number.POSITIVE_INFINITY;
    }
    /** Azure milliseconds since the Unix epoch. */
    now() {
        return this.#startMs + (this.#source.now() + this.#shiftMs - this.#startMs) * this.scale + this.#advancedMs;
    }
    /** The Azure instant as an ISO 8601 string, as Azure writes it in timestamps. */
    timestamp() {
        return new Date(this.now()).toISOString();
    }
    /** Azure milliseconds by which `advance` has moved this clock so far. */
    get advancedMs() {
        return this.#advancedMs;
    }
    /** Calls `callback` once, `azureMs` Azure milliseconds from now. */
    setTimeout(callback, azureMs) {
        const timer = {
            dueMs: this.now() + Math.max(0, azureMs),
            sequence: this.#sequence++,
            callback,
            cancelled: false,
        };
        this.#push(timer);
        this.#arm();
        return { cancel: () => this.#cancel(timer) };
    }
    /** Resolves `azureMs` Azure milliseconds from now. */
    wait(azureMs) {
        return new Promise((resolve) => this.setTimeout(resolve, azureMs));
    }
    /**
     * Moves the clock `azureMs` Azure milliseconds forward. Timers fire one by one in order of their due time, each with
     * `now()` at its own due time, so a periodic timer fires as often as it would have.
     */
    advance(azureMs) {
        const targetMs = this.now() + azureMs;
        for (let next = this.#pending[0]; next && next.dueMs <= targetMs; next = this.#pending[0]) {
            const aheadMs = next.dueMs - this.now();
            if (aheadMs > 0)
                this.#advancedMs += aheadMs;
            this.#pop();
            this.#fire(next);
        }
        const restMs = targetMs - this.now();
        if (restMs > 0)
            this.#advancedMs += restMs;
        // The same timer is next, perhaps, but it falls due sooner in real time.
        this.#armedForMs = Number.NaN;
        this.#arm();
    }
    /** Calls every pending timer off. */
    close() {
        this.#pending.length = 0;
        this.#arm();
    }
    #cancel(timer) {
        // Left in the heap and skipped when it surfaces: removing from the middle of a heap costs more than it saves.
        timer.cancelled = true;
        timer.callback = () => { };
        while (this.#pending[0]?.cancelled)
            this.#pop();
        this.#arm();
    }
    #fire(timer) {
        if (!timer.cancelled)
            timer.callback();
    }
    #wake() {
        this.#disarm = undefined;
        this.#armedForMs = Number.POSITIVE_INFINITY;
        const nowMs = this.now();
        for (let next = this.#pending[0]; next && next.dueMs <= nowMs; next = this.#pending[0]) {
            this.#pop();
            this.#fire(next);
        }
        this.#arm();
    }
    #arm() {
        const next = this.#pending[0];
        const dueMs = next ? next.dueMs : Number.POSITIVE_INFINITY;
        if (dueMs === this.#armedForMs)
            return;
        this.#disarm?.();
        this.#disarm = undefined;
        this.#armedForMs = dueMs;
        if (next)
            this.#disarm = this.#source.wakeAfter((dueMs - this.now()) / this.scale, () => this.#wake());
    }
    #before(a, b) {
        return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence);
    }
    #push(timer) {
        const heap = this.#pending;
        let index = heap.push(timer) - 1;
        while (index > 0) {
            const parent = (index - 1) >> 1;
            const above = heap[parent];
            if (!this.#before(timer, above))
                break;
            heap[index] = above;
            index = parent;
        }
        heap[index] = timer;
    }
    #pop() {
        const heap = this.#pending;
        const last = heap.pop();
        if (!last || heap.length === 0)
            return;
        let index = 0;
        for (;;) {
            let child = 2 * index + 1;
            if (child >= heap.length)
                break;
            const right = child + 1;
            if (right < heap.length && this.#before(heap[right], heap[child]))
                child = right;
            const below = heap[child];
            if (!this.#before(below, last))
                break;
            heap[index] = below;
            index = child;
        }
        heap[index] = last;
    }
}
//# sourceMappingURL=clock.js.map