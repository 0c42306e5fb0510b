/** What the admin API answers, as types: for its routes, for commands, for the library and for the portal. */
import type { Explanation, FlowInfo, FlowTuple, HealthReason } from '../../data-plane/model/engine.js';
import type { Distribution } from '../../data-plane/model/plan.js';

export interface FrontendView {
  /** As events and the scopes of counters name it. */
  readonly key: string;
  readonly azureAddress: string;
  readonly transport: string;
  /** 0: every port. */
  readonly port: number;
  readonly state: string;
  readonly boundAddress: string | null;
  readonly boundPort: number | null;
  readonly reason: string | null;
  readonly rule: string;
  readonly distribution: string;
  readonly backends: number;
}

export interface BackendView {
  readonly rule: string;
  readonly id: string;
  readonly azureAddress: string;
  readonly address: string;
  readonly port: number;
  readonly adminState: string;
  readonly state: 'Up' | 'Down';
  readonly reason: HealthReason | 'NoProbe' | 'Stopped';
  /** Azure time of the probe's last transition. */
  readonly since: string | null;
}

export interface OutboundView {
  readonly rule: string;
  readonly azureAddress: string;
  readonly address: string;
  readonly transport: string;
  readonly frontendAzureAddress: string;
  readonly frontendAddress: string;
  readonly firstPort: number;
  readonly lastPort: number;
  /** Networks that the backend reaches as itself. */
  readonly inside: readonly string[];
  readonly state: 'CarriedOut' | 'Ignored';
  readonly reason: string | null;
}

/** The question as it was understood, and its answer. */
export interface ExplainView extends Explanation {
  readonly question: FlowTuple;
}

/** A call as the journal shows it. */
export interface RequestView {
  readonly id: number;
  readonly time: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly apiVersion: string | null;
  readonly client: { readonly userAgent: string | null; readonly address: string | null };
  readonly status: number;
  readonly durationMs: number;
  readonly errorCode: string | null;
  readonly correlationId: string | null;
  readonly fault: string | null;
  readonly requestBody: unknown;
  readonly responseBody: unknown;
}

export interface ClockView {
  /** Azure time, ISO 8601. */
  readonly now: string;
  readonly timeScale: number;
  /** How far it has been moved since the start. */
  readonly advancedSeconds: number;
}

export type FlowView = FlowInfo;

export interface StandInView {
  /** `10.0.0.4:8080`: the member's Azure address and port. */
  readonly id: string;
  readonly azureAddress: string;
  /** Where it listens on this machine. */
  readonly address: string;
  readonly port: number;
  /** Calls that it has answered, probes aside. */
  readonly calls: number;
}

/** How one distribution mode spreads the clients of a simulation. */
export interface SimulationView {
  readonly distribution: Distribution;
  /** Connections per member, by the member's id. */
  readonly members: readonly { readonly id: string; readonly connections: number }[];
  /** Clients of which every connection reached the same member. */
  readonly clientsOnOneMember: number;
  readonly clients: number;
}

/** One of several machines that share a store. */
export interface NodeView {
  /** Where other nodes reach it, `address:port`. */
  readonly address: string;
  readonly name: string;
  readonly version: string;
  /** The newest schema of the store that it knows. */
  readonly schema: number;
  /** Whether it is the one that writes. */
  readonly writes: boolean;
  /** Changes that its data plane does not carry yet. */
  readonly behind: number;
}

/** In which schemas the shared store was, and is now, written. */
export interface StoreUpgradeView {
  readonly from: number;
  readonly to: number;
}
