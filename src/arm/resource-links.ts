/**
 * Keeps references between resources whole: who is newly referred to, or no longer, gets a new etag; who refers to what
 * is gone loses the reference. Everything here runs inside the transaction of a write.
 */
import { newEtag } from '../ids.js';
import { childrenOnPath } from '../resources/children.js';
import { linksOf } from '../resources/references.js';
import { findResourceType } from '../resources/registry.js';
import { idKey, parseResourceId, rootKey } from '../resources/resource-id.js';
import {
  type Link,
  type Resource,
  type ResourceDocument,
  type ResourceType,
  schemaOf,
} from '../resources/resource-type.js';
import type { ArmContext } from './arm-context.js';

const identity = (link: Link): string => `${link.sourceId.toLowerCase()}|${link.path}|${link.target}`;

/** The references of `resource` to others than itself. */
const outgoing = (resource: Resource, type: ResourceType): Link[] =>
  linksOf(resource.document, schemaOf(type), resource).filter((link) => rootKey(link.target) !== resource.key);

/** Whether the child `target` (folded id) is in the document of its top-level resource. */
function isThere(document: ResourceDocument, target: string): boolean {
  const id = parseResourceId(target);
  return id !== undefined && childrenOnPath(document, id) !== undefined;
}

export class ResourceLinks {
  constructor(readonly context: ArmContext) {}

  /** Stores the links of a resource that was written; answers the folded ids of all that may have to follow. */
  relink(resource: Resource, type: ResourceType): string[] {
    const { resources } = this.context.store;
    const links = outgoing(resource, type);
    const before = resources.linksFrom(resource.key);
    const old = new Set(before.map(identity));
    const now = new Set(links.map(identity));
    const changed = new Set<string>();
    for (const link of before) if (!now.has(identity(link))) changed.add(rootKey(link.target));
    for (const link of links) if (!old.has(identity(link))) changed.add(rootKey(link.target));
    if (changed.size > 0) resources.replaceLinks(resource.key, links);
    for (const key of changed) this.follow(key);
    const orphans = this.#dropDangling(resource);
    // The data plane may follow more than what changed here: a NIC's new address concerns its pools.
    return [resource.key, ...changed, ...orphans, ...links.map((link) => rootKey(link.target))];
  }

  /** Gives a resource into which links changed its new etag. */
  follow(key: string): void {
    const { resources } = this.context.store;
    const resource = resources.resource(key);
    if (!resource) return;
    const document =
      findResourceType(resource.type)?.onLinksChanged?.({ resource, lookup: resources }) ?? resource.document;
    resources.save({ ...resource, document, etag: newEtag(), changedTime: this.context.clock.timestamp() });
  }

  /** Takes references to `target` (folded id of a resource or child) out of the resource `sourceKey`. */
  drop(sourceKey: string, target: string): void {
    const { resources } = this.context.store;
    const source = resources.resource(sourceKey);
    const type = source && findResourceType(source.type);
    if (!source || !type) return;
    const document = withoutReferences(source.document, target) as ResourceDocument;
    const changed = { ...source, document, etag: newEtag(), changedTime: this.context.clock.timestamp() };
    resources.save(changed);
    resources.replaceLinks(sourceKey, outgoing(changed, type));
  }

  /** A child that is gone takes the references to it along, as a pool does with those of its NICs. */
  #dropDangling(resource: Resource): string[] {
    const { key, document } = resource;
    const dangling = this.context.store.resources
      .linksInto(key)
      .filter(({ target }) => target !== key && !isThere(document, target));
    for (const { sourceId, target } of dangling) this.drop(rootKey(sourceId), target);
    return dangling.map(({ sourceId }) => rootKey(sourceId));
  }
}

/** `value` without references to `target` (folded id) or anything in it. */
function withoutReferences(value: unknown, target: string): unknown {
  const refers = (member: unknown): boolean => {
    const id = (member as { id?: unknown } | null)?.id;
    return typeof id === 'string' && (idKey(id) === target || idKey(id).startsWith(`${target}/`));
  };
  if (Array.isArray(value)) {
    return value.filter((item) => !refers(item)).map((item) => withoutReferences(item, target));
  }
  if (value === null || typeof value !== 'object') return value;
  const kept: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (refers(member)) continue;
    const rest = withoutReferences(member, target);
    // Azure never shows an empty list of references.
    if (Array.isArray(member) && member.length > 0 && (rest as unknown[]).length === 0) continue;
    kept[name] = rest;
  }
  return kept;
}
