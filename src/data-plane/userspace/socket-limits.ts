/** Limited resources that flows share: file descriptors, and local ports towards backends. */

import { readFileSync } from 'node:fs';
import type { Clock } from '../../support/clock.js';
import { isLoopbackWord, localhostWord } from '../selection/ip-address.js';
import type { InjectedFaults } from './injected-faults.js';

/** Reserved for the API, the database and listeners. */
const reserved = 1024;
/** Used where the system's limit is unknown. */
const fallbackLimit = 8192;

/**
 * The process limit less a reserve. Node raises the soft limit to the hard one at its start.
 * Not from `process.report`: it waits for all other threads and never returns if one is blocked.
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

  /** Takes `count` descriptors; false when there are not that many. */
  take(count: number): boolean {
    if (this.#used + count > this.limit) return false;
    this.#used += count;
    return true;
  }

  give(count: number): void {
    this.#used -= count;
  }
}

const firstPort = 10000;
const portCount = 22000;
const clientLimit = 65536;

/** How many ports are tried before a connection is given up. */
export const sourcePortAttempts = 256;

export class SourcePorts {
  readonly #next = new Map<number, number>();

  /** The next port of a client, by its address word. */
  next(client: number): number {
    const port = this.#next.get(client) ?? firstPort;
    if (this.#next.size >= clientLimit && !this.#next.has(client)) this.#forgetOldest();
    this.#next.set(client, port + 1 === firstPort + portCount ? firstPort : port + 1);
    return port;
  }

  #forgetOldest(): void {
    for (const oldest of this.#next.keys()) {
      this.#next.delete(oldest);
      return;
    }
  }
}

/** Whether a backend can be shown the client's own address: both on 127/8, and the client not simply "this machine". */
export const keepsSource = (client: number, backend: number): boolean =>
  isLoopbackWord(client) && client !== localhostWord && isLoopbackWord(backend);

/** The error means that this local port cannot be used towards this backend now, another may. */
export const isPortTaken = (code: string | undefined): boolean => code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL';

/** What the TCP and the UDP forwarder share. */
export interface SharedResources {
  readonly clock: Clock;
  readonly realClock: Clock;
  readonly faults: InjectedFaults;
  readonly sourcePorts: SourcePorts;
  readonly descriptors: Descriptors;
}
