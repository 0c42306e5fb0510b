/**
 * Classic endpoint access control lists. First match decides; with any permit everybody else is denied, with denies only
 * everybody else is permitted. https://learn.microsoft.com/previous-versions/azure/virtual-network/virtual-networks-acl
 */

import type { AclEntry } from '../model/plan.js';
import { addressWords, swapWord } from './ip-address.js';

interface CompiledEntry {
  readonly permit: boolean;
  readonly network: Uint32Array;
  readonly prefixLength: number;
}

/** Answers whether a client may use an endpoint. */
export class AccessControl {
  readonly #entries: readonly CompiledEntry[];
  readonly #permitOthers: boolean;

  constructor(entries: readonly AclEntry[]) {
    this.#entries = entries.map(compile);
    this.#permitOthers = !this.#entries.some((entry) => entry.permit);
  }

  /** Nothing to check: the packet path skips the call. */
  get open(): boolean {
    return this.#entries.length === 0;
  }

  /** `source` as `addressWords` gives it. */
  permits(source: Uint32Array): boolean {
    for (const entry of this.#entries) if (contains(entry, source)) return entry.permit;
    return this.#permitOthers;
  }
}

function compile(entry: AclEntry): CompiledEntry {
  const [address = '', prefix] = entry.remoteSubnet.split('/');
  const network = addressWords(address) ?? Uint32Array.of(0);
  return {
    permit: entry.action === 'permit',
    network,
    prefixLength: prefix === undefined ? 32 * network.length : Number(prefix),
  };
}

function contains(entry: CompiledEntry, source: Uint32Array): boolean {
  if (source.length !== entry.network.length) return false;
  for (let index = 0, bits = entry.prefixLength; bits > 0; index++, bits -= 32) {
    const shift = bits >= 32 ? 0 : 32 - bits;
    if (swapWord(source[index] as number) >>> shift !== swapWord(entry.network[index] as number) >>> shift)
      return false;
  }
  return true;
}
