import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { nextEvent, until } from '../turns.js';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));

interface Process {
  readonly child: ChildProcess;
  readonly out: string[];
  readonly err: string[];
  readonly firstLine: Promise<string>;
  readonly exit: Promise<[code: number | null, signal: string | null]>;
}

function lazurite(t: Test, argv: readonly string[], env: Record<string, string> = {}): Process {
  const child = spawn(process.execPath, [...process.execArgv, main, ...argv], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [out, err]: [string[], string[]] = [[], []];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => out.push(line));
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text));
  const exit = once(child, 'close') as Process['exit'];
  const firstLine = Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    exit.then(() => Promise.reject(new Error(`ended: ${err.join('')}`))),
  ]);
  firstLine.catch(() => {});
  return { child, out, err, firstLine, exit };
}

const get = (url: string, ca: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const request = https.get(url, { ca, agent: false }, (response) => resolve(response.resume().statusCode));
    request.on('error', reject);
  });

test('start says in one line that it is ready, keeps its data to its owner, and ends with 0 at SIGTERM', async (t) => {
  const data = join(t.testdir(), 'data');
  const { child, firstLine, exit, out, err } = lazurite(t, ['--port', '0', '--engine', 'none', '--data', data]);
  const [, url, httpUrl] =
    /^lazurite ready (https:\/\/localhost:\d+) \(and (http:\/\/localhost:\d+); engine none; data in /.exec(
      await firstLine,
    ) ?? [];
  t.ok(url && httpUrl, String(out[0]));
  t.equal(await get(`${url}/_lazurite/ready`, readFileSync(join(data, 'ca.pem'), 'utf8')), 200);
  t.equal(statSync(data).mode & 0o777, 0o700);
  child.kill('SIGTERM');
  t.strictSame(await exit, [0, null]);
  t.equal(out.length, 1);
  t.strictSame(err, []);
});

test('in memory, options from the environment, Ctrl-C: the same, and nothing is written', async (t) => {
  const data = join(t.testdir(), 'data');
  const env = { LAZURITE_PORT: '0', LAZURITE_IN_MEMORY: '1', LAZURITE_DATA: data };
  const { child, firstLine, exit } = lazurite(t, ['start'], env);
  t.match(await firstLine, /engine userspace; in memory\)$/);
  child.kill('SIGINT');
  t.strictSame(await exit, [0, null]);
  t.notOk(existsSync(data));
});

test('a mistake is one line on stderr and exit code 2', async (t) => {
  const { exit, out, err } = lazurite(t, ['--port', 'x']);
  t.strictSame(await exit, [2, null]);
  t.strictSame(out, []);
  t.equal(err.join(''), "lazurite: --port must be a whole number from 0 to 65535, not 'x'\n");
});

test('--version is that of the package', async (t) => {
  for (const argument of ['--version', '-v', 'version']) {
    const { exit, out } = lazurite(t, [argument]);
    t.strictSame(await exit, [0, null]);
    t.match(out.join(''), /^\d+\.\d+\.\d+/);
  }
});

const getPlain = async (url: string): Promise<number> => (await fetch(url)).status;

test('run gives a command an emulator of its own and ends with its exit code', async (t) => {
  const program = `fetch(process.env.LAZURITE_URL.replace('https', 'http') + '/_lazurite/ready')
    .then(({ status }) => { console.log(status, process.env.AZURE_AUTHORITY_HOST === process.env.LAZURITE_URL); process.exit(7); })`;
  const { exit, out, err } = lazurite(t, ['run', '--', process.execPath, '-e', program]);
  t.strictSame(await exit, [7, null]);
  t.strictSame([out, err], [['200 true'], []]);
  const missing = lazurite(t, ['run', '--engine', 'none', '--', './no-such-command']);
  t.strictSame(await missing.exit, [127, null]);
  t.strictSame(await lazurite(t, ['run']).exit, [2, null]);
});

test('the ready file says where the emulator is, wait finds it, stop ends it', async (t) => {
  const file = join(t.testdir(), 'ready.json');
  const { exit, firstLine } = lazurite(t, ['start', '--in-memory', '--port', '0', '--ready-file', file]);
  await firstLine;
  const { url, httpUrl, pid } = JSON.parse(readFileSync(file, 'utf8'));
  t.equal(await getPlain(`${httpUrl}/_lazurite/ready`), 200);
  t.type(pid, 'number');
  t.strictSame(await lazurite(t, ['wait', '--url', url]).exit, [0, null]);
  t.strictSame(await lazurite(t, ['stop', '--url', url]).exit, [0, null]);
  t.strictSame(await exit, [0, null]);
  t.notOk(existsSync(file));
  const late = lazurite(t, ['wait', '--url', url, '--timeout', '0.2']);
  t.strictSame(await late.exit, [1, null]);
  t.match(late.err.join(''), /was not ready within 0.2 s/);
});

