/** Answers what expressions ask of resources while a deployment runs: read when they are asked for. */
import { azureError } from '../../../errors/index.js';
import { DeferredValue, type EvaluationContext, type ResourceQuery } from '../template/context.js';
import { isObject, type Json, type JsonObject, member, objectMember } from '../template/json.js';
import { splitResourceId } from '../template/resource-ids.js';
import type { PlannedResource } from './expand.js';
import { failureOf, HostRefusal } from './failures.js';
import type { DeploymentHost } from './host.js';
import type { DeploymentPlan } from './plan.js';

export interface EndedDeployment {
  readonly document: JsonObject;
  /** The values of all its outputs by name, secure ones too. */
  readonly outputs: JsonObject;
}

export class ReferenceReader {
  readonly #plan: DeploymentPlan;
  readonly #host: DeploymentHost;
  /** Nested deployments that have ended, by key of their resource. */
  readonly #deployments = new Map<string, EndedDeployment>();

  constructor(plan: DeploymentPlan, host: DeploymentHost) {
    this.#plan = plan;
    this.#host = host;
  }

  /** Lets `reference()` see a nested deployment that has ended. */
  noteDeployment(key: string, deployment: EndedDeployment): void {
    this.#deployments.set(key, deployment);
  }

  /** Evaluates as often as it takes to fetch every resource that is asked for; each is read once per evaluation. */
  async evaluate<T>(context: EvaluationContext, evaluate: (context: EvaluationContext) => T): Promise<T> {
    const known = new Map<string, Json>();
    const asking: EvaluationContext = {
      ...context,
      ask: (query) => {
        const value = known.get(queryKey(query));
        if (value === undefined) throw new DeferredValue(query);
        return value;
      },
    };
    for (;;) {
      try {
        return await context.environment.budget.nextPart(() => evaluate(asking));
      } catch (error) {
        if (!(error instanceof DeferredValue)) throw error;
        known.set(queryKey(error.query), await this.#fetch(error.query));
      }
    }
  }

  async #fetch(query: ResourceQuery): Promise<Json> {
    if (query.action === 'references') {
      const instances = this.#plan.index.find(query.resource);
      return Promise.all(instances.map((instance) => this.#read(instance, query)));
    }
    const resource = this.#plan.index.findOne(query.resource);
    if (query.action === 'reference') return this.#read(resource ?? query.resource, query);
    return this.#act(resource, query);
  }

  async #read(resource: PlannedResource | string, query: ResourceQuery): Promise<Json> {
    const id = typeof resource === 'string' ? resource : resource.id;
    const apiVersion = query.apiVersion ?? (typeof resource === 'string' ? '' : resource.apiVersion);
    const nested = typeof resource === 'string' ? undefined : this.#deployments.get(resource.key)?.document;
    const document = nested ?? (await this.#host.get(id, apiVersion));
    if (!document) throw notFound(id);
    return query.full ? fullValue(document, id, apiVersion) : (objectMember(document, 'properties') ?? {});
  }

  async #act(
    resource: PlannedResource | undefined,
    { action, resource: text, apiVersion, body }: ResourceQuery,
  ): Promise<Json> {
    const ended = resource && this.#deployments.get(resource.key);
    if (ended && action.toLowerCase() === 'listoutputswithsecurevalues') return ended.outputs;
    const answer = await this.#host.action({
      id: resource?.id ?? text,
      apiVersion: apiVersion ?? resource?.apiVersion ?? '',
      action,
      body: body ?? null,
    });
    if (answer.status >= 400) throw new HostRefusal(failureOf(answer.status, answer.body));
    return answer.body;
  }
}

const queryKey = (query: ResourceQuery): string =>
  JSON.stringify([query.action, query.resource, query.apiVersion, query.full, query.body]);

function notFound(id: string) {
  const parsed = splitResourceId(id);
  return azureError('ResourceNotFound', {
    values: { type: parsed?.type ?? '', name: parsed?.name ?? id, resourceGroup: parsed?.resourceGroup ?? '' },
  });
}

/** What `reference(…, 'Full')` gives. */
function fullValue(document: JsonObject, id: string, apiVersion: string): JsonObject {
  const parsed = splitResourceId(id);
  const properties = member(document, 'properties');
  return {
    apiVersion,
    ...document,
    properties: isObject(properties) ? properties : {},
    resourceId: id,
    ...(parsed?.subscriptionId === undefined ? {} : { subscriptionId: parsed.subscriptionId }),
    ...(parsed?.resourceGroup === undefined ? {} : { resourceGroupName: parsed.resourceGroup }),
  };
}
