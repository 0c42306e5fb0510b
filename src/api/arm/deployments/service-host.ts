/**
 * What carries a deployment out: the resource service, called in process. Its writes are no requests of a client, so they
 * stand in no journal and no fault meets them.
 */
import { AzureError, azureError } from '../../../errors/index.js';
import { findResourceType } from '../../../resources/registry.js';
import { idKey, parseResourceId, rootOf, typeOf } from '../../../resources/resource-id.js';
import { newGuid } from '../../../support/ids.js';
import type { Answer } from '../resources/answers.js';
import { listOfOpaque } from '../resources/opaque-resources.js';
import { Rehearsal } from '../resources/rehearsal.js';
import { RequestBody } from '../resources/request-body.js';
import type { ResourceGroups } from '../resources/resource-groups.js';
import type { ResourceService } from '../resources/resource-service.js';
import type { Json, JsonObject } from '../template/json.js';
import type { DeploymentHost, HostAction, HostAnswer, HostPut, ListedResource, NestedDeployment } from './host.js';
import type { DeploymentPlan } from './plan.js';
import { preflight, resourceGroupAt, resourcePut } from './preflight.js';

export interface ServiceHostOptions {
  readonly service: ResourceService;
  readonly groups: ResourceGroups;
  /** Where the client that asked for the deployment reached us. */
  readonly baseUrl: string;
  readonly correlationId: string;
  readonly saveDeployment: (deployment: NestedDeployment) => void;
}

const defaultApiVersion = '2021-04-01';

/** Between two looks at an operation of which is not known when it will end. */
const lookAgainMs = 10;

/** The version that shows most of a resource. */
function newestApiVersion(id: string): string {
  const parsed = parseResourceId(id);
  return (
    (parsed && findResourceType(`${parsed.namespace}/${parsed.types[0]}`)?.apiVersions.at(-1)) ?? defaultApiVersion
  );
}

/** Another operation has the resource: it passes. */
const busyStatus = 429;
const giveUpAfterMs = 10 * 60_000;

export class ServiceHost implements DeploymentHost {
  readonly #options: ServiceHostOptions;
  readonly saveDeployment: (deployment: NestedDeployment) => void;

  constructor(options: ServiceHostOptions) {
    this.#options = options;
    this.saveDeployment = options.saveDeployment;
  }

