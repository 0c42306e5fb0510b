/** What Azure Monitor, the rule health API and health events say about a load balancer under real traffic. */
import { createServer, type RequestListener } from 'node:http';
import { type Test, test } from 'tap';
import type { HealthEvent } from '../../src/metrics/health-events.js';
import { createLog } from '../../src/support/log.js';
import { openStream, tcpBackend, udpBackend } from '../data-plane/network.js';
import { Cloud, idOf } from '../emulator/cloud.js';
import { loadBalancer } from '../emulator/load-balancer.js';
import { nextEvent, until } from '../turns.js';

const port = 7201;
const minute = 60_000;

interface Metrics {
  readonly value: {
    readonly timeseries: {
      readonly metadatavalues: { readonly value: string }[];
      readonly data: Record<string, number | string | undefined>[];
    }[];
  }[];
}

const logged: string[] = [];
const start = (t: Test, pool: number): Promise<Cloud> => {
  const argv = ['--in-memory', '--public-ip-pool', `127.240.${pool}.0/24`];
  return Cloud.start(t, { network: 240, argv, log: createLog((line) => logged.push(line)) });
};

async function metrics(cloud: Cloud, query: string): Promise<Metrics> {
  const path = `${idOf('loadBalancers/lb')}/providers/Microsoft.Insights/metrics?api-version=2018-01-01&${query}`;
  const { status, body } = await cloud.send('GET', path);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body as Metrics;
}

/** Sums of the last hour by the values of the filter's dimensions. */
async function totals(cloud: Cloud, metric: string, filter: string): Promise<Record<string, number>> {
  const { value } = await metrics(cloud, `metricnames=${metric}&$filter=${encodeURIComponent(filter)}&interval=FULL`);
  return Object.fromEntries(
    (value[0]?.timeseries ?? []).map(({ metadatavalues, data }) => [
      metadatavalues.map((one) => one.value).join(' '),
      Number(data[0]?.total),
    ]),
  );
}

/** The last value of a metric that has one. */
async function latest(cloud: Cloud, metric: string, filter = ''): Promise<unknown> {
  const { value } = await metrics(cloud, `metricnames=${metric}&$filter=${encodeURIComponent(filter)}`);
  return value[0]?.timeseries[0]?.data.map(({ average }) => average).findLast((average) => average !== undefined);
}

const events = async (cloud: Cloud): Promise<HealthEvent[]> =>
  ((await cloud.send('GET', '/_lazurite/events')).body as { value: HealthEvent[] }).value;

/** What `POST …/health` of the rule `web` leads to. */
async function ruleHealth(cloud: Cloud) {
  const path = idOf('loadBalancers/lb/loadBalancingRules/web/health');
  const accepted = await cloud.send('POST', `${path}?api-version=2024-05-01`);
  if (accepted.status !== 202) throw new Error(JSON.stringify(accepted.body));
  const { status, body } = await cloud.send('GET', String(accepted.headers.location));
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body as {
    up: number;
    down: number;
    loadBalancerBackendAddresses: { ipAddress: string; state: string; reason: string }[];
  };
}

const reasons = async (cloud: Cloud): Promise<string[]> =>
  (await ruleHealth(cloud)).loadBalancerBackendAddresses.map(({ state, reason }) => `${state} ${reason}`);

