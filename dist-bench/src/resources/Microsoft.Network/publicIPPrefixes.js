/**
 * Public IP prefixes (`Microsoft.Network/publicIPPrefixes`): blocks of public addresses, as
 * https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-address-prefix describes them.
 */
import { azureError } from '../../errors/index.js';
import { resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import { networkApiVersionsSince } from './api-versions.js';
import { checkSkuUnchanged, checkZonesUnchanged, dropEmptyLists, fillIn, ipVersion, keepResourceGuid, sku, } from './common-members.js';
import { versions } from './member-versions.js';
import { ipTags } from './publicIPAddresses.js';
const schema = Schema.envelope('name id etag type location extendedLocation tags zones properties sku', {
    extendedLocation: Schema.extendedLocation(versions.publicIPPrefix.extendedLocation),
    zones: Schema.zones(versions.publicIPPrefix.zones),
    properties: Schema.object({
        provisioningState: Schema.provisioningState(),
        resourceGuid: Schema.resourceGuid(),
        prefixLength: Schema.integer(),
        publicIPAddressVersion: ipVersion(),
        ipPrefix: Schema.string({ readOnly: true }),
        ipTags: ipTags(),
        customIpPrefix: Schema.reference('Microsoft.Network/customIpPrefixes', versions.publicIPPrefix.customIpPrefix),
        publicIPAddresses: Schema.backReferences('Microsoft.Network/publicIPAddresses', 'publicIPPrefix'),
        loadBalancerFrontendIpConfiguration: Schema.backReferences('Microsoft.Network/loadBalancers/frontendIPConfigurations', 'publicIPPrefix', { single: true, ...versions.publicIPPrefix.loadBalancerFrontendIpConfiguration }),
        natGateway: Schema.backReferences('Microsoft.Network/natGateways', 'publicIpPrefixes', {
            single: true,
            ...versions.publicIPPrefix.natGateway,
        }),
    }, { clrType: 'PublicIpPrefixProperties' }),
    sku: sku(['Standard', 'StandardV2']),
});
/** Shortest and longest prefix that a subscription gets without asking. */
const lengths = { IPv4: { minimum: 28, maximum: 31 }, IPv6: { minimum: 124, maximum: 127 } };
function rangeError({ document, idText: id }) {
    const { prefixLength: length = 0, publicIPAddressVersion = 'IPv4' } = document.properties;
    const { minimum, maximum } = lengths[publicIPAddressVersion];
    if (length >= minimum && length <= maximum)
        return undefined;
    return azureError('PublicIPPrefixLengthIsOutOfRange', { values: { id, length, minimum, maximum } });
}
function completePublicIPPrefix(context) {
    const { document, existing, addresses, idText } = context;
    const properties = document.properties;
    document.sku = { ...document.sku, name: document.sku?.name ?? 'Standard', tier: document.sku?.tier ?? 'Regional' };
    keepResourceGuid(context);
    dropEmptyLists(document, ['zones']);
    fillIn(properties, { publicIPAddressVersion: 'IPv4', ipTags: [] });
    if (rangeError(context))
        return;
    const result = addresses.claimBlock({
        pool: 'public',
        owner: idText,
        prefix: addresses.publicPrefix[properties.publicIPAddressVersion ?? 'IPv4'],
        length: properties.prefixLength,
        preferred: existing?.document.properties.ipPrefix,
    });
    if ('conflict' in result)
        throw azureError('PublicIPCountLimitReached', { values: { limit: 1000 } });
    properties.ipPrefix = result.prefix;
}
function* checkPublicIPPrefix(context) {
    yield* checkSkuUnchanged(context);
    yield* checkZonesUnchanged(context);
    const range = rangeError(context);
    if (range)
        yield range;
    const from = context.existing?.document.properties.prefixLength;
    const to = context.document.properties.prefixLength ?? 0;
    if (from !== undefined && from !== to) {
        yield azureError('PublicIPPrefixLengthCannotBeChanged', { values: { id: context.idText, from, to } });
    }
}
const usedBy = (by, path) => ({
    by,
    path,
    refuse: ({ id, links }) => azureError('PublicIPPrefixInUse', { values: { id, user: links[0]?.sourceId ?? '' } }),
});
export const publicIPPrefixes = resourceType({
    type: 'Microsoft.Network/publicIPPrefixes',
    apiVersions: networkApiVersionsSince('2018-07-01'),
    schema,
    inUse: [usedBy('Microsoft.Network/*', 'publicIPPrefix'), usedBy('Microsoft.Network/natGateways', 'publicIpPrefixes')],
    defaults: completePublicIPPrefix,
    check: checkPublicIPPrefix,
});
//# sourceMappingURL=publicIPPrefixes.js.map