/** `exportTemplate` of a resource group: what it holds, as a template that can be deployed elsewhere. */
import t from 'tap';
import { ArmClient, at, balancerId, group, type Json, subscriptionId } from '../resources/arm-client.js';
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
