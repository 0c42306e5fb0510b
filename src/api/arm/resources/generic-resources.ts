/** Resources of any type: `/resources` of a subscription or group, and types without a model of their own. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { azureError } from '../../../errors/index.js';
import { isKnownType } from '../../../resources/known-types.js';
import { findResourceType } from '../../../resources/registry.js';
import { idKey, parseResourceId, type ResourceId, resourceGroupId, rootOf } from '../../../resources/resource-id.js';
import type { Resource, ResourceDocument } from '../../../resources/resource-type.js';
import { type Answer, send } from './answers.js';
import type { ArmContext } from './arm-context.js';
import { checkOpaque, listOfOpaque, notModelled, ownTypeAndName } from './opaque-resources.js';
import {
  apiVersionOf,
  apiVersionWritten,
  groupOf,
  nextPage,
  page,
  parametersOf,
  queryOf,
  type ResourceRequest,
  subscriptionOf,
} from './request.js';
import { resourceFilter } from './resource-filter.js';
import { writeAbout } from './resource-routes.js';
import type { ResourceService } from './resource-service.js';
import { hiddenOperation, operation } from './route-schemas.js';
import { answerTags, taggedBy } from './tags-resource.js';

/** A resource in a list of all types: no properties, times only when asked for. */
function summary(resource: Resource, expand: string): object {
  const { location, tags, sku, kind, zones } = resource.document as ResourceDocument & { kind?: string };
  const wants = (member: string): boolean => expand.toLowerCase().split(',').includes(member.toLowerCase());
  return {
    id: resource.id,
    name: resource.name,
    type: resource.type,
    ...(kind === undefined ? {} : { kind }),
    ...(sku === undefined ? {} : { sku }),
    ...(location === undefined ? {} : { location }),
    ...(tags === undefined ? {} : { tags }),
    ...(zones === undefined ? {} : { zones }),
    ...(wants('createdTime') ? { createdTime: resource.createdTime } : {}),
    ...(wants('changedTime') ? { changedTime: resource.changedTime } : {}),
    ...(wants('provisioningState') ? { provisioningState: resource.provisioningState } : {}),
  };
}

function list(request: FastifyRequest, all: readonly Resource[]) {
  const query = queryOf(request);
  const matches = resourceFilter(query.$filter);
  // What extends a resource or lies in the subscription itself is not among the resources that Azure lists.
  const found = all.filter(
    (one) => one.resourceGroup !== '' && !/\/providers\/.*\/providers\//.test(one.key) && matches(one),
  );
  const answer = page(request, found, (resource) => summary(resource, query.$expand ?? ''));
  // Azure looks a name up in an index that it reads page by page: the last page is often an empty one of its own.
  const byName = /\bname\s+eq\b/i.test(query.$filter ?? '');
  if (!byName || 'nextLink' in answer || query.$skiptoken !== undefined) return answer;
  return { ...answer, nextLink: nextPage(request, found.length) };
}

/** What a request is about, in a resource group or in the subscription itself (role assignments, policies). */
function requestAbout(request: FastifyRequest, { context }: ResourceService): ResourceRequest {
  const { resourceGroupName, namespace = '', '*': rest = '' } = parametersOf(request);
  const group = resourceGroupName === undefined ? undefined : groupOf(request, context);
  const subscriptionId = group?.subscriptionId ?? subscriptionOf(request, context);
  const scope = group ? resourceGroupId(subscriptionId, group.name) : `/subscriptions/${subscriptionId}`;
  const id = parseResourceId(`${scope}/providers/${namespace}/${rest}`);
  if (!id) throw notModelled(typeIn(request), apiVersionOf(request));
  return { id, apiVersion: apiVersionWritten(request) };
}

const healthType = 'Microsoft.ResourceHealth/availabilityStatuses';

