/** What the engine's two sides say to each other. */
import type { ClockOrigin } from '../../clock.js';
import type { ScopeLocation } from '../../metrics/counters.js';
import type { FlowInfo, FrontendState, ProbeHealth } from '../engine.js';
import type { DataPlaneFault } from '../faults.js';
import type { PlanChanges } from '../plan-changes.js';

/** How the worker is started. */
export interface WorkerSetup {
  readonly origin: ClockOrigin;
  /** How many file descriptors the data plane may use. */
  readonly descriptorLimit: number;
}

export type Request =
  | { readonly type: 'apply'; readonly changes: PlanChanges }
  | { readonly type: 'advance'; readonly azureMs: number }
  | { readonly type: 'setFaults'; readonly faults: readonly DataPlaneFault[] }
  | { readonly type: 'flows' }
  | { readonly type: 'close'; readonly graceMs: number };

export interface Ask {
  readonly id: number;
  readonly request: Request;
}

/** The answer to `apply`: how what it names is now. Everything else is announced when it changes. */
export interface Applied {
  readonly frontends: readonly FrontendState[];
  readonly health: readonly ProbeHealth[];
}

export type Answer = Applied | readonly FlowInfo[] | undefined;

export type Report =
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly type: 'refusal'; readonly id: number; readonly error: Error }
  | { readonly type: 'health'; readonly health: ProbeHealth }
  | { readonly type: 'frontend'; readonly state: FrontendState }
  | { readonly type: 'scope'; readonly location: ScopeLocation }
  | { readonly type: 'scopeGone'; readonly scope: string };
