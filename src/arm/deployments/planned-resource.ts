/** One resource of a plan: what it is called, where it goes, and what its body is evaluated from. */
import type { DeploymentScope, EvaluationContext } from './expressions/context.js';
import { evaluateTemplateValue } from './expressions/evaluate-template-value.js';
import type { DeferredValue } from './expressions/expression-error.js';
import { isObject, type Json, type JsonObject, member, objectMember } from './json.js';

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

const notInBody = new Set(
  'type name apiVersion dependsOn copy condition comments resources scope existing metadata subscriptionId resourceGroup'
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
