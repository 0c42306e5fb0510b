/** Makes a plan of a deployment: everything that can be refused is refused here, before a resource is touched. */
import { lastSegment } from '../../../resources/resource-id.js';
import { normalizeLocation } from '../../../resources/validation.js';
import {
  DeferredValue,
  type DeploymentEnvironment,
  type EvaluationContext,
  type ResourceQuery,
} from '../template/context.js';
import { compact, type Json, type JsonObject, objectMember } from '../template/json.js';
import { ExpressionError, isExpression } from '../template/parser.js';
import { resourceIdOf, scopeId } from '../template/resource-ids.js';
import { type Dependencies, dependencyOrder, notDefined, ResourceIndex, resolveDependencies } from './dependencies.js';
import { evaluateBody, expandResources, type PlannedResource } from './expand.js';
import { evaluatingPart, invalidTemplate } from './failures.js';
import { ContentNeeded } from './links.js';
import { type DeploymentRequest, nestedRequest, withLinkedContents } from './request.js';
import { hidingSecrets, secretsIn } from './secrets.js';
import { checkExpressions, readTemplate, type Template } from './template.js';
import { type ResolvedParameter, type TemplateContext, templateContext } from './template-context.js';
import { outputValue } from './types.js';

export interface DeploymentPlan extends Dependencies {
  /** The id of the deployment itself. */
  readonly id: string;
  readonly request: DeploymentRequest;
  readonly template: Template;
  readonly templateHash: string;
  readonly parameters: readonly ResolvedParameter[];
  /** In the order of the template. */
  readonly resources: readonly PlannedResource[];
  /** Each resource after those that it waits for. */
  readonly ordered: readonly PlannedResource[];
  /** By key, the body as far as it is known beforehand; texts that need a resource are left as written. */
  readonly bodies: ReadonlyMap<string, JsonObject>;
  /** Keys of the resources whose body needs a resource that is not there yet. */
  readonly deferred: ReadonlySet<string>;
  /** By key, plans of nested deployments that could be planned beforehand. */
  readonly nested: ReadonlyMap<string, DeploymentPlan>;
  readonly index: ResourceIndex;
  /** What outputs are evaluated in. */
  readonly context: EvaluationContext;
}

/** Azure's limit for deployments inside deployments. */
const maxNesting = 5;

/**
 * Plans what is `asked`, in pieces: other requests may run between two of them. Throws InvalidTemplate or another
 * error of a template, or
 * `ContentNeeded` for a link that was not followed yet.
 */
export function* planDeployment(
  asked: DeploymentRequest,
  environment: DeploymentEnvironment,
  depth = 0,
): Generator<void, DeploymentPlan> {
  const request = withLinkedContents(asked, environment.contents);
  if (depth > maxNesting) {
    throw invalidTemplate(`The nested deployment '${request.name}' exceeds the limit of '${maxNesting}' levels`);
  }
  if (request.mode === 'Complete' && request.scope.kind !== 'resourceGroup') {
    throw invalidTemplate(
      `The deployment '${request.name}' cannot be 'Complete': only deployments to a resource group can`,
    );
  }
  const template = readTemplate(request.template);
  checkExpressions(template);
  const values = yield* templateContext(template, request, environment);
  try {
    return yield* planTemplate({ request, template, depth, ...values });
  } catch (error) {
    throw hidingSecrets(error, secretsIn(values.parameters));
  }
}

interface Planning extends TemplateContext {
  readonly request: DeploymentRequest;
  readonly template: Template;
  readonly depth: number;
}

function* planTemplate({
  request,
  template,
  depth,
  templateHash,
  parameters,
  context: bare,
}: Planning): Generator<void, DeploymentPlan> {
  const late: { index?: ResourceIndex } = {};
  const context: EvaluationContext = {
    ...bare,
    resourceInfo: (symbol) => resourceInfo(late.index, symbol),
    ask: (query) => {
      if (late.index) checkQuery(query, late.index);
      throw new DeferredValue(query);
    },
  };
  const resources = yield* expandResources(template, context);
  const index = new ResourceIndex(resources);
  late.index = index;
  const { dependencies, dependenciesShown } = yield* resolveDependencies(template, resources, index);
  const bodies = new Map<string, JsonObject>();
  const deferred = new Set<string>();
  const nested = new Map<string, DeploymentPlan>();
  for (const resource of resources) {
    if (!resource.deployed || resource.existing) continue;
    yield;
    const body = evaluatingPart(partOf(template, resource), () =>
      evaluateBody(resource, {
        context: resource.context,
        onDeferred: () => {
          deferred.add(resource.key);
        },
      }),
    );
    bodies.set(resource.key, body);
    if (!resource.nested) continue;
    const plan = yield* planNested(resource, body, { resources, depth, complete: !deferred.has(resource.key) });
    if (plan) nested.set(resource.key, plan);
  }
  yield* checkOutputs(template, context);
  return {
    id: resourceIdOf(scopeId(request.scope), 'Microsoft.Resources/deployments', request.name),
    request,
    template,
    templateHash,
    parameters,
    resources,
    ordered: dependencyOrder(resources, dependencies),
    dependencies,
    dependenciesShown,
    bodies,
    deferred,
    nested,
    index,
    context,
  };
}

