/**
 * The api-versions of Microsoft.Network, and in which of them a member is shown, for every type.
 * `scripts/member-boundaries.mjs` counts in recorded exchanges with Azure which versions show a member;
 * test/resources/member-versions.test.ts says when a recording contradicts this table. Members that are in every version are
 * not in it.
 */
import type { Annotations } from '../schema.js';

type Versions = Pick<Annotations, 'since' | 'until' | 'absentIn'>;

/** By the object that has the member. */
export const versions = {
  sku: {
    // The model got `tier` in 2020-07-01, but some earlier versions show it too.
    tier: {
      since: '2017-10-01',
      absentIn: ['2018-07-01', '2018-11-01', '2019-09-01', '2019-11-01', '2019-12-01', '2020-04-01', '2020-06-01'],
    },
  },
  loadBalancer: {
    extendedLocation: { since: '2020-07-01' },
    scope: { since: '2025-01-01' },
    mode: { since: '2025-09-01' },
    outboundRules: { since: '2018-07-01' },
    outboundNatRules: { until: '2018-07-01' },
    sku: { since: '2017-08-01' },
  },
  frontendIPConfiguration: {
    gatewayLoadBalancer: { since: '2021-02-01' },
    publicIPPrefix: { since: '2018-07-01' },
    ddosSettings: { since: '2025-07-01' },
    outboundRules: { since: '2018-07-01' },
    outboundNatRules: { until: '2018-07-01' },
    privateIPAddressVersion: { since: '2019-04-01' },
    zones: { since: '2017-06-01' },
  },
  backendAddressPool: {
    drainPeriodInSeconds: { since: '2021-08-01' },
    tunnelInterfaces: { since: '2021-02-01' },
    virtualNetwork: { since: '2022-07-01' },
    syncMode: { since: '2023-04-01' },
    outboundRules: { since: '2018-07-01' },
    outboundRule: { since: '2018-07-01' },
    outboundNatRule: { until: '2018-07-01' },
    loadBalancerBackendAddresses: { since: '2020-04-01' },
    inboundNatRules: { since: '2021-05-01' },
  },
  backendAddress: {
    adminState: { since: '2021-08-01' },
    probeAdministrativeState: { until: '2000-01-01' },
    subnet: { since: '2020-11-01' },
    loadBalancerFrontendIPConfiguration: { since: '2020-07-01' },
    inboundNatRulesPortMapping: { since: '2021-05-01' },
  },
  loadBalancingRule: {
    enableDestinationServiceEndpoint: { since: '2017-11-01' },
    enableTcpReset: { since: '2018-07-01' },
    allowBackendPortConflict: { since: '2018-11-01' },
    disableOutboundSnat: { since: '2017-08-01' },
    enableConnectionTracking: { since: '2024-07-01' },
    backendAddressPools: { since: '2021-02-01' },
  },
  probe: {
    probeThreshold: { since: '2022-01-01' },
    noHealthyBackendsBehavior: { since: '2024-01-01' },
  },
  inboundNatRule: {
    enableDestinationServiceEndpoint: { since: '2017-11-01' },
    enableTcpReset: { since: '2018-07-01' },
    allowBackendPortConflict: { since: '2018-11-01' },
    frontendPortRangeStart: { since: '2021-03-01' },
    frontendPortRangeEnd: { since: '2021-03-01' },
    backendAddressPool: { since: '2021-03-01' },
  },
  inboundNatPool: {
    idleTimeoutInMinutes: { since: '2017-11-01' },
    enableFloatingIP: { since: '2017-11-01' },
    enableDestinationServiceEndpoint: { since: '2017-11-01' },
    enableTcpReset: { since: '2018-07-01' },
    allowBackendPortConflict: { since: '2018-11-01' },
  },
  outboundRule: {
    // In no model, yet Azure shows it since 2023.
    allocationPolicy: { since: '2018-11-01' },
  },
  ddosSettings: {
    protectionCoverage: { until: '2022-05-01' },
    protectedIP: { until: '2022-05-01' },
  },
  natGateway: {
    zones: { since: '2019-02-01' },
    publicIpAddressesV6: { since: '2024-07-01' },
    publicIpPrefixesV6: { since: '2024-07-01' },
    sourceVirtualNetwork: { since: '2024-07-01' },
    serviceGateway: { since: '2025-05-01' },
    nat64: { since: '2025-07-01' },
  },
  networkInterface: {
    extendedLocation: { since: '2020-07-01' },
    kind: { since: '2021-08-01' },
    internalDomainNameSuffix: { since: '2016-03-30' },
    enableAcceleratedNetworking: { since: '2016-09-01' },
    vnetEncryptionSupported: { since: '2020-11-01' },
    disableTcpStateTracking: { since: '2022-05-01' },
    services: { since: '2018-04-01', until: '2018-06-01' },
    hostedWorkloads: { since: '2018-08-01' },
    tapConfigurations: { since: '2018-08-01' },
    nicType: { since: '2019-12-01' },
    privateEndpoint: { since: '2018-10-01' },
    privateLinkService: { since: '2020-07-01' },
    dscpConfiguration: { since: '2020-06-01' },
    migrationPhase: { since: '2020-08-01' },
    workloadType: { since: '2021-02-01' },
    allowPort25Out: { since: '2022-01-01' },
    defaultOutboundConnectivityEnabled: { since: '2024-05-01' },
    auxiliaryMode: { since: '2022-01-01' },
    auxiliarySku: { since: '2022-11-01' },
    virtualNetworkTapProvisioningState: { since: '2017-11-01', until: '2018-06-01' },
  },
  ipConfiguration: {
    privateIPAddressPrefixLength: { since: '2023-11-01' },
    privateIPAddressVersion: { since: '2016-03-30' },
    gatewayLoadBalancer: { since: '2021-02-01' },
    applicationSecurityGroups: { since: '2017-09-01' },
    applicationGatewayBackendAddressPools: { since: '2016-03-30' },
    virtualNetworkTaps: { since: '2018-08-01' },
    isInUseWithService: { since: '2015-06-15', until: '2018-06-01' },
    privateLinkConnectionProperties: { since: '2019-09-01' },
  },
  networkSecurityGroup: {
    flushConnection: { since: '2022-01-01' },
    flowLogs: { since: '2019-12-01' },
  },
  securityRule: {
    applicationSecurityGroups: { since: '2017-09-01' },
    sourcePortRanges: { since: '2017-06-01' },
    destinationPortRanges: { since: '2017-06-01' },
    sourceAddressPrefixes: { since: '2017-06-01' },
    destinationAddressPrefixes: { since: '2017-06-01' },
  },
  privateEndpoint: {
    extendedLocation: { since: '2020-08-01' },
    customNetworkInterfaceName: { since: '2021-05-01' },
    ipConfigurations: { since: '2021-05-01' },
    applicationSecurityGroups: { since: '2021-05-01' },
    customDnsConfigs: { since: '2020-03-01' },
    // In no model, yet Azure shows it since 2024.
    isIPv6EnabledPrivateEndpoint: { since: '2024-03-01' },
    // What ties an endpoint to others is never shown itself.
    connection: { until: '2000-01-01' },
    networkInterface: { until: '2000-01-01' },
  },
  privateLinkService: {
    linkIdentifier: { since: '2019-09-01' },
    privateEndpointLocation: { since: '2022-05-01' },
    isForeign: { until: '2000-01-01' },
    extendedLocation: { since: '2020-07-01' },
    enableProxyProtocol: { since: '2019-11-01' },
    accessMode: { since: '2024-10-01' },
    destinationIPAddress: { since: '2024-03-01' },
  },
  ipTag: {
    firstPartyServiceTagId: { since: '2025-09-01' },
  },
  publicIPAddress: {
    ipTags: { since: '2017-10-01' },
    extendedLocation: { since: '2020-07-01' },
    zones: { since: '2017-06-01' },
    publicIPAddressVersion: { since: '2016-03-30' },
    domainNameLabelScope: { since: '2022-11-01' },
    publicIPPrefix: { since: '2018-07-01' },
    natGateway: { since: '2020-07-01' },
    ddosSettings: { since: '2022-05-01' },
    deleteOption: { since: '2021-02-01' },
    migrationPhase: { since: '2020-07-01' },
    linkedPublicIPAddress: { since: '2020-07-01' },
    servicePublicIPAddress: { since: '2020-08-01' },
    sku: { since: '2017-08-01' },
  },
  publicIPPrefix: {
    extendedLocation: { since: '2020-07-01' },
    zones: { since: '2018-07-01' },
    customIpPrefix: { since: '2020-06-01' },
    loadBalancerFrontendIpConfiguration: { since: '2019-02-01' },
    natGateway: { since: '2020-07-01' },
  },
  route: {
    hasBgpOverride: { since: '2020-11-01' },
  },
  routeTable: {
    disableBgpRoutePropagation: { since: '2017-10-01' },
  },
  virtualNetwork: {
    extendedLocation: { since: '2020-07-01' },
    ipamPoolPrefixAllocations: { since: '2024-01-01' },
    privateEndpointVNetPolicies: { since: '2024-03-01' },
    encryption: { since: '2021-05-01' },
    flowTimeoutInMinutes: { since: '2021-02-01' },
    virtualNetworkPeerings: { since: '2016-09-01' },
    bgpCommunities: { since: '2019-08-01' },
    ipAllocations: { since: '2020-03-01' },
    flowLogs: { since: '2018-11-01' },
    enableDdosProtection: { since: '2017-09-01' },
    ddosProtectionPlan: { since: '2018-02-01' },
    enableVmProtection: { since: '2017-09-01', until: '2020-11-01' },
    defaultPublicNatGateway: { since: '2024-07-01' },
    summarizedGatewayPrefixes: { since: '2025-07-01' },
  },
  serviceEndpoint: {
    networkIdentifier: { since: '2024-03-01' },
  },
  subnet: {
    sharingScope: { since: '2023-09-01' },
    addressPrefixes: { since: '2018-08-01' },
    ipamPoolPrefixAllocations: { since: '2024-01-01' },
    natGateway: { since: '2019-02-01' },
    privateEndpoints: { since: '2019-04-01' },
    serviceTunnels: { since: '2016-09-01', until: '2017-08-01', absentIn: ['2016-12-01', '2017-03-01'] },
    serviceEndpoints: { since: '2017-06-01' },
    serviceEndpointPolicies: { since: '2018-07-01' },
    ipAllocations: { since: '2020-03-01' },
    delegations: { since: '2018-04-01' },
    privateEndpointNetworkPolicies: { since: '2019-04-01' },
    privateLinkServiceNetworkPolicies: { since: '2019-04-01' },
    defaultOutboundAccess: { since: '2022-01-01' },
    serviceGateway: { since: '2025-05-01' },
  },
  virtualNetworkPeering: {
    resourceGuid: { since: '2017-10-01' },
    peeringSyncLevel: { since: '2021-02-01' },
    doNotVerifyRemoteGateways: { since: '2017-10-01' },
    peerCompleteVnets: { since: '2022-01-01' },
    enableOnlyIPv6Peering: { since: '2023-11-01' },
    localAddressSpace: { since: '2023-11-01' },
    localVirtualNetworkAddressSpace: { since: '2023-11-01' },
    localSubnetNames: { since: '2023-11-01' },
    remoteSubnetNames: { since: '2023-11-01' },
    remoteVirtualNetworkAddressSpace: { since: '2021-02-01' },
    remoteBgpCommunities: { since: '2020-06-01' },
    routeServiceVips: { since: '2017-10-01' },
    remoteVirtualNetworkEncryption: { since: '2021-05-01' },
  },
} as const satisfies Record<string, Record<string, Versions>>;

