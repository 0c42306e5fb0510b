/** Turns the resources that a template declares into single ones: copies multiplied, children joined with parents. */
import { AzureError } from '../../../errors/index.js';
import type { DeferredValue, DeploymentScope, EvaluationContext } from '../template/context.js';
import { copyCount, evaluateTemplateValue } from '../template/evaluate.js';
import { isObject, type Json, type JsonObject, jsonText, member, objectMember } from '../template/json.js';
import { positionOf } from '../template/json-reader.js';
import { ExpressionError } from '../template/parser.js';
import { parseScopeId, resourceIdOf, scopeId, segmentsMatch } from '../template/resource-ids.js';
import { asFailureOf, invalidTemplate, positionText } from './failures.js';
import { checkLimit, type DeclaredResource, declaredResources, limits, type Template } from './template.js';

export interface ResourceLoop {
  readonly name: string;
  readonly index: number;
  /** How many instances are deployed at once; undefined for all. */
  readonly batchSize: number | undefined;
}

export interface PlannedResource {
  /** Unique in the plan. */
  readonly key: string;
  readonly symbol: string | undefined;
  readonly loop: ResourceLoop | undefined;
  readonly id: string;
  /** The whole type and name, joined with those of the parents. */
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
  /** Whether its condition holds. */
  readonly deployed: boolean;
  /** `existing: true`: read, never written. */
  readonly existing: boolean;
  readonly source: JsonObject;
  readonly context: EvaluationContext;
  /** Set for a deployment inside the deployment: where it goes, and whether its template has names of its own. */
  readonly nested: { readonly scope: DeploymentScope; readonly innerScope: boolean } | undefined;
}

/** differs: retries and waits of `@options`, and asserts, do nothing: what they wait for does not happen here. */
const notInBody = new Set(
  'type name apiVersion dependsOn copy condition comments resources scope existing metadata subscriptionId resourceGroup asserts $options @options'
    .toLowerCase()
    .split(' '),
);

/** What of `source` goes into the request, unevaluated. Members that are expressions of null are left out later. */
export function bodySource({ source, nested }: Pick<PlannedResource, 'source' | 'nested'>): JsonObject {
  const body = Object.fromEntries(Object.entries(source).filter(([key]) => !notInBody.has(key.toLowerCase())));
  const properties = objectMember(body, 'properties');
  if (!nested?.innerScope || !properties) return body;
  return { ...body, properties: { ...properties, template: null } };
}

/** The body of the request that deploys `resource`. With `onDeferred`, what is not known yet stays as written. */
export function evaluateBody(
  resource: PlannedResource,
  { context, onDeferred }: { context: EvaluationContext; onDeferred?: (deferred: DeferredValue) => void },
): JsonObject {
  const value = evaluateTemplateValue(bodySource(resource), onDeferred ? { context, onDeferred } : { context });
  const body = Object.fromEntries(Object.entries(isObject(value) ? value : {}).filter(([, inner]) => inner !== null));
  if (!resource.nested?.innerScope) return body;
  const template = member(objectMember(resource.source, 'properties') ?? {}, 'template') as Json;
  return { ...body, properties: { ...objectMember(body, 'properties'), template } };
}

const deploymentsType = 'microsoft.resources/deployments';

interface Parent {
  readonly type: string;
  readonly name: string;
}

type Identity = Pick<PlannedResource, 'id' | 'type' | 'name' | 'apiVersion'> & { readonly scope: DeploymentScope };

interface IdentityOptions {
  readonly header: EvaluationContext;
  readonly parent: Parent | undefined;
  readonly deployed: boolean;
}

/** The resources of `template`, in its order. Throws InvalidTemplate. */
export function* expandResources(template: Template, context: EvaluationContext): Generator<void, PlannedResource[]> {
  const expander = new Expander(template);
  const inside = { ...context, emptyLoops: expander.emptyLoops };
  for (const declared of template.resources) yield* expander.add(declared, inside, undefined);
  checkLimit('resources', expander.count);
  return expander.resources;
}

