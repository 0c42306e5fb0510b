/** Template expressions: the grammar, and Azure's functions as tables of calls and values. */
import fc from 'fast-check';
import t from 'tap';
import { evaluateText } from '../../../../src/api/arm/template/evaluate.js';
import { functions } from '../../../../src/api/arm/template/functions/registry.js';
import type { Json } from '../../../../src/api/arm/template/json.js';
import { ExpressionError, isExpression, parseExpression, printNode } from '../../../../src/api/arm/template/parser.js';
import { endsOrThrows, shredsOf } from '../../../shreds.js';
import { contextWith, evaluate, groupId, subscriptionId } from './evaluate-for-tests.js';

const tables: Record<string, [string, Json][]> = {
  strings: [
    ["concat('a', 'b', 1, true())", 'ab1True'],
    ["format('{0}-{1:D3}-{2}', 'a', 7, true())", 'a-007-True'],
    ["format('{{{0}}}', 'x')", '{x}'],
    ["format('{0,5}|{0,-5}|', 'ab')", '   ab|ab   |'],
    ["format('{0:N0} {0:X} {0:F1} {0:0000000}', 12345)", '12,345 3039 12345.0 0012345'],
    ["padLeft('7', 3, '0')", '007'],
    ['padLeft(7, 3)', '  7'],
    ["split('a,b;c', createArray(',', ';'))", ['a', 'b', 'c']],
    ["split('a,b', ',')", ['a', 'b']],
    ["join(createArray('a', 'b'), '-')", 'a-b'],
    ["replace('1.2.3', '.', '$&')", '1$&2$&3'],
    ["substring('abcdef', 2)", 'cdef'],
    ["substring('abcdef', 2, 3)", 'cde'],
    ["take('abc', 2)", 'ab'],
    ["skip('abc', 2)", 'c'],
    ["first('abc')", 'a'],
    ["last('abc')", 'c'],
    ["length('abc')", 3],
    ["contains('abc', 'b')", true],
    ["contains('abc', 'B')", false],
    ["indexOf('abcABC', 'B')", 1],
    ["lastIndexOf('abcABC', 'b')", 4],
    ["startsWith('Hello', 'hE')", true],
    ["endsWith('Hello', 'LO')", true],
    ["toUpper(toLower('AbC'))", 'ABC'],
    ["toUpper('straße')", 'STRAßE'],
    ["trim('  a ')", 'a'],
    ["string(createObject('a', 1))", '{"a":1}'],
    ['string(true())', 'True'],
    ["int('42')", 42],
    ["bool('TRUE')", true],
    ['bool(0)', false],
    ['json(\'{"a":[1]}\')', { a: [1] }],
    ["base64('one, two, three')", 'b25lLCB0d28sIHRocmVl'],
    ["base64ToString('b25lLCB0d28sIHRocmVl')", 'one, two, three'],
    ['base64ToJson(base64(\'{"a":1}\'))', { a: 1 }],
    ["dataUri('Hello')", 'data:text/plain;charset=utf8;base64,SGVsbG8='],
    ["dataUriToString('data:;base64,SGVsbG8=')", 'Hello'],
    ["dataUriToString('data:,a%20b')", 'a b'],
    ["uri('http://contoso.org/firstpath/', 'myscript.sh')", 'http://contoso.org/firstpath/myscript.sh'],
    ["uri('http://contoso.org/firstpath', 'myscript.sh')", 'http://contoso.org/myscript.sh'],
    ["uriComponent('a b/c(d)')", 'a%20b%2Fc%28d%29'],
    ["uriComponentToString('a%20b')", 'a b'],
    ["uniqueString('test')", 'rbgf3xv4ufgzg'],
    ["uniqueString('hello', 'world')", 'a7wkljktk6wne'],
    ["uniqueString('abc')", 'cgtzqvhu4i23s'],
    ["'it''s'", "it's"],
  ],
  arrays: [
    ['concat(createArray(1), createArray(2, 3))', [1, 2, 3]],
    ['array(1)', [1]],
    ['range(3, 3)', [3, 4, 5]],
    ['first(createArray())', null],
    ['last(range(0, 3))', 2],
    ['take(range(0, 5), 2)', [0, 1]],
    ['skip(range(0, 3), -1)', [0, 1, 2]],
    ['contains(range(0, 3), 2)', true],
    ["indexOf(createArray('a', 'b', 'a'), 'a')", 0],
    ["lastIndexOf(createArray('a', 'b', 'a'), 'a')", 2],
    ['indexOf(range(0, 3), 9)', -1],
    ['union(createArray(1, 2), createArray(2, 3))', [1, 2, 3]],
    ['intersection(createArray(1, 2, 3), createArray(3, 2))', [2, 3]],
    ['flatten(createArray(createArray(1), createArray(2, 3)))', [1, 2, 3]],
    ['min(3, 1, 2)', 1],
    ['max(createArray(3, 1))', 3],
    ['empty(createArray())', true],
    ["empty('')", true],
    ['empty(null())', true],
    ['range(5, 2)[1]', 6],
    ['tryIndexFromEnd(range(0, 3), 1)', 2],
    ['tryIndexFromEnd(range(0, 3), 9)', null],
    ['indexFromEnd(range(0, 3), 3)', 0],
  ],
  objects: [
    ["createObject('a', 1).A", 1],
    ["createObject('a', createObject('b', 2))['a'].b", 2],
    ["union(createObject('a', createObject('x', 1)), createObject('A', createObject('y', 2)))", { a: { x: 1, y: 2 } }],
    ["intersection(createObject('a', 1, 'b', 2), createObject('b', 2, 'c', 3))", { b: 2 }],
    ["contains(createObject('a', 1), 'A')", true],
    [
      "items(createObject('b', 2, 'a', 1))",
      [
        { key: 'a', value: 1 },
        { key: 'b', value: 2 },
      ],
    ],
    ["objectKeys(createObject('b', 2, 'A', 1))", ['A', 'b']],
    ["shallowMerge(createArray(createObject('a', 1), createObject('a', 2, 'b', 3)))", { a: 2, b: 3 }],
    ["tryGet(createObject('a', createArray(createObject('b', 5))), 'a', 0, 'b')", 5],
    ["tryGet(createObject('a', 1), 'b', 'c')", null],
    ["createObject('a', 1).?b", null],
    ['null().?b', null],
    ['createArray(1)[?4]', null],
    ["length(createObject('a', 1))", 1],
    ["coalesce(null(), 'x', div(1, 0))", 'x'],
  ],
  'logic and comparison': [
    ['if(true(), 1, div(1, 0))', 1],
    ['and(true(), true(), false())', false],
    ['or(false(), true())', true],
    ['not(false())', true],
    ["equals('a', 'A')", false],
    ["equals(createObject('a', range(0, 2)), createObject('a', createArray(0, 1)))", true],
    ['greater(2, 1)', true],
    ["less('a', 'b')", true],
    ['greaterOrEquals(1, 1)', true],
    ["lessOrEquals('b', 'a')", false],
  ],
  numbers: [
    ['add(2, mul(3, 4))', 14],
    ['sub(1, 5)', -4],
    ['div(-7, 2)', -3],
    ['mod(7, 3)', 1],
    ["float('1.5')", 1.5],
    ['-3', -3],
  ],
  dates: [
    ["dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y')", '4/7/2023 2:53:14 PM'],
    ["dateTimeAdd('2020-01-31', 'P1M', 'yyyy-MM-dd')", '2020-02-29'],
    ["dateTimeAdd('20200407T145314Z', '-PT1H', 'u')", '2020-04-07 13:53:14Z'],
    ['dateTimeFromEpoch(1683040573)', '2023-05-02T15:16:13Z'],
    ["dateTimeToEpoch('2023-05-02T15:16:13Z')", 1683040573],
  ],
  lambdas: [
    ["map(range(0, 3), lambda('i', mul(lambdaVariables('i'), 2)))", [0, 2, 4]],
    [
      "map(createArray('a', 'b'), lambda('x', 'i', format('{0}{1}', lambdaVariables('x'), lambdaVariables('i'))))",
      ['a0', 'b1'],
    ],
    ["filter(range(0, 5), lambda('i', greater(lambdaVariables('i'), 2)))", [3, 4]],
    ["sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))", [1, 2, 3]],
    ["reduce(range(1, 4), 0, lambda('sum', 'n', add(lambdaVariables('sum'), lambdaVariables('n'))))", 10],
    ["toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')), lambda('x', 1))", { a: 1, b: 1 }],
    ["groupBy(range(0, 4), lambda('i', string(mod(lambdaVariables('i'), 2))))", { 0: [0, 2], 1: [1, 3] }],
    ["mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))", { a: 2 }],
    [
      "map(range(0, 2), lambda('i', map(range(0, 2), lambda('j', add(lambdaVariables('i'), lambdaVariables('j'))))))",
      [
        [0, 1],
        [1, 2],
      ],
    ],
  ],
  networks: [
    ["cidrSubnet('10.0.0.0/16', 24, 3)", '10.0.3.0/24'],
    ["cidrSubnet('fd00::/48', 64, 1)", 'fd00:0:0:1::/64'],
    ["cidrHost('10.0.0.0/24', 3)", '10.0.0.4'],
    [
      "parseCidr('10.144.0.0/20')",
      {
        network: '10.144.0.0',
        netmask: '255.255.240.0',
        cidr: 20,
        broadcast: '10.144.15.255',
        firstUsable: '10.144.0.1',
        lastUsable: '10.144.15.254',
      },
    ],
  ],
  'scopes and ids': [
    ['resourceGroup().location', 'westeurope'],
    ['subscription().subscriptionId', subscriptionId],
    ['tenant().tenantId', '11111111-1111-1111-1111-111111111111'],
    ['deployment().name', 'd1'],
    ['environment().name', 'AzureCloud'],
    [
      "resourceId('Microsoft.Network/loadBalancers/probes', 'lb', 'p')",
      `${groupId}/providers/Microsoft.Network/loadBalancers/lb/probes/p`,
    ],
    [
      "resourceId('Microsoft.Network/networkInterfaces/', 'n')",
      `${groupId}/providers/Microsoft.Network/networkInterfaces/n`,
    ],
    [
      "resourceId('other', 'Microsoft.Network/publicIPAddresses', 'ip')",
      `/subscriptions/${subscriptionId}/resourceGroups/other/providers/Microsoft.Network/publicIPAddresses/ip`,
    ],
    [
      "resourceId('22222222-2222-2222-2222-222222222222', 'other', 'Microsoft.Network/publicIPAddresses', 'ip')",
      '/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/other/providers/Microsoft.Network/publicIPAddresses/ip',
    ],
    ["subscriptionResourceId('Microsoft.A/b', 'c')", `/subscriptions/${subscriptionId}/providers/Microsoft.A/b/c`],
    ["tenantResourceId('Microsoft.A/b', 'c')", '/providers/Microsoft.A/b/c'],
    ["extensionResourceId('/x/y', 'Microsoft.A/b', 'c')", '/x/y/providers/Microsoft.A/b/c'],
    [
      "managementGroupResourceId('mg', 'Microsoft.A/b', 'c')",
      '/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.A/b/c',
    ],
    ["pickZones('Microsoft.Network', 'publicIPAddresses', 'westeurope', 2)", ['1', '2']],
    ["toPhysicalZone(subscription().subscriptionId, 'West Europe', '2')", 'westeurope-az2'],
    ["toPhysicalZones(subscription().subscriptionId, 'westeurope', createArray('1'))", ['westeurope-az1']],
    ["toLogicalZone(subscription().subscriptionId, 'westeurope', 'westeurope-az2')", '2'],
    ["toLogicalZones(subscription().subscriptionId, 'westeurope', createArray('westeurope-az3'))", ['3']],
    ['deployer().tenantId', '11111111-1111-1111-1111-111111111111'],
    ["providers('Microsoft.Network', 'loadBalancers').resourceType", 'loadBalancers'],
    ["providers('Microsoft.Compute', 'virtualMachineScaleSets').apiVersions[0]", '2024-07-01'],
    ["resourceInfo('lb').name", 'lb'],
    ['contoso.double(21)', 42],
  ],
};

