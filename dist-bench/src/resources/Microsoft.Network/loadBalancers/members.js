/**
 * Who is in a backend pool: the addresses written on the pool and the NIC ipConfigurations that name it. The view, the
 * NAT port mappings, the health action and the forwarding plan all ask here, so that they never disagree.
 */
import { stableGuid } from '../../../support/ids.js';
import { childrenIn, childWithId, lookUpChild } from '../../children.js';
import { powerStateOfIPConfiguration } from '../../Microsoft.Compute/power-state.js';
import { idKey, rootKey } from '../../resource-id.js';
import * as Schema from '../../schema.js';
import { versions } from '../member-versions.js';
const lb = 'Microsoft.Network/loadBalancers';
export const backendAddress = Schema.envelope('name id etag properties type', {
    properties: Schema.object({
        provisioningState: Schema.provisioningState(),
        adminState: Schema.oneOf(['None', 'Up', 'Down', 'Drain'], {
            ...versions.backendAddress.adminState,
            clrType: 'LoadBalancerBackendAddressAdminState',
        }),
        // Published templates write it; Azure takes it and shows it never.
        probeAdministrativeState: Schema.oneOf(['InService', 'OutOfService'], versions.backendAddress.probeAdministrativeState),
        networkInterfaceIPConfiguration: Schema.reference('Microsoft.Network/networkInterfaces/ipConfigurations', {
            readOnly: true,
            echoed: true,
        }),
        ipAddress: Schema.string(),
        virtualNetwork: Schema.reference('Microsoft.Network/virtualNetworks'),
        subnet: Schema.reference('Microsoft.Network/virtualNetworks/subnets', versions.backendAddress.subnet),
        // A Global load balancer has those of every region.
        loadBalancerFrontendIPConfiguration: Schema.reference(`${lb}/frontendIPConfigurations`, {
            ...versions.backendAddress.loadBalancerFrontendIPConfiguration,
            anyRegion: true,
        }),
        inboundNatRulesPortMapping: Schema.array(Schema.object({
            inboundNatRuleName: Schema.string(),
            frontendPort: Schema.integer(),
            backendPort: Schema.integer(),
        }), { readOnly: true, ...versions.backendAddress.inboundNatRulesPortMapping }),
    }, { clrType: 'LoadBalancerBackendAddressProperties' }),
});
/** Private address of a NIC's, or a scale set instance's, ipConfiguration. */
export const addressOfIPConfiguration = (lookup, id) => lookUpChild(lookup, id)?.child.properties?.privateIPAddress;
function writtenMember(address, poolId) {
    const { ipAddress, adminState, loadBalancerFrontendIPConfiguration: frontend } = address.properties ?? {};
    return {
        key: ipAddress ?? (frontend ? idKey(frontend.id) : idKey(address.name ?? '')),
        name: address.name ?? '',
        id: `${poolId}/loadBalancerBackendAddresses/${address.name}`,
        ipAddress,
        adminState: adminState === 'Up' || adminState === 'Down' ? adminState : adminState === 'Drain' ? 'Down' : 'None',
        running: true,
        networkInterfaceIPConfigurationId: undefined,
        frontendId: frontend?.id,
    };
}
function joinedMember(link, poolId, lookup) {
    return {
        key: idKey(link.sourceId),
        name: stableGuid(`${poolId}|${link.sourceId}`),
        id: link.sourceId,
        ipAddress: addressOfIPConfiguration(lookup, link.sourceId),
        adminState: 'None',
        running: (powerStateOfIPConfiguration(lookup, link.sourceId) ?? 'running') === 'running',
        networkInterfaceIPConfigurationId: link.sourceId,
        frontendId: undefined,
    };
}
const memberPath = 'loadBalancerBackendAddressPools';
const isMember = (sourceType) => sourceType.endsWith('/ipConfigurations');
/** The members of the pool `poolId` of the load balancer whose document this is. */
export function membersOfPool(document, poolId, { lookup }) {
    const pool = childWithId(childrenIn(document.properties, 'backendAddressPools'), poolId);
    const addresses = childrenIn(pool?.properties, 'loadBalancerBackendAddresses');
    const written = addresses.map((one) => writtenMember(one, poolId));
    const joined = lookup
        .linksInto(rootKey(poolId))
        // A scale set's profile names the pool too; its instances are the members.
        .filter(({ path, target, sourceType }) => path === memberPath && target === idKey(poolId) && isMember(sourceType))
        .map((link) => joinedMember(link, poolId, lookup));
    return [...written, ...joined];
}
//# sourceMappingURL=members.js.map