/** How a deployment goes on when something fails, is cancelled, or is Complete. */
import fc from 'fast-check';
import t from 'tap';
import { validationDocument } from '../../../../src/api/arm/deployments/document.js';
import { runDeployment } from '../../../../src/api/arm/deployments/run.js';
import type { JsonObject } from '../../../../src/api/arm/template/json.js';
import { plan, run, template } from './deploy-for-tests.js';
import { environment, groupId } from './evaluate-for-tests.js';
import { FakeHost } from './fake-host.js';

const address = (name: string, dependsOn: string[] = []) => ({
  type: 'Microsoft.Network/publicIPAddresses',
  apiVersion: '2023-09-01',
  name,
  dependsOn,
  properties: {},
});
const id = (name: string) => `${groupId}/providers/Microsoft.Network/publicIPAddresses/${name}`;

t.test('One failure leaves the work of the others, and stops what depends on it', async (t) => {
  const host = new FakeHost();
  host.refused.set('bad', {
    status: 409,
    body: { error: { code: 'Conflict', message: 'no', details: [{ code: 'Inner', message: 'why' }] } },
  });
  const source = template({
    resources: [address('bad'), address('behind', ['bad']), address('far', ['behind']), address('good')],
    outputs: { x: { type: 'string', value: 'x' } },
  });
  const { properties, run: finished } = await run(plan(source), host);
  t.equal(properties.provisioningState, 'Failed');
  t.match(properties.error, {
    code: 'DeploymentFailed',
    target: `${groupId}/providers/Microsoft.Resources/deployments/d1`,
    message: /^At least one resource deployment operation failed\. Please list deployment operations for details\./,
    details: [{ code: 'Conflict', message: 'no', details: [{ code: 'Inner', message: 'why' }] }],
  });
  t.same(properties.outputResources, [{ id: id('good') }]);
  t.equal(properties.outputs, undefined);
  t.same(
    host.log.filter((line) => line.startsWith('begin')),
    ['begin bad', 'begin good'],
  );
  t.match(finished.operations()[0], {
    properties: {
      provisioningState: 'Failed',
      serviceRequestId: /^[-0-9a-f]{36}$/,
      statusCode: 'Conflict',
      statusMessage: { status: 'Failed', error: { code: 'Conflict' } },
    },
  });
});

t.test('A nested failure is reported inside the error of the deployment around it', async (t) => {
  const host = new FakeHost();
  host.refused.set('bad', { status: 400, body: { error: { code: 'InvalidX', message: 'x is wrong' } } });
  const source = template({
    resources: [
      {
        type: 'Microsoft.Resources/deployments',
        apiVersion: '2022-09-01',
        name: 'n',
        properties: { mode: 'Incremental', template: template({ resources: [address('bad')] }) },
      },
    ],
  });
  const { properties } = await run(plan(source), host);
  t.match(properties.error, {
    code: 'DeploymentFailed',
    details: [{ code: 'DeploymentFailed', details: [{ code: 'InvalidX', message: 'x is wrong' }] }],
  });
});

t.test('What an expression finds missing while running fails the resource, or the outputs', async (t) => {
  const source = template({
    resources: [address('a'), { ...address('b'), properties: { x: "[reference('a').nothing]" } }],
  });
  const { properties } = await run(plan(source));
  t.match(properties.error, {
    details: [
      {
        code: 'InvalidTemplate',
        message:
          /^Unable to process template language expressions for resource '.*\/b' at line '\d+' and column '\d+'\. 'The language expression property 'nothing' doesn't exist, available properties are/,
      },
    ],
  });
  const late = await run(
    plan(
      template({ resources: [address('a')], outputs: { o: { type: 'string', value: "[reference('a').nothing]" } } }),
    ),
  );
  t.match(late.properties.error, {
    code: 'DeploymentOutputEvaluationFailed',
    message: /^Unable to evaluate template outputs: 'o'\./,
    details: [
      {
        code: 'DeploymentOutputEvaluationFailed',
        target: 'o',
        message: /The template output 'o' is not valid: The language expression property 'nothing'/,
      },
    ],
  });
  const gone = await run(
    plan(
      template({ resources: [{ ...address('b'), properties: { x: `[reference('${id('zz')}', '2023-09-01').ip]` } }] }),
    ),
  );
  t.match(gone.properties.error, { details: [{ code: 'ResourceNotFound' }] });
  const wrong = await run(
    plan(template({ resources: [address('a')], outputs: { o: { type: 'int', value: "[reference('a').madeWith]" } } })),
  );
  t.match(wrong.properties.error, { details: [{ message: /Expected 'Integer'\. Actual 'String'\./ }] });
});

