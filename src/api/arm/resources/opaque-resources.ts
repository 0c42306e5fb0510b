/**
 * Resource types without a model: stored and echoed, so that whole templates deploy. They move no traffic;
 * `--strict-types` refuses them.
 */
import { defaultTenantId as tenantId } from '../../../config/config-values.js';
import { type AzureError, azureError } from '../../../errors/index.js';
import { isKnownType, isListed, isNeverStored, typesLike } from '../../../resources/known-types.js';
import {
  type AddressHolder,
  findAddressHolder,
  segmentOfParts,
} from '../../../resources/Microsoft.Network/address-holders.js';
import { madeUpList } from '../../../resources/made-up-keys.js';
import { lookUpChild } from '../../../resources/references.js';
import { findResourceType, resourceTypes, showsEtagAndGuid } from '../../../resources/registry.js';
import type { ResourceId } from '../../../resources/resource-id.js';
import { formatResourceId, idKey, lastSegment, rootOf, typeOf } from '../../../resources/resource-id.js';
import type { Lookup, Resource, ResourceDocument } from '../../../resources/resource-type.js';
import type { SchemaNode } from '../../../resources/schema.js';
import { madeUpProperties } from '../../../resources/unmodelled-types.js';
import { stableGuid } from '../../../support/ids.js';
import { checkLocationForm } from './locations.js';
import { type RequestBody, readBody } from './request-body.js';

/** What every resource has beside the members of its type, whatever its provider makes of those. */
const envelope: SchemaNode = {
  type: 'object',
  properties: {
    location: { type: 'string', fold: 'location' },
    tags: { type: 'object', additionalProperties: { type: 'string' }, clrType: 'TagsObject' },
    properties: { type: 'object' },
  },
  additionalProperties: true,
};

const envelopes = new Map<AddressHolder, SchemaNode>();

/** With the references that are known of a type. */
function envelopeOf(type: string): SchemaNode {
  const holder = findAddressHolder(type);
  if (!holder) return envelope;
  const known = envelopes.get(holder) ?? {
    ...envelope,
    properties: { ...envelope.properties, ...holder.schema.properties },
  };
  envelopes.set(holder, known);
  return known;
}

/**
 * The stored form of a body of an unknown type: everything but what the service decides. Throws `InvalidRequestFormat`
 * for an envelope that is none, `InvalidResourceLocationFormat` for a location that no region could have.
 */
