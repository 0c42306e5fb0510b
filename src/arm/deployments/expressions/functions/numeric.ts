/** The numeric functions of template expressions. */
import type { Json } from '../../json.js';
import { define, type FunctionCall, type FunctionDefinition } from '../function-call.js';

/** The smallest or largest of integers, given one by one or as an array. */
function extreme(call: FunctionCall, pick: (...values: number[]) => number): Json {
  const values = call.count === 1 && Array.isArray(call.value(0)) ? call.array(0) : call.values();
  if (values.length === 0) call.fail(`The template language function '${call.name}' expects at least one integer.`);
  return values
    .map((value) => (typeof value === 'number' ? value : call.failType('Integer', value)))
    .reduce((left, right) => pick(left, right));
}

const binary = (name: string, compute: (left: number, right: number) => number): FunctionDefinition =>
  define(name, 2, (call) => compute(call.integer(0), call.integer(1)) + 0);

const division = (name: string, compute: (left: number, right: number) => number): FunctionDefinition =>
  define(name, 2, (call) => {
    const [left, right] = [call.integer(0), call.integer(1)];
    if (right === 0) call.fail(`The template language function '${name}' cannot divide by zero.`);
    // Adding 0 turns -0, which JSON does not know, into 0.
    return compute(left, right) + 0;
  });

function float(call: FunctionCall): Json {
  const value = call.value(0);
  if (typeof value === 'number') return value;
  const text = call.string(0).trim();
  const number = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(number)
    ? number
    : call.fail(`The template language function 'float' cannot convert the value '${text}' to a number.`);
}

export const numericFunctions: readonly FunctionDefinition[] = [
  binary('add', (left, right) => left + right),
  binary('sub', (left, right) => left - right),
  binary('mul', (left, right) => left * right),
  division('div', (left, right) => Math.trunc(left / right)),
  division('mod', (left, right) => left % right),
  define('float', 1, float),
  define('max', [1], (call) => extreme(call, Math.max)),
  define('min', [1], (call) => extreme(call, Math.min)),
];
