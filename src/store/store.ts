/** Everything that is kept, over one connection. */
import type { Addresses } from '../resources/resource-type.js';
import { AddressStore } from './address-store.js';
import { ClassicDocumentStore } from './classic-document-store.js';
import { type Connection, openDatabase, type RunTransaction } from './database.js';
import { DeploymentStore } from './deployment-store.js';
import { OperationStore } from './operation-store.js';
import { ResourceStore } from './resource-store.js';

export interface StoreOptions {
  /** Path of the SQLite file; in memory when absent. */
  readonly file?: string | undefined;
  readonly publicPrefix: Addresses['publicPrefix'];
}

export class Store {
  readonly connection: Connection;
  readonly resources: ResourceStore;
  readonly addresses: AddressStore;
  readonly operations: OperationStore;
  readonly deployments: DeploymentStore;
  readonly classic: ClassicDocumentStore;
  readonly #transaction: RunTransaction;

  constructor({ file, publicPrefix }: StoreOptions) {
    this.connection = openDatabase({ file });
    const transaction: RunTransaction = (write) => {
      try {
        return this.connection.transaction(write).immediate();
      } catch (error) {
        // What was kept in memory on the way never happened.
        this.forget();
        throw error;
      }
    };
    this.#transaction = transaction;
    this.resources = new ResourceStore(this.connection, transaction);
    this.addresses = new AddressStore(this.connection, publicPrefix);
    this.operations = new OperationStore(this.connection);
    this.deployments = new DeploymentStore(this.connection);
    this.classic = new ClassicDocumentStore(this.connection, transaction);
  }

  /**
   * Runs `work`, which is synchronous, in one IMMEDIATE transaction of its own. Resolves with what it returns once that
   * is durable; rejects with what it throws, and nothing of it is stored then.
   */
  async write<T>(work: () => T): Promise<T> {
    return this.#transaction(work);
  }

  /** The result of `work`, after which everything is as before. Throws what `work` throws. */
  rehearse<T>(work: () => T): T {
    this.connection.exec('BEGIN IMMEDIATE');
    try {
      return work();
    } finally {
      this.connection.exec('ROLLBACK');
      this.forget();
    }
  }

  /** Forgets everything: the state of a fresh start. */
  reset(): void {
    const tables = this.connection
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all() as string[];
    const forget = this.connection.transaction(() => {
      for (const table of tables) this.connection.exec(`DELETE FROM "${table}"`);
    });
    // Test suites reset between tests and wait for it: it reaches the disk together with the next write, which comes
    // after it in the log. A process that ends loses nothing.
    this.connection.pragma('synchronous = NORMAL');
    try {
      forget.immediate();
    } finally {
      this.connection.pragma('synchronous = FULL');
    }
    this.forget();
  }

  /** Drops everything kept in memory: a transaction was undone, or the tables were replaced. */
  forget(): void {
    this.resources.forget();
    this.addresses.forget();
  }

  close(): void {
    this.connection.close();
  }
}
