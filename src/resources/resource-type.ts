/**
 * What a resource type is: data and a few pure functions. Routes, LIST, PATCH, ETag and If-Match, long-running
 * operations, references, refusals to delete what is in use, and OpenAPI follow from it for every type alike.
 */
import type { AzureError } from '../errors/index.js';
import type { ResourceId } from './resource-id.js';
import type { SchemaNode, TSchema } from './schema.js';

/** A resource body as it is stored: canonical, defaults filled in, nothing that can be computed. */
export interface ResourceDocument {
  location?: string;
  tags?: Record<string, string>;
  sku?: { name?: string; tier?: string };
  zones?: string[];
  properties: Record<string, unknown>;
  [member: string]: unknown;
}

/** A stored resource. Documents are never changed in place. */
export interface Resource {
  /** Folded id. */
  readonly key: string;
  /** The id as first created. */
  readonly id: string;
  readonly type: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
  readonly etag: string;
  readonly provisioningState: string;
  readonly document: ResourceDocument;
  /** Azure time, ISO 8601. */
  readonly createdTime: string;
  readonly changedTime: string;
}

/** A reference from one resource (or a child of it) to another. */
export interface Link {
  /** Id of the referring resource or child, as written. */
  readonly sourceId: string;
  /** `Microsoft.Network/networkInterfaces/ipConfigurations`. */
  readonly sourceType: string;
  /** The member that holds the reference: `subnet`, `backendAddressPools`. */
  readonly path: string;
  /** Folded id of what is referred to. */
  readonly target: string;
}

/** What a type's functions may ask about everything else that exists. */
export interface Lookup {
  /** The top-level resource with this folded id. */
  resource(key: string): Resource | undefined;
  /** References from other resources into this top-level resource or any child of it. */
  linksInto(rootKey: string): readonly Link[];
  /** Top-level resources of a type in every subscription. */
  everyOfType(type: string): Iterable<Resource>;
}

/** A wish for an address. `owner` is the id of the ipConfiguration, frontend or public IP that will hold it. */
export interface AddressClaim {
  /** Folded id of the subnet or prefix, or `public`. */
  readonly pool: string;
  readonly owner: string;
  /** CIDR out of which to serve. */
  readonly prefix: string;
  /**
   * Addresses at the start of the prefix that are never handed out; when there are any, the last address of an IPv4
   * prefix is not either. 0 hands out the whole prefix, as public IP prefixes do.
   */
  readonly reserved: number;
  /** Taken when it is free. */
  readonly preferred?: string | undefined;
  /** Only this one will do. */
  readonly exact?: string | undefined;
}

/** A request for a whole aligned block, from which no single addresses are given out. */
export interface BlockClaim {
  readonly pool: string;
  readonly owner: string;
  /** CIDR out of which to serve. */
  readonly prefix: string;
  /** Length of the block. */
  readonly length: number;
  /** CIDR of the block that `owner` holds already. */
  readonly preferred?: string | undefined;
}

export type ClaimResult =
  | { readonly address: string }
  | { readonly conflict: 'allocated'; readonly holder: string }
  | { readonly conflict: 'full' };

/** Hands addresses out inside the transaction of a write; what a resource no longer claims is free again. */
export interface Addresses {
  claim(claim: AddressClaim): ClaimResult;
  claimBlock(claim: BlockClaim): { readonly prefix: string } | { readonly conflict: 'full' };
  /** CIDR of the public pool for the given IP version. */
  readonly publicPrefix: { readonly IPv4: string; readonly IPv6: string };
}

/** One create-or-update. */
export interface WriteContext<D extends ResourceDocument = ResourceDocument> {
  readonly id: ResourceId;
  /** The id as it will be stored. */
  readonly idText: string;
  readonly apiVersion: string;
  /** The canonical body; `defaults` completes it in place before it is checked. */
  readonly document: D;
  readonly existing: Resource | undefined;
  /** The child that the request is about, when it was made on the child's own path. */
  readonly child?:
    | { readonly collection: string; readonly name: string; readonly method: 'Put' | 'Delete' }
    | undefined;
  readonly lookup: Lookup;
  readonly addresses: Addresses;
  readonly newGuid: () => string;
}

/** What a read-only view may need. */
export interface ViewContext {
  readonly resource: Resource;
  readonly lookup: Lookup;
}

/** What a view for one answer may need. */
export interface ShowContext extends ViewContext {
  readonly apiVersion: string;
  /** Azure's `$expand`, as the client wrote it. */
  readonly expand?: string | undefined;
  /** The write that this answers: what Azure fills in once it is done is not there yet. `before` is what it replaced. */
  readonly answerTo?: { readonly before: ResourceDocument | undefined } | undefined;
}

/** A refusal to delete a resource, or a child in the document of `resource`, while others use it. */
export interface InUse {
  /** Referring type; with a trailing `*` any type that starts so. */
  readonly by: string;
  readonly path: string;
  readonly refuse: (used: { id: string; name: string; links: readonly Link[]; resource: Resource }) => AzureError;
}

