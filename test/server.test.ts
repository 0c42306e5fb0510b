import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { type Test, test } from 'tap';
import { requestBaseUrl } from '../src/base-url.js';
import { azureError } from '../src/errors.js';
import { type Certificates, loadCertificates } from '../src/identity/certificates.js';
import { createLog } from '../src/log.js';
import { createServer, type LazuriteServer, type ServerOptions, tidyUrl } from '../src/server.js';

let certificates: Certificates;

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

interface Running extends LazuriteServer {
  port: number;
  lines: string[];
  send(
    method: string,
    path: string,
    options?: { body?: string; headers?: http.OutgoingHttpHeaders; scheme?: 'http' },
  ): Promise<Answer>;
}

function echo(app: FastifyInstance): void {
  app.all('/echo/*', async (request) => ({
    method: request.method,
    url: request.url,
    base: requestBaseUrl(request),
    body: request.body ?? null,
    query: request.query,
  }));
  app.get('/named/:Name/end', async (request) => request.params);
  app.get('/refused', async () => {
    throw azureError('ResourceGroupNotFound', { values: { resourceGroup: 'rg' }, headers: { 'x-extra': 'yes' } });
  });
  app.get('/broken', async () => {
    throw new TypeError('a fault of ours');
  });
}

async function start(
  t: Test,
  options: Partial<ServerOptions> & { host?: string; routes?: (app: FastifyInstance) => void } = {},
): Promise<Running> {
  const { host = 'localhost', routes = echo, ...rest } = options;
  certificates ??= await loadCertificates({ host: 'localhost', tlsNames: [], folder: undefined });
  const lines: string[] = [];
  const server = createServer({ tls: certificates, log: createLog((line) => lines.push(line)), ...rest });
  routes(server.app);
  const { port } = await server.listen({ host, port: 0 });
  t.teardown(() => server.close());
  return { ...server, port, lines, send: (method, path, more = {}) => send({ method, path, port, ...more }) };
}

