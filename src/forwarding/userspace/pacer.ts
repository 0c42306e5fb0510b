/** Holds one direction of a faulted connection up: bytes go on late, a few at a time, or not for now. */
import type { Clock, Timer } from '../../clock.js';
import type { FlowFault } from './faults.js';

export interface PacerOptions {
  readonly clock: Clock;
  /** Passes bytes on; false when the receiver still has to take in the ones before. */
  readonly pass: (chunk: Buffer) => boolean;
  /** Passes the end of the stream on. */
  readonly end: () => void;
  /** There is room again for what `take` has refused. */
  readonly resume: () => void;
}

interface Held {
  readonly chunk: Buffer;
  readonly dueMs: number;
}

/** What a connection may have on its way. Beyond that the sender is not read: TCP's window, so to say. */
const roomBytes = 256 * 1024;
/** A slow connection gets its bytes in pieces of a twentieth of a second. */
const piecesPerSecond = 20;
const retryMs = 20;

export class Pacer {
  readonly #options: PacerOptions;
  #fault: FlowFault | undefined;
  #queue: Held[] = [];
  #heldBytes = 0;
  #lastDueMs = 0;
  #full = false;
  #ended = false;
  #timer: Timer | undefined;

  constructor(options: PacerOptions) {
    this.#options = options;
  }

  /** Whether bytes have to come this way: there is a fault, or some that were held before them. */
  get busy(): boolean {
    return this.#fault !== undefined || this.#queue.length > 0;
  }

  /** The fault has changed, or is over: what is held goes on by its rules from now on. */
  set(fault: FlowFault | undefined): void {
    this.#fault = fault;
    const held = this.#queue;
    this.#queue = [];
    this.#lastDueMs = 0;
    for (const { chunk } of held) this.#enqueue(chunk);
    this.#arm();
  }

  /** Takes bytes, which belong to the pacer now; false when it wants no more before `resume`. */
  take(chunk: Buffer): boolean {
    this.#heldBytes += chunk.length;
    this.#enqueue(chunk);
    this.#arm();
    this.#full = this.#heldBytes >= roomBytes;
    return !this.#full;
  }

  /** The stream has ended: that goes on after everything held. */
  end(): void {
    this.#ended = true;
    this.#finish();
  }

  /** The connection is gone. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#queue = [];
    this.#fault = undefined;
  }

  #enqueue(chunk: Buffer): void {
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

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const [first] = this.#queue;
    if (!first || this.#fault?.drop) return;
    this.#wakeIn(first.dueMs - this.#options.clock.now());
  }

  #wakeIn(ms: number): void {
    this.#timer = this.#options.clock.setTimeout(() => this.#deliver(), ms);
  }

  #deliver(): void {
    this.#timer = undefined;
    const nowMs = this.#options.clock.now();
    for (let [first] = this.#queue; first && first.dueMs <= nowMs; [first] = this.#queue) {
      this.#queue.shift();
      this.#heldBytes -= first.chunk.length;
      if (this.#options.pass(first.chunk)) continue;
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

  #finish(): void {
    if (!this.#ended || this.#queue.length > 0) return;
    this.#ended = false;
    this.#options.end();
  }
}
