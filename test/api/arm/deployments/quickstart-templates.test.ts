/** Whole templates, as users write them and as Bicep compiles them, deployed over HTTP: what az does is only the client. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { type Change, quickstarts, unexpectedChanges } from '../../../az/quickstarts.js';
import { ArmClient, at, type Json } from '../resources/arm-client.js';
import {
  balancer,
  deploy,
  deployment,
  deployments,
  nestedDeployment,
  publicIp,
  template,
} from './deployment-client.js';

t.test('Templates in the manner of the quickstarts deploy, and what-if then finds nothing to change', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  for (const { name, file, outputs } of quickstarts()) {
    await t.test(name, async (t) => {
      t.ok(outputs, 'it has expectations');
      // As az sends it: unquoted, with its comments.
      const text = `{"properties": {"mode": "Incremental", template:${readFileSync(file, 'utf8')}}}`;
      const path = `${deployments}/${name}`;
      t.same((await azure.poll(await azure.send('PUT', path, undefined, { text }))).body, { status: 'Succeeded' });
      const given = at((await azure.get(path)).body, 'properties.outputs') as Record<string, Json>;
      t.match(Object.fromEntries(Object.entries(given).map(([key, { value }]) => [key, value])), outputs ?? {});
      const { body } = await azure.send('POST', `${path}/whatIf`, undefined, { text });
      t.same(unexpectedChanges(at(body, 'properties.changes') as Change[]), []);
    });
  }
});

t.test('What a balancer leaves out and its children give is no change', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const pool = (addresses: string[]): Json => ({
    type: 'Microsoft.Network/loadBalancers/backendAddressPools',
    apiVersion: '2023-09-01',
    name: 'lb/pool',
    dependsOn: ['lb', 'vnet'],
    properties: {
      loadBalancerBackendAddresses: addresses.map((ipAddress) => ({
        name: ipAddress,
        properties: { ipAddress, virtualNetwork: { id: "[resourceId('Microsoft.Network/virtualNetworks', 'vnet')]" } },
      })),
    },
  });
  const natRule: Json = {
    type: 'Microsoft.Network/loadBalancers/inboundNatRules',
    apiVersion: '2023-09-01',
    name: 'lb/nat',
    dependsOn: ['lb', "[resourceId('Microsoft.Network/loadBalancers/backendAddressPools', 'lb', 'pool')]"],
    properties: {
      frontendIPConfiguration: {
        id: "[resourceId('Microsoft.Network/loadBalancers/frontendIPConfigurations', 'lb', 'frontend')]",
      },
      protocol: 'Tcp',
      frontendPort: 22,
      backendPort: 22,
    },
  };
  const vnet: Json = {
    type: 'Microsoft.Network/virtualNetworks',
    apiVersion: '2023-09-01',
    name: 'vnet',
    location: 'westeurope',
    properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
  };
  const wanted = (addresses: string[]): Json =>
    deployment(template({ resources: [publicIp('ip'), vnet, balancer('lb'), pool(addresses), natRule] }));
  const first = wanted(['10.0.0.4', '10.0.0.5']);
  t.match(await deploy(azure, `${deployments}/d`, first), { properties: { provisioningState: 'Succeeded' } });
  const changes = async (body: Json): Promise<unknown> =>
    unexpectedChanges(at((await azure.post(`${deployments}/d/whatIf`, body)).body, 'properties.changes') as Change[]);
  t.same(await changes(first), []);
  t.match(
    JSON.stringify(await changes(wanted(['10.0.0.4', '10.0.0.6']))),
    '10.0.0.6',
    'what the child changes is shown',
  );
});

t.test('What other providers have from the start, fill in and call short is there for templates', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const identityId = "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'mi')]";
  const resource = (type: string, name: string, more: Json = {}): Json => ({
    type,
    apiVersion: '2023-04-01',
    name,
    location: 'westeurope',
    ...more,
  });
  const gateway = resource('Microsoft.Network/applicationGateways', 'gateway', {
    properties: { frontendPorts: [{ name: 'http', properties: { port: 80 } }] },
  });
  const script = resource('Microsoft.Resources/deploymentScripts', 'script', {
    identity: { type: 'UserAssigned', userAssignedIdentities: { [identityId]: {} } },
    dependsOn: ['mi'],
    properties: { azCliVersion: '2.40.0' },
  });
  const server = resource('Microsoft.Sql/servers', 'server', {
    resources: [
      resource('databases', 'db', {
        dependsOn: ['server'],
        resources: [resource('transparentDataEncryption', 'current', { dependsOn: ['db'], properties: {} })],
      }),
    ],
  });
  const protectedItem = 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems';
  const resources = [
    resource('Microsoft.RecoveryServices/vaults', 'safe', { sku: { name: 'RS0', tier: 'Standard' } }),
    resource(protectedItem, 'safe/Azure/iaasvmcontainer;iaasvmcontainerv2;rg;vm/vm;iaasvmcontainerv2;rg;vm', {
      dependsOn: ['safe'],
    }),
    resource('Microsoft.Storage/storageAccounts', 'store', { sku: { name: 'Standard_LRS' }, kind: 'StorageV2' }),
    resource('Microsoft.Storage/storageAccounts/blobServices/containers', 'store/default/logs', {
      dependsOn: ['store'],
    }),
    resource('Microsoft.ManagedIdentity/userAssignedIdentities', 'mi'),
    gateway,
    script,
    server,
  ];
  const outputs = { port: { type: 'string', value: "[reference('gateway').frontendPorts[0].id]" } };
  const body = deployment(template({ resources, outputs }));
  const done = await deploy(azure, `${deployments}/d`, body);
  t.match(done, {
    properties: {
      provisioningState: 'Succeeded',
      outputs: { port: { value: /\/applicationGateways\/gateway\/frontendPorts\/http$/ } },
    },
  });
  const { body: answer } = await azure.post(`${deployments}/d/whatIf`, body);
  t.same(unexpectedChanges(at(answer, 'properties.changes') as Change[]), []);
  for (const missing of [
    resource('Microsoft.Storage/storageAccounts/blobServices/containers', 'none/default/logs'),
    resource(protectedItem, 'none/Azure/c/i'),
  ]) {
    t.match(await deploy(azure, `${deployments}/e`, deployment(template({ resources: [missing] }))), {
      properties: { provisioningState: 'Failed', error: { details: [{ code: 'ParentResourceNotFound' }] } },
    });
  }
});

t.test('What-if asks for the keys that the parameters of a nested deployment need', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const workspace = {
    type: 'Microsoft.OperationalInsights/workspaces',
    apiVersion: '2023-09-01',
    name: 'logs',
    location: 'westeurope',
  };
  const inner = nestedDeployment(
    'inner',
    {
      parameters: { key: { type: 'securestring' } },
      resources: [publicIp('ip', { tags: { length: "[string(length(parameters('key')))]" } })],
    },
    { parameters: { key: { value: "[listKeys('logs', '2023-09-01').primarySharedKey]" } } },
  );
  const body = deployment(template({ resources: [workspace, { ...inner, dependsOn: ['logs'] }] }));
  const changes = async (): Promise<unknown> =>
    (at((await azure.post(`${deployments}/d/whatIf`, body)).body, 'properties.changes') as Json[]).map(
      ({ changeType }) => changeType,
    );
  t.same(await changes(), ['Create', 'Unsupported'], 'there are no keys yet');
  t.match(await deploy(azure, `${deployments}/d`, body), { properties: { provisioningState: 'Succeeded' } });
  t.same(await changes(), ['NoChange', 'NoChange']);
});
