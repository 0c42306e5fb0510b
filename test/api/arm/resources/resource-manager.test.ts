import { test } from 'tap';
import { resourceTypes } from '../../../../src/resources/registry.js';
import * as arm from './arm-client.js';

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const names = (value: unknown): string[] => ((value ?? []) as { name: string }[]).map(({ name }) => name);
const subscription = `/subscriptions/${arm.subscriptionId}`;

test('every answer carries the headers of Azure Resource Manager', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  const got = await azure.get(arm.balancerId);
  t.match(got.headers, {
    'cache-control': 'no-cache',
    pragma: 'no-cache',
    expires: '-1',
    'content-type': 'application/json; charset=utf-8',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    date: /GMT$/,
    'x-ms-request-id': guid,
    'x-ms-correlation-request-id': guid,
    'x-ms-routing-request-id': /^[A-Z]+:20250101T\d{6}Z:[0-9a-f-]{36}$/,
    'x-ms-arm-service-request-id': guid,
    'x-ms-ratelimit-remaining-subscription-global-reads': /^\d+$/,
    'x-go-azure-sdk-skip-polling-delay': 'true',
    etag: /^W\/"/,
  });
  t.notOk('x-ms-client-request-id' in got.headers);
  const other = await azure.get(arm.balancerId);
  t.not(other.headers['x-ms-request-id'], got.headers['x-ms-request-id']);
  const correlationId = '00000000-0000-0000-0000-0000000000cc';
  const sent = { 'x-ms-client-request-id': 'mine', 'x-ms-correlation-request-id': correlationId };
  const traced = await azure.get(arm.balancerId, { headers: { ...sent, 'x-ms-return-client-request-id': 'true' } });
  t.equal(traced.headers['x-ms-client-request-id'], 'mine');
  t.equal(traced.headers['x-ms-correlation-request-id'], correlationId);
  const put = await azure.put(arm.publicIPAddressId('ip2'), arm.publicIPAddress());
  t.match(put.headers, { 'x-ms-ratelimit-remaining-subscription-global-writes': /^\d+$/ });
  const removed = await azure.delete(arm.publicIPAddressId('ip2'));
  t.match(removed.headers, {
    'x-ms-ratelimit-remaining-subscription-global-deletes': /^\d+$/,
    'azure-asyncnotification': 'Enabled',
    'content-length': '0',
  });
  t.equal(
    removed.headers['x-ms-arm-service-request-id'],
    /operations\/([0-9a-f-]+)/.exec(removed.headers['azure-asyncoperation'] ?? '')?.[1],
  );
});

test('the front door’s 404 and the network provider’s differ in code, details and headers', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  const topLevel = await azure.get(`${arm.network}/loadBalancers/none`);
  t.equal(topLevel.status, 404);
  t.same(topLevel.body, {
    error: {
      code: 'ResourceNotFound',
      message:
        "The Resource 'Microsoft.Network/loadBalancers/none' under resource group 'rg' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    },
  });
  t.equal(topLevel.headers['x-ms-failure-cause'], 'gateway');
  t.equal(topLevel.headers['x-ms-request-id'], topLevel.headers['x-ms-correlation-request-id']);
  t.notOk(Object.keys(topLevel.headers).some((name) => name.startsWith('x-ms-ratelimit')));
  t.notOk('x-ms-arm-service-request-id' in topLevel.headers);
  const child = await azure.get(arm.childId('probes', 'none'));
  t.equal(child.status, 404);
  t.same(child.body, {
    error: { code: 'NotFound', message: `Resource ${arm.childId('probes', 'none')} not found.`, details: [] },
  });
  t.notOk('x-ms-failure-cause' in child.headers);
  t.match(child.headers, { 'x-ms-ratelimit-remaining-subscription-global-reads': /^\d+$/ });
  for (const path of [`${arm.network}/loadBalancers/none/probes/x`, `${arm.network}/loadBalancers/none/probes`]) {
    t.match(
      arm.refusal(await azure.get(path)),
      /^404 ResourceNotFound: The Resource 'Microsoft.Network\/loadBalancers\/none' /,
    );
  }
  const elsewhere = `${arm.group}-none`;
  for (const path of [
    elsewhere,
    `${elsewhere}/resources`,
    `${elsewhere}/providers/Microsoft.Network/loadBalancers`,
    `${elsewhere}/providers/Microsoft.Network/loadBalancers/lb`,
  ]) {
    t.equal(
      arm.refusal(await azure.get(path)),
      "404 ResourceGroupNotFound: Resource group 'rg-none' could not be found.",
      path,
    );
  }
  t.equal((await azure.delete(`${elsewhere}/providers/Microsoft.Network/loadBalancers/lb`)).status, 404);
  t.equal((await azure.delete(`${arm.network}/loadBalancers/none`)).status, 204);
});