t.test('A host that breaks fails the resource, not the emulator', async (t) => {
  const host = new FakeHost();
  host.put = async () => {
    throw new Error('broken');
  };
  const { properties } = await run(plan(template({ resources: [address('a')] })), host);
  t.match(properties.error, { details: [{ code: 'InternalServerError', message: 'broken' }] });
});

t.test('Every write of a deployment, also of one inside it, checks that it goes on', async (t) => {
  const host = new FakeHost();
  const checked: string[] = [];
  const put = host.put.bind(host);
  host.put = (request) => {
    checked.push(request.id.split('/').at(-1) as string);
    try {
      request.check?.();
    } catch {
      return Promise.resolve({ status: 409, body: { error: { code: 'Ended', message: 'ended' } } });
    }
    return put(request);
  };
  let goesOn = true;
  const inside = {
    type: 'Microsoft.Resources/deployments',
    apiVersion: '2022-09-01',
    name: 'inside',
    dependsOn: ['a'],
    properties: { mode: 'Incremental', template: template({ resources: [address('b')] }) },
  };
  const started = runDeployment(plan(template({ resources: [address('a'), inside] })), {
    host,
    environment: environment(),
    correlationId: 'c',
    check: () => {
      if (!goesOn) throw new Error('ended');
      goesOn = false;
    },
  });
  await started.start();
  t.same(checked, ['a', 'b']);
  t.same(host.log, ['begin a', 'end a']);
});

t.test('A cancelled deployment starts nothing further', async (t) => {
  const host = new FakeHost();
  const started = runDeployment(plan(template({ resources: [address('a'), address('b', ['a'])] })), {
    host,
    environment: environment(),
    correlationId: 'c',
  });
  t.equal(started.state, 'Accepted');
  t.match(started.document(), { properties: { provisioningState: 'Accepted' } });
  const put = host.put.bind(host);
  host.put = (request) => {
    t.equal(started.state, 'Running');
    started.cancel();
    return put(request);
  };
  const ended = started.start();
  const document = await ended;
  t.match(document, {
    properties: {
      provisioningState: 'Canceled',
      outputResources: [{ id: id('a') }],
      error: { code: 'DeploymentCanceled' },
    },
  });
  t.same(host.log, ['begin a', 'end a']);
  started.cancel();
  t.equal(started.state, 'Canceled');
});

t.test('Complete mode deletes what the template lacks, users before what they use', async (t) => {
  const host = new FakeHost();
  for (const name of ['old', 'user', 'kept']) host.resources.set(id(name).toLowerCase(), { id: id(name) });
  host.usedBy.set('old', 'user');
  const { properties } = await run(plan(template({ resources: [address('kept')] }), { mode: 'complete' }), host);
  t.equal(properties.provisioningState, 'Succeeded', JSON.stringify(properties.error));
  t.equal(properties.mode, 'Complete');
  t.same([...host.resources.keys()], [id('kept').toLowerCase()]);
  host.resources.set(id('stuck').toLowerCase(), { id: id('stuck') });
  host.usedBy.set('stuck', 'kept');
  const again = await run(plan(template({ resources: [address('kept')] }), { mode: 'Complete' }), host);
  t.match(again.properties, { provisioningState: 'Failed', error: { details: [{ code: 'InUse' }] } });
});

t.test('Validation answers with the document and what would be deployed', async (t) => {
  const planned = plan(
    template({ parameters: { p: { type: 'bool', defaultValue: true } }, resources: [address('b'), address('a')] }),
  );
  const asked = { at: '2025-01-01T00:00:00Z', correlationId: 'c' };
  t.match(validationDocument(planned, { ...asked, apiVersion: '2021-04-01' }), {
    name: 'd1',
    properties: {
      provisioningState: 'Succeeded',
      parameters: { p: { type: 'Bool', value: true } },
      validatedResources: [{ id: id('b') }, { id: id('a') }],
    },
  });
  const { properties } = validationDocument(planned, { ...asked, apiVersion: '2018-05-01' });
  t.match(
    properties,
    { validatedResources: [{ id: id('b'), name: 'b', type: /./, apiVersion: /./ }, { id: id('a') }] },
    'whole in old versions',
  );
});

