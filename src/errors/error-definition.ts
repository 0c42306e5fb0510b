/** The shape of an entry in the error table. */

/** Who answers: the ARM front door (no `details`), the network provider (`details` always), or Lazurite itself. */
export type ErrorOrigin = 'gateway' | 'network' | 'classic' | 'lazurite';

export interface ErrorDefinition {
  /** Azure's error code; the table key when absent. */
  readonly code?: string;
  readonly status: number;
  readonly origin: ErrorOrigin;
  readonly message: string;
  /** The value that the answer shows as `target` too. */
  readonly target?: string;
  /** Why this may not be Azure's own wording. */
  readonly differs?: string;
}
