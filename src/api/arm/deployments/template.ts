/** A template's structure: sections and resources read, limits, names and expressions checked, nothing evaluated yet. */
import { azureError } from '../../../errors/index.js';
import type { UserFunction } from '../template/context.js';
import { parameterNotFound, unknownFunction, variableNotFound } from '../template/evaluate.js';
import { checkArity, type FunctionDefinition } from '../template/functions/function-call.js';
import { findFunction } from '../template/functions/registry.js';
import { isObject, type Json, type JsonObject, jsonText, member, objectMember, typeName } from '../template/json.js';
import { positionOf, relativeTo } from '../template/json-reader.js';
import { type CallNode, ExpressionError, isExpression, nodesOf, parseExpression } from '../template/parser.js';
import { evaluatingPart, invalidTemplate, type TemplatePart } from './failures.js';
import { hidingSecrets, isSecureType } from './secrets.js';

export interface DeclaredResource {
  /** Its symbolic name, where the template has such. */
  readonly symbol: string | undefined;
  readonly source: JsonObject;
}

export interface DeclaredOutput {
  readonly name: string;
  readonly source: JsonObject;
}

export interface Template {
  readonly source: JsonObject;
  readonly contentVersion: string;
  /** languageVersion 2.0 or later: resources have symbolic names. */
  readonly symbolic: boolean;
  readonly parameters: ReadonlyMap<string, JsonObject>;
  readonly definitions: JsonObject;
  readonly variables: JsonObject;
  /** By `namespace.name` in lower case. */
  readonly functions: ReadonlyMap<string, UserFunction>;
  readonly resources: readonly DeclaredResource[];
  readonly outputs: readonly DeclaredOutput[];
}

const sections = new Set(
  '$schema contentVersion apiProfile languageVersion metadata definitions parameters variables functions resources outputs imports extensions asserts'
    .toLowerCase()
    .split(' '),
);

/** Azure's limits: https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits */
export const limits = { parameters: 256, variables: 512, resources: 800, outputs: 64 } as const;

/** The text is a template's, but no template: what the deserialiser of Azure says. */
export function templateParseError(
  reason: string,
  where: { root: Json; container?: Json; key?: string; path?: string },
) {
  const { line, column } = relativeTo(where.root, positionOf(where.container ?? where.root, where.key));
  return azureError('InvalidTemplateParse', {
    values: { reason: `${reason} Path '${where.path ?? where.key ?? ''}', line ${line}, position ${column}.` },
  });
}

/** The sections of `source`. Throws InvalidTemplate. */
export function readTemplate(source: Json): Template {
  if (!isObject(source))
    throw templateParseError(`The template must be an object, not ${typeName(source)}.`, { root: source });
  for (const key of Object.keys(source)) {
    if (sections.has(key.toLowerCase())) continue;
    throw templateParseError(`Could not find member '${key}' on object of type 'Template'.`, { root: source, key });
  }
  for (const key of ['$schema', 'contentVersion', 'resources']) {
    if (member(source, key) !== undefined) continue;
    throw templateParseError(`Required property '${key}' not found in JSON.`, { root: source, path: '' });
  }
  for (const section of ['imports', 'extensions']) {
    const names = Object.keys(objectMember(source, section) ?? {});
    if (names.length > 0) throw azureError('ExtensionNotEmulated', { values: { names: names.join(', ') } });
  }
  // Compilers of Bicep wrote the experimental versions before there was a 2.0.
  const symbolic = /^(2\.|1\.(9|1\d)-experimental$)/.test(jsonText(member(source, 'languageVersion') ?? ''));
  const template: Template = {
    source,
    contentVersion: jsonText(member(source, 'contentVersion')),
    symbolic,
    parameters: new Map(Object.entries(objectSection(source, 'parameters')) as [string, JsonObject][]),
    definitions: section(source, 'definitions'),
    variables: section(source, 'variables'),
    functions: readFunctions(source),
    resources: declaredResources(source, { source, symbolic }),
    outputs: Object.entries(objectSection(source, 'outputs')).map(([name, value]) => ({
      name,
      source: value as JsonObject,
    })),
  };
  checkLimits(template);
  checkOutputs(template);
  return template;
}

function section(source: JsonObject, name: string): JsonObject {
  const value = member(source, name) ?? {};
  if (isObject(value)) return value;
  throw templateParseError(
    `Error converting value to an object: the template's '${name}' is of type '${typeName(value)}'.`,
    {
      root: source,
      key: name,
    },
  );
}

/** A section whose members are objects. */
function objectSection(source: JsonObject, name: string): JsonObject {
  const members = section(source, name);
  for (const [key, value] of Object.entries(members)) {
    if (isObject(value)) continue;
    throw templateParseError(`Error converting value to an object: it is of type '${typeName(value)}'.`, {
      root: source,
      container: members,
      key,
      path: `${name}.${key}`,
    });
  }
  return members;
}

