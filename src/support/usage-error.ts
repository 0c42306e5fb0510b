/** An error that the user can correct: an option, a file, a missing tool. */

/** A mistake in how Lazurite was started or called. The command line shows it as one line, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
