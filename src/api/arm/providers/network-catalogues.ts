/**
 * What Microsoft.Network offers in a location: lists that are the same everywhere, and quotas (`…/usages`) with what of them
 * is used. The lists are short and true: what Azure lists beside it concerns services that are not here.
 */
import { availableDelegations } from '../../../resources/Microsoft.Network/virtualNetworks/subnets.js';
import type { Resource } from '../../../resources/resource-type.js';
import type { ResourceStore } from '../../../store/resource-store.js';

interface Place {
  readonly subscriptionId: string;
  readonly location: string;
  /** When the list is asked for below a resource group. */
  readonly resourceGroup: string | undefined;
}

interface Catalogue {
  /** The last segment of the path. */
  readonly name: string;
  readonly operationId: string;
  /** Also answered below resource groups. */
  readonly inGroups?: boolean;
  readonly list: (place: Place) => object;
}

const entry = (type: string, name: string, subscriptionId: string) => ({
  name,
  id: `/subscriptions/${subscriptionId}/providers/Microsoft.Network/${type}/${name}`,
  type: `Microsoft.Network/${type}`,
});

/** Services that a subnet reaches by service endpoints, in Azure's order. */
const endpointServices = [
  'Microsoft.Storage',
  'Microsoft.Sql',
  'Microsoft.AzureActiveDirectory',
  'Microsoft.AzureCosmosDB',
  'Microsoft.Web',
  'Microsoft.KeyVault',
  'Microsoft.EventHub',
  'Microsoft.ServiceBus',
  'Microsoft.ContainerRegistry',
  'Microsoft.CognitiveServices',
  'Microsoft.CosmosDBManagedInstance',
  'Microsoft.Storage.Global',
];

/** Tags whose addresses are the same in every region and do not change. */
const serviceTags = {
  AzureLoadBalancer: ['168.63.129.16/32'],
  AzurePlatformDNS: ['168.63.129.16/32'],
  AzurePlatformIMDS: ['169.254.169.254/32'],
};

const privateEndpointTypes = ['Microsoft.Network/privateLinkServices'];

export const catalogues: readonly Catalogue[] = [
  {
    name: 'availableDelegations',
    operationId: 'AvailableDelegations',
    inGroups: true,
    list: ({ subscriptionId, resourceGroup }) =>
      // Azure writes `resourceGroup` here, without an s.
      availableDelegations(
        `/subscriptions/${subscriptionId}${resourceGroup === undefined ? '' : `/resourceGroup/${resourceGroup}`}`,
      ),
  },
  {
    name: 'availablePrivateEndpointTypes',
    operationId: 'AvailablePrivateEndpointTypes',
    inGroups: true,
    list: ({ subscriptionId }) => ({
      value: privateEndpointTypes.map((resourceName) => ({
        ...entry('AvailablePrivateEndpointTypes', resourceName.replace('/', '.'), subscriptionId),
        resourceName,
        displayName: resourceName,
        apiVersion: '2018-08-01',
      })),
    }),
  },
  {
    name: 'virtualNetworkAvailableEndpointServices',
    operationId: 'AvailableEndpointServices',
    list: ({ subscriptionId }) => ({
      value: endpointServices.map((name) => entry('virtualNetworkEndpointServices', name, subscriptionId)),
    }),
  },
  {
    name: 'serviceTags',
    operationId: 'ServiceTags',
    list: ({ subscriptionId, location }) => ({
      ...entry('serviceTags', 'Public', subscriptionId),
      id: `/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/${location}/serviceTags/Public`,
      changeNumber: '1',
      cloud: 'Public',
      values: Object.entries(serviceTags).map(([name, addressPrefixes]) => ({
        name,
        id: name,
        properties: { changeNumber: '1', region: '', systemService: name, addressPrefixes },
      })),
    }),
  },
  // There are no services of other subscriptions that could be approved.
  {
    name: 'autoApprovedPrivateLinkServices',
    operationId: 'AutoApprovedPrivateLinkServices',
    inGroups: true,
    list: () => ({ value: [] }),
  },
];

/** What uses a quota; limits per resource count nothing. */
interface Used {
  /** Type of Microsoft.Network whose resources count. */
  readonly type?: string;
  readonly counts?: (resource: Resource) => boolean;
}

type Quota = readonly [name: string, displayName: string, limit: number, used?: Used];

const unlimited = 2147483647;
const isStatic = ({ document }: Resource): boolean => document.properties.publicIPAllocationMethod === 'Static';
const isStandard = ({ document }: Resource): boolean => document.sku?.name === 'Standard';

