/** Azure's preflight of template deployments: what is refused before a resource is touched, and what is found later. */
import t, { type Test } from 'tap';
import { ServiceHost } from '../../../../src/api/arm/deployments/service-host.js';
import { ResourceGroups } from '../../../../src/api/arm/resources/resource-groups.js';
import type { JsonObject } from '../../../../src/api/arm/template/json.js';
import { serviceInMemory } from '../../../resources/azure-in-memory.js';
import { turnsDuring } from '../../../turns.js';
import * as arm from '../resources/arm-client.js';
import { plan } from './deploy-for-tests.js';
import * as client from './deployment-client.js';

const start = async (test: Test, argv: readonly string[] = []) => {
  const azure = await arm.ArmClient.start(test, { argv });
  await azure.makeGroup();
  return azure;
};

const detailsOf = async (azure: arm.ArmClient, resources: arm.Json[], more: arm.Json = {}): Promise<unknown> => {
  const { status, body } = await azure.post(
    `${client.deployments}/d1/validate`,
    client.deployment(client.template({ resources, ...more })),
  );
  return status === 400 && arm.at(body, 'error.code') === 'InvalidTemplateDeployment'
    ? arm.at(body, 'error.details')
    : body;
};

const rule = (properties: arm.Json = {}): arm.Json => ({
  name: 'rule',
  properties: {
    protocol: 'Tcp',
    frontendPort: 80,
    backendPort: 80,
    frontendIPConfiguration: {
      id: "[resourceId('Microsoft.Network/loadBalancers/frontendIPConfigurations', 'lb', 'frontend')]",
    },
    ...properties,
  },
});

const nested = (resources: arm.Json[], more: arm.Json = {}): arm.Json =>
  client.nestedDeployment('inner', { resources }, more);

t.test('A body that no provider can read is refused before anything is touched, wherever it is sent', async (t) => {
  const azure = await start(t);
  const wrong = client.publicIp('wrong', { properties: { publicIPAllocationMethod: 'Always', colour: 'blue' } });
  const body = client.deployment(client.template({ resources: [client.publicIp('ip'), wrong] }));
  for (const [method, path] of [
    ['PUT', 'd1'],
    ['POST', 'd1/validate'],
    ['POST', 'd1/whatIf'],
  ] as const) {
    const answer = await azure.send(method, `${client.deployments}/${path}`, body);
    const trackingId = answer.headers['x-ms-correlation-request-id'];
    t.equal(
      arm.refusal(answer),
      `400 InvalidTemplateDeployment: The template deployment 'd1' is not valid according to the validation procedure. The tracking id is '${trackingId}'. See inner errors for details. Please see https://aka.ms/arm-deploy for usage details.\n  InvalidRequestFormat: Cannot parse the request.`,
    );
    t.match(arm.at(answer.body, 'error.details'), [
      {
        code: 'InvalidRequestFormat',
        target: `${arm.network}/publicIPAddresses/wrong`,
        message: 'Cannot parse the request.',
        details: [
          { code: 'InvalidJson', message: /Error converting value "Always"/ },
          { code: 'InvalidJson', message: /Could not find member 'colour'/ },
        ],
      },
    ]);
  }
  t.same(await client.names(azure, 'publicIPAddresses'), []);
  t.equal((await azure.head(`${client.deployments}/d1`)).status, 404, 'there is no deployment either');
});