/** The health of a resource, which is always good here. */
const healthOf = (resource: Resource, { clock }: ArmContext) => ({
  id: `${resource.id}/providers/${healthType}/current`,
  name: 'current',
  type: healthType,
  location: resource.document.location,
  properties: {
    availabilityState: 'Available',
    title: 'Available',
    summary: 'There are no known problems that affect this resource.',
    reasonChronicity: 'Persistent',
    occuredTime: resource.changedTime,
    reportedTime: clock.timestamp(),
  },
});

/** `…/providers/Microsoft.ResourceHealth/availabilityStatuses/current` of any resource; undefined for other ids. */
function currentHealth({ id, apiVersion }: ResourceRequest, service: ResourceService): Answer | undefined {
  const own = ownTypeAndName(id);
  if (own.type.toLowerCase() !== healthType.toLowerCase()) return undefined;
  const at = id.types.lastIndexOf('providers');
  const parent = { ...id, types: id.types.slice(0, at), names: id.names.slice(0, at) };
  const { resource } = service.existing({ id: parent, apiVersion: newestOf(parent) ?? apiVersion });
  return { status: 200, body: healthOf(resource, service.context) };
}

/** The api-version of a request is the extension's, not that of what it extends. */
const newestOf = (id: ResourceId): string | undefined =>
  findResourceType(`${id.namespace}/${id.types[0]}`)?.apiVersions.at(-1);

/** The type in the path of a request, which may name resources of it or all of them. */
function typeIn(request: FastifyRequest): string {
  const { namespace = '', '*': rest = '' } = parametersOf(request);
  const segments = `${namespace}/${rest}`.split('/');
  const own = segments.lastIndexOf('providers') + 1;
  return [segments[own], ...segments.slice(own + 1).filter((_, index) => index % 2 === 0)].join('/');
}

/** Whether a request lists a type without a model. */
function listsType(request: FastifyRequest): boolean {
  const { '*': rest = '' } = parametersOf(request);
  return rest.split('/').length % 2 === 1 && !findResourceType(typeIn(request));
}

/** The resources of a type without a model in the subscription, group or parent of the path. */
function listOpaque(request: FastifyRequest, service: ResourceService) {
  const { store, context } = service;
  const { resourceGroupName, namespace = '', '*': rest = '' } = parametersOf(request);
  const subscriptionId = subscriptionOf(request, context);
  const resourceGroup = resourceGroupName === undefined ? undefined : groupOf(request, context).name;
  const scope =
    resourceGroup === undefined ? `/subscriptions/${subscriptionId}` : resourceGroupId(subscriptionId, resourceGroup);
  const parent = rest
    .split('/')
    .slice(0, -1)
    .join('/')
    .replace(/\/providers(\/[^/]+)?$/i, '');
  const prefix = idKey(parent === '' ? `${scope}/` : `${scope}/providers/${namespace}/${parent}/`);
  const id = parseResourceId(`${scope}/providers/${namespace}/${rest}/x`);
  const apiVersion = apiVersionOf(request);
  if (id) checkOpaque(id, { apiVersion, strictTypes: context.strictTypes });
  const above =
    parent === '' || resourceGroup === undefined
      ? undefined
      : parseResourceId(`${scope}/providers/${namespace}/${parent}`);
  // Services have children that are there from the start, of which only the first resource is stored.
  if (above) service.existing({ id: rootOf(above), apiVersion: newestOf(above) ?? apiVersion });
  const type = typeIn(request).toLowerCase();
  const inScope = store.list({ subscriptionId, ...(resourceGroup === undefined ? {} : { resourceGroup }) });
  if (type === healthType.toLowerCase()) {
    const healthy = inScope.filter((one) => findResourceType(one.type) && `${one.key}/`.startsWith(prefix));
    return page(request, healthy, (one) => healthOf(one, context));
  }
  const found = inScope.filter((one) => one.type.toLowerCase() === type && one.key.startsWith(prefix));
  return page(request, found, (one) => service.reader.show(one, apiVersion));
}

