/** What differs between two plans: all that an engine has to be told, and all that it may touch. */
import { alike } from '../plain-data.js';
import type { ForwardingPlan, PlanFrontend, PlanOutbound, PlanProbe } from './engine.js';

export interface PlanChanges {
  /** New, or with another rule than before. */
  readonly frontends: readonly PlanFrontend[];
  readonly removedFrontends: readonly string[];
  readonly probes: readonly PlanProbe[];
  readonly removedProbes: readonly string[];
}

/** Frontends that want a place which an earlier one in the plan has. */
export interface Collision {
  readonly frontend: PlanFrontend;
  readonly owner: PlanFrontend;
}

/** A plan indexed by key, the first of each. */
export class IndexedPlan {
  readonly frontends = new Map<string, PlanFrontend>();
  readonly probes = new Map<string, PlanProbe>();
  readonly outbound = new Map<string, PlanOutbound>();
  readonly collisions: readonly Collision[];

  constructor(plan: ForwardingPlan) {
    const collisions: Collision[] = [];
    for (const frontend of plan.frontends) {
      const owner = this.frontends.get(frontend.key);
      if (owner) collisions.push({ frontend, owner });
      else this.frontends.set(frontend.key, frontend);
    }
    for (const probe of plan.probes) this.probes.set(probe.key, probe);
    for (const one of plan.outbound) if (!this.outbound.has(one.key)) this.outbound.set(one.key, one);
    this.collisions = collisions;
  }

  /** What leads from `before` to this plan. */
  changesFrom(before: IndexedPlan): PlanChanges {
    return {
      frontends: changed(this.frontends, before.frontends),
      removedFrontends: missing(this.frontends, before.frontends),
      probes: changed(this.probes, before.probes),
      removedProbes: missing(this.probes, before.probes),
    };
  }
}

// Loops: a change of one load balancer goes through the frontends of all.

function changed<T>(now: Map<string, T>, before: Map<string, T>): T[] {
  const values: T[] = [];
  for (const [key, value] of now) if (!alike(value, before.get(key))) values.push(value);
  return values;
}

function missing<T>(now: Map<string, T>, before: Map<string, T>): string[] {
  const keys: string[] = [];
  for (const key of before.keys()) if (!now.has(key)) keys.push(key);
  return keys;
}
