// Jest, as CommonJS, with the emulator in the same process.
const { NetworkManagementClient } = require('@azure/arm-network');
const { ResourceManagementClient } = require('@azure/arm-resources');
const { lazuriteForTests } = require('lazurite');

// A loaded machine may need longer than Jest's 5 seconds.
jest.setTimeout(30_000);
const azure = lazuriteForTests({ beforeAll, afterAll, beforeEach });

test('a public address comes out of the pool', async () => {
  const { credential, subscriptionId, clientOptions } = azure();
  const resources = new ResourceManagementClient(credential, subscriptionId, clientOptions);
  await resources.resourceGroups.createOrUpdate('group', { location: 'westeurope' });
  const network = new NetworkManagementClient(credential, subscriptionId, clientOptions);
  const { ipAddress } = await network.publicIPAddresses.createOrUpdate('group', 'ip', {
    location: 'westeurope',
    sku: { name: 'Standard' },
    publicIPAllocationMethod: 'Static',
  });
  expect(ipAddress).toMatch(/^127\.255\./);
});

test('a refusal can be had to order', async () => {
  const { httpUrl, subscriptionId, faults } = azure();
  await faults.add({ kind: 'api', status: 429, retryAfterSeconds: 7, next: 1 });
  const url = `${httpUrl}/subscriptions/${subscriptionId}/resourceGroups?api-version=2021-04-01`;
  const statuses = [await fetch(url), await fetch(url)].map(({ status }) => status);
  expect(statuses).toEqual([429, 200]);
});
