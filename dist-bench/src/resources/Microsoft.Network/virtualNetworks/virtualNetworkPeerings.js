/**
 * Peerings of virtual networks (`virtualNetworks/virtualNetworkPeerings`): stored, and connected as soon as the other
 * side has one too. Lazurite forwards to peered networks like to any other, so nothing else depends on them.
 */
import { stableGuid } from '../../../support/ids.js';
import { childrenIn, propertiesOf } from '../../children.js';
import { idKey, rootKey } from '../../resource-id.js';
import * as Schema from '../../schema.js';
import { fillIn, readOnlyReference } from '../common-members.js';
import { versions } from '../member-versions.js';
const addressSpace = (options = {}) => Schema.object({ addressPrefixes: Schema.array(Schema.string()), ipamPoolPrefixAllocations: Schema.anything() }, options);
export const virtualNetworkPeering = Schema.envelope('name id etag properties type', {
    properties: Schema.object({
        provisioningState: Schema.provisioningState(),
        resourceGuid: Schema.resourceGuid(versions.virtualNetworkPeering.resourceGuid),
        peeringState: Schema.oneOf(['Initiated', 'Connected', 'Disconnected'], { readOnly: true }),
        peeringSyncLevel: Schema.oneOf(['FullyInSync', 'RemoteNotInSync', 'LocalNotInSync', 'LocalAndRemoteNotInSync'], {
            readOnly: true,
            ...versions.virtualNetworkPeering.peeringSyncLevel,
        }),
        remoteVirtualNetwork: Schema.reference('Microsoft.Network/virtualNetworks', { anyRegion: true }),
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
    }, { clrType: 'VirtualNetworkPeeringProperties' }),
});
/** Fills in what Azure fills in. */
export function completePeering(one, id, lookup) {
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
const remoteOf = (one) => one.properties?.remoteVirtualNetwork?.id;
/** The gateways of the virtual network `id`: those with an ipConfiguration in one of its subnets. */
function gatewaysIn(id, lookup) {
    return [...lookup.everyOfType('Microsoft.Network/virtualNetworkGateways')].flatMap((gateway) => {
        const { ipConfigurations = [] } = gateway.document.properties;
        const inside = ipConfigurations.some(({ properties }) => rootKey(properties?.subnet?.id ?? '') === idKey(id));
        return inside ? [{ id: gateway.id }] : [];
    });
}
/** The peering of the virtual network `localId` with its state: connected when the other side peers back. */
export function viewPeering(one, localId, lookup) {
    const remote = remoteOf(one);
    const theirs = childrenIn((remote && lookup.resource(idKey(remote))?.document.properties) || undefined, 'virtualNetworkPeerings');
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
//# sourceMappingURL=virtualNetworkPeerings.js.map