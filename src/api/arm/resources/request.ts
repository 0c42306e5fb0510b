/**
 * What a request is about: parameters, subscription, resource group and api-version; the type that answers for its id, the
 * child in its document, and the document that it writes; locks that forbid it; pages. Absolute URLs begin with the request's
 * own scheme and host.
 */
import type { FastifyRequest } from 'fastify';
import { type AzureError, azureError } from '../../../errors/index.js';
import { requestBaseUrl } from '../../../http/server.js';
import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId, idKey, type ResourceId } from '../../../resources/resource-id.js';
import { childSchema, type Lookup, type Resource, type ResourceType } from '../../../resources/resource-type.js';
import type { ResourceGroup } from '../../../store/resource-store.js';
import { isGuid } from '../../../support/ids.js';
import type { ArmContext } from './arm-context.js';
import { locationNames } from './locations.js';
import { checkOpaque, lockType, ownTypeAndName } from './opaque-resources.js';
import {
  type ChildPlace,
  documentInPlace,
  type Preconditions,
  type RequestBody,
  readBody,
  readResource,
  withChild,
} from './request-body.js';
import type { DocumentWrite } from './resource-writer.js';

export const parametersOf = (request: FastifyRequest): Record<string, string> =>
  request.params as Record<string, string>;

/** Query parameters of a request, names folded, first value of each. */
export function queryOf(request: FastifyRequest): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.query as Record<string, string | string[]>)) {
    query[name.toLowerCase()] = Array.isArray(value) ? (value[0] as string) : value;
  }
  return query;
}

/** The request's api-version, folded. Throws as `wellFormedApiVersion` does. */
export const apiVersionOf = (request: FastifyRequest): string => wellFormedApiVersion(queryOf(request)['api-version']);

/** The request's api-version as the client wrote it; undefined without one. */
export const apiVersionWritten = (request: FastifyRequest): string | undefined => queryOf(request)['api-version'];

const scopeOf = (request: FastifyRequest) => ({
  subscriptionId: parametersOf(request).subscriptionId as string,
  apiVersion: apiVersionWritten(request),
});

/** The subscription in the path. Throws as `checkSubscription` does. */
export function subscriptionOf(request: FastifyRequest, context: ArmContext): string {
  const scope = scopeOf(request);
  checkSubscription(scope, context);
  return scope.subscriptionId;
}

/** The resource group in the path. Throws when there is none, or (for a PUT) while it is being deleted. */
export function groupOf(request: FastifyRequest, context: ArmContext): ResourceGroup {
  const wanted = { ...scopeOf(request), name: parametersOf(request).resourceGroupName as string };
  return request.method === 'PUT' ? writableGroup(wanted, context) : existingGroup(wanted, context);
}

export const preconditionsOf = (request: FastifyRequest): Preconditions => ({
  ifMatch: request.headers['if-match'],
  ifNoneMatch: request.headers['if-none-match'],
});

/** The request's own URL, absolute. */
export const absoluteUrl = (request: FastifyRequest): string => `${requestBaseUrl(request)}${request.url}`;

/** The URL of the page of a list that begins at `start`. */
export function nextPage(request: FastifyRequest, start: number): string {
  const url = new URL(absoluteUrl(request));
  url.searchParams.set('$skiptoken', String(start));
  return url.toString();
}

/** Pages of a list: `$top` resources, and an absolute `nextLink` when there are more. */
export function page<T>(request: FastifyRequest, all: readonly T[], show: (one: T) => unknown) {
  const query = queryOf(request);
  const top = Number(query.$top);
  const start = Number(query.$skiptoken ?? 0) || 0;
  if (!Number.isInteger(top) || top < 1) return { value: all.slice(start).map(show) };
  const value = all.slice(start, start + top).map(show);
  return start + top >= all.length ? { value } : { value, nextLink: nextPage(request, start + top) };
}

/** Versions of Microsoft.Resources, which the front door names when a version is none. */
const resourcesApiVersions =
  '2025-04-01,2025-03-01,2024-11-01,2024-07-01,2024-03-01,2023-07-01,2022-12-01,2022-09-01,2021-04-01,2021-01-01,' +
  '2020-10-01,2020-06-01,2019-11-01,2019-10-01,2018-05-01,2018-02-01,2017-05-10,2016-09-01,2016-06-01,2015-11-01';

const wellFormed = /^\d{4}-\d{2}-\d{2}(-[a-z]+)?$/;

