/** Templates as people write them, deployed against a host in memory. */
import t from 'tap';
import type { JsonObject } from '../../../../src/api/arm/template/json.js';
import { plan, run, template } from './deploy-for-tests.js';
import { groupId, subscriptionId } from './evaluate-for-tests.js';
import { FakeHost } from './fake-host.js';

const network = `${groupId}/providers/Microsoft.Network`;
const ids = (properties: JsonObject) =>
  (properties.outputResources as JsonObject[]).map(({ id }) => String(id).replace(network, ''));

t.test('az network lb create: the balancer waits for its address, named by type and name in odd casing', async (t) => {
  const source = template({
    parameters: {},
    variables: {},
    resources: [
      {
        apiVersion: '2022-05-01',
        type: 'Microsoft.Network/publicIPAddresses',
        name: 'PublicIPlb1',
        location: 'East US 2',
        tags: {},
        dependsOn: [],
        properties: { publicIPAllocationMethod: 'Static' },
        sku: { name: 'Standard' },
      },
      {
        type: 'Microsoft.Network/loadBalancers',
        name: 'lb1',
        location: 'eastus2',
        tags: {},
        apiVersion: '2023-04-01',
        dependsOn: ['Microsoft.Network/publicIpAddresses/PublicIPlb1'],
        properties: { backendAddressPools: [{ name: 'lb1bepool' }], frontendIPConfigurations: [] },
        sku: { name: 'Standard' },
      },
    ],
    outputs: { loadBalancer: { type: 'object', value: "[reference('lb1')]" } },
  });
  const { host, document, properties } = await run(plan(source, { mode: 'incremental' }));
  t.same(host.log, ['begin PublicIPlb1', 'end PublicIPlb1', 'begin lb1', 'end lb1']);
  t.match(document, {
    id: `${groupId}/providers/Microsoft.Resources/deployments/d1`,
    name: 'd1',
    type: 'Microsoft.Resources/deployments',
  });
  t.match(properties, {
    mode: 'Incremental',
    provisioningState: 'Succeeded',
    parameters: {},
    correlationId: '99999999-9999-9999-9999-999999999999',
    timestamp: '2025-01-02T03:04:05.6780000Z',
    duration: 'PT0S',
    outputs: { loadBalancer: { type: 'Object', value: { provisioningState: 'Succeeded' } } },
  });
  t.match(properties.templateHash, /^\d{15,20}$/);
  t.same(ids(properties), ['/loadBalancers/lb1', '/publicIPAddresses/PublicIPlb1']);
  t.same(properties.providers, [
    {
      namespace: 'Microsoft.Network',
      resourceTypes: [
        { resourceType: 'publicIPAddresses', locations: ['eastus2'] },
        { resourceType: 'loadBalancers', locations: ['eastus2'] },
      ],
    },
  ]);
  t.same(properties.dependencies, [
    {
      dependsOn: [
        {
          id: `${network}/publicIPAddresses/PublicIPlb1`,
          resourceType: 'Microsoft.Network/publicIPAddresses',
          resourceName: 'PublicIPlb1',
        },
      ],
      id: `${network}/loadBalancers/lb1`,
      resourceType: 'Microsoft.Network/loadBalancers',
      resourceName: 'lb1',
    },
  ]);
});