t.test('Every wrong resource has a detail, those of nested templates and standalone children too', async (t) => {
  const azure = await start(t);
  const details = await detailsOf(azure, [
    client.publicIp('nowhere', { location: 'atlantis' }),
    client.publicIp('placeless', { location: undefined }),
    client.publicIp('skipped', { condition: false, properties: { colour: 'blue' } }),
    nested([client.publicIp('inner', { zones: 'all' })]),
    {
      type: 'Microsoft.Network/virtualNetworks',
      apiVersion: '2023-09-01',
      name: 'vnet',
      location: 'westeurope',
      properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
    },
    {
      type: 'Microsoft.Network/virtualNetworks/subnets',
      apiVersion: '2023-09-01',
      name: 'vnet/default',
      location: 'westeurope',
      dependsOn: ['vnet'],
      properties: { addressPrefix: 10 },
    },
    client.publicIp('dated', { apiVersion: 'yesterday' }),
    { type: 'Nonsense/things', apiVersion: '2023-01-01', name: 'thing' },
    { type: 'Microsoft.Network/loadBalancers/colours', apiVersion: '2023-09-01', name: 'lb/blue' },
  ]);
  t.same((details as arm.Json[]).map(({ code, target }) => [String(target).split('/').at(-1), code]).sort(), [
    ['blue', 'InvalidResourceType'],
    ['dated', 'InvalidApiVersionParameter'],
    ['default', 'InvalidAddressPrefixFormat'],
    ['inner', 'InvalidRequestFormat'],
    ['nowhere', 'LocationNotAvailableForResourceType'],
    ['placeless', 'LocationRequired'],
    ['thing', 'InvalidResourceNamespace'],
  ]);
});

t.test('The resources of one template count as existing for each other', async (t) => {
  const azure = await start(t);
  const lb = client.balancer('lb', { loadBalancingRules: [rule({ frontendPort: 70000 })] });
  t.match(await detailsOf(azure, [client.publicIp('ip'), lb]), [
    { code: 'PortValueIsOutOfRange', target: arm.balancerId },
  ]);
  const basic = client.publicIp('ip', { sku: { name: 'Basic' } });
  t.match(await detailsOf(azure, [basic, client.balancer('lb')]), [
    { code: /^(?!InvalidResourceReference)/, target: arm.balancerId },
  ]);
  const natRule = {
    type: 'Microsoft.Network/loadBalancers/inboundNatRules',
    apiVersion: '2023-09-01',
    name: 'lb/nat',
    dependsOn: ['lb'],
    properties: { ...(rule().properties as arm.Json), frontendPort: 22, backendPort: 22 },
  };
  const valid = [client.publicIp('ip'), client.balancer('lb', { loadBalancingRules: [rule()] }), natRule];
  t.match(await detailsOf(azure, valid), { properties: { provisioningState: 'Succeeded' } });
  (natRule.properties as arm.Json).frontendPort = 80;
  t.match(
    await detailsOf(azure, valid),
    [{ target: `${arm.balancerId}/inboundNatRules/nat` }],
    'the port is the rule’s',
  );
});

t.test('What refers to nothing is found while the deployment runs, what refers to what exists before', async (t) => {
  const azure = await start(t);
  const lb = client.balancer('lb', { loadBalancingRules: [rule({ frontendPort: 70000 })] }, { dependsOn: [] });
  const failure = async (name: string): Promise<unknown> => {
    const body = await client.deploy(
      azure,
      `${client.deployments}/${name}`,
      client.deployment(client.template({ resources: [lb] })),
    );
    return arm.at(body, 'properties.error');
  };
  t.match(await failure('d1'), { code: 'DeploymentFailed', details: [{ code: 'InvalidResourceReference' }] });
  await azure.makePublicIPAddress('ip');
  t.match(await detailsOf(azure, [lb]), [{ code: 'PortValueIsOutOfRange' }]);
});

t.test(
  'Names and addresses that one template gives twice are refused, those that others have while it runs',
  async (t) => {
    const azure = await start(t);
    const labelled = (name: string): arm.Json =>
      client.publicIp(name, {
        properties: { publicIPAllocationMethod: 'Static', dnsSettings: { domainNameLabel: 'shop' } },
      });
    t.match(await detailsOf(azure, [labelled('a'), labelled('b')]), [{ code: 'DnsRecordInUse' }]);
    const vnet = {
      type: 'Microsoft.Network/virtualNetworks',
      apiVersion: '2023-09-01',
      name: 'vnet',
      location: 'westeurope',
      properties: {
        addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
        subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }],
      },
    };
    const nic = (name: string): arm.Json => ({
      type: 'Microsoft.Network/networkInterfaces',
      apiVersion: '2023-09-01',
      name,
      location: 'westeurope',
      dependsOn: ['vnet'],
      properties: {
        ipConfigurations: [
          {
            name: 'ipconfig',
            properties: {
              privateIPAllocationMethod: 'Static',
              privateIPAddress: '10.0.0.9',
              subnet: { id: "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', 'default')]" },
            },
          },
        ],
      },
    });
    t.match(await detailsOf(azure, [vnet, nic('a'), nic('b')]), [
      { code: 'PrivateIPAddressIsAllocated', target: `${arm.network}/networkInterfaces/b` },
    ]);
    const first = client.deployment(client.template({ resources: [vnet, nic('a'), labelled('a')] }));
    t.match(await client.deploy(azure, `${client.deployments}/d1`, first), {
      properties: { provisioningState: 'Succeeded' },
    });
    const second = client.deployment(client.template({ resources: [vnet, nic('b'), labelled('b')] }));
    const failed = await client.deploy(azure, `${client.deployments}/d2`, second);
    const codes = (arm.at(failed, 'properties.error.details') as arm.Json[]).map(({ code }) => code);
    t.same(codes.sort(), ['DnsRecordInUse', 'PrivateIPAddressIsAllocated']);
  },
);

