/**
 * Compiles resources into the plan that engines carry out. The only place of the data plane that reads ARM's shapes:
 * behind it there are addresses, ports, rules and members.
 */
import { type Choices, defaultChoices } from '../config/undocumented.js';
import type { PlanFrontend, PlanMember, PlanPart, PlanProbe, PlanRule } from '../data-plane/model/plan.js';
import { emptyPart, frontendKey, probeKey } from '../data-plane/model/plan.js';
import { loadBalancerChild } from '../resources/Microsoft.Network/common-members.js';
import {
  addressOfIPConfiguration,
  membersOfPool,
  type PoolMember,
} from '../resources/Microsoft.Network/loadBalancers/backendAddressPools.js';
import { frontendAddress, publicIPOf } from '../resources/Microsoft.Network/loadBalancers/frontendIPConfigurations.js';
import type { InboundNatRule } from '../resources/Microsoft.Network/loadBalancers/inboundNatRules.js';
import type { LoadBalancingRule } from '../resources/Microsoft.Network/loadBalancers/loadBalancingRules.js';
import { instanceBehind, portMappingOf } from '../resources/Microsoft.Network/loadBalancers/nat-ports.js';
import type { LoadBalancerDocument } from '../resources/Microsoft.Network/loadBalancers/parts.js';
import type { Probe } from '../resources/Microsoft.Network/loadBalancers/probes.js';
import { addressesOfEndpoints } from '../resources/Microsoft.Network/privateEndpoints.js';
import { childWithId, sourcesByTarget } from '../resources/references.js';
import { idKey, rootKey } from '../resources/resource-id.js';
import type { Lookup, Resource } from '../resources/resource-type.js';
import { type AddressMapping, mapAddress } from '../support/ip-address.js';
import { deepFreeze } from '../support/plain-data.js';
import { compileOutbound, transportsOf } from './outbound-plan.js';

export interface PlanOptions {
  readonly lookup: Lookup;
  readonly addressMap: readonly AddressMapping[];
  readonly choices: Choices;
}

const minuteMs = 60_000;

/** Azure names no time for a handshake; this is ours. */
export const halfOpenMs = minuteMs;
/** Azure gives an HTTP probe half a minute at most, whatever its interval. */
const longestHttpTimeoutMs = 30_000;

/** What is not the same of rules of either kind; of `others` NAT rules have none. */
type OwnOfRule = Pick<PlanRule, 'frontendId' | 'id' | 'distribution' | 'noHealthyBackends' | 'members'> & {
  readonly others?: Pick<PlanRule, 'backendPort' | 'stopped' | 'connectionTracking'>;
};

interface Place {
  readonly azureAddress: string;
  readonly address: string;
  readonly internal?: { readonly internal: true };
}

/** What the members of a pool have from the rule. */
interface MemberOfRule {
  readonly probe: Probe | undefined;
  readonly drainPeriodMs: number;
  /** All that its members are planned from beside themselves. The parts of a stored document stay the same objects. */
  readonly from: readonly unknown[];
}

/** What members of pools were last planned as, and from what. */
const plannedBy = new WeakMap<
  PoolMember,
  Pick<MemberOfRule, 'from'> & { readonly member: PlanMember; readonly planProbe: PlanProbe | undefined }
>();

class Compiler {
  readonly #frontends: PlanFrontend[] = [];
  readonly #probes = new Map<string, PlanProbe>();
  readonly #document: LoadBalancerDocument;
  readonly #pools = new Map<string, readonly PoolMember[]>();
  /** Where frontends are, by their ids. */
  readonly #places = new Map<string, Place>();
  /** Ids of ipConfigurations by the inbound NAT rule that they name. */
  #behindNatRules: ReadonlyMap<string, readonly string[]> | undefined;
  /** Members by the probe and the pools of the rules that share them. */
  readonly #shared = new Map<string, Pick<PlanRule, 'members' | 'stopped'>>();

  constructor(
    readonly loadBalancer: Resource,
    readonly options: PlanOptions,
  ) {
    this.#document = loadBalancer.document as LoadBalancerDocument;
  }

