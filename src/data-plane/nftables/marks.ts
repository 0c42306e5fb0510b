/**
 * The packet mark between two of the engine's rules: which frontend's chains the flow belongs to,
 * which member serves it, and which of its sides have ended. The mark is zero again before any other table sees it.
 */

/** The member's number. */
export const memberBits = 0x0000ffff;
/** The number of the frontend's set of chains. */
export const chainBits = 0x3fff0000;
/** Both: they decide where a packet goes. */
export const flowBits = memberBits | chainBits;
/** The client's side has ended; the backend's side has ended. */
export const clientEnded = 0x80000000;
export const backendEnded = 0x40000000;

/** Values of the member field that count packets without a member. */
export const countedAs = { noEligibleMember: 0xffff, denied: 0xfffe, late: 0xfffd, hairpin: 0xfffc } as const;
export const mostMembers = 0xfff0;
export const mostChainSets = 0x3fff;

/** A number as nft reads it. */
export const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

/** The mark of a chain set, with a member or without one. */
export const markOf = (chains: number, member = 0): number => ((chains << 16) | member) >>> 0;

/** The parts of a mark. */
export const readMark = (mark: number): { chains: number; member: number } => ({
  chains: (mark & chainBits) >>> 16,
  member: mark & memberBits,
});

export class MemberNumbers {
  readonly #limit: number;
  readonly #sets: () => Iterable<{ readonly members: ReadonlyMap<number, unknown> }>;
  /** The first at number 1. */
  readonly #addresses: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** Unused numbers, searched for when all have been assigned. */
  #free: number[] = [];
  /** Assigned since `begin`; the sets that need them may not list them yet. */
  readonly #fresh = new Set<number>();

  /** `limit`: how many numbers there are. `sets`: sets whose members need their numbers. */
  constructor(limit: number, sets: () => Iterable<{ readonly members: ReadonlyMap<number, unknown> }>) {
    this.#limit = limit;
    this.#sets = sets;
  }

  /** Numbers assigned before are in use only if a set lists them. */
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
