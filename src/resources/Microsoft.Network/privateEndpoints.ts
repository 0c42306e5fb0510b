/**
 * Private endpoints (`Microsoft.Network/privateEndpoints`), as
 * https://learn.microsoft.com/azure/private-link/private-endpoint-overview describes them: a network interface in a subnet
 * that leads to a private link service or to a service of Azure's own.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { stableGuid } from '../../support/ids.js';
import { type ChildDocument, childNamed, childrenIn, lookUpChild } from '../references.js';
import { formatResourceId, idKey, parseResourceId, typeOf } from '../resource-id.js';
import {
  type Lookup,
  type Resource,
  type ResourceDocument,
  resourceType,
  type ShowContext,
  type WriteContext,
} from '../resource-type.js';
import * as Schema from '../schema.js';
import { dropEmptyLists, fillIn, keepResourceGuid } from './common-members.js';
import { networkApiVersionsSince, versions } from './member-versions.js';
import {
  approvedEndpoints,
  connectionState,
  isVisibleTo,
  serviceWithAlias,
  stateOfConnection,
} from './privateLinkServices.js';

const linkService = 'Microsoft.Network/privateLinkServices';

const connection = Schema.envelope('name id etag properties type', {
  type: Schema.string({ readOnly: true }),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      /** The id of a service, or the alias of a private link service. */
      privateLinkServiceId: Schema.string(),
      groupIds: Schema.array(Schema.string()),
      requestMessage: Schema.string(),
      privateLinkServiceConnectionState: connectionState(),
      /** Never shown: the connection at the private link service, as long as there is one. */
      connection: Schema.reference(`${linkService}/privateEndpointConnections`, {
        anyRegion: true,
        ...versions.privateEndpoint.connection,
      }),
    },
    { clrType: 'PrivateLinkServiceConnectionProperties' },
  ),
});
type Connection = Schema.Static<typeof connection>;

const ipConfiguration = Schema.envelope('name id etag type properties', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      memberName: Schema.string(),
      groupId: Schema.string(),
      privateIPAddress: Schema.string(),
    },
    { clrType: 'PrivateEndpointIPConfigurationProperties' },
  ),
});

const lists = ['privateLinkServiceConnections', 'manualPrivateLinkServiceConnections'] as const;

interface PrivateEndpointDocument extends ResourceDocument {
  properties: Record<string, unknown> & {
    [list in (typeof lists)[number]]?: Connection[];
  } & {
    resourceGuid?: string;
    customNetworkInterfaceName?: string;
    subnet?: { id: string };
    ipConfigurations?: Schema.Static<typeof ipConfiguration>[];
    networkInterface?: { id: string };
  };
}

const schema = Schema.envelope('name id etag type location extendedLocation tags properties', {
  extendedLocation: Schema.extendedLocation(versions.privateEndpoint.extendedLocation),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      privateLinkServiceConnections: Schema.children('privateLinkServiceConnections', connection),
      manualPrivateLinkServiceConnections: Schema.children('manualPrivateLinkServiceConnections', connection),
      customNetworkInterfaceName: Schema.string({
        mayBeEmpty: true,
        ...versions.privateEndpoint.customNetworkInterfaceName,
      }),
      subnet: Schema.reference('Microsoft.Network/virtualNetworks/subnets'),
      ipConfigurations: Schema.children('ipConfigurations', ipConfiguration, versions.privateEndpoint.ipConfigurations),
      applicationSecurityGroups: Schema.array(
        Schema.reference('Microsoft.Network/applicationSecurityGroups'),
        versions.privateEndpoint.applicationSecurityGroups,
      ),
      /** Never shown by this name. */
      networkInterface: Schema.reference(
        'Microsoft.Network/networkInterfaces',
        versions.privateEndpoint.networkInterface,
      ),
      networkInterfaces: Schema.array(Schema.anything(), { readOnly: true }),
      customDnsConfigs: Schema.array(Schema.anything(), {
        readOnly: true,
        ...versions.privateEndpoint.customDnsConfigs,
      }),
      isIPv6EnabledPrivateEndpoint: Schema.boolean({
        readOnly: true,
        ...versions.privateEndpoint.isIPv6EnabledPrivateEndpoint,
      }),
    },
    { clrType: 'PrivateEndpointProperties' },
  ),
});

