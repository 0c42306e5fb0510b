/**
 * Moves of resources to another group (`moveResources`), as
 * https://learn.microsoft.com/azure/azure-resource-manager/management/move-resource-group-and-subscription describes them:
 * checked as a whole, then everything gets its new id, wherever it stands.
 */
import { azureError, type ErrorDetail } from '../../../errors/index.js';
import { findReferringType } from '../../../resources/registry.js';
import { formatResourceId, idKey, parseResourceId, resourceGroupId, rootKey } from '../../../resources/resource-id.js';
import type { Resource, ResourceDocument } from '../../../resources/resource-type.js';
import type { ResourceGroup } from '../../../store/resource-store.js';
import { newEtag, newGuid } from '../../../support/ids.js';
import type { ArmContext } from './arm-context.js';
import { outgoing } from './references.js';
import { checkUnlocked, existingGroup, notFound } from './request.js';
import type { RequestBody } from './request-body.js';

/** A move whose groups and resources exist. */
export interface Move {
  readonly resources: readonly Resource[];
  readonly source: ResourceGroup;
  readonly target: ResourceGroup;
}

const invalid = (reason: string) => azureError('InvalidRequestContent', { values: { reason } });

/**
 * The move that the body of a request asks for. Throws `ResourceGroupNotFound` where the target is missing,
 * `ResourceNotFound` for a resource that is not in `source`, `InvalidRequestContent`.
 */
export function readMove(
  body: RequestBody,
  { source, apiVersion, context }: { source: ResourceGroup; apiVersion: string; context: ArmContext },
): Move {
  const { resources: given, targetResourceGroup } = body.value;
  const [, subscriptionId, name] =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/?$/i.exec(
      typeof targetResourceGroup === 'string' ? targetResourceGroup : '',
    ) ?? [];
  if (!Array.isArray(given) || given.length === 0 || subscriptionId === undefined || name === undefined) {
    throw invalid("'resources' must be ids of resources, and 'targetResourceGroup' the id of a resource group.");
  }
  const resources = new Map<string, Resource>();
  for (const text of given) {
    const id = typeof text === 'string' ? parseResourceId(text) : undefined;
    if (!id) throw invalid(`${JSON.stringify(text)} is no resource id.`);
    const found = context.store.resources.resource(idKey(text));
    if (found?.resourceGroup !== source.name.toLowerCase() || found.subscriptionId !== source.subscriptionId) {
      throw notFound(id);
    }
    if (id.types.length > 1) throw invalid(`${text} is no top-level resource and moves with its parent.`);
    resources.set(found.key, found);
  }
  const target = existingGroup({ subscriptionId, name, apiVersion }, context);
  if (target.key === source.key) throw invalid('The source and the target resource group are the same.');
  return { resources: [...resources.values()], source, target };
}

/**
 * Refuses what Azure's validation refuses. Throws `ScopeLocked` for a ReadOnly lock on either group or a resource, or
 * `ResourceMoveProviderValidationFailed` with a detail for each resource that cannot go.
 */
export function checkMove({ resources, source, target }: Move, { store, clock }: ArmContext): void {
  for (const { subscriptionId, name } of [source, target]) {
    checkUnlocked(resourceGroupId(subscriptionId, name), 'write', store.resources);
  }
  for (const { id } of resources) checkUnlocked(id, 'write', store.resources);
  const moving = new Set(resources.map(({ key }) => key));
  const details: ErrorDetail[] = [];
  const refuse = (code: string, at: string, message: string) => details.push({ code, target: at, message });
  for (const resource of resources) {
    const { id, key, provisioningState } = resource;
    if (provisioningState !== 'Succeeded') {
      const message =
        'One of the resources being migrated or its dependency is not in Succeeded state. Please check details for information about each resource/operation.';
      refuse('MoveCannotProceedWithResourcesNotInSucceededState', id, message);
    }
    const there = store.resources.resource(idKey(placedIn(id, target)));
    if (there) refuse('ResourceAlreadyExists', id, `The target resource group has the resource ${there.id} already.`);
    if (source.subscriptionId === target.subscriptionId) continue;
    // What belongs together stays in one subscription.
    const targets = store.resources.linksFrom(key).map((link) => link.target);
    const sources = store.resources.linksInto(key).map(({ sourceId }) => sourceId);
    for (const other of new Set([...targets, ...sources].map(rootKey))) {
      if (moving.has(other)) continue;
      const message =
        'The move resources request does not contain all the dependent resources. Please check error details for missing resource ids.';
      refuse('MissingMoveDependentResources', store.resources.resource(other)?.id ?? other, message);
    }
  }
  if (details.length === 0) return;
  const values = { timestamp: clock.timestamp(), subscriptionId: source.subscriptionId, trackingId: newGuid() };
  throw azureError('ResourceMoveProviderValidationFailed', { values, details });
}

/** The id that the resource or child `id` has in another group. */
function placedIn(id: string, { subscriptionId, name }: ResourceGroup): string {
  const parsed = parseResourceId(id);
  return parsed ? formatResourceId({ ...parsed, subscriptionId, resourceGroup: name }) : id;
}

/**
 * Moves the resources with what is below them, and rewrites every id of theirs in every document. Runs inside the
 * transaction of a write; answers the folded ids that the data plane has to follow.
 */
export function moveResources({ resources, target }: Move, { store, clock }: ArmContext): string[] {
  const roots = new Map(resources.map(({ id, key }) => [key, placedIn(id, target)]));
  const moved = (text: string): string => {
    const to = roots.get(rootKey(text));
    const from = rootKey(text).length;
    return to === undefined ? text : `${to}${text.slice(from)}`;
  };
  const touched = new Set<string>();
  for (const resource of store.resources.every()) {
    const id = moved(resource.id);
    const document = withMovedIds(resource.document, moved) as ResourceDocument;
    const isMoved = id !== resource.id;
    if (!isMoved && document === resource.document) continue;
    const place = isMoved
      ? { id, key: idKey(id), subscriptionId: target.subscriptionId, resourceGroup: target.name.toLowerCase() }
      : {};
    const changed = { ...resource, ...place, document, etag: newEtag(), changedTime: clock.timestamp() };
    if (isMoved) store.resources.remove(resource.key);
    store.resources.save(changed);
    const type = findReferringType(changed.type);
    const links = type ? outgoing(changed, type) : [];
    if (type) store.resources.replaceLinks(changed.key, links);
    for (const key of [resource.key, changed.key, ...links.map((link) => rootKey(link.target))]) touched.add(key);
  }
  for (const [from, to] of roots) store.addresses.rename(store.connection, { from, to });
  return [...touched];
}

/** `value` with other ids, also where folded ids are names of members; the same object where nothing changes. */
function withMovedIds(value: unknown, moved: (text: string) => string): unknown {
  if (typeof value === 'string') return value.startsWith('/') ? moved(value) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => withMovedIds(item, moved));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const entries = Object.entries(value);
  const changed = entries.map(([name, member]): [string, unknown] => [
    name.startsWith('/') ? idKey(moved(name)) : name,
    withMovedIds(member, moved),
  ]);
  const isSame = changed.every(
    ([name, member], index) => name === entries[index]?.[0] && member === entries[index]?.[1],
  );
  return isSame ? value : Object.fromEntries(changed);
}
