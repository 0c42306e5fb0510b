/** `templateHash`: the same for templates that say the same. */
import { murmurHash64 } from './expressions/unique-strings.js';
import { isObject, type Json } from './json.js';

/** `value` as JSON with sorted members and no blanks. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`);
  return `{${members.join(',')}}`;
}

/**
 * The hash of `template` as Azure writes it: a 64-bit number in decimal.
 * differs: Azure's canonical form is not known, so the number is another one than Azure's.
 */
export const templateHash = (template: Json): string => murmurHash64(canonicalJson(template)).toString();
