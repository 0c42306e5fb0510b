/** The routes that every modelled resource type has: one, list, create-or-update, tags, delete. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requestBaseUrl } from '../base-url.js';
import { azureError } from '../errors.js';
import { normalizeLocation } from '../resources/canonical.js';
import { idKey, type ResourceId, resourceGroupId } from '../resources/resource-id.js';
import type { Resource, ResourceType } from '../resources/resource-type.js';
import { addActionRoutes } from './action-routes.js';
import { apiVersionFor, queryOf } from './api-versions.js';
import type { Arm } from './arm.js';
import { acceptedHeaders, operationUrl, putHeaders } from './async-operations.js';
import { addChildRoutes } from './child-routes.js';
import type { Preconditions } from './preconditions.js';
import { readTags } from './request-body.js';
import { documentInPlace, readResource } from './resource-body.js';
import { groupOf, parametersOf, subscriptionOf } from './resource-scope.js';
import { routeSchema } from './route-schemas.js';

/** Everything a handler of one type needs, read off its request. */
export interface TypeRequest {
  readonly id: ResourceId;
  readonly key: string;
  readonly apiVersion: string;
  readonly shortType: string;
}

export const preconditionsOf = (request: FastifyRequest): Preconditions => ({
  ifMatch: request.headers['if-match'],
  ifNoneMatch: request.headers['if-none-match'],
});

/** `Microsoft.Network/loadBalancers` without its namespace. */
export const shortTypeOf = (type: ResourceType): string => type.type.slice(type.type.indexOf('/') + 1);

/** Reads the id of the top-level resource that a request is about; checks subscription, group and api-version. */
export function typeRequest(request: FastifyRequest, type: ResourceType, arm: Arm): TypeRequest {
  const group = groupOf(request, arm.context);
  const { subscriptionId = '', name = '' } = parametersOf(request);
  const shortType = shortTypeOf(type);
  const namespace = type.type.split('/')[0] as string;
  const id = { subscriptionId, resourceGroup: group.name, namespace, types: [shortType], names: [name] };
  const key = idKey(`${resourceGroupId(subscriptionId, group.name)}/providers/${namespace}/${shortType}/${name}`);
  return { id, key, shortType, apiVersion: apiVersionFor(type, request, arm.context) };
}

/** The ARM front door's 404 for a top-level resource. */
export const resourceNotFound = (type: string, { id }: { id: ResourceId }) =>
  azureError('ResourceNotFound', {
    values: { type, name: id.names[0] as string, resourceGroup: id.resourceGroup as string },
  });

/** The stored resource a request is about, or Azure's 404. */
export function existingResource(request: FastifyRequest, type: ResourceType, arm: Arm) {
  const about = typeRequest(request, type, arm);
  const resource = arm.store.resource(about.key);
  if (!resource) throw resourceNotFound(type.type, about);
  return { ...about, resource };
}

function answer(reply: FastifyReply, resource: Resource, shown: unknown) {
  return reply.header('etag', resource.etag).send(shown);
}

/** Where a resource's operations are polled. */
export const pollPlaceOf = (
  resource: Resource,
  { operationId, apiVersion }: { operationId: string; apiVersion: string },
) => ({
  subscriptionId: resource.subscriptionId,
  location: normalizeLocation(resource.document.location ?? 'global'),
  operationId,
  apiVersion,
});

/** Where this client would poll an operation on a resource. */
export const pollUrlOf = (request: FastifyRequest, apiVersion: string) => (resource: Resource, operationId: string) =>
  operationUrl(request, pollPlaceOf(resource, { operationId, apiVersion }));

async function put(request: FastifyRequest, reply: FastifyReply, { type, arm }: Handler) {
  const about = typeRequest(request, type, arm);
  const body = readResource(request.body, type);
  const write = arm.writer.put({
    type,
    id: about.id,
    apiVersion: about.apiVersion,
    conditions: preconditionsOf(request),
    pollUrl: pollUrlOf(request, about.apiVersion),
    document: (existing) => documentInPlace(body, { existing, id: about.id }),
  });
  await arm.operations.settle(write);
  const resource = arm.store.resource(write.resource.key) ?? write.resource;
  putHeaders(request, reply, pollPlaceOf(resource, { ...write, apiVersion: about.apiVersion }));
  return reply.code(write.created ? 201 : 200).send(arm.reader.show(resource, about.apiVersion));
}

