/** What one probe attempt found out. */
import type { HealthReason } from '../forwarding/engine.js';

export interface ProbeOutcome {
  readonly up: boolean;
  readonly reason: HealthReason;
  /** An HTTP status was received: Azure then flips at once, and counts only timeouts against the threshold. */
  readonly explicit: boolean;
}

export const probeSucceeded = (explicit: boolean): ProbeOutcome => ({ up: true, reason: 'Up_Probe_Success', explicit });

export const probeFailed = (reason: HealthReason, explicit = false): ProbeOutcome => ({ up: false, reason, explicit });

/** An attempt under way: `result` always resolves, `timeOut` ends it as a failure, `abandon` without a word. */
export interface ProbeAttempt {
  readonly result: Promise<ProbeOutcome>;
  timeOut(): void;
  abandon(): void;
}
