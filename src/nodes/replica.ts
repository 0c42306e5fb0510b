/** The SQLite file of a node as a replica of the log: how far it has come, following, and being made anew. */

import type { Touched } from '../store/row-images.js';
import { positionTable, takeSnapshot } from '../store/snapshot.js';
import type { Store } from '../store/store.js';
import { UsageError } from '../support/usage-error.js';
import type { Change, ChangeLog, Head, Position } from './change-log.js';

export interface ReplicaOptions {
  readonly store: Store;
  readonly changes: ChangeLog;
  /** Rows that another node has written are here now. */
  readonly onApplied: (touched: Touched) => void;
  /** Everything was replaced. */
  readonly onReplaced: () => void;
  readonly warn: (sentence: string) => void;
}

export class Replica {
  readonly #options: ReplicaOptions;
  #position: Position | undefined;

  /** Throws a `UsageError` where the file has data of its own, which the log's would replace. */
  constructor(options: ReplicaOptions) {
    this.#options = options;
    const { connection } = options.store;
    connection.exec(
      `CREATE TABLE IF NOT EXISTS ${positionTable} (only INTEGER PRIMARY KEY CHECK (only = 1), seq INTEGER, id TEXT)`,
    );
    this.#position = connection.prepare(`SELECT seq, id FROM ${positionTable}`).get() as Position | undefined;
    if (this.#position) this.#position = { ...this.#position };
    else if (Object.values(takeSnapshot(connection, '').tables).some((rows) => rows.length > 0)) {
      connection.exec(`DROP TABLE ${positionTable}`);
      throw new UsageError(
        'the data folder has data of its own, which the store would replace: choose another folder with --data, or take a snapshot without --store and restore it into the store',
      );
    }
  }

  /** Undefined before it was first filled. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Applies a change that follows the position. */
  apply({ seq, id, entries }: Change): Touched {
    const touched = this.#options.store.apply(entries.rows, () => this.#save({ seq, id }));
    this.#position = { seq, id };
    return touched;
  }

  /** Follows the log to its end. Answers the head that it has reached. */
  async catchUp(): Promise<Head> {
    const { changes, onApplied } = this.#options;
    for (;;) {
      const head = await changes.head();
      if (this.#position?.seq === head.seq && this.#position.id === head.id) return head;
      const next = this.#position && (await changes.changesAfter(this.#position));
      if (next === undefined) await this.#replace();
      for (const change of next ?? []) onApplied(this.apply(change));
    }
  }

  async #replace(): Promise<void> {
    const { store, changes, onReplaced, warn } = this.#options;
    const snapshot = await changes.newestSnapshot();
    const position = snapshot ?? (await changes.origin());
    // Where the log was cut in between, the next attempt finds the snapshot that it was cut behind.
    if (!position) throw new Error('the log of the store has no beginning and no snapshot');
    if (this.#position) warn('the history of the store is not the one of the replica, which is made anew');
    store.replace(snapshot?.document, () => this.#save(position));
    this.#position = { seq: position.seq, id: position.id };
    onReplaced();
  }

  #save({ seq, id }: Position): void {
    this.#options.store.connection.prepare(`INSERT OR REPLACE INTO ${positionTable} VALUES (1, ?, ?)`).run(seq, id);
  }
}
