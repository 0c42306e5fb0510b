/** Health probes as Azure describes them, against real listeners. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { X509CertificateGenerator } from '@peculiar/x509';
import t, { type Test } from 'tap';
import type { ProbeHealth } from '../../../src/data-plane/model/engine.js';
import type { PlanProbe } from '../../../src/data-plane/model/plan.js';
import { Prober } from '../../../src/data-plane/probing/prober.js';
import { Clock } from '../../../src/support/clock.js';
import { manualTime } from '../../manual-time.js';
import { nextEvent } from '../../turns.js';
import { tcpProbe } from '../plans.js';

/** A prober whose Azure time stands still until the test moves it. */
class Bench {
  readonly clock = new Clock({ source: manualTime(0) });
  readonly realClock = new Clock();
  readonly seen: string[] = [];
  readonly #changes = new EventEmitter();
  readonly prober: Prober;

  constructor(t: Test) {
    this.prober = new Prober({
      clock: this.clock,
      realClock: this.realClock,
      onChange: (health) => {
        this.seen.push(`${health.up ? 'up' : 'down'} ${health.reason}`);
        this.#changes.emit('change');
      },
    });
    // The prober's real timers keep no process alive, as in a worker; here nothing else does.
    const keepAlive = setInterval(() => {}, 1000);
    t.teardown(() => {
      clearInterval(keepAlive);
      this.prober.stop();
    });
  }

  /** The probe is sent once, and has its answer. */
  async tick(azureMs = 5000): Promise<void> {
    this.clock.advance(azureMs);
    await this.prober.settled();
  }

  health(): ProbeHealth {
    const [health] = this.prober.health();
    if (!health) throw new Error('there is no probe');
    return health;
  }

  get reason(): string {
    return `${this.health().up ? 'up' : 'down'} ${this.health().reason}`;
  }

