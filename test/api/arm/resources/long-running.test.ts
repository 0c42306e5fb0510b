import { test } from 'tap';
import { Clock } from '../../../../src/support/clock.js';
import { manualTime } from '../../../manual-time.js';
import * as arm from './arm-client.js';

const delayed = { argv: ['--operation-delay', '5000'] };
const operation =
  /^http:\/\/127\.0\.0\.1:\d+\/subscriptions\/[0-9a-f-]{36}\/providers\/Microsoft\.Network\/locations\/westeurope\/operations\/[0-9a-f-]{36}\?api-version=2025-05-01$/;
const result = new RegExp(operation.source.replace('operations', 'operationResults'));

test('without a delay an operation has succeeded at its first poll', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeNetwork();
  await azure.makePublicIPAddress('ip');
  const put = await azure.put(arm.balancerId, arm.loadBalancer());
  t.match(put.headers['azure-asyncoperation'], operation);
  t.equal(put.headers['retry-after'], '0');
  t.notOk('location' in put.headers, 'a PUT has no Location');
  const polled = await azure.poll(put);
  t.equal(polled.text, '{"status":"Succeeded"}');
  t.notOk('retry-after' in polled.headers);
  const deleted = await azure.delete(arm.balancerId);
  t.equal(deleted.status, 202);
  t.match(deleted.headers.location, result);
  t.match(deleted.headers['azure-asyncoperation'], operation);
  const gone = await azure.poll(deleted, 'location');
  t.equal(gone.status, 204);
  t.match(gone.headers, {
    location: deleted.headers.location,
    'azure-asyncoperation': deleted.headers['azure-asyncoperation'],
  });
  const unknown = await azure.get(
    `/subscriptions/${arm.subscriptionId}/providers/Microsoft.Network/locations/westeurope/operations/00000000-0000-0000-0000-000000000000`,
  );
  t.equal(
    arm.refusal(unknown),
    "404 OperationIdNotFound: The operation with Id: '00000000-0000-0000-0000-000000000000' does not exist.",
  );
});

test('while an operation runs it is InProgress and the resource Updating; then it has a new etag', async (t) => {
  const azure = await arm.ArmClient.start(t, delayed);
  await azure.makeGroup();
  const put = await azure.put(`${arm.network}/virtualNetworks/vnet`, arm.virtualNetwork());
  t.equal(put.status, 201);
  t.equal(arm.at(put.body, 'properties.provisioningState'), 'Updating');
  t.equal(
    arm.at(put.body, 'properties.subnets.0.properties.provisioningState'),
    'Updating',
    'children follow their parent',
  );
  const running = await azure.poll(put);
  t.equal(running.text, '{"status":"InProgress"}');
  t.equal(running.headers['retry-after'], '1');
  await azure.emulator.advance(4999);
  t.equal((await azure.poll(put)).body.status, 'InProgress');
  await azure.emulator.advance(1);
  t.equal((await azure.poll(put)).text, '{"status":"Succeeded"}');
  const after = (await azure.get(`${arm.network}/virtualNetworks/vnet`)).body;
  t.equal(arm.at(after, 'properties.provisioningState'), 'Succeeded');
  t.not(after.etag, put.body.etag);
  t.equal(arm.at(after, 'properties.subnets.0.etag'), after.etag);
  const patched = await azure.patch(`${arm.network}/virtualNetworks/vnet`, { tags: { a: 'b' } });
  t.equal(arm.at(patched.body, 'properties.provisioningState'), 'Succeeded', 'tags are never asynchronous');
});

test('what is being deleted is Deleting, then 404', async (t) => {
  const azure = await arm.ArmClient.start(t, delayed);
  await azure.makeGroup();
  await azure.makePublicIPAddress('ip');
  await azure.emulator.advance(5000);
  const deleted = await azure.delete(arm.publicIPAddressId('ip'));
  t.equal(deleted.status, 202);
  t.equal(arm.at((await azure.get(arm.publicIPAddressId('ip'))).body, 'properties.provisioningState'), 'Deleting');
  t.equal((await azure.poll(deleted)).body.status, 'InProgress');
  const waiting = await azure.poll(deleted, 'location');
  t.equal(waiting.status, 202);
  t.equal(waiting.headers['retry-after'], '1');
  t.equal(waiting.text, '');
  const again = await azure.put(arm.publicIPAddressId('ip'), arm.publicIPAddress());
  t.equal(
    arm.refusal(again),
    `409 AnotherOperationInProgress: Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: ${deleted.headers['azure-asyncoperation']}.`,
  );
  t.same(arm.at(again.body, 'error.details'), []);
  await azure.emulator.advance(5000);
  t.equal((await azure.get(arm.publicIPAddressId('ip'))).status, 404);
  t.equal((await azure.poll(deleted)).body.status, 'Succeeded');
  t.equal((await azure.poll(deleted, 'location')).status, 204);
  t.equal((await azure.put(arm.publicIPAddressId('ip'), arm.publicIPAddress())).status, 201);
});

