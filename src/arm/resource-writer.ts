/**
 * Creates, changes and deletes resources: one IMMEDIATE transaction per write holding the document, its links, the
 * addresses it claims and the operation. Routes, deployments and actions all write through here.
 */
import { isDeepStrictEqual } from 'node:util';
import { type AzureError, azureError } from '../errors.js';
import { newEtag, newGuid } from '../ids.js';
import { linksOf } from '../resources/references.js';
import { findResourceType } from '../resources/registry.js';
import { formatResourceId, idKey, type ResourceId, rootKey } from '../resources/resource-id.js';
import {
  type InUse,
  type Link,
  type Resource,
  type ResourceDocument,
  type ResourceType,
  schemaOf,
  type WriteContext,
} from '../resources/resource-type.js';
import type { ArmContext } from './arm-context.js';
import { checkChildNames } from './child-names.js';
import { putOperation, resolveReferences } from './references.js';

/** Conditions that a client puts on a write. */
export interface Preconditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

export interface Write {
  readonly resource: Resource;
  readonly created: boolean;
  readonly operationId: string;
  /** Folded ids of every top-level resource that the data plane may have to follow. */
  readonly touched: readonly string[];
}

interface PutRequest {
  readonly type: ResourceType;
  readonly id: ResourceId;
  readonly apiVersion: string;
  readonly conditions: Preconditions;
  /** Makes the document to write; sees what is stored, inside the transaction. */
  readonly document: (existing: Resource | undefined) => ResourceDocument;
}

const weakEtag = (given: string): string => (given.startsWith('W/') ? given : `W/"${given.replaceAll('"', '')}"`);

function checkPreconditions(id: string, existing: Resource | undefined, { ifMatch, ifNoneMatch }: Preconditions): void {
  const mismatch = (given: string, etag: string): AzureError =>
    azureError('PreconditionFailed', {
      details: [
        {
          code: 'PreconditionFailedEtagMismatch',
          message: `Etag provided in if-match header ${given} does not match etag ${etag} of resource ${id} in NRP data store.`,
        },
      ],
    });
  if (ifMatch !== undefined && ifMatch !== '*' && weakEtag(ifMatch) !== existing?.etag) {
    throw mismatch(weakEtag(ifMatch), existing?.etag ?? 'null');
  }
  if (ifMatch === '*' && !existing) throw mismatch('*', 'null');
  if (ifNoneMatch === '*' && existing) throw mismatch('*', existing.etag);
}

function firstOf(refusals: Iterable<AzureError> | undefined): AzureError | undefined {
  for (const refusal of refusals ?? []) return refusal;
  return undefined;
}

const comesFrom = ({ by, path }: InUse, link: Link): boolean =>
  (by.endsWith('*') ? link.sourceType.startsWith(by.slice(0, -1)) : link.sourceType === by) &&
  (path === '*' || link.path === path);

export class ResourceWriter {
  constructor(readonly context: ArmContext) {}

  /** Create-or-update. Throws Azure's refusal; nothing is stored then. */
  put(request: PutRequest): Write {
    const { store } = this.context;
    return store.resources.transaction(() => this.#put(request));
  }

  #put({ type, id, apiVersion, conditions, document: makeDocument }: PutRequest): Write {
    const { resources, addresses } = this.context.store;
    const requested = formatResourceId({ ...id, namespace: type.type.split('/')[0] as string });
    const key = idKey(requested);
    const existing = resources.resource(key);
    const idText = existing?.id ?? this.#idAsCreated(id, type);
    checkPreconditions(idText, existing, conditions);
    const document = makeDocument(existing);
    const schema = schemaOf(type);
    checkChildNames(document, schema, idText);
    resolveReferences(document, {
      idText,
      type: type.type,
      schema,
      lookup: resources,
      canonicalType: (name) => findResourceType(name)?.type,
    });
    addresses.release(key);
    const context: WriteContext = { id, idText, apiVersion, document, existing, lookup: resources, addresses, newGuid };
    type.defaults?.(context);
    const refusal = firstOf(type.check?.(context)) ?? this.#removedChildrenInUse(type, existing, document);
    if (refusal) throw refusal;
    return this.#store({ type, id, idText, key, existing, document });
  }

