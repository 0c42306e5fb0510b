/**
 * What a data plane is: the plan it carries out and the interface every engine has.
 *
 * ARM and classic resources compile to the same plan (`forwarding/plan.ts`); an engine knows no Azure API. All times
 * are Azure milliseconds, all addresses are strings in canonical form. Everything here survives `structuredClone`.
 */
import type { DataPlaneFault } from './faults.js';

/** Azure's `loadDistribution`: 5-tuple, 2-tuple or 3-tuple hash. */
export type Distribution = 'Default' | 'SourceIP' | 'SourceIPProtocol';

export type Transport = 'tcp' | 'udp';

/** One (address, protocol, port) that Azure would answer on; the unit in which an engine opens, keeps and closes. */
export interface PlanFrontend {
  /** `tcp/127.255.0.4/80`: mapped address; identity across plans. Port 0 is every port (HA ports). */
  readonly key: string;
  readonly transport: Transport;
  /** The address that Azure's API shows. */
  readonly azureAddress: string;
  /** The address on this machine, by the address rule. */
  readonly address: string;
  readonly port: number;
  /** Of an internal load balancer: a member that is chosen for its own flow gets no answer. */
  readonly internal?: true;
  readonly rule: PlanRule;
}

/** What happens to traffic that arrives at a frontend. */
export interface PlanRule {
  /** Resource id of the load balancing rule, inbound NAT rule or classic endpoint: what people recognise it by. */
  readonly id: string;
  readonly frontendId: string;
  readonly loadBalancerId: string;
  readonly distribution: Distribution;
  readonly idleTimeoutMs: number;
  readonly tcpReset: boolean;
  readonly floatingIp: boolean;
  /** What established TCP flows do when every member is probed down: Standard keeps them, Basic ends them. */
  readonly allProbedDown: 'keepEstablished' | 'endEstablished';
  /** Azure's `noHealthyBackendsBehavior`. */
  readonly noHealthyBackends: 'AllProbedDown' | 'AllProbedUp';
  /** Classic endpoint ACL, in order of evaluation; empty permits everybody. */
  readonly acl: readonly AclEntry[];
  /** What a TCP client gets that the ACL denies; silence if absent. */
  readonly aclDeny?: 'reset';
  /** Changes of the plan that reset established TCP flows; without them flows stay, or stop as `tcpReset` says. */
  readonly resetOn?: readonly ('modeSwitch' | 'memberRemoval' | 'ruleRemoval')[];
  /** How long a handshake may take that the backend does not answer, if that is shorter than the idle timeout. */
  readonly halfOpenMs: number;
  /** In the stable order shared by all rules of the pool. */
  readonly members: readonly PlanMember[];
}

export interface AclEntry {
  readonly action: 'permit' | 'deny';
  /** CIDR, mapped by the address rule. */
  readonly remoteSubnet: string;
}

/** A backend instance as one rule sees it. */
export interface PlanMember {
  /** Azure address of the backend: the stable key by which all rules of a pool order and identify their members. */
  readonly key: string;
  /** Resource id of the NIC ipConfiguration or backend address. */
  readonly id: string;
  readonly azureAddress: string;
  readonly address: string;
  /** 0 keeps the port that the client used (HA ports). */
  readonly port: number;
  readonly adminState: 'None' | 'Up' | 'Down';
  /** Key of the probe that decides about this member; none means always eligible. */
  readonly probe: string | undefined;
  /** Its TCP flows are reset this long after an administrator has put it out, or it has left; without it they stay. */
  readonly drainPeriodMs?: number;
}

/** One health probe of one backend address: probed once, however many rules use it. */
export interface PlanProbe {
  /** `<probe resource id>|<mapped address>`, lower case. */
  readonly key: string;
  readonly id: string;
  readonly protocol: 'Tcp' | 'Http' | 'Https';
  readonly azureAddress: string;
  readonly address: string;
  readonly port: number;
  readonly requestPath: string | undefined;
  readonly intervalMs: number;
  /** Classic probes have a timeout of their own; ARM's is min(interval, 30 s) for HTTP and the interval for TCP. */
  readonly timeoutMs: number;
  readonly threshold: number;
  /** The threshold of a probe that was never up, where it is another one. */
  readonly firstThreshold?: number;
  /** How long after its beginning it knocks first; at once if absent. */
  readonly firstAfterMs?: number;
  readonly userAgent?: string;
  /** Redirects to the same backend are followed. */
  readonly followsRedirects?: boolean;
}

/** Connections that one backend opens towards the outside, and the ports that an outbound rule lends it for them. */
export interface PlanOutbound {
  /** `outbound/tcp/127.0.0.4`: protocol and mapped address of the backend; identity across plans. */
  readonly key: string;
  readonly transport: Transport;
  /** Resource id of the outbound rule. */
  readonly rule: string;
  readonly loadBalancerId: string;
  readonly azureAddress: string;
  readonly address: string;
  /** Where the connections seem to come from. */
  readonly frontendAzureAddress: string;
  readonly frontendAddress: string;
  /** The block of ports, both ends included. */
  readonly firstPort: number;
  readonly lastPort: number;
  readonly idleTimeoutMs: number;
  /** Networks that are not outside, as CIDRs mapped by the address rule. */
  readonly inside: readonly string[];
}

export interface ForwardingPlan {
  readonly frontends: readonly PlanFrontend[];
  readonly probes: readonly PlanProbe[];
  readonly outbound: readonly PlanOutbound[];
}

export const emptyPlan: ForwardingPlan = Object.freeze({
  frontends: Object.freeze([]),
  probes: Object.freeze([]),
  outbound: Object.freeze([]),
});

/** Where a frontend really is. Bound: exactly there. Fallback: elsewhere, see `boundAddress`. Unbound: nowhere yet. */
export interface FrontendState {
  readonly key: string;
  readonly state: 'Bound' | 'Fallback' | 'Unbound';
  readonly boundAddress: string | undefined;
  readonly boundPort: number | undefined;
  /** Why it is not Bound; undefined when it is. */
  readonly reason: string | undefined;
}

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
  /** Why there is no choice; undefined when there is one. */
  readonly reason: string | undefined;
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

export interface EngineEvents {
  /** Only transitions are announced. */
  onHealth?(health: ProbeHealth): void;
  onFrontendState?(state: FrontendState): void;
  /** The engine cannot go on; the process should say so and end. */
  onFailure?(error: Error): void;
}

/** Every data plane has this face, and passes `test/forwarding/engine-contract.ts`. */
export interface Engine {
  readonly name: 'userspace' | 'nftables' | 'none';
  /**
   * Makes the plan real. Differences only: a frontend whose key stays is not reopened, no flow is cut. Resolves when
   * each new frontend is Bound, Fallback or Unbound (the last is retried each second). Never rejects for a bind error.
   */
  apply(plan: ForwardingPlan): Promise<void>;
  frontends(): readonly FrontendState[];
  /** Why outbound rules have no effect here; undefined when they have. */
  readonly whyNoOutbound: string | undefined;
  health(): readonly ProbeHealth[];
  explain(tuple: FlowTuple): Explanation;
  flows(): Promise<readonly FlowInfo[]>;
  counters(): readonly CounterSample[];
  /** Puts exactly these faults in force; an engine without it has none to offer. */
  setFaults?(faults: readonly DataPlaneFault[]): Promise<void>;
  /** Moves the engine's clock forward together with the emulator's. */
  advanceClock(azureMs: number): Promise<void>;
  /** Stops accepting, lets flows finish for at most `graceMs` real milliseconds, then ends. */
  close(graceMs: number): Promise<void>;
}
