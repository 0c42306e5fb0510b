/** Downloads of what requests link to: which addresses are asked, behind names and redirections too. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { type DownloadOptions, DownloadRefused, download } from '../../src/http/download.js';

async function serve(t: Test, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const text = async (url: string, options: Partial<DownloadOptions> = {}): Promise<string> =>
  (await download(new URL(url), { policy: 'loopback', maxBytes: 1000, ...options })).toString();

const names: Readonly<Record<string, readonly string[]>> = {
  'here.example': ['127.0.0.1'],
  'elsewhere.example': ['192.0.2.1'],
  'both.example': ['127.0.0.1', '192.0.2.1'],
  'metadata.example': ['169.254.169.254'],
  'mapped.example': ['::ffff:169.254.169.254'],
};
const resolve = async (name: string) =>
  (names[name] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

t.test('Only addresses of this machine are asked, however they are written', async (t) => {
  const port = await serve(t, (_request, reply) => reply.end('content'));
  for (const host of ['127.0.0.1', '127.1', '0x7f.1', '2130706433', 'localhost', 'a.localhost', '[::ffff:127.0.0.1]']) {
    t.equal(await text(`http://${host}:${port}/`), 'content', host);
  }
  t.equal(await text(`http://here.example:${port}/`, { resolve }), 'content', 'a name is resolved');
  for (const host of [
    '0.0.0.0',
    '[::]',
    '192.0.2.1',
    '[::ffff:192.0.2.1]',
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::7f00:1]',
    '[::7f00:1]',
    'elsewhere.example',
    'both.example',
    'unknown.example',
  ]) {
    await t.rejects(text(`http://${host}:${port}/`, { resolve }), DownloadRefused, host);
  }
  await t.rejects(text(`http://127.0.0.1:${port}/`, { policy: 'none' }), DownloadRefused);
  await t.rejects(text('file:///etc/hostname'), DownloadRefused);
});

t.test('No policy permits the addresses where clouds keep the credentials of a machine', async (t) => {
  for (const host of [
    '169.254.169.254',
    '[::ffff:169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::1]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '168.63.129.16',
    'metadata.example',
    'mapped.example',
  ]) {
    await t.rejects(text(`http://${host}/`, { policy: 'any', resolve }), /does not permit/, host);
  }
  const port = await serve(t, (_request, reply) => reply.end('content'));
  t.equal(await text(`http://0.0.0.0:${port}/`, { policy: 'any' }), 'content', 'others are');
});

t.test('A name is asked for its addresses once, and the answer is what is connected to', async (t) => {
  const port = await serve(t, (_request, reply) => reply.end('content'));
  let asked = 0;
  const rebinding = async () => {
    asked += 1;
    return [{ address: asked === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }];
  };
  t.equal(await text(`http://rebinding.example:${port}/`, { resolve: rebinding }), 'content');
  t.equal(asked, 1);
});

t.test('Redirections are followed as far as the policy goes', async (t) => {
  const moves: Readonly<Record<string, string>> = {
    '/near': '/content',
    '/name': 'http://elsewhere.example/',
    '/metadata': 'http://[::ffff:169.254.169.254]/',
    '/file': 'file:///etc/hostname',
    '/circle': '/circle',
    '/nonsense': 'http://[',
  };
  const port = await serve(t, ({ url = '' }, reply) => {
    const location = moves[url];
    if (location === undefined) reply.end('content');
    else reply.writeHead(302, { location }).end();
  });
  t.equal(await text(`http://127.0.0.1:${port}/near`), 'content');
  for (const path of ['/name', '/metadata', '/file', '/circle', '/nonsense']) {
    await t.rejects(text(`http://127.0.0.1:${port}${path}`, { resolve }), DownloadRefused, path);
  }
});

t.test('A download has limits of size and time, and says why it failed', async (t) => {
  const port = await serve(t, ({ url }, reply) => {
    if (url === '/long') reply.end('x'.repeat(1001));
    else if (url === '/missing') reply.writeHead(404).end();
    else if (url === '/cut') {
      reply.writeHead(200, { 'content-length': 10 }).write('x');
      setImmediate(() => reply.destroy());
    } else if (url === '/slow') reply.write('x');
  });
  const refusal = (path: string, options: Partial<DownloadOptions> = {}) =>
    text(`http://127.0.0.1:${port}${path}`, options).catch((error: Error) => `${error.name}: ${error.message}`);
  t.equal(await refusal('/long'), 'DownloadRefused: it is longer than 1000 bytes');
  t.equal(await refusal('/missing'), 'DownloadRefused: the server answers 404');
  t.match(await refusal('/cut'), /^DownloadRefused: /);
  t.match(await refusal('/slow', { timeoutMs: 50 }), /^DownloadRefused: /);
  t.match(await refusal('/silent', { timeoutMs: 50 }), /^DownloadRefused: /);
  t.match(await text('http://127.0.0.1:1/').catch(String), /^DownloadRefused: .*ECONNREFUSED/);
  const unresolved = text('http://slow.example/', { timeoutMs: 50, resolve: () => new Promise(() => {}) });
  t.match(await unresolved.catch(String), /^DownloadRefused: /);
  const broken = text('http://broken.example/', { resolve: () => Promise.reject(new TypeError('a mistake')) });
  await t.rejects(broken, TypeError, 'a mistake of this program is not hidden');
});
