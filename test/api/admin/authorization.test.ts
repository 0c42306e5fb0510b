/** Who may see and control a running emulator, with `--auth token` and on other hosts. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { parseConfig } from '../../../src/config/config.js';
import { Emulator } from '../../../src/emulator.js';
import { startLazurite } from '../../../src/index.js';
import { createLog } from '../../../src/support/log.js';
import { runLazurite } from '../../cli/harness.js';
import { filled, routesOf } from '../../routes.js';

/** An emulator with every admin route, `stop` included. */
async function start(t: Test, argv: readonly string[]) {
  let stops = 0;
  const lines: string[] = [];
  const config = parseConfig(['--port', '0', '--engine', 'none', ...argv], {});
  const log = createLog((line) => lines.push(line));
  const emulator = await Emulator.start(config, { log, stop: () => stops++ });
  t.teardown(() => emulator.close());
  const send = (method: string, path: string, { bearer, body }: { bearer?: string; body?: string } = {}) =>
    fetch(`${emulator.httpUrl}${path}`, {
      method,
      ...(bearer !== undefined && { headers: { authorization: `Bearer ${bearer}` } }),
      ...(body !== undefined && { body }),
    });
  const token = async (): Promise<string> => {
    const body = 'grant_type=client_credentials&client_id=c&client_secret=any&resource=https://management.azure.com/';
    return ((await (await send('POST', '/common/oauth2/token', { body })).json()) as { access_token: string })
      .access_token;
  };
  const { port } = new URL(emulator.url);
  return { emulator, lines, port, send, token, stops: () => stops };
}

test('with --auth token, every path of the admin API wants a token, but ready and the CA', async (t) => {
  const { emulator, send, stops } = await start(t, ['--in-memory', '--auth', 'token']);
  const routes = routesOf(emulator.server.app).filter(({ path }) => path.startsWith('/_lazurite/'));
  const known = routes.map(({ method, path }) => `${method} ${path}`);
  for (const one of ['GET /_lazurite/requests', 'POST /_lazurite/stop', 'DELETE /_lazurite/faults/:id']) {
    t.ok(known.includes(one), one);
  }
  for (const { method, path } of routes) {
    const isOpen = ['/_lazurite/ready', '/_lazurite/ca.pem'].includes(path);
    for (const bearer of [undefined, 'wrong']) {
      const answer = await send(method, path, bearer === undefined ? {} : { bearer });
      t.equal(answer.status, isOpen ? 200 : 401, `${method} ${path} with ${bearer ?? 'no token'}`);
      t.equal(answer.headers.has('www-authenticate'), !isOpen);
      await answer.arrayBuffer();
    }
  }
  t.equal(stops(), 0);
  t.strictSame(await (await send('GET', '/_lazurite/ready')).json(), {
    status: 'ready',
    engine: 'none',
    auth: 'token',
  });
});

test('with --auth token, every path wants a token, but pages and what is read before there is one', async (t) => {
  const { emulator, send } = await start(t, ['--in-memory', '--auth', 'token']);
  const open =
    /^\/(?:$|portal|openapi|metadata\/|msi\/|oauth2\/|graph\/|common\/|adfs\/|:tenant|_lazurite\/(?:ready|ca\.pem)$)/i;
  const routes = routesOf(emulator.server.app).filter(({ path }) => !open.test(path));
  t.ok(routes.length > 200, `${routes.length} routes`);
  const subscription = '00000000-0000-0000-0000-00000000000a';
  const wrong = [];
  for (const { method, path } of routes) {
    const isClassic = path.includes('^');
    const place = isClassic ? `/${subscription}/services/hostedservices` : filled(path, subscription);
    const { status } = await send(method, `${place}?api-version=2024-05-01`);
    if (status !== (isClassic ? 403 : 401)) wrong.push(`${method} ${path}: ${status}`);
  }
  t.strictSame(wrong, []);
});

