/** `lazurite sandbox`: a network, an Azure and a load balancer of one's own, for any account. */

import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import t from 'tap';
import { whyNoNamespace } from '../../src/cli/sandbox.js';
import { readIfPresent } from '../../src/support/files.js';
import { nextEvent } from '../turns.js';
import { runLazurite } from './harness.js';

// The tests may run from a built copy, which links to the package's own files.
const root = dirname(realpathSync(fileURLToPath(new URL('../../package.json', import.meta.url))));

/** Without what the test runner adds to the environment of its children. */
const plain = ['-i', `PATH=${process.env.PATH}`, `HOME=${process.env.HOME}`, 'NODE_DISABLE_COMPILE_CACHE=1'];

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What users run: the built emulator, and beside it a client; answers their folder. */
async function buildInto(folder: string): Promise<string> {
  const dist = join(folder, 'dist');
  execFileSync('env', [...plain, process.execPath, 'scripts/build.mjs', dist, '--without-portal'], { cwd: root });
  for (const name of ['migrations', 'package.json']) symlinkSync(join(root, name), join(folder, name));
  const entryPoints = { client: join(root, 'test/cli/sandbox-client.ts') };
  await build({ entryPoints, outdir: dist, bundle: true, platform: 'node', format: 'esm' });
  return dist;
}

const reason = whyNoNamespace();
if (reason !== undefined && process.env.LAZURITE_TEST_ALL) t.fail(reason);
else if (reason !== undefined) t.pass('skipped', { skip: reason });
else {
  const dist = await buildInto(t.testdir());
  const script = join(dist, 'client.js');

  const sandbox = async (...argv: string[]): Promise<Outcome> => {
    const child = spawn('env', [...plain, process.execPath, join(dist, 'main.js'), 'sandbox', ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = ['', ''];
    child.stdout.on('data', (text) => {
      texts[0] += text;
    });
    child.stderr.on('data', (text) => {
      texts[1] += text;
    });
    const [code] = (await nextEvent(child, 'close')) as [number | null];
    return { code, out: String(texts[0]), err: String(texts[1]) };
  };
  const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('lazurite-sandbox-'));

  t.test('The exit code is that of the command, its environment points here, and nothing is left', async (t) => {
    const before = leftovers();
    const { code, out } = await sandbox('--', 'sh', '-c', 'echo $AZURE_AUTHORITY_HOST $LAZURITE_SANDBOX; exit 7');
    t.equal(out.trim(), 'https://localhost:4567 1');
    t.equal(code, 7);
    t.equal((await sandbox('--', 'sh', '-c', 'kill -TERM $$')).code, 143, 'as a shell reports a signal');
    t.equal((await sandbox('--', 'no-such-command')).code, 127);
    t.strictSame(leftovers(), before);
  });

  t.test('What the command leaves running ends with it', async (t) => {
    const { code, out } = await sandbox('--', 'sh', '-c', 'setsid sleep 600 >/dev/null 2>&1 & echo $!');
    t.equal(code, 0);
    // Whoever adopts it may take a while to bury it.
    const state = /\) (\w)/.exec(readIfPresent(`/proc/${out.trim()}/stat`) ?? '')?.[1] ?? 'gone';
    t.ok(['Z', 'X', 'gone'].includes(state), state);
  });

  t.test('Ten sandboxes side by side have the same addresses and ports, and each a balancer of its own', async (t) => {
    const names = Array.from({ length: 10 }, (_, index) => `sandbox-${index}`);
    const outcomes = await Promise.all(
      names.map((name) => sandbox('--time-scale=10', '--', process.execPath, script, name)),
    );
    const answers = outcomes.map(({ out, err }) => (out === '' ? { err } : JSON.parse(out)));
    t.strictSame(
      answers.map(({ answer, err }) => answer ?? err),
      names.map((name) => `${name} 127.0.0.1`),
    );
    for (const { address, url, probedFrom } of answers) {
      t.strictSame([address, url], [answers[0].address, 'https://localhost:4567']);
      t.match(address, /^20\.0\.0\./, 'clients accept it as a public address');
      t.strictSame(probedFrom, ['168.63.129.16'], "probes come from Azure's own address");
    }
  });
}

t.test('Without a command it says how it is called', async (t) => {
  await t.rejects(runLazurite(['sandbox', '--time-scale=10']), { name: 'UsageError', message: /sandbox -- COMMAND/ });
  t.match((await runLazurite(['sandbox', '--help'])).out, 'Usage: lazurite sandbox [OPTION of start…] -- COMMAND');
});
