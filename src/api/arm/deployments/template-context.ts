/** Resolves the parameters and variables of a template: what its expressions see. */

import type { DeploymentEnvironment, DeploymentScope, EvaluationContext } from '../template/context.js';
import { DeferredValue } from '../template/context.js';
import { copyCount, evaluateTemplateValue, parameterNotFound, variableNotFound } from '../template/evaluate.js';
import { templateHash } from '../template/hashes.js';
import type { Json, JsonObject } from '../template/json.js';
import { compact, isObject, jsonText, member, memberName, objectMember } from '../template/json.js';
import { positionOf } from '../template/json-reader.js';
import { ExpressionError } from '../template/parser.js';
import { evaluatingPart, invalidTemplate, positionText } from './failures.js';
import { linkShown } from './links.js';
import type { DeploymentRequest } from './request.js';
import type { Template } from './template.js';
import { checkParameterValue, type ParameterType, parameterType } from './types.js';

export interface ResolvedParameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly value: Json;
}

const seeParameterFile = 'Please see https://aka.ms/arm-create-parameter-file for usage details.';

/** Every parameter of `template` with its value. `given` is `{name: {value}}`. Throws InvalidTemplate. */
function* resolveParameters(
  template: Template,
  given: JsonObject,
  context: EvaluationContext,
): Generator<void, ResolvedParameter[]> {
  refuseUnknown(template, given);
  const resolver = new ParameterResolver(template, given, context);
  const resolved: ResolvedParameter[] = [];
  for (const name of template.parameters.keys()) {
    yield;
    resolved.push(resolver.resolve(name));
  }
  return resolved;
}

function refuseUnknown(template: Template, given: JsonObject): void {
  const declared = [...template.parameters.keys()];
  const known = new Set(declared.map((name) => name.toLowerCase()));
  const unknown = Object.keys(given).filter((name) => !known.has(name.toLowerCase()));
  if (unknown.length === 0) return;
  throw invalidTemplate(
    `The template parameters '${unknown.join(', ')}' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time. The only supported parameters for this template are '${declared.join(', ')}'. Please see https://aka.ms/arm-pass-parameter-values for usage details.`,
  );
}

/** Defaults may name other parameters: each is resolved when first asked for. */
class ParameterResolver {
  readonly #template: Template;
  readonly #given: JsonObject;
  readonly #context: EvaluationContext;
  readonly #resolved = new Map<string, ResolvedParameter>();
  readonly #underWay = new Set<string>();

  constructor(template: Template, given: JsonObject, context: EvaluationContext) {
    this.#template = template;
    this.#given = given;
    this.#context = { ...context, place: 'parameterDefault', parameter: (name) => this.#byAnyName(name) };
  }

  #byAnyName(name: string): Json {
    const declared = [...this.#template.parameters.keys()].find((key) => key.toLowerCase() === name.toLowerCase());
    if (declared === undefined) throw parameterNotFound(name);
    return this.resolve(declared).value;
  }

  resolve(name: string): ResolvedParameter {
    const known = this.#resolved.get(name);
    if (known) return known;
    if (this.#underWay.has(name)) {
      throw new ExpressionError(`Circular dependency detected on the template parameter '${name}'`);
    }
    this.#underWay.add(name);
    const declaration = this.#template.parameters.get(name) as JsonObject;
    const type = parameterType(name, declaration, this.#template);
    const value = this.#value(name, declaration, type);
    checkParameterValue(value, type, {
      name,
      place: positionText(this.#template.source, this.#positionOf(name)),
      nullable: member(declaration, 'nullable') === true,
    });
    const resolved = { name, type, value };
    this.#resolved.set(name, resolved);
    this.#underWay.delete(name);
    return resolved;
  }

  #positionOf(name: string) {
    return positionOf(objectMember(this.#template.source, 'parameters'), name);
  }

  #value(name: string, declaration: JsonObject, type: ParameterType): Json {
    const key = memberName(this.#given, name);
    const given = key === undefined ? undefined : (this.#given[key] as Json);
    if (isObject(given)) {
      if (member(given, 'reference') !== undefined) {
        throw invalidTemplate(
          `The template parameter '${name}' is a reference to a Key Vault secret, which is not emulated. ${seeParameterFile}`,
        );
      }
      if (member(given, 'expression') !== undefined) {
        throw invalidTemplate(
          `The template parameter '${name}' is an expression of external inputs, which is not emulated: give its value. ${seeParameterFile}`,
        );
      }
      const value = member(given, 'value');
      const isDefault = value === undefined || (value === null && type.kind !== 'any');
      if (!isDefault) return value as Json;
    } else if (given !== undefined && given !== null) {
      throw invalidTemplate(
        `The template parameter '${name}' is not valid: its value must be given as an object with the member 'value'. ${seeParameterFile}`,
      );
    }
    const defaultKey = memberName(declaration, 'defaultValue');
    if (defaultKey !== undefined) {
      const part = { root: this.#template.source, kind: 'parameter', name, container: declaration, key: defaultKey };
      return evaluatingPart(part, () =>
        evaluateTemplateValue(declaration[defaultKey] as Json, { context: this.#context }),
      );
    }
    if (member(declaration, 'nullable') === true) return null;
    throw invalidTemplate(
      `The value for the template parameter '${name}' ${positionText(this.#template.source, this.#positionOf(name))} is not provided. ${seeParameterFile}`,
    );
  }
}

export interface TemplateContext {
  readonly templateHash: string;
  readonly parameters: readonly ResolvedParameter[];
  readonly context: EvaluationContext;
}

/** Resolves the parameters of `request` and makes the context of all other expressions. */
export function* templateContext(
  template: Template,
  request: DeploymentRequest,
  environment: DeploymentEnvironment,
): Generator<void, TemplateContext> {
  const hash = yield* templateHash(template.source);
  const bare = bareContext(request.scope, environment, {
    deployment: deploymentValue(template, { ...request, hash }),
    link: request.templateLink,
    functions: template.functions,
  });
  const parameters = yield* resolveParameters(template, request.parameters, bare);
  const values = new Map(parameters.map(({ name, value }) => [name.toLowerCase(), value]));
  const parameter = (name: string): Json => {
    const value = values.get(name.toLowerCase());
    if (value === undefined) throw parameterNotFound(name);
    return value;
  };
  const variables = new VariableValues(template, { ...bare, parameter });
  return { templateHash: hash, parameters, context: { ...bare, parameter, variable: (name) => variables.value(name) } };
}

function bareContext(
  scope: DeploymentScope,
  environment: DeploymentEnvironment,
  { deployment, link, functions }: Pick<EvaluationContext, 'deployment' | 'link'> & Pick<Template, 'functions'>,
): EvaluationContext {
  return {
    place: 'resource',
    scope,
    environment,
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
  { name, location, mode, parameters, scope, templateLink, parametersLink, hash }: DeploymentRequest & { hash: string },
): JsonObject {
  return compact({
    name,
    location: scope.kind === 'resourceGroup' ? undefined : location,
    properties: compact({
      templateLink: linkShown(templateLink),
      parametersLink: linkShown(parametersLink),
      template: template.source,
      templateHash: hash,
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
      .find((copy) => jsonText(member(copy, 'name')).toLowerCase() === name.toLowerCase());
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