/**
 * The resources that `container`, a template or a resource in it, declares: in an array, or by symbolic name. Throws
 * InvalidTemplate.
 */
export function declaredResources(
  container: JsonObject,
  { source, symbolic }: Pick<Template, 'source' | 'symbolic'>,
): DeclaredResource[] {
  const value = member(container, 'resources') ?? [];
  const refuse = (reason: string) => templateParseError(reason, { root: source, container, key: 'resources' });
  if (!isObject(value) && !Array.isArray(value)) {
    throw refuse(`The template's 'resources' must be an array, not ${typeName(value)}.`);
  }
  if (isObject(value) && !symbolic) {
    throw refuse("The template's 'resources' can only be an object with languageVersion '2.0'.");
  }
  return Object.entries(value).map(([key, resource]) => {
    const path = Array.isArray(value) ? `resources[${key}]` : `resources.${key}`;
    const symbol = Array.isArray(value) ? undefined : key;
    return { symbol, source: checkResource(resource, { root: source, container: value, key, path }) };
  });
}

function readFunctions(source: JsonObject): Map<string, UserFunction> {
  const functions = new Map<string, UserFunction>();
  const value = member(source, 'functions') ?? [];
  for (const group of Array.isArray(value) ? value : []) {
    if (!isObject(group)) throw invalidTemplate("A member of the template's 'functions' is not an object");
    const namespace = jsonText(member(group, 'namespace') ?? '');
    for (const [name, definition] of Object.entries(objectMember(group, 'members') ?? {})) {
      const output = isObject(definition) ? objectMember(definition, 'output') : undefined;
      const value = output && member(output, 'value');
      if (!isObject(definition) || value === undefined) {
        throw invalidTemplate(`The template function '${namespace}.${name}' has no output value`);
      }
      const parameters = member(definition, 'parameters');
      functions.set(`${namespace}.${name}`.toLowerCase(), {
        parameters: (Array.isArray(parameters) ? parameters : []).map((parameter) =>
          jsonText((isObject(parameter) && member(parameter, 'name')) || ''),
        ),
        value,
      });
    }
  }
  return functions;
}

function checkLimits(template: Template): void {
  const counts = {
    parameters: template.parameters.size,
    variables: Object.keys(template.variables).length,
    resources: template.resources.length,
    outputs: template.outputs.length,
  };
  for (const [name, actual] of Object.entries(counts)) checkLimit(name as keyof typeof limits, actual);
}

/** Refuses a template with more `name` than Azure takes. Resources count with all their copies, once those are known. */
export function checkLimit(name: keyof typeof limits, actual: number): void {
  const limit = limits[name];
  if (actual <= limit) return;
  throw invalidTemplate(
    `The number of template ${name} limit exceeded. Limit: '${limit}' and actual: '${actual}'. Please see https://aka.ms/arm-template/#${name} for usage details.`,
  );
}

function checkOutputs({ outputs }: Template): void {
  for (const { name, source } of outputs) {
    if (member(source, 'value') === undefined && member(source, 'copy') === undefined) {
      throw invalidTemplate(
        `The template output '${name}' is not valid: it has neither value nor copy. Please see https://aka.ms/arm-template/#outputs for usage details.`,
      );
    }
  }
}

const members = new Set(
  'apiVersion asserts comments condition copy dependsOn etag existing extendedLocation extension id identity import kind location managedBy managedByExtended metadata name placement plan properties resourceGroup resources scope sku subscriptionId systemData tags tenantId type zones $options @options'
    .toLowerCase()
    .split(' '),
);

export interface ResourcePlace {
  readonly root: Json;
  readonly container: Json;
  readonly key: string | number;
  readonly path: string;
}

/** `value` as a resource. Throws what Azure's deserialiser says when it is none. */
export function checkResource(value: Json, place: ResourcePlace): JsonObject {
  if (!isObject(value)) throw refuse('Error converting value to type TemplateResource.', place, place);
  for (const key of Object.keys(value)) {
    if (members.has(key.toLowerCase())) continue;
    throw refuse(`Could not find member '${key}' on object of type 'TemplateResource'.`, place, {
      container: value,
      key,
      path: `${place.path}.${key}`,
    });
  }
  for (const key of ['type', 'name', 'apiVersion']) {
    if (typeof member(value, key) === 'string') continue;
    if (key === 'apiVersion' && member(value, 'existing') === true) continue;
    throw refuse(`Required property '${key}' not found in JSON.`, place, place);
  }
  const dependsOn = member(value, 'dependsOn') ?? [];
  if (!Array.isArray(dependsOn) && typeof dependsOn !== 'string') {
    throw refuse("Error converting value to an array: 'dependsOn' must be an array.", place, {
      container: value,
      key: 'dependsOn',
      path: `${place.path}.dependsOn`,
    });
  }
  return value;
}