test('no request goes without an api-version', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeGroup();
  const paths = [
    '/subscriptions',
    '/tenants',
    '/providers',
    subscription,
    `${subscription}/locations`,
    `${subscription}/resourceGroups`,
    `${subscription}/resources`,
    `${subscription}/providers`,
    `${subscription}/providers/Microsoft.Network/loadBalancers`,
    arm.group,
    `${arm.group}/resources`,
    arm.balancerId,
    arm.childId('probes', 'x'),
    `${arm.group}/providers/Microsoft.Storage/storageAccounts/x`,
  ];
  for (const path of paths) {
    const answer = await azure.get(path, { apiVersion: undefined });
    t.equal(
      arm.refusal(answer),
      '400 MissingApiVersionParameter: The api-version query parameter (?api-version=) is required for all requests.',
      path,
    );
    t.equal(answer.headers['x-ms-failure-cause'], 'gateway');
    const noDate = await azure.get(path, { apiVersion: 'latest' });
    t.match(
      arm.refusal(noDate),
      /^400 InvalidApiVersionParameter: The api-version 'latest' is invalid\. The supported/,
      path,
    );
  }
});

test('any subscription GUID works, in any casing; what is none does not', async (t) => {
  const azure = await arm.ArmClient.start(t);
  const mine = '/subscriptions/ABCDEF01-2345-6789-ABCD-EF0123456789';
  t.match((await azure.get(mine)).body, {
    subscriptionId: mine.split('/')[2]?.toLowerCase(),
    state: 'Enabled',
    tenantId: guid,
  });
  const made = await azure.made(`${mine}/resourceGroups/rg`, { location: 'westeurope' });
  t.equal(made.id, `${mine.toLowerCase()}/resourceGroups/rg`);
  t.same(names((await azure.get(`${mine.toLowerCase()}/resourceGroups`)).body.value), ['rg']);
  t.same((await azure.get(`${subscription}/resourceGroups`)).body.value, [], 'subscriptions do not share');
  const all = (await azure.get('/subscriptions')).body.value as { subscriptionId: string }[];
  t.ok(all.some((one) => one.subscriptionId === mine.split('/')[2]?.toLowerCase()));
  t.match(
    arm.refusal(await azure.get('/subscriptions/not-a-guid/resourceGroups')),
    /^400 InvalidSubscriptionId: .*'not-a-guid'/,
  );
  const locations = (await azure.get(`${subscription}/locations`)).body.value as arm.Json[];
  t.match(
    locations.find(({ name }) => name === 'westeurope'),
    { displayName: 'West Europe', type: 'Region' },
  );
  t.match((await azure.get('/tenants')).body.value, [{ tenantId: guid }]);
});

