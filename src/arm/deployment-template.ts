/** What deployments keep and show, without the values that nobody may read again. */
import { type DeploymentPlan, type Json, type JsonObject, secretsIn, withoutSecrets } from './deployments/index.js';

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

/** `shown` with asterisks where a secure parameter of `plan`, or of a deployment inside it, would be readable. */
export const withoutSecureValues = <T>(shown: T, plan: DeploymentPlan): T =>
  withoutSecrets(shown, secretsIn(parametersOf(plan)));

const parametersOf = (plan: DeploymentPlan): DeploymentPlan['parameters'] => [
  ...plan.parameters,
  ...[...plan.nested.values()].flatMap(parametersOf),
];
