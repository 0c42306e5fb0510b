/** `lazurite sandbox`: a network, an Azure and a load balancer of one's own, for any account. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { whyNoNamespace } from '../../src/cli/sandbox/namespace.js';
import { readIfPresent } from '../../src/identity/private-files.js';
import { runLazurite } from './harness.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Without what the test runner adds to the environment of its children. */
const plain = ['-i', `PATH=${process.env.PATH}`, `HOME=${process.env.HOME}`];

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A balancer with two members behind 80, and a call through it: prints who was called, and from where it was called. */
const client = (dist: string): string => `
import { createServer } from 'node:http';
import { DemoAzure, everyMemberUp } from '${dist}/cli/demo/azure.js';
import { createHttpClient } from '${dist}/cli/http-client.js';
const seen = new Set();
for (const address of ['127.0.0.4', '127.0.0.5']) {
  createServer((request, response) => {
    if (request.url === '/health') seen.add(request.socket.remoteAddress);
    response.end(process.argv[2] + ' ' + request.socket.remoteAddress);
  }).listen(8080, address);
}
const url = new URL(process.env.LAZURITE_URL);
const client = createHttpClient({ url: 'http://' + url.host });
const azure = new DemoAzure(client, { subscriptionId: process.env.AZURE_SUBSCRIPTION_ID, group: 'sandbox' });
await azure.createNetwork('10.0.0.0/24', 2);
const address = await azure.createLoadBalancer({ frontend: 80, backend: 8080 }, 2);
await everyMemberUp(azure, 2);
const answer = await (await fetch('http://' + address + '/')).text();
console.log(JSON.stringify({ address, answer, url: url.origin, probedFrom: [...seen] }));
process.exit(0);
`;

function build(folder: string): string {
  const dist = join(folder, 'dist');
  const project = ['-p', join(root, 'tsconfig.build.json'), '--outDir', dist];
  execFileSync('env', [...plain, join(root, 'node_modules/.bin/tsc'), ...project]);
  for (const name of ['migrations', 'openapi', 'package.json']) symlinkSync(join(root, name), join(folder, name));
  return dist;
}

const reason = whyNoNamespace();
if (reason !== undefined && process.env.LAZURITE_TEST_ALL) t.fail(reason);
else if (reason !== undefined) t.pass('skipped', { skip: reason });
else {
  const folder = t.testdir();
  const dist = build(folder);
  const script = join(folder, 'client.mjs');
  writeFileSync(script, client(dist));

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
    const [code] = (await once(child, 'close')) as [number | null];
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
      answers.map(({ answer }) => answer),
      names.map((name) => `${name} 127.0.0.1`),
    );
    for (const { address, url, probedFrom } of answers) {
      t.strictSame([address, url], [answers[0].address, 'https://localhost:4567']);
      t.strictSame(probedFrom, ['168.63.129.16'], "probes come from Azure's own address");
    }
  });
}

t.test('Without a command it says how it is called', async (t) => {
  await t.rejects(runLazurite(['sandbox', '--time-scale=10']), { name: 'UsageError', message: /sandbox -- COMMAND/ });
  t.match((await runLazurite(['sandbox', '--help'])).out, 'Usage: lazurite sandbox [OPTION of start…] -- COMMAND');
});
