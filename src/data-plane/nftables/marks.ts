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

/** Values of the member field that count packets without a member, and flows that another node began. */
export const countedAs = {
  noEligibleMember: 0xffff,
  denied: 0xfffe,
  late: 0xfffd,
  hairpin: 0xfffc,
  adopted: 0xfffb,
} as const;
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

/** Numbers of backend addresses; each belongs to its address while a set of chains needs it. */
export class MemberNumbers {
  readonly #limit: number;
  readonly #numbers = new Map<string, number>();
  readonly #addresses = new Map<number, string>();
  /** How many sets of chains need a number. */
  readonly #uses = new Map<number, number>();
  /** Numbers that nothing needs any more. */
  readonly #free: number[] = [];
  #last = 0;
  #version = 0;

  /** `limit`: how many numbers there are. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Another one whenever an address has got a number or lost it. */
  get version(): number {
    return this.#version;
  }

  /** The number of an address, which keeps it from the first `use` until the last `release`. Throws when all are needed. */
  of(address: string): number {
    let number = this.#numbers.get(address);
    if (number === undefined) {
      number = this.#last < this.#limit ? ++this.#last : this.#free.pop();
      if (number === undefined) throw new Error(`The nftables engine knows at most ${this.#limit} backend addresses.`);
      this.#numbers.set(address, number);
      this.#addresses.set(number, address);
      this.#version++;
    }
    return number;
  }

  use(number: number): void {
    this.#uses.set(number, (this.#uses.get(number) ?? 0) + 1);
  }

  release(number: number): void {
    const uses = (this.#uses.get(number) ?? 0) - 1;
    if (uses > 0) {
      this.#uses.set(number, uses);
      return;
    }
    this.#numbers.delete(this.#addresses.get(number) ?? '');
    this.#addresses.delete(number);
    this.#uses.delete(number);
    this.#version++;
    this.#free.push(number);
  }

  /** The address behind a number. */
  addressOf(number: number): string | undefined {
    return this.#addresses.get(number);
  }

  /** All addresses by their numbers. */
  all(): ReadonlyMap<number, string> {
    return this.#addresses;
  }
}
