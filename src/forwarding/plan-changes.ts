/** What differs between two plans: all that an engine has to be told, and all that it may touch. */
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

const changed = <T>(now: Map<string, T>, before: Map<string, T>): T[] =>
  [...now].filter(([key, value]) => !alike(value, before.get(key))).map(([, value]) => value);

const missing = <T>(now: Map<string, T>, before: Map<string, T>): string[] =>
  [...before.keys()].filter((key) => !now.has(key));

/** Deep equality of plain data; several times faster than comparing JSON, and at once for shared parts. */
function alike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index++) if (!alike(a[index], b[index])) return false;
    return true;
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const name in left) if (!alike(left[name], right[name])) return false;
  for (const name in right) if (!(name in left)) return false;
  return true;
}
