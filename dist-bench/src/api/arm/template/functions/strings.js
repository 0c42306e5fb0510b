/** The string functions of template expressions: formatting, base64 and URIs among them. */
import { templateGuid, uniqueString } from '../hashes.js';
import { member } from '../json.js';
import { joined, plainText } from './collections.js';
import { define } from './function-call.js';
const maxWidth = 1024;
/** Composite formatting: `{0}`, `{1,8}`, `{0:D3}`, and `{{` for a brace. */
function formatText(call) {
    const pattern = call.string(0);
    const values = call.values(1);
    let length = 0;
    const counted = (text) => {
        length += text.length;
        call.budget.checkTextLength(length);
        return text;
    };
    return pattern.replace(/\{\{|\}\}|\{(\d+)(?:,\s*(-?\d+))?(?::([^{}]*))?\}|[{}]/g, (whole, index, width, specifier) => {
        if (whole === '{{' || whole === '}}')
            return whole.charAt(0);
        if (index === undefined)
            return call.fail(`Unable to evaluate template language function 'format': the format is invalid: '${pattern}'.`);
        const value = values[Number(index)];
        if (value === undefined) {
            return call.fail(`Unable to evaluate template language function 'format': the format references parameter '${index}' but only '${values.length}' were given.`);
        }
        const text = specifier && typeof value === 'number' ? formatNumber(value, specifier) : plainText(value);
        const columns = Math.max(-maxWidth, Math.min(maxWidth, Number(width ?? 0)));
        return counted(columns < 0 ? text.padEnd(-columns) : text.padStart(columns));
    });
}
const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ',');
/** A number by .NET's standard specifiers (D, X, N, F) or a picture such as `000`. */
function formatNumber(value, specifier) {
    const [, kind = '', precision] = /^([A-Za-z])(\d{0,2})$/.exec(specifier) ?? [];
    const digits = precision ? Number(precision) : undefined;
    const sign = value < 0 ? '-' : '';
    const size = Math.abs(value);
    if (/d/i.test(kind))
        return sign + String(size).padStart(digits ?? 0, '0');
    if (/x/i.test(kind)) {
        const hex = size.toString(16).padStart(digits ?? 0, '0');
        return kind === 'X' ? hex.toUpperCase() : hex;
    }
    if (/f/i.test(kind))
        return sign + size.toFixed(digits ?? 2);
    if (/n/i.test(kind)) {
        const [whole = '', fraction] = size.toFixed(digits ?? 2).split('.');
        return sign + grouped(whole) + (fraction === undefined ? '' : `.${fraction}`);
    }
    return /^0+$/.test(specifier) ? sign + String(size).padStart(specifier.length, '0') : String(value);
}
const encode = (text) => Buffer.from(text, 'utf8').toString('base64');
function decode(call, text) {
    if (!/^[A-Za-z0-9+/\s]*={0,2}$/.test(text.trim())) {
        call.fail(`The template language function '${call.name}' was invoked with a parameter that is not valid. The value cannot be decoded from base64 representation.`);
    }
    return Buffer.from(text, 'base64').toString('utf8');
}
function base64ToJson(call) {
    const text = decode(call, call.string(0));
    try {
        return JSON.parse(text);
    }
    catch {
        return call.fail("The template language function 'base64ToJson' was invoked with a value that holds no valid JSON.");
    }
}
/** Everything but unreserved characters, as .NET's escaping does it. */
const escapeUri = (text) => encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8')).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
function unescapeUri(call) {
    try {
        return decodeURIComponent(call.string(0));
    }
    catch {
        return call.fail("The template language function 'uriComponentToString' was invoked with a value that cannot be decoded.");
    }
}
function dataUriToString(call) {
    const match = /^data:([^,]*),(.*)$/s.exec(call.string(0));
    if (!match) {
        return call.fail("The template language function 'dataUriToString' expects a data URI. The provided value is none.");
    }
    const [, type = '', data = ''] = match;
    return /;base64$/i.test(type.trim())
        ? decode(call, data)
        : decodeURIComponent(data.replace(/%(?![0-9a-fA-F]{2})/g, '%25'));
}
function combine(call) {
    const [base, relative] = [call.string(0), call.string(1)];
    try {
        return new URL(relative, base).href;
    }
    catch {
        return call.fail(`The template language function 'uri' cannot combine '${base}' and '${relative}'.`);
    }
}
export const encodingFunctions = [
    define('base64', 1, (call) => encode(call.string(0))),
    define('base64ToJson', 1, base64ToJson),
    define('base64ToString', 1, (call) => decode(call, call.string(0))),
    define('dataUri', 1, (call) => `data:text/plain;charset=utf8;base64,${encode(plainText(call.value(0)))}`),
    define('dataUriToString', 1, dataUriToString),
    define('uri', 2, combine),
    define('uriComponent', 1, (call) => escapeUri(call.string(0))),
    define('uriComponentToString', 1, unescapeUri),
];
/** Azure's limit for a text. */
const maxPadding = 131_072;
function padLeft(call) {
    const value = call.value(0);
    if (typeof value !== 'string' && typeof value !== 'number')
        call.failType('String, Integer', value);
    const width = call.integer(1);
    const character = call.optionalString(2) ?? ' ';
    if (character.length !== 1) {
        call.fail(`The template language function 'padLeft' expects its third parameter to be one character. The provided value is '${character}'.`);
    }
    if (width < 0 || width > maxPadding) {
        call.fail(`The template language function 'padLeft' cannot make a string of '${width}' characters.`);
    }
    return plainText(value).padStart(width, character);
}
function substring(call) {
    const text = call.string(0);
    const start = call.integer(1);
    const length = call.optionalInteger(2) ?? text.length - start;
    if (start < 0 || length < 0 || start + length > text.length) {
        call.fail(`Unable to evaluate template language function 'substring': the index and length parameters must refer to a location within the string. The index: '${start}', the length parameter: '${length}', the length of the string parameter: '${text.length}'.`);
    }
    return text.slice(start, start + length);
}
function split(call) {
    const delimiters = typeof call.value(1) === 'string' ? [call.string(1)] : call.array(1).map(plainText);
    let parts = [call.string(0)];
    for (const delimiter of delimiters) {
        if (delimiter === '')
            continue;
        call.budget.spend((call.string(0).length >> 5) + parts.length);
        parts = parts.flatMap((part) => part.split(delimiter));
    }
    return parts;
}
function replace(call) {
    const old = call.string(1);
    if (old === '')
        call.fail("The template language function 'replace' cannot replace an empty string.");
    return joined(call, call.string(0).split(old), call.string(2));
}
const folded = (call) => [
    call.string(0).toLowerCase(),
    call.string(1).toLowerCase(),
];
const texts = (call) => call.values().map((value) => (typeof value === 'object' ? call.failType('String', value) : plainText(value)));
function parseJson(call) {
    const text = call.string(0);
    try {
        return JSON.parse(text);
    }
    catch {
        return call.fail("The template language function 'json' parameter is not valid. The provided value is not valid JSON.");
    }
}
function toInteger(call) {
    const value = call.value(0);
    if (typeof value === 'number')
        return Math.trunc(value);
    const text = call.string(0).trim();
    return /^[-+]?\d+$/.test(text)
        ? Number(text)
        : call.fail(`The template language function 'int' cannot convert the value '${text}' to an integer.`);
}
function toBoolean(call) {
    const value = call.value(0);
    if (typeof value === 'boolean')
        return value;
    if (typeof value === 'number')
        return value !== 0;
    const text = call.string(0).trim().toLowerCase();
    if (text === 'true' || text === '1')
        return true;
    if (text === 'false' || text === '0')
        return false;
    return call.fail(`The template language function 'bool' cannot convert the value '${text}' to a boolean.`);
}
/** Azure's casing never changes how long a text is: `ß` stays. */
const eachCharacter = (text, convert) => /^[\0-\x7f]*$/.test(text)
    ? convert(text)
    : [...text].map((one) => (convert(one).length === one.length ? convert(one) : one)).join('');
