/** JSON values as templates handle them: member names compare as Azure compares them, prototypes stay untouched. */
import { isObject as hasMembers } from '../../../support/plain-data.js';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** `isObject` of all plain data, for values that are JSON. */
export const isObject = (value: Json | undefined): value is JsonObject => hasMembers(value);

/** The own key of `object` that `name` means: the exact one, else the first that differs in casing only. */
export function memberName(object: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name;
  const folded = name.toLowerCase();
  return Object.keys(object).find((key) => key.toLowerCase() === folded);
}

/** The member `name` of `object`, whatever its casing; undefined when there is none. */
export function member(object: JsonObject, name: string): Json | undefined {
  const key = memberName(object, name);
  return key === undefined ? undefined : object[key];
}

/** The member `name` when it is an object. */
export function objectMember(object: JsonObject, name: string): JsonObject | undefined {
  const value = member(object, name);
  return isObject(value) ? value : undefined;
}

/** Sets an own member; a key such as `__proto__` becomes an ordinary member instead of a new prototype. */
export function setMember(object: JsonObject, key: string, value: Json): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Removes `undefined` members, so that optional members can be written in place. */
export const compact = (members: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter((entry): entry is [string, Json] => entry[1] !== undefined));

/** `value` in a sentence, or where a text is expected: text as it is, anything else as JSON; empty for undefined. */
export const jsonText = (value: Json | undefined): string =>
  typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);

/** What Azure calls the type of a value in its messages. */
export function typeName(value: Json): string {
  if (value === null) return 'Null';
  if (Array.isArray(value)) return 'Array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'Integer' : 'Float';
  return { boolean: 'Boolean', string: 'String', object: 'Object' }[typeof value as 'boolean' | 'string' | 'object'];
}

/** Deep equality; strings and member names are compared exactly. */
export function equalJson(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((value, index) => equalJson(value, right[index] as Json));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equalJson(left[key] as Json, right[key] as Json))
  );
}
