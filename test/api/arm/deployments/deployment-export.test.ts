/** `exportTemplate` of a resource group: what it holds, as a template that can be deployed elsewhere. */
import t from 'tap';
import { ArmClient, at, balancerId, group, type Json, refusal, subscriptionId } from '../resources/arm-client.js';
import { deploy, deployment } from './deployment-client.js';

t.test('A resource group exported as a template can be deployed to another group', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer();
  await azure.makeNetworkInterface('nic', { pools: [`${balancerId}/backendAddressPools/pool`] });
  const { body } = await azure.post(`${group}/exportTemplate`, { resources: ['*'] });
  t.match(body, { template: { parameters: { loadBalancers_lb_name: { defaultValue: 'lb', type: 'String' } } } });
  const other = `/subscriptions/${subscriptionId}/resourceGroups/other`;
  await azure.makeGroup(other);
  const copy = await deploy(
    azure,
    `${other}/providers/Microsoft.Resources/deployments/d1`,
    deployment(body.template as Json, { parameters: { loadBalancers_lb_name: 'copy' } }),
  );
  t.match(copy, { properties: { provisioningState: 'Succeeded' } });
  const balancer = (await azure.get(`${other}/providers/Microsoft.Network/loadBalancers/copy`)).body;
  t.match(balancer, {
    properties: {
      loadBalancingRules: [{ properties: { probe: { id: `${balancer.id}/probes/probe` } } }],
      backendAddressPools: [{ properties: { backendIPConfigurations: [{ id: /\/other\/.*\/nic\// }] } }],
    },
  });
  const one = (await azure.post(`${group}/exportTemplate`, { resources: [balancerId] })).body;
  t.match(one, { template: { resources: [{ name: "[parameters('loadBalancers_lb_name')]" }] } });
  t.match(at(one, 'template.parameters'), {
    publicIPAddresses_ip_externalid: { defaultValue: /publicIPAddresses\/ip$/ },
  });
});

t.test('exportTemplate and every body are refused in words when they are not what they should be', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  for (const resources of [5, [1], { a: 1 }]) {
    const answer = await azure.post(`${group}/exportTemplate`, { resources });
    t.match(refusal(answer), /^400 InvalidRequestContent/);
  }
  const deep = (levels: number): Json => JSON.parse(`${'{"a":'.repeat(levels)}{}${'}'.repeat(levels)}`) as Json;
  const other = `${group}/providers/Microsoft.Other/things/t`;
  for (const [path, body] of [
    [other, deep(2000)],
    [balancerId, deep(2000)],
    [`${group}/providers/Microsoft.Resources/deployments/d`, deep(2000)],
  ] as const) {
    t.match(refusal(await azure.put(path, body)), /^400 InvalidRequestContent: .*MaxDepth of 128/, path);
  }
  t.equal((await azure.put(other, { location: 'westeurope', properties: deep(100) })).status, 200);
});
