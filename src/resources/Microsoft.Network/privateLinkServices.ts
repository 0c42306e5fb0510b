/**
 * Private link services (`Microsoft.Network/privateLinkServices`), as
 * https://learn.microsoft.com/azure/private-link/private-link-service-overview describes them: they tie a load balancer's
 * frontend to them, and keep the connections of private endpoints. What becomes of a connection is decided here.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { stableGuid } from '../../support/ids.js';
import { childNamed, lookUpChild } from '../references.js';
import { formatResourceId, idKey, lastSegment, rootKey } from '../resource-id.js';
import {
  type InUse,
  type Link,
  type Lookup,
  type Resource,
  type ResourceDocument,
  resourceType,
  type ViewContext,
  type WriteContext,
} from '../resource-type.js';
import * as Schema from '../schema.js';
import { fillIn, ipAllocationMethod, ipVersion, keepResourceGuid } from './common-members.js';
import { hasIPBasedPool, type LoadBalancerDocument } from './loadBalancers/parts.js';
import { networkApiVersionsSince, versions } from './member-versions.js';
import { claimPrivateAddress } from './private-address.js';

const ipConfiguration = Schema.envelope('name id etag type properties', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      privateIPAddress: Schema.string(),
      privateIPAllocationMethod: ipAllocationMethod(),
      subnet: Schema.reference('Microsoft.Network/virtualNetworks/subnets'),
      primary: Schema.boolean(),
      privateIPAddressVersion: ipVersion(),
    },
    { clrType: 'PrivateLinkServiceIpConfigurationProperties' },
  ),
});
type IpConfiguration = Schema.Static<typeof ipConfiguration>;

/** `{status, description, actionsRequired}`: Pending, Approved, Rejected, Disconnected. */
export const connectionState = () =>
  Schema.object({
    status: Schema.string(),
    description: Schema.string({ mayBeEmpty: true }),
    actionsRequired: Schema.string(),
  });
type ConnectionState = Schema.Static<ReturnType<typeof connectionState>>;

const connection = Schema.envelope('name id etag properties type', {
  type: Schema.string({ readOnly: true }),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      privateEndpoint: Schema.object({ id: Schema.string() }),
      privateLinkServiceConnectionState: connectionState(),
      linkIdentifier: Schema.string({ readOnly: true, ...versions.privateLinkService.linkIdentifier }),
      privateEndpointLocation: Schema.string({
        readOnly: true,
        ...versions.privateLinkService.privateEndpointLocation,
      }),
      /** Never shown: a client wrote the connection, and no endpoint here has it. */
      isForeign: Schema.boolean({ readOnly: true, ...versions.privateLinkService.isForeign }),
    },
    { clrType: 'PrivateEndpointConnectionProperties' },
  ),
});
type Connection = Schema.Static<typeof connection>;

interface PrivateLinkServiceDocument extends ResourceDocument {
  properties: Record<string, unknown> & {
    loadBalancerFrontendIpConfigurations?: { id: string }[];
    destinationIPAddress?: string;
    ipConfigurations?: IpConfiguration[];
    privateEndpointConnections?: Connection[];
    networkInterfaces?: { id: string }[];
  };
}

interface Subscriptions {
  subscriptions?: string[];
}

const subscriptions = () => Schema.object({ subscriptions: Schema.array(Schema.string()) });

const schema = Schema.envelope('name id etag type location extendedLocation tags properties', {
  extendedLocation: Schema.extendedLocation(versions.privateLinkService.extendedLocation),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      fqdns: Schema.array(Schema.string()),
      alias: Schema.string({ readOnly: true }),
      visibility: subscriptions(),
      autoApproval: subscriptions(),
      enableProxyProtocol: Schema.boolean(versions.privateLinkService.enableProxyProtocol),
      accessMode: Schema.oneOf(['Default', 'Restricted'], versions.privateLinkService.accessMode),
      destinationIPAddress: Schema.string(versions.privateLinkService.destinationIPAddress),
      loadBalancerFrontendIpConfigurations: Schema.array(
        Schema.reference('Microsoft.Network/loadBalancers/frontendIPConfigurations'),
      ),
      ipConfigurations: Schema.children('ipConfigurations', ipConfiguration),
      privateEndpointConnections: Schema.children('privateEndpointConnections', connection),
      networkInterfaces: Schema.array(Schema.reference('Microsoft.Network/networkInterfaces'), { readOnly: true }),
    },
    { clrType: 'PrivateLinkServiceProperties' },
  ),
});