for (const [family, rows] of Object.entries(tables)) {
  t.test(`Azure's functions of ${family} have these values`, async (t) => {
    for (const [expression, value] of rows) t.same(evaluate(expression), value, expression);
  });
}

t.test('Azure evaluates what stands in brackets, and takes everything else as it is', async (t) => {
  const context = contextWith({ parameters: { a: 'x' } });
  for (const [text, value] of [
    ['plain', 'plain'],
    ['[[escaped]', '[escaped]'],
    ['[open', '[open'],
    ["[parameters('a')]", 'x'],
    ["[ concat ( 'a' ,'b' ) ]", 'ab'],
    ["[CONCAT('a')]", 'a'],
    ['', ''],
  ] as const) {
    t.same(evaluateText(text, context), value, text);
  }
});

t.test('A deterministic GUID is of version 5 and depends on every argument', async (t) => {
  t.match(evaluate("guid('a', 'b')"), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.equal(evaluate("guid('a', 'b')"), evaluate("guid('a-b')"));
  t.not(evaluate("guid('a', 'b')"), evaluate("guid('b', 'a')"));
});

t.test('Azure refuses wrong expressions in these words', async (t) => {
  const cases: [string, RegExp][] = [
    [
      "concat('a'",
      /Unable to parse language expression 'concat\('a'': expected token 'RightParenthesis' and actual 'EndOfData'\./,
    ],
    ["concat('a'))", /expected token 'EndOfData' and actual 'RightParenthesis'/],
    ['foo', /expected token 'LeftParenthesis' and actual 'EndOfData'/],
    ["'open", /not terminated/],
    ['a + b', /'\+' at position '3' is not expected/],
    ['nope()', /The template function 'nope' is not valid/],
    ['contoso.nope()', /The template function 'contoso.nope' is not valid/],
    ['contoso.double()', /requires 1 argument\(s\) while 0 were provided/],
    [
      'empty()',
      /Unable to evaluate template language function 'empty': function requires 1 argument\(s\) while 0 were provided/,
    ],
    ["substring('a')", /requires between 2 and 3 argument\(s\) while 1 were provided/],
    [
      'concat()',
      /Unable to evaluate template language function 'concat'\. At least one parameter should be provided\./,
    ],
    [
      'base64(100)',
      /The template language function 'base64' expects its parameter to be of type 'String'\. The provided value is of type 'Integer'\./,
    ],
    ["parameters('zz')", /The template parameter 'zz' is not found/],
    ["variables('zz')", /The template variable 'zz' is not found/],
    [
      "createObject('a', 1, 'b', 2).c",
      /The language expression property 'c' doesn't exist, available properties are 'a, b'\./,
    ],
    ["createObject('a', 1).constructor", /property 'constructor' doesn't exist/],
    ['range(0, 2)[5]', /The language expression property array index '5' is out of bounds\./],
    ['null().a', /The language expression property 'a' can't be evaluated\./],
    ["resourceId('Microsoft.Storage/storageAccounts')", /At least 2 parameters/],
    [
      "resourceId('Microsoft.Storage/storageAccounts', 'a', 'b')",
      /function 'resourceId': the type 'Microsoft.Storage\/storageAccounts' requires '1' resource name argument\(s\)\./,
    ],
    [
      "resourceId('nosub', 'rg', 'Microsoft.A/b', 'c')",
      /The provided value 'nosub' is not valid subscription identifier\./,
    ],
    ['utcNow()', /The template function 'utcNow' is not expected at this location/],
    ['newGuid()', /The template function 'newGuid' is not expected at this location/],
    ['div(1, 0)', /divide by zero/],
    ['range(0, 10001)', /from 0 to 10000/],
    ["substring('abc', 2, 5)", /must refer to a location within the string/],
    ["format('{1}', 'a')", /references parameter '1'/],
    ["format('{', 'a')", /format is invalid/],
    ["json('{')", /not valid JSON/],
    ["int('x')", /cannot convert/],
    ["fail('stop here')", /stop here/],
    ['map(range(0, 1), 1)', /expects a lambda/],
    ["lambda('x', 1)", /not expected at this location/],
    ["lambdaVariables('x')", /is not defined/],
    ["cidrSubnet('10.0.0.0/24', 16, 0)", /found no subnet/],
    ["cidrHost('10.0.0.0/30', 9)", /found no host/],
    ["parseCidr('10.0.0.0')", /no valid CIDR/],
    ['copyIndex()', /The template function 'copyIndex' is not expected at this location/],
    ['managementGroup()', /has no such scope/],
    ["if('yes', 1, 2)", /of type 'Boolean'/],
    ["dateTimeAdd('2020-01-01', 'x')", /no ISO 8601 duration/],
    ["padLeft('a', 9999999)", /cannot make a string/],
    ["createObject('a')", /even number/],
    ["concat('a', createObject())", /of type 'String'/],
  ];
  for (const [expression, message] of cases) {
    t.throws(() => evaluate(expression), { name: 'ExpressionError', message }, expression);
  }
  t.throws(() => evaluate(`${'not('.repeat(400)}true()${')'.repeat(400)}`), /nested more than/);
  t.throws(() => evaluate(`'${'x'.repeat(30_000)}'`), /length limit exceeded/);
});

t.test('utcNow and newGuid exist in the defaults of parameters', async (t) => {
  const context = contextWith({ place: 'parameterDefault' });
  t.equal(evaluate('utcNow()', context), '20250102T030405Z');
  t.equal(evaluate("utcNow('d')", context), '1/2/2025');
  t.equal(evaluate("utcNow('yyyy-MM-ddTHH:mm:ss.fff')", context), '2025-01-02T03:04:05.678');
  t.match(evaluate('newGuid()', context), /^00000000-/);
});

t.test('copyIndex counts the loop that it names, else the one around the resource', async (t) => {
  const context = {
    ...contextWith(),
    loops: [
      { name: 'vm', index: 2, outermost: true },
      { name: 'disk', index: 5, outermost: false },
    ],
  };
  t.equal(evaluate('copyIndex()', context), 2);
  t.equal(evaluate('copyIndex(1)', context), 3);
  t.equal(evaluate("copyIndex('disk')", context), 5);
  t.equal(evaluate("copyIndex('DISK', 10)", context), 15);
});

t.test('Laws of the functions hold for any values', async (t) => {
  const texts = fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 6 });
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const arrayOf = (values: string[]) => `createArray(${values.map(quote).join(', ')})`;
  fc.assert(
    fc.property(texts, texts, (left, right) => {
      const [a, b] = [arrayOf(left), arrayOf(right)];
      t.same(evaluate(`union(${a}, ${b})`), [...new Set([...left, ...right])]);
      t.same(evaluate(`union(${a}, ${a})`), evaluate(`union(${a}, createArray())`));
      t.same(evaluate(`equals(intersection(${a}, ${a}), union(${a}, createArray()))`), true);
      t.same(evaluate(`concat(take(${a}, 2), skip(${a}, 2))`), left);
      t.match(evaluate(`uniqueString(${left.map(quote).join(',')})`), /^[a-z2-7]{13}$/);
    }),
    { numRuns: 100 },
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      t.equal(evaluate(quote(text)), text);
      const wellFormed = Buffer.from(text, 'utf8').toString('utf8');
      t.equal(evaluate(`base64ToString(base64(${quote(text)}))`), wellFormed);
      t.equal(evaluate(`uriComponentToString(uriComponent(${quote(text)}))`), wellFormed);
    }),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 0, max: 50 }), (start, count) => {
      t.same(evaluate(`length(range(${start}, ${count}))`), count);
      if (count > 0) t.same(evaluate(`add(mul(div(${start}, ${count}), ${count}), mod(${start}, ${count}))`), start);
    }),
  );
});

