/**
 * Resource types without a model: stored and echoed, so that whole templates deploy. They move no traffic;
 * `--strict-types` refuses them.
 */
import { stableGuid } from '../ids.js';
import type { Resource, ResourceDocument } from '../resources/resource-type.js';

/** The stored form of a body of an unknown type: everything but what the service decides. */
export function opaqueDocument(body: Record<string, unknown>): ResourceDocument {
  const { id: _id, name: _name, type: _type, etag: _etag, systemData: _systemData, ...document } = body;
  const { provisioningState: _state, ...properties } = (document.properties ?? {}) as Record<string, unknown>;
  return withoutSecrets({ ...document, properties }) as ResourceDocument;
}

/** Members that every provider takes and none shows again: they are not kept either. */
const secretName = /(password|secret|sharedKey|protectedSettings)$/i;

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (value === null || typeof value !== 'object') return value;
  const isSecret = ([name, member]: [string, unknown]): boolean =>
    secretName.test(name) && (typeof member === 'string' || /settings$/i.test(name));
  const kept = Object.entries(value).filter((entry) => !isSecret(entry));
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutSecrets(member)]));
}

/** An opaque resource as a GET shows it. */
export function showOpaque(resource: Resource): Record<string, unknown> {
  const { location, tags, properties, ...rest } = resource.document;
  if (resource.type.startsWith('Microsoft.Network/')) return showOpaqueNetworkResource(resource);
  return {
    id: resource.id,
    name: resource.name,
    type: resource.type,
    ...(location === undefined ? {} : { location }),
    ...(tags === undefined ? {} : { tags }),
    ...rest,
    properties: { ...properties, provisioningState: resource.provisioningState },
  };
}

/** Whatever else the network provider has, its resources all carry an etag and a GUID. */
function showOpaqueNetworkResource(resource: Resource): Record<string, unknown> {
  const { location, tags, properties, ...rest } = resource.document;
  return {
    name: resource.name,
    id: resource.id,
    etag: resource.etag,
    type: resource.type,
    ...(location === undefined ? {} : { location }),
    ...(tags === undefined ? {} : { tags }),
    ...rest,
    properties: {
      provisioningState: resource.provisioningState,
      resourceGuid: stableGuid(resource.id),
      ...properties,
    },
  };
}
