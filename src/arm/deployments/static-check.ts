/** Refuses expressions that can never be evaluated, before anything is touched: syntax, functions, names. */

import { parameterNotFound, unknownFunction, variableNotFound } from './expressions/evaluate.js';
import { ExpressionError } from './expressions/expression-error.js';
import { checkArity, type FunctionDefinition } from './expressions/function-call.js';
import { findFunction } from './expressions/functions/registry.js';
import { isExpression, parseExpression } from './expressions/parser.js';
import { type CallNode, nodesOf } from './expressions/syntax-tree.js';
import { evaluatingPart, type TemplatePart } from './invalid-template.js';
import { isObject, type Json, member, objectMember } from './json.js';
import { positionOf } from './parse/positions.js';
import type { Template } from './template.js';

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
    check({ kind: 'parameter', name, container: declaration }, member(declaration, 'defaultValue'));
  }
  for (const [name, value] of Object.entries(template.variables)) {
    check({ kind: 'variable', name, container: template.variables, key: name }, value);
  }
  for (const { symbol, source } of template.resources) {
    check(
      { kind: 'resource', name: symbol ?? String(member(source, 'name')), container: source },
      withoutInnerTemplates(source),
    );
  }
  for (const { name, source } of template.outputs) check({ kind: 'output', name, container: source }, source);
}

function variableNames(template: Template): Set<string> {
  const names = Object.keys(template.variables).map((name) => name.toLowerCase());
  const copies = member(template.variables, 'copy');
  const copied = (Array.isArray(copies) ? copies : []).map((copy) =>
    String(isObject(copy) ? member(copy, 'name') : ''),
  );
  return new Set([...names, ...copied.map((name) => name.toLowerCase())]);
}

/** The resource without templates that have names of their own. */
export function withoutInnerTemplates(source: Json): Json {
  if (Array.isArray(source)) return source.map(withoutInnerTemplates);
  if (!isObject(source)) return source;
  const children = member(source, 'resources');
  const properties = objectMember(source, 'properties');
  const isNested = String(member(source, 'type')).toLowerCase() === 'microsoft.resources/deployments';
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
