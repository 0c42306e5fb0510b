/** Resource groups (`/subscriptions/{id}/resourceGroups`), answered by Microsoft.Resources. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requestBaseUrl } from '../base-url.js';
import { azureError } from '../errors.js';
import { normalizeLocation } from '../resources/canonical.js';
import { resourceGroupId } from '../resources/resource-id.js';
import type { ResourceGroup } from '../store/resource-store.js';
import { apiVersionOf, queryOf } from './api-versions.js';
import type { Arm } from './arm.js';
import { isDeploymentDeletionJob } from './deployment-jobs.js';
import { parseJsonObject, readTags } from './request-body.js';
import { filterTest } from './resource-filter.js';
import { page } from './resource-routes.js';
import { checkLocation, groupOf, parametersOf, subscriptionOf } from './resource-scope.js';
import { operation } from './route-schemas.js';

interface GroupBody {
  location?: string;
  tags?: Record<string, string>;
  managedBy?: string;
}

/** A resource group as Azure shows it. */
export const showGroup = (group: ResourceGroup): object => ({
  id: resourceGroupId(group.subscriptionId, group.name),
  name: group.name,
  type: 'Microsoft.Resources/resourceGroups',
  location: group.location,
  ...(group.managedBy === undefined ? {} : { managedBy: group.managedBy }),
  ...(group.tags === undefined ? {} : { tags: group.tags }),
  properties: { provisioningState: group.provisioningState },
});

function checkName(name: string): void {
  const illegal = [...new Set(name.replaceAll(/[\p{L}\p{N}\-._()]/gu, ''))].join('');
  if (illegal !== '') throw azureError('InvalidResourceGroup', { values: { name, characters: illegal } });
}

function put(request: FastifyRequest, reply: FastifyReply, arm: Arm) {
  const subscriptionId = subscriptionOf(request, arm.context);
  const name = parametersOf(request).resourceGroupName as string;
  const before = arm.store.group(subscriptionId, name);
  const group = readGroup(request.body, { subscriptionId, name, arm });
  arm.store.saveGroup(group);
  return reply.code(before ? 200 : 201).send(showGroup(group));
}

/** The group that a PUT of the body `text` makes. Throws what Azure refuses about its name, body and location. */
export function readGroup(
  text: unknown,
  { subscriptionId: given, name, arm }: { subscriptionId: string; name: string; arm: Arm },
): ResourceGroup {
  const subscriptionId = given.toLowerCase();
  checkName(name);
  const body = groupBody(text);
  const before = arm.store.group(subscriptionId, name);
  const location = normalizeLocation(body.location ?? '');
  checkLocation(body.location, { location, type: 'resourceGroups' });
  if (before && before.location !== location) {
    const values = { location: body.location as string, existing: before.location };
    throw azureError('InvalidResourceGroupLocation', { values });
  }
  if (before?.provisioningState === 'Deleting') {
    throw azureError('ResourceGroupBeingDeleted', { values: { resourceGroup: before.name } });
  }
  return {
    key: resourceGroupId(subscriptionId, name).toLowerCase(),
    subscriptionId,
    name: before?.name ?? name,
    location,
    tags: body.tags,
    managedBy: body.managedBy ?? before?.managedBy,
    provisioningState: 'Succeeded',
  };
}

/** Members by their folded names, since clients write them in any casing. */
function groupBody(text: unknown): GroupBody {
  const folded: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parseJsonObject(text))) folded[name.toLowerCase()] = value;
  const tags = readTags(text);
  return {
    ...(typeof folded.location === 'string' ? { location: folded.location } : {}),
    ...(tags ? { tags } : {}),
    ...(typeof folded.managedby === 'string' ? { managedBy: folded.managedby } : {}),
  };
}

function patch(request: FastifyRequest, reply: FastifyReply, arm: Arm) {
  const group = groupOf(request, arm.context);
  const body = groupBody(request.body);
  const changed = { ...group, ...(body.tags ? { tags: body.tags } : {}) };
  arm.store.saveGroup(changed);
  return reply.send(showGroup(changed));
}

