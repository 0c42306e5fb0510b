/**
 * Which local port a connection to a backend uses when it borrows its client's loopback address.
 *
 * Leaving the port to the kernel ran out and took 200 ms a connection (45,000 from one client: 18,482 done, 444 refused);
 * a counter per client does not. The range lies below the ephemeral ports that the client itself uses on that address.
 */
import { isLoopbackWord, localhostWord } from '../ip-address.js';

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