/** Every configuration takes an address of its subnet, which Azure gives to the service's own network interface. */
function completeIpConfiguration(one: IpConfiguration, context: WriteContext, before: object): void {
  one.properties ??= {};
  const properties = one.properties;
  fillIn(properties, { privateIPAllocationMethod: 'Dynamic', privateIPAddressVersion: 'IPv4' });
  if (!properties.subnet) return;
  const claim = {
    owner: `${context.idText}/ipConfigurations/${one.name}`,
    subnetId: properties.subnet.id,
    address: properties.privateIPAddress,
    method: properties.privateIPAllocationMethod ?? 'Dynamic',
    version: properties.privateIPAddressVersion ?? 'IPv4',
    preferred: (before as Record<string, string>)[one.name ?? ''],
  };
  const address = claimPrivateAddress(context, claim);
  (before as Record<string, string>)[one.name ?? ''] = address;
  if (properties.privateIPAllocationMethod === 'Static') properties.privateIPAddress = address;
  else delete properties.privateIPAddress;
}

/**
 * A client changes one connection at a time, and of that only the state; a PUT of the service leaves them as they are. Beyond
 * Azure it may bring a connection along, as of an endpoint that is not here; it takes the place of the one that the endpoint has.
 */
function connectionsAfter({
  document,
  existing,
  child,
  idText,
}: WriteContext<PrivateLinkServiceDocument>): Connection[] {
  const before = (existing?.document as PrivateLinkServiceDocument | undefined)?.properties.privateEndpointConnections;
  const given = document.properties.privateEndpointConnections ?? [];
  const one = childNamed(given, child?.name);
  if (child?.method !== 'Put' || !one) return child ? given : (before ?? []);
  const known = childNamed(before, one.name);
  const replaced = known ?? connectionTo(one.properties?.privateEndpoint?.id, before);
  const privateLinkServiceConnectionState = {
    status: 'Pending',
    description: '',
    actionsRequired: 'None',
    ...replaced?.properties?.privateLinkServiceConnectionState,
    ...one.properties?.privateLinkServiceConnectionState,
  };
  const own = replaced?.properties ?? { ...one.properties, linkIdentifier: linkIdentifier(`${idText}|${one.name}`) };
  const foreign = known ? {} : { isForeign: true };
  const written = { ...one, properties: { ...own, ...foreign, privateLinkServiceConnectionState } };
  return given
    .filter((other) => other === one || other.name !== replaced?.name)
    .map((other) => (other === one ? written : other));
}

const connectionTo = (endpoint: string | undefined, all: readonly Connection[] | undefined): Connection | undefined =>
  endpoint === undefined
    ? undefined
    : all?.find(({ properties }) => idKey(properties?.privateEndpoint?.id ?? '') === idKey(endpoint));

/** What became of the connection of the endpoint with this id at its service; undefined when there is none any more. */
export const stateOfConnection = (endpoint: string, { document }: Resource): ConnectionState | undefined =>
  connectionTo(endpoint, (document as PrivateLinkServiceDocument).properties.privateEndpointConnections)?.properties
    ?.privateLinkServiceConnectionState;

/** Ids of the endpoints whose connection is approved. */
export function approvedEndpoints(service: Resource | undefined): string[] {
  const { privateEndpointConnections = [] } =
    (service?.document as PrivateLinkServiceDocument | undefined)?.properties ?? {};
  return privateEndpointConnections.flatMap(({ properties }) => {
    const isApproved = properties?.privateLinkServiceConnectionState?.status === 'Approved';
    return isApproved ? (properties?.privateEndpoint?.id ?? []) : [];
  });
}

/** A number that looks like those that Azure gives to connections. */
const linkIdentifier = (text: string): string => String(Number.parseInt(stableGuid(text).slice(0, 7), 16) + 2 ** 29);