test('resource groups are created, changed, checked for and listed', async (t) => {
  const azure = await arm.ArmClient.start(t);
  t.equal((await azure.head(arm.group)).status, 404);
  const created = await azure.put(arm.group, { location: 'West Europe', tags: { a: 'b' } });
  t.equal(created.status, 201);
  t.equal(
    created.text,
    JSON.stringify({
      id: arm.group,
      name: 'rg',
      type: 'Microsoft.Resources/resourceGroups',
      location: 'westeurope',
      tags: { a: 'b' },
      properties: { provisioningState: 'Succeeded' },
    }),
  );
  t.notOk('azure-asyncoperation' in created.headers, 'a group is there at once');
  t.equal((await azure.head(arm.group.toUpperCase())).status, 204);
  const updated = await azure.put(arm.group.replace('rg', 'RG'), { location: 'westeurope' });
  t.equal(updated.status, 200);
  t.equal(updated.body.name, 'rg', 'the name it was created with');
  t.notOk('tags' in updated.body);
  t.same((await azure.patch(arm.group, { tags: { c: 'd' } })).body.tags, { c: 'd' });
  t.same(names((await azure.get(`${subscription}/resourcegroups`)).body.value), ['rg']);
  await azure.makeGroup(`${arm.group}2`, 'eastus');
  t.same(names((await azure.get(`${subscription}/resourcegroups?$top=1`)).body.value), ['rg']);
  t.same(
    names((await azure.get(`${subscription}/resourcegroups?$filter=tagName eq 'c' and tagValue eq 'd'`)).body.value),
    ['rg'],
  );
  const deleted = await azure.delete(arm.group);
  t.equal(deleted.status, 202);
  t.equal((await azure.poll(deleted, 'location')).status, 200);
  t.equal((await azure.head(arm.group)).status, 404);
});

test('a location has sizes and images of machines, as clients ask before they create one', async (t) => {
  const azure = await arm.ArmClient.start(t);
  const location = `${subscription}/providers/Microsoft.Compute/locations/westeurope`;
  const sizes = (await azure.get(`${location}/vmSizes`)).body.value as arm.Json[];
  t.match(sizes[0], { name: 'Standard_B1s', numberOfCores: 1, memoryInMB: 1024 });
  const skus = `${location}/publishers/Canonical/artifacttypes/vmimage/offers/UbuntuServer/skus/18.04-LTS`;
  const namesAt = async (path: string) => names((await azure.get(`${location}/publishers${path}`)).body as never);
  t.same(await namesAt(''), ['Canonical', 'Debian', 'MicrosoftWindowsServer']);
  t.same(await namesAt('/debian/artifacttypes/vmimage/offers'), ['debian-12']);
  t.same(await namesAt('/Canonical/artifacttypes/vmimage/offers/UbuntuServer/skus'), ['18.04-LTS']);
  t.same(await namesAt('/NoSuchPublisher/artifacttypes/vmimage/offers/none/skus'), []);
  const versions = (await azure.get(`${skus}/versions`)).body as unknown as arm.Json[];
  t.match(versions, [{ location: 'westeurope', name: '1.0.0', id: /\/Publishers\/Canonical\/.*\/Versions\/1\.0\.0$/ }]);
  const image = { operatingSystem: 'Linux' };
  t.match(await azure.get(`${skus}/versions/1.0.0`), {
    status: 200,
    body: { name: '1.0.0', properties: { osDiskImage: image, hyperVGeneration: 'V1', dataDiskImages: [] } },
  });
  const windows = `${location}/publishers/MicrosoftWindowsServer/artifacttypes/vmimage/offers/WindowsServer/skus/2022-datacenter-g2`;
  t.match((await azure.get(`${windows}/versions/latest`)).body.properties, {
    osDiskImage: { operatingSystem: 'Windows' },
    hyperVGeneration: 'V2',
  });
  const set = `${arm.group}/providers/Microsoft.Compute/availabilitySets/set`;
  t.equal((await azure.get(`${set}/vmSizes`)).status, 404);
  await azure.put(arm.group, { location: 'westeurope' });
  t.equal((await azure.put(set, { location: 'westeurope', sku: { name: 'Aligned' } })).status, 200);
  t.same((await azure.get(`${set}/vmSizes`)).body.value, sizes);
});

