/** The values of secure parameters: what Lazurite shows of a deployment, errors included, never repeats them. */
import { AzureError } from '../../errors.js';
import { isObject, type Json, type JsonObject } from './json.js';
import type { ResolvedParameter } from './parameters.js';

/** Shorter values stand for too much else to be told apart. */
const shortestSecret = 4;

/** The texts that nobody may read again, the longest first. */
export function secretsIn(parameters: readonly ResolvedParameter[]): string[] {
  const secrets = new Set<string>();
  const add = (value: Json): void => {
    if (typeof value === 'string' && value.length >= shortestSecret) secrets.add(value);
    else if (Array.isArray(value)) value.forEach(add);
    else if (isObject(value)) Object.values(value).forEach(add);
  };
  for (const { type, value } of parameters) if (type.secure) add(value);
  return [...secrets].sort((left, right) => right.length - left.length);
}

const hide = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((shown, secret) => shown.replaceAll(secret, '*******'), text);

/** `shown` with asterisks where a secret would be readable. */
export function withoutSecrets(shown: Json, secrets: readonly string[]): Json {
  if (secrets.length === 0) return shown;
  if (typeof shown === 'string') return hide(shown, secrets);
  if (Array.isArray(shown)) return shown.map((element) => withoutSecrets(element, secrets));
  return isObject(shown) ? objectWithoutSecrets(shown, secrets) : shown;
}

/** The same for an object. */
export const objectWithoutSecrets = (object: JsonObject, secrets: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, withoutSecrets(value, secrets)]));

/** Runs `work`; a refusal that repeats a secret is thrown on without it. */
export function hidingSecrets<T>(secrets: readonly string[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AzureError) error.message = hide(error.message, secrets);
    throw error;
  }
}
