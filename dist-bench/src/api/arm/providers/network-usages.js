const unlimited = 2147483647;
const isStatic = ({ document }) => document.properties.publicIPAllocationMethod === 'Static';
const isStandard = ({ document }) => document.sku?.name === 'Standard';
const quotas = [
    { name: 'VirtualNetworks', displayName: 'Virtual Networks', limit: 1000, type: 'virtualNetworks' },
    { name: 'CustomIpPrefixes', displayName: 'Custom Ip Prefixes', limit: 5 },
    { name: 'PublicIpPrefixes', displayName: 'Public Ip Prefixes', limit: unlimited, type: 'publicIPPrefixes' },
    { name: 'PublicIPAddresses', displayName: 'Public IP Addresses', limit: 1000, type: 'publicIPAddresses' },
    {
        name: 'StaticPublicIPAddresses',
        displayName: 'Static Public IP Addresses',
        limit: 1000,
        type: 'publicIPAddresses',
        counts: isStatic,
    },
    {
        name: 'StandardSkuPublicIpAddresses',
        displayName: 'Public IP Addresses - Standard',
        limit: 1000,
        type: 'publicIPAddresses',
        counts: isStandard,
    },
    { name: 'NetworkSecurityGroups', displayName: 'Network Security Groups', limit: 5000, type: 'networkSecurityGroups' },
    { name: 'NatGateways', displayName: 'Nat Gateways', limit: 1000, type: 'natGateways' },
    { name: 'NetworkInterfaces', displayName: 'Network Interfaces', limit: 65536, type: 'networkInterfaces' },
    { name: 'PrivateEndpoints', displayName: 'Private Endpoints', limit: 65536 },
    { name: 'PrivateEndpointRedirectMaps', displayName: 'Private Endpoint Redirect Maps', limit: unlimited },
    { name: 'LoadBalancers', displayName: 'Load Balancers', limit: 1000, type: 'loadBalancers' },
    { name: 'PrivateLinkServices', displayName: 'Private Link Services', limit: 1800, type: 'privateLinkServices' },
    { name: 'ApplicationGateways', displayName: 'Application Gateways', limit: 1000 },
    { name: 'RouteTables', displayName: 'Route Tables', limit: 200, type: 'routeTables' },
    { name: 'RouteFilters', displayName: 'Route Filters', limit: 1000 },
    { name: 'NetworkWatchers', displayName: 'Network Watchers', limit: 1 },
    { name: 'PacketCaptures', displayName: 'Packet Captures', limit: 10000 },
    {
        name: 'ApplicationSecurityGroups',
        displayName: 'Application Security Groups.',
        limit: 3000,
        type: 'applicationSecurityGroups',
    },
    { name: 'DdosProtectionPlans', displayName: 'DDoS Protection Plans.', limit: 1 },
    { name: 'DdosCustomPolicies', displayName: 'DDoS customized policies', limit: 200 },
    { name: 'ServiceEndpointPolicies', displayName: 'Service Endpoint Policies', limit: 500 },
    { name: 'NetworkIntentPolicies', displayName: 'Network Intent Policies', limit: 200 },
    {
        name: 'StandardSkuLoadBalancers',
        displayName: 'Standard Sku Load Balancers',
        limit: 1000,
        type: 'loadBalancers',
        counts: isStandard,
    },
    {
        name: 'AuxiliaryModeEnabledNetworkInterfaces',
        displayName: 'Auxiliary Mode Enabled Network Interfaces',
        limit: 10,
    },
    { name: 'DnsServersPerVirtualNetwork', displayName: 'DNS servers per Virtual Network', limit: 20 },
    { name: 'CustomDnsServersPerP2SVpnGateway', displayName: 'Custom DNS servers per P2SVpnGateway', limit: 5 },
    { name: 'SubnetsPerVirtualNetwork', displayName: 'Subnets per Virtual Network', limit: 3000 },
    { name: 'IPConfigurationsPerVirtualNetwork', displayName: 'IP Configurations per Virtual Network', limit: 65536 },
    { name: 'PeeringsPerVirtualNetwork', displayName: 'Peerings per Virtual Network', limit: 500 },
    { name: 'PrefixesPerSubnet', displayName: 'Prefixes per Subnet', limit: 500 },
    {
        name: 'SecurityRulesPerNetworkSecurityGroup',
        displayName: 'Security rules per Network Security Group',
        limit: 1000,
    },
    { name: 'SecurityRulesPerNetworkIntentPolicy', displayName: 'Security rules per Network Intent Policy', limit: 100 },
    { name: 'RoutesPerNetworkIntentPolicy', displayName: 'Routes per Network Intent Policy', limit: 200 },
    {
        name: 'SecurityRuleAddressesOrPortsPerNetworkSecurityGroup',
        displayName: 'Security rules addresses or ports per Network Security Group',
        limit: 4000,
    },
    { name: 'InboundRulesPerLoadBalancer', displayName: 'Inbound Rules per Load Balancer', limit: 250 },
    {
        name: 'FrontendIPConfigurationPerLoadBalancer',
        displayName: 'Frontend IP Configurations per Load Balancer',
        limit: 200,
    },
    { name: 'OutboundRulesPerLoadBalancer', displayName: 'Outbound Rules per Load Balancer', limit: 5 },
    { name: 'RoutesPerRouteTable', displayName: 'Routes per Route Table', limit: 400 },
    { name: 'RoutesWithServiceTagPerRouteTable', displayName: 'Routes with service tag per Route Table', limit: 25 },
    {
        name: 'SecondaryIPConfigurationsPerNetworkInterface',
        displayName: 'Secondary IP Configurations per Network Interface',
        limit: 256,
    },
    {
        name: 'SecondaryIPConfigurationsPerPrivateEndpointNetworkInterface',
        displayName: 'Secondary IP Configurations per PrivateEndpoint Network Interface',
        limit: 500,
    },
    { name: 'InboundNatOrLbRulesPerNetworkInterface', displayName: 'Inbound rules per Network Interface', limit: 300 },
    { name: 'RouteFilterRulesPerRouteFilter', displayName: 'Route filter rules per Route Filter', limit: 1 },
    {
        name: 'RouteFiltersPerExpressRouteBgpPeering',
        displayName: 'Route filters per Express route BGP Peering',
        limit: 1,
    },
    { name: 'MinPublicIpInterNetworkPrefixLength', displayName: 'Public IPv4 Prefix Length', limit: 28 },
];
/** The usages of a subscription in a location. */
export function networkUsages(store, { subscriptionId, location }) {
    const scope = `/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/${location}/usages`;
    const here = new Map();
    const ofType = (type) => {
        const known = here.get(type);
        if (known)
            return known;
        const found = store
            .list({ subscriptionId, type: `Microsoft.Network/${type}` })
            .filter((resource) => resource.document.location === location);
        here.set(type, found);
        return found;
    };
    const value = quotas.map(({ name, displayName, limit, type, counts = () => true }) => ({
        currentValue: type === undefined ? 0 : ofType(type).filter(counts).length,
        id: `${scope}/${name}`,
        limit,
        name: { localizedValue: displayName, value: name },
        unit: 'Count',
        isAdjustable: name !== 'NetworkWatchers',
    }));
    return { value };
}
//# sourceMappingURL=network-usages.js.map