function refuse(
  reason: string,
  { root }: ResourcePlace,
  { container, key, path }: { container: Json; key: string | number; path: string },
) {
  const { line, column } = relativeTo(root, positionOf(container, key));
  return azureError('InvalidTemplateParse', {
    values: { reason: `${reason} Path '${path}', line ${line}, position ${column}.` },
  });
}

/** Checks every expression of `template`; templates nested with inner scope are checked when they are planned. */
export function checkExpressions(template: Template): void {
  const known = {
    parameters: new Set([...template.parameters.keys()].map((name) => name.toLowerCase())),
    variables: variableNames(template),
    functions: template.functions,
  };
  const check = (part: Omit<TemplatePart, 'root'>, value: Json | undefined) => {
    if (value === undefined) return;
    evaluatingPart({ root: template.source, ...part }, () => walk(value, (node) => checkCall(node, known)));
  };
  for (const [name, declaration] of template.parameters) {
    const defaultValue = member(declaration, 'defaultValue');
    try {
      check({ kind: 'parameter', name, container: declaration }, defaultValue);
    } catch (error) {
      // What is wrong with an expression repeats it.
      throw isSecureType(member(declaration, 'type')) ? hidingSecrets(error, expressionsIn(defaultValue)) : error;
    }
  }
  for (const [name, value] of Object.entries(template.variables)) {
    check({ kind: 'variable', name, container: template.variables, key: name }, value);
  }
  for (const { symbol, source } of template.resources) {
    check(
      { kind: 'resource', name: symbol ?? jsonText(member(source, 'name')), container: source },
      withoutInnerTemplates(source),
    );
  }
  for (const { name, source } of template.outputs) check({ kind: 'output', name, container: source }, source);
}

/** The expressions in a value, without their brackets. */
function expressionsIn(value: Json | undefined): string[] {
  if (typeof value === 'string') return isExpression(value) ? [value.slice(1, -1)] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(expressionsIn) : [];
}

function variableNames(template: Template): Set<string> {
  const names = Object.keys(template.variables).map((name) => name.toLowerCase());
  const copies = member(template.variables, 'copy');
  const copied = (Array.isArray(copies) ? copies : []).map((copy) =>
    jsonText(isObject(copy) ? member(copy, 'name') : ''),
  );
  return new Set([...names, ...copied.map((name) => name.toLowerCase())]);
}

/** The resource without templates that have names of their own. */
export function withoutInnerTemplates(source: Json): Json {
  if (Array.isArray(source)) return source.map(withoutInnerTemplates);
  if (!isObject(source)) return source;
  const children = member(source, 'resources');
  const properties = objectMember(source, 'properties');
  const isNested = jsonText(member(source, 'type')).toLowerCase() === 'microsoft.resources/deployments';
  return {
    ...source,
    ...(children === undefined ? {} : { resources: withoutTemplatesOf(children) }),
    ...(isNested && properties ? { properties: { ...properties, template: null } } : {}),
  };
}

/** Children stand in an array, or by symbolic name. */
const withoutTemplatesOf = (children: Json): Json =>
  isObject(children)
    ? Object.fromEntries(Object.entries(children).map(([symbol, child]) => [symbol, withoutInnerTemplates(child)]))
    : withoutInnerTemplates(children);

interface KnownNames {
  readonly parameters: ReadonlySet<string>;
  readonly variables: ReadonlySet<string>;
  readonly functions: Template['functions'];
}

function checkCall(node: CallNode, known: KnownNames): void {
  const name = node.name.toLowerCase();
  if (node.namespace !== undefined) {
    if (!known.functions.has(`${node.namespace}.${node.name}`.toLowerCase())) {
      throw unknownFunction(`${node.namespace}.${node.name}`, node.offset);
    }
    return;
  }
  const definition: FunctionDefinition | undefined = findFunction(name);
  if (!definition) throw unknownFunction(node.name, node.offset);
  checkArity(definition, node.args.length);
  const [first] = node.args;
  if (first?.kind !== 'literal' || typeof first.value !== 'string') return;
  if (name === 'parameters' && !known.parameters.has(first.value.toLowerCase())) throw parameterNotFound(first.value);
  if (name === 'variables' && !known.variables.has(first.value.toLowerCase())) throw variableNotFound(first.value);
}

/** Visits every function call in `value`; what `visit` throws gets the place of its text. */
function walk(value: Json, visit: (node: CallNode) => void): void {
  const text = (expression: string, container: Json, key: string | number) => {
    if (!isExpression(expression)) return;
    try {
      for (const node of nodesOf(parseExpression(expression))) if (node.kind === 'call') visit(node);
    } catch (error) {
      if (error instanceof ExpressionError) error.position ??= positionOf(container, key);
      throw error;
    }
  };
  if (typeof value === 'string') text(value, null, '');
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (isObject(value)) text(key, value, key);
    if (typeof inner === 'string') text(inner, value, key);
    else walk(inner, visit);
  }
}
