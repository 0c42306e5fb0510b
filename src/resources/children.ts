/** Finds child resources, which live in arrays of their parent's document and are matched by name in any casing. */
import { parseResourceId, type ResourceId, rootKey } from './resource-id.js';
import type { Lookup, Resource } from './resource-type.js';

/** A child as it is stored: its members, whatever they are, in `properties`. */
export interface ChildDocument {
  name?: string;
  properties?: Record<string, unknown>;
  [member: string]: unknown;
}

/** The children in `collection` of a parent's `properties`; empty when there are none. */
export const childrenIn = (properties: Record<string, unknown> | undefined, collection: string): ChildDocument[] =>
  (properties?.[collection] as ChildDocument[] | undefined) ?? [];

/** Whether `child` is called `name`, whatever the casing. */
export const isNamed = (child: { readonly name?: string | undefined }, name: string | undefined): boolean =>
  name !== undefined && child.name?.toLowerCase() === name.toLowerCase();

/** The child called `name`, whatever the casing. */
export const childNamed = <C extends { name?: string | undefined }>(
  children: readonly C[] | undefined,
  name: string | undefined,
): C | undefined => children?.find((child) => isNamed(child, name));

/** The child of one collection that `id` names by its last segment. */
export const childWithId = <C extends { name?: string | undefined }>(
  children: readonly C[] | undefined,
  id: string | undefined,
): C | undefined => (id === undefined ? undefined : childNamed(children, id.slice(id.lastIndexOf('/') + 1)));

/** The properties of `child`, made when it has none. */
export function propertiesOf(child: ChildDocument): Record<string, unknown> {
  child.properties ??= {};
  return child.properties;
}

/**
 * The children that `id` leads through below the document of its top-level resource: `[pool]` for a pool, `[set, machine]`
 * for what lies two levels down, empty for the top-level resource itself. Undefined when one of them is not there.
 */
export function childrenOnPath(
  { properties }: { readonly properties: Record<string, unknown> },
  { types, names }: Pick<ResourceId, 'types' | 'names'>,
): ChildDocument[] | undefined {
  const found: ChildDocument[] = [];
  let parent: Record<string, unknown> | undefined = properties;
  for (let depth = 1; depth < types.length; depth++) {
    const collection = (types[depth] as string).toLowerCase();
    const member: string | undefined = Object.keys(parent ?? {}).find((name) => name.toLowerCase() === collection);
    const children: unknown = member === undefined ? undefined : parent?.[member];
    const child: ChildDocument | undefined = Array.isArray(children) ? childNamed(children, names[depth]) : undefined;
    if (!child) return undefined;
    found.push(child);
    parent = child.properties;
  }
  return found;
}

/** The child, or child of a child, that `id` names, with the resource whose document it lies in. */
export function lookUpChild(lookup: Lookup, id: string): { parent: Resource; child: ChildDocument } | undefined {
  const parsed = parseResourceId(id);
  const parent = lookup.resource(rootKey(id));
  const child = parsed && parent && childrenOnPath(parent.document, parsed)?.at(-1);
  return child && { parent: parent as Resource, child };
}
