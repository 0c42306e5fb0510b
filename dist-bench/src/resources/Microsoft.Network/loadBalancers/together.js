/**
 * What Azure refuses about a load balancer together with those behind it, whichever of both is written: ports that one
 * ipConfiguration would receive twice, pools of addresses that a network interface joins, virtual networks that do not
 * match, and ports that are too few for another member.
 */
import { azureError } from '../../../errors/index.js';
import { childrenIn, childWithId, lookUpChild } from '../../children.js';
import { idKey, rootKey } from '../../resource-id.js';
import { loadBalancerChild } from './child.js';
import { isInternal } from './frontendIPConfigurations.js';
import { checkPortRange } from './nat-ports.js';
import { checkOutboundPorts } from './outboundRules.js';
const targetsOf = (member) => [member.loadBalancerBackendAddressPools, member.loadBalancerInboundNatRules, member.loadBalancerInboundNatPools]
    .flatMap((references) => references ?? [])
    .map(({ id }) => id);
const loadBalancerAt = (lookup, key) => lookup.resource(key);
/** The rules without floating IP of a load balancer, by the folded id of the pool, NAT rule or NAT pool they serve. */
function usesByTarget({ id, document }) {
    const { frontendIPConfigurations = [], loadBalancingRules, inboundNatRules, inboundNatPools } = document.properties;
    const internal = frontendIPConfigurations.some(isInternal);
    const uses = new Map();
    const add = (target, rule, { enableFloatingIP, protocol = 'Tcp', backendPort = 0 }) => {
        if (enableFloatingIP)
            return;
        const key = idKey(target);
        uses.set(key, [...(uses.get(key) ?? []), { loadBalancer: id, rule, protocol, port: backendPort, internal }]);
    };
    for (const { name, properties } of loadBalancingRules ?? []) {
        const rule = loadBalancerChild(id, 'loadBalancingRules', name);
        for (const pool of properties?.backendAddressPools ?? [])
            add(pool.id, rule, properties ?? {});
    }
    for (const { name, properties } of inboundNatRules ?? []) {
        const rule = loadBalancerChild(id, 'inboundNatRules', name);
        add(properties?.backendAddressPool?.id ?? rule, rule, properties ?? {});
    }
    for (const { name, properties } of inboundNatPools ?? []) {
        const pool = loadBalancerChild(id, 'inboundNatPools', name);
        add(pool, pool, properties ?? {});
    }
    return uses;
}
function usesIn(lookup) {
    const known = new Map();
    return (target) => {
        const root = rootKey(target);
        const loadBalancer = known.has(root) ? undefined : loadBalancerAt(lookup, root);
        if (loadBalancer)
            known.set(root, usesByTarget(loadBalancer));
        return known.get(root)?.get(idKey(target)) ?? [];
    };
}
const isOfScaleSet = (id) => /\/virtualMachineScaleSets\//i.test(id);
/** Without floating IP, an ipConfiguration receives a protocol and port from one rule, and of one type of balancer. */
function* checkBackendPortsOf(ipConfiguration, member, usesOf) {
    const taken = new Map();
    for (const use of targetsOf(member).flatMap((target) => [...usesOf(target)])) {
        const { protocol, port, rule: second } = use;
        const key = `${use.internal}|${protocol}|${port}`;
        const other = taken.get(key);
        if (!other)
            taken.set(key, use);
        else if (other.rule !== second) {
            const values = { first: other.rule, second, protocol, port, ipConfiguration };
            if (isOfScaleSet(ipConfiguration)) {
                yield azureError('RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndVmssIPConfig', { values });
            }
            else if (other.loadBalancer === use.loadBalancer) {
                yield azureError('RulesUseSameBackendPortProtocolAndIPConfig', { values });
            }
            else
                yield azureError('RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndIPConfig', { values });
        }
    }
}
const virtualNetworkOf = (lookup, subnet) => lookup.resource(rootKey(subnet))?.id ?? rootKey(subnet);
const ownerOf = (lookup, ipConfiguration) => lookup.resource(rootKey(ipConfiguration))?.id ?? ipConfiguration;
/** An internal load balancer and the network interfaces behind it share a virtual network. */
function* checkVirtualNetwork(ipConfiguration, member, lookup) {
    if (!member.subnet)
        return;
    for (const key of new Set(targetsOf(member).map(rootKey))) {
        const loadBalancer = loadBalancerAt(lookup, key);
        for (const { properties } of loadBalancer?.document.properties.frontendIPConfigurations ?? []) {
            const theirs = properties?.subnet?.id;
            if (!loadBalancer || theirs === undefined || rootKey(theirs) === rootKey(member.subnet.id))
                continue;
            const virtualNetwork = virtualNetworkOf(lookup, theirs);
            const nic = ownerOf(lookup, ipConfiguration);
            const values = { nic, loadBalancer: loadBalancer.id, virtualNetwork };
            yield azureError('NetworkInterfaceAndInternalLoadBalancerMustUseSameVnet', { values });
        }
    }
}
const joins = (pool, lookup) => lookup
    .linksInto(rootKey(pool))
    .filter(({ path, target }) => path === 'loadBalancerBackendAddressPools' && target === idKey(pool));
