/**
 * What stays as it is in a load balancer while a scale set uses it, as
 * https://learn.microsoft.com/azure/load-balancer/update-load-balancer-with-vm-scale-set describes it: its pools, its
 * NAT pools, its health probe and the rules with that probe.
 */
import { azureError } from '../../../errors/index.js';
import { childrenOnPath, childWithId } from '../../children.js';
import { idKey, parseResourceId, rootKey } from '../../resource-id.js';
import { childrenOf, loadBalancerChild } from './child.js';
import { isInternal } from './frontendIPConfigurations.js';
/** The refusal to remove what a scale set's profile names, by the member that names it. */
const refusals = {
    loadBalancerBackendAddressPools: 'BackendAddressPoolInUseByVirtualMachineScaleSet',
    loadBalancerInboundNatPools: 'InboundNatPoolInUseByVirtualMachineScaleSet',
    healthProbe: 'ProbeInUseByVirtualMachineScaleSet',
};
const usesProbe = (rule, probe) => rule?.properties?.probe !== undefined && idKey(rule.properties.probe.id) === probe;
function* checkRulesOfProbe({ existing, document, idText }, link) {
    const probe = childWithId(document.properties.probes, link.target);
    for (const before of childrenOf(existing?.document, 'loadBalancingRules')) {
        if (!usesProbe(before, link.target))
            continue;
        const rule = loadBalancerChild(idText, 'loadBalancingRules', before.name);
        const values = { rule, probe: loadBalancerChild(idText, 'probes', probe?.name), scaleSet: link.sourceId };
        const now = childWithId(document.properties.loadBalancingRules, rule);
        if (!usesProbe(now, link.target))
            yield azureError('CannotRemoveRuleUsedByProbeUsedByVMSS', { values });
        if (now?.properties?.backendPort !== before.properties?.backendPort) {
            yield azureError('CannotChangePortOfRuleUsedByProbeUsedByVMSS', { values });
        }
    }
}
/** Refuses a write that removes or changes what a scale set uses. */
export function* checkPartsInUse(context) {
    const { existing, document, lookup } = context;
    if (!existing)
        return;
    const isProfile = ({ sourceType }) => sourceType === 'Microsoft.Compute/virtualMachineScaleSets';
    const links = lookup.linksInto(existing.key).filter(isProfile);
    for (const link of links) {
        const key = refusals[link.path];
        if (key === undefined)
            continue;
        const target = parseResourceId(link.target);
        if (!childrenOnPath(document, target)) {
            const name = childrenOnPath(existing.document, target)?.at(-1)?.name ?? '';
            yield azureError(key, { values: { name, scaleSet: link.sourceId } });
        }
    }
    for (const link of links)
        if (link.path === 'healthProbe')
            yield* checkRulesOfProbe(context, link);
}
/** Scale sets, as far as their load balancers go: at most one internal and one public one, and a probe that is used. */
export function* checkLoadBalancersOfScaleSet({ pools, probe }, { idText, lookup }) {
    const first = new Map();
    for (const key of new Set(pools.map(rootKey))) {
        const loadBalancer = lookup.resource(key);
        if (!loadBalancer)
            continue;
        const internal = loadBalancer.document.properties.frontendIPConfigurations?.some(isInternal);
        const other = first.get(internal ?? false);
        if (other !== undefined) {
            const values = { id: idText, first: other, second: loadBalancer.id };
            yield azureError('VMScaleSetCannotUseMultipleLoadBalancersOfSameType', { values });
        }
        first.set(internal ?? false, loadBalancer.id);
    }
    const owner = probe === undefined ? undefined : lookup.resource(rootKey(probe));
    if (probe === undefined || !owner)
        return;
    const rules = childrenOf(owner.document, 'loadBalancingRules');
    if (!rules.some((rule) => usesProbe(rule, idKey(probe)))) {
        yield azureError('CannotUseInactiveHealthProbe', { values: { probe, id: idText } });
    }
}
//# sourceMappingURL=parts-in-use.js.map