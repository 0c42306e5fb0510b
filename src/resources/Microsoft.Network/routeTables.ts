/**
 * Route tables (`Microsoft.Network/routeTables`) and their routes, as
 * https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview describes them. Stored and shown.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { parseIpAddress } from '../../support/ip-address.js';
import { childNamed, childrenIn } from '../references.js';
import { type ResourceDocument, resourceType, type WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';
import { checkAddressPrefix, fillIn, keepResourceGuid } from './common-members.js';
import { networkApiVersions, versions } from './member-versions.js';

const route = Schema.envelope('name id etag properties type', {
  type: Schema.string({ readOnly: true }),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      addressPrefix: Schema.string(),
      nextHopType: Schema.oneOf(['VirtualNetworkGateway', 'VnetLocal', 'Internet', 'VirtualAppliance', 'None'], {
        clrType: 'RouteNextHopType',
      }),
      nextHopIpAddress: Schema.string(),
      hasBgpOverride: Schema.boolean({ readOnly: true, ...versions.route.hasBgpOverride }),
    },
    { clrType: 'RouteProperties' },
  ),
});
type Route = Schema.Static<typeof route>;

interface RouteTableDocument extends ResourceDocument {
  properties: Record<string, unknown> & { disableBgpRoutePropagation?: boolean; routes?: Route[] };
}

const schema = Schema.envelope('name id etag type location tags properties', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      disableBgpRoutePropagation: Schema.boolean(versions.routeTable.disableBgpRoutePropagation),
      routes: Schema.children('routes', route),
      subnets: Schema.backReferences('Microsoft.Network/virtualNetworks/subnets', 'routeTable'),
    },
    { clrType: 'RouteTableProperties' },
  ),
});

function completeRouteTable(context: WriteContext<RouteTableDocument>): void {
  const properties = context.document.properties;
  keepResourceGuid(context);
  fillIn(properties, { disableBgpRoutePropagation: false, routes: [] });
  for (const one of properties.routes ?? []) {
    one.properties ??= {};
    fillIn(one.properties, { hasBgpOverride: false });
    const { nextHopType, nextHopIpAddress } = one.properties;
    const before = childNamed(childrenIn(context.existing?.document.properties, 'routes'), one.name)?.properties;
    // Clients change the type of what they read, and send the address of the appliance back along with it.
    const isLeftOver = nextHopType !== before?.nextHopType && nextHopIpAddress === before?.nextHopIpAddress;
    if (nextHopType !== 'VirtualAppliance' && isLeftOver) delete one.properties.nextHopIpAddress;
  }
}

/** A route leads from a prefix to a next hop; only appliances are known by their address. */
function* checkRoute({ name = '', properties = {} }: Route): Generator<AzureError> {
  const { addressPrefix, nextHopType, nextHopIpAddress = '' } = properties;
  if (!addressPrefix || !nextHopType) {
    yield azureError('RouteParametersMissing', { values: { name } });
    return;
  }
  const isAppliance = nextHopType === 'VirtualAppliance';
  if (isAppliance && nextHopIpAddress === '') yield azureError('MissingNextHopIpAddress', { values: { name } });
  if (nextHopIpAddress !== '' && !(isAppliance && parseIpAddress(nextHopIpAddress))) {
    yield azureError('NextHopIpAddressInvalid', { values: { name, value: nextHopIpAddress, type: nextHopType } });
  }
}

/** A route's destination may also be a service tag, which has no slash. */
function* checkRouteTable({ document, idText }: WriteContext<RouteTableDocument>): Generator<AzureError> {
  const byPrefix = new Map<string, string>();
  for (const one of document.properties.routes ?? []) {
    yield* checkRoute(one);
    const { name = '', properties } = one;
    const prefix = properties?.addressPrefix ?? '';
    if (/^[\d.]+$|[/:]/.test(prefix)) yield* checkAddressPrefix(prefix, `${idText}/routes/${name}`);
    const first = byPrefix.get(prefix.toLowerCase());
    if (first !== undefined) yield azureError('RouteConflict', { values: { name, other: first } });
    byPrefix.set(prefix.toLowerCase(), name);
  }
}

export const routeTables = resourceType<RouteTableDocument>({
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
