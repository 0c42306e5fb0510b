/** How connections that move bulk share the thread, so that new connections and small messages do not wait for them. */

/** Read at once, and in one turn of the event loop by all connections that move bulk. */
export const bulkBytes = 256 * 1024;
/** The same while other connections are opened or exchange small messages: a tenth of a millisecond less to wait for. */
export const besideOthersBytes = 64 * 1024;
/** So many turns after the last new connection or small message, reads are large again. */
export const turnsBesideOthers = 64;

export interface BulkReader {
  /** Bytes of its last read: what the next one is expected to take. */
  readonly lastRead: number;
  /** Reads on, once. */
  continue(): void;
}

/** The readers that wait for their share, in order. Each turn takes as many as fill one read. */
export class BulkTurns {
  readonly #schedule: (turn: () => void) => void;
  readonly #waiting = new Set<BulkReader>();
  #turnsLeft = 0;

  /** `schedule`: calls back in the next turn of the event loop, behind what has arrived until then. */
  constructor(schedule: (turn: () => void) => void) {
    this.#schedule = schedule;
  }

  /** Bytes that one read may take now. */
  get readBytes(): number {
    return this.#turnsLeft > 0 ? besideOthersBytes : bulkBytes;
  }

  /** A connection has arrived, or a small message. */
  othersBusy(): void {
    this.#turnsLeft = turnsBesideOthers;
  }

  /** Lets a reader continue when it is its turn. */
  add(reader: BulkReader): void {
    if (this.#waiting.size === 0) this.#schedule(() => this.#turn());
    this.#waiting.add(reader);
  }

  #turn(): void {
    const { readBytes } = this;
    if (this.#turnsLeft > 0) this.#turnsLeft--;
    let bytes = 0;
    for (const reader of this.#waiting) {
      this.#waiting.delete(reader);
      reader.continue();
      bytes += reader.lastRead;
      if (bytes >= readBytes) break;
    }
    if (this.#waiting.size > 0) this.#schedule(() => this.#turn());
  }
}
