import { createSocket, type RemoteInfo } from 'node:dgram';
import http from 'node:http';
import net from 'node:net';
import { type Test, test } from 'tap';
import { type Call, EchoBackend } from '../../src/support/echo-backend.js';
import { nextEvent } from '../turns.js';
import { runLazurite, startCommand } from './harness.js';

async function startBackend(t: Test, address = '127.0.0.1'): Promise<{ backend: EchoBackend; calls: Call[] }> {
  const calls: Call[] = [];
  const backend = await EchoBackend.start({ address, port: 0, onCall: (call) => calls.push(call) });
  t.teardown(() => backend.close());
  return { backend, calls };
}

async function get(port: number, path: string): Promise<{ status: number | undefined; body: string; from: number }> {
  const request = http.get({ host: '127.0.0.1', port, path, agent: false });
  const [response] = (await nextEvent(request, 'response')) as [http.IncomingMessage];
  const from = response.socket.localPort ?? 0;
  let body = '';
  for await (const text of response.setEncoding('utf8')) body += text;
  return { status: response.statusCode, body, from };
}

test('a backend says over HTTP who it is and who called', async (t) => {
  const { backend, calls } = await startBackend(t);
  const { status, body, from } = await get(backend.port, '/');
  t.equal(status, 200);
  t.equal(body, `backend 127.0.0.1:${backend.port} saw 127.0.0.1:${from}\n`);
  t.strictSame(calls, [{ transport: 'tcp', sourceAddress: '127.0.0.1', sourcePort: from }]);
});

test('health probes are answered with 200 and are no calls, nor is who connects and says nothing', async (t) => {
  const { backend, calls } = await startBackend(t);
  t.match(await get(backend.port, '/health'), { status: 200, body: 'healthy\n' });
  const silent = net.connect(backend.port, '127.0.0.1').resume();
  silent.end();
  await nextEvent(silent, 'close');
  t.strictSame(calls, []);
});

test('any other TCP gets the line once and then its own bytes, to the last after half-close', async (t) => {
  const { backend } = await startBackend(t);
  const socket = net.connect({ port: backend.port, host: '127.0.0.1', allowHalfOpen: true });
  await nextEvent(socket, 'connect');
  const line = `backend 127.0.0.1:${backend.port} saw 127.0.0.1:${socket.localPort}\n`;
  const sent = Buffer.alloc(300_000, 'media');
  socket.end(sent);
  const received: Buffer[] = [];
  for await (const chunk of socket) received.push(chunk);
  t.ok(Buffer.concat(received).equals(Buffer.concat([Buffer.from(line), sent])));
});

test('every datagram is answered from the port that it was sent to', async (t) => {
  const { backend, calls } = await startBackend(t);
  const socket = createSocket('udp4');
  socket.send('hello', backend.port, '127.0.0.1');
  const [message, sender] = (await nextEvent(socket, 'message')) as [Buffer, RemoteInfo];
  const { port } = socket.address();
  socket.close();
  t.equal(String(message), `backend 127.0.0.1:${backend.port} saw 127.0.0.1:${port}\n`);
  t.equal(sender.port, backend.port);
  t.match(calls, [{ transport: 'udp', sourcePort: port }]);
});

test('a backend ends at once, connections or not', async (t) => {
  const { backend } = await startBackend(t);
  const socket = net.connect(backend.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('hello');
  await nextEvent(socket, 'data');
  const ended = nextEvent(socket, 'close');
  await backend.close();
  await ended;
  t.pass();
});

test('lazurite backend runs until it is told to stop, and says where', async (t) => {
  const { firstLine, stop, outcome } = startCommand(['backend', '127.0.0.1:0', '127.0.0.2:0']);
  const [, port] = /^backend ready 127\.0\.0\.1:(\d+) \(HTTP, TCP, UDP\)$/.exec(await firstLine) ?? [];
  t.match((await get(Number(port), '/')).body, `backend 127.0.0.1:${port} saw `);
  stop();
  const { exitCode, out } = await outcome;
  t.equal(exitCode, 0);
  t.match(out, /\nbackend ready 127\.0\.0\.2:\d+ /);
});

test('a place that is none, or taken, is refused with a reason', async (t) => {
  await t.rejects(runLazurite(['backend']), { name: 'UsageError', message: /at least one IP:PORT/ });
  for (const place of ['8080', 'localhost:80', '127.0.0.1:70000', '::1:80', '[::1]']) {
    await t.rejects(runLazurite(['backend', place]), {
      name: 'UsageError',
      message: `backend wants IP:PORT, not '${place}'`,
    });
  }
  const { backend } = await startBackend(t);
  await t.rejects(runLazurite(['backend', `127.0.0.1:${backend.port}`]), {
    name: 'UsageError',
    message: /^cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/,
  });
  // A documentation address: no machine has it.
  await t.rejects(runLazurite(['backend', '192.0.2.4:8080']), {
    name: 'UsageError',
    message: /is at 127 with the rest/,
  });
});
