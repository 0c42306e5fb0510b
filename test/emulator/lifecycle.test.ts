/** What is kept, what is forgotten, and where frontends are when their own address is not to be had. */
import { createServer } from 'node:net';
import t from 'tap';
import type { FrontendView } from '../../src/api/admin/views.js';
import { createLog } from '../../src/support/log.js';
import { tcpBackend } from '../data-plane/network.js';
import { nextEvent, until } from '../turns.js';
import { Cloud, idOf } from './cloud.js';
import { loadBalancer } from './load-balancer.js';

const network = 203;
const port = 8080;
const pool = 'loadBalancers/lb/backendAddressPools/pool';
const rule = { name: 'web', frontendPort: 5000, backendPort: port };

t.test('what was acknowledged is there after a restart: resources, listeners and probes', async (t) => {
  const argv = ['--data', t.testdir()];
  const machine = await first();

  async function first() {
    const cloud = await Cloud.start(t, { network, argv });
    const machine = await cloud.machine(t, 4, port);
    await cloud.prepare();
    await cloud.put('loadBalancers/lb', loadBalancer({ rules: [rule], probePort: port }));
    await cloud.nic(4, { pools: [pool] });
    await cloud.membersUp(4);
    await cloud.close();
    return machine;
  }

  const before = machine.accepted;
  const cloud = await Cloud.start(t, { network, argv });
  const ip = String((await cloud.get('publicIPAddresses/ip')).properties.ipAddress);
  await cloud.membersUp(4);
  t.ok(machine.accepted > before, 'the probe runs again');
  t.equal(await tcpBackend(await cloud.place(ip, 5000)), cloud.localAddress(4));
  t.not(await cloud.publicIp('another'), ip, 'addresses in use are still in use');

  machine.refuse();
  await cloud.emulator.advance(16_000);
  await cloud.membersUp();
});

