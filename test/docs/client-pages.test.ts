/** docs/clients is true: every page says whether it is run, and those that are do what they show. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { runCommand } from '../../src/cli/commands.js';
import { outputPattern, readGuide } from '../az/guide.js';
import { Cloud } from '../emulator/cloud.js';
import { whyNoPython } from '../sdk/debian-python.js';
import { until } from '../turns.js';

const root = new URL('../../', import.meta.url);
const folder = new URL('docs/clients/', root);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

/** Every client's page, with the setting by which that client trusts a certificate authority. */
const trustSettings: Readonly<Record<string, string>> = {
  'az.md': 'REQUESTS_CA_BUNDLE',
  'bicep.md': 'REQUESTS_CA_BUNDLE',
  'curl-and-postman.md': 'CURL_CA_BUNDLE',
  'dotnet.md': 'SSL_CERT_FILE',
  'go.md': 'SSL_CERT_FILE',
  'java.md': '-Djavax.net.ssl.trustStore',
  'javascript.md': 'NODE_EXTRA_CA_CERTS',
  'kubernetes.md': 'SSL_CERT_FILE',
  'powershell.md': 'SSL_CERT_FILE',
  'pulumi.md': 'SSL_CERT_FILE',
  'python.md': 'REQUESTS_CA_BUNDLE',
  'terraform.md': 'SSL_CERT_FILE',
};
const pages = Object.keys(trustSettings);
const pagesOfThisTest = ['curl-and-postman.md', 'javascript.md', 'python.md'];

const fence = /^```(\w+)\n([\s\S]*?)^```$/gm;

const blocks = (file: string, language: string): string[] =>
  [...read(file).matchAll(fence)].flatMap(([, found, content = '']) => (found === language ? [content] : []));

