import type http from 'node:http';
import { test } from 'tap';
import { OwnNames } from '../../src/http/server.js';
import { ArmClient, newestApiVersion, subscriptionId } from '../api/arm/resources/arm-client.js';
import { type Running, start } from '../server-harness.js';

const statusOf = async ({ send }: Running, headers: http.OutgoingHttpHeaders, path = '/echo/x'): Promise<number> =>
  (await send('GET', path, { headers })).status;

test('a server answers to localhost, to loopback addresses and to what it was told, in every spelling', async (t) => {
  const server = await start(t, { tlsNames: ['lazurite.example', '*.wild.example', '10.1.2.3', 'fd00::1'] });
  const names = [
    ...['localhost', 'LocalHost', 'localhost.', 'vault.localhost', '127.0.0.1', '127.9.8.7', '127.1', '[::1]'],
    ...['[0:0:0:0:0:0:0:1]', 'lazurite.example', 'Lazurite.Example.', 'a.wild.example', '10.1.2.3', '[fd00:0::1]'],
  ];
  for (const name of names) {
    t.equal(await statusOf(server, { host: name }), 200, name);
    t.equal(await statusOf(server, { host: `${name}:8080` }), 200, `${name} behind a port mapping`);
  }
});

test('a name that resolves to this machine is refused with 400, and the answer says how to make it known', async (t) => {
  const server = await start(t, { tlsNames: ['lazurite.example', '*.wild.example'] });
  const names = [
    ...[
      'evil.test',
      'localhost.evil.test',
      'evil-localhost',
      '127.0.0.1.evil.test',
      'lazurite',
      'host.docker.internal',
    ],
    ...['wild.example', 'a.b.wild.example', 'a.lazurite.example', '10.1.2.3', '[fd00::1]', '0.0.0.0', '128.0.0.1'],
  ];
  for (const name of names) t.equal(await statusOf(server, { host: `${name}:${server.port}` }), 400, name);
  const { headers, body } = await server.send('GET', '/echo/x', { headers: { host: '[fd00::1]:4567' } });
  t.strictSame(JSON.parse(body), {
    error: {
      code: 'InvalidHostname',
      message:
        "The request hostname is invalid: this Lazurite does not answer to 'fd00::1'. If it is a name or address of its machine, start it with --tls-name fd00::1.",
    },
  });
  t.equal(headers['x-ms-failure-cause'], 'gateway');
});

test('the host that is listened on is a name of its own, and so is the address that a client connected to', (t) => {
  const named = new OwnNames({ host: 'build-agent' });
  t.ok(named.has('build-agent'));
  t.notOk(named.has('10.1.2.3'));
  const everywhere = new OwnNames({ host: '::' });
  t.ok(everywhere.has('10.1.2.3', '::ffff:10.1.2.3'));
  t.ok(everywhere.has('[fd00::5]', 'fd00:0:0::5'));
  t.notOk(everywhere.has('10.1.2.4', '10.1.2.3'));
  t.notOk(everywhere.has('evil.test', 'fe80::1%eth0'));
  t.end();
});

test('a page of another origin may neither write nor read', async (t) => {
  const server = await start(t);
  const host = `localhost:${server.port}`;
  const foreign = [
    ...['http://evil.test', `http://evil.test:${server.port}`, 'https://localhost', 'http://localhost:3000', 'null'],
    ...['chrome-extension://abcdef', `http://localhost.evil.test:${server.port}`, 'nonsense'],
  ];
  for (const origin of foreign) {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, body } = await server.send(method, '/echo/x', { headers: { host, origin } });
      t.equal(status, 403, `${method} from ${origin}`);
      t.match(JSON.parse(body).error, {
        code: 'Forbidden',
        message: `another origin may not use this Lazurite: '${origin}'`,
      });
    }
  }
  for (const site of ['cross-site', 'same-site']) {
    t.equal(await statusOf(server, { host, 'sec-fetch-site': site }), 403, `${site} without an Origin`);
  }
});