test('a balancer cannot use what is still being made', async (t) => {
  const azure = await arm.ArmClient.start(t, delayed);
  await azure.makeNetwork();
  await azure.makePublicIPAddress('ip');
  const early = await azure.put(arm.balancerId, arm.loadBalancer());
  t.equal(
    arm.refusal(early),
    '429 RetryableError: A retryable error occurred.\n' +
      `  ReferencedResourceNotProvisioned: Cannot proceed with operation because resource ${arm.publicIPAddressId('ip')} used by resource ${arm.balancerId} is not in Succeeded state. Resource is in Updating state and the last operation that updated/is updating the resource is PutPublicIpAddressOperation.`,
  );
  await azure.emulator.advance(5000);
  t.equal((await azure.put(arm.balancerId, arm.loadBalancer())).status, 201);
});

test('a child waits for the operation on its parent; a PUT of the parent supersedes the one before', async (t) => {
  const azure = await arm.ArmClient.start(t, delayed);
  await azure.makeNetwork();
  await azure.makePublicIPAddress('ip');
  await azure.emulator.advance(5000);
  const first = await azure.put(arm.balancerId, arm.loadBalancer());
  const id = (url: string | undefined) => /operations\/([0-9a-f-]{36})/.exec(url ?? '')?.[1];
  const firstId = id(first.headers['azure-asyncoperation']);
  await azure.emulator.advance(2000);
  const child = await azure.put(arm.childId('backendAddressPools', 'second'), {});
  t.equal(
    arm.refusal(child),
    '429 RetryableError: A retryable error occurred.\n' +
      `  RetryableErrorDueToAnotherOperation: Operation PutLoadBalancerOperation (${firstId}) is updating resource ${arm.balancerId}. The call can be retried in 3 seconds.`,
  );
  t.equal(child.headers['retry-after'], '3');
  const second = await azure.put(arm.balancerId, arm.loadBalancer({ probes: [arm.probe('probe', { port: 81 })] }));
  t.equal(second.status, 200);
  t.same((await azure.poll(first)).body, {
    status: 'Canceled',
    error: {
      code: 'Canceled',
      message: 'Operation was canceled.',
      details: [
        {
          code: 'CanceledAndSupersededDueToAnotherOperation',
          message: `Operation PutLoadBalancerOperation (${firstId}) was canceled and superseded by operation PutLoadBalancerOperation (${id(second.headers['azure-asyncoperation'])}).`,
        },
      ],
    },
  });
  await azure.emulator.advance(3000);
  t.equal(arm.at((await azure.get(arm.balancerId)).body, 'properties.provisioningState'), 'Updating');
  await azure.emulator.advance(2000);
  const done = (await azure.get(arm.balancerId)).body;
  t.equal(arm.at(done, 'properties.provisioningState'), 'Succeeded');
  t.equal(arm.at(done, 'properties.probes.0.properties.port'), 81);
  t.equal((await azure.put(arm.childId('inboundNatRules', 'ssh'), arm.natRule('ssh'))).status, 201);
});

test('health and the swap of addresses answer through their Location when they are done', async (t) => {
  const azure = await arm.ArmClient.start(t, delayed);
  await azure.makeNetwork();
  await azure.makePublicIPAddress('ip');
  await azure.emulator.advance(5000);
  await azure.put(arm.balancerId, arm.loadBalancer());
  await azure.emulator.advance(5000);
  const accepted = await azure.post(`${arm.childId('loadBalancingRules', 'rule')}/health`);
  t.equal((await azure.poll(accepted, 'location')).status, 202);
  await azure.emulator.advance(5000);
  const health = await azure.poll(accepted, 'location');
  t.same(health.body, { up: 0, down: 0, loadBalancerBackendAddresses: [] });
  const swapped = await azure.post(
    `/subscriptions/${arm.subscriptionId}/providers/Microsoft.Network/locations/westeurope/setLoadBalancerFrontendPublicIpAddresses`,
    { frontendIPConfigurations: [] },
  );
  t.equal(swapped.status, 202);
  t.equal((await azure.poll(swapped, 'location')).status, 202);
  await azure.emulator.advance(5000);
  t.equal((await azure.poll(swapped, 'location')).status, 204);
});

test('a resource group that is being deleted takes nothing new, and everything in it goes', async (t) => {
  const azure = await arm.ArmClient.start(t, delayed);
  await azure.makeGroup();
  await azure.makePublicIPAddress('ip');
  const deleted = await azure.delete(arm.group);
  t.equal(deleted.status, 202);
  t.match(
    deleted.headers.location,
    /^http:\/\/127\.0\.0\.1:\d+\/subscriptions\/[0-9a-f-]{36}\/operationresults\/[\w-]+\?api-version=/,
  );
  const job = JSON.parse(
    Buffer.from(/operationresults\/([\w-]+)/.exec(deleted.headers.location ?? '')?.[1] ?? '', 'base64url').toString(),
  );
  t.same(job, { jobId: 'RESOURCEGROUPDELETIONJOB-RG-WESTEUROPE', jobLocation: 'westeurope' });
  t.equal(arm.at((await azure.get(arm.group)).body, 'properties.provisioningState'), 'Deleting');
  const polled = await azure.poll(deleted, 'location');
  t.equal(polled.status, 202);
  t.ok(polled.headers['retry-after']);
  for (const path of [arm.group, arm.publicIPAddressId('other')]) {
    t.equal(
      arm.refusal(await azure.put(path, arm.publicIPAddress())),
      "409 ResourceGroupBeingDeleted: The resource group 'rg' is in deprovisioning state and cannot perform this operation.",
    );
  }
  await azure.emulator.advance(5000);
  const done = await azure.poll(deleted, 'location');
  t.equal(done.status, 200);
  t.equal(done.text, '');
  t.equal((await azure.get(arm.group)).status, 404);
  await azure.makeGroup();
  t.equal((await azure.get(arm.publicIPAddressId('ip'))).status, 404);
});

