/**
 * The userspace engine against HAProxy, nginx's stream module and Node's own sockets: all in turn in one run, medians, ratios.
 *
 * Needs Debian's haproxy, nginx-light with libnginx-mod-stream, and gcc for the load generator; what is missing is
 * skipped with its reason. Client and backend share one core, the proxy has the other, each proxy forwards in one
 * thread. Where allowed it all happens in a network namespace of its own, with TCP's reno instead of the machine's choice.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LoadResult, median } from './process.js';

interface Scenario {
  readonly name: string;
  readonly mode: 'bulk' | 'connections' | 'pingpong' | 'mixed' | 'udp';
  readonly parallel: number;
  readonly unit: string;
  readonly value: (result: LoadResult) => number;
  readonly cpuPer: number;
  readonly cpuUnit: string;
}

const movesBytes = ({ mode }: Scenario): boolean => mode === 'bulk' || mode === 'mixed';
const gigabits = (result: LoadResult): number => (8 * result.bytes) / result.seconds / 1e9;
const perSecond = (result: LoadResult): number => result.done / result.seconds;

const scenarios: readonly Scenario[] = [
  {
    name: 'bulk, 1 connection',
    mode: 'bulk',
    parallel: 1,
    unit: 'Gbit/s',
    value: gigabits,
    cpuPer: 1e9,
    cpuUnit: 's/GB',
  },
  {
    name: 'bulk, 16 connections',
    mode: 'bulk',
    parallel: 16,
    unit: 'Gbit/s',
    value: gigabits,
    cpuPer: 1e9,
    cpuUnit: 's/GB',
  },
  {
    name: 'new connections, 64 at a time',
    mode: 'connections',
    parallel: 64,
    unit: '1/s',
    value: perSecond,
    cpuPer: 1e4,
    cpuUnit: 's/10k',
  },
  {
    name: 'ping-pong 64 B, 1 connection',
    mode: 'pingpong',
    parallel: 1,
    unit: '1/s',
    value: perSecond,
    cpuPer: 1e6,
    cpuUnit: 's/M',
  },
  {
    name: 'ping-pong 64 B, 64 connections',
    mode: 'pingpong',
    parallel: 64,
    unit: '1/s',
    value: perSecond,
    cpuPer: 1e6,
    cpuUnit: 's/M',
  },
  {
    // Latencies are those of the new connections, one after the other.
    name: 'new connections beside 4 transfers',
    mode: 'mixed',
    parallel: 4,
    unit: 'Gbit/s',
    value: gigabits,
    cpuPer: 1e9,
    cpuUnit: 's/GB',
  },
  { name: 'UDP 64 B, 16 flows', mode: 'udp', parallel: 16, unit: '1/s', value: perSecond, cpuPer: 1e6, cpuUnit: 's/M' },
];

/** Part of the names of the scenarios to run; all by default. */
const wanted = process.env.BENCH_SCENARIOS ?? '';
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 0.6);
const backend = '127.0.0.1:29999';
const folder = mkdtempSync(join(tmpdir(), 'lazurite-bench-'));
const here = fileURLToPath(import.meta.url);
const inNamespace = process.env.LAZURITE_BENCH_NAMESPACE === '1';

const has = (command: string): boolean => spawnSync('which', [command]).status === 0;

/** Starts this script again in a network namespace of its own, where reno can be chosen and no port is taken. */
function enterNamespace(): boolean {
  const script = `ip link set lo up && sysctl -qw net.ipv4.tcp_congestion_control=reno && exec "$@"`;
  if (inNamespace || spawnSync('unshare', ['-Urn', 'sh', '-c', script, 'sh', 'true']).status !== 0) return false;
  const env = { ...process.env, LAZURITE_BENCH_NAMESPACE: '1' };
  const child = spawnSync('unshare', ['-Urn', 'sh', '-c', script, 'sh', process.execPath, ...process.execArgv, here], {
    stdio: 'inherit',
    env,
  });
  process.exitCode = child.status ?? 1;
  return true;
}

interface Target {
  readonly name: string;
  readonly address: string;
  readonly process: ChildProcess | undefined;
}

