/** A deployment's parameters: what was given against what the template declares. */
import type { EvaluationContext } from './expressions/context.js';
import { parameterNotFound } from './expressions/evaluate.js';
import { evaluateTemplateValue } from './expressions/evaluate-template-value.js';
import { ExpressionError } from './expressions/expression-error.js';
import { evaluatingPart, invalidTemplate, placeText } from './invalid-template.js';
import { isObject, type Json, type JsonObject, member, memberName, objectMember } from './json.js';
import { checkParameterValue, type ParameterType, parameterType } from './parameter-types.js';
import { positionOf } from './parse/positions.js';
import type { Template } from './template.js';

export interface ResolvedParameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly value: Json;
}

const seeParameterFile = 'Please see https://aka.ms/arm-create-parameter-file for usage details.';

/** Every parameter of `template` with its value. `given` is `{name: {value}}`. Throws InvalidTemplate. */
export function resolveParameters(
  template: Template,
  given: JsonObject,
  context: EvaluationContext,
): ResolvedParameter[] {
  refuseUnknown(template, given);
  const resolver = new ParameterResolver(template, given, context);
  return [...template.parameters.keys()].map((name) => resolver.resolve(name));
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
      place: placeText(this.#template.source, this.#positionOf(name)),
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
      `The value for the template parameter '${name}' ${placeText(this.#template.source, this.#positionOf(name))} is not provided. ${seeParameterFile}`,
    );
  }
}
