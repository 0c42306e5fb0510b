/** Bytes held at most; beyond that the sender is not read, as with a full TCP window. */
const roomBytes = 256 * 1024;
/** A limited connection is written in pieces of a twentieth of a second. */
const piecesPerSecond = 20;
const retryMs = 20;
export class Pacer {
    #options;
    #fault;
    #queue = [];
    #heldBytes = 0;
    #lastDueMs = 0;
    #full = false;
    #ended = false;
    #timer;
    constructor(options) {
        this.#options = options;
    }
    /** Whether bytes must pass through the pacer: there is a fault, or earlier bytes are still held. */
    get busy() {
        return this.#fault !== undefined || this.#queue.length > 0;
    }
    /** Changes or ends the fault; bytes that are held follow the new one. */
    set(fault) {
        this.#fault = fault;
        const held = this.#queue;
        this.#queue = [];
        this.#lastDueMs = 0;
        for (const { chunk } of held)
            this.#enqueue(chunk);
        this.#arm();
    }
    /** Takes ownership of bytes; false when it accepts no more before `resume`. */
    take(chunk) {
        this.#heldBytes += chunk.length;
        this.#enqueue(chunk);
        this.#arm();
        this.#full = this.#heldBytes >= roomBytes;
        return !this.#full;
    }
    /** The stream has ended; its end is passed on after the held bytes. */
    end() {
        this.#ended = true;
        this.#finish();
    }
    /** The connection is gone. */
    stop() {
        this.#timer?.cancel();
        this.#timer = undefined;
        this.#queue = [];
        this.#fault = undefined;
    }
    #enqueue(chunk) {
        const nowMs = this.#options.clock.now();
        const { latencyMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY } = this.#fault ?? {};
        const pieceBytes = Math.max(1, Math.min(chunk.length, Math.floor(bytesPerSecond / piecesPerSecond)));
        for (let at = 0; at < chunk.length; at += pieceBytes) {
            const piece = chunk.subarray(at, at + pieceBytes);
            const takesMs = (piece.length / bytesPerSecond) * 1000;
            this.#lastDueMs = Math.max(this.#lastDueMs, nowMs + latencyMs) + takesMs;
            this.#queue.push({ chunk: piece, dueMs: this.#lastDueMs });
        }
    }
    #arm() {
        this.#timer?.cancel();
        this.#timer = undefined;
        const [first] = this.#queue;
        if (!first || this.#fault?.drop)
            return;
        this.#wakeIn(first.dueMs - this.#options.clock.now());
    }
    #wakeIn(ms) {
        this.#timer = this.#options.clock.setTimeout(() => this.#deliver(), ms);
    }
    #deliver() {
        this.#timer = undefined;
        const nowMs = this.#options.clock.now();
        for (let [first] = this.#queue; first && first.dueMs <= nowMs; [first] = this.#queue) {
            this.#queue.shift();
            this.#heldBytes -= first.chunk.length;
            if (this.#options.pass(first.chunk))
                continue;
            this.#wakeIn(retryMs);
            return;
        }
        this.#arm();
        if (this.#full && this.#heldBytes < roomBytes) {
            this.#full = false;
            this.#options.resume();
        }
        this.#finish();
    }
    #finish() {
        if (!this.#ended || this.#queue.length > 0)
            return;
        this.#ended = false;
        this.#options.end();
    }
}
/** Datagrams that may be delayed at once; further ones are lost, as in a full queue of a router. */
const queuedDatagramLimit = 1000;
export class DatagramPacer {
    #clock;
    #lastDueMs = 0;
    #held = 0;
    constructor(clock) {
        this.#clock = clock;
    }
    /** Calls `send` when the fault allows; false when the datagram is lost. */
    pass({ drop, reset, latencyMs, bytesPerSecond }, { bytes, send }) {
        // UDP has no reset: the datagram is dropped.
        if (drop || reset || this.#held >= queuedDatagramLimit)
            return false;
        const nowMs = this.#clock.now();
        this.#lastDueMs = Math.max(this.#lastDueMs, nowMs + latencyMs) + (bytes / bytesPerSecond) * 1000;
        this.#held++;
        this.#clock.setTimeout(() => {
            this.#held--;
            send();
        }, this.#lastDueMs - nowMs);
        return true;
    }
}
//# sourceMappingURL=pacer.js.map