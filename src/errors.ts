/**
 * Every error Lazurite answers with: its code, HTTP status and text as Azure words it. Errors are thrown from this table
 * only. `docs/errors.md` lists the table; a test keeps table, page and tests equal.
 *
 * `{name}` in a message is filled from the values given to `azureError`.
 * Sources: Azure's answers as observed; where the text is not known, the entry says `differs`.
 */

/** Who answers: the ARM front door (no `details`), the network provider (`details` always), or Lazurite itself. */
export type ErrorOrigin = 'gateway' | 'network' | 'lazurite';

export interface ErrorDefinition {
  /** Azure's error code; the table key when absent. */
  readonly code?: string;
  readonly status: number;
  readonly origin: ErrorOrigin;
  readonly message: string;
  /** Why this may not be Azure's own wording. */
  readonly differs?: string;
}