/** The test that a page says it is run by; undefined when it says that none does. */
function runBy(file: string): string | undefined {
  const [, introduction = ''] = read(file).split('\n\n');
  if (introduction.startsWith("**Not run by Lazurite's tests;")) return undefined;
  const [, test] = /run by a\s+test\s\(`(test\/[^`]+)`\)/.exec(introduction) ?? [];
  return test ?? 'the page does not say';
}

t.test('every client has a page, which the index lists and says whether it is run', async (t) => {
  const there = readdirSync(folder).filter((file) => file !== 'README.md');
  t.strictSame(there.sort(), pages);
  const rows = read('README.md').split('\n');
  for (const file of pages) {
    const row = rows.find((one) => one.startsWith('|') && one.includes(`](${file})`)) ?? '';
    const test = runBy(file);
    t.ok(test === undefined || existsSync(new URL(test, root)), `${file}: ${test}`);
    t.equal(row.includes('yes'), test !== undefined, `${file} and the index agree`);
  }
  t.strictSame(
    pages.filter((file) => runBy(file) === 'test/docs/client-pages.test.ts'),
    pagesOfThisTest,
  );
});

t.test('every page names its trust setting', async (t) => {
  for (const [file, setting] of Object.entries(trustSettings))
    t.ok(read(file).includes(setting), `${file}: ${setting}`);
});

t.test('what the pages link to is there, their JSON is JSON, and bash can read their commands', async (t) => {
  for (const file of ['README.md', ...pages]) {
    for (const [, link = ''] of read(file)
      .replaceAll(fence, '')
      .matchAll(/\]\(([^)#:]+)(?:#\w+)?\)/g)) {
      t.ok(existsSync(new URL(link, folder)), `${file} links to ${link}`);
    }
    for (const json of blocks(file, 'json')) t.doesNotThrow(() => JSON.parse(json), file);
    for (const script of blocks(file, 'sh')) {
      t.doesNotThrow(() => execFileSync('bash', ['-n'], { input: script, stdio: 'pipe' }), file);
    }
  }
});

t.test('a page and the example of its client have the same files', async (t) => {
  const files = {
    'terraform/main.tf': 'hcl',
    'go/main.go': 'go',
    'kubernetes/service.yaml': 'yaml',
    'kubernetes/cloud.json': 'json',
  };
  for (const [file, language] of Object.entries(files)) {
    const text = readFileSync(new URL(`examples/${file}`, root), 'utf8');
    t.ok(blocks(`${dirname(file)}.md`, language).includes(text), file);
  }
});

/** A command of lazurite as a user would run it; `npx lazurite COMMAND` of the page then prints what it prints. */
async function runLazurite(argv: readonly string[], at: string, signal: AbortSignal): Promise<void> {
  const lines: string[] = [];
  const print = (line: string): void => {
    lines.push(line);
    writeFileSync(join(at, `lazurite-${argv[0]}`), `${lines.join('\n')}\n`);
  };
  const code = await runCommand(argv, { env: {}, print, printError: print, signal });
  if (code !== 0) throw new Error(lines.join('\n'));
}

const npx = 'npx() { cat "lazurite-$2"; }\n';

function bash(script: string, cwd: string): Promise<{ error: string; stdout: string }> {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  return new Promise((resolve) => {
    execFile(
      'bash',
      ['--norc', '--noprofile', '-euo', 'pipefail', '-c', script],
      { cwd, env: { PATH, HOME: cwd, LANG: 'C.UTF-8' } },
      (error, stdout, stderr) => resolve({ error: error ? `${error.message}\n${stderr}` : '', stdout }),
    );
  });
}

/** Writes the page's programs to files, runs its commands from top to bottom, and compares what they print. */
async function followPage(t: Test, file: string, network: number): Promise<void> {
  const cloud = await Cloud.start(t, { network });
  // As the page has it, but on this test's port and in networks that nobody else uses.
  const here = (text: string): string =>
    text
      .replaceAll('https://localhost:4567', cloud.emulator.url)
      .replaceAll('127.255.0.', `127.250.${network}.`)
      .replaceAll(/\b(10|127)\.0\.0\./g, `$1.${network}.0.`);
  const at = t.testdir();
  for (const program of [...blocks(file, 'js'), ...blocks(file, 'python')]) {
    const [, name] = /^(?:\/\/|#) (\S+)\n/.exec(program) ?? [];
    writeFileSync(join(at, name ?? 'program'), here(program));
  }
  const steps = readGuide(new URL(file, folder)).map(({ script, output }) => ({
    script: here(script),
    output: output && here(output),
  }));

  const stop = new AbortController();
  const [, machines = ''] = /^npx lazurite backend (.*)$/m.exec(steps.map(({ script }) => script).join('\n')) ?? [];
  const running = runLazurite(['backend', ...machines.split(' ')], at, stop.signal);
  t.teardown(() => {
    stop.abort();
    return running;
  });
  const backendReady = /^(backend ready .*\n){2}$/;
  const log = join(at, 'lazurite-backend');
  await until('both backends', () => existsSync(log) && backendReady.test(readFileSync(log, 'utf8')));
  await runLazurite(['env', 'bash', '--url', cloud.emulator.url, '--data', join(at, 'data')], at, stop.signal);

  const marked = steps.map(({ script }, index) => `printf '\\n@@ ${index}\\n'\n${script}`).join('\n');
  const { error, stdout } = await bash(npx + marked, at);
  t.equal(error, '', 'no command failed');
  const printed = stdout.split(/^@@ \d+$/m).slice(1);
  t.equal(printed.length, steps.length, 'every block of the page was run');
  for (const [index, { script, output }] of steps.entries()) {
    const [title = ''] = script.trim().split('\n');
    if (output !== undefined) t.match(printed[index]?.trim(), outputPattern(output), `${title.slice(0, 60)} …`);
  }
}

t.test('the page about JavaScript does what it shows', (t) => followPage(t, 'javascript.md', 210));

t.test('the page about curl does what it shows', (t) => followPage(t, 'curl-and-postman.md', 211));

const noPython = whyNoPython();
t.test(
  'the page about Python does what it shows',
  { skip: process.env.LAZURITE_TEST_ALL === '1' ? false : noPython },
  async (t) => {
    if (noPython) return t.fail(noPython);
    await followPage(t, 'python.md', 212);
  },
);

interface PostmanItem {
  readonly name: string;
  readonly request?: {
    readonly method: string;
    readonly url: { readonly raw: string };
    readonly body?: { raw: string };
  };
  readonly item?: readonly PostmanItem[];
}

t.test('the first folder of the Postman collection works from top to bottom', async (t) => {
  const cloud = await Cloud.start(t, { network: 213 });
  const collection = readFileSync(new URL('openapi/lazurite.postman_collection.json', root), 'utf8');
  const { item, variable } = JSON.parse(collection) as {
    item: readonly PostmanItem[];
    variable: readonly { key: string; value: string }[];
  };
  const page = read('curl-and-postman.md');
  for (const { key, value } of variable) t.ok(page.includes(`| \`${key}\` | \`${value}\` |`), `the page shows ${key}`);
  const values = new Map([...variable.map(({ key, value }) => [key, value] as const), ['baseUrl', '']]);
  const filledIn = (text: string): string => text.replaceAll(/\{\{(\w+)\}\}/g, (_, key) => values.get(key) ?? '?');
  const [walk] = item;
  t.ok(page.replaceAll(/\s+/g, ' ').includes(`first folder, "${walk?.name}"`));
  const requests = walk?.item ?? [];
  t.ok(requests.length > 0);
  for (const { name, request } of requests) {
    if (!request) return t.fail(`${name} is no request`);
    const body = request.body && JSON.parse(filledIn(request.body.raw));
    const { status } = await cloud.send(request.method, filledIn(request.url.raw), body);
    t.ok(status >= 200 && status < 300, `${name}: ${status}`);
  }
});
