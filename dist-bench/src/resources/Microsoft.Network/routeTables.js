/**
 * Route tables (`Microsoft.Network/routeTables`) and their routes, as
 * https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview describes them. Stored and shown.
 */
import { azureError } from '../../errors/index.js';
import { resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import { networkApiVersions } from './api-versions.js';
import { checkAddressPrefix, fillIn, keepResourceGuid } from './common-members.js';
import { versions } from './member-versions.js';
const route = Schema.envelope('name id etag properties type', {
    type: Schema.string({ readOnly: true }),
    properties: Schema.object({
        provisioningState: Schema.provisioningState(),
        addressPrefix: Schema.string(),
        nextHopType: Schema.oneOf(['VirtualNetworkGateway', 'VnetLocal', 'Internet', 'VirtualAppliance', 'None'], {
            clrType: 'RouteNextHopType',
        }),
        nextHopIpAddress: Schema.string(),
        hasBgpOverride: Schema.boolean({ readOnly: true, ...versions.route.hasBgpOverride }),
    }, { clrType: 'RouteProperties' }),
});
const schema = Schema.envelope('name id etag type location tags properties', {
    properties: Schema.object({
        provisioningState: Schema.provisioningState(),
        resourceGuid: Schema.resourceGuid(),
        disableBgpRoutePropagation: Schema.boolean(versions.routeTable.disableBgpRoutePropagation),
        routes: Schema.children('routes', route),
        subnets: Schema.backReferences('Microsoft.Network/virtualNetworks/subnets', 'routeTable'),
    }, { clrType: 'RouteTableProperties' }),
});
function completeRouteTable(context) {
    const properties = context.document.properties;
    keepResourceGuid(context);
    fillIn(properties, { disableBgpRoutePropagation: false, routes: [] });
    for (const one of properties.routes ?? []) {
        one.properties ??= {};
        fillIn(one.properties, { hasBgpOverride: false });
    }
}
/** A route's destination may also be a service tag, which has no slash. */
function* checkRouteTable({ document, idText }) {
    for (const { name, properties } of document.properties.routes ?? []) {
        const prefix = properties?.addressPrefix ?? '';
        if (/^[\d.]+$|[/:]/.test(prefix))
            yield* checkAddressPrefix(prefix, `${idText}/routes/${name}`);
    }
}
export const routeTables = resourceType({
    type: 'Microsoft.Network/routeTables',
    apiVersions: networkApiVersions,
    schema,
    children: [{ name: 'routes', methods: 'write' }],
    inUse: [
        {
            by: 'Microsoft.Network/virtualNetworks/subnets',
            path: 'routeTable',
            refuse: ({ name }) => azureError('InUseRouteTableCannotBeDeleted', { values: { name } }),
        },
    ],
    defaults: completeRouteTable,
    check: checkRouteTable,
});
//# sourceMappingURL=routeTables.js.map