  #store(write: {
    type: ResourceType;
    id: ResourceId;
    idText: string;
    key: string;
    existing: Resource | undefined;
    document: ResourceDocument;
  }): Write {
    const { type, id, idText, key, existing, document } = write;
    const { resources } = this.context.store;
    const now = this.context.clock.timestamp();
    const waits = this.context.operationDelayMs > 0;
    const same = existing !== undefined && isDeepStrictEqual(existing.document, document);
    const provisioningState = waits ? 'Updating' : 'Succeeded';
    const keeps = same && existing.provisioningState === provisioningState;
    const resource: Resource = keeps
      ? existing
      : {
          key,
          id: idText,
          type: type.type,
          subscriptionId: id.subscriptionId.toLowerCase(),
          resourceGroup: (id.resourceGroup as string).toLowerCase(),
          name: existing?.name ?? (id.names[0] as string),
          etag: newEtag(),
          provisioningState,
          document,
          createdTime: existing?.createdTime ?? now,
          changedTime: now,
        };
    let touched: readonly string[] = [];
    if (!keeps) {
      resources.save(resource);
      touched = this.#relink(resource, type);
    }
    const operationId = this.recordOperation(resource, putOperation(type.type));
    return { resource: resources.resource(key) ?? resource, created: !existing, operationId, touched };
  }

  /** Stores the links of a resource; whoever is newly referred to, or no longer, follows with a new etag. */
  #relink(resource: Resource, type: ResourceType): string[] {
    const { resources } = this.context.store;
    const links = linksOf(resource.document, schemaOf(type), resource).filter(
      (link) => rootKey(link.target) !== resource.key,
    );
    const before = resources.linksFrom(resource.key);
    const identity = (link: Link): string => `${link.sourceId.toLowerCase()}|${link.path}|${link.target}`;
    const old = new Set(before.map(identity));
    const now = new Set(links.map(identity));
    const changed = new Set<string>();
    for (const link of before) if (!now.has(identity(link))) changed.add(rootKey(link.target));
    for (const link of links) if (!old.has(identity(link))) changed.add(rootKey(link.target));
    if (changed.size > 0) resources.replaceLinks(resource.key, links);
    for (const key of changed) this.#followLinks(key);
    // The data plane may follow more than what changed here: a NIC's new address concerns its pools.
    return [resource.key, ...changed, ...links.map((link) => rootKey(link.target))];
  }

  #followLinks(key: string): void {
    const { resources } = this.context.store;
    const resource = resources.resource(key);
    if (!resource) return;
    const document =
      findResourceType(resource.type)?.onLinksChanged?.({ resource, lookup: resources }) ?? resource.document;
    resources.save({ ...resource, document, etag: newEtag(), changedTime: this.context.clock.timestamp() });
  }

  /** The id under which a new resource is stored: canonical type, group as the group was created. */
  #idAsCreated(id: ResourceId, type: ResourceType): string {
    const group = this.context.store.resources.group(id.subscriptionId, id.resourceGroup as string);
    const [namespace, ...types] = type.type.split('/') as [string, ...string[]];
    const resourceGroup = group?.name ?? id.resourceGroup;
    return formatResourceId({
      ...id,
      subscriptionId: id.subscriptionId.toLowerCase(),
      resourceGroup,
      namespace,
      types,
    });
  }

  #removedChildrenInUse(
    type: ResourceType | undefined,
    existing: Resource | undefined,
    document: ResourceDocument,
  ): AzureError | undefined {
    if (!existing) return undefined;
    for (const { name: collection, inUse } of type?.children ?? []) {
      if (!inUse) continue;
      const namesOf = (source: ResourceDocument) =>
        ((source.properties[collection] as { name: string }[] | undefined) ?? []).map(({ name }) => name);
      const staying = new Set(namesOf(document).map((name) => name.toLowerCase()));
      for (const name of namesOf(existing.document)) {
        if (staying.has(name.toLowerCase())) continue;
        const refusal = this.#refusal(inUse, `${existing.id}/${collection}/${name}`, name);
        if (refusal) return refusal;
      }
    }
    return undefined;
  }

  #refusal(inUse: readonly InUse[] | undefined, id: string, name: string): AzureError | undefined {
    const key = idKey(id);
    const root = rootKey(id);
    const links = this.context.store.resources
      .linksInto(root)
      .filter(({ target }) => key === root || target === key || target.startsWith(`${key}/`));
    for (const rule of inUse ?? []) {
      const users = links.filter((link) => comesFrom(rule, link));
      if (users.length > 0) return rule.refuse({ id, name, links: users });
    }
    return undefined;
  }

  /** Deletes a top-level resource, or refuses because it is in use. `undefined` when there is none. */
  delete(key: string, conditions: Preconditions): Write | undefined {
    const { resources } = this.context.store;
    return resources.transaction(() => {
      const existing = resources.resource(key);
      if (!existing) return undefined;
      checkPreconditions(existing.id, existing, conditions);
      const type = findResourceType(existing.type);
      const refusal = this.#refusal(type?.inUse, existing.id, existing.name) ?? this.#childrenInUse(existing);
      if (refusal) throw refusal;
      const operationId = this.recordOperation(existing, putOperation(existing.type).replace(/^Put/, 'Delete'));
      if (this.context.operationDelayMs > 0) {
        resources.save({ ...existing, provisioningState: 'Deleting' });
        return { resource: existing, created: false, operationId, touched: [key] };
      }
      return { resource: existing, created: false, operationId, touched: this.remove(existing) };
    });
  }

  #childrenInUse(existing: Resource): AzureError | undefined {
    return this.#removedChildrenInUse(findResourceType(existing.type), existing, { properties: {} });
  }

  /** Removes a resource, whatever uses it; what refers to it loses the reference. Inside a transaction. */
  remove(resource: Resource): string[] {
    const { resources, addresses } = this.context.store;
    const targets = [...new Set(resources.linksFrom(resource.key).map(({ target }) => rootKey(target)))];
    const sources = [...new Set(resources.linksInto(resource.key).map(({ sourceId }) => rootKey(sourceId)))];
    resources.remove(resource.key);
    addresses.release(resource.key);
    for (const key of targets) this.#followLinks(key);
    for (const key of sources) this.#dropReferences(key, resource.key);
    return [resource.key, ...targets, ...sources];
  }

  #dropReferences(sourceKey: string, target: string): void {
    const { resources } = this.context.store;
    const source = resources.resource(sourceKey);
    const type = source && findResourceType(source.type);
    if (!source || !type) return;
    const document = withoutReferences(source.document, target) as ResourceDocument;
    const changed = { ...source, document, etag: newEtag(), changedTime: this.context.clock.timestamp() };
    resources.save(changed);
    resources.replaceLinks(
      sourceKey,
      linksOf(document, schemaOf(type), changed).filter((link) => rootKey(link.target) !== sourceKey),
    );
  }

  /** Replaces whole documents, as actions do: no checks, links and etags follow. Inside a transaction. */
  replace(writes: readonly { key: string; document: ResourceDocument }[]): string[] {
    const { resources } = this.context.store;
    const touched = new Set<string>();
    for (const { key, document } of writes) {
      const existing = resources.resource(key);
      const type = existing && findResourceType(existing.type);
      if (!existing || !type) continue;
      const changed = { ...existing, document, etag: newEtag(), changedTime: this.context.clock.timestamp() };
      resources.save(changed);
      for (const one of this.#relink(changed, type)) touched.add(one);
    }
    return [...touched];
  }

  /** Replaces the tags; the one change that is never asynchronous. */
  patchTags(key: string, tags: Record<string, string> | undefined): Resource | undefined {
    const { resources } = this.context.store;
    return resources.transaction(() => {
      const existing = resources.resource(key);
      if (!existing) return undefined;
      const document = { ...existing.document, tags: tags ?? {} };
      if (isDeepStrictEqual(document, existing.document)) return existing;
      const changed = { ...existing, document, etag: newEtag(), changedTime: this.context.clock.timestamp() };
      resources.save(changed);
      return changed;
    });
  }

  /** Remembers an operation on `resource`: finished already, or running while `--operation-delay` lasts. */
  recordOperation(resource: Pick<Resource, 'key' | 'subscriptionId'>, name: string, result?: unknown): string {
    const id = newGuid();
    this.context.store.operations.save({
      id,
      subscriptionId: resource.subscriptionId,
      name,
      resourceKey: resource.key,
      status: this.context.operationDelayMs > 0 ? 'InProgress' : 'Succeeded',
      startedMs: this.context.clock.now(),
      result,
      error: undefined,
    });
    return id;
  }
}

/** `value` without references into the top-level resource `target` (folded id). */
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
