/** Documents of the classic API in SQLite: JSON by kind, subscription and name, listed in the order of their creation. */
import type {
  CertificateRecord,
  HostedService,
  NetworkConfigurationRecord,
  ReservedIp,
} from '../resources/Microsoft.ClassicCompute/types.js';
import { type Prepared, prepareAll } from './database.js';
import type { Connection } from './sqlite.js';

/** Every kind of document, by the name of its kind. All of them survive JSON. */
export interface ClassicDocuments {
  hostedService: HostedService;
  reservedIp: ReservedIp;
  certificate: CertificateRecord;
  networkConfiguration: NetworkConfigurationRecord;
}

export type ClassicKind = keyof ClassicDocuments;

/** Names compare without regard to case; the document keeps its own casing. */
export interface ClassicKey<K extends ClassicKind = ClassicKind> {
  readonly kind: K;
  readonly subscriptionId: string;
  readonly name: string;
}

const sql = {
  get: 'SELECT document FROM classic_documents WHERE kind = ? AND subscription = ? AND name = ?',
  list: 'SELECT document FROM classic_documents WHERE kind = ? AND subscription = ? ORDER BY sequence',
  listAll: 'SELECT document FROM classic_documents WHERE kind = ? ORDER BY sequence',
  every: 'SELECT kind, subscription, name, document FROM classic_documents ORDER BY sequence',
  hostedServiceKeys:
    "SELECT subscription || '/' || name AS key FROM classic_documents WHERE kind = 'hostedService' ORDER BY sequence",
  put: `INSERT INTO classic_documents (kind, subscription, name, document) VALUES (?, ?, ?, ?)
    ON CONFLICT (kind, subscription, name) DO UPDATE SET document = excluded.document`,
  delete: 'DELETE FROM classic_documents WHERE kind = ? AND subscription = ? AND name = ?',
} as const;

const columns = ({ kind, subscriptionId, name }: ClassicKey): [string, string, string] => [
  kind,
  subscriptionId.toLowerCase(),
  name.toLowerCase(),
];

/** The key of a hosted service as one text: folded subscription and name. */
export const hostedServiceKey = ({ subscriptionId, name }: Omit<ClassicKey<'hostedService'>, 'kind'>): string =>
  `${subscriptionId}/${name}`.toLowerCase();

export class ClassicStore {
  readonly #statement: Prepared<typeof sql>;

  constructor(connection: Connection) {
    this.#statement = prepareAll(connection, sql);
  }

  get<K extends ClassicKind>(key: ClassicKey<K>): ClassicDocuments[K] | undefined {
    const row = this.#statement.get.get(...columns(key)) as { document: string } | undefined;
    return row && (JSON.parse(row.document) as ClassicDocuments[K]);
  }

  /** Documents of a kind: of one subscription, or of all. */
  list<K extends ClassicKind>(kind: K, subscriptionId?: string): ClassicDocuments[K][] {
    const rows =
      subscriptionId === undefined
        ? this.#statement.listAll.all(kind)
        : this.#statement.list.all(kind, subscriptionId.toLowerCase());
    return (rows as { document: string }[]).map(({ document }) => JSON.parse(document) as ClassicDocuments[K]);
  }

  /** Documents of all kinds, with the columns by which they are found. */
  every(): { kind: string; subscription: string; name: string; document: object }[] {
    const rows = this.#statement.every.all() as {
      kind: string;
      subscription: string;
      name: string;
      document: string;
    }[];
    return rows.map((row) => ({ ...row, document: JSON.parse(row.document) as object }));
  }

  /** Keys of all hosted services, in the order of their creation; see `hostedServiceKey`. */
  hostedServiceKeys(): string[] {
    return (this.#statement.hostedServiceKeys.all() as { key: string }[]).map(({ key }) => key);
  }

  /** The hosted service with this key, see `hostedServiceKey`. */
  hostedService(key: string): HostedService | undefined {
    const [subscriptionId = '', name = ''] = key.split('/');
    return this.get({ kind: 'hostedService', subscriptionId, name });
  }

  put<K extends ClassicKind>(key: ClassicKey<K>, document: ClassicDocuments[K]): void {
    this.#statement.put.run(...columns(key), JSON.stringify(document));
  }

  /** Deletes the document; deleting what is not there is no error. */
  delete(key: ClassicKey): void {
    this.#statement.delete.run(...columns(key));
  }
}