t.test(
  'Printing a parsed expression and parsing it again gives the same tree; nothing but ExpressionError is thrown',
  async (t) => {
    const leaf = fc.oneof(
      fc.string({ maxLength: 6 }).map((text) => `'${text.replaceAll("'", "''")}'`),
      fc.integer().map(String),
    );
    const { node } = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc
          .tuple(fc.constantFrom('concat', 'ns.f', 'if'), fc.array(tie('node'), { maxLength: 3 }))
          .map(([name, args]) => `${name}(${args.join(',')})`),
        fc.tuple(tie('node'), fc.constantFrom('.a', "['b']", '[0]', '.?c')).map(([target, access]) => target + access),
      ),
    }));
    fc.assert(
      fc.property(node, (text) => {
        const printed = printNode(parseExpression(`[${text}]`));
        t.equal(printNode(parseExpression(`[${printed}]`)), printed);
      }),
    );
    const pieces = ['concat', '(', ')', '[', ']', '.', ',', "'", 'a', '1', '-', ' ', '?', 'parameters', "'x'"];
    fc.assert(
      fc.property(shredsOf(pieces), (text) =>
        endsOrThrows(() => evaluateText(`[${text}]`, contextWith()), ExpressionError),
      ),
      { numRuns: 3000 },
    );
    t.ok(isExpression("[concat('a')]"));
  },
);

