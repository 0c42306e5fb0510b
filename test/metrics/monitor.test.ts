/** Minutes of DipAvailability and VipAvailability: each value in the minute in which it was measured. */
import t from 'tap';
import type { ProbeHealth } from '../../src/data-plane/model/engine.js';
import type { ForwardingPlan, PlanFrontend } from '../../src/data-plane/model/plan.js';
import { NoneEngine } from '../../src/data-plane/none/engine.js';
import { type HealthEvent, HealthEvents } from '../../src/metrics/health-events.js';
import { MetricStore } from '../../src/metrics/metric-store.js';
import { Monitor } from '../../src/metrics/monitor.js';
import { Clock } from '../../src/support/clock.js';
import { Events } from '../../src/support/events.js';
import { silentLog } from '../../src/support/log.js';
import { member, plan, rule, tcpProbe } from '../data-plane/plans.js';

const minute = 60_000;
const startMs = Date.UTC(2025, 0, 1);

/** An engine whose probes find what the test says. */
class ScriptedEngine extends NoneEngine {
  override readonly name = 'userspace' as unknown as 'none';
  readonly found = new Map<string, ProbeHealth>();

  override health(): readonly ProbeHealth[] {
    return [...this.found.values()];
  }

  override healthOf(key?: string): undefined {
    return this.found.get(key ?? '') as unknown as undefined;
  }
}

/** A monitor over real time that only the test moves, so that its timers can be late. */
class Bench {
  realMs = startMs;
  #wakes: { readonly dueMs: number; readonly wake: () => void }[] = [];
  readonly clock = new Clock({
    source: {
      now: () => this.realMs,
      wakeAfter: (delayMs, wake) => {
        const one = { dueMs: this.realMs + delayMs, wake };
        this.#wakes.push(one);
        return () => {
          this.#wakes = this.#wakes.filter((other) => other !== one);
        };
      },
    },
  });
  readonly events = new Events((error) => {
    throw error;
  });
  readonly engine = new ScriptedEngine();
  readonly monitor = new Monitor({ clock: this.clock, log: silentLog, events: this.events });
  plan: ForwardingPlan;

  constructor(frontends: number, members: number) {
    const addresses = Array.from({ length: members }, (_, index) => `127.0.${index >> 8}.${index & 255}`);
    const places = Array.from({ length: frontends }, (_, index): PlanFrontend => {
      const own = rule(
        addresses.map((address) => member(address, 80, { probe: `probe-${index}|${address}` })),
        { id: `rule-${index}` },
      );
      const port = index + 1;
      const address = '127.255.0.4';
      return { key: `tcp/${address}/${port}`, transport: 'tcp', azureAddress: address, address, port, rule: own };
    });
    const probes = places.flatMap((_, index) =>
      addresses.map((address) => tcpProbe(address, 80, { key: `probe-${index}|${address}`, id: `probe-${index}` })),
    );
    this.plan = plan(places, probes);
    this.monitor.watch({ engine: this.engine, plan: () => this.plan, snatAllocations: () => [] });
  }

  get keys(): string[] {
    return this.plan.probes.map(({ key }) => key);
  }

  /** Probes are found up or down at this time since the start. */
  found(keys: readonly string[], up: boolean, atMs: number): void {
    const changes = keys.map(
      (key): ProbeHealth => ({
        key,
        up,
        reason: up ? 'Up_Probe_Success' : 'Down_Probe_TcpProbeTimeout',
        sinceMs: startMs + atMs,
      }),
    );
    for (const change of changes) this.engine.found.set(change.key, change);
    this.events.emit('health', { changes });
  }

  /** Real time passes; timers run when they are due, each so much too late. */
  passTo(atMs: number, lateMs = 0): void {
    for (;;) {
      const next = this.#wakes.sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!next || next.dueMs + lateMs > startMs + atMs) break;
      this.realMs = Math.max(this.realMs, next.dueMs + lateMs);
      this.#wakes.shift();
      next.wake();
    }
    this.realMs = startMs + atMs;
  }

  /** A metric of each minute since the start, averaged over all members or frontends. */
  values(metric: 'DipAvailability' | 'VipAvailability', minutes: number): (number | undefined)[] {
    this.monitor.collect();
    const first = startMs / minute;
    const series = this.monitor.store.all('lb-1', metric);
    return Array.from({ length: minutes }, (_, index) => {
      const points = series.flatMap(({ values }) => values.between(first + index, first + index + 1) ?? []);
      const sums = points.map(({ sum, count }) => sum / count);
      return sums.length === 0 ? undefined : sums.reduce((sum, value) => sum + value, 0) / sums.length;
    });
  }
}

t.test('a timer that runs late does not move DipAvailability into the next minute', async (t) => {
  const bench = new Bench(1, 1);
  bench.found(bench.keys, true, 0);
  bench.passTo(62_000, 7);
  bench.found(bench.keys, false, 62_000);
  bench.passTo(112_000, 7);
  bench.found(bench.keys, true, 112_000);
  bench.passTo(185_000, 7);
  t.strictSame(
    bench.values('DipAvailability', 4),
    [100, 16.67, 100, undefined],
    'the minute under way has no value yet',
  );
});

