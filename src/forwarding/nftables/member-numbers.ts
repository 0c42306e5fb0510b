/** Numbers for addresses of members: they stand in marks, so that there are not many of them. */
import type { OpenSet } from './chain-sets.js';

export class MemberNumbers {
  readonly #limit: number;
  readonly #sets: () => Iterable<OpenSet>;
  /** The first at number 1. */
  readonly #addresses: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** Numbers that nobody needs any more, found when all had been given. */
  #free: number[] = [];
  /** Asked for since `begin`: what needs them may not be told yet. */
  readonly #fresh = new Set<number>();

  /** `limit`: how many numbers there are. `sets`: whose members need theirs. */
  constructor(limit: number, sets: () => Iterable<OpenSet>) {
    this.#limit = limit;
    this.#sets = sets;
  }

  /** What was given before is now needed by a set, or by nobody. */
  begin(): void {
    this.#fresh.clear();
  }

  /** The number of an address, which keeps it while it is needed. Throws when all are needed. */
  of(address: string): number {
    const number = this.#numbers.get(address) ?? this.#give(address);
    this.#fresh.add(number);
    return number;
  }

  /** The address behind a number. */
  addressOf(number: number): string | undefined {
    return this.#addresses[number - 1];
  }

  #give(address: string): number {
    const number = this.#addresses.length < this.#limit ? this.#addresses.push(address) : this.#reuse(address);
    this.#numbers.set(address, number);
    return number;
  }

  #reuse(address: string): number {
    if (this.#free.length === 0) this.#free = this.#unneeded();
    const number = this.#free.pop();
    if (number === undefined) throw new Error(`The nftables engine knows at most ${this.#limit} backend addresses.`);
    this.#addresses[number - 1] = address;
    return number;
  }

  #unneeded(): number[] {
    const needed = new Set(this.#fresh);
    for (const { members } of this.#sets()) for (const number of members.keys()) needed.add(number);
    const free: number[] = [];
    for (const [address, number] of this.#numbers) {
      if (needed.has(number)) continue;
      this.#numbers.delete(address);
      free.push(number);
    }
    return free;
  }
}
