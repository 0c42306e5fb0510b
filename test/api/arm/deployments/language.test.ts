/** languageVersion 2.0 and secure values: types of parameters, symbolic children, outputs that only templates see. */
import t from 'tap';
import { readDeploymentRequest } from '../../../../src/api/arm/deployments/request.js';
import type { Json, JsonObject } from '../../../../src/api/arm/template/json.js';
import { plan, planNow, rg1, run, template } from './deploy-for-tests.js';
import { environment } from './evaluate-for-tests.js';
import { FakeHost } from './fake-host.js';

const balancer = (name: string, more: JsonObject = {}): JsonObject => ({
  type: 'Microsoft.Network/loadBalancers',
  apiVersion: '2023-09-01',
  name,
  location: 'westeurope',
  properties: {},
  ...more,
});

const inner = (name: string, sections: Record<string, unknown>, parameters: JsonObject = {}): JsonObject => ({
  type: 'Microsoft.Resources/deployments',
  apiVersion: '2025-04-01',
  name,
  properties: {
    mode: 'Incremental',
    expressionEvaluationOptions: { scope: 'inner' },
    parameters,
    template: template(sections),
  },
});

/** Why `value` is no value of a parameter of this type; empty when it is one. */
function refusal(type: JsonObject, value: Json, definitions: JsonObject = {}): string {
  try {
    plan(template({ languageVersion: '2.0', definitions, parameters: { p: type } }), { parameters: { p: value } });
    return '';
  } catch (error) {
    return (error as Error).message.replace(/^.* is not valid\. /, '').replace(/ Please see .*$/, '');
  }
}

t.test('A parameter with a type of its own takes only what the type describes', async (t) => {
  const closed = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false };
  const numbers = { type: 'object', additionalProperties: { type: 'int' } };
  const pair = { type: 'array', prefixItems: [{ type: 'int' }, { type: 'string' }], items: false };
  const rest = { type: 'array', prefixItems: [{ type: 'int' }], items: { type: 'string' } };
  const shape = {
    type: 'object',
    discriminator: {
      propertyName: 'kind',
      mapping: {
        circle: { type: 'object', properties: { kind: { type: 'string' }, radius: { type: 'int', minValue: 1 } } },
        named: { $ref: '#/definitions/named' },
      },
    },
  };
  const named = { type: 'object', properties: { kind: { type: 'string' }, name: { type: 'string', nullable: true } } };
  const rows: [JsonObject, Json, string | RegExp][] = [
    [closed, { A: 'x' }, ''],
    [closed, { a: 'x', b: 1 }, "The property 'b' is not permitted.'."],
    [closed, {}, "The property 'a' is required.'."],
    [numbers, { x: 1 }, ''],
    [numbers, { x: 'y' }, /Expected 'Integer'. Actual 'String'/],
    [pair, [1, 'x'], ''],
    [pair, [1], ''],
    [pair, ['x'], /Expected 'Integer'/],
    [pair, [1, 'x', 2], "It may have up to '2' elements.'."],
    [rest, [1, 'x', 'y'], ''],
    [rest, [1, 2], /Expected 'String, Uri'/],
    [shape, { kind: 'circle', radius: 1 }, ''],
    [shape, { kind: 'circle', radius: 0 }, /greater than or equal to '1'/],
    [shape, { kind: 'named' }, ''],
    [shape, { kind: 'square' }, "The property 'kind' is not part of the allowed value(s): 'circle,named'.'."],
    [shape, {}, /not part of the allowed/],
  ];
  for (const [type, value, expected] of rows) {
    t.match(refusal(type, value, { named }), expected === '' ? /^$/ : expected, JSON.stringify(value));
  }
});

t.test('Children may be declared by symbolic name, inside their parents', async (t) => {
  const subnet = { type: 'subnets', apiVersion: '2023-09-01', name: 's', dependsOn: ['vnet'], properties: {} };
  const vnet = {
    type: 'Microsoft.Network/virtualNetworks',
    apiVersion: '2023-09-01',
    name: 'v',
    properties: {},
    resources: { subnet },
  };
  const lb = balancer('lb', { properties: { subnet: "[reference('subnet').madeWith]" } });
  const { host, properties } = await run(plan(template({ languageVersion: '2.0', resources: { lb, vnet } })));
  t.equal(properties.provisioningState, 'Succeeded', JSON.stringify(properties.error));
  t.same(
    host.log.filter((line) => line.startsWith('begin')),
    ['begin v', 'begin s', 'begin lb'],
  );
  t.throws(() => plan(template({ resources: [{ ...vnet }] })), {
    code: 'InvalidTemplate',
    message: /'resources' can only be an object with languageVersion '2.0'/,
  });
  const wrong = { ...vnet, resources: { subnet: { ...subnet, name: "[variables('none')]" } } };
  t.throws(
    () => plan(template({ languageVersion: '2.0', resources: { wrong } })),
    /template variable 'none' is not found/,
  );
});