test('providers are registered, and registering one again succeeds', async (t) => {
  const azure = await arm.ArmClient.start(t);
  const provider = (await azure.get(`${subscription}/providers/microsoft.network`)).body;
  t.match(provider, {
    id: `${subscription}/providers/Microsoft.Network`,
    namespace: 'Microsoft.Network',
    registrationState: 'Registered',
  });
  const types = provider.resourceTypes as { resourceType: string; apiVersions: string[]; locations: string[] }[];
  const balancers = types.find(({ resourceType }) => resourceType === 'loadBalancers');
  t.equal(balancers?.apiVersions[0], '2026-01-01', 'the newest version first');
  t.ok(balancers?.apiVersions.includes('2015-05-01-preview'));
  t.ok(balancers?.locations.includes('West Europe'));
  const registered = await azure.post(`${subscription}/providers/Microsoft.Storage/register`);
  t.equal(registered.status, 200);
  t.match(registered.body, { namespace: 'Microsoft.Storage', registrationState: 'Registered' });
  t.ok(
    ((await azure.get(`${subscription}/providers`)).body.value as arm.Json[]).some(
      (one) => one.namespace === 'Microsoft.Network',
    ),
  );
  t.equal((await azure.get('/providers/Microsoft.Network')).status, 200);
});

test('resources are listed in their group and in their subscription, page by page', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeGroup();
  await azure.makeGroup(`${arm.group}2`);
  for (const name of ['a', 'b', 'c']) await azure.makePublicIPAddress(name);
  const other = `${arm.group}2/providers/Microsoft.Network/publicIPAddresses`;
  await azure.made(`${other}/d`, arm.publicIPAddress());
  const list = async (path: string) => names((await azure.get(path)).body.value);
  t.same(await list(`${arm.network}/publicIPAddresses`), ['a', 'b', 'c']);
  t.same(await list(other), ['d']);
  t.same(await list(`${subscription}/providers/Microsoft.Network/publicIPAddresses`), ['a', 'b', 'c', 'd']);
  t.same(await list(`${subscription}/providers/Microsoft.Network/loadBalancers`), []);
  const whole = (await azure.get(`${arm.network}/publicIPAddresses`)).body;
  t.notOk('nextLink' in whole);
  t.same(
    (whole.value as arm.Json[])[0],
    (await azure.get(arm.publicIPAddressId('a'))).body,
    'items are what GET shows',
  );
  const pages: string[][] = [];
  for (let next: string | undefined = `${arm.network}/publicIPAddresses?$top=2`; next; ) {
    const page = (await azure.get(next)).body as { value: arm.Json[]; nextLink?: string };
    pages.push(names(page.value));
    next = page.nextLink;
  }
  t.same(pages, [['a', 'b'], ['c']]);
});

