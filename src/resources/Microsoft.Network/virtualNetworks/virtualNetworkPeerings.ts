/**
 * Peerings of virtual networks (`virtualNetworks/virtualNetworkPeerings`): stored, and connected as soon as the other
 * side has one too. Lazurite forwards to peered networks like to any other, so nothing else depends on them.
 */

import { type AzureError, azureError } from '../../../errors/index.js';
import { stableGuid } from '../../../support/ids.js';
import { overlaps, parseIpPrefix } from '../../../support/ip-address.js';
import { type ChildDocument, childNamed, childrenIn, propertiesOf } from '../../references.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { Lookup, Resource, WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { fillIn, readOnlyReference } from '../common-members.js';
import { versions } from '../member-versions.js';

const addressSpace = (options: Schema.Annotations = {}) =>
  Schema.object(
    { addressPrefixes: Schema.array(Schema.string()), ipamPoolPrefixAllocations: Schema.anything() },
    options,
  );

export const virtualNetworkPeering = Schema.envelope('name id etag properties type', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(versions.virtualNetworkPeering.resourceGuid),
      peeringState: Schema.oneOf(['Initiated', 'Connected', 'Disconnected'], { readOnly: true }),
      peeringSyncLevel: Schema.oneOf(['FullyInSync', 'RemoteNotInSync', 'LocalNotInSync', 'LocalAndRemoteNotInSync'], {
        readOnly: true,
        ...versions.virtualNetworkPeering.peeringSyncLevel,
      }),
      remoteVirtualNetwork: Schema.reference('Microsoft.Network/virtualNetworks', {
        anyRegion: true,
        outlives: true,
      }),
      allowVirtualNetworkAccess: Schema.boolean(),
      allowForwardedTraffic: Schema.boolean(),
      allowGatewayTransit: Schema.boolean(),
      useRemoteGateways: Schema.boolean(),
      doNotVerifyRemoteGateways: Schema.boolean(versions.virtualNetworkPeering.doNotVerifyRemoteGateways),
      peerCompleteVnets: Schema.boolean(versions.virtualNetworkPeering.peerCompleteVnets),
      enableOnlyIPv6Peering: Schema.boolean(versions.virtualNetworkPeering.enableOnlyIPv6Peering),
      localAddressSpace: addressSpace(versions.virtualNetworkPeering.localAddressSpace),
      localVirtualNetworkAddressSpace: addressSpace(versions.virtualNetworkPeering.localVirtualNetworkAddressSpace),
      localSubnetNames: Schema.array(Schema.string(), versions.virtualNetworkPeering.localSubnetNames),
      remoteSubnetNames: Schema.array(Schema.string(), versions.virtualNetworkPeering.remoteSubnetNames),
      remoteGateways: Schema.array(readOnlyReference('Microsoft.Network/virtualNetworkGateways'), { readOnly: true }),
      remoteAddressSpace: addressSpace(),
      remoteVirtualNetworkAddressSpace: addressSpace(versions.virtualNetworkPeering.remoteVirtualNetworkAddressSpace),
      remoteBgpCommunities: Schema.anything(versions.virtualNetworkPeering.remoteBgpCommunities),
      routeServiceVips: Schema.anything({ readOnly: true, ...versions.virtualNetworkPeering.routeServiceVips }),
      remoteVirtualNetworkEncryption: Schema.anything({
        readOnly: true,
        ...versions.virtualNetworkPeering.remoteVirtualNetworkEncryption,
      }),
    },
    { clrType: 'VirtualNetworkPeeringProperties' },
  ),
});

/** Fills in what Azure fills in. */
export function completePeering(one: ChildDocument, id: string, lookup: Lookup): void {
  const properties = propertiesOf(one);
  const remote = remoteOf(one);
  const remoteSpace = remote && lookup.resource(idKey(remote))?.document.properties.addressSpace;
  fillIn(properties, {
    allowVirtualNetworkAccess: true,
    allowForwardedTraffic: false,
    allowGatewayTransit: false,
    useRemoteGateways: false,
    doNotVerifyRemoteGateways: false,
    peerCompleteVnets: true,
    routeServiceVips: {},
    remoteAddressSpace: structuredClone(remoteSpace) ?? { addressPrefixes: [] },
  });
  fillIn(properties, { remoteVirtualNetworkAddressSpace: structuredClone(properties.remoteAddressSpace) });
  properties.resourceGuid = stableGuid(`${id}|${remote}`);
}

const remoteOf = (one: ChildDocument): string | undefined =>
  (one.properties?.remoteVirtualNetwork as { id: string } | undefined)?.id;

