/** What is typed into a form: it outlives a reload of the page, until the form is sent or given up, or the tab is closed. */
import { useState } from 'react';

const storageKey = (key: string): string => `lazurite.draft.${key}`;

function read<T>(key: string, start: T): T {
  const kept = sessionStorage.getItem(storageKey(key));
  return kept === null ? start : (JSON.parse(kept) as T);
}

/** The draft of the form `key`, which begins as `start`. */
export function useDraft<T>(key: string, start: T) {
  const [value, setValue] = useState(() => read(key, start));
  return {
    value,
    set: (next: T): void => {
      setValue(next);
      try {
        sessionStorage.setItem(storageKey(key), JSON.stringify(next));
      } catch {
        // There is no room for it: it lives as long as the page.
      }
    },
    /** Forgets it: the next form with this key starts anew. */
    clear: (): void => sessionStorage.removeItem(storageKey(key)),
  };
}
