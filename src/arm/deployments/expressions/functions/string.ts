/** The string functions of template expressions. */
import type { Json } from '../../json.js';
import { define, type FunctionCall, type FunctionDefinition } from '../function-call.js';
import { formatText } from '../text-format.js';
import { templateGuid, uniqueString } from '../unique-strings.js';
import { plainText } from './array.js';

/** No text of Azure's grows longer: what a template may produce has a limit too. */
const maxTextLength = 131_072;

function padLeft(call: FunctionCall): Json {
  const value = call.value(0);
  if (typeof value !== 'string' && typeof value !== 'number') call.failType('String, Integer', value);
  const width = call.integer(1);
  const character = call.optionalString(2) ?? ' ';
  if (character.length !== 1) {
    call.fail(
      `The template language function 'padLeft' expects its third parameter to be one character. The provided value is '${character}'.`,
    );
  }
  if (width < 0 || width > maxTextLength) {
    call.fail(`The template language function 'padLeft' cannot make a string of '${width}' characters.`);
  }
  return plainText(value).padStart(width, character);
}

function substring(call: FunctionCall): Json {
  const text = call.string(0);
  const start = call.integer(1);
  const length = call.optionalInteger(2) ?? text.length - start;
  if (start < 0 || length < 0 || start + length > text.length) {
    call.fail(
      `Unable to evaluate template language function 'substring': the index and length parameters must refer to a location within the string. The index: '${start}', the length parameter: '${length}', the length of the string parameter: '${text.length}'.`,
    );
  }
  return text.slice(start, start + length);
}

function split(call: FunctionCall): Json {
  const delimiters = typeof call.value(1) === 'string' ? [call.string(1)] : call.array(1).map(plainText);
  return delimiters
    .filter((delimiter) => delimiter !== '')
    .reduce<string[]>((parts, delimiter) => parts.flatMap((part) => part.split(delimiter)), [call.string(0)]);
}

function replace(call: FunctionCall): Json {
  const old = call.string(1);
  if (old === '') call.fail("The template language function 'replace' cannot replace an empty string.");
  return call.string(0).replaceAll(old, () => call.string(2));
}

const folded = (call: FunctionCall): readonly [string, string] => [
  call.string(0).toLowerCase(),
  call.string(1).toLowerCase(),
];

const texts = (call: FunctionCall): string[] =>
  call.values().map((value) => (typeof value === 'object' ? call.failType('String', value) : plainText(value)));

function parseJson(call: FunctionCall): Json {
  const text = call.string(0);
  try {
    return JSON.parse(text) as Json;
  } catch {
    return call.fail(
      "The template language function 'json' parameter is not valid. The provided value is not valid JSON.",
    );
  }
}

function toInteger(call: FunctionCall): Json {
  const value = call.value(0);
  if (typeof value === 'number') return Math.trunc(value);
  const text = call.string(0).trim();
  return /^[-+]?\d+$/.test(text)
    ? Number(text)
    : call.fail(`The template language function 'int' cannot convert the value '${text}' to an integer.`);
}

function toBoolean(call: FunctionCall): Json {
  const value = call.value(0);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  const text = call.string(0).trim().toLowerCase();
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  return call.fail(`The template language function 'bool' cannot convert the value '${text}' to a boolean.`);
}

/** Azure's casing never changes how long a text is: `ß` stays. */
const eachCharacter = (text: string, convert: (character: string) => string): string =>
  [...text].map((one) => (convert(one).length === one.length ? convert(one) : one)).join('');

export const stringFunctions: readonly FunctionDefinition[] = [
  define('bool', 1, toBoolean),
  define('endsWith', 2, (call) => {
    const [text, end] = folded(call);
    return text.endsWith(end);
  }),
  define('format', [1], (call) => {
    const text = formatText(call.string(0), call.values(1), (reason) => call.fail(reason));
    return text.length > maxTextLength ? call.fail("The result of 'format' is too long.") : text;
  }),
  define('guid', [1], (call) => templateGuid(texts(call))),
  define('int', 1, toInteger),
  define('join', 2, (call) => call.array(0).map(plainText).join(call.string(1))),
  define('json', 1, parseJson),
  define('padLeft', [2, 3], padLeft),
  define('replace', 3, replace),
  define('split', 2, split),
  define('startsWith', 2, (call) => {
    const [text, start] = folded(call);
    return text.startsWith(start);
  }),
  define('string', 1, (call) => plainText(call.value(0))),
  define('substring', [2, 3], substring),
  define('toLower', 1, (call) => eachCharacter(call.string(0), (character) => character.toLowerCase())),
  define('toUpper', 1, (call) => eachCharacter(call.string(0), (character) => character.toUpperCase())),
  define('trim', 1, (call) => call.string(0).trim()),
  define('uniqueString', [1], (call) => uniqueString(texts(call))),
];