t.test('An internal balancer with inbound NAT rules by property copy, and NICs by resource copy', async (t) => {
  const source = template({
    parameters: {
      prefix: { type: 'string', defaultValue: 'web', minLength: 2, maxLength: 8 },
      count: { type: 'int', defaultValue: 3, minValue: 1, maxValue: 10 },
      location: { type: 'string', defaultValue: '[resourceGroup().location]' },
      adminPassword: { type: 'securestring', defaultValue: 'secret!' },
    },
    variables: {
      lbName: "[concat(parameters('prefix'), '-lb')]",
      feId: "[resourceId('Microsoft.Network/loadBalancers/frontendIPConfigurations', variables('lbName'), 'fe')]",
      copy: [{ name: 'ports', count: "[parameters('count')]", input: "[add(50000, copyIndex('ports'))]" }],
    },
    resources: [
      {
        type: 'Microsoft.Network/networkInterfaces',
        apiVersion: '2023-09-01',
        name: "[format('{0}-nic{1}', parameters('prefix'), copyIndex(1))]",
        location: "[parameters('location')]",
        copy: { name: 'nicLoop', count: "[length(range(0, parameters('count')))]" },
        dependsOn: ["[variables('lbName')]"],
        properties: {
          index: '[copyIndex()]',
          natRule: "[concat(reference(variables('lbName')).inboundNatRules[copyIndex()].name)]",
        },
      },
      {
        type: 'Microsoft.Network/loadBalancers',
        apiVersion: '2023-09-01',
        name: "[variables('lbName')]",
        location: "[parameters('location')]",
        dependsOn: ["[resourceId('Microsoft.Network/virtualNetworks', 'vnet')]"],
        properties: {
          frontendIPConfigurations: [
            {
              name: 'fe',
              properties: { subnet: { id: "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', 'sn')]" } },
            },
          ],
          copy: [
            {
              name: 'inboundNatRules',
              count: "[parameters('count')]",
              input: {
                name: "[format('ssh{0}', copyIndex('inboundNatRules'))]",
                properties: {
                  frontendIPConfiguration: { id: "[variables('feId')]" },
                  frontendPort: "[variables('ports')[copyIndex('inboundNatRules')]]",
                  backendPort: 22,
                },
              },
            },
          ],
        },
      },
      {
        type: 'Microsoft.Network/virtualNetworks',
        apiVersion: '2023-09-01',
        name: 'vnet',
        location: "[parameters('location')]",
        properties: {},
        resources: [
          {
            type: 'subnets',
            apiVersion: '2023-09-01',
            name: 'sn',
            dependsOn: ['vnet'],
            properties: { addressPrefix: '10.0.0.0/24' },
          },
        ],
      },
      {
        type: 'Microsoft.Compute/virtualMachineScaleSets',
        apiVersion: '2023-09-01',
        name: 'vmss',
        dependsOn: ['nicLoop'],
        properties: {},
      },
    ],
    outputs: {
      lbId: { type: 'string', value: "[resourceId('Microsoft.Network/loadBalancers', variables('lbName'))]" },
      names: { type: 'array', copy: { count: 2, input: "[concat('n', copyIndex())]" } },
      absent: { type: 'string', condition: false, value: 'x' },
      password: { type: 'securestring', value: "[parameters('adminPassword')]" },
    },
  });
  const { host, properties } = await run(plan(source, { parameters: { count: 3 } }));
  t.equal(properties.provisioningState, 'Succeeded');
  t.same(properties.parameters, {
    prefix: { type: 'String', value: 'web' },
    count: { type: 'Int', value: 3 },
    location: { type: 'String', value: 'westeurope' },
    adminPassword: { type: 'SecureString' },
  });
  t.same(properties.outputs, {
    lbId: { type: 'String', value: `${network}/loadBalancers/web-lb` },
    names: { type: 'Array', value: ['n0', 'n1'] },
    password: { type: 'SecureString' },
  });
  const stored = host.resources.get(`${network}/loadBalancers/web-lb`.toLowerCase()) as JsonObject;
  const rules = (stored.properties as JsonObject).inboundNatRules as JsonObject[];
  t.same(
    rules.map(({ name, properties }) => [name, (properties as JsonObject).frontendPort]),
    [
      ['ssh0', 50000],
      ['ssh1', 50001],
      ['ssh2', 50002],
    ],
  );
  const nic = host.resources.get(`${network}/networkInterfaces/web-nic3`.toLowerCase())?.properties as JsonObject;
  t.match(nic, { index: 2, natRule: 'ssh2' });
  t.equal(host.mostRunning >= 3, true, 'copies are deployed in parallel');
  t.ok(host.log.indexOf('end vnet') < host.log.indexOf('begin web-lb'));
  t.ok(host.log.indexOf('end web-nic3') < host.log.indexOf('begin vmss'));
  t.notMatch(JSON.stringify(properties), /secret!/);
});

