/** What the expressions of one template see: its parameters, variables and functions, and where it goes. */
import { linkShown } from './content-link.js';
import type { DeploymentScope, EvaluationContext, Surroundings } from './expressions/context.js';
import { parameterNotFound, variableNotFound } from './expressions/evaluate.js';
import { copyCount, evaluateTemplateValue } from './expressions/evaluate-template-value.js';
import { DeferredValue, ExpressionError } from './expressions/expression-error.js';
import { evaluatingPart } from './invalid-template.js';
import { compact, isObject, type Json, type JsonObject, member, memberName } from './json.js';
import { type ResolvedParameter, resolveParameters } from './parameters.js';
import type { DeploymentRequest } from './request.js';
import type { Template } from './template.js';
import { templateHash } from './template-hash.js';

export interface TemplateContext {
  readonly parameters: readonly ResolvedParameter[];
  readonly context: EvaluationContext;
}

/** Resolves the parameters of `request` and makes the context of all other expressions. */
export function templateContext(
  template: Template,
  request: DeploymentRequest,
  surroundings: Surroundings,
): TemplateContext {
  const bare = bareContext(request.scope, surroundings, {
    deployment: deploymentValue(template, request),
    link: request.templateLink,
    functions: template.functions,
  });
  const parameters = resolveParameters(template, request.parameters, bare);
  const values = new Map(parameters.map(({ name, value }) => [name.toLowerCase(), value]));
  const parameter = (name: string): Json => {
    const value = values.get(name.toLowerCase());
    if (value === undefined) throw parameterNotFound(name);
    return value;
  };
  const variables = new VariableValues(template, { ...bare, parameter });
  return { parameters, context: { ...bare, parameter, variable: (name) => variables.value(name) } };
}

function bareContext(
  scope: DeploymentScope,
  surroundings: Surroundings,
  { deployment, link, functions }: Pick<EvaluationContext, 'deployment' | 'link'> & Pick<Template, 'functions'>,
): EvaluationContext {
  return {
    place: 'resource',
    scope,
    surroundings,
    deployment,
    link,
    loops: [],
    lambdaVariables: new Map(),
    depth: 0,
    parameter: (name) => {
      throw parameterNotFound(name);
    },
    variable: (name) => {
      throw variableNotFound(name);
    },
    userFunction: (namespace, name) => functions.get(`${namespace}.${name}`.toLowerCase()),
    resourceInfo: (symbol) => {
      throw new ExpressionError(`The resource '${symbol}' is not defined in the template`);
    },
    ask: (query) => {
      throw new DeferredValue(query);
    },
  };
}

/** What `deployment()` shows. */
function deploymentValue(
  template: Template,
  { name, location, mode, parameters, scope, templateLink, parametersLink }: DeploymentRequest,
): JsonObject {
  return compact({
    name,
    location: scope.kind === 'resourceGroup' ? undefined : location,
    properties: compact({
      templateLink: linkShown(templateLink),
      parametersLink: linkShown(parametersLink),
      template: template.source,
      templateHash: templateHash(template.source),
      parameters,
      mode,
      provisioningState: 'Accepted',
    }),
  });
}

/** Variables may name each other: each is evaluated when first asked for. */
class VariableValues {
  readonly #template: Template;
  readonly #context: EvaluationContext;
  readonly #values = new Map<string, Json>();
  readonly #underWay = new Set<string>();

  constructor(template: Template, context: EvaluationContext) {
    this.#template = template;
    this.#context = { ...context, place: 'variable', variable: (name) => this.value(name) };
  }

  value(name: string): Json {
    const folded = name.toLowerCase();
    const known = this.#values.get(folded);
    if (known !== undefined) return known;
    if (this.#underWay.has(folded)) {
      throw new ExpressionError(`Circular dependency detected on the template variable '${name}'`);
    }
    this.#underWay.add(folded);
    try {
      const value = this.#evaluate(name);
      this.#values.set(folded, value);
      return value;
    } finally {
      this.#underWay.delete(folded);
    }
  }

  #evaluate(name: string): Json {
    const { variables, source } = this.#template;
    const key = memberName(variables, name);
    const copy = key === undefined ? this.#copyNamed(name) : undefined;
    if (key === undefined && !copy) throw variableNotFound(name);
    return evaluatingPart({ root: source, kind: 'variable', name, container: variables, key: key ?? 'copy' }, () =>
      copy
        ? this.#copied(copy, name)
        : evaluateTemplateValue(variables[key as string] as Json, { context: this.#context }),
    );
  }

  #copyNamed(name: string): JsonObject | undefined {
    const copies = member(this.#template.variables, 'copy');
    return (Array.isArray(copies) ? copies : [])
      .filter(isObject)
      .find((copy) => String(member(copy, 'name')).toLowerCase() === name.toLowerCase());
  }

  #copied(copy: JsonObject, name: string): Json {
    const length = copyCount(member(copy, 'count') ?? 0, this.#context);
    return Array.from({ length }, (_, index) =>
      evaluateTemplateValue(member(copy, 'input') ?? null, {
        context: { ...this.#context, loops: [{ name, index, outermost: false }] },
      }),
    );
  }
}