test('operations and deletions go on where they were when the emulator was restarted', async (t) => {
  const data = t.testdir();
  const source = manualTime();
  const start = (advanceMs = 0) => {
    const clock = new Clock({ source });
    clock.advance(advanceMs);
    return arm.ArmClient.start(t, { argv: [...delayed.argv, '--data', data], clock });
  };
  const before = await start();
  await before.makeGroup();
  await before.makeGroup(`${arm.group}2`);
  const put = await before.put(arm.publicIPAddressId('ip'), arm.publicIPAddress());
  const other = await before.put(arm.publicIPAddressId('other'), arm.publicIPAddress());
  await before.emulator.advance(1000);
  await before.delete(arm.publicIPAddressId('other'));
  await before.delete(`${arm.group}2`);
  await before.close();
  const after = await start(1000);
  const path = new URL(put.headers['azure-asyncoperation'] ?? '').pathname;
  t.equal((await after.get(path)).body.status, 'InProgress');
  t.equal(arm.at((await after.get(arm.publicIPAddressId('other'))).body, 'properties.provisioningState'), 'Deleting');
  t.equal((await after.get(new URL(other.headers['azure-asyncoperation'] ?? '').pathname)).body.status, 'Canceled');
  await after.emulator.advance(4000);
  t.equal((await after.get(path)).body.status, 'Succeeded');
  t.equal(arm.at((await after.get(arm.publicIPAddressId('ip'))).body, 'properties.provisioningState'), 'Succeeded');
  await after.emulator.advance(1000);
  t.equal((await after.get(arm.publicIPAddressId('other'))).status, 404);
  t.equal((await after.get(`${arm.group}2`)).status, 404);
});

test('polling URLs and nextLinks repeat the scheme and host of the request', async (t) => {
  const azure = await arm.ArmClient.start(t, { argv: ['--tls-name', 'azure.example'] });
  await azure.makeGroup();
  const headers = { host: 'azure.example:4567' };
  const put = await azure.put(arm.publicIPAddressId('ip'), arm.publicIPAddress(), { headers });
  t.match(put.headers['azure-asyncoperation'], /^http:\/\/azure\.example:4567\/subscriptions\//);
  const deleted = await azure.delete(arm.publicIPAddressId('ip'), { headers });
  t.match(deleted.headers.location, /^http:\/\/azure\.example:4567\/subscriptions\//);
  for (const name of ['a', 'b']) await azure.makePublicIPAddress(name);
  const page = await azure.get(`${arm.network}/publicIPAddresses?$top=1`, { headers });
  t.match(page.body.nextLink, /^http:\/\/azure\.example:4567\/subscriptions\//);
  t.equal((await azure.delete(arm.group, { headers })).headers.location?.slice(0, 25), 'http://azure.example:4567');
});

for (const [how, options] of [
  ['while its operation runs', delayed],
  ['by the answer alone', {}],
] as const)
  test(`a tunnel of a Gateway load balancer has no port before the write is done: ${how}`, async (t) => {
    const azure = await arm.ArmClient.start(t, options);
    await azure.makeNetwork();
    await azure.emulator.advance(5000);
    const subnet = { id: `${arm.network}/virtualNetworks/vnet/subnets/default` };
    const frontendIPConfigurations = [{ name: 'front', properties: { subnet } }];
    const body = { location: 'westeurope', sku: { name: 'Gateway' }, properties: { frontendIPConfigurations } };
    await azure.made(arm.balancerId, body);
    await azure.emulator.advance(5000);
    const pool = arm.childId('backendAddressPools', 'pool');
    const tunnelInterfaces = [{ identifier: 900, protocol: 'VXLAN', type: 'Internal' }];
    const made = await azure.made(pool, { properties: { tunnelInterfaces } });
    t.equal(arm.at(made, 'properties.tunnelInterfaces.0.port'), 0);
    await azure.emulator.advance(5000);
    const shown = (await azure.get(pool)).body;
    t.equal(arm.at(shown, 'properties.tunnelInterfaces.0.port'), 10800);
    await azure.made(pool, shown);
    await azure.emulator.advance(5000);
    t.same((await azure.get(pool)).body.properties, shown.properties, 'and keeps it');
  });