/** The job in a deletion's Location, as Azure encodes it: characters outside A–Z and 0–9 become `:HH`. */
function deletionJob(group: ResourceGroup): string {
  const name = group.name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, (c) => `:${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const jobId = `RESOURCEGROUPDELETIONJOB-${name}-${group.location.toUpperCase()}`;
  return Buffer.from(JSON.stringify({ jobId, jobLocation: group.location })).toString('base64url');
}

function list(request: FastifyRequest, arm: Arm) {
  const groups = arm.store.groups(subscriptionOf(request, arm.context));
  const matches = filterTest(queryOf(request).$filter);
  const type = 'Microsoft.Resources/resourceGroups';
  const found = groups.filter((group) => matches({ ...group, type, resourceGroup: group.name }));
  return page(request, found, showGroup);
}

async function remove(request: FastifyRequest, reply: FastifyReply, arm: Arm) {
  const group = groupOf(request, arm.context);
  const job = deletionJob(group);
  const delayed = arm.context.operationDelayMs > 0;
  if (delayed) {
    arm.store.saveGroup({ ...group, provisioningState: 'Deleting' });
    arm.context.clock.setTimeout(() => void removeNow(group, arm), arm.context.operationDelayMs);
  } else await removeNow(group, arm);
  const url = `${requestBaseUrl(request)}/subscriptions/${group.subscriptionId}/operationresults/${job}`;
  reply.headers({ location: `${url}?api-version=${apiVersionOf(request)}`, 'retry-after': '0' });
  return reply.code(202).send();
}

/** Deletes a group with everything in it; nothing in it can object. */
async function removeNow(group: ResourceGroup, arm: Arm): Promise<void> {
  const touched = arm.store.transaction(() => {
    const scope = { subscriptionId: group.subscriptionId, resourceGroup: group.name };
    const keys = arm.store.list(scope).flatMap((resource) => arm.writer.remove(resource));
    arm.store.removeGroup(group.key);
    arm.deployments.removeGroup(group.subscriptionId, group.name);
    return [...new Set(keys)];
  });
  await arm.context.changed(touched);
}

/** `GET /subscriptions/{id}/operationresults/{job}`: 202 while the group is being deleted, then 200 and nothing. */
function pollDeletion(request: FastifyRequest, reply: FastifyReply, arm: Arm) {
  const subscriptionId = subscriptionOf(request, arm.context);
  const job = parametersOf(request).job as string;
  if (isDeploymentDeletionJob(job)) return reply.code(204).send();
  const running = arm.store
    .groups(subscriptionId)
    .some((group) => group.provisioningState === 'Deleting' && deletionJob(group) === job);
  if (!running) return reply.code(200).send();
  reply.headers({ location: `${requestBaseUrl(request)}${request.url}`, 'retry-after': '1' });
  return reply.code(202).send();
}

/** Registers the routes of resource groups. */
export function addResourceGroupRoutes(app: FastifyInstance, arm: Arm): void {
  const all = '/subscriptions/:subscriptionId/resourceGroups';
  const one = `${all}/:resourceGroupName`;
  const schema = (action: string) => operation('Microsoft.Resources', `ResourceGroups_${action}`);
  app.get(all, schema('list'), (request) => list(request, arm));
  app.get(one, schema('get'), (request) => showGroup(groupOf(request, arm.context)));
  app.head(one, schema('checkExistence'), (request, reply) => {
    const subscriptionId = subscriptionOf(request, arm.context);
    const group = arm.store.group(subscriptionId, parametersOf(request).resourceGroupName as string);
    if (!group) reply.header('x-ms-failure-cause', 'gateway');
    return reply.code(group ? 204 : 404).send();
  });
  app.put(one, schema('createOrUpdate'), (request, reply) => put(request, reply, arm));
  app.patch(one, schema('update'), (request, reply) => patch(request, reply, arm));
  app.delete(one, schema('delete'), (request, reply) => remove(request, reply, arm));
  app.get('/subscriptions/:subscriptionId/operationresults/:job', schema('pollDeletion'), (request, reply) =>
    pollDeletion(request, reply, arm),
  );
}

/** Goes on with deletions that were running when the process ended. */
export function resumeGroupDeletions(arm: Arm): void {
  for (const subscriptionId of arm.store.subscriptions()) {
    for (const group of arm.store.groups(subscriptionId)) {
      if (group.provisioningState !== 'Deleting') continue;
      arm.context.clock.setTimeout(() => void removeNow(group, arm), arm.context.operationDelayMs);
    }
  }
}
