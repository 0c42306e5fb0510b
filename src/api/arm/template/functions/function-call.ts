/** One call of a built-in function: its arguments and members of values, checked and refused in Azure's words. */
import type { EvaluationBudget } from '../budget.js';
import { type EvaluationContext, seeFunction } from '../context.js';
import { isObject, type Json, type JsonObject, memberName, typeName } from '../json.js';
import { ExpressionError, type ExpressionNode } from '../parser.js';

export interface FunctionDefinition {
  readonly name: string;
  readonly minArguments: number;
  readonly maxArguments: number;
  /** The value; arguments that a function leaves alone (`if`, lambdas) are never evaluated. */
  evaluate(call: FunctionCall): Json;
}

/** Evaluates one argument, with further lambda variables in sight. */
export type ArgumentEvaluator = (node: ExpressionNode, lambdaVariables?: ReadonlyMap<string, Json>) => Json;

/** Refuses a number of arguments that `definition` does not take. */
export function checkArity({ name, minArguments: min, maxArguments: max }: FunctionDefinition, actual: number): void {
  if (actual >= min && actual <= max) return;
  if (max === Number.POSITIVE_INFINITY) {
    const reason =
      min === 1
        ? 'At least one parameter should be provided.'
        : `At least ${min} parameters should be provided while ${actual} were provided.`;
    throw new ExpressionError(
      `Unable to evaluate template language function '${name}'. ${reason} ${seeFunction(name)}`,
    );
  }
  const wanted = min === max ? String(min) : `between ${min} and ${max}`;
  throw new ExpressionError(
    `Unable to evaluate template language function '${name}': function requires ${wanted} argument(s) while ${actual} were provided. ${seeFunction(name)}`,
  );
}

export class FunctionCall {
  readonly name: string;
  readonly nodes: readonly ExpressionNode[];
  readonly context: EvaluationContext;
  readonly evaluateNode: ArgumentEvaluator;
  readonly #values: (Json | undefined)[] = [];

  constructor(
    name: string,
    nodes: readonly ExpressionNode[],
    { context, evaluate }: { context: EvaluationContext; evaluate: ArgumentEvaluator },
  ) {
    this.name = name;
    this.nodes = nodes;
    this.context = context;
    this.evaluateNode = evaluate;
  }

  get count(): number {
    return this.nodes.length;
  }

  /** The value of an argument; null for one that was not written. */
  value(index: number): Json {
    const known = this.#values[index];
    if (known !== undefined) return known;
    const node = this.nodes[index];
    const value = node ? this.evaluateNode(node) : null;
    if (typeof value === 'string') this.budget.spend(value.length >> 6);
    else if (Array.isArray(value)) this.budget.spend(value.length >> 4);
    this.#values[index] = value;
    return value;
  }

  get budget(): EvaluationBudget {
    return this.context.environment.budget;
  }

  /** The value of an argument that is searched, compared or written as a whole. */
  wholeValue(index: number): Json {
    const value = this.value(index);
    this.budget.spendOn(value);
    return value;
  }

  /** The values of all arguments from `start`. */
  values(start = 0): Json[] {
    return this.nodes.slice(start).map((_, index) => this.value(start + index));
  }

  /** Gives up with `reason`, followed by where Azure documents the function. */
  fail(reason: string): never {
    throw new ExpressionError(`${reason} ${seeFunction(this.name)}`);
  }

  /** Gives up because of the type of an argument. */
  failType(expected: string, value: Json): never {
    const parameter = this.count === 1 ? 'its parameter' : 'its parameters';
    return this.fail(
      `The template language function '${this.name}' expects ${parameter} to be of type '${expected}'. The provided value is of type '${typeName(value)}'.`,
    );
  }

  string(index: number): string {
    const value = this.value(index);
    return typeof value === 'string' ? value : this.failType('String', value);
  }

  integer(index: number): number {
    const value = this.value(index);
    return typeof value === 'number' && Number.isInteger(value) ? value : this.failType('Integer', value);
  }

  boolean(index: number): boolean {
    const value = this.value(index);
    return typeof value === 'boolean' ? value : this.failType('Boolean', value);
  }

  array(index: number): Json[] {
    const value = this.value(index);
    return Array.isArray(value) ? value : this.failType('Array', value);
  }

  object(index: number): JsonObject {
    const value = this.value(index);
    return isObject(value) ? value : this.failType('Object', value);
  }

  /** An optional string: undefined when it was not written or is null. */
  optionalString(index: number): string | undefined {
    return index < this.count && this.value(index) !== null ? this.string(index) : undefined;
  }

  optionalInteger(index: number): number | undefined {
    return index < this.count && this.value(index) !== null ? this.integer(index) : undefined;
  }
}

/** Declares a function. `arity` is its exact number of arguments, or the least and the most. */
export function define(
  name: string,
  arity: number | readonly [min: number, max?: number],
  evaluate: (call: FunctionCall) => Json,
): FunctionDefinition {
  const [minArguments, maxArguments = Number.POSITIVE_INFINITY] = typeof arity === 'number' ? [arity, arity] : arity;
  return { name, minArguments, maxArguments, evaluate };
}

/** Reads `target[key]` as expressions do: member names in any casing, indexes from 0. */
export function readMember(target: Json, key: Json, { safe, offset }: { safe: boolean; offset?: number }): Json {
  if (isObject(target) && typeof key === 'string') {
    const name = memberName(target, key);
    if (name !== undefined) return target[name] as Json;
    if (safe) return null;
    throw new ExpressionError(
      `The language expression property '${key}' doesn't exist, available properties are '${Object.keys(target).join(', ')}'.`,
      offset,
    );
  }
  if (Array.isArray(target) && typeof key === 'number') {
    const element = key < 0 ? undefined : target[key];
    if (element !== undefined) return element;
    if (safe) return null;
    throw new ExpressionError(`The language expression property array index '${key}' is out of bounds.`, offset);
  }
  throw new ExpressionError(`The language expression property '${String(key)}' can't be evaluated.`, offset);
}