t.test('Symbolic names are there since the experimental versions, with options that nothing here needs', async (t) => {
  const lb = balancer('lb', { asserts: { never: '[false()]' }, '@options': { retryOn: { retryCount: 3 } } });
  for (const languageVersion of ['1.9-experimental', '1.10-experimental', '2.0', '2.1-experimental']) {
    const planned = plan(template({ languageVersion, resources: { lb } }));
    t.same(
      Object.keys([...planned.bodies.values()][0] ?? {}).sort(),
      ['location', 'properties'],
      'only what the resource provider knows is sent',
    );
  }
  t.throws(() => plan(template({ languageVersion: '1.0', resources: { lb } })), { code: 'InvalidTemplate' });
});

t.test('A secure output is for the template around it, and for nobody else', async (t) => {
  const outputs = {
    key: { type: 'securestring', value: "[parameters('key')]" },
    name: { type: 'string', value: 'open' },
  };
  const source = template({
    parameters: { key: { type: 'securestring' } },
    resources: [
      inner(
        'module',
        { parameters: { key: { type: 'securestring' } }, outputs },
        { key: { value: "[parameters('key')]" } },
      ),
      balancer('lb', { tags: { key: "[listOutputsWithSecureValues('module', '2025-04-01').key]" } }),
    ],
    outputs: { again: { type: 'securestring', value: "[listOutputsWithSecureValues('module', '2025-04-01').key]" } },
  });
  const { host, run: ran, properties } = await run(plan(source, { parameters: { key: 'hunter22' } }));
  t.equal(properties.provisioningState, 'Succeeded', JSON.stringify(properties.error));
  t.match([...host.resources.values()], [{ tags: { key: 'hunter22' } }]);
  t.match(host.saved.at(-1), { properties: { outputs: { key: { type: 'SecureString', value: undefined } } } });
  for (const shown of [properties, host.saved, ran.operations()]) t.notMatch(JSON.stringify(shown), 'hunter22');
});

t.test('No error repeats the value of a secure parameter', async (t) => {
  const parameters = { key: 'hunter22' };
  const declared = { key: { type: 'securestring' } };
  const useless = "[int(parameters('key'))]";
  const wrong = template({ parameters: declared, outputs: { o: { type: 'int', value: useless } } });
  t.throws(() => plan(wrong, { parameters }), { message: /cannot convert the value '\*{7}' to an integer/ });
  const host = new FakeHost();
  const error = { code: 'Refused', message: 'not hunter22', details: [{ code: 'X', message: 'hunter22 it is' }] };
  host.refused.set('lb', { status: 400, body: { error } });
  const late = "[int(replace(reference('ip').madeWith, '2023-09-01', parameters('key')))]";
  const ip = { ...balancer('ip'), type: 'Microsoft.Network/publicIPAddresses' };
  const refused = await run(
    plan(template({ parameters: declared, resources: [balancer('lb')] }), { parameters }),
    host,
  );
  const outputs = { o: { type: 'int', value: late } };
  const failed = await run(plan(template({ parameters: declared, resources: [ip], outputs }), { parameters }));
  for (const { properties, run: ran } of [refused, failed]) {
    t.equal(properties.provisioningState, 'Failed');
    t.match(JSON.stringify(properties.error), '*******');
    t.notMatch(JSON.stringify([properties, ran.operations()]), 'hunter22');
  }
});

t.test('A template that goes beyond Azure Resource Manager is refused', async (t) => {
  for (const section of ['imports', 'extensions']) {
    t.throws(() => plan(template({ languageVersion: '2.0', [section]: { graph: { name: 'MicrosoftGraph' } } })), {
      code: 'InvalidTemplate',
      message: "The template's extensions 'graph' are not emulated: there is Azure Resource Manager only.",
    });
    t.doesNotThrow(() => plan(template({ languageVersion: '2.0', [section]: {} })));
  }
});

t.test('Template and parameters may be sent as texts', async (t) => {
  const source = template({ parameters: { name: { type: 'string' } }, resources: [balancer("[parameters('name')]")] });
  const sent = async (text: string, parameters: string) => {
    const body = JSON.stringify({ properties: { template: text, parameters } });
    return planNow(await readDeploymentRequest(body, { name: 'd1', scope: rg1 }), environment());
  };
  const planned = await sent(JSON.stringify(source), '{"name": {"value": "lb"}} // as a text');
  t.match(planned.resources, [{ name: 'lb' }]);
  await t.rejects(sent('{', '{}'), { code: 'InvalidTemplate', message: /^Deployment template parse failed/ });
});
