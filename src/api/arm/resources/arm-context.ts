/** What the ARM routes need of the rest: handed in by the emulator, so that this layer knows no engine and no process. */

import type { DownloadPolicy } from '../../../http/download.js';
import type { ApplyOutcome, HealthReader } from '../../../resources/resource-type.js';
import type { Store } from '../../../store/store.js';
import type { Clock } from '../../../support/clock.js';
import type { Events } from '../../../support/events.js';

export interface ArmContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly health: HealthReader;
  /** Azure milliseconds for which an asynchronous operation stays InProgress. */
  readonly operationDelayMs: number;
  readonly strictApiVersions: boolean;
  readonly strictTypes: boolean;
  /** Where templates may be downloaded from. */
  readonly templateLinks: DownloadPolicy;
  /** Tells the data plane that these top-level resources (folded ids) changed; resolves when it follows them. */
  readonly changed: (keys: readonly string[]) => Promise<ApplyOutcome>;
  /** Where operations and deployments are announced. */
  readonly events: Events;
  /** Writes one line to the log. */
  readonly note: (message: string) => void;
}