/** https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions and the pages below it. */
const documented = `
  array concat contains createArray empty first flatten indexFromEnd indexOf intersection last lastIndexOf length max min range
  skip take tryGet tryIndexFromEnd union parseCidr cidrSubnet cidrHost coalesce equals less lessOrEquals greater
  greaterOrEquals dateTimeAdd dateTimeFromEpoch dateTimeToEpoch utcNow deployer deployment environment parameters variables
  filter groupBy map mapValues reduce sort toObject lambda lambdaVariables and bool false if not or true add copyIndex div
  float int mod mul sub createObject items json null objectKeys shallowMerge extensionResourceId managementGroupResourceId
  pickZones providers reference references resourceId resourceInfo subscriptionResourceId tenantResourceId toLogicalZone
  toLogicalZones toPhysicalZone toPhysicalZones managementGroup resourceGroup subscription tenant base64 base64ToJson
  base64ToString buildUri dataUri dataUriToString endsWith fail format guid join newGuid padLeft parseUri replace split
  startsWith string substring toLower toUpper trim uniqueString uri uriComponent uriComponentToString`;

/** Functions that are not the template language's: Bicep evaluates them, or a parameters file does, before it is sent. */
const elsewhere = `
  any externalInput getSecret loadDirectoryFileInfo loadFileAsBase64 loadJsonContent loadTextContent loadYamlContent nameof
  readCliArg readEnvironmentVariable roleDefinitions sys`;