  compile(): PlanPart {
    const { loadBalancingRules = [], inboundNatRules = [] } = this.#document.properties;
    for (const rule of loadBalancingRules) this.#loadBalancingRule(rule);
    for (const rule of inboundNatRules) this.#inboundNatRule(rule);
    const outbound = compileOutbound(this.loadBalancer, { ...this.options, frontends: this.#frontends });
    return { frontends: [...this.#frontends, ...this.#atEndpoints()], probes: [...this.#probes.values()], outbound };
  }

  /** The frontends once more at private endpoints, which a private link service leads to them: nothing is internal there. */
  #atEndpoints(): PlanFrontend[] {
    const services = this.#sourcesOf('loadBalancerFrontendIpConfigurations');
    if (services.size === 0) return [];
    return this.#frontends.flatMap(({ internal: _, ...one }) =>
      addressesOfEndpoints(services.get(idKey(one.rule.frontendId)), this.options.lookup).map((azureAddress) => {
        const address = this.#map(azureAddress);
        return { ...one, azureAddress, address, key: frontendKey({ ...one, address }) };
      }),
    );
  }

  /** Ids of what refers to parts of the balancer at `path`, by the folded id of the part. */
  #sourcesOf(path: string): ReadonlyMap<string, readonly string[]> {
    return sourcesByTarget(this.options.lookup.linksInto(this.loadBalancer.key), path);
  }

  #map(address: string): string {
    return mapAddress(address, this.options.addressMap);
  }

  #membersOf(poolId: string): readonly PoolMember[] {
    const key = idKey(poolId);
    let members = this.#pools.get(key);
    if (!members) {
      members = membersOfPool(this.#document, poolId, this.options);
      this.#pools.set(key, members);
    }
    return members;
  }

