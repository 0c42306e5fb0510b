/** `import { startLazurite } from 'lazurite'`: the emulator inside a Node process. */
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { NetworkManagementClient as NetworkManagementClient36 } from 'arm-network-36';
import { test } from 'tap';
import { type Lazurite, type LazuriteOptions, lazuriteForTests, startLazurite, UsageError } from '../src/index.js';
import { balancerBody } from './balancer-body.js';

const groups = '/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups';
const version = 'api-version=2024-03-01';

interface Reply {
  readonly status: number;
  readonly body: { readonly value?: readonly { readonly name: string }[] };
}

async function send(httpUrl: string, method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetch(`${httpUrl}${path}?${version}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: 'Bearer any' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Reply['body'] };
}

const statusOver = (url: string, ca: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    https.get(url, { ca, agent: false }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });

test('A Lazurite starts in this process, speaks Azure, and is empty again after a reset', async (t) => {
  const lazurite = await startLazurite({ engine: 'none' });
  t.teardown(() => lazurite.close());
  t.equal(await statusOver(`${lazurite.url}/_lazurite/ready`, lazurite.caPem), 200);
  t.equal((await send(lazurite.httpUrl, 'PUT', `${groups}/one`, { location: 'westeurope' })).status, 201);
  const names = async () => (await send(lazurite.httpUrl, 'GET', groups)).body.value?.map(({ name }) => name);
  t.strictSame(await names(), ['one']);
  await lazurite.reset();
  t.strictSame(await names(), []);
});

test('It answers to localhost and to the names that it is given', async (t) => {
  const lazurite = await startLazurite({ engine: 'none', tlsNames: ['one.example', 'two.example'] });
  t.teardown(() => lazurite.close());
  const statusAs = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = { headers: { host }, agent: false };
      http
        .get(`${lazurite.httpUrl}/_lazurite/ready`, options, (response) => resolve(response.resume().statusCode))
        .on('error', reject);
    });
  for (const name of ['localhost', 'one.example', 'two.example']) t.equal(await statusAs(name), 200, name);
  t.equal(await statusAs('three.example'), 400);
});

test('Its environment points tools at it, and is gone when it is closed', async (t) => {
  const lazurite = await startLazurite({ engine: 'none', operationDelayMs: 1000, strictTypes: true });
  const { env, url, caPem } = lazurite;
  t.match(env, { LAZURITE_URL: url, AZURE_AUTHORITY_HOST: url, ARM_METADATA_HOSTNAME: new URL(url).host });
  t.ok(readFileSync(String(env.SSL_CERT_FILE), 'utf8').includes(caPem));
  await Promise.all([lazurite.close(), lazurite.close()]);
  t.notOk(existsSync(String(env.SSL_CERT_FILE)));
  await t.rejects(fetch(lazurite.httpUrl));
});

test('Two run side by side, each with its own clock and resources', async (t) => {
  const [one, other] = await Promise.all([
    startLazurite({ engine: 'none' }),
    startLazurite({ engine: 'none', timeScale: 60, addressMap: 'none', publicIpPool: '127.250.0.0/16' }),
  ]);
  t.not(one.url, other.url);
  await one.advance(3_600_000);
  const clock = async ({ httpUrl }: { httpUrl: string }) =>
    (await (await fetch(`${httpUrl}/_lazurite/clock`)).json()) as { now?: string };
  const [first, second] = await Promise.all([clock(one), clock(other)]);
  t.ok(Date.parse(String(first.now)) - Date.parse(String(second.now)) > 3_000_000, JSON.stringify([first, second]));
  await Promise.all([one.close(), other.close()]);
});

test('What cannot be used is refused in one sentence', async (t) => {
  await t.rejects(startLazurite({ publicIpPool: 'here' }), UsageError);
  await t.rejects(startLazurite({ engin: 'none' } as object), { message: "startLazurite has no option 'engin'" });
});

const subscription = '/subscriptions/00000000-0000-0000-0000-000000000001';
const lb = `${subscription}/resourceGroups/seed/providers/Microsoft.Network/loadBalancers/lb`;

/** An internal load balancer on 10.NETWORK.0.100:5000, in a template. */
function template(network: number) {
  const subnet = { id: "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', 'vms')]" };
  const apiVersion = '2024-05-01';
  const location = 'westeurope';
  const prefix = `10.${network}.0.0/24`;
  const { properties, sku } = balancerBody(lb, {
    frontends: { front: { privateIPAddress: `10.${network}.0.100`, privateIPAllocationMethod: 'Static', subnet } },
    pools: {
      pool: {
        loadBalancerBackendAddresses: ['4', '5'].map((host) => ({
          name: host,
          properties: {
            ipAddress: `10.${network}.0.${host}`,
            virtualNetwork: { id: "[resourceId('Microsoft.Network/virtualNetworks', 'vnet')]" },
          },
        })),
      },
    },
    rules: { web: { frontendPort: 5000, backendPort: 8080 } },
  });
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [
      {
        ...{ type: 'Microsoft.Network/virtualNetworks', name: 'vnet', apiVersion, location },
        properties: {
          addressSpace: { addressPrefixes: [prefix] },
          subnets: [{ name: 'vms', properties: { addressPrefix: prefix } }],
        },
      },
      {
        ...{ type: 'Microsoft.Network/loadBalancers', name: 'lb', apiVersion, location, sku, properties },
        dependsOn: ["[resourceId('Microsoft.Network/virtualNetworks', 'vnet')]"],
      },
    ],
  };
}

async function started(t: { teardown(work: () => Promise<void>): void }, options: LazuriteOptions): Promise<Lazurite> {
  const lazurite = await startLazurite(options);
  t.teardown(() => lazurite.close());
  return lazurite;
}

test('Microsoft’s SDKs in the same process need its credential and client options, and nothing else', async (t) => {
  const { credential, subscriptionId, clientOptions, requests } = await started(t, { engine: 'none', auth: 'token' });
  const resources = new ResourceManagementClient(credential, subscriptionId, clientOptions);
  await resources.resourceGroups.createOrUpdate('group', { location: 'westeurope' });
  const ip = { location: 'westeurope', sku: { name: 'Standard' }, publicIPAllocationMethod: 'Static' };
  for (const { publicIPAddresses } of [
    new NetworkManagementClient36(credential, subscriptionId, clientOptions),
    // It still has the methods of the generation before, with types of its own.
    new NetworkManagementClient(credential, subscriptionId, clientOptions) as unknown as NetworkManagementClient36,
  ]) {
    await publicIPAddresses.beginCreateOrUpdateAndWait('group', 'ip', ip, { updateIntervalInMs: 10 });
    t.match(await publicIPAddresses.get('group', 'ip'), { ipAddress: /^127\.255\./ });
  }
  const [first] = await requests({ method: 'PUT', path: '**/publicIPAddresses/ip', top: 1 });
  t.match(first, { status: 200, client: { userAgent: /azsdk-js/ } });
});

test('A seed is there from the start and after each reset; snapshots bring back any other state', async (t) => {
  const lazurite = await started(t, { seed: template(205) });
  const frontends = async () => (await lazurite.frontends()).map(({ state, boundAddress }) => [state, boundAddress]);
  const bound = [['Bound', '127.205.0.100']];
  t.strictSame(await frontends(), bound);
  await lazurite.faults.add({ kind: 'api', status: 503 });
  t.equal((await send(lazurite.httpUrl, 'DELETE', lb)).status, 503);
  await lazurite.faults.clear();
  const empty = await fetch(`${lazurite.httpUrl}${lb}?${version}`, { method: 'DELETE' });
  t.equal(empty.status, 202);
  t.strictSame(await frontends(), []);
  const without = await lazurite.snapshot();
  await lazurite.reset();
  t.strictSame(await frontends(), bound);
  await lazurite.restore(without);
  t.strictSame(await frontends(), []);
});

test('It says which backend a connection would reach, and tells of events and time', async (t) => {
  const lazurite = await started(t, { seed: template(206) });
  const explained = await lazurite.explain({ from: '10.206.0.9:1000', to: '10.206.0.100:5000' });
  t.match(explained.choice?.address, /^127\.206\.0\.[45]$/);
  t.strictSame(
    (await lazurite.backends()).map(({ azureAddress, state }) => [azureAddress, state]),
    [
      ['10.206.0.4', 'Up'],
      ['10.206.0.5', 'Up'],
    ],
  );
  t.strictSame(await lazurite.flows(), []);
  const seen: string[] = [];
  const stop = lazurite.events.on('resource', ({ id, change }) => seen.push(`${change} ${id.split('/').at(-1)}`));
  const gone = lazurite.events.next('resource', ({ change }) => change === 'deleted');
  await fetch(`${lazurite.httpUrl}${lb}?${version}`, { method: 'DELETE' });
  t.match(await gone, { change: 'deleted' });
  stop();
  t.ok(seen.includes('deleted lb'), seen.join());
  const before = await lazurite.now();
  await lazurite.advance(3_600_000);
  t.ok((await lazurite.now()).getTime() - before.getTime() >= 3_600_000);
  const id = await lazurite.faults.add({ kind: 'probe', verdict: 'down' });
  t.match(await lazurite.faults.list(), [{ id, kind: 'probe' }]);
  await lazurite.faults.clear(id);
  t.strictSame(await lazurite.faults.list(), []);
});

test('Of two with the same private frontend, the second is told when it asks for it', async (t) => {
  await started(t, { seed: template(207) });
  await t.rejects(startLazurite({ seed: template(207) }), /127\.207\.0\.100:5000 is taken/);
  const other = await started(t, { seed: template(207), strictBind: false });
  t.match(await other.frontends(), [{ state: 'Fallback', reason: /is taken/ }]);
});

test('The end of a block with `await using` is its end', async (t) => {
  const lazurite = await startLazurite({ engine: 'none' });
  await lazurite[Symbol.asyncDispose]();
  await t.rejects(fetch(lazurite.httpUrl));
});

test('With the hooks of a test runner, every test of a file begins as after the start', async (t) => {
  const hooks: (() => Promise<void>)[] = [];
  const keep = (hook: () => Promise<void>) => hooks.push(hook);
  const azure = lazuriteForTests({ beforeAll: keep, beforeEach: keep, afterAll: keep }, { engine: 'none' });
  t.throws(azure, UsageError);
  t.throws(() => lazuriteForTests({}), UsageError);
  const [start, reset, end] = hooks as [() => Promise<void>, () => Promise<void>, () => Promise<void>];
  await start();
  await send(azure().httpUrl, 'PUT', `${groups}/one`, { location: 'westeurope' });
  await reset();
  t.strictSame((await send(azure().httpUrl, 'GET', groups)).body.value, []);
  await end();
});
