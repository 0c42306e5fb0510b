/** Everything that is kept, over one connection. */
import { storageRefusal } from '../errors/index.js';
import { AddressStore, type PublicPool } from './address-store.js';
import { ClassicStore } from './classic-store.js';
import { openDatabase, type RunTransaction } from './database.js';
import { DeploymentStore } from './deployment-store.js';
import { OperationStore } from './operation-store.js';
import { ResourceStore } from './resource-store.js';
import { invalidSnapshot, restoreSnapshot, tablesOf } from './snapshot.js';
import type { Connection, DriverName } from './sqlite.js';

export interface StoreOptions extends PublicPool {
  /** Path of the SQLite file; in memory when absent. */
  readonly file?: string | undefined;
  /** What SQLite is reached through; the best one that works here when absent. */
  readonly driver?: DriverName | undefined;
  /** Told in a sentence when the file cannot be written any more or has a flaw, and when it can be written again. */
  readonly warn?: (sentence: string) => void;
}

export interface WriteOptions {
  /**
   * `on-disk`: the write survives a power failure once the promise resolves. `with-next-write`: only once a later write
   * is on disk; it survives the end of the process anyway.
   */
  readonly durability?: 'on-disk' | 'with-next-write';
}

/** Writes in a row after which the file counts as writable again. */
const writesToRecover = 10;

/** Keeps an asynchronous function, whose transaction would end before its work, from being a work. */
type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

export class Store {
  readonly connection: Connection;
  readonly resources: ResourceStore;
  readonly addresses: AddressStore;
  readonly operations: OperationStore;
  readonly deployments: DeploymentStore;
  readonly classic: ClassicStore;
  readonly #warn: StoreOptions['warn'];
  /** Why the last write failed, if the file was the reason. */
  #refusal: string | undefined;
  #writtenSince = 0;

  constructor({ file, driver, warn, ...publicPool }: StoreOptions) {
    this.connection = openDatabase({ file, driver, warn });
    this.#warn = warn;
    const transaction: RunTransaction = (work) => this.#transact(work);
    this.resources = new ResourceStore(this.connection, transaction);
    this.addresses = new AddressStore(this.connection, publicPool);
    this.operations = new OperationStore(this.connection);
    this.deployments = new DeploymentStore(this.connection);
    this.classic = new ClassicStore(this.connection);
  }

  /**
   * The one way to write: runs `work` in one IMMEDIATE transaction and resolves with its result when that is stored as
   * durably as `durability` says. When `work` throws, everything is undone, what was kept in memory is dropped, and the
   * promise rejects with that error. `work` is synchronous and calls the stores' methods; it must not write again by
   * this method. It may run at once, before this method returns, or together with other waiting works.
   */
  async write<T>(work: () => Synchronous<T>, { durability = 'on-disk' }: WriteOptions = {}): Promise<T> {
    if (this.connection.inTransaction) throw new Error('store.write was called within a write');
    if (durability === 'on-disk') return this.#transact(work);
    this.connection.pragma('synchronous = NORMAL');
    try {
      return this.#transact(work);
    } finally {
      this.connection.pragma('synchronous = FULL');
    }
  }

  /** Deletes everything: the state of a fresh start. */
  async reset(): Promise<void> {
    const tables = tablesOf(this.connection);
    const deleteAll = () => {
      for (const table of tables) this.connection.exec(`DELETE FROM "${table}"`);
      this.forget();
    };
    // Test suites reset between tests and wait for it: it reaches the disk together with the next write, which comes
    // after it in the log. A process that ends loses nothing.
    await this.write(deleteAll, { durability: 'with-next-write' });
  }

  /**
   * Replaces everything by what a snapshot holds. `check` sees the tables as they would be; when it throws, or the tables
   * do not take the snapshot, the promise rejects with InvalidSnapshot and nothing has changed.
   */
  async restore(document: unknown, check: () => void = () => {}): Promise<void> {
    await this.write(() => {
      restoreSnapshot(this.connection, document);
      this.forget();
      try {
        check();
      } catch (error) {
        throw invalidSnapshot(error);
      }
      this.forget();
    });
  }

  /** Drops everything kept in memory: a transaction was undone, or the tables were replaced. */
  forget(): void {
    this.resources.forget();
    this.addresses.forget();
  }

  #transact<T>(work: () => T): T {
    try {
      const result = this.connection.transaction(work);
      if (this.#refusal !== undefined) this.#hasWritten();
      return result;
    } catch (error) {
      this.forget();
      const refusal = storageRefusal(error);
      // Once, not for each request that is refused.
      if (refusal && refusal.message !== this.#refusal) this.#warn?.(refusal.message);
      if (refusal) [this.#refusal, this.#writtenSince] = [refusal.message, 0];
      throw refusal ?? error;
    }
  }

  /** A disk that is nearly full takes a small write now and then: only some in a row are worth a line. */
  #hasWritten(): void {
    if (++this.#writtenSince < writesToRecover) return;
    this.#refusal = undefined;
    this.#warn?.('the data can be written again');
  }

  close(): void {
    this.connection.close();
  }
}