const quotas: readonly Quota[] = [
  ['VirtualNetworks', 'Virtual Networks', 1000, { type: 'virtualNetworks' }],
  ['CustomIpPrefixes', 'Custom Ip Prefixes', 5],
  ['PublicIpPrefixes', 'Public Ip Prefixes', unlimited, { type: 'publicIPPrefixes' }],
  ['PublicIPAddresses', 'Public IP Addresses', 1000, { type: 'publicIPAddresses' }],
  ['StaticPublicIPAddresses', 'Static Public IP Addresses', 1000, { type: 'publicIPAddresses', counts: isStatic }],
  [
    'StandardSkuPublicIpAddresses',
    'Public IP Addresses - Standard',
    1000,
    { type: 'publicIPAddresses', counts: isStandard },
  ],
  ['NetworkSecurityGroups', 'Network Security Groups', 5000, { type: 'networkSecurityGroups' }],
  ['NatGateways', 'Nat Gateways', 1000, { type: 'natGateways' }],
  ['NetworkInterfaces', 'Network Interfaces', 65536, { type: 'networkInterfaces' }],
  ['PrivateEndpoints', 'Private Endpoints', 65536],
  ['PrivateEndpointRedirectMaps', 'Private Endpoint Redirect Maps', unlimited],
  ['LoadBalancers', 'Load Balancers', 1000, { type: 'loadBalancers' }],
  ['PrivateLinkServices', 'Private Link Services', 1800, { type: 'privateLinkServices' }],
  ['ApplicationGateways', 'Application Gateways', 1000],
  ['RouteTables', 'Route Tables', 200, { type: 'routeTables' }],
  ['RouteFilters', 'Route Filters', 1000],
  ['NetworkWatchers', 'Network Watchers', 1],
  ['PacketCaptures', 'Packet Captures', 10000],
  ['ApplicationSecurityGroups', 'Application Security Groups.', 3000, { type: 'applicationSecurityGroups' }],
  ['DdosProtectionPlans', 'DDoS Protection Plans.', 1],
  ['DdosCustomPolicies', 'DDoS customized policies', 200],
  ['ServiceEndpointPolicies', 'Service Endpoint Policies', 500],
  ['NetworkIntentPolicies', 'Network Intent Policies', 200],
  ['StandardSkuLoadBalancers', 'Standard Sku Load Balancers', 1000, { type: 'loadBalancers', counts: isStandard }],
  ['AuxiliaryModeEnabledNetworkInterfaces', 'Auxiliary Mode Enabled Network Interfaces', 10],
  ['DnsServersPerVirtualNetwork', 'DNS servers per Virtual Network', 20],
  ['CustomDnsServersPerP2SVpnGateway', 'Custom DNS servers per P2SVpnGateway', 5],
  ['SubnetsPerVirtualNetwork', 'Subnets per Virtual Network', 3000],
  ['IPConfigurationsPerVirtualNetwork', 'IP Configurations per Virtual Network', 65536],
  ['PeeringsPerVirtualNetwork', 'Peerings per Virtual Network', 500],
  ['PrefixesPerSubnet', 'Prefixes per Subnet', 500],
  ['SecurityRulesPerNetworkSecurityGroup', 'Security rules per Network Security Group', 1000],
  ['SecurityRulesPerNetworkIntentPolicy', 'Security rules per Network Intent Policy', 100],
  ['RoutesPerNetworkIntentPolicy', 'Routes per Network Intent Policy', 200],
  [
    'SecurityRuleAddressesOrPortsPerNetworkSecurityGroup',
    'Security rules addresses or ports per Network Security Group',
    4000,
  ],
  ['InboundRulesPerLoadBalancer', 'Inbound Rules per Load Balancer', 250],
  ['FrontendIPConfigurationPerLoadBalancer', 'Frontend IP Configurations per Load Balancer', 200],
  ['OutboundRulesPerLoadBalancer', 'Outbound Rules per Load Balancer', 5],
  ['RoutesPerRouteTable', 'Routes per Route Table', 400],
  ['RoutesWithServiceTagPerRouteTable', 'Routes with service tag per Route Table', 25],
  ['SecondaryIPConfigurationsPerNetworkInterface', 'Secondary IP Configurations per Network Interface', 256],
  [
    'SecondaryIPConfigurationsPerPrivateEndpointNetworkInterface',
    'Secondary IP Configurations per PrivateEndpoint Network Interface',
    500,
  ],
  ['InboundNatOrLbRulesPerNetworkInterface', 'Inbound rules per Network Interface', 300],
  ['RouteFilterRulesPerRouteFilter', 'Route filter rules per Route Filter', 1],
  ['RouteFiltersPerExpressRouteBgpPeering', 'Route filters per Express route BGP Peering', 1],
  ['MinPublicIpInterNetworkPrefixLength', 'Public IPv4 Prefix Length', 28],
];

/** The usages of a subscription in a location. */
export function networkUsages(
  store: ResourceStore,
  { subscriptionId, location }: { subscriptionId: string; location: string },
) {
  const scope = `/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/${location}/usages`;
  const here = new Map<string, Resource[]>();
  const ofType = (type: string): Resource[] => {
    const known = here.get(type);
    if (known) return known;
    const found = store
      .list({ subscriptionId, type: `Microsoft.Network/${type}` })
      .filter((resource) => resource.document.location === location);
    here.set(type, found);
    return found;
  };
  const value = quotas.map(([name, displayName, limit, { type, counts = () => true } = {}]) => ({
    currentValue: type === undefined ? 0 : ofType(type).filter(counts).length,
    id: `${scope}/${name}`,
    limit,
    name: { localizedValue: displayName, value: name },
    unit: 'Count',
    isAdjustable: name !== 'NetworkWatchers',
  }));
  return { value };
}
