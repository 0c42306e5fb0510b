/**
 * How long all members of many rules going down together hold the API's thread and the data plane's, and what closing a
 * minute of metrics costs then: `[RULES] [MEMBERS] [ENGINE]`, by default 1,500, 100 and userspace. The kernel engine runs
 * in a network namespace, where every member's address has a server that stops.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as pause, setTimeout as wait } from 'node:timers/promises';
import { inNamespace, whyNoNamespace } from '../src/cli/sandbox.js';
import type { Engine, EngineEvents, ProbeHealth } from '../src/data-plane/model/engine.js';
import {
  emptyPlan,
  type ForwardingPlan,
  frontendKey,
  type PlanFrontend,
  probeKey,
} from '../src/data-plane/model/plan.js';
import { NftablesEngine } from '../src/data-plane/nftables/engine.js';
import { UserspaceEngine } from '../src/data-plane/userspace/engine.js';
import { Monitor } from '../src/metrics/monitor.js';
import { Clock, systemTime } from '../src/support/clock.js';
import { Events } from '../src/support/events.js';
import { silentLog } from '../src/support/log.js';
import { member, rule, tcpProbe } from '../test/data-plane/plans.js';
import { manualTime } from '../test/manual-time.js';

const [rules = 1500, members = 100] = process.argv.slice(2, 4).map(Number);
const [, , , , kind = 'userspace'] = process.argv;
const marker = 'LAZURITE_BENCH_NAMESPACE';
const bar = 50;
const failures: string[] = [];

const show = (what: string, ms: number): void => {
  console.log(`${what.padEnd(68)} ${ms.toFixed(1).padStart(8)} ms${ms > bar ? '  over the bar' : ''}`);
  if (ms > bar) failures.push(what);
};

const addresses = Array.from({ length: members }, (_, index) => `127.91.${index >> 8}.${(index & 255) + 1}`);

/** Each rule has a frontend port of its own; `probeOf` names the probe of a rule. */
function planOf(probeOf: (rule: number) => string): ForwardingPlan {
  const frontends = Array.from({ length: rules }, (_, index): PlanFrontend => {
    const own = rule(
      addresses.map((address) => member(address, 9, { probe: probeKey(probeOf(index), address) })),
      { id: `rule-${index}` },
    );
    const place = { transport: 'tcp', address: '127.91.255.1', port: 20_000 + index } as const;
    return { ...place, key: frontendKey(place), azureAddress: place.address, rule: own };
  });
  const ids = [...new Set(frontends.map((_, index) => probeOf(index)))];
  const probes = ids.flatMap((id) =>
    addresses.map((address) => tcpProbe(address, 9, { id, key: probeKey(id, address), intervalMs: 3_600_000 })),
  );
  return { ...emptyPlan, version: 1, frontends, probes };
}

const raise = (error: unknown): never => {
  throw error;
};

/** What makes all members answer their probes, and what makes them stop. */
interface Flips {
  readonly up: () => Promise<void>;
  readonly down: () => Promise<void>;
}

type Start = (options: { clock: Clock; events: EngineEvents }) => { engine: Engine; flips: Flips };

/** Injected faults decide what its probes find. */
const userspace: Start = (options) => {
  const engine = new UserspaceEngine(options);
  const tell = (verdict: 'up' | 'down') => () => engine.setFaults([{ id: verdict, effect: 'probe', verdict }]);
  return { engine, flips: { up: tell('up'), down: tell('down') } };
};

/** Its probes ask a server that has every address of the namespace. */
const kernel: Start = (options) => {
  const engine = new NftablesEngine(options);
  const server = createServer((socket) => socket.destroy());
  const probeAgain = () => engine.advanceClock(3_600_000);
  const up = async (): Promise<void> => {
    await once(server.listen(9, '0.0.0.0'), 'listening');
    await probeAgain();
  };
  const down = async (): Promise<void> => {
    server.close();
    await probeAgain();
  };
  return { engine, flips: { up, down } };
};