  async changed(): Promise<void> {
    await nextEvent(this.#changes, 'change');
  }
}

const address = '127.87.0.4';
let nextPort = 27000;

async function listening<S extends Server | HttpServer>(t: Test, server: S): Promise<number> {
  const port = nextPort++;
  server.listen(port, address);
  await nextEvent(server, 'listening');
  t.teardown(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return port;
}

const httpProbe = (port: number, rest: Partial<PlanProbe> = {}): PlanProbe =>
  tcpProbe(address, port, { protocol: 'Http', requestPath: '/health', ...rest });

t.test('A TCP probe is NA before its first answer, and up after a completed handshake', async (t) => {
  const bench = new Bench(t);
  const ends: Promise<unknown>[] = [];
  const port = await listening(
    t,
    createServer({ allowHalfOpen: true }, (socket) => {
      ends.push(once(socket.resume(), 'end').then(() => socket.end()));
    }),
  );
  bench.prober.put(tcpProbe(address, port));
  t.equal(bench.reason, 'down NA');
  await bench.tick(0);
  t.equal(bench.reason, 'up Up_Probe_Success');
  t.strictSame(bench.seen, ['up Up_Probe_Success']);
  await t.resolves(Promise.all(ends), 'closed with FIN, not with a reset');
  await bench.tick();
  t.strictSame(bench.seen, ['up Up_Probe_Success'], 'only transitions are announced');
});

t.test('A TCP probe that is refused is down with Down_Probe_TcpProbeTimeout', async (t) => {
  const bench = new Bench(t);
  bench.prober.put(tcpProbe(address, nextPort++));
  await bench.tick(0);
  t.equal(bench.reason, 'down Down_Probe_TcpProbeTimeout');
});

/** A listener whose accept queue is full, so that handshakes stay unanswered: its thread never comes back to accept. */
async function deafListener(t: Test): Promise<number> {
  const port = nextPort++;
  const blocked = new Int32Array(new SharedArrayBuffer(4));
  const deaf = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer().listen({ ...workerData.at, backlog: 1 }, () => {
       parentPort.postMessage('listening');
       setImmediate(() => Atomics.wait(workerData.blocked, 0, 0));
     });`,
    { eval: true, workerData: { at: { port, host: address }, blocked } },
  );
  await nextEvent(deaf, 'message');
  const queued = Array.from({ length: 4 }, () => connect(port, address).on('error', () => {}));
  await Promise.race(queued.map((socket) => once(socket, 'connect')));
  t.teardown(async () => {
    Atomics.store(blocked, 0, 1);
    Atomics.notify(blocked, 0);
    await deaf.terminate();
    for (const socket of queued) socket.destroy();
  });
  return port;
}

t.test('A TCP probe that nobody answers fails when the next one is due', async (t) => {
  const bench = new Bench(t);
  bench.prober.put(tcpProbe(address, await deafListener(t)));
  bench.clock.advance(0);
  bench.clock.advance(4990);
  await bench.realClock.wait(150);
  t.equal(bench.reason, 'down NA');
  await bench.tick(10);
  t.equal(bench.reason, 'down Down_Probe_TcpProbeTimeout');
});

t.test('probeThreshold 3: two failures only approach, three take out, three answers bring back', async (t) => {
  const bench = new Bench(t);
  const server = createServer((socket: Socket) => socket.end());
  const port = await listening(t, server);
  bench.prober.put(tcpProbe(address, port, { threshold: 3 }));
  await bench.tick(0);
  t.equal(bench.reason, 'down Down_Probe_ApproachingHealthyThreshold', 'the threshold holds at the start too');
  await bench.tick();
  await bench.tick();
  t.equal(bench.reason, 'up Up_Probe_Success');
  const sinceMs = bench.health().sinceMs;
  server.close();
  await bench.tick();
  await bench.tick();
  t.equal(bench.reason, 'up Up_Probe_ApproachingUnhealthyThreshold');
  t.equal(bench.health().sinceMs, sinceMs);
  server.listen(port, address);
  await nextEvent(server, 'listening');
  await bench.tick();
  t.equal(bench.reason, 'up Up_Probe_Success', 'one good answer, and counting starts again');
  server.close();
  for (let failure = 0; failure < 3; failure++) await bench.tick();
  t.equal(bench.reason, 'down Down_Probe_TcpProbeTimeout');
  t.ok(bench.health().sinceMs > sinceMs);
  server.listen(port, address);
  await nextEvent(server, 'listening');
  await bench.tick();
  await bench.tick();
  t.equal(bench.reason, 'down Down_Probe_ApproachingHealthyThreshold');
  await bench.tick();
  t.equal(bench.reason, 'up Up_Probe_Success');
});

t.test('Only HTTP 200 is success: 503, 301, 401, 204 and 404 take a member out at the next probe', async (t) => {
  const bench = new Bench(t);
  let status = 200;
  let asked = '';
  const serve: RequestListener = (request, response) => {
    asked = `${request.method} ${request.url} ${request.headers.host} ${request.headers.authorization ?? ''}`;
    response.writeHead(status, status === 301 ? { location: `http://${request.headers.host}/elsewhere` } : {});
    response.end(status === 204 ? undefined : 'x'.repeat(200_000));
  };
  const port = await listening(t, createHttpServer(serve));
  bench.prober.put(httpProbe(port, { threshold: 5 }));
  for (const bad of [503, 301, 401, 204, 404]) {
    status = 200;
    await bench.tick(bench.reason === 'down NA' ? 0 : 5000);
    t.equal(bench.reason, 'up Up_Probe_Success', 'whatever the threshold: a status flips at once');
    status = bad;
    await bench.tick();
    t.equal(bench.reason, 'down Down_Probe_HttpStatusCodeError', String(bad));
  }
  t.equal(asked, `GET /health ${address}:${port} `);
});

