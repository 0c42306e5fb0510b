/**
 * Writes a stored resource as Azure shows it: members in Azure's order, ids, types and etags of every child, computed
 * back-references, and only what the request's api-version knows.
 */
import { type FoundReference, foldingIds, referencesIn } from './references.js';
import type { Link, Resource, ResourceDocument } from './resource-type.js';
import type { SchemaNode } from './schema.js';

export interface RenderOptions {
  readonly schema: SchemaNode;
  readonly apiVersion: string;
  /** The document to show: the stored one with computed members added. */
  readonly document: ResourceDocument;
  /** References from other resources into this one. */
  readonly links: readonly Link[];
}

type Members = readonly (readonly [string, SchemaNode])[];
const visibleMembers = new WeakMap<SchemaNode, Map<string, Members>>();

function membersOf(node: SchemaNode, apiVersion: string): Members {
  let byVersion = visibleMembers.get(node);
  if (!byVersion) {
    byVersion = new Map();
    visibleMembers.set(node, byVersion);
  }
  let members = byVersion.get(apiVersion);
  if (!members) {
    members = Object.entries(node.properties ?? {}).filter(
      ([, { since, until, absentIn }]) =>
        (since === undefined || apiVersion >= since) &&
        (until === undefined || apiVersion < until) &&
        !absentIn?.includes(apiVersion),
    );
    byVersion.set(apiVersion, members);
  }
  return members;
}

interface Self {
  readonly id: string;
  readonly type: string;
  readonly name: string;
}

type Referring = Pick<Link, 'sourceId' | 'sourceType'> & Pick<FoundReference, 'source'>;

class Renderer {
  /** By the member that refers, and the folded id that it refers to. */
  readonly #incoming = new Map<string, Map<string, Referring[]>>();

  constructor(
    readonly resource: Resource,
    readonly options: RenderOptions,
  ) {
    const folded = foldingIds();
    for (const found of referencesIn(options.document, options.schema, resource))
      this.#refers(found.path, folded(found.holder.id)).push(found);
    for (const link of options.links) this.#refers(link.path, link.target).push({ ...link, source: link });
  }

  #refers(path: string, target: string): Referring[] {
    let byTarget = this.#incoming.get(path);
    if (!byTarget) {
      byTarget = new Map();
      this.#incoming.set(path, byTarget);
    }
    let referring = byTarget.get(target);
    if (!referring) {
      referring = [];
      byTarget.set(target, referring);
    }
    return referring;
  }

  #backReference(node: SchemaNode, self: Self): unknown {
    const wanted = node.backReference as NonNullable<SchemaNode['backReference']>;
    const referring = this.#incoming.get(wanted.path)?.get(self.id.toLowerCase());
    if (!referring) return undefined;
    const known = new Set<object>();
    const references: { id: string }[] = [];
    for (const { source, sourceId: id, sourceType } of referring) {
      if (!wanted.types.includes(sourceType) || known.has(source)) continue;
      known.add(source);
      references.push({ id });
    }
    if (references.length === 0) return undefined;
    return wanted.single ? references[0] : references;
  }

  #computed(name: string, parent: SchemaNode, self: Self): unknown {
    const node = parent.properties?.[name];
    if (node?.backReference) return this.#backReference(node, self);
    if (parent.envelope && name === 'id') return self.id;
    if (parent.envelope && name === 'etag') return this.resource.etag;
    if (parent.envelope && name === 'type') return self.type;
    if (parent.envelope && name === 'name') return self.name;
    if (name === 'provisioningState') return this.resource.provisioningState;
    return undefined;
  }

  /** `value` as `node` shows it. */
  render(value: unknown, node: SchemaNode, self: Self): unknown {
    if (Array.isArray(value)) return node.items ? this.#renderItems(value, node, self) : value;
    if (value === null || typeof value !== 'object' || !node.properties || node.reference) return value;
    const stored = value as Record<string, unknown>;
    const shown: Record<string, unknown> = {};
    for (const [name, member] of membersOf(node, this.options.apiVersion)) {
      const known = stored[name];
      const written = known === undefined ? this.#computed(name, node, self) : this.render(known, member, self);
      if (written !== undefined) shown[name] = written;
    }
    return shown;
  }

  #renderItems(items: readonly unknown[], node: SchemaNode, self: Self): unknown[] {
    const schema = node.items as SchemaNode;
    if (!node.child) return items.map((item) => this.render(item, schema, self));
    const [ids, type] = [`${self.id}/${node.child}/`, `${self.type}/${node.child}`];
    return items.map((item) => {
      const name = String((item as { name?: unknown }).name);
      return this.render(item, schema, { id: ids + name, type, name });
    });
  }
}

/** The whole resource as a GET shows it. */
export function renderResource(resource: Resource, options: RenderOptions): Record<string, unknown> {
  return new Renderer(resource, options).render(options.document, options.schema, resource) as Record<string, unknown>;
}
