/**
 * Ends flows that were idle for longer than their rule allows.
 *
 * No timer per flow and none per packet: a flow notes when it last moved something, and one sweep looks at all of them
 * when the first could have expired.
 */
import type { Clock, Timer } from '../../clock.js';

export interface Idler {
  readonly idleTimeoutMs: number;
  lastActivityMs: number;
  expire(): void;
}

/** Sweeps come no closer together than this, in Azure time. */
const shortestSweepMs = 100;

export class IdleWatch<T extends Idler> {
  readonly #clock: Clock;
  readonly #idlers = new Set<T>();
  #timer: Timer | undefined;
  #nextSweepMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#idlers.size;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#idlers.values();
  }

  add(idler: T): void {
    this.#idlers.add(idler);
    const dueMs = idler.lastActivityMs + idler.idleTimeoutMs;
    if (dueMs < this.#nextSweepMs) this.#arm(dueMs);
  }

  delete(idler: T): void {
    this.#idlers.delete(idler);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#nextSweepMs = Number.NEGATIVE_INFINITY;
  }

  #arm(dueMs: number): void {
    this.#timer?.cancel();
    this.#nextSweepMs = dueMs;
    this.#timer = this.#clock.setTimeout(() => this.#sweep(), dueMs - this.#clock.now());
  }

  #sweep(): void {
    const nowMs = this.#clock.now();
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const idler of this.#idlers) {
      const dueMs = idler.lastActivityMs + idler.idleTimeoutMs;
      if (dueMs <= nowMs) {
        this.#idlers.delete(idler);
        idler.expire();
      } else if (dueMs < earliestMs) earliestMs = dueMs;
    }
    this.#timer = undefined;
    this.#nextSweepMs = Number.POSITIVE_INFINITY;
    if (earliestMs < Number.POSITIVE_INFINITY) this.#arm(Math.max(earliestMs, nowMs + shortestSweepMs));
  }
}
