/**
 * Request bodies: JSON that is read once, made canonical, validated against a type's schema, and put in its place; and what
 * must hold before one is written: the client saw the newest state (`If-Match`), and what is removed is not in use.
 */
import { type AzureError, azureError, type ErrorKey } from '../../../errors/index.js';
import { type ChildDocument, childrenIn, isNamed } from '../../../resources/references.js';
import { findResourceType } from '../../../resources/registry.js';
import { idKey, type ResourceId, rootKey } from '../../../resources/resource-id.js';
import type {
  InUse,
  Link,
  Lookup,
  Resource,
  ResourceDocument,
  ResourceType,
} from '../../../resources/resource-type.js';
import { map, object, type SchemaNode } from '../../../resources/schema.js';
import { canonicalise, checkZonesKnown, validateBody } from '../../../resources/validation.js';
import { isDeeper } from '../../../support/plain-data.js';
import { checkLocation } from './locations.js';

/** The JSON object that a caller sends: as the text of an HTTP request, or as the object itself. */
export class RequestBody {
  readonly #text: unknown;
  #value: Record<string, unknown> | undefined;

  private constructor(text: unknown, value: Record<string, unknown> | undefined) {
    this.#text = text;
    this.#value = value;
  }

  /** Of an HTTP request: the text, or whatever stands for no body at all. */
  static ofText(text: unknown): RequestBody {
    return new RequestBody(text, undefined);
  }

  /** Of a caller in this process. */
  static ofValue(value: Record<string, unknown>): RequestBody {
    return new RequestBody(undefined, value);
  }

  get isEmpty(): boolean {
    return this.#value === undefined && !this.#text;
  }

  /** The object, read at the first use. Throws `InvalidRequestContent` for what is none, as the front door does. */
  get value(): Record<string, unknown> {
    this.#value ??= parseObject(this.#text);
    return this.#value;
  }

  /** The text in which the positions of error messages count. */
  get text(): string {
    return typeof this.#text === 'string' ? this.#text : JSON.stringify(this.#value);
  }
}

function parseObject(text: unknown): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(typeof text === 'string' ? text : '');
  } catch (error) {
    const reason = text ? (error as Error).message : 'Request content was empty';
    throw azureError('InvalidRequestContent', { values: { reason } });
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw azureError('InvalidRequestContent', { values: { reason: 'The request content must be a JSON object' } });
  }
  if (isDeeper(body, maxDepth)) {
    throw azureError('InvalidRequestContent', {
      values: { reason: `The reader's MaxDepth of ${maxDepth} has been exceeded.` },
    });
  }
  return body as Record<string, unknown>;
}

/** Azure's limit for objects and arrays inside of each other; everything that walks through a body relies on it. */
const maxDepth = 128;

/** A member of the envelope as the client wrote it, whatever the casing of its name. */
export const memberOf = (body: RequestBody, member: string): unknown =>
  Object.entries(body.value).find(([name]) => name.toLowerCase() === member)?.[1];

const tagsSchema = object({ tags: map({ clrType: 'TagsObject' }) }, { clrType: 'TagsObject' });

/** The tags in a PATCH; members besides them say nothing. Throws `InvalidRequestFormat`, or what `checkTags` throws. */
export function readTags(body: RequestBody): Record<string, string> | undefined {
  const given = memberOf(body, 'tags');
  if (given === undefined || given === null) return undefined;
  validateBody({ tags: given }, tagsSchema, body);
  return checkedTags(given as Record<string, string>);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How the name of a member of `whole` is spelled there, whatever its casing in `name`; undefined when there is none. */
export const nameIn = (whole: object, name: string): string | undefined =>
  Object.keys(whole).find((one) => one.toLowerCase() === name.toLowerCase());

/**
 * What a PATCH makes of a resource: objects change member by member, whatever the casing of names; lists, tags and values
 * are replaced, and null takes a member away.
 */
export function patched(whole: object, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...whole };
  for (const [name, value] of Object.entries(given)) {
    const member = nameIn(result, name) ?? name;
    const before = result[member];
    if (value === null) delete result[member];
    else result[member] = isObject(value) && isObject(before) && member !== 'tags' ? patched(before, value) : value;
  }
  return result;
}

/** Tag names that differ only in case are one: the spelling that comes first, and the value that comes last. */
function foldTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  const folded = new Map<string, [name: string, value: string]>();
  for (const [name, value] of Object.entries(tags)) {
    const [known = name] = folded.get(name.toLowerCase()) ?? [];
    folded.set(name.toLowerCase(), [known, value]);
  }
  return Object.fromEntries(folded.values());
}

/** Azure's limits for the tags of one resource; lengths in characters. */
const tagLimits = { tags: 50, name: 512, value: 256 } as const;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what Azure refuses
const reservedInTagNames = /[<>%&\\?/\u0000-\u001f\u007f]/;

