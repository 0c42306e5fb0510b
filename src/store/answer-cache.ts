/**
 * Answers of reads, kept as bytes until something changes that they were made from. While an answer is made, every read of
 * the resource store notes what it has read; every write drops the answers that have read what it writes. Beside them the
 * lists that the resource store keeps.
 */

export interface KeptAnswer {
  readonly etag?: string | undefined;
  /** JSON: a short one as text, which is written to a connection together with the headers. */
  readonly content: string | Buffer;
  /** In which text becomes bytes: one byte per character takes no look at the characters. */
  readonly encoding: 'latin1' | 'utf8';
  /** Length of the JSON in bytes. */
  readonly bytes: number;
}

interface Kept {
  readonly answer: KeptAnswer;
  readonly reads: ReadonlySet<string>;
  readonly size: number;
}

/** Of all answers together, with what is known about them. */
const mostBytes = 64 * 1024 * 1024;
const shortText = 64 * 1024;
/** About what one answer takes beside its bytes, and each name of something that it has read. */
const [answerBytes, readBytes] = [500, 250];

export class AnswerCache {
  /** The least recently used one comes first. */
  readonly #kept = new Map<string, Kept>();
  /** Keys of the answers that have read something, by its name. */
  readonly #readers = new Map<string, Set<string>>();
  /** What the answer that is being made has read. */
  #reads: Set<string> | undefined;
  /** The most recently used one. */
  #last: Kept | undefined;
  #bytes = 0;

  constructor(readonly limitBytes = mostBytes) {}

  /** What all answers take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The answer that is kept under `key`. */
  kept(key: string): KeptAnswer | undefined {
    const kept = this.#kept.get(key);
    if (!kept || kept === this.#last) return kept?.answer;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    this.#last = kept;
    return kept.answer;
  }

  /**
   * The answer under `key`, which `make` makes where none is kept. `make` decides by `key`, the configuration and what it
   * reads from the resource store, and by nothing else.
   */
  answer(key: string, make: () => { readonly etag?: string; readonly body?: unknown }): KeptAnswer {
    const kept = this.kept(key);
    if (kept) return kept;
    const reads = new Set<string>();
    this.#reads = reads;
    try {
      const { etag, body } = make();
      const text = JSON.stringify(body);
      const bytes = Buffer.byteLength(text);
      const content = text.length < shortText ? text : Buffer.from(text);
      const answer: KeptAnswer = { etag, content, encoding: bytes === text.length ? 'latin1' : 'utf8', bytes };
      this.#keep(key, { answer, reads });
      return answer;
    } finally {
      this.#reads = undefined;
    }
  }

  /** `name` is being read. */
  read(name: string): void {
    this.#reads?.add(name);
  }

  /** `name` is being written. */
  changed(name: string): void {
    const readers = this.#readers.get(name);
    if (readers) for (const key of [...readers]) this.#drop(key);
  }

  clear(): void {
    this.#kept.clear();
    this.#readers.clear();
    this.#last = undefined;
    this.#bytes = 0;
  }

  #keep(key: string, { answer, reads }: Omit<Kept, 'size'>): void {
    const size = answerBytes + 2 * key.length + answer.content.length + reads.size * readBytes;
    if (size > this.limitBytes / 2) return;
    const kept = { answer, reads, size };
    this.#kept.set(key, kept);
    this.#last = kept;
    this.#bytes += size;
    for (const name of reads) {
      const readers = this.#readers.get(name);
      if (readers) readers.add(key);
      else this.#readers.set(name, new Set([key]));
    }
    while (this.#bytes > this.limitBytes) this.#drop(this.#kept.keys().next().value as string);
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key);
    if (!kept) return;
    this.#kept.delete(key);
    if (this.#last === kept) this.#last = undefined;
    this.#bytes -= kept.size;
    for (const name of kept.reads) {
      const readers = this.#readers.get(name);
      readers?.delete(key);
      if (readers?.size === 0) this.#readers.delete(name);
    }
  }
}

/**
 * Lists that are kept in memory by their keys; the oldest ones go first. Of long ones, such as the links into a pool with
 * thousands of members, a few are kept: one write asks for the same list again and again.
 */
export class KeptLists<T> {
  readonly #kinds = [
    { lists: new Map<string, readonly T[]>(), atMost: 8192, upTo: 64 },
    { lists: new Map<string, readonly T[]>(), atMost: 4, upTo: 16_384 },
  ] as const;

  get(key: string): readonly T[] | undefined {
    const [{ lists: short }, { lists: long }] = this.#kinds;
    return short.get(key) ?? long.get(key);
  }

  /** The list under `key`; one that is not kept is what `read` answers. */
  kept(key: string, read: () => readonly T[]): readonly T[] {
    const known = this.get(key);
    if (known) return known;
    const list = read();
    this.set(key, list);
    return list;
  }

  /** Keeps a list that is not kept yet, unless it is too long. */
  set(key: string, list: readonly T[]): void {
    const kind = this.#kinds.find(({ upTo }) => list.length <= upTo);
    if (!kind) return;
    const { lists, atMost } = kind;
    lists.set(key, list);
    if (lists.size > atMost) lists.delete(lists.keys().next().value as string);
  }

  delete(key: string): void {
    for (const { lists } of this.#kinds) lists.delete(key);
  }

  clear(): void {
    for (const { lists } of this.#kinds) lists.clear();
  }
}
