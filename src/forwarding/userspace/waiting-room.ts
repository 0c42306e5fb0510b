/** Things that are let go after a fixed Azure time, oldest first; when the room is full the oldest goes at once. */
import type { Clock, Timer } from '../../clock.js';

export interface WaitingRoomOptions<T> {
  readonly clock: Clock;
  readonly stayMs: number;
  readonly capacity: number;
  readonly letGo: (item: T, early: boolean) => void;
}

export class WaitingRoom<T> {
  readonly #options: WaitingRoomOptions<T>;
  /** Insertion order is order of leaving, because everybody stays equally long. */
  readonly #dueMs = new Map<T, number>();
  #timer: Timer | undefined;

  constructor(options: WaitingRoomOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#dueMs.size;
  }

  enter(item: T): void {
    const { clock, stayMs, capacity } = this.#options;
    if (this.#dueMs.size >= capacity) this.#leaveFirst(true);
    this.#dueMs.set(item, clock.now() + stayMs);
    this.#arm();
  }

  /** The item has gone by itself. */
  remove(item: T): void {
    this.#dueMs.delete(item);
  }

  /** Everybody leaves now. */
  empty(): void {
    while (this.#dueMs.size > 0) this.#leaveFirst(true);
    this.#timer?.cancel();
    this.#timer = undefined;
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
    for (const dueMs of this.#dueMs.values()) {
      if (dueMs > nowMs) break;
      this.#leaveFirst(false);
    }
    this.#arm();
  }

  #leaveFirst(early: boolean): void {
    for (const item of this.#dueMs.keys()) {
      this.#dueMs.delete(item);
      this.#options.letGo(item, early);
      return;
    }
  }
}
