/** The routes of child collections. A child is read from and written into its parent's document. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { azureError } from '../errors.js';
import type { ChildCollection, Resource, ResourceType } from '../resources/resource-type.js';
import { queryOf } from './api-versions.js';
import { acceptedHeaders, putHeaders } from './async-operations.js';
import { readBody } from './request-body.js';
import { childrenOf, putChild, type StoredChild, sameName, withChildren } from './resource-body.js';
import { childSchema } from './resource-reader.js';
import { existingResource, pollPlaceOf, pollUrlOf, preconditionsOf, resourceNotFound } from './resource-request.js';
import { parametersOf } from './resource-scope.js';
import type { ResourceService } from './resource-service.js';
import { routeSchema } from './route-schemas.js';

interface ChildHandler {
  readonly type: ResourceType;
  readonly collection: ChildCollection;
  readonly service: ResourceService;
}

const notFound = (resource: Resource, collection: string, name: string) =>
  azureError('NotFound', { values: { id: `${resource.id}/${collection}/${name}` } });

interface ParentWrite {
  readonly parent: ReturnType<typeof existingResource>;
  readonly method: 'Put' | 'Delete';
  readonly change: (children: StoredChild[]) => StoredChild[];
}

/** Writes the parent with the children that `change` makes of those it has, and waits until the data plane follows. */
async function writeParent(
  request: FastifyRequest,
  { type, collection, service }: ChildHandler,
  { parent: { id, apiVersion }, method, change }: ParentWrite,
) {
  const name = parametersOf(request).childName as string;
  const write = service.writer.put({
    type,
    id,
    apiVersion,
    conditions: preconditionsOf(request),
    child: { collection: collection.name, name, method },
    pollUrl: pollUrlOf(request, apiVersion),
    document: (existing) => {
      if (!existing) throw resourceNotFound(type.type, { id });
      const children = childrenOf(existing.document, collection.name);
      return withChildren(existing.document, collection.name, change(children));
    },
  });
  await service.operations.settle(write);
  return write;
}

async function put(request: FastifyRequest, reply: FastifyReply, handler: ChildHandler) {
  const { type, collection, service } = handler;
  const parent = existingResource(request, type, service);
  const name = parametersOf(request).childName as string;
  const body = readBody(request.body, childSchema(type, collection.name));
  let isNew = true;
  const change = (before: StoredChild[]): StoredChild[] => {
    const after = putChild(before, { name, body });
    isNew = after.isNew;
    return after.children;
  };
  const { apiVersion } = parent;
  const write = await writeParent(request, handler, { parent, method: 'Put', change });
  const resource = service.store.resource(write.resource.key) ?? write.resource;
  putHeaders(request, reply, pollPlaceOf(resource, { ...write, apiVersion }));
  return reply
    .code(isNew ? 201 : 200)
    .send(service.reader.child(resource, { collection: collection.name, name, apiVersion }));
}

async function remove(request: FastifyRequest, reply: FastifyReply, handler: ChildHandler) {
  const { type, collection, service } = handler;
  const parent = existingResource(request, type, service);
  const name = parametersOf(request).childName as string;
  if (!childrenOf(parent.resource.document, collection.name).some((child) => sameName(child, name))) {
    return reply.code(204).send();
  }
  const change = (children: StoredChild[]) => children.filter((child) => !sameName(child, name));
  const write = await writeParent(request, handler, { parent, method: 'Delete', change });
  acceptedHeaders(request, reply, pollPlaceOf(write.resource, { ...write, apiVersion: parent.apiVersion }));
  return reply.code(202).send();
}

/** Registers the routes of every child collection of a type below `path`. */
export function addChildRoutes(
  app: FastifyInstance,
  { type, service, path }: { type: ResourceType; service: ResourceService; path: string },
): void {
  for (const collection of type.children ?? []) {
    const handler = { type, collection, service };
    const all = `${path}/${collection.name}`;
    const one = `${all}/:childName`;
    const schema = (operation: Parameters<typeof routeSchema>[1]) => ({
      schema: routeSchema(type, operation, collection.name),
    });
    app.get(all, schema('list'), (request) => {
      const { resource, apiVersion } = existingResource(request, type, service);
      return { value: service.reader.children(resource, collection.name, apiVersion) };
    });
    app.get(one, schema('get'), (request, reply) => {
      const { resource, apiVersion } = existingResource(request, type, service);
      const name = parametersOf(request).childName as string;
      const expand = queryOf(request).$expand;
      const child = service.reader.child(resource, { collection: collection.name, name, apiVersion, expand });
      if (!child) throw notFound(resource, collection.name, name);
      return reply.header('etag', resource.etag).send(child);
    });
    if (collection.methods !== 'write') continue;
    app.put(one, schema('createOrUpdate'), (request, reply) => put(request, reply, handler));
    app.delete(one, schema('delete'), (request, reply) => remove(request, reply, handler));
  }
}
