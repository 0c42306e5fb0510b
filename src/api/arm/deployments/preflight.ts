/**
 * Azure's preflight: the providers look at the resources of a deployment before any of them is touched, as
 * https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/overview describes it.
 *
 * Every write is rehearsed by the code that will make it, in a view that keeps it to itself, and others go first between
 * two of them. What a resource's own body, the template's other resources and those that exist decide is refused here.
 *
 * differs: which refusals Azure's network provider makes that early is not documented. References to what does not exist,
 * and what resources outside of the template hold, are refused while the deployment runs.
 */
import { AzureError, azureError, type ErrorDetail } from '../../../errors/index.js';
import { parseResourceId, rootKey } from '../../../resources/resource-id.js';
import { Rehearsal } from '../resources/rehearsal.js';
import { isModelled, type PutRequest as ResourcePut } from '../resources/request.js';
import { RequestBody } from '../resources/request-body.js';
import type { ResourceGroups } from '../resources/resource-groups.js';
import type { ResourceService } from '../resources/resource-service.js';
import type { PlannedResource } from './expand.js';
import type { HostPut } from './host.js';
import type { DeploymentPlan } from './plan.js';
import { withoutSecureValues } from './secrets.js';
import { OutsideTemplate, TemplateLookup } from './template-lookup.js';

export interface PreflightOptions {
  readonly service: ResourceService;
  readonly groups: ResourceGroups;
  readonly baseUrl: string;
  readonly correlationId: string;
}

/**
 * Throws `InvalidTemplateDeployment` with a detail for each resource of `plan` that is refused whatever else exists, and
 * `ResourceGroupNotFound` for a nested deployment into a group that nothing can have made before it.
 */
export async function preflight(plan: DeploymentPlan, options: PreflightOptions): Promise<void> {
  checkGroups(plan);
  const looking = new Preflight(options);
  await looking.add(plan);
  if (looking.details.length === 0) return;
  const details = withoutSecureValues(looking.details, plan);
  const values = { name: plan.request.name, trackingId: options.correlationId };
  throw azureError('InvalidTemplateDeployment', { values, details });
}

function checkGroups({ resources, dependencies, context }: DeploymentPlan): void {
  if (resources.some(({ type }) => type.toLowerCase() === 'microsoft.resources/resourcegroups')) return;
  for (const { key, deployed, nested } of resources) {
    const waits = dependencies.get(key)?.size;
    if (!deployed || waits || nested?.scope.kind !== 'resourceGroup') continue;
    const { subscriptionId, resourceGroup } = nested.scope;
    if (context.environment.resourceGroup(subscriptionId, resourceGroup)) continue;
    throw azureError('ResourceGroupNotFound', { values: { resourceGroup } });
  }
}

/** The PUT that a deployment makes of a resource; undefined for a resource group, whose id is none of a resource. */
export function resourcePut({ id, apiVersion, body, check }: HostPut, baseUrl: string): ResourcePut | undefined {
  const place = parseResourceId(id);
  if (!place) return undefined;
  // Templates give children of network resources a location, which no child has; Azure's deployments take no offence.
  // What lies below a resource without being a part of it, as an extension of a machine does, has one.
  const isChild = place.types.length > 1 && isModelled(place);
  const sent = isChild
    ? Object.fromEntries(Object.entries(body).filter(([name]) => name.toLowerCase() !== 'location'))
    : body;
  return { id: place, apiVersion, body: RequestBody.ofValue(sent), baseUrl, check };
}

/** Subscription and name in the id of a resource group. Throws `ScopeNotEmulated` for any other id. */
export function resourceGroupAt(id: string): { subscriptionId: string; name: string } {
  const [, subscriptionId = '', name] = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)$/i.exec(id) ?? [];
  // What else has an id of its own lies above subscriptions, where nothing is modelled or stored.
  if (name === undefined) throw azureError('ScopeNotEmulated', { values: { id } });
  return { subscriptionId, name };
}

class Preflight {
  readonly details: ErrorDetail[] = [];
  readonly #rehearsal: Rehearsal;
  readonly #lookup: TemplateLookup;

  constructor(readonly options: PreflightOptions) {
    this.#rehearsal = new Rehearsal(options.service.context);
    this.#lookup = new TemplateLookup(this.#rehearsal.view);
  }

  /** Rehearses `plan`, each resource after what it waits for; false when some of it could not be. */
  async add(plan: DeploymentPlan, certain = true): Promise<boolean> {
    const uncertain = new Set<string>();
    for (const resource of plan.ordered) {
      if (!resource.deployed || resource.existing) continue;
      const needs = plan.dependencies.get(resource.key) ?? new Set();
      const sure = certain && ![...needs].some((key) => uncertain.has(key));
      if (!(await this.#addOne(plan, resource, sure))) uncertain.add(resource.key);
    }
    return uncertain.size === 0;
  }

  async #addOne(plan: DeploymentPlan, resource: PlannedResource, sure: boolean): Promise<boolean> {
    const { key, id, apiVersion } = resource;
    if (resource.nested) {
      const nested = plan.nested.get(key);
      return nested !== undefined && this.add(nested, sure);
    }
    const body = plan.bodies.get(key);
    if (!body || plan.deferred.has(key)) return false;
    try {
      const { budget } = plan.context.environment;
      return await budget.nextWrite(body, () => this.#rehearse({ id, apiVersion, body }, sure));
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

  #rehearse(request: HostPut, sure: boolean): boolean {
    const { groups, baseUrl } = this.options;
    const write = resourcePut(request, baseUrl);
    if (!write) {
      groups.read({ ...resourceGroupAt(request.id), ...request }, RequestBody.ofValue(request.body));
      return true;
    }
    const root = rootKey(request.id);
    const parentIsKnown = write.id.types.length === 1 || this.#lookup.has(root);
    const world = sure && parentIsKnown ? { lookup: this.#lookup, addresses: this.#lookup } : undefined;
    const rehearsed = this.#rehearsal.put(write, world);
    if (rehearsed && isModelled(write.id)) this.#lookup.add(root);
    return rehearsed;
  }
}
