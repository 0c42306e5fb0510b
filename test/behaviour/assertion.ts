/** One assertion about Azure's data plane, and the tests that prove it. */
export interface Proof {
  readonly file: string;
  readonly title: string;
}

export interface Assertion {
  readonly number: number;
  readonly sentence: string;
  readonly provenBy: readonly Proof[];
  /** Why a socket cannot do all of it; the tests then show what sockets do instead. */
  readonly cannot?: { readonly reason: string; readonly documented: string };
}

/** Proofs in one file. */
export const titlesIn =
  (file: string) =>
  (...titles: string[]): Proof[] =>
    titles.map((title) => ({ file: `test/${file}`, title }));

/** Its number is its place. */
export type Numbered = Omit<Assertion, 'number'>;