/** `written` folded; throws `MissingApiVersionParameter`, or `InvalidApiVersionParameter` for no date. */
export function wellFormedApiVersion(written: string | undefined): string {
  const version = written?.toLowerCase();
  if (!version) throw azureError('MissingApiVersionParameter');
  if (!wellFormed.test(version)) {
    const values = { apiVersion: version, supported: resourcesApiVersions };
    throw azureError('InvalidApiVersionParameter', { values });
  }
  return version;
}

const told = new Set<string>();

/**
 * The api-version for a type. A newer one than this Lazurite knows gets the newest shape and one log line. One from before
 * the type's first, and with `--strict-api-versions` each that Azure does not list, is refused with the list
 * (`NoRegisteredProviderFound`).
 */
export function servedApiVersion(type: ResourceType, written: string | undefined, context: ArmContext): string {
  const version = wellFormedApiVersion(written);
  if (type.apiVersions.includes(version)) return version;
  const newestFirst = [...type.apiVersions].reverse();
  if (context.strictApiVersions || version < (type.apiVersions[0] as string)) {
    const location = '';
    const shortType = type.type.split('/').slice(1).join('/');
    const supported = newestFirst.join(', ');
    throw azureError('NoRegisteredProviderFound', {
      values: {
        location,
        apiVersion: version,
        type: shortType,
        supported,
        locations: locationNames.replaceAll(',', ', '),
      },
    });
  }
  if (!told.has(version)) {
    told.add(version);
    context.note(`api-version ${version} of ${type.type} is not known; answering as ${newestFirst[0]} would`);
  }
  return version;
}

/** Where a request is made, as the client wrote it. */
export interface ScopeRequest {
  readonly subscriptionId: string;
  readonly apiVersion: string | undefined;
}

/**
 * Any GUID is a subscription, from its first use. The api-version is checked first, as Azure does. Throws what
 * `wellFormedApiVersion` throws, or `InvalidSubscriptionId`.
 */
export function checkSubscription({ subscriptionId, apiVersion }: ScopeRequest, { store, clock }: ArmContext): void {
  wellFormedApiVersion(apiVersion);
  if (!isGuid(subscriptionId)) throw azureError('InvalidSubscriptionId', { values: { subscriptionId } });
  const { resources } = store;
  if (!resources.hasSubscription(subscriptionId)) resources.rememberSubscription(subscriptionId, clock.timestamp());
}

/** The resource group `name`. Throws as `checkSubscription` does, or `ResourceGroupNotFound`. */
export function existingGroup(request: ScopeRequest & { readonly name: string }, context: ArmContext): ResourceGroup {
  checkSubscription(request, context);
  const { subscriptionId, name } = request;
  const group = context.store.resources.group(subscriptionId, name);
  if (!group) throw azureError('ResourceGroupNotFound', { values: { resourceGroup: name } });
  return group;
}

/** The same for a request that creates something in the group. Throws `ResourceGroupBeingDeleted` besides. */
export function writableGroup(request: ScopeRequest & { readonly name: string }, context: ArmContext): ResourceGroup {
  const group = existingGroup(request, context);
  if (group.provisioningState === 'Deleting') {
    throw azureError('ResourceGroupBeingDeleted', { values: { resourceGroup: group.name } });
  }
  return group;
}

/** Which resource or child a request is about, as the caller wrote it. */
export interface ResourceRequest {
  readonly id: ResourceId;
  readonly apiVersion: string | undefined;
}

export interface PutRequest extends ResourceRequest {
  readonly body: RequestBody;
  readonly conditions?: Preconditions;
  /** Within the write: throws when it is wanted no more. */
  readonly check?: (() => void) | undefined;
  /** Where the caller reached us (`https://localhost:4567`): refusals name the URL of the operation that is in the way. */
  readonly baseUrl: string;
  /** The answer is to have its body as text too. */
  readonly answerAs?: 'text';
}

/** The modelled type behind an id, and the child in its document that the id names. */
interface Model {
  readonly type: ResourceType;
  readonly child?: ChildPlace | undefined;
}

/** What a request is about, found and spelt canonically. */
export interface Place {
  /** With the group as it was created; of a modelled type, the id of the top-level resource. */
  readonly id: ResourceId;
  /** Folded. */
  readonly key: string;
  readonly apiVersion: string;
}

export type ModelledPlace = Place & Model;

/** What is asked: some child collections can only be read, and tags are those of top-level resources. */
export type Access = 'read' | 'write' | 'delete' | 'tags';

