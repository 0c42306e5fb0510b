/** Reads what nft lists: the elements that packets have put into our maps and sets. */
import { readFromKernel } from './loader.js';

/** One element, with whatever nft says about it. */
export interface ListedElement {
  readonly key: string;
  /** The mark of a map's element, or of a set's whose keys are marks. */
  readonly mark: number;
  readonly timeoutMs: number;
  readonly expiresMs: number;
  readonly packets: number;
  readonly bytes: number;
}

export type Listing = ReadonlyMap<string, readonly ListedElement[]>;

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** `1h3m59s984ms` in milliseconds. */
export function readDuration(text: string): number {
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[dhms])/g)) ms += Number(count) * (unitMs[unit as string] ?? 0);
  return ms;
}

function readElement(text: string): ListedElement {
  const [left = '', value] = text.split(' : ');
  const key = left.split(/ (?:timeout|expires|counter) /, 1)[0] ?? '';
  const timeoutMs = readDuration(/ timeout (\S+)/.exec(left)?.[1] ?? '');
  const expires = / expires (\S+)/.exec(left)?.[1];
  const counter = / counter packets (\d+) bytes (\d+)/.exec(left);
  return {
    key,
    mark: Number(key.startsWith('0x') ? key : (value ?? 0)),
    timeoutMs,
    expiresMs: expires === undefined ? timeoutMs : readDuration(expires),
    packets: Number(counter?.[1] ?? 0),
    bytes: Number(counter?.[2] ?? 0),
  };
}

/** The elements of every map and set in the text, by name. */
export function readListing(text: string): Listing {
  const listing = new Map<string, ListedElement[]>();
  for (const [, name, body] of text.matchAll(/^\s*(?:map|set) (\S+) \{(.*?)^\t\}/gms)) {
    const elements = /elements = \{(.*?)\}/s.exec(body as string)?.[1] ?? '';
    const parts = elements.split(/,\s+/).map((part) => part.trim());
    listing.set(
      name as string,
      parts.filter((part) => part !== '').map((part) => readElement(part)),
    );
  }
  return listing;
}

/** Lists these maps and sets of one table. */
export const list = async (table: string, sets: readonly (readonly ['map' | 'set', string])[]): Promise<Listing> =>
  readListing(await readFromKernel(sets.map(([kind, name]) => `list ${kind} ${table} ${name}`)));
