/** Everything that is kept, over one connection. */
import { storageRefusal } from '../errors/index.js';
import { UsageError } from '../support/usage-error.js';
import { AddressStore, type PublicPool } from './address-store.js';
import { ClassicStore } from './classic-store.js';
import { openDatabase } from './database.js';
import { DeploymentStore } from './deployment-store.js';
import { OperationStore } from './operation-store.js';
import { ResourceStore } from './resource-store.js';
import { type RowImage, RowRecorder, type Touched } from './row-images.js';
import { invalidSnapshot, positionTable, restoreSnapshot, type Snapshot, tablesOf, takeSnapshot } from './snapshot.js';
import type { Connection, DriverName } from './sqlite.js';
import { type Control, type Ledger, MemoryJournal, type WriteOptions, WriteQueue } from './write-queue.js';

export interface StoreOptions extends PublicPool {
  /** Path of the SQLite file; in memory when absent. */
  readonly file?: string | undefined;
  /** What SQLite is reached through; the best one that works here when absent. */
  readonly driver?: DriverName | undefined;
  /** Told in a sentence when the file cannot be written any more or has a flaw, and when it can be written again. */
  readonly warn?: (sentence: string) => void;
  /** The file follows a ledger, see `keepIn`. */
  readonly isReplica?: boolean;
}

/** Writes in a row after which the file counts as writable again. */
const writesToRecover = 10;

export interface RestoreOptions {
  readonly check?: () => void;
  /** Azure time, ISO 8601. */
  readonly takenAt: string;
}

/** Keeps an asynchronous function, whose transaction would end before its work, from being a work. */
type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

/** Runs the check of a snapshot's content; what it throws is the reason why the snapshot is refused. */
function refusing(check: () => void = () => {}): void {
  try {
    check();
  } catch (error) {
    throw storageRefusal(error) ?? invalidSnapshot(error);
  }
}

export class Store {
  readonly connection: Connection;
  /** The schema of the file, which is the newest that this version knows. */
  readonly schema: number;
  readonly resources: ResourceStore;
  readonly addresses: AddressStore;
  readonly operations: OperationStore;
  readonly deployments: DeploymentStore;
  readonly classic: ClassicStore;
  readonly #journal = new MemoryJournal();
  readonly #queue: WriteQueue;
  #recorder: RowRecorder | undefined;
  readonly #warn: StoreOptions['warn'];
  /** Why the last write failed, if the file was the reason. */
  #refusal: string | undefined;
  #writtenSince = 0;