/** One probe for all rules: both threads of the engine, and metrics. */
async function bothThreads(start: Start): Promise<void> {
  const clock = new Clock();
  const events = new Events(raise);
  const { engine, flips } = start({
    clock,
    events: { onHealth: (changes) => events.emit('health', { changes }), onFailure: raise },
  });
  const plan = planOf(() => 'probe');
  const monitor = new Monitor({ clock, log: silentLog, events });
  monitor.watch({ engine, plan: () => plan, snatAllocations: () => [] });
  const loadedMs = systemTime.now();
  await engine.apply(plan);
  console.log(`the first plan is carried out after ${Math.round(systemTime.now() - loadedMs)} ms`);
  await flips.up();
  const allAre = (up: boolean): boolean =>
    engine.health().every((health) => health.up === up && health.reason !== 'NA');
  while (!allAre(true)) await wait(20);
  const main = monitorEventLoopDelay({ resolution: 1 });
  let longestAnswerMs = 0;
  let done = false;
  const asking = (async () => {
    while (!done && engine.name === 'userspace') {
      const fromMs = systemTime.now();
      await engine.flows();
      longestAnswerMs = Math.max(longestAnswerMs, systemTime.now() - fromMs);
      await pause();
    }
  })();
  main.enable();
  const fromMs = systemTime.now();
  await flips.down();
  while (!allAre(false)) await wait(5);
  console.log(
    `${rules} rules, ${members} members, one probe: all down after ${Math.round(systemTime.now() - fromMs)} ms`,
  );
  await wait(200);
  done = true;
  await asking;
  main.disable();
  show('longest hold of the API’s thread', main.max / 1e6);
  if (engine.name === 'userspace') show('longest wait for an answer of the data plane’s thread', longestAnswerMs);
  await engine.close(0);
  clock.close();
}

/** A probe for each rule and member, told to the metrics in reports of 2,000 as the engine sends them. */
async function metricsAlone(): Promise<void> {
  const clock = new Clock({ source: manualTime() });
  const events = new Events(raise);
  const plan = planOf((index) => `probe-${index}`);
  const health = new Map<string, ProbeHealth>();
  const engine = {
    name: 'userspace',
    health: () => [...health.values()],
    healthOf: (key: string) => health.get(key),
    frontends: () => [],
    counters: () => [],
  } as unknown as Engine;
  const monitor = new Monitor({ clock, log: silentLog, events });
  monitor.watch({ engine, plan: () => plan, snatAllocations: () => [] });
  let longestMs = 0;
  const timed = (work: () => void): number => {
    const fromMs = systemTime.now();
    work();
    return systemTime.now() - fromMs;
  };
  const flip = async (up: boolean): Promise<void> => {
    const changes = plan.probes.map(
      ({ key }): ProbeHealth => ({
        key,
        up,
        reason: up ? 'Up_Probe_Success' : 'Down_Probe_TcpProbeTimeout',
        sinceMs: clock.now(),
      }),
    );
    for (let at = 0; at < changes.length; at += 2000) {
      const report = changes.slice(at, at + 2000);
      for (const change of report) health.set(change.key, change);
      longestMs = Math.max(
        longestMs,
        timed(() => events.emit('health', { changes: report })),
      );
      await pause();
    }
    await wait(100);
  };
  const loop = monitorEventLoopDelay({ resolution: 1 });
  await flip(true);
  clock.advance(60_000);
  await wait(1000);
  longestMs = 0;
  loop.enable();
  clock.advance(10_000);
  await flip(false);
  console.log(`${rules * members} probes, one for each rule and member: all down`);
  show('longest hold by one report of flips', longestMs);
  loop.reset();
  const beginMs = timed(() => clock.advance(50_000));
  await wait(500);
  show('longest hold while the minute is closed', Math.max(beginMs, loop.max / 1e6));
  loop.disable();
  await flip(true);
  const wholeMs = timed(() => {
    clock.advance(60_000);
    monitor.collect();
  });
  show('closing a minute, all of it at once', wholeMs);
}

if (kind === 'nftables' && process.env[marker] !== '1') {
  const reason = whyNoNamespace();
  if (reason !== undefined) {
    console.log(`skipped: ${reason}`);
    process.exit(0);
  }
  const [file, argv] = inNamespace([process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
  process.exit(spawnSync(file, argv, { stdio: 'inherit', env: { ...process.env, [marker]: '1' } }).status ?? 1);
}
await bothThreads(kind === 'nftables' ? kernel : userspace);
await metricsAlone();
console.log(failures.length === 0 ? `everything within ${bar} ms` : `over ${bar} ms: ${failures.join('; ')}`);
process.exit(failures.length === 0 ? 0 : 1);