/** How a resource is named in messages about it. */
export const partOf = (template: Template, resource: PlannedResource) => ({
  root: template.source,
  kind: 'resource',
  name: resource.symbol ?? resource.name,
  container: resource.source,
});

/** `environment` with the resource groups that `resources` make, as far as they are known beforehand. */
const withGroupsOf = (
  resources: readonly PlannedResource[],
  environment: DeploymentEnvironment,
): DeploymentEnvironment => ({
  ...environment,
  resourceGroup(subscriptionId, name) {
    const existing = environment.resourceGroup(subscriptionId, name);
    if (existing) return existing;
    const id = `/subscriptions/${subscriptionId}/resourceGroups/${name}`;
    const group = resources.find((one) => one.deployed && !one.existing && one.id.toLowerCase() === id.toLowerCase());
    return group && groupMadeBy(group);
  },
});

/** What `resourceGroup()` will show of a group that a template makes; undefined when that depends on resources. */
function groupMadeBy(group: PlannedResource): JsonObject | undefined {
  let known = true;
  const onDeferred = () => {
    known = false;
  };
  const { location, tags, managedBy } = evaluateBody(group, { context: group.context, onDeferred });
  if (!known || typeof location !== 'string') return undefined;
  const { id, name, type } = group;
  const properties = { provisioningState: 'Succeeded' };
  return compact({ id, name, type, location: normalizeLocation(location), managedBy, tags, properties });
}

interface Nesting {
  /** Those of the template that the nested deployment stands in. */
  readonly resources: readonly PlannedResource[];
  readonly depth: number;
  /** Nothing of its body depends on resources. */
  readonly complete: boolean;
}

function* planNested(
  resource: PlannedResource,
  body: JsonObject,
  { resources, depth, complete }: Nesting,
): Generator<void, DeploymentPlan | undefined> {
  const request = nestedRequest(resource, body);
  const { scope } = request;
  const environment = withGroupsOf(resources, resource.context.environment);
  const groupIsKnown =
    scope.kind !== 'resourceGroup' ||
    environment.resourceGroup(scope.subscriptionId, scope.resourceGroup) !== undefined;
  if (complete && groupIsKnown) return yield* planDeployment(request, environment, depth + 1);
  // Its parameters come from resources, or its group from elsewhere: only what never changes can be checked.
  if (resource.nested?.innerScope || (request.templateLink && !isExpression(request.templateLink.uri))) {
    const { template } = withLinkedContents({ ...request, parametersLink: undefined }, environment.contents);
    checkExpressions(readTemplate(template));
  }
  return undefined;
}

function resourceInfo(index: ResourceIndex | undefined, symbol: string): Json {
  const resource = index?.findOne(symbol);
  if (!resource) throw new ExpressionError(`The resource '${symbol}' is not defined in the template`);
  const { id, name, type, apiVersion } = resource;
  return compact({ id, name: lastSegment(name), type, apiVersion });
}

/** A resource that is read must be in the template, or be named by id and api-version. */
function checkQuery({ resource, apiVersion, action }: ResourceQuery, index: ResourceIndex): void {
  const found = index.find(resource);
  if (action === 'references' && found.length > 0) return;
  if (found.length > 1 && found.filter(({ existing, deployed }) => deployed && !existing).length > 1) {
    throw invalidTemplate(
      `The template reference '${resource}' is not valid: it names more than one resource. Please see https://aka.ms/arm-function-reference for usage details.`,
    );
  }
  if (found.length > 0) return;
  if (!resource.startsWith('/')) {
    throw invalidTemplate(
      `The template reference '${resource}' is not valid: could not find template resource or resource copy with this name. Please see https://aka.ms/arm-function-reference for usage details.`,
    );
  }
  if (apiVersion === undefined) throw notDefined(resource);
}

/** Outputs are evaluated at the end, but most of what can be wrong with them shows now. */
function* checkOutputs(template: Template, context: EvaluationContext): Generator<void> {
  const outputs = objectMember(template.source, 'outputs');
  for (const output of template.outputs) {
    yield;
    evaluatingPart(
      { root: template.source, kind: 'output', name: output.name, container: outputs, key: output.name },
      () => {
        outputValue(output, { template, context, onDeferred: () => {} });
      },
    );
  }
}

/** Plans `request` as `planDeployment` does, and throws what it throws, or InvalidContentLink. */
export async function planLinked(
  request: DeploymentRequest,
  environment: DeploymentEnvironment,
  depth = 0,
): Promise<DeploymentPlan> {
  for (;;) {
    try {
      const planning = planDeployment(request, environment, depth);
      for (;;) {
        const step = await environment.budget.nextPart(() => planning.next());
        if (step.done) return step.value;
      }
    } catch (error) {
      if (!(error instanceof ContentNeeded)) throw error;
      await environment.contents.download(error.link);
    }
  }
}