const connectionsOf = ({ properties }: PrivateEndpointDocument): Connection[] =>
  lists.flatMap((list) => properties[list] ?? []);

const isAlias = (target: string): boolean => /\.privatelinkservice$/i.test(target);

/** Whether `target` is the id of a private link service. */
function isLinkService(target: string): boolean {
  const id = parseResourceId(target);
  return id !== undefined && typeOf(id).toLowerCase() === linkService.toLowerCase();
}

/** The private link service that a connection names by its id or alias; undefined where there is none. */
const serviceNamed = (target: string, lookup: Lookup): Resource | undefined =>
  isAlias(target)
    ? serviceWithAlias(lookup, target)
    : isLinkService(target)
      ? lookup.resource(idKey(target))
      : undefined;

/** Ties one connection to its service, or says what became of it where the service is one of Azure's own. */
function connect(one: Connection, { context, list }: { context: WriteContext; list: (typeof lists)[number] }): void {
  one.properties ??= {};
  const properties = one.properties;
  const { existing, lookup, id, document } = context;
  const { privateLinkServiceId: target = '', requestMessage: description = '' } = properties;
  delete properties.privateLinkServiceConnectionState;
  delete properties.connection;
  const service = serviceNamed(target, lookup);
  const before = childNamed(childrenIn(existing?.document.properties, list), one.name)?.properties as
    | Connection['properties']
    | undefined;
  if (!service && (isAlias(target) || isLinkService(target))) return;
  if (!service) {
    properties.privateLinkServiceConnectionState =
      list === 'manualPrivateLinkServiceConnections'
        ? { status: 'Pending', description, actionsRequired: 'None' }
        : { status: 'Approved', description: 'Auto-Approved', actionsRequired: 'None' };
    return;
  }
  if (!isAlias(target)) properties.privateLinkServiceId = service.id;
  // Once it was taken away at the service, a connection does not come back.
  const isCut = before && before.privateLinkServiceId === properties.privateLinkServiceId && !before.connection;
  if (isCut) return;
  const name = `${existing?.name ?? id.names[0]}.${String(document.properties.resourceGuid)}`;
  properties.connection = { id: `${service.id}/privateEndpointConnections/${name}` };
}

function completePrivateEndpoint(context: WriteContext<PrivateEndpointDocument>): void {
  const { document, id, idText, existing } = context;
  const properties = document.properties;
  keepResourceGuid(context);
  fillIn(properties, {
    privateLinkServiceConnections: [],
    manualPrivateLinkServiceConnections: [],
    customNetworkInterfaceName: '',
    ipConfigurations: [],
    isIPv6EnabledPrivateEndpoint: false,
  });
  dropEmptyLists(properties, ['applicationSecurityGroups']);
  for (const list of lists) for (const one of properties[list] ?? []) connect(one, { context, list });
  const guid = stableGuid(`${idText}|${properties.resourceGuid}`);
  const name = properties.customNetworkInterfaceName || `${existing?.name ?? id.names[0]}.nic.${guid}`;
  properties.networkInterface = { id: formatResourceId({ ...id, types: ['networkInterfaces'], names: [name] }) };
}

