/** The SQLite file of a node as a replica of the log: how far it has come, following, and being made anew. */

import { reshapeImages, reshapeSnapshot } from '../store/earlier-schema.js';
import type { Touched } from '../store/row-images.js';
import { positionTable, type Snapshot, takeSnapshot } from '../store/snapshot.js';
import type { Store } from '../store/store.js';
import type { Control, FaultControl, Outcome } from '../store/write-queue.js';
import { systemTime } from '../support/clock.js';
import { UsageError } from '../support/usage-error.js';
import type { ChangeLog, Entries, Head, LogPosition } from './change-log.js';

export interface ReplicaOptions {
  readonly store: Store;
  readonly changes: ChangeLog;
  /** Rows that another node has written are here now; resolves when the data plane carries them. */
  readonly onApplied: (touched: Touched) => Promise<void>;
  /** What another node has done beside rows is to be carried out here. */
  readonly onControl: (control: Control) => Promise<void>;
  /** Everything was replaced. */
  readonly onReplaced: () => Promise<void>;
  /** The data plane carries every change up to this number. */
  readonly onCarried: (seq: number) => void;
  readonly warn: (sentence: string) => void;
}

/** What control entries have come to: all that a node must know of those before its position. */
export interface Shared {
  /** Azure milliseconds by which the clock was moved. */
  readonly advancedMs: number;
  readonly faults: readonly (FaultControl & { readonly change: 'added' })['fault'][];
  readonly isSeeded: boolean;
}

const nothingTouched: Touched = { resources: [], hostedServices: [] };
const nothingShared: Shared = { advancedMs: 0, faults: [], isSeeded: false };

function sharedAfter(shared: Shared, control: Control | { kind: 'restored' } | undefined): Shared {
  if (control?.kind === 'clock') return { ...shared, advancedMs: control.advancedMs };
  if (control?.kind === 'seeded') return { ...shared, isSeeded: true };
  if (control?.kind === 'reset') return { ...shared, faults: [] };
  if (control?.kind !== 'fault') return shared;
  if (control.change === 'added') {
    // One of the engine is over at once.
    return control.fault.kind === 'engine' ? shared : { ...shared, faults: [...shared.faults, control.fault] };
  }
  return { ...shared, faults: shared.faults.filter(({ id }) => control.id !== undefined && control.id !== id) };
}

export class Replica {
  readonly #options: ReplicaOptions;
  #position: LogPosition | undefined;
  #shared = nothingShared;
  /** The schema that the log is written in. */
  #written = 0;
  #carried: Promise<unknown> = Promise.resolve();

  /** Throws a `UsageError` where the file has data of its own, which the log's would replace. */
  constructor(options: ReplicaOptions) {
    this.#options = options;
    const { connection } = options.store;
    connection.exec(
      `CREATE TABLE IF NOT EXISTS ${positionTable}
        (only INTEGER PRIMARY KEY CHECK (only = 1), seq INTEGER, id TEXT, shared TEXT)`,
    );
    // A replica of the first version knows no control entries: there were none.
    const columns = connection.pragma(`table_info(${positionTable})`) as readonly { readonly name: string }[];
    if (!columns.some(({ name }) => name === 'shared')) {
      connection.exec(
        `ALTER TABLE ${positionTable} ADD COLUMN shared TEXT NOT NULL DEFAULT '${JSON.stringify(nothingShared)}'`,
      );
    }
    const kept = connection.prepare(`SELECT seq, id, shared FROM ${positionTable}`).get() as
      | (LogPosition & { shared: string })
      | undefined;
    if (kept) {
      this.#position = { seq: kept.seq, id: kept.id };
      this.#shared = JSON.parse(kept.shared) as Shared;
    } else if (Object.values(takeSnapshot(connection, '').tables).some((rows) => rows.length > 0)) {
      connection.exec(`DROP TABLE ${positionTable}`);
      throw new UsageError(
        'the data folder has data of its own, which the store would replace: choose another folder with --data, or take a snapshot without --store and restore it into the store',
      );
    }
  }

  /** Undefined before it was first filled. */
  get position(): LogPosition | undefined {
    return this.#position;
  }

  get shared(): Shared {
    return this.#shared;
  }

