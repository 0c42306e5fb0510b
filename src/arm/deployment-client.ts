/**
 * A deployment as a client of Azure Resource Manager: it asks the same routes that every other client asks, and waits
 * for the operation that each write begins.
 */
import type { FastifyInstance } from 'fastify';
import { azureError, errors } from '../errors.js';
import { newGuid } from '../ids.js';
import { findResourceType } from '../resources/registry.js';
import { parseResourceId, typeOf } from '../resources/resource-id.js';
import { preflight } from './deployment-preflight.js';
import { previewPut } from './deployment-preview.js';
import { bodySent } from './deployment-writes.js';
import type {
  ActionRequest,
  DeploymentHost,
  DeploymentPlan,
  HostAnswer,
  Json,
  JsonObject,
  ListedResource,
  NestedDeployment,
  PutRequest,
} from './deployments/index.js';
import type { ResourceGroups } from './resource-groups.js';
import type { ResourceService } from './resource-service.js';

export interface DeploymentClientOptions {
  readonly app: FastifyInstance;
  readonly service: ResourceService;
  readonly groups: ResourceGroups;
  /** The authorization, host and correlation of the request that asked for the deployment: its requests are made with them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly saveDeployment: (deployment: NestedDeployment) => void;
}

interface Asked {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'POST';
  readonly id: string;
  readonly apiVersion: string;
  readonly body?: Json;
}

interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly operationId: string | undefined;
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

/** Somebody else's operation has the resource, or there are too many requests: both pass. */
const busyStatus = 429;
const patienceMs = 10 * 60_000;

export class DeploymentClient implements DeploymentHost {
  readonly #options: DeploymentClientOptions;
  readonly saveDeployment: (deployment: NestedDeployment) => void;

  constructor(options: DeploymentClientOptions) {
    this.#options = options;
    this.saveDeployment = options.saveDeployment;
  }

  async put({ id, apiVersion, body }: PutRequest): Promise<HostAnswer> {
    return this.#write({ method: 'PUT', id, apiVersion, body: bodySent({ id, body }) });
  }

  async delete(id: string): Promise<HostAnswer> {
    return this.#write({ method: 'DELETE', id, apiVersion: newestApiVersion(id) });
  }

  async get(id: string, apiVersion: string): Promise<JsonObject | undefined> {
    const { status, body } = await this.#ask({ method: 'GET', id, apiVersion: apiVersion || newestApiVersion(id) });
    return status === 200 ? (body as JsonObject) : undefined;
  }

  async list(scopeId: string): Promise<readonly ListedResource[]> {
    const [, , subscriptionId = '', , resourceGroup] = scopeId.split('/');
    return this.#options.service.store.list({ subscriptionId, resourceGroup });
  }

  /** differs: nothing here keeps keys or secrets; a list function that no route answers is refused by name. */
  async action({ id, apiVersion, action, body }: ActionRequest): Promise<HostAnswer> {
    const asked = { id: `${id}/${action}`, apiVersion: apiVersion || newestApiVersion(id) };
    const answer = await this.#ask({ method: 'POST', ...asked, ...(body === null ? {} : { body }) });
    const code = ((answer.body as JsonObject | null)?.error as JsonObject | undefined)?.code;
    if (answer.status !== 404 || code !== errors.PathNotFound.code) return answer;
    const target = await this.#ask({ method: 'GET', id, apiVersion: asked.apiVersion });
    if (target.status >= 400) return target;
    const parsed = parseResourceId(id);
    const values = { function: action, type: parsed ? typeOf(parsed) : id };
    const refusal = azureError('ListFunctionNotEmulated', { values });
    return { status: refusal.status, body: refusal.toBody() as unknown as Json };
  }

  preflight(plan: DeploymentPlan): void {
    const { service, groups, headers } = this.#options;
    preflight(plan, { service, groups, trackingId: headers['x-ms-correlation-request-id'] ?? newGuid() });
  }

  async preview(request: PutRequest): Promise<JsonObject | undefined> {
    return previewPut(request, this.#options.service);
  }

  /** Asks again while the resource is busy, as Azure's deployments do, and waits for the operation that begins then. */
  async #write(asked: Asked): Promise<HostAnswer> {
    const { clock, operationDelayMs } = this.#options.service.context;
    const giveUpAtMs = clock.now() + patienceMs;
    for (;;) {
      const answer = await this.#ask(asked);
      if (answer.status !== busyStatus || clock.now() > giveUpAtMs) return this.#ended(answer);
      await clock.wait(Math.max(lookAgainMs, operationDelayMs));
    }
  }

  async #ask({ method, id, apiVersion, body }: Asked): Promise<Answer> {
    const { app, headers } = this.#options;
    const path = id.split('/').map(encodeURIComponent).join('/');
    const answer = await app.inject({
      method,
      url: `${path}?api-version=${encodeURIComponent(apiVersion)}`,
      headers: body ? { ...headers, 'content-type': 'application/json' } : { ...headers },
      ...(body ? { payload: JSON.stringify(body) } : {}),
    });
    const operation = answer.headers['azure-asyncoperation'];
    return {
      status: answer.statusCode,
      body: answer.payload === '' ? null : (JSON.parse(answer.payload) as Json),
      operationId: typeof operation === 'string' ? new URL(operation).pathname.split('/').at(-1) : undefined,
    };
  }

  /** The answer once its operation has ended; a failed one fails as Azure reports it in a deployment. */
  async #ended({ status, body, operationId }: Answer): Promise<HostAnswer> {
    const { store, clock, operationDelayMs } = this.#options.service.context;
    if (status >= 400 || operationId === undefined) return { status, body };
    for (;;) {
      const operation = store.connection.open ? store.operations.operation(operationId) : undefined;
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
