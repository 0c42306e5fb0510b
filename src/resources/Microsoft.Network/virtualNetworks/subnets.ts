/**
 * Subnets (`virtualNetworks/subnets`) and what Azure fills into their delegations, as
 * https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-subnet describes them.
 */

import { type AzureError, azureError } from '../../../errors/index.js';
import { contains, type IpPrefix, networkOf, overlaps, parseIpPrefix } from '../../../support/ip-address.js';
import { type ChildDocument, childNamed, childrenIn, lookUpChild, propertiesOf } from '../../references.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { InUse, Link, WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { gatewayIPConfigurations, partsWithAddresses } from '../address-holders.js';
import { checkAddressPrefix, fillIn } from '../common-members.js';
import { versions } from '../member-versions.js';
import { subnetPrefixes } from '../private-address.js';

const enabledOrDisabled = ['Enabled', 'Disabled'] as const;

const delegation = Schema.envelope('name id etag properties type', {
  properties: Schema.object({
    provisioningState: Schema.provisioningState(),
    serviceName: Schema.string(),
    actions: Schema.array(Schema.string(), { readOnly: true }),
  }),
});

const serviceEndpoint = Schema.object({
  provisioningState: Schema.oneOf(['Succeeded'], { readOnly: true }),
  service: Schema.string(),
  networkIdentifier: Schema.reference(
    'Microsoft.Network/publicIPAddresses',
    versions.serviceEndpoint.networkIdentifier,
  ),
  locations: Schema.array(Schema.string()),
});

/** What resources in a subnet are called at the subnet. */
const holdersOfAddresses = [
  'Microsoft.Network/networkInterfaces/ipConfigurations',
  'Microsoft.Network/loadBalancers/frontendIPConfigurations',
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/ipConfigurations',
  ...partsWithAddresses,
];

export const subnet = Schema.envelope('name id etag properties type', {
  type: Schema.string({ readOnly: true }),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      sharingScope: Schema.oneOf(['Tenant', 'DelegatedServices'], versions.subnet.sharingScope),
      addressPrefix: Schema.text(),
      addressPrefixes: Schema.array(Schema.string(), versions.subnet.addressPrefixes),
      ipamPoolPrefixAllocations: Schema.array(Schema.anything(), versions.subnet.ipamPoolPrefixAllocations),
      networkSecurityGroup: Schema.reference('Microsoft.Network/networkSecurityGroups'),
      routeTable: Schema.reference('Microsoft.Network/routeTables'),
      natGateway: Schema.reference('Microsoft.Network/natGateways', versions.subnet.natGateway),
      ipConfigurations: Schema.backReferences(holdersOfAddresses, 'subnet'),
      ipConfigurationProfiles: Schema.anything({ readOnly: true }),
      privateEndpoints: Schema.backReferences(
        'Microsoft.Network/privateEndpoints',
        'subnet',
        versions.subnet.privateEndpoints,
      ),
      serviceAssociationLinks: Schema.anything({ readOnly: true }),
      resourceNavigationLinks: Schema.anything({ readOnly: true }),
      /** What service endpoints were called before; never more than an empty list. */
      serviceTunnels: Schema.array(Schema.anything(), {
        readOnly: true,
        ...versions.subnet.serviceTunnels,
      }),
      serviceEndpoints: Schema.array(serviceEndpoint, versions.subnet.serviceEndpoints),
      serviceEndpointPolicies: Schema.array(
        Schema.reference('Microsoft.Network/serviceEndpointPolicies'),
        versions.subnet.serviceEndpointPolicies,
      ),
      ipAllocations: Schema.array(Schema.reference('Microsoft.Network/ipAllocations'), versions.subnet.ipAllocations),
      applicationGatewayIPConfigurations: Schema.backReferences(gatewayIPConfigurations, 'subnet'),
      delegations: Schema.children('delegations', delegation, { anyName: true, ...versions.subnet.delegations }),
      purpose: Schema.string({ readOnly: true }),
      privateEndpointNetworkPolicies: Schema.oneOf(
        [...enabledOrDisabled, 'NetworkSecurityGroupEnabled', 'RouteTableEnabled'],
        versions.subnet.privateEndpointNetworkPolicies,
      ),
      privateLinkServiceNetworkPolicies: Schema.oneOf(
        enabledOrDisabled,
        versions.subnet.privateLinkServiceNetworkPolicies,
      ),
      defaultOutboundAccess: Schema.boolean(versions.subnet.defaultOutboundAccess),
      serviceGateway: Schema.reference('Microsoft.Network/serviceGateways', versions.subnet.serviceGateway),
    },
    { clrType: 'SubnetProperties' },
  ),
});

