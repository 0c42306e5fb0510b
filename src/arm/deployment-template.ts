/** What deployments keep and show, without the values that nobody may read again. */
import type { DeploymentPlan, Json, JsonObject } from './deployments/index.js';

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSecure = (type: Json | undefined): boolean => typeof type === 'string' && /^secure(string|object)$/i.test(type);

/** `template` without the defaults of its secure parameters, those of templates inside it included. */
export function withoutSecureDefaults(template: Json): Json {
  if (Array.isArray(template)) return template.map(withoutSecureDefaults);
  if (!isObject(template)) return template;
  const secure = Object.entries(template).some(([key, value]) => key.toLowerCase() === 'type' && isSecure(value));
  return Object.fromEntries(
    Object.entries(template)
      .filter(([key]) => !secure || key.toLowerCase() !== 'defaultvalue')
      .map(([key, value]) => [key, withoutSecureDefaults(value)]),
  );
}

/** Shorter values stand for too much else to be told apart. */
const shortestSecret = 4;

/** `shown` with asterisks where a secure parameter of `plan` would be readable. */
export function withoutSecureValues(shown: JsonObject, plan: DeploymentPlan): JsonObject {
  const secrets = [...secureValues(plan)].sort((left, right) => right.length - left.length);
  if (secrets.length === 0) return shown;
  const hide = (value: Json): Json => {
    if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, '*******'), value);
    if (Array.isArray(value)) return value.map(hide);
    return isObject(value) ? hideMembers(value) : value;
  };
  const hideMembers = (object: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, hide(value)]));
  return hideMembers(shown);
}

function secureValues(plan: DeploymentPlan): Set<string> {
  const secrets = new Set<string>();
  const add = (value: Json): void => {
    if (typeof value === 'string' && value.length >= shortestSecret) secrets.add(value);
    else if (Array.isArray(value)) value.forEach(add);
    else if (isObject(value)) Object.values(value).forEach(add);
  };
  for (const { type, value } of plan.parameters) if (type.secure) add(value);
  for (const nested of plan.nested.values()) for (const secret of secureValues(nested)) secrets.add(secret);
  return secrets;
}
