/** Text that a parser is not made for: anything, and pieces that mean something to it in any order. */
import fc from 'fast-check';

/** Any string, or some of the pieces one after the other. */
export const shredsOf = (pieces: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...pieces)).map((parts) => parts.join('')),
  );

/** Whether `work` ends, or throws what it may throw. */
export function endsOrThrows(work: () => unknown, allowed: abstract new (...of: never[]) => Error): boolean {
  try {
    work();
    return true;
  } catch (error) {
    return error instanceof allowed;
  }
}
