/**
 * Works that wait to be stored. All that wait when the event loop has read what came in run in one turn: each in a
 * savepoint, all under one COMMIT, so that one wait for the disk serves them all. No transaction stays open over a turn.
 */
import { azureError } from '../errors/index.js';
import { systemTime } from '../support/clock.js';
import type { RowImage, RowRecorder } from './row-images.js';
import type { Connection } from './sqlite.js';

/** Something in memory whose entries can be dropped. */
interface Kept {
  delete(key: string): unknown;
}

/** What works change in memory beside the rows, so that undoing one drops its own entries and no others. */
export class MemoryJournal {
  readonly #noted: (readonly [kept: Kept, key: string])[] = [];
  #depth = 0;

  /** Within a work: the entry `key` of `kept` says what a row says that this work has written. */
  note(kept: Kept, key: string): void {
    if (this.#depth > 0) this.#noted.push([kept, key]);
  }

  /** Runs `work`, perhaps within another one. When it throws, what it has noted is dropped. */
  run<T>(work: () => T): T {
    const mark = this.#noted.length;
    this.#depth++;
    try {
      return work();
    } catch (error) {
      for (const [kept, key] of this.#noted.splice(mark)) kept.delete(key);
      throw error;
    } finally {
      this.#depth--;
      if (this.#depth === 0) this.#noted.length = 0;
    }
  }
}

/**
 * What concerns every machine that shares the store, and is no single row. It is kept in place of the rows of its work;
 * the machine that has written it carries out the rest, and so does every other machine when it comes there.
 */
export type Control =
  | { readonly kind: 'reset' }
  /** Everything was replaced by this snapshot. */
  | { readonly kind: 'restored'; readonly document: unknown }
  /** The clock has been moved, by so many Azure milliseconds in all. */
  | { readonly kind: 'clock'; readonly advancedMs: number }
  | FaultControl
  /** The file of `--seed` is in the store. */
  | { readonly kind: 'seeded' }
  /** From here on what is kept has the shape of this schema. */
  | { readonly kind: 'schema'; readonly schema: number };

/** A fault that a person injects; without an `id` all have ended. */
export type FaultControl =
  | { readonly kind: 'fault'; readonly change: 'added'; readonly fault: { readonly id: string; readonly kind: string } }
  | { readonly kind: 'fault'; readonly change: 'removed'; readonly id?: string | undefined };

export interface WriteOptions<T = unknown> {
  /**
   * `on-disk`: the write survives a power failure once the promise resolves. `with-next-write`: only once a later write
   * is on disk; it survives the end of the process anyway.
   */
  readonly durability?: 'on-disk' | 'with-next-write';
  /** Makes what is kept in place of the work's rows, by what the work has answered. */
  readonly control?: (result: T) => Control;
}

interface Waiting {
  readonly durability: 'on-disk' | 'with-next-write';
  readonly control: ((result: unknown) => Control) | undefined;
  readonly work: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** What a group of works comes to: rows, or one control entry. */
export interface Outcome {
  readonly rows: readonly RowImage[];
  readonly control?: Control | undefined;
}

/** Where the rows of works are kept before they count, in place of the file: a log that several machines share. */
export interface Ledger {
  /** Throws why nothing can be written from here now. Called before works run. */
  check(): void;
  /** Keeps what a group has come to, and applies it to the file. When it rejects, nothing has changed. */
  keep(outcome: Outcome): Promise<void>;
}

export interface WriteQueueOptions {
  readonly connection: Connection;
  readonly journal: MemoryJournal;
  /** Writes what is to be stored with every group. Inside its transaction, after its works. */
  readonly finish: () => void;
  /** Drops from memory what is kept of exactly these rows. */
  readonly forgetRows: (images: readonly RowImage[]) => void;
  /** A group is stored. */
  readonly stored: () => void;
  /** Nothing of a group could be stored; answers the error that its works reject with. */
  readonly failed: (error: unknown) => unknown;
  /** Whether an error that a work throws means that the file cannot be written: its whole group is lost. */
  readonly isStorageError: (error: unknown) => boolean;
}

/** So long (real milliseconds) one turn takes on further works. */
const longestTurnMs = 20;
/** So long (real milliseconds) a group waits for others. */
const longestGatheringMs = 0.25;

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #waiting: Waiting[] = [];
  #isScheduled = false;
  /** How many works the last group had. */
  #lastSize = 0;
  #ledger: { readonly ledger: Ledger; readonly recorder: RowRecorder } | undefined;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  /** Resolves or rejects with what `work` answers or throws, once its group is stored. */
  add<T>(work: () => T, { durability = 'on-disk', control }: WriteOptions<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting = { work, durability, control, resolve, reject } as Waiting;
      this.#waiting.push(waiting);
      this.#schedule();
    });
  }

  /** From now on works are kept in `ledger`, by the rows that `recorder` has noted. */
  keepIn(ledger: Ledger, recorder: RowRecorder): void {
    this.#ledger = { ledger, recorder };
  }

  /** Stores now all that wait; a ledger takes nothing more, so they are refused. */
  flush(): void {
    if (this.#ledger)
      this.#reject(azureError('StorageUnavailable', { values: { reason: 'this node ends' } }), this.#waiting.splice(0));
    while (this.#waiting.length > 0) this.#storeGroup();
  }

  /**
   * After the requests that the loop reads in this turn, which may bring more works. Clients that were answered together
   * come back together, so a group waits a moment for as many as the last one had; a lone writer never waits.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const endMs = systemTime.now() + longestGatheringMs;
    const store = async (): Promise<void> => {
      if (this.#waiting.length < this.#lastSize && systemTime.now() < endMs) {
        setImmediate(store);
        return;
      }
      // One group at a time is on its way to a ledger, and all that come meanwhile are the next.
      if (this.#ledger) await this.#keepGroup(this.#ledger);
      else if (this.#waiting.length > 0) this.#storeGroup();
      this.#isScheduled = false;
      if (this.#waiting.length > 0) this.#schedule();
    };
    setImmediate(store);
  }

  async #keepGroup({ ledger, recorder }: { ledger: Ledger; recorder: RowRecorder }): Promise<void> {
    const { connection, journal, forgetRows } = this.#options;
    const group: Waiting[] = [];
    const settle: (() => void)[] = [];
    const run = (): Outcome => {
      const control = this.#runGroup(group, settle);
      return { rows: control ? [] : recorder.images(), control };
    };
    const rehearsed = (): Outcome => {
      try {
        return journal.run(() => connection.rehearse(run));
      } catch (error) {
        throw this.#options.failed(error);
      }
    };
    try {
      ledger.check();
      const outcome = rehearsed();
      forgetRows(outcome.rows);
      if (outcome.control || outcome.rows.length > 0) await ledger.keep(outcome);
      for (const one of settle) one();
    } catch (error) {
      // Rows, and what is kept in memory of them, are as they were before the works.
      this.#reject(error, group);
    }
  }

  #reject(reason: unknown, group: readonly Waiting[]): void {
    // Where no transaction begins, none would begin for the others.
    for (const { reject } of group.length > 0 ? group : this.#waiting.splice(0)) reject(reason);
  }

  #storeGroup(): void {
    const { connection, journal, stored } = this.#options;
    const isDurable = this.#waiting.some(({ durability }) => durability === 'on-disk');
    const group: Waiting[] = [];
    const settle: (() => void)[] = [];
    try {
      if (!isDurable) connection.pragma('synchronous = NORMAL');
      try {
        journal.run(() => connection.transaction(() => this.#runGroup(group, settle)));
      } finally {
        if (!isDurable) connection.pragma('synchronous = FULL');
      }
      stored();
      for (const one of settle) one();
    } catch (error) {
      this.#reject(this.#options.failed(error), group);
    }
  }

  /**
   * Runs works for a while; `group` is those that ran, `settle` tells each what became of it. A work that makes a control
   * entry, which is answered, is a group of its own.
   */
  #runGroup(group: Waiting[], settle: (() => void)[]): Control | undefined {
    const { connection, journal, finish, isStorageError } = this.#options;
    const endMs = systemTime.now() + longestTurnMs;
    do {
      const one = this.#waiting.shift() as Waiting;
      group.push(one);
      try {
        const result = journal.run(() => connection.transaction(one.work));
        settle.push(() => one.resolve(result));
        if (one.control) return one.control(result);
      } catch (error) {
        if (isStorageError(error)) throw error;
        settle.push(() => one.reject(error));
      }
      this.#lastSize = group.length;
    } while (this.#waiting.length > 0 && !this.#waiting[0]?.control && systemTime.now() < endMs);
    finish();
    return undefined;
  }
}