function completePrivateLinkService(context: WriteContext<PrivateLinkServiceDocument>): void {
  const { document, id, idText, existing } = context;
  const properties = document.properties;
  keepResourceGuid(context);
  const guid = stableGuid(`${idText}|${String(properties.resourceGuid)}`);
  const [name = ''] = id.names;
  const nic = { ...id, types: ['networkInterfaces'], names: [`${name}.nic.${guid}`] };
  fillIn(properties, {
    fqdns: [],
    alias: `${name}.${guid}.${document.location}.azure.privatelinkservice`,
    enableProxyProtocol: false,
    loadBalancerFrontendIpConfigurations: [],
    ipConfigurations: [],
    networkInterfaces: [{ id: formatResourceId(nic) }],
  });
  properties.privateEndpointConnections = connectionsAfter(context);
  const all = properties.ipConfigurations ?? [];
  // Addresses that Azure does not show are kept beside what it shows.
  const held = { ...(existing?.document.heldAddresses as object | undefined) };
  for (const one of all) completeIpConfiguration(one, context, held);
  document.heldAddresses = held;
  const primary = all.find((one) => one.properties?.primary) ?? all[0];
  for (const one of all) fillIn(one.properties ?? {}, { primary: one === primary });
}

const decisions = ['Approved', 'Rejected', 'Pending', 'Disconnected'];

/** Clients decide about connections. */
function* checkDecision({
  child,
  document,
  idText: id,
}: WriteContext<PrivateLinkServiceDocument>): Generator<AzureError> {
  const one = childNamed(document.properties.privateEndpointConnections, child?.name);
  const { status = '' } = one?.properties?.privateLinkServiceConnectionState ?? {};
  if (!one || decisions.includes(status)) return;
  const what = `a connection with the status '${status}'`;
  yield azureError('PrivateLinkServiceCannotHave', { values: { id, what } });
}

function* checkPrivateLinkService(context: WriteContext<PrivateLinkServiceDocument>): Generator<AzureError> {
  const { document, id, idText, lookup } = context;
  yield* checkDecision(context);
  const {
    loadBalancerFrontendIpConfigurations: frontends = [],
    destinationIPAddress,
    ipConfigurations = [],
  } = document.properties;
  if (frontends.length > 0 === (destinationIPAddress !== undefined)) {
    yield azureError('EitherOneLoadBalancerFrontendIpConfigurationOrDestinationIPAddressRequiredOnPrivateLinkService', {
      values: { name: id.names[0] ?? '' },
    });
  }
  const refusal = (what: string) => azureError('PrivateLinkServiceCannotHave', { values: { id: idText, what } });
  if (ipConfigurations.length === 0) yield refusal('no IP configuration');
  if (ipConfigurations.length > 8) yield refusal('more than 8 IP configurations');
  if (new Set(frontends.map(({ id: frontend }) => rootKey(frontend))).size > 1) {
    yield refusal('frontends of more than one load balancer');
  }
  for (const { id: frontend } of frontends) {
    const loadBalancer = lookup.resource(rootKey(frontend));
    if (!loadBalancer) continue;
    const values = { id: idText, loadBalancer: loadBalancer.id };
    if (loadBalancer.document.sku?.name === 'Basic') {
      yield azureError('PrivateLinkServiceIsNotSupportedForBasicLoadBalancer', { values });
    }
    if (loadBalancer.document.sku?.name === 'Gateway') yield refusal('a frontend of a Gateway load balancer');
    // differs: its documents want an internal frontend, but Azure was seen to take a public one.
    if (hasIPBasedPool(loadBalancer.document as LoadBalancerDocument)) {
      yield azureError('PrivateLinkServiceIsNotSupportedForIPBasedLoadBalancer', { values });
    }
  }
  for (const { properties } of ipConfigurations) {
    const subnet = properties?.subnet?.id;
    const policies = subnet && lookUpChild(lookup, subnet)?.child.properties?.privateLinkServiceNetworkPolicies;
    if (subnet === undefined || policies !== 'Enabled') continue;
    yield azureError('PrivateLinkServiceCannotBeCreatedInSubnetThatHasNetworkPoliciesEnabled', {
      values: { id: idText, subnet },
    });
  }
}

