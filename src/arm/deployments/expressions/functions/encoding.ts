/** The functions that turn text into base64, data URIs and URIs, and back. */
import type { Json } from '../../json.js';
import { define, type FunctionCall, type FunctionDefinition } from '../function-call.js';
import { plainText } from './array.js';

const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

function decode(call: FunctionCall, text: string): string {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) {
    call.fail(
      `The template language function '${call.name}' was invoked with a parameter that is not valid. The value cannot be decoded from base64 representation.`,
    );
  }
  return Buffer.from(text, 'base64').toString('utf8');
}

function base64ToJson(call: FunctionCall): Json {
  const text = decode(call, call.string(0));
  try {
    return JSON.parse(text) as Json;
  } catch {
    return call.fail(
      "The template language function 'base64ToJson' was invoked with a value that holds no valid JSON.",
    );
  }
}

/** Everything but unreserved characters, as .NET's escaping does it. */
const escapeUri = (text: string): string =>
  encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8')).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

function unescapeUri(call: FunctionCall): Json {
  try {
    return decodeURIComponent(call.string(0));
  } catch {
    return call.fail(
      "The template language function 'uriComponentToString' was invoked with a value that cannot be decoded.",
    );
  }
}

function dataUriToString(call: FunctionCall): Json {
  const match = /^data:([^,]*),(.*)$/s.exec(call.string(0));
  if (!match) {
    return call.fail(
      "The template language function 'dataUriToString' expects a data URI. The provided value is none.",
    );
  }
  const [, type = '', data = ''] = match;
  return /;base64$/i.test(type.trim())
    ? decode(call, data)
    : decodeURIComponent(data.replace(/%(?![0-9a-fA-F]{2})/g, '%25'));
}

function combine(call: FunctionCall): Json {
  const [base, relative] = [call.string(0), call.string(1)];
  try {
    return new URL(relative, base).href;
  } catch {
    return call.fail(`The template language function 'uri' cannot combine '${base}' and '${relative}'.`);
  }
}

export const encodingFunctions: readonly FunctionDefinition[] = [
  define('base64', 1, (call) => encode(call.string(0))),
  define('base64ToJson', 1, base64ToJson),
  define('base64ToString', 1, (call) => decode(call, call.string(0))),
  define('dataUri', 1, (call) => `data:text/plain;charset=utf8;base64,${encode(plainText(call.value(0)))}`),
  define('dataUriToString', 1, dataUriToString),
  define('uri', 2, combine),
  define('uriComponent', 1, (call) => escapeUri(call.string(0))),
  define('uriComponentToString', 1, unescapeUri),
];