t.test('A resource cannot move: its own location is known beforehand', async (t) => {
  const azure = await start(t);
  await azure.makePublicIPAddress('ip');
  t.match(await detailsOf(azure, [client.publicIp('ip', { location: 'eastus' })]), [
    { code: 'InvalidResourceLocation' },
  ]);
});

t.test('A body that needs a running deployment is left to it, and so is what waits for such a resource', async (t) => {
  const azure = await start(t);
  await azure.makePublicIPAddress('other');
  const id = "resourceId('Microsoft.Network/publicIPAddresses', 'other')";
  const late = client.publicIp('ip', { tags: { from: `[reference(${id}, '2023-09-01').ipAddress]` } });
  const lb = client.balancer('lb', { loadBalancingRules: [rule({ frontendPort: 70000 })] });
  const body = await client.deploy(
    azure,
    `${client.deployments}/d1`,
    client.deployment(client.template({ resources: [late, lb] })),
  );
  t.match(arm.at(body, 'properties.error'), { code: 'DeploymentFailed', details: [{ code: 'PortValueIsOutOfRange' }] });
  const unreadable = client.balancer('lb', { colours: [] });
  t.match(await detailsOf(azure, [late, unreadable]), [{ code: 'InvalidRequestFormat', target: arm.balancerId }]);
});

t.test('A nested deployment that only the running one can plan has a preflight of its own', async (t) => {
  const azure = await start(t);
  const parameters = { region: { type: 'string' } };
  const late = client.nestedDeployment(
    'late',
    {
      parameters,
      resources: [client.publicIp('fine'), client.publicIp('late', { location: "[parameters('region')]" })],
    },
    { parameters: { region: { value: "[reference('ip', '2023-09-01', 'Full').tags.region]" } } },
  );
  const source = client.template({ resources: [client.publicIp('ip', { tags: { region: 'atlantis' } }), late] });
  const body = await client.deploy(azure, `${client.deployments}/d1`, client.deployment(source));
  t.match(arm.at(body, 'properties.error'), {
    code: 'DeploymentFailed',
    details: [
      {
        code: 'InvalidTemplateDeployment',
        message: /^The template deployment 'late' is not valid according to the validation procedure/,
        details: [{ code: 'LocationNotAvailableForResourceType', target: `${arm.network}/publicIPAddresses/late` }],
      },
    ],
  });
  t.same(await client.names(azure, 'publicIPAddresses'), ['ip'], 'nothing of it was touched');
});

t.test('A preflight takes no address and leaves no trace', async (t) => {
  const azure = await start(t, ['--operation-delay', '1000']);
  const prefix = `${arm.network}/publicIPAddresses`;
  const body = client.deployment(client.template({ resources: [client.publicIp('ip'), client.balancer('lb')] }));
  t.equal(
    (await azure.post(`${client.deployments}/d1/validate`, body)).status,
    200,
    'though operations take their time',
  );
  t.equal((await azure.get(`${prefix}/ip`)).status, 404);
  const first = arm.at((await azure.put(`${prefix}/a`, client.publicIp('a'))).body, 'properties.ipAddress');
  await azure.reset();
  await azure.makeGroup();
  const untouched = arm.at((await azure.put(`${prefix}/a`, client.publicIp('a'))).body, 'properties.ipAddress');
  t.equal(first, untouched);
});

