/**
 * References between resources: each must lead to something of the right type and is stored in canonical spelling; who is
 * newly referred to, or no longer, gets a new etag; who refers to what is gone loses the reference.
 */
import { azureError, type ErrorDetail } from '../../../errors/index.js';
import { formatJsonPath } from '../../../resources/json-position.js';
import {
  childrenOnPath,
  type FoundReference,
  linksFromOthers,
  linksOf,
  onceForEach,
  referencesIn,
} from '../../../resources/references.js';
import { findReferringType, findResourceType } from '../../../resources/registry.js';
import type { ResourceId } from '../../../resources/resource-id.js';
import { formatResourceId, idKey, parseResourceId, rootKey, rootOf, typeOf } from '../../../resources/resource-id.js';
import type { Link, Lookup, Resource, ResourceDocument, ResourceType } from '../../../resources/resource-type.js';
import type { SchemaNode } from '../../../resources/schema.js';
import { invalidRequestFormat } from '../../../resources/validation.js';
import type { WritableStore } from '../../../store/overlay.js';
import { newEtag } from '../../../support/ids.js';
import type { ArmContext } from './arm-context.js';
import { operationName } from './operations.js';

export interface ReferenceScope {
  readonly idText: string;
  readonly type: string;
  readonly schema: SchemaNode;
  readonly lookup: Lookup;
  /** Canonical spelling of a type known to the registry. */
  readonly canonicalType: (type: string) => string | undefined;
}

interface WriteScope extends ReferenceScope {
  /** Folded id of the resource that is written. */
  readonly self: string;
  readonly document: ResourceDocument;
  /** Reads the id of a resource that is there. */
  readonly parsed: (id: string) => ResourceId;
}

/** An id as it stands in the document. The same one is often in many places, so each is read once. */
interface Target {
  readonly id: ResourceId;
  /** Folded. */
  readonly type: string;
  /** The lists of types that it has been found in. */
  readonly fits: Set<readonly string[]>;
  /** Its canonical spelling, once it has been looked for. */
  canonical: string | undefined;
}

function readTarget(id: string): Target | undefined {
  const parsed = parseResourceId(id);
  return parsed && { id: parsed, type: typeOf(parsed).toLowerCase(), fits: new Set(), canonical: undefined };
}

