/** What the body of a PUT makes of a resource or of its parent: for the routes, and for deployments that look ahead. */
import { azureError } from '../errors.js';
import type { ResourceId } from '../resources/resource-id.js';
import type { Resource, ResourceDocument, ResourceType } from '../resources/resource-type.js';
import { parseJsonObject, readBody } from './request-body.js';
import { checkLocation } from './resource-scope.js';

/** A body that fits its type. */
export interface GivenResource {
  readonly document: ResourceDocument;
  /** The location as the client wrote it. */
  readonly location: unknown;
}

/**
 * The top-level resource in the body `text`. Throws `InvalidRequestContent`, `InvalidRequestFormat` with a detail per
 * finding, or what `checkLocation` throws.
 */
export function readResource(text: unknown, type: ResourceType): GivenResource {
  const parsed = parseJsonObject(text);
  const document = readBody(text, type.schema, parsed) as ResourceDocument;
  document.properties ??= {};
  delete document.name;
  const location = Object.entries(parsed).find(([name]) => name.toLowerCase() === 'location')?.[1];
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

/** A child as its parent's document holds it. */
export interface StoredChild {
  name: string;
  [member: string]: unknown;
}

/** The children of one collection, whether there are any or not. */
export const childrenOf = (document: ResourceDocument, collection: string): StoredChild[] =>
  (document.properties[collection] as StoredChild[] | undefined) ?? [];

/** Names of children compare without regard to case. */
export const sameName = (child: StoredChild, name: string): boolean => child.name.toLowerCase() === name.toLowerCase();

/** A copy of the parent's document with other children in one collection. */
export const withChildren = (
  document: ResourceDocument,
  collection: string,
  children: StoredChild[],
): ResourceDocument => structuredClone({ ...document, properties: { ...document.properties, [collection]: children } });

/** `children` with `body` under `name`: in the place of the one that is called so, which keeps its name, or at the end. */
export function putChild(
  children: readonly StoredChild[],
  { name, body }: { name: string; body: Record<string, unknown> },
): { children: StoredChild[]; isNew: boolean } {
  const index = children.findIndex((child) => sameName(child, name));
  const child = { ...body, name: children[index]?.name ?? name };
  if (index < 0) return { children: [...children, child], isNew: true };
  return { children: children.map((one, at) => (at === index ? child : one)), isNew: false };
}
