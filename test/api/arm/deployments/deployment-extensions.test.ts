/** What templates put on other resources and on the subscription: locks, diagnostic settings, role assignments. */
import t from 'tap';
import { ArmClient, at, balancerId, group, type Json, refusal, subscriptionId } from '../resources/arm-client.js';
import {
  balancer,
  deploy,
  deployment,
  deployments,
  publicIp,
  subscriptionDeployments,
  template,
} from './deployment-client.js';

const diagnostics = {
  apiVersion: '2021-05-01-preview',
  properties: { metrics: [{ category: 'AllMetrics', enabled: true }] },
};
const onBalancer = "[resourceId('Microsoft.Network/loadBalancers', 'lb')]";
const lock = { type: 'Microsoft.Authorization/locks', apiVersion: '2020-05-01', properties: { level: 'CanNotDelete' } };

t.test('A template puts extensions on a balancer, by type and name or by scope', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const source = template({
    resources: [
      publicIp('ip'),
      balancer('lb'),
      {
        ...diagnostics,
        type: 'Microsoft.Network/loadBalancers/providers/diagnosticSettings',
        name: 'lb/Microsoft.Insights/early',
        dependsOn: [onBalancer],
      },
      {
        ...diagnostics,
        type: 'Microsoft.Insights/diagnosticSettings',
        name: 'late',
        scope: onBalancer,
        dependsOn: [onBalancer],
      },
      { ...lock, name: 'keep' },
    ],
  });
  const deployed = await deploy(azure, `${deployments}/d1`, deployment(source));
  t.equal(at(deployed, 'properties.provisioningState'), 'Succeeded', JSON.stringify(at(deployed, 'properties.error')));
  for (const name of ['early', 'late']) {
    const id = `${balancerId}/providers/Microsoft.Insights/diagnosticSettings/${name}`;
    t.match((await azure.get(id)).body, { id, name, type: 'Microsoft.Insights/diagnosticSettings' });
  }
  t.match((await azure.get(`${group}/providers/Microsoft.Authorization/locks/keep`)).body, { name: 'keep' });
  const listed = (await azure.get(`${group}/resources`)).body.value as Json[];
  t.notOk(
    listed.some(({ type }) => type === 'Microsoft.Insights/diagnosticSettings'),
    'extensions are not listed',
  );
  const orphan = `${balancerId}2/providers/Microsoft.Insights/diagnosticSettings/d`;
  t.match(refusal(await azure.put(orphan, { properties: {} })), /^404 ParentResourceNotFound/);
  t.match(refusal(await azure.delete(balancerId)), /^409 ScopeLocked/);
  await azure.delete(`${group}/providers/Microsoft.Authorization/locks/keep`);
  await azure.delete(balancerId);
  t.equal((await azure.get(`${balancerId}/providers/Microsoft.Insights/diagnosticSettings/late`)).status, 404);
});

t.test('A template assigns roles and policies in the subscription', async (t) => {
  const azure = await ArmClient.start(t);
  const assignment = {
    type: 'Microsoft.Authorization/roleAssignments',
    apiVersion: '2022-04-01',
    name: "[guid(subscription().id, 'me')]",
    properties: { principalId: subscriptionId, roleDefinitionId: 'reader' },
  };
  const source = template({
    resources: [assignment],
    outputs: {
      id: {
        type: 'string',
        value: "[subscriptionResourceId('Microsoft.Authorization/roleAssignments', guid(subscription().id, 'me'))]",
      },
    },
  });
  const path = `${subscriptionDeployments}/d1`;
  const deployed = await deploy(azure, path, deployment(source, { location: 'westeurope' }));
  const id = String(at(deployed, 'properties.outputs.id.value'));
  t.match((await azure.get(id)).body, { id, properties: { roleDefinitionId: 'reader' } });
  t.same((await azure.get(`/subscriptions/${subscriptionId}/resources`)).body, { value: [] });
  t.equal((await azure.delete(id)).status, 200);
  t.equal((await azure.get(id)).status, 404);
});

t.test(
  'A template puts extensions on parts of resources too, and an extension of a machine has a location',
  async (t) => {
    const azure = await ArmClient.start(t);
    await azure.makeLoadBalancer();
    await azure.makeNetworkInterface('nic');
    const pool = `${balancerId}/backendAddressPools/pool`;
    const assigned = { type: 'Microsoft.Authorization/roleAssignments', apiVersion: '2022-04-01' };
    const properties = { roleDefinitionId: 'x', principalId: '33333333-3333-3333-3333-333333333333' };
    const compute = { apiVersion: '2024-07-01', location: 'westeurope' };
    const machine = "[resourceId('Microsoft.Compute/virtualMachines', 'vm')]";
    const source = template({
      resources: [
        { ...assigned, name: '3a5b2a4a-3584-4d6b-9cf0-ceb1e4f88a5d', scope: pool, properties },
        { ...assigned, name: '3a5b2a4a-3584-4d6b-9cf0-ceb1e4f88a5e', scope: `${pool}x`, properties },
      ],
    });
    t.match(at(await deploy(azure, `${deployments}/d1`, deployment(source)), 'properties.error.details'), [
      { code: 'ParentResourceNotFound', message: /pools?\/poolx/i },
    ]);
    const id = `${pool}/providers/Microsoft.Authorization/roleAssignments/3a5b2a4a-3584-4d6b-9cf0-ceb1e4f88a5d`;
    t.match((await azure.get(id)).body, { id, properties });
    const extended = template({
      resources: [
        {
          ...compute,
          type: 'Microsoft.Compute/virtualMachines',
          name: 'vm',
          properties: {
            networkProfile: {
              networkInterfaces: [{ id: `${group}/providers/Microsoft.Network/networkInterfaces/nic` }],
            },
          },
        },
        {
          ...compute,
          type: 'Microsoft.Compute/virtualMachines/extensions',
          name: 'vm/script',
          dependsOn: [machine],
          properties: { publisher: 'Microsoft.Azure.Extensions', type: 'CustomScript', typeHandlerVersion: '2.1' },
        },
      ],
      outputs: {
        location: {
          type: 'string',
          value:
            "[reference(resourceId('Microsoft.Compute/virtualMachines/extensions', 'vm', 'script'), '2024-07-01', 'full').location]",
        },
      },
    });
    const deployed = await deploy(azure, `${deployments}/d2`, deployment(extended));
    t.match(at(deployed, 'properties'), {
      provisioningState: 'Succeeded',
      outputs: { location: { value: 'westeurope' } },
    });
  },
);