  /** Carries out what is known of control entries; once, before it follows. */
  begin(): void {
    if (this.#position) this.#carryOutShared();
  }

  /** Applies a change that follows the position. */
  apply({ seq, id }: LogPosition, { rows, control }: Outcome): void {
    const shared = sharedAfter(this.#shared, control);
    const save = (): void => this.#save({ seq, id }, shared);
    const { store } = this.#options;
    if (control?.kind === 'reset') store.replace(undefined, save);
    else if (control?.kind === 'restored') store.replace(control.document, save);
    else store.apply(rows, save);
    if (control?.kind === 'schema') this.#written = control.schema;
    this.#position = { seq, id };
    this.#shared = shared;
  }

  /** Follows the log to its end, as it is after this call. Answers the head that it has reached. */
  async catchUp(): Promise<Head> {
    const { changes, onApplied, onControl } = this.#options;
    for (let howMany: 'few' | 'many' = 'few'; ; howMany = 'many') {
      const { head, changes: next } = await changes.look(this.#position, { howMany });
      if (head.schema > this.#options.store.schema) {
        throw new UsageError(`the store is written in schema ${head.schema} by now, which this version does not know`);
      }
      this.#written = head.schema;
      if (next === undefined) await this.#replace();
      for (const { entries, ...position } of next ?? []) {
        const { control: told } = entries;
        const { connection, schema: to } = this.#options.store;
        const rows = reshapeImages(entries.rows, { from: entries.schema, to, connection });
        const restored = told?.kind === 'restored' ? await changes.snapshot(position) : undefined;
        // A later snapshot may have taken the place of the one that was restored: the replica begins with that.
        if (told?.kind === 'restored' && !restored) {
          await this.#replace();
          break;
        }
        const control = restored
          ? { kind: 'restored' as const, document: this.#known(restored.document) }
          : (told as Control);
        this.apply(position, { rows, control });
        this.#carriedAfter(control ? onControl(control) : onApplied(entries.touched ?? nothingTouched));
      }
      if (this.#position?.seq === head.seq && this.#position.id === head.id) return head;
    }
  }

  /** Tells that all up to the position is carried, after `done` and everything before it. */
  #carriedAfter(done: Promise<void>): void {
    const seq = this.#position?.seq ?? 0;
    this.#carried = Promise.allSettled([this.#carried, done]).then(() => this.#options.onCarried(seq));
  }

  async #replace(): Promise<void> {
    const { store, changes, onReplaced, warn } = this.#options;
    const snapshot = await changes.snapshot();
    const position = snapshot ?? (await changes.origin());
    // Where the log was cut in between, the next attempt finds the snapshot that it was cut behind.
    if (!position) throw new Error('the log of the store has no beginning and no snapshot');
    if (this.#position) warn('the history of the store is not the one of the replica, which is made anew');
    const { shared = nothingShared } = (snapshot?.document ?? {}) as Partial<SharedSnapshot>;
    store.replace(snapshot && this.#known(snapshot.document), () => this.#save(position, shared));
    this.#position = { seq: position.seq, id: position.id };
    this.#shared = shared;
    this.#carryOutShared();
    this.#carriedAfter(onReplaced());
  }

  #carryOutShared(): void {
    const { onControl } = this.#options;
    const { advancedMs, faults } = this.#shared;
    const controls: Control[] = [
      { kind: 'fault', change: 'removed' },
      ...faults.map((fault) => ({ kind: 'fault', change: 'added', fault }) as const),
      { kind: 'clock', advancedMs },
    ];
    for (const control of controls) this.#carriedAfter(onControl(control));
  }

  #save({ seq, id }: LogPosition, shared: Shared): void {
    const values = [seq, id, JSON.stringify(shared)];
    this.#options.store.connection
      .prepare(`INSERT OR REPLACE INTO ${positionTable} VALUES (1, ?, ?, ?)`)
      .run(...values);
  }

  /** A snapshot of the store in the shape of the file. */
  #known(document: unknown): Snapshot {
    return reshapeSnapshot(document as Snapshot, this.#options.store.schema);
  }

  /** Everything at the position, as a node that is made anew needs it. */
  snapshot(): SharedSnapshot {
    const takenAt = new Date(systemTime.now()).toISOString();
    return this.#shareable(takeSnapshot(this.#options.store.connection, takenAt));
  }

  #shareable(snapshot: Snapshot): SharedSnapshot {
    return { ...reshapeSnapshot(snapshot, this.#written), shared: this.#shared };
  }

  /** What an append of this outcome carries, in the schema that the log is written in. */
  appendOf({ rows, control }: Outcome): { readonly entries: Entries; readonly snapshot?: SharedSnapshot } {
    const { store } = this.#options;
    const { connection, schema: from } = store;
    const schema = this.#written;
    if (control?.kind === 'restored') {
      const snapshot = this.#shareable(control.document as Snapshot);
      return { entries: { schema, rows: [], control: { kind: 'restored' } }, snapshot };
    }
    if (control) return { entries: { schema, rows: [], control } };
    const reshaped = reshapeImages(rows, { from, to: schema, connection });
    return { entries: { schema, rows: reshaped, touched: store.touched(rows) } };
  }
}

export type SharedSnapshot = Snapshot & { readonly shared: Shared };