export function opaqueDocument(body: RequestBody, type: string): ResourceDocument {
  const read = readBody(body, envelopeOf(type)) as ResourceDocument;
  checkLocationForm(read.location);
  const { id: _id, name: _name, type: _type, etag: _etag, systemData: _systemData, ...document } = read;
  const { provisioningState: _state, ...properties } = document.properties ?? {};
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

/** An opaque resource as a GET shows it; `lookup` finds what it refers to. */
export function showOpaque(resource: Resource, lookup: Lookup): Record<string, unknown> {
  const { location, tags, properties: given, ...rest } = resource.document;
  const withEtag = showsEtagAndGuid(resource.type);
  // A child shows its own name, though lists of all types show it with its parents'.
  const name = lastSegment(resource.name);
  const propertiesOf = (id: string): Record<string, unknown> | undefined =>
    lookUpChild(lookup, id)?.child.properties ?? lookup.resource(idKey(id))?.document.properties;
  const shown = withEtag ? withChildIds(given, resource) : given;
  const properties = { ...shown, ...madeUpProperties({ resource, name, given: shown, propertiesOf }, { tenantId }) };
  return {
    ...(withEtag ? { name, id: resource.id, etag: resource.etag } : { id: resource.id, name }),
    type: resource.type,
    ...(location === undefined ? {} : { location }),
    ...(tags === undefined ? {} : { tags }),
    ...rest,
    properties: withEtag
      ? { provisioningState: resource.provisioningState, resourceGuid: stableGuid(resource.id), ...properties }
      : { ...properties, provisioningState: resource.provisioningState },
  };
}

/** The parts of network resources have ids: `…/applicationGateways/gateway/frontendPorts/http`. */
function withChildIds(given: Record<string, unknown>, { id, type: ofType }: Resource): Record<string, unknown> {
  const withId = (collection: string, part: unknown): unknown => {
    const { name, properties, type } = (part ?? {}) as { name?: unknown; properties?: unknown; type?: unknown };
    const isPart = typeof name === 'string' && typeof properties === 'object' && type === undefined;
    return isPart ? { ...(part as object), id: `${id}/${segmentOfParts(ofType, collection)}/${name}` } : part;
  };
  return Object.fromEntries(
    Object.entries(given).map(([collection, parts]) => [
      collection,
      Array.isArray(parts) ? parts.map((part: unknown) => withId(collection, part)) : parts,
    ]),
  );
}

interface ListAction {
  readonly id: ResourceId;
  /** `listKeys`. */
  readonly action: string;
  readonly apiVersion: string;
}

/** What a `list…` action of a type without a model answers; undefined when nothing is known of it. */
export function listOfOpaque({ id, action, apiVersion }: ListAction, lookup: Lookup): unknown {
  // Some children are there from the start, such as the keys that manage a namespace.
  if (!lookup.resource(idKey(formatResourceId(rootOf(id))))) return undefined;
  return madeUpList({ id: formatResourceId(id), type: typeOf(id), action, apiVersion });
}

/** A resource of one provider on a resource of another: a lock or diagnostic settings on a balancer. */
const isExtension = ({ types }: ResourceId): boolean => types.includes('providers');

/** Clients write it in any casing; it is looked for in this one. */
export const lockType = 'Microsoft.Authorization/locks';

const spelt = (type: string): string => (type.toLowerCase() === lockType.toLowerCase() ? lockType : type);

/** Type and name of a resource; of an extension those that its own provider gave it. */
export function ownTypeAndName(id: ResourceId): { type: string; name: string } {
  const at = id.types.lastIndexOf('providers');
  if (at < 0) return { type: spelt(typeOf(id)), name: id.names.join('/') };
  const type = [id.names[at], ...id.types.slice(at + 1)].join('/');
  return { type: spelt(type), name: id.names.slice(at + 1).join('/') };
}

/**
 * Azure's refusal of a type that it does not have, or that it has only in other places; what Azure has though it cannot be
 * stored is said not to be emulated.
 */
export function notModelled(type: string, apiVersion: string): AzureError {
  if (isNeverStored(type)) return azureError('OperationNotEmulated', { values: { operation: type } });
  const [namespace = '', ...types] = type.split('/');
  const folded = `${namespace.toLowerCase()}/`;
  const versions = resourceTypes.find((one) => one.type.toLowerCase().startsWith(folded))?.apiVersions;
  const like = typesLike(type);
  const hint = like === undefined ? '' : ` Did you mean '${like}'?`;
  const values = { type: types.join('/'), namespace, apiVersion, hint };
  if (!versions) return azureError('ResourceTypeNotFound', { values });
  return azureError('InvalidResourceType', { values: { ...values, supported: [...versions].reverse().join(', ') } });
}

/** Whether a type without a model is one of Azure's, as far as can be told. */
function mayExist(id: ResourceId): boolean {
  const { type } = ownTypeAndName(id);
  if (isNeverStored(type)) return false;
  // No modelled type extends others.
  if (isExtension(id)) return isKnownType(type) && !findResourceType(type.split('/').slice(0, 2).join('/'));
  const model = findResourceType(`${id.namespace}/${id.types[0]}`);
  if (!model) return isKnownType(type);
  // Of a modelled type come here what it does not offer itself, and children that have no model.
  return id.types.length > 1 && isListed(type);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what Azure refuses
const reservedInNames = /[<>%&\\?/#\u0000-\u001f\u007f]/;

/**
 * Throws `InvalidResourceNamespace`, `ReservedCharacterInName`, or `InvalidResourceType` for what cannot be stored
 * without a model.
 */
export function checkOpaque(
  id: ResourceId,
  { apiVersion, strictTypes }: { apiVersion: string; strictTypes: boolean },
): void {
  const { namespace } = id;
  if (!/^[a-z]\w*(\.\w+)+$/i.test(namespace)) {
    throw azureError('InvalidResourceNamespace', { values: { namespace } });
  }
  const name = id.names.find((one) => reservedInNames.test(one));
  if (name !== undefined) throw azureError('ReservedCharacterInName', { values: { name } });
  if (strictTypes || !mayExist(id)) throw notModelled(typeOf(id), apiVersion);
}

/** What services make themselves below a resource, by folded type; clients put more into it, or name it first. */
const madeByServices = new Set([
  'microsoft.recoveryservices/vaults/backupfabrics',
  'microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers',
]);

/** Whether a child is there with what it lies in. What services call `default` is: the blob service of an account. */
const isMadeByService = (id: ResourceId): boolean =>
  id.types.length > 1 && (id.names.at(-1)?.toLowerCase() === 'default' || madeByServices.has(typeOf(id).toLowerCase()));

/** A child cannot be there before its parent, nor an extension before what it extends. Throws `ParentResourceNotFound`. */
export function checkParent(id: ResourceId, lookup: Lookup): void {
  if (id.types.length === 1) return;
  const depth = id.types.at(-2) === 'providers' ? -2 : -1;
  const above = { ...id, types: id.types.slice(0, depth), names: id.names.slice(0, depth) };
  const parent = formatResourceId(above);
  if (lookup.resource(idKey(parent)) || lookUpChild(lookup, parent)) return;
  if (isMadeByService(above)) {
    checkParent(above, lookup);
    return;
  }
  const values = { action: 'write', type: id.types.join('/'), parent };
  throw azureError('ParentResourceNotFound', { values });
}
