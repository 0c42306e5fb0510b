// `check-examples.mjs [--tarball FILE] [NAME…]`: runs every example of examples/ as its first lines say, with the packed
// tarball, in a folder and, where the system has it, a network of its own. What a machine has no tool for is named.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** Enough for a slow machine that downloads everything. */
const limitMs = 600_000;
const sdk = ['@azure/arm-network@39', '@azure/arm-resources@7'];

/** What each example installs beside Lazurite, the tools that it needs, and its command. */
const examples = {
  'node-test': { packages: sdk, command: ['node', '--test'], module: true },
  jest: { packages: [...sdk, 'jest@30'], command: ['npx', 'jest'] },
  vitest: { packages: ['vitest@3'], command: ['npx', 'vitest', 'run'], module: true },
  pytest: { tools: ['pytest'], command: ['npx', 'lazurite', 'run', '--', 'pytest', '-q'] },
  curl: { tools: ['curl'], command: ['npx', 'lazurite', 'run', '--', 'bash', 'balancer.sh'] },
  bicep: {
    tools: ['curl'],
    command: ['npx', 'lazurite', 'run', '--seed', 'main.json', '--stand-ins', '--', 'bash', 'call.sh'],
  },
  postman: { packages: ['newman@6'], command: ['npx', 'lazurite', 'run', '--', 'bash', 'run.sh'] },
  classic: { tools: ['curl'], command: ['npx', 'lazurite', 'run', '--', 'bash', 'update-lb-set.sh'] },
};

const { values, positionals } = parseArgs({ options: { tarball: { type: 'string' } }, allowPositionals: true });
const temporary = [];
function emptyFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-example-'));
  temporary.push(folder);
  return folder;
}

function succeed([command, ...argv], cwd) {
  // Nothing of ours configures what a user has not configured.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|LAZURITE_)/i.test(name)));
  const options = { cwd, env, encoding: 'utf8', timeout: limitMs };
  const { status, stdout, stderr, error } = spawnSync(command, argv, options);
  if (status !== 0) throw new Error(`${[command, ...argv].join(' ')}: ${error ?? status}\n${stdout}${stderr}`);
  return stdout;
}

const isThere = (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;

function inNetwork(argv) {
  const flag = ['-n', '-Urn'].find((one) => spawnSync('unshare', [one, 'ip', 'link', 'set', 'lo', 'up']).status === 0);
  return flag ? ['unshare', flag, 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh', ...argv] : argv;
}

function runExample(name, { packages = [], command, module }, tarball) {
  const folder = emptyFolder();
  cpSync(join('examples', name), folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, ...(module && { type: 'module' }) }));
  succeed(['npm', 'install', '--no-audit', '--no-fund', tarball, ...packages], folder);
  // A Node without SQLite needs what the repository has built already.
  if (spawnSync('node', ['-e', "require('node:sqlite')"]).status !== 0) {
    symlinkSync(resolve('node_modules/better-sqlite3'), join(folder, 'node_modules/better-sqlite3'));
  }
  succeed(inNetwork(command), folder);
}

let failed = 0;
try {
  if (values.tarball === undefined) {
    values.tarball = emptyFolder();
    succeed(['node', 'scripts/pack.mjs', '--pack-destination', values.tarball]);
    values.tarball = join(values.tarball, readdirSync(values.tarball)[0]);
  }
  const names = positionals.length > 0 ? positionals : Object.keys(examples);
  for (const name of names) {
    const missing = (examples[name].tools ?? []).filter((tool) => !isThere(tool));
    if (missing.length > 0) {
      process.stdout.write(`skip ${name}: ${missing.join(', ')} not here\n`);
      continue;
    }
    try {
      runExample(name, examples[name], resolve(values.tarball));
      process.stdout.write(`ok   ${name}\n`);
    } catch (error) {
      failed++;
      process.stdout.write(`FAILED ${name}: ${error.message}\n`);
    }
  }
} finally {
  for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
