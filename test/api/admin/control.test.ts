/** `/_lazurite/`: explain, backends, clock, reset, requests and snapshots, over the wire and with real packets. */
import rootTest, { type Test, test } from 'tap';
import type { ExplainView, RequestView } from '../../../src/api/admin/views.js';
import type { Snapshot } from '../../../src/store/snapshot.js';
import { openStream, tcpBackend } from '../../data-plane/network.js';
import { Cloud, idOf } from '../../emulator/cloud.js';
import { loadBalancer } from '../../emulator/load-balancer.js';
import { until } from '../../turns.js';

const port = 7101;
const hosts = [10, 11, 12];
const clients = Array.from({ length: 20 }, (_, index) => `127.240.200.${index + 1}`);

const start = (t: Test, pool: number, ...argv: string[]): Promise<Cloud> =>
  Cloud.start(t, { network: 240, argv: ['--in-memory', '--public-ip-pool', `127.240.${pool}.0/24`, ...argv] });

/** One emulator for the tests that begin with a reset: each start makes certificates, which takes its time. */
let shared: Cloud | undefined;
async function asNew(): Promise<Cloud> {
  shared ??= await start(rootTest, 101);
  await shared.send('POST', '/_lazurite/reset');
  return shared;
}

/** Three probed machines behind port 5000 of a public address. */
async function stage(t: Test) {
  const cloud = await asNew();
  const ip = await cloud.prepare();
  for (const host of hosts) await cloud.machine(t, host, port);
  const body = loadBalancer({
    rules: [{ name: 'web', frontendPort: 5000, backendPort: port, loadDistribution: 'SourceIP' }],
    probePort: port,
    addresses: hosts.map(cloud.azureAddress),
  });
  await cloud.put('loadBalancers/lb', body);
  await cloud.membersUp(...hosts);
  return { cloud, ip };
}

test('explain names the backend that a connection gets, and why', async (t) => {
  const { cloud, ip } = await stage(t);
  const explain = async (query: string): Promise<ExplainView> =>
    (await cloud.send('GET', `/_lazurite/explain?${query}`)).body as ExplainView;

  await t.test('what it says is what happens', async (t) => {
    const at = await cloud.place(ip, 5000);
    for (const client of clients) {
      const { choice } = await explain(`proto=tcp&from=${client}:4000&to=${ip}:5000`);
      t.equal(choice?.address, await tcpBackend(at, { from: client }), client);
    }
  });

  await t.test('the answer has tuple, hash, slot and every candidate with its reason', async (t) => {
    const found = await explain(`proto=tcp&from=127.240.200.1:4000&to=${ip}:5000`);
    t.match(found, {
      frontend: `tcp/${ip}/5000`,
      rule: idOf('loadBalancers/lb/loadBalancingRules/web'),
      distribution: 'SourceIP',
      tuple: ['127.240.200.1', ip],
      hash: Number,
      slot: Number,
      choice: { key: /^10\.240\.0\.1[012]$/, address: /^127\.240\.0\.1[012]$/, port },
    });
    t.strictSame(
      found.candidates.map(({ key, eligible, reason }) => [key, eligible, reason]),
      hosts.map((host) => [cloud.azureAddress(host), true, 'Up_Probe_Success']),
    );
  });

  await t.test('a client of the virtual network may be named by its Azure address', async (t) => {
    const azure = await explain(`proto=tcp&from=10.240.200.7:4000&to=${ip}:5000`);
    const mapped = await explain(`proto=tcp&from=127.240.200.7:4000&to=${ip}:5000`);
    t.equal(azure.question.sourceAddress, '127.240.200.7');
    t.strictSame(azure, mapped);
  });

  await t.test('where there is no choice, the answer says why', async (t) => {
    const nobody = await explain(`proto=udp&from=127.240.200.1:4000&to=${ip}:5000`);
    t.equal(nobody.choice, undefined);
    t.match(nobody.reason, 'No rule answers on udp');
  });

  await t.test('what is no address is refused', async (t) => {
    const refused = await cloud.send('GET', `/_lazurite/explain?proto=tcp&from=nonsense&to=${ip}:80`);
    t.match(refused, { status: 400, body: { error: { code: 'BadRequest', message: /'from' must be IP:PORT/ } } });
    t.equal((await cloud.send('GET', '/_lazurite/explain?proto=icmp&from=1.2.3.4:1&to=1.2.3.4:2')).status, 400);
  });
});

