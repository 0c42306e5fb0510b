/** Holds the datagrams of one direction of a faulted UDP flow up. */
import type { Clock } from '../../clock.js';
import type { FlowFault } from './faults.js';

/** More than that on their way are lost, as in a full queue of a router. */
const roomDatagrams = 1000;

export class DatagramPacer {
  readonly #clock: Clock;
  #lastDueMs = 0;
  #held = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lets `send` happen when the fault allows it; false when the datagram is lost. */
  pass(
    { drop, reset, latencyMs, bytesPerSecond }: FlowFault,
    { bytes, send }: { bytes: number; send: () => void },
  ): boolean {
    // UDP has no reset: what would be one is silence.
    if (drop || reset || this.#held >= roomDatagrams) return false;
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