  /** Registers the probe of one address and answers it. */
  #probeOf(probe: Probe, azureAddress: string): PlanProbe {
    const id = loadBalancerChild(this.loadBalancer.id, 'probes', probe.name);
    const address = this.#map(azureAddress);
    const {
      protocol = 'Tcp',
      port = 0,
      requestPath,
      intervalInSeconds = 15,
      probeThreshold = 1,
    } = probe.properties ?? {};
    const intervalMs = intervalInSeconds * 1000;
    const planned: PlanProbe = {
      key: probeKey(id, address),
      id,
      protocol,
      azureAddress,
      address,
      port,
      requestPath,
      intervalMs,
      timeoutMs: protocol === 'Tcp' ? intervalMs : Math.min(intervalMs, longestHttpTimeoutMs),
      threshold: probeThreshold,
    };
    this.#probes.set(planned.key, planned);
    return planned;
  }

  #drainPeriodMs(poolId: string): number {
    const pool = childWithId(this.#document.properties.backendAddressPools, poolId);
    return (pool?.properties?.drainPeriodInSeconds ?? 0) * 1000;
  }

  #address(member: PoolMember): string | undefined {
    if (member.frontendId === undefined) return member.ipAddress;
    const regional = this.options.lookup.resource(rootKey(member.frontendId));
    return regional && frontendAddress(regional, member.frontendId, this.options.lookup);
  }

  #members(rule: LoadBalancingRule, probe: Probe | undefined): Pick<PlanRule, 'members' | 'stopped'> {
    const pools = (rule.properties?.backendAddressPools ?? []).map(({ id }) => idKey(id));
    const shared = JSON.stringify([probe?.name, ...pools]);
    let known = this.#shared.get(shared);
    if (!known) {
      known = this.#membersOfRule(rule, probe);
      this.#shared.set(shared, known);
    }
    return known;
  }

  #membersOfRule(rule: LoadBalancingRule, probe: Probe | undefined): Pick<PlanRule, 'members' | 'stopped'> {
    const members = new Map<string, PlanMember>();
    const stopped: PlanMember[] = [];
    for (const { id: poolId } of rule.properties?.backendAddressPools ?? []) {
      const drainPeriodMs = this.#drainPeriodMs(poolId);
      const from = [this.loadBalancer.id, this.options.addressMap, probe, drainPeriodMs];
      for (const member of this.#membersOf(poolId)) {
        const planned = this.#planned(member, { probe, drainPeriodMs, from });
        if (!planned) continue;
        if (member.running) members.set(planned.key, planned);
        else stopped.push(planned);
      }
    }
    const inOrder = [...members.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return { members: inOrder, ...(stopped.length > 0 && { stopped }) };
  }

  /**
   * A member of a pool as the plan has it; undefined while it has no address. Of a member that joined by itself it is the
   * same object until something changes that it was made from, so that one more in a large pool costs little.
   */
  #planned(of: PoolMember, { probe, drainPeriodMs, from }: MemberOfRule): PlanMember | undefined {
    const known = plannedBy.get(of);
    if (known?.from.every((one, index) => one === from[index])) {
      if (known.planProbe) this.#probes.set(known.planProbe.key, known.planProbe);
      return known.member;
    }
    const azureAddress = this.#address(of);
    if (azureAddress === undefined) return undefined;
    // A Global balancer's members are frontends, which no probe of its own looks at.
    const isProbed = probe !== undefined && of.running && of.frontendId === undefined;
    const planProbe = isProbed ? this.#probeOf(probe, azureAddress) : undefined;
    const member: PlanMember = {
      key: azureAddress,
      id: of.id,
      azureAddress,
      address: this.#map(azureAddress),
      port: 0,
      adminState: of.adminState,
      probe: planProbe?.key,
      ...(drainPeriodMs > 0 && { drainPeriodMs }),
    };
    if (of.networkInterfaceIPConfigurationId !== undefined) plannedBy.set(of, { from, member, planProbe });
    return member;
  }

  #loadBalancingRule(rule: LoadBalancingRule): void {
    const { frontendIPConfiguration: frontend, probe: probeReference, frontendPort = 0 } = rule.properties ?? {};
    if (!frontend) return;
    const probe = childWithId(this.#document.properties.probes, probeReference?.id);
    const { members, stopped } = this.#members(rule, probe);
    this.#addFrontends(
      this.#rule(rule, {
        frontendId: frontend.id,
        id: loadBalancerChild(this.loadBalancer.id, 'loadBalancingRules', rule.name),
        distribution: rule.properties?.loadDistribution ?? 'Default',
        noHealthyBackends: probe?.properties?.noHealthyBackendsBehavior ?? 'AllProbedDown',
        members,
        others: {
          backendPort: rule.properties?.backendPort ?? 0,
          ...(stopped && { stopped }),
          ...(rule.properties?.enableConnectionTracking && { connectionTracking: true as const }),
        },
      }),
      { port: frontendPort, protocol: rule.properties?.protocol },
    );
  }

  #rule(rule: LoadBalancingRule | InboundNatRule, own: OwnOfRule): PlanRule {
    const { frontendId, id, distribution, noHealthyBackends, members, others } = own;
    return {
      frontendId,
      id,
      loadBalancerId: this.loadBalancer.id,
      sku: this.#sku,
      distribution,
      idleTimeoutMs: this.#idleTimeoutInMinutes(rule, frontendId) * minuteMs,
      halfOpenMs,
      tcpReset: rule.properties?.enableTcpReset ?? false,
      floatingIp: rule.properties?.enableFloatingIP ?? false,
      allProbedDown: this.#sku === 'Basic' ? 'endEstablished' : 'keepEstablished',
      noHealthyBackends,
      acl: [],
      members,
      ...others,
    };
  }

  get #sku(): NonNullable<PlanRule['sku']> {
    return (this.#document.sku?.name ?? 'Basic') as NonNullable<PlanRule['sku']>;
  }

  #idleTimeoutInMinutes(rule: LoadBalancingRule | InboundNatRule, frontendId: string): number {
    const own = rule.properties?.idleTimeoutInMinutes ?? 4;
    if (this.options.choices['idle-timeout'] === 'rule') return own;
    const publicIP = publicIPOf(this.loadBalancer, frontendId, this.options.lookup);
    return (publicIP?.document.properties.idleTimeoutInMinutes as number | undefined) ?? own;
  }

  #inboundNatRule(rule: InboundNatRule): void {
    const { frontendIPConfiguration: frontend, frontendPort = 0, backendAddressPool: pool } = rule.properties ?? {};
    if (!frontend) return;
    const id = loadBalancerChild(this.loadBalancer.id, 'inboundNatRules', rule.name);
    const instance = instanceBehind(rule);
    const targets = pool
      ? this.#mappedTargets(rule, pool.id)
      : instance
        ? this.#targetAt(instance, frontendPort)
        : this.#joinedTargets(id, frontendPort);
    for (const { port, member, address } of targets) {
      this.#addFrontends(
        this.#rule(rule, {
          frontendId: frontend.id,
          id,
          distribution: 'Default',
          noHealthyBackends: 'AllProbedDown',
          members: [
            {
              key: address,
              id: member,
              azureAddress: address,
              address: this.#map(address),
              port: rule.properties?.backendPort ?? 0,
              // Inbound NAT needs no probe, and no admin state speaks about it.
              adminState: 'None',
              probe: undefined,
            },
          ],
        }),
        { port, protocol: rule.properties?.protocol },
      );
    }
  }

  /** NAT v2: each pool member behind a frontend port of its own. */
  #mappedTargets(rule: InboundNatRule, poolId: string) {
    const mapping = portMappingOf(rule);
    return this.#membersOf(poolId).flatMap((member) => {
      const port = mapping[member.key];
      const address = this.#address(member);
      return port === undefined || address === undefined ? [] : [{ port, member: member.id, address }];
    });
  }

  #targetAt(ipConfigurationId: string, port: number) {
    const address = addressOfIPConfiguration(this.options.lookup, ipConfigurationId);
    return address === undefined ? [] : [{ port, member: ipConfigurationId, address }];
  }

  /** NAT v1: the NIC ipConfiguration that names the rule. */
  #joinedTargets(ruleId: string, port: number) {
    this.#behindNatRules ??= this.#sourcesOf('loadBalancerInboundNatRules');
    return (this.#behindNatRules.get(idKey(ruleId)) ?? []).flatMap((id) => this.#targetAt(id, port)).slice(0, 1);
  }

  #addFrontends(rule: PlanRule, { port, protocol }: { port: number; protocol: string | undefined }): void {
    const place = this.#placeOf(rule.frontendId);
    if (!place) return;
    const { azureAddress, address, internal } = place;
    for (const transport of transportsOf(protocol)) {
      const key = frontendKey({ transport, address, port });
      this.#frontends.push({ key, transport, azureAddress, address, port, rule, ...internal });
    }
  }

  /** Where a frontend is; undefined while it has no address. Many rules share one. */
  #placeOf(frontendId: string): Place | undefined {
    let place = this.#places.get(frontendId);
    if (place) return place;
    const { lookup } = this.options;
    const azureAddress = frontendAddress(this.loadBalancer, frontendId, lookup);
    if (azureAddress === undefined) return undefined;
    const isInternal = publicIPOf(this.loadBalancer, frontendId, lookup) === undefined;
    place = { azureAddress, address: this.#map(azureAddress), ...(isInternal && { internal: { internal: true } }) };
    this.#places.set(frontendId, place);
    return place;
  }
}