test('the clock moves probes, idle timeouts and operations alike', async (t) => {
  const cloud = await start(t, 102, '--operation-delay', '120000');
  const advance = (advanceSeconds: unknown) => cloud.send('POST', '/_lazurite/clock', { advanceSeconds });
  const url = `${idOf('networkSecurityGroups/late')}?api-version=2024-05-01`;
  const group = url.slice(0, url.indexOf('/providers/'));
  await cloud.send('PUT', `${group}?api-version=2021-04-01`, { location: 'westeurope' });
  const put = await cloud.send('PUT', url, { location: 'westeurope' });
  t.equal(put.status, 201, JSON.stringify(put.body));
  const operation = String(put.headers['azure-asyncoperation']);
  const status = async () => ((await cloud.send('GET', operation)).body as { status: string }).status;

  t.equal(await status(), 'InProgress');
  const before = (await cloud.send('GET', '/_lazurite/clock')).body as { now: string };
  const { body } = await advance(121);
  t.equal(await status(), 'Succeeded');
  const passedMs = Date.parse((body as { now: string }).now) - Date.parse(before.now);
  t.ok(passedMs >= 121_000 && passedMs < 130_000, `${passedMs} ms`);
  t.match(body, { timeScale: 1, advancedSeconds: 121 });

  t.equal((await advance('soon')).status, 400);
  t.equal((await advance(-1)).status, 400);
});

test('an idle flow ends when the clock is moved past its timeout', async (t) => {
  const { cloud, ip } = await stage(t);
  const stream = await openStream(await cloud.place(ip, 5000), { from: '127.240.201.1' });
  const flows = async () =>
    ((await cloud.send('GET', '/_lazurite/flows')).body as { value: { source: string; backend: string }[] }).value;
  t.match(await flows(), [{ transport: 'tcp', source: /^127\.240\.201\.1:/, backend: /^10\.240\.0\.1[012]$/ }]);
  await cloud.send('POST', '/_lazurite/clock', { advanceSeconds: 241 });
  t.strictSame(await flows(), []);
  stream.socket.destroy();
});

test('reset leaves an emulator as new', async (t) => {
  const { cloud, ip } = await stage(t);
  const at = await cloud.place(ip, 5000);
  await cloud.send('POST', '/_lazurite/faults', { kind: 'api', status: 503, path: '/nowhere' });
  const { status } = await cloud.send('POST', '/_lazurite/reset');
  t.equal(status, 204);
  t.strictSame(await cloud.frontends(), []);
  t.strictSame(await cloud.backends(), []);
  for (const path of ['requests', 'faults', 'events']) {
    t.strictSame((await cloud.send('GET', `/_lazurite/${path}`)).body, { value: [] }, path);
  }
  t.match(await cloud.send('GET', `${idOf('loadBalancers/lb')}?api-version=2024-05-01`), { status: 404 });
  await t.rejects(tcpBackend(at), { code: 'ECONNREFUSED' });
  t.equal(await cloud.prepare(), ip, 'addresses are handed out from the start again');
});

test('the journal keeps what came, what was answered, and which client it was', async (t) => {
  const cloud = await asNew();
  const requests = async (query = ''): Promise<RequestView[]> =>
    ((await cloud.send('GET', `/_lazurite/requests${query}`)).body as { value: RequestView[] }).value;
  await cloud.prepare();
  await cloud.send('GET', `${idOf('loadBalancers/missing')}?api-version=2024-05-01`);

  await t.test('a call is kept with its bodies, its api-version and its answer', async (t) => {
    const [put] = await requests(
      '?method=put&path=/subscriptions/*/resourceGroups/*/providers/**/virtualNetworks/vnet',
    );
    t.match(put, {
      method: 'PUT',
      apiVersion: '2024-05-01',
      status: 201,
      durationMs: Number,
      errorCode: null,
      client: { address: /127\.0\.0\.1|::1/ },
      correlationId: /^[0-9a-f-]{36}$/,
      requestBody: { properties: { addressSpace: { addressPrefixes: ['10.240.0.0/16'] } } },
      responseBody: { name: 'vnet' },
    });
    t.match(put?.time, /^\d{4}-\d\d-\d\dT/);
  });

  await t.test('a refusal is kept with its code', async (t) => {
    t.match(await requests('?status=4xx'), [{ status: 404, errorCode: 'ResourceNotFound', method: 'GET' }]);
    t.equal((await requests('?status=404')).length, 1);
    t.strictSame(await requests('?status=5xx'), []);
  });

  await t.test('filters join, a path is the start of a path, and top takes the last', async (t) => {
    const all = await requests();
    t.strictSame(await requests('?top=2'), all.slice(-2));
    t.strictSame(await requests(`?since=${encodeURIComponent(all[2]?.time ?? '')}`), all.slice(2));
    t.equal((await requests('?path=/subscriptions&method=delete')).length, 0);
    t.equal((await requests('?path=/subscript')).length, 0);
    t.equal((await cloud.send('GET', '/_lazurite/requests?since=yesterday')).status, 400);
    t.equal((await cloud.send('GET', '/_lazurite/requests?status=bad')).status, 400);
  });

  await t.test('secrets of sign-ins are not kept', async (t) => {
    await cloud.send('POST', '/adfs/oauth2/v2.0/token', { client_secret: 'hush' });
    const kept = (await requests()).at(-1);
    t.match(kept, { path: '/adfs/oauth2/v2.0/token', requestBody: null, responseBody: null });
  });

  await t.test('the admin API itself is not recorded, and DELETE clears', async (t) => {
    t.notOk((await requests()).some(({ path }) => path.startsWith('/_lazurite')));
    t.equal((await cloud.send('DELETE', '/_lazurite/requests')).status, 204);
    t.strictSame(await requests(), []);
  });
});

