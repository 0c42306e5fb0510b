/**
 * What rules exclude each other by: ports, protocols and frontends that two rules of one load balancer would share; and
 * what stays as it is while a scale set uses it: its pools, its NAT pools, its health probe and the rules with that probe.
 * https://learn.microsoft.com/azure/load-balancer/update-load-balancer-with-vm-scale-set
 */
import { type AzureError, azureError, type ErrorKey } from '../../../errors/index.js';
import { alike } from '../../../support/plain-data.js';
import { childrenOnPath, childWithId, foldingIds } from '../../references.js';
import { idKey, parseResourceId, type ResourceId, rootKey } from '../../resource-id.js';
import type { Link, Lookup, WriteContext } from '../../resource-type.js';
import { childOf, childrenOf, loadBalancerChild } from '../common-members.js';
import { isInternal } from './frontendIPConfigurations.js';
import type { LoadBalancingRule } from './loadBalancingRules.js';
import type { OutboundRule } from './outboundRules.js';
import type { LoadBalancerDocument } from './parts.js';

type Context = WriteContext<LoadBalancerDocument>;

const overlap = (a: string | undefined, b: string | undefined): boolean => a === b || a === 'All' || b === 'All';

interface Ports {
  readonly protocol: string;
  readonly first: number;
  readonly last: number;
}

/** Ports of a rule; one for all protocols without a port has every port of each. */
const portsOf = (protocol: string, first: number, last: number): Ports =>
  protocol === 'All' && last === 0 ? { protocol, first: 0, last: 65535 } : { protocol, first, last };

interface Claim extends Ports {
  readonly id: string;
  readonly frontend: string;
  readonly floating: boolean;
  readonly isNat: boolean;
}

const hasEveryPort = ({ first, last }: Ports): boolean => last - first === 65535;

/** With floating IP, a rule for every port leaves to other floating rules and to NAT rules what they claim. */
const leavesTo = (one: Claim, other: Claim): boolean =>
  one.floating && hasEveryPort(one) && !hasEveryPort(other) && (other.floating || other.isNat);

const share = (one: Claim, other: Claim): boolean =>
  overlap(one.protocol, other.protocol) &&
  one.first <= other.last &&
  other.first <= one.last &&
  !leavesTo(one, other) &&
  !leavesTo(other, one);

function* claimsOf({ document, idText }: Context): Generator<Claim> {
  const { inboundNatPools = [] } = document.properties;
  // The rules that a NAT pool makes lie in its range.
  const isOfPool = (name = ''): boolean => inboundNatPools.some((pool) => name.replace(/\.\d+$/, '') === pool.name);
  for (const { name, properties } of inboundNatPools) {
    const { frontendIPConfiguration: frontend, protocol = 'Tcp' } = properties ?? {};
    const { frontendPortRangeStart: first = 0, frontendPortRangeEnd: last = 0 } = properties ?? {};
    const id = loadBalancerChild(idText, 'inboundNatPools', name);
    const { enableFloatingIP: floating = false } = properties ?? {};
    if (frontend) yield { id, frontend: frontend.id, floating, isNat: true, ...portsOf(protocol, first, last) };
  }
  for (const collection of ['loadBalancingRules', 'inboundNatRules'] as const) {
    for (const rule of document.properties[collection] ?? []) {
      const { frontendIPConfiguration: frontend, protocol = 'Tcp', frontendPort = 0 } = rule.properties ?? {};
      if (!frontend || isOfPool(rule.name)) continue;
      const { enableFloatingIP: floating = false } = rule.properties ?? {};
      const range = rule.properties as { frontendPortRangeStart?: number; frontendPortRangeEnd?: number };
      const first = range.frontendPortRangeStart ?? frontendPort;
      const last = range.frontendPortRangeEnd ?? first;
      const id = loadBalancerChild(idText, collection, rule.name);
      const isNat = collection === 'inboundNatRules';
      yield { id, frontend: frontend.id, floating, isNat, ...portsOf(protocol, first, last) };
    }
  }
}

/** The claims to one frontend. */
class Claims {
  readonly #all: Claim[] = [];
  readonly #ofOnePort = new Map<number, Claim[]>();
  readonly #ofSeveral: Claim[] = [];

  add(claim: Claim): void {
    const { first, last } = claim;
    this.#all.push(claim);
    const ofPort = this.#ofOnePort.get(first);
    if (first !== last) this.#ofSeveral.push(claim);
    else if (ofPort) ofPort.push(claim);
    else this.#ofOnePort.set(first, [claim]);
  }

  /** The earliest one that shares a port with `claim`. Of a thousand rules nearly all have one port each, of their own. */
  sharing(claim: Claim): Claim | undefined {
    const shares = (one: Claim): boolean => share(one, claim);
    const isFree =
      claim.first === claim.last && !this.#ofOnePort.get(claim.first)?.some(shares) && !this.#ofSeveral.some(shares);
    return isFree ? undefined : this.#all.find(shares);
  }
}

