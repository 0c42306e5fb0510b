export interface Counted {
  /** Answers with the member. */
  readonly shown: number;
  /** Answers with the object that it belongs to. */
  readonly of: number;
}
export function memberEvidence(folders: readonly string[]): Map<string, ReadonlyMap<string, Counted>>;
