/**
 * NAT gateways (`Microsoft.Network/natGateways`), as
 * https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource describes them. Stored and shown; Lazurite's
 * backends leave through the machine they run on.
 */
import { azureError } from '../../errors/index.js';
import { idKey, rootKey } from '../resource-id.js';
import { resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import { networkApiVersionsSince } from './api-versions.js';
import { checkSkuUnchanged, checkZonesUnchanged, dropEmptyLists, fillIn, keepResourceGuid, sku, } from './common-members.js';
import { versions } from './member-versions.js';
const publicIPAddress = () => Schema.reference('Microsoft.Network/publicIPAddresses');
const publicIPPrefix = () => Schema.reference('Microsoft.Network/publicIPPrefixes');
const schema = Schema.envelope('name id etag type location tags zones properties sku', {
    zones: Schema.zones(versions.natGateway.zones),
    properties: Schema.object({
        provisioningState: Schema.provisioningState(),
        resourceGuid: Schema.resourceGuid(),
        idleTimeoutInMinutes: Schema.integer(),
        publicIpAddresses: Schema.array(publicIPAddress()),
        publicIpPrefixes: Schema.array(publicIPPrefix()),
        publicIpAddressesV6: Schema.array(publicIPAddress(), versions.natGateway.publicIpAddressesV6),
        publicIpPrefixesV6: Schema.array(publicIPPrefix(), versions.natGateway.publicIpPrefixesV6),
        sourceVirtualNetwork: Schema.reference('Microsoft.Network/virtualNetworks', versions.natGateway.sourceVirtualNetwork),
        serviceGateway: Schema.reference('Microsoft.Network/serviceGateways', versions.natGateway.serviceGateway),
        nat64: Schema.oneOf(['None', 'Enabled', 'Disabled'], versions.natGateway.nat64),
        subnets: Schema.backReferences('Microsoft.Network/virtualNetworks/subnets', 'natGateway'),
    }, { clrType: 'NatGatewayProperties' }),
    sku: sku(['Standard', 'StandardV2']),
});
function completeNatGateway(context) {
    const { document } = context;
    document.sku = { ...document.sku, name: document.sku?.name ?? 'Standard', tier: document.sku?.tier ?? 'Regional' };
    keepResourceGuid(context);
    dropEmptyLists(document, ['zones']);
    dropEmptyLists(document.properties, ['publicIpAddresses', 'publicIpPrefixes']);
    fillIn(document.properties, { idleTimeoutInMinutes: 4 });
}
function* checkNatGateway(context) {
    const { document, idText: id, lookup } = context;
    yield* checkSkuUnchanged(context);
    yield* checkZonesUnchanged(context);
    const { idleTimeoutInMinutes: idle = 4, publicIpAddresses = [] } = document.properties;
    if (idle < 4 || idle > 120)
        yield azureError('NatGatewayIdleTimeoutIsOutOfRange', { values: { id } });
    for (const one of publicIpAddresses) {
        const publicIP = lookup.resource(idKey(one.id));
        if (!publicIP)
            continue;
        if (publicIP.document.sku?.name === 'Basic') {
            yield azureError('NatGatewayRequiresStandardPublicIP', { values: { id, publicIP: publicIP.id } });
        }
        const other = lookup
            .linksInto(publicIP.key)
            .find((link) => /^publicIPAddress(es)?$/i.test(link.path) && rootKey(link.sourceId) !== idKey(id));
        if (!other)
            continue;
        yield azureError('PublicIPAddressInUse', { values: { id, publicIP: publicIP.id, user: other.sourceId } });
    }
}
export const natGateways = resourceType({
    type: 'Microsoft.Network/natGateways',
    apiVersions: networkApiVersionsSince('2019-02-01'),
    schema,
    inUse: [
        {
            by: 'Microsoft.Network/virtualNetworks/subnets',
            path: 'natGateway',
            refuse: ({ id, links }) => azureError('InUseNatGatewayCannotBeDeleted', { values: { id, user: links[0]?.sourceId ?? '' } }),
        },
    ],
    defaults: completeNatGateway,
    check: checkNatGateway,
});
//# sourceMappingURL=natGateways.js.map