test('/resources is filtered, expanded and paged', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeNetwork();
  await azure.makePublicIPAddress('ip');
  await azure.patch(arm.publicIPAddressId('ip'), { tags: { env: "o'brien" } });
  await azure.made(`${arm.group}/providers/Microsoft.Storage/storageAccounts/store`, {
    location: 'eastus',
    kind: 'StorageV2',
    sku: { name: 'Standard_LRS' },
    properties: {},
  });
  const list = async (query: string, scope = arm.group) =>
    names((await azure.get(`${scope}/resources${query}`)).body.value).sort();
  t.same(await list(''), ['ip', 'store', 'vnet']);
  t.same(await list('', subscription), ['ip', 'store', 'vnet']);
  const filters: [string, string[]][] = [
    ["resourceType eq 'Microsoft.Network/virtualNetworks'", ['vnet']],
    ["resourceType eq 'microsoft.network/VIRTUALNETWORKS' or name eq 'ip'", ['ip', 'vnet']],
    ["resourceGroup eq 'RG' and name ne 'ip'", ['store', 'vnet']],
    ["startswith(name, 'v')", ['vnet']],
    ["substringof('to', name)", ['store']],
    ["location eq 'eastus'", ['store']],
    ["tagName eq 'env' and tagValue eq 'o''brien'", ['ip']],
    ["(name eq 'ip' or name eq 'vnet') and location eq 'westeurope'", ['ip', 'vnet']],
  ];
  for (const [filter, expected] of filters)
    t.same(await list(`?$filter=${encodeURIComponent(filter)}`), expected, filter);
  t.match(
    arm.refusal(await azure.get(`${arm.group}/resources?$filter=color eq 'red'`)),
    /^400 InvalidFilterInQueryString: /,
  );
  const items = (await azure.get(`${arm.group}/resources?$filter=name eq 'store'`)).body.value;
  t.same(items, [
    {
      id: `${arm.group}/providers/Microsoft.Storage/storageAccounts/store`,
      name: 'store',
      type: 'Microsoft.Storage/storageAccounts',
      kind: 'StorageV2',
      sku: { name: 'Standard_LRS' },
      location: 'eastus',
    },
  ]);
  t.match(
    (await azure.get(`${arm.group}/resources?$expand=createdTime,changedTime,provisioningState&$filter=name eq 'ip'`))
      .body.value,
    [{ createdTime: /^2025-01-01T/, changedTime: /^2025-01-01T/, provisioningState: 'Succeeded' }],
  );
  const page = (await azure.get(`${arm.group}/resources?$top=2`)).body as { value: arm.Json[]; nextLink: string };
  t.equal(page.value.length, 2);
  t.equal(((await azure.get(page.nextLink)).body.value as arm.Json[]).length, 1);
});

test('types without a model are stored and echoed, unless --strict-types', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeGroup();
  const path = `${arm.group}/providers/Microsoft.Storage/storageAccounts/Store`;
  const body = { location: 'West Europe', kind: 'StorageV2', properties: { a: [1, { b: null }] }, tags: { x: 'y' } };
  const created = await azure.put(path, body, { apiVersion: '2023-01-01' });
  t.equal(created.status, 200, 'its provider answers no other status');
  t.match(created.body, {
    id: path,
    name: 'Store',
    type: 'Microsoft.Storage/storageAccounts',
    location: 'westeurope',
    tags: { x: 'y' },
    kind: 'StorageV2',
    properties: { a: [1, { b: null }], provisioningState: 'Succeeded' },
  });
  t.equal((await azure.put(path.toLowerCase(), body)).body.name, 'Store');
  t.same((await azure.get(path)).body.id, path);
  t.same(names((await azure.get(path.slice(0, path.lastIndexOf('/')))).body.value), ['Store']);
  t.same((await azure.patch(path, { tags: { z: '1' } })).body.tags, { z: '1' });
  const changes = { Kind: 'BlobStorage', properties: { b: { c: 1 } }, identity: { type: 'SystemAssigned' } };
  t.equal((await azure.patch(path, changes)).status, 200);
  t.match((await azure.get(path)).body, {
    kind: 'BlobStorage',
    location: 'westeurope',
    tags: { z: '1' },
    identity: { type: 'SystemAssigned', principalId: /^[0-9a-f-]{36}$/ },
    properties: { a: [1, { b: null }], b: { c: 1 } },
  });
  const without = (await azure.patch(path, { properties: { a: null, b: { d: 2 } }, tags: {} })).body;
  t.match(without, { tags: {}, properties: { a: undefined, b: { c: 1, d: 2 } } });
  const child = await azure.put(`${path}/blobServices/default`, { properties: {} });
  t.match(child.body, { name: 'default', type: 'Microsoft.Storage/storageAccounts/blobServices' });
  t.equal((await azure.delete(path)).status, 200);
  t.match(
    arm.refusal(await azure.get(path)),
    /^404 ResourceNotFound: The Resource 'Microsoft.Storage\/storageAccounts\/Store' /,
  );

  const strict = await arm.ArmClient.start(t, { argv: ['--strict-types'] });
  await strict.makeGroup();
  const refused = await strict.put(path, body, { apiVersion: '2023-01-01' });
  t.match(
    arm.refusal(refused),
    /^404 InvalidResourceType: The resource type 'storageAccounts' could not be found in the namespace 'Microsoft.Storage' for api version '2023-01-01'\./,
  );
});

