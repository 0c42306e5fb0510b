/**
 * NAT gateways (`Microsoft.Network/natGateways`), as
 * https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource describes them. Stored and shown; Lazurite's
 * backends leave through the machine they run on.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { idKey, rootKey } from '../resource-id.js';
import { type ResourceDocument, resourceType, type WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';
import {
  checkSkuUnchanged,
  checkZonesUnchanged,
  dropEmptyLists,
  fillIn,
  keepResourceGuid,
  sku,
} from './common-members.js';
import { networkApiVersionsSince, versions } from './member-versions.js';

interface NatGatewayDocument extends ResourceDocument {
  properties: Record<string, unknown> & {
    idleTimeoutInMinutes?: number;
    publicIpAddresses?: { id: string }[];
    publicIpPrefixes?: { id: string }[];
  };
}

const publicIPAddress = () => Schema.reference('Microsoft.Network/publicIPAddresses');
const publicIPPrefix = () => Schema.reference('Microsoft.Network/publicIPPrefixes');

const schema = Schema.envelope('name id etag type location tags zones properties sku', {
  zones: Schema.zones(versions.natGateway.zones),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      idleTimeoutInMinutes: Schema.integer(),
      publicIpAddresses: Schema.array(publicIPAddress()),
      publicIpPrefixes: Schema.array(publicIPPrefix()),
      publicIpAddressesV6: Schema.array(publicIPAddress(), versions.natGateway.publicIpAddressesV6),
      publicIpPrefixesV6: Schema.array(publicIPPrefix(), versions.natGateway.publicIpPrefixesV6),
      sourceVirtualNetwork: Schema.reference(
        'Microsoft.Network/virtualNetworks',
        versions.natGateway.sourceVirtualNetwork,
      ),
      serviceGateway: Schema.reference('Microsoft.Network/serviceGateways', versions.natGateway.serviceGateway),
      nat64: Schema.oneOf(['None', 'Enabled', 'Disabled'], versions.natGateway.nat64),
      subnets: Schema.backReferences('Microsoft.Network/virtualNetworks/subnets', 'natGateway'),
    },
    { clrType: 'NatGatewayProperties' },
  ),
  sku: sku(['Standard', 'StandardV2']),
});

function completeNatGateway(context: WriteContext<NatGatewayDocument>): void {
  const { document } = context;
  document.sku = { ...document.sku, name: document.sku?.name ?? 'Standard', tier: document.sku?.tier ?? 'Regional' };
  keepResourceGuid(context);
  dropEmptyLists(document, ['zones']);
  dropEmptyLists(document.properties, ['publicIpAddresses', 'publicIpPrefixes']);
  fillIn(document.properties, { idleTimeoutInMinutes: 4 });
}

/** A NAT gateway of sku Standard is in one zone at most and has up to 16 regional IPv4 addresses of that zone. */
function* checkWhatItCannot({ document, idText: id, lookup }: WriteContext<NatGatewayDocument>): Generator<AzureError> {
  if (document.sku?.name !== 'Standard') return;
  const refusal = (what: string) => azureError('NatGatewayDoesNotSupport', { values: { id, what } });
  const { zones = [], properties } = document;
  const { publicIpAddresses = [], publicIpPrefixes = [] } = properties;
  if (zones.length > 1) yield refusal('more than one availability zone');
  if (publicIpAddresses.length > 16) yield refusal('more than 16 public IP addresses');
  const seen = new Set<string>();
  for (const { id: used } of [...publicIpAddresses, ...publicIpPrefixes]) {
    if (seen.has(idKey(used))) yield refusal(`${used} twice`);
    seen.add(idKey(used));
    const theirs = lookup.resource(idKey(used))?.document;
    if (!theirs) continue;
    if (theirs.properties.publicIPAddressVersion === 'IPv6') yield refusal(`${used} of version IPv6`);
    if (theirs.sku?.tier === 'Global') yield refusal(`${used} of tier Global`);
    const isElsewhere = theirs.zones?.length === 1 && zones.length === 1 && theirs.zones[0] !== zones[0];
    if (isElsewhere) yield refusal(`${used} of another availability zone`);
  }
}

function* checkNatGateway(context: WriteContext<NatGatewayDocument>): Generator<AzureError> {
  const { document, idText: id, lookup } = context;
  yield* checkSkuUnchanged(context);
  yield* checkZonesUnchanged(context);
  const { idleTimeoutInMinutes: idle = 4, publicIpAddresses = [] } = document.properties;
  if (idle < 4 || idle > 120) yield azureError('NatGatewayIdleTimeoutIsOutOfRange', { values: { id } });
  yield* checkWhatItCannot(context);
  for (const one of publicIpAddresses) {
    const publicIP = lookup.resource(idKey(one.id));
    if (!publicIP) continue;
    if (publicIP.document.sku?.name === 'Basic') {
      yield azureError('NatGatewayRequiresStandardPublicIP', { values: { id, publicIP: publicIP.id } });
    }
    const other = lookup
      .linksInto(publicIP.key)
      .find((link) => /^publicIPAddress(es)?$/i.test(link.path) && rootKey(link.sourceId) !== idKey(id));
    if (!other) continue;
    yield azureError('PublicIPAddressInUse', { values: { id, publicIP: publicIP.id, user: other.sourceId } });
  }
}

export const natGateways = resourceType<NatGatewayDocument>({
  type: 'Microsoft.Network/natGateways',
  apiVersions: networkApiVersionsSince('2019-02-01'),
  schema,
  inUse: [
    {
      by: 'Microsoft.Network/virtualNetworks/subnets',
      path: 'natGateway',
      refuse: ({ id, links }) =>
        azureError('CannotDeleteNatGatewayAssociatedToSubnet', { values: { id, count: links.length } }),
    },
  ],
  defaults: completeNatGateway,
  check: checkNatGateway,
});
