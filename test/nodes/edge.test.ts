import https from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Test, test } from 'tap';
import { clientThumbprint } from '../../src/api/classic/plugin.js';
import { azureError } from '../../src/errors/index.js';
import { requestBaseUrl } from '../../src/http/server.js';
import { Edge } from '../../src/nodes/edge.js';
import type { Answering } from '../../src/nodes/node.js';
import { certificates, type Running, start } from '../server-harness.js';
import { nextEvent, untilTrue } from '../turns.js';

const key = 'what nodes share';

interface Node extends Running {
  answering: Answering;
  doubts: number;
  /** `mayBeStale` of each request that was asked about. */
  asked: boolean[];
  /** Says that another node has become the writer. */
  tellWriter: (writer: string) => void;
}

/** A server whose node says how requests are to be answered. */
async function startNode(
  t: Test,
  { answering, nodeKey = key }: { answering: Answering; nodeKey?: string },
): Promise<Node> {
  const { caPem } = await certificates();
  const node = { answering, doubts: 0, asked: [] as boolean[], tellWriter: (_writer: string): void => {} };
  const edge = new Edge({
    node: {
      answering: async ({ mayBeStale, byReplica }) => {
        node.asked.push(mayBeStale);
        if (byReplica) return 'here';
        return node.answering === 'stale' && !mayBeStale ? { refusal: 'away' } : node.answering;
      },
      ageMs: 2400,
      doubtWriter: () => void node.doubts++,
      onWriterChange: (listener) => {
        node.tellWriter = listener;
      },
    },
    ...{ key: nodeKey, caPem, staleReads: true, isOwn: (url: string) => url.startsWith('/own') },
    isStored: (url) => url.startsWith('/stored'),
  });
  t.teardown(() => edge.close());
  const routes = (app: FastifyInstance): void => {
    app.addHook('onRequest', (request, _reply, done) => {
      const message = edge.refusalOf(request.raw);
      done(
        message === undefined ? undefined : azureError('ServiceUnavailable', { details: [{ code: 'Test', message }] }),
      );
    });
    app.all('/*', async (request) => ({
      base: requestBaseUrl(request),
      ...{ method: request.method, url: request.url, body: request.body ?? null, headers: request.headers },
      ...{ thumbprint: clientThumbprint(request), remote: request.ip, port: request.raw.socket.localPort },
    }));
  };
  const tls = { ...(await certificates()), askForClientCertificate: true };
  const running = await start(t, {
    routes,
    tls,
    edge: (request, response, answer) => void edge.handle(request, response, answer),
  });
  return Object.assign(node, running);
}

const bodyOf = ({ body }: { body: string }) => JSON.parse(body) as Record<string, unknown>;

test('a node that does not write passes requests on as they came', async (t) => {
  const writer = await startNode(t, { answering: 'here' });
  const other = await startNode(t, { answering: { writer: `127.0.0.1:${writer.port}` } });
  const headers = { host: `localhost:${other.port}`, 'x-more': 'yes', 'content-type': 'application/json' };
  const answer = await other.send('PUT', '/a/b?c=d', { body: '{"e":1}', headers });
  t.equal(answer.status, 200);
  const seen = bodyOf(answer);
  t.match(seen, { base: `https://localhost:${other.port}`, method: 'PUT', url: '/a/b?c=d', body: '{"e":1}' });
  t.match(seen, { remote: '127.0.0.1', port: other.port });
  t.match(seen.headers, { 'x-more': 'yes' });
  t.notMatch(Object.keys(seen.headers as object).join(), /lazurite/, 'what nodes tell each other stays between them');
  t.match(bodyOf(await other.send('GET', '/x', { scheme: 'http' })), { base: `http://127.0.0.1:${other.port}` });
  t.match(bodyOf(await other.send('GET', '/own/page')), { port: other.port });
  t.strictSame([other.asked, writer.asked.length], [[false, true], 2], 'its own paths need no writer');
  t.match(bodyOf(await other.send('GET', '/stored/x')), { port: other.port }, 'its replica answers a read');
  t.match(bodyOf(await other.send('PUT', '/stored/x')), { base: `https://127.0.0.1:${other.port}` });
  t.strictSame([other.asked.length, writer.asked.length], [4, 3], 'a write is passed on');
  // Many at a time, and again over connections that stand.
  const many = await Promise.all(Array.from({ length: 20 }, (_, number) => other.send('GET', `/many/${number}`)));
  t.strictSame(
    many.map((one) => bodyOf(one).url),
    many.map((_, number) => `/many/${number}`),
  );
});

