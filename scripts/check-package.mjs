// `check-package.mjs [TARBALL]`: the packed tarball in an empty folder, as somebody who installs it has it: nothing else
// installed and no script run. On this Node, and on Node 22.13 and 24 where npm can get them: demo, the library with its
// types, resources over a restart. Where Node has no SQLite: the sentence that says so, and the same after `npm install better-sqlite3`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Enough for a slow machine to compile SQLite. */
const limitMs = 400_000;
const script = fileURLToPath(import.meta.url);
const tsc = resolve('node_modules/.bin/tsc');

function check(holds, what) {
  if (!holds) throw new Error(what);
  process.stdout.write(`ok   ${what}\n`);
}

/** Runs to the end; stdout and stderr as text. */
function run(argv, { cwd, node = process.execPath } = {}) {
  const PATH = [dirname(node), process.env.PATH].join(delimiter);
  const [command, ...rest] = argv;
  const env = { ...process.env, PATH };
  const { status, stdout, stderr, error } = spawnSync(command, rest, { cwd, env, encoding: 'utf8', timeout: limitMs });
  if (error) throw error;
  return { status, stdout, stderr, text: `${argv.join(' ')}: exit code ${status}\n${stdout}${stderr}` };
}

function succeed(argv, options) {
  const result = run(argv, options);
  if (result.status !== 0) throw new Error(result.text);
  return result;
}

const temporary = [];
function emptyFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-check-'));
  temporary.push(folder);
  return folder;
}

/** A network of its own, so that nothing on this machine is in the way; where the system has none, this machine's. */
function inNetwork(argv) {
  const flag = ['-n', '-Urn'].find((one) => spawnSync('unshare', [one, 'ip', 'link', 'set', 'lo', 'up']).status === 0);
  return flag ? ['unshare', flag, 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh', ...argv] : argv;
}

/** A Node of another version, out of the package `node`; undefined where npm cannot get it. */
function nodeOf(version) {
  const folder = emptyFolder();
  if (run(['npm', 'install', '--no-audit', '--no-fund', `node@${version}`], { cwd: folder }).status !== 0) return;
  const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(`${platform}/bin/node`))
    .map((file) => join(folder, file))[0];
}

