// `check-examples.mjs [--tarball FILE] [NAME…]`: runs every example as its README says, in a copy of its folder with the
// packed tarball in it. What npm installs is downloaded; everything else runs, where the system has it, in a network of its
// own. An example whose README says that it is not run, or for which a tool is missing, is named.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** Enough for a slow machine that downloads everything. */
const limitMs = 600_000;

const { values, positionals } = parseArgs({ options: { tarball: { type: 'string' } }, allowPositionals: true });
const temporary = [];
function emptyFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-example-'));
  temporary.push(folder);
  return folder;
}

/** Debian's az crashes in every `az network` command: where az is that one, a folder with the repaired one. */
function repairedAz() {
  const az = spawnSync('sh', ['-c', 'head -1 "$(command -v az)"'], { encoding: 'utf8' });
  if (!az.stdout.startsWith('#!/usr/bin/python3')) return [];
  const folder = emptyFolder();
  const script = `#!/bin/sh\nexec /usr/bin/python3 '${resolve('test/az/az-repaired.py')}' "$@"\n`;
  writeFileSync(join(folder, 'az'), script, { mode: 0o755 });
  return [folder];
}

// Nothing of ours configures what a user has not configured.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|LAZURITE_)/i.test(name)));
env.PATH = [...repairedAz(), process.env.PATH].join(delimiter);

function succeed([command, ...argv], cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, argv, { cwd, env, encoding: 'utf8', timeout: limitMs });
  if (status !== 0) throw new Error(`${[command, ...argv].join(' ')}: ${error ?? status}\n${stdout}${stderr}`);
}

function inNetwork(argv) {
  const flag = ['-n', '-Urn'].find((one) => spawnSync('unshare', [one, 'ip', 'link', 'set', 'lo', 'up']).status === 0);
  return flag ? ['unshare', flag, 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh', ...argv] : argv;
}

/** The README of an example: its commands, the tools that they need, and why it is not run. */
function readExample(name) {
  const text = readFileSync(join('examples', name, 'README.md'), 'utf8');
  const lines = /^```bash\n([\s\S]*?)^```$/m.exec(text)?.[1]?.trim().split('\n') ?? [];
  const [needs = ''] = /^Needs [^.]*/m.exec(text) ?? [];
  const [, notRun] = /^Not run: (.*)/m.exec(text) ?? [];
  return { lines, tools: [...needs.matchAll(/`([\w-]+)`/g)].map(([, tool]) => tool), notRun };
}

function runExample(name, lines, tarball) {
  const above = emptyFolder();
  const folder = join(above, name);
  cpSync(join('examples', name), folder, { recursive: true });
  cpSync(tarball, join(folder, 'lazurite-0.1.0.tgz'));
  const installs = (line) => line.startsWith('npm ');
  for (const line of lines.filter(installs)) succeed(['bash', '-c', `${line} --no-audit --no-fund`], folder);
  // A Node without SQLite needs what the repository has built already; npm leaves the folder above alone.
  if (spawnSync('node', ['-e', "require('node:sqlite')"]).status !== 0) {
    mkdirSync(join(above, 'node_modules'));
    symlinkSync(resolve('node_modules/better-sqlite3'), join(above, 'node_modules/better-sqlite3'));
  }
  const others = lines.filter((line) => !installs(line)).join('\n');
  succeed(inNetwork(['bash', '-euo', 'pipefail', '-c', others]), folder);
}

function check(name, tarball) {
  const { lines, tools, notRun } = readExample(name);
  if (notRun !== undefined) return `skip ${name}: ${notRun}`;
  const missing = tools.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (missing.length > 0) return `skip ${name}: ${missing.join(', ')} not here`;
  const start = performance.now();
  runExample(name, lines, tarball);
  return `ok   ${name} (${Math.round((performance.now() - start) / 1000)} s)`;
}

let failed = 0;
try {
  if (values.tarball === undefined) {
    values.tarball = emptyFolder();
    succeed(['node', 'scripts/pack.mjs', '--pack-destination', values.tarball]);
    values.tarball = join(values.tarball, readdirSync(values.tarball)[0]);
  }
  const folders = readdirSync('examples', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = positionals.length > 0 ? positionals : folders.map(({ name }) => name);
  for (const name of names) {
    let line;
    try {
      line = check(name, resolve(values.tarball));
    } catch (error) {
      failed++;
      line = `FAILED ${name}: ${error.message}`;
    }
    process.stdout.write(`${line}\n`);
  }
} finally {
  for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