/** Fills in what Azure fills in. */
export function completeSubnet(one: ChildDocument, context: WriteContext): void {
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
  // In an edge zone nothing reaches the Internet by itself.
  if (context.document.extendedLocation) fillIn(properties, { defaultOutboundAccess: false });
  if (hasIpamAllocations(context.apiVersion)) properties.ipamPoolPrefixAllocations ??= [];
  for (const one of properties.delegations as ChildDocument[]) {
    const properties = propertiesOf(one);
    properties.actions = delegatedActions(String(properties.serviceName));
  }
  for (const endpoint of (properties.serviceEndpoints ?? []) as Record<string, unknown>[]) {
    fillIn(endpoint, { provisioningState: 'Succeeded', locations: ['*'] });
  }
}

/** Azure switched the policies of private endpoints off while 2020-11-01 was current. */
const usualPolicies = (apiVersion: string): string => (apiVersion < '2020-11-01' ? 'Enabled' : 'Disabled');

/** A subnet as a version shows it: the default of its private endpoint policies belongs to the version that reads. */
export function viewSubnet(one: ChildDocument, apiVersion: string): ChildDocument {
  return { ...one, properties: { privateEndpointNetworkPolicies: usualPolicies(apiVersion), ...one.properties } };
}

/** The versions in which Azure shows an empty list of IPAM allocations. */
export const hasIpamAllocations = (apiVersion: string): boolean =>
  apiVersion === '2024-01-01' || apiVersion === '2024-05-01';

/** References from elsewhere that hold an address in the subnet `subnetId`. */
export const allocationsIn = (links: readonly Link[], subnetId: string): Link[] =>
  links.filter(
    ({ path, target, sourceType }) =>
      path === 'subnet' && target === idKey(subnetId) && sourceType.toLowerCase().endsWith('ipconfigurations'),
  );

export const subnetInUse: readonly InUse[] = [
  {
    by: 'Microsoft.*',
    path: 'subnet',
    refuse: ({ name, links }) =>
      azureError('InUseSubnetCannotBeDeleted', { values: { name, user: links[0]?.sourceId ?? '' } }),
  },
];

const parsedPrefixes = (one: ChildDocument): IpPrefix[] =>
  subnetPrefixes(one).flatMap((text) => parseIpPrefix(text) ?? []);

interface SubnetMembers {
  addressPrefix?: string;
  addressPrefixes?: string[];
  delegations?: ChildDocument[];
  natGateway?: { id: string };
}

/** Where a private link service is, its network policies stay switched off. */
function* checkLinkPolicies(one: ChildDocument, id: string, { idText, lookup }: WriteContext): Generator<AzureError> {
  if (one.properties?.privateLinkServiceNetworkPolicies !== 'Enabled') return;
  const link = allocationsIn(lookup.linksInto(idKey(idText)), id).find(
    ({ sourceType }) => sourceType === 'Microsoft.Network/privateLinkServices/ipConfigurations',
  );
  const service = link && lookup.resource(rootKey(link.sourceId));
  const code = 'PrivateLinkServiceCannotBeCreatedInSubnetThatHasNetworkPoliciesEnabled';
  if (service) yield azureError(code, { values: { id: service.id, subnet: id } });
}