t.test(
  'Where redirects are followed, only those to the same backend are, and a User-Agent is sent if chosen',
  async (t) => {
    const bench = new Bench(t);
    const seen: string[] = [];
    let location = '/elsewhere';
    const port = await listening(
      t,
      createHttpServer((request, response) => {
        seen.push(`${request.url} ${request.headers['user-agent'] ?? '-'}`);
        response.writeHead(request.url === '/elsewhere' ? 200 : 302, { location }).end();
      }),
    );
    bench.prober.put(httpProbe(port, { followsRedirects: true, userAgent: 'Load Balancer Agent' }));
    await bench.tick(0);
    t.equal(bench.reason, 'up Up_Probe_Success');
    t.strictSame(seen, ['/health Load Balancer Agent', '/elsewhere Load Balancer Agent']);
    for (const elsewhere of ['http://127.0.0.1:1/elsewhere', '/health']) {
      location = elsewhere;
      await bench.tick();
      t.equal(bench.reason, 'down Down_Probe_HttpStatusCodeError', elsewhere);
    }
  },
);

t.test('Where the first success is enough, the threshold counts from then on; a first probe may wait', async (t) => {
  const bench = new Bench(t);
  const server = createServer((socket) => socket.on('error', () => {}));
  const port = await listening(t, server);
  bench.prober.put(tcpProbe(address, port, { threshold: 2, firstThreshold: 1, firstAfterMs: 5000 }));
  await bench.tick(4900);
  t.equal(bench.reason, 'down NA');
  await bench.tick(100);
  t.equal(bench.reason, 'up Up_Probe_Success');
  server.close();
  await bench.tick();
  t.equal(bench.reason, 'up Up_Probe_ApproachingUnhealthyThreshold');
  await bench.tick();
  t.equal(bench.reason, 'down Down_Probe_TcpProbeTimeout');
});

t.test(
  'An HTTP probe whose server never answers fails after its timeout, and counts against the threshold',
  async (t) => {
    const bench = new Bench(t);
    let silent = false;
    const port = await listening(
      t,
      createHttpServer((_, response) => {
        if (!silent) response.end();
      }),
    );
    bench.prober.put(httpProbe(port, { intervalMs: 60_000, timeoutMs: 30_000, threshold: 2 }));
    await bench.tick(0);
    t.equal(bench.reason, 'up Up_Probe_Success');
    silent = true;
    bench.clock.advance(60_000);
    bench.clock.advance(30_000);
    await bench.changed();
    t.equal(bench.reason, 'up Up_Probe_ApproachingUnhealthyThreshold');
    bench.clock.advance(30_000);
    bench.clock.advance(30_000);
    await bench.changed();
    t.equal(bench.reason, 'down Down_Probe_HttpNoResponse');
  },
);

t.test('However fast the clock is turned, a backend has a moment of real time to answer', async (t) => {
  const bench = new Bench(t);
  const port = await listening(
    t,
    createHttpServer((_, response) => void setImmediate(() => response.end())),
  );
  bench.prober.put(httpProbe(port));
  bench.clock.advance(86_400_000);
  await bench.prober.settled();
  t.equal(bench.reason, 'up Up_Probe_Success');
});

t.test('An HTTP probe that is reset after the handshake is down with Down_Probe_HttpEndpointUnreachable', async (t) => {
  const bench = new Bench(t);
  const port = await listening(
    t,
    createServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
  );
  bench.prober.put(httpProbe(port));
  await bench.tick(0);
  t.equal(bench.reason, 'down Down_Probe_HttpEndpointUnreachable');
});

t.test('An HTTP probe that is refused is down with Down_Probe_TcpProbeTimeout', async (t) => {
  const bench = new Bench(t);
  bench.prober.put(httpProbe(nextPort++));
  await bench.tick(0);
  t.equal(bench.reason, 'down Down_Probe_TcpProbeTimeout');
});

