import fc from 'fast-check';
import t from 'tap';
import {
  boolean,
  contract,
  documentOf,
  enumeration,
  integer,
  listOf,
  nested,
  nillableText,
  optional,
  readDocument,
  required,
  text,
  textOrEmpty,
  writeDocument,
} from '../../../src/api/classic/xml/contract.js';
import {
  escapeAttribute,
  escapeText,
  readXml,
  writeElement,
  type XmlElement,
} from '../../../src/api/classic/xml/xml.js';
import { AzureError } from '../../../src/errors/index.js';
import { endsOrThrows } from '../../shreds.js';

const version = '2015-04-01';

/** The refusal that `work` ends in. */
function refusal(work: () => unknown): AzureError {
  try {
    work();
  } catch (error) {
    if (error instanceof AzureError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

t.test('a document type declaration is refused, so no entity can be declared', async (t) => {
  const bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>';
  const error = refusal(() => readXml(bomb));
  t.equal(error.code, 'InvalidXmlRequest');
  t.equal(error.message, 'The request body’s XML was invalid or not correctly specified.');
  t.match(error.details[0]?.message, /document type/);
  t.equal(refusal(() => readXml('<a>&b;</a>')).code, 'InvalidXmlRequest');
  t.equal(readXml('<a>&lt;&amp;&#65;&#x42;</a>').text, '<&AB');
});

t.test('an error says where in the document it is', async (t) => {
  const { details } = refusal(() => readXml('<a>\n  <b></c>\n</a>'));
  t.match(details[0]?.target, /^line 2, column \d+$/);
});

t.test('long and deep documents are refused', async (t) => {
  t.equal(refusal(() => readXml(`<a>${'x'.repeat(100)}</a>`, { maxLength: 50 })).code, 'InvalidXmlRequest');
  t.equal(refusal(() => readXml('<a>'.repeat(100) + '</a>'.repeat(100))).code, 'InvalidXmlRequest');
  t.equal(refusal(() => readXml('')).code, 'InvalidXmlRequest');
});

t.test('a byte order mark, a declaration, comments and CDATA are read over', async (t) => {
  const root = readXml('\uFEFF<?xml version="1.0" encoding="utf-8"?><!-- hello --><a><![CDATA[<x>]]></a>');
  t.equal(root.text, '<x>');
});

const Probe = contract('Probe', { Path: optional(text), Port: optional(integer) });
const Sample = contract(
  'Sample',
  {
    Name: required(text),
    Port: optional(integer),
    Protocol: optional(enumeration('Protocol', ['tcp', 'udp'])),
    Probe: optional(nested(Probe), { aliases: ['PROBE'] }),
    Probes: optional(listOf('Probe', Probe)),
    Flag: optional(boolean),
    Newer: optional(text, { since: '2014-09-01' }),
    Note: optional(nillableText),
    Empty: optional(textOrEmpty),
  },
  { anyOrderFrom: 'Probe' },
);
const sample = documentOf(Sample, 'Alias');
const azure = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"';
const read = (
  content: string,
  { attributes = azure, at = version, order }: { attributes?: string; at?: string; order?: 'strict' } = {},
) =>
  readDocument(sample, readXml(`<Sample ${attributes}>${content}</Sample>`), { version: at, ...(order && { order }) });

t.test('Azure’s namespace is taken as http, as https and when it is missing, and no other one is', async (t) => {
  for (const attributes of [azure, 'xmlns="https://schemas.microsoft.com/windowsazure"', 'xmlns=""', '']) {
    t.same(read('<Name>a</Name>', { attributes }), { Name: 'a' });
  }
  t.equal(refusal(() => read('<Name>a</Name>', { attributes: 'xmlns="urn:other"' })).code, 'BadRequest');
});

t.test('values may be padded, in any casing, nil or empty', async (t) => {
  const value = read('<Name> a </Name><Port> 80\n</Port><Protocol> TCP </Protocol><Flag>True</Flag>');
  t.same(value, { Name: 'a', Port: 80, Protocol: 'tcp', Flag: true });
  t.same(read('<Name>a</Name><Port i:nil="true"/><Protocol/><Flag/><Note i:nil="1"/><Empty/>'), {
    Name: 'a',
    Note: null,
    Empty: '',
  });
  t.same(read('<Name>a</Name><Flag>0</Flag><PROBE><Port>1</Port></PROBE>'), {
    Name: 'a',
    Flag: false,
    Probe: { Port: 1 },
  });
});

t.test('a missing, misspelled, repeated or misplaced element is refused by the name of its type', async (t) => {
  const text = 'Sample has a missing, misspelled or out of order element.';
  for (const content of [
    '',
    '<Name/>',
    '<Nmae>a</Nmae>',
    '<Name>a</Name><Name>b</Name>',
    '<Port>80</Port><Name>a</Name>',
    '<Name>a</Name><Flag>true</Flag><Port>80</Port>',
    '<Name>a</Name><Name2 xmlns="urn:other"/>',
  ]) {
    const error = refusal(() => read(content));
    t.same([error.code, error.status, error.message], ['BadRequest', 400, text], content);
  }
  t.match(refusal(() => read('<Name>a</Name><Probe><X/></Probe>')).message, /^Probe has a missing/);
  t.match(refusal(() => read('<Name>a</Name><Probes><X/></Probes>')).message, /^Probes has a missing/);
  t.match(refusal(() => readDocument(sample, readXml('<Other/>'), { version })).message, /^Sample has/);
});

t.test('the optional elements at the end come in any order, unless order is strict', async (t) => {
  const content = '<Name>a</Name><Flag>true</Flag><Probe><Port>1</Port></Probe>';
  t.same(read(content), { Name: 'a', Flag: true, Probe: { Port: 1 } });
  t.equal(refusal(() => read(content, { order: 'strict' })).code, 'BadRequest');
});

t.test('an element newer than x-ms-version is unknown in requests and left out of answers', async (t) => {
  t.same(read('<Name>a</Name><Newer>n</Newer>', { at: '2014-09-01' }), { Name: 'a', Newer: 'n' });
  t.equal(refusal(() => read('<Name>a</Name><Newer>n</Newer>', { at: '2014-06-01' })).code, 'BadRequest');
  const value = { Name: 'a', Newer: 'n' };
  t.notMatch(writeDocument(sample, value, { version: '2014-06-01' }), /Newer/);
  t.match(writeDocument(sample, value, { version: '2014-09-01' }), /<Newer>n<\/Newer>/);
});

t.test('what is no number, no boolean or no known word is an incorrect parameter', async (t) => {
  for (const content of ['<Port>eighty</Port>', '<Port>8.5</Port>', '<Flag>maybe</Flag>', '<Port><b/></Port>']) {
    t.equal(refusal(() => read(`<Name>a</Name>${content}`)).message, 'A parameter was incorrect');
  }
  t.equal(
    refusal(() => read('<Name>a</Name><Protocol>icmp</Protocol>')).message,
    "Value 'icmp' specified for parameter 'Protocol' is invalid. Allowed values are 'tcp, udp'.",
  );
});

t.test('answers are compact, declare both namespaces and close empty elements in one tag', async (t) => {
  const value = { Name: 'a', Probes: [], Note: null, Empty: '' };
  t.equal(
    writeDocument(sample, value, { version }),
    `<Sample ${azure}><Name>a</Name><Probes/><Note i:nil="true"/><Empty/></Sample>`,
  );
});

/** Strings that XML can hold, padded or not. */
const content = fc.string({ unit: 'grapheme', maxLength: 20 });

t.test('what a contract writes, it reads back', async () => {
  const values = fc.record(
    {
      Name: content.map((value) => value.trim()).filter((value) => value !== ''),
      Port: fc.integer({ min: 0, max: 65535 }),
      Protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      Probe: fc.record({ Port: fc.integer({ min: 1, max: 9 }) }),
      Probes: fc.array(fc.record({ Port: fc.integer({ min: 1, max: 9 }) })),
      Flag: fc.boolean(),
    },
    { requiredKeys: ['Name'] },
  );
  fc.assert(
    fc.property(values, (value) => {
      const written = writeDocument(sample, value, { version });
      const again = readDocument(sample, readXml(written), { version });
      const inOrder = (of: object) => Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));
      return JSON.stringify(inOrder(again)) === JSON.stringify(inOrder(value));
    }),
  );
});

interface Tree {
  readonly name: string;
  readonly attribute: string;
  readonly text: string;
  readonly children: readonly Tree[];
}

const leaf = {
  name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/),
  attribute: content,
  text: content,
};
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ ...leaf, children: fc.constant([]) }),
    fc.record({ ...leaf, children: fc.array(tie('tree'), { maxLength: 3 }) }),
  ),
}));

