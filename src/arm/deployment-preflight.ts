/**
 * Azure's preflight: the providers look at the resources of a deployment before any of them is touched, as
 * https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/overview describes it.
 *
 * Every write is rehearsed by the code that will make it, in a transaction that is undone. What a resource's own body
 * and the template's other resources decide is refused here.
 *
 * differs: which refusals Azure's network provider makes that early is not documented. What depends on resources outside
 * of the template, references to what does not exist among them, is refused while the deployment runs.
 */
import { AzureError, azureError, type ErrorDetail } from '../errors.js';
import { parseResourceId, rootKey } from '../resources/resource-id.js';
import { wellFormedApiVersion } from './api-versions.js';
import { writableType, writeRequest } from './deployment-writes.js';
import type { DeploymentPlan, PlannedResource, PutRequest } from './deployments/index.js';
import { withoutSecureValues } from './deployments/secrets.js';
import { checkOpaque } from './generic-resources.js';
import { KnownWorld, OutsideTemplate } from './known-world.js';
import type { ResourceGroups } from './resource-groups.js';
import type { ResourceService } from './resource-service.js';

export interface PreflightOptions {
  readonly service: ResourceService;
  readonly groups: ResourceGroups;
  readonly trackingId: string;
}

/** Throws `InvalidTemplateDeployment` with a detail for each resource of `plan` that is refused whatever else exists. */
export function preflight(plan: DeploymentPlan, { service, groups, trackingId }: PreflightOptions): void {
  const rehearsal = new Rehearsal(service, groups);
  service.context.store.rehearse(() => rehearsal.add(plan));
  if (rehearsal.details.length === 0) return;
  const details = withoutSecureValues(rehearsal.details, plan);
  throw azureError('InvalidTemplateDeployment', { values: { name: plan.request.name, trackingId }, details });
}

class Rehearsal {
  readonly details: ErrorDetail[] = [];
  readonly #service: ResourceService;
  readonly #world: KnownWorld;

  constructor(
    service: ResourceService,
    readonly groups: ResourceGroups,
  ) {
    this.#service = service;
    this.#world = new KnownWorld(service);
  }

  /** Rehearses `plan`, each resource after what it waits for; false when some of it could not be. */
  add(plan: DeploymentPlan, certain = true): boolean {
    const uncertain = new Set<string>();
    for (const resource of plan.ordered) {
      if (!resource.deployed || resource.existing) continue;
      const needs = plan.dependencies.get(resource.key) ?? new Set();
      const sure = certain && ![...needs].some((key) => uncertain.has(key));
      if (!this.#addOne(plan, resource, sure)) uncertain.add(resource.key);
    }
    return uncertain.size === 0;
  }

  #addOne(plan: DeploymentPlan, resource: PlannedResource, sure: boolean): boolean {
    const { key, id, apiVersion } = resource;
    if (resource.nested) {
      const nested = plan.nested.get(key);
      return nested !== undefined && this.add(nested, sure);
    }
    const body = plan.bodies.get(key);
    if (!body || plan.deferred.has(key)) return false;
    try {
      return this.#rehearse({ id, apiVersion, body }, sure);
    } catch (error) {
      if (error instanceof AzureError) this.#note(error, id);
      else if (!(error instanceof OutsideTemplate)) throw error;
      return false;
    }
  }

  #note({ key, code, message, details }: AzureError, target: string): void {
    // What is referred to may exist by the time the deployment comes to it.
    if (key === 'InvalidResourceReference') return;
    this.details.push({ code, target, message, ...(details.length > 0 ? { details } : {}) });
  }

  #rehearse(request: PutRequest, sure: boolean): boolean {
    const id = parseResourceId(request.id);
    if (!id) return this.#rehearseGroup(request);
    const type = writableType(id);
    if (!type) {
      checkOpaque(id, { apiVersion: wellFormedApiVersion(request.apiVersion), service: this.#service });
      return true;
    }
    const write = writeRequest(request, { id, type, service: this.#service });
    const root = rootKey(request.id);
    const parentIsKnown = id.types.length === 1 || this.#world.has(root);
    if (!sure || !parentIsKnown) return false;
    this.#service.writer.rehearse(write, { lookup: this.#world, addresses: this.#world });
    this.#world.add(root);
    return true;
  }

  /** Resource groups have ids of their own. What else has lies above subscriptions, where nothing is modelled or stored. */
  #rehearseGroup({ id, apiVersion, body }: PutRequest): boolean {
    const [, subscriptionId = '', name] = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)$/i.exec(id) ?? [];
    if (name === undefined) throw azureError('ScopeNotEmulated', { values: { id } });
    wellFormedApiVersion(apiVersion);
    this.groups.read(JSON.stringify(body), { subscriptionId, name });
    return true;
  }
}