/** Refuses two rules that would answer on the same frontend, protocol and port. */
export function* checkFrontendPorts(context: Context): Generator<AzureError> {
  const byFrontend = new Map<string, Claims>();
  const folded = foldingIds();
  for (const claim of claimsOf(context)) {
    const key = folded(claim.frontend);
    const earlier = byFrontend.get(key) ?? new Claims();
    const other = earlier.sharing(claim);
    if (other) {
      const { frontend, protocol, first: port } = claim;
      const values = { first: other.id, second: claim.id, frontend, protocol, port };
      yield azureError('RulesUseSameFrontendPortProtocolAndIPConfig', { values });
    }
    earlier.add(claim);
    byFrontend.set(key, earlier);
  }
}

/** Rules for every port need an internal frontend: before Standard Basic balancers had them too, public ones never. */
export function* checkHaPorts({ document, idText }: Context): Generator<AzureError> {
  const { loadBalancingRules = [], frontendIPConfigurations } = document.properties;
  for (const { name, properties } of loadBalancingRules) {
    if (properties?.protocol !== 'All') continue;
    const frontend = childWithId(frontendIPConfigurations, properties.frontendIPConfiguration?.id);
    if (!frontend || isInternal(frontend)) continue;
    yield azureError('HaPortsRuleNotSupported', {
      values: { id: loadBalancerChild(idText, 'loadBalancingRules', name) },
    });
  }
}

/** Without floating IP, a pool can receive a protocol and port from one rule only. */
export function* checkBackendPorts(context: Context): Generator<AzureError> {
  const byPool = new Map<string, Map<string, string>>();
  const folded = foldingIds();
  for (const rule of context.document.properties.loadBalancingRules ?? []) {
    const {
      enableFloatingIP,
      protocol = 'Tcp',
      backendPort: port = 0,
      backendAddressPools = [],
    } = rule.properties ?? {};
    if (enableFloatingIP) continue;
    const id = loadBalancerChild(context.idText, 'loadBalancingRules', rule.name);
    const own = `${protocol}|${port}`;
    for (const { id: pool } of backendAddressPools) {
      const key = folded(pool);
      const taken = byPool.get(key) ?? new Map<string, string>();
      // A rule for every port shares one with every other rule.
      const first = taken.get(own) ?? taken.get(protocol === 'All' ? 'any' : 'All|0');
      if (first !== undefined) {
        const values = { first, second: id, protocol, port, pool };
        yield azureError('RulesUseSameBackendPortProtocolAndPool', { values });
      }
      byPool.set(key, taken.set(own, id).set('any', id));
    }
  }
}

/** While a scale set uses an inbound NAT pool, the inbound NAT rules are its own and cannot be touched. */
export function* checkNatRulesBesideNatPool(context: Context): Generator<AzureError> {
  const { inboundNatRules = [], inboundNatPools = [] } = context.document.properties;
  const usedByScaleSet = context.lookup
    .linksInto(idKey(context.idText))
    .some(({ path }) => path === 'loadBalancerInboundNatPools');
  if (inboundNatPools.length === 0 || !usedByScaleSet) return;
  const unchanged = inboundNatRules.every((rule) => {
    const before = childOf(context.existing, 'inboundNatRules', rule.name);
    return before !== undefined && alike(before.properties, rule.properties);
  });
  if (!unchanged) {
    yield azureError('AddingOrUpdatingNatRulesWhenNatPoolIsPresentOnLoadbalancerIsNotSupported', {
      values: { id: context.idText },
    });
  }
}

/** Outbound rules and load balancing rules that share a frontend. */
export function* checkOutboundFrontends(context: Context): Generator<AzureError> {
  const { outboundRules = [], loadBalancingRules = [] } = context.document.properties;
  const idOf = (rule: OutboundRule): string => loadBalancerChild(context.idText, 'outboundRules', rule.name);
  for (const [index, rule] of outboundRules.entries()) {
    for (const { id: frontend } of rule.properties?.frontendIPConfigurations ?? []) {
      const sharing = outboundRules
        .slice(0, index)
        .filter((other) => overlap(other.properties?.protocol, rule.properties?.protocol))
        .filter((other) => other.properties?.frontendIPConfigurations?.some(({ id }) => idKey(id) === idKey(frontend)));
      if (sharing.length > 0) {
        const rules = [...sharing, rule].map(idOf).join(',');
        yield azureError('MoreThanOneOutboundRuleUsingSameFrontendIPConfigurationAndProtocolIsNotSupported', {
          values: { frontend, rules },
        });
      }
      for (const balancing of loadBalancingRules) {
        const used = balancing.properties?.frontendIPConfiguration;
        if (!used || idKey(used.id) !== idKey(frontend) || balancing.properties?.disableOutboundSnat) continue;
        const values = {
          rule: loadBalancerChild(context.idText, 'loadBalancingRules', balancing.name),
          frontend,
          outboundRule: idOf(rule),
        };
        yield azureError('LoadBalancingRuleMustDisableSNATSinceSameFrontendIPConfigurationIsReferencedByOutboundRule', {
          values,
        });
      }
    }
  }
}