/** What Azure refuses about one connection. */
function* checkConnection(one: Connection, context: WriteContext): Generator<AzureError> {
  const { idText: id, id: parsed, lookup } = context;
  const { privateLinkServiceId: target = '', groupIds = [] } = one.properties ?? {};
  const service = serviceNamed(target, lookup);
  if (isAlias(target)) {
    if (service && isVisibleTo(service, parsed.subscriptionId)) return;
    const what = `a connection to ${target}, which is no private link service that its subscription can see`;
    yield azureError('PrivateEndpointCannotHave', { values: { id, what } });
  } else if (isLinkService(target)) {
    if (!service) yield azureError('InvalidResourceReference', { values: { referenced: target, id } });
  } else if (!parseResourceId(target)) {
    yield azureError('PrivateEndpointCannotHave', { values: { id, what: `a connection to '${target}'` } });
  } else if (groupIds.length === 0) {
    const list = childNamed(childrenIn(context.document.properties, lists[0]), one.name) ? lists[0] : lists[1];
    const values = { id: `${id}/${list}/${one.name}`, parameter: 'group Id' };
    yield azureError('MissingParameterOnPrivateLinkServiceConnection', { values });
  }
}

function* checkPrivateEndpoint(context: WriteContext<PrivateEndpointDocument>): Generator<AzureError> {
  const { document, idText: id, lookup } = context;
  const { subnet, networkInterface } = document.properties;
  const refusal = (what: string) => azureError('PrivateEndpointCannotHave', { values: { id, what } });
  if (!subnet) {
    yield refusal('no subnet');
    return;
  }
  const connections = connectionsOf(document);
  if (connections.length !== 1) yield refusal(`${connections.length} connections`);
  for (const one of connections) yield* checkConnection(one, context);
  const delegations = childrenIn(lookUpChild(lookup, subnet.id)?.child.properties, 'delegations');
  if (delegations.length > 0) {
    const values = { id, subnet: subnet.id };
    yield azureError('PrivateEndpointCreationNotAllowedAsSubnetIsDelegated', { values });
  }
  const nic = lookup.resource(idKey(networkInterface?.id ?? ''));
  const owner = nic?.document.properties.privateEndpoint as { id: string } | undefined;
  if (nic && idKey(owner?.id ?? '') !== idKey(id)) yield refusal(`${nic.id}, which exists already`);
}

/** Where services that are reached by private endpoints have their names, by folded group; else it is a storage account. */
const hosts: Readonly<Record<string, string>> = {
  registry: 'azurecr.io',
  sites: 'azurewebsites.net',
  sql: 'documents.azure.com',
  sqlserver: 'database.windows.net',
  vault: 'vault.azure.net',
};

/** The names under which the endpoint reaches a service of Azure's own. */
function namesOf(document: PrivateEndpointDocument): string[] {
  return connectionsOf(document).flatMap(({ properties }) => {
    const { privateLinkServiceId: target = '', groupIds: [group] = [] } = properties ?? {};
    const service = parseResourceId(target)?.names.at(-1)?.toLowerCase();
    if (service === undefined || group === undefined || isLinkService(target)) return [];
    return [`${service}.${hosts[group.toLowerCase()] ?? `${group.toLowerCase()}.core.windows.net`}`];
  });
}

/** The network interface that Azure makes for the endpoint: read-only, with an address for each configuration. */
function networkInterfaceOf({ id, document: given }: Resource): { id: string; document: ResourceDocument } {
  const document = given as PrivateEndpointDocument;
  const { location, tags, properties } = document;
  const [group = ''] = connectionsOf(document).flatMap((one) => one.properties?.groupIds ?? []);
  const wanted = properties.ipConfigurations?.length ? properties.ipConfigurations : [undefined];
  const ipConfigurations = wanted.map((one, index): ChildDocument => {
    const { groupId = group, memberName = groupId, privateIPAddress } = one?.properties ?? {};
    const fixed = privateIPAddress === undefined ? {} : { privateIPAddress, privateIPAllocationMethod: 'Static' };
    return {
      name: `privateEndpointIpConfig.${stableGuid(`${id}|${properties.resourceGuid}|${one?.name}`)}`,
      properties: {
        ...fixed,
        subnet: { ...(properties.subnet as { id: string }) },
        primary: index === 0,
        privateLinkConnectionProperties: {
          groupId,
          requiredMemberName: memberName,
          fqdns: index === 0 ? namesOf(document) : [],
        },
      },
    };
  });
  return {
    id: (properties.networkInterface as { id: string }).id,
    document: {
      location: location as string,
      ...(tags ? { tags: { ...tags } } : {}),
      managedBy: id,
      properties: { ipConfigurations, macAddress: '', privateEndpoint: { id } },
    },
  };
}