t.test('Others go first between the writes that a preflight tries', async (t) => {
  const service = serviceInMemory();
  const host = new ServiceHost({
    service,
    groups: new ResourceGroups(service, () => {}),
    baseUrl: 'https://localhost:4567',
    correlationId: '99999999-9999-9999-9999-999999999999',
    saveDeployment: () => {},
  });
  const copied = client.publicIp("[format('ip{0}', copyIndex())]", { copy: { name: 'ips', count: 400 } });
  const planned = plan(client.template({ resources: [copied] }) as JsonObject);
  const { turns } = await turnsDuring(() => host.preflight(planned));
  t.ok(turns >= 40, `${turns} turns of the loop for 400 resources`);
});

t.test('A deployment to a subscription has its resource groups looked at', async (t) => {
  const azure = await start(t);
  const made = (name: string, location: string): arm.Json => ({
    type: 'Microsoft.Resources/resourceGroups',
    apiVersion: '2022-09-01',
    name,
    location,
  });
  const validate = (resources: arm.Json[]) =>
    azure.post(
      `${client.subscriptionDeployments}/d1/validate`,
      client.deployment(client.template({ resources }), { location: 'westeurope' }),
    );
  t.equal(
    (
      await validate([
        made('new', 'westeurope'),
        nested([client.publicIp('ip')], { resourceGroup: 'new', dependsOn: ['new'] }),
      ])
    ).status,
    200,
  );
  const { body } = await validate([made('new', 'atlantis'), made('rg', 'eastus')]);
  t.match(arm.at(body, 'error.details'), [
    { code: 'LocationNotAvailableForResourceGroup', target: `/subscriptions/${arm.subscriptionId}/resourceGroups/new` },
    { code: 'InvalidResourceGroupLocation', target: arm.group },
  ]);
  t.equal((await azure.head(`/subscriptions/${arm.subscriptionId}/resourceGroups/new`)).status, 404);
});

t.test('What a template puts into a resource group that it makes itself is looked at', async (t) => {
  const azure = await start(t);
  const group = (more: arm.Json = {}): arm.Json => ({
    type: 'Microsoft.Resources/resourceGroups',
    apiVersion: '2022-09-01',
    name: 'new',
    location: 'West Europe',
    ...more,
  });
  const into = (resources: arm.Json[]) => nested(resources, { resourceGroup: 'new', dependsOn: ['new'] });
  const inside = into([
    nested([
      client.publicIp('good', { location: '[resourceGroup().location]' }),
      client.publicIp('bad', { location: 'atlantis', tags: { group: '[resourceGroup().id]' } }),
    ]),
  ]);
  const asked = async (action: string, resources: arm.Json[]): Promise<arm.Json> => {
    const body = client.deployment(client.template({ resources }), { location: 'westeurope' });
    return (await azure.post(`${client.subscriptionDeployments}/d1/${action}`, body)).body as arm.Json;
  };
  const refused = {
    code: 'LocationNotAvailableForResourceType',
    target: /\/resourceGroups\/new\/.*\/publicIPAddresses\/bad$/,
  };
  t.match(arm.at(await asked('validate', [group(), inside]), 'error.details'), [refused]);
  const unsure = group({ location: `[reference('${arm.balancerId}', '2023-09-01', 'Full').location]` });
  t.notOk((await asked('validate', [unsure, inside])).error, 'where the group will be is not known yet');
  const fine = into([client.publicIp('good', { location: '[resourceGroup().location]' })]);
  const changes = arm.at(await asked('whatIf', [group(), fine]), 'properties.changes') as arm.Json[];
  t.match(changes.map(({ changeType, after }) => [changeType, arm.at(after, 'location')]).sort(), [
    ['Create', 'West Europe'],
    ['Create', 'westeurope'],
  ]);
});

t.test('With --strict-types a template with a type that is not modelled is refused as a whole', async (t) => {
  const azure = await start(t, ['--strict-types']);
  const vault = { type: 'Microsoft.KeyVault/vaults', apiVersion: '2023-02-01', name: 'v', location: 'westeurope' };
  t.match(await detailsOf(azure, [client.publicIp('ip'), vault]), [{ code: 'InvalidResourceType' }]);
});
