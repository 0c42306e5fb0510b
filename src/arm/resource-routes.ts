/** The routes that every modelled resource type has: one, list, create-or-update, tags, delete. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Resource, ResourceType } from '../resources/resource-type.js';
import { addActionRoutes } from './action-routes.js';
import { apiVersionFor, queryOf } from './api-versions.js';
import { acceptedHeaders, putHeaders } from './async-operations.js';
import { addChildRoutes } from './child-routes.js';
import { readTags } from './request-body.js';
import { documentInPlace, readResource } from './resource-body.js';
import {
  existingResource,
  page,
  pollPlaceOf,
  pollUrlOf,
  preconditionsOf,
  resourceNotFound,
  typeRequest,
} from './resource-request.js';
import { groupOf, subscriptionOf } from './resource-scope.js';
import type { ResourceService } from './resource-service.js';
import { routeSchema } from './route-schemas.js';

function answer(reply: FastifyReply, resource: Resource, shown: unknown) {
  return reply.header('etag', resource.etag).send(shown);
}

async function put(request: FastifyRequest, reply: FastifyReply, { type, service }: Handler) {
  const about = typeRequest(request, type, service);
  const body = readResource(request.body, type);
  const write = service.writer.put({
    type,
    id: about.id,
    apiVersion: about.apiVersion,
    conditions: preconditionsOf(request),
    pollUrl: pollUrlOf(request, about.apiVersion),
    document: (existing) => documentInPlace(body, { existing, id: about.id }),
  });
  await service.operations.settle(write);
  const resource = service.store.resource(write.resource.key) ?? write.resource;
  putHeaders(request, reply, pollPlaceOf(resource, { ...write, apiVersion: about.apiVersion }));
  return reply.code(write.created ? 201 : 200).send(service.reader.show(resource, about.apiVersion));
}

function patch(request: FastifyRequest, reply: FastifyReply, { type, service }: Handler) {
  const about = existingResource(request, type, service);
  const resource = service.writer.patchTags(about.key, readTags(request.body));
  if (!resource) throw resourceNotFound(type.type, about);
  reply.header('azure-asyncnotification', 'Enabled');
  return reply.send(service.reader.show(resource, about.apiVersion));
}

async function remove(request: FastifyRequest, reply: FastifyReply, { type, service }: Handler) {
  const about = typeRequest(request, type, service);
  const write = service.writer.delete(about.key, preconditionsOf(request));
  // Azure's front door answers 204 for what is not there.
  if (!write) return reply.code(204).send();
  await service.operations.settle(write);
  acceptedHeaders(request, reply, pollPlaceOf(write.resource, { ...write, apiVersion: about.apiVersion }));
  // Azure takes a network interface away at once, and says so since 2023-11-01.
  const atOnce = type.type === 'Microsoft.Network/networkInterfaces' && about.apiVersion >= '2023-11-01';
  return reply.code(atOnce && service.context.operationDelayMs === 0 ? 200 : 202).send();
}

interface Handler {
  readonly type: ResourceType;
  readonly service: ResourceService;
}

/** Registers all routes of one type. */
export function addResourceRoutes(app: FastifyInstance, type: ResourceType, service: ResourceService): void {
  const handler = { type, service };
  const path = `/providers/${type.type}`;
  const inSubscription = `/subscriptions/:subscriptionId${path}`;
  const inGroup = `/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName${path}`;
  const one = `${inGroup}/:name`;
  const schema = (operation: Parameters<typeof routeSchema>[1]) => ({ schema: routeSchema(type, operation) });
  const show = (apiVersion: string) => (resource: Resource) => service.reader.show(resource, apiVersion);

  app.get(inSubscription, schema('listAll'), (request) => {
    const subscriptionId = subscriptionOf(request, service.context);
    const apiVersion = apiVersionFor(type, request, service.context);
    return page(request, service.store.list({ subscriptionId, type: type.type }), show(apiVersion));
  });
  app.get(inGroup, schema('list'), (request) => {
    const group = groupOf(request, service.context);
    const apiVersion = apiVersionFor(type, request, service.context);
    const { subscriptionId, name: resourceGroup } = group;
    return page(request, service.store.list({ subscriptionId, resourceGroup, type: type.type }), show(apiVersion));
  });
  app.get(one, schema('get'), (request, reply) => {
    const { resource, apiVersion } = existingResource(request, type, service);
    return answer(reply, resource, service.reader.show(resource, apiVersion, queryOf(request).$expand));
  });
  app.put(one, schema('createOrUpdate'), (request, reply) => put(request, reply, handler));
  app.patch(one, schema('updateTags'), (request, reply) => patch(request, reply, handler));
  app.delete(one, schema('delete'), (request, reply) => remove(request, reply, handler));
  addChildRoutes(app, { type, service, path: one });
  addActionRoutes(app, { type, service, path: one });
}
