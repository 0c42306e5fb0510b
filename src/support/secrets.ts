/** Hides secrets in bodies that are shown again: passwords, keys, and what templates declare as secure. */
import { isDeeper, isObject } from './plain-data.js';

type Members = Readonly<Record<string, unknown>>;

const hidden = '*******';
/** Nothing that is deeper is read by any provider, and looking through it takes more stack than there is. */
const mostLevels = 256;
/** Members that every provider takes and none shows again. */
const secretNames = 'password|secret|sharedKey|protectedSettings|privateConfiguration';
const secretName = new RegExp(`(${secretNames})$`, 'i');
const secureType = /^secure(string|object)$/i;
/** A text in which these words stand may hold secrets: by their names, or as parameters of which no type is known. */
const suspicious = new RegExp(`${secretNames}|secure(string|object)|templateLink`, 'i');
/**
 * What hides secrets that stand far in front of it: secure types, links to templates, a template as text, whose parameters are
 * hidden where it cannot be read, and escaped letters, which may be any word. One by one, because a search for a single
 * word leaps over most of a text.
 */
const farReaching = [/secure(?=string|object)/i, /template(?:Link|"\s*:\s*")/i, /\\u00/i];

const memberOf = (value: unknown, name: string): unknown =>
  isObject(value) ? Object.entries(value).find(([key]) => key.toLowerCase() === name)?.[1] : undefined;

const isSecure = (declaration: unknown): boolean => secureType.test(String(memberOf(declaration, 'type')));

/** A text whose URLs and query strings have no signatures: who has a shared access signature may read what it signs. */
export const unsigned = (text: string): string => text.replace(/((?:^|[?&;])sig=)[^&"'<\s]+/gi, `$1${hidden}`);

/** The JSON in `text`, or the text itself, without secrets; a text that is no JSON but may hold secrets is hidden. */
export function shownText(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return suspicious.test(text) ? hidden : unsigned(text);
  }
  return isDeeper(value, mostLevels) ? hidden : withoutSecrets(value);
}

/** Of a text that may hold secrets: reading a longer one would delay all other requests. */
const mostCharacters = 1024 * 1024;

/**
 * The first `limit` characters of a text without its secrets. They are removed before it is cut, because a cut text can no
 * longer be parsed. A very long text that may hold secrets is hidden.
 */
export function shortened(text: string, limit: number): string {
  // Reading a long text takes long: where none of its beginning can be a secret, the rest of it has no say.
  const beginning = text.slice(0, limit);
  const isOpen = text.length > limit && !suspicious.test(beginning) && !farReaching.some((word) => word.test(text));
  if (!isOpen && text.length > mostCharacters) return hidden;
  const shown = isOpen ? unsigned(beginning) : shownText(text);
  // A copy, because a slice would keep the whole text in memory.
  return Buffer.from((typeof shown === 'string' ? shown : JSON.stringify(shown)).slice(0, limit)).toString();
}

/** The parameters of a deployment: without its template, which one is secure is not known. */
function shownParameters(given: Members, template: unknown): Members {
  const declared = memberOf(template, 'parameters');
  const shown = Object.entries(given).map(([name, parameter]) => {
    const isKnown = isObject(template) && !isSecure(memberOf(declared, name.toLowerCase()));
    return [name, isKnown || !isObject(parameter) ? withoutSecrets(parameter) : hideValue(parameter)];
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
  // A document within a document, such as a template that is sent as text.
  if (typeof value === 'string') {
    return /^\s*\{/.test(value) && suspicious.test(value) ? shownText(value) : unsigned(value);
  }
  if (!isObject(value)) return value;
  const written = memberOf(value, 'template');
  const template = typeof written === 'string' ? shownText(written) : written;
  const isDeployment = template !== undefined || memberOf(value, 'templatelink') !== undefined;
  const shown = (name: string, member: unknown): unknown => {
    const folded = name.toLowerCase();
    if (secretName.test(name) && !isSecure(member)) return typeof member === 'boolean' ? member : hidden;
    if (folded === 'defaultvalue' && isSecure(value)) return hidden;
    if (folded === 'template' && typeof member === 'string') return template;
    if (folded === 'parameters' && isDeployment) {
      if (isObject(member)) return shownParameters(member, template);
      return typeof member === 'string' ? hidden : member;
    }
    return withoutSecrets(member);
  };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(name, member)]));
}