t.test('Two pools and an outbound rule: children of the balancer as resources of their own', async (t) => {
  const type = 'Microsoft.Network/loadBalancers/backendAddressPools';
  const pool = (name: string, after: string) => ({
    type,
    apiVersion: '2023-09-01',
    name,
    dependsOn: [after],
    properties: {},
  });
  const source = template({
    resources: [
      pool('lb/pool1', "[resourceId('Microsoft.Network/loadBalancers', 'lb')]"),
      pool('lb/pool2', 'microsoft.network/LOADBALANCERS/lb/backendaddresspools/pool1'),
      {
        type: 'Microsoft.Network/loadBalancers/inboundNatRules',
        apiVersion: '2023-09-01',
        name: 'lb/nat',
        dependsOn: ['lb/pool2', 'Microsoft.Network/loadBalancers/backendAddressPools/lb/pool1'],
        properties: {},
      },
      {
        type: 'Microsoft.Network/loadBalancers',
        apiVersion: '2023-09-01',
        name: 'lb',
        location: 'westeurope',
        properties: { outboundRules: [{ name: 'out' }] },
      },
    ],
  });
  const { host, properties } = await run(plan(source));
  t.same(
    host.log.filter((line) => line.startsWith('begin')),
    ['begin lb', 'begin pool1', 'begin pool2', 'begin nat'],
  );
  t.same(ids(properties), [
    '/loadBalancers/lb',
    '/loadBalancers/lb/backendAddressPools/pool1',
    '/loadBalancers/lb/backendAddressPools/pool2',
    '/loadBalancers/lb/inboundNatRules/nat',
  ]);
});

t.test(
  'Nested deployments: outer scope sees the parent, inner scope its own parameters; outputs flow on',
  async (t) => {
    const inner = template({
      parameters: { name: { type: 'string' }, ip: { type: 'string' } },
      variables: { name: 'inner' },
      resources: [
        {
          type: 'Microsoft.Network/loadBalancers',
          apiVersion: '2023-09-01',
          name: "[concat(variables('name'), '-', parameters('name'))]",
          location: '[resourceGroup().location]',
          properties: { ip: "[parameters('ip')]" },
        },
      ],
      outputs: {
        id: {
          type: 'string',
          value: "[resourceId('Microsoft.Network/loadBalancers', concat(variables('name'), '-', parameters('name')))]",
        },
      },
    });
    const outer = template({
      resources: [
        {
          type: 'Microsoft.Network/publicIPAddresses',
          apiVersion: '2023-09-01',
          name: "[variables('name')]",
          location: 'westeurope',
          properties: { ipAddress: '127.255.0.1' },
        },
      ],
      outputs: { ip: { type: 'string', value: '127.255.0.1' } },
    });
    const source = template({
      variables: { name: 'outer' },
      resources: [
        {
          type: 'Microsoft.Resources/deployments',
          apiVersion: '2022-09-01',
          name: 'first',
          properties: { mode: 'Incremental', template: outer },
        },
        {
          type: 'Microsoft.Resources/deployments',
          apiVersion: '2022-09-01',
          name: 'second',
          resourceGroup: 'rg2',
          properties: {
            mode: 'Incremental',
            expressionEvaluationOptions: { scope: 'inner' },
            parameters: {
              name: { value: "[variables('name')]" },
              ip: { value: "[reference('first').outputs.ip.value]" },
            },
            template: inner,
          },
        },
      ],
      outputs: {
        id: {
          type: 'string',
          value: `[reference(resourceId('rg2', 'Microsoft.Resources/deployments', 'second'), '2022-09-01').outputs.id.value]`,
        },
      },
    });
    const { host, properties } = await run(plan(source));
    const rg2 = groupId.replace('rg1', 'rg2');
    t.equal(properties.provisioningState, 'Succeeded', JSON.stringify(properties.error));
    t.same(host.log, ['begin outer', 'end outer', 'begin inner-outer', 'end inner-outer']);
    t.match(
      host.resources.get(`${rg2}/providers/microsoft.network/loadbalancers/inner-outer`.toLowerCase())?.properties,
      { ip: '127.255.0.1' },
    );
    t.match(properties.outputs, { id: { value: `${rg2}/providers/Microsoft.Network/loadBalancers/inner-outer` } });
    t.same(host.saved.at(-1)?.id, `${rg2}/providers/Microsoft.Resources/deployments/second`);
    t.match(properties.providers, [
      { namespace: 'Microsoft.Resources', resourceTypes: [{ resourceType: 'deployments', locations: [null] }] },
    ]);
    t.same((properties.outputResources as JsonObject[]).length, 2);
  },
);

