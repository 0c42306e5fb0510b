/** Resources of any type: `/resources` of a subscription or group, and types without a model of their own. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requestBaseUrl } from '../base-url.js';
import { azureError } from '../errors.js';
import { newEtag } from '../ids.js';
import { normalizeLocation } from '../resources/canonical.js';
import { findResourceType } from '../resources/registry.js';
import {
  formatResourceId,
  idKey,
  parseResourceId,
  type ResourceId,
  resourceGroupId,
  typeOf,
} from '../resources/resource-id.js';
import type { Resource, ResourceDocument } from '../resources/resource-type.js';
import { apiVersionOf, queryOf } from './api-versions.js';
import { acceptedHeaders, putHeaders } from './async-operations.js';
import { opaqueDocument, showOpaque } from './opaque-resources.js';
import { parseJsonObject, readTags } from './request-body.js';
import { resourceFilter } from './resource-filter.js';
import { page, pollPlaceOf } from './resource-request.js';
import { groupOf, parametersOf, subscriptionOf } from './resource-scope.js';
import type { ResourceService } from './resource-service.js';
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

function nextPage(request: FastifyRequest, start: number): string {
  const url = new URL(`${requestBaseUrl(request)}${request.url}`);
  url.searchParams.set('$skiptoken', String(start));
  return url.toString();
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

/** Where a request points: a resource group, or the subscription itself (role assignments, policies). */
function scopeOf(request: FastifyRequest, service: ResourceService): string {
  if (parametersOf(request).resourceGroupName === undefined) {
    return `/subscriptions/${subscriptionOf(request, service.context)}`;
  }
  const { subscriptionId, name } = groupOf(request, service.context);
  return resourceGroupId(subscriptionId, name);
}

function requestedId(request: FastifyRequest, service: ResourceService): ResourceId {
  const { namespace = '', '*': rest = '' } = parametersOf(request);
  const id = parseResourceId(`${scopeOf(request, service)}/providers/${namespace}/${rest}`);
  const type = rest.split('/').filter((_, index) => index % 2 === 0);
  if (!id) throw notModelled(`${namespace}/${type.join('/')}`, apiVersionOf(request));
  checkOpaque(id, { apiVersion: apiVersionOf(request), service });
  return id;
}

/** Throws `InvalidResourceNamespace`, or `InvalidResourceType` for what cannot be stored without a model. */
export function checkOpaque(
  id: ResourceId,
  { apiVersion, service }: { apiVersion: string; service: ResourceService },
): void {
  const { namespace } = id;
  if (!/^[a-z]\w*(\.\w+)+$/i.test(namespace)) {
    throw azureError('InvalidResourceNamespace', { values: { namespace } });
  }
  // A modelled type ends here only for what it does not offer, and for what other providers put on it.
  const modelled = !isExtension(id) && findResourceType(`${namespace}/${id.types[0]}`) !== undefined;
  if (modelled || service.context.strictTypes) throw notModelled(typeOf(id), apiVersion);
}

/** A resource of one provider on a resource of another: a lock or diagnostic settings on a balancer. */
const isExtension = ({ types }: ResourceId): boolean => types.includes('providers');

function ownTypeAndName(id: ResourceId): { type: string; name: string } {
  const at = id.types.lastIndexOf('providers');
  if (at < 0) return { type: typeOf(id), name: id.names.join('/') };
  const type = [id.names[at], ...id.types.slice(at + 1)].join('/');
  return { type, name: id.names.slice(at + 1).join('/') };
}

const notModelled = (type: string, apiVersion: string) => {
  const [namespace = '', ...types] = type.split('/');
  return azureError('InvalidResourceType', {
    values: { type: types.join('/'), namespace, apiVersion, supported: '' },
  });
};

function existing(request: FastifyRequest, service: ResourceService): Resource {
  const id = requestedId(request, service);
  const resource = service.store.resource(idKey(formatResourceId(id)));
  if (!resource) {
    const values = { ...ownTypeAndName(id), resourceGroup: id.resourceGroup ?? '' };
    throw azureError('ResourceNotFound', { values });
  }
  return resource;
}

/** A child cannot be there before its parent, nor an extension before what it extends. */
function checkParent(id: ResourceId, service: ResourceService): void {
  if (id.types.length === 1) return;
  const depth = id.types.at(-2) === 'providers' ? -2 : -1;
  const parent = formatResourceId({ ...id, types: id.types.slice(0, depth), names: id.names.slice(0, depth) });
  if (service.store.resource(idKey(parent))) return;
  const values = { action: 'write', type: id.types.join('/'), parent };
  throw azureError('ParentResourceNotFound', { values });
}

