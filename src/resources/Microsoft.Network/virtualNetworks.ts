/**
 * Virtual networks (`Microsoft.Network/virtualNetworks`) with their subnets and peerings, as
 * https://learn.microsoft.com/azure/virtual-network/virtual-networks-overview describes them; which of their addresses are
 * free, and how many are used.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import {
  contains,
  formatIpAddress,
  formatIpPrefix,
  type IpPrefix,
  networkOf,
  overlaps,
  parseIpAddress,
  parseIpPrefix,
  sizeOf,
} from '../../support/ip-address.js';
import { type ChildDocument, childNamed, childrenIn, lookUpChild } from '../references.js';
import type { Action, ResourceDocument, ShowContext, ViewContext, WriteContext } from '../resource-type.js';
import { resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import { checkAddressPrefix, fillIn, keepResourceGuid, readOnlyReference } from './common-members.js';
import { networkApiVersions, versions } from './member-versions.js';
import { isReservedInSubnet, reservedInSubnet, subnetPrefixes } from './private-address.js';
import { ddosProtectionStatusOfNetwork } from './publicIPAddresses.js';
import {
  allocationsIn,
  checkSubnet,
  checkSubnetsStay,
  completeSubnet,
  hasIpamAllocations,
  subnet,
  subnetInUse,
  viewSubnet,
} from './virtualNetworks/subnets.js';
import {
  checkPeerings,
  completePeering,
  viewPeering,
  virtualNetworkPeering,
} from './virtualNetworks/virtualNetworkPeerings.js';

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
  extendedLocation: Schema.extendedLocation(versions.virtualNetwork.extendedLocation),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      addressSpace: Schema.object({
        addressPrefixes: Schema.array(Schema.string()),
        ipamPoolPrefixAllocations: Schema.array(Schema.anything(), versions.virtualNetwork.ipamPoolPrefixAllocations),
      }),
      privateEndpointVNetPolicies: Schema.oneOf(
        ['Disabled', 'Basic'],
        versions.virtualNetwork.privateEndpointVNetPolicies,
      ),
      encryption: Schema.object(
        { enabled: Schema.boolean(), enforcement: Schema.oneOf(['DropUnencrypted', 'AllowUnencrypted']) },
        versions.virtualNetwork.encryption,
      ),
      flowTimeoutInMinutes: Schema.integer(versions.virtualNetwork.flowTimeoutInMinutes),
      dhcpOptions: Schema.object({ dnsServers: Schema.array(Schema.string()) }),
      // Announced for this version: https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
      subnets: Schema.children('subnets', subnet, { keptSince: '2023-09-01' }),
      // Recorded at 2020-11-01 and 2024-03-01.
      virtualNetworkPeerings: Schema.children('virtualNetworkPeerings', virtualNetworkPeering, {
        ...versions.virtualNetwork.virtualNetworkPeerings,
        keptSince: '2016-09-01',
      }),
      bgpCommunities: Schema.object(
        { virtualNetworkCommunity: Schema.string(), regionalCommunity: Schema.string({ readOnly: true }) },
        versions.virtualNetwork.bgpCommunities,
      ),
      ipAllocations: Schema.array(
        Schema.reference('Microsoft.Network/ipAllocations'),
        versions.virtualNetwork.ipAllocations,
      ),
      flowLogs: Schema.anything({ readOnly: true, ...versions.virtualNetwork.flowLogs }),
      enableDdosProtection: Schema.boolean(versions.virtualNetwork.enableDdosProtection),
      ddosProtectionPlan: Schema.reference(
        'Microsoft.Network/ddosProtectionPlans',
        versions.virtualNetwork.ddosProtectionPlan,
      ),
      enableVmProtection: Schema.boolean(versions.virtualNetwork.enableVmProtection),
      defaultPublicNatGateway: readOnlyReference(
        'Microsoft.Network/natGateways',
        versions.virtualNetwork.defaultPublicNatGateway,
      ),
      summarizedGatewayPrefixes: Schema.anything(versions.virtualNetwork.summarizedGatewayPrefixes),
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

/** Ranges that no virtual network can have. */
const reserved = ['224.0.0.0/4', '255.255.255.255/32', '127.0.0.0/8', '169.254.0.0/16', '168.63.129.16/32'];

function* checkAddressSpace(space: readonly IpPrefix[], id: string): Generator<AzureError> {
  for (const [index, one] of space.entries()) {
    const prefix = formatIpPrefix(one);
    const taken = reserved.find((text) => overlaps(parseIpPrefix(text) as IpPrefix, one));
    if (taken !== undefined && one.length > 0) {
      yield azureError('AddressPrefixIsReserved', { values: { id, prefix, reserved: taken } });
    }
    const other = space.slice(0, index).find((earlier) => overlaps(earlier, one));
    const values = { id, first: other ? formatIpPrefix(other) : '', second: prefix };
    if (other) yield azureError('AddressPrefixesOverlap', { values });
  }
}

