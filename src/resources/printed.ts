/**
 * Resources as something printed them (a GET, a list, `az … -o json`), as the bodies that create them. az leaves out the
 * `properties` around most members, and adds members of its own; the schemas say where each belongs.
 */

import { isObject } from '../support/plain-data.js';
import { referencesIn } from './references.js';
import { findResourceType } from './registry.js';
import { formatResourceId, idKey, parseResourceId, type ResourceId, rootKey, rootOf, typeOf } from './resource-id.js';
import type { ResourceDocument } from './resource-type.js';
import type { SchemaNode } from './schema.js';
import { canonicalise, canonicalName } from './validation.js';

type Members = Record<string, unknown>;

/** A resource, or a resource group, as a PUT creates it. */
export interface PrintedResource {
  readonly id: string;
  readonly apiVersion: string;
  readonly body: Members;
  /** Ids of other resources, of types with a model, that have to be there before it. */
  readonly needs: readonly string[];
  /** Ids of all such resources that stood in what was printed: those too that refer to it. */
  readonly mentions: readonly string[];
}

const isGroupId = (id: string): boolean => /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+$/i.test(id);

/** Every resource in `document`; undefined when it is none, and no list of any. */
export function printedResources(document: unknown): readonly Members[] | undefined {
  if (Array.isArray(document)) {
    const inner = document.map(printedResources);
    return inner.every((one) => one !== undefined) ? inner.flat() : undefined;
  }
  if (!isObject(document)) return undefined;
  const { id, value } = document;
  if (typeof id === 'string' && (parseResourceId(id) || isGroupId(id))) return [document];
  return id === undefined && Array.isArray(value) ? printedResources(value) : undefined;
}

/** The members that a resource of any type has around its `properties`. */
const envelopeMembers = 'location tags sku kind zones identity plan extendedLocation managedBy'.split(' ');
const readOnlyMembers = 'id name type etag systemData resourceGroup provisioningState'.split(' ');

/** For types without a model, of which only that much is known. */
const anyType: SchemaNode = {
  properties: {
    ...Object.fromEntries(envelopeMembers.map((name) => [name, {}])),
    ...Object.fromEntries(readOnlyMembers.map((name) => [name, { readOnly: true }])),
    properties: { properties: { provisioningState: { readOnly: true } }, additionalProperties: true },
  },
};

/** `value` with every member where `node` has it; members that it does not know, and nulls, are left out. */
function shaped(value: unknown, node: SchemaNode): unknown {
  if (Array.isArray(value)) return node.items ? value.map((item) => shaped(item, node.items as SchemaNode)) : value;
  if (!isObject(value) || !node.properties || node.reference) return value;
  const inner = node.properties.properties;
  const isFlat = inner?.properties !== undefined && !isObject(value.properties);
  const result: Members = {};
  const within: Members = {};
  for (const [given, member] of Object.entries(value)) {
    if (member === null) continue;
    const name = canonicalName(node, given);
    if (name !== undefined) result[name] = shaped(member, node.properties[name] as SchemaNode);
    else if (isFlat) within[given] = member;
    else if (node.additionalProperties === true) result[given] = member;
  }
  if (isFlat) result.properties = shaped(within, inner);
  return withAddressKept(result);
}

/** A dynamic private address would be another one here: what was printed is what is wanted. */
function withAddressKept(members: Members): Members {
  const { privateIPAddress, privateIPAllocationMethod: method } = members;
  const isDynamic = typeof method === 'string' && method.toLowerCase() === 'dynamic';
  return isDynamic && privateIPAddress ? { ...members, privateIPAllocationMethod: 'Static' } : members;
}

/** The schema of the resource or child at `id`; undefined where its type has no model. */
function schemaAt(id: ResourceId): SchemaNode | undefined {
  const type = findResourceType(`${id.namespace}/${id.types[0]}`);
  return id.types.slice(1).reduce<SchemaNode | undefined>((node, segment) => {
    const inner = node?.properties?.properties;
    return inner?.properties?.[canonicalName(inner, segment) ?? '']?.items;
  }, type?.schema);
}

/** Of types without a model any version is taken, and of resource groups. */
const anyApiVersion = '2021-04-01';

/** The id of the resource group that `id` is or lies in; empty for an id that lies in none. */
const groupIdIn = (id: string): string => /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+/i.exec(id)?.[0] ?? '';

/** A resource group or resource as a PUT creates it: what is read-only, or unknown here, is left out. */
function creation(printed: Members): PrintedResource {
  const id = String(printed.id);
  const place = parseResourceId(id);
  const mentions = [...idsIn(printed)].filter((other) => rootKey(other) !== rootKey(id) && hasModel(other));
  if (!place) {
    const { location, tags } = shaped(printed, anyType) as Members;
    return {
      id,
      apiVersion: anyApiVersion,
      body: { location, ...(tags !== undefined && { tags }) },
      needs: [],
      mentions,
    };
  }
  const schema = schemaAt(place);
  const body = canonicalise(shaped(printed, schema ?? anyType), schema ?? anyType) as Members;
  const type = findResourceType(`${place.namespace}/${place.types[0]}`);
  if (!schema || !type) return { id, apiVersion: anyApiVersion, body, needs: [], mentions };
  const found = referencesIn(body as ResourceDocument, schema, { id, type: typeOf(place) });
  const needs = found.map(({ holder }) => String(holder.id)).filter((other) => mentions.includes(other));
  if (place.types.length > 1) needs.push(formatResourceId(rootOf(place)));
  return { id, apiVersion: type.apiVersions.at(-1) as string, body, needs, mentions };
}

function hasModel(id: string): boolean {
  const place = parseResourceId(id);
  return place !== undefined && schemaAt(rootOf(place)) !== undefined;
}

function* idsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') {
    if (parseResourceId(value)) yield value;
  } else if (value !== null && typeof value === 'object') {
    for (const member of Object.values(value)) yield* idsIn(member);
  }
}

/**
 * What creates `printed`, each after what it needs: the resource groups, where not printed where their first resource is,
 * and the resources. Children whose resource was printed too are in its body.
 */
export function creationsOf(printed: readonly Members[]): readonly PrintedResource[] {
  const all = new Map(printed.map((one) => [idKey(String(one.id)), creation(one)]));
  for (const key of all.keys()) if (rootKey(key) !== key && all.has(rootKey(key))) all.delete(key);
  const groups = new Map<string, PrintedResource>();
  const ordered = new Set<PrintedResource>();
  const add = (one: PrintedResource): void => {
    const key = idKey(one.id);
    if (!all.delete(key)) return;
    const group = idKey(groupIdIn(one.id));
    if (key === group) {
      groups.set(key, one);
      return;
    }
    for (const need of one.needs) {
      const other = all.get(rootKey(need));
      if (other) add(other);
    }
    const { location = 'westeurope' } = one.body;
    if (group !== '' && !groups.has(group)) groups.set(group, { ...groupAt(groupIdIn(one.id)), body: { location } });
    ordered.add(one);
  };
  for (const one of [...all.values()]) if (isGroupId(one.id)) add(one);
  for (const one of [...all.values()]) add(one);
  return [...groups.values(), ...ordered];
}

const groupAt = (id: string) => ({ id, apiVersion: anyApiVersion, needs: [], mentions: [] });
