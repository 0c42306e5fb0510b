/**
 * Azure time: the only source of "now" and of timers in the project.
 *
 * `--time-scale 60` lets sixty Azure seconds pass in one real second; `advance` jumps forward, firing every timer on
 * the way in the order in which it falls due. Tests use `ManualTime`, so that nothing ever sleeps.
 */

/** Where real milliseconds come from, and how to be woken after some of them. */
export interface TimeSource {
  /** Real milliseconds since the Unix epoch; never goes backwards. */
  now(): number;
  /** Calls `wake` once after `delayMs` real milliseconds; returns how to call that off. */
  wakeAfter(delayMs: number, wake: () => void): () => void;
  /** By how much `now` is ahead of a time that all threads share and that cannot be set. */
  readonly aheadMs?: number;
}

/** A pending callback. */
export interface Timer {
  /** Calls the timer off; harmless when it has already fired. */
  cancel(): void;
}

/** What another thread needs to follow a clock; survives `structuredClone`. */
export interface ClockOrigin {
  readonly scale: number;
  readonly startMs: number;
  readonly advancedMs: number;
  /** See `TimeSource`: the machine's clock may have been set when the other thread starts. */
  readonly aheadMs: number;
}

const threadStart = Date.now() - performance.now();
/** When this thread's `performance.now()` was zero, in the time that all threads share. */
const sharedStart = Number(process.hrtime.bigint()) / 1e6 - performance.now();
const longestDelayMs = 2 ** 31 - 1;

/** The machine's own time. Its wake-ups keep no process alive. */
export const systemTime: TimeSource = {
  now: () => threadStart + performance.now(),
  aheadMs: threadStart - sharedStart,
  wakeAfter(delayMs, wake) {
    const handle = setTimeout(wake, Math.min(Math.max(0, Math.ceil(delayMs)), longestDelayMs));
    handle.unref();
    return () => clearTimeout(handle);
  },
};

/** Resolves after so many real milliseconds, which keep no process alive. */
export const pause = (realMs: number): Promise<void> =>
  new Promise((resolve) => systemTime.wakeAfter(realMs, () => resolve()));

interface PendingTimer {
  dueMs: number;
  sequence: number;
  callback: () => void;
  cancelled: boolean;
}

export interface ClockOptions {
  readonly scale?: number;
  readonly source?: TimeSource;
  readonly origin?: ClockOrigin;
}

export class Clock {
  /** Azure milliseconds that pass in one real millisecond. */
  readonly scale: number;
  readonly #source: TimeSource;
  readonly #startMs: number;
  /** What is added to the source's time to have that of the clock that this one follows. */
  readonly #shiftMs: number;
  readonly #pending: PendingTimer[] = [];
  #advancedMs = 0;
  #sequence = 0;
  #disarm: (() => void) | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;

  /** `origin` of another clock makes this one follow it, except for later calls of `advance`, which go to both. */
  constructor({ scale = 1, source = systemTime, origin }: ClockOptions = {}) {
    this.scale = origin?.scale ?? scale;
    this.#source = source;
    const { aheadMs = 0 } = source;
    this.#shiftMs = origin ? origin.aheadMs - aheadMs : 0;
    this.#startMs = origin?.startMs ?? source.now();
    this.#advancedMs = origin?.advancedMs ?? 0;
  }

  /** From which another thread builds a clock that shows the same time. */
  get origin(): ClockOrigin {
    const aheadMs = (this.#source.aheadMs ?? 0) + this.#shiftMs;
    return { scale: this.scale, startMs: this.#startMs, advancedMs: this.#advancedMs, aheadMs };
  }

  /** When the next timer falls due; infinity when none is pending. */
  get nextDueMs(): number {
    return this.#pending[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Azure milliseconds since the Unix epoch. */
  now(): number {
    return this.#startMs + (this.#source.now() + this.#shiftMs - this.#startMs) * this.scale + this.#advancedMs;
  }

  /** The Azure instant as an ISO 8601 string, as Azure writes it in timestamps. */
  timestamp(): string {
    return new Date(this.now()).toISOString();
  }

  /** Azure milliseconds by which `advance` has moved this clock so far. */
  get advancedMs(): number {
    return this.#advancedMs;
  }

  /** Calls `callback` once, `azureMs` Azure milliseconds from now. */
  setTimeout(callback: () => void, azureMs: number): Timer {
    const timer: PendingTimer = {
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
  wait(azureMs: number): Promise<void> {
    return new Promise((resolve) => this.setTimeout(resolve, azureMs));
  }

  /**
   * Moves the clock `azureMs` Azure milliseconds forward. Timers fire one by one in order of their due time, each with
   * `now()` at its own due time, so a periodic timer fires as often as it would have.
   */
  advance(azureMs: number): void {
    const targetMs = this.now() + azureMs;
    for (let next = this.#pending[0]; next && next.dueMs <= targetMs; next = this.#pending[0]) {
      const aheadMs = next.dueMs - this.now();
      if (aheadMs > 0) this.#advancedMs += aheadMs;
      this.#pop();
      this.#fire(next);
    }
    const restMs = targetMs - this.now();
    if (restMs > 0) this.#advancedMs += restMs;
    // The same timer is next, perhaps, but it falls due sooner in real time.
    this.#armedForMs = Number.NaN;
    this.#arm();
  }

  /** Calls every pending timer off. */
  close(): void {
    this.#pending.length = 0;
    this.#arm();
  }

  #cancel(timer: PendingTimer): void {
    // Left in the heap and skipped when it surfaces: removing from the middle of a heap costs more than it saves.
    timer.cancelled = true;
    timer.callback = () => {};
    while (this.#pending[0]?.cancelled) this.#pop();
    this.#arm();
  }

  #fire(timer: PendingTimer): void {
    if (!timer.cancelled) timer.callback();
  }

  #wake(): void {
    this.#disarm = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
    const nowMs = this.now();
    for (let next = this.#pending[0]; next && next.dueMs <= nowMs; next = this.#pending[0]) {
      this.#pop();
      this.#fire(next);
    }
    this.#arm();
  }

  #arm(): void {
    const next = this.#pending[0];
    const dueMs = next ? next.dueMs : Number.POSITIVE_INFINITY;
    if (dueMs === this.#armedForMs) return;
    this.#disarm?.();
    this.#disarm = undefined;
    this.#armedForMs = dueMs;
    if (next) this.#disarm = this.#source.wakeAfter((dueMs - this.now()) / this.scale, () => this.#wake());
  }

  #before(a: PendingTimer, b: PendingTimer): boolean {
    return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence);
  }

  #push(timer: PendingTimer): void {
    const heap = this.#pending;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as PendingTimer;
      if (!this.#before(timer, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#pending;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && this.#before(heap[right] as PendingTimer, heap[child] as PendingTimer)) child = right;
      const below = heap[child] as PendingTimer;
      if (!this.#before(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}