function send({
  method,
  path,
  port,
  body,
  headers = {},
  scheme,
}: {
  method: string;
  path: string;
  port: number;
  body?: string;
  headers?: http.OutgoingHttpHeaders;
  scheme?: 'http';
}): Promise<Answer> {
  const module = scheme === 'http' ? http : https;
  return new Promise((resolve, reject) => {
    const request = module.request({
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      method,
      path,
      headers,
      agent: false,
      ca: certificates.caPem,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.end(body);
  });
}

async function readAll(socket: net.Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

test('one port speaks HTTPS and HTTP, and a request knows which', async (t) => {
  const { send, port } = await start(t);
  for (const scheme of [undefined, 'http'] as const) {
    const { status, body } = await send('GET', '/echo/x', {
      ...(scheme && { scheme }),
      headers: { host: `lazurite:${port}` },
    });
    t.equal(status, 200);
    t.equal(JSON.parse(body).base, `${scheme ?? 'https'}://lazurite:${port}`);
  }
});

test('absolute URLs never repeat a Host header that is none', async (t) => {
  const { send, port } = await start(t);
  const { body } = await send('GET', '/echo/x', { headers: { host: 'evil"/><script>' } });
  t.equal(JSON.parse(body).base, `https://127.0.0.1:${port}`);
});

test('localhost is 127.0.0.1 and ::1, on the same free port', async (t) => {
  const { port } = await start(t);
  for (const host of ['127.0.0.1', '::1']) {
    const socket = net.connect({ host, port });
    const outcome = await Promise.race([once(socket, 'connect').then(() => 'connected'), once(socket, 'error')]);
    socket.destroy();
    if (host === '::1' && outcome !== 'connected') t.match(outcome, [{ code: 'EADDRNOTAVAIL' }], 'no IPv6 here');
    else t.equal(outcome, 'connected', host);
  }
});

test('HTTPS works with curl, which sends a large body after asking for leave', async (t) => {
  const { port } = await start(t);
  const { stdout } = await promisify(execFile)('curl', [
    '-sSk',
    '-X',
    'PUT',
    '-H',
    'Expect: 100-continue',
    '-d',
    'x'.repeat(70_000),
    `https://localhost:${port}/echo/curl`,
  ]);
  t.equal(JSON.parse(stdout).body.length, 70_000);
});

test('a client is asked for a certificate only when that is wanted, and served without one', async (t) => {
  const routes = (app: FastifyInstance): void => {
    app.get('/who', async ({ raw }) => (raw.socket as tls.TLSSocket).getPeerCertificate()?.subject?.CN ?? 'nobody');
  };
  for (const askForClientCertificate of [false, true]) {
    const server = await start(t, { tls: { ...certificates, askForClientCertificate }, routes });
    t.equal((await server.send('GET', '/who')).body, 'nobody');
    const identified = { cert: certificates.certificatePem, key: certificates.keyPem };
    const request = https.get({ port: server.port, path: '/who', agent: false, ca: certificates.caPem, ...identified });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const [body] = await once(response.setEncoding('utf8'), 'data');
    t.equal(body, askForClientCertificate ? 'localhost' : 'nobody');
  }
});

test('paths are read as clients mean them', async (t) => {
  const cases: [string, string][] = [
    ['//metadata/endpoints?api-version=1.0', '/metadata/endpoints?api-version=1.0'],
    ['/subscriptions//s///x/', '/subscriptions/s/x'],
    ['/a/?', '/a'],
    ['/a?', '/a'],
    ['/a/?b=/c//d/', '/a?b=/c//d/'],
    ['/', '/'],
    ['//', '/'],
    ['/?x=1', '/?x=1'],
    ['http://host:1/a//b/', '/a/b'],
    ['https://host', '/'],
    ['https://host?x=1', '/?x=1'],
    ['/openapi/', '/openapi/'],
    ['/openapi', '/openapi'],
  ];
  for (const [given, expected] of cases) t.equal(tidyUrl(given), expected, given);
  const { send } = await start(t);
  t.equal((await send('GET', '//ECHO//x/?')).status, 200);
});

test('routes match in any casing, and parameters keep theirs', async (t) => {
  const { send } = await start(t);
  t.equal((await send('GET', '/NAMED/MyName/END')).body, '{"Name":"MyName"}');
});

test('a path segment may be as long as Azure resource names and tokens get', async (t) => {
  const { send } = await start(t);
  t.equal((await send('GET', `/named/${'n'.repeat(2000)}/end`)).status, 200);
});

test('a body arrives as it was sent, whatever its type', async (t) => {
  const { send } = await start(t);
  const bodies: [string | undefined, http.OutgoingHttpHeaders, string | null][] = [
    ['{"a" : 1 }', { 'content-type': 'application/json; charset=utf-8' }, '{"a" : 1 }'],
    ['{"a" : 1 }', {}, '{"a" : 1 }'],
    ['not json', { 'content-type': 'application/json' }, 'not json'],
    ['<a/>', { 'content-type': 'application/xml' }, '<a/>'],
    ['ü', { 'content-type': 'application/x-anything' }, 'ü'],
  ];
  for (const [body, headers, expected] of bodies) {
    const answer = await send('PUT', '/echo/x', { ...(body !== undefined && { body }), headers });
    t.equal(answer.status, 200, JSON.stringify(headers));
    t.equal(JSON.parse(answer.body).body, expected);
  }
  for (const method of ['PUT', 'POST', 'PATCH', 'DELETE']) {
    const answer = await send(method, '/echo/x', {
      headers: { 'content-type': 'application/json', 'content-length': 0 },
    });
    t.equal(answer.status, 200, `${method} without a body`);
    t.notOk(JSON.parse(answer.body).body);
  }
});

test('a request over 8 MiB is refused with 413, one below is not', async (t) => {
  const { send } = await start(t);
  t.equal((await send('PUT', '/echo/x', { body: 'x'.repeat(8 * 1024 * 1024) })).status, 200);
  const { status, body } = await send('PUT', '/echo/x', { body: 'x'.repeat(8 * 1024 * 1024 + 1) });
  t.equal(status, 413);
  t.equal(JSON.parse(body).error.code, 'RequestContentTooLarge');
});

test('a refusal carries its status, headers and envelope; the front door marks its own', async (t) => {
  const { send, lines } = await start(t);
  const { status, headers, body } = await send('GET', '/refused');
  t.equal(status, 404);
  t.match(headers, {
    'x-extra': 'yes',
    'x-ms-failure-cause': 'gateway',
    'content-type': 'application/json; charset=utf-8',
  });
  t.strictSame(JSON.parse(body), {
    error: { code: 'ResourceGroupNotFound', message: "Resource group 'rg' could not be found." },
  });
  t.strictSame(lines, []);
});

test('a fault of ours is an InternalServerError, is logged with its stack, and ends nothing', async (t) => {
  const { send, lines } = await start(t);
  const { status, body } = await send('GET', '/broken');
  t.equal(status, 500);
  t.equal(JSON.parse(body).error.code, 'InternalServerError');
  t.notMatch(body, /\{\w+\}|a fault of ours/);
  t.match(
    lines.join(''),
    /error a request failed method=GET url=\/broken trackingId=[\w-]{36}\nTypeError: a fault of ours\n {4}at /,
  );
  t.equal((await send('GET', '/echo/x')).status, 200);
});

test('what nobody answers is a 404 with a reason, and HEAD is no hidden GET', async (t) => {
  const { send } = await start(t);
  const { status, body } = await send('GET', '/favicon.ico?x=1');
  t.equal(status, 404);
  t.strictSame(JSON.parse(body), { error: { code: 'NotFound', message: "Nothing answers GET at '/favicon.ico'." } });
  t.equal((await send('HEAD', '/refused')).status, 404);
});

test('a path that cannot be decoded is a 400 in the same envelope', async (t) => {
  const { send } = await start(t);
  const { status, body } = await send('GET', '/named/%zz/end');
  t.equal(status, 400);
  t.equal(JSON.parse(body).error.code, 'BadRequest');
});

test('a parameter of more than 2048 characters is a refusal, not a crash', async (t) => {
  const { send } = await start(t);
  const { status, body } = await send('GET', `/named/${'n'.repeat(3000)}/end`);
  t.ok(status >= 400 && status < 500);
  t.type(JSON.parse(body).error.code, 'string');
});

test('bytes that are no HTTP are answered with 400', async (t) => {
  const { port, send } = await start(t);
  const socket = net.connect(port, '127.0.0.1');
  socket.end('this is not http\r\n\r\n');
  const text = await readAll(socket);
  t.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
  t.equal(JSON.parse(text.split('\r\n\r\n')[1] ?? '').error.code, 'BadRequest');
  t.equal((await send('GET', '/echo/x')).status, 200);
});

test('bytes that are no HTTP inside TLS are answered with 400', async (t) => {
  const { port } = await start(t);
  const socket = tls.connect({ host: '127.0.0.1', port, ca: certificates.caPem, servername: 'localhost' });
  socket.write('this is not http\r\n\r\n');
  t.match(await readAll(socket), /^HTTP\/1\.1 400 Bad Request\r\n/);
});

test('a broken TLS handshake ends that connection only', async (t) => {
  const { port, send } = await start(t);
  const socket = net.connect(port, '127.0.0.1');
  socket.end(Buffer.from([0x16, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  await readAll(socket);
  t.equal((await send('GET', '/echo/x')).status, 200);
});

test('a client that refuses the certificate is worth one line, once', async (t) => {
  const { port, lines } = await start(t);
  for (let attempt = 0; attempt < 2; attempt++) {
    const socket = tls.connect({ host: '127.0.0.1', port, servername: 'localhost', maxVersion: 'TLSv1.2' });
    await once(socket, 'error');
    await t.rejects(promisify(execFile)('curl', ['-sS', '--tls-max', '1.2', `https://localhost:${port}/`]));
  }
  t.equal(lines.filter((line) => line.includes('lazurite env')).length, 1, lines.join(''));
});

test('who connects and says nothing is hung up on', async (t) => {
  const { port } = await start(t, { timeouts: { firstByteMs: 20 } });
  const socket = net.connect(port, '127.0.0.1');
  t.equal(await readAll(socket), '');
});

test('who never finishes the headers gets 408, over HTTP and over HTTPS', async (t) => {
  const { port } = await start(t, { timeouts: { headersMs: 40, checkEveryMs: 10 } });
  const plain = net.connect(port, '127.0.0.1');
  plain.write('GET /echo/x HTTP/1.1\r\nHost: a\r\n');
  t.match(await readAll(plain), /^HTTP\/1\.1 408 /);
  const secure = tls.connect({ host: '127.0.0.1', port, ca: certificates.caPem, servername: 'localhost' });
  secure.write('GET /echo/x HTTP/1.1\r\nHost: a\r\n');
  t.match(await readAll(secure), /^HTTP\/1\.1 408 /);
});

test('who hangs up before the first byte, or resets, disturbs nobody', async (t) => {
  const { port, send } = await start(t);
  const ended = net.connect(port, '127.0.0.1');
  ended.end();
  await readAll(ended);
  const reset = net.connect(port, '127.0.0.1');
  await once(reset, 'connect');
  reset.resetAndDestroy();
  t.equal((await send('GET', '/echo/x')).status, 200);
});

test('idle keep-alive and silent connections do not hold up the end', async (t) => {
  const server = await start(t);
  const agents = [
    new http.Agent({ keepAlive: true }),
    new https.Agent({ keepAlive: true, ca: certificates.caPem }),
  ] as const;
  for (const [module, agent] of [
    [http, agents[0]],
    [https, agents[1]],
  ] as const) {
    const request = module.get({
      host: '127.0.0.1',
      servername: 'localhost',
      port: server.port,
      path: '/echo/x',
      agent,
    });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
  }
  const silent = net.connect(server.port, '127.0.0.1');
  await once(silent, 'connect');
  const silentEnd = readAll(silent);
  await server.close();
  t.equal(await silentEnd, '');
  await server.close();
  await t.rejects(server.send('GET', '/echo/x'), { code: 'ECONNREFUSED' });
  for (const agent of agents) agent.destroy();
});

test('a request in progress is answered before the end, for as long as the grace lasts', async (t) => {
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let entered = (): void => {};
  const inside = new Promise<void>((resolve) => {
    entered = resolve;
  });
  const server = await start(t, {
    routes: (app) => {
      app.get('/slow', async () => {
        entered();
        await held;
        return 'done';
      });
    },
  });
  const answer = server.send('GET', '/slow');
  await inside;
  const closing = server.close();
  await t.rejects(once(net.connect(server.port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
  letGo();
  t.match(await answer, { status: 200, body: 'done' });
  await closing;
});

test('a request that takes longer than the grace is cut off', async (t) => {
  let entered = (): void => {};
  const inside = new Promise<void>((resolve) => {
    entered = resolve;
  });
  const server = await start(t, {
    timeouts: { closeGraceMs: 10 },
    routes: (app) => {
      app.get('/stuck', () => {
        entered();
        return new Promise(() => {});
      });
    },
  });
  const answer = server.send('GET', '/stuck').catch((error: NodeJS.ErrnoException) => error.code);
  await inside;
  await server.close();
  t.equal(await answer, 'ECONNRESET');
});

test('a port that is taken is said so, with what to do about it', async (t) => {
  const first = await start(t, { host: '127.0.0.1' });
  const second = createServer({});
  t.teardown(() => second.close());
  await t.rejects(second.listen({ host: '127.0.0.1', port: first.port }), {
    name: 'UsageError',
    message: `port ${first.port} of 127.0.0.1 is taken; stop what listens there, or choose another with --port`,
  });
  const third = createServer({});
  t.teardown(() => third.close());
  await t.rejects(third.listen({ host: '192.0.2.1', port: 0 }), {
    name: 'UsageError',
    message: /no address 192\.0\.2\.1/,
  });
});

test('a port that is taken on ::1 only is refused as well, not half used', async (t) => {
  const blocker = net.createServer();
  blocker.listen({ host: '::1', port: 0 });
  const outcome = await Promise.race([
    once(blocker, 'listening').then(() => true),
    once(blocker, 'error').then(() => false),
  ]);
  if (!outcome) return t.pass('no IPv6 here');
  t.teardown(() => blocker.close());
  const { port } = blocker.address() as net.AddressInfo;
  const server = createServer({});
  t.teardown(() => server.close());
  await t.rejects(server.listen({ host: 'localhost', port }), { name: 'UsageError', message: /of ::1 is taken/ });
});

test('without a certificate the port speaks HTTP only', async (t) => {
  const server = createServer({ log: createLog(() => {}) });
  echo(server.app);
  t.teardown(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  t.equal((await send({ method: 'GET', path: '/echo/x', port, scheme: 'http' })).status, 200);
  await t.rejects(send({ method: 'GET', path: '/echo/x', port }));
});

test('schemas of routes are for documents: nothing is validated, coerced or dropped by them', async (t) => {
  const { send } = await start(t, {
    routes: (app) => {
      app.get(
        '/s',
        {
          schema: {
            querystring: { type: 'object', properties: { n: { type: 'number' } } },
            response: { 200: { type: 'object', properties: {} } },
          },
        },
        async (request) => request.query,
      );
    },
  });
  t.equal((await send('GET', '/s?n=x')).body, '{"n":"x"}');
});