test('unknown api-versions get the newest shape, unless --strict-api-versions', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  t.match((await azure.get(arm.balancerId, { apiVersion: '2031-01-01' })).body, {
    properties: { probes: [{ properties: { probeThreshold: 1 } }] },
  });
  const strict = await arm.ArmClient.start(t, { argv: ['--strict-api-versions'] });
  await strict.makeGroup();
  t.match(
    arm.refusal(await strict.get(arm.balancerId, { apiVersion: '2031-01-01' })),
    /^400 NoRegisteredProviderFound: No registered resource provider found for location '.*' and API version '2031-01-01' for type 'loadBalancers'\. The supported api-versions are '2026-01-01, 2025-09-01, .*'\. The supported locations are 'eastus, .*'\.$/,
  );
  t.equal((await strict.get(`${arm.network}/loadBalancers`, { apiVersion: '2025-09-01' })).status, 200);
});

test('an api-version from before the first one of a type is refused', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeGroup();
  for (const { type, apiVersions } of resourceTypes) {
    const [namespace, name] = type.split('/');
    const answer = await azure.get(`${arm.group}/providers/${namespace}/${name}/one`, { apiVersion: '2014-01-01' });
    t.match(arm.refusal(answer), `400 NoRegisteredProviderFound: No registered resource provider found`, type);
    t.match(arm.refusal(answer), `for type '${name}'. The supported api-versions are '${apiVersions.at(-1)}, `, type);
  }
});

test('a DNS name label is free until an address has it', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeGroup();
  const check = async (label: string) =>
    (
      await azure.get(
        `${subscription}/providers/Microsoft.Network/locations/westeurope/CheckDnsNameAvailability?domainNameLabel=${label}`,
      )
    ).body;
  t.same(await check('web'), { available: true });
  await azure.makePublicIPAddress('ip', { dnsSettings: { domainNameLabel: 'web' } });
  t.same(await check('WEB'), { available: false });
  const other = '/subscriptions/11111111-1111-4111-8111-111111111111';
  t.same(
    (
      await azure.get(
        `${other}/providers/Microsoft.Network/locations/West Europe/CheckDnsNameAvailability?domainNameLabel=web`,
      )
    ).body,
    { available: false },
    'in every subscription',
  );
  t.match(await check('-Bad_'), { error: { code: 'InvalidDomainNameLabel' } });
  await azure.put(`${other}/resourceGroups/g`, { location: 'westeurope' });
  const taken = await azure.put(`${other}/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/ip`, {
    location: 'westeurope',
    properties: { dnsSettings: { domainNameLabel: 'web' } },
  });
  t.match(arm.refusal(taken), /^400 DnsRecordInUse/);
});

test('the instance view of a virtual machine is answered by its own path and by $expand', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeGroup();
  const id = `${subscription}/resourceGroups/${arm.network.split('/')[4]}/providers/Microsoft.Compute/virtualMachines/vm`;
  const machine = { location: 'westeurope', properties: { osProfile: { computerName: 'vm' } } };
  t.equal((await azure.put(id, machine)).status, 201);
  const instanceView = { statuses: [{ code: 'ProvisioningState/succeeded' }, { code: 'PowerState/running' }] };
  t.match(await azure.get(`${id}/instanceView`), { status: 200, body: { computerName: 'vm', ...instanceView } });
  t.match((await azure.get(`${id}?$expand=instanceView`)).body, { properties: { instanceView } });
  t.notMatch((await azure.get(id)).text, 'instanceView');
});
