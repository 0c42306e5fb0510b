/** Reads members of values, and says in Azure's words why there is none. */
import { isObject, type Json, memberName } from '../json.js';
import { ExpressionError } from './expression-error.js';

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
