/** How many file descriptors the data plane may use: above the limit new flows are refused, nothing else suffers. */
import { readFileSync } from 'node:fs';

/** Left to the rest of the process: its API, its database, its listeners. */
const reserved = 1024;
/** Where the system does not say how many a process may have. */
const fallbackLimit = 8192;

/**
 * What the process may open, less a reserve. Node raises the soft limit to the hard one at its start.
 * Not from `process.report`: it waits for every other thread, for ever if one is blocked.
 */
export function defaultDescriptorLimit(): number {
  try {
    const limit = Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
    if (Number.isFinite(limit)) return Math.max(limit - reserved, Math.floor(limit / 2));
  } catch {
    // Not Linux.
  }
  return fallbackLimit;
}

export class Descriptors {
  readonly limit: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes `count` descriptors if there are that many. */
  take(count: number): boolean {
    if (this.#used + count > this.limit) return false;
    this.#used += count;
    return true;
  }

  give(count: number): void {
    this.#used -= count;
  }
}