/** A NAT gateway serves subnets of one virtual network, and none for gateways. */
function* checkNatGatewayOf(one: ChildDocument, id: string, { idText, lookup }: WriteContext): Generator<AzureError> {
  const { natGateway } = one.properties as SubnetMembers;
  if (!natGateway) return;
  if (one.name?.toLowerCase() === 'gatewaysubnet') {
    yield azureError('NatGatewayDoesNotSupport', { values: { id: natGateway.id, what: 'the subnet GatewaySubnet' } });
  }
  for (const { sourceId } of allocationsIn(lookup.linksInto(idKey(idText)), id)) {
    const publicIP = lookUpChild(lookup, sourceId)?.child.properties?.publicIPAddress as { id: string } | undefined;
    const user = lookup.resource(publicIP ? idKey(publicIP.id) : rootKey(sourceId));
    const what = `${sourceId} of sku Basic in its subnet`;
    // A bastion of sku Basic has no address of that sku.
    if (user?.document.sku?.name !== 'Basic' || user.type === 'Microsoft.Network/bastionHosts') continue;
    yield azureError('NatGatewayDoesNotSupport', { values: { id: natGateway.id, what } });
  }
  const other = lookup
    .linksInto(idKey(natGateway.id))
    .find(({ path, sourceId }) => path === 'natGateway' && rootKey(sourceId) !== idKey(idText));
  if (!other) return;
  const first = lookup.resource(rootKey(other.sourceId))?.id ?? other.sourceId;
  const values = { id: natGateway.id, first, second: idText };
  yield azureError('NatGatewayCannotBeUsedBySubnetsBelongingToDifferentVirtualNetworks', { values });
}

/** What Azure refuses about the prefixes of one subnet, given the virtual network's and the subnets before it. */
export function* checkSubnet(
  one: ChildDocument,
  context: WriteContext,
  { space, earlier }: { readonly space: readonly IpPrefix[]; readonly earlier: readonly ChildDocument[] },
): Generator<AzureError> {
  const name = one.name ?? '';
  const id = `${context.idText}/subnets/${name}`;
  const values = { name, virtualNetwork: context.id.names[0] ?? '' };
  const texts = subnetPrefixes(one);
  if (texts.length === 0) yield azureError('AddressPrefixStringCannotBeNullOrEmpty', { values: { id } });
  for (const prefix of texts) yield* checkAddressPrefix(prefix, id);
  const prefixes = parsedPrefixes(one);
  const { addressPrefix, addressPrefixes, delegations = [] } = one.properties as SubnetMembers;
  if (addressPrefix !== undefined && addressPrefixes?.length && addressPrefixes.join() !== addressPrefix) {
    yield azureError('SubnetAddressPrefixesDiffer', { values: { id } });
  }
  if (delegations.length > 1) yield azureError('SubnetDelegatedTwice', { values: { id } });
  const before = childNamed(childrenIn(context.existing?.document.properties, 'subnets'), name);
  const [user] = before ? allocationsIn(context.lookup.linksInto(idKey(context.idText)), id) : [];
  yield* checkDelegations(id, {
    before: childrenIn(before?.properties, 'delegations'),
    after: delegations,
    user: user?.sourceId,
  });
  for (const { version, length } of prefixes) {
    if (version === 4 ? length > 29 : length !== 64) yield azureError('SubnetTooSmall', { values });
  }
  yield* checkNatGatewayOf(one, id, context);
  yield* checkLinkPolicies(one, id, context);
  for (const prefix of prefixes) {
    const inside = space.some((outer) => outer.length <= prefix.length && contains(outer, networkOf(prefix)));
    if (!inside) yield azureError('NetcfgInvalidSubnet', { values });
  }
  for (const other of earlier.flatMap(parsedPrefixes)) {
    if (prefixes.some((prefix) => overlaps(prefix, other))) yield azureError('NetcfgSubnetRangesOverlap', { values });
  }
}

