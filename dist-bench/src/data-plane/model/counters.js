/** All names. `In` is from the client to the backend. The order is the layout of shared memory. */
export const counterNames = [
    /** Connections that arrived (TCP: SYNs; UDP: flows), whatever became of them. */
    'connections',
    'connectionsClosed',
    'bytesIn',
    'bytesOut',
    /** UDP datagrams; for TCP, which sockets show as a stream, bytes in units of a full segment. */
    'packetsIn',
    'packetsOut',
    /** No eligible member: held without an answer, and tried again as the client's kernel would. */
    'noEligibleMember',
    'heldServed',
    'heldTimedOut',
    'heldRefused',
    'deniedByAcl',
    /** A member was chosen for a flow of its own at an internal frontend. */
    'hairpin',
    'clientGone',
    'descriptorLimit',
    'acceptFailed',
    'connectRefused',
    'connectFailed',
    'handshakeTimedOut',
    'sourcePortTaken',
    'sourcePortsExhausted',
    'resetByClient',
    'resetByBackend',
    'idleDropped',
    /** The sockets of silently dropped flows were too many; the oldest flow was reset. */
    'droppedEvicted',
    'idleReset',
    'discardedAfterDrop',
    'endedByRemoval',
    'endedAllProbedDown',
    'endedByDrain',
    'endedBySwitch',
    'endedAtClose',
    /** The engine's thread failed, and its flows with it. */
    'endedByFailure',
    'datagramsWithoutMember',
    'datagramsDenied',
    'datagramsHairpin',
    'datagramsQueueFull',
    'datagramsUnsendable',
    /** A socket's receive buffer was full. Linux only. */
    'datagramsDroppedByKernel',
    'flowsEvicted',
    'flowsIdle',
    'flowsMoved',
    'flowsRefusedByBackend',
    'flowsFailed',
    /** Of backends towards the outside: connections with a port of their block, and attempts when all were lent. */
    'snatConnections',
    'snatPortsExhausted',
    /** Injected faults. */
    'faultDropped',
    'faultReset',
    /** How often the engine's thread was started anew after a failure; of the whole engine. */
    'threadRestarts',
];
/** The counters by name: `Counter.bytesIn`. */
export const Counter = Object.freeze(Object.fromEntries(counterNames.map((name, index) => [name, index])));
const scopesPerBlock = 128;
const width = counterNames.length;
const blockBytes = scopesPerBlock * width * Float64Array.BYTES_PER_ELEMENT;
/** The counters of one frontend, or of one member within it. One thread writes; doubles are read whole elsewhere. */
export class CounterScope {
    location;
    #values;
    constructor(location) {
        this.location = location;
        this.#values = new Float64Array(location.memory, location.offset, width);
    }
    count(counter) {
        this.#values[counter] = this.#values[counter] + 1;
    }
    add(counter, amount) {
        this.#values[counter] = this.#values[counter] + amount;
    }
    read(counter) {
        return this.#values[counter];
    }
    clear() {
        this.#values.fill(0);
    }
    /** Only counters that have counted something. */
    samples() {
        const samples = [];
        for (const name of counterNames) {
            const value = this.read(Counter[name]);
            if (value !== 0)
                samples.push({ name, scope: this.location.scope, value });
        }
        return samples;
    }
}
/** Hands out scopes; memory of released ones is used again. */
export class CounterMemory {
    #readers;
    #free = [];
    #opened = 0;
    constructor(readers) {
        this.#readers = readers;
    }
    open(scope) {
        const place = this.#free.pop() ?? this.#grow();
        const opened = new CounterScope({ scope, number: this.#opened++, ...place });
        opened.clear();
        this.#readers.opened(opened.location);
        return opened;
    }
    release(scope) {
        const { memory, offset } = scope.location;
        this.#readers.released(scope.location);
        this.#free.push({ memory, offset });
    }
    #grow() {
        const memory = new SharedArrayBuffer(blockBytes);
        for (let scope = scopesPerBlock - 1; scope > 0; scope--)
            this.#free.push({ memory, offset: scope * width * Float64Array.BYTES_PER_ELEMENT });
        return { memory, offset: 0 };
    }
}
//# sourceMappingURL=counters.js.map