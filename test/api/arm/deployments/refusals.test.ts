/** What Azure refuses before it touches anything, and in which words. */
import fc from 'fast-check';
import t from 'tap';
import { readDeploymentRequest } from '../../../../src/api/arm/deployments/request.js';
import { templateHash } from '../../../../src/api/arm/template/hashes.js';
import type { Json } from '../../../../src/api/arm/template/json.js';
import { AzureError } from '../../../../src/errors/index.js';
import { atOnce } from '../../../turns.js';
import { publicIp as ip, type PlanOptions, plan, planNow, rg1, template } from './deploy-for-tests.js';
import { environment } from './evaluate-for-tests.js';

const deployment = (properties: Record<string, unknown>) => ({
  type: 'Microsoft.Resources/deployments',
  apiVersion: '2022-09-01',
  name: 'n',
  properties: { mode: 'Incremental', ...properties },
});

const cases: [title: string, sections: Record<string, unknown>, message: RegExp, options?: PlanOptions][] = [
  [
    'a resource that is not there',
    { resources: [ip('a', { dependsOn: ['Microsoft.Web/sites/func-xyz'] })] },
    /^Deployment template validation failed: 'The resource 'Microsoft\.Web\/sites\/func-xyz' is not defined in the template\. Please see https:\/\/aka\.ms\/arm-template for usage details\.'\.$/,
  ],
  [
    'an id that is not there',
    { resources: [ip('a', { dependsOn: ["[resourceId('Microsoft.Network/loadBalancers', 'lb')]"] })] },
    /The resource 'Microsoft\.Network\/loadBalancers\/lb' is not defined in the template/,
  ],
  [
    'a circle',
    { resources: [ip('a', { dependsOn: ['b'] }), ip('b', { dependsOn: ['a'] }), ip('c', { dependsOn: ['a'] })] },
    /Circular dependency detected on resource: '\/subscriptions\/.*\/a'\. Please see https:\/\/aka\.ms\/arm-template\/#resources for usage details\./,
  ],
  [
    'a circle by reference',
    {
      resources: [
        ip('a', { properties: { x: "[reference('b').x]" } }),
        ip('b', { properties: { x: "[reference(resourceId('Microsoft.Network/publicIPAddresses', 'a')).x]" } }),
      ],
    },
    /Circular dependency/,
  ],
  [
    'a resource that reads itself',
    { resources: [ip('a', { properties: { x: "[reference('a').x]" } })] },
    /Circular dependency/,
  ],
  [
    'two of one name',
    { resources: [ip('a'), ip('A')] },
    /The resource 'Microsoft\.Network\/publicIPAddresses\/A' at line '1' and column '1' is defined multiple times in a template\./,
  ],
  [
    'wrong segments',
    { resources: [ip('a/b')] },
    /The template resource 'a\/b' for type 'Microsoft\.Network\/publicIPAddresses' at line '1' and column '1' has incorrect segment lengths\. A nested resource type must have/,
  ],
  [
    'an unknown function',
    { resources: [ip('a', { properties: { x: '[nope()]' } })] },
    /The template resource 'a' .* is not valid: The template function 'nope' is not valid/,
  ],
  [
    'an unknown function in an output',
    { outputs: { o: { type: 'string', value: '[nope()]' } } },
    /The template output 'o' .* 'nope'/,
  ],
  ['an unknown parameter', { resources: [ip("[parameters('x')]")] }, /The template parameter 'x' is not found/],
  ['an unknown variable', { resources: [ip("[variables('x')]")] }, /The template variable 'x' is not found/],
  [
    'reference in a name',
    { resources: [ip('a'), ip("[reference('a').x]")] },
    /The template function 'reference' is not expected at this location/,
  ],
  [
    'reference in a variable',
    { variables: { v: "[reference('a')]" }, resources: [ip('a', { properties: { v: "[variables('v')]" } })] },
    /The template variable 'v' .* 'reference' is not expected/,
  ],
  [
    'a reference to nothing',
    { outputs: { o: { type: 'object', value: "[reference('zz')]" } } },
    /The template reference 'zz' is not valid: could not find template resource or resource copy with this name\./,
  ],
  [
    'a reference by id without api-version',
    { outputs: { o: { type: 'object', value: "[reference(resourceId('Microsoft.Network/loadBalancers', 'lb'))]" } } },
    /The resource 'Microsoft\.Network\/loadBalancers\/lb' is not defined/,
  ],
  [
    'a reference to a whole copy',
    {
      resources: [ip("[concat('a', copyIndex())]", { copy: { name: 'c', count: 2 } })],
      outputs: { o: { type: 'object', value: "[reference('c')]" } },
    },
    /names more than one resource/,
  ],
  [
    'an unknown parameter given',
    { parameters: { paramUsed: { type: 'string', defaultValue: 'a' } } },
    /The template parameters 'paramNotUsed' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time\. The only supported parameters for this template are 'paramUsed'\./,
    { parameters: { paramNotUsed: 1 } },
  ],
  [
    'a parameter not given',
    { parameters: { a: { type: 'string' } } },
    /The value for the template parameter 'a' at line '1' and column '1' is not provided\. Please see https:\/\/aka\.ms\/arm-create-parameter-file for usage details\./,
  ],
  [
    'a parameter of the wrong type',
    { parameters: { a: { type: 'string' } } },
    /Template parameter JToken type is not valid\. Expected 'String, Uri'\. Actual 'Object'\./,
    { parameters: { a: {} } },
  ],
  [
    'a number for a truth',
    { parameters: { a: { type: 'bool' } } },
    /Expected 'Boolean'\. Actual 'Integer'\./,
    { parameters: { a: 1 } },
  ],
  [
    'a value that is not allowed',
    { parameters: { a: { type: 'string', allowedValues: ['Basic', 'Standard'] } } },
    /The provided value 'badSku' for the template parameter 'a' at line '1' and column '1' is not valid\. The parameter value is not part of the allowed value\(s\): 'Basic,Standard'\.'/,
    { parameters: { a: 'badSku' } },
  ],
  [
    'a secure value, which is not repeated',
    { parameters: { a: { type: 'securestring', allowedValues: ['x'] } } },
    /The provided value for the template parameter 'a'/,
    { parameters: { a: 'hunter2' } },
  ],
  [
    'a text too short',
    { parameters: { a: { type: 'string', minLength: 12 } } },
    /Length of the value should be greater than or equal to '12'/,
    { parameters: { a: 'x' } },
  ],
  [
    'a number too large',
    { parameters: { a: { type: 'int', maxValue: 10 } } },
    /The value should be less than or equal to '10'/,
    { parameters: { a: 11 } },
  ],
  ['an unknown type', { parameters: { a: { type: 'text' } } }, /has the type 'text', which is not valid/],
  [
    'parameters in a circle',
    {
      parameters: {
        a: { type: 'string', defaultValue: "[parameters('b')]" },
        b: { type: 'string', defaultValue: "[parameters('a')]" },
      },
    },
    /Circular dependency detected on the template parameter/,
  ],
  [
    'variables in a circle',
    { variables: { a: "[variables('b')]", b: "[variables('a')]" }, resources: [ip("[variables('a')]")] },
    /Circular dependency detected on the template variable/,
  ],
  [
    'a missing member of a declared type',
    {
      definitions: { d: { type: 'object', properties: { n: { type: 'int' } } } },
      parameters: { a: { $ref: '#/definitions/d' } },
    },
    /The property 'n' is required/,
    { parameters: { a: {} } },
  ],
  [
    'an undefined definition',
    { parameters: { a: { $ref: '#/definitions/d' } } },
    /refers to '#\/definitions\/d', which is not defined/,
  ],
  [
    'an unknown section',
    { resourcs: [] },
    /^Deployment template parse failed: 'Could not find member 'resourcs' on object of type 'Template'\./,
  ],
  [
    'an unknown member of a resource',
    { resources: [ip('a', { dependson2: [] })] },
    /Could not find member 'dependson2' on object of type 'TemplateResource'\. Path 'resources\[0\]\.dependson2'/,
  ],
  [
    'a resource without a type',
    { resources: [{ name: 'a', apiVersion: 'x' }] },
    /Required property 'type' not found in JSON\. Path 'resources\[0\]'/,
  ],
  ['symbolic names without languageVersion 2.0', { resources: { a: ip('a') } }, /languageVersion '2\.0'/],
  ['a resource that is none', { resources: ['x'] }, /Error converting value to type TemplateResource/],
  [
    'a copy that is too large',
    { resources: [ip("[concat('a', copyIndex())]", { copy: { name: 'c', count: 801 } })] },
    /exceeds the limit of '800'/,
  ],
  [
    'a copy count that is no number',
    { resources: [ip('a', { copy: { name: 'c', count: 'x' } })] },
    /The copy count 'x' is not a valid integer/,
  ],
  [
    'too many outputs',
    { outputs: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`o${index}`, { type: 'int', value: 1 }])) },
    /The number of template outputs limit exceeded\. Limit: '64' and actual: '65'\./,
  ],
  [
    'an output of the wrong type',
    { outputs: { o: { type: 'int', value: 'x' } } },
    /The template output 'o' .* Template output JToken type is not valid\. Expected 'Integer'\. Actual 'String'\./,
  ],
  ['an output without a value', { outputs: { o: { type: 'int' } } }, /neither value nor copy/],
  [
    'a nested template with an unknown function',
    { resources: [deployment({ template: template({ resources: [ip('[nope()]')] }) })] },
    /'nope'/,
  ],
  [
    'a nested inner template with a wrong parameter',
    {
      resources: [
        deployment({
          expressionEvaluationOptions: { scope: 'inner' },
          parameters: { zz: { value: 1 } },
          template: template({}),
        }),
      ],
    },
    /The template parameters 'zz'/,
  ],
  [
    'a nested inner template, though its parameters are not known yet',
    {
      resources: [
        ip('a'),
        deployment({
          expressionEvaluationOptions: { scope: 'inner' },
          parameters: { x: { value: "[reference('a').x]" } },
          template: template({ outputs: { o: { type: 'string', value: "[variables('none')]" } } }),
        }),
      ],
    },
    /The template variable 'none' is not found/,
  ],
  [
    'a Complete deployment of a subscription',
    {},
    /cannot be 'Complete'/,
    { mode: 'Complete', scope: { kind: 'subscription', subscriptionId: 's' } },
  ],
  ['a condition that is no boolean', { resources: [ip('a', { condition: 'x' })] }, /'condition' must be a boolean/],
  [
    'dependsOn of the wrong type',
    { resources: [ip('a', { dependsOn: [1] })] },
    /the members of 'dependsOn' must be strings/,
  ],
];

