/** Everything that is kept, over one connection. */
import { storageRefusal } from '../errors/index.js';
import { AddressStore } from './address-store.js';
import { ClassicStore } from './classic-store.js';
import { openDatabase } from './database.js';
import { DeploymentStore } from './deployment-store.js';
import { OperationStore } from './operation-store.js';
import { ResourceStore } from './resource-store.js';
import { invalidSnapshot, restoreSnapshot, tablesOf } from './snapshot.js';
/** Writes in a row after which the file counts as writable again. */
const writesToRecover = 10;
export class Store {
    connection;
    resources;
    addresses;
    operations;
    deployments;
    classic;
    #warn;
    /** Why the last write failed, if the file was the reason. */
    #refusal;
    #writtenSince = 0;
    constructor({ file, driver, warn, ...publicPool }) {
        this.connection = openDatabase({ file, driver, warn });
        this.#warn = warn;
        const transaction = (work) => this.#transact(work);
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
    async write(work, { durability = 'on-disk' } = {}) {
        if (this.connection.inTransaction)
            throw new Error('store.write was called within a write');
        if (durability === 'on-disk')
            return this.#transact(work);
        this.connection.pragma('synchronous = NORMAL');
        try {
            return this.#transact(work);
        }
        finally {
            this.connection.pragma('synchronous = FULL');
        }
    }
    /** Deletes everything: the state of a fresh start. */
    async reset() {
        const tables = tablesOf(this.connection);
        const deleteAll = () => {
            for (const table of tables)
                this.connection.exec(`DELETE FROM "${table}"`);
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
    async restore(document, check = () => { }) {
        await this.write(() => {
            restoreSnapshot(this.connection, document);
            this.forget();
            try {
                check();
            }
            catch (error) {
                throw invalidSnapshot(error);
            }
            this.forget();
        });
    }
    /** Drops everything kept in memory: a transaction was undone, or the tables were replaced. */
    forget() {
        this.resources.forget();
        this.addresses.forget();
    }
    #transact(work) {
        try {
            const result = this.connection.transaction(work);
            if (this.#refusal !== undefined)
                this.#hasWritten();
            return result;
        }
        catch (error) {
            this.forget();
            const refusal = storageRefusal(error);
            // Once, not for each request that is refused.
            if (refusal && refusal.message !== this.#refusal)
                this.#warn?.(refusal.message);
            if (refusal)
                [this.#refusal, this.#writtenSince] = [refusal.message, 0];
            throw refusal ?? error;
        }
    }
    /** A disk that is nearly full takes a small write now and then: only some in a row are worth a line. */
    #hasWritten() {
        if (++this.#writtenSince < writesToRecover)
            return;
        this.#refusal = undefined;
        this.#warn?.('the data can be written again');
    }
    close() {
        this.connection.close();
    }
}
//# sourceMappingURL=store.js.map