function patch(request: FastifyRequest, reply: FastifyReply, { type, arm }: Handler) {
  const about = existingResource(request, type, arm);
  const resource = arm.writer.patchTags(about.key, readTags(request.body));
  if (!resource) throw resourceNotFound(type.type, about);
  reply.header('azure-asyncnotification', 'Enabled');
  return reply.send(arm.reader.show(resource, about.apiVersion));
}

async function remove(request: FastifyRequest, reply: FastifyReply, { type, arm }: Handler) {
  const about = typeRequest(request, type, arm);
  const write = arm.writer.delete(about.key, preconditionsOf(request));
  // Azure's front door answers 204 for what is not there.
  if (!write) return reply.code(204).send();
  await arm.operations.settle(write);
  acceptedHeaders(request, reply, pollPlaceOf(write.resource, { ...write, apiVersion: about.apiVersion }));
  // Azure takes a network interface away at once, and says so since 2023-11-01.
  const atOnce = type.type === 'Microsoft.Network/networkInterfaces' && about.apiVersion >= '2023-11-01';
  return reply.code(atOnce && arm.context.operationDelayMs === 0 ? 200 : 202).send();
}

interface Handler {
  readonly type: ResourceType;
  readonly arm: Arm;
}

/** Pages of a list: `$top` resources, and an absolute `nextLink` when there are more. */
export function page<T>(request: FastifyRequest, all: readonly T[], show: (one: T) => unknown) {
  const query = queryOf(request);
  const top = Number(query.$top);
  const start = Number(query.$skiptoken ?? 0) || 0;
  if (!Number.isInteger(top) || top < 1) return { value: all.slice(start).map(show) };
  const value = all.slice(start, start + top).map(show);
  if (start + top >= all.length) return { value };
  const url = new URL(`${requestBaseUrl(request)}${request.url}`);
  url.searchParams.set('$skiptoken', String(start + top));
  return { value, nextLink: url.toString() };
}

/** Registers all routes of one type. */
export function addResourceRoutes(app: FastifyInstance, type: ResourceType, arm: Arm): void {
  const handler = { type, arm };
  const path = `/providers/${type.type}`;
  const inSubscription = `/subscriptions/:subscriptionId${path}`;
  const inGroup = `/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName${path}`;
  const one = `${inGroup}/:name`;
  const schema = (operation: Parameters<typeof routeSchema>[1]) => ({ schema: routeSchema(type, operation) });
  const show = (apiVersion: string) => (resource: Resource) => arm.reader.show(resource, apiVersion);

  app.get(inSubscription, schema('listAll'), (request) => {
    const subscriptionId = subscriptionOf(request, arm.context);
    const apiVersion = apiVersionFor(type, request, arm.context);
    return page(request, arm.store.list({ subscriptionId, type: type.type }), show(apiVersion));
  });
  app.get(inGroup, schema('list'), (request) => {
    const group = groupOf(request, arm.context);
    const apiVersion = apiVersionFor(type, request, arm.context);
    const { subscriptionId, name: resourceGroup } = group;
    return page(request, arm.store.list({ subscriptionId, resourceGroup, type: type.type }), show(apiVersion));
  });
  app.get(one, schema('get'), (request, reply) => {
    const { resource, apiVersion } = existingResource(request, type, arm);
    return answer(reply, resource, arm.reader.show(resource, apiVersion, queryOf(request).$expand));
  });
  app.put(one, schema('createOrUpdate'), (request, reply) => put(request, reply, handler));
  app.patch(one, schema('updateTags'), (request, reply) => patch(request, reply, handler));
  app.delete(one, schema('delete'), (request, reply) => remove(request, reply, handler));
  addChildRoutes(app, { type, arm, path: one });
  addActionRoutes(app, { type, arm, path: one });
}