class Expander {
  readonly resources: PlannedResource[] = [];
  /** Of resources, those that are not planned any more because there are too many included. */
  count = 0;
  readonly emptyLoops = new Set<string>();
  readonly #template: Template;
  readonly #keys = new Set<string>();

  constructor(template: Template) {
    this.#template = template;
  }

  *add(declared: DeclaredResource, context: EvaluationContext, parent: Parent | undefined): Generator<void> {
    const { source, symbol } = declared;
    const part = {
      root: this.#template.source,
      kind: 'resource',
      name: symbol ?? jsonText(member(source, 'name')),
      container: source,
    };
    try {
      const copy = objectMember(source, 'copy');
      if (!copy) {
        if (this.#isWithinLimit(1)) yield* this.#addOne(declared, { context, parent, loop: undefined });
        return;
      }
      const name = jsonText(member(copy, 'name') ?? symbol ?? '');
      if (name === '') throw new ExpressionError("the 'copy' has no name");
      const header: EvaluationContext = { ...context, place: 'resourceHeader' };
      const count = copyCount(member(copy, 'count') ?? 0, header);
      const batchSize = readBatchSize(copy, header);
      if (!this.#isWithinLimit(count)) return;
      if (count === 0) for (const text of [name, symbol ?? name]) this.emptyLoops.add(text.toLowerCase());
      for (let index = 0; index < count; index += 1) {
        const loops = [...context.loops, { name, index, outermost: true }];
        yield* this.#addOne(declared, { context: { ...context, loops }, parent, loop: { name, index, batchSize } });
      }
    } catch (error) {
      throw asFailureOf(part, error);
    }
  }

  #isWithinLimit(more: number): boolean {
    this.count += more;
    return this.count <= limits.resources;
  }

  *#addOne(
    { symbol, source }: DeclaredResource,
    {
      context,
      parent,
      loop,
    }: { context: EvaluationContext; parent: Parent | undefined; loop: ResourceLoop | undefined },
  ): Generator<void> {
    yield;
    const header: EvaluationContext = { ...context, place: 'resourceHeader' };
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
      nested:
        type.toLowerCase() === deploymentsType && !existing ? { scope, innerScope: hasInnerScope(source) } : undefined,
    });
    for (const child of declaredResources(source, this.#template)) {
      yield* this.add(child, context, { type, name });
    }
  }

  /**
   * What a resource is called and where it goes. Of one that is skipped Azure evaluates neither: where they have no value,
   * they stay as written.
   */
  #identity(source: JsonObject, options: IdentityOptions): Identity {
    try {
      return this.#evaluatedIdentity(source, options);
    } catch (error) {
      if (options.deployed || !(error instanceof ExpressionError || error instanceof AzureError)) throw error;
      const { scope } = options.header;
      const [type = '', name = '', apiVersion = ''] = ['type', 'name', 'apiVersion'].map((key) =>
        jsonText(member(source, key) ?? ''),
      );
      return { id: resourceIdOf(scopeId(scope), type, name), type, name, apiVersion, scope };
    }
  }

  #evaluatedIdentity(source: JsonObject, { header, parent }: IdentityOptions): Identity {
    const ownType = textMember(source, 'type', header) as string;
    const ownName = textMember(source, 'name', header) as string;
    const isChild = parent !== undefined && !isFullType(ownType);
    const type = isChild ? `${parent.type}/${ownType}` : ownType;
    const name = isChild ? `${parent.name}/${ownName}` : ownName;
    if (!segmentsMatch(type, name)) {
      throw invalidTemplate(
        `The template resource '${name}' for type '${type}' ${this.#place(source)} has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name. A root resource type must have segment length one greater than its resource name. Please see https://aka.ms/arm-template/#resources for usage details.`,
      );
    }
    const { parentId, scope } = targetScope(source, { header, isDeployment: type.toLowerCase() === deploymentsType });
    const apiVersion = textMember(source, 'apiVersion', header) ?? '';
    return { id: resourceIdOf(parentId, type, name), type, name, apiVersion, scope };
  }

  #place(source: JsonObject): string {
    return positionText(this.#template.source, positionOf(source));
  }

  #key(
    { id, type, name, existing, deployed }: Pick<PlannedResource, 'id' | 'type' | 'name' | 'existing' | 'deployed'>,
    source: JsonObject,
  ) {
    // Resources of one name may exclude each other by their conditions.
    if (!deployed) return `skipped ${this.resources.length} ${id.toLowerCase()}`;
    const key = `${existing ? 'existing ' : ''}${id.toLowerCase()}`;
    if (!this.#keys.has(key)) {
      this.#keys.add(key);
      return key;
    }
    if (existing) return `${key} ${this.resources.length}`;
    throw invalidTemplate(
      `The resource '${type}/${name}' ${this.#place(source)} is defined multiple times in a template. Please see https://aka.ms/arm-template/#resources for usage details.`,
    );
  }
}

