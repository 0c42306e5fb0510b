/** Everything that is kept, over one connection. */
import { AddressStore, type PublicPool } from './address-store.js';
import { ClassicStore } from './classic-store.js';
import { openDatabase, type RunTransaction } from './database.js';
import { DeploymentStore } from './deployment-store.js';
import { OperationStore } from './operation-store.js';
import { ResourceStore } from './resource-store.js';
import { restoreSnapshot, tablesOf } from './snapshot.js';
import type { Connection, DriverName } from './sqlite.js';

export interface StoreOptions extends PublicPool {
  /** Path of the SQLite file; in memory when absent. */
  readonly file?: string | undefined;
  /** What SQLite is reached through; the best one that works here when absent. */
  readonly driver?: DriverName | undefined;
}

export interface WriteOptions {
  /**
   * `on-disk`: the write survives a power failure once the promise resolves. `with-next-write`: only once a later write
   * is on disk; it survives the end of the process anyway.
   */
  readonly durability?: 'on-disk' | 'with-next-write';
}

/** Keeps an asynchronous function, whose transaction would end before its work, from being a work. */
type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

export class Store {
  readonly connection: Connection;
  readonly resources: ResourceStore;
  readonly addresses: AddressStore;
  readonly operations: OperationStore;
  readonly deployments: DeploymentStore;
  readonly classic: ClassicStore;

  constructor({ file, driver, ...publicPool }: StoreOptions) {
    this.connection = openDatabase({ file, driver });
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

  /** The result of `work`, after which everything is as before. Throws what `work` throws. */
  rehearse<T>(work: () => T): T {
    try {
      return this.connection.rehearse(work);
    } finally {
      this.forget();
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

  /** Replaces everything by what a snapshot holds; rejects with InvalidSnapshot, and changes nothing, when it cannot. */
  async restore(document: unknown): Promise<void> {
    await this.write(() => {
      restoreSnapshot(this.connection, document);
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
      return this.connection.transaction(work);
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  close(): void {
    this.connection.close();
  }
}
