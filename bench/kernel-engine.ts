/**
 * The kernel engine against plain routing, the kernel's own NAT and HAProxy: three network namespaces joined by veth,
 * client, balancer, backend.
 *
 * Needs gcc, nft, ip and unshare; HAProxy where installed. Client and backend have a core each, and do the kernel's work
 * between them there: their CPU time is that of the whole path, plus HAProxy's own. All targets take turns in each round;
 * medians and ratios are printed, and nothing is left behind.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inNamespace, whyNoNamespace } from '../src/cli/sandbox.js';
import type { ForwardingPlan, PlanMember } from '../src/data-plane/model/plan.js';
import { NftablesEngine } from '../src/data-plane/nftables/engine.js';
import { Clock } from '../src/support/clock.js';
import { member as memberAt } from '../test/data-plane/plans.js';
import { planFor } from './engine-plan.js';
import { type LoadResult, median } from './process.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 0.6);
const here = fileURLToPath(import.meta.url);
const marker = 'LAZURITE_BENCH_NAMESPACE';

const backend = '10.2.0.2:8080';
const frontend = { address: '20.0.0.4', port: 80 };
const proxy = '10.1.0.1:8081';
const translated = '20.0.0.9';
/** The least that forwards to another address: one rule for each protocol, and connections that the kernel tracks. */
const kernelNat = [
  'add table ip peer',
  'add chain ip peer incoming { type nat hook prerouting priority dstnat; }',
  ...['tcp', 'udp'].map(
    (transport) => `add rule ip peer incoming ip daddr ${translated} ${transport} dport 80 dnat to ${backend}`,
  ),
].join('; ');

interface Scenario {
  readonly name: string;
  readonly mode: 'bulk' | 'connections' | 'pingpong' | 'udp';
  readonly parallel: number;
  readonly value: (result: LoadResult) => number;
}

const scenarios: readonly Scenario[] = [
  { name: 'bulk, 1 connection (Gbit/s)', mode: 'bulk', parallel: 1, value: (of) => (8 * of.bytes) / of.seconds / 1e9 },
  {
    name: 'bulk, 16 connections (Gbit/s)',
    mode: 'bulk',
    parallel: 16,
    value: (of) => (8 * of.bytes) / of.seconds / 1e9,
  },
  { name: 'ping-pong, 1 connection (p50, us)', mode: 'pingpong', parallel: 1, value: (of) => of.p50us },
  { name: 'UDP, 16 flows (1/s)', mode: 'udp', parallel: 16, value: (of) => of.done / of.seconds },
  // Last, because the backend remembers its ends of these for a while.
  { name: 'new connections (1/s)', mode: 'connections', parallel: 64, value: (of) => of.done / of.seconds },
];

const cpuPerUnit = ({ mode }: Scenario, { cpu, bytes, done }: LoadResult): number =>
  cpu / (mode === 'bulk' ? bytes : done);

const has = (command: string): boolean => spawnSync('which', [command]).status === 0;
const ip = (...args: string[]): void => void execFileSync('ip', args);

/** Processes whose only purpose is to keep a namespace. */
class Networks {
  readonly client = spawn('unshare', ['--net', 'sleep', '600']);
  readonly server = spawn('unshare', ['--net', 'sleep', '600']);

  async join(): Promise<void> {
    for (const [name, { pid }, net] of [
      ['client', this.client, '10.1.0'],
      ['server', this.server, '10.2.0'],
    ] as const) {
      const inside = (...command: string[]): void =>
        void execFileSync('nsenter', ['-t', String(pid), '-n', ...command]);
      ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}0`);
      ip('link', 'set', `${name}0`, 'netns', String(pid));
      ip('address', 'add', `${net}.1/24`, 'dev', name);
      ip('link', 'set', name, 'up');
      inside('ip', 'link', 'set', 'lo', 'up');
      inside('ip', 'address', 'add', `${net}.2/24`, 'dev', `${name}0`);
      inside('ip', 'link', 'set', `${name}0`, 'up');
      inside('ip', 'route', 'add', 'default', 'via', `${net}.1`);
      // Connections are made faster than their ports come out of TIME_WAIT.
      inside('sysctl', '-qw', 'net.ipv4.tcp_congestion_control=reno', 'net.ipv4.tcp_max_tw_buckets=64');
    }
    execFileSync('sysctl', [
      '-qw',
      'net.ipv4.ip_forward=1',
      'net.ipv4.tcp_congestion_control=reno',
      'net.ipv4.tcp_max_tw_buckets=64',
    ]);
  }

  /** A generator in the client's network, with its backend in the server's. */
  command(load: string, args: readonly string[]): [string, string[]] {
    const pinned = ['-t', String(this.client.pid), '-n', 'taskset', '-c', '0', load];
    return ['nsenter', [...pinned, ...args, `/proc/${this.server.pid}/ns/net`]];
  }

  close(): void {
    this.client.kill('SIGKILL');
    this.server.kill('SIGKILL');
  }
}

const member = (address: string): PlanMember => memberAt(address, 8080);
const planOf = (members: readonly PlanMember[]): ForwardingPlan => planFor(frontend, members);

function startHaproxy(folder: string): ChildProcess {
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global\n  nbthread 1\n  maxconn 8000\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n` +
      `listen bench\n  bind ${proxy}\n  server backend ${backend}\n`,
  );
  return spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
}

