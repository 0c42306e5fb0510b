/** What a deployment would change: Azure's what-if, without touching anything. */

import { lastSegment } from '../../../resources/resource-id.js';
import { DeferredValue } from '../template/context.js';
import type { Json, JsonObject } from '../template/json.js';
import { compact, equalJson, isObject, jsonText, member, memberName } from '../template/json.js';
import { deployedResources, planScopeId } from './document.js';
import { evaluateBody, type PlannedResource } from './expand.js';
import type { DeploymentHost, ListedResource } from './host.js';
import { type DeploymentPlan, planLinked } from './plan.js';
import { nestedRequest } from './request.js';
import { ReferenceReader } from './resource-reader.js';

export type PropertyChangeType = 'Create' | 'Delete' | 'Modify' | 'Array' | 'NoEffect';

export interface PropertyChange {
  readonly path: string;
  readonly propertyChangeType: PropertyChangeType;
  readonly before?: Json;
  readonly after?: Json;
  readonly children?: readonly PropertyChange[];
}

/** Members that Azure makes up itself: they say nothing about what the template wants. */
const madeUp = new Set(
  'id etag type name apiversion provisioningstate resourceguid systemdata changedtime createdtime'.split(' '),
);

export interface DeltaOptions {
  /** `after` is the whole resource, so that what it lacks will be gone; otherwise it says only what the template says. */
  readonly complete: boolean;
}

/** What changes between `before` and `after`; empty when nothing does. */
export function delta(before: JsonObject, after: JsonObject, options: DeltaOptions): PropertyChange[] {
  return objectChanges(before, after, { options, path: '' });
}

