/** Finds child resources, which live in arrays of their parent's document and are matched by name in any casing. */
import { parseResourceId, rootKey } from '../resource-id.js';
import type { Lookup, Resource } from '../resource-type.js';

/** A child as it is stored: its members, whatever they are, in `properties`. */
export interface ChildDocument {
  name?: string;
  properties?: Record<string, unknown>;
  [member: string]: unknown;
}

/** The children in `collection` of a parent's `properties`; empty when there are none. */
export const childrenIn = (properties: Record<string, unknown> | undefined, collection: string): ChildDocument[] =>
  (properties?.[collection] as ChildDocument[] | undefined) ?? [];

/** The child called `name`, whatever the casing. */
export const childNamed = (children: readonly ChildDocument[], name: string | undefined): ChildDocument | undefined =>
  name === undefined ? undefined : children.find((child) => child.name?.toLowerCase() === name.toLowerCase());

/** The properties of `child`, made when it has none. */
export function propertiesOf(child: ChildDocument): Record<string, unknown> {
  child.properties ??= {};
  return child.properties;
}

/** The child, or child of a child, that the id `id` names, with the resource whose document it lies in. */
export function lookUpChild(lookup: Lookup, id: string): { parent: Resource; child: ChildDocument } | undefined {
  const parsed = parseResourceId(id);
  const parent = lookup.resource(rootKey(id));
  if (!parsed || !parent || parsed.types.length < 2) return undefined;
  let found: ChildDocument | undefined = parent.document;
  for (const [index, type] of parsed.types.entries()) {
    if (index === 0) continue;
    const collection = type.toLowerCase();
    const properties: Record<string, unknown> = found?.properties ?? {};
    const member = Object.keys(properties).find((name) => name.toLowerCase() === collection);
    found = member === undefined ? undefined : childNamed(childrenIn(properties, member), parsed.names[index]);
  }
  return found && { parent, child: found };
}