/** Subnets that hold addresses cannot go, nor lose the prefix those lie in. */
export function* checkSubnetsStay(context: WriteContext): Generator<AzureError> {
  const links = context.lookup.linksInto(idKey(context.idText));
  for (const before of childrenIn(context.existing?.document.properties, 'subnets')) {
    const name = before.name ?? '';
    const [user] = allocationsIn(links, `${context.idText}/subnets/${name}`);
    if (!user) continue;
    const after = childNamed(childrenIn(context.document.properties, 'subnets'), name);
    if (!after) {
      yield azureError('InUseSubnetCannotBeDeleted', { values: { name, user: user.sourceId } });
      continue;
    }
    const kept = new Set(subnetPrefixes(after));
    for (const prefix of subnetPrefixes(before)) {
      if (!kept.has(prefix)) yield azureError('InUsePrefixCannotBeDeleted', { values: { prefix, name } });
    }
  }
}

const inSubnet = (action: string): string => `Microsoft.Network/virtualNetworks/subnets/${action}`;
const join = inSubnet('join/action');
const interfaces = 'Microsoft.Network/networkinterfaces/*';
const readNetwork = 'Microsoft.Network/virtualNetworks/read';
const policies = [inSubnet('prepareNetworkPolicies/action'), inSubnet('unprepareNetworkPolicies/action')];

