/** What ships: the joined files of `npm run build` download linked templates and find routes as the modules do; TLS and HTTP/2 are loaded when they are needed. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { packageFolder } from '../../../../src/support/files.js';
import { nextEvent } from '../../../turns.js';

// The tests may run from a built copy, which links to the package's own files.
const root = dirname(realpathSync(new URL('package.json', packageFolder)));
/** Without what the test runner adds to the environment of its children. */
const env = { PATH: process.env.PATH, HOME: process.env.HOME, NODE_DISABLE_COMPILE_CACHE: '1' };

t.test('The built product answers over HTTPS and HTTP, and downloads from permitted addresses only', async (t) => {
  const folder = t.testdir();
  execFileSync(process.execPath, ['scripts/build.mjs', join(folder, 'dist'), '--without-portal'], { cwd: root, env });
  for (const name of ['migrations', 'package.json', 'node_modules']) symlinkSync(join(root, name), join(folder, name));
  const emulatorModule = JSON.stringify(pathToFileURL(join(folder, 'dist/emulator.js')));
  const loading = `import(${emulatorModule}).then(() => console.log(process.moduleLoadList.join()))`;
  const loaded = execFileSync(process.execPath, ['-e', loading], { env, encoding: 'utf8' });
  t.match(loaded, /NativeModule http\b/, 'the emulator is loaded');
  t.notMatch(loaded, /NativeModule (https|tls|http2)\b/, 'these are loaded when they are asked for');
  const argv = ['start', '--in-memory', '--port', '0', '--engine', 'none'];
  const emulator = spawn(process.execPath, [join(folder, 'dist/main.js'), ...argv], { env });
  const ended = once(emulator, 'exit');
  t.teardown(async () => {
    emulator.kill('SIGTERM');
    await ended;
  });
  const origin = await new Promise<string>((resolve, reject) => {
    emulator.once('exit', (code) => reject(new Error(`the emulator ended with code ${code}`)));
    emulator.stdout.on('data', (data) => {
      const [url] = /http:\/\/[^\s;)]+/.exec(String(data)) ?? [];
      if (url) resolve(url);
    });
  });
  const secure = https.get(`${origin.replace('http:', 'https:')}/_lazurite/ready`, { rejectUnauthorized: false });
  const [response] = await nextEvent(secure, 'response');
  t.equal((response as { statusCode: number }).statusCode, 200, 'the first byte of TLS loads it');
  (response as { resume(): void }).resume();
  const guid = '00000000-0000-0000-0000-00000000000a';
  for (const [path, status] of [
    ['/Subscriptions?api-version=2022-12-01', 200],
    [`/subscriptions/${guid}/resourcegroups?api-version=2022-12-01`, 200],
    ['/subscription', 404],
    [`/${guid}/services/hostedservices`, 400],
    [`/${guid}/v2.0/.well-known/openid-configuration`, 200],
    ['/any/v2.0/.well-known/openid-configuration', 200],
    ['/_lazurite/ready', 200],
    ['/_lazuritf/ready', 404],
  ] as const)
    t.equal((await fetch(`${origin}${path}`)).status, status, path);
  const template = { $schema: 'x', contentVersion: '1.0.0.0', resources: [] };
  const server = createServer(({ url }, reply) => {
    if (url === '/away.json') reply.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    else if (url === '/here.json') reply.writeHead(302, { location: '/template.json' }).end();
    else reply.end(JSON.stringify(template));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;

  const group = `${origin}/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg`;
  const send = (method: string, url: string, body: unknown) =>
    fetch(url, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  await send('PUT', `${group}?api-version=2021-04-01`, { location: 'westeurope' });
  const deployment = `${group}/providers/Microsoft.Resources/deployments/d?api-version=2021-04-01`;
  const deploy = async (uri: string): Promise<string> => {
    const answer = await send('PUT', deployment, { properties: { mode: 'Incremental', templateLink: { uri } } });
    const { error } = (await answer.json()) as { error?: { code: string } };
    return `${answer.status} ${error?.code ?? ''}`;
  };
  t.equal(await deploy(`http://127.0.0.1:${port}/template.json`), '201 ');
  t.equal(await deploy(`http://localhost:${port}/here.json`), '200 ');
  for (const uri of [
    `http://127.0.0.1:${port}/away.json`,
    `http://[::ffff:a9fe:a9fe]:${port}/template.json`,
    `http://0.0.0.0:${port}/template.json`,
    'file:///etc/hostname',
  ]) {
    t.equal(await deploy(uri), '400 InvalidContentLink', uri);
  }
});
