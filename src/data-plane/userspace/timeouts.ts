/** Timeouts for thousands of flows with one timer: of idle flows, and of sockets that are kept for a fixed time. */
import type { Clock, Timer } from '../../support/clock.js';

export interface IdleItem {
  readonly idleTimeoutMs: number;
  lastActivityMs: number;
  expire(): void;
}

/** Shortest Azure time between two sweeps. */
const shortestSweepMs = 100;

export class IdleWatch<T extends IdleItem> {
  readonly #clock: Clock;
  readonly #items = new Set<T>();
  #timer: Timer | undefined;
  #nextSweepMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#items.size;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values();
  }

  add(item: T): void {
    this.#items.add(item);
    const dueMs = item.lastActivityMs + item.idleTimeoutMs;
    if (dueMs < this.#nextSweepMs) this.#arm(dueMs);
  }

  delete(item: T): void {
    this.#items.delete(item);
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
    for (const item of this.#items) {
      const dueMs = item.lastActivityMs + item.idleTimeoutMs;
      if (dueMs <= nowMs) {
        this.#items.delete(item);
        item.expire();
      } else if (dueMs < earliestMs) earliestMs = dueMs;
    }
    this.#timer = undefined;
    this.#nextSweepMs = Number.POSITIVE_INFINITY;
    if (earliestMs < Number.POSITIVE_INFINITY) this.#arm(Math.max(earliestMs, nowMs + shortestSweepMs));
  }
}

interface ExpiryQueueOptions<T> {
  readonly clock: Clock;
  readonly keepMs: number;
  readonly release: (item: T) => void;
}

/** Items that are released after a fixed Azure time. */
export class ExpiryQueue<T> {
  readonly #options: ExpiryQueueOptions<T>;
  /** Insertion order is expiry order, because all are kept equally long. */
  readonly #dueMs = new Map<T, number>();
  #timer: Timer | undefined;

  constructor(options: ExpiryQueueOptions<T>) {
    this.#options = options;
  }

  add(item: T): void {
    const { clock, keepMs } = this.#options;
    this.#dueMs.set(item, clock.now() + keepMs);
    this.#arm();
  }

  /** The item needs no expiry any more. */
  remove(item: T): void {
    this.#dueMs.delete(item);
  }

  /** Removes all items, without releasing them, and returns them. */
  clear(): T[] {
    const items = [...this.#dueMs.keys()];
    this.#dueMs.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    return items;
  }

  #arm(): void {
    if (this.#timer) return;
    for (const dueMs of this.#dueMs.values()) {
      const { clock } = this.#options;
      this.#timer = clock.setTimeout(() => this.#wake(), dueMs - clock.now());
      return;
    }
  }

  #wake(): void {
    this.#timer = undefined;
    const nowMs = this.#options.clock.now();
    for (const [item, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) break;
      this.#dueMs.delete(item);
      this.#options.release(item);
    }
    this.#arm();
  }
}
