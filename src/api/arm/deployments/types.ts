/** The types of parameters and outputs: what values they take, Azure's words for those they do not, and outputs. */
import type { DeferredValue, EvaluationContext } from '../template/context.js';
import { copyCount, evaluateTemplateValue } from '../template/evaluate.js';
import type { Json, JsonObject } from '../template/json.js';
import { equalJson, isObject, jsonText, member, memberName, objectMember, typeName } from '../template/json.js';
import { ExpressionError, isExpression } from '../template/parser.js';
import { invalidTemplate } from './failures.js';
import type { DeclaredOutput, Template } from './template.js';

export type TypeKind = 'string' | 'int' | 'bool' | 'object' | 'array' | 'any';

export interface ParameterType {
  readonly kind: TypeKind;
  readonly secure: boolean;
  /** As Azure shows it in answers: `String`, `SecureString`. */
  readonly display: string;
  /** The declaration that holds allowedValues and limits. */
  readonly declaration: JsonObject;
  /** For members and elements of types that refer to others. */
  readonly resolve: (declaration: JsonObject) => ParameterType;
}

const kinds: Readonly<Record<string, readonly [TypeKind, display: string, secure?: boolean]>> = {
  string: ['string', 'String'],
  securestring: ['string', 'SecureString', true],
  int: ['int', 'Int'],
  bool: ['bool', 'Bool'],
  object: ['object', 'Object'],
  secureobject: ['object', 'SecureObject', true],
  array: ['array', 'Array'],
};

/** What Azure calls the JSON types behind each kind. */
const tokenNames: Readonly<Record<TypeKind, string>> = {
  string: 'String, Uri',
  int: 'Integer',
  bool: 'Boolean',
  object: 'Object',
  array: 'Array',
  any: 'Any',
};

/** The type that `declaration` names, with `#/definitions/…` followed. Throws InvalidTemplate. */
export function parameterType(
  name: string,
  declaration: JsonObject,
  template: { readonly definitions: JsonObject },
): ParameterType {
  const seen = new Set<string>();
  let current = declaration;
  for (;;) {
    const reference = member(current, '$ref');
    if (typeof reference !== 'string') break;
    const target = objectMember(template.definitions, reference.replace('#/definitions/', ''));
    if (!target || seen.has(reference)) {
      throw invalidTemplate(`The template parameter '${name}' refers to '${reference}', which is not defined`);
    }
    seen.add(reference);
    // What stands beside the reference adds to what it refers to.
    const { $ref: _, ...own } = current;
    current = { ...target, ...own };
  }
  const resolve = (inner: JsonObject): ParameterType => parameterType(name, inner, template);
  const type = member(current, 'type');
  if (type === undefined && seen.size + Object.keys(template.definitions).length > 0) {
    return { kind: 'any', secure: false, display: 'Object', declaration: current, resolve };
  }
  const [kind, display, secure = false] = (typeof type === 'string' ? kinds[type.toLowerCase()] : undefined) ?? [];
  if (!kind || !display) {
    throw invalidTemplate(
      `The template parameter '${name}' has the type '${jsonText(type ?? '')}', which is not valid. The types are 'String, SecureString, Int, Bool, Array, Object, SecureObject'. Please see https://aka.ms/arm-syntax-parameters for usage details.`,
    );
  }
  return { kind, display, secure, declaration: current, resolve };
}

/** `value` is of the JSON type that `kind` wants. */
export function hasKind(value: Json, kind: TypeKind): boolean {
  switch (kind) {
    case 'any':
      return true;
    case 'int':
      return typeof value === 'number' && Number.isInteger(value);
    case 'bool':
      return typeof value === 'boolean';
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'string':
      return typeof value === 'string';
  }
}

/** Azure's sentence about a value of the wrong type. */
export const wrongType = (value: Json, kind: TypeKind): string =>
  `Expected '${tokenNames[kind]}'. Actual '${typeName(value)}'.`;

export interface ParameterCheck {
  readonly name: string;
  /** `at line '1' and column '2'`. */
  readonly place: string;
  readonly nullable: boolean;
}

/** Refuses a value that its parameter does not take. A secure value is never repeated in the message. */
export function checkParameterValue(value: Json, type: ParameterType, { name, place, nullable }: ParameterCheck): void {
  if (value === null && (nullable || type.kind === 'any')) return;
  if (!hasKind(value, type.kind)) {
    throw invalidTemplate(
      `Template parameter JToken type is not valid. ${wrongType(value, type.kind)} Please see https://aka.ms/resource-manager-parameter-files for usage details.`,
    );
  }
  const { declaration } = type;
  const allowed = member(declaration, 'allowedValues');
  if (Array.isArray(allowed) && !isAllowed(value, allowed)) {
    const shown = type.secure || typeof value === 'object' ? '' : ` '${jsonText(value)}'`;
    throw invalidTemplate(
      `The provided value${shown} for the template parameter '${name}' ${place} is not valid. The parameter value is not part of the allowed value(s): '${allowed.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).join(',')}'.`,
    );
  }
  checkLimit(value, declaration, { name, place });
  checkInner(value, type, { name, place });
}

/** An array is allowed when every element of it is, unless whole arrays are listed. */
function isAllowed(value: Json, allowed: readonly Json[]): boolean {
  if (allowed.some((one) => equalJson(one, value))) return true;
  return Array.isArray(value) && value.every((element) => allowed.some((one) => equalJson(one, element)));
}