  async put(request: HostPut): Promise<HostAnswer> {
    const { service, groups, baseUrl } = this.#options;
    return this.#write(async () => {
      const resource = resourcePut(request, baseUrl);
      if (resource) return service.put(resource);
      return groups.put({ ...resourceGroupAt(request.id), ...request }, RequestBody.ofValue(request.body));
    });
  }

  async delete({ id, check }: Pick<HostPut, 'id' | 'check'>): Promise<HostAnswer> {
    const { service, baseUrl } = this.#options;
    return this.#write(async () => {
      const place = parseResourceId(id);
      if (!place) throw azureError('ScopeNotEmulated', { values: { id } });
      return service.delete({ id: place, apiVersion: newestApiVersion(id), baseUrl, check });
    });
  }

  async get(id: string, apiVersion: string): Promise<JsonObject | undefined> {
    const { status, body } = await this.#answer(async () => this.#read(id, apiVersion));
    return status === 200 ? (body as JsonObject) : undefined;
  }

  #read(id: string, apiVersion: string): Answer {
    const { service, groups } = this.#options;
    const isDeployment = /\/deployments\/[^/]+$/i.test(id);
    const deployment = isDeployment ? service.context.store.deployments.deployment(idKey(id)) : undefined;
    if (deployment) return { status: 200, body: deployment.document };
    const version = apiVersion || newestApiVersion(id);
    const place = parseResourceId(id);
    if (place) return service.get({ id: place, apiVersion: version });
    return groups.get({ ...resourceGroupAt(id), apiVersion: version });
  }

  async list(scopeId: string): Promise<readonly ListedResource[]> {
    const [, , subscriptionId = '', , resourceGroup] = scopeId.split('/');
    return this.#options.service.store.list({ subscriptionId, resourceGroup });
  }

  /** differs: keys are made up for well-known types; a list function of which nothing is known is refused by name. */
  async action({ id, apiVersion, action: name, body }: HostAction): Promise<HostAnswer> {
    const { service } = this.#options;
    return this.#answer(async () => {
      const place = parseResourceId(id);
      const [, path = name] = /\/providers\/[^/]+\/[^/]+\/[^/]+\/(.+)$/i.exec(`${id}/${name}`) ?? [];
      const found = place && service.actionAt(place, path);
      if (place && found) {
        const given = body === null ? RequestBody.ofText(undefined) : RequestBody.ofValue(body as JsonObject);
        return service.act({
          ...found,
          id: rootOf(place),
          apiVersion: apiVersion || newestApiVersion(id),
          query: {},
          body: given,
        });
      }
      const list = place && listOfOpaque({ id: place, action: name, apiVersion }, service.store);
      if (list !== undefined) return { status: 200, body: list };
      this.#read(id, apiVersion);
      throw azureError('ListFunctionNotEmulated', { values: { function: name, type: place ? typeOf(place) : id } });
    });
  }

  async preflight(plan: DeploymentPlan): Promise<void> {
    await preflight(plan, this.#options);
  }

  async preview(request: HostPut, children: readonly HostPut[]): Promise<JsonObject | undefined> {
    const { service, baseUrl } = this.#options;
    const put = resourcePut(request, baseUrl);
    const inside = children.map((child) => resourcePut(child, baseUrl)).filter((child) => child !== undefined);
    return put && (new Rehearsal(service.context).preview(put, inside) as JsonObject | undefined);
  }

  /** Tries again while the resource is busy, as Azure's deployments do, and waits for the operation that begins then. */
  async #write(write: () => Promise<Answer>): Promise<HostAnswer> {
    const { clock, operationDelayMs } = this.#options.service.context;
    const giveUpAtMs = clock.now() + giveUpAfterMs;
    for (;;) {
      const answer = await this.#answer(write);
      if (answer.status !== busyStatus || clock.now() > giveUpAtMs) return this.#ended(answer);
      await clock.wait(Math.max(lookAgainMs, operationDelayMs));
    }
  }

  /** What the service answers or refuses. */
  async #answer(ask: () => Promise<Answer>): Promise<HostAnswer & Pick<Answer, 'operation'>> {
    try {
      const { status, body, operation } = await ask();
      return { status, body: (body ?? null) as Json, ...(operation ? { operation } : {}) };
    } catch (error) {
      const refusal = error instanceof AzureError ? error : this.#internalError(error);
      return { status: refusal.status, body: refusal.toBody() as unknown as Json };
    }
  }

  #internalError(error: unknown): AzureError {
    const { service, correlationId } = this.#options;
    const { clock, note } = service.context;
    const trackingId = newGuid();
    note(`a write of a deployment failed (${trackingId}): ${(error as Error).stack ?? String(error)}`);
    return azureError('InternalServerError', { values: { timestamp: clock.timestamp(), trackingId, correlationId } });
  }

  /** The answer once its operation has ended; a failed one fails as Azure reports it in a deployment. */
  async #ended({ status, body, operation: begun }: HostAnswer & Pick<Answer, 'operation'>): Promise<HostAnswer> {
    const { store, clock, operationDelayMs } = this.#options.service.context;
    if (status >= 400 || !begun) return { status, body };
    for (;;) {
      const operation = store.connection.open ? store.operations.operation(begun.operationId) : undefined;
      if (!operation || operation.status === 'Succeeded') return { status, body };
      if (operation.status !== 'InProgress') {
        const { code, message } = azureError('ResourceDeploymentFailure', { values: { state: operation.status } });
        return { status: 409, body: { error: { code, message, details: [operation.error as Json] } } };
      }
      const endsMs = operation.startedMs + operationDelayMs;
      await clock.wait(Math.max(lookAgainMs, endsMs - clock.now()));
    }
  }
}
