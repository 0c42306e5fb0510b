/**
 * Makes the documents that writes store: references resolved, defaults filled in, checked. It decides nothing about who may
 * write and begins no operation, so that a write can be tried as well as made.
 */
import { defaultTenantId as tenantId } from '../../../config/tenant.js';
import type { AzureError } from '../../../errors/index.js';
import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId, idKey, type ResourceId } from '../../../resources/resource-id.js';
import {
  type Addresses,
  type Lookup,
  type Resource,
  type ResourceDocument,
  type ResourceType,
  schemaOf,
  type WriteContext,
} from '../../../resources/resource-type.js';
import type { SchemaNode } from '../../../resources/schema.js';
import { completeIdentity } from '../../../resources/unmodelled-types.js';
import { newEtag, newGuid } from '../../../support/ids.js';
import { alike } from '../../../support/plain-data.js';
import type { Preconditions } from './preconditions.js';
import { lookupAfter, resolveReferences, type WritingContext } from './references.js';
import { type ChildPlace, checkNames } from './request-body.js';

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

export interface WritePlace {
  readonly key: string;
  readonly idText: string;
  readonly existing: Resource | undefined;
}

/** What is stored once `document` is complete. */
export interface Storing extends WritePlace {
  readonly write: DocumentWrite;
  readonly document: ResourceDocument;
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
   * The document with its references resolved and its defaults filled in. Frees the addresses of the resource and claims
   * those that it has from now on. Throws what is refused.
   */
  complete(write: DocumentWrite, { key, idText, existing, lookup, addresses }: WritePlace & World): ResourceDocument {
    const { type, id, apiVersion, child } = write;
    const document = write.document(existing);
    completePrincipals(document, idText);
    const schema = schemaOf(type);
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
    const written = this.resource({ write, key, idText, existing, document }, 'Succeeded');
    const refusal = firstOf(type.check?.(context, lookupAfter(lookup, written, type)));
    if (refusal) throw refusal;
    return document;
  }

  /** The resource to store: the existing one itself when nothing changes. */
  resource({ write: { type, id }, key, idText, existing, document }: Storing, provisioningState: string): Resource {
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