test('a token opens the admin API, and so does the secret in the data folder, which outlives a restart', async (t) => {
  const data = join(t.testdir(), 'data');
  const argv = ['--data', data, '--auth', 'token'];
  const first = await start(t, argv);
  const file = join(data, 'admin-secret');
  const secret = readFileSync(file, 'utf8').trim();
  t.equal(secret, first.emulator.adminSecret);
  t.equal(statSync(file).mode & 0o777, 0o600);
  for (const bearer of [secret, await first.token()]) {
    t.equal((await first.send('GET', '/_lazurite/requests', { bearer })).status, 200);
    t.equal((await first.send('POST', '/_lazurite/reset', { bearer })).status, 204);
  }
  t.equal(
    (await first.send('GET', '/subscriptions?api-version=2022-12-01', { bearer: secret })).status,
    401,
    'no token for Azure',
  );
  const requests = await (await first.send('GET', '/_lazurite/requests', { bearer: secret })).text();
  t.notMatch(requests, secret);
  t.notMatch(first.lines.join(''), secret);
  await first.emulator.close();
  const second = await start(t, argv);
  t.equal((await second.send('POST', '/_lazurite/stop', { bearer: secret })).status, 202);
});

test('without --auth token there is no secret, and whoever gets here may do everything', async (t) => {
  const { emulator, send } = await start(t, ['--in-memory']);
  t.equal(emulator.adminSecret, undefined);
  t.strictSame(await (await send('GET', '/_lazurite/ready')).json(), { status: 'ready', engine: 'none', auth: 'off' });
  t.equal((await send('POST', '/_lazurite/reset')).status, 204);
});

test('commands read the secret of the data folder, or get themselves a token', async (t) => {
  const data = join(t.testdir(), 'data');
  const { port, stops, emulator } = await start(t, ['--data', data, '--auth', 'token']);
  const url = `https://localhost:${port}`;
  const withSecret = ['--url', url, '--data', data];
  t.match((await runLazurite(['clock', ...withSecret])).out, 'time scale 1');
  t.match((await runLazurite(['reset', ...withSecret])).out, 'is as new');
  // As from a folder of another instance, or of one in memory.
  const elsewhere = t.testdir({ 'admin-secret': 'of another instance\n' });
  t.match((await runLazurite(['requests', '--url', url, '--data', elsewhere])).out, '/common/oauth2/token');
  writeFileSync(join(elsewhere, 'admin-secret'), '');
  t.match((await runLazurite(['clock', '--url', url, '--data', elsewhere])).out, 'time scale 1');
  t.match((await runLazurite(['stop', ...withSecret])).out, 'stops');
  t.equal(stops(), 1);
  await emulator.close();
});

test('lazurite env prints a link to the portal, which carries a token where one is needed', async (t) => {
  const open = await start(t, ['--in-memory']);
  const folder = t.testdir();
  const link = async (port: string): Promise<string | undefined> => {
    const { out } = await runLazurite(['env', 'bash', '--url', `https://localhost:${port}`, '--data', folder]);
    return /^# {3}(http:\/\/\S+\/portal\/\S*)$/m.exec(out)?.[1];
  };
  t.equal(await link(open.port), `http://localhost:${open.port}/portal/`);
  const guarded = await start(t, ['--in-memory', '--auth', 'token']);
  const [, bearer = ''] = /#token=([\w.-]+)$/.exec((await link(guarded.port)) ?? '') ?? [];
  t.equal((await guarded.send('GET', '/_lazurite/clock', { bearer })).status, 200);
  t.equal((await guarded.send('GET', '/subscriptions?api-version=2022-12-01', { bearer })).status, 200);
});

test('the library resets and tells the secret under auth: token', async (t) => {
  const lazurite = await startLazurite({ engine: 'none', auth: 'token' });
  t.teardown(() => lazurite.close());
  await lazurite.reset();
  const headers = { authorization: `Bearer ${lazurite.adminSecret}` };
  t.equal((await fetch(`${lazurite.httpUrl}/_lazurite/clock`)).status, 401);
  t.equal((await fetch(`${lazurite.httpUrl}/_lazurite/clock`, { headers })).status, 200);
});

test('a start on other hosts without --auth token is warned of in one line', async (t) => {
  const warnings = async (argv: readonly string[]): Promise<string[]> => {
    const { emulator, lines } = await start(t, ['--in-memory', ...argv]);
    await emulator.close();
    return lines.filter((line) => / warn /.test(line));
  };
  const lines = await warnings(['--host', '0.0.0.0']);
  t.equal(lines.length, 1);
  t.match(lines[0], /every client that reaches this machine may do everything here: --auth token asks for a token/);
  t.strictSame(await warnings(['--host', '0.0.0.0', '--auth', 'token']), []);
  for (const host of ['localhost', '127.0.0.1']) t.strictSame(await warnings(['--host', host]), [], host);
});
