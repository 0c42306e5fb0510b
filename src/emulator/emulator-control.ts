/** What concerns every part of an emulator at once: reset, snapshots, and moving the clock forward. */
import type { SnapshotKeeper } from '../api/admin/control-routes.js';
import type { Faults } from '../api/admin/faults.js';
import type { RequestJournal } from '../api/admin/journal.js';
import type { Reconciler } from '../compiler/reconciler.js';
import type { Engine } from '../data-plane/model/engine.js';
import type { Monitor } from '../metrics/monitor.js';
import { invalidSnapshot, type Snapshot, takeSnapshot } from '../store/snapshot.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../support/clock.js';
import type { Events } from '../support/events.js';

export interface ControlledParts {
  readonly clock: Clock;
  readonly events: Events;
  readonly store: Store;
  readonly engine: Engine;
  readonly reconciler: Reconciler;
  readonly monitor: Monitor;
  readonly journal: RequestJournal;
  readonly faults: Faults;
  /** Goes on with operations that a snapshot shows as running. */
  readonly resume: () => Promise<void>;
  /** Throws what is wrong with what is stored: called for a snapshot before it replaces anything. */
  readonly checkStored: () => void;
}

/** Emulator and engine move in steps of this much Azure time, so that what one learns the other sees soon after. */
const stepMs = 5000;
/** A long way is gone in so many steps. */
const mostSteps = 120;

export class EmulatorControl implements SnapshotKeeper {
  readonly #parts: ControlledParts;

  constructor(parts: ControlledParts) {
    this.#parts = parts;
  }

  /** As new: no resources, no flows, no faults, nothing in the journal and the metrics. Time goes on. */
  readonly reset = async (): Promise<void> => {
    const { events, store, reconciler, monitor, journal, faults } = this.#parts;
    await store.reset();
    await Promise.all([faults.clear(), reconciler.loadAll()]);
    monitor.reset();
    journal.clear();
    events.emit('reset', { by: 'reset' });
  };

  /** Lets this much Azure time pass now, for everything that waits. */
  readonly advance = async (azureMs: number): Promise<void> => {
    const { clock, engine, events } = this.#parts;
    const longestMs = Math.max(stepMs, azureMs / mostSteps);
    for (let leftMs = azureMs; leftMs > 0; leftMs -= longestMs) {
      const passingMs = Math.min(longestMs, leftMs);
      // The engine goes first: the minute that ends on the emulator's clock then knows what happened in it.
      await engine.advanceClock(passingMs);
      clock.advance(passingMs);
    }
    events.emit('clock', { advancedMs: azureMs, nowMs: clock.now() });
  };

  readonly take = (): Snapshot => takeSnapshot(this.#parts.store.connection, this.#parts.clock.timestamp());

  readonly restore = async (document: unknown): Promise<void> => {
    const { events, clock, store, reconciler, monitor, resume, checkStored: check } = this.#parts;
    const takenAt = clock.timestamp();
    const before = await store.restore(document, { check, takenAt });
    try {
      await reconciler.loadAll();
    } catch (error) {
      // The tables took it, but no load balancer can be made of what they hold.
      await store.restore(before, { takenAt });
      await reconciler.loadAll();
      throw invalidSnapshot(error);
    }
    monitor.reset();
    await resume();
    events.emit('reset', { by: 'snapshot' });
  };
}