t.test('Azure refuses a template with …', async (t) => {
  for (const [title, sections, message, options] of cases) {
    t.throws(
      () => plan(template(sections), options),
      { name: 'AzureError', code: 'InvalidTemplate', status: 400, message },
      title,
    );
  }
  t.throws(() => plan([]), /must be an object/);
  t.throws(() => plan({ $schema: 'x' }), /Required property 'contentVersion' not found in JSON\. Path ''/);
});

t.test('A refused value of a secure parameter appears nowhere', async (t) => {
  try {
    plan(template({ parameters: { a: { type: 'securestring', allowedValues: ['x'] } } }), {
      parameters: { a: 'hunter2' },
    });
    t.fail('not refused');
  } catch (error) {
    t.notMatch(String((error as Error).message), /hunter2/);
  }
});

t.test('Errors name the line and column in the template file', async (t) => {
  const text = `{"properties": {"mode": "Incremental", template:{
  // a comment
  "$schema": "x", "contentVersion": "1.0.0.0",
  "parameters": { "sku": {"type": "string", "allowedValues": ["a"]} },
  "resources": [
    {"type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2023-09-01", "name": "a",
     "properties": {"x": "[concat('a'" ]"}}
  ]}, "parameters": {"sku": {"value": "b"}}}}`;
  const request = await readDeploymentRequest(text.replace('" ]"', ']"'), { name: 'd', scope: rg1 });
  t.throws(
    () => planNow(request, environment()),
    /The template resource 'a' at line '7' and column '26' is not valid: Unable to parse language expression 'concat\('a''/,
  );
  const parsed = await readDeploymentRequest(text.replace("[concat('a'\" ]", 'x'), { name: 'd', scope: rg1 });
  t.throws(
    () => planNow(parsed, environment()),
    /The provided value 'b' for the template parameter 'sku' at line '4' and column '26' is not valid/,
  );
});

