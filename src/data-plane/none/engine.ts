/** No data plane at all: the control plane works, every frontend is Unbound, and `explain` still says what Azure would do. */
import type * as model from '../model/engine.js';
import { emptyPlan, type ForwardingPlan, IndexedPlan } from '../model/plan.js';
import { Explainer } from '../selection/explain.js';

export class NoneEngine implements model.Engine {
  readonly name = 'none';
  readonly running = true;
  readonly whyNoOutbound = 'There is no data plane (--engine none).';
  #plan: ForwardingPlan = emptyPlan;
  #explainer: Explainer | undefined;

  async apply(plan: ForwardingPlan): Promise<void> {
    this.#plan = plan;
    this.#explainer = undefined;
  }

  frontends(): readonly model.FrontendState[] {
    return this.#plan.frontends.map(({ key, rule }) => ({
      key,
      rule: rule.id,
      state: 'Unbound',
      boundAddress: undefined,
      boundPort: undefined,
      reason: 'There is no data plane (--engine none).',
    }));
  }

  /** There is no probing: every probe stays as it is before its first attempt. */
  health(): readonly model.ProbeHealth[] {
    return this.#plan.probes.map(({ key }) => ({ key, up: false, reason: 'NA', sinceMs: 0 }));
  }

  healthOf(): undefined {}

  /** Takes every probed member for healthy, because nothing says otherwise. */
  async explain(tuple: model.FlowTuple): Promise<model.Explanation> {
    this.#explainer ??= new Explainer(new IndexedPlan(this.#plan));
    return this.#explainer.explain(tuple, { healthOf: () => ({ up: true, reason: 'Up_Probe_Success' }) });
  }

  async flows(): Promise<readonly model.FlowInfo[]> {
    return [];
  }

  counters(): readonly model.CounterSample[] {
    return [];
  }

  async advanceClock(): Promise<void> {}

  async close(): Promise<void> {}
}
