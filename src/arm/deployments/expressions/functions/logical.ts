/** The logical and comparison functions of template expressions. */
import { equalJson, type Json } from '../../json.js';
import { define, type FunctionCall, type FunctionDefinition } from '../function-call.js';

/** Below, at or above 0 as the first argument is less than, equal to or greater than the second. */
function compare(call: FunctionCall): number {
  const [left, right] = [call.value(0), call.value(1)];
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return call.failType('Integer, String', typeof left === 'number' || typeof left === 'string' ? right : left);
}

const comparison = (name: string, holds: (order: number) => boolean): FunctionDefinition =>
  define(name, 2, (call) => holds(compare(call)));

/** The first argument that is not null; those after it are never evaluated. */
function coalesce(call: FunctionCall): Json {
  for (let index = 0; index < call.count; index += 1) {
    const value = call.value(index);
    if (value !== null) return value;
  }
  return null;
}

export const logicalFunctions: readonly FunctionDefinition[] = [
  define('and', [2], (call) => call.nodes.every((_, index) => call.boolean(index))),
  define('or', [2], (call) => call.nodes.some((_, index) => call.boolean(index))),
  define('not', 1, (call) => !call.boolean(0)),
  define('if', 3, (call) => call.value(call.boolean(0) ? 1 : 2)),
  define('true', 0, () => true),
  define('false', 0, () => false),
  define('null', 0, () => null),
  define('coalesce', [1], coalesce),
  define('equals', 2, (call) => equalJson(call.value(0), call.value(1))),
  comparison('greater', (order) => order > 0),
  comparison('greaterOrEquals', (order) => order >= 0),
  comparison('less', (order) => order < 0),
  comparison('lessOrEquals', (order) => order <= 0),
];
