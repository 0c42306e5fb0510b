/**
 * What the data plane counts, by name, in memory shared between the engine's thread and everybody who reads.
 *
 * Every early return on the packet path increments one of these. Azure's metrics (ByteCount, PacketCount, SYNCount …) are
 * computed from them: https://learn.microsoft.com/azure/load-balancer/monitor-load-balancer-reference.
 */
import type { CounterSample } from './engine.js';

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
  /** TCP flows that another node began, by their first packet here. */
  'flowsAdopted',
  /** Of backends towards the outside: connections with a port of their block, and attempts when all were lent. */
  'snatConnections',
  'snatPortsExhausted',
  /** Injected faults. */
  'faultDropped',
  'faultReset',
  /** How often the engine's thread was started anew after a failure; of the whole engine. */
  'threadRestarts',
] as const;

export type CounterName = (typeof counterNames)[number];

/** Where a name's value lies; a number, because the packet path should look up no strings. */
export type CounterIndex = number & { readonly counter: unique symbol };

/** The counters by name: `Counter.bytesIn`. */
export const Counter = Object.freeze(
  Object.fromEntries(counterNames.map((name, index) => [name, index])),
) as unknown as Readonly<Record<CounterName, CounterIndex>>;

const scopesPerBlock = 128;
const width = counterNames.length;
const blockBytes = scopesPerBlock * width * Float64Array.BYTES_PER_ELEMENT;

/** Where a scope's counters lie; sent to readers in other threads. */
export interface ScopeLocation {
  readonly scope: string;
  /** Distinguishes the scopes that have had this name: a frontend may be made again before its last flow has ended. */
  readonly number: number;
  readonly memory: SharedArrayBuffer;
  readonly offset: number;
}

/** The counters of one frontend, or of one member within it. One thread writes; doubles are read whole elsewhere. */
export class CounterScope {
  readonly location: ScopeLocation;
  readonly #values: Float64Array;

  constructor(location: ScopeLocation) {
    this.location = location;
    this.#values = new Float64Array(location.memory, location.offset, width);
  }

  count(counter: CounterIndex): void {
    this.#values[counter] = (this.#values[counter] as number) + 1;
  }

  add(counter: CounterIndex, amount: number): void {
    this.#values[counter] = (this.#values[counter] as number) + amount;
  }

  read(counter: CounterIndex): number {
    return this.#values[counter] as number;
  }

  clear(): void {
    this.#values.fill(0);
  }

  /** Only counters that have counted something. */
  samples(): CounterSample[] {
    const samples: CounterSample[] = [];
    for (const name of counterNames) {
      const value = this.read(Counter[name]);
      if (value !== 0) samples.push({ name, scope: this.location.scope, value });
    }
    return samples;
  }
}

/** Who reads the counters, perhaps in another thread. */
export interface ScopeReaders {
  opened(location: ScopeLocation): void;
  released(location: ScopeLocation): void;
}

/** Hands out scopes; memory of released ones is used again. */
export class CounterMemory {
  readonly #readers: ScopeReaders;
  readonly #free: { memory: SharedArrayBuffer; offset: number }[] = [];
  #opened = 0;

  constructor(readers: ScopeReaders) {
    this.#readers = readers;
  }

  open(scope: string): CounterScope {
    const place = this.#free.pop() ?? this.#grow();
    const opened = new CounterScope({ scope, number: this.#opened++, ...place });
    opened.clear();
    this.#readers.opened(opened.location);
    return opened;
  }

  release(scope: CounterScope): void {
    const { memory, offset } = scope.location;
    this.#readers.released(scope.location);
    this.#free.push({ memory, offset });
  }

  #grow(): { memory: SharedArrayBuffer; offset: number } {
    const memory = new SharedArrayBuffer(blockBytes);
    for (let scope = scopesPerBlock - 1; scope > 0; scope--)
      this.#free.push({ memory, offset: scope * width * Float64Array.BYTES_PER_ELEMENT });
    return { memory, offset: 0 };
  }
}
