/** Turns the resources that a template declares into single ones: copies multiplied, children joined with parents. */
import { AzureError } from '../../../errors/index.js';
import { copyCount, evaluateTemplateValue } from '../template/evaluate.js';
import { ExpressionError } from '../template/expression-error.js';
import { isObject, jsonText, member, objectMember } from '../template/json.js';
import { positionOf } from '../template/json-reader.js';
import { parseScopeId, resourceIdOf, scopeId, segmentsMatch } from '../template/resource-ids.js';
import { asFailureOf, invalidTemplate, placeText } from './failures.js';
import { declaredResources } from './template.js';
const notInBody = new Set('type name apiVersion dependsOn copy condition comments resources scope existing metadata subscriptionId resourceGroup'
    .toLowerCase()
    .split(' '));
/** What of `source` goes into the request, unevaluated. Members that are expressions of null are left out later. */
export function bodySource({ source, nested }) {
    const body = Object.fromEntries(Object.entries(source).filter(([key]) => !notInBody.has(key.toLowerCase())));
    const properties = objectMember(body, 'properties');
    if (!nested?.innerScope || !properties)
        return body;
    return { ...body, properties: { ...properties, template: null } };
}
/** The body of the request that deploys `resource`. With `onDeferred`, what is not known yet stays as written. */
export function evaluateBody(resource, { context, onDeferred }) {
    const value = evaluateTemplateValue(bodySource(resource), onDeferred ? { context, onDeferred } : { context });
    const body = Object.fromEntries(Object.entries(isObject(value) ? value : {}).filter(([, inner]) => inner !== null));
    if (!resource.nested?.innerScope)
        return body;
    const template = member(objectMember(resource.source, 'properties') ?? {}, 'template');
    return { ...body, properties: { ...objectMember(body, 'properties'), template } };
}
const deploymentsType = 'microsoft.resources/deployments';
/** The resources of `template`, in its order. Throws InvalidTemplate. */
export function* expandResources(template, context) {
    const expander = new Expander(template);
    const inside = { ...context, emptyLoops: expander.emptyLoops };
    for (const declared of template.resources)
        yield* expander.add(declared, inside, undefined);
    return expander.resources;
}
class Expander {
    resources = [];
    emptyLoops = new Set();
    #template;
    #keys = new Set();
    constructor(template) {
        this.#template = template;
    }
    *add(declared, context, parent) {
        const { source, symbol } = declared;
        const part = {
            root: this.#template.source,
            kind: 'resource',
            name: symbol ?? jsonText(member(source, 'name')),
            container: source,
        };
        try {
            const copy = objectMember(source, 'copy');
            if (!copy)
                return yield* this.#addOne(declared, { context, parent, loop: undefined });
            const name = jsonText(member(copy, 'name') ?? symbol ?? '');
            if (name === '')
                throw new ExpressionError("the 'copy' has no name");
            const header = { ...context, place: 'resourceHeader' };
            const count = copyCount(member(copy, 'count') ?? 0, header);
            const batchSize = readBatchSize(copy, header);
            if (count === 0)
                for (const text of [name, symbol ?? name])
                    this.emptyLoops.add(text.toLowerCase());
            for (let index = 0; index < count; index += 1) {
                const loops = [...context.loops, { name, index, outermost: true }];
                yield* this.#addOne(declared, { context: { ...context, loops }, parent, loop: { name, index, batchSize } });
            }
        }
        catch (error) {
            throw asFailureOf(part, error);
        }
    }
    *#addOne({ symbol, source }, { context, parent, loop, }) {
        yield;
        const header = { ...context, place: 'resourceHeader' };
        // Conditions do not cascade: a child of what is skipped has its own.
        const deployed = condition(source, header);
        const { id, type, name, apiVersion, scope } = this.#identity(source, { header, parent, deployed });
        const existing = member(source, 'existing') === true;
        this.resources.push({
            key: this.#key({ id, type, name, existing, deployed }, source),
            symbol: symbol === undefined || !loop ? symbol : `${symbol}[${loop.index}]`,
            loop,
            id,
            type,
            name,
            apiVersion,
            deployed,
            existing,
            source,
            context,
            nested: type.toLowerCase() === deploymentsType && !existing ? { scope, innerScope: hasInnerScope(source) } : undefined,
        });
        for (const child of declaredResources(source, this.#template)) {
            yield* this.add(child, context, { type, name });
        }
    }
    /**
     * What a resource is called and where it goes. Of one that is skipped Azure evaluates neither: where they have no value,
     * they stay as written.
     */
    #identity(source, options) {
        try {
            return this.#evaluatedIdentity(source, options);
        }
        catch (error) {
            if (options.deployed || !(error instanceof ExpressionError || error instanceof AzureError))
                throw error;
            const { scope } = options.header;
            const [type = '', name = '', apiVersion = ''] = ['type', 'name', 'apiVersion'].map((key) => jsonText(member(source, key) ?? ''));
            return { id: resourceIdOf(scopeId(scope), type, name), type, name, apiVersion, scope };
        }
    }
    #evaluatedIdentity(source, { header, parent }) {
        const ownType = textMember(source, 'type', header);
        const ownName = textMember(source, 'name', header);
        const isChild = parent !== undefined && !isFullType(ownType);
        const type = isChild ? `${parent.type}/${ownType}` : ownType;
        const name = isChild ? `${parent.name}/${ownName}` : ownName;
        if (!segmentsMatch(type, name)) {
            throw invalidTemplate(`The template resource '${name}' for type '${type}' ${this.#place(source)} has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name. A root resource type must have segment length one greater than its resource name. Please see https://aka.ms/arm-template/#resources for usage details.`);
        }
        const { parentId, scope } = targetScope(source, { header, isDeployment: type.toLowerCase() === deploymentsType });
        const apiVersion = textMember(source, 'apiVersion', header) ?? '';
        return { id: resourceIdOf(parentId, type, name), type, name, apiVersion, scope };
    }
    #place(source) {
        return placeText(this.#template.source, positionOf(source));
    }
    #key({ id, type, name, existing, deployed }, source) {
        // Resources of one name may exclude each other by their conditions.
        if (!deployed)
            return `skipped ${this.resources.length} ${id.toLowerCase()}`;
        const key = `${existing ? 'existing ' : ''}${id.toLowerCase()}`;
        if (!this.#keys.has(key)) {
            this.#keys.add(key);
            return key;
        }
        if (existing)
            return `${key} ${this.resources.length}`;
        throw invalidTemplate(`The resource '${type}/${name}' ${this.#place(source)} is defined multiple times in a template. Please see https://aka.ms/arm-template/#resources for usage details.`);
    }
}
/** A type with its namespace: a nested resource that has one is not a child of the resource around it. */
const isFullType = (type) => /^[^/]+\.[^/]+\//.test(type);
function readBatchSize(copy, header) {
    if (jsonText(member(copy, 'mode') ?? 'parallel').toLowerCase() !== 'serial')
        return undefined;
    const value = evaluateTemplateValue(member(copy, 'batchSize') ?? 1, { context: header });
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1)
        return value;
    throw new ExpressionError(`the copy batch size '${jsonText(value)}' is not valid: it must be at least 1`);
}
function textMember(source, name, context) {
    const written = member(source, name);
    if (written === undefined || written === null)
        return undefined;
    const value = evaluateTemplateValue(written, { context });
    if (typeof value === 'string' && value !== '')
        return value;
    if (value === null && name !== 'name' && name !== 'type')
        return undefined;
    throw new ExpressionError(`the value of '${name}' must be a string that is not empty`);
}
function condition(source, header) {
    const written = member(source, 'condition');
    if (written === undefined)
        return true;
    const value = evaluateTemplateValue(written, { context: header });
    if (typeof value === 'boolean')
        return value;
    if (typeof value === 'string' && /^(true|false)$/i.test(value))
        return value.toLowerCase() === 'true';
    throw new ExpressionError("the value of 'condition' must be a boolean");
}
function hasInnerScope(source) {
    const options = objectMember(objectMember(source, 'properties') ?? {}, 'expressionEvaluationOptions');
    return jsonText((options && member(options, 'scope')) ?? 'outer').toLowerCase() === 'inner';
}
/** Under which id the resource lives, and, for a deployment, to which scope it deploys. */
function targetScope(source, { header, isDeployment }) {
    const written = textMember(source, 'scope', header);
    const subscriptionId = textMember(source, 'subscriptionId', header);
    const group = textMember(source, 'resourceGroup', header);
    const scope = chosenScope(header.scope, { subscriptionId, group });
    if (written === undefined)
        return { parentId: scopeId(scope), scope };
    const named = parseScopeId(written);
    if (named && (isDeployment || written === '/' || named.kind !== 'tenant'))
        return { parentId: scopeId(named), scope: named };
    if (written.startsWith('/'))
        return { parentId: written.replace(/\/$/, ''), scope };
    // An extension of another resource, written as type/name.
    return { parentId: extensionParent(scope, written), scope };
}
function chosenScope(scope, { subscriptionId, group }) {
    const subscription = subscriptionId ?? ('subscriptionId' in scope ? scope.subscriptionId : undefined);
    if (group !== undefined && subscription !== undefined) {
        return { kind: 'resourceGroup', subscriptionId: subscription, resourceGroup: group };
    }
    if (group !== undefined) {
        throw new ExpressionError(`the resource group '${group}' has no subscription: 'subscriptionId' is missing`);
    }
    return subscriptionId === undefined ? scope : { kind: 'subscription', subscriptionId };
}
/** `Microsoft.Network/loadBalancers/lb` as the id of what an extension extends. */
function extensionParent(scope, text) {
    const [namespace = '', ...segments] = text.split('/');
    return `${scopeId(scope)}/providers/${namespace}/${segments.join('/')}`;
}
//# sourceMappingURL=expand.js.map