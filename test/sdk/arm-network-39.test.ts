/** @azure/arm-network 39, the generation of Microsoft's JavaScript SDK that asks for api-version 2026-01-01. */
import { NetworkManagementClient } from '@azure/arm-network';
import type { NetworkManagementClient as SharedMethods } from 'arm-network-36';
import t from 'tap';
import { Cloud, subscriptionId } from '../emulator/cloud.js';
import { connectionTo, journey } from './journey.js';

t.test('@azure/arm-network 39 creates, changes, lists and deletes all of it over HTTPS', (t) =>
  journey(t, {
    network: 204,
    // It still has the methods of the generation before, with types of its own.
    connect: ({ credential, subscriptionId, options }) =>
      new NetworkManagementClient(credential, subscriptionId, options) as unknown as SharedMethods,
  }),
);

t.test('its pollers see an operation begin and end', async (t) => {
  const argv = ['--in-memory', '--engine', 'none', '--operation-delay', '60000'];
  const cloud = await Cloud.start(t, { network: 204, argv });
  await cloud.send('PUT', `/subscriptions/${subscriptionId}/resourceGroups/test?api-version=2021-04-01`, {
    location: 'westeurope',
  });
  const { credential, options } = await connectionTo(cloud);
  const { publicIPAddresses } = new NetworkManagementClient(credential, subscriptionId, options);
  const body = { location: 'westeurope', sku: { name: 'Standard' }, publicIPAllocationMethod: 'Static' };
  const poller = publicIPAddresses.createOrUpdate('test', 'ip', body, { updateIntervalInMs: 20 });
  await poller.submitted();
  t.equal((await publicIPAddresses.get('test', 'ip')).provisioningState, 'Updating');
  await poller.poll();
  t.equal(poller.operationState?.status, 'running');
  await cloud.emulator.advance(61_000);
  const { provisioningState, ipAddress } = await poller.pollUntilDone();
  t.strictSame([provisioningState, typeof ipAddress], ['Succeeded', 'string']);
  const deletion = publicIPAddresses.delete('test', 'ip', { updateIntervalInMs: 20 });
  await deletion.submitted();
  t.equal((await publicIPAddresses.get('test', 'ip')).provisioningState, 'Deleting');
  await cloud.emulator.advance(61_000);
  await deletion.pollUntilDone();
  await t.rejects(publicIPAddresses.get('test', 'ip'), { code: 'ResourceNotFound' });
});
