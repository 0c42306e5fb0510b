/** Evaluates expressions and template values: calls, member access, expressions in texts and keys, property copies. */
import { DeferredValue, type EvaluationContext } from './context.js';
import { checkArity, FunctionCall, readMember } from './functions/function-call.js';
import { findFunction } from './functions/registry.js';
import { isObject, type Json, type JsonObject, member, setMember } from './json.js';
import { positionOf, type TextPosition } from './json-reader.js';
import {
  type AccessNode,
  type CallNode,
  ExpressionError,
  type ExpressionNode,
  isExpression,
  parseExpression,
  unescapeText,
} from './parser.js';

/** Template functions may call each other, but not without end. */
const maxUserFunctionDepth = 32;

/** The value of `node`. Throws `ExpressionError` or `DeferredValue`. */
export function evaluateNode(node: ExpressionNode, context: EvaluationContext): Json {
  if (node.kind === 'literal') return node.value;
  const { budget } = context.environment;
  budget.enter();
  try {
    if (node.kind === 'access') return accessMember(node, context);
    return node.namespace === undefined ? callBuiltIn(node, context) : callUserFunction(node, node.namespace, context);
  } finally {
    budget.leave();
  }
}

/** The value of a template string: an expression's value, or the text itself. */
export function evaluateText(text: string, context: EvaluationContext): Json {
  context.environment.budget.spend(1);
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
  return context.environment.budget.checkResult(definition.evaluate(call));
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
  // A context of its own costs more than other calls.
  context.environment.budget.spend(10);
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

/** Azure's limit for the elements that one `copy` makes. */
export const maxCopyCount = 800;
const maxValueDepth = 200;

export interface TemplateValueOptions {
  readonly context: EvaluationContext;
  /**
   * Called for every text that needs a resource which is not there yet; the text then stays as written. Without it
   * such a text throws `DeferredValue`.
   */
  readonly onDeferred?: (deferred: DeferredValue) => void;
}

/** The value that `value` stands for. Throws `ExpressionError` with the place of the expression. */
export function evaluateTemplateValue(value: Json, options: TemplateValueOptions): Json {
  return new ValueEvaluator(options).value(value, undefined, 0);
}

class ValueEvaluator {
  readonly #options: TemplateValueOptions;

  constructor(options: TemplateValueOptions) {
    this.#options = options;
  }

  value(value: Json, position: TextPosition | undefined, depth: number): Json {
    this.#options.context.environment.budget.spend(1);
    if (depth > maxValueDepth) throw new ExpressionError('The template value is nested too deeply.');
    if (typeof value === 'string') return this.#text(value, position);
    if (Array.isArray(value)) {
      return value.map((element, index) => this.value(element, positionOf(value, index), depth + 1));
    }
    return isObject(value) ? this.#object(value, depth) : value;
  }

  #text(text: string, position: TextPosition | undefined): Json {
    try {
      return evaluateText(text, this.#options.context);
    } catch (error) {
      if (error instanceof DeferredValue && this.#options.onDeferred) {
        this.#options.onDeferred(error);
        return text;
      }
      if (error instanceof ExpressionError) error.position ??= position;
      throw error;
    }
  }

  #object(object: JsonObject, depth: number): JsonObject {
    const result: JsonObject = {};
    for (const [key, value] of Object.entries(object)) {
      const copies = key.toLowerCase() === 'copy' ? copyDefinitions(value) : undefined;
      if (copies) {
        for (const copy of copies) setMember(result, copy.name, this.#copy(copy, depth));
        continue;
      }
      const name = this.#text(key, positionOf(object, key));
      if (typeof name !== 'string') throw new ExpressionError(`The property name '${key}' is not a string.`);
      setMember(result, name, this.value(value, positionOf(object, key), depth + 1));
    }
    return result;
  }

  #copy({ name, count, input }: CopyDefinition, depth: number): Json {
    const { context } = this.#options;
    return Array.from({ length: copyCount(count, context) }, (_, index) => {
      const loops = [...context.loops, { name, index, outermost: false }];
      const inner = new ValueEvaluator({ ...this.#options, context: { ...context, loops } });
      return inner.value(input, undefined, depth + 1);
    });
  }
}

interface CopyDefinition {
  readonly name: string;
  readonly count: Json;
  readonly input: Json;
}

/** The copies that a member called `copy` declares; undefined when it is an ordinary member of that name. */
function copyDefinitions(value: Json): CopyDefinition[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const definitions = value.map((element) => {
    if (!isObject(element)) return undefined;
    const [name, count, input] = ['name', 'count', 'input'].map((key) => member(element, key));
    return typeof name === 'string' && count !== undefined && input !== undefined ? { name, count, input } : undefined;
  });
  return definitions.every((definition) => definition !== undefined) ? definitions : undefined;
}

/** How often a copy repeats: an integer from 0 to Azure's limit. */
export function copyCount(count: Json, context: EvaluationContext): number {
  const value = typeof count === 'string' ? evaluateText(count, context) : count;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new ExpressionError(
      `The copy count '${String(value)}' is not a valid integer value that is greater than or equal to 0`,
    );
  }
  if (value > maxCopyCount) {
    throw new ExpressionError(`The copy count '${value}' exceeds the limit of '${maxCopyCount}'`);
  }
  return value;
}
