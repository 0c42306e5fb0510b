/**
 * Virtual networks (`Microsoft.Network/virtualNetworks`) with their subnets and peerings, as
 * https://learn.microsoft.com/azure/virtual-network/virtual-networks-overview describes them.
 */
import { type AzureError, azureError } from '../../errors/index.js';
import { type IpPrefix, parseIpAddress, parseIpPrefix } from '../../support/ip-address.js';
import type { ChildDocument } from '../children.js';
import { type ResourceDocument, resourceType, type ShowContext, type WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';
import { networkApiVersions } from './api-versions.js';
import { checkAddressPrefix, fillIn, keepResourceGuid, readOnlyReference } from './common-members.js';
import {
  checkSubnet,
  checkSubnetsStay,
  completeSubnet,
  hasIpamAllocations,
  subnet,
  subnetInUse,
  viewSubnet,
} from './virtualNetworks/subnets.js';
import { completePeering, viewPeering, virtualNetworkPeering } from './virtualNetworks/virtualNetworkPeerings.js';

interface VirtualNetworkProperties extends Record<string, unknown> {
  addressSpace?: { addressPrefixes?: string[]; ipamPoolPrefixAllocations?: unknown[] };
  dhcpOptions?: { dnsServers?: string[] };
  subnets?: ChildDocument[];
  virtualNetworkPeerings?: ChildDocument[];
}

interface VirtualNetworkDocument extends ResourceDocument {
  properties: VirtualNetworkProperties;
}

const schema = Schema.envelope('name id etag type location extendedLocation tags properties', {
  extendedLocation: Schema.extendedLocation('2020-07-01'),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      addressSpace: Schema.object({
        addressPrefixes: Schema.array(Schema.string()),
        ipamPoolPrefixAllocations: Schema.array(Schema.anything(), { since: '2024-01-01' }),
      }),
      privateEndpointVNetPolicies: Schema.oneOf(['Disabled', 'Basic'], { since: '2024-03-01' }),
      encryption: Schema.object(
        { enabled: Schema.boolean(), enforcement: Schema.oneOf(['DropUnencrypted', 'AllowUnencrypted']) },
        { since: '2021-05-01' },
      ),
      flowTimeoutInMinutes: Schema.integer({ since: '2021-02-01' }),
      dhcpOptions: Schema.object({ dnsServers: Schema.array(Schema.string()) }),
      // Announced for this version: https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
      subnets: Schema.children('subnets', subnet, { keptSince: '2023-09-01' }),
      // Recorded at 2020-11-01 and 2024-03-01.
      virtualNetworkPeerings: Schema.children('virtualNetworkPeerings', virtualNetworkPeering, {
        since: '2016-09-01',
        keptSince: '2016-09-01',
      }),
      bgpCommunities: Schema.object(
        { virtualNetworkCommunity: Schema.string(), regionalCommunity: Schema.string({ readOnly: true }) },
        { since: '2019-08-01' },
      ),
      ipAllocations: Schema.array(Schema.reference('Microsoft.Network/ipAllocations'), { since: '2020-03-01' }),
      flowLogs: Schema.anything({ readOnly: true, since: '2018-11-01' }),
      enableDdosProtection: Schema.boolean({ since: '2017-09-01' }),
      ddosProtectionPlan: Schema.reference('Microsoft.Network/ddosProtectionPlans', { since: '2018-02-01' }),
      enableVmProtection: Schema.boolean({ since: '2017-09-01', until: '2020-11-01' }),
      defaultPublicNatGateway: readOnlyReference('Microsoft.Network/natGateways', { since: '2024-07-01' }),
      summarizedGatewayPrefixes: Schema.anything({ since: '2025-07-01' }),
    },
    { clrType: 'VirtualNetworkProperties' },
  ),
});

function completeVirtualNetwork(context: WriteContext<VirtualNetworkDocument>): void {
  const { document, lookup, idText } = context;
  const properties = document.properties;
  keepResourceGuid(context);
  properties.addressSpace ??= {};
  fillIn(properties.addressSpace, { addressPrefixes: [] });
  if (hasIpamAllocations(context.apiVersion)) fillIn(properties.addressSpace, { ipamPoolPrefixAllocations: [] });
  if (properties.dhcpOptions) fillIn(properties.dhcpOptions, { dnsServers: [] });
  fillIn(properties, {
    privateEndpointVNetPolicies: 'Disabled',
    subnets: [],
    virtualNetworkPeerings: [],
    enableDdosProtection: false,
    enableVmProtection: false,
  });
  for (const one of properties.subnets ?? []) completeSubnet(one, context);
  for (const one of properties.virtualNetworkPeerings ?? []) completePeering(one, idText, lookup);
}

function* checkVirtualNetwork(context: WriteContext<VirtualNetworkDocument>): Generator<AzureError> {
  const { addressSpace, dhcpOptions, subnets = [] } = context.document.properties;
  const texts = addressSpace?.addressPrefixes ?? [];
  for (const prefix of texts) yield* checkAddressPrefix(prefix, context.idText);
  for (const name of dhcpOptions?.dnsServers ?? []) {
    if (!parseIpAddress(name)) yield azureError('NetcfgInvalidDnsServer', { values: { name } });
  }
  const space: IpPrefix[] = texts.flatMap((text) => parseIpPrefix(text) ?? []);
  for (const [index, one] of subnets.entries()) {
    yield* checkSubnet(one, context, { space, earlier: subnets.slice(0, index) });
  }
  yield* checkSubnetsStay(context);
}

function viewVirtualNetwork({ resource, lookup, apiVersion }: ShowContext): ResourceDocument {
  const { virtualNetworkPeerings: peerings = [], subnets = [] } = resource.document
    .properties as VirtualNetworkProperties;
  const properties = {
    ...resource.document.properties,
    subnets: subnets.map((one) => viewSubnet(one, apiVersion)),
    virtualNetworkPeerings: peerings.map((one) => viewPeering(one, resource.id, lookup)),
  };
  return { ...resource.document, properties };
}

export const virtualNetworks = resourceType<VirtualNetworkDocument>({
  type: 'Microsoft.Network/virtualNetworks',
  apiVersions: networkApiVersions,
  schema,
  children: [
    { name: 'subnets', methods: 'write', inUse: subnetInUse },
    { name: 'virtualNetworkPeerings', methods: 'write' },
  ],
  defaults: completeVirtualNetwork,
  check: checkVirtualNetwork,
  view: viewVirtualNetwork,
});

export { checkIpAddressAvailability, virtualNetworkUsages } from './virtualNetworks/ip-address-availability.js';