test('metrics of a load balancer', async (t) => {
  const cloud = await start(t, 111);
  const ip = await cloud.prepare();
  const backend = await cloud.machine(t, 20, port);
  const rules = [
    { name: 'web', frontendPort: 5000, backendPort: port },
    { name: 'data', frontendPort: 5001, backendPort: port, protocol: 'Udp' as const },
  ];
  const addresses = [20, 21].map(cloud.azureAddress);
  await cloud.put('loadBalancers/lb', loadBalancer({ rules, probePort: port, addresses }));
  await cloud.membersUp(20);
  const at = await cloud.place(ip, 5000);

  await t.test('SYNCount counts the connection attempts of each frontend port', async (t) => {
    for (let call = 0; call < 7; call++) await tcpBackend(at);
    await udpBackend(await cloud.place(ip, 5001, 'udp'));
    t.strictSame(await totals(cloud, 'SYNCount', "FrontendPort eq '*'"), { '5000': 7 });
  });

  await t.test('ByteCount and PacketCount count both directions, and nothing once traffic has stopped', async (t) => {
    const stream = await openStream(at);
    stream.socket.resume().end('x'.repeat(100_000));
    await nextEvent(stream.socket, 'close');
    const filter = "FrontendPort eq '5000' and Direction eq '*'";
    const bytes = await totals(cloud, 'ByteCount', filter);
    t.equal(bytes['5000 Inbound'], 100_000);
    t.ok(Number(bytes['5000 Outbound']) > 100_000, 'the echo and the greetings');
    const packets = await totals(cloud, 'PacketCount', filter);
    t.ok(Number(packets['5000 Inbound']) >= 69, 'a full segment each at least');
    await cloud.emulator.advance(3 * minute);
    t.strictSame(await totals(cloud, 'ByteCount', filter), bytes);
    const { value } = await metrics(
      cloud,
      `metricnames=ByteCount&$filter=${encodeURIComponent("FrontendPort eq '5000'")}`,
    );
    t.equal(value[0]?.timeseries[0]?.data.at(-2)?.total, 0);
  });

  await t.test('DipAvailability is 50 when one of two backends is up, VipAvailability then is 100', async (t) => {
    await cloud.emulator.advance(2 * minute);
    t.equal(await latest(cloud, 'DipAvailability', "FrontendPort eq '5000'"), 50);
    t.equal(await latest(cloud, 'DipAvailability', `BackendIPAddress eq '${cloud.azureAddress(20)}'`), 100);
    t.equal(await latest(cloud, 'VipAvailability'), 100);
    t.strictSame(await events(cloud), []);
  });

  await t.test('each minute over which the clock is moved has its value', async (t) => {
    for (const seconds of [70, 65, 120, 180, 60, 60, 240]) await cloud.emulator.advance(1000 * seconds);
    for (const [metric, expected] of [
      ['DipAvailability', 50],
      ['VipAvailability', 100],
    ] as const) {
      const { value } = await metrics(cloud, `metricnames=${metric}&timespan=PT12M&interval=PT1M`);
      const minutes = (value[0]?.timeseries[0]?.data ?? []).map(({ average }) => average);
      t.ok(minutes.length >= 12, 'and the one under way');
      t.strictSame([...new Set(minutes.slice(0, -1))], [expected], metric);
    }
  });

  await t.test('a backend that was up for half a minute counts half', async (t) => {
    const intoMinute = (await currentMs(cloud)) % minute;
    await cloud.emulator.advance(minute - intoMinute + 28_000);
    backend.refuse();
    await cloud.emulator.advance(minute - 28_000 + 5_000);
    const share = Number(await latest(cloud, 'DipAvailability', `BackendIPAddress eq '${cloud.azureAddress(20)}'`));
    t.ok(share >= 40 && share <= 65, `${share}`);
  });

  await t.test('without a healthy backend VipAvailability is 0, and a NoHealthyBackends event says so', async (t) => {
    t.match(
      (await events(cloud)).find(({ HealthEventType }) => HealthEventType === 'NoHealthyBackends'),
      {
        Category: 'LoadBalancerHealthEvent',
        LoadBalancerResourceId: idOf('loadBalancers/lb'),
        FrontendIP: ip,
        Severity: 'Critical',
        Description: `The frontend IP ${ip} is completely unreachable because all backend instances configured to the following protocol:port {TCP:5000, UDP:5001} are not responding to health probes.`,
      },
    );
    await cloud.emulator.advance(2 * minute);
    t.equal(await latest(cloud, 'VipAvailability'), 0);
    t.equal(await latest(cloud, 'DipAvailability'), 0);
    t.ok(
      logged.some((line) => /LoadBalancerHealthEvent .*NoHealthyBackends/.test(line)),
      'it is in the log',
    );
  });

  await t.test('a condition that lasts is told again as seldom as Azure looks', async (t) => {
    await cloud.emulator.advance(20 * minute);
    const types = (await events(cloud)).map(({ HealthEventType }) => HealthEventType);
    t.equal(types.filter((type) => type === 'NoHealthyBackends').length, 1, 'within the hour');
    const critical = types.filter((type) => type === 'DataPathAvailabilityCritical').length;
    t.ok(critical >= 4 && critical <= 5, `${critical} in 22 minutes, one every five`);
  });

  await t.test('recovered and failed again is news', async (t) => {
    await backend.acceptAgain();
    await cloud.emulator.advance(10_000);
    t.equal(await until('up again', async () => (await cloud.backends()).some(({ state }) => state === 'Up')), true);
    backend.refuse();
    await cloud.emulator.advance(10_000);
    await until('told again', async () => {
      const types = (await events(cloud)).map(({ HealthEventType }) => HealthEventType);
      return types.filter((type) => type === 'NoHealthyBackends').length === 2;
    });
    t.pass('there is a second event');
    await backend.acceptAgain();
  });

  await t.test('AllocatedSnatPorts follow the table of pool sizes', async (t) => {
    await cloud.emulator.advance(minute);
    t.equal(await latest(cloud, 'AllocatedSnatPorts', `BackendIPAddress eq '${cloud.azureAddress(20)}'`), 1024);
    t.equal(await latest(cloud, 'UsedSnatPorts'), 0);
  });

  await t.test('definitions list every metric', async (t) => {
    const path = `${idOf('loadBalancers/lb')}/providers/microsoft.insights/metricDefinitions?api-version=2018-01-01`;
    const { body } = await cloud.send('GET', path);
    t.ok((body as { value: { name: { value: string } }[] }).value.some(({ name }) => name.value === 'VipAvailability'));
  });

  await t.test('refusals have Azure Monitor’s form', async (t) => {
    const ask = (name: string, query: string) =>
      cloud.send('GET', `${idOf(`loadBalancers/${name}`)}/providers/microsoft.insights/metrics?${query}`);
    t.match(await ask('lb', 'api-version=2018-01-01&metricnames=Nothing'), {
      status: 400,
      body: { code: 'BadRequest', message: /^Failed to find metric configuration/ },
    });
    t.match(await ask('other', 'api-version=2018-01-01'), {
      status: 404,
      body: { code: 'NotFound', message: `Resource: ${idOf('loadBalancers/other')} is not found` },
    });
    t.match(await ask('lb', ''), { status: 400, body: { error: { code: 'MissingApiVersionParameter' } } });
  });

  await t.test('Prometheus finds counters, states and the API’s answers', async (t) => {
    const { headers, body } = await cloud.send('GET', '/_lazurite/metrics');
    t.match(headers['content-type'], 'text/plain; version=0.0.4');
    const page = String(body);
    const labels = `load_balancer="lb",rule="web",frontend="${ip}",port="5000",protocol="tcp"`;
    t.match(page, '# TYPE lazurite_frontend_connections_total counter');
    t.match(page, `lazurite_frontend_connections_total{${labels}} 8\n`);
    t.match(page, new RegExp(`lazurite_backend_bytes_in_total\\{${labels},backend="10.240.0.20"\\} 1\\d+\n`));
    t.match(page, `lazurite_frontend_bound{${labels},state="Bound"} 1\n`);
    t.match(page, /lazurite_backend_up\{load_balancer="lb",rule="web",backend="10.240.0.20",reason="\w+"\} [01]\n/);
    t.match(page, /lazurite_api_requests_total\{method="PUT",status="201"\} \d+\n/);
    for (const line of page.trimEnd().split('\n')) t.match(line, /^(# (HELP|TYPE) \w+ .+|\w+\{.*\} [\d.]+)$/);
  });
});

const currentMs = async (cloud: Cloud): Promise<number> =>
  Date.parse(((await cloud.send('GET', '/_lazurite/clock')).body as { now: string }).now);

test('the health of a rule’s backends', async (t) => {
  const cloud = await start(t, 112);
  await cloud.prepare();
  const http = async (host: number, answer: RequestListener): Promise<void> => {
    const server = createServer(answer).listen(port, cloud.localAddress(host));
    await nextEvent(server, 'listening');
    t.teardown(() => server.close().closeAllConnections());
  };
  await http(22, (_request, response) => response.end());
  await http(23, (_request, response) => response.writeHead(503).end());
  await http(24, () => {});

  interface Wish {
    readonly hosts: readonly number[];
    readonly adminState?: Readonly<Record<number, string>>;
    readonly noHealthyBackendsBehavior?: string;
    readonly protocol?: string;
    readonly probed?: boolean;
  }
  const put = async ({ hosts, adminState = {}, noHealthyBackendsBehavior, protocol = 'Http', probed = true }: Wish) => {
    const body = loadBalancer({
      rules: [{ name: 'web', frontendPort: 5000, backendPort: port }],
      addresses: hosts.map(cloud.azureAddress),
      ...(probed && { probePort: port }),
    }) as { properties: Record<string, { name: string; properties: Record<string, unknown> }[]> };
    const { probes = [], backendAddressPools = [] } = body.properties;
    for (const probe of probes) {
      probe.properties = {
        ...probe.properties,
        protocol,
        ...(protocol === 'Http' && { requestPath: '/' }),
        ...(noHealthyBackendsBehavior && { noHealthyBackendsBehavior }),
      };
    }
    const pooled = backendAddressPools[0]?.properties.loadBalancerBackendAddresses as { properties: object }[];
    for (const [index, host] of hosts.entries()) {
      const state = adminState[host];
      if (state && pooled[index]) pooled[index].properties = { ...pooled[index].properties, adminState: state };
    }
    await cloud.put('loadBalancers/lb', body as unknown as Record<string, unknown>);
  };
  const probed = () =>
    until('every backend is probed', async () => (await cloud.backends()).every(({ reason }) => reason !== 'NA'));

  await t.test('before the first probe the reason is NA', async (t) => {
    await put({ hosts: [24] });
    t.strictSame(await ruleHealth(cloud), {
      up: 0,
      down: 1,
      loadBalancerBackendAddresses: [
        { ipAddress: '10.240.0.24', networkInterfaceIPConfigurationId: '', state: 'Down', reason: 'NA' },
      ],
    });
  });

  await t.test('each way to fail has its reason', async (t) => {
    await put({ hosts: [22, 23, 24, 25] });
    await cloud.emulator.advance(5000);
    await probed();
    t.strictSame(await reasons(cloud), [
      'Up Up_Probe_Success',
      'Down Down_Probe_HttpStatusCodeError',
      'Down Down_Probe_HttpNoResponse',
      'Down Down_Probe_TcpProbeTimeout',
    ]);
    const { up, down } = await ruleHealth(cloud);
    t.strictSame({ up, down }, { up: 1, down: 3 });
  });

  await t.test('an administrator overrules the probe', async (t) => {
    await put({ hosts: [22, 23, 25], adminState: { 22: 'Down', 23: 'Up' } });
    t.strictSame(await reasons(cloud), ['Down Down_Admin', 'Up Up_Admin', 'Down Down_Probe_TcpProbeTimeout']);
  });

  await t.test('DipAvailability reflects the administrator', async (t) => {
    await cloud.emulator.advance(minute);
    t.equal(await latest(cloud, 'DipAvailability', "BackendIPAddress eq '10.240.0.22'"), 0);
    t.equal(await latest(cloud, 'DipAvailability', "BackendIPAddress eq '10.240.0.23'"), 100);
  });

  await t.test('with AllProbedUp, all down is up', async (t) => {
    await put({ hosts: [23, 25], noHealthyBackendsBehavior: 'AllProbedUp' });
    await probed();
    t.strictSame(await reasons(cloud), ['Up Up_Probe_AllDownIsUp', 'Up Up_Probe_AllDownIsUp']);
    t.match(await cloud.backends(), [{ state: 'Up', reason: 'Up_Probe_AllDownIsUp' }, { state: 'Up' }]);
    await put({ hosts: [22, 23, 25], noHealthyBackendsBehavior: 'AllProbedUp' });
    await until('one is up', async () => (await reasons(cloud))[0] === 'Up Up_Probe_Success');
    t.match((await reasons(cloud))[1], 'Down Down_Probe_');
  });

  await t.test('a rule without a probe has no health to report', async (t) => {
    await put({ hosts: [22, 23], probed: false });
    t.strictSame(await ruleHealth(cloud), { up: 0, down: 0, loadBalancerBackendAddresses: [] });
  });
});

test('a stopped machine is no backend: rule health, backends and metrics agree', async (t) => {
  const cloud = await start(t, 113);
  await cloud.prepare();
  for (const host of [26, 27]) await cloud.machine(t, host, port);
  await cloud.put(
    'loadBalancers/lb',
    loadBalancer({ rules: [{ name: 'web', frontendPort: 5000, backendPort: port }], probePort: port, addresses: [] }),
  );
  for (const host of [26, 27]) await cloud.nic(host, { pools: ['loadBalancers/lb/backendAddressPools/pool'] });
  const compute = idOf('').replace('Microsoft.Network', 'Microsoft.Compute');
  const machine = `${compute}virtualMachines/vm27`;
  const created = await cloud.send('PUT', `${machine}?api-version=2024-07-01`, {
    location: 'westeurope',
    properties: { networkProfile: { networkInterfaces: [{ id: idOf('networkInterfaces/vm27') }] } },
  });
  t.match(created.status, 201);
  await cloud.membersUp(26, 27);
  const act = async (action: string): Promise<void> => {
    t.equal((await cloud.send('POST', `${machine}/${action}?api-version=2024-07-01`)).status, 202);
  };

  await t.test('off, it has empty values and counts neither as up nor as down', async (t) => {
    await act('deallocate');
    await cloud.membersUp(26);
    t.match(await ruleHealth(cloud), { up: 1, down: 0 });
    t.strictSame(await reasons(cloud), ['Up Up_Probe_Success', ' ']);
    t.match(await cloud.backends(), [
      { azureAddress: '10.240.0.26', state: 'Up' },
      { azureAddress: '10.240.0.27', state: 'Down', reason: 'Stopped' },
    ]);
    await cloud.emulator.advance(2 * minute);
    t.equal(await latest(cloud, 'DipAvailability'), 100, 'nobody probes it');
  });

  await t.test('started, it is probed again', async (t) => {
    await act('start');
    await cloud.membersUp(26, 27);
    t.strictSame(await reasons(cloud), ['Up Up_Probe_Success', 'Up Up_Probe_Success']);
  });
});

test('what a Standard load balancer does with established flows does not take its metrics away', async (t) => {
  const argv = ['--in-memory', '--public-ip-pool', '127.240.114.0/24', '--undocumented', 'single-member-down=end'];
  const cloud = await Cloud.start(t, { network: 240, argv });
  await cloud.prepare();
  const backend = await cloud.machine(t, 28, port);
  const rules = [{ name: 'web', frontendPort: 5000, backendPort: port }];
  await cloud.put('loadBalancers/lb', loadBalancer({ rules, probePort: port, addresses: [cloud.azureAddress(28)] }));
  await cloud.membersUp(28);
  backend.refuse();
  await cloud.emulator.advance(2 * minute);
  t.ok(Number(await latest(cloud, 'DipAvailability')) < 100);
  t.ok((await events(cloud)).some(({ HealthEventType }) => HealthEventType === 'NoHealthyBackends'));
});
