/** Resource groups (`/subscriptions/{id}/resourceGroups`), answered by Microsoft.Resources. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { azureError } from '../../../errors/index.js';
import { requestBaseUrl } from '../../../http/server.js';
import { resourceGroupId } from '../../../resources/resource-id.js';
import { normalizeLocation } from '../../../resources/validation.js';
import type { ResourceGroup } from '../../../store/resource-store.js';
import { newGuid } from '../../../support/ids.js';
import { type Answer, send } from './answers.js';
import type { ArmContext } from './arm-context.js';
import { checkLocation } from './locations.js';
import { checkMove, type Move, moveResources, readMove } from './move-resources.js';
import { isDeploymentDeletionJob, untilStored } from './operations.js';
import {
  absoluteUrl,
  apiVersionOf,
  apiVersionWritten,
  checkSubscription,
  checkUnlocked,
  existingGroup,
  groupOf,
  type LockedAccess,
  type PutRequest,
  page,
  parametersOf,
  queryOf,
  type ScopeRequest,
  subscriptionOf,
  wellFormedApiVersion,
} from './request.js';
import { RequestBody, readTags } from './request-body.js';
import { filterTest } from './resource-filter.js';
import type { ResourceService } from './resource-service.js';
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

/** Members by their folded names, since clients write them in any casing. */
function groupBody(body: RequestBody): GroupBody {
  const folded: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body.value)) folded[name.toLowerCase()] = value;
  const tags = readTags(body);
  return {
    ...(typeof folded.location === 'string' ? { location: folded.location } : {}),
    ...(tags ? { tags } : {}),
    ...(typeof folded.managedby === 'string' ? { managedBy: folded.managedby } : {}),
  };
}

/** Which group a request is about, as the caller wrote it. */
export interface GroupRequest extends ScopeRequest {
  readonly name: string;
}

/** Creates, changes and deletes resource groups. */
export class ResourceGroups {
  readonly context: ArmContext;

  /** `removed` hears of each group that is gone. */
  constructor(
    readonly service: ResourceService,
    readonly removed: (group: ResourceGroup) => void,
  ) {
    this.context = service.context;
  }

  /** A group. Throws `ResourceGroupNotFound`. */
  get = (request: GroupRequest): Answer => ({ status: 200, body: showGroup(existingGroup(request, this.context)) });

