/** Conditions: what Azure does not evaluate of a resource that is skipped, and what others may say of it. */
import t from 'tap';
import { publicIp as ip, plan, run, template } from './deploy-for-tests.js';
import { FakeHost } from './fake-host.js';

const deployment = (more: Record<string, unknown>) => ({
  type: 'Microsoft.Resources/deployments',
  apiVersion: '2022-09-01',
  name: 'n',
  properties: { mode: 'Incremental', template: template({}) },
  ...more,
});
const parameters = { none: { type: 'object', defaultValue: {} }, empty: { type: 'string', defaultValue: '' } };
const deployed = async (sections: Record<string, unknown>) => {
  const planned = plan(template({ parameters, ...sections }));
  const { host, properties } = await run(planned, new FakeHost());
  t.equal(properties.provisioningState, 'Succeeded');
  return host;
};

t.test('Of a skipped resource neither name nor scope nor properties nor dependencies need a value', async (t) => {
  for (const [title, resource] of Object.entries({
    'an empty name': ip("[parameters('empty')]", { condition: false }),
    'a name that is null': ip("[tryGet(parameters('none'), 'name')]", { condition: '[false()]' }),
    'a name from nothing': ip("[parameters('none').name.first]", { condition: false }),
    'a name of too few segments': ip('a', { type: 'Microsoft.Network/loadBalancers/probes', condition: false }),
    'an api-version from nothing': ip('a', { apiVersion: "[parameters('none').version]", condition: false }),
    'properties from nothing': ip('a', { properties: { x: "[parameters('none').x]" }, condition: false }),
    'a dependency that is not there': ip('a', { dependsOn: ['b'], condition: false }),
    'a scope from nothing': ip('a', { scope: "[parameters('none').scope]", condition: false }),
    'a deployment without group': deployment({ resourceGroup: "[parameters('empty')]", condition: false }),
    'a deployment to a subscription from nothing': deployment({
      subscriptionId: "[split(parameters('empty'), '/')[2]]",
      resourceGroup: "[split(parameters('empty'), '/')[4]]",
      condition: false,
    }),
  })) {
    t.doesNotThrow(() => plan(template({ parameters, resources: [resource] })), title);
  }
  t.throws(() => plan(template({ parameters, resources: [ip("[parameters('empty')]")] })), /'name' must be a string/);
});

t.test('An existing resource with a condition is read only where the condition holds', async (t) => {
  const existing = {
    existing: true,
    condition: "[not(empty(parameters('empty')))]",
    type: 'Microsoft.OperationalInsights/workspaces',
    apiVersion: '2023-09-01',
    subscriptionId: "[split(parameters('empty'), '/')[2]]",
    resourceGroup: "[split(parameters('empty'), '/')[4]]",
    name: "[last(split(parameters('empty'), '/'))]",
  };
  const reading = ip('a', {
    properties: { x: "[if(empty(parameters('empty')), null(), reference('workspace').customerId)]" },
  });
  t.doesNotThrow(() =>
    plan(template({ languageVersion: '2.0', parameters, resources: { workspace: existing, ip: reading } })),
  );
});

t.test('Two resources may have one name where one condition excludes the other', async (t) => {
  const flag = { which: { type: 'bool', defaultValue: true } };
  const resources = [
    ip('a', { condition: "[parameters('which')]", tags: { from: 'first' } }),
    ip('a', { condition: "[not(parameters('which'))]", tags: { from: 'second' } }),
    ip('b', {
      dependsOn: ["[resourceId('Microsoft.Network/publicIPAddresses', 'a')]"],
      properties: { x: "[reference(resourceId('Microsoft.Network/publicIPAddresses', 'a')).provisioningState]" },
    }),
  ];
  const planned = plan(template({ parameters: flag, resources }));
  const kept = planned.resources.filter((one) => one.deployed).map(({ name, source }) => [name, source.tags]);
  t.same(kept, [
    ['a', { from: 'first' }],
    ['b', undefined],
  ]);
  const both = resources.slice(0, 2).map(({ condition: _, ...rest }: Record<string, unknown>) => rest);
  t.throws(() => plan(template({ resources: both })), /is defined multiple times in a template/);
});

t.test('A condition does not cascade to the resources inside of the resource', async () => {
  const parent = {
    type: 'Microsoft.Network/virtualNetworks',
    apiVersion: '2023-09-01',
    name: 'vnet',
    condition: false,
    properties: {},
    resources: [{ type: 'subnets', apiVersion: '2023-09-01', name: 'a', properties: {} }],
  };
  const planned = plan(template({ resources: [parent] }));
  t.same(
    planned.resources.map(({ name, deployed }) => [name, deployed]),
    [
      ['vnet', false],
      ['vnet/a', true],
    ],
  );
});

t.test('A resource inside of another may be of another provider, with a name of its own', async (t) => {
  const workspace = {
    type: 'Microsoft.OperationalInsights/workspaces',
    apiVersion: '2020-08-01',
    name: 'w',
    resources: [
      { type: 'Microsoft.OperationsManagement/solutions', apiVersion: '2015-11-01-preview', name: 'Health(w)' },
      { type: 'savedSearches', apiVersion: '2020-08-01', name: 's' },
      { type: 'Microsoft.OperationalInsights/workspaces/dataSources', apiVersion: '2020-08-01', name: 'w/d' },
    ],
  };
  const planned = plan(template({ resources: [workspace] }));
  t.same(
    planned.resources.map(({ type, name }) => `${type} ${name}`),
    [
      'Microsoft.OperationalInsights/workspaces w',
      'Microsoft.OperationsManagement/solutions Health(w)',
      'Microsoft.OperationalInsights/workspaces/savedSearches w/s',
      'Microsoft.OperationalInsights/workspaces/dataSources w/d',
    ],
  );
  await deployed({ resources: [workspace] });
});

t.test('InvalidTemplate tells programs where in the request it is', async (t) => {
  const body = (sections: Record<string, unknown>) => {
    try {
      plan(template({ parameters, ...sections }));
      return undefined;
    } catch (error) {
      return (error as { toBody(): { error: { additionalInfo: unknown } } }).toBody().error.additionalInfo;
    }
  };
  const at = (path: string) => [{ type: 'TemplateViolation', info: { lineNumber: 1, linePosition: 1, path } }];
  t.same(body({ outputs: { o: { type: 'string', value: "[parameters('x')]" } } }), at('properties.template.outputs.o'));
  t.same(body({ resources: [ip('a'), ip("[parameters('x')]")] }), at('properties.template.resources[1]'));
  t.same(body({ variables: { v: '[nothing()]' } }), at('properties.template.variables.v'));
  t.match(body({ resources: [ip('a', { dependsOn: ['b'] })] }), [{ type: 'TemplateViolation', info: { path: '' } }]);
});
