/** Gives an expression tree its value. */
import { isObject, type Json } from '../json.js';
import type { EvaluationContext } from './context.js';
import { ExpressionError } from './expression-error.js';
import { checkArity, FunctionCall } from './function-call.js';
import { findFunction } from './functions/registry.js';
import { readMember } from './member-access.js';
import { isExpression, parseExpression, unescapeText } from './parser.js';
import type { AccessNode, CallNode, ExpressionNode } from './syntax-tree.js';

/** Template functions may call each other, but not without end. */
const maxUserFunctionDepth = 32;

/** The value of `node`. Throws `ExpressionError` or `DeferredValue`. */
export function evaluateNode(node: ExpressionNode, context: EvaluationContext): Json {
  if (node.kind === 'literal') return node.value;
  if (node.kind === 'access') return accessMember(node, context);
  return node.namespace === undefined ? callBuiltIn(node, context) : callUserFunction(node, node.namespace, context);
}

/** The value of a template string: an expression's value, or the text itself. */
export function evaluateText(text: string, context: EvaluationContext): Json {
  return isExpression(text) ? evaluateNode(parseExpression(text), context) : unescapeText(text);
}

function callBuiltIn(node: CallNode, context: EvaluationContext): Json {
  const definition = findFunction(node.name);
  if (!definition) throw unknownFunction(node.name, node.offset);
  checkArity(definition, node.args.length);
  const call = new FunctionCall(definition.name, node.args, {
    context,
    evaluate: (argument, lambdaVariables) =>
      evaluateNode(argument, lambdaVariables ? { ...context, lambdaVariables } : context),
  });
  return definition.evaluate(call);
}

/** A function that neither Azure nor the template knows. */
export const unknownFunction = (name: string, offset: number): ExpressionError =>
  new ExpressionError(
    `The template function '${name}' is not valid. Please see https://aka.ms/arm-functions for usage details.`,
    offset,
  );

function callUserFunction(node: CallNode, namespace: string, context: EvaluationContext): Json {
  const definition = context.userFunction(namespace, node.name);
  if (!definition) throw unknownFunction(`${namespace}.${node.name}`, node.offset);
  if (definition.parameters.length !== node.args.length) {
    throw new ExpressionError(
      `Unable to evaluate template language function '${namespace}.${node.name}': function requires ${definition.parameters.length} argument(s) while ${node.args.length} were provided. Please see https://aka.ms/arm-syntax-functions for usage details.`,
      node.offset,
    );
  }
  if (context.depth >= maxUserFunctionDepth) {
    throw new ExpressionError(
      `The template function '${namespace}.${node.name}' calls itself without end.`,
      node.offset,
    );
  }
  const values = new Map(
    definition.parameters.map((name, index) => [
      name.toLowerCase(),
      evaluateNode(node.args[index] as ExpressionNode, context),
    ]),
  );
  return evaluateJson(definition.value, {
    ...context,
    place: 'userFunction',
    loops: [],
    depth: context.depth + 1,
    // A function sees its own parameters only.
    parameter: (name) => {
      const value = values.get(name.toLowerCase());
      if (value === undefined) throw parameterNotFound(name);
      return value;
    },
    variable: (name) => {
      throw variableNotFound(name);
    },
  });
}

/** `parameters('name')` without such a parameter. */
export const parameterNotFound = (name: string): ExpressionError =>
  new ExpressionError(
    `The template parameter '${name}' is not found. Please see https://aka.ms/arm-syntax-parameters for usage details.`,
  );

/** `variables('name')` without such a variable. */
export const variableNotFound = (name: string): ExpressionError =>
  new ExpressionError(
    `The template variable '${name}' is not found. Please see https://aka.ms/arm-syntax-variables for usage details.`,
  );

/** Evaluates every expression inside `value`, without copies: what a user function or a plain value needs. */
function evaluateJson(value: Json, context: EvaluationContext): Json {
  if (typeof value === 'string') return evaluateText(value, context);
  if (Array.isArray(value)) return value.map((element) => evaluateJson(element, context));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [String(evaluateText(key, context)), evaluateJson(inner, context)]),
  );
}

function accessMember(node: AccessNode, context: EvaluationContext): Json {
  const target = evaluateNode(node.target, context);
  if (target === null && node.safe) return null;
  return readMember(target, evaluateNode(node.key, context), node);
}