test('a page of its own origin, under any of its names, may read and write; so may who is no page', async (t) => {
  const server = await start(t, { tlsNames: ['lazurite.example'] });
  const host = `localhost:${server.port}`;
  const own = [
    `http://${host}`,
    `https://${host}`,
    `http://127.0.0.1:${server.port}`,
    `https://lazurite.example:${server.port}`,
  ];
  for (const origin of own) {
    t.equal((await server.send('PUT', '/echo/x', { headers: { host, origin } })).status, 200, origin);
  }
  t.equal(await statusOf(server, { host: 'lazurite.example', origin: 'https://lazurite.example' }), 200, 'usual port');
  t.equal(await statusOf(server, { host, origin: 'null', 'sec-fetch-site': 'same-origin' }), 200, 'without a referrer');
  for (const site of ['same-origin', 'none'])
    t.equal(await statusOf(server, { host, 'sec-fetch-site': site }), 200, site);
  t.equal(await statusOf(server, {}), 200);
});

test('a link on a foreign page opens the portal and the OpenAPI page, and nothing else', async (t) => {
  const server = await start(t, { routes: (app) => app.all('/*', async () => 'here') });
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  for (const path of ['/', '/?from=mail', '/portal/', '/portal/load-balancers?x=1', '/openapi', '/openapi/']) {
    t.equal(await statusOf(server, link, path), 200, path);
    t.equal(await statusOf(server, { ...link, 'sec-fetch-dest': 'iframe' }, path), 403, `${path} in a frame`);
    t.equal(await statusOf(server, { ...link, 'sec-fetch-mode': 'no-cors' }, path), 403, `${path} as a script`);
    t.equal((await server.send('POST', path, { headers: { ...link, origin: 'http://evil.test' } })).status, 403);
  }
  for (const path of ['/subscriptions', '/_lazurite/requests', '/portals', '/openapi.json', '//_lazurite/clock']) {
    t.equal(await statusOf(server, link, path), 403, path);
  }
});

test('every API of the product says that its answers are what their type says', async (t) => {
  const azure = await ArmClient.start(t, { argv: ['--auth', 'token'] });
  const paths = ['/', '/portal', '/openapi', '/openapi/arm.json', '/openapi/swagger-ui.css', '/metadata/endpoints'];
  const refused = ['/subscriptions', '/_lazurite/requests', '/nowhere', `/${subscriptionId}/services/hostedservices`];
  for (const path of [...paths, ...refused, '/_lazurite/ready', '/_lazurite/ca.pem']) {
    const { headers } = await azure.get(path, { headers: { accept: 'text/html' } });
    t.equal(headers['x-content-type-options'], 'nosniff', path);
  }
});

test('a browser is not told to reach all of localhost over HTTPS only', async (t) => {
  const azure = await ArmClient.start(t);
  const of = async (headers: Record<string, string>) =>
    (await azure.get('/subscriptions', { headers })).headers['strict-transport-security'];
  t.match(await of({}), 'max-age=');
  t.equal(await of({ 'sec-fetch-site': 'same-origin' }), undefined);
});

test('every API of the product is behind these rules, each with its own kind of error', async (t) => {
  const azure = await ArmClient.start(t, { argv: ['--tls-name', 'lazurite.example'] });
  const classic = '/00000000-0000-0000-0000-00000000000a/services/hostedservices';
  const kinds: [string, RegExp][] = [
    ['/subscriptions', /^\{"error":\{"code":"CODE","message"/],
    ['/_lazurite/ready', /^\{"error":\{"code":"CODE","message"/],
    ['/metadata/endpoints', /^\{"error":\{"code":"CODE","message"/],
    ['/openapi/arm.json', /^\{"error":\{"code":"CODE","message"/],
    [classic, /<Error .*<Code>CODE<\/Code>/s],
  ];
  for (const [path, form] of kinds) {
    const ask = (headers: Record<string, string>) =>
      azure.send('GET', path, undefined, {
        headers: { 'x-ms-version': '2015-04-01', ...headers },
        apiVersion: newestApiVersion,
      });
    const rebound = await ask({ host: 'evil.test' });
    t.equal(rebound.status, 400, path);
    t.match(rebound.text, new RegExp(form.source.replace('CODE', 'InvalidHostname'), form.flags));
    const foreign = await ask({ origin: 'http://evil.test' });
    t.equal(foreign.status, 403, path);
    t.match(foreign.text, new RegExp(form.source.replace('CODE', 'Forbidden'), form.flags));
    t.equal((await ask({ host: 'lazurite.example' })).status, 200, path);
  }
});
