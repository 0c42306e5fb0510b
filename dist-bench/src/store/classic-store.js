import { prepareAll } from './database.js';
const sql = {
    get: 'SELECT document FROM classic_documents WHERE kind = ? AND subscription = ? AND name = ?',
    list: 'SELECT document FROM classic_documents WHERE kind = ? AND subscription = ? ORDER BY sequence',
    listAll: 'SELECT document FROM classic_documents WHERE kind = ? ORDER BY sequence',
    every: 'SELECT kind, subscription, name, document FROM classic_documents ORDER BY sequence',
    hostedServiceKeys: "SELECT subscription || '/' || name AS key FROM classic_documents WHERE kind = 'hostedService' ORDER BY sequence",
    put: `INSERT INTO classic_documents (kind, subscription, name, document) VALUES (?, ?, ?, ?)
    ON CONFLICT (kind, subscription, name) DO UPDATE SET document = excluded.document`,
    delete: 'DELETE FROM classic_documents WHERE kind = ? AND subscription = ? AND name = ?',
};
const columns = ({ kind, subscriptionId, name }) => [
    kind,
    subscriptionId.toLowerCase(),
    name.toLowerCase(),
];
/** The key of a hosted service as one text: folded subscription and name. */
export const hostedServiceKey = ({ subscriptionId, name }) => `${subscriptionId}/${name}`.toLowerCase();
export class ClassicStore {
    #statement;
    constructor(connection) {
        this.#statement = prepareAll(connection, sql);
    }
    get(key) {
        const row = this.#statement.get.get(...columns(key));
        return row && JSON.parse(row.document);
    }
    /** Documents of a kind: of one subscription, or of all. */
    list(kind, subscriptionId) {
        const rows = subscriptionId === undefined
            ? this.#statement.listAll.all(kind)
            : this.#statement.list.all(kind, subscriptionId.toLowerCase());
        return rows.map(({ document }) => JSON.parse(document));
    }
    /** Documents of all kinds, with the columns by which they are found. */
    every() {
        const rows = this.#statement.every.all();
        return rows.map((row) => ({ ...row, document: JSON.parse(row.document) }));
    }
    /** Keys of all hosted services, in the order of their creation; see `hostedServiceKey`. */
    hostedServiceKeys() {
        return this.#statement.hostedServiceKeys.all().map(({ key }) => key);
    }
    /** The hosted service with this key, see `hostedServiceKey`. */
    hostedService(key) {
        const [subscriptionId = '', name = ''] = key.split('/');
        return this.get({ kind: 'hostedService', subscriptionId, name });
    }
    put(key, document) {
        this.#statement.put.run(...columns(key), JSON.stringify(document));
    }
    /** Deletes the document; deleting what is not there is no error. */
    delete(key) {
        this.#statement.delete.run(...columns(key));
    }
}
//# sourceMappingURL=classic-store.js.map