test('a variable that means nothing is told, with the one that was meant', async (t) => {
  const { child, firstLine, exit, err } = lazurite(t, ['--port', '0', '--in-memory'], { LAZURITE_PROT: '1' });
  await firstLine;
  child.kill();
  await exit;
  t.equal(
    err.join(''),
    "lazurite: the variable LAZURITE_PROT means nothing to Lazurite; did you mean 'LAZURITE_PORT'?\n",
  );
});

const asNpmDoes = 'start and run end when npm, which started them, is killed';
test(asNpmDoes, { skip: process.platform !== 'linux' }, async (t) => {
  await endsWithNpm(t, 'start --in-memory --port 0');
  const program = "console.log(process.env.LAZURITE_URL.replace('https', 'http')); setInterval(() => {}, 1e6)";
  await endsWithNpm(t, `run -- "${process.execPath}" -e "${program}"`);
});

/** `line` is run by what stands for npm: it starts a shell, which starts the emulator and waits for it. */
async function endsWithNpm(t: Test, line: string): Promise<void> {
  const command = `"${process.execPath}" "${main}" ${line}; true`;
  const script = `require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(command)}], { stdio: 'inherit' })`;
  const npm = spawn(process.execPath, ['-e', script], {
    env: { ...process.env, npm_command: 'start' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => npm.kill('SIGKILL'));
  const [first] = await nextEvent(createInterface({ input: npm.stdout }), 'line');
  const url = /http:\/\/[^;]+/.exec(String(first))?.[0] ?? '';
  t.equal(await getPlain(`${url}/_lazurite/ready`), 200);
  const closed = nextEvent(npm.stdout, 'close');
  npm.kill('SIGKILL');
  await closed;
  await t.rejects(getPlain(`${url}/_lazurite/ready`));
}

/** A process that is ready, and how to make its data plane fail and to wait for what it says. */
async function failing(t: Test) {
  const started = lazurite(t, ['start', '--in-memory', '--port', '0']);
  const url = /http:\/\/[^;]+/.exec(await started.firstLine)?.[0] ?? '';
  return {
    ...started,
    url,
    fail: (effect: string) =>
      fetch(`${url}/_lazurite/faults`, { method: 'POST', body: JSON.stringify({ kind: 'engine', effect }) }),
    async said(pattern: RegExp) {
      await until(`it says ${pattern}`, () => pattern.test(started.err.join('')));
    },
  };
}

test('start ends with 1 after the third failure of the data plane within a minute', async (t) => {
  const { exit, err, fail, said } = await failing(t);
  await fail('crash');
  await said(/works again/);
  await fail('crash');
  await said(/works again.*works again/s);
  await fail('crash');
  t.strictSame(await exit, [1, null]);
  t.match(err.join(''), /the data plane failed for good/);
});

test('SIGTERM says what it waits for, and a second signal of any kind ends the process at once', async (t) => {
  const { child, exit, fail, said } = await failing(t);
  await fail('hang');
  child.kill('SIGTERM');
  await said(/ending: waiting for open flows/);
  child.kill('SIGINT');
  t.strictSame(await exit, [1, null]);
});

test('ten seconds after SIGTERM the process ends whatever it waits for', async (t) => {
  const template = {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [
      { type: 'Microsoft.Network/routeTables', apiVersion: '2024-05-01', name: 'routes', location: 'westeurope' },
    ],
  };
  const folder = t.testdir({ 'seed.json': JSON.stringify(template) });
  const seed = ['--seed', join(folder, 'seed.json'), '--operation-delay', '86400000'];
  const data = join(folder, 'data');
  const { child, exit, err } = lazurite(t, ['start', '--data', data, '--port', '0', ...seed]);
  await until('the start is under way', () => existsSync(join(data, 'ca.pem')));
  child.kill('SIGTERM');
  t.strictSame(await exit, [1, null]);
  t.match(err.join(''), /ended after 10 s, without waiting longer for the start/);
});

test('an emulator whose log finds no room on its disk goes on', { skip: !existsSync('/dev/full') }, async (t) => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [...process.execArgv, main, 'start', '--in-memory', '--port', '0'], {
    stdio: ['ignore', 'pipe', full],
  });
  t.teardown(() => child.kill('SIGKILL'));
  closeSync(full);
  const [line] = await nextEvent(createInterface({ input: child.stdout as Readable }), 'line');
  const url = /http:\/\/[^;]+/.exec(String(line))?.[0] ?? '';
  await fetch(`${url}/_lazurite/faults`, { method: 'POST', body: '{"kind":"engine","effect":"crash"}' });
  const restarted = async () => (await fetch(`${url}/_lazurite/counters`)).text();
  await until('the data plane has said in the log that it failed', async () =>
    /threadRestarts/.test(await restarted()),
  );
  const exit = nextEvent(child, 'close');
  child.kill('SIGTERM');
  t.strictSame(await exit, [0, null]);
});
