/** `--seed` with resources as a GET, a list, az or an export printed them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { FrontendView } from '../../src/api/admin/views.js';
import { parseConfig } from '../../src/config/config.js';
import { Emulator } from '../../src/emulator.js';
import { createLog, silentLog } from '../../src/support/log.js';
import { idOf, ref, subscriptionId } from './cloud.js';
import { loadBalancer, poolRef } from './load-balancer.js';

interface Shown {
  readonly id: string;
  readonly properties: Record<string, unknown>;
  readonly [member: string]: unknown;
}

const group = `/subscriptions/${subscriptionId}/resourceGroups/test`;
const version = 'api-version=2024-05-01';

class Running {
  constructor(readonly emulator: Emulator) {}

  async send(method: 'GET' | 'PUT' | 'POST', url: string, payload?: unknown): Promise<Shown> {
    const body = payload === undefined ? {} : { payload: JSON.stringify(payload) };
    const answer = await this.emulator.server.app.inject({ method, url, ...body });
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`);
    return answer.json();
  }

  put(path: string, body: object): Promise<Shown> {
    return this.send('PUT', `${idOf(path)}?${version}`, { location: 'westeurope', ...body });
  }

  get(path: string): Promise<Shown> {
    return this.send('GET', `${idOf(path)}?${version}`);
  }

  async frontends(): Promise<readonly Pick<FrontendView, 'azureAddress' | 'port'>[]> {
    const { value } = await this.send('GET', '/_lazurite/frontends');
    return (value as FrontendView[]).map(({ azureAddress, port }) => ({ azureAddress, port }));
  }

  async members(): Promise<readonly string[]> {
    const { value } = await this.send('GET', '/_lazurite/backends');
    return (value as { azureAddress: string }[]).map(({ azureAddress }) => azureAddress).sort();
  }
}

async function start(t: Test, { seed, log = silentLog }: { seed?: string; log?: typeof silentLog } = {}) {
  const argv = ['--port', '0', '--in-memory', '--engine', 'none', ...(seed === undefined ? [] : ['--seed', seed])];
  const emulator = await Emulator.start(parseConfig(argv, {}), { log });
  t.teardown(() => emulator.close());
  return new Running(emulator);
}

function fileOf(t: Test, content: unknown): string {
  const file = join(t.testdir(), 'seed.json');
  const isWritten = typeof content === 'string' || Buffer.isBuffer(content);
  writeFileSync(file, isWritten ? content : JSON.stringify(content));
  return file;
}

const paths = [
  'loadBalancers/lb',
  'networkInterfaces/nic1',
  'networkInterfaces/nic2',
  'virtualNetworks/vnet',
  'networkSecurityGroups/nsg',
  'publicIPAddresses/ip',
];

/** A balancer before two network interfaces; they take the addresses .9 and .4, in this order. */
async function balanced(t: Test): Promise<Running> {
  const cloud = await start(t);
  await cloud.send('PUT', `${group}?${version}`, { location: 'westeurope', tags: { from: 'azure' } });
  await cloud.put('networkSecurityGroups/nsg', { properties: {} });
  const vms = { addressPrefix: '10.0.0.0/24', networkSecurityGroup: ref('networkSecurityGroups/nsg') };
  await cloud.put('virtualNetworks/vnet', {
    properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] }, subnets: [{ name: 'vms', properties: vms }] },
  });
  await cloud.put('publicIPAddresses/ip', {
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static' },
  });
  await cloud.put(
    'loadBalancers/lb',
    loadBalancer({ rules: [{ name: 'web', frontendPort: 80, backendPort: 8080 }], probePort: 8080 }),
  );
  for (const [name, address] of [
    ['nic1', { privateIPAllocationMethod: 'Static', privateIPAddress: '10.0.0.9' }],
    ['nic2', { privateIPAllocationMethod: 'Dynamic' }],
  ] as const) {
    const properties = {
      ...{ subnet: ref('virtualNetworks/vnet/subnets/vms'), loadBalancerBackendAddressPools: [poolRef()] },
      ...address,
    };
    await cloud.put(`networkInterfaces/${name}`, { properties: { ipConfigurations: [{ name: 'ip', properties }] } });
  }
  return cloud;
}

/** Without what every emulator makes up for itself, and the method by which a kept address was had. */
const comparable = (shown: unknown): unknown =>
  JSON.parse(
    JSON.stringify(shown, (name, value) =>
      ['etag', 'resourceGuid', 'internalDomainNameSuffix', 'ipAddress', 'privateIPAllocationMethod'].includes(name)
        ? undefined
        : value,
    ),
  );

/** The resource as az prints it: what is in `properties` beside the rest, and the group's name with every id. */
function asAzPrints(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asAzPrints);
  if (value === null || typeof value !== 'object') return value;
  const { properties, ...rest } = value as { properties?: object };
  const flat: [string, unknown][] = Object.entries({ ...rest, ...properties });
  const isWithId = flat.some(([name]) => name === 'id');
  const printed = flat.map(([name, member]) => [name.replace('IP', 'Ip'), asAzPrints(member)]);
  return { ...Object.fromEntries(printed), ...(isWithId && { resourceGroup: 'test' }), extendedLocation: null };
}

