/** Azure Monitor's answers out of time series that the test writes. */
import { test } from 'tap';
import { answerMetrics } from '../../src/metrics/azure-monitor.js';
import { metricDefinitions, showDefinition } from '../../src/metrics/metric-definitions.js';
import { parseMetricFilter, parseMetricQuery } from '../../src/metrics/metric-query.js';
import { MetricStore } from '../../src/metrics/metric-store.js';

const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/loadBalancers/lb';
const startMs = Date.UTC(2025, 0, 1);
const startMinute = startMs / 60_000;
const nowMs = startMs + 10 * 60_000;

function filled(): MetricStore {
  const store = new MetricStore();
  const bytes = (FrontendPort: string, Direction: string, ...perMinute: number[]): void => {
    const dimensions = { FrontendIPAddress: '20.1.2.3', FrontendPort, Direction };
    const series = store.series({ loadBalancerId: id, metric: 'ByteCount', dimensions }, startMinute);
    for (const [minute, amount] of perMinute.entries()) if (amount > 0) series.increase(startMinute + minute, amount);
  };
  bytes('80', 'Inbound', 100, 0, 50);
  bytes('80', 'Outbound', 1000, 0, 500);
  bytes('443', 'Inbound', 7, 7, 7);
  for (const [address, ...shares] of [
    ['10.0.0.4', 100, 100, 100],
    ['10.0.0.5', 0, 0, 100],
  ] as const) {
    const dimensions = {
      ProtocolType: 'TCP',
      BackendPort: '8080',
      FrontendIPAddress: '20.1.2.3',
      FrontendPort: '80',
      BackendIPAddress: address,
    };
    const series = store.series({ loadBalancerId: id, metric: 'DipAvailability', dimensions }, startMinute);
    for (const [minute, share] of shares.entries()) series.add(startMinute + minute, share);
  }
  return store;
}

interface Answer {
  readonly timespan: string;
  readonly interval: string;
  readonly value: {
    readonly id: string;
    readonly unit: string;
    readonly timeseries: {
      readonly metadatavalues: { readonly name: { readonly value: string }; readonly value: string }[];
      readonly data?: Record<string, number | string>[];
    }[];
  }[];
}

const timespan = '2025-01-01T00:00:00Z/2025-01-01T00:03:00Z';

function ask(query: Record<string, string>, store = filled()): Answer {
  const subject = { id, location: 'westeurope' };
  return answerMetrics(store, { subject, query: parseMetricQuery({ timespan, ...query }, nowMs), nowMs }) as Answer;
}

const column = (answer: Answer, name: string, series = 0) =>
  answer.value[0]?.timeseries[series]?.data?.map((point) => point[name]);

test('a metric is answered as Azure Monitor writes it', (t) => {
  t.strictSame(ask({ metricnames: 'ByteCount', $filter: "FrontendPort eq '443'" }), {
    cost: 0,
    timespan,
    interval: 'PT1M',
    value: [
      {
        id: `${id}/providers/Microsoft.Insights/metrics/ByteCount`,
        type: 'Microsoft.Insights/metrics',
        name: { value: 'ByteCount', localizedValue: 'Byte Count' },
        displayDescription: 'Total number of Bytes transmitted within time period',
        unit: 'Bytes',
        timeseries: [
          {
            metadatavalues: [{ name: { value: 'frontendport', localizedValue: 'frontendport' }, value: '443' }],
            data: [
              { timeStamp: '2025-01-01T00:00:00Z', total: 7 },
              { timeStamp: '2025-01-01T00:01:00Z', total: 7 },
              { timeStamp: '2025-01-01T00:02:00Z', total: 7 },
            ],
          },
        ],
        errorCode: 'Success',
      },
    ],
    namespace: 'Microsoft.Network/loadBalancers',
    resourceregion: 'westeurope',
  });
  t.end();
});

test('without a filter all dimensions are one series', (t) => {
  t.strictSame(column(ask({ metricnames: 'ByteCount' }), 'total'), [1107, 7, 557]);
  t.end();
});

test("a dimension eq '*' is split into one series per value", (t) => {
  const { value } = ask({ metricnames: 'bytecount', $filter: "frontendport eq '80' and Direction eq '*'" });
  t.strictSame(
    value[0]?.timeseries.map(({ metadatavalues }) => metadatavalues.map(({ value }) => value)),
    [
      ['80', 'Inbound'],
      ['80', 'Outbound'],
    ],
  );
  t.end();
});

test('a minute without traffic is 0; a time before the load balancer or still to come has no value', (t) => {
  const answer = ask({
    metricnames: 'ByteCount',
    $filter: "FrontendPort eq '80'",
    timespan: '2024-12-31T23:59:00Z/2025-01-01T00:12:00Z',
  });
  t.strictSame(column(answer, 'total'), [undefined, 1100, 0, 550, 0, 0, 0, 0, 0, 0, 0, 0, undefined]);
  t.end();
});

test('one of two backends up is a DipAvailability of 50', (t) => {
  t.strictSame(column(ask({ metricnames: 'DipAvailability' }), 'average'), [50, 50, 100]);
  const split = ask({ metricnames: 'DipAvailability', $filter: "BackendIPAddress eq '*'" });
  t.strictSame(column(split, 'average', 0), [100, 100, 100]);
  t.strictSame(column(split, 'average', 1), [0, 0, 100]);
  t.end();
});

