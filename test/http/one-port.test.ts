import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { test } from 'tap';
import { createServer } from '../../src/http/server.js';
import { createLog } from '../../src/support/log.js';
import { certificates, echo, readAll, send, start } from '../server-harness.js';
import { inTime, nextEvent } from '../turns.js';

test('one port speaks HTTPS and HTTP, and a request knows which', async (t) => {
  const { send, port } = await start(t, { tlsNames: ['lazurite'] });
  for (const scheme of [undefined, 'http'] as const) {
    const { status, body } = await send('GET', '/echo/x', {
      ...(scheme && { scheme }),
      headers: { host: `lazurite:${port}` },
    });
    t.equal(status, 200);
    t.equal(JSON.parse(body).base, `${scheme ?? 'https'}://lazurite:${port}`);
  }
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
    const server = await start(t, { tls: { ...(await certificates()), askForClientCertificate }, routes });
    t.equal((await server.send('GET', '/who')).body, 'nobody');
    const { certificatePem: cert, keyPem: key, caPem: ca } = await certificates();
    const request = https.get({ port: server.port, path: '/who', agent: false, ca, cert, key });
    const [response] = (await nextEvent(request, 'response')) as [http.IncomingMessage];
    const [body] = await nextEvent(response.setEncoding('utf8'), 'data');
    t.equal(body, askForClientCertificate ? 'localhost' : 'nobody');
  }
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
  const socket = tls.connect({ host: '127.0.0.1', port, ca: (await certificates()).caPem, servername: 'localhost' });
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
    await nextEvent(socket, 'error');
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
  const secure = tls.connect({ host: '127.0.0.1', port, ca: (await certificates()).caPem, servername: 'localhost' });
  secure.write('GET /echo/x HTTP/1.1\r\nHost: a\r\n');
  t.match(await readAll(secure), /^HTTP\/1\.1 408 /);
});

test('who hangs up before the first byte, or resets, disturbs nobody', async (t) => {
  const { port, send } = await start(t);
  const ended = net.connect(port, '127.0.0.1');
  ended.end();
  await readAll(ended);
  const reset = net.connect(port, '127.0.0.1');
  await nextEvent(reset, 'connect');
  reset.resetAndDestroy();
  t.equal((await send('GET', '/echo/x')).status, 200);
});

test('idle keep-alive and silent connections do not hold up the end', async (t) => {
  const server = await start(t);
  const agents = [
    new http.Agent({ keepAlive: true }),
    new https.Agent({ keepAlive: true, ca: (await certificates()).caPem }),
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
    const [response] = (await nextEvent(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await nextEvent(response, 'end');
  }
  const silent = net.connect(server.port, '127.0.0.1');
  await nextEvent(silent, 'connect');
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

test('a request that fails after the grace is over ends as unavailable, and is no failure in the log', async (t) => {
  let entered = (): void => {};
  const inside = new Promise<void>((resolve) => {
    entered = resolve;
  });
  let fail = (): void => {};
  let sent = (_status: number): void => {};
  const answered = new Promise<number>((resolve) => {
    sent = resolve;
  });
  const server = await start(t, {
    timeouts: { closeGraceMs: 10 },
    routes: (app) => {
      app.addHook('onSend', async (_request, reply, body) => {
        sent(reply.statusCode);
        return body;
      });
      app.get('/stuck', () => {
        entered();
        return new Promise((_, reject) => {
          fail = () => reject(new Error('what it needs is gone'));
        });
      });
    },
  });
  const answer = server.send('GET', '/stuck').catch((error: NodeJS.ErrnoException) => error.code);
  await inside;
  await server.close();
  t.equal(await answer, 'ECONNRESET');
  fail();
  t.equal(await inTime('the answer to a request that has failed', answered), 503);
  t.notMatch(server.lines.join(''), /a request failed/);
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

test('a certificate that TLS does not take is told, and plain HTTP goes on', async (t) => {
  const tls = { certificatePem: 'none', keyPem: 'none' };
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line));
  const { send } = await start(t, { tls, log });
  await t.rejects(send('GET', '/echo/x'));
  t.match(lines.join(''), /TLS cannot be spoken with the certificate/);
  t.equal((await send('GET', '/echo/x', { scheme: 'http' })).status, 200);
});

test('without a certificate the port speaks HTTP only', async (t) => {
  const server = createServer({ log: createLog(() => {}) });
  echo(server.app);
  t.teardown(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const request = { method: 'GET', path: '/echo/x', port, caPem: '' };
  t.equal((await send({ ...request, scheme: 'http' })).status, 200);
  await t.rejects(send(request));
});
