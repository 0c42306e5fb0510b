/**
 * Subnets (`virtualNetworks/subnets`), as
 * https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-subnet describes them.
 */
import { azureError } from '../../../errors/index.js';
import { contains, networkOf, overlaps, parseIpPrefix } from '../../../support/ip-address.js';
import { childNamed, childrenIn, propertiesOf } from '../../children.js';
import { idKey } from '../../resource-id.js';
import * as Schema from '../../schema.js';
import { checkAddressPrefix, fillIn } from '../common-members.js';
import { versions } from '../member-versions.js';
import { subnetPrefixes } from '../private-address.js';
const enabledOrDisabled = ['Enabled', 'Disabled'];
const delegation = Schema.envelope('name id etag properties type', {
    properties: Schema.object({
        provisioningState: Schema.provisioningState(),
        serviceName: Schema.string(),
        actions: Schema.array(Schema.string(), { readOnly: true }),
    }),
});
const inSubnet = (action) => `Microsoft.Network/virtualNetworks/subnets/${action}`;
const join = inSubnet('join/action');
const interfaces = 'Microsoft.Network/networkinterfaces/*';
const readNetwork = 'Microsoft.Network/virtualNetworks/read';
const policies = [inSubnet('prepareNetworkPolicies/action'), inSubnet('unprepareNetworkPolicies/action')];
/** What services other than those that only join may do in a subnet that is delegated to them, as recorded. */
const actionsOfServices = [
    [/^microsoft\.(web|containerinstance|servicefabricmesh|logic|batch)\//i, [inSubnet('action')]],
    [/^microsoft\.avs\//i, [interfaces]],
    [/^(microsoft\.(baremetal|apollo|singularity|aisupercomputer)|oracle\.database)\//i, [interfaces, join]],
    [/^microsoft\.(netapp\/volumes|hardwaresecuritymodules\/dedicatedhsms)$/i, [interfaces, join]],
    [/^microsoft\.(sql|databricks|kusto)\//i, [join, ...policies]],
    [/^microsoft\.apimanagement\//i, [join, policies[0]]],
    [/^microsoft\.network\/virtualnetworkgateways$/i, [readNetwork, inSubnet('*')]],
    [/^microsoft\.storagepool\//i, [readNetwork]],
    [
        /^microsoft\.orbital\//i,
        ['Microsoft.Network/publicIPAddresses/join/action', join, readNetwork, 'Microsoft.Network/publicIPAddresses/read'],
    ],
];
/** The actions of a delegation, which Azure fills in by the service. */
const delegatedActions = (serviceName) => actionsOfServices.find(([service]) => service.test(serviceName))?.[1] ?? [join];
const serviceEndpoint = Schema.object({
    provisioningState: Schema.oneOf(['Succeeded'], { readOnly: true }),
    service: Schema.string(),
    networkIdentifier: Schema.reference('Microsoft.Network/publicIPAddresses', versions.serviceEndpoint.networkIdentifier),
    locations: Schema.array(Schema.string()),
});
/** What resources in a subnet are called at the subnet. */
const holdersOfAddresses = [
    'Microsoft.Network/networkInterfaces/ipConfigurations',
    'Microsoft.Network/loadBalancers/frontendIPConfigurations',
    'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/ipConfigurations',
];
export const subnet = Schema.envelope('name id etag properties type', {
    type: Schema.string({ readOnly: true }),
    properties: Schema.object({
        provisioningState: Schema.provisioningState(),
        sharingScope: Schema.oneOf(['Tenant', 'DelegatedServices'], versions.subnet.sharingScope),
        addressPrefix: Schema.string(),
        addressPrefixes: Schema.array(Schema.string(), versions.subnet.addressPrefixes),
        ipamPoolPrefixAllocations: Schema.array(Schema.anything(), versions.subnet.ipamPoolPrefixAllocations),
        networkSecurityGroup: Schema.reference('Microsoft.Network/networkSecurityGroups'),
        routeTable: Schema.reference('Microsoft.Network/routeTables'),
        natGateway: Schema.reference('Microsoft.Network/natGateways', versions.subnet.natGateway),
        ipConfigurations: Schema.backReferences(holdersOfAddresses, 'subnet'),
        ipConfigurationProfiles: Schema.anything({ readOnly: true }),
        privateEndpoints: Schema.backReferences('Microsoft.Network/privateEndpoints', 'subnet', versions.subnet.privateEndpoints),
        serviceAssociationLinks: Schema.anything({ readOnly: true }),
        resourceNavigationLinks: Schema.anything({ readOnly: true }),
        /** What service endpoints were called before; never more than an empty list. */
        serviceTunnels: Schema.array(Schema.anything(), {
            readOnly: true,
            ...versions.subnet.serviceTunnels,
        }),
        serviceEndpoints: Schema.array(serviceEndpoint, versions.subnet.serviceEndpoints),
        serviceEndpointPolicies: Schema.array(Schema.reference('Microsoft.Network/serviceEndpointPolicies'), versions.subnet.serviceEndpointPolicies),
        ipAllocations: Schema.array(Schema.reference('Microsoft.Network/ipAllocations'), versions.subnet.ipAllocations),
        applicationGatewayIPConfigurations: Schema.anything(),
        delegations: Schema.children('delegations', delegation, versions.subnet.delegations),
        purpose: Schema.string({ readOnly: true }),
        privateEndpointNetworkPolicies: Schema.oneOf([...enabledOrDisabled, 'NetworkSecurityGroupEnabled', 'RouteTableEnabled'], versions.subnet.privateEndpointNetworkPolicies),
        privateLinkServiceNetworkPolicies: Schema.oneOf(enabledOrDisabled, versions.subnet.privateLinkServiceNetworkPolicies),
        defaultOutboundAccess: Schema.boolean(versions.subnet.defaultOutboundAccess),
        serviceGateway: Schema.reference('Microsoft.Network/serviceGateways', versions.subnet.serviceGateway),
    }, { clrType: 'SubnetProperties' }),
});
/** Fills in what Azure fills in. */
export function completeSubnet(one, context) {
    const properties = propertiesOf(one);
    const before = childNamed(childrenIn(context.existing?.document.properties, 'subnets'), one.name)?.properties;
    // Sent back as it was shown, a default stays one.
    const sentBack = before && before.privateEndpointNetworkPolicies === undefined;
    if (sentBack && properties.privateEndpointNetworkPolicies === usualPolicies(context.apiVersion)) {
        delete properties.privateEndpointNetworkPolicies;
    }
    fillIn(properties, {
        serviceTunnels: [],
        delegations: [],
        privateLinkServiceNetworkPolicies: 'Enabled',
    });
    if (hasIpamAllocations(context.apiVersion))
        properties.ipamPoolPrefixAllocations ??= [];
    for (const one of properties.delegations) {
        const properties = propertiesOf(one);
        properties.actions = delegatedActions(String(properties.serviceName));
    }
    for (const endpoint of (properties.serviceEndpoints ?? [])) {
        fillIn(endpoint, { provisioningState: 'Succeeded', locations: ['*'] });
    }
}
/** Azure switched the policies of private endpoints off while 2020-11-01 was current. */
const usualPolicies = (apiVersion) => (apiVersion < '2020-11-01' ? 'Enabled' : 'Disabled');
/** A subnet as a version shows it: the default of its private endpoint policies belongs to the version that reads. */
export function viewSubnet(one, apiVersion) {
    return { ...one, properties: { privateEndpointNetworkPolicies: usualPolicies(apiVersion), ...one.properties } };
}
/** The versions in which Azure shows an empty list of IPAM allocations. */
export const hasIpamAllocations = (apiVersion) => apiVersion === '2024-01-01' || apiVersion === '2024-05-01';
/** References from elsewhere that hold an address in the subnet `subnetId`. */
export const allocationsIn = (links, subnetId) => links.filter(({ path, target, sourceType }) => path === 'subnet' && target === idKey(subnetId) && sourceType.toLowerCase().endsWith('ipconfigurations'));
export const subnetInUse = [
    {
        by: 'Microsoft.*',
        path: 'subnet',
        refuse: ({ name, links }) => azureError('InUseSubnetCannotBeDeleted', { values: { name, user: links[0]?.sourceId ?? '' } }),
    },
];
const parsedPrefixes = (one) => subnetPrefixes(one).flatMap((text) => parseIpPrefix(text) ?? []);
/** What Azure refuses about the prefixes of one subnet, given the virtual network's and the subnets before it. */
export function* checkSubnet(one, context, { space, earlier }) {
    const name = one.name ?? '';
    const id = `${context.idText}/subnets/${name}`;
    const values = { name, virtualNetwork: context.id.names[0] ?? '' };
    const texts = subnetPrefixes(one);
    if (texts.length === 0)
        yield azureError('NetcfgInvalidSubnet', { values });
    for (const prefix of texts)
        yield* checkAddressPrefix(prefix, id);
    const prefixes = parsedPrefixes(one);
    for (const prefix of prefixes) {
        const inside = space.some((outer) => outer.length <= prefix.length && contains(outer, networkOf(prefix)));
        if (!inside)
            yield azureError('NetcfgInvalidSubnet', { values });
    }
    for (const other of earlier.flatMap(parsedPrefixes)) {
        if (prefixes.some((prefix) => overlaps(prefix, other)))
            yield azureError('NetcfgSubnetRangesOverlap', { values });
    }
}
/** Subnets that hold addresses cannot go, nor lose the prefix those lie in. */
export function* checkSubnetsStay(context) {
    const links = context.lookup.linksInto(idKey(context.idText));
    for (const before of childrenIn(context.existing?.document.properties, 'subnets')) {
        const name = before.name ?? '';
        const [user] = allocationsIn(links, `${context.idText}/subnets/${name}`);
        if (!user)
            continue;
        const after = childNamed(childrenIn(context.document.properties, 'subnets'), name);
        if (!after) {
            yield azureError('InUseSubnetCannotBeDeleted', { values: { name, user: user.sourceId } });
            continue;
        }
        const kept = new Set(subnetPrefixes(after));
        for (const prefix of subnetPrefixes(before)) {
            if (!kept.has(prefix))
                yield azureError('InUsePrefixCannotBeDeleted', { values: { prefix, name } });
        }
    }
}
//# sourceMappingURL=subnets.js.map