async function selfSigned(hash = 'SHA-256'): Promise<{ key: string; cert: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash } as const;
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=somebody else',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2099-01-01'),
  });
  return { key: await pemOf(keys.privateKey), cert: certificate.toString('pem') };
}

/** A certificate with the one of its issuer, which a root that is not sent has signed with `hash`. */
async function issued(hash: string): Promise<{ key: string; cert: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const pair = () =>
    webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
  const [root, issuer, own] = await Promise.all([pair(), pair(), pair()]);
  const during = { notBefore: new Date('2020-01-01'), notAfter: new Date('2099-01-01') };
  const middle = await X509CertificateGenerator.create({
    subject: 'CN=issuer',
    issuer: 'CN=root',
    publicKey: issuer.publicKey,
    signingKey: root.privateKey,
    signingAlgorithm: { ...algorithm, hash },
    ...during,
  });
  const leaf = await X509CertificateGenerator.create({
    subject: 'CN=somebody else',
    issuer: 'CN=issuer',
    publicKey: own.publicKey,
    signingKey: issuer.privateKey,
    signingAlgorithm: algorithm,
    ...during,
  });
  return { key: await pemOf(own.privateKey), cert: `${leaf.toString('pem')}\n${middle.toString('pem')}` };
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const text = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----`;
}

t.test('An HTTPS probe takes a self-signed certificate of any name, and sends no server name', async (t) => {
  const bench = new Bench(t);
  const asked: unknown[] = [];
  const server = createHttpsServer(
    { ...(await selfSigned()), SNICallback: (name, done) => done(new Error(`asked for ${name}`)) },
    (_, response) => {
      asked.push('asked');
      response.end();
    },
  );
  const port = await listening(t, server);
  bench.prober.put(httpProbe(port, { protocol: 'Https' }));
  await bench.tick(0);
  t.equal(bench.reason, 'up Up_Probe_Success');
  t.equal(asked.length, 1);
});

t.test('An HTTPS probe accepts only TLS 1.2 and a chain that is signed with SHA-256 or better', async (t) => {
  const strong = await selfSigned();
  const weak = { ciphers: 'DEFAULT@SECLEVEL=0' };
  const oldTls = { minVersion: 'TLSv1' as const, maxVersion: 'TLSv1.1' as const, ...weak };
  for (const { options, reason } of [
    { options: { ...strong, minVersion: 'TLSv1.3' as const }, reason: 'down Down_Probe_HttpEndpointUnreachable' },
    { options: { ...strong, ...oldTls }, reason: 'down Down_Probe_HttpEndpointUnreachable' },
    { options: await selfSigned('SHA-1'), reason: 'down Down_Probe_HttpEndpointUnreachable' },
    { options: await selfSigned('SHA-384'), reason: 'up Up_Probe_Success' },
    { options: { ...(await issued('SHA-1')), ...weak }, reason: 'down Down_Probe_HttpEndpointUnreachable' },
    { options: await issued('SHA-256'), reason: 'up Up_Probe_Success' },
  ]) {
    const bench = new Bench(t);
    const port = await listening(
      t,
      createHttpsServer(options, (_, response) => void response.end()),
    );
    bench.prober.put(httpProbe(port, { protocol: 'Https' }));
    await bench.tick(0);
    t.equal(bench.reason, reason);
  }
});

t.test('A request path is sent with a leading slash, and percent-encoded where HTTP wants it', async (t) => {
  const asked: string[] = [];
  const port = await listening(
    t,
    createServer((socket) => {
      socket.once('data', (head) => {
        asked.push(String(head));
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
      socket.on('error', () => {});
    }),
  );
  for (const [requestPath, target] of [
    ['healthcheck.aspx', '/healthcheck.aspx'],
    ['/health?deep=1&x=a,b', '/health?deep=1&x=a,b'],
    ['/a b', '/a%20b'],
    ['/a%20b', '/a%20b'],
    ['/100%', '/100%25'],
    ['/größe/☃', '/gr%C3%B6%C3%9Fe/%E2%98%83'],
    ['/ HTTP/1.1\r\nHost: evil\r\n\r\nGET /', '/%20HTTP/1.1%0D%0AHost:%20evil%0D%0A%0D%0AGET%20/'],
    ['/#top', '/%23top'],
    ['/\u{d800}', '/%EF%BF%BD'],
    ['', '/'],
  ] as const) {
    const bench = new Bench(t);
    bench.prober.put(httpProbe(port, { requestPath }));
    await bench.tick(0);
    t.equal(bench.reason, 'up Up_Probe_Success');
    const head = (asked.at(-1) ?? '').split('\r\n');
    t.strictSame(head.slice(0, 3), [`GET ${target} HTTP/1.1`, `Host: ${address}:${port}`, 'Connection: close']);
    t.equal(head.length, 5);
  }
});

t.test('An HTTP probe on a port that Azure refuses to ask is down, and nobody is asked', async (t) => {
  for (const port of [19, 21, 25, 70, 110, 119, 143, 220, 993]) {
    const bench = new Bench(t);
    let connections = 0;
    const server = createServer(() => connections++);
    server.listen(port, address);
    await nextEvent(server, 'listening');
    for (const protocol of ['Http', 'Https'] as const) {
      bench.prober.put(httpProbe(port, { key: protocol, protocol }));
      await bench.tick(20);
      t.match(bench.prober.health(), [{ up: false, reason: 'Down_Probe_HttpEndpointUnreachable' }]);
      bench.prober.remove(protocol);
    }
    bench.prober.put(tcpProbe(address, port));
    await bench.tick(20);
    t.equal(bench.reason, 'up Up_Probe_Success', 'a TCP probe may');
    t.equal(connections, 1);
    server.close();
  }
});

t.test('An HTTP probe that is answered 101 is down with Down_Probe_HttpStatusCodeError', async (t) => {
  const bench = new Bench(t);
  const port = await listening(
    t,
    createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      });
    }),
  );
  bench.prober.put(httpProbe(port));
  await bench.tick(0);
  t.equal(bench.reason, 'down Down_Probe_HttpStatusCodeError');
});

t.test('The status of an HTTP answer decides, however long or untidy its headers are', async (t) => {
  const ok = 'HTTP/1.1 200 OK\r\n';
  for (const [answer, reason] of [
    [`${ok}Content-Length: 0\r\n\r\n`, 'up Up_Probe_Success'],
    ['HTTP/1.0 200 OK\r\n\r\nwithout a length', 'up Up_Probe_Success'],
    [`HTTP/1.1 103 Early Hints\r\n\r\n${ok}\r\n`, 'up Up_Probe_Success'],
    [`HTTP/1.1 100 Continue\r\n\r\n${ok}\r\n`, 'up Up_Probe_Success'],
    ['HTTP/1.1 200\r\n\r\n', 'up Up_Probe_Success'],
    ['HTTP/1.1 200 OK\n\n', 'up Up_Probe_Success'],
    [`${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nup\r\n0\r\n\r\n`, 'up Up_Probe_Success'],
    [`${ok}Transfer-Encoding: chunked\r\n\r\nno chunk`, 'up Up_Probe_Success'],
    [`${ok}Content-Length: 100\r\n\r\nless`, 'up Up_Probe_Success'],
    ['HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\n\r\n', 'down Down_Probe_HttpStatusCodeError'],
    ['HTTP/1.1 308 Permanent Redirect\r\nLocation: /\r\n\r\n', 'down Down_Probe_HttpStatusCodeError'],
    ['HTTP/1.1 100 Continue\r\n\r\n', 'down Down_Probe_HttpEndpointUnreachable'],
    [`${ok}X-Unfinished: yes`, 'down Down_Probe_HttpEndpointUnreachable'],
    ['up', 'down Down_Probe_HttpEndpointUnreachable'],
    // What a server that speaks only HTTP/2 sends first.
    ['\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64', 'down Down_Probe_HttpEndpointUnreachable'],
    ['', 'down Down_Probe_HttpEndpointUnreachable'],
    [`${ok}X-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 'up Up_Probe_Success'],
    [`${ok}X-Odd: \u0001\r\n\r\n`, 'up Up_Probe_Success'],
    [`${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'up Up_Probe_Success'],
    ['HTTP/1.1 503 Busy\r\nX-Odd: \u0001\r\n\r\n', 'down Down_Probe_HttpStatusCodeError'],
    ['no HTTP\r\n\r\n', 'down Down_Probe_HttpEndpointUnreachable'],
  ] as const) {
    const bench = new Bench(t);
    const port = await listening(
      t,
      createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end(answer, 'latin1'));
      }),
    );
    bench.prober.put(httpProbe(port));
    await bench.tick(0);
    t.equal(bench.reason, reason, JSON.stringify(answer.slice(0, 50)));
  }
});

t.test('An HTTPS probe at a server that wants a client certificate or speaks plain HTTP fails', async (t) => {
  for (const server of [
    createHttpsServer({ ...(await selfSigned()), requestCert: true, rejectUnauthorized: true }, (_, response) => {
      response.end();
    }),
    createHttpServer((_, response) => void response.end()),
  ]) {
    const bench = new Bench(t);
    const port = await listening(t, server);
    bench.prober.put(httpProbe(port, { protocol: 'Https' }));
    await bench.tick(0);
    t.equal(bench.reason, 'down Down_Probe_HttpEndpointUnreachable');
  }
});

t.test(
  'A probe keeps its state through changes that leave its target alone, and starts again at another',
  async (t) => {
    const bench = new Bench(t);
    const port = await listening(
      t,
      createServer((socket: Socket) => socket.end()),
    );
    const probe = tcpProbe(address, port);
    bench.prober.put(probe);
    await bench.tick(0);
    bench.prober.put({ ...probe, id: 'renamed' });
    bench.prober.put({ ...probe, intervalMs: 15_000 });
    t.equal(bench.reason, 'up Up_Probe_Success');
    bench.prober.put({ ...probe, port: nextPort++ });
    t.equal(bench.reason, 'down NA');
    await bench.tick(0);
    t.strictSame(bench.seen, ['up Up_Probe_Success', 'down NA', 'down Down_Probe_TcpProbeTimeout']);
  },
);

t.test('A removed probe is not sent any more', async (t) => {
  const bench = new Bench(t);
  let knocks = 0;
  const port = await listening(
    t,
    createServer((socket: Socket) => {
      knocks++;
      socket.end();
    }),
  );
  bench.prober.put(tcpProbe(address, port));
  await bench.tick(0);
  bench.prober.remove(`probe-1|${address}`);
  await bench.tick(60_000);
  t.equal(knocks, 1);
  t.strictSame(bench.prober.health(), []);
});

t.test('A probe whose target is impossible is down, and disturbs nobody', async (t) => {
  const bench = new Bench(t);
  bench.prober.put(tcpProbe(address, 70_000));
  bench.prober.put(httpProbe(70_000, { key: 'bad port' }));
  await bench.tick(0);
  t.strictSame(
    bench.prober.health().map(({ reason }) => reason),
    ['Down_Platform', 'Down_Platform'],
  );
});

t.test('Two hundred new probes have all knocked within a moment', async (t) => {
  const bench = new Bench(t);
  const port = await listening(
    t,
    createServer((socket: Socket) => socket.end()),
  );
  for (let index = 0; index < 200; index++) bench.prober.put(tcpProbe(address, port, { key: `probe-${index}` }));
  await bench.tick(20);
  t.equal(bench.prober.health().filter(({ up }) => up).length, 200);
});
