/** The array and object functions of template expressions, and those that take a lambda. */
import { canonicalJson } from '../hashes.js';
import { equalJson, isObject, type Json, type JsonObject, memberName, setMember } from '../json.js';
import { define, type FunctionCall, type FunctionDefinition, readMember } from './function-call.js';

/** Azure's limit for `range` and `copy`. */
const maxRangeCount = 10_000;

function concat(call: FunctionCall): Json {
  const values = call.values();
  if (values.some(Array.isArray)) {
    return values.flatMap((value) => (Array.isArray(value) ? value : call.failType('Array', value)));
  }
  const texts = values.map((value) => (isObject(value) ? call.failType('String', value) : plainText(value)));
  return joined(call, texts, '');
}

/** `texts` joined by `separator`; refused before it is made when it is too long. */
export function joined(call: FunctionCall, texts: readonly string[], separator: string): string {
  call.budget.checkTextLength(texts.reduce((length, text) => length + text.length + separator.length, 0));
  return texts.join(separator);
}

/** A scalar as Azure writes it into text: booleans are capitalised. */
export function plainText(value: Json): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function contains(call: FunctionCall): Json {
  const container = call.wholeValue(0);
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
  const container = call.wholeValue(0);
  if (!Array.isArray(container)) return call.string(0).toLowerCase()[find](call.string(1).toLowerCase());
  const item = call.value(1);
  const matches = container.flatMap((element, index) => (equalJson(element, item) ? [index] : []));
  return matches.at(find === 'indexOf' ? 0 : -1) ?? -1;
}

/** `values` without those that came before. */
function distinct(values: readonly Json[]): Json[] {
  const seen = new Map<string, Json>();
  for (const value of values) {
    const key = canonicalJson(value);
    if (!seen.has(key)) seen.set(key, value);
  }
  return [...seen.values()];
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

/** `right` over `left`; members that are objects on both sides are merged in turn. */
function merge(left: JsonObject, right: JsonObject): JsonObject {
  const merged = { ...left };
  const names = new Map(Object.keys(left).map((key) => [key.toLowerCase(), key]));
  for (const [key, value] of Object.entries(right)) {
    const name = Object.hasOwn(merged, key) ? key : (names.get(key.toLowerCase()) ?? key);
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined;
    names.set(name.toLowerCase(), name);
    setMember(merged, name, isObject(before) && isObject(value) ? merge(before, value) : value);
  }
  return merged;
}

const wholeValues = (call: FunctionCall): Json[] =>
  call.nodes.map((_, index) => {
    const value = call.wholeValue(index);
    call.budget.spend(isObject(value) ? Object.keys(value).length : Array.isArray(value) ? value.length : 1);
    return value;
  });

function arraysOf(call: FunctionCall, values: readonly Json[]): Json[][] {
  return values.map((value) => (Array.isArray(value) ? value : call.failType('Array', value)));
}

function objectsOf(call: FunctionCall, values: readonly Json[]): JsonObject[] {
  return values.map((value) => (isObject(value) ? value : call.failType('Object', value)));
}

function union(call: FunctionCall): Json {
  const values = wholeValues(call);
  return Array.isArray(values[0]) ? distinct(arraysOf(call, values).flat()) : objectsOf(call, values).reduce(merge, {});
}

function intersection(call: FunctionCall): Json {
  const values = wholeValues(call);
  if (Array.isArray(values[0])) {
    const [first = [], ...arrays] = arraysOf(call, values);
    const others = arrays.map((array) => new Set(array.map(canonicalJson)));
    return distinct(first).filter((value) => others.every((other) => other.has(canonicalJson(value))));
  }
  const [first = {}, ...others] = objectsOf(call, values);
  const inAll = (key: string, value: Json) =>
    others.every((other) => {
      const name = memberName(other, key);
      return name !== undefined && equalJson(other[name] as Json, value);
    });
  return Object.fromEntries(Object.entries(first).filter(([key, value]) => inAll(key, value)));
}

function createObject(call: FunctionCall): Json {
  if (call.count % 2 === 1) {
    call.fail("The template language function 'createObject' expects an even number of parameters: names and values.");
  }
  const object: JsonObject = {};
  for (let index = 0; index < call.count; index += 2) setMember(object, call.string(index), call.value(index + 1));
  return object;
}

const byKey = ([left]: [string, Json], [right]: [string, Json]): number => (left < right ? -1 : left > right ? 1 : 0);

/** Members one inside the other; null as soon as one is missing. */
function tryGet(call: FunctionCall): Json {
  return call
    .values(1)
    .reduce<Json>((target, key) => (target === null ? null : readMember(target, key, { safe: true })), call.value(0));
}

export const objectFunctions: readonly FunctionDefinition[] = [
  define('createObject', [0], createObject),
  define('intersection', [2], intersection),
  define('items', 1, (call) =>
    Object.entries(call.object(0))
      .sort(byKey)
      .map(([key, value]) => ({ key, value })),
  ),
  define('objectKeys', 1, (call) =>
    Object.entries(call.object(0))
      .sort(byKey)
      .map(([key]) => key),
  ),
  define('shallowMerge', 1, (call) => Object.assign({}, ...objectsOf(call, call.array(0)).map(asOwnMembers))),
  define('tryGet', [2], tryGet),
  define('union', [1], union),
  define('fail', 1, (call) => call.fail(plainText(call.value(0)))),
];

/** `Object.assign` would run the setter behind `__proto__`. */
function asOwnMembers(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== '__proto__'));
}

