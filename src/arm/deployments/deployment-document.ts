/** The deployment as a resource: what GET, validate and the end of a PUT show. */
import { linkShown } from './content-link.js';
import { type Failure, failureJson } from './failure.js';
import { compact, type Json, type JsonObject, member } from './json.js';
import type { DeploymentPlan } from './plan.js';
import type { PlannedResource } from './planned-resource.js';
import { scopeId } from './resource-names.js';
import { templateHash } from './template-hash.js';
import { durationText, sevenDecimals } from './time-text.js';

export type DeploymentState = 'Accepted' | 'Running' | 'Succeeded' | 'Failed' | 'Canceled';

export interface DeploymentStatus {
  readonly state: DeploymentState;
  readonly started: string;
  /** When it last changed. */
  readonly changed: string;
  readonly correlationId: string;
  readonly outputs?: JsonObject;
  /** Ids of what was deployed. */
  readonly outputResources?: readonly string[];
  readonly failure?: Failure | undefined;
}

/** The document of `plan` in the state that `status` tells. */
export function deploymentDocument(plan: DeploymentPlan, status: DeploymentStatus): JsonObject {
  const { request } = plan;
  return compact({
    id: plan.id,
    name: request.name,
    type: 'Microsoft.Resources/deployments',
    location: request.scope.kind === 'resourceGroup' ? undefined : request.location,
    tags: request.tags,
    properties: compact({
      templateLink: linkShown(request.templateLink),
      parametersLink: linkShown(request.parametersLink),
      templateHash: templateHash(plan.template.source),
      parameters: parametersShown(plan),
      mode: request.mode,
      debugSetting: request.debugSetting,
      provisioningState: status.state,
      timestamp: sevenDecimals(status.changed),
      duration: durationText(status.started, status.changed),
      correlationId: status.correlationId,
      providers: providersOf(plan),
      dependencies: dependenciesOf(plan),
      outputs: status.outputs,
      outputResources: status.outputResources && idsShown(status.outputResources),
      error: status.failure && failureJson(status.failure),
    }),
  });
}

/** The answer to a validate request that found nothing wrong. */
export function validationDocument(
  plan: DeploymentPlan,
  { at, correlationId }: { at: string; correlationId: string },
): JsonObject {
  const document = deploymentDocument(plan, { state: 'Succeeded', started: at, changed: at, correlationId });
  const validated = deployedResources(plan).map(({ id }) => id);
  return {
    ...document,
    properties: { ...(document.properties as JsonObject), validatedResources: idsShown(validated) },
  };
}

/** The resources that `plan` writes, those of nested plans included, deployments themselves left out. */
export function deployedResources(plan: DeploymentPlan): PlannedResource[] {
  return plan.resources
    .filter(({ deployed, existing }) => deployed && !existing)
    .flatMap((resource) => {
      const nested = plan.nested.get(resource.key);
      if (nested) return deployedResources(nested);
      return resource.nested ? [] : [resource];
    });
}

/** `[{id}]` in Azure's order. */
const idsShown = (ids: readonly string[]): Json[] =>
  [...new Set(ids)].sort((left, right) => (left.toLowerCase() < right.toLowerCase() ? -1 : 1)).map((id) => ({ id }));

/** Types are capitalised; secure values are not shown. */
const parametersShown = ({ parameters }: DeploymentPlan): JsonObject =>
  Object.fromEntries(
    parameters.map(({ name, type, value }) => [
      name,
      type.secure ? { type: type.display } : { type: type.display, value },
    ]),
  );

function providersOf(plan: DeploymentPlan): Json[] {
  const namespaces = new Map<string, Map<string, { resourceType: string; locations: Set<string | null> }>>();
  for (const resource of plan.resources) {
    if (resource.existing || !resource.deployed) continue;
    const [namespace = '', ...types] = resource.type.split('/');
    const resourceType = types.join('/');
    const known = namespaces.get(namespace) ?? new Map();
    namespaces.set(namespace, known);
    const entry = known.get(resourceType.toLowerCase()) ?? { resourceType, locations: new Set() };
    known.set(resourceType.toLowerCase(), entry);
    entry.locations.add(locationOf(plan.bodies.get(resource.key)));
  }
  return [...namespaces].map(([namespace, types]) => ({
    namespace,
    resourceTypes: [...types.values()].map(({ resourceType, locations }) => ({
      resourceType,
      locations: [...locations],
    })),
  }));
}

/** `East US 2` → `eastus2`; null for what has no location. */
function locationOf(body: JsonObject | undefined): string | null {
  const location = body && member(body, 'location');
  return typeof location === 'string' && !location.startsWith('[') ? location.replaceAll(' ', '').toLowerCase() : null;
}

function dependenciesOf(plan: DeploymentPlan): Json[] {
  const byKey = new Map(plan.resources.map((resource) => [resource.key, resource]));
  return plan.resources.flatMap((resource) => {
    if (!resource.deployed || resource.existing) return [];
    const needs = [...(plan.dependencies.get(resource.key) ?? [])]
      .map((key) => byKey.get(key) as PlannedResource)
      .filter(({ deployed, existing }) => deployed && !existing);
    return needs.length === 0 ? [] : [{ dependsOn: needs.map(shown), ...shown(resource) }];
  });
}

const shown = ({ id, type, name }: PlannedResource): JsonObject => ({ id, resourceType: type, resourceName: name });

/** The scope under which a plan's own resources live, for Complete mode. */
export const planScopeId = ({ request }: DeploymentPlan): string => scopeId(request.scope);
