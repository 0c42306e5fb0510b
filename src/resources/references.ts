/**
 * Children in documents, and references between resources: finds every reference in a document, following the schema; links
 * and back-references are derived from it.
 */
import { lastSegment, parseResourceId, type ResourceId, rootKey } from './resource-id.js';
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
  /** The resource or child that refers: the same object for all references in it. */
  readonly source: object;
  readonly sourceId: string;
  readonly sourceType: string;
  /** JSON path from the document's root. */
  readonly jsonPath: readonly (string | number)[];
}

/** The resource or child that references are in. What it is called is written out when it is asked for. */
class Source {
  #id: string | undefined;
  #type: string | undefined;

  private constructor(
    readonly within: Source | undefined,
    readonly collection: string,
    readonly name: string,
  ) {}

  static of({ id, type }: { id: string; type: string }): Source {
    const source = new Source(undefined, '', '');
    [source.#id, source.#type] = [id, type];
    return source;
  }

  child(collection: string, item: object): Source {
    return new Source(this, collection, String((item as { name?: unknown }).name));
  }

  get id(): string {
    this.#id ??= `${this.within?.id}/${this.collection}/${this.name}`;
    return this.#id;
  }

  get type(): string {
    this.#type ??= `${this.within?.type}/${this.collection}`;
    return this.#type;
  }
}

class Found implements FoundReference {
  readonly path: string;
  readonly source: Source;

  /** Where `walk` is. */
  constructor(
    readonly walk: Walk,
    readonly holder: { id: string },
    readonly node: SchemaNode,
  ) {
    this.path = walk.path;
    this.source = walk.source;
  }

  get types(): readonly string[] {
    return this.node.reference ?? [];
  }

  get anyRegion(): boolean {
    return this.node.anyRegion ?? false;
  }

  get outlives(): boolean {
    return this.node.outlives ?? false;
  }

  get sourceId(): string {
    return this.source.id;
  }

  get sourceType(): string {
    return this.source.type;
  }

  get jsonPath(): readonly (string | number)[] {
    return this.walk.pathTo(this.holder);
  }
}

/** Every object in `value` with its path. */
function* pathsIn(
  value: object,
  path: readonly (string | number)[],
): Generator<readonly [object, readonly (string | number)[]]> {
  yield [value, path];
  for (const [name, member] of Object.entries(value)) {
    if (member === null || typeof member !== 'object') continue;
    yield* pathsIn(member, [...path, Array.isArray(value) ? Number(name) : name]);
  }
}

/** Every write and every answer walks a whole document, so the walk makes nothing but what it finds. */
class Walk {
  readonly found: Found[] = [];
  /** The member that it is in. */
  path = '';
  #paths: ReadonlyMap<object, readonly (string | number)[]> | undefined;

  constructor(
    readonly document: ResourceDocument,
    /** The resource or child that it is in. */
    public source: Source,
  ) {}

  /** The path of an object in the document; few ever ask. */
  pathTo(holder: object): readonly (string | number)[] {
    this.#paths ??= new Map(pathsIn(this.document, []));
    return this.#paths.get(holder) ?? [];
  }

  visit(value: object, node: SchemaNode): void {
    if (node.reference) {
      // Of a type without a model the body may say anything here.
      if (typeof (value as { id?: unknown }).id === 'string') {
        this.found.push(new Found(this, value as { id: string }, node));
      }
    } else if (Array.isArray(value)) this.#visitItems(value, node);
    else if (node.properties) this.#visitMembers(value as Record<string, unknown>, membersWithReferences(node));
  }

  #visitMembers(value: Record<string, unknown>, members: ReadonlyMap<string, SchemaNode>): void {
    const path = this.path;
    for (const name in value) {
      const member = value[name];
      if (member === null || typeof member !== 'object') continue;
      const schema = members.get(name);
      if (!schema) continue;
      this.path = name;
      this.visit(member, schema);
    }
    this.path = path;
  }

  #visitItems(items: readonly unknown[], { child, items: schema }: SchemaNode): void {
    if (!schema) return;
    const [source, path] = [this.source, this.path];
    for (const item of items) {
      if (item === null || typeof item !== 'object') continue;
      // A part without a name has no id: its resource refers.
      if (child && 'name' in item) [this.source, this.path] = [source.child(child, item), ''];
      this.visit(item, schema);
    }
    [this.source, this.path] = [source, path];
  }
}

const referring = new WeakMap<SchemaNode, ReadonlyMap<string, SchemaNode>>();

/** Most members are scalars; remembering which may hold references keeps the walk short. */
function membersWithReferences(node: SchemaNode): ReadonlyMap<string, SchemaNode> {
  let members = referring.get(node);
  if (!members) {
    const all = Object.entries(node.properties ?? {});
    members = new Map(all.filter(([, member]) => !member.readOnly && mayHoldReference(member)));
    referring.set(node, members);
  }
  return members;
}

const mayHoldReference = (node: SchemaNode): boolean =>
  node.reference !== undefined ||
  (node.items !== undefined && mayHoldReference(node.items)) ||
  membersWithReferences(node).size > 0;

