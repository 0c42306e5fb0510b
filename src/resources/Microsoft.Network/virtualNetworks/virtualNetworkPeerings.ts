/**
 * Peerings of virtual networks (`virtualNetworks/virtualNetworkPeerings`): stored, and connected as soon as the other
 * side has one too. Lazurite forwards to peered networks like to any other, so nothing else depends on them.
 */
import { stableGuid } from '../../../support/ids.js';
import { type ChildDocument, childrenIn, propertiesOf } from '../../children.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { Lookup } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { fillIn, readOnlyReference } from '../common-members.js';

const addressSpace = (since?: string) =>
  Schema.object(
    { addressPrefixes: Schema.array(Schema.string()), ipamPoolPrefixAllocations: Schema.anything() },
    since ? { since } : {},
  );

export const virtualNetworkPeering = Schema.envelope('name id etag properties type', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid({ since: '2017-10-01' }),
      peeringState: Schema.oneOf(['Initiated', 'Connected', 'Disconnected'], { readOnly: true }),
      peeringSyncLevel: Schema.oneOf(['FullyInSync', 'RemoteNotInSync', 'LocalNotInSync', 'LocalAndRemoteNotInSync'], {
        readOnly: true,
        since: '2021-02-01',
      }),
      remoteVirtualNetwork: Schema.reference('Microsoft.Network/virtualNetworks', { anyRegion: true }),
      allowVirtualNetworkAccess: Schema.boolean(),
      allowForwardedTraffic: Schema.boolean(),
      allowGatewayTransit: Schema.boolean(),
      useRemoteGateways: Schema.boolean(),
      doNotVerifyRemoteGateways: Schema.boolean({ since: '2017-10-01' }),
      peerCompleteVnets: Schema.boolean({ since: '2022-01-01' }),
      enableOnlyIPv6Peering: Schema.boolean({ since: '2023-11-01' }),
      localAddressSpace: addressSpace('2023-11-01'),
      localVirtualNetworkAddressSpace: addressSpace('2023-11-01'),
      localSubnetNames: Schema.array(Schema.string(), { since: '2023-11-01' }),
      remoteSubnetNames: Schema.array(Schema.string(), { since: '2023-11-01' }),
      remoteGateways: Schema.array(readOnlyReference('Microsoft.Network/virtualNetworkGateways'), { readOnly: true }),
      remoteAddressSpace: addressSpace(),
      remoteVirtualNetworkAddressSpace: addressSpace('2021-02-01'),
      remoteBgpCommunities: Schema.anything({ since: '2020-06-01' }),
      routeServiceVips: Schema.anything({ readOnly: true, since: '2017-10-01' }),
      remoteVirtualNetworkEncryption: Schema.anything({ readOnly: true, since: '2021-05-01' }),
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

/** The peering of the virtual network `localId` with its state: connected when the other side peers back. */
export function viewPeering(one: ChildDocument, localId: string, lookup: Lookup): ChildDocument {
  const remote = remoteOf(one);
  const theirs = childrenIn(
    (remote && lookup.resource(idKey(remote))?.document.properties) || undefined,
    'virtualNetworkPeerings',
  );
  const connected = theirs.some((other) => idKey(remoteOf(other) ?? '') === idKey(localId));
  const remoteGateways = one.properties?.useRemoteGateways && remote ? gatewaysIn(remote, lookup) : [];
  return {
    ...one,
    properties: {
      ...one.properties,
      peeringState: connected ? 'Connected' : 'Initiated',
      peeringSyncLevel: connected ? 'FullyInSync' : 'RemoteNotInSync',
      ...(remoteGateways.length > 0 ? { remoteGateways } : {}),
    },
  };
}