  constructor({ file, driver, warn, isReplica = false, ...publicPool }: StoreOptions) {
    this.connection = openDatabase({ file, driver, warn });
    this.schema = this.connection.pragma('user_version', { simple: true }) as number;
    if (!isReplica) this.#refuseReplica();
    this.#warn = warn;
    this.resources = new ResourceStore(this.connection, this.#journal);
    this.addresses = new AddressStore(this.connection, { ...publicPool, journal: this.#journal });
    this.operations = new OperationStore(this.connection);
    this.deployments = new DeploymentStore(this.connection);
    this.classic = new ClassicStore(this.connection);
    this.#queue = new WriteQueue({
      connection: this.connection,
      journal: this.#journal,
      finish: () => {
        if (this.resources.firstUses.size > 0) this.resources.storeFirstUses();
        this.operations.storeCarried();
      },
      forgetRows: (images) => this.#forgetRows(images),
      stored: () => this.#hasWritten(),
      failed: (error) => this.#hasFailed(error),
      isStorageError: (error) => storageRefusal(error) !== undefined,
    });
  }

  /**
   * The one way to write: runs `work` once, in a savepoint of an IMMEDIATE transaction that it shares with other waiting
   * works, and resolves with its result when that is stored as durably as `durability` says. When `work` throws, what it
   * did is undone, in memory too, and the promise rejects with that error, also once the others are stored. When nothing
   * can be stored, all works of the transaction reject with `StorageFull` or `StorageUnavailable`.
   *
   * `work` is synchronous and calls the stores' methods. It runs after this method has returned: it reads itself
   * everything that it decides by, makes its answer itself, has no effect but rows, and must not write by this method.
   */
  async write<T>(work: () => Synchronous<T>, options: WriteOptions<T> = {}): Promise<T> {
    if (this.connection.inTransaction) throw new Error('store.write was called within a write');
    return this.#queue.add<T>(work, options);
  }

  /** Keeps what `decide` answers for every machine that shares the store; the caller then carries out what it says. */
  announce<T extends Control>(decide: () => T): Promise<T> {
    const work = decide as () => Synchronous<T>;
    return this.write<T>(work, { durability: 'with-next-write', control: (control) => control });
  }

  /** Deletes everything: the state of a fresh start. */
  async reset(): Promise<void> {
    const work = () => {
      deleteAll(this.connection);
      this.forget();
    };
    // Test suites reset between tests and wait for it: it reaches the disk together with the next write, which comes
    // after it in the log. A process that ends loses nothing.
    await this.write(work, { durability: 'with-next-write', control: () => ({ kind: 'reset' }) });
  }

  /**
   * Replaces everything by what a snapshot holds; resolves with a snapshot of what was there before. `check` sees the
   * tables as they would be; when it throws, or the tables do not take the snapshot, the promise rejects with
   * InvalidSnapshot and nothing has changed.
   */
  restore(document: unknown, { check, takenAt }: RestoreOptions): Promise<Snapshot> {
    const work = () => {
      const before = takeSnapshot(this.connection, takenAt);
      try {
        restoreSnapshot(this.connection, document);
        this.forget();
        refusing(check);
      } finally {
        this.forget();
      }
      return before;
    };
    return this.write(work, { control: () => ({ kind: 'restored', document }) });
  }

  /**
   * From now on works are kept in `ledger`, and the file follows it by `apply`: it is a replica, which may lose its last
   * transactions with the power.
   */
  keepIn(ledger: Ledger): void {
    this.#recorder = new RowRecorder(this.connection);
    this.connection.pragma('synchronous = NORMAL');
    this.#queue.keepIn(ledger, this.#recorder);
  }

  /** What the images are about, which are not applied yet. */
  touched(images: readonly RowImage[]): Touched {
    return this.#following.touched(images);
  }

  /**
   * Brings rows to what the images show, runs `beside` in the same transaction, and drops from memory what is kept of
   * exactly these rows.
   */
  apply(images: readonly RowImage[], beside: () => void): void {
    const recorder = this.#following;
    this.connection.transaction(() => {
      recorder.apply(images);
      beside();
    });
    this.#forgetRows(images);
  }

  get #following(): RowRecorder {
    if (!this.#recorder) throw new Error('a file that is the truth itself follows no ledger');
    return this.#recorder;
  }

  /** Replaces everything by what a snapshot of the ledger holds, or by nothing; `beside` as in `apply`. */
  replace(snapshot: unknown, beside: () => void): void {
    this.connection.transaction(() => {
      if (snapshot === undefined) deleteAll(this.connection);
      else restoreSnapshot(this.connection, snapshot);
      this.#recorder?.clear();
      beside();
    });
    this.forget();
  }

  /** Drops everything kept in memory: the tables were replaced, or what is in them is not known. */
  forget(): void {
    this.resources.forget();
    this.addresses.forget();
  }

  #forgetRows(images: readonly RowImage[]): void {
    for (const image of images) {
      const { table, key } = image;
      if (table === 'addresses') this.addresses.forgetRow(String(key.pool), Number(key.position));
      else this.resources.forgetRow(image);
    }
  }

  #hasFailed(error: unknown): unknown {
    this.forget();
    const refusal = storageRefusal(error);
    // Once, not for each request that is refused.
    if (refusal && refusal.message !== this.#refusal) this.#warn?.(refusal.message);
    if (refusal) [this.#refusal, this.#writtenSince] = [refusal.message, 0];
    return refusal ?? error;
  }

  /** A replica that is written otherwise would never be equal to the others again. */
  #refuseReplica(): void {
    if ((this.connection.pragma(`table_info(${positionTable})`) as unknown[]).length === 0) return;
    this.connection.close();
    throw new UsageError(
      'the data folder is the replica of a store: start it with --store, or choose another folder with --data',
    );
  }

  /** A disk that is nearly full takes a small write now and then: only some in a row are worth a line. */
  #hasWritten(): void {
    if (this.#refusal === undefined || ++this.#writtenSince < writesToRecover) return;
    this.#refusal = undefined;
    this.#warn?.('the data can be written again');
  }

  /** Closes the file, once what waits is stored. Does nothing when it is closed. */
  close(): void {
    if (!this.connection.open) return;
    if (this.resources.firstUses.size > 0) void this.write(() => {}).catch(() => {});
    this.#queue.flush();
    this.connection.close();
  }
}

function deleteAll(connection: Connection): void {
  for (const table of tablesOf(connection)) connection.exec(`DELETE FROM "${table}"`);
}
