/** Hides secrets in bodies that are shown again: passwords, keys, and what templates declare as secure. */

const hidden = '*******';
/** Members that every provider takes and none shows again. */
const secretName = /(password|secret|sharedKey|protectedSettings)$/i;
const secureType = /^secure(string|object)$/i;

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const memberOf = (value: unknown, name: string): unknown =>
  isMembers(value) ? Object.entries(value).find(([key]) => key.toLowerCase() === name)?.[1] : undefined;

const isSecure = (declaration: unknown): boolean => secureType.test(String(memberOf(declaration, 'type')));

/** The JSON in `text`, or the text itself, without secrets; a text that is no JSON but speaks of secrets is hidden. */
export function shownText(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return /secure(string|object)|password|secret/i.test(text) ? hidden : text;
  }
  return withoutSecrets(value);
}

/** The parameters of a deployment: without its template, which one is secure is not known. */
function shownParameters(given: Members, template: unknown): Members {
  const declared = memberOf(template, 'parameters');
  const shown = Object.entries(given).map(([name, parameter]) => {
    const isKnown = isMembers(template) && !isSecure(memberOf(declared, name.toLowerCase()));
    return [name, isKnown || !isMembers(parameter) ? withoutSecrets(parameter) : hideValue(parameter)];
  });
  return Object.fromEntries(shown);
}

const hideValue = (parameter: Members): Members =>
  Object.fromEntries(
    Object.entries(parameter).map(([key, value]) => [key, key.toLowerCase() === 'value' ? hidden : value]),
  );

/** `value`, which is JSON, with asterisks where a secret stands. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isMembers(value)) return value;
  const written = memberOf(value, 'template');
  const template = typeof written === 'string' ? shownText(written) : written;
  const isDeployment = template !== undefined || memberOf(value, 'templatelink') !== undefined;
  const shown = (name: string, member: unknown): unknown => {
    const folded = name.toLowerCase();
    if (secretName.test(name) && !isSecure(member)) return typeof member === 'boolean' ? member : hidden;
    if (folded === 'defaultvalue' && isSecure(value)) return hidden;
    if (folded === 'template' && typeof member === 'string') return template;
    if (folded === 'parameters' && isDeployment) {
      if (isMembers(member)) return shownParameters(member, template);
      return typeof member === 'string' ? hidden : member;
    }
    return withoutSecrets(member);
  };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(name, member)]));
}
