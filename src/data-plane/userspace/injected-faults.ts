/** Injected faults, resolved for one flow or one probe. */
import type { Clock } from '../../support/clock.js';
import {
  concernsFlow,
  concernsProbe,
  type DataPlaneFault,
  type ProbeFault,
  sortFaults,
  type TrafficFault,
} from '../model/faults.js';
import type { PlanFrontend, PlanMember, PlanProbe } from '../model/plan.js';
import { type ProbeOutcome, probeFailed, probeSucceeded } from '../probing/probe-attempt.js';

/** All faults of one flow combined. */
export interface FlowFault {
  readonly drop: boolean;
  readonly reset: boolean;
  /** Azure milliseconds, in each direction. */
  readonly latencyMs: number;
  /** Per Azure second, in each direction. */
  readonly bytesPerSecond: number;
}

const atLeast = (faults: readonly TrafficFault[], effect: TrafficFault['effect']): boolean =>
  faults.some((fault) => fault.effect === effect);

export class InjectedFaults {
  readonly #clock: Clock;
  #traffic: readonly TrafficFault[] = [];
  #probes: readonly { readonly fault: ProbeFault; readonly sinceMs: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Replaces all faults; a probe that is flapping keeps its phase. */
  set(faults: readonly DataPlaneFault[]): void {
    const { traffic, probes } = sortFaults(faults);
    const since = new Map(this.#probes.map(({ fault, sinceMs }) => [fault.id, sinceMs]));
    this.#traffic = traffic;
    this.#probes = probes.map((fault) => ({ fault, sinceMs: since.get(fault.id) ?? this.#clock.now() }));
  }

  /** The combined fault of flows of this frontend to this member; of each kind the slowest counts. */
  ofFlow(frontend: PlanFrontend, member: PlanMember): FlowFault | undefined {
    if (this.#traffic.length === 0) return undefined;
    const concerned = this.#traffic.filter((fault) => concernsFlow(fault, frontend, member));
    if (concerned.length === 0) return undefined;
    return {
      drop: atLeast(concerned, 'drop'),
      reset: atLeast(concerned, 'reset'),
      latencyMs: Math.max(...concerned.map(({ latencyMs = 0 }) => latencyMs)),
      bytesPerSecond: Math.min(...concerned.map(({ bytesPerSecond = Number.POSITIVE_INFINITY }) => bytesPerSecond)),
    };
  }

  concernsProbe(probe: PlanProbe): boolean {
    return this.#probes.some(({ fault }) => concernsProbe(fault, probe));
  }

  /** Overrides the outcome of a probe. The last fault that concerns it decides. */
  readonly verdict = (probe: PlanProbe, outcome: ProbeOutcome): ProbeOutcome => {
    const found = this.#probes.findLast(({ fault }) => concernsProbe(fault, probe));
    if (!found) return outcome;
    const { verdict, flapEveryMs = 1 } = found.fault;
    const phase = Math.floor((this.#clock.now() - found.sinceMs) / flapEveryMs);
    const up = verdict === 'up' || (verdict === 'flap' && phase % 2 === 1);
    return up ? probeSucceeded(true) : probeFailed('Down_Probe_TcpProbeTimeout', true);
  };
}
