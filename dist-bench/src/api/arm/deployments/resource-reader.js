/** Answers what expressions ask of resources while a deployment runs: read when they are asked for. */
import { azureError } from '../../../errors/index.js';
import { DeferredValue } from '../template/context.js';
import { isObject, member, objectMember } from '../template/json.js';
import { parseResourceId } from '../template/resource-ids.js';
import { failureOf, HostRefusal } from './failures.js';
export class ResourceReader {
    #plan;
    #host;
    /** Nested deployments that have ended, by key of their resource. */
    #deployments = new Map();
    constructor(plan, host) {
        this.#plan = plan;
        this.#host = host;
    }
    /** Lets `reference()` see a nested deployment that has ended. */
    noteDeployment(key, deployment) {
        this.#deployments.set(key, deployment);
    }
    /** Evaluates as often as it takes to fetch every resource that is asked for; each is read once per evaluation. */
    async evaluate(context, evaluate) {
        const known = new Map();
        const asking = {
            ...context,
            ask: (query) => {
                const value = known.get(queryKey(query));
                if (value === undefined)
                    throw new DeferredValue(query);
                return value;
            },
        };
        await context.environment.budget.nextPart();
        for (;;) {
            try {
                return evaluate(asking);
            }
            catch (error) {
                if (!(error instanceof DeferredValue))
                    throw error;
                known.set(queryKey(error.query), await this.#fetch(error.query));
            }
        }
    }
    async #fetch(query) {
        if (query.action === 'references') {
            const instances = this.#plan.index.find(query.resource);
            return Promise.all(instances.map((instance) => this.#read(instance, query)));
        }
        const resource = this.#plan.index.findOne(query.resource);
        if (query.action === 'reference')
            return this.#read(resource ?? query.resource, query);
        return this.#act(resource, query);
    }
    async #read(resource, query) {
        const id = typeof resource === 'string' ? resource : resource.id;
        const apiVersion = query.apiVersion ?? (typeof resource === 'string' ? '' : resource.apiVersion);
        const nested = typeof resource === 'string' ? undefined : this.#deployments.get(resource.key)?.document;
        const document = nested ?? (await this.#host.get(id, apiVersion));
        if (!document)
            throw notFound(id);
        return query.full ? fullValue(document, id, apiVersion) : (objectMember(document, 'properties') ?? {});
    }
    async #act(resource, { action, resource: text, apiVersion, body }) {
        const ended = resource && this.#deployments.get(resource.key);
        if (ended && action.toLowerCase() === 'listoutputswithsecurevalues')
            return ended.outputs;
        const answer = await this.#host.action({
            id: resource?.id ?? text,
            apiVersion: apiVersion ?? resource?.apiVersion ?? '',
            action,
            body: body ?? null,
        });
        if (answer.status >= 400)
            throw new HostRefusal(failureOf(answer.status, answer.body));
        return answer.body;
    }
}
const queryKey = (query) => JSON.stringify([query.action, query.resource, query.apiVersion, query.full, query.body]);
function notFound(id) {
    const parsed = parseResourceId(id);
    return azureError('ResourceNotFound', {
        values: { type: parsed?.type ?? '', name: parsed?.name ?? id, resourceGroup: parsed?.resourceGroup ?? '' },
    });
}
/** What `reference(…, 'Full')` gives. */
function fullValue(document, id, apiVersion) {
    const parsed = parseResourceId(id);
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
//# sourceMappingURL=resource-reader.js.map