/** A pool has addresses or network interfaces, and ports for all its members. */
function* checkPool(id, lookup) {
    const loadBalancer = loadBalancerAt(lookup, rootKey(id));
    const { backendAddressPools, outboundRules, inboundNatRules } = loadBalancer?.document.properties ?? {};
    const pool = childWithId(backendAddressPools, id);
    if (!loadBalancer || !pool)
        return;
    const poolId = loadBalancerChild(loadBalancer.id, 'backendAddressPools', pool.name);
    const joined = joins(poolId, lookup);
    const addresses = childrenIn(pool.properties, 'loadBalancerBackendAddresses');
    if (joined.length > 0 && addresses.some(({ properties }) => properties?.ipAddress !== undefined)) {
        const code = 'CannotMixIPBasedAddressesAndIPConfigurationsOnLoadBalancerBackendAddressPool';
        yield azureError(code, { values: { id: poolId } });
    }
    // A scale set's profile names the pool too; its instances are the members.
    const members = joined.filter(({ sourceType }) => sourceType.endsWith('/ipConfigurations')).length;
    for (const rule of outboundRules ?? []) {
        const own = rule.properties?.backendAddressPool;
        if (own && idKey(own.id) === idKey(id))
            yield* checkOutboundPorts(rule, { loadBalancer: loadBalancer.id, members });
    }
    for (const rule of inboundNatRules ?? []) {
        const own = rule.properties?.backendAddressPool;
        if (!own || idKey(own.id) !== idKey(id))
            continue;
        yield* checkPortRange(rule, { loadBalancer: loadBalancer.id, members: members + addresses.length });
    }
}
/** The network interfaces of a pool are in one virtual network; who joins is compared with one who is there. */
function* checkNeighbours(ipConfiguration, member, lookup) {
    if (!member.subnet)
        return;
    for (const { id: pool } of member.loadBalancerBackendAddressPools ?? []) {
        const other = joins(pool, lookup).find(({ sourceId }) => rootKey(sourceId) !== rootKey(ipConfiguration));
        const theirs = other && lookUpChild(lookup, other.sourceId)?.child.properties?.subnet?.id;
        if (theirs === undefined || rootKey(theirs) === rootKey(member.subnet.id))
            continue;
        const loadBalancer = lookup.resource(rootKey(pool))?.id ?? pool;
        const virtualNetwork = virtualNetworkOf(lookup, theirs);
        const values = { nic: ownerOf(lookup, ipConfiguration), loadBalancer, virtualNetwork };
        yield azureError('NetworkInterfacesOfLoadBalancerMustUseSameVnet', { values });
    }
}
function* checkTogether({ ipConfigurations, pools }, after) {
    const usesOf = usesIn(after);
    for (const id of ipConfigurations) {
        const member = lookUpChild(after, id)?.child.properties;
        if (!member)
            continue;
        yield* checkVirtualNetwork(id, member, after);
        yield* checkBackendPortsOf(id, member, usesOf);
    }
    for (const pool of new Set(pools))
        yield* checkPool(pool, after);
}
/** Of a write of a load balancer; `after` shows it as it will be. */
export function* checkThoseBehind(id, after) {
    const isMember = ({ sourceType }) => /^Microsoft\.(Network\/networkInterfaces|Compute\/virtualMachineScaleSets)\/.*ipConfigurations$/.test(sourceType);
    const ipConfigurations = new Set(after
        .linksInto(idKey(id))
        .filter(isMember)
        .map(({ sourceId }) => sourceId));
    const pools = after.resource(idKey(id))?.document.properties.backendAddressPools ?? [];
    const poolIds = pools.map(({ name }) => loadBalancerChild(id, 'backendAddressPools', name));
    yield* checkTogether({ ipConfigurations, pools: poolIds }, after);
}
/** Of a write of who has these ipConfigurations; `after` shows them as they will be. */
export function* checkLoadBalancersAhead(ipConfigurations, after) {
    const members = ipConfigurations.flatMap((id) => {
        const member = lookUpChild(after, id)?.child.properties;
        return member ? [{ id, member }] : [];
    });
    const pools = members.flatMap(({ member }) => member.loadBalancerBackendAddressPools ?? []).map(({ id }) => id);
    yield* checkTogether({ ipConfigurations, pools }, after);
    for (const { id, member } of members)
        yield* checkNeighbours(id, member, after);
}
//# sourceMappingURL=together.js.map