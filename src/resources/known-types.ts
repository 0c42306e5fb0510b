/**
 * The types that Azure has in the namespaces that Lazurite knows, so that a mistyped one is refused instead of stored,
 * and which status the writes of those without a model have.
 * Children stand here only below types with a model: of the others any child is taken.
 */

const known: Readonly<Record<string, readonly string[]>> = {
  'Microsoft.Network': `
    applicationGateways applicationGatewayWebApplicationFirewallPolicies applicationSecurityGroups azureFirewalls
    bastionHosts cloudServiceSlots connections customIpPrefixes ddosCustomPolicies ddosProtectionPlans
    dnsForwardingRulesets dnsResolverDomainLists dnsResolverPolicies dnsResolvers dnszones dscpConfigurations
    expressRouteCircuits expressRouteCrossConnections expressRouteGateways expressRoutePorts firewallPolicies
    frontdoors frontdoorWebApplicationFirewallPolicies interconnectGroups internalPublicIpAddresses ipAllocations
    ipGroups loadBalancers localNetworkGateways locations natGateways networkExperimentProfiles networkIntentPolicies
    networkInterfaces networkInterfaces/tapConfigurations networkManagers networkManagerConnections networkProfiles
    networkSecurityGroups networkSecurityPerimeters networkVirtualAppliances networkWatchers p2sVpnGateways
    privateDnsZones privateEndpoints privateEndpoints/privateDnsZoneGroups privateEndpointRedirectMaps
    privateLinkServices publicIPAddresses publicIPPrefixes routeFilters routeTables
    securityPartnerProviders serviceEndpointPolicies serviceGateways trafficmanagerprofiles
    trafficManagerUserMetricsKeys virtualHubs virtualNetworkAppliances virtualNetworkGateways virtualNetworks
    virtualNetworks/privateDnsZoneLinks virtualNetworks/taggedTrafficConsumers virtualNetworkTaps virtualRouters
    virtualWans vpnGateways vpnServerConfigurations vpnSites`
    .trim()
    .split(/\s+/),
  'Microsoft.Compute': `
    availabilitySets capacityReservationGroups cloudServices diskAccesses diskEncryptionSets disks galleries hostGroups
    images locations proximityPlacementGroups restorePointCollections sharedVMExtensions snapshots sshPublicKeys
    virtualMachines virtualMachines/extensions virtualMachines/metricDefinitions virtualMachines/runCommands
    virtualMachineScaleSets virtualMachineScaleSets/applications virtualMachineScaleSets/disks
    virtualMachineScaleSets/extensions virtualMachineScaleSets/lifecycleHookEvents
    virtualMachineScaleSets/virtualMachines/extensions virtualMachineScaleSets/virtualMachines/runCommands`
    .trim()
    .split(/\s+/),
};

const namespaceNamed = (namespace: string): string | undefined =>
  Object.keys(known).find((one) => one.toLowerCase() === namespace.toLowerCase());

/** The types of a namespace that Lazurite knows, its own spelling first; empty for other namespaces. */
export const knownTypesOf = (namespace: string): readonly string[] => known[namespaceNamed(namespace) ?? ''] ?? [];

/** Whether `type` stands in the list itself. */
export const isListed = (type: string): boolean => {
  const [namespace = '', ...rest] = type.toLowerCase().split('/');
  return knownTypesOf(namespace).some((one) => one.toLowerCase() === rest.join('/'));
};

/** Whether Azure has the top-level type of `type` (`Microsoft.Network/loadBalancers`), as far as is known here. */
export function isKnownType(type: string): boolean {
  const [namespace = '', top = ''] = type.toLowerCase().split('/');
  const types = knownTypesOf(namespace).map((one) => one.toLowerCase());
  if (types.length === 0) return true;
  return types.includes(top);
}

/**
 * What would be wrong to store as it is given: catalogues of Azure's services, which cannot be created, and stacks and
 * upgrades, which act on what they are given.
 */
const neverStored: readonly string[] = [
  'microsoft.resources/deploymentstacks',
  'microsoft.compute/skus',
  'microsoft.compute/virtualmachinescalesets/osrollingupgrade',
  'microsoft.compute/virtualmachinescalesets/rollingupgrades',
  ...`
  applicationGatewayAvailableRequestHeaders applicationGatewayAvailableResponseHeaders
  applicationGatewayAvailableServerVariables applicationGatewayAvailableSslOptions applicationGatewayAvailableWafRuleSets
  azureFirewallFqdnTags azureWebCategories bgpServiceCommunities expressRouteProviderPorts expressRouteServiceProviders
  expressRoutePortsLocations networkVirtualApplianceSkus`
    .trim()
    .split(/\s+/)
    .map((name) => `microsoft.network/${name}`.toLowerCase()),
];

/** What is there with its parent, and which clients change in ways that are not here; their own children are stored. */
const madeByParents = new Set(
  ['virtualmachines', 'virtualmachines/networkinterfaces'].map(
    (type) => `microsoft.compute/virtualmachinescalesets/${type}`,
  ),
);

/** Whether Azure has something at the path of `type` that is no resource which could be stored and shown again. */
export const isNeverStored = (type: string): boolean =>
  madeByParents.has(type.toLowerCase()) || neverStored.some((one) => `${type.toLowerCase()}/`.startsWith(`${one}/`));

/** How many letters have to be added, removed or replaced to make one text of the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const replaced = (row[j] as number) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}

/** The type of the same namespace that is spelt most like an unknown one; undefined when none is like it. */
export function typesLike(type: string): string | undefined {
  const [namespace = '', ...rest] = type.split('/');
  const wanted = rest.join('/').toLowerCase();
  const near = knownTypesOf(namespace)
    .map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }))
    .filter(({ far }) => far > 0 && far <= 3)
    .sort((a, b) => a.far - b.far);
  return near[0] && `${namespaceNamed(namespace)}/${near[0].name}`;
}

/** Types whose resource provider answers a first PUT with 201; all others say 200, which every client takes. */
const says201 = /^microsoft\.(network|compute|authorization)\/(?!(disk|snapshots)|privatednszones)/i;
/** Types that are deleted in the background. */
const deletesLater =
  /^microsoft\.(network\/(?!trafficmanager|dnszones)|compute\/(?!proximityplacementgroups$|hostgroups$|sshpublickeys$))/i;

/** Statuses of the writes of a type without a model. */
export const unmodelledStatuses = (type: string): { readonly created: 200 | 201; readonly deleted: 200 | 202 } => ({
  created: says201.test(type) ? 201 : 200,
  deleted: deletesLater.test(type) ? 202 : 200,
});