t.test('frontends', async (t) => {
  const cloud = await Cloud.start(t, { network });
  const view = async (frontendPort: number): Promise<FrontendView> => {
    const found = (await cloud.frontends()).find((one) => one.port === frontendPort);
    if (!found) throw new Error(`no frontend ${frontendPort}`);
    return found;
  };

  await t.test('are Bound where Azure’s API says, mapped by the address rule', async (t) => {
    const ip = await cloud.prepare();
    await cloud.put('loadBalancers/lb', loadBalancer({ rules: [rule], addresses: [cloud.azureAddress(4)] }));
    t.match(await view(5000), {
      azureAddress: ip,
      transport: 'tcp',
      state: 'Bound',
      boundAddress: ip,
      boundPort: 5000,
      reason: null,
      distribution: 'Default',
      backends: 1,
    });
  });

  await t.test('fall back when their port is taken, say why, and return when it is free', async (t) => {
    const ip = await cloud.prepare();
    const squatter = createServer().listen(5001, ip);
    await nextEvent(squatter, 'listening');
    await cloud.machine(t, 4, port);
    await cloud.put(
      'loadBalancers/lb',
      loadBalancer({ rules: [{ ...rule, frontendPort: 5001 }], addresses: [cloud.azureAddress(4)] }),
    );
    t.match(await view(5001), { state: 'Fallback', boundAddress: '127.0.0.1', reason: /5001 is taken/ });
    t.equal(await tcpBackend(await cloud.place(ip, 5001)), cloud.localAddress(4), 'it forwards all the same');
    squatter.close();
    await until('its own port', async () => (await view(5001)).state === 'Bound');
    t.equal(await tcpBackend({ address: ip, port: 5001 }), cloud.localAddress(4));
  });

  await t.test('that need the right to low ports are on their port plus 8000, or on their own', async (t) => {
    const ip = await cloud.prepare();
    await cloud.put(
      'loadBalancers/lb',
      loadBalancer({ rules: [{ ...rule, frontendPort: 80 }], addresses: [cloud.azureAddress(4)] }),
    );
    const { state, boundAddress, boundPort } = await view(80);
    t.equal(boundAddress, ip);
    t.equal(boundPort, state === 'Bound' ? 80 : 8080);
  });

  await t.test('of an address that no machine has fall back too, with the reason', async (t) => {
    await cloud.prepare();
    await cloud.put('virtualNetworks/vnet', {
      properties: {
        addressSpace: { addressPrefixes: ['203.0.113.0/24'] },
        subnets: [{ name: 'vms', properties: { addressPrefix: '203.0.113.0/24' } }],
      },
    });
    const internal = { privateIPAddress: '203.0.113.10' };
    await cloud.put('loadBalancers/lb', loadBalancer({ rules: [rule], internal, addresses: ['203.0.113.4'] }));
    t.match(await view(5000), {
      azureAddress: '203.0.113.10',
      state: 'Fallback',
      boundAddress: '127.0.0.1',
      reason: /203\.0\.113\.10 is not an address of this machine/,
    });
  });

  await t.test('of HA ports are Unbound: a socket cannot listen on every port', async (t) => {
    await cloud.prepare();
    const internal = { privateIPAddress: cloud.azureAddress(100) };
    const everything = { name: 'ha', protocol: 'All' as const, frontendPort: 0, backendPort: 0 };
    await cloud.put(
      'loadBalancers/lb',
      loadBalancer({ rules: [everything], internal, addresses: [cloud.azureAddress(4)] }),
    );
    t.match(await cloud.frontends(), [
      { transport: 'tcp', state: 'Unbound', reason: /HA ports/ },
      { transport: 'udp', state: 'Unbound', reason: /HA ports/ },
    ]);
  });

  await t.test('that two Azure addresses share here belong to the first; the second is a collision', async (t) => {
    const map = (third: number): string => `10.${network}.${third}.0/24=127.${network}.0.0/24`;
    const argv = ['--in-memory', '--address-map', map(0), '--address-map', map(1)];
    const cloud = await Cloud.start(t, { network, argv });
    await cloud.prepare();
    for (const [name, third] of [
      ['first', 0],
      ['second', 1],
    ] as const) {
      const internal = { privateIPAddress: `10.${network}.${third}.100` };
      await cloud.put(`loadBalancers/${name}`, loadBalancer({ name, rules: [rule], internal, addresses: [] }));
    }
    t.match(await cloud.frontends(), [
      { azureAddress: `10.${network}.0.100`, state: 'Bound', reason: null },
      { azureAddress: `10.${network}.1.100`, state: 'Unbound', reason: /^Collision: .*loadBalancers\/first/ },
    ]);
    await cloud.delete('loadBalancers/first');
    await until('the second to take over', async () => {
      const [only] = await cloud.frontends();
      return only?.state === 'Bound' && only.azureAddress === `10.${network}.1.100`;
    });
    t.pass('when the first is gone, the second has the address');
  });

  await t.test('explain which backend a connection will reach, and it does', async (t) => {
    const ip = await cloud.prepare();
    for (const host of [4, 5, 6]) await cloud.machine(t, host, port);
    const addresses = [4, 5, 6].map(cloud.azureAddress);
    await cloud.put(
      'loadBalancers/lb',
      loadBalancer({ rules: [{ ...rule, loadDistribution: 'SourceIP' }], addresses }),
    );
    for (let client = 1; client <= 10; client++) {
      const from = `127.33.1.${client}`;
      const query = `proto=tcp&from=${from}:40000&to=${ip}:5000`;
      const { body } = await cloud.send('GET', `/_lazurite/explain?${query}`);
      const { choice } = body as { choice: { address: string } };
      t.equal(await tcpBackend(await cloud.place(ip, 5000), { from }), choice.address);
    }
  });

  await t.test('are gone after a reset, and so is everything else', async (t) => {
    const ip = await cloud.prepare();
    await cloud.put('loadBalancers/lb', loadBalancer({ rules: [rule], addresses: [cloud.azureAddress(4)] }));
    t.equal((await cloud.send('POST', '/_lazurite/reset')).status, 204);
    t.strictSame(await cloud.frontends(), []);
    t.strictSame(await cloud.backends(), []);
    t.equal(await tcpBackend({ address: ip, port: 5000 }).catch(({ code }) => code), 'ECONNREFUSED');
    const { body } = await cloud.send('GET', '/subscriptions?api-version=2022-12-01');
    const groups = (body as { value: { subscriptionId: string }[] }).value.map(({ subscriptionId }) =>
      cloud.send('GET', `/subscriptions/${subscriptionId}/resourcegroups?api-version=2021-04-01`),
    );
    for (const answer of await Promise.all(groups)) t.strictSame((answer.body as { value: unknown[] }).value, []);
    t.equal(await cloud.prepare(), ip, 'the first address is free again');
  });
});

t.test('with --strict-bind, a frontend that cannot be Bound fails its operation', async (t) => {
  const cloud = await Cloud.start(t, { network, argv: ['--in-memory', '--strict-bind'] });
  const ip = await cloud.prepare();
  const squatter = createServer().listen(5002, ip);
  await nextEvent(squatter, 'listening');
  const body = loadBalancer({ rules: [{ ...rule, frontendPort: 5002 }], addresses: [cloud.azureAddress(4)] });
  t.match(await cloud.tryPut('loadBalancers/lb', body), /^Failed FrontendBindFailed: .*5002.*taken/);
  t.equal((await cloud.get('loadBalancers/lb')).properties.provisioningState, 'Failed');
  squatter.close();
  await nextEvent(squatter, 'close');
  await until(
    'a second attempt to succeed',
    async () => (await cloud.tryPut('loadBalancers/lb', body)) === 'Succeeded',
  );
  t.equal((await cloud.get('loadBalancers/lb')).properties.provisioningState, 'Succeeded');
});

