/** Resources of any type: `/resources` of a subscription or group, and types without a model of their own. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findResourceType } from '../../../resources/registry.js';
import { parseResourceId, resourceGroupId } from '../../../resources/resource-id.js';
import type { Resource, ResourceDocument } from '../../../resources/resource-type.js';
import { notModelled, showOpaque } from './opaque-resources.js';
import {
  apiVersionOf,
  apiVersionWritten,
  groupOf,
  nextPage,
  page,
  parametersOf,
  queryOf,
  send,
  subscriptionOf,
} from './request.js';
import { resourceFilter } from './resource-filter.js';
import { writeAbout } from './resource-routes.js';
import type { ResourceRequest, ResourceService } from './resource-service.js';
import { hiddenOperation, operation } from './route-schemas.js';

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

/** The type in the path of a request, which may name resources of it or all of them. */
function typeIn(request: FastifyRequest): string {
  const { namespace = '', '*': rest = '' } = parametersOf(request);
  return [namespace, ...rest.split('/').filter((_, index) => index % 2 === 0)].join('/');
}

/** Whether a request lists a type without a model. */
function listsType(request: FastifyRequest): boolean {
  const { namespace = '', '*': rest = '' } = parametersOf(request);
  const steps = rest.split('/');
  return steps.length % 2 === 1 && !findResourceType(`${namespace}/${steps[0]}`);
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

  const get = (request: FastifyRequest, reply: FastifyReply) =>
    send(request, reply, service.get(requestAbout(request, service)));
  const put = async (request: FastifyRequest, reply: FastifyReply) =>
    send(request, reply, await service.put(writeAbout(request, requestAbout(request, service))));
  const patch = async (request: FastifyRequest, reply: FastifyReply) =>
    send(request, reply, await service.patchTags(writeAbout(request, requestAbout(request, service))));
  const remove = async (request: FastifyRequest, reply: FastifyReply) =>
    send(request, reply, await service.delete(writeAbout(request, requestAbout(request, service))));

  const inSubscription = `${subscription}/providers/:namespace/*`;
  app.get(inSubscription, hiddenOperation, get);
  app.put(inSubscription, hiddenOperation, put);
  app.delete(inSubscription, hiddenOperation, remove);
  const inGroup = `${group}/providers/:namespace/*`;
  app.get(inGroup, hiddenOperation, (request, reply) => {
    if (!listsType(request)) return get(request, reply);
    const { subscriptionId, name: resourceGroup } = groupOf(request, context);
    const type = typeIn(request).toLowerCase();
    const found = service.store
      .list({ subscriptionId, resourceGroup })
      .filter((one) => one.type.toLowerCase() === type);
    return reply.send(page(request, found, showOpaque));
  });
  app.put(inGroup, hiddenOperation, put);
  app.patch(inGroup, hiddenOperation, patch);
  app.delete(inGroup, hiddenOperation, remove);
}
