/** What a deployment would change: Azure's what-if, without touching anything. */
import { deployedResources, planScopeId } from './deployment-document.js';
import type { DeploymentHost, ListedResource } from './deployment-host.js';
import { DeferredValue } from './expressions/expression-error.js';
import { compact, type JsonObject, member } from './json.js';
import { nestedRequest } from './nested.js';
import type { DeploymentPlan } from './plan.js';
import { planLinked } from './plan-linked.js';
import { evaluateBody, type PlannedResource } from './planned-resource.js';
import { ResourceReader } from './resource-reader.js';
import { changeJson, delta } from './what-if-delta.js';

export type WhatIfHost = Pick<DeploymentHost, 'get' | 'list' | 'preview'>;

/** The answer to a whatIf request: `{status, properties: {correlationId, changes}}`. */
export async function whatIf(plan: DeploymentPlan, host: WhatIfHost, correlationId: string): Promise<JsonObject> {
  const plans: DeploymentPlan[] = [];
  const changes = await changesOf(plan, { host, plans });
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
}

async function changesOf(plan: DeploymentPlan, looking: Looking): Promise<JsonObject[]> {
  const changes: JsonObject[] = [];
  looking.plans.push(plan);
  for (const resource of plan.resources) {
    if (!resource.deployed || resource.existing) continue;
    const nested = plan.nested.get(resource.key);
    if (nested) changes.push(...(await changesOf(nested, looking)));
    else if (resource.nested) changes.push(...(await lateChanges(plan, resource, looking)));
    else changes.push(await changeOf(plan, resource, looking.host));
  }
  return changes;
}

/**
 * Changes of a nested deployment that could not be planned beforehand: with what its parameters refer to as it is now.
 * differs: Azure leaves such a deployment out, even when everything it refers to exists.
 */
async function lateChanges(plan: DeploymentPlan, resource: PlannedResource, looking: Looking): Promise<JsonObject[]> {
  const { host } = looking;
  const reader = new ResourceReader(plan, { ...refusing, get: (id, version) => host.get(id, version) });
  let nested: DeploymentPlan;
  try {
    const body = await reader.evaluate(resource.context, (context) => evaluateBody(resource, { context }));
    nested = await planLinked(nestedRequest(resource, body), resource.context.surroundings, 1);
  } catch {
    return [unsupported(resource)];
  }
  return changesOf(nested, looking);
}

/** A nested deployment whose parameters come from resources that do not exist yet. */
const unsupported = ({ id }: PlannedResource): JsonObject => ({
  resourceId: id,
  changeType: 'Unsupported',
  unsupportedReason: 'The nested deployment depends on values that are known only while the deployment runs.',
});

async function changeOf(plan: DeploymentPlan, resource: PlannedResource, host: WhatIfHost): Promise<JsonObject> {
  const { id, type, apiVersion } = resource;
  const body = await bodyOf(plan, resource, host);
  const head = { apiVersion, id, name: resource.name.split('/').at(-1) ?? resource.name, type };
  const before = await host.get(id, apiVersion);
  if (!before) return { resourceId: id, changeType: 'Create', after: { ...head, ...body } };
  const preview = await host.preview?.({ id, apiVersion, body });
  const after = preview ?? { ...head, ...body };
  const changes = delta(before, after, { complete: preview !== undefined });
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
  const reader = new ResourceReader(plan, { ...refusing, get: (id, version) => host.get(id, version) });
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
      changes.push({ resourceId: String(member(before, 'id') ?? id), changeType, before });
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
