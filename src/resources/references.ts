/**
 * Children in documents, and references between resources: finds every reference in a document, following the schema; links
 * and back-references are derived from it.
 */
import { parseResourceId, type ResourceId, rootKey } from './resource-id.js';
import type { Link, Lookup, Resource, ResourceDocument } from './resource-type.js';
import type { SchemaNode } from './schema.js';

/** A place in a document that holds the id of another resource. */
export interface FoundReference {
  /** The object whose `id` it is; may be rewritten. */
  readonly holder: { id: string };
  /** Types it may refer to. */
  readonly types: readonly string[];
  /** It may lead into another region. */
  readonly anyRegion: boolean;
  /** It stays when what it names is deleted. */
  readonly outlives: boolean;
  /** The member that holds it. */
  readonly path: string;
  /** Id and type of the resource or child that refers. */
  readonly sourceId: string;
  readonly sourceType: string;
  /** JSON path from the document's root. */
  readonly jsonPath: readonly (string | number)[];
}

/** Where the walk is: the resource or child it is in, and how it came there. Linked, because few places hold anything. */
interface Place {
  readonly id: string;
  readonly type: string;
  readonly path: string;
  readonly key: string | number | undefined;
  readonly within: Place | undefined;
}

class Found implements FoundReference {
  constructor(
    readonly holder: { id: string },
    readonly node: SchemaNode,
    readonly place: Place,
  ) {}

  get types(): readonly string[] {
    return this.node.reference ?? [];
  }

  get anyRegion(): boolean {
    return this.node.anyRegion ?? false;
  }

  get outlives(): boolean {
    return this.node.outlives ?? false;
  }

  get path(): string {
    return this.place.path;
  }

  get sourceId(): string {
    return this.place.id;
  }

  get sourceType(): string {
    return this.place.type;
  }

  get jsonPath(): readonly (string | number)[] {
    const steps: (string | number)[] = [];
    for (let place: Place | undefined = this.place; place; place = place.within) {
      if (place.key !== undefined) steps.push(place.key);
    }
    return steps.reverse();
  }
}

// Every write and every answer walks a whole document. As nested generators, this was an eighth of the API's time.
function walk(value: object, { node, place, found }: { node: SchemaNode; place: Place; found: Found[] }): void {
  if (node.reference) {
    found.push(new Found(value as { id: string }, node, place));
    return;
  }
  if (Array.isArray(value)) {
    if (node.items) walkItems(value, { node, place, found });
    return;
  }
  if (!node.properties) return;
  for (const name in value) {
    const member: unknown = (value as Record<string, unknown>)[name];
    if (member === null || typeof member !== 'object') continue;
    const schema = node.properties[name];
    if (!schema || schema.readOnly || !mayHoldReference(schema)) continue;
    const { id, type } = place;
    walk(member, { node: schema, place: { id, type, path: name, key: name, within: place }, found });
  }
}

function walkItems(items: readonly unknown[], at: { node: SchemaNode; place: Place; found: Found[] }): void {
  const { node, place, found } = at;
  for (let key = 0; key < items.length; key++) {
    const item = items[key];
    if (item === null || typeof item !== 'object') continue;
    const inner: Place = node.child
      ? {
          id: `${place.id}/${node.child}/${String((item as { name?: unknown }).name)}`,
          type: `${place.type}/${node.child}`,
          path: '',
          key,
          within: place,
        }
      : { ...place, key, within: place };
    walk(item, { node: node.items as SchemaNode, place: inner, found });
  }
}

const holdsReference = new WeakMap<SchemaNode, boolean>();

/** Most members are scalars; remembering which subtrees hold references keeps the walk short. */
function mayHoldReference(node: SchemaNode): boolean {
  const known = holdsReference.get(node);
  if (known !== undefined) return known;
  const holds =
    node.reference !== undefined ||
    (node.items !== undefined && mayHoldReference(node.items)) ||
    Object.values(node.properties ?? {}).some((member) => !member.readOnly && mayHoldReference(member));
  holdsReference.set(node, holds);
  return holds;
}

/** Every reference in `document` of the resource `id` of type `type`, in the document's order. */
export function referencesIn(
  document: ResourceDocument,
  schema: SchemaNode,
  { id, type }: { id: string; type: string },
): readonly FoundReference[] {
  const found: Found[] = [];
  const place: Place = { id, type, path: '', key: undefined, within: undefined };
  walk(document, { node: schema, place, found });
  return found;
}

/** The document's references as links. */
export function linksOf(document: ResourceDocument, schema: SchemaNode, source: { id: string; type: string }): Link[] {
  return referencesIn(document, schema, source).map(({ sourceId, sourceType, path, holder }) => ({
    sourceId,
    sourceType,
    path,
    target: holder.id.toLowerCase(),
  }));
}

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
