import { emptyPlan, IndexedPlan } from '../model/plan.js';
import { Explainer } from '../selection/explain.js';
export class NoneEngine {
    name = 'none';
    running = true;
    whyNoOutbound = 'There is no data plane (--engine none).';
    #plan = emptyPlan;
    #explainer;
    async apply(plan) {
        this.#plan = plan;
        this.#explainer = undefined;
    }
    frontends() {
        return this.#plan.frontends.map(({ key }) => ({
            key,
            state: 'Unbound',
            boundAddress: undefined,
            boundPort: undefined,
            reason: 'There is no data plane (--engine none).',
        }));
    }
    /** There is no probing: every probe stays as it is before its first attempt. */
    health() {
        return this.#plan.probes.map(({ key }) => ({ key, up: false, reason: 'NA', sinceMs: 0 }));
    }
    healthOf() { }
    /** Takes every probed member for healthy, because nothing says otherwise. */
    async explain(tuple) {
        this.#explainer ??= new Explainer(new IndexedPlan(this.#plan));
        return this.#explainer.explain(tuple, { healthOf: () => ({ up: true, reason: 'Up_Probe_Success' }) });
    }
    async flows() {
        return [];
    }
    counters() {
        return [];
    }
    async advanceClock() { }
    async close() { }
}
//# sourceMappingURL=engine.js.map