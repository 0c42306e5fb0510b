/** Addresses in memory: what a resource does not claim again when it is written is free again. */
import {
  contains,
  formatIpAddress,
  formatIpPrefix,
  type IpPrefix,
  networkOf,
  overlaps,
  parseIpAddress,
  parseIpPrefix,
  sizeOf,
} from '../../src/ip-address.js';
import type { AddressClaim, Addresses, BlockClaim, ClaimResult } from '../../src/resources/resource-type.js';

interface Held {
  readonly pool: string;
  readonly owner: string;
  readonly block: IpPrefix;
}

const single = (text: string): IpPrefix => {
  const address = parseIpAddress(text);
  if (!address) throw new Error(`${text} is no address`);
  return { ...address, length: address.version === 4 ? 32 : 128 };
};

export class FakeAddresses implements Addresses {
  readonly publicPrefix = { IPv4: '127.255.0.0/16', IPv6: 'fd7f:1a2b::/48' };
  #held: Held[] = [];
  #claimed: Held[] = [];

  /** Starts the write of a resource; `commit` frees what it no longer claims, `rollback` restores everything. */
  begin(): void {
    this.#claimed = [];
  }

  commit(resourceId: string): void {
    const mine = (owner: string) =>
      owner.toLowerCase() === resourceId || owner.toLowerCase().startsWith(`${resourceId}/`);
    this.#held = [...this.#held.filter(({ owner }) => !mine(owner)), ...this.#claimed];
    this.#claimed = [];
  }

  rollback(): void {
    this.#claimed = [];
  }

  #holder(pool: string, block: IpPrefix, owner: string): Held | undefined {
    const all = [...this.#held, ...this.#claimed];
    return all.find(
      (held) => held.pool === pool && held.owner.toLowerCase() !== owner.toLowerCase() && overlaps(held.block, block),
    );
  }

  #take(pool: string, owner: string, block: IpPrefix): void {
    this.#claimed.push({ pool, owner, block });
  }

  claim({ pool, owner, prefix, reserved, preferred, exact }: AddressClaim): ClaimResult {
    if (exact !== undefined) {
      const holder = this.#holder(pool, single(exact), owner);
      if (holder) return { conflict: 'allocated', holder: holder.owner };
      this.#take(pool, owner, single(exact));
      return { address: exact };
    }
    const range = networkOf(parseIpPrefix(prefix) as IpPrefix);
    const held = preferred === undefined ? undefined : parseIpAddress(preferred);
    if (held && contains(range, held) && !this.#holder(pool, single(preferred as string), owner)) {
      this.#take(pool, owner, single(preferred as string));
      return { address: preferred as string };
    }
    const end = range.value + sizeOf(range) - (reserved > 0 && range.version === 4 ? 1n : 0n);
    for (let value = range.value + BigInt(reserved); value < end; value++) {
      const address = formatIpAddress({ version: range.version, value });
      if (this.#holder(pool, single(address), owner)) continue;
      this.#take(pool, owner, single(address));
      return { address };
    }
    return { conflict: 'full' };
  }

  claimBlock({ pool, owner, prefix, length, preferred }: BlockClaim): { prefix: string } | { conflict: 'full' } {
    const range = networkOf(parseIpPrefix(prefix) as IpPrefix);
    const step = sizeOf({ ...range, length });
    const held = preferred === undefined ? undefined : parseIpPrefix(preferred);
    // The first block lies beside the addresses that the pool keeps for itself.
    const starts = [...(held ? [held.value] : [])];
    for (let start = range.value + step; start < range.value + sizeOf(range) && starts.length < 4096; start += step) {
      starts.push(start);
    }
    for (const value of starts) {
      const block = { version: range.version, value, length };
      if (this.#holder(pool, block, owner)) continue;
      this.#take(pool, owner, block);
      return { prefix: formatIpPrefix(block) };
    }
    return { conflict: 'full' };
  }
}