test('a client’s certificate is passed on, and only nodes can say so', async (t) => {
  const writer = await startNode(t, { answering: 'here' });
  const other = await startNode(t, { answering: { writer: `127.0.0.1:${writer.port}` } });
  const { caPem, certificatePem, keyPem } = other.certificates;
  const ask = (port: number, headers: Record<string, string> = {}) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const own = { cert: certificatePem, key: keyPem, ca: caPem };
      const asked = https.get({
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        path: '/x',
        agent: false,
        headers,
        ...own,
      });
      asked.on('error', reject);
      asked.on('response', (response) => {
        let text = '';
        response.on('data', (bytes) => {
          text += bytes;
        });
        response.on('end', () => resolve(JSON.parse(text)));
      });
    });
  const direct = await ask(writer.port);
  t.match(direct.thumbprint, /^[0-9A-F]{40}$/);
  t.equal((await ask(other.port)).thumbprint, direct.thumbprint);

  const origin = Buffer.from(JSON.stringify({ encrypted: false, localAddress: '1.2.3.4', certificate: 'x' }));
  const forged = { 'x-lazurite-node': 'guess', 'x-lazurite-origin': origin.toString('base64url') };
  const seen = bodyOf(await writer.send('GET', '/x', { headers: forged }));
  t.match(seen, { port: writer.port, base: `https://127.0.0.1:${writer.port}` });
  t.notOk(seen.thumbprint);
  t.notMatch(Object.keys(seen.headers as object).join(), /lazurite/);

  const stranger = await startNode(t, { answering: { writer: `127.0.0.1:${writer.port}` }, nodeKey: 'another' });
  t.match(bodyOf(await stranger.send('GET', '/x')), { port: writer.port }, 'without the key it is a client like any');
});

test('requests are refused before anything is stored where nobody can answer', async (t) => {
  const node = await startNode(t, { answering: { refusal: 'No node writes at present.' } });
  const refused = await node.send('PUT', '/x', { body: '{}' });
  t.equal(refused.status, 503);
  t.match(refused.body, /No node writes/);

  const taken = createTcpServer().listen(0, '127.0.0.1');
  await nextEvent(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  taken.close();
  node.answering = { writer: `127.0.0.1:${port}` };
  t.equal((await node.send('PUT', '/x', { body: '{}' })).status, 503);
  t.equal(node.doubts, 1, 'it looks for the writer again');

  const second = await startNode(t, { answering: { writer: `127.0.0.1:${node.port}` } });
  t.match((await second.send('PUT', '/x')).body, /not the one that writes/, 'nothing is passed on twice');
});

test('while the database is away, known state is marked and writes are refused', async (t) => {
  const node = await startNode(t, { answering: 'stale' });
  const read = await node.send('GET', '/x');
  t.strictSame([read.status, read.headers['x-lazurite-stale']], [200, '2']);
  t.equal((await node.send('POST', '/x')).status, 503);
  t.equal((await node.send('GET', '/own')).headers['x-lazurite-stale'], undefined);
});

test('nobody waits for a writer that stands still once another one writes', async (t) => {
  const address = (port: number): string => `127.0.0.1:${port}`;
  const writer = await startNode(t, { answering: 'here' });
  const proxy = createTcpServer((client) => {
    const server = connect(writer.port, '127.0.0.1');
    for (const socket of [client, server]) socket.on('error', () => {});
    client.pipe(server);
    // What the writer answers to a request does not come.
    server.on('data', (bytes: Buffer) => void (writer.asked.length === 0 && client.write(bytes)));
    client.on('close', () => server.destroy());
  }).listen(0, '127.0.0.1');
  await nextEvent(proxy, 'listening');
  t.teardown(() => proxy.close());
  const port = (proxy.address() as AddressInfo).port;
  const node = await startNode(t, { answering: { writer: address(port) } });
  const read = node.send('GET', '/x');
  await untilTrue(() => writer.asked.length >= 1);
  node.tellWriter(address(port));
  node.tellWriter(address(writer.port));
  t.equal((await read).status, 503);
});

test('no answer says what became of a write when the writer dies with it', async (t) => {
  // It takes the request, and ends before it answers.
  const writer = await startNode(t, { answering: 'here' });
  const proxy = createTcpServer((client) => {
    const server = connect(writer.port, '127.0.0.1');
    client.on('error', () => {});
    server.on('error', () => {});
    client.pipe(server);
    server.on('data', (bytes: Buffer) => {
      // The first of them are the handshake.
      if (writer.asked.length > 0) client.destroy();
      else client.write(bytes);
    });
    client.on('close', () => server.destroy());
  }).listen(0, '127.0.0.1');
  await nextEvent(proxy, 'listening');
  t.teardown(() => proxy.close());
  const node = await startNode(t, { answering: { writer: `127.0.0.1:${(proxy.address() as AddressInfo).port}` } });
  await t.rejects(node.send('PUT', '/x', { body: '{}' }), { code: 'ECONNRESET' });
  t.equal(writer.asked.length, 1);
  const read = await node.send('GET', '/x');
  t.equal(read.status, 503, 'a read can be repeated');
});