t.test('Azure refuses requests that are none, and Lazurite those that it does not emulate', async (t) => {
  const read = (text: string) => readDeploymentRequest(text, { name: 'd', scope: rg1 });
  await t.rejects(read('{"properties": {'), {
    code: 'InvalidRequestContent',
    message: /could not be deserialized: 'Unexpected end when reading JSON/,
  });
  await t.rejects(read('{}'), { code: 'InvalidRequestContent', message: /Required property 'properties'/ });
  await t.rejects(read('{"properties": {"mode": "x", "template": {}}}'), {
    code: 'InvalidRequestContent',
    message: /DeploymentMode/,
  });
  await t.rejects(read('{"properties": {"mode": "Incremental"}}'), { code: 'InvalidTemplate' });
  await t.rejects(read('{"properties": {"templateLink": {"id": "/x/templateSpecs/y"}}}'), {
    code: 'InvalidContentLink',
    message: /templateSpecs\/y/,
  });
  await t.rejects(read('{"properties": {"template": {}, "onErrorDeployment": {"type": "LastSuccessful"}}}'), {
    code: 'OnErrorDeploymentNotSupported',
  });
  const indirect: readonly [given: string, message: RegExp][] = [
    ['{"reference": {"secretName": "s"}}', /Key Vault secret, which is not emulated/],
    ['{"expression": "[externalInputs(\'e\')]"}', /'p' is an expression of external inputs, which is not emulated/],
  ];
  for (const [given, message] of indirect) {
    const request = await read(
      `{"properties": {"template": {"$schema": "x", "contentVersion": "1", "parameters": {"p": {"type": "securestring", "defaultValue": ""}}, "resources": []}, "parameters": {"p": ${given}}}}`,
    );
    t.throws(() => planNow(request, environment()), message);
  }
  const file = await read(
    `{"properties": {"template": {}, "parameters": {"$schema": "s", "parameters": {"p": {"value": 1}}}}}`,
  );
  t.same(file.parameters, { p: { value: 1 } });
});