/** Azure's front door looks at ids that lead to other resources before their provider reads them. */
function checkLinked({ holder, types, jsonPath }: FoundReference, { type }: ReferenceScope): void {
  const isInside = types.every((one) => one.startsWith(`${type}/`));
  if (isInside || /^\/(subscriptions|providers)\//i.test(holder.id)) return;
  const values = { id: holder.id, path: `${formatJsonPath(jsonPath)}.id` };
  throw azureError('LinkedInvalidPropertyId', { values });
}

function formatDetail(found: FoundReference): ErrorDetail {
  const expected = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/';
  const path = formatJsonPath(found.jsonPath);
  const message = `Reference Id ${found.holder.id} is not formatted correctly. The Id is expected to start with ${expected}. Path ${path}.`;
  return { code: 'InvalidJsonReferenceFormat', message };
}

function typeDetail(found: FoundReference, target: Target): ErrorDetail | undefined {
  const { types } = found;
  if (target.fits.has(types)) return undefined;
  if (types.some((type) => type.toLowerCase() === target.type)) {
    target.fits.add(types);
    return undefined;
  }
  const message =
    `Reference Id ${found.holder.id} is referencing resource of a wrong type. The Id is expected to reference ` +
    `resources of types ${types.join(', ')}. Path ${formatJsonPath(found.jsonPath)}.`;
  return { code: 'InvalidJsonReferenceWrongType', message };
}

interface Owner {
  readonly document: ResourceDocument;
  readonly root: ResourceId;
}

function canonicalId(found: FoundReference, { id, type }: Target, { document, root }: Owner): string | undefined {
  const children = childrenOnPath(document, id);
  const canonicalType = found.types.find((one) => one.toLowerCase() === type) as string;
  const types = canonicalType.split('/').slice(1);
  if (!children) return undefined;
  const names = [root.names[0] as string, ...children.map(({ name }) => name as string)];
  return formatResourceId({ ...root, types, names });
}

/** Whether two resources can refer to each other; those of tier Global serve every region. */
const inOneRegion = (one: ResourceDocument, other: ResourceDocument): boolean =>
  one.location === other.location || [one, other].some(({ location, sku }) => !location || sku?.tier === 'Global');

/** Whether a reference to what is gone was there before, and stays. */
function isKept({ outlives, holder }: FoundReference, { self, lookup, schema, type }: WriteScope): boolean {
  const existing = outlives ? lookup.resource(self) : undefined;
  if (!existing) return false;
  const before = referencesIn(existing.document, schema, { id: existing.id, type });
  return before.some((one) => one.outlives && idKey(one.holder.id) === idKey(holder.id));
}

/** What the reference says when it is spelt canonically; what it says already where the target has no model here. */
function resolve(reference: FoundReference, target: Target, scope: WriteScope): string {
  const root = rootOf(target.id);
  const ownerKey = idKey(formatResourceId(root));
  const isSelf = ownerKey === scope.self;
  const owner = isSelf ? undefined : scope.lookup.resource(ownerKey);
  const known = isSelf ? { id: scope.idText, document: scope.document } : owner;
  const hasModel = scope.canonicalType(typeOf(root)) !== undefined;
  // Types without a model here cannot be missing, and what is in them is not known.
  const canonical =
    (known && canonicalId(reference, target, { document: known.document, root: scope.parsed(known.id) })) ??
    (hasModel ? undefined : reference.holder.id);
  const isFar = hasModel && owner && !reference.anyRegion && !inOneRegion(owner.document, scope.document);
  if (canonical === undefined && isKept(reference, scope)) return reference.holder.id;
  if (canonical === undefined || isFar) {
    // What is missing as a whole is named once more; a child that its parent does not have is not.
    const isWhole = target.id.types.length === 1;
    const details = isWhole ? [{ code: 'NotFound', message: `Resource ${reference.holder.id} not found.` }] : [];
    throw azureError('InvalidResourceReference', {
      values: { referenced: reference.holder.id, id: reference.sourceId },
      details,
    });
  }
  if (owner && owner.provisioningState !== 'Succeeded') {
    const method = owner.provisioningState === 'Deleting' ? 'Delete' : 'Put';
    const message =
      `Cannot proceed with operation because resource ${owner.id} used by resource ${scope.idText} is not in ` +
      `Succeeded state. Resource is in ${owner.provisioningState} state and the last operation that updated/is ` +
      `updating the resource is ${operationName(method, owner.type)}.`;
    throw azureError('RetryableError', { details: [{ code: 'ReferencedResourceNotProvisioned', message }] });
  }
  return canonical;
}

/**
 * Rewrites the ids in `document` to their canonical spelling. Throws `LinkedInvalidPropertyId` and `InvalidRequestFormat`
 * for ids that are none, the latter for those of a wrong type too, `InvalidResourceReference` for what does not exist,
 * `RetryableError` for what is still being made.
 */
export function resolveReferences(document: ResourceDocument, scope: ReferenceScope): void {
  const known = new Map<string, Target | undefined>();
  const resolvable: { reference: FoundReference; target: Target }[] = [];
  const details: ErrorDetail[] = [];
  for (const reference of referencesIn(document, scope.schema, { id: scope.idText, type: scope.type })) {
    const { id } = reference.holder;
    if (!known.has(id)) known.set(id, readTarget(id));
    const target = known.get(id);
    if (!target) checkLinked(reference, scope);
    const detail = target ? typeDetail(reference, target) : formatDetail(reference);
    if (detail) details.push(detail);
    else if (target) resolvable.push({ reference, target });
  }
  if (details.length > 0) throw invalidRequestFormat(details);

  const parsed = onceForEach((id) => parseResourceId(id) as ResourceId);
  const here = { self: idKey(scope.idText), document, parsed, ...scope };
  for (const { reference, target } of resolvable) {
    target.canonical ??= resolve(reference, target, here);
    reference.holder.id = target.canonical;
  }
}

const identity = (link: Link): string => `${link.sourceId.toLowerCase()}|${link.path}|${link.target}`;

let latest: { readonly document: ResourceDocument; readonly id: string; readonly links: readonly Link[] } | undefined;

/**
 * The references of `resource` to others than itself. The checks of a write and its storing ask for the same ones; a document
 * is not changed any more once it is checked.
 */
export function outgoing(
  { id, document }: Resource,
  { type, schema }: Pick<ResourceType, 'type' | 'schema'>,
): readonly Link[] {
  if (latest?.document === document && latest.id === id) return latest.links;
  const links = linksOf(document, schema, { id, type });
  latest = { document, id, links };
  return links;
}

/** What there will be once `resource` is stored: itself and its references in the place of those it had. */
export function lookupAfter(lookup: Lookup, resource: Resource, type: ResourceType): Lookup {
  const { key: self } = resource;
  let own: readonly Link[] | undefined;
  // The checks of one write ask for the same lists again and again, and those of large pools are long.
  const known = new Map<string, readonly Link[]>();
  return {
    resource: (key) => (key === self ? resource : lookup.resource(key)),
    linksInto: (root) => {
      if (root === self) return lookup.linksInto(root);
      own ??= outgoing(resource, type);
      let links = known.get(root);
      if (!links) {
        const others = linksFromOthers(lookup.linksInto(root), self);
        links = [...others, ...own.filter(({ target }) => rootKey(target) === root)];
        known.set(root, links);
      }
      return links;
    },
    everyOfType: (name) => lookup.everyOfType(name),
  };
}

/** Whether the child `target` (folded id) is in the document of its top-level resource. */
function isThere(document: ResourceDocument, target: string): boolean {
  const id = parseResourceId(target);
  return id !== undefined && childrenOnPath(document, id) !== undefined;
}

/** Where a write takes place: the store inside of a transaction, or a view of it in which writes are tried. */
export interface WritingContext extends Pick<ArmContext, 'clock'> {
  readonly store: WritableStore;
}

/** Keeps the links between resources. Everything here runs inside the transaction of a write, or in a view that keeps it to itself. */
export class ResourceLinks {
  constructor(readonly context: WritingContext) {}

  /** Stores the links of a resource that was written; answers the folded ids of all that may have to follow. */
  relink(resource: Resource, type: Pick<ResourceType, 'type' | 'schema'>): string[] {
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
    // What is in a type without a model is not known.
    const orphans = findResourceType(resource.type) ? this.#dropDangling(resource) : [];
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
    const type = source && findReferringType(source.type);
    if (!source || !type) return;
    const references = referencesIn(source.document, type.schema, { id: source.id, type: type.type });
    const lasting = new Set<unknown>(references.flatMap(({ outlives, holder }) => (outlives ? [holder] : [])));
    const document = withoutReferences(source.document, { target, lasting }) as ResourceDocument;
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

interface Dropping {
  /** Folded id. */
  readonly target: string;
  /** The objects that keep theirs. */
  readonly lasting: ReadonlySet<unknown>;
}

/** `value` without references to the target or anything in it. */
function withoutReferences(value: unknown, dropping: Dropping): unknown {
  const { target, lasting } = dropping;
  const refers = (member: unknown): boolean => {
    const id = (member as { id?: unknown } | null)?.id;
    if (typeof id !== 'string' || lasting.has(member)) return false;
    return idKey(id) === target || idKey(id).startsWith(`${target}/`);
  };
  if (Array.isArray(value)) {
    return value.filter((item) => !refers(item)).map((item) => withoutReferences(item, dropping));
  }
  if (value === null || typeof value !== 'object') return value;
  const kept: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (refers(member)) continue;
    const rest = withoutReferences(member, dropping);
    // Azure never shows an empty list of references.
    if (Array.isArray(member) && member.length > 0 && (rest as unknown[]).length === 0) continue;
    kept[name] = rest;
  }
  return kept;
}
