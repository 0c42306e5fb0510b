/**
 * What stays as it is in a load balancer while a scale set uses it, as
 * https://learn.microsoft.com/azure/load-balancer/update-load-balancer-with-vm-scale-set describes it: its pools, its
 * NAT pools, its health probe and the rules with that probe.
 */
import { type AzureError, azureError, type ErrorKey } from '../../../errors/index.js';
import { childrenOnPath, childWithId } from '../../children.js';
import { idKey, parseResourceId, type ResourceId, rootKey } from '../../resource-id.js';
import type { Link, WriteContext } from '../../resource-type.js';
import { childrenOf, loadBalancerChild } from './child.js';
import type { LoadBalancerDocument } from './document.js';
import { isInternal } from './frontendIPConfigurations.js';
import type { LoadBalancingRule } from './loadBalancingRules.js';

type Context = WriteContext<LoadBalancerDocument>;

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
      yield azureError('CannotChangePortOfRuleUsedByProbeUsedByVMSS', { values });
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

/** Scale sets, as far as their load balancers go: at most one internal and one public one, and a probe that is used. */
export function* checkLoadBalancersOfScaleSet(
  { pools, probe }: { readonly pools: readonly string[]; readonly probe: string | undefined },
  { idText, lookup }: Pick<WriteContext, 'idText' | 'lookup'>,
): Generator<AzureError> {
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
