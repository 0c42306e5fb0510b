/** Reads resources and their children as Azure shows them at an api-version. */
import { childNamed } from '../../../resources/references.js';
import { findResourceType } from '../../../resources/registry.js';
import { renderResource } from '../../../resources/render.js';
import { idKey, rootKey } from '../../../resources/resource-id.js';
import {
  type Lookup,
  type Resource,
  type ResourceType,
  type ShowContext,
  schemaOf,
} from '../../../resources/resource-type.js';
import type { SchemaNode } from '../../../resources/schema.js';
import { showOpaque } from './opaque-resources.js';

/** A resource or child as Azure shows it. */
export type Shown = Record<string, unknown> & { name?: string };

export class ResourceReader {
  constructor(readonly store: Lookup) {}

  /** The whole resource. */
  show(resource: Resource, apiVersion: string, { expand, answerTo }: Showing = {}): Shown {
    const type = findResourceType(resource.type);
    if (!type) return showOpaque(resource, this.store);
    const document = type.view?.({ resource, lookup: this.store, apiVersion, expand, answerTo }) ?? resource.document;
    const links = this.store.linksInto(resource.key);
    const shown = renderResource(resource, { schema: schemaOf(type), apiVersion, document, links });
    this.#expandAll(shown, expand, apiVersion);
    return shown;
  }

  /** The children in one collection of a resource. */
  children(resource: Resource, { collection, apiVersion, answerTo }: Omit<ShownChild, 'name'>): Shown[] {
    const properties = this.show(resource, apiVersion, { answerTo }).properties as Record<string, unknown>;
    return (properties[collection] as Shown[] | undefined) ?? [];
  }

  /** One child, by its name in any casing. */
  child(resource: Resource, { collection, name, ...shown }: ShownChild): Shown | undefined {
    const child = childNamed(this.children(resource, { ...shown, collection }), name);
    if (child) this.#expandAll(child, shown.expand, shown.apiVersion);
    return child;
  }

  #expandAll(shown: Shown, expand: string | undefined, apiVersion: string): void {
    for (const path of expand?.split(',') ?? []) this.#expand(shown, path.trim().split('/'), apiVersion);
  }

  /** Replaces `{id}` at `path` below a resource or child by what it refers to. */
  #expand(shown: Shown, path: readonly string[], apiVersion: string): void {
    const [step, ...rest] = path;
    if (step === undefined) return;
    const properties = (shown.properties ?? {}) as Record<string, unknown>;
    const member = Object.keys(properties).find((name) => name.toLowerCase() === step.toLowerCase());
    if (member === undefined) return;
    const value = properties[member];
    if (Array.isArray(value)) {
      properties[member] = value.map((item: Shown) => this.#expandItem(item, rest, apiVersion));
    } else properties[member] = this.#expandItem(value as Shown, rest, apiVersion);
  }

  #expandItem(item: Shown, rest: readonly string[], apiVersion: string): Shown {
    const isReference = typeof item.id === 'string' && Object.keys(item).length === 1;
    const whole = isReference ? (this.#byId(item.id as string, apiVersion) ?? item) : item;
    this.#expand(whole, rest, apiVersion);
    return whole;
  }

  /** The resource or child with this id; undefined when there is none. */
  #byId(id: string, apiVersion: string): Shown | undefined {
    const root = this.store.resource(rootKey(id));
    if (!root) return undefined;
    if (root.key === idKey(id)) return this.show(root, apiVersion);
    const [collection = '', name = ''] = id.slice(root.key.length + 1).split('/');
    const type = findResourceType(root.type);
    const known = type?.children?.find((child) => child.name.toLowerCase() === collection.toLowerCase());
    return known && this.child(root, { collection: known.name, name, apiVersion });
  }
}

type Showing = Pick<ShowContext, 'expand' | 'answerTo'>;

interface ShownChild extends Showing {
  readonly collection: string;
  readonly name: string;
  readonly apiVersion: string;
}

/** Schema of one child of a type's collection. */
export const childSchema = (type: ResourceType, collection: string): SchemaNode =>
  schemaOf(type).properties?.properties?.properties?.[collection]?.items as SchemaNode;