/** What a load balancer contributes to the plan; nothing while it is being deleted. */
export function compileLoadBalancer(loadBalancer: Resource, options: PlanOptions): PlanPart {
  if (loadBalancer.provisioningState === 'Deleting') return emptyPart;
  const part = new Compiler(loadBalancer, options).compile();
  return deepFreeze(options.choices === defaultChoices ? part : withChoices(part, options.choices));
}

const withoutDrain = ({ drainPeriodMs: _, ...member }: PlanMember): PlanMember => member;

function chosenRule(rule: PlanRule, chosen: Choices): PlanRule {
  const resetOn = [
    ...(chosen['mode-switch'] === 'reset' ? (['modeSwitch'] as const) : []),
    ...(chosen['member-removal'] === 'reset' ? (['memberRemoval'] as const) : []),
    ...(chosen['rule-removal'] === 'reset' ? (['ruleRemoval'] as const) : []),
  ];
  const endsAlone = chosen['single-member-down'] === 'end' && rule.members.length === 1;
  return {
    ...rule,
    ...(resetOn.length > 0 && { resetOn }),
    ...(chosen['acl-deny'] === 'reset' && { aclDeny: 'reset' as const }),
    allProbedDown: endsAlone ? 'endEstablished' : rule.allProbedDown,
    halfOpenMs: chosen['half-open'] === 'idle-timeout' ? rule.idleTimeoutMs : rule.halfOpenMs,
    members: chosen['drain-period'] === 'ignore' ? rule.members.map(withoutDrain) : rule.members,
  };
}

const chosenProbe = (probe: PlanProbe, chosen: Choices): PlanProbe => ({
  ...probe,
  ...(chosen['first-success'] === 'once' && { firstThreshold: 1 }),
  ...(chosen['first-probe'] === 'after-interval' && { firstAfterMs: probe.intervalMs }),
  ...(chosen['probe-redirect'] === 'follow' && { followsRedirects: true }),
  ...(chosen['probe-user-agent'] === 'load-balancer-agent' && { userAgent: 'Load Balancer Agent' }),
});

/** The same part of a plan with what was chosen in it. */
export function withChoices(part: PlanPart, chosen: Choices): PlanPart {
  const rules = new Map<PlanRule, PlanRule>();
  const ruleOf = (rule: PlanRule): PlanRule => {
    const known = rules.get(rule) ?? chosenRule(rule, chosen);
    rules.set(rule, known);
    return known;
  };
  return {
    ...part,
    frontends: part.frontends.map((frontend) => ({ ...frontend, rule: ruleOf(frontend.rule) })),
    probes: part.probes.map((probe) => chosenProbe(probe, chosen)),
  };
}
