/** Keeps secure parameters out of everything that can be read: documents, stored templates, operations, errors. */
import { AzureError } from '../../../errors/index.js';
import { isObject } from '../template/json.js';
/** Shorter values stand for too much else to be told apart. */
const shortestSecret = 4;
/** The secret texts to redact, the longest first. */
export function secretsIn(parameters) {
    const secrets = new Set();
    const add = (value) => {
        if (typeof value === 'string' && value.length >= shortestSecret)
            secrets.add(value);
        else if (Array.isArray(value))
            value.forEach(add);
        else if (isObject(value))
            Object.values(value).forEach(add);
    };
    for (const { type, value } of parameters)
        if (type.secure)
            add(value);
    return [...secrets].sort((left, right) => right.length - left.length);
}
const hide = (text, secrets) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '*******'), text);
/** `shown`, which is JSON, with asterisks where a secret would be readable. */
export function withoutSecrets(shown, secrets) {
    const clean = (value) => {
        if (typeof value === 'string')
            return hide(value, secrets);
        if (Array.isArray(value))
            return value.map(clean);
        if (typeof value !== 'object' || value === null)
            return value;
        return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]));
    };
    return secrets.length === 0 ? shown : clean(shown);
}
/** `error`, without the secrets that a refusal repeats. */
export function hidingSecrets(error, secrets) {
    if (error instanceof AzureError)
        error.message = hide(error.message, secrets);
    return error;
}
/** The values of a type are secrets. */
export const isSecureType = (type) => typeof type === 'string' && /^secure(string|object)$/i.test(type);
/** `template` without the defaults of its secure parameters, those of templates inside it included. */
export function withoutSecureDefaults(template) {
    if (Array.isArray(template))
        return template.map(withoutSecureDefaults);
    if (!isObject(template))
        return template;
    const secure = Object.entries(template).some(([key, value]) => key.toLowerCase() === 'type' && isSecureType(value));
    return Object.fromEntries(Object.entries(template)
        .filter(([key]) => !secure || key.toLowerCase() !== 'defaultvalue')
        .map(([key, value]) => [key, withoutSecureDefaults(value)]));
}
const parametersOf = (plan) => [
    ...plan.parameters,
    ...[...plan.nested.values()].flatMap(parametersOf),
];
/** `shown` with asterisks where a secure parameter of `plan`, or of a deployment inside it, would be readable. */
export const withoutSecureValues = (shown, plan) => withoutSecrets(shown, secretsIn(parametersOf(plan)));
//# sourceMappingURL=secrets.js.map