t.test('Parameters and outputs are shown with small letters at the start of their names', async (t) => {
  const names = ['CrossRg', 'VMName', 'ID', 'TRANS_Test_Parameter', 'zone', '_artifactsLocation', 'function-app-name'];
  const each = (value: JsonObject): JsonObject => Object.fromEntries(names.map((name) => [name, value]));
  const parameters = each({ type: 'string', defaultValue: 'x' });
  const outputs = each({ type: 'string', value: "[parameters('vmname')]" });
  const { properties } = await run(plan(template({ parameters, resources: [], outputs })), new FakeHost());
  const shown = ['crossRg', 'vmName', 'id', 'tranS_Test_Parameter', 'zone', '_artifactsLocation', 'function-app-name'];
  t.strictSame(Object.keys(properties.parameters as JsonObject), shown);
  t.strictSame(Object.keys(properties.outputs as JsonObject), shown);
  for (const [sections, members] of [
    [{ parameters: {} }, {}],
    [{}, undefined],
  ] as const) {
    const { properties: none } = await run(plan(template({ ...sections, resources: [] })), new FakeHost());
    t.strictSame(none.parameters, members, 'a section that is not there is not shown');
  }
});

t.test('Whatever the graph, a resource begins after all that it waits for have ended', async (t) => {
  const graph = fc
    .integer({ min: 1, max: 12 })
    .chain((size) =>
      fc.tuple(
        ...Array.from({ length: size }, (_, index) =>
          fc.uniqueArray(fc.nat({ max: Math.max(0, index - 1) }), { maxLength: index === 0 ? 0 : 3 }),
        ),
      ),
    );
  await fc.assert(
    fc.asyncProperty(graph, fc.boolean(), async (needs, reversed) => {
      const resources = needs.map((list, index) =>
        address(
          `r${index}`,
          list.map((need) => `r${need}`),
        ),
      );
      const { host, properties } = await run(plan(template({ resources: reversed ? resources.reverse() : resources })));
      t.equal(properties.provisioningState, 'Succeeded');
      for (const [index, list] of needs.entries()) {
        for (const need of list) t.ok(host.log.indexOf(`end r${need}`) < host.log.indexOf(`begin r${index}`));
      }
      t.same((properties.outputResources as JsonObject[]).length, needs.length);
    }),
    { numRuns: 50 },
  );
});

t.test('Dependencies show what is read of a resource, at which api-version and by which function', async (t) => {
  const account = "resourceId('Microsoft.Storage/storageAccounts', 'store')";
  const [first, second] = plan(
    template({
      resources: [
        { type: 'Microsoft.Storage/storageAccounts', apiVersion: '2022-09-01', name: 'store', location: 'westeurope' },
        {
          type: 'Microsoft.Web/sites',
          apiVersion: '2022-03-01',
          name: 'reader',
          dependsOn: ['store'],
          properties: {
            key: `[listKeys(${account}, '2021-04-01').keys[0].value]`,
            again: `[listKeys(${account}, '2021-04-01').keys[1].value]`,
            blob: `[reference(${account}, '2016-01-01').primaryEndpoints.blob]`,
            plain: "[reference('store').primaryEndpoints.blob]",
          },
        },
        {
          type: 'Microsoft.Web/sites',
          apiVersion: '2022-03-01',
          name: 'only',
          properties: { blob: `[reference(${account}, '2016-01-01').primaryEndpoints.blob]` },
        },
      ],
    }),
  ).dependenciesShown as { dependsOn: JsonObject[]; resourceName: string }[];
  const shown = (entry: { dependsOn: JsonObject[] } | undefined) =>
    entry?.dependsOn.map(({ resourceName, apiVersion, actionName }) => [resourceName, apiVersion, actionName]);
  t.same(shown(first), [
    ['store', undefined, undefined],
    ['store', '2021-04-01', 'listKeys'],
    ['store', '2016-01-01', undefined],
  ]);
  t.same(shown(second), [['store', '2016-01-01', undefined]]);
});
