/** A classic store that forgets everything with the process: for tests, and for `--in-memory`. */
import type {
  ClassicDocuments,
  ClassicKey,
  ClassicKind,
  ClassicReader,
  ClassicStore,
  ClassicTransaction,
} from './store.js';
import { foldedKey } from './store.js';

interface Entry {
  readonly key: ClassicKey;
  readonly json: string;
}

/** An empty store. Documents go through JSON, as they do in SQLite, so that nobody shares objects with it. */
export function memoryStore(): ClassicStore {
  let entries: ReadonlyMap<string, Entry> = new Map();

  const reader = (current: () => ReadonlyMap<string, Entry>): ClassicReader => ({
    get<K extends ClassicKind>(key: ClassicKey<K>) {
      const entry = current().get(foldedKey(key));
      return entry && (JSON.parse(entry.json) as ClassicDocuments[K]);
    },
    list<K extends ClassicKind>(kind: K, subscriptionId?: string) {
      const wanted = subscriptionId?.toLowerCase();
      const found: ClassicDocuments[K][] = [];
      for (const { key, json } of current().values()) {
        if (key.kind !== kind || (wanted !== undefined && key.subscriptionId.toLowerCase() !== wanted)) continue;
        found.push(JSON.parse(json) as ClassicDocuments[K]);
      }
      return found;
    },
  });

  return {
    read: (work) => work(reader(() => entries)),
    write(work) {
      const draft = new Map(entries);
      const transaction: ClassicTransaction = {
        ...reader(() => draft),
        put: (key, document) => void draft.set(foldedKey(key), { key, json: JSON.stringify(document) }),
        delete: (key) => void draft.delete(foldedKey(key)),
      };
      const result = work(transaction);
      entries = draft;
      return result;
    },
  };
}