/** What services other than those that only join may do in a subnet that is delegated to them, as recorded. */
const actionsOfServices: readonly (readonly [service: RegExp, actions: readonly string[]])[] = [
  [/^microsoft\.(web|containerinstance|servicefabricmesh|logic|batch)\//i, [inSubnet('action')]],
  [/^microsoft\.avs\//i, [interfaces]],
  [/^(microsoft\.(baremetal|apollo|singularity|aisupercomputer)|oracle\.database)\//i, [interfaces, join]],
  [/^microsoft\.(netapp\/volumes|hardwaresecuritymodules\/dedicatedhsms)$/i, [interfaces, join]],
  [/^microsoft\.(sql|databricks|kusto)\//i, [join, ...policies]],
  [/^microsoft\.apimanagement\//i, [join, policies[0] as string]],
  [/^microsoft\.network\/virtualnetworkgateways$/i, [readNetwork, inSubnet('*')]],
  [/^microsoft\.storagepool\//i, [readNetwork]],
  [
    /^microsoft\.orbital\//i,
    ['Microsoft.Network/publicIPAddresses/join/action', join, readNetwork, 'Microsoft.Network/publicIPAddresses/read'],
  ],
];

/** The actions of a delegation, which Azure fills in by the service. */
export const delegatedActions = (serviceName: string): readonly string[] =>
  actionsOfServices.find(([service]) => service.test(serviceName))?.[1] ?? [join];

/** What Azure offered at the end of 2023. */
const services = `
    Dell.Storage/fileSystems GitHub.Network/networkSettings Microsoft.ApiManagement/service Microsoft.Apollo/npu
    Microsoft.App/environments Microsoft.App/testClients Microsoft.AVS/PrivateClouds
    Microsoft.AzureCosmosDB/clusters Microsoft.BareMetal/AzureHostedService Microsoft.BareMetal/AzureVMware
    Microsoft.BareMetal/CrayServers Microsoft.Batch/batchAccounts Microsoft.CloudTest/hostedpools
    Microsoft.CloudTest/images Microsoft.CloudTest/pools Microsoft.Codespaces/plans
    Microsoft.ContainerInstance/containerGroups Microsoft.ContainerService/managedClusters
    Microsoft.Databricks/workspaces Microsoft.DBforMySQL/flexibleServers Microsoft.DBforMySQL/servers
    Microsoft.DBforMySQL/serversv2 Microsoft.DBforPostgreSQL/flexibleServers Microsoft.DBforPostgreSQL/serversv2
    Microsoft.DBforPostgreSQL/singleServers Microsoft.DelegatedNetwork/controller
    Microsoft.DevCenter/networkConnection Microsoft.DocumentDB/cassandraClusters Microsoft.Fidalgo/networkSettings
    Microsoft.HardwareSecurityModules/dedicatedHSMs Microsoft.Kusto/clusters Microsoft.LabServices/labplans
    Microsoft.Logic/integrationServiceEnvironments Microsoft.MachineLearningServices/workspaces
    Microsoft.Netapp/scaleVolumes Microsoft.Netapp/volumes Microsoft.Network/dnsResolvers
    Microsoft.Network/networkWatchers Microsoft.Orbital/orbitalGateways Microsoft.PowerPlatform/enterprisePolicies
    Microsoft.PowerPlatform/vnetaccesslinks Microsoft.ServiceFabricMesh/networks
    Microsoft.ServiceNetworking/trafficControllers Microsoft.Singularity/accounts/networks
    Microsoft.Singularity/accounts/npu Microsoft.Sql/managedInstances Microsoft.StoragePool/diskPools
    Microsoft.StreamAnalytics/streamingJobs Microsoft.Synapse/workspaces Microsoft.Web/hostingEnvironments
    Microsoft.Web/serverFarms NGINX.NGINXPLUS/nginxDeployments Oracle.Database/networkAttachments
    PaloAltoNetworks.Cloudngfw/firewalls Qumulo.Storage/fileSystems`
  .trim()
  .split(/\s+/);

/** What Azure takes besides: services that came later, and those that it does not offer. */
const furtherServices = `
    Informatica.DataManagement/organizations Microsoft.BareMetal/AzureHPC Microsoft.BareMetal/AzurePaymentHSM
    Microsoft.BareMetal/MonitoringServers Microsoft.ContainerService/TestClients Microsoft.DevOpsInfrastructure/pools
    Microsoft.Network/applicationGateways Microsoft.Network/fpgaNetworkInterfaces
    Microsoft.Network/managedResolvers Microsoft.Network/virtualNetworkGateways Microsoft.PowerAutomate/hostedRpa
    Microsoft.Sql/managedInstancesOnebox Microsoft.Sql/managedInstancesStage Microsoft.Sql/managedInstancesTest
    Microsoft.Sql/servers PureStorage.Block/storagePools Microsoft.AISupercomputer/accounts/jobs
    Microsoft.AISupercomputer/accounts/models Microsoft.AISupercomputer/accounts/npu
    Microsoft.Singularity/accounts/jobs Microsoft.Singularity/accounts/models`
  .trim()
  .split(/\s+/);

const known = new Set([...services, ...furtherServices].map((service) => service.toLowerCase()));

/** Refuses the delegations of the subnet `id` that no service has, and changes while `user` holds an address in it. */
function* checkDelegations(id: string, { before, after, user }: Delegations): Generator<AzureError> {
  const servicesOf = (all: readonly ChildDocument[]): string[] => all.map((one) => String(one.properties?.serviceName));
  for (const { name, properties } of after) {
    const service = String(properties?.serviceName);
    if (known.has(service.toLowerCase())) continue;
    const values = { id: `${id}/delegations/${name}`, service, services: [...services, ...furtherServices].join(',') };
    yield azureError('InvalidServiceNameOnDelegation', { values });
  }
  const from = servicesOf(before).join(', ');
  const to = servicesOf(after).join(', ');
  if (user === undefined || from.toLowerCase() === to.toLowerCase()) return;
  yield azureError('SubnetDelegationsCannotChangeWhenSubnetUsedByResource', { values: { id, from, to, user } });
}

interface Delegations {
  readonly before: readonly ChildDocument[];
  readonly after: readonly ChildDocument[];
  /** Who holds an address in the subnet. */
  readonly user: string | undefined;
}

/** `availableDelegations` of a location. `scope` is what the ids begin with. */
export const availableDelegations = (scope: string) => ({
  value: services.map((serviceName) => {
    const name = serviceName.replaceAll('/', '.');
    return {
      name,
      id: `${scope}/providers/Microsoft.Network/availableDelegations/${name}`,
      type: 'Microsoft.Network/availableDelegations',
      serviceName,
      actions: delegatedActions(serviceName),
    };
  }),
});
