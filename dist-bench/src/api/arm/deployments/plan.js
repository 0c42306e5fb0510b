/** Makes a plan of a deployment: everything that can be refused is refused here, before a resource is touched. */
import { DeferredValue, } from '../template/context.js';
import { ExpressionError } from '../template/expression-error.js';
import { compact, objectMember } from '../template/json.js';
import { isExpression } from '../template/parser.js';
import { resourceIdOf, scopeId } from '../template/resource-ids.js';
import { dependencyOrder, notDefined, ResourceIndex, resolveDependencies } from './dependencies.js';
import { evaluateBody, expandResources } from './expand.js';
import { evaluatingPart, invalidTemplate } from './failures.js';
import { ContentNeeded } from './links.js';
import { nestedRequest, withLinkedContents } from './request.js';
import { hidingSecrets, secretsIn } from './secrets.js';
import { checkExpressions, readTemplate } from './template.js';
import { templateContext } from './template-context.js';
import { outputValue } from './types.js';
/** Azure's limit for deployments inside deployments. */
const maxNesting = 5;
/**
 * Plans what is `asked`, in pieces: other requests may run between two of them. Throws InvalidTemplate or another
 * error of a template, or
 * `ContentNeeded` for a link that was not followed yet.
 */
export function* planDeployment(asked, environment, depth = 0) {
    const request = withLinkedContents(asked, environment.contents);
    if (depth > maxNesting) {
        throw invalidTemplate(`The nested deployment '${request.name}' exceeds the limit of '${maxNesting}' levels`);
    }
    if (request.mode === 'Complete' && request.scope.kind !== 'resourceGroup') {
        throw invalidTemplate(`The deployment '${request.name}' cannot be 'Complete': only deployments to a resource group can`);
    }
    const template = readTemplate(request.template);
    checkExpressions(template);
    const values = yield* templateContext(template, request, environment);
    try {
        return yield* planTemplate({ request, template, depth, ...values });
    }
    catch (error) {
        throw hidingSecrets(error, secretsIn(values.parameters));
    }
}
function* planTemplate({ request, template, depth, parameters, context: bare, }) {
    const { environment } = bare;
    const late = {};
    const context = {
        ...bare,
        resourceInfo: (symbol) => resourceInfo(late.index, symbol),
        ask: (query) => {
            if (late.index)
                checkQuery(query, late.index);
            throw new DeferredValue(query);
        },
    };
    const resources = yield* expandResources(template, context);
    const index = new ResourceIndex(resources);
    late.index = index;
    const dependencies = yield* resolveDependencies(template, resources, index);
    const bodies = new Map();
    const deferred = new Set();
    const nested = new Map();
    for (const resource of resources) {
        if (!resource.deployed || resource.existing)
            continue;
        yield;
        const body = evaluatingPart(partOf(template, resource), () => evaluateBody(resource, {
            context: resource.context,
            onDeferred: () => {
                deferred.add(resource.key);
            },
        }));
        bodies.set(resource.key, body);
        if (!resource.nested)
            continue;
        const plan = yield* planNested(resource, body, { environment, depth, complete: !deferred.has(resource.key) });
        if (plan)
            nested.set(resource.key, plan);
    }
    yield* checkOutputs(template, context);
    return {
        id: resourceIdOf(scopeId(request.scope), 'Microsoft.Resources/deployments', request.name),
        request,
        template,
        parameters,
        resources,
        ordered: dependencyOrder(resources, dependencies),
        dependencies,
        bodies,
        deferred,
        nested,
        index,
        context,
    };
}
/** How a resource is named in messages about it. */
export const partOf = (template, resource) => ({
    root: template.source,
    kind: 'resource',
    name: resource.symbol ?? resource.name,
    container: resource.source,
});
function* planNested(resource, body, { environment, depth, complete }) {
    const request = nestedRequest(resource, body);
    const { scope } = request;
    const groupExists = scope.kind !== 'resourceGroup' ||
        environment.resourceGroup(scope.subscriptionId, scope.resourceGroup) !== undefined;
    if (complete && groupExists)
        return yield* planDeployment(request, environment, depth + 1);
    // Its parameters come from resources, or its group from this very deployment: only what never changes can be checked.
    if (resource.nested?.innerScope || (request.templateLink && !isExpression(request.templateLink.uri))) {
        const { template } = withLinkedContents({ ...request, parametersLink: undefined }, environment.contents);
        checkExpressions(readTemplate(template));
    }
    return undefined;
}
function resourceInfo(index, symbol) {
    const resource = index?.findOne(symbol);
    if (!resource)
        throw new ExpressionError(`The resource '${symbol}' is not defined in the template`);
    const { id, name, type, apiVersion } = resource;
    return compact({ id, name: name.split('/').at(-1) ?? name, type, apiVersion });
}
/** A resource that is read must be in the template, or be named by id and api-version. */
function checkQuery({ resource, apiVersion, action }, index) {
    const found = index.find(resource);
    if (action === 'references' && found.length > 0)
        return;
    if (found.length > 1 && found.filter(({ existing, deployed }) => deployed && !existing).length > 1) {
        throw invalidTemplate(`The template reference '${resource}' is not valid: it names more than one resource. Please see https://aka.ms/arm-function-reference for usage details.`);
    }
    if (found.length > 0)
        return;
    if (!resource.startsWith('/')) {
        throw invalidTemplate(`The template reference '${resource}' is not valid: could not find template resource or resource copy with this name. Please see https://aka.ms/arm-function-reference for usage details.`);
    }
    if (apiVersion === undefined)
        throw notDefined(resource);
}
/** Outputs are evaluated at the end, but most of what can be wrong with them shows now. */
function* checkOutputs(template, context) {
    const outputs = objectMember(template.source, 'outputs');
    for (const output of template.outputs) {
        yield;
        evaluatingPart({ root: template.source, kind: 'output', name: output.name, container: outputs, key: output.name }, () => {
            outputValue(output, { template, context, onDeferred: () => { } });
        });
    }
}
/** Plans `request` as `planDeployment` does, and throws what it throws, or InvalidContentLink. */
export async function planLinked(request, environment, depth = 0) {
    for (;;) {
        try {
            const planning = planDeployment(request, environment, depth);
            for (;;) {
                const step = planning.next();
                if (step.done)
                    return step.value;
                await environment.budget.nextPart();
            }
        }
        catch (error) {
            if (!(error instanceof ContentNeeded))
                throw error;
            await environment.contents.download(error.link);
        }
    }
}
//# sourceMappingURL=plan.js.map