// node:test with the emulator in the same process.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { lazuriteForTests } from 'lazurite';

const azure = lazuriteForTests({ before, after, beforeEach });

test('a load balancer created by the SDK forwards to its backend', async (t) => {
  const { credential, subscriptionId, clientOptions } = azure();
  const resources = new ResourceManagementClient(credential, subscriptionId, clientOptions);
  const network = new NetworkManagementClient(credential, subscriptionId, clientOptions);
  const location = 'westeurope';
  await resources.resourceGroups.createOrUpdate('group', { location });
  const vnet = await network.virtualNetworks.createOrUpdate('group', 'vnet', {
    location,
    addressSpace: { addressPrefixes: ['10.42.0.0/24'] },
  });
  const ip = await network.publicIPAddresses.createOrUpdate('group', 'ip', {
    location,
    sku: { name: 'Standard' },
    publicIPAllocationMethod: 'Static',
  });
  const lb = ip.id.replace('/publicIPAddresses/ip', '/loadBalancers/lb');
  await network.loadBalancers.createOrUpdate('group', 'lb', {
    location,
    sku: { name: 'Standard' },
    frontendIPConfigurations: [{ name: 'front', publicIPAddress: { id: ip.id } }],
    backendAddressPools: [
      {
        name: 'pool',
        loadBalancerBackendAddresses: [{ name: 'vm', ipAddress: '10.42.0.4', virtualNetwork: { id: vnet.id } }],
      },
    ],
    loadBalancingRules: [
      {
        name: 'web',
        protocol: 'Tcp',
        frontendPort: 8080,
        backendPort: 8080,
        frontendIPConfiguration: { id: `${lb}/frontendIPConfigurations/front` },
        backendAddressPool: { id: `${lb}/backendAddressPools/pool` },
      },
    ],
  });
  // 10.42.0.4 is 127.42.0.4 here.
  const backend = createServer((_request, response) => response.end('the backend')).listen(8080, '127.42.0.4');
  t.after(() => backend.close());

  const answer = await fetch(`http://${ip.ipAddress}:8080/`, { headers: { connection: 'close' } });

  assert.equal(await answer.text(), 'the backend');
});

test('every test begins with nothing', async () => {
  assert.deepEqual(await azure().frontends(), []);
});