/** A `list…` action of a type without a model. */
function listSecrets(request: FastifyRequest, service: ResourceService): unknown {
  const { context, store } = service;
  const { namespace = '', '*': rest = '' } = parametersOf(request);
  const { subscriptionId, name } = groupOf(request, context);
  const at = rest.lastIndexOf('/');
  const id = parseResourceId(`${resourceGroupId(subscriptionId, name)}/providers/${namespace}/${rest.slice(0, at)}`);
  const answer = id && listOfOpaque({ id, action: rest.slice(at + 1), apiVersion: apiVersionOf(request) }, store);
  if (id && answer === undefined) service.existing({ id, apiVersion: apiVersionWritten(request) });
  if (answer !== undefined) return answer;
  const type = typeIn(request);
  if (!isKnownType(type)) throw notModelled(type, apiVersionOf(request));
  throw azureError('OperationNotEmulated', { values: { operation: `${namespace}/${rest}` } });
}

/** Registers the routes that know no type. */
export function addGenericResourceRoutes(app: FastifyInstance, service: ResourceService): void {
  const { context } = service;
  const subscription = '/subscriptions/:subscriptionId';
  const group = `${subscription}/resourceGroups/:resourceGroupName`;
  const schema = (action: string) => operation('Microsoft.Resources', `Resources_${action}`);
  app.get(`${subscription}/resources`, schema('list'), (request) =>
    list(request, service.store.list({ subscriptionId: subscriptionOf(request, context) })),
  );
  app.get(`${group}/resources`, schema('listByResourceGroup'), (request) => {
    const { subscriptionId, name: resourceGroup } = groupOf(request, context);
    return list(request, service.store.list({ subscriptionId, resourceGroup }));
  });

  const get = (request: FastifyRequest, reply: FastifyReply) => {
    const about = requestAbout(request, service);
    const tagged = taggedBy(about, service);
    if (tagged) return answerTags(request, reply, tagged);
    return send(request, reply, currentHealth(about, service) ?? service.get(about));
  };
  const put = async (request: FastifyRequest, reply: FastifyReply) => {
    const about = requestAbout(request, service);
    const tagged = taggedBy(about, service);
    if (tagged) return answerTags(request, reply, tagged);
    return send(request, reply, await service.put(writeAbout(request, about)));
  };
  const patch = async (request: FastifyRequest, reply: FastifyReply) => {
    const about = requestAbout(request, service);
    const tagged = taggedBy(about, service);
    if (tagged) return answerTags(request, reply, tagged);
    return send(request, reply, await service.patch(writeAbout(request, about)));
  };
  const remove = async (request: FastifyRequest, reply: FastifyReply) => {
    const about = requestAbout(request, service);
    const tagged = taggedBy(about, service);
    if (tagged) return answerTags(request, reply, tagged);
    return send(request, reply, await service.delete(writeAbout(request, about)));
  };

  const inSubscription = `${subscription}/providers/:namespace/*`;
  const getOrList = (request: FastifyRequest, reply: FastifyReply) =>
    listsType(request) ? reply.send(listOpaque(request, service)) : get(request, reply);
  app.get(inSubscription, hiddenOperation, getOrList);
  // Azure's providers of networks and machines have no HEAD; yet of a resource that exists the answer is never 404.
  const head = (request: FastifyRequest, reply: FastifyReply) => {
    const about = requestAbout(request, service);
    const { resource } = service.existing(about);
    return reply.code(findResourceType(resource.type) ? 405 : 204).send();
  };
  app.head(inSubscription, hiddenOperation, head);
  app.put(inSubscription, hiddenOperation, put);
  app.patch(inSubscription, hiddenOperation, patch);
  app.delete(inSubscription, hiddenOperation, remove);
  const inGroup = `${group}/providers/:namespace/*`;
  app.get(inGroup, hiddenOperation, getOrList);
  app.head(inGroup, hiddenOperation, head);
  app.post(inGroup, hiddenOperation, (request) => listSecrets(request, service));
  app.put(inGroup, hiddenOperation, put);
  app.patch(inGroup, hiddenOperation, patch);
  app.delete(inGroup, hiddenOperation, remove);
}
