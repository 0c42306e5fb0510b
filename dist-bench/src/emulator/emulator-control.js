import { invalidSnapshot, takeSnapshot } from '../store/snapshot.js';
/** Emulator and engine move in steps of this much Azure time, so that what one learns the other sees soon after. */
const stepMs = 5000;
/** A long way is gone in so many steps. */
const mostSteps = 120;
export class EmulatorControl {
    #parts;
    constructor(parts) {
        this.#parts = parts;
    }
    /** As new: no resources, no flows, no faults, nothing in the journal and the metrics. Time goes on. */
    reset = async () => {
        const { events, store, reconciler, monitor, journal, faults } = this.#parts;
        await store.reset();
        await Promise.all([faults.clear(), reconciler.loadAll()]);
        monitor.reset();
        journal.clear();
        events.emit('reset', { by: 'reset' });
    };
    /** Lets this much Azure time pass now, for everything that waits. */
    advance = async (azureMs) => {
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
    take = () => takeSnapshot(this.#parts.store.connection, this.#parts.clock.timestamp());
    restore = async (document) => {
        const { events, store, reconciler, monitor, resume, checkStored } = this.#parts;
        const before = this.take();
        await store.restore(document, checkStored);
        try {
            await reconciler.loadAll();
        }
        catch (error) {
            // The tables took it, but no load balancer can be made of what they hold.
            await store.restore(before);
            await reconciler.loadAll();
            throw invalidSnapshot(error);
        }
        monitor.reset();
        await resume();
        events.emit('reset', { by: 'snapshot' });
    };
}
//# sourceMappingURL=emulator-control.js.map