function checkLimit(value: Json, declaration: JsonObject, { name, place }: Omit<ParameterCheck, 'nullable'>): void {
  const length = typeof value === 'string' || Array.isArray(value) ? value.length : undefined;
  const amount = typeof value === 'number' ? value : undefined;
  const rules = [
    [
      'minLength',
      length,
      'Length of the value should be greater than or equal to',
      (is: number, limit: number) => is >= limit,
    ],
    [
      'maxLength',
      length,
      'Length of the value should be less than or equal to',
      (is: number, limit: number) => is <= limit,
    ],
    ['minValue', amount, 'The value should be greater than or equal to', (is: number, limit: number) => is >= limit],
    ['maxValue', amount, 'The value should be less than or equal to', (is: number, limit: number) => is <= limit],
  ] as const;
  for (const [rule, is, sentence, holds] of rules) {
    const limit = member(declaration, rule);
    if (typeof limit !== 'number' || is === undefined || holds(is, limit)) continue;
    throw invalidTemplate(
      `The provided value for the template parameter '${name}' ${place} is not valid. ${sentence} '${limit}'. Please see https://aka.ms/resource-manager-parameter-files for usage details.`,
    );
  }
}

type InnerCheck = Omit<ParameterCheck, 'nullable'>;

const invalidValue = ({ name, place }: InnerCheck, reason: string) =>
  invalidTemplate(`The provided value for the template parameter '${name}' ${place} is not valid. ${reason}`);

/** Members and elements of types that declare theirs. */
function checkInner(value: Json, { declaration, resolve }: ParameterType, check: InnerCheck): void {
  const inner = (one: Json, type: JsonObject, name = check.name): void =>
    checkParameterValue(one, resolve(type), { ...check, name, nullable: member(type, 'nullable') === true });
  if (Array.isArray(value)) checkElements(value, declaration, { check, inner });
  if (!isObject(value)) return;
  const variant = discriminated(value, declaration, check);
  if (variant) inner(value, variant);
  checkMembers(value, declaration, { check, inner });
}

interface Inner {
  readonly check: InnerCheck;
  readonly inner: (value: Json, type: JsonObject, name?: string) => void;
}

/** The first elements may have types of their own; there may be none beyond them. */
function checkElements(value: readonly Json[], declaration: JsonObject, { check, inner }: Inner): void {
  const prefix = member(declaration, 'prefixItems');
  const first = Array.isArray(prefix) ? prefix : [];
  const items = member(declaration, 'items');
  for (const [index, element] of value.entries()) {
    const type = first[index] ?? items;
    if (isObject(type)) inner(element, type);
    else if (type === false) throw invalidValue(check, `It may have up to '${first.length}' elements.`);
  }
}

/** The one of several types that a member of the value names. */
function discriminated(value: JsonObject, declaration: JsonObject, check: InnerCheck): JsonObject | undefined {
  const discriminator = objectMember(declaration, 'discriminator');
  if (!discriminator) return undefined;
  const property = jsonText(member(discriminator, 'propertyName'));
  const mapping = objectMember(discriminator, 'mapping') ?? {};
  const type = objectMember(mapping, jsonText(member(value, property) ?? ''));
  if (type) return type;
  const known = Object.keys(mapping).join(',');
  throw invalidValue(check, `The property '${property}' is not part of the allowed value(s): '${known}'.`);
}

function checkMembers(value: JsonObject, declaration: JsonObject, { check, inner }: Inner): void {
  const properties = objectMember(declaration, 'properties') ?? {};
  for (const [key, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    const found = memberName(value, key);
    if (found !== undefined) inner(value[found] as Json, property, `${check.name}.${key}`);
    else if (member(property, 'nullable') !== true) throw invalidValue(check, `The property '${key}' is required.`);
  }
  const others = member(declaration, 'additionalProperties');
  for (const key of Object.keys(value)) {
    if (memberName(properties, key) !== undefined) continue;
    if (others === false) throw invalidValue(check, `The property '${key}' is not permitted.`);
    if (isObject(others)) inner(value[key] as Json, others, `${check.name}.${key}`);
  }
}

export interface OutputOptions {
  readonly template: Template;
  readonly context: EvaluationContext;
  readonly onDeferred?: (deferred: DeferredValue) => void;
}

export interface OutputValue {
  readonly type: string;
  readonly value: Json;
  /** The value is for the template around this one, and never shown. */
  readonly secure: boolean;
}

/** An output as Azure shows it. */
export const outputShown = ({ type, value, secure }: OutputValue): JsonObject => (secure ? { type } : { type, value });

/** The value of an output; undefined when its condition does not hold. Throws `ExpressionError`. */
export function outputValue({ name, source }: DeclaredOutput, options: OutputOptions): OutputValue | undefined {
  const { template, onDeferred } = options;
  const context: EvaluationContext = { ...options.context, place: 'output' };
  const evaluate = (value: Json, inner = context): Json =>
    evaluateTemplateValue(value, onDeferred ? { context: inner, onDeferred } : { context: inner });
  const condition = member(source, 'condition');
  if (condition !== undefined && evaluate(condition) === false) return undefined;
  const copy = objectMember(source, 'copy');
  const value = copy
    ? Array.from({ length: copyCount(member(copy, 'count') ?? 0, context) }, (_, index) =>
        evaluate(member(copy, 'input') ?? null, { ...context, loops: [{ name, index, outermost: true }] }),
      )
    : evaluate(member(source, 'value') ?? null);
  const type = parameterType(name, source, template);
  const deferred = onDeferred !== undefined && typeof value === 'string' && isExpression(value);
  const isNull = value === null && member(source, 'nullable') === true;
  if (!deferred && !isNull && !hasKind(value, type.kind)) {
    throw new ExpressionError(`Template output JToken type is not valid. ${wrongType(value, type.kind)}`);
  }
  return { type: type.display, value, secure: type.secure };
}
