/**
 * The plan that an engine carries out. ARM and classic resources compile to it; it knows no Azure API. All times are
 * Azure milliseconds, all addresses are strings in canonical form. Everything here survives `structuredClone`.
 */
/** Azure's `loadDistribution`: 5-tuple, 2-tuple or 3-tuple hash. */
export type Distribution = 'Default' | 'SourceIP' | 'SourceIPProtocol';

export type Transport = 'tcp' | 'udp';

/** `tcp/127.255.0.4/80`: the identity of a frontend across plans, by its mapped address. */
export const frontendKey = ({
  transport,
  address,
  port,
}: Pick<PlanFrontend, 'transport' | 'address' | 'port'>): string => `${transport}/${address}/${port}`;

/** `<probe resource id, lower case>|<mapped address>`: one probe of one backend address. */
export const probeKey = (probeId: string, address: string): string => `${probeId.toLowerCase()}|${address}`;

/** `outbound/tcp/127.0.0.4`: protocol and mapped address of a backend that an outbound rule lends ports to. */
export const outboundKey = (transport: Transport, address: string): string => `outbound/${transport}/${address}`;

/** `<frontend key>|<member key>`: the scope of the counters of one member behind one frontend. */
export const memberScope = (frontend: string, member: string): string => `${frontend}|${member}`;

/** The keys of frontend and member in a counter's scope; no member in the scope of a frontend or an outbound entry. */
export function keysOfScope(scope: string): { readonly key: string; readonly member: string | undefined } {
  const at = scope.indexOf('|');
  return at < 0 ? { key: scope, member: undefined } : { key: scope.slice(0, at), member: scope.slice(at + 1) };
}

/** One (address, protocol, port) that Azure would answer on; the unit in which an engine opens, keeps and closes. */
export interface PlanFrontend {
  /** See `frontendKey`. */
  readonly key: string;
  readonly transport: Transport;
  /** The address that Azure's API shows. */
  readonly azureAddress: string;
  /** The address on this machine, by the address rule. */
  readonly address: string;
  /** 0 is every port (HA ports). */
  readonly port: number;
  /** The network around its address that another Lazurite on this machine has, as a CIDR: it is not bound there. */
  readonly leasedElsewhere?: string;
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
  /** SKU of the load balancer; a classic endpoint has none. */
  readonly sku?: 'Basic' | 'Standard' | 'Gateway' | 'Service';
  readonly distribution: Distribution;
  readonly idleTimeoutMs: number;
  readonly tcpReset: boolean;
  readonly floatingIp: boolean;
  /** UDP clients stay with their member while it is eligible; else every datagram is distributed on its own. */
  readonly connectionTracking?: true;
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
  /** The port of every member, in place of its own; 0 keeps the port that the client used (HA ports). */
  readonly backendPort?: number;
  /** In the stable order shared by all rules of the pool; the same array where they have the same members. */
  readonly members: readonly PlanMember[];
  /** Members of the pool whose machine is stopped: they are not probed and get nothing. */
  readonly stopped?: readonly PlanMember[];
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
  /** See `portOf`. */
  readonly port: number;
  readonly adminState: 'None' | 'Up' | 'Down';
  /** Key of the probe that decides about this member; none means always eligible. */
  readonly probe: string | undefined;
  /** Its TCP flows are reset this long after an administrator has put it out, or it has left; without it they stay. */
  readonly drainPeriodMs?: number;
}

/** The port of a member behind a rule; 0 keeps the port that the client used (HA ports). */
export const portOf = ({ backendPort }: Pick<PlanRule, 'backendPort'>, { port }: PlanMember): number =>
  backendPort ?? port;

/** One health probe of one backend address: probed once, however many rules use it. */
export interface PlanProbe {
  /** See `probeKey`. */
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
  /** When its first attempt is made, after it was added; at once if absent. */
  readonly firstAfterMs?: number;
  readonly userAgent?: string;
  /** Redirects to the same backend are followed. */
  readonly followsRedirects?: boolean;
}

/** Connections that one backend opens towards the outside, and the ports that an outbound rule lends it for them. */
export interface PlanOutbound {
  /** See `outboundKey`. */
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

/** SNAT ports that Azure reserves for one backend at one frontend address. */
export interface SnatAllocation {
  readonly loadBalancerId: string;
  readonly frontendAddress: string;
  readonly backendAddress: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly ports: number;
}

/** What one load balancer or one hosted service contributes to the plan. */
export interface PlanPart {
  readonly frontends: readonly PlanFrontend[];
  readonly probes: readonly PlanProbe[];
  readonly outbound: readonly PlanOutbound[];
}

/** All parts, in the order in which their owners were created: where two want one address and port, the earlier has it. */
export interface ForwardingPlan extends PlanPart {
  /** Grows with each change. What is the same object in two plans has not changed between them. */
  readonly version: number;
}

export const emptyPart: PlanPart = Object.freeze({
  frontends: Object.freeze([]),
  probes: Object.freeze([]),
  outbound: Object.freeze([]),
});

export const emptyPlan: ForwardingPlan = Object.freeze({ version: 0, ...emptyPart });

/** One plan out of parts, in their order. */
export function mergePlan(parts: readonly PlanPart[], version: number): ForwardingPlan {
  return Object.freeze({
    version,
    frontends: Object.freeze(parts.flatMap(({ frontends }) => frontends)),
    probes: Object.freeze(parts.flatMap(({ probes }) => probes)),
    outbound: Object.freeze(parts.flatMap(({ outbound }) => outbound)),
  });
}

/** What differs between two plans: all that an engine has to be told, and all that it may touch. */
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

function changed<T>(now: Map<string, T>, before: Map<string, T>): T[] {
  const values: T[] = [];
  for (const [key, value] of now) if (value !== before.get(key)) values.push(value);
  return values;
}

function missing<T>(now: Map<string, T>, before: Map<string, T>): string[] {
  const keys: string[] = [];
  for (const key of before.keys()) if (!now.has(key)) keys.push(key);
  return keys;
}

/** Probes whose key is what their id and address make. They are frozen, and most are in the next part again. */
const soundProbes = new WeakSet<PlanProbe>();

/** What is wrong with a part in itself; undefined when every key is what it says and every reference resolves. */
export function inconsistency({ frontends, probes, outbound }: PlanPart): string | undefined {
  const probeKeys = new Set<string>();
  for (const probe of probes) {
    const { key, id, address } = probe;
    if (!soundProbes.has(probe)) {
      if (key !== probeKey(id, address)) return `The probe ${key} has another key than its id and address make.`;
      soundProbes.add(probe);
    }
    if (probeKeys.has(key)) return `The probe ${key} occurs twice.`;
    probeKeys.add(key);
  }
  const known = new Set<readonly PlanMember[]>();
  for (const frontend of frontends) {
    const { key, rule } = frontend;
    if (key !== frontendKey(frontend)) return `The frontend ${key} has another key than its address and port make.`;
    if (known.has(rule.members)) continue;
    known.add(rule.members);
    const memberKeys = new Set<string>();
    for (const member of rule.members) {
      if (memberKeys.has(member.key)) return `The member ${member.key} of ${rule.id} occurs twice.`;
      memberKeys.add(member.key);
      if (member.probe !== undefined && !probeKeys.has(member.probe))
        return `The member ${member.key} of ${rule.id} names the probe ${member.probe}, which is not in the plan.`;
    }
  }
  for (const { key, transport, address } of outbound)
    if (key !== outboundKey(transport, address))
      return `The outbound entry ${key} has another key than its address makes.`;
  return undefined;
}
