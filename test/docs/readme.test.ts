/** README is true: its table is printed from the options, its program is the tested one, its commands work. */

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import t from 'tap';
import { variables, writeCaFiles } from '../../src/cli/env.js';
import { optionsTable } from '../../src/config/config.js';
import { tcpBackend } from '../data-plane/network.js';
import { Cloud } from '../emulator/cloud.js';

const network = 207;
const root = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');
const section = (name: string): string =>
  readme.slice(readme.indexOf(`<!-- ${name} -->`), readme.indexOf(`<!-- /${name} -->`));

t.test('the table of options is what the code prints', async (t) => {
  t.ok(section('options').includes(optionsTable()), 'npm run generate brings it up to date');
});

t.test('the program is the one that is tested', async (t) => {
  const program = readFileSync(new URL('test/sdk/quick-start.mjs', root), 'utf8');
  t.ok(section('program').includes(program.trimEnd()), 'npm run generate brings it up to date');
});

t.test('every file that it links to is there', async (t) => {
  const files = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, file = '']) => file);
  t.strictSame(
    files.filter((file) => !existsSync(new URL(file, root))),
    [],
  );
});

t.test('the map of the documentation names every page, and each link of a page leads somewhere', async (t) => {
  const docs = new URL('docs/', root);
  const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'));
  const linksOf = (page: string): string[] =>
    [
      ...readFileSync(new URL(page, docs), 'utf8')
        .replaceAll(/```[\s\S]*?```/g, '')
        .matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g),
    ].map(([, link = '']) => link);
  const mapped = new Set(['README.md', ...linksOf('README.md')]);
  const others = pages.filter((page) => !page.startsWith('clients/'));
  t.strictSame(
    others.filter((page) => !mapped.has(page)),
    [],
  );
  const dead = pages.flatMap((page) =>
    linksOf(page).flatMap((link) => (existsSync(new URL(link, new URL(page, docs))) ? [] : [`${page}: ${link}`])),
  );
  t.strictSame(dead, []);
});

t.test('every example says how it is run, or why it is not, and the index of examples says the same', async (t) => {
  const examples = new URL('examples/', root);
  const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const rows = readFileSync(new URL('README.md', examples), 'utf8').split('\n');
  for (const { name } of folders) {
    const text = readFileSync(new URL(`${name}/README.md`, examples), 'utf8');
    const isRun = !/^Not run: \S/m.test(text);
    const row = rows.find((one) => one.startsWith('|') && one.includes(`](${name})`)) ?? '';
    t.match(row, isRun ? /\| yes.* \|$/ : /\| no.* \|$/, name);
    if (isRun) t.match(text, /^```bash\n[^`]*^```$/m, `${name} has its commands`);
  }
});

t.test('the quick start makes a load balancer that forwards', async (t) => {
  const cloud = await Cloud.start(t, { network });
  for (const host of [4, 5]) await cloud.machine(t, host, 8080);
  const [, commands = ''] = /```bash\n([\s\S]*?)```/.exec(section('walk')) ?? [];
  // As README has it, but on this test's port and in a network that nobody else uses.
  const script = commands
    .replaceAll('https://localhost:4567', cloud.emulator.url)
    .replaceAll('10.0.0.0/24', `10.${network}.0.0/24`)
    .replaceAll('"protocol": "Http"', '"protocol": "Tcp"')
    .replaceAll('"requestPath": "/health", ', '');
  const url = new URL(cloud.emulator.url);
  const files = await writeCaFiles({ url, dataFolder: t.testdir(), json: false, positionals: [] }, {});
  const { PATH } = process.env;
  const env = { PATH, ...variables({ url, files }, {}) };
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { env });
  t.strictSame(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 3)),
    Array.from({ length: 6 }, () => '201'),
  );
  await cloud.membersUp(4, 5);
  const [frontend] = await cloud.frontends();
  const at = await cloud.place(frontend?.azureAddress ?? '', 8080);
  t.ok([4, 5].map(cloud.localAddress).includes(await tcpBackend(at)));
});
