/**
 * Creates, changes and deletes stored resources, inside the transaction of a write: the document, its links, the addresses
 * it claims and the operation change together or not at all.
 */
import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId, idKey, type ResourceId, rootKey } from '../../../resources/resource-id.js';
import type { Resource, ResourceDocument } from '../../../resources/resource-type.js';
import { newEtag } from '../../../support/ids.js';
import { alike } from '../../../support/plain-data.js';
import type { ArmContext } from './arm-context.js';
import { completePrincipals, type DocumentWrite, DocumentWriter, type Storing } from './document-writer.js';
import { OperationRecords, operationName } from './operations.js';
import { checkPreconditions, type Preconditions, refusalToDelete, refusalToDropChildren } from './preconditions.js';
import { ResourceLinks } from './references.js';

export interface Write {
  readonly resource: Resource;
  readonly created: boolean;
  /** The document that it replaced. */
  readonly before?: ResourceDocument | undefined;
  readonly operationId: string;
  /** Folded ids of every top-level resource that the data plane may have to follow. */
  readonly touched: readonly string[];
}

/** Every method runs inside a transaction that its caller began. */
export class ResourceWriter {
  readonly #operations: OperationRecords;
  readonly #links: ResourceLinks;
  readonly #documents: DocumentWriter;

  constructor(readonly context: ArmContext) {
    this.#operations = new OperationRecords(context);
    this.#links = new ResourceLinks(context);
    this.#documents = new DocumentWriter(context);
  }

  /** Create-or-update. Throws Azure's refusal. */
  put(write: DocumentWrite): Write {
    const { conditions, child, baseUrl, apiVersion } = write;
    const { resources, addresses } = this.context.store;
    const place = this.#documents.place(write);
    const { idText, existing } = place;
    checkPreconditions(idText, existing, conditions);
    const childId = `${idText}/${child?.collection}/${child?.name}`;
    this.#operations.checkFree({ existing, child: child !== undefined, childId, baseUrl, apiVersion });
    const document = this.#documents.complete(write, { ...place, lookup: resources, addresses });
    const refusal = refusalToDropChildren(resources, existing, document);
    if (refusal) throw refusal;
    return this.#store({ write, ...place, document });
  }

  #store(storing: Storing): Write {
    const { resources } = this.context.store;
    const { type, child } = storing.write;
    const { key, existing } = storing;
    const resource = this.#documents.resource(storing, this.context.operationDelayMs > 0 ? 'Updating' : 'Succeeded');
    const keeps = resource === existing;
    let touched: readonly string[] = [];
    if (!keeps) {
      resources.save(resource);
      touched = this.#links.relink(resource, type);
    }
    const name = operationName(child?.method ?? 'Put', child ? `${type.type}/${child.collection}` : type.type);
    const operationId = this.#operations.record(resource, name);
    this.#operations.supersede(existing, { name, id: operationId });
    return {
      resource: resources.resource(key) ?? resource,
      created: !existing,
      before: existing?.document,
      operationId,
      touched,
    };
  }

  /** Creates or replaces a resource without a model. Its `id` is what it has from its creation on. */
  putOpaque(
    id: ResourceId,
    { type, name, document }: { type: string; name: string; document: ResourceDocument },
  ): Write {
    const { resources } = this.context.store;
    const idText = formatResourceId(id);
    const key = idKey(idText);
    const existing = resources.resource(key);
    const now = this.context.clock.timestamp();
    completePrincipals(document, existing?.id ?? idText);
    const resource: Resource = {
      key,
      id: existing?.id ?? idText,
      subscriptionId: id.subscriptionId.toLowerCase(),
      resourceGroup: (id.resourceGroup ?? '').toLowerCase(),
      type: existing?.type ?? type,
      name: existing?.name ?? name,
      etag: newEtag(),
      provisioningState: 'Succeeded',
      document,
      createdTime: existing?.createdTime ?? now,
      changedTime: now,
    };
    resources.save(resource);
    const operationId = this.#operations.record(resource, 'PutResourceOperation');
    return { resource, created: !existing, operationId, touched: [] };
  }

  /** Deletes a top-level resource, or refuses because it is in use. `undefined` when there is none. */
  delete(key: string, conditions: Preconditions): Write | undefined {
    const { resources } = this.context.store;
    const existing = resources.resource(key);
    if (!existing) return undefined;
    checkPreconditions(existing.id, existing, conditions);
    const refusal = refusalToDelete(resources, existing);
    if (refusal) throw refusal;
    const name = operationName('Delete', existing.type);
    const operationId = this.#operations.record(existing, name);
    this.#operations.supersede(existing, { name, id: operationId });
    if (this.context.operationDelayMs > 0) {
      resources.save({ ...existing, provisioningState: 'Deleting' });
      return { resource: existing, created: false, operationId, touched: [key] };
    }
    return { resource: existing, created: false, operationId, touched: this.remove(existing) };
  }

  /** Removes a resource, whatever uses it; what refers to it loses the reference. Answers what the data plane follows. */
  remove(resource: Resource): string[] {
    const { resources, addresses } = this.context.store;
    const targets = [...new Set(resources.linksFrom(resource.key).map(({ target }) => rootKey(target)))];
    const sources = [...new Set(resources.linksInto(resource.key).map(({ sourceId }) => rootKey(sourceId)))];
    resources.remove(resource.key);
    for (const { key } of resources.below(resource.key)) resources.remove(key);
    addresses.release(resource.key);
    for (const key of targets) this.#links.follow(key);
    for (const key of sources) this.#links.drop(key, resource.key);
    return [resource.key, ...targets, ...sources];
  }

  /** Replaces whole documents, as actions do: no checks, links and etags follow. Answers what the data plane follows. */
  replace(writes: readonly { key: string; document: ResourceDocument }[]): string[] {
    const { resources } = this.context.store;
    const touched = new Set<string>();
    for (const { key, document } of writes) {
      const existing = resources.resource(key);
      const type = existing && findResourceType(existing.type);
      if (!existing || !type) continue;
      const changed = this.#withDocument(existing, document);
      resources.save(changed);
      for (const one of this.#links.relink(changed, type)) touched.add(one);
    }
    return [...touched];
  }

  /** Replaces the tags; the one change that is never asynchronous. */
  patchTags(existing: Resource, tags: Record<string, string> | undefined): Resource {
    const document = { ...existing.document, tags: tags ?? {} };
    if (alike(document, existing.document)) return existing;
    const changed = this.#withDocument(existing, document);
    this.context.store.resources.save(changed);
    return changed;
  }

  #withDocument(existing: Resource, document: ResourceDocument): Resource {
    return { ...existing, document, etag: newEtag(), changedTime: this.context.clock.timestamp() };
  }

  /** Remembers an operation on `resource`: finished already, or running while `--operation-delay` lasts. */
  recordOperation(resource: Pick<Resource, 'key' | 'subscriptionId'>, name: string, result?: unknown): string {
    return this.#operations.record(resource, name, result);
  }
}
