/** What concerns every part of an emulator at once: reset, snapshots, and moving the clock forward. */
import type { SnapshotKeeper } from '../api/admin/admin.js';
import type { Faults } from '../api/admin/faults.js';
import type { RequestJournal } from '../api/admin/journal.js';
import type { Reconciler } from '../compiler/reconciler.js';
import type { Engine } from '../data-plane/model/engine.js';
import type { Monitor } from '../metrics/monitor.js';
import { invalidSnapshot, type Snapshot, takeSnapshot } from '../store/snapshot.js';
import type { Store } from '../store/store.js';
import type { Control } from '../store/write-queue.js';
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
  /** Azure milliseconds by which the clock was moved, or is being moved. */
  #towardsMs = 0;
  #moved: Promise<void> = Promise.resolve();

  constructor(parts: ControlledParts) {
    this.#parts = parts;
  }

  /** As new: no resources, no flows, no faults, nothing in the journal and the metrics. Time goes on. */
  readonly reset = async (): Promise<void> => {
    await this.#parts.store.reset();
    await this.#wasReset();
  };

  async #wasReset(): Promise<void> {
    const { events, reconciler, monitor, journal, faults } = this.#parts;
    await Promise.all([faults.carryOut({ kind: 'fault', change: 'removed' }), reconciler.loadAll()]);
    monitor.reset();
    journal.clear();
    events.emit('reset', { by: 'reset' });
  }

  /** Lets this much Azure time pass now, for everything that waits. */
  readonly advance = async (azureMs: number): Promise<void> => {
    const { clock, store } = this.#parts;
    const control = await store.announce(() => ({
      kind: 'clock',
      advancedMs: Math.max(this.#towardsMs, clock.advancedMs) + azureMs,
    }));
    await this.#moveTo(control.advancedMs);
  };

  #moveTo(advancedMs: number): Promise<void> {
    this.#towardsMs = advancedMs;
    this.#moved = this.#moved.catch(() => {}).then(() => this.#move(advancedMs - this.#parts.clock.advancedMs));
    return this.#moved;
  }

  async #move(azureMs: number): Promise<void> {
    if (azureMs <= 0) return;
    const { clock, engine, events } = this.#parts;
    const endMs = clock.advancedMs + azureMs;
    const longestMs = Math.max(stepMs, azureMs / mostSteps);
    for (let leftMs = azureMs; leftMs > 0; leftMs -= longestMs) {
      const passingMs = Math.min(longestMs, leftMs);
      // The engine goes first: the minute that ends on the emulator's clock then knows what happened in it.
      await engine.advanceClock(passingMs);
      clock.advance(passingMs);
    }
    // A step ends at its instant, and what passes while timers fire is not added: all machines shall show one time.
    if (endMs > clock.advancedMs) clock.advance(endMs - clock.advancedMs);
    events.emit('clock', { advancedMs: azureMs, nowMs: clock.now() });
  }

  readonly take = (): Snapshot => takeSnapshot(this.#parts.store.connection, this.#parts.clock.timestamp());

  readonly restore = async (document: unknown): Promise<void> => {
    const { clock, store, reconciler, resume, checkStored: check } = this.#parts;
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
    this.#parts.monitor.reset();
    await resume();
    this.#parts.events.emit('reset', { by: 'snapshot' });
  };

  /** What another machine has done to all, here too. */
  async carryOut(control: Control): Promise<void> {
    const { events, reconciler, monitor, faults } = this.#parts;
    if (control.kind === 'reset') return this.#wasReset();
    if (control.kind === 'clock') return this.#moveTo(control.advancedMs);
    if (control.kind === 'fault') return faults.carryOut(control);
    if (control.kind !== 'restored') return;
    await reconciler.loadAll();
    monitor.reset();
    events.emit('reset', { by: 'snapshot' });
  }
}
