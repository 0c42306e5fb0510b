/** POST actions of a load balancer: port mapping query, rule health, migration to IP-based pools. */
import { azureError } from '../../../errors/index.js';
import { idKey, rootKey } from '../../resource-id.js';
import * as Schema from '../../schema.js';
import { childNamed, loadBalancerChild } from './child.js';
import { membersOfPool } from './members.js';
import { portMappingOf } from './nat-ports.js';
const documentOf = (context) => context.resource.document;
const notFound = (id) => azureError('NotFound', { values: { id } });
function existingChild(context, collection, name) {
    const child = childNamed(context.resource, collection, name);
    if (!child)
        throw notFound(loadBalancerChild(context.resource.id, collection, name));
    return child;
}
/** `POST …/backendAddressPools/{pool}/queryInboundNatRulePortMapping`: the frontend ports of one member. */
const queryInboundNatRulePortMapping = {
    path: 'backendAddressPools/{pool}/queryInboundNatRulePortMapping',
    since: '2021-05-01',
    answer: 'sync',
    requestSchema: Schema.object({
        ipAddress: Schema.string(),
        ipConfiguration: Schema.reference('Microsoft.Network/networkInterfaces/ipConfigurations'),
    }),
    run(context) {
        const pool = existingChild(context, 'backendAddressPools', context.parameters.pool);
        const poolId = loadBalancerChild(context.resource.id, 'backendAddressPools', pool.name);
        const query = (context.body ?? {});
        const wanted = query.ipConfiguration ? idKey(query.ipConfiguration.id) : query.ipAddress;
        const member = membersOfPool(documentOf(context), poolId, context).find((one) => one.key === wanted || one.ipAddress === wanted);
        const inboundNatRulePortMappings = [];
        for (const rule of documentOf(context).properties.inboundNatRules ?? []) {
            const target = rule.properties?.backendAddressPool;
            const frontendPort = member && portMappingOf(rule)[member.key];
            if (!target || idKey(target.id) !== idKey(poolId) || frontendPort === undefined)
                continue;
            inboundNatRulePortMappings.push({
                inboundNatRuleName: rule.name,
                protocol: rule.properties?.protocol,
                frontendPort,
                backendPort: rule.properties?.backendPort,
            });
        }
        return { body: { inboundNatRulePortMappings } };
    },
};
/** `POST …/loadBalancingRules/{rule}/health`: what the prober says about every member of the rule's pool. */
const health = {
    path: 'loadBalancingRules/{rule}/health',
    since: '2024-05-01',
    answer: 'async',
    run(context) {
        const { properties = {} } = existingChild(context, 'loadBalancingRules', context.parameters.rule);
        const pools = properties.backendAddressPools ?? [];
        const ruleId = loadBalancerChild(context.resource.id, 'loadBalancingRules', context.parameters.rule);
        const backends = context.health.rule(ruleId);
        // Azure answers for rules with a probe only.
        const members = properties.probe ? pools.flatMap(({ id }) => membersOfPool(documentOf(context), id, context)) : [];
        const loadBalancerBackendAddresses = members.flatMap(({ ipAddress, networkInterfaceIPConfigurationId = '' }) => {
            if (ipAddress === undefined)
                return [];
            const { state, reason } = backends.get(ipAddress) ?? { state: 'Down', reason: 'NA' };
            return [{ ipAddress, networkInterfaceIPConfigurationId, state, reason }];
        });
        const count = (wanted) => loadBalancerBackendAddresses.filter(({ state }) => state === wanted).length;
        return { body: { up: count('Up'), down: count('Down'), loadBalancerBackendAddresses } };
    },
};
/** `POST …/migrateToIpBased`: NIC members of the named pools become addresses of the pool. */
const migrateToIpBased = {
    path: 'migrateToIpBased',
    since: '2023-04-01',
    answer: 'sync',
    requestSchema: Schema.object({ pools: Schema.array(Schema.string()) }),
    run(context) {
        const document = documentOf(context);
        const all = document.properties.backendAddressPools ?? [];
        const names = context.body?.pools ?? all.map(({ name }) => name ?? '');
        for (const name of names)
            existingChild(context, 'backendAddressPools', name);
        const migrating = new Set(names.map((name) => name.toLowerCase()));
        const leaving = new Map();
        const backendAddressPools = all.map((pool) => {
            if (!migrating.has((pool.name ?? '').toLowerCase()))
                return pool;
            const poolId = loadBalancerChild(context.resource.id, 'backendAddressPools', pool.name);
            const loadBalancerBackendAddresses = membersOfPool(document, poolId, context).map((member) => {
                const nicId = member.networkInterfaceIPConfigurationId;
                if (nicId === undefined) {
                    return pool.properties?.loadBalancerBackendAddresses?.find(({ name }) => name === member.name) ?? {};
                }
                // An instance of a scale set is in the pools of its profile, and stays there.
                if (!isNetworkInterface(context, rootKey(nicId))) {
                    const code = 'CannotMixIPBasedAddressesAndIPConfigurationsOnLoadBalancerBackendAddressPool';
                    throw azureError(code, { values: { id: poolId } });
                }
                leaving.set(rootKey(nicId), (leaving.get(rootKey(nicId)) ?? new Set()).add(idKey(poolId)));
                const subnet = subnetOf(context, nicId);
                const virtualNetwork = subnet && { id: subnet.slice(0, subnet.toLowerCase().lastIndexOf('/subnets/')) };
                const properties = { ...(virtualNetwork ? { virtualNetwork } : {}), ipAddress: member.ipAddress ?? '' };
                return { name: member.name, properties };
            });
            return { ...pool, properties: { ...pool.properties, loadBalancerBackendAddresses } };
        });
        const changed = { ...document, properties: { ...document.properties, backendAddressPools } };
        const nics = [...leaving].flatMap(([key, pools]) => withoutPools(context, key, pools));
        return {
            body: { migratedPools: names },
            writes: [{ key: context.resource.key, document: changed }, ...nics],
        };
    },
};
const isNetworkInterface = ({ lookup }, key) => lookup.resource(key)?.document.properties.ipConfigurations !== undefined;
function subnetOf(context, ipConfigurationId) {
    const name = ipConfigurationId.slice(ipConfigurationId.lastIndexOf('/') + 1);
    const found = childNamed(context.lookup.resource(rootKey(ipConfigurationId)), 'ipConfigurations', name);
    return found?.properties?.subnet?.id;
}
function withoutPools(context, nicKey, pools) {
    const nic = context.lookup.resource(nicKey);
    if (!nic)
        return [];
    const ipConfigurations = nic.document.properties.ipConfigurations.map((one) => {
        const properties = { ...one.properties };
        const staying = properties.loadBalancerBackendAddressPools?.filter(({ id }) => !pools.has(idKey(id))) ?? [];
        if (staying.length > 0)
            properties.loadBalancerBackendAddressPools = staying;
        else
            delete properties.loadBalancerBackendAddressPools;
        return { ...one, properties };
    });
    return [{ key: nicKey, document: { ...nic.document, properties: { ...nic.document.properties, ipConfigurations } } }];
}
export const loadBalancerActions = [queryInboundNatRulePortMapping, health, migrateToIpBased];
//# sourceMappingURL=actions.js.map