test('a snapshot brings everything back, forwarding included', async (t) => {
  const { cloud, ip } = await stage(t);
  const at = await cloud.place(ip, 5000);
  const before = await cloud.get('loadBalancers/lb');
  const served = await tcpBackend(at, { from: '127.240.200.1' });
  const { body } = await cloud.send('GET', '/_lazurite/snapshot');
  const snapshot = body as Snapshot;

  await t.test('it shows tables with their documents as JSON', async (t) => {
    t.match(snapshot, { format: 'lazurite-snapshot', schemaVersion: Number, takenAt: String });
    t.match(
      snapshot.tables.resources?.find(({ type }) => type === 'Microsoft.Network/loadBalancers'),
      { document: { properties: { loadBalancingRules: [{ name: 'web' }] } } },
    );
  });

  await t.test('after a reset it is all there again', async (t) => {
    await cloud.send('POST', '/_lazurite/reset');
    t.equal((await cloud.send('PUT', '/_lazurite/snapshot', snapshot)).status, 204);
    t.strictSame(await cloud.get('loadBalancers/lb'), before);
    await cloud.membersUp(...hosts);
    t.equal(await tcpBackend(at, { from: '127.240.200.1' }), served);
    const again = (await cloud.send('GET', '/_lazurite/snapshot')).body as Snapshot;
    t.strictSame(again.tables, snapshot.tables);
  });

  await t.test('a store that no other machine shares is not upgraded', async (t) => {
    t.match(await cloud.send('POST', '/_lazurite/store/upgrade'), {
      status: 409,
      body: { error: { code: 'StoreNotUpgraded', message: /is not shared/ } },
    });
  });

  await t.test('one of another schema is refused, and says which', async (t) => {
    const older = { ...snapshot, schemaVersion: snapshot.schemaVersion - 1 };
    t.match(await cloud.send('PUT', '/_lazurite/snapshot', older), {
      status: 409,
      body: { error: { code: 'SnapshotSchemaMismatch', message: `schema ${older.schemaVersion}` } },
    });
  });

  await t.test('one that cannot be read changes nothing', async (t) => {
    const resources = snapshot.tables.resources ?? [];
    const broken: [string, unknown][] = [
      ['no snapshot', { tables: {} }],
      ['a table is missing', { ...snapshot, tables: { ...snapshot.tables, links: undefined } }],
      ['a table too many', { ...snapshot, tables: { ...snapshot.tables, secrets: [] } }],
      ['a key twice', { ...snapshot, tables: { ...snapshot.tables, resources: [...resources, resources[0]] } }],
      ['a column too many', { ...snapshot, tables: { ...snapshot.tables, resources: [{ ...resources[0], x: 1 }] } }],
      ['a column missing', { ...snapshot, tables: { ...snapshot.tables, resources: [{ key: 'x' }] } }],
      [
        'no load balancer can be made of it',
        {
          ...snapshot,
          tables: { ...snapshot.tables, resources: resources.map((one) => ({ ...one, document: 'nonsense' })) },
        },
      ],
    ];
    for (const [why, document] of broken) {
      const { status, body } = await cloud.send('PUT', '/_lazurite/snapshot', document);
      t.match({ status, body }, { status: 400, body: { error: { code: 'InvalidSnapshot' } } }, why);
    }
    t.strictSame(await cloud.get('loadBalancers/lb'), before);
    t.equal(await tcpBackend(at, { from: '127.240.200.1' }), served);
  });
});

test('backends say who is up and why', async (t) => {
  const cloud = await asNew();
  await cloud.prepare();
  const up = await cloud.machine(t, 10, port);
  const rules = [{ name: 'web', frontendPort: 5000, backendPort: port }];
  const addresses = [10, 11].map(cloud.azureAddress);
  await cloud.put('loadBalancers/lb', loadBalancer({ rules, probePort: port, addresses }));
  await cloud.membersUp(10);
  await until('the other one is probed', async () => (await cloud.backends()).every(({ reason }) => reason !== 'NA'));
  t.match(await cloud.backends(), [
    {
      azureAddress: '10.240.0.10',
      address: '127.240.0.10',
      state: 'Up',
      reason: 'Up_Probe_Success',
      adminState: 'None',
    },
    { azureAddress: '10.240.0.11', state: 'Down', reason: 'Down_Probe_TcpProbeTimeout' },
  ]);
  await cloud.put('loadBalancers/lb', loadBalancer({ rules, addresses }));
  t.match(await cloud.backends(), [{ reason: 'NoProbe', since: null }, { state: 'Up' }]);
  t.equal(up.accepted > 0, true);
});
