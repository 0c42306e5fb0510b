/** State of a page that belongs to its address: links, "back" and a reload keep it. */
import { useCallback } from 'react';
import { useSearch } from 'wouter';
import { navigate } from 'wouter/use-browser-location';

/** Several parameters of the address set at once; `undefined` takes one away. With `push`, "back" undoes it. */
export function setParameters(
  changes: Readonly<Record<string, string | undefined>>,
  { push = false }: { push?: boolean } = {},
): void {
  const search = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) search.delete(name);
    else search.set(name, value);
  }
  const text = search.size === 0 ? '' : `?${search}`;
  navigate(`${location.pathname}${text}`, { replace: !push });
}

/** One parameter of the address, and how to set it. */
export function useParameter(name: string): readonly [string | undefined, (value: string | undefined) => void] {
  const value = new URLSearchParams(useSearch()).get(name) ?? undefined;
  return [value, useCallback((next) => setParameters({ [name]: next }), [name])];
}

/** A part of a page that is open or not, and on what: opening it is a step that "back" undoes. */
export function useOpened(name: string) {
  const [opened, set] = useParameter(name);
  return {
    opened,
    open: (what: string) => setParameters({ [name]: what }, { push: true }),
    close: () => set(undefined),
  };
}