/** Azure's own tags, such as links between resources, hold ids in their names. */
const isHiddenTag = (name: string): boolean => /^(hidden|link)/i.test(name);

/**
 * The tags as they are stored. Throws `TagLimitExceeded`, `InvalidTagName`, `InvalidTagValueLength` or
 * `InvalidTagNameCharacters` for tags that the front door takes for no resource of any type.
 */
function checkedTags(given: Record<string, string>): Record<string, string> {
  const tags = foldTags(given);
  const names = Object.keys(tags);
  const { tags: limit } = tagLimits;
  if (names.length > limit) throw azureError('TagLimitExceeded', { values: { count: names.length, limit } });
  const refuse = (key: ErrorKey, faulty: string[]): void => {
    if (faulty.length > 0) throw azureError(key, { values: { names: faulty.join(', ') } });
  };
  const tooLong = names.filter((name) => name.length > tagLimits.name);
  refuse('InvalidTagName', tooLong);
  const valuesTooLong = Object.values(tags).filter((value) => value.length > tagLimits.value);
  refuse('InvalidTagValueLength', valuesTooLong);
  const reserved = names.filter((name) => reservedInTagNames.test(name) && !isHiddenTag(name));
  refuse('InvalidTagNameCharacters', reserved);
  return tags;
}

/**
 * The body in canonical form. Throws `InvalidRequestFormat` with a detail per finding when it does not fit `schema`, or
 * what `checkTags` throws.
 */
export function readBody(body: RequestBody, schema: object): Record<string, unknown> {
  const canonical = canonicalise(body.value, schema as SchemaNode) as Record<string, unknown>;
  validateBody(canonical, schema, body);
  const tags = canonical.tags as Record<string, string> | undefined;
  if (tags && (schema as SchemaNode).properties?.tags) canonical.tags = checkedTags(tags);
  return canonical;
}

/** A body that fits its type. */
export interface GivenResource {
  readonly document: ResourceDocument;
  /** The location as the client wrote it. */
  readonly location: unknown;
}

/** The top-level resource in a body. Throws as `readBody` does, or what `checkLocation` throws. */
export function readResource(body: RequestBody, type: ResourceType): GivenResource {
  const document = readBody(body, type.schema) as ResourceDocument;
  document.properties ??= {};
  delete document.name;
  const location = memberOf(body, 'location');
  checkLocation(location, { location: document.location, type: type.type });
  return { document, location };
}

/** The document that takes the place of `existing`. Throws `InvalidAvailabilityZone`, or `InvalidResourceLocation` when that one is elsewhere. */
export function documentInPlace(
  { document, location }: GivenResource,
  { existing, id }: { existing: Resource | undefined; id: ResourceId },
): ResourceDocument {
  const resource = `${id.namespace}/${id.types.join('/')}/${id.names.join('/')}`;
  for (const refusal of checkZonesKnown(document.zones, { resource, location: document.location })) throw refusal;
  const before = existing?.document.location;
  if (before === undefined || before === document.location) return document;
  const values = {
    name: id.names[0] as string,
    existing: before,
    resourceGroup: id.resourceGroup ?? '',
    location: String(location),
  };
  throw azureError('InvalidResourceLocation', { values });
}

/** A child in its parent's document, by collection and name. */
export interface ChildPlace {
  readonly collection: string;
  readonly name: string;
}

/** A copy of the parent's document with other children in one collection. */
const withChildren = (document: ResourceDocument, collection: string, children: ChildDocument[]): ResourceDocument =>
  structuredClone({ ...document, properties: { ...document.properties, [collection]: children } });

/** A copy of the parent's document with `body` in the place of the child of that name, which it keeps, or at the end. */
export function withChild(
  document: ResourceDocument,
  { collection, name }: ChildPlace,
  body: Record<string, unknown>,
): ResourceDocument {
  const children = childrenIn(document.properties, collection);
  const index = children.findIndex((child) => isNamed(child, name));
  const child = { ...body, name: children[index]?.name ?? name };
  return withChildren(
    document,
    collection,
    index < 0 ? [...children, child] : children.map((one, at) => (at === index ? child : one)),
  );
}

/** A copy of the parent's document without the child of that name. */
export const withoutChild = (document: ResourceDocument, { collection, name }: ChildPlace): ResourceDocument =>
  withChildren(
    document,
    collection,
    childrenIn(document.properties, collection).filter((child) => !isNamed(child, name)),
  );

const wellFormedName = /^\w([\w.-]{0,78}\w)?$/;
const wellFormedComputeName = /^[^_\W][\w.-]{0,79}(?<![-.])$/;

/**
 * Names must be well-formed: that of the resource itself, and those of its children, which also stand only once in their
 * collection, whatever the casing. Throws `InvalidResourceName`, `InvalidEntityName` or `DuplicateResourceName` for the
 * first one at fault.
 */
