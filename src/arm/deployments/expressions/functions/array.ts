/** The array functions of template expressions, and those that take strings and objects as well. */
import { equalJson, isObject, type Json, memberName } from '../../json.js';
import { define, type FunctionCall, type FunctionDefinition } from '../function-call.js';

/** Azure's limit for `range` and `copy`. */
const maxRangeCount = 10_000;

function concat(call: FunctionCall): Json {
  const values = call.values();
  if (values.some(Array.isArray)) {
    return values.flatMap((value) => (Array.isArray(value) ? value : call.failType('Array', value)));
  }
  return values.map((value) => (isObject(value) ? call.failType('String', value) : plainText(value))).join('');
}

/** A scalar as Azure writes it into text: booleans are capitalised. */
export function plainText(value: Json): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function contains(call: FunctionCall): Json {
  const container = call.value(0);
  const item = call.value(1);
  if (Array.isArray(container)) return container.some((element) => equalJson(element, item));
  if (isObject(container)) return memberName(container, plainText(item)) !== undefined;
  return call.string(0).includes(plainText(item));
}

function isEmpty(call: FunctionCall): Json {
  const value = call.value(0);
  if (value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  return typeof value === 'string' ? false : call.failType('Object, Array, String', value);
}

function length(call: FunctionCall): Json {
  const value = call.value(0);
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : call.failType('Object, Array, String', value);
}

/** The first or last element or character; null for an empty array. */
function end(call: FunctionCall, position: 0 | -1): Json {
  const value = call.value(0);
  if (Array.isArray(value)) return value.at(position) ?? null;
  return call.string(0).at(position) ?? '';
}

/** Part of a string or array. */
function part(call: FunctionCall, cut: (count: number) => readonly [from: number, to?: number]): Json {
  const [from, to] = cut(Math.max(0, call.integer(1)));
  const value = call.value(0);
  return Array.isArray(value) ? value.slice(from, to) : call.string(0).slice(from, to);
}

function range(call: FunctionCall): Json {
  const start = call.integer(0);
  const count = call.integer(1);
  if (count < 0 || count > maxRangeCount) {
    return call.fail(
      `The template language function 'range' expects its second parameter 'count' to be from 0 to ${maxRangeCount}. The provided value is '${count}'.`,
    );
  }
  return Array.from({ length: count }, (_, index) => start + index);
}

/** Where an item stands; strings are searched without regard to casing. */
function indexOf(call: FunctionCall, find: 'indexOf' | 'lastIndexOf'): Json {
  const container = call.value(0);
  if (!Array.isArray(container)) return call.string(0).toLowerCase()[find](call.string(1).toLowerCase());
  const item = call.value(1);
  const matches = container.flatMap((element, index) => (equalJson(element, item) ? [index] : []));
  return matches.at(find === 'indexOf' ? 0 : -1) ?? -1;
}

/** `values` without those that came before. */
export function distinct(values: readonly Json[]): Json[] {
  const seen: Json[] = [];
  for (const value of values) if (!seen.some((known) => equalJson(known, value))) seen.push(value);
  return seen;
}

function indexFromEnd(call: FunctionCall): Json | undefined {
  return call.array(0).at(-Math.max(1, call.integer(1)));
}

export const arrayFunctions: readonly FunctionDefinition[] = [
  define('array', 1, (call) => {
    const value = call.value(0);
    return Array.isArray(value) ? value : [value];
  }),
  define('concat', [1], concat),
  define('contains', 2, contains),
  define('createArray', [0], (call) => call.values()),
  define('empty', 1, isEmpty),
  define('first', 1, (call) => end(call, 0)),
  define('flatten', 1, (call) =>
    call.array(0).flatMap((inner) => (Array.isArray(inner) ? inner : call.failType('Array', inner))),
  ),
  define('indexFromEnd', 2, (call) => indexFromEnd(call) ?? call.fail('The array index is out of bounds.')),
  define('indexOf', 2, (call) => indexOf(call, 'indexOf')),
  define('last', 1, (call) => end(call, -1)),
  define('lastIndexOf', 2, (call) => indexOf(call, 'lastIndexOf')),
  define('length', 1, length),
  define('range', 2, range),
  define('skip', 2, (call) => part(call, (count) => [count])),
  define('take', 2, (call) => part(call, (count) => [0, count])),
  define('tryIndexFromEnd', 2, (call) => indexFromEnd(call) ?? null),
];