t.test('The template language has every documented function, and no other', async (t) => {
  const words = (text: string): string[] => text.trim().split(/\s+/).sort();
  t.same([...functions.values()].map(({ name }) => name).sort(), words(documented));
  for (const name of words(elsewhere)) {
    const message = `The template function '${name}' is not valid. Please see https://aka.ms/arm-functions for usage details.`;
    t.throws(() => evaluate(`${name}('x')`), { message }, name);
  }
  const parts = { scheme: 'https', host: 'a.example', port: 8080, path: '/b/c', query: '?d=e' };
  t.same(evaluate("parseUri('https://a.example:8080/b/c?d=e')"), parts);
  t.same(evaluate("parseUri('https://a.example')"), { scheme: 'https', host: 'a.example', path: '/' });
  t.equal(evaluate("buildUri(parseUri('https://a.example:8080/b/c?d=e'))"), 'https://a.example:8080/b/c?d=e');
  t.equal(evaluate("buildUri(createObject('scheme', 'http', 'host', 'a', 'path', 'b'))"), 'http://a/b');
  t.throws(() => evaluate("buildUri(createObject('host', 'a'))"), /expects a 'scheme' and a 'host'/);
  t.throws(() => evaluate("parseUri('/a')"), /cannot read '\/a' as a URI/);
});