test('longer intervals and every aggregation are made of the minutes', (t) => {
  const answer = ask({
    metricnames: 'DipAvailability',
    interval: 'PT5M',
    aggregation: 'Average,minimum,Maximum,Total,Count',
  });
  t.strictSame(answer.value[0]?.timeseries[0]?.data, [
    { timeStamp: '2025-01-01T00:00:00Z', average: 400 / 6, minimum: 0, maximum: 100, total: 400, count: 6 },
  ]);
  t.strictSame(column(ask({ metricnames: 'ByteCount', interval: 'FULL' }), 'total'), [1671]);
  t.end();
});

test('several metrics are answered in the order asked for, and resultType=Metadata leaves the data out', (t) => {
  const { value } = ask({ metricnames: 'SYNCount,ByteCount', resulttype: 'Metadata', $filter: "FrontendPort eq '*'" });
  t.strictSame(
    value.map(({ id: metric, timeseries }) => [metric.split('/').at(-1), timeseries.length]),
    [
      ['SYNCount', 0],
      ['ByteCount', 2],
    ],
  );
  t.notOk(value[1]?.timeseries[0]?.data);
  t.end();
});

test('top limits the series, and the last hour is meant when no timespan is given', (t) => {
  const { value } = ask({ metricnames: 'ByteCount', $filter: "Direction eq '*'", top: '1' });
  t.equal(value[0]?.timeseries.length, 1);
  const query = parseMetricQuery({ metricnames: 'ByteCount' }, nowMs);
  t.strictSame([query.startMs, query.endMs], [nowMs - 3_600_000, nowMs]);
  t.strictSame(parseMetricQuery({ timespan: 'PT30M' }, nowMs).startMs, nowMs - 1_800_000);
  t.end();
});

test('what Azure Monitor does not know is refused', (t) => {
  const refuses = (query: Record<string, string>, message: RegExp) =>
    t.throws(() => ask({ metricnames: 'ByteCount', ...query }), { code: 'BadRequest', message });
  refuses(
    { metricnames: 'Bytes' },
    /^Failed to find metric configuration for provider: Microsoft.Network, resource Type: loadBalancers, metric: Bytes, Valid metrics: SnatConnectionCount,/,
  );
  refuses(
    { interval: 'PT2M' },
    /^Invalid time grain duration: PT2M, supported ones are: 00:01:00,00:05:00,.*,12:00:00,1\.00:00:00$/,
  );
  refuses({ aggregation: 'Median' }, /Invalid aggregation type: Median/);
  refuses({ timespan: 'today' }, /invalid time interval/);
  refuses({ timespan: '2025-01-02T00:00:00Z/2025-01-01T00:00:00Z' }, /invalid time interval/);
  refuses({ top: 'few' }, /Invalid top/);
  refuses({ $filter: "Colour eq 'red'" }, /no dimension 'Colour'/);
  refuses({ $filter: "FrontendPort eq '80' FrontendPort" }, /too much at 'FrontendPort'/);
  refuses({ $filter: 'FrontendPort eq 80' }, /lacks a text/);
  refuses({ $filter: "(FrontendPort eq '80'" }, /lacks a '\)'/);
  refuses({ $filter: '§' }, /cannot be read at position 0/);
  t.end();
});

test('filters know eq, ne, startswith, and, or and parentheses', (t) => {
  const names = ['FrontendPort', 'Direction'];
  const dimensions = { FrontendPort: '80', Direction: 'Inbound' };
  const cases: [string, boolean][] = [
    ["FrontendPort eq '80'", true],
    ["FrontendPort ne '80'", false],
    ["FrontendPort startswith '8' and Direction eq 'inbound'", true],
    ["FrontendPort eq '443' or Direction eq 'Inbound'", true],
    ["FrontendPort eq '443' and (Direction eq 'Inbound' or Direction eq '*')", false],
    ["Direction eq 'it''s'", false],
    ['', true],
  ];
  for (const [filter, expected] of cases) {
    t.equal(parseMetricFilter(filter, names).matches(dimensions), expected, filter);
  }
  t.end();
});

test('a series keeps one day, and equal minutes only once', (t) => {
  const store = new MetricStore();
  const dimensions = { FrontendIPAddress: '20.1.2.3', FrontendPort: '80' };
  const series = store.series({ loadBalancerId: id, metric: 'VipAvailability', dimensions }, startMinute);
  for (let minute = 0; minute < 3000; minute++) series.add(startMinute + minute, 100);
  store.prune(startMinute + 3000);
  t.equal(series.between(startMinute, startMinute + 3000)?.count, 3000, 'a run that goes on is whole');
  series.add(startMinute + 3000, 0);
  store.prune(startMinute + 3000 + 24 * 60);
  t.equal(series.between(startMinute, startMinute + 9999)?.count, 1);
  store.prune(startMinute + 9000);
  t.equal(store.sinceMinute(id), undefined, 'a load balancer without values is forgotten');
  t.end();
});

test('metricDefinitions have names, units, dimensions and time grains', (t) => {
  t.match(showDefinition(metricDefinitions[4], id), {
    resourceId: id,
    namespace: 'Microsoft.Network/loadBalancers',
    name: { value: 'DipAvailability', localizedValue: 'Health Probe Status' },
    unit: 'Count',
    primaryAggregationType: 'Average',
    metricAvailabilities: [{ timeGrain: 'PT1M', retention: 'P93D' }],
    dimensions: [{ value: 'ProtocolType' }, { value: 'BackendPort' }],
  });
  t.end();
});
