/** Reads what nft lists: the elements that packets have added to the engine's maps and sets. */
import { spawn } from 'node:child_process';
import { pause } from '../../support/clock.js';
import { environment, NftError, sentenceOf } from './loader.js';

/** One element, as nft lists it. */
export interface ListedElement {
  readonly key: string;
  /** The mark of a map's element, or with which a set's key ends. */
  readonly mark: number;
  readonly timeoutMs: number;
  readonly expiresMs: number;
  readonly packets: number;
  readonly bytes: number;
}

export type Listing = ReadonlyMap<string, readonly ListedElement[]>;

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** `1h3m59s984ms` in milliseconds. */
function readDuration(text: string): number {
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
    mark: Number(/(?:^| . )(0x[0-9a-f]+)$/.exec(key)?.[1] ?? value ?? 0),
    timeoutMs,
    expiresMs: expires === undefined ? timeoutMs : readDuration(expires),
    packets: Number(counter?.[1] ?? 0),
    bytes: Number(counter?.[2] ?? 0),
  };
}

/** Gets each element with the name of its map or set. */
type Visit = (set: string, element: ListedElement) => void;

const opening = 'elements = {';

/** Reads what nft prints as it comes, so that a list of 100,000 flows is not read in one piece. */
class ListingReader {
  readonly #visit: Visit;
  /** Not understood yet. */
  #rest = '';
  #set = '';
  #isInside = false;

  constructor(visit: Visit) {
    this.#visit = visit;
  }

  read(text: string): void {
    this.#rest += text;
    while (this.#isInside ? this.#readElements() : this.#readHead());
  }

  /** Up to the elements of the next set; false when they have not come yet. */
  #readHead(): boolean {
    const found = this.#rest.indexOf(opening);
    const end = found < 0 ? this.#rest.lastIndexOf('\n') + 1 : found;
    for (const [, name = ''] of this.#rest.slice(0, end).matchAll(/^\s*(?:map|set) (\S+) \{/gm)) this.#set = name;
    this.#isInside = found >= 0;
    this.#rest = this.#rest.slice(found < 0 ? end : end + opening.length);
    return this.#isInside;
  }

  /** All whole elements that have come; false when the set goes on. */
  #readElements(): boolean {
    const closing = this.#rest.indexOf('}');
    const end = closing < 0 ? this.#rest.lastIndexOf(',') : closing;
    if (end < 0) return false;
    for (const part of this.#rest.slice(0, end).split(',')) {
      const element = part.trim();
      if (element !== '') this.#visit(this.#set, readElement(element));
    }
    this.#rest = this.#rest.slice(end + 1);
    this.#isInside = closing < 0;
    return closing >= 0;
  }
}

/** The elements of every map and set in the text that has any, by name. */
export function readListing(text: string): Listing {
  const listing = new Map<string, ListedElement[]>();
  new ListingReader(into(listing)).read(text);
  return listing;
}

const into =
  (listing: Map<string, ListedElement[]>): Visit =>
  (set, element) => {
    const known = listing.get(set);
    if (known) known.push(element);
    else listing.set(set, [element]);
  };

type Sets = readonly (readonly ['map' | 'set', string])[];

/** How often a list is read that fails, and the real milliseconds in between. */
const attempts = 5;
const againMs = 100;

/**
 * Visits the elements of these maps and sets of one table, some at a time: other work goes on in between. `begin` is called
 * before each attempt: a list fails while its table is loaded anew, and where the system has no process to spare.
 */
export async function visitElements(table: string, sets: Sets, begin: () => Visit): Promise<void> {
  const commands = sets.map(([kind, name]) => `list ${kind} ${table} ${name}`);
  for (let attempt = 1; ; attempt++) {
    const reader = new ListingReader(begin());
    try {
      return await readFromKernel(commands, (text) => reader.read(text));
    } catch (error) {
      if (attempt === attempts) throw error;
    }
    await pause(againMs);
  }
}

/** Lists these maps and sets of one table. */
export async function listElements(table: string, sets: Sets): Promise<Listing> {
  let listing = new Map<string, ListedElement[]>();
  await visitElements(table, sets, () => {
    listing = new Map();
    return into(listing);
  });
  return listing;
}

/** One element of a map; undefined when it is not there. */
export async function getElement(
  table: string,
  { set, key }: { readonly set: string; readonly key: string },
): Promise<ListedElement | undefined> {
  let text = '';
  const take = (some: string): void => {
    text += some;
  };
  // What is not there is an error for nft.
  await readFromKernel([`get element ${table} ${set} { ${key} }`], take).catch(() => {});
  return readListing(text).get(set)?.[0];
}

/**
 * `take` gets what nft prints for these commands, piece by piece. One process for all, whose start costs more than a list;
 * not the loader's, so that a long answer does not delay changes.
 */
function readFromKernel(commands: readonly string[], take: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // Of several lists in one command, and in a file, nft 1.0.6 prints only the last.
    const nft = spawn('nft', ['-i'], { env: environment });
    let errors = '';
    nft.stdout.setEncoding('utf8').on('data', take);
    nft.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    nft.on('error', reject);
    nft.stdin.on('error', () => {});
    nft.stdin.end(commands.map((command) => `${command}\n`).join(''));
    // It goes on after an error, and ends as if there had been none.
    nft.on('close', (code) =>
      code === 0 && errors === '' ? resolve() : reject(new NftError(`nft: ${sentenceOf(errors)} (${commands[0]} …)`)),
    );
  });
}