t.test('What Bicep compiles: symbolic names, existing resources, loops and modules', async (t) => {
  const source = template({
    languageVersion: '2.0',
    metadata: { _generator: { name: 'bicep', version: '0.30.3.12046', templateHash: '1' } },
    definitions: {
      ruleType: { type: 'object', properties: { name: { type: 'string' }, port: { type: 'int', nullable: true } } },
    },
    parameters: {
      location: { type: 'string', defaultValue: '[resourceGroup().location]' },
      rules: {
        type: 'array',
        items: { $ref: '#/definitions/ruleType' },
        defaultValue: [{ name: 'http', port: 80 }, { name: 'other' }],
      },
      optional: { type: 'string', nullable: true },
    },
    resources: {
      vnet: { existing: true, type: 'Microsoft.Network/virtualNetworks', apiVersion: '2023-09-01', name: 'vnet' },
      lb: {
        type: 'Microsoft.Network/loadBalancers',
        apiVersion: '2023-09-01',
        name: "[format('lb-{0}', uniqueString(resourceGroup().id))]",
        location: "[parameters('location')]",
        sku: { name: 'Standard' },
        properties: {
          space: "[reference('vnet').addressSpace.addressPrefixes[0]]",
          loadBalancingRules:
            "[map(parameters('rules'), lambda('r', createObject('name', lambdaVariables('r').name, 'port', coalesce(tryGet(lambdaVariables('r'), 'port'), 8080))))]",
        },
        dependsOn: ['vnet'],
      },
      pools: {
        copy: { name: 'pools', count: '[length(range(0, 3))]', mode: 'serial', batchSize: 1 },
        type: 'Microsoft.Network/loadBalancers/backendAddressPools',
        apiVersion: '2023-09-01',
        name: "[format('{0}/{1}', format('lb-{0}', uniqueString(resourceGroup().id)), format('pool{0}', range(0, 3)[copyIndex()]))]",
        properties: { index: '[copyIndex()]' },
        dependsOn: ['lb'],
      },
      module: {
        type: 'Microsoft.Resources/deployments',
        apiVersion: '2022-09-01',
        name: 'module',
        properties: {
          expressionEvaluationOptions: { scope: 'inner' },
          mode: 'Incremental',
          parameters: { lbId: { value: "[resourceInfo('lb').id]" } },
          template: template({
            parameters: { lbId: { type: 'string' } },
            outputs: { lbId: { type: 'string', value: "[parameters('lbId')]" } },
          }),
        },
        dependsOn: ['lb', "[format('pools[{0}]', 2)]"],
      },
    },
    outputs: {
      id: { type: 'string', value: "[reference('module').outputs.lbId.value]" },
      poolIndexes: { type: 'array', copy: { count: 3, input: "[reference(format('pools[{0}]', copyIndex())).index]" } },
      all: { type: 'int', value: "[length(references('pools', 'full'))]" },
      none: { type: 'string', nullable: true, value: "[parameters('optional')]" },
    },
  });
  const host = new FakeHost();
  host.resources.set(`${network}/virtualNetworks/vnet`.toLowerCase(), {
    id: `${network}/virtualNetworks/vnet`,
    properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
  });
  const { properties, run: finished } = await run(plan(source), host);
  t.equal(properties.provisioningState, 'Succeeded', JSON.stringify(properties.error));
  const lb = [...host.resources.values()].find(({ id }) =>
    /loadBalancers\/lb-[a-z2-7]{13}$/.test(String(id)),
  ) as JsonObject;
  t.match(lb.properties, {
    space: '10.0.0.0/16',
    loadBalancingRules: [
      { name: 'http', port: 80 },
      { name: 'other', port: 8080 },
    ],
  });
  t.same(
    host.log.filter((line) => /pool/.test(line)),
    ['begin pool0', 'end pool0', 'begin pool1', 'end pool1', 'begin pool2', 'end pool2'],
  );
  t.match(properties.outputs, {
    id: { value: lb.id },
    poolIndexes: { value: [0, 1, 2] },
    all: { value: 3 },
    none: { value: null },
  });
  t.equal(host.log.includes('begin vnet'), false, 'existing resources are never written');
  const operations = finished.operations() as { properties: JsonObject; operationId: string }[];
  t.equal(operations.length, 6);
  t.match(operations[0], {
    operationId: /^[0-9A-F]{16}$/,
    properties: {
      provisioningOperation: 'Create',
      provisioningState: 'Succeeded',
      statusCode: 'Created',
      targetResource: { resourceType: 'Microsoft.Network/loadBalancers' },
    },
  });
  t.match(operations.at(-1), { properties: { provisioningOperation: 'EvaluateDeploymentOutput', statusCode: 'OK' } });
});