type Lambda = (...values: Json[]) => Json;

/** The lambda written as argument `index`; it may name fewer parameters than the function offers. */
function lambdaAt(call: FunctionCall, index: number): Lambda {
  const node = call.nodes[index];
  if (node?.kind !== 'call' || node.namespace !== undefined || node.name.toLowerCase() !== 'lambda') {
    return call.fail(`The template language function '${call.name}' expects a lambda as parameter ${index + 1}.`);
  }
  const names = node.args.slice(0, -1).map((name) => {
    const literal = name.kind === 'literal' && typeof name.value === 'string' ? name.value : undefined;
    return literal ?? call.fail('The parameters of a lambda must be string literals.');
  });
  const body = node.args.at(-1);
  if (!body) return call.fail('A lambda needs an expression.');
  return (...values) => {
    // A context of its own costs more than other calls.
    call.budget.spend(3);
    const variables = new Map(call.context.lambdaVariables);
    for (const [position, name] of names.entries()) variables.set(name.toLowerCase(), values[position] ?? null);
    return call.evaluateNode(body, variables);
  };
}

function truth(call: FunctionCall, value: Json): boolean {
  return typeof value === 'boolean' ? value : call.failType('Boolean', value);
}

/** Sorts stably by a lambda that says whether its first argument comes first. */
function sort(call: FunctionCall): Json {
  const comesFirst = lambdaAt(call, 1);
  return [...call.array(0)].sort((left, right) => {
    if (truth(call, comesFirst(left, right))) return truth(call, comesFirst(right, left)) ? 0 : -1;
    return truth(call, comesFirst(right, left)) ? 1 : 0;
  });
}

function toObject(call: FunctionCall): Json {
  const key = lambdaAt(call, 1);
  const value = call.count > 2 ? lambdaAt(call, 2) : (element: Json) => element;
  const object: JsonObject = {};
  for (const element of call.array(0)) setMember(object, plainText(key(element)), value(element));
  return object;
}

function groupBy(call: FunctionCall): Json {
  const key = lambdaAt(call, 1);
  const groups = new Map<string, Json[]>();
  for (const element of call.array(0)) {
    const name = plainText(key(element));
    const group = groups.get(name);
    if (group) group.push(element);
    else groups.set(name, [element]);
  }
  return Object.fromEntries(groups);
}

function lambdaVariable(call: FunctionCall): Json {
  const name = call.string(0);
  const value = call.context.lambdaVariables.get(name.toLowerCase());
  return value === undefined ? call.fail(`The lambda variable '${name}' is not defined.`) : value;
}

export const lambdaFunctions: readonly FunctionDefinition[] = [
  define('filter', 2, (call) => {
    const keep = lambdaAt(call, 1);
    return call.array(0).filter((element, index) => truth(call, keep(element, index)));
  }),
  define('groupBy', 2, groupBy),
  define('lambda', [1], (call) => call.fail("The template function 'lambda' is not expected at this location.")),
  define('lambdaVariables', 1, lambdaVariable),
  define('map', 2, (call) => {
    const convert = lambdaAt(call, 1);
    return call.array(0).map((element, index) => convert(element, index));
  }),
  define('mapValues', 2, (call) => {
    const convert = lambdaAt(call, 1);
    return Object.fromEntries(Object.entries(call.object(0)).map(([key, value]) => [key, convert(value)]));
  }),
  define('reduce', 3, (call) => {
    const combine = lambdaAt(call, 2);
    return call.array(0).reduce<Json>((current, element, index) => combine(current, element, index), call.value(1));
  }),
  define('sort', 2, sort),
  define('toObject', [2, 3], toObject),
];
