/** What a request is about: the type that answers for its id, the child in its document, and the document that it writes. */
import { type AzureError, azureError } from '../../../errors/index.js';
import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId, idKey, type ResourceId } from '../../../resources/resource-id.js';
import type { Resource, ResourceType } from '../../../resources/resource-type.js';
import type { ArmContext } from './arm-context.js';
import type { DocumentWrite } from './document-writer.js';
import { checkOpaque, ownTypeAndName } from './opaque-resources.js';
import type { Preconditions } from './preconditions.js';
import {
  type ChildPlace,
  documentInPlace,
  type RequestBody,
  readBody,
  readResource,
  withChild,
} from './request-body.js';
import {
  checkSubscription,
  existingGroup,
  servedApiVersion,
  wellFormedApiVersion,
  writableGroup,
} from './request-scope.js';
import { childSchema } from './resource-reader.js';

/** Which resource or child a request is about, as the caller wrote it. */
export interface ResourceRequest {
  readonly id: ResourceId;
  readonly apiVersion: string | undefined;
}

export interface PutRequest extends ResourceRequest {
  readonly body: RequestBody;
  readonly conditions?: Preconditions;
  /** Where the caller reached us (`https://localhost:4567`): refusals name the URL of the operation that is in the way. */
  readonly baseUrl: string;
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
    return { ...modelledPlace(id, model), apiVersion: servedApiVersion(model.type, apiVersion, context) };
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
    return { ...common, document: (existing) => documentInPlace(read, { existing, id }) };
  }
  const read = readBody(body, childSchema(type, child.collection));
  return {
    ...common,
    child: { ...child, method: 'Put' },
    document: (existing) => withChild(parentDocument(existing, place), child, read),
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