/** `{scheme, host, port, path, query}` as a URI; all but scheme and host may be missing. */
function buildUri(call) {
    const parts = call.object(0);
    const part = (name) => plainText(member(parts, name) ?? '');
    const [scheme, host, port, path, query] = ['scheme', 'host', 'port', 'path', 'query'].map(part);
    if (!scheme || !host)
        return call.fail("The template language function 'buildUri' expects a 'scheme' and a 'host'.");
    const absolute = path && !path.startsWith('/') ? `/${path}` : path;
    const search = query && !query.startsWith('?') ? `?${query}` : query;
    return `${scheme}://${host}${port ? `:${port}` : ''}${absolute}${search}`;
}
/** The parts of an absolute URI; those that it does not have are left out. */
function parseUri(call) {
    const text = call.string(0);
    if (!URL.canParse(text))
        return call.fail(`The template language function 'parseUri' cannot read '${text}' as a URI.`);
    const { protocol, hostname, port, pathname, search } = new URL(text);
    return {
        scheme: protocol.slice(0, -1),
        host: hostname,
        ...(port === '' ? {} : { port: Number(port) }),
        path: pathname,
        ...(search === '' ? {} : { query: search }),
    };
}
export const stringFunctions = [
    define('bool', 1, toBoolean),
    define('buildUri', 1, buildUri),
    define('endsWith', 2, (call) => {
        const [text, end] = folded(call);
        return text.endsWith(end);
    }),
    define('format', [1], formatText),
    define('guid', [1], (call) => templateGuid(texts(call))),
    define('int', 1, toInteger),
    define('join', 2, (call) => joined(call, call.array(0).map(plainText), call.string(1))),
    define('json', 1, parseJson),
    define('padLeft', [2, 3], padLeft),
    define('parseUri', 1, parseUri),
    define('replace', 3, replace),
    define('split', 2, split),
    define('startsWith', 2, (call) => {
        const [text, start] = folded(call);
        return text.startsWith(start);
    }),
    define('string', 1, (call) => plainText(call.wholeValue(0))),
    define('substring', [2, 3], substring),
    define('toLower', 1, (call) => eachCharacter(call.string(0), (character) => character.toLowerCase())),
    define('toUpper', 1, (call) => eachCharacter(call.string(0), (character) => character.toUpperCase())),
    define('trim', 1, (call) => call.string(0).trim()),
    define('uniqueString', [1], (call) => uniqueString(texts(call))),
];
//# sourceMappingURL=strings.js.map