export function checkNames(document: ResourceDocument, type: ResourceType, { id, name }: Named): void {
  const parameter = type.requests?.nameParameter;
  if (parameter === undefined) checkName(name);
  else if (!wellFormedComputeName.test(name)) throw azureError('InvalidEntityName', { values: { parameter } });
  checkChildNames(document.properties, type.schema.properties?.properties, id);
}

interface Named {
  /** Of the top-level resource, as its children's ids begin. */
  readonly id: string;
  readonly name: string;
}

function checkName(name: string): void {
  if (!wellFormedName.test(name)) throw azureError('InvalidResourceName', { values: { name } });
}

const collections = new WeakMap<SchemaNode, readonly (readonly [member: string, schema: SchemaNode])[]>();

/** The members of `node` that hold children which clients write. */
function collectionsOf(node: SchemaNode) {
  let found = collections.get(node);
  if (!found) {
    found = Object.entries(node.properties ?? {}).filter(([, schema]) => schema.child && !schema.readOnly);
    collections.set(node, found);
  }
  return found;
}

function checkChildNames(
  properties: Record<string, unknown> | undefined,
  node: SchemaNode | undefined,
  id: string,
): void {
  if (!node || !properties) return;
  for (const [member, schema] of collectionsOf(node)) {
    const seen = new Set<string>();
    for (const child of childrenIn(properties, member)) {
      const name = child.name ?? '';
      if (!schema.anyName) checkName(name);
      const folded = name.toLowerCase();
      if (seen.has(folded)) throw azureError('DuplicateResourceName', { values: { id, name } });
      seen.add(folded);
      checkChildNames(child.properties, schema.items?.properties?.properties, `${id}/${schema.child}/${name}`);
    }
  }
}

/** Conditions that a client puts on a write: `If-Match` and `If-None-Match`. */
export interface Preconditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

const weakEtag = (given: string): string => (given.startsWith('W/') ? given : `W/"${given.replaceAll('"', '')}"`);

/** Throws `PreconditionFailed` when `existing`, which is or would be `id`, is not what the client expects. */
export function checkPreconditions(
  id: string,
  existing: Resource | undefined,
  { ifMatch, ifNoneMatch }: Preconditions,
): void {
  const mismatch = (given: string, etag: string): AzureError =>
    azureError('PreconditionFailed', {
      details: [
        {
          code: 'PreconditionFailedEtagMismatch',
          message: `Etag provided in if-match header ${given} does not match etag ${etag} of resource ${id} in NRP data store.`,
        },
      ],
    });
  if (ifMatch !== undefined && ifMatch !== '*' && weakEtag(ifMatch) !== existing?.etag) {
    throw mismatch(weakEtag(ifMatch), existing?.etag ?? 'null');
  }
  if (ifMatch === '*' && !existing) throw mismatch('*', 'null');
  if (ifNoneMatch === '*' && existing) throw mismatch('*', existing.etag);
}

const comesFrom = ({ by, path }: InUse, link: Link): boolean =>
  (by.endsWith('*') ? link.sourceType.startsWith(by.slice(0, -1)) : link.sourceType === by) &&
  (path === '*' || link.path === path);

function refusal(
  lookup: Lookup,
  { id, name, rules, resource }: { id: string; name: string; rules: readonly InUse[] | undefined; resource: Resource },
): AzureError | undefined {
  if (!rules?.length) return undefined;
  const key = idKey(id);
  const root = rootKey(id);
  const links = lookup
    .linksInto(root)
    .filter(({ target }) => key === root || target === key || target.startsWith(`${key}/`));
  for (const rule of rules) {
    const users = links.filter((link) => comesFrom(rule, link));
    if (users.length > 0) return rule.refuse({ id, name, links: users, resource });
  }
  return undefined;
}

/** Why `existing` cannot become `document`: a child that would be gone is in use, as its type declares. */
export function refusalToDropChildren(
  lookup: Lookup,
  existing: Resource | undefined,
  document: ResourceDocument,
): AzureError | undefined {
  if (!existing) return undefined;
  for (const { name: collection, inUse: rules } of findResourceType(existing.type)?.children ?? []) {
    if (!rules) continue;
    const staying = new Set(childrenIn(document.properties, collection).map(({ name = '' }) => name.toLowerCase()));
    for (const { name = '' } of childrenIn(existing.document.properties, collection)) {
      if (staying.has(name.toLowerCase())) continue;
      const refused = refusal(lookup, { id: `${existing.id}/${collection}/${name}`, name, rules, resource: existing });
      if (refused) return refused;
    }
  }
  return undefined;
}

/** Why `existing` cannot be deleted; undefined when nothing refers to it. */
export function refusalToDelete(lookup: Lookup, existing: Resource): AzureError | undefined {
  const { id, name } = existing;
  const rules = findResourceType(existing.type)?.inUse;
  return (
    refusal(lookup, { id, name, rules, resource: existing }) ??
    refusalToDropChildren(lookup, existing, { properties: {} })
  );
}
