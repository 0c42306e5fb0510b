/**
 * The plan's vocabulary for classic deployments, and the rules of thumb behind it: distribution names, ACL evaluation,
 * probe timing. Imitates "Virtual networks ACL" and "Service definition: LoadBalancerProbe".
 */
import { aclSubnet } from './endpoints.js';
import type { AclRule, Deployment, HostedService, LoadBalancerDistribution, LoadBalancerProbe } from './types.js';

const minuteMs = 60_000;
const defaultIdleTimeoutInMinutes = 4;

export interface ClassicProbe {
  /** `<probe id>|<azure address>`, lower case. */
  readonly key: string;
  readonly id: string;
  readonly protocol: 'Tcp' | 'Http';
  readonly azureAddress: string;
  readonly port: number;
  readonly requestPath: string | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Unanswered probes that take a member out of rotation. */
  readonly threshold: number;
}

export interface ClassicMember {
  /** Azure address of the instance. */
  readonly key: string;
  readonly id: string;
  readonly azureAddress: string;
  /** 0 keeps the port that the client used (instance public IPs). */
  readonly port: number;
  /** A stopped instance gets no traffic, whatever its probe says. */
  readonly started: boolean;
  readonly probe: ClassicProbe | undefined;
}

export interface ClassicRule {
  readonly id: string;
  readonly frontendId: string;
  readonly loadBalancerId: string;
  readonly distribution: 'Default' | 'SourceIP' | 'SourceIPProtocol';
  readonly idleTimeoutMs: number;
  readonly floatingIp: boolean;
  /** In order of evaluation, ending with an entry for everybody; empty permits everybody. */
  readonly acl: readonly { readonly action: 'permit' | 'deny'; readonly remoteSubnet: string }[];
  readonly members: readonly ClassicMember[];
}

export interface ClassicFrontend {
  readonly azureAddress: string;
  readonly transport: 'tcp' | 'udp';
  /** 0 is every port. */
  readonly port: number;
  /** Of an internal load balancer. */
  readonly internal?: true;
  readonly rule: ClassicRule;
}

export interface ClassicPlanInputs {
  readonly frontends: readonly ClassicFrontend[];
  readonly probes: readonly ClassicProbe[];
}

/** The path by which people recognise what a rule comes from. */
export const pathOf = (service: HostedService, deployment: Deployment): string =>
  `/${service.subscriptionId}/services/hostedservices/${service.ServiceName}/deployments/${deployment.Name}`;

const distributions = { sourceIP: 'SourceIP', sourceIPProtocol: 'SourceIPProtocol', none: 'Default' } as const;

interface RuleParts extends Pick<ClassicRule, 'id' | 'frontendId' | 'loadBalancerId' | 'members'> {
  readonly distribution?: LoadBalancerDistribution | undefined;
  readonly idleTimeoutInMinutes?: number | undefined;
  readonly floatingIp?: boolean;
  readonly acl?: ClassicRule['acl'];
}

/** A rule; an absent distribution is the 5-tuple, an absent idle timeout four minutes. */
export const planRule = ({
  distribution,
  idleTimeoutInMinutes,
  floatingIp = false,
  acl = [],
  ...rest
}: RuleParts): ClassicRule => ({
  ...rest,
  distribution: distribution === undefined ? 'Default' : distributions[distribution],
  idleTimeoutMs: (idleTimeoutInMinutes ?? defaultIdleTimeoutInMinutes) * minuteMs,
  floatingIp,
  acl,
});

/**
 * An endpoint's ACL by ascending order. Azure denies everybody else as soon as one rule permits, and permits everybody
 * else when all rules deny; the last entry says so.
 */
export function planAcl(rules: readonly AclRule[]): ClassicRule['acl'] {
  if (rules.length === 0) return [];
  const entries = [...rules]
    .sort((a, b) => a.Order - b.Order)
    .map((rule) => ({ action: rule.Action, remoteSubnet: aclSubnet(rule) }));
  const others = entries.some(({ action }) => action === 'permit') ? 'deny' : 'permit';
  return [...entries, { action: others, remoteSubnet: '0.0.0.0/0' }];
}

/**
 * A probe of one instance. The classic timeout is how long an instance may stay silent, so it gives the number of
 * unanswered probes: 31 s at every 15 s are two.
 */
export function planProbe(probe: LoadBalancerProbe, { id, address }: { id: string; address: string }): ClassicProbe {
  const { IntervalInSeconds: interval, TimeoutInSeconds: timeout } = probe;
  return {
    key: `${id}|${address}`.toLowerCase(),
    id,
    protocol: probe.Protocol === 'http' ? 'Http' : 'Tcp',
    azureAddress: address,
    port: probe.Port,
    requestPath: probe.Path,
    intervalMs: interval * 1000,
    timeoutMs: Math.min(interval, timeout) * 1000,
    threshold: Math.max(1, Math.floor(timeout / interval)),
  };
}
