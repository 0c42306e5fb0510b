/** What an expression can see (the template's own values, the scope, resources at run time) and why it has no value. */
import type { EvaluationBudget } from './budget.js';
import type { Json, JsonObject } from './json.js';

/** What an expression asks of a resource that is only known while the deployment runs. */
export interface ResourceQuery {
  /** `reference`, or the name of a `list…` function. */
  readonly action: string;
  /** As written: an id, a name or a symbolic name. */
  readonly resource: string;
  readonly apiVersion: string | undefined;
  /** `reference(…, 'Full')`. */
  readonly full: boolean;
  /** What `list…` sends along. */
  readonly body?: Json;
}

/** The expression is fine, but needs a resource that is not there yet. */
export class DeferredValue extends Error {
  override readonly name = 'DeferredValue';
  readonly query: ResourceQuery;

  constructor(query: ResourceQuery) {
    super(`The value of ${query.action}('${query.resource}') is known only while the deployment runs.`);
    this.query = query;
  }
}

/** The end of most of Azure's messages about a function. */
export const seeFunction = (name: string): string =>
  `Please see https://aka.ms/arm-resource-functions/#${name} for usage details.`;

/** Where a deployment goes. */
export type DeploymentScope =
  | { readonly kind: 'resourceGroup'; readonly subscriptionId: string; readonly resourceGroup: string }
  | { readonly kind: 'subscription'; readonly subscriptionId: string }
  | { readonly kind: 'managementGroup'; readonly managementGroup: string }
  | { readonly kind: 'tenant' };

/** Where a template or its parameters lie, when they are not in the request. */
export interface ContentLink {
  readonly uri: string;
  /** How the link was written, when it was relative to that of the parent. */
  readonly relativePath?: string;
  /** What the content has to say about itself. */
  readonly contentVersion?: string | undefined;
  /** Such as a token; part of the request, never shown. */
  readonly queryString?: string | undefined;
}

/** Content that templates link to. */
export interface LinkedContents {
  /** What `download` fetched; undefined before. */
  content(link: ContentLink): Json | undefined;
  /** Fetches the JSON at `link`. Throws InvalidContentLink or InvalidTemplate. */
  download(link: ContentLink): Promise<void>;
}

/** What the world outside the template answers; all of it is injected. */
export interface DeploymentEnvironment {
  readonly tenantId: string;
  /** What `deployer()` shows: who deploys. */
  readonly deployer: JsonObject;
  /** What `environment()` shows. */
  readonly cloud: JsonObject;
  /** The subscription as `subscription()` shows it. */
  subscription(subscriptionId: string): JsonObject;
  /** The resource group as `resourceGroup()` shows it; undefined when it does not exist. */
  resourceGroup(subscriptionId: string, name: string): JsonObject | undefined;
  /** What `providers()` shows of a resource type. */
  provider?(namespace: string, resourceType: string): JsonObject | undefined;
  readonly contents: LinkedContents;
  /** What all expressions of the deployment may cost. */
  readonly budget: EvaluationBudget;
  /** The Azure instant, as ISO 8601 text. */
  now(): string;
  newGuid(): string;
}

/** Where in the template the expression stands; some functions exist in some places only. */
export type ExpressionPlace =
  | 'parameterDefault'
  | 'variable'
  | 'userFunction'
  | 'resourceHeader'
  | 'resource'
  | 'output';

/** A function that the template defines. */
export interface UserFunction {
  readonly parameters: readonly string[];
  readonly value: Json;
}

/** One `copy` around the expression. */
export interface CopyLoop {
  readonly name: string;
  readonly index: number;
  /** The loop around a resource or an output: what `copyIndex()` without a name means. */
  readonly outermost: boolean;
}

export interface EvaluationContext {
  readonly place: ExpressionPlace;
  readonly scope: DeploymentScope;
  readonly environment: DeploymentEnvironment;
  /** What `deployment()` shows. */
  readonly deployment: JsonObject;
  /** The link of the template itself. */
  readonly link?: ContentLink | undefined;
  readonly loops: readonly CopyLoop[];
  readonly lambdaVariables: ReadonlyMap<string, Json>;
  /** The names, in lower case, of copies that repeat no time. */
  readonly emptyLoops?: ReadonlySet<string>;
  /** How many user functions the evaluation is inside of. */
  readonly depth: number;
  parameter(name: string): Json;
  variable(name: string): Json;
  userFunction(namespace: string, name: string): UserFunction | undefined;
  /** The resource that a symbolic name stands for, as `resourceInfo()` shows it. */
  resourceInfo(symbol: string): Json;
  /** Answers a query about a resource, or throws `DeferredValue`. */
  ask(query: ResourceQuery): Json;
}
