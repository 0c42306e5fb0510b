/**
 * Faults that a person injects into the data plane: what they are, and which traffic each concerns. An engine that can
 * carry them out has `setFaults`.
 */
import type { PlanFrontend, PlanMember, PlanProbe } from './plan.js';

/** Which traffic a fault concerns; what is left out is not looked at. Addresses are Azure's or this machine's. */
export interface FaultTarget {
  /** `20.1.2.3` or `20.1.2.3:80`. */
  readonly frontend?: string | undefined;
  /** Resource id of the rule, or its name. */
  readonly rule?: string | undefined;
  /** Address of the member. */
  readonly backend?: string | undefined;
}

/** What happens to packets of a flow. */
export interface TrafficFault extends FaultTarget {
  readonly id: string;
  /** `drop`: nothing gets through; `reset`: connections end with RST; `slow`: late, or few bytes at a time. */
  readonly effect: 'drop' | 'reset' | 'slow';
  /** Azure milliseconds by which each direction is late. */
  readonly latencyMs?: number | undefined;
  /** Bytes per Azure second in each direction of a flow. */
  readonly bytesPerSecond?: number | undefined;
}

/** What a health probe finds, whatever the backend says. */
export interface ProbeFault {
  readonly id: string;
  readonly effect: 'probe';
  /** Resource id of the probe, or its name. */
  readonly probe?: string | undefined;
  readonly backend?: string | undefined;
  readonly verdict: 'up' | 'down' | 'flap';
  /** Azure milliseconds after which a flapping probe goes from up to down or back. */
  readonly flapEveryMs?: number | undefined;
}

/** How the thread of an engine fails: an uncaught error, or no more answers. */
export type ThreadFailure = 'crash' | 'hang';

export type DataPlaneFault = TrafficFault | ProbeFault;

/** The whole id in any casing, or its last segment. */
function named(id: string, wanted: string): boolean {
  const folded = wanted.toLowerCase();
  return id.toLowerCase() === folded || id.slice(id.lastIndexOf('/') + 1).toLowerCase() === folded;
}

const isAddress = (wanted: string, place: { azureAddress: string; address: string }): boolean =>
  wanted === place.azureAddress || wanted === place.address;

function isFrontend(wanted: string, { azureAddress, address, port }: PlanFrontend): boolean {
  const text = (of: string): string => `${of.includes(':') ? `[${of}]` : of}:${port}`;
  return isAddress(wanted, { azureAddress, address }) || wanted === text(azureAddress) || wanted === text(address);
}

/** Whether a fault concerns a flow of this frontend to this member. */
export const concernsFlow = (fault: TrafficFault, frontend: PlanFrontend, member: PlanMember): boolean =>
  (fault.frontend === undefined || isFrontend(fault.frontend, frontend)) &&
  (fault.rule === undefined || named(frontend.rule.id, fault.rule)) &&
  (fault.backend === undefined || isAddress(fault.backend, member));

/** Whether a fault concerns this probe of this backend. */
export const concernsProbe = (fault: ProbeFault, probe: PlanProbe): boolean =>
  (fault.probe === undefined || named(probe.id, fault.probe)) &&
  (fault.backend === undefined || isAddress(fault.backend, probe));

/** The traffic faults and the probe faults among `faults`. */
export function sortFaults(faults: readonly DataPlaneFault[]): {
  readonly traffic: readonly TrafficFault[];
  readonly probes: readonly ProbeFault[];
} {
  const traffic: TrafficFault[] = [];
  const probes: ProbeFault[] = [];
  for (const fault of faults) {
    if (fault.effect === 'probe') probes.push(fault);
    else traffic.push(fault);
  }
  return { traffic, probes };
}