function* checkVirtualNetwork(context: WriteContext<VirtualNetworkDocument>): Generator<AzureError> {
  const { addressSpace, dhcpOptions, flowTimeoutInMinutes, subnets = [] } = context.document.properties;
  const flowTimeout = Number(flowTimeoutInMinutes ?? 4);
  if (flowTimeout < 4 || flowTimeout > 30) {
    yield azureError('FlowTimeoutIsOutOfRange', { values: { id: context.idText } });
  }
  const texts = addressSpace?.addressPrefixes ?? [];
  if (texts.length === 0 && !addressSpace?.ipamPoolPrefixAllocations?.length) {
    yield azureError('AddressSpaceHasNoAddressPrefixes', { values: { id: context.idText } });
  }
  for (const prefix of texts) yield* checkAddressPrefix(prefix, context.idText);
  for (const name of dhcpOptions?.dnsServers ?? []) {
    if (!parseIpAddress(name)) yield azureError('NetcfgInvalidDnsServer', { values: { name } });
  }
  const space: IpPrefix[] = texts.flatMap((text) => parseIpPrefix(text) ?? []);
  yield* checkAddressSpace(space, context.idText);
  for (const [index, one] of subnets.entries()) {
    yield* checkSubnet(one, context, { space, earlier: subnets.slice(0, index) });
  }
  yield* checkSubnetsStay(context);
  yield* checkPeerings(context, texts);
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

/** What Azure answers about a subnet, or does for it; `body` is its answer. Throws `NotFound` for a subnet that is not there. */
const ofSubnet = (name: string, action: Pick<Action, 'method' | 'since' | 'answer'>, body?: object): Action => ({
  ...action,
  path: `subnets/{subnet}/${name}`,
  run: ({ resource, parameters: { subnet: one } }) => {
    const found = childNamed((resource.document.properties as VirtualNetworkProperties).subnets ?? [], one);
    if (!found) throw azureError('NotFound', { values: { id: `${resource.id}/subnets/${one}` } });
    return body === undefined ? {} : { body };
  },
});

const none = { value: [] };
const listed = { method: 'GET', since: '2019-02-01', answer: 'sync' } as const;
const prepared = { since: '2019-02-01', answer: 'async' } as const;
const effective = { since: '2022-01-01', answer: 'sync', run: () => ({ body: none }) } as const;

/** No service of Azure's is in these networks, and no network manager rules them. */
const actionsOfOthers: readonly Action[] = [
  ofSubnet('ResourceNavigationLinks', listed, none),
  ofSubnet('ServiceAssociationLinks', listed, none),
  ofSubnet('PrepareNetworkPolicies', prepared),
  ofSubnet('UnprepareNetworkPolicies', prepared),
  { ...effective, path: 'listNetworkManagerEffectiveConnectivityConfigurations' },
  { ...effective, path: 'listNetworkManagerEffectiveSecurityAdminRules' },
];

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
  requests: { actions: [ddosProtectionStatusOfNetwork, ...actionsOfOthers] },
});

const suggestions = 5;

const prefixesOf = (subnet: ChildDocument): IpPrefix[] =>
  subnetPrefixes(subnet).flatMap((text) => {
    const prefix = parseIpPrefix(text);
    return prefix ? [networkOf(prefix)] : [];
  });

function takenIn({ resource, lookup }: ViewContext, subnet: ChildDocument): Set<string> {
  const taken = new Set<string>();
  for (const link of allocationsIn(lookup.linksInto(resource.key), `${resource.id}/subnets/${subnet.name}`)) {
    const address = lookUpChild(lookup, link.sourceId)?.child.properties?.privateIPAddress;
    if (typeof address === 'string') taken.add(address);
  }
  return taken;
}

function firstFree(prefix: IpPrefix, taken: ReadonlySet<string>): string[] {
  const free: string[] = [];
  const last = prefix.value + sizeOf(prefix) - 1n;
  for (let value = prefix.value + BigInt(reservedInSubnet); value < last && free.length < suggestions; value++) {
    const address = formatIpAddress({ version: prefix.version, value });
    if (!taken.has(address)) free.push(address);
  }
  return free;
}

export interface IPAddressAvailability {
  readonly available: boolean;
  readonly availableIPAddresses?: readonly string[];
  readonly isPlatformReserved?: boolean;
}

/** The answer of `GET …/virtualNetworks/{name}/CheckIPAddressAvailability?ipAddress=`. */
export function checkIpAddressAvailability(
  context: ViewContext,
  { ipAddress, apiVersion }: { readonly ipAddress: string; readonly apiVersion: string },
): IPAddressAvailability {
  const address = parseIpAddress(ipAddress);
  if (!address) throw azureError('InvalidPrivateIPAddressFormat', { values: { address: ipAddress } });
  for (const subnet of childrenIn(context.resource.document.properties, 'subnets')) {
    const prefix = prefixesOf(subnet).find((one) => contains(one, address));
    if (!prefix) continue;
    const reserved = isReservedInSubnet(prefix, ipAddress);
    const taken = takenIn(context, subnet);
    const available = !reserved && !taken.has(formatIpAddress(address));
    return {
      available,
      ...(available ? {} : { availableIPAddresses: firstFree(prefix, taken) }),
      ...(apiVersion >= '2019-12-01' ? { isPlatformReserved: reserved } : {}),
    };
  }
  const virtualNetwork = context.resource.id;
  throw azureError('PrivateIPAddressNotInAnySubnet', { values: { address: ipAddress, virtualNetwork } });
}

/** The answer of `GET …/virtualNetworks/{name}/usages`. */
export function virtualNetworkUsages(context: ViewContext): { value: unknown[] } {
  const { resource, lookup } = context;
  const links = lookup.linksInto(resource.key);
  const value = childrenIn(resource.document.properties, 'subnets').map((subnet) => {
    const id = `${resource.id}/subnets/${subnet.name}`;
    const sizes = prefixesOf(subnet)
      .filter(({ version }) => version === 4)
      .map(sizeOf);
    const limit = sizes.reduce((sum, size) => sum + Number(size) - reservedInSubnet - 1, 0);
    return {
      currentValue: allocationsIn(links, id).length,
      id,
      limit,
      name: { localizedValue: 'Subnet size and usage', value: 'SubnetSpace' },
      unit: 'Count',
    };
  });
  return { value };
}