const listed = `
  2014-12-01-preview
  2015-05-01-preview 2015-06-15
  2016-03-30 2016-06-01 2016-07-01 2016-08-01 2016-09-01 2016-10-01 2016-11-01 2016-12-01
  2017-03-01 2017-04-01 2017-06-01 2017-08-01 2017-09-01 2017-10-01 2017-11-01
  2018-01-01 2018-02-01 2018-03-01 2018-04-01 2018-05-01 2018-06-01 2018-07-01 2018-08-01 2018-10-01 2018-11-01 2018-12-01
  2019-02-01 2019-04-01 2019-06-01 2019-07-01 2019-08-01 2019-09-01 2019-11-01 2019-12-01
  2020-01-01 2020-03-01 2020-04-01 2020-05-01 2020-06-01 2020-07-01 2020-08-01 2020-11-01
  2021-01-01 2021-02-01 2021-03-01 2021-04-01 2021-05-01 2021-06-01 2021-08-01 2021-12-01
  2022-01-01 2022-05-01 2022-07-01 2022-09-01 2022-11-01
  2023-02-01 2023-04-01 2023-05-01 2023-06-01 2023-09-01 2023-11-01
  2024-01-01 2024-03-01 2024-05-01 2024-07-01 2024-10-01
  2025-01-01 2025-03-01 2025-05-01 2025-07-01 2025-09-01
  2026-01-01
`;

/** The versions of load balancers and of the other types of Microsoft.Network, newest last. */
export const networkApiVersions: readonly string[] = listed.trim().split(/\s+/);

/** The versions from `first` on, for types that arrived later. */
export const networkApiVersionsSince = (first: string): readonly string[] =>
  networkApiVersions.filter((version) => version >= first);