/** The addresses of the endpoint's network interface, the first one first. */
function addressesOfEndpoint({ document }: Resource, lookup: Pick<Lookup, 'resource'>): string[] {
  const { networkInterface } = (document as PrivateEndpointDocument).properties;
  const nic = lookup.resource(idKey(networkInterface?.id ?? ''));
  return childrenIn(nic?.document.properties, 'ipConfigurations').flatMap(({ properties }) =>
    typeof properties?.privateIPAddress === 'string' ? [properties.privateIPAddress] : [],
  );
}

/** Where the private endpoints are that private link services, by their ids, let in. */
export const addressesOfEndpoints = (services: readonly string[] = [], lookup: Pick<Lookup, 'resource'>): string[] =>
  services
    .flatMap((service) => approvedEndpoints(lookup.resource(idKey(service))))
    .flatMap((id) => lookup.resource(idKey(id)) ?? [])
    .flatMap((endpoint) => addressesOfEndpoint(endpoint, lookup));

/** What is known of a connection elsewhere: at its private link service, or that it is cut. */
function viewConnection(one: Connection, { resource, lookup, answerTo }: ShowContext): Connection {
  const { connection: _, privateLinkServiceConnectionState: own, ...properties } = one.properties ?? {};
  const service = serviceNamed(properties.privateLinkServiceId ?? '', lookup);
  const found = service && stateOfConnection(resource.id, service);
  const state = found ?? own ?? cut;
  // A service of Azure's own confirms a little later.
  const isConfirmed = !answerTo || answerTo.before === resource.document || own?.status !== 'Approved';
  return {
    ...one,
    properties: {
      ...properties,
      privateLinkServiceConnectionState: isConfirmed ? state : { ...state, description: 'Auto Approved' },
    },
  };
}

const cut = { status: 'Disconnected', description: '', actionsRequired: 'None' };

function viewPrivateEndpoint(context: ShowContext): ResourceDocument {
  const { resource, lookup, answerTo } = context;
  const document = resource.document as PrivateEndpointDocument;
  const { networkInterface, ...properties } = document.properties;
  const [address] = addressesOfEndpoint(resource, lookup);
  const services = connectionsOf(document).flatMap(
    ({ properties: { privateLinkServiceId: target = '' } = {} }) => serviceNamed(target, lookup) ?? [],
  );
  const fqdns = services.flatMap((service) => (service.document.properties.fqdns ?? []) as string[]);
  const isNew = answerTo && !answerTo.before;
  const customDnsConfigs =
    isNew || address === undefined
      ? []
      : [...namesOf(document), ...fqdns].map((fqdn) => ({ fqdn, ipAddresses: [address] }));
  return {
    ...document,
    properties: {
      ...properties,
      ...Object.fromEntries(lists.map((list) => [list, properties[list]?.map((one) => viewConnection(one, context))])),
      networkInterfaces: networkInterface ? [networkInterface] : [],
      customDnsConfigs,
    },
  };
}

export const privateEndpoints = resourceType<PrivateEndpointDocument>({
  type: 'Microsoft.Network/privateEndpoints',
  apiVersions: networkApiVersionsSince('2019-04-01'),
  schema,
  defaults: completePrivateEndpoint,
  check: checkPrivateEndpoint,
  view: viewPrivateEndpoint,
  requests: { makes: (resource) => [networkInterfaceOf(resource)] },
});