interface Level {
  readonly options: DeltaOptions;
  readonly path: string;
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

function objectChanges(before: JsonObject, after: JsonObject, { options, path }: Level): PropertyChange[] {
  const changes: PropertyChange[] = [];
  for (const [key, wanted] of Object.entries(after)) {
    if (madeUp.has(key.toLowerCase())) continue;
    const known = memberName(before, key);
    const level = { options, path: join(path, known ?? key) };
    if (known !== undefined) changes.push(...valueChanges(before[known] as Json, wanted, level));
    else if (!isNothing(wanted)) changes.push({ path: level.path, propertyChangeType: 'Create', after: wanted });
  }
  // A template says all of a resource's tags; of other members it may leave out what Azure fills in.
  if (!options.complete && !/(^|\.)tags$/.test(path) && path !== '') return changes;
  for (const [key, value] of Object.entries(before)) {
    const isTags = path === '' && key === 'tags';
    if (madeUp.has(key.toLowerCase()) || memberName(after, key) !== undefined || isNothing(value)) continue;
    if (options.complete || path !== '' || isTags) {
      changes.push({ path: join(path, key), propertyChangeType: 'Delete', before: value });
    }
  }
  return changes;
}

/** An absent member and an empty one come to the same. */
function isNothing(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === null || (isObject(value) && Object.keys(value).length === 0);
}

function valueChanges(before: Json, after: Json, level: Level): PropertyChange[] {
  if (isObject(before) && isObject(after)) return objectChanges(before, after, level);
  if (Array.isArray(before) && Array.isArray(after)) return arrayChanges(before, after, level);
  if (sameValue(before, after)) return [];
  return [{ path: level.path, propertyChangeType: 'Modify', before, after }];
}

/** Ids and expressions that are not known yet count as equal where they may be. */
function sameValue(before: Json, after: Json): boolean {
  if (equalJson(before, after)) return true;
  if (typeof before !== 'string' || typeof after !== 'string') return false;
  // An expression that only the deployment can evaluate says nothing about a change.
  if (/^\[(?!\[).*\]$/s.test(after)) return true;
  const isId = before.startsWith('/') && after.startsWith('/');
  return isId && before.toLowerCase() === after.toLowerCase();
}

function arrayChanges(before: readonly Json[], after: readonly Json[], { options, path }: Level): PropertyChange[] {
  const key = elementKey([...before, ...after]);
  const children: PropertyChange[] = [];
  const left = new Map(before.map((element, index) => [key(element, index), element]));
  for (const [index, wanted] of after.entries()) {
    const name = key(wanted, index);
    const known = left.get(name);
    left.delete(name);
    if (known === undefined) {
      children.push({ path: String(index), propertyChangeType: 'Create', after: wanted });
      continue;
    }
    children.push(...elementChanges(known, wanted, { options, path: String(index) }));
  }
  const gone = [...left.values()];
  children.push(
    ...gone.map((element) => ({
      path: String(before.indexOf(element)),
      propertyChangeType: 'Delete' as const,
      before: element,
    })),
  );
  return children.length === 0 ? [] : [{ path, propertyChangeType: 'Array', children }];
}

function elementChanges(before: Json, after: Json, { options, path }: Level): PropertyChange[] {
  if (!isObject(before) || !isObject(after)) return valueChanges(before, after, { options, path });
  const children = objectChanges(before, after, { options, path: '' });
  return children.length === 0 ? [] : [{ path, propertyChangeType: 'Modify', children }];
}

/** Elements are the same by name, by id, by value, or else by where they stand. */
function elementKey(elements: readonly Json[]): (element: Json, index: number) => string {
  for (const name of ['name', 'id']) {
    if (elements.every((element) => isObject(element) && typeof element[name] === 'string')) {
      return (element) => String((element as JsonObject)[name]).toLowerCase();
    }
  }
  return elements.every((element) => typeof element !== 'object')
    ? (element) => JSON.stringify(element)
    : (_, index) => String(index);
}

/** `change` as JSON, with the members that Azure shows for its kind. */
export const changeJson = ({ path, propertyChangeType, before, after, children }: PropertyChange): JsonObject =>
  compact({ path, propertyChangeType, before, after, children: children?.map(changeJson) });

export type WhatIfHost = Pick<DeploymentHost, 'action' | 'get' | 'list' | 'preview'>;

/** The answer to a whatIf request: `{status, properties: {correlationId, changes}}`. */
export async function whatIf(plan: DeploymentPlan, host: WhatIfHost, correlationId: string): Promise<JsonObject> {
  const looking: Looking = { host, plans: [], writes: [], unsupported: [] };
  await look(plan, looking);
  const { plans, writes } = looking;
  const changes = [...looking.unsupported];
  const children = new Map<string | undefined, Write[]>();
  for (const write of writes) {
    const parent = parentOf(write);
    const siblings = children.get(parent);
    if (siblings) siblings.push(write);
    else children.set(parent, [write]);
  }
  const { budget } = plan.context.environment;
  for (const write of writes) {
    changes.push(await budget.nextWrite(write.body, () => changeOf(write, { host, children })));
  }
  const touched = new Set(changes.map(({ resourceId }) => String(resourceId).toLowerCase()));
  changes.push(...(await untouched(plans, { host, touched })));
  const shown = plan.request.resultFormat?.toLowerCase() === 'resourceidonly' ? changes.map(idOnly) : changes;
  shown.sort((left, right) =>
    String(left.resourceId).toLowerCase() < String(right.resourceId).toLowerCase() ? -1 : 1,
  );
  return { status: 'Succeeded', properties: { correlationId, changes: shown } };
}

/** Without payloads Azure does not compare: what exists is deployed again. */
function idOnly({ resourceId, changeType }: JsonObject): JsonObject {
  const kind = changeType === 'Modify' || changeType === 'NoChange' ? 'Deploy' : changeType;
  return compact({ resourceId, changeType: kind });
}

interface Looking {
  readonly host: WhatIfHost;
  /** Every plan that was looked at: the deployment's own, and those of the deployments inside. */
  readonly plans: DeploymentPlan[];
  /** What they would write, in the order of the templates. */
  readonly writes: Write[];
  readonly unsupported: JsonObject[];
}

interface Write {
  readonly resource: PlannedResource;
  readonly body: JsonObject;
}

/** The folded id of the resource in which another one lies; undefined for one that lies in none. */
function parentOf({ resource: { id, type } }: Write): string | undefined {
  return type.split('/').length > 2 ? id.toLowerCase().split('/').slice(0, -2).join('/') : undefined;
}

async function look(plan: DeploymentPlan, looking: Looking): Promise<void> {
  looking.plans.push(plan);
  for (const resource of plan.resources) {
    if (!resource.deployed || resource.existing) continue;
    const nested = plan.nested.get(resource.key);
    if (nested) await look(nested, looking);
    else if (resource.nested) await lookLate(plan, resource, looking);
    else looking.writes.push({ resource, body: await bodyOf(plan, resource, looking.host) });
  }
}

/**
 * Looks at a nested deployment that could not be planned beforehand: with what its parameters refer to as it is now.
 * differs: Azure leaves such a deployment out, even when everything it refers to exists.
 */
async function lookLate(plan: DeploymentPlan, resource: PlannedResource, looking: Looking): Promise<void> {
  const { host } = looking;
  const reader = new ReferenceReader(plan, {
    ...refusing,
    get: (id, version) => host.get(id, version),
    // Only `list…` functions get here: they read, as `reference` does.
    action: (request) => host.action(request),
  });
  let nested: DeploymentPlan;
  try {
    const body = await reader.evaluate(resource.context, (context) => evaluateBody(resource, { context }));
    nested = await planLinked(nestedRequest(resource, body), resource.context.environment, 1);
  } catch {
    looking.unsupported.push(unsupported(resource));
    return;
  }
  await look(nested, looking);
}

/** A nested deployment whose parameters come from resources that do not exist yet. */
const unsupported = ({ id }: PlannedResource): JsonObject => ({
  resourceId: id,
  changeType: 'Unsupported',
  unsupportedReason: 'The nested deployment depends on values that are known only while the deployment runs.',
});

interface World {
  readonly host: WhatIfHost;
  /** The writes of children by folded id of their parent. */
  readonly children: ReadonlyMap<string | undefined, readonly Write[]>;
}

/**
 * What a write would change. What lies in it and is written by the same deployment counts as written with it: a template
 * leaves out of a parent's body what it gives as resources of their own.
 */
async function changeOf({ resource, body }: Write, { host, children }: World): Promise<JsonObject> {
  const { id, type, apiVersion } = resource;
  const head = { apiVersion, id, name: lastSegment(resource.name), type };
  const before = await host.get(id, apiVersion);
  if (!before) return { resourceId: id, changeType: 'Create', after: { ...head, ...body } };
  const inside = (children.get(id.toLowerCase()) ?? []).map(({ resource: { id, apiVersion }, body }) => ({
    id,
    apiVersion,
    body,
  }));
  const { budget } = resource.context.environment;
  // Reading, trying and comparing a large resource get a turn of the event loop each.
  const preview = await budget.nextWrite(body, () => host.preview?.({ id, apiVersion, body }, inside));
  const after = preview ?? { ...head, ...body };
  const changes = await budget.nextPart(() => delta(before, after, { complete: preview !== undefined }));
  return compact({
    resourceId: id,
    changeType: changes.length === 0 ? 'NoChange' : 'Modify',
    before,
    after: preview ? after : { ...before, ...after },
    delta: changes.length === 0 ? undefined : changes.map(changeJson),
  });
}

/** The body, with references to resources that exist already filled in. */
async function bodyOf(plan: DeploymentPlan, resource: PlannedResource, host: WhatIfHost): Promise<JsonObject> {
  const reader = new ReferenceReader(plan, { ...refusing, get: (id, version) => host.get(id, version) });
  try {
    return await reader.evaluate(resource.context, (context) => evaluateBody(resource, { context }));
  } catch {
    return plan.bodies.get(resource.key) ?? {};
  }
}

const refuse = (): never => {
  throw new DeferredValue({ action: 'put', resource: '', apiVersion: undefined, full: false });
};
const refusing = { put: refuse, delete: refuse, list: refuse, action: refuse };

/** What the groups hold besides: left alone, or deleted where a deployment to the group is in Complete mode. */
async function untouched(
  plans: readonly DeploymentPlan[],
  { host, touched }: { host: WhatIfHost; touched: ReadonlySet<string> },
): Promise<JsonObject[]> {
  const kept = new Set(plans.flatMap(deployedResources).map(({ id }) => id.toLowerCase()));
  const isOther = ({ id, type }: ListedResource): boolean => {
    const folded = id.toLowerCase();
    const isDeployment = type.toLowerCase() === 'microsoft.resources/deployments';
    return !isDeployment && !touched.has(folded) && ![...kept].some((other) => other.startsWith(`${folded}/`));
  };
  const changes: JsonObject[] = [];
  for (const [group, plansOfGroup] of plansByGroup(plans)) {
    const isComplete = plansOfGroup.some(({ request }) => request.mode === 'Complete');
    for (const { id, type } of (await host.list(group)).filter(isOther)) {
      const before = (await host.get(id, '')) ?? { id, type };
      const changeType = isComplete ? 'Delete' : 'Ignore';
      changes.push({ resourceId: jsonText(member(before, 'id') ?? id), changeType, before });
    }
  }
  return changes;
}

/** The plans that go to a resource group, by its folded id. */
function plansByGroup(plans: readonly DeploymentPlan[]): Map<string, DeploymentPlan[]> {
  const groups = new Map<string, DeploymentPlan[]>();
  for (const plan of plans) {
    if (plan.request.scope.kind !== 'resourceGroup') continue;
    const group = planScopeId(plan).toLowerCase();
    groups.set(group, [...(groups.get(group) ?? []), plan]);
  }
  return groups;
}