/** Whether one of the lists of subscriptions of a service names `subscriptionId`, or all of them. */
function names(service: Resource, list: 'visibility' | 'autoApproval', subscriptionId: string): boolean {
  const { subscriptions = [] } = (service.document.properties[list] ?? {}) as Subscriptions;
  return subscriptions.some((id) => id === '*' || id.toLowerCase() === subscriptionId.toLowerCase());
}

/** The private link service with this alias, in any subscription. */
export function serviceWithAlias(lookup: Pick<Lookup, 'everyOfType'>, alias: string): Resource | undefined {
  for (const one of lookup.everyOfType('Microsoft.Network/privateLinkServices')) {
    if ((one.document.properties.alias as string | undefined)?.toLowerCase() === alias.toLowerCase()) return one;
  }
  return undefined;
}

/** Whether a subscription sees the service: its own does, and those that the service shows itself to. */
export const isVisibleTo = (service: Resource, subscriptionId: string): boolean =>
  service.subscriptionId === subscriptionId.toLowerCase() || names(service, 'visibility', subscriptionId);

/**
 * The connection that an endpoint asks for at `link`. Every caller has all rights here, so it is approved at once; a manual
 * request is pending, unless the service approves those of the endpoint's subscription by itself.
 */
function requested(link: Link, { resource: service, lookup }: ViewContext): Connection | undefined {
  const found = lookUpChild(lookup, link.sourceId);
  if (!found) return undefined;
  const { parent: endpoint, child } = found;
  const isManual = link.sourceType.endsWith('/manualPrivateLinkServiceConnections');
  const isApproved = !isManual || names(service, 'autoApproval', endpoint.subscriptionId);
  const { requestMessage: description = '' } = (child.properties ?? {}) as { requestMessage?: string };
  const { resourceGuid } = endpoint.document.properties;
  return {
    name: `${endpoint.name}.${resourceGuid}`,
    properties: {
      privateEndpoint: { id: endpoint.id },
      privateLinkServiceConnectionState: isApproved
        ? { status: 'Approved', description: 'Auto Approved', actionsRequired: 'None' }
        : { status: 'Pending', description, actionsRequired: 'None' },
      linkIdentifier: linkIdentifier(`${service.id}|${resourceGuid}`),
      privateEndpointLocation: endpoint.document.location as string,
    },
  };
}

/** The links that hold the connections of private endpoints. */
const connectionLinks = (lookup: Lookup, service: Resource): Link[] =>
  lookup.linksInto(service.key).filter(({ path }) => path === 'connection');

/** Endpoints that connect get a connection, and those that are gone lose it. */
function followConnections(context: ViewContext): ResourceDocument {
  const { resource, lookup } = context;
  const document = resource.document as PrivateLinkServiceDocument;
  const before = document.properties.privateEndpointConnections ?? [];
  const links = connectionLinks(lookup, resource);
  const staying = before.filter(
    ({ name, properties }) =>
      properties?.isForeign ||
      links.some(({ target }) => target === idKey(`${resource.id}/privateEndpointConnections/${name}`)),
  );
  const added = links.flatMap((link) =>
    childNamed(before, lastSegment(link.target)) ? [] : (requested(link, context) ?? []),
  );
  if (added.length === 0 && staying.length === before.length) return document;
  return { ...document, properties: { ...document.properties, privateEndpointConnections: [...staying, ...added] } };
}

const usedByEndpoints: InUse = {
  by: 'Microsoft.Network/privateEndpoints/*',
  path: 'connection',
  refuse: ({ id, links }) =>
    azureError('PrivateLinkServiceWithPrivateEndpointConnectionsCannotBeDeleted', {
      values: { id, connections: links.map(({ target }) => lastSegment(target)).join(', ') },
    }),
};

export const privateLinkServices = resourceType<PrivateLinkServiceDocument>({
  type: 'Microsoft.Network/privateLinkServices',
  apiVersions: networkApiVersionsSince('2019-04-01'),
  schema,
  children: [{ name: 'privateEndpointConnections', methods: 'write' }],
  inUse: [usedByEndpoints],
  defaults: completePrivateLinkService,
  check: checkPrivateLinkService,
  onLinksChanged: followConnections,
  requests: { statuses: { put: ({ child }) => (child ? 200 : undefined) } },
});
