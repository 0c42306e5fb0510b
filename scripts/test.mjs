// `test.mjs [--coverage] [--jobs N] [FILE…]`: builds the tests and runs each file in a process of its own; without FILEs all
// of them, and beside them the lint and the type check, each of which counts as one failure when it finds something.
//
// Where the system allows it each file has a network namespace of its own, so that no two files can want the same port or
// address, and several files run at a time. Elsewhere they run one after the other. Skipped tests are named with their
// reason; with LAZURITE_TEST_ALL=1 they are failures. The last line is `N passed, N failed`, counted in assertions.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildTests } from './build-tests.mjs';

const { values, positionals } = parseArgs({
  options: { coverage: { type: 'boolean' }, jobs: { type: 'string' } },
  allowPositionals: true,
});

/** How `unshare` makes a network here: as root, or in a user namespace; undefined where it cannot. */
const unshareFlag = ['-n', '-Urn'].find(
  (flag) => spawnSync('unshare', [flag, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' }).status === 0,
);
// Many tests wait for timers: one process more than there are cores keeps the cores busy.
const jobs = Number(values.jobs ?? (unshareFlag === undefined ? 1 : availableParallelism() + 1));
const everything = process.env.LAZURITE_TEST_ALL === '1';
const coverageFolder = resolve('.tap/coverage');
/** Reads which errors the processes of all other tests have raised. */
const last = 'test/errors.test.ts';
/** Scripts of package.json that have to succeed as well: they take both cores only at times, and a test waits often. */
const checks = ['lint', 'typecheck'];
/** Longer than any file takes on a busy machine. */
const timeoutMs = 20 * 60_000;

/** How long each file took the last time. */
const timesFile = '.tap/times.json';
/** What takes longest begins first; where nothing has been measured yet, these do. */
const longest = [
  'data-plane/userspace/endurance.test.ts',
  'portal/look.test.ts',
  'portal/forms.test.ts',
  'data-plane/nftables/ipv6.test.ts',
  'data-plane/nftables/engine.test.ts',
  'several-machines/nodes.test.ts',
  'portal/pages.test.ts',
  'az/az.test.ts',
  'several-machines/fail-over.test.ts',
  'data-plane/nftables/leaks.test.ts',
  'cli/main.test.ts',
  'data-plane/userspace/limits.test.ts',
  'portal/openapi-page.test.ts',
  'cli/sandbox.test.ts',
  'portal/thousand.test.ts',
  'docs/client-pages.test.ts',
  'portal/token.test.ts',
  'portal/sign-in.test.ts',
  'portal/failures.test.ts',
  'emulator/silence.test.ts',
  'portal/foreign-pages.test.ts',
  'api/classic/timing.test.ts',
  'cli/watch.test.ts',
  'data-plane/userspace/engine.test.ts',
  'data-plane/userspace/ipv6.test.ts',
  'several-machines/round-robin.test.ts',
  'store/bad-days.test.ts',
  'emulator/distribution.test.ts',
  'emulator/membership.test.ts',
  'store/snapshot-bodies.test.ts',
  'api/classic/azure-asm.test.ts',
  'api/classic/traffic.test.ts',
].map((file) => join('test', file));

function readTimes() {
  try {
    return JSON.parse(readFileSync(timesFile, 'utf8'));
  } catch {
    return {};
  }
}

const allFiles = () =>
  readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', file))
    .sort();

/** The command that runs a file. */
function commandOf(file) {
  if (checks.includes(file)) return ['npm', 'run', '--silent', file];
  const recorder = `./${join(outdir, 'test/record-errors.js')}`;
  const argv = [
    process.execPath,
    '--enable-source-maps',
    '--import',
    recorder,
    join(outdir, file.replace(/\.ts$/, '.js')),
  ];
  return unshareFlag === undefined
    ? argv
    : ['unshare', unshareFlag, 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh', ...argv];
}

/** Runs one file or check; answers its counts, what it printed and how long it took. */
function run(file) {
  const [command, ...rest] = commandOf(file);
  // tap's own profiler, in processes that a test starts with `t.spawn`, would end Node's coverage.
  const env = { TAP_TIMEOUT: '900', _TAPJS_PROCESSINFO_COVERAGE_: '0', ...process.env };
  if (isWhole) env.LAZURITE_TEST_ERRORS = errorsFolder;
  if (values.coverage && !checks.includes(file)) env.NODE_V8_COVERAGE = coverageFolder;
  const startedMs = performance.now();
  return new Promise((done) => {
    const child = spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    const timer = setTimeout(() => {
      output += `\nno end after ${timeoutMs / 60_000} minutes\n`;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.on('error', (error) => {
      output += `${error}\n`;
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      done({
        file,
        output,
        ms: performance.now() - startedMs,
        ...(checks.includes(file) ? { passed: 0, failed: code === 0 ? 0 : 1, skips: [] } : count(output, code)),
      });
    });
  });
}

/** The assertions of a file, which its last line sums up: `# { total: 10, pass: 9, fail: 1 }`. */
function count(output, code) {
  const summary = [...output.matchAll(/^# \{ (total: \d+[^}]*) \}$/gm)].at(-1)?.[1] ?? '';
  const number = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(summary)?.[1] ?? 0);
  const skips = [...output.matchAll(/^\s*(?:not )?ok \d+(?: - (.*?))? # SKIP ?(.*)$/gm)].map(([, title, reason]) =>
    [title, reason].filter(Boolean).join(': '),
  );
  const failed = number('fail') + (everything ? skips.length : 0);
  // A process that breaks outside its assertions has failed too.
  const broke = failed === 0 && (code !== 0 || summary === '');
  return { passed: number('pass'), failed: broke ? 1 : failed, skips };
}

const times = readTimes();
const expectedMs = (file) => times[file] ?? (longest.includes(file) ? 60_000 - longest.indexOf(file) : 0);
const isWhole = positionals.length === 0;
const files = isWhole ? allFiles() : positionals;
const waiting = files.filter((file) => file !== last).sort((a, b) => expectedMs(b) - expectedMs(a));
if (isWhole) waiting.unshift(...checks);
const results = [];

async function work() {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const result = await run(file);
    results.push(result);
    times[file] = Math.round(result.ms);
    const seconds = (result.ms / 1000).toFixed(1);
    if (result.failed > 0 || files.length === 1) console.log(result.output);
    console.log(`${result.failed > 0 ? 'FAILED' : 'ok'} ${file}: ${result.passed} passed, ${seconds} s`);
    for (const skip of result.skips) console.log(`  skipped: ${skip}`);
  }
}

mkdirSync('.tap', { recursive: true });
if (values.coverage) rmSync(coverageFolder, { recursive: true, force: true });
const outdir = await buildTests();
const errorsFolder = resolve(outdir, 'errors');
mkdirSync(errorsFolder);
await Promise.all(Array.from({ length: jobs }, work));
if (files.includes(last)) {
  waiting.push(last);
  await work();
}
writeFileSync(timesFile, JSON.stringify(times));

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const failures = results.filter(({ failed }) => failed > 0).map(({ file }) => file);
const skipped = sum(results.map(({ skips }) => skips.length));
if (failures.length > 0) console.log(`\nFiles with failures:\n${failures.map((file) => `  ${file}`).join('\n')}`);
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${sum(results.map(({ passed }) => passed))} passed, ${sum(results.map(({ failed }) => failed))} failed`);
// Coverage is read with the build at hand; the next run removes it.
if (!values.coverage) rmSync(outdir, { recursive: true });
process.exitCode = failures.length > 0 ? 1 : 0;