t.test(
  'What Bicep compiles without symbolic names: a module in another group and user-defined functions',
  async (t) => {
    const source = template({
      metadata: { _generator: { name: 'bicep' } },
      functions: [
        {
          namespace: 'contoso',
          members: {
            unique: {
              parameters: [{ name: 'prefix', type: 'string' }],
              output: { type: 'string', value: "[concat(toLower(parameters('prefix')), uniqueString('x'))]" },
            },
          },
        },
      ],
      resources: [
        {
          condition: '[equals(1, 2)]',
          type: 'Microsoft.Network/publicIPAddresses',
          apiVersion: '2023-09-01',
          name: 'never',
          properties: {},
        },
        {
          type: 'Microsoft.Network/loadBalancers',
          apiVersion: '2023-09-01',
          name: "[contoso.unique('LB')]",
          dependsOn: ["[resourceId('Microsoft.Network/publicIPAddresses', 'never')]"],
          properties: {
            keys: "[listKeys('never2', '2023-01-01').keys[0].value]",
            "[format('key{0}', 1)]": "[if(true(), 'a', reference('never').ip)]",
          },
        },
        {
          type: 'Microsoft.Storage/storageAccounts',
          apiVersion: '2023-01-01',
          name: 'never2',
          kind: 'StorageV2',
          zones: '[null()]',
        },
        {
          type: 'Microsoft.Authorization/locks',
          apiVersion: '2020-05-01',
          name: 'lock',
          scope: "[format('Microsoft.Storage/storageAccounts/{0}', 'never2')]",
          dependsOn: ['never2'],
          properties: { level: 'ReadOnly' },
        },
      ],
    });
    const { host, properties } = await run(plan(source));
    t.equal(properties.provisioningState, 'Succeeded', JSON.stringify(properties.error));
    const lb = [...host.resources.values()].find(({ id }) => String(id).includes('loadBalancers/lb')) as JsonObject;
    t.match(lb.properties, { keys: 'listKeys of never2', key1: 'a' });
    t.ok(
      host.resources.has(
        `${groupId}/providers/microsoft.storage/storageaccounts/never2/providers/microsoft.authorization/locks/lock`.toLowerCase(),
      ),
    );
    t.equal(host.log.includes('begin never'), false);
    t.equal(
      'zones' in
        (host.resources.get(
          `${groupId}/providers/Microsoft.Storage/storageAccounts/never2`.toLowerCase(),
        ) as JsonObject),
      false,
    );
  },
);

t.test('At subscription scope a deployment makes a resource group and deploys into it', async (t) => {
  const source = template({
    resources: [
      {
        type: 'Microsoft.Resources/resourceGroups',
        apiVersion: '2022-09-01',
        name: 'rg2',
        location: '[deployment().location]',
        properties: {},
      },
      {
        type: 'Microsoft.Resources/deployments',
        apiVersion: '2022-09-01',
        name: 'in-group',
        resourceGroup: 'rg2',
        dependsOn: ['rg2'],
        properties: {
          mode: 'Incremental',
          template: template({
            resources: [
              {
                type: 'Microsoft.Network/publicIPAddresses',
                apiVersion: '2023-09-01',
                name: 'ip',
                location: 'westeurope',
                properties: {},
              },
            ],
          }),
        },
      },
    ],
    outputs: {
      group: { type: 'string', value: "[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'rg2')]" },
    },
  });
  const { document, properties } = await run(
    plan(source, { scope: { kind: 'subscription', subscriptionId }, location: 'westeurope' }),
  );
  t.match(document, {
    id: `/subscriptions/${subscriptionId}/providers/Microsoft.Resources/deployments/d1`,
    location: 'westeurope',
  });
  t.equal(properties.provisioningState, 'Succeeded', JSON.stringify(properties.error));
  t.same(
    (properties.outputResources as JsonObject[]).map(({ id }) => id),
    [
      `/subscriptions/${subscriptionId}/resourceGroups/rg2`,
      `${groupId.replace('rg1', 'rg2')}/providers/Microsoft.Network/publicIPAddresses/ip`,
    ],
  );
});