function startOn(core: number, command: string, args: readonly string[]): ChildProcess {
  return spawn('taskset', ['-c', String(core), command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function haproxy(): Target {
  const address = '127.0.0.1:29001';
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global\n  nbthread 1\n  maxconn 8000\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n` +
      `listen bench\n  bind ${address}\n  server backend ${backend}\n`,
  );
  return { name: 'haproxy', address, process: startOn(1, 'haproxy', ['-db', '-f', file]) };
}

const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

function nginx(): Target {
  const address = '127.0.0.1:29002';
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `load_module ${streamModule};\ndaemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit;\n` +
      `events { worker_connections 8000; }\nstream {\n  server { listen ${address}; proxy_pass ${backend}; }\n` +
      `  server { listen ${address} udp; proxy_pass ${backend}; }\n}\n`,
  );
  return { name: 'nginx', address, process: startOn(1, 'nginx', ['-c', file]) };
}

/** A process of Node's: the userspace engine, or Node's own sockets without any of Lazurite's code. */
function node(name: 'lazurite' | 'node'): Target {
  const [address, how] = name === 'node' ? ['127.0.0.1:29004', ['sockets']] : ['127.0.0.1:29003', []];
  const script = here.replace(/data-plane(\.[jt]s)$/, 'data-plane-engine$1');
  return {
    name,
    address,
    process: startOn(1, process.execPath, [...process.execArgv, script, address, backend, ...how]),
  };
}

/** CPU nanoseconds of all threads, kernel work on their behalf included. */
function cpuOf(target: Target): number {
  const pid = target.process?.pid;
  if (pid === undefined) return 0;
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread has ended meanwhile.
    }
  }
  return total;
}

function measure(target: Target, scenario: Scenario): LoadResult {
  const before = cpuOf(target);
  const args = [scenario.mode, target.address, backend, String(seconds), String(scenario.parallel)];
  const output = execFileSync('taskset', ['-c', '0', join(folder, 'load'), ...args], { encoding: 'utf8' });
  return { ...JSON.parse(output), cpu: (cpuOf(target) - before) / 1e9 };
}

function row(scenario: Scenario, target: Target, results: readonly LoadResult[]): Record<string, string | number> {
  const work = (result: LoadResult): number => (movesBytes(scenario) ? result.bytes : result.done);
  return {
    scenario: scenario.name,
    target: target.name,
    value: `${median(results.map(scenario.value)).toPrecision(4)} ${scenario.unit}`,
    p50us: median(results.map((result) => result.p50us)),
    p99us: median(results.map((result) => result.p99us)),
    cpu: `${median(results.map((result) => (result.cpu * scenario.cpuPer) / work(result))).toPrecision(3)} ${scenario.cpuUnit}`,
    failed: results.reduce((sum, result) => sum + result.failed, 0),
  };
}

interface Verdict {
  readonly bar: string;
  readonly measured: number;
  readonly met: boolean;
}

/** What has a bar against HAProxy: bulk at least so many times as fast, and new connections beside it not slower. */
function verdictsOf({ mode, name }: Scenario, ratio: Readonly<Record<'speed' | 'p50' | 'p99', number>>): Verdict[] {
  const atLeast = { 'bulk, 1 connection': 2, 'bulk, 16 connections': 1.6 }[name];
  if (atLeast !== undefined)
    return [{ bar: `${name}: at least ${atLeast}× HAProxy`, measured: ratio.speed, met: ratio.speed >= atLeast }];
  if (mode !== 'mixed') return [];
  return (['p50', 'p99'] as const).map((which) => ({
    bar: `${name}: ${which} at most HAProxy's`,
    measured: ratio[which],
    met: ratio[which] <= 1,
  }));
}

function compare(targets: readonly Target[]): void {
  const rows: Record<string, string | number>[] = [];
  const ratios: Record<string, string | number>[] = [];
  const verdicts: Verdict[] = [];
  for (const scenario of scenarios.filter(({ name }) => name.includes(wanted))) {
    const able = targets.filter((target) => scenario.mode !== 'udp' || target.name !== 'haproxy');
    const results = new Map(able.map((target) => [target, [] as LoadResult[]]));
    for (let round = 0; round <= rounds; round++)
      for (const [target, list] of results) {
        const result = measure(target, scenario);
        // The first round warms everybody up.
        if (round > 0) list.push(result);
      }
    for (const [target, list] of results) rows.push(row(scenario, target, list));
    const ours = [...results].find(([target]) => target.name === 'lazurite')?.[1] ?? [];
    for (const [peer, list] of results) {
      if (peer.name === 'lazurite' || peer.name === 'direct') continue;
      const exact = (of: (result: LoadResult) => number): number => median(ours.map(of)) / median(list.map(of));
      const ratio = (of: (result: LoadResult) => number): string => exact(of).toFixed(2);
      const work = (result: LoadResult): number => result.cpu / (movesBytes(scenario) ? result.bytes : result.done);
      ratios.push({
        scenario: scenario.name,
        against: peer.name,
        speed: ratio(scenario.value),
        p50: scenario.mode === 'bulk' || scenario.mode === 'udp' ? '' : ratio((result) => result.p50us),
        p99: scenario.mode === 'bulk' || scenario.mode === 'udp' ? '' : ratio((result) => result.p99us),
        cpu: ratio(work),
      });
      if (peer.name !== 'haproxy') continue;
      const [speed, p50, p99] = [exact(scenario.value), exact(({ p50us }) => p50us), exact(({ p99us }) => p99us)];
      verdicts.push(...verdictsOf(scenario, { speed, p50, p99 }));
    }
  }
  console.table(rows);
  console.table(ratios);
  for (const { bar, measured, met } of verdicts)
    console.log(`${met ? 'met   ' : 'missed'} ${bar} (${measured.toFixed(2)}×)`);
  if (verdicts.some(({ met }) => !met)) process.exitCode = 1;
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(
    'bench/results/data-plane.json',
    `${JSON.stringify({ node: process.version, rounds, seconds, rows, ratios, verdicts }, null, 2)}\n`,
  );
}

async function main(): Promise<void> {
  if (!has('gcc')) {
    console.log('skipped: no gcc to build the load generator with');
    return;
  }
  if (enterNamespace()) return;
  execFileSync('gcc', ['-O2', '-o', join(folder, 'load'), 'bench/data-plane-load.c']);
  const targets: Target[] = [{ name: 'direct', address: backend, process: undefined }];
  if (has('haproxy')) targets.push(haproxy());
  else console.log('skipped haproxy: not installed (apt-get install haproxy)');
  if (has('nginx') && existsSync(streamModule)) targets.push(nginx());
  else console.log('skipped nginx: not installed with its stream module (nginx-light libnginx-mod-stream)');
  const ours = [node('node'), node('lazurite')];
  targets.push(...ours);
  try {
    await Promise.all(ours.map((one) => new Promise((resolve) => one.process?.stdout?.once('data', resolve))));
    compare(targets);
  } finally {
    for (const target of targets) target.process?.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

await main();