async function put(request: FastifyRequest, reply: FastifyReply, service: ResourceService) {
  const id = requestedId(request, service);
  checkParent(id, service);
  const document = opaqueDocument(parseJsonObject(request.body));
  if (document.location !== undefined) document.location = normalizeLocation(document.location);
  const key = idKey(formatResourceId(id));
  const before = service.store.resource(key);
  const now = service.context.clock.timestamp();
  const resource: Resource = {
    key,
    id: before?.id ?? formatResourceId(id),
    subscriptionId: id.subscriptionId.toLowerCase(),
    resourceGroup: (id.resourceGroup ?? '').toLowerCase(),
    ...(before ? { type: before.type, name: before.name } : ownTypeAndName(id)),
    etag: newEtag(),
    provisioningState: 'Succeeded',
    document,
    createdTime: before?.createdTime ?? now,
    changedTime: now,
  };
  const operationId = service.store.transaction(() => {
    service.store.save(resource);
    return service.writer.recordOperation(resource, 'PutResourceOperation');
  });
  if (!before) service.context.note(`${resource.type} has no model here: ${resource.id} is stored and echoed`);
  await service.operations.settle({ resource, operationId, touched: [] });
  putHeaders(request, reply, pollPlaceOf(resource, { operationId, apiVersion: apiVersionOf(request) }));
  return reply.code(before ? 200 : 201).send(showOpaque(resource));
}

async function remove(request: FastifyRequest, reply: FastifyReply, service: ResourceService) {
  const id = requestedId(request, service);
  const write = service.writer.delete(idKey(formatResourceId(id)), {});
  if (!write) return reply.code(204).send();
  await service.operations.settle(write);
  acceptedHeaders(request, reply, pollPlaceOf(write.resource, { ...write, apiVersion: apiVersionOf(request) }));
  return reply.code(202).send();
}

/** Registers the routes that know no type. */
export function addGenericResourceRoutes(app: FastifyInstance, service: ResourceService): void {
  const subscription = '/subscriptions/:subscriptionId';
  const group = `${subscription}/resourceGroups/:resourceGroupName`;
  const schema = (action: string) => operation('Microsoft.Resources', `Resources_${action}`);
  app.get(`${subscription}/resources`, schema('list'), (request) =>
    list(request, service.store.list({ subscriptionId: subscriptionOf(request, service.context) })),
  );
  app.get(`${group}/resources`, schema('listByResourceGroup'), (request) => {
    const { subscriptionId, name: resourceGroup } = groupOf(request, service.context);
    return list(request, service.store.list({ subscriptionId, resourceGroup }));
  });
  const any = `${group}/providers/:namespace/*`;
  const hidden = hiddenOperation;
  const inSubscription = `${subscription}/providers/:namespace/*`;
  app.get(inSubscription, hidden, (request, reply) => reply.send(showOpaque(existing(request, service))));
  app.put(inSubscription, hidden, (request, reply) => put(request, reply, service));
  app.delete(inSubscription, hidden, (request, reply) => remove(request, reply, service));
  app.get(any, hidden, (request, reply) => {
    const { subscriptionId, name: resourceGroup } = groupOf(request, service.context);
    const { namespace = '', '*': rest = '' } = parametersOf(request);
    if (rest.split('/').length % 2 === 1 && !findResourceType(`${namespace}/${rest.split('/')[0]}`)) {
      const all = service.store.list({ subscriptionId, resourceGroup });
      const type = `${namespace}/${rest
        .split('/')
        .filter((_, index) => index % 2 === 0)
        .join('/')}`.toLowerCase();
      return reply.send(
        page(
          request,
          all.filter((one) => one.type.toLowerCase() === type),
          showOpaque,
        ),
      );
    }
    return reply.send(showOpaque(existing(request, service)));
  });
  app.put(any, hidden, (request, reply) => put(request, reply, service));
  app.patch(any, hidden, (request, reply) => {
    const resource = existing(request, service);
    return reply.send(showOpaque(service.writer.patchTags(resource.key, readTags(request.body)) ?? resource));
  });
  app.delete(any, hidden, (request, reply) => remove(request, reply, service));
}
