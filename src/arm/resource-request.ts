/** What a request to the routes of a resource type is about, and what their answers have in common. */
import type { FastifyRequest } from 'fastify';
import { requestBaseUrl } from '../base-url.js';
import { azureError } from '../errors.js';
import { normalizeLocation } from '../resources/canonical.js';
import { idKey, type ResourceId, resourceGroupId } from '../resources/resource-id.js';
import type { Resource, ResourceType } from '../resources/resource-type.js';
import { apiVersionFor, queryOf } from './api-versions.js';
import { operationUrl } from './async-operations.js';
import type { Preconditions } from './preconditions.js';
import { groupOf, parametersOf } from './resource-scope.js';
import type { ResourceService } from './resource-service.js';

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
export function typeRequest(request: FastifyRequest, type: ResourceType, service: ResourceService): TypeRequest {
  const group = groupOf(request, service.context);
  const { subscriptionId = '', name = '' } = parametersOf(request);
  const shortType = shortTypeOf(type);
  const namespace = type.type.split('/')[0] as string;
  const id = { subscriptionId, resourceGroup: group.name, namespace, types: [shortType], names: [name] };
  const key = idKey(`${resourceGroupId(subscriptionId, group.name)}/providers/${namespace}/${shortType}/${name}`);
  return { id, key, shortType, apiVersion: apiVersionFor(type, request, service.context) };
}

/** The ARM front door's 404 for a top-level resource. */
export const resourceNotFound = (type: string, { id }: { id: ResourceId }) =>
  azureError('ResourceNotFound', {
    values: { type, name: id.names[0] as string, resourceGroup: id.resourceGroup as string },
  });

/** The stored resource a request is about, or Azure's 404. */
export function existingResource(request: FastifyRequest, type: ResourceType, service: ResourceService) {
  const about = typeRequest(request, type, service);
  const resource = service.store.resource(about.key);
  if (!resource) throw resourceNotFound(type.type, about);
  return { ...about, resource };
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
