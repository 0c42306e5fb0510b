/** Documents of the classic API in SQLite: JSON by kind, subscription and name, listed in the order of their creation. */
import { type Connection, type Prepared, prepareAll, type RunTransaction } from './database.js';

export interface ClassicDocumentKey {
  readonly kind: string;
  readonly subscriptionId: string;
  readonly name: string;
}

const sql = {
  get: 'SELECT document FROM classic_documents WHERE kind = ? AND subscription = ? AND name = ?',
  list: 'SELECT document FROM classic_documents WHERE kind = ? AND subscription = ? ORDER BY sequence',
  listAll: 'SELECT document FROM classic_documents WHERE kind = ? ORDER BY sequence',
  put: `INSERT INTO classic_documents (kind, subscription, name, document) VALUES (?, ?, ?, ?)
    ON CONFLICT (kind, subscription, name) DO UPDATE SET document = excluded.document`,
  delete: 'DELETE FROM classic_documents WHERE kind = ? AND subscription = ? AND name = ?',
} as const;

const columns = ({ kind, subscriptionId, name }: ClassicDocumentKey): [string, string, string] => [
  kind,
  subscriptionId.toLowerCase(),
  name.toLowerCase(),
];

export class ClassicDocumentStore {
  readonly #statement: Prepared<typeof sql>;

  constructor(
    connection: Connection,
    readonly transaction: RunTransaction,
  ) {
    this.#statement = prepareAll(connection, sql);
  }

  get(key: ClassicDocumentKey): unknown {
    const row = this.#statement.get.get(...columns(key)) as { document: string } | undefined;
    return row && JSON.parse(row.document);
  }

  /** Documents of a kind: of one subscription, or of all. */
  list(kind: string, subscriptionId?: string): unknown[] {
    const rows =
      subscriptionId === undefined
        ? this.#statement.listAll.all(kind)
        : this.#statement.list.all(kind, subscriptionId.toLowerCase());
    return (rows as { document: string }[]).map(({ document }) => JSON.parse(document));
  }

  put(key: ClassicDocumentKey, document: unknown): void {
    this.#statement.put.run(...columns(key), JSON.stringify(document));
  }

  delete(key: ClassicDocumentKey): void {
    this.#statement.delete.run(...columns(key));
  }
}