interface GatewayIPConfiguration {
  properties?: { subnet?: { id?: string } };
}

/** The gateways of the virtual network `id`: those with an ipConfiguration in one of its subnets. */
function gatewaysIn(id: string, lookup: Lookup): { id: string }[] {
  return [...lookup.everyOfType('Microsoft.Network/virtualNetworkGateways')].flatMap((gateway) => {
    const { ipConfigurations = [] } = gateway.document.properties as { ipConfigurations?: GatewayIPConfiguration[] };
    const inside = ipConfigurations.some(({ properties }) => rootKey(properties?.subnet?.id ?? '') === idKey(id));
    return inside ? [{ id: gateway.id }] : [];
  });
}

const prefixesIn = (network: Resource | undefined): readonly string[] =>
  (network?.document.properties.addressSpace as { addressPrefixes?: string[] } | undefined)?.addressPrefixes ?? [];

/** Those of `prefixes` that overlap with one of `others`. */
const overlapping = (prefixes: readonly string[], others: readonly string[]): string[] =>
  prefixes.filter((text) => {
    const own = parseIpPrefix(text);
    return others.some((other) => {
      const theirs = parseIpPrefix(other);
      return own && theirs && overlaps(own, theirs);
    });
  });

/** What Azure refuses about the peerings of one virtual network, whose address space `prefixes` are. */
export function* checkPeerings(
  { document, existing, idText: local, lookup }: WriteContext,
  prefixes: readonly string[],
): Generator<AzureError> {
  const all = childrenIn(document.properties, 'virtualNetworkPeerings');
  const seen = new Map<string, string>();
  for (const one of all) {
    const id = `${local}/virtualNetworkPeerings/${one.name}`;
    const { allowGatewayTransit, useRemoteGateways, peerCompleteVnets } = one.properties ?? {};
    if (allowGatewayTransit && useRemoteGateways) yield azureError('PeeringFlagsInvalid', { values: { id } });
    const remote = remoteOf(one);
    const before = childNamed(childrenIn(existing?.document.properties, 'virtualNetworkPeerings'), one.name);
    if (remote === undefined || (before && idKey(remoteOf(before) ?? '') !== idKey(remote))) {
      yield azureError('PeeringRemoteVirtualNetworkCannotBeChanged', { values: { id } });
      continue;
    }
    const other = seen.get(idKey(remote));
    if (other !== undefined) {
      yield azureError('AnotherPeeringAlreadyReferencesRemoteVnet', { values: { id, other, remote } });
    }
    seen.set(idKey(remote), id);
    if (peerCompleteVnets === false) continue;
    const theirs = idKey(remote) === idKey(local) ? prefixes : prefixesIn(lookup.resource(idKey(remote)));
    const shared = overlapping(theirs, prefixes);
    if (shared.length > 0) {
      yield azureError('VnetAddressSpacesOverlap', { values: { id, local, remote, prefixes: shared.join(', ') } });
    }
    for (const peer of childrenIn(lookup.resource(idKey(remote))?.document.properties, 'virtualNetworkPeerings')) {
      const third = remoteOf(peer);
      if (third === undefined || idKey(third) === idKey(local)) continue;
      const both = overlapping(prefixes, prefixesIn(lookup.resource(idKey(third)))).join(', ');
      const values = { id, local, remote, other: third, prefixes: both };
      if (both !== '') yield azureError('VnetAddressSpaceOverlapsWithAlreadyPeeredVnet', { values });
    }
  }
}

/**
 * The peering of the virtual network `localId` with its state: connected when the other side peers back, disconnected when
 * the other side is gone.
 */
export function viewPeering(one: ChildDocument, localId: string, lookup: Lookup): ChildDocument {
  const remote = remoteOf(one);
  const other = remote === undefined ? undefined : lookup.resource(idKey(remote));
  const theirs = childrenIn(other?.document.properties, 'virtualNetworkPeerings');
  const connected = theirs.some((one) => idKey(remoteOf(one) ?? '') === idKey(localId));
  const remoteGateways = one.properties?.useRemoteGateways && remote ? gatewaysIn(remote, lookup) : [];
  return {
    ...one,
    properties: {
      ...one.properties,
      peeringState: connected ? 'Connected' : other ? 'Initiated' : 'Disconnected',
      peeringSyncLevel: connected ? 'FullyInSync' : 'RemoteNotInSync',
      ...(remoteGateways.length > 0 ? { remoteGateways } : {}),
    },
  };
}
