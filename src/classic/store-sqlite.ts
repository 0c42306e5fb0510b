/** The classic API's documents in the emulator's SQLite file, beside Resource Manager's. */
import type { ClassicDocumentStore } from '../store/classic-document-store.js';
import type { ClassicDocuments, ClassicKey, ClassicKind, ClassicStore, ClassicTransaction } from './store.js';

/** A classic store over the SQLite file. */
export function sqliteStore(documents: ClassicDocumentStore): ClassicStore {
  const transaction: ClassicTransaction = {
    get: <K extends ClassicKind>(key: ClassicKey<K>) => documents.get(key) as ClassicDocuments[K] | undefined,
    list: <K extends ClassicKind>(kind: K, subscriptionId?: string) =>
      documents.list(kind, subscriptionId) as ClassicDocuments[K][],
    put: (key, document) => documents.put(key, document),
    delete: (key) => documents.delete(key),
  };
  return {
    read: (work) => work(transaction),
    write: (work) => documents.transaction(() => work(transaction)),
  };
}
