/** The lenient reader: whatever `az` sends as a deployment is read, and nothing else throws than its own error. */
import fc from 'fast-check';
import t from 'tap';
import { isObject, type JsonObject } from '../../../../src/api/arm/template/json.js';
import {
  JsonReadError,
  positionOf,
  type ReadLimits,
  readJsonInPieces,
  relativeTo,
} from '../../../../src/api/arm/template/json-reader.js';
import { endsOrThrows, shredsOf } from '../../../shreds.js';
import { atOnce } from '../../../turns.js';

const readJson = (text: string, limits?: ReadLimits) => atOnce(readJsonInPieces(text, limits));

t.test('Azure reads the request of az, whose template key has no quotes', async (t) => {
  const text = '{"properties": {"parameters": {}, "mode": "Incremental", template:{"$schema":"s",\n"resources":[]}\n}}';
  t.same(readJson(text), {
    properties: { parameters: {}, mode: 'Incremental', template: { $schema: 's', resources: [] } },
  });
});

t.test('Azure reads comments, trailing commas, single quotes and strings over several lines', async (t) => {
  const cases: [string, unknown][] = [
    ['// before\n{ "a": 1 /* one */, // rest\n }', { a: 1 }],
    ['[1, 2, ]', [1, 2]],
    ["{'a': 'it\\'s'}", { a: "it's" }],
    ['{"a": "one\ntwo"}', { a: 'one\ntwo' }],
    ['{$schema: "x", content-version: true}', { $schema: 'x', 'content-version': true }],
    ['\uFEFF{"a":"\\u00e9\\n\\t\\\\"}', { a: 'é\n\t\\' }],
    ['{"a": -1.5e3, "b": null}', { a: -1500, b: null }],
    ['/**/ "x" //', 'x'],
  ];
  for (const [text, value] of cases) t.same(readJson(text), value, text);
});

t.test('Azure says where a text stops being JSON', async (t) => {
  const cases: [string, RegExp][] = [
    ['{"a": }', /Unexpected character encountered while parsing value: }\. Path 'a', line 1, position 7\./],
    ['{"a": {"b": [1, x]}}', /Path 'a\.b\[1\]', line 1, position 17/],
    [
      '{"a": 1\n "b": 2}',
      /After parsing a value an unexpected character was encountered: "\. Path 'a', line 2, position 2/,
    ],
    ['{"a": 1', /Unexpected end when reading JSON/],
    ['{"a" 1}', /Expected ':' but got: 1/],
    ['{"a": "x', /Unterminated string/],
    ['{"a": "\\q"}', /Bad JSON escape sequence/],
    ['{"a": "\\u12G4"}', /Invalid Unicode escape sequence/],
    ['{} {}', /Additional text/],
    ['{"a": /* x', /end while parsing comment/],
    ['{"a": /x', /Error parsing comment/],
    ['{?: 1}', /Invalid property identifier character: \?/],
    ['01x', /Unexpected character/],
    ['1e999', /Unexpected character/],
    ['', /Unexpected end/],
  ];
  for (const [text, message] of cases) t.throws(() => readJson(text), { name: 'JsonReadError', message }, text);
});

t.test('Azure refuses what is too deep or too long', async (t) => {
  t.throws(() => readJson('['.repeat(500)), /MaxDepth of 128/);
  t.throws(() => readJson('"xxxx"', { maxLength: 4 }), /6 characters/);
  t.same(readJson(`${'['.repeat(100)}${']'.repeat(100)}`, { maxDepth: 100 }) !== null, true);
});

t.test('A member called __proto__ is a member like any other', async (t) => {
  const value = readJson('{"__proto__": {"polluted": true}, "constructor": 1}') as JsonObject;
  t.equal(({} as Record<string, unknown>).polluted, undefined);
  t.equal(Object.getPrototypeOf(value), Object.prototype);
  t.ok(Object.hasOwn(value, '__proto__'));
});

t.test('A template knows the lines of its own file, wherever in the request it stands', async (t) => {
  const body = readJson('{"properties": {\n  "mode": "x", template: {"a": 1,\n "b": {"c": 2}}}}') as JsonObject;
  const template = (body.properties as JsonObject).template as JsonObject;
  t.same(relativeTo(template, positionOf(template, 'a')), { line: 1, column: 7 });
  t.same(relativeTo(template, positionOf(template.b, 'c')), { line: 2, column: 13 });
  t.same(relativeTo({}, undefined), { line: 1, column: 1 });
  t.ok(isObject(template));
});

t.test('Whatever JSON can say, the reader reads; whatever it is given, it throws only its own error', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value);
      t.same(JSON.stringify(readJson(text)), JSON.stringify(JSON.parse(text)));
      t.same(JSON.stringify(readJson(JSON.stringify(value, null, 2))), JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: 200 },
  );
  const pieces = [...'{}[]:,"\\-. a1\n', "'", '//', '/*', '*/', 'true', '\\u12'];
  fc.assert(
    fc.property(shredsOf(pieces), (text) => endsOrThrows(() => readJson(text), JsonReadError)),
    { numRuns: 2000 },
  );
});