/** Every reference in `document` of the resource `id` of type `type`, in the document's order. */
export function referencesIn(
  document: ResourceDocument,
  schema: SchemaNode,
  { id, type }: { id: string; type: string },
): readonly FoundReference[] {
  const walk = new Walk(document, Source.of({ id, type }));
  walk.visit(document, schema);
  return walk.found;
}

/** Makes something of ids, once of each: the same few stand in many places of a document, and they are long. */
export function onceForEach<T extends NonNullable<unknown>>(make: (id: string) => T): (id: string) => T {
  const made = new Map<string, T>();
  return (id) => {
    let one = made.get(id);
    if (one === undefined) {
      one = make(id);
      made.set(id, one);
    }
    return one;
  };
}

/** Folds ids. */
export const foldingIds = (): ((id: string) => string) => onceForEach((id) => id.toLowerCase());

/** The document's references to other resources than itself as links; `id` is spelt as in the document. */
export function linksOf(document: ResourceDocument, schema: SchemaNode, source: { id: string; type: string }): Link[] {
  const key = source.id.toLowerCase();
  const targetOf = onceForEach((id) => {
    const target = id.toLowerCase();
    return { target, isOwn: target === key || target.startsWith(`${key}/`) };
  });
  const links: Link[] = [];
  for (const found of referencesIn(document, schema, source)) {
    const { target, isOwn } = targetOf(found.holder.id);
    if (!isOwn) links.push({ sourceId: found.sourceId, sourceType: found.sourceType, path: found.path, target });
  }
  return links;
}

/** Those of `links` that do not come from the top-level resource with the folded id `root`, nor from a child of it. */
export function linksFromOthers(links: readonly Link[], root: string): Link[] {
  // Most are told apart by the character behind the id, without folding it: lists of large pools are long.
  const isOthers = ({ sourceId }: Link): boolean =>
    (sourceId.length > root.length && sourceId[root.length] !== '/') ||
    sourceId.slice(0, root.length).toLowerCase() !== root;
  return links.filter(isOthers);
}

/** Links by the folded id of the top-level resource that they lead into. */
export function linksByRoot(links: readonly Link[]): Map<string, Link[]> {
  const byRoot = new Map<string, Link[]>();
  for (const link of links) {
    const root = rootKey(link.target);
    const others = byRoot.get(root);
    if (others) others.push(link);
    else byRoot.set(root, [link]);
  }
  return byRoot;
}

/** Ids of what refers by the member `path`, by the folded ids that they refer to. */
export function sourcesByTarget(links: readonly Link[], path: string): Map<string, string[]> {
  const sources = new Map<string, string[]>();
  for (const link of links) {
    if (link.path !== path) continue;
    const known = sources.get(link.target);
    if (known) known.push(link.sourceId);
    else sources.set(link.target, [link.sourceId]);
  }
  return sources;
}

/** As the database sorts links. */
function compareLinks(a: Link, b: Link): number {
  const member = (['sourceId', 'path', 'target'] as const).find((name) => a[name] !== b[name]);
  return member === undefined ? 0 : a[member] < b[member] ? -1 : 1;
}

/** A sorted list with further links in it, each in its place. */
export function withLinks(list: readonly Link[], further: readonly Link[]): readonly Link[] {
  const links = [...list];
  for (const link of further) {
    let [low, high] = [0, links.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareLinks(links[middle] as Link, link) < 0) low = middle + 1;
      else high = middle;
    }
    links.splice(low, 0, link);
  }
  return links;
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

/** Longer lists are indexed: a scale set has up to 1,000 instances, and all of them are asked for one after the other. */
const indexedFrom = 32;
const positions = new WeakMap<readonly object[], Map<string, number>>();

/** Where the first child called `folded` was when the list was first searched. */
function knownPosition(children: readonly { name?: string | undefined }[], folded: string): number | undefined {
  let known = positions.get(children);
  if (!known) {
    known = new Map();
    for (const [index, { name }] of children.entries()) {
      const key = name?.toLowerCase();
      if (key !== undefined && !known.has(key)) known.set(key, index);
    }
    positions.set(children, known);
  }
  return known.get(folded);
}

/** The child called `name`, whatever the casing. */
export function childNamed<C extends { name?: string | undefined }>(
  children: readonly C[] | undefined,
  name: string | undefined,
): C | undefined {
  if (!children || name === undefined) return undefined;
  if (children.length >= indexedFrom) {
    const position = knownPosition(children, name.toLowerCase());
    const child = position === undefined ? undefined : children[position];
    // A document that is being written may have changed since.
    if (child && isNamed(child, name)) return child;
  }
  return children.find((child) => isNamed(child, name));
}

/** The child of one collection that `id` names by its last segment. */
export const childWithId = <C extends { name?: string | undefined }>(
  children: readonly C[] | undefined,
  id: string | undefined,
): C | undefined => (id === undefined ? undefined : childNamed(children, lastSegment(id)));

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