function install(tarball) {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
  succeed(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', tarball], { cwd: folder });
  const installed = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
  check(installed.join() === 'lazurite', 'nothing else is installed');
  return folder;
}

function checkTypes(folder) {
  const program = `import { startLazurite, lazuriteForTests } from 'lazurite';
export const azure = lazuriteForTests({ before: (start) => start(), after: () => {} });
export async function urlOf(): Promise<string> {
  await using lazurite = await startLazurite({ port: 0 });
  return (await lazurite.frontends())[0]?.boundAddress ?? lazurite.url;
}
`;
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
  for (const [name, kind] of Object.entries({ 'program.ts': 'modules', 'program.cts': 'CommonJS' })) {
    writeFileSync(join(folder, name), program);
    succeed([tsc, ...flags, name], { cwd: folder });
    check(true, `its types are complete for ${kind}`);
  }
}

function checkOn(node, tarball) {
  const { stdout: version } = succeed([node, '--version']);
  process.stdout.write(`-- Node ${version}`);
  const folder = install(tarball);
  const lazurite = join(folder, 'node_modules/lazurite/dist/main.js');
  if (run([node, '-e', "require('node:sqlite')"]).status !== 0) {
    const { status, stderr } = run([node, lazurite, 'start', '--in-memory', '--port', '0'], { cwd: folder });
    const lines = stderr.trim().split('\n');
    check(status === 2 && lines.length === 1 && stderr.includes('npm install better-sqlite3@12'), stderr.trim());
    const argv = ['npm', 'install', '--no-audit', '--no-fund', 'better-sqlite3@12'];
    if (
      run(argv, { cwd: folder, node }).status !== 0 ||
      run([node, '-e', "new (require('better-sqlite3'))(':memory:')"], { cwd: folder }).status !== 0
    ) {
      process.stdout.write('skipped the rest: better-sqlite3 cannot be built here\n');
      return;
    }
  }
  checkTypes(folder);
  const { stdout, stderr } = succeed(inNetwork([node, script, '--walk', lazurite]), { cwd: folder, node });
  process.stdout.write(stdout);
  check(stderr === '', `nothing is on stderr ${stderr}`);
}

/** Makes a cloud service with a load-balanced set, changes how the set distributes, and reads it back. */
async function updateLbSet(url) {
  const services = '/00000000-0000-0000-0000-00000000000a/services/hostedservices';
  const label = Buffer.from('web').toString('base64');
  const endpoint = (more) =>
    `<InputEndpoint><LoadBalancedEndpointSetName>set</LoadBalancedEndpointSetName><LocalPort>8080</LocalPort><Name>web</Name><Port>8080</Port><LoadBalancerProbe><Port>8080</Port><Protocol>tcp</Protocol></LoadBalancerProbe><Protocol>tcp</Protocol>${more}</InputEndpoint>`;
  const role = `<Role><RoleName>one</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets><ConfigurationSet><ConfigurationSetType>NetworkConfiguration</ConfigurationSetType><InputEndpoints>${endpoint('')}</InputEndpoints></ConfigurationSet></ConfigurationSets><OSVirtualHardDisk><MediaLink>http://127.0.0.1/vhd</MediaLink><SourceImageName>image</SourceImageName></OSVirtualHardDisk><RoleSize>Small</RoleSize></Role>`;
  const send = async (method, path, [root, content] = []) => {
    const body = root && `<${root} xmlns="http://schemas.microsoft.com/windowsazure">${content}</${root}>`;
    const headers = { 'x-ms-version': '2015-04-01', 'content-type': 'application/xml' };
    const answer = await fetch(url + services + path, { method, headers, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  };
  await send('POST', '', [
    'CreateHostedService',
    `<ServiceName>web</ServiceName><Label>${label}</Label><Location>West Europe</Location>`,
  ]);
  await send('POST', '/web/deployments', [
    'Deployment',
    `<Name>web</Name><DeploymentSlot>Production</DeploymentSlot><Label>${label}</Label><RoleList>${role}</RoleList>`,
  ]);
  await send('POST', '/web/deployments/web/?comp=UpdateLbSet', [
    'LoadBalancedEndpointList',
    endpoint('<LoadBalancerDistribution>sourceIP</LoadBalancerDistribution>'),
  ]);
  const read = await send('GET', '/web/deployments/web');
  check(read.includes('<LoadBalancerDistribution>sourceIP</LoadBalancerDistribution>'), 'UpdateLbSet');
}

/** Inside the network: the commands and the library. */
async function walk(lazurite) {
  const demo = succeed([process.execPath, lazurite, 'demo']);
  check(
    /Every number was measured/.test(demo.stdout) && demo.stderr === '',
    `demo${demo.stderr && `: ${demo.stderr}`}`,
  );
  const start = async () => {
    // What Node or Lazurite warns of goes to stderr, which stays empty.
    const argv = ['start', '--port', '0', '--host', '127.0.0.1', '--data', 'data', '--log-level', 'warn'];
    const child = spawn(process.execPath, [lazurite, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const url = /http:\/\/[^;)]+/.exec(line)?.[0];
    const stop = async () => {
      child.kill();
      const [code] = await once(child, 'exit');
      check(code === 0, 'SIGTERM ends it with exit code 0');
    };
    return { url, stop };
  };
  const group = '/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/g';
  const address = `${group}/providers/Microsoft.Network/publicIPAddresses/ip`;
  const version = '?api-version=2024-05-01';
  const put = async (url, path, body) => {
    const answer = await fetch(url + path + version, { method: 'PUT', body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const first = await start();
  await put(first.url, group, { location: 'westeurope' });
  await put(first.url, address, {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static' },
  });
  const get = async (url, path) => (await fetch(url + path)).text();
  const before = await get(first.url, address + version);
  const page = await get(first.url, '/openapi/');
  const assets = [...page.matchAll(/(?:src|href)="([^"?]+)"/g)].map(([, file]) => file);
  for (const file of [...assets, 'arm.json', 'classic.json', 'admin.json']) {
    const { status } = await fetch(`${first.url}/openapi/${file}`);
    check(status === 200, `/openapi/${file}`);
  }
  const portal = await get(first.url, '/portal/');
  const parts = [...portal.matchAll(/(?:src|href)="([^"?]+)"/g)].map(([, file]) => file);
  check(parts.length > 1, 'the portal has parts');
  for (const part of parts) {
    const url = new URL(part, `${first.url}/portal/`);
    check(url.origin === first.url, `the portal's ${url.pathname} comes from the package`);
    check((await fetch(url)).status === 200, url.pathname);
  }
  await updateLbSet(first.url);
  await first.stop();
  const second = await start();
  check((await get(second.url, address + version)) === before, 'what was stored is the same after a restart');
  await second.stop();
  const libraries = {
    imported: await import(new URL('index.js', `file://${lazurite}`)),
    required: createRequire(join(dirname(lazurite), '../../..', 'package.json'))('lazurite'),
  };
  for (const [how, { startLazurite }] of Object.entries(libraries)) {
    const library = await startLazurite();
    check((await library.frontends()).length === 0, `the library starts one when it is ${how}`);
    await library.close();
  }
}

async function main() {
  const [first, second] = process.argv.slice(2);
  if (first === '--walk') return walk(second);
  const folder = emptyFolder();
  const argv = [process.execPath, 'scripts/pack.mjs', '--pack-destination', folder];
  if (first === undefined) process.stdout.write(succeed(argv).stdout);
  const tarball = resolve(first ?? join(folder, readdirSync(folder)[0]));
  check(readFileSync(tarball).length <= 2.5e6, 'the tarball has 2.5 MB at most');
  checkOn(process.execPath, tarball);
  const [major] = process.versions.node.split('.');
  for (const version of ['22.13.0', '24'].filter((one) => !one.startsWith(major))) {
    const other = nodeOf(version);
    if (other) checkOn(other, tarball);
    else process.stdout.write(`-- Node ${version}: npm cannot get it\n`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`FAILED ${error.message}\n`);
  process.exitCode = 1;
} finally {
  for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
}
