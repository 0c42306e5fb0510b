/** Pieces of a ruleset as plain data: what they contain is compared, so that only differences are sent to the kernel. */

/**
 * A map or set with the elements that the engine manages, without those that packets add. Or another named object that
 * rules refer to, without elements.
 */
export interface NamedSet {
  readonly kind: 'map' | 'set' | 'ct timeout';
  readonly name: string;
  /** What stands between the braces. */
  readonly spec: string;
  readonly elements: Elements;
  /** More elements, whose keys are 0, 1, 2 …: thousands of them are compared faster so. */
  readonly slots?: readonly string[];
}

/** Key to value; the value of a set's element is empty. */
export type Elements = ReadonlyMap<string, string>;

export interface Chain {
  readonly name: string;
  /** Type, hook and priority, for a chain that the kernel enters by itself. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** An element of a map that another fragment declares. */
export interface SharedElement {
  readonly map: string;
  readonly key: string;
  readonly value: string;
}

/** A unit that is added and removed as a whole; the same object again means that nothing in it has changed. */
export interface Fragment {
  /** Family and name of its table: `ip lazurite`. */
  readonly table: string;
  readonly sets: readonly NamedSet[];
  readonly chains: readonly Chain[];
  readonly shared: readonly SharedElement[];
}

/** Fragments by their ids, in the order in which they may refer to each other. */
export type Ruleset = ReadonlyMap<string, Fragment>;

export const noElements: Elements = new Map();
