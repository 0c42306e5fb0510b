import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';

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
  const { exit, out } = lazurite(t, ['--version']);
  t.strictSame(await exit, [0, null]);
  t.match(out.join(''), /^\d+\.\d+\.\d+/);
});