/** The refusal to remove what a scale set's profile names, by the member that names it. */
const refusals: Readonly<Record<string, ErrorKey>> = {
  loadBalancerBackendAddressPools: 'BackendAddressPoolInUseByVirtualMachineScaleSet',
  loadBalancerInboundNatPools: 'InboundNatPoolInUseByVirtualMachineScaleSet',
  healthProbe: 'ProbeInUseByVirtualMachineScaleSet',
};

const usesProbe = (rule: LoadBalancingRule | undefined, probe: string): boolean =>
  rule?.properties?.probe !== undefined && idKey(rule.properties.probe.id) === probe;

function* checkRulesOfProbe({ existing, document, idText }: Context, link: Link): Generator<AzureError> {
  const probe = childWithId(document.properties.probes, link.target);
  for (const before of childrenOf(existing?.document, 'loadBalancingRules') as LoadBalancingRule[]) {
    if (!usesProbe(before, link.target)) continue;
    const rule = loadBalancerChild(idText, 'loadBalancingRules', before.name);
    const values = { rule, probe: loadBalancerChild(idText, 'probes', probe?.name), scaleSet: link.sourceId };
    const now = childWithId(document.properties.loadBalancingRules, rule);
    if (!usesProbe(now, link.target)) yield azureError('CannotRemoveRuleUsedByProbeUsedByVMSS', { values });
    if (now?.properties?.backendPort !== before.properties?.backendPort) {
      yield azureError('CannotModifyRuleUsedByProbeUsedByVMSS', { values });
    }
  }
}

/** Refuses a write that removes or changes what a scale set uses. */
export function* checkPartsInUse(context: Context): Generator<AzureError> {
  const { existing, document, lookup } = context;
  if (!existing) return;
  const isProfile = ({ sourceType }: Link): boolean => sourceType === 'Microsoft.Compute/virtualMachineScaleSets';
  const links = lookup.linksInto(existing.key).filter(isProfile);
  for (const link of links) {
    const key = refusals[link.path];
    if (key === undefined) continue;
    const target = parseResourceId(link.target) as ResourceId;
    if (!childrenOnPath(document, target)) {
      const name = childrenOnPath(existing.document, target)?.at(-1)?.name ?? '';
      yield azureError(key, { values: { name, scaleSet: link.sourceId } });
    }
  }
  for (const link of links) if (link.path === 'healthProbe') yield* checkRulesOfProbe(context, link);
}

interface ScaleSetUse {
  readonly pools: readonly string[];
  readonly natPools: readonly string[];
  readonly probe: string | undefined;
  /** SKUs that its instances' public addresses ask for. */
  readonly publicIPSkus: readonly string[];
  /** Whether its instances are in several placement groups or availability zones. */
  readonly isSpread: boolean;
}

/** A scale set uses Basic or Standard, and Basic only where its instances are together. */
function* checkSkusOfScaleSet(
  { pools, natPools, publicIPSkus, isSpread }: ScaleSetUse,
  lookup: Lookup,
): Generator<AzureError> {
  const keys = new Set([...pools, ...natPools].map(rootKey));
  const loadBalancers = [...keys].flatMap((key) => lookup.resource(key) ?? []);
  const skus = loadBalancers.map(({ document }) => document.sku?.name ?? 'Basic');
  const basic = [...skus, ...publicIPSkus].filter((name) => name === 'Basic').length;
  if (basic > 0 && basic < skus.length + publicIPSkus.length) {
    yield azureError('DifferentSkuLoadBalancerAndPublicIPAddressNotAllowedInVMSS');
  }
  if (isSpread && skus.includes('Basic')) {
    yield azureError('VMScaleSetCannotReferenceLoadbalancerWhenLargeScaleOrCrossAZ');
  }
}

/** Scale sets, as far as their load balancers go: at most one internal and one public one, and a probe that is used. */
export function* checkLoadBalancersOfScaleSet(
  use: ScaleSetUse,
  { idText, lookup }: Pick<WriteContext, 'idText' | 'lookup'>,
): Generator<AzureError> {
  const { pools, probe } = use;
  yield* checkSkusOfScaleSet(use, lookup);
  const first = new Map<boolean, string>();
  for (const key of new Set(pools.map(rootKey))) {
    const loadBalancer = lookup.resource(key);
    if (!loadBalancer) continue;
    const internal = (loadBalancer.document as LoadBalancerDocument).properties.frontendIPConfigurations?.some(
      isInternal,
    );
    const other = first.get(internal ?? false);
    if (other !== undefined) {
      const values = { id: idText, first: other, second: loadBalancer.id };
      yield azureError('VMScaleSetCannotUseMultipleLoadBalancersOfSameType', { values });
    }
    first.set(internal ?? false, loadBalancer.id);
  }
  const owner = probe === undefined ? undefined : lookup.resource(rootKey(probe));
  if (probe === undefined || !owner) return;
  const rules = childrenOf(owner.document, 'loadBalancingRules') as LoadBalancingRule[];
  if (!rules.some((rule) => usesProbe(rule, idKey(probe)))) {
    yield azureError('CannotUseInactiveHealthProbe', { values: { probe, id: idText } });
  }
}