/** The modelled type that answers for `id`; undefined for what is stored without a model, or not at all. */
export function modelOf(id: ResourceId, access: Access): Model | undefined {
  const { namespace, types, names } = id;
  const type = id.resourceGroup === undefined ? undefined : findResourceType(`${namespace}/${types[0]}`);
  if (!type || types.length > 2) return undefined;
  if (types.length === 1) return { type };
  const wanted = (types[1] as string).toLowerCase();
  const found = type.children?.find(
    ({ name, methods }) =>
      name.toLowerCase() === wanted && access !== 'tags' && (access === 'read' || methods === 'write'),
  );
  return found && { type, child: { collection: found.name, name: names[1] as string } };
}

/** Whether a PUT of `id` writes a modelled type, or a child in its document. */
export const isModelled = (id: ResourceId): boolean => modelOf(id, 'write') !== undefined;

export function modelledPlace(given: ResourceId, { type, child }: Model): Omit<ModelledPlace, 'apiVersion'> {
  const [namespace = '', ...types] = type.type.split('/');
  const id = { ...given, namespace, types, names: given.names.slice(0, 1) };
  return { type, child, id, key: idKey(formatResourceId(id)) };
}

/** What a request is about. Throws what is wrong with its api-version, subscription, group or type. */
export function placeOf(
  { id: given, apiVersion }: ResourceRequest,
  access: Access,
  context: ArmContext,
): Place | ModelledPlace {
  const { subscriptionId, resourceGroup: name } = given;
  let id = given;
  if (name === undefined) checkSubscription({ subscriptionId, apiVersion }, context);
  else {
    const findGroup = access === 'write' ? writableGroup : existingGroup;
    id = { ...given, resourceGroup: findGroup({ subscriptionId, apiVersion, name }, context).name };
  }
  const model = modelOf(id, access);
  if (model) {
    return { apiVersion: servedApiVersion(model.type, apiVersion, context), ...modelledPlace(id, model) };
  }
  const version = wellFormedApiVersion(apiVersion);
  checkOpaque(id, { apiVersion: version, strictTypes: context.strictTypes });
  return { id, key: idKey(formatResourceId(id)), apiVersion: version };
}

/** Reads the body of a PUT. Throws what does not fit the type's schema. */
export function documentWrite(place: ModelledPlace, { body, conditions = {}, baseUrl }: PutRequest): DocumentWrite {
  const { type, id, apiVersion, child } = place;
  const common = { type, id, apiVersion, conditions, baseUrl };
  if (!child) {
    const read = readResource(body, type);
    return { document: (existing) => documentInPlace(read, { existing, id }), ...common };
  }
  const read = readBody(body, childSchema(type, child.collection));
  return {
    child: { method: 'Put', ...child },
    document: (existing) => withChild(parentDocument(existing, place), child, read),
    ...common,
  };
}

/** Of the resource in which a child stands. Throws its 404. */
export function parentDocument(existing: Resource | undefined, { id }: Place): Resource['document'] {
  if (!existing) throw notFound(id);
  return existing.document;
}

/** The ARM front door's 404. */
export const notFound = (id: ResourceId): AzureError =>
  azureError('ResourceNotFound', { values: { ...ownTypeAndName(id), resourceGroup: id.resourceGroup ?? '' } });

const lockSegment = `/providers/${lockType.toLowerCase()}/`;

/** What is done to a scope. Reading and locking are always free. */
export type LockedAccess = 'write' | 'delete';

/**
 * Throws `ScopeLocked` when a lock keeps the resource or group `id` as it is. A ReadOnly lock refuses every write, any lock
 * a deletion, which takes what is below along. A lock holds for the subscription, group or resource on which it is, and for
 * everything below it: https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
 */
export function checkUnlocked(id: string, access: LockedAccess, lookup: Lookup): void {
  const key = idKey(id);
  if (key.includes(lockSegment)) return;
  const locked: string[] = [];
  for (const lock of lookup.everyOfType(lockType)) {
    const scope = lock.id.slice(0, lock.key.lastIndexOf(lockSegment));
    const above = idKey(scope);
    const holds = key === above || key.startsWith(`${above}/`) || (access === 'delete' && above.startsWith(`${key}/`));
    const level = String(lock.document.properties.level ?? '').toLowerCase();
    if (holds && (level === 'readonly' || (access === 'delete' && level === 'cannotdelete'))) locked.push(scope);
  }
  if (locked.length === 0) return;
  throw azureError('ScopeLocked', { values: { id, access, locked: [...new Set(locked)].join(',') } });
}