const written = ({ name, attribute, text, children }: Tree): string =>
  writeElement(name, escapeText(text) + children.map(written).join(''), {
    attributes: ` a="${escapeAttribute(attribute)}"`,
  });

const matches = (element: XmlElement, expected: Tree): boolean =>
  element.name === expected.name &&
  element.text === expected.text &&
  element.attributes.get('a') === expected.attribute &&
  element.children.length === expected.children.length &&
  element.children.every((child, index) => matches(child, expected.children[index] as Tree));

t.test('any tree of elements survives writing and reading', async () => {
  const clean = (text: string) => readXml(`<a>${escapeText(text)}</a>`).text === text;
  const expressible = (value: Tree): boolean =>
    clean(value.text) && clean(value.attribute) && value.children.every(expressible);
  fc.assert(fc.property(tree.filter(expressible), (value) => matches(readXml(written(value)), value)));
});

t.test('whatever arrives, the reader throws Azure’s refusal and nothing else', async () => {
  const marks = '< > </ /> <a " & ; &#x <![CDATA[ ]]> <!-- <? ?> xmlns:i=" __proto__ <i:a>'.split(' ');
  const pieces = fc.constantFrom(' b="', ...marks);
  const noise = fc.array(fc.oneof(pieces, content), { maxLength: 20 }).map((parts) => parts.join(''));
  const half = fc.tuple(tree.map(written), fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1)));
  const outcome = (body: string): boolean =>
    endsOrThrows(() => readDocument(sample, readXml(body), { version }), AzureError);
  fc.assert(fc.property(fc.oneof(noise, half, fc.string({ unit: 'binary' })), outcome), { numRuns: 1000 });
});
