/**
 * Public IP prefixes (`Microsoft.Network/publicIPPrefixes`): blocks of public addresses, as
 * https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-address-prefix describes them.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { type InUse, type ResourceDocument, resourceType, type WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';
import {
  checkSkuUnchanged,
  checkZonesUnchanged,
  dropEmptyLists,
  fillIn,
  ipVersion,
  keepResourceGuid,
  sku,
} from './common-members.js';
import { networkApiVersionsSince, versions } from './member-versions.js';
import { ipTags } from './publicIPAddresses.js';

interface PublicIPPrefixProperties extends Record<string, unknown> {
  prefixLength?: number;
  publicIPAddressVersion?: 'IPv4' | 'IPv6';
  ipPrefix?: string;
  ipTags?: unknown[];
}

interface PublicIPPrefixDocument extends ResourceDocument {
  properties: PublicIPPrefixProperties;
}

const schema = Schema.envelope('name id etag type location extendedLocation tags zones properties sku', {
  extendedLocation: Schema.extendedLocation(versions.publicIPPrefix.extendedLocation),
  zones: Schema.zones(versions.publicIPPrefix.zones),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      prefixLength: Schema.integer(),
      publicIPAddressVersion: ipVersion(),
      ipPrefix: Schema.string({ readOnly: true }),
      ipTags: ipTags(),
      customIpPrefix: Schema.reference('Microsoft.Network/customIpPrefixes', versions.publicIPPrefix.customIpPrefix),
      publicIPAddresses: Schema.backReferences('Microsoft.Network/publicIPAddresses', 'publicIPPrefix'),
      loadBalancerFrontendIpConfiguration: Schema.backReferences(
        'Microsoft.Network/loadBalancers/frontendIPConfigurations',
        'publicIPPrefix',
        { single: true, ...versions.publicIPPrefix.loadBalancerFrontendIpConfiguration },
      ),
      natGateway: Schema.backReferences('Microsoft.Network/natGateways', 'publicIpPrefixes', {
        single: true,
        ...versions.publicIPPrefix.natGateway,
      }),
    },
    { clrType: 'PublicIpPrefixProperties' },
  ),
  sku: sku(['Standard', 'StandardV2']),
});

/** Shortest and longest prefix that a subscription gets without asking. */
const lengths = { IPv4: { minimum: 28, maximum: 31 }, IPv6: { minimum: 124, maximum: 127 } } as const;

function rangeError({ document, idText: id }: WriteContext<PublicIPPrefixDocument>): AzureError | undefined {
  const { prefixLength: length = 0, publicIPAddressVersion = 'IPv4' } = document.properties;
  const { minimum, maximum } = lengths[publicIPAddressVersion];
  if (length >= minimum && length <= maximum) return undefined;
  return azureError('PublicIPPrefixLengthIsOutOfRange', { values: { id, length, minimum, maximum } });
}

function completePublicIPPrefix(context: WriteContext<PublicIPPrefixDocument>): void {
  const { document, existing, addresses, idText } = context;
  const properties = document.properties;
  document.sku = { ...document.sku, name: document.sku?.name ?? 'Standard', tier: document.sku?.tier ?? 'Regional' };
  keepResourceGuid(context);
  dropEmptyLists(document, ['zones']);
  fillIn(properties, { publicIPAddressVersion: 'IPv4', ipTags: [] });
  if (rangeError(context)) return;
  const result = addresses.claimBlock({
    pool: 'public',
    owner: idText,
    prefix: addresses.publicPrefix[properties.publicIPAddressVersion ?? 'IPv4'],
    length: properties.prefixLength as number,
    preferred: existing?.document.properties.ipPrefix as string | undefined,
  });
  if ('conflict' in result) throw azureError('PublicIPCountLimitReached', { values: { limit: 1000 } });
  properties.ipPrefix = result.prefix;
}

function* checkPublicIPPrefix(context: WriteContext<PublicIPPrefixDocument>): Generator<AzureError> {
  yield* checkSkuUnchanged(context);
  yield* checkZonesUnchanged(context);
  const range = rangeError(context);
  if (range) yield range;
  const from = context.existing?.document.properties.prefixLength as number | undefined;
  const to = context.document.properties.prefixLength ?? 0;
  if (from !== undefined && from !== to) {
    yield azureError('PublicIPPrefixLengthCannotBeChanged', { values: { id: context.idText, from, to } });
  }
}

const usedBy = (by: string, path: string): InUse => ({
  by,
  path,
  refuse: ({ id, links }) => azureError('PublicIPPrefixInUse', { values: { id, user: links[0]?.sourceId ?? '' } }),
});

export const publicIPPrefixes = resourceType<PublicIPPrefixDocument>({
  type: 'Microsoft.Network/publicIPPrefixes',
  apiVersions: networkApiVersionsSince('2018-07-01'),
  schema,
  inUse: [usedBy('Microsoft.Network/*', 'publicIPPrefix'), usedBy('Microsoft.Network/natGateways', 'publicIpPrefixes')],
  defaults: completePublicIPPrefix,
  check: checkPublicIPPrefix,
});