  /** The group that a PUT makes. Throws what Azure refuses about its name, body and location. */
  read({ name, ...scope }: GroupRequest, given: RequestBody): ResourceGroup {
    wellFormedApiVersion(scope.apiVersion);
    const subscriptionId = scope.subscriptionId.toLowerCase();
    checkName(name);
    const body = groupBody(given);
    const before = this.service.store.group(subscriptionId, name);
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

  /** Creates or replaces a group. Throws as `checkSubscription` and `read` do. */
  put(request: GroupRequest & Pick<PutRequest, 'check'>, body: RequestBody): Promise<Answer> {
    return this.context.store.write(() => {
      request.check?.();
      checkSubscription(request, this.context);
      const created = !this.service.store.group(request.subscriptionId, request.name);
      const group = this.read(request, body);
      if (!created) this.#checkUnlocked(group, 'write');
      this.service.store.saveGroup(group);
      return { status: created ? 201 : 200, body: showGroup(group) };
    });
  }

  /** Replaces the tags when the body has some. Throws `ResourceGroupNotFound`. */
  patch(request: GroupRequest, body: RequestBody): Promise<Answer> {
    return this.context.store.write(() => {
      const group = existingGroup(request, this.context);
      this.#checkUnlocked(group, 'write');
      const { tags } = groupBody(body);
      const changed = { ...group, ...(tags ? { tags } : {}) };
      this.service.store.saveGroup(changed);
      return { status: 200, body: showGroup(changed) };
    });
  }

  /**
   * Deletes a group with everything in it: at once, or when `--operation-delay` has passed. Resolves with the group as it
   * was. Throws `ResourceGroupNotFound`.
   */
  async delete(request: GroupRequest): Promise<ResourceGroup> {
    const { store, operationDelayMs } = this.context;
    const { group, touched } = await store.write(() => {
      const group = existingGroup(request, this.context);
      this.#checkUnlocked(group, 'delete');
      if (operationDelayMs === 0) return { group, touched: this.#remove(group) };
      this.service.store.saveGroup({ ...group, provisioningState: 'Deleting' });
      return { group, touched: [] };
    });
    if (operationDelayMs === 0) await this.#hasRemoved(group, touched);
    else this.#deleteLater(group);
    return group;
  }

  /** Moves resources as `read` finds in the request. Throws what `read` and `checkMove` throw; nothing is moved then. */
  async move(read: () => Move): Promise<void> {
    const touched = await this.context.store.write(() => {
      const move = read();
      checkMove(move, this.context);
      return moveResources(move, this.context);
    });
    await this.context.changed(touched);
  }

  #checkUnlocked({ subscriptionId, name }: ResourceGroup, access: LockedAccess): void {
    checkUnlocked(resourceGroupId(subscriptionId, name), access, this.service.store);
  }

  /** Goes on with deletions that were running when the process ended. */
  resume(): void {
    const { store } = this.service;
    for (const subscriptionId of store.subscriptions()) {
      for (const group of store.groups(subscriptionId)) {
        if (group.provisioningState === 'Deleting') this.#deleteLater(group);
      }
    }
  }

  #deleteLater(group: ResourceGroup): void {
    const { clock, operationDelayMs } = this.context;
    clock.setTimeout(() => void untilStored(this.context, () => this.#deleteNow(group)), operationDelayMs);
  }

  async #deleteNow({ subscriptionId, name }: ResourceGroup): Promise<void> {
    const done = await this.context.store.write(() => {
      const group = this.service.store.group(subscriptionId, name);
      // A reset or a snapshot may have ended the deletion.
      return group?.provisioningState === 'Deleting' ? { group, touched: this.#remove(group) } : undefined;
    });
    if (done) await this.#hasRemoved(done.group, done.touched);
  }

  /** Removes a group and what is in it, of which nothing can object. Answers what the data plane follows. */
  #remove(group: ResourceGroup): string[] {
    const { store, writer } = this.service;
    const scope = { subscriptionId: group.subscriptionId, resourceGroup: group.name };
    const keys = store.list(scope).flatMap((resource) => writer.remove(resource));
    store.removeGroup(group.key);
    this.context.store.deployments.removeGroup(group.subscriptionId, group.name);
    return [...new Set(keys)];
  }

  async #hasRemoved(group: ResourceGroup, touched: readonly string[]): Promise<void> {
    this.removed(group);
    await this.context.changed(touched);
  }
}

