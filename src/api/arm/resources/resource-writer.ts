/**
 * `DocumentWriter` makes the documents that writes store: references resolved, defaults filled in, checked. It decides nothing
 * about who may write and begins no operation, so that a write can be tried as well as made. `ResourceWriter` stores and
 * deletes them inside the transaction of a write: the document, its links, the addresses it claims and the operation change
 * together or not at all.
 */
import { defaultTenantId as tenantId } from '../../../config/config-values.js';
import type { AzureError } from '../../../errors/index.js';
import { type AddressHolder, findAddressHolder } from '../../../resources/Microsoft.Network/address-holders.js';
import { checkHolderAddressesFree } from '../../../resources/Microsoft.Network/publicIPAddresses.js';
import { completeIdentity } from '../../../resources/made-up-identities.js';
import { findResourceType } from '../../../resources/registry.js';
import {
  formatResourceId,
  idKey,
  parseResourceId,
  type ResourceId,
  rootKey,
  typeOf,
} from '../../../resources/resource-id.js';
import type {
  Addresses,
  Lookup,
  Resource,
  ResourceDocument,
  ResourceType,
  WriteContext,
} from '../../../resources/resource-type.js';
import type { SchemaNode } from '../../../resources/schema.js';
import { newEtag, newGuid } from '../../../support/ids.js';
import { alike } from '../../../support/plain-data.js';
import type { ArmContext } from './arm-context.js';
import { OperationRecords, operationName } from './operations.js';
import { lookupAfter, ResourceLinks, resolveReferences, type WritingContext } from './references.js';
import {
  type ChildPlace,
  checkNames,
  checkPreconditions,
  type Preconditions,
  refusalToDelete,
  refusalToDropChildren,
} from './request-body.js';

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
    const provisioningState = this.context.operationDelayMs > 0 ? 'Updating' : 'Succeeded';
    const resource = this.#documents.complete(write, { lookup: resources, addresses, provisioningState, ...place });
    const refusal = refusalToDropChildren(resources, existing, resource.document);
    if (refusal) throw refusal;
    return this.#store(resource, { existing, write });
  }

  #store(resource: Resource, { existing, write }: Storing): Write {
    const { resources } = this.context.store;
    const { type, child } = write;
    const keeps = resource === existing;
    let touched: readonly string[] = [];
    if (!keeps) {
      resources.save(resource);
      touched = [...this.#links.relink(resource, type), ...this.#makeAlong(resource, { existing, write })];
    }
    const name = operationName(child?.method ?? 'Put', child ? `${type.type}/${child.collection}` : type.type);
    const operationId = this.#operations.record(resource, name);
    this.#operations.supersede(existing, { name, id: operationId });
    return {
      resource: resources.resource(resource.key) ?? resource,
      created: !existing,
      before: existing?.document,
      operationId,
      touched,
    };
  }

  /** Writes what the service makes along with a resource, and takes away what it made along with the one before. */
  #makeAlong(resource: Resource, { existing, write }: Storing): string[] {
    const { resources, addresses } = this.context.store;
    const { makes } = write.type.requests ?? {};
    if (!makes) return [];
    const made = makes(resource);
    const staying = new Set(made.map(({ id }) => idKey(id)));
    const gone = existing ? makes(existing).filter(({ id }) => !staying.has(idKey(id))) : [];
    const touched = this.#removeAll(gone);
    for (const { id: text, document } of made) {
      const id = parseResourceId(text) as ResourceId;
      const type = findResourceType(typeOf(id)) as ResourceType;
      const own = { ...write, type, id, child: undefined, conditions: {}, document: () => document };
      const place = this.#documents.place(own);
      const provisioningState = 'Succeeded';
      const one = this.#documents.complete(own, { lookup: resources, addresses, provisioningState, ...place });
      if (one === place.existing) continue;
      resources.save(one);
      touched.push(...this.#links.relink(one, type));
    }
    return touched;
  }

  #removeAll(all: readonly { readonly id: string }[]): string[] {
    return all.flatMap(({ id }) => {
      const resource = this.context.store.resources.resource(idKey(id));
      return resource ? this.remove(resource) : [];
    });
  }

  /** Creates or replaces a resource without a model. Its `id` is what it has from its creation on. */
  putOpaque(id: ResourceId, { type, name }: { type: string; name: string }, document: ResourceDocument): Write {
    const { resources } = this.context.store;
    const idText = formatResourceId(id);
    const key = idKey(idText);
    const existing = resources.resource(key);
    const now = this.context.clock.timestamp();
    completePrincipals(document, existing?.id ?? idText);
    const holder = findAddressHolder(type);
    if (holder) this.#checkHolder(holder, { idText: existing?.id ?? idText, document });
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
    const touched = holder ? this.#links.relink(resource, holder) : [];
    const operationId = this.#operations.record(resource, 'PutResourceOperation');
    return { resource, created: !existing, operationId, touched };
  }

  /** Resolves the references of a type without a model. Throws what is refused of them. */
  #checkHolder(holder: AddressHolder, { idText, document }: Pick<WriteContext, 'idText' | 'document'>): void {
    const lookup = this.context.store.resources;
    resolveReferences(document, { idText, ...holder, lookup, canonicalType: (name) => findResourceType(name)?.type });
    const refusal = firstOf(checkHolderAddressesFree(holder, { idText, document, lookup }));
    if (refusal) throw refusal;
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
    const made = findResourceType(resource.type)?.requests?.makes?.(resource) ?? [];
    return [resource.key, ...targets, ...sources, ...this.#removeAll(made)];
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

/** One create-or-update of a top-level resource, or of a child in its document. */
export interface DocumentWrite {
  readonly type: ResourceType;
  /** Of the top-level resource. */
  readonly id: ResourceId;
  readonly apiVersion: string;
  readonly conditions: Preconditions;
  /** Makes the document to write; sees what is stored, inside the transaction. */
  readonly document: (existing: Resource | undefined) => ResourceDocument;
  /** The child that is written or deleted, when the request names one. */
  readonly child?: (ChildPlace & { readonly method: 'Put' | 'Delete' }) | undefined;
  /** Where the client that writes reached us: operations are polled there. */
  readonly baseUrl: string;
}

/** What a write sees of everything else, and where its addresses come from. */
export interface World {
  readonly lookup: Lookup;
  readonly addresses: Addresses;
}

/** What a write makes its resource from. */
interface Completing extends WritePlace, World {
  /** Which the resource is to have. */
  readonly provisioningState: 'Updating' | 'Succeeded';
}

export interface WritePlace {
  readonly key: string;
  readonly idText: string;
  readonly existing: Resource | undefined;
}

interface Storing {
  readonly write: DocumentWrite;
  readonly existing: Resource | undefined;
}

function firstOf(refusals: Iterable<AzureError> | undefined): AzureError | undefined {
  for (const refusal of refusals ?? []) return refusal;
  return undefined;
}

/** Gives a managed identity its principals, as the directory does for resources of every type. */
export function completePrincipals(document: ResourceDocument, id: string): void {
  const given = document as ResourceDocument & { identity?: unknown };
  if (given.identity) given.identity = completeIdentity(given.identity, { id, tenantId });
}

/** Fills in collections that a PUT keeps when it leaves them out. */
function keepLeftOut(
  properties: Record<string, unknown>,
  {
    before,
    schema,
    apiVersion,
  }: { before: ResourceDocument['properties'] | undefined; schema: SchemaNode; apiVersion: string },
): void {
  for (const [name, { keptSince }] of Object.entries(schema.properties?.properties?.properties ?? {})) {
    if (keptSince === undefined || apiVersion < keptSince || name in properties || before?.[name] === undefined)
      continue;
    properties[name] = structuredClone(before[name]);
  }
}

export class DocumentWriter {
  constructor(readonly context: WritingContext) {}

  /** Where `write` goes, and what is there. */
  place({ type, id }: DocumentWrite): WritePlace {
    const key = idKey(formatResourceId({ ...id, namespace: type.type.split('/')[0] as string }));
    const existing = this.context.store.resources.resource(key);
    return { key, existing, idText: existing?.id ?? this.#idAsCreated(id, type) };
  }

  /**
   * The resource to store, its references resolved and its defaults filled in: the existing one itself when nothing
   * changes. Frees the addresses of the resource and claims those that it has from now on. Throws what is refused.
   */
  complete(write: DocumentWrite, completing: Completing): Resource {
    const { key, idText, existing, lookup, addresses } = completing;
    const { type, id, apiVersion, child } = write;
    const document = write.document(existing);
    completePrincipals(document, idText);
    const schema = type.schema;
    keepLeftOut(document.properties, { before: existing?.document.properties, schema, apiVersion });
    checkNames(document, type, { id: idText, name: existing?.name ?? (id.names[0] as string) });
    resolveReferences(document, {
      idText,
      type: type.type,
      schema,
      lookup,
      canonicalType: (name) => findResourceType(name)?.type,
    });
    this.context.store.addresses.release(key);
    const context: WriteContext = { id, idText, apiVersion, document, existing, child, lookup, addresses, newGuid };
    type.defaults?.(context);
    const resource = this.#with(document, { write, ...completing });
    const refusal = firstOf(type.check?.(context, lookupAfter(lookup, resource, type)));
    if (refusal) throw refusal;
    return resource;
  }

  #with(
    document: ResourceDocument,
    { write: { type, id }, key, idText, existing, provisioningState }: Completing & { readonly write: DocumentWrite },
  ): Resource {
    const now = this.context.clock.timestamp();
    const same = existing !== undefined && alike(existing.document, document);
    if (same && existing.provisioningState === provisioningState) return existing;
    return {
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
  }

  /** The id under which a new resource is stored: canonical type, group as the group was created. */
  #idAsCreated(id: ResourceId, type: ResourceType): string {
    const group = this.context.store.resources.group(id.subscriptionId, id.resourceGroup as string);
    const [namespace, ...types] = type.type.split('/') as [string, ...string[]];
    const subscriptionId = id.subscriptionId.toLowerCase();
    const resourceGroup = group?.name ?? id.resourceGroup;
    return formatResourceId({ ...id, subscriptionId, resourceGroup, namespace, types });
  }
}
