/** What the PUTs of a deployment ask of the writer, for looking ahead: what they would leave behind, what is refused. */
import { findResourceType } from '../resources/registry.js';
import { parseResourceId, type ResourceId } from '../resources/resource-id.js';
import type { ResourceType } from '../resources/resource-type.js';
import { servedApiVersion } from './api-versions.js';
import type { JsonObject, PutRequest } from './deployments/index.js';
import { readBody } from './request-body.js';
import { childrenOf, documentInPlace, putChild, readResource, withChildren } from './resource-body.js';
import { childSchema } from './resource-reader.js';
import { resourceNotFound } from './resource-request.js';
import type { ResourceService } from './resource-service.js';
import type { PutRequest as WriteRequest } from './resource-writer.js';

/** Templates give children of network resources a location, which no child has; Azure's deployments take no offence. */
export function bodySent({ id, body }: Pick<PutRequest, 'id' | 'body'>): JsonObject {
  const parsed = parseResourceId(id);
  const isChild = (parsed?.types.length ?? 0) > 1 && findResourceType(`${parsed?.namespace}/${parsed?.types[0]}`);
  if (!isChild) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => name.toLowerCase() !== 'location'));
}

/** The type whose routes answer a PUT of `id`; undefined for what is stored without a model, or not at all. */
export function writableType(id: ResourceId): ResourceType | undefined {
  const type = findResourceType(`${id.namespace}/${id.types[0]}`);
  if (!type || id.types.length > 2) return undefined;
  return id.types.length === 1 || writableCollection(type, id) !== undefined ? type : undefined;
}

const writableCollection = (type: ResourceType, { types }: ResourceId): string | undefined =>
  type.children?.find(({ name, methods }) => methods === 'write' && name.toLowerCase() === types[1]?.toLowerCase())
    ?.name;

/**
 * What the routes of `type` would ask of the writer for a PUT of `id`, its body read and checked against the schema.
 * Throws what is wrong with api-version, body and location.
 */
export function writeRequest(
  { apiVersion, ...given }: PutRequest,
  { id, type, service }: { id: ResourceId; type: ResourceType; service: ResourceService },
): WriteRequest {
  const text = JSON.stringify(bodySent(given));
  const root = { ...id, types: [type.type.split('/')[1] as string], names: id.names.slice(0, 1) };
  const common = { type, id: root, apiVersion: servedApiVersion(type, apiVersion, service.context), conditions: {} };
  const collection = writableCollection(type, id);
  if (collection === undefined) {
    const read = readResource(text, type);
    return { ...common, document: (existing) => documentInPlace(read, { existing, id: root }) };
  }
  const name = id.names[1] as string;
  const body = readBody(text, childSchema(type, collection));
  return {
    ...common,
    child: { collection, name, method: 'Put' },
    document: (existing) => {
      if (!existing) throw resourceNotFound(type.type, { id: root });
      const { children } = putChild(childrenOf(existing.document, collection), { name, body });
      return withChildren(existing.document, collection, children);
    },
  };
}