/** A type with its namespace: a nested resource that has one is not a child of the resource around it. */
const isFullType = (type: string): boolean => /^[^/]+\.[^/]+\//.test(type);

function readBatchSize(copy: JsonObject, header: EvaluationContext): number | undefined {
  if (jsonText(member(copy, 'mode') ?? 'parallel').toLowerCase() !== 'serial') return undefined;
  const value = evaluateTemplateValue(member(copy, 'batchSize') ?? 1, { context: header });
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw new ExpressionError(`the copy batch size '${jsonText(value)}' is not valid: it must be at least 1`);
}

function textMember(source: JsonObject, name: string, context: EvaluationContext): string | undefined {
  const written = member(source, name);
  if (written === undefined || written === null) return undefined;
  const value = evaluateTemplateValue(written, { context });
  if (typeof value === 'string' && value !== '') return value;
  if (value === null && name !== 'name' && name !== 'type') return undefined;
  throw new ExpressionError(`the value of '${name}' must be a string that is not empty`);
}

function condition(source: JsonObject, header: EvaluationContext): boolean {
  const written = member(source, 'condition');
  if (written === undefined) return true;
  const value = evaluateTemplateValue(written, { context: header });
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  throw new ExpressionError("the value of 'condition' must be a boolean");
}

function hasInnerScope(source: JsonObject): boolean {
  const options = objectMember(objectMember(source, 'properties') ?? {}, 'expressionEvaluationOptions');
  return jsonText((options && member(options, 'scope')) ?? 'outer').toLowerCase() === 'inner';
}

/** Under which id the resource lives, and, for a deployment, to which scope it deploys. */
function targetScope(
  source: JsonObject,
  { header, isDeployment }: { header: EvaluationContext; isDeployment: boolean },
): { parentId: string; scope: DeploymentScope } {
  const written = textMember(source, 'scope', header);
  const subscriptionId = textMember(source, 'subscriptionId', header);
  const group = textMember(source, 'resourceGroup', header);
  const scope = chosenScope(header.scope, { subscriptionId, group });
  if (written === undefined) return { parentId: scopeId(scope), scope };
  const named = parseScopeId(written);
  if (named && (isDeployment || written === '/' || named.kind !== 'tenant'))
    return { parentId: scopeId(named), scope: named };
  if (written.startsWith('/')) return { parentId: written.replace(/\/$/, ''), scope };
  // An extension of another resource, written as type/name.
  return { parentId: extensionParent(scope, written), scope };
}

function chosenScope(
  scope: DeploymentScope,
  { subscriptionId, group }: { subscriptionId: string | undefined; group: string | undefined },
): DeploymentScope {
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
function extensionParent(scope: DeploymentScope, text: string): string {
  const [namespace = '', ...segments] = text.split('/');
  return `${scopeId(scope)}/providers/${namespace}/${segments.join('/')}`;
}
