/** The contract of an engine: the data plane that carries out a plan. Everything here survives `structuredClone`. */
import type { DataPlaneFault, ThreadFailure } from './faults.js';
import type { Distribution, ForwardingPlan, Transport } from './plan.js';

/** Where a frontend really is. Bound: exactly there. Fallback: elsewhere, see `boundAddress`. Unbound: nowhere yet. */
export interface FrontendState {
  readonly key: string;
  /** Id of the rule that wants this place: where several do, the first of the plan has it. */
  readonly rule: string;
  readonly state: 'Bound' | 'Fallback' | 'Unbound';
  readonly boundAddress: string | undefined;
  readonly boundPort: number | undefined;
  /** Why it is not Bound; undefined when it is. */
  readonly reason: string | undefined;
}

/** Without the rule, which may change while the place stays. */
export type PlaceState = Omit<FrontendState, 'rule'>;

/** Reasons as Azure's health status API names them. */
export type HealthReason =
  | 'NA'
  | 'Up_Probe_Success'
  | 'Up_Probe_AllDownIsUp'
  | 'Up_Probe_ApproachingUnhealthyThreshold'
  | 'Up_Admin'
  | 'Up_Platform'
  | 'Down_Probe_ApproachingHealthyThreshold'
  | 'Down_Probe_HttpStatusCodeError'
  | 'Down_Probe_HttpEndpointUnreachable'
  | 'Down_Probe_TcpProbeTimeout'
  | 'Down_Probe_HttpNoResponse'
  | 'Down_Probe_NoHealthyBackend'
  | 'Down_Admin'
  | 'Down_Platform';

export interface ProbeHealth {
  readonly key: string;
  readonly up: boolean;
  readonly reason: HealthReason;
  /** Azure time of the last transition. */
  readonly sinceMs: number;
}

/** The question `explain` answers. Addresses are mapped ones; `destinationPort` is the rule's frontend port. */
export interface FlowTuple {
  readonly transport: Transport;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

export interface Explanation {
  readonly frontend: string | undefined;
  readonly rule: string | undefined;
  readonly distribution: Distribution | undefined;
  /** What went into the hash, in order. */
  readonly tuple: readonly string[];
  readonly hash: number | undefined;
  readonly slot: number | undefined;
  readonly candidates: readonly { key: string; id: string; eligible: boolean; reason: HealthReason }[];
  readonly choice: { key: string; id: string; address: string; port: number } | undefined;
  /** The choice is the member that connection tracking has noted, whatever the hash says. */
  readonly tracked: boolean;
  /** Why there is no choice; undefined when there is one. */
  readonly reason: string | undefined;
  /** What happens to a packet in the middle of a TCP flow that is not known here, where other nodes may have carried it. */
  readonly unknownFlow?: string | undefined;
}

export interface FlowInfo {
  readonly transport: Transport;
  readonly frontend: string;
  readonly rule: string;
  readonly source: string;
  readonly backend: string;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Named counters, monotonic since the engine started; `scope` is a frontend key, a member key within it, or ''. */
export interface CounterSample {
  readonly name: string;
  readonly scope: string;
  readonly value: number;
}

export interface Interruption {
  readonly error: Error;
  /** Flows that were open and are gone. */
  readonly lostFlows: number;
  /** Real milliseconds until the thread is started anew. */
  readonly restartsInMs: number;
}

export interface EngineEvents {
  /** Probes that went up or down, or had their first outcome, as many as were found together; never none. */
  onHealth?(changes: readonly ProbeHealth[]): void;
  onFrontendState?(state: FrontendState): void;
  /** The engine's thread has failed and is started anew; until `onRestarted` nothing is forwarded by it. */
  onInterrupted?(interruption: Interruption): void;
  /** The plan is carried out again. */
  onRestarted?(): void;
  /** The engine cannot go on; the process should say so and end. */
  onFailure?(error: Error): void;
}

/** Every data plane has this face, and passes `test/data-plane/engine-contract.ts`. */
export interface Engine {
  readonly name: 'userspace' | 'nftables' | 'none';
  /** False while its thread is started anew after a failure, and when that was given up. */
  readonly running: boolean;
  /**
   * Makes the plan real. Differences only: a frontend whose key stays is not reopened, no flow is cut. Resolves when
   * each new frontend is Bound, Fallback or Unbound (the last is retried each second). Never rejects for a bind error. When the
   * thread fails meanwhile, it resolves once the next one carries the plan out; it rejects when that was given up.
   */
  apply(plan: ForwardingPlan): Promise<void>;
  frontends(): readonly FrontendState[];
  /** Why outbound rules have no effect here and now; undefined when they have. */
  readonly whyNoOutbound: string | undefined;
  health(): readonly ProbeHealth[];
  /** The health of one probe by its key; undefined when the engine does not know it. */
  healthOf(key: string): ProbeHealth | undefined;
  /** Which member a flow with this tuple would have, if it began now. */
  explain(tuple: FlowTuple): Promise<Explanation>;
  flows(): Promise<readonly FlowInfo[]>;
  counters(): readonly CounterSample[];
  /** Puts exactly these faults in force; an engine without it has none to offer. */
  setFaults?(faults: readonly DataPlaneFault[]): Promise<void>;
  /** Makes the engine's thread fail, as an injected fault; an engine without it has no thread of its own. */
  failThread?(how: ThreadFailure): void;
  /** Other nodes with the same plan have come or gone; an engine without it has nothing to do with their flows. */
  nodesChanged?(): Promise<void>;
  /**
   * Among several nodes outbound rules run on one at a time: here from now on, or not any more. Resolves when that is so. An
   * engine without it has no outbound rules, or is alone.
   */
  runOutbound?(isHere: boolean): Promise<void>;
  /** Moves the engine's clock forward together with the emulator's. */
  advanceClock(azureMs: number): Promise<void>;
  /** Stops accepting, lets flows finish for at most `graceMs` real milliseconds, then ends. */
  close(graceMs: number): Promise<void>;
}