/** Child resources that live inside the parent's document and have paths of their own. */
export interface ChildCollection {
  /** Last type segment and member of `properties`: `probes`. */
  readonly name: string;
  /** Which methods its path answers; all collections with a path answer GET of one and of all. */
  readonly methods: 'read' | 'write';
  readonly inUse?: readonly InUse[];
}

/** POST actions, by the path below the resource, with `{name}` for names of children. */
export interface Action {
  /** `backendAddressPools/{pool}/queryInboundNatRulePortMapping`. */
  readonly path: string;
  /** POST when absent. */
  readonly method?: 'GET';
  /** Earliest api-version. */
  readonly since: string;
  /** `sync` answers 200 with the result; `async` 202 with Location. */
  readonly answer: 'sync' | 'async';
  readonly requestSchema?: TSchema;
  readonly run: (context: ActionContext) => ActionResult;
}

/** What an action answers, and what it changes: whole documents by folded id. */
export interface ActionResult {
  readonly body?: unknown;
  readonly writes?: readonly { readonly key: string; readonly document: ResourceDocument }[];
}

export interface ActionContext extends ViewContext {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Live answers of the data plane, for actions that report health. */
  readonly health: HealthReader;
}

/** Whether new flows of a rule go to a backend, and why; both empty while its machine is stopped. */
export interface BackendHealth {
  readonly state: 'Up' | 'Down' | '';
  /** As Azure's health status API names it. */
  readonly reason: string;
}

/** What the data plane knows about the backends of a load balancing rule, by their Azure addresses. */
export interface HealthReader {
  rule(ruleId: string): ReadonlyMap<string, BackendHealth>;
}

/** Statuses of a type's answers where they are not the ordinary ones; undefined for the ordinary one. */
export interface AnswerStatuses {
  /** Of a PUT that is done: ordinarily 201 when it created something, else 200. */
  readonly put?: (put: {
    readonly apiVersion: string;
    readonly created: boolean;
    /** The collection, when it is a child that is put. */
    readonly child?: string | undefined;
  }) => 200 | 201 | 202 | undefined;
  /** Whether a PUT that is done names no operation, as where Azure has done it before it answers: ordinarily it does. */
  readonly putIsDone?: (put: {
    readonly apiVersion: string;
    readonly document: ResourceDocument;
    readonly before?: ResourceDocument | undefined;
  }) => boolean;
  /** Of a DELETE of something that existed, when it is done: ordinarily 202. */
  readonly delete?: (deletion: { readonly apiVersion: string }) => 200 | 202 | 204 | undefined;
}

/** What the requests to a type have of their own. */
export interface TypeRequests {
  readonly actions?: readonly Action[];
  readonly statuses?: AnswerStatuses;
  /** What the compute provider, whose names follow a rule of its own, calls the resource's name: `vmName`. */
  readonly nameParameter?: string;
  /** Whether a PATCH changes every member that it has; else it replaces the tags and says nothing besides. */
  readonly patchesAll?: boolean;
  /** What the service makes along with the resource, in its group: it is written after the resource, and goes with it. */
  readonly makes?: (resource: Resource) => readonly { readonly id: string; readonly document: ResourceDocument }[];
}

/** What became of a change in the data plane. */
export interface ApplyOutcome {
  /** Why the operation fails; undefined when it succeeded. Only `--strict-bind` makes operations fail. */
  readonly failure?: { readonly code: string; readonly message: string } | undefined;
}

/** Ten fields at most: a new one needs three types that use it. */
export interface ResourceType<D extends ResourceDocument = ResourceDocument> {
  readonly type: string;
  readonly apiVersions: readonly string[];
  readonly schema: SchemaNode;
  readonly children?: readonly ChildCollection[];
  readonly inUse?: readonly InUse[];
  /** Completes `context.document` with everything the service fills in; the only place for defaults. */
  readonly defaults?: (context: WriteContext<D>) => void;
  /** Yields what Azure refuses; the first one is answered. `after` is what there will be, the written resource included. */
  readonly check?: (context: WriteContext<D>, after: Lookup) => Iterable<AzureError>;
  /** The document with computed members added, before it is written out. */
  readonly view?: (context: ShowContext) => ResourceDocument;
  /** Follows a change of the links into a resource; returns the document to store, the same object when unchanged. */
  readonly onLinksChanged?: (context: ViewContext) => ResourceDocument;
  readonly requests?: TypeRequests;
}

type Defined<D extends ResourceDocument> = Omit<ResourceType<D>, 'schema'> & { readonly schema: TSchema };

/** Declares a resource type. */
// biome-ignore lint/suspicious/noExplicitAny: the registry holds types of every document shape
export const resourceType = <D extends ResourceDocument>(definition: Defined<D>): ResourceType<any> =>
  definition as ResourceType;

/** Schema of one child of a type's collection. */
export const childSchema = (type: ResourceType, collection: string): SchemaNode =>
  type.schema.properties?.properties?.properties?.[collection]?.items as SchemaNode;
