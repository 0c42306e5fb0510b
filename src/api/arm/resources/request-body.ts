/** Request bodies: JSON that is read once, made canonical, validated against a type's schema, and put in its place. */
import { azureError } from '../../../errors/index.js';
import { canonicalise } from '../../../resources/canonical.js';
import { type ChildDocument, childrenIn, isNamed } from '../../../resources/children.js';
import type { ResourceId } from '../../../resources/resource-id.js';
import type { Resource, ResourceDocument, ResourceType } from '../../../resources/resource-type.js';
import { map, object, type SchemaNode } from '../../../resources/schema.js';
import { validateBody } from '../../../resources/validation.js';
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

/** The tags in a PATCH; members besides them say nothing. Throws `InvalidRequestFormat`. */
export function readTags(body: RequestBody): Record<string, string> | undefined {
  const given = memberOf(body, 'tags');
  if (given === undefined || given === null) return undefined;
  validateBody({ tags: given }, tagsSchema, body);
  return given as Record<string, string>;
}

/** The body in canonical form. Throws `InvalidRequestFormat` with a detail per finding when it does not fit `schema`. */
export function readBody(body: RequestBody, schema: object): Record<string, unknown> {
  const canonical = canonicalise(body.value, schema as SchemaNode) as Record<string, unknown>;
  validateBody(canonical, schema, body);
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

/** The document that takes the place of `existing`. Throws `InvalidResourceLocation` when that one is elsewhere. */
export function documentInPlace(
  { document, location }: GivenResource,
  { existing, id }: { existing: Resource | undefined; id: ResourceId },
): ResourceDocument {
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

/**
 * Names of child resources must be well-formed, and stand only once in their collection, whatever the casing. Throws
 * `InvalidResourceName` or `DuplicateResourceName` for the first child at fault.
 */
export function checkChildNames(document: ResourceDocument, schema: SchemaNode, id: string): void {
  checkNames(document.properties, schema.properties?.properties, id);
}

function checkNames(properties: Record<string, unknown> | undefined, node: SchemaNode | undefined, id: string): void {
  for (const [member, schema] of Object.entries(node?.properties ?? {})) {
    if (!schema.child || schema.readOnly) continue;
    const seen = new Set<string>();
    for (const child of childrenIn(properties, member)) {
      const name = child.name ?? '';
      if (!wellFormedName.test(name)) throw azureError('InvalidResourceName', { values: { name } });
      if (seen.has(name.toLowerCase())) throw azureError('DuplicateResourceName', { values: { id, name } });
      seen.add(name.toLowerCase());
      checkNames(child.properties, schema.items?.properties?.properties, `${id}/${schema.child}/${name}`);
    }
  }
}
