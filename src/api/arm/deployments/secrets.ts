/** Keeps secure parameters out of everything that can be read: documents, stored templates, operations, errors. */
import { AzureError } from '../../../errors/index.js';
import { isObject, type Json } from '../template/json.js';

interface GivenParameter {
  readonly type: { readonly secure: boolean };
  readonly value: Json;
}

/** Shorter values stand for too much else to be told apart. */
const shortestSecret = 4;

/** The secret texts to redact, the longest first. */
export function secretsIn(parameters: readonly GivenParameter[]): string[] {
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

/** `shown`, which is JSON, with asterisks where a secret would be readable. */
export function withoutSecrets<T>(shown: T, secrets: readonly string[]): T {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return hide(value, secrets);
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]));
  };
  return secrets.length === 0 ? shown : (clean(shown) as T);
}

/** `error`, without the secrets that a refusal repeats. */
export function hidingSecrets(error: unknown, secrets: readonly string[]): unknown {
  if (error instanceof AzureError) error.message = hide(error.message, secrets);
  return error;
}

/** The values of a type are secrets. */
export const isSecureType = (type: Json | undefined): boolean =>
  typeof type === 'string' && /^secure(string|object)$/i.test(type);

/**
 * `template` without the defaults of its secure parameters, those of templates inside it included. Shares with it what has
 * none: a copy of 4 MB takes long.
 */
export function withoutSecureDefaults(template: Json): Json {
  if (Array.isArray(template)) {
    const cleaned = template.map(withoutSecureDefaults);
    return cleaned.some((element, index) => element !== template[index]) ? cleaned : template;
  }
  if (!isObject(template)) return template;
  const keys = Object.keys(template);
  const isSecure = keys.some((key) => key.toLowerCase() === 'type' && isSecureType(template[key]));
  const kept = isSecure ? keys.filter((key) => key.toLowerCase() !== 'defaultvalue') : keys;
  const cleaned = kept.map((key) => withoutSecureDefaults(template[key] as Json));
  if (kept.length === keys.length && cleaned.every((value, index) => value === template[keys[index] as string])) {
    return template;
  }
  return Object.fromEntries(kept.map((key, index) => [key, cleaned[index] as Json]));
}

/** The parameters of a deployment, and the deployments inside it. */
interface Parameterised {
  readonly parameters: readonly GivenParameter[];
  readonly nested: ReadonlyMap<unknown, Parameterised>;
}

const parametersOf = (plan: Parameterised): readonly GivenParameter[] => [
  ...plan.parameters,
  ...[...plan.nested.values()].flatMap(parametersOf),
];

/** `shown` with asterisks where a secure parameter of `plan`, or of a deployment inside it, would be readable. */
export const withoutSecureValues = <T>(shown: T, plan: Parameterised): T =>
  withoutSecrets(shown, secretsIn(parametersOf(plan)));