/** The job in a deletion's Location, as Azure encodes it: characters outside A–Z and 0–9 become `:HH`. */
function deletionJob(group: ResourceGroup): string {
  const name = group.name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, (c) => `:${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const jobId = `RESOURCEGROUPDELETIONJOB-${name}-${group.location.toUpperCase()}`;
  return Buffer.from(JSON.stringify({ jobId, jobLocation: group.location })).toString('base64url');
}

const requestAbout = (request: FastifyRequest): GroupRequest => {
  const { subscriptionId = '', resourceGroupName = '' } = parametersOf(request);
  return { subscriptionId, name: resourceGroupName, apiVersion: apiVersionWritten(request) };
};

function list(request: FastifyRequest, { context }: ResourceGroups) {
  const all = context.store.resources.groups(subscriptionOf(request, context));
  const matches = filterTest(queryOf(request).$filter);
  const type = 'Microsoft.Resources/resourceGroups';
  const found = all.filter((group) => matches({ ...group, type, resourceGroup: group.name }));
  return page(request, found, showGroup);
}

async function remove(request: FastifyRequest, reply: FastifyReply, groups: ResourceGroups) {
  const group = await groups.delete(requestAbout(request));
  const job = deletionJob(group);
  const url = `${requestBaseUrl(request)}/subscriptions/${group.subscriptionId}/operationresults/${job}`;
  reply.headers({ location: `${url}?api-version=${apiVersionOf(request)}`, 'retry-after': '0' });
  return reply.code(202).send();
}

/** `GET /subscriptions/{id}/operationresults/{job}`: 202 while the group is being deleted, then 200 and nothing. */
function pollDeletion(request: FastifyRequest, reply: FastifyReply, context: ArmContext) {
  const subscriptionId = subscriptionOf(request, context);
  const job = parametersOf(request).job as string;
  if (isDeploymentDeletionJob(job)) return reply.code(204).send();
  const running = context.store.resources
    .groups(subscriptionId)
    .some((group) => group.provisioningState === 'Deleting' && deletionJob(group) === job);
  if (!running) return reply.code(200).send();
  reply.headers({ location: absoluteUrl(request), 'retry-after': '1' });
  return reply.code(202).send();
}

/** The job in the Location of a move. */
const moveJob = (): string =>
  Buffer.from(JSON.stringify({ jobId: `RESOURCEBATCHMOVEJOB-${newGuid()}` })).toString('base64url');

const moveAskedFor = (request: FastifyRequest, { context }: ResourceGroups): Move =>
  readMove(RequestBody.ofText(request.body), {
    source: groupOf(request, context),
    apiVersion: apiVersionOf(request),
    context,
  });

/** Registers the routes of resource groups. */
export function addResourceGroupRoutes(app: FastifyInstance, groups: ResourceGroups): void {
  const { context } = groups;
  const all = '/subscriptions/:subscriptionId/resourceGroups';
  const one = `${all}/:resourceGroupName`;
  const schema = (action: string) => operation('Microsoft.Resources', `ResourceGroups_${action}`);
  app.get(all, schema('list'), (request) => list(request, groups));
  app.get(one, schema('get'), (request, reply) => send(request, reply, groups.get(requestAbout(request))));
  app.head(one, schema('checkExistence'), (request, reply) => {
    const subscriptionId = subscriptionOf(request, context);
    const group = context.store.resources.group(subscriptionId, parametersOf(request).resourceGroupName as string);
    if (!group) reply.header('x-ms-failure-cause', 'gateway');
    return reply.code(group ? 204 : 404).send();
  });
  app.put(one, schema('createOrUpdate'), async (request, reply) =>
    send(request, reply, await groups.put(requestAbout(request), RequestBody.ofText(request.body))),
  );
  app.patch(one, schema('update'), async (request, reply) =>
    send(request, reply, await groups.patch(requestAbout(request), RequestBody.ofText(request.body))),
  );
  app.delete(one, schema('delete'), (request, reply) => remove(request, reply, groups));
  app.post(
    `${one}/validateMoveResources`,
    operation('Microsoft.Resources', 'Resources_validateMoveResources'),
    (request, reply) => {
      checkMove(moveAskedFor(request, groups), context);
      return reply.code(204).send();
    },
  );
  app.post(
    `${one}/moveResources`,
    operation('Microsoft.Resources', 'Resources_moveResources'),
    async (request, reply) => {
      await groups.move(() => moveAskedFor(request, groups));
      const url = `${requestBaseUrl(request)}/subscriptions/${subscriptionOf(request, context)}/operationresults`;
      reply.headers({ location: `${url}/${moveJob()}?api-version=${apiVersionOf(request)}`, 'retry-after': '0' });
      return reply.code(202).send();
    },
  );
  app.get('/subscriptions/:subscriptionId/operationresults/:job', schema('pollDeletion'), (request, reply) =>
    pollDeletion(request, reply, context),
  );
}