t.test('Whatever stands in a template, planning throws only errors of the table', async () => {
  const text = fc.constantFrom(
    "[parameters('a')]",
    "[variables('v')]",
    "[reference('x')]",
    '[copyIndex()]',
    "[concat('a'",
    'plain',
    '',
    '[null()]',
    '[range(0,3)]',
  );
  // Where a text is expected, an object whose own `toString` is no function has no text.
  const trap = fc.constant({ toString: 1, valueOf: 1 } as unknown as Json);
  const value = fc.oneof(
    text,
    trap,
    fc.dictionary(
      fc.constantFrom('name', 'count', 'mode', 'batchSize', 'input', 'type', 'scope'),
      fc.oneof(text, trap),
    ),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(text),
    fc.dictionary(fc.string(), text),
  );
  const resource = fc.dictionary(
    fc.constantFrom('type', 'name', 'apiVersion', 'copy', 'dependsOn', 'properties', 'condition', 'scope', 'resources'),
    value,
  );
  const anything = fc.record(
    {
      parameters: fc.dictionary(fc.constantFrom('a', 'b'), value),
      variables: fc.dictionary(fc.constantFrom('v', 'copy'), value),
      resources: fc.oneof(fc.array(fc.oneof(resource, value)), value),
      outputs: fc.dictionary(fc.string(), value),
      functions: fc.oneof(value, fc.array(value)),
      languageVersion: value,
      contentVersion: value,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(anything, (sections) => {
      try {
        plan(template(sections as Record<string, Json>));
        return true;
      } catch (error) {
        if (!(error instanceof AzureError)) throw error;
        return true;
      }
    }),
    { numRuns: 1000 },
  );
});

const hashOf = (value: Json): string => atOnce(templateHash(value));

t.test('The template hash depends on what a template says, not on the order of its members', async (t) => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      t.equal(hashOf(value as Json), hashOf(turned as Json));
    }),
  );
  t.not(hashOf({ a: 1 }), hashOf({ a: 2 }));
  t.not(hashOf([1, 2]), hashOf([2, 1]));
});
