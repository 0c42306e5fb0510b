import type http from 'node:http';
import net from 'node:net';
import { test } from 'tap';
import { tidyUrl } from '../../src/http/server.js';
import { createLog, formatLogLine, shortList } from '../../src/support/log.js';
import { readAll, start } from '../server-harness.js';

test('a Host header that is no host is refused with 400, and never repeated', async (t) => {
  const { send, port } = await start(t, { tlsNames: ['my_emulator.internal'] });
  const hostile = ['evil"/><script>', 'a"b', 'evil host', 'a:99999', '1.2.3.4.5', '[::::]', 'a:b', 'user@host', 'a/b'];
  for (const host of hostile) {
    for (const path of ['/echo/x', '/echo/x?$top=1', '/nowhere', '/broken']) {
      const { status, headers, body } = await send('GET', path, { headers: { host } });
      t.equal(status, 400, `${host} ${path}`);
      t.match(JSON.parse(body).error, {
        code: 'BadRequest',
        message: /^The Host header is not a host name or IP address/,
      });
      t.notOk(JSON.stringify([headers, body]).includes(host), `${host} is not repeated`);
    }
  }
  for (const host of ['localhost', `localhost:${port}`, '127.0.0.1', `[::1]:${port}`, 'my_emulator.internal:443']) {
    const { body } = await send('GET', '/echo/x', { headers: { host } });
    t.equal(JSON.parse(body).base, `https://${host}`);
  }
});

test('absolute URLs name the address that was connected to when a request has no Host header', async (t) => {
  const { port } = await start(t);
  const socket = net.connect(port, '127.0.0.1');
  socket.write('GET /echo/x HTTP/1.0\r\n\r\n');
  t.match(await readAll(socket), `"base":"http://127.0.0.1:${port}"`);
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

test('no answer may be taken for another type than it says, refusals of what is no HTTP included', async (t) => {
  const { send, port } = await start(t);
  const asked: [path: string, headers: http.OutgoingHttpHeaders, status: number][] = [
    ['/echo/x', {}, 200],
    ['/refused', {}, 404],
    ['/nowhere', {}, 404],
    ['/broken', {}, 500],
    ['/named/%zz/end', {}, 400],
    ['/echo/x', { host: 'evil.test' }, 400],
    ['/echo/x', { origin: 'http://evil.test' }, 403],
  ];
  for (const [path, headers, expected] of asked) {
    const answer = await send('GET', path, { headers });
    t.match(answer, { status: expected, headers: { 'x-content-type-options': 'nosniff' } }, path);
  }
  const socket = net.connect(port, '127.0.0.1');
  socket.write('NONSENSE\r\n\r\n');
  t.match(await readAll(socket), /^HTTP\/1\.1 400 (?:.+\r\n)*x-content-type-options: nosniff\r\n/);
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

test('a log has the level and the format that it is told', async (t) => {
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line), { now: () => 0, logLevel: 'warn', logFormat: 'json' });
  log.info('i');
  log.warn('w', { a: 1 });
  t.equal(lines.join(''), '{"a":1,"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"w"}\n');
});

test('a log line is one line, whatever it tells', async (t) => {
  const fields = { key: 'tcp/127.0.0.4/80', reason: 'two\nlines "quoted"', none: undefined, count: 0, empty: '' };
  t.equal(
    formatLogLine({ level: 'warn', message: 'a\r\nb', fields }, Date.UTC(2026, 0, 2)),
    '2026-01-02T00:00:00.000Z warn a b key=tcp/127.0.0.4/80 reason="two\\nlines \\"quoted\\"" count=0 empty=""\n',
  );
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line), { now: () => 0 });
  log.info('i');
  log.warn('w', { a: 1 });
  log.error('e', {}, 'not an Error');
  t.match(lines.join(''), /^\S+ info i\n\S+ warn w a=1\n\S+ error e\nnot an Error\n$/);
});

test('a log line is never long, whatever is in it', async (t) => {
  t.equal(shortList(['a', 'b']), 'a, b');
  t.match(shortList(Array.from({ length: 1500 }, (_, index) => `TCP:${index}`)), /^TCP:0, .*, TCP:19 and 1480 more$/);
  for (const logFormat of ['text', 'json'] as const) {
    const lines: string[] = [];
    const log = createLog((line) => lines.push(line), { logFormat });
    const long = 'x'.repeat(100_000);
    log.info(long, { value: long });
    log.error('e', { value: long }, new Error(long));
    t.ok(lines.every((line) => line.length < 10_000));
    t.match(lines[0], /xxx… \(96000 more characters\)/);
  }
});

test('a byte order mark in front of a body is no part of it', async (t) => {
  const { send } = await start(t);
  const { body } = await send('PUT', '/echo/x', { body: '\ufeff{"a":1}' });
  t.equal(JSON.parse(body).body, '{"a":1}');
});
