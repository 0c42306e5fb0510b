/**
 * Writes a stored resource as Azure shows it: members in Azure's order, ids, types and etags of every child, computed
 * back-references, and only what the request's api-version knows.
 */
import { linksOf } from './references.js';
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
  /** The id as links are found by it. */
  readonly key: string;
  readonly type: string;
  readonly name: string;
}

class Renderer {
  /** By the member that refers, and the folded id that it refers to. */
  readonly #incoming = new Map<string, Map<string, Link[]>>();

  constructor(
    readonly resource: Resource,
    readonly options: RenderOptions,
  ) {
    const own = linksOf(options.document, options.schema, resource);
    for (const link of [...own, ...options.links]) {
      const byTarget = this.#incoming.get(link.path) ?? new Map<string, Link[]>();
      this.#incoming.set(link.path, byTarget);
      const links = byTarget.get(link.target);
      if (links) links.push(link);
      else byTarget.set(link.target, [link]);
    }
  }

  #backReference(node: SchemaNode, self: Self): unknown {
    const wanted = node.backReference as NonNullable<SchemaNode['backReference']>;
    const links = this.#incoming.get(wanted.path)?.get(self.key);
    if (!links) return undefined;
    const ids = new Map<string, string>();
    for (const link of links) {
      if (wanted.types.includes(link.sourceType)) ids.set(link.sourceId.toLowerCase(), link.sourceId);
    }
    if (ids.size === 0) return undefined;
    const references = [...ids.values()].map((id) => ({ id }));
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
    if (Array.isArray(value)) {
      return node.items ? value.map((item) => this.#renderItem(item, node, self)) : value;
    }
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

  #renderItem(item: unknown, node: SchemaNode, self: Self): unknown {
    const items = node.items as SchemaNode;
    if (!node.child) return this.render(item, items, self);
    const name = String((item as { name?: unknown }).name);
    const id = `${self.id}/${node.child}/${name}`;
    return this.render(item, items, {
      id,
      key: id.toLowerCase(),
      type: `${self.type}/${node.child}`,
      name,
    });
  }
}

/** The whole resource as a GET shows it. */
export function renderResource(resource: Resource, options: RenderOptions): Record<string, unknown> {
  const self = { id: resource.id, key: resource.id.toLowerCase(), type: resource.type, name: resource.name };
  return new Renderer(resource, options).render(options.document, options.schema, self) as Record<string, unknown>;
}