function cpuSecondsOf(child: ChildProcess | undefined): number {
  if (child?.pid === undefined) return 0;
  let total = 0;
  for (const task of readdirSync(`/proc/${child.pid}/task`)) {
    total += Number(readFileSync(`/proc/${child.pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  }
  return total / 1e9;
}

interface Target {
  readonly name: 'routing' | 'lazurite' | 'kernel NAT' | 'haproxy';
  readonly address: string;
  readonly process?: ChildProcess;
  /** What it cannot do. */
  readonly without?: readonly Scenario['mode'][];
  /** What nft is told before its turn and after it; nobody else is to pay for it. */
  readonly rules?: readonly [before: string, after: string];
}

function compare(targets: readonly Target[], measure: (target: Target, scenario: Scenario) => LoadResult) {
  const rows: Record<string, string | number>[] = [];
  for (const scenario of scenarios) {
    const able = targets.filter(({ without }) => !without?.includes(scenario.mode));
    const results = new Map(able.map(({ name }) => [name, [] as LoadResult[]]));
    for (let round = 0; round <= rounds; round++) {
      for (const target of able) {
        const result = measure(target, scenario);
        // The first round warms everybody up.
        if (round > 0) results.get(target.name)?.push(result);
      }
    }
    const of = (name: Target['name'], value: (result: LoadResult) => number): number =>
      median((results.get(name) ?? []).map(value));
    const ratio = (name: Target['name'], value: (result: LoadResult) => number): string =>
      results.has(name) ? (of('lazurite', value) / of(name, value)).toFixed(3) : '-';
    rows.push({
      scenario: scenario.name,
      routing: of('routing', scenario.value).toPrecision(4),
      lazurite: of('lazurite', scenario.value).toPrecision(4),
      'kernel NAT': of('kernel NAT', scenario.value).toPrecision(4),
      haproxy: of('haproxy', scenario.value).toPrecision(4),
      'to routing': ratio('routing', scenario.value),
      'CPU to routing': ratio('routing', (result) => cpuPerUnit(scenario, result)),
      'to kernel NAT': ratio('kernel NAT', scenario.value),
      'to HAProxy': ratio('haproxy', scenario.value),
      failed: (results.get('lazurite') ?? []).reduce((sum, { failed }) => sum + failed, 0),
    });
  }
  return rows;
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const share = (values: readonly number[], of: number): string =>
  (sorted(values)[Math.min(values.length - 1, Math.floor(values.length * of))] ?? 0).toFixed(2);

/** How long changes take while 16 clients send datagrams: none may take seconds. */
async function changesUnderUdp(engine: NftablesEngine, startLoad: () => ChildProcess) {
  let isOver = false;
  startLoad().once('exit', () => {
    isOver = true;
  });
  const changeMs: number[] = [];
  for (let round = 0; !isOver; round++) {
    const begin = performance.now();
    await engine.apply(planOf([member('10.2.0.2'), ...(round % 2 === 0 ? [] : [member('10.2.0.3')])]));
    changeMs.push(performance.now() - begin);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    'changes under UDP load': changeMs.length,
    'change under UDP load (ms, p50)': share(changeMs, 0.5),
    'change under UDP load (ms, p99)': share(changeMs, 0.99),
    'change under UDP load (ms, longest)': share(changeMs, 1),
  };
}

/** How long a table for 100 members takes, and a change of one of them while connections arrive. */
async function changes(engine: NftablesEngine, startLoad: () => ChildProcess) {
  // Only the backend's own address answers; the others are there in name, under a frontend that nobody calls.
  const many = Array.from({ length: 100 }, (_, index) => member(`10.3.0.${index + 1}`));
  const others = (members: readonly PlanMember[]): ForwardingPlan => {
    const real = planOf([member('10.2.0.2')]);
    const unused = planFor({ address: '20.0.0.5', port: 80 }, members);
    return { ...real, frontends: [...real.frontends, ...unused.frontends] };
  };
  const timed = async (plan: ForwardingPlan): Promise<number> => {
    const begin = performance.now();
    await engine.apply(plan);
    return performance.now() - begin;
  };
  const loadMs: number[] = [];
  for (let round = 0; round < 5; round++) {
    await engine.apply(others([]));
    loadMs.push(await timed(others(many)));
  }
  const load = startLoad();
  let output = '';
  load.stdout?.on('data', (text) => {
    output += text;
  });
  const ended = new Promise((resolve) => load.once('close', resolve));
  const changeMs: number[] = [];
  for (let round = 0; round < 60; round++) {
    const without = round % 2 === 0 ? many.filter((_, index) => index !== 49) : many;
    changeMs.push(await timed(others(without)));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await ended;
  const { done, failed } = JSON.parse(output) as LoadResult;
  return {
    'table for 100 members loaded (ms, median)': median(loadMs).toFixed(1),
    'one member of 100 changed (ms, p50)': share(changeMs, 0.5),
    'one member of 100 changed (ms, p95)': share(changeMs, 0.95),
    'connections meanwhile': done,
    'of them failed': failed,
  };
}

async function main(): Promise<void> {
  const reason = whyNoNamespace() ?? (has('gcc') ? undefined : 'no gcc to build the load generator with');
  if (reason !== undefined) {
    console.log(`skipped: ${reason}`);
    return;
  }
  if (process.env[marker] !== '1') {
    const [file, argv] = inNamespace([process.execPath, ...process.execArgv, here]);
    process.exitCode = spawnSync(file, argv, { stdio: 'inherit', env: { ...process.env, [marker]: '1' } }).status ?? 1;
    return;
  }
  // Every address being local would leave nothing to route.
  ip('route', 'del', 'local', 'default', 'dev', 'lo', 'table', 'local');
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-bench-'));
  const networks = new Networks();
  const engine = new NftablesEngine({ clock: new Clock() });
  const load = join(folder, 'load');
  let haproxy: ChildProcess | undefined;
  try {
    execFileSync('gcc', ['-O2', '-o', load, 'bench/data-plane-load.c']);
    await networks.join();
    await engine.apply(planOf([member('10.2.0.2')]));
    const targets: Target[] = [
      { name: 'routing', address: backend },
      { name: 'lazurite', address: `${frontend.address}:${frontend.port}` },
      {
        name: 'kernel NAT',
        address: `${translated}:80`,
        rules: [kernelNat, 'delete table ip peer'],
        // Ports come again before the kernel has forgotten the connections that it tracked.
        without: ['connections'],
      },
    ];
    if (has('haproxy')) {
      haproxy = startHaproxy(folder);
      targets.push({ name: 'haproxy', address: proxy, process: haproxy, without: ['udp'] });
    } else console.log('HAProxy is not installed (apt-get install haproxy): compared without it');
    const argsOf = (mode: string, address: string, forSeconds: number, parallel: number): string[] => [
      mode,
      address,
      backend,
      String(forSeconds),
      String(parallel),
    ];
    const measure = (target: Target, { mode, parallel }: Scenario): LoadResult => {
      const before = cpuSecondsOf(target.process);
      if (target.rules) execFileSync('nft', [target.rules[0]]);
      const [file, argv] = networks.command(load, argsOf(mode, target.address, seconds, parallel));
      const result = JSON.parse(execFileSync(file, argv, { encoding: 'utf8' })) as LoadResult;
      if (target.rules) execFileSync('nft', [target.rules[1]]);
      return { ...result, cpu: result.cpu + cpuSecondsOf(target.process) - before };
    };
    const rows = compare(targets, measure);
    console.table(rows);
    const loadOf = (mode: Scenario['mode'], forSeconds: number) => (): ChildProcess => {
      const [file, argv] = networks.command(load, argsOf(mode, '20.0.0.4:80', forSeconds, 16));
      return spawn(file, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    };
    const change = {
      ...(await changes(engine, loadOf('connections', 4))),
      ...(await changesUnderUdp(engine, loadOf('udp', 8))),
    };
    console.table(change);
    mkdirSync('bench/results', { recursive: true });
    writeFileSync(
      'bench/results/kernel-engine.json',
      `${JSON.stringify({ rounds, seconds, rows, change }, null, 2)}\n`,
    );
  } finally {
    haproxy?.kill('SIGKILL');
    await engine.close(0);
    networks.close();
    rmSync(folder, { recursive: true });
  }
}

await main();
process.exit();
