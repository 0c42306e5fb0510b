/** A template's structure: its sections read and checked, nothing evaluated yet. */
import { azureError } from '../../errors.js';
import type { UserFunction } from './expressions/context.js';
import { invalidTemplate } from './invalid-template.js';
import { isObject, type Json, type JsonObject, member, objectMember, typeName } from './json.js';
import { positionOf, relativeTo } from './parse/positions.js';
import { checkResource } from './template-resource.js';

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
  /** languageVersion 2.0: resources have symbolic names. */
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

/** Azure's limits. */
const limits = { parameters: 256, variables: 512, resources: 800, outputs: 64 } as const;

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
  const symbolic = String(member(source, 'languageVersion') ?? '').startsWith('2.');
  const template: Template = {
    source,
    contentVersion: String(member(source, 'contentVersion')),
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
    const namespace = String(member(group, 'namespace') ?? '');
    for (const [name, definition] of Object.entries(objectMember(group, 'members') ?? {})) {
      const output = isObject(definition) ? objectMember(definition, 'output') : undefined;
      const value = output && member(output, 'value');
      if (!isObject(definition) || value === undefined) {
        throw invalidTemplate(`The template function '${namespace}.${name}' has no output value`);
      }
      const parameters = member(definition, 'parameters');
      functions.set(`${namespace}.${name}`.toLowerCase(), {
        parameters: (Array.isArray(parameters) ? parameters : []).map((parameter) =>
          String((isObject(parameter) && member(parameter, 'name')) || ''),
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
  for (const [name, limit] of Object.entries(limits)) {
    const actual = counts[name as keyof typeof counts];
    if (actual <= limit) continue;
    throw invalidTemplate(
      `The number of template ${name} limit exceeded. Limit: ${limit} and actual: ${actual}. Please see https://aka.ms/arm-template/#${name} for usage details.`,
    );
  }
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
