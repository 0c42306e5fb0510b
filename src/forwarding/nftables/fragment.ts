/** Pieces of a ruleset as plain data: what they contain is compared, so that only differences are sent to the kernel. */

/**
 * A map or set, with the elements that are ours to keep; those that packets add are nobody's here. Or another thing with
 * a name that rules refer to, which has no elements.
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

/** Belongs together and comes and goes together; the same object again means that nothing in it has changed. */
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