t.test('What a GET showed is there again: the same resources, members and addresses', async (t) => {
  const first = await balanced(t);
  const shown = await Promise.all(paths.map((path) => first.get(path)));
  const documents = {
    'a list of resources': shown,
    'what LIST answers': { value: shown },
    'lists in a list': [shown.slice(0, 3), { value: shown.slice(3) }],
    'one document after another': shown.map((one) => JSON.stringify(one, null, 2)).join('\n'),
    'one line per document': shown.map((one) => JSON.stringify(one)).join('\n'),
    'documents with nothing between them': shown.map((one) => JSON.stringify(one)).join(''),
    'UTF-16, as Windows PowerShell writes it': Buffer.from(`\uFEFF${JSON.stringify(shown, null, 2)}\r\n`, 'utf16le'),
    'what az prints': asAzPrints(shown),
  };
  for (const [what, document] of Object.entries(documents)) {
    const second = await start(t, { seed: fileOf(t, document) });
    for (const [index, path] of paths.entries()) {
      t.strictSame(comparable(await second.get(path)), comparable(shown[index]), `${what}: ${path}`);
    }
    t.strictSame(await second.members(), ['10.0.0.4', '10.0.0.9'], `${what}: members keep their addresses`);
    t.equal((await second.frontends()).length, 1, `${what}: the balancer has its frontend`);
  }
});

t.test('A resource group that was printed keeps its tags; another one is where its first resource is', async (t) => {
  const first = await balanced(t);
  const printed = [await first.get('publicIPAddresses/ip'), await first.send('GET', `${group}?${version}`)];
  const second = await start(t, { seed: fileOf(t, printed) });
  t.match(await second.send('GET', `${group}?${version}`), { tags: { from: 'azure' } });
  const third = await start(t, { seed: fileOf(t, printed[0]) });
  t.match(await third.send('GET', `${group}?${version}`), { location: 'westeurope' });
});

t.test('An export of a resource group is a template like any other', async (t) => {
  const first = await balanced(t);
  const { template } = await first.send('POST', `${group}/exportTemplate?${version}`, { resources: ['*'] });
  const second = await start(t, { seed: fileOf(t, template) });
  t.strictSame(await second.members(), ['10.0.0.4', '10.0.0.9']);
});

t.test('Members that Lazurite does not know are left out, and types without a model are stored', async (t) => {
  const ip = await (await balanced(t)).get('publicIPAddresses/ip');
  const storage = {
    id: `${group}/providers/Microsoft.Storage/storageAccounts/s`,
    ...{ name: 's', type: 'Microsoft.Storage/storageAccounts', location: 'westeurope', kind: 'StorageV2' },
    ...{ resourceGroup: 'test', systemData: { createdBy: 'x' }, identity: null },
    ...{ properties: { provisioningState: 'Succeeded', accessTier: 'Hot' } },
  };
  const newer = { ...ip, news: 1, properties: { ...ip.properties, more: { news: true } } };
  const second = await start(t, { seed: fileOf(t, [newer, storage]) });
  const brought = await second.get('publicIPAddresses/ip');
  t.match(brought, { news: undefined, properties: { more: undefined, publicIPAllocationMethod: 'Static' } });
  t.match(await second.send('GET', `${storage.id}?${version}`), {
    kind: 'StorageV2',
    properties: { accessTier: 'Hot' },
  });
});

t.test('What is referred to and not there is told by name', async (t) => {
  const first = await balanced(t);
  const lb = await first.get('loadBalancers/lb');
  await t.rejects(start(t, { seed: fileOf(t, lb) }), {
    name: 'UsageError',
    message: /seed\.json refers to what it does not hold: publicIPAddresses\/ip of the resource group test\. Add/,
  });
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line));
  const second = await start(t, { seed: fileOf(t, [lb, await first.get('publicIPAddresses/ip')]), log });
  t.strictSame(await second.members(), []);
  t.match(lines.join(''), /names resources that it does not hold.*networkInterfaces\/nic1 .*networkInterfaces\/nic2 /);

  const refused = { ...lb, properties: { ...lb.properties, frontendIPConfigurations: [] } };
  await t.rejects(start(t, { seed: fileOf(t, refused) }), {
    name: 'UsageError',
    message: /loadBalancers\/lb of the resource group test: .*frontend/i,
  });
  const { template } = await first.send('POST', `${group}/exportTemplate?${version}`, { resources: [lb.id] });
  await t.rejects(start(t, { seed: fileOf(t, template) }), {
    name: 'UsageError',
    message: /seed\.json: Resource \S+publicIPAddresses\/ip .*not found/,
  });
  await t.rejects(start(t, { seed: fileOf(t, [lb, 7]) }), { name: 'UsageError', message: /resources with their ids/ });
});
