/** A time source that stands still, for clocks in tests. */
import type { TimeSource } from '../src/support/clock.js';

/** Time that stands still: only `Clock.advance` moves it. */
export const manualTime = (startMs = Date.UTC(2025, 0, 1)): TimeSource => ({
  now: () => startMs,
  wakeAfter: () => () => {},
});
