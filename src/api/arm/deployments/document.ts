/** The deployment as a resource, and its operations: what GET, validate and the end of a PUT show. */

import { stableGuid } from '../../../support/ids.js';
import { murmurHash64 } from '../template/hashes.js';
import { compact, type Json, type JsonObject, member } from '../template/json.js';
import { scopeId } from '../template/resource-ids.js';
import type { PlannedResource } from './expand.js';
import { type DeploymentFailure, failureJson } from './failures.js';
import { linkShown } from './links.js';
import type { DeploymentPlan } from './plan.js';

/** `2025-01-01T00:00:00.123Z` → `2025-01-01T00:00:00.1230000Z`. */
export const sevenDecimals = (instant: string): string =>
  new Date(Date.parse(instant)).toISOString().replace(/(\.\d{3})Z$/, '$10000Z');

/** The time from `start` to `end` as an ISO 8601 duration: `PT1M2.5S`. */
export function durationText(start: string, end: string): string {
  const seconds = Math.max(0, Date.parse(end) - Date.parse(start)) / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = Math.round((seconds % 60) * 1e7) / 1e7;
  return `PT${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${rest}S`;
}

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
  readonly failure?: DeploymentFailure | undefined;
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
      templateHash: plan.templateHash,
      parameters: parametersShown(plan),
      mode: request.mode,
      debugSetting: request.debugSetting,
      provisioningState: status.state,
      timestamp: sevenDecimals(status.changed),
      duration: durationText(status.started, status.changed),
      correlationId: status.correlationId,
      providers: providersOf(plan),
      dependencies: plan.dependenciesShown,
      outputs: status.outputs && withNamesShown(Object.entries(status.outputs)),
      outputResources: status.outputResources && idsShown(status.outputResources),
      error: status.failure && failureJson(status.failure),
    }),
  });
}

/** The answer to a validate request that found nothing wrong. */
export function validationDocument(
  plan: DeploymentPlan,
  { at, correlationId, apiVersion: apiVersionAsked }: { at: string; correlationId: string; apiVersion: string },
): JsonObject {
  const document = deploymentDocument(plan, { state: 'Succeeded', started: at, changed: at, correlationId });
  const validatedResources = deployedResources(plan).map(({ apiVersion, id, name, type, body }) =>
    apiVersionAsked < validatedIdsSince ? { apiVersion, id, name, type, ...body } : { id },
  );
  return { ...document, properties: { ...(document.properties as JsonObject), validatedResources } };
}

/** Earlier versions show each validated resource as it would be written (recorded in 2018-05-01, ids in 2019-07-01). */
const validatedIdsSince = '2019-07-01';

interface DeployedResource extends PlannedResource {
  /** As far as it is known beforehand. */
  readonly body: JsonObject | undefined;
}

/** The resources that `plan` writes, deployments among them; its own come before those of the plans nested in it. */
export function deployedResources(plan: DeploymentPlan): DeployedResource[] {
  const own = plan.resources.filter(({ deployed, existing }) => deployed && !existing);
  return [
    ...own.map((resource) => ({ ...resource, body: plan.bodies.get(resource.key) })),
    ...[...plan.nested.values()].flatMap(deployedResources),
  ];
}

/** `[{id}]` in Azure's order. */
const idsShown = (ids: readonly string[]): Json[] =>
  [...new Set(ids)].sort((left, right) => (left.toLowerCase() < right.toLowerCase() ? -1 : 1)).map((id) => ({ id }));

/** Types are capitalised; secure values are not shown. A template without the section has none to show, not an empty list. */
const parametersShown = ({ parameters, template }: DeploymentPlan): JsonObject | undefined =>
  member(template.source, 'parameters') === undefined
    ? undefined
    : withNamesShown(
        parameters.map(({ name, type, value }) => [
          name,
          type.secure ? { type: type.display } : { type: type.display, value },
        ]),
      );

/**
 * Parameters and outputs by the names that Azure shows: capitals at the start are small, but for one that begins a word of
 * small letters. `CrossRg` is `crossRg`, `VMName` is `vmName`, `TRANS_Test` is `tranS_Test`.
 */
const withNamesShown = (members: readonly (readonly [name: string, Json])[]): JsonObject =>
  Object.fromEntries(
    members.map(([name, value]) => [
      name.replace(/^\p{Lu}(?:\p{Lu}*(?=\p{Lu}|\s|$))?/u, (capitals) => capitals.toLowerCase()),
      value,
    ]),
  );

function providersOf(plan: DeploymentPlan): Json[] {
  const namespaces = new Map<string, Map<string, { resourceType: string; locations: Set<string | null> }>>();
  // Copies come after all others.
  for (const resource of [...plan.resources].sort((left, right) => Number(!!left.loop) - Number(!!right.loop))) {
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

/** The scope under which a plan's own resources live, for Complete mode. */
export const planScopeId = ({ request }: DeploymentPlan): string => scopeId(request.scope);

export type OperationKind = 'Create' | 'Read' | 'Delete' | 'EvaluateDeploymentOutput';

interface Operation {
  readonly kind: OperationKind;
  readonly target: { readonly id: string; readonly type: string; readonly name: string } | undefined;
  readonly started: string;
  ended: string;
  state: 'Running' | 'Succeeded' | 'Failed' | 'Canceled';
  status: number | undefined;
  failure: DeploymentFailure | undefined;
}

const statusNames: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'NoContent',
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
  429: 'TooManyRequests',
  500: 'InternalServerError',
};

export class DeploymentOperations {
  readonly #deploymentId: string;
  readonly #trackingId: string;
  readonly #operations: Operation[] = [];

  constructor(deploymentId: string, trackingId: string) {
    this.#deploymentId = deploymentId;
    this.#trackingId = trackingId;
  }

  /** Notes that an operation began; the result tells how it ended. */
  begin(kind: OperationKind, target: Operation['target'], at: string) {
    const operation: Operation = {
      kind,
      target,
      started: at,
      ended: at,
      state: 'Running',
      status: undefined,
      failure: undefined,
    };
    this.#operations.push(operation);
    return (end: { at: string; status: number; failure?: DeploymentFailure | undefined }): void => {
      operation.ended = end.at;
      operation.status = end.status;
      operation.failure = end.failure;
      operation.state = end.failure ? 'Failed' : 'Succeeded';
    };
  }

  get count(): number {
    return this.#operations.length;
  }

  /** All operations, as Azure shows them. */
  list(): JsonObject[] {
    return this.#operations.map((operation) => this.#shown(operation));
  }

  #shown({ kind, target, started, ended, state, status, failure }: Operation): JsonObject {
    const hash = murmurHash64(`${this.#deploymentId}|${kind}|${target?.id ?? ''}`.toLowerCase());
    const operationId = hash.toString(16).toUpperCase().padStart(16, '0');
    return {
      id: `${this.#deploymentId}/operations/${operationId}`,
      operationId,
      properties: compact({
        provisioningOperation: kind,
        provisioningState: state,
        timestamp: sevenDecimals(ended),
        duration: durationText(started, ended),
        trackingId: this.#trackingId,
        serviceRequestId: target && stableGuid(`${this.#trackingId}/${operationId}`),
        statusCode: status === undefined ? undefined : (statusNames[status] ?? String(status)),
        statusMessage: failure && { status: 'Failed', error: failureJson(failure) },
        targetResource: target && { id: target.id, resourceType: target.type, resourceName: target.name },
      }),
    };
  }
}
