/**
 * What the packet mark means while a packet is between two of our rules: which frontend's chains the flow belongs to,
 * which member serves it, and which of its sides have ended. The mark is zero again before any other table sees it.
 */

/** The member's number. */
export const memberBits = 0x0000ffff;
/** The number of the frontend's set of chains. */
export const chainBits = 0x3fff0000;
/** Both: what tells where a packet goes. */
export const flowBits = memberBits | chainBits;
/** The client's side has ended; the backend's side has ended. */
export const clientEnded = 0x80000000;
export const backendEnded = 0x40000000;

/** Numbers of the member's place in the mark that count something else than a member's arrivals. */
export const countedAs = { noEligibleMember: 0xffff, denied: 0xfffe, late: 0xfffd } as const;
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
