/** The object functions of template expressions, with `union` and `intersection` for arrays too. */
import { equalJson, isObject, type Json, type JsonObject, memberName, setMember } from '../../json.js';
import { define, type FunctionCall, type FunctionDefinition } from '../function-call.js';
import { readMember } from '../member-access.js';
import { distinct, plainText } from './array.js';

/** `right` over `left`; members that are objects on both sides are merged in turn. */
function merge(left: JsonObject, right: JsonObject): JsonObject {
  const merged = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const name = memberName(merged, key) ?? key;
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined;
    setMember(merged, name, isObject(before) && isObject(value) ? merge(before, value) : value);
  }
  return merged;
}

function arraysOf(call: FunctionCall, values: readonly Json[]): Json[][] {
  return values.map((value) => (Array.isArray(value) ? value : call.failType('Array', value)));
}

function objectsOf(call: FunctionCall, values: readonly Json[]): JsonObject[] {
  return values.map((value) => (isObject(value) ? value : call.failType('Object', value)));
}

function union(call: FunctionCall): Json {
  const values = call.values();
  return Array.isArray(values[0]) ? distinct(arraysOf(call, values).flat()) : objectsOf(call, values).reduce(merge, {});
}

function intersection(call: FunctionCall): Json {
  const values = call.values();
  if (Array.isArray(values[0])) {
    const [first = [], ...others] = arraysOf(call, values);
    const inAll = (value: Json) => others.every((other) => other.some((element) => equalJson(element, value)));
    return distinct(first.filter(inAll));
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
  define('objectKeys', 1, (call) => Object.keys(call.object(0))),
  define('shallowMerge', 1, (call) => Object.assign({}, ...objectsOf(call, call.array(0)).map(asOwnMembers))),
  define('tryGet', [2], tryGet),
  define('union', [1], union),
  define('fail', 1, (call) => call.fail(plainText(call.value(0)))),
];

/** `Object.assign` would run the setter behind `__proto__`. */
function asOwnMembers(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== '__proto__'));
}
