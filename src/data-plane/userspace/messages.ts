/** The messages between the engine and its worker thread. */
import type { ClockOrigin } from '../../support/clock.js';
import type { ScopeLocation } from '../model/counters.js';
import type { FlowInfo, PlaceState, ProbeHealth } from '../model/engine.js';
import type { DataPlaneFault, ThreadFailure } from '../model/faults.js';
import type { PlanChanges } from '../model/plan.js';

/** What the worker is started with. */
export interface WorkerSetup {
  readonly origin: ClockOrigin;
  /** How many file descriptors the data plane may use. */
  readonly descriptorLimit: number;
  /** What an earlier thread has found out: its probes go on from there. */
  readonly health: readonly ProbeHealth[];
}

export type Request =
  | { readonly type: 'apply'; readonly changes: PlanChanges }
  | { readonly type: 'advance'; readonly azureMs: number }
  | { readonly type: 'setFaults'; readonly faults: readonly DataPlaneFault[] }
  | { readonly type: 'flows' }
  /** The key of the member that connection tracking has noted for a UDP client. */
  | { readonly type: 'noted'; readonly frontend: string; readonly client: { address: string; port: number } }
  /** Answered at once by a thread that is alive. */
  | { readonly type: 'ping' }
  /** Makes the thread fail, as an injected fault. */
  | { readonly type: 'fail'; readonly how: ThreadFailure }
  | { readonly type: 'close'; readonly graceMs: number };

export interface Ask {
  readonly id: number;
  readonly request: Request;
}

/** The answer to `apply`: the state of everything named in it. Later changes are reported as they happen. */
export interface Applied {
  readonly frontends: readonly PlaceState[];
  readonly health: readonly ProbeHealth[];
}

export type WorkerAnswer = Applied | readonly FlowInfo[] | string | undefined;

export type Report =
  | { readonly type: 'answer'; readonly id: number; readonly answer: WorkerAnswer }
  | { readonly type: 'error'; readonly id: number; readonly error: Error }
  | { readonly type: 'health'; readonly changes: readonly ProbeHealth[] }
  | { readonly type: 'frontend'; readonly state: PlaceState }
  | { readonly type: 'scope'; readonly location: ScopeLocation }
  | { readonly type: 'scopeGone'; readonly scope: string; readonly number: number };