t.test('what a probe finds after the end of a minute does not count in it, though the timer comes later', async (t) => {
  const bench = new Bench(1, 1);
  bench.found(bench.keys, true, 30_000);
  bench.passTo(59_000);
  bench.realMs = startMs + 75_000;
  bench.found(bench.keys, false, 75_000);
  bench.passTo(120_000);
  t.strictSame(
    bench.values('DipAvailability', 2),
    [100, 25],
    'known for half of the first minute, up for a quarter of the second',
  );
});

t.test('a frontend that came after the last ping of a minute has VipAvailability in that minute too', async (t) => {
  const bench = new Bench(1, 1);
  const { plan } = bench;
  bench.plan = { ...plan, version: 0, frontends: [], probes: [] };
  bench.passTo(55_000);
  bench.plan = { ...plan, version: 2 };
  bench.found(bench.keys, true, 56_000);
  bench.passTo(185_000);
  t.strictSame(bench.values('VipAvailability', 3), [100, 100, 100]);
});

t.test('a process that stood still for minutes closes each of them', async (t) => {
  const bench = new Bench(1, 1);
  bench.found(bench.keys, true, 0);
  bench.realMs = startMs + 200_000;
  bench.passTo(200_001);
  t.strictSame(bench.values('DipAvailability', 4), [100, 100, 100, undefined]);
});

t.test('each minute over which the clock is moved has its value', async (t) => {
  const bench = new Bench(1, 2);
  bench.found(bench.keys, true, 0);
  let now = 0;
  for (const seconds of [70, 65, 120, 180, 60, 60, 240]) {
    // The engine's clock is ahead by a step.
    bench.clock.advance(seconds * 1000);
    now += seconds;
  }
  t.strictSame(
    bench.values('DipAvailability', 14),
    [...new Array<number>(Math.floor(now / 60)).fill(100), undefined].slice(0, 14),
  );
});

t.test('a flip that the engine reports from a minute ahead counts in its own minute', async (t) => {
  const bench = new Bench(1, 1);
  bench.found(bench.keys, true, 0);
  bench.found(bench.keys, false, 90_000);
  bench.found(bench.keys, true, 150_000);
  bench.clock.advance(180_000);
  t.strictSame(bench.values('DipAvailability', 3), [100, 50, 50]);
});

t.test('a new plan keeps what has not changed, and forgets frontends that are gone', async (t) => {
  const bench = new Bench(2, 1);
  bench.clock.advance(0);
  bench.found(bench.keys, true, 0);
  bench.clock.advance(minute);
  const [kept] = bench.plan.frontends;
  bench.plan = { ...bench.plan, version: 2, frontends: kept ? [kept] : [], probes: bench.plan.probes.slice(0, 1) };
  bench.clock.advance(minute);
  bench.monitor.collect();
  const first = startMs / minute;
  const values = bench.monitor.store
    .all('lb-1', 'DipAvailability')
    .map(({ values }) => [values.between(first, first + 1)?.sum, values.between(first + 1, first + 2)?.sum]);
  t.strictSame(
    values.sort(),
    [
      [100, 100],
      [100, undefined],
    ].sort(),
  );
});

t.test('a health event names twenty ports and counts the others', async (t) => {
  const announced: HealthEvent[] = [];
  const events = new HealthEvents((event) => announced.push(event));
  const observe = (address: string, ports: number): void => {
    const probedPorts = Array.from({ length: ports }, (_, index) => `TCP:${index + 1}`);
    events.observe({ loadBalancerId: 'lb', address, probedPorts, withoutBackends: true, availability: 0 }, startMs);
  };
  observe('127.0.0.1', 20);
  observe('127.0.0.2', 1500);
  const named = announced.flatMap(({ Description }) => /\{(.*)\}/.exec(Description)?.[1] ?? []);
  t.match(named[0], /^TCP:1, .*, TCP:20$/);
  t.match(named[1], /^TCP:1, .*, TCP:20 and 1480 more$/);
});

t.test('a series keeps equal minutes as one, forgets what is older than a day, and then counts on', (t) => {
  const store = new MetricStore();
  const place = { loadBalancerId: 'lb-1', metric: 'VipAvailability', dimensions: { FrontendPort: '80' } } as const;
  const day = 24 * 60;
  const average = (from: number, to: number): number | undefined => {
    const point = store.series(place, from).between(from, to);
    return point && point.sum / point.count;
  };
  for (let minute = 0; minute < 2 * day; minute++) {
    const series = store.series(place, minute);
    series.add(minute, 100);
    if (minute % 100 === 99) series.add(minute, 0);
    if (minute % 60 === 0) store.prune(minute);
  }
  t.equal(average(2 * day - 1, 2 * day), 100);
  t.equal(average(2 * day - 81, 2 * day - 80), 50, 'two samples of one minute');
  t.equal(average(2 * day - 181, 2 * day - 80), (101 * 100) / 103, 'each sample counts once');
  t.equal(average(0, day - 140), undefined);
  store.prune(4 * day);
  t.strictSame(store.all('lb-1', 'VipAvailability'), []);
  const counted = store.series(place, 4 * day);
  counted.increase(4 * day, 3);
  counted.increase(4 * day, 4);
  t.equal(average(4 * day, 4 * day + 1), 7);
  t.end();
});