t.test('with --strict-bind, of two frontends with one place only the operation of the later one fails', async (t) => {
  const map = (third: number): string => `10.${network}.${third}.0/24=127.${network}.0.0/24`;
  const argv = ['--in-memory', '--strict-bind', '--address-map', map(0), '--address-map', map(1)];
  const cloud = await Cloud.start(t, { network, argv });
  await cloud.prepare();
  const put = (name: string, third: number): Promise<string> => {
    const internal = { privateIPAddress: `10.${network}.${third}.100` };
    return cloud.tryPut(`loadBalancers/${name}`, loadBalancer({ name, rules: [rule], internal, addresses: [] }));
  };
  t.equal(await put('first', 0), 'Succeeded');
  t.match(await put('second', 1), /^Failed FrontendBindFailed: .*Collision: .*loadBalancers\/first/);
  t.equal(await put('first', 0), 'Succeeded', 'what collides with it does not concern it');
});

t.test('while an operation takes its time, clients see it InProgress and Updating, then Succeeded', async (t) => {
  const argv = ['--in-memory', '--operation-delay', '60000'];
  const cloud = await Cloud.start(t, { network, argv });
  const group = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/slow';
  await cloud.send('PUT', `${group}?api-version=2021-04-01`, { location: 'westeurope' });
  const url = `${group}/providers/Microsoft.Network/virtualNetworks/vnet?api-version=2024-05-01`;
  const created = await cloud.send('PUT', url, {
    location: 'westeurope',
    properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
  });
  t.match(created, { status: 201, body: { properties: { provisioningState: 'Updating' } } });
  const operation = String(created.headers['azure-asyncoperation']);
  t.match(await cloud.send('GET', operation), { headers: { 'retry-after': '1' }, body: { status: 'InProgress' } });
  await cloud.emulator.advance(61_000);
  t.strictSame((await cloud.send('GET', operation)).body, { status: 'Succeeded' });
  t.match((await cloud.send('GET', url)).body, { properties: { provisioningState: 'Succeeded' } });
});

t.test('the log tells when a deployment is done', async (t) => {
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line));
  const cloud = await Cloud.start(t, { network, argv: ['--in-memory', '--engine', 'none'], log });
  await cloud.prepare();
  const url = idOf('').replace('Microsoft.Network/', 'Microsoft.Resources/deployments/empty?api-version=2021-04-01');
  const template = {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [],
  };
  await cloud.send('PUT', url, { properties: { mode: 'Incremental', template } });
  await until('the line', () => lines.some((line) => /a deployment is done .*deployments\/empty/.test(line)));
});

t.test(
  'the log tells, as text and as JSON, where a frontend is, which member is up, and when a mode is switched',
  async (t) => {
    const texts: string[] = [];
    const objects: Record<string, unknown>[] = [];
    const text = createLog((line) => texts.push(line));
    const json = createLog((line) => objects.push(JSON.parse(line)), { logFormat: 'json' });
    const log = {
      info: (...line: Parameters<typeof text.info>) => [text, json].forEach((one) => void one.info(...line)),
      warn: (...line: Parameters<typeof text.warn>) => [text, json].forEach((one) => void one.warn(...line)),
      error: (...line: Parameters<typeof text.error>) => [text, json].forEach((one) => void one.error(...line)),
    };
    const cloud = await Cloud.start(t, { network, log });
    const machine = await cloud.machine(t, 4, port);
    const address = await cloud.prepare();
    const balanced = (of: typeof rule & { loadDistribution?: string }) =>
      cloud.put('loadBalancers/lb', loadBalancer({ rules: [of], probePort: port }));
    await balanced(rule);
    await cloud.nic(4, { pools: [pool] });
    await cloud.membersUp(4);
    await balanced({ ...rule, loadDistribution: 'SourceIP' });
    await balanced({ ...rule, frontendPort: 5001, loadDistribution: 'SourceIP' });
    machine.refuse();
    await cloud.emulator.advance(16_000);
    await cloud.membersUp();

    const id = idOf('loadBalancers/lb/loadBalancingRules/web');
    const probe = new RegExp(`probes/probe\\|${cloud.localAddress(4)}$`);
    const frontend = (at: number) => ({
      ...{ level: 'info', message: 'a frontend is bound', key: `tcp/${address}/${at}`, rule: id },
      ...{ boundAddress: address, boundPort: at },
    });
    const expected = [
      frontend(5000),
      { level: 'info', message: 'a member is up', key: probe, reason: 'Up_Probe_Success' },
      { level: 'info', message: 'the mode was switched', rule: id, from: 'Default', to: 'SourceIP' },
      frontend(5001),
      { level: 'info', message: 'a member is down', key: probe, reason: /^Down_Probe_/ },
    ];
    const messages = new Set(expected.map(({ message }) => message));
    const told = objects.filter(({ message }) => messages.has(String(message)));
    t.match(told, expected);
    t.equal(told.length, expected.length, 'each once');
    t.match(texts.join(''), `info the mode was switched rule=${id} from=Default to=SourceIP\n`);
    t.equal(texts.length, objects.length);
  },
);
