/**
 * Resource types without a model: stored and echoed, so that whole templates deploy. They move no traffic;
 * `--strict-types` refuses them.
 */
import { azureError } from '../../../errors/index.js';
import { normalizeLocation } from '../../../resources/canonical.js';
import { findResourceType, showsEtagAndGuid } from '../../../resources/registry.js';
import { formatResourceId, idKey, type ResourceId, typeOf } from '../../../resources/resource-id.js';
import type { Lookup, Resource, ResourceDocument } from '../../../resources/resource-type.js';
import { stableGuid } from '../../../support/ids.js';

/** The stored form of a body of an unknown type: everything but what the service decides. */
export function opaqueDocument(body: Record<string, unknown>): ResourceDocument {
  const { id: _id, name: _name, type: _type, etag: _etag, systemData: _systemData, ...document } = body;
  const { provisioningState: _state, ...properties } = (document.properties ?? {}) as Record<string, unknown>;
  const { location } = document;
  return withoutSecrets({
    ...document,
    ...(typeof location === 'string' ? { location: normalizeLocation(location) } : {}),
    properties,
  }) as ResourceDocument;
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
  const withEtag = showsEtagAndGuid(resource.type);
  return {
    ...(withEtag
      ? { name: resource.name, id: resource.id, etag: resource.etag }
      : { id: resource.id, name: resource.name }),
    type: resource.type,
    ...(location === undefined ? {} : { location }),
    ...(tags === undefined ? {} : { tags }),
    ...rest,
    properties: withEtag
      ? { provisioningState: resource.provisioningState, resourceGuid: stableGuid(resource.id), ...properties }
      : { ...properties, provisioningState: resource.provisioningState },
  };
}

/** A resource of one provider on a resource of another: a lock or diagnostic settings on a balancer. */
const isExtension = ({ types }: ResourceId): boolean => types.includes('providers');

/** Type and name of a resource; of an extension those that its own provider gave it. */
export function ownTypeAndName(id: ResourceId): { type: string; name: string } {
  const at = id.types.lastIndexOf('providers');
  if (at < 0) return { type: typeOf(id), name: id.names.join('/') };
  const type = [id.names[at], ...id.types.slice(at + 1)].join('/');
  return { type, name: id.names.slice(at + 1).join('/') };
}

/** Azure's refusal of a type that it does not have, or that it has only in other places. */
export function notModelled(type: string, apiVersion: string) {
  const [namespace = '', ...types] = type.split('/');
  const values = { type: types.join('/'), namespace, apiVersion, supported: '' };
  return azureError('InvalidResourceType', { values });
}

/** Throws `InvalidResourceNamespace`, or `InvalidResourceType` for what cannot be stored without a model. */
export function checkOpaque(
  id: ResourceId,
  { apiVersion, strictTypes }: { apiVersion: string; strictTypes: boolean },
): void {
  const { namespace } = id;
  if (!/^[a-z]\w*(\.\w+)+$/i.test(namespace)) {
    throw azureError('InvalidResourceNamespace', { values: { namespace } });
  }
  // A modelled type ends here only for what it does not offer, and for what other providers put on it.
  const modelled = !isExtension(id) && findResourceType(`${namespace}/${id.types[0]}`) !== undefined;
  if (modelled || strictTypes) throw notModelled(typeOf(id), apiVersion);
}

/** A child cannot be there before its parent, nor an extension before what it extends. Throws `ParentResourceNotFound`. */
export function checkParent(id: ResourceId, lookup: Lookup): void {
  if (id.types.length === 1) return;
  const depth = id.types.at(-2) === 'providers' ? -2 : -1;
  const parent = formatResourceId({ ...id, types: id.types.slice(0, depth), names: id.names.slice(0, depth) });
  if (lookup.resource(idKey(parent))) return;
  const values = { action: 'write', type: id.types.join('/'), parent };
  throw azureError('ParentResourceNotFound', { values });
}
