/** How the portal is served, the stream of events and the simulation. */
import t from 'tap';
import { Cloud } from '../emulator/cloud.js';
import { until } from '../turns.js';
import { balancer } from './balancer.js';

const network = 231;

t.test('the portal is served by Lazurite itself', async (t) => {
  const { emulator } = await Cloud.start(t, { network });
  const get = (path: string, accept: string) =>
    fetch(`${emulator.httpUrl}${path}`, { headers: { accept }, redirect: 'manual' });

  await t.test('a browser that asks for / is sent to it; another client gets Azure’s answer', async (t) => {
    const browser = await get('/', 'text/html,application/xhtml+xml');
    t.strictSame([browser.status, browser.headers.get('location')], [302, '/portal/']);
    t.equal((await get('/', 'application/json')).status, 404);
  });

  await t.test('every path below it that is no file is a page; nothing of it is kept', async (t) => {
    for (const path of ['/portal/', '/portal/load-balancers', '/portal/traffic?tab=where']) {
      const answer = await get(path, 'text/html');
      t.equal(answer.status, 200, path);
      t.equal(answer.headers.get('cache-control'), 'no-store');
      t.match(answer.headers.get('content-security-policy'), /default-src 'self'.*frame-ancestors 'none'/);
      t.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      t.match(await answer.text(), /<script type="module"/);
    }
  });

  await t.test('its hashed files may be kept for ever, and a file that is not there is not found', async (t) => {
    const html = await (await get('/portal/', 'text/html')).text();
    const [, script = ''] = /src="(\/portal\/assets\/[^"]+\.js)"/.exec(html) ?? [];
    const answer = await get(script, '*/*');
    t.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    t.match(answer.headers.get('content-type'), 'text/javascript');
    t.equal((await get('/portal/assets/none.js', '*/*')).status, 404);
    t.equal((await get('/portal/..%2fmain.js', '*/*')).headers.get('content-type'), 'text/html; charset=utf-8');
    t.notMatch(html, /https?:\/\//, 'nothing comes from elsewhere');
  });
});

/** Reads the stream until `ends` and answers its text. `once` runs when the stream is connected: its events come then. */
async function readStream(
  url: string,
  {
    headers = {},
    ends,
    once,
  }: { headers?: Record<string, string>; ends: (text: string) => boolean; once?: () => Promise<unknown> },
) {
  const abort = new AbortController();
  const answer = await fetch(`${url}/_lazurite/events`, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: abort.signal,
  });
  let text = '';
  const done = once?.();
  for await (const part of answer.body ?? []) {
    text += Buffer.from(part).toString();
    if (ends(text)) break;
  }
  await done;
  abort.abort();
  return text;
}

t.test('the stream of events', async (t) => {
  const cloud = await Cloud.start(t, { network });
  const url = cloud.emulator.httpUrl;

  await t.test('shows each write to a resource with its id, its operation and its request', async (t) => {
    const ends = (text: string): boolean => text.includes('event: operation');
    const text = await readStream(url, { ends, once: () => cloud.prepare() });
    t.match(text, /^: connected\n\n/);
    t.match(text, /event: resource\ndata: \{"id":"\/subscriptions\/.*","change":"written"\}/);
    t.match(text, /event: operation\ndata: \{"operationId":".*","status":"Succeeded"\}/);
  });

  await t.test('resumes behind the last event that a client has seen', async (t) => {
    const position = await readStream(url, { ends: (text) => /^id: /m.test(text) });
    const [, run, last] = /^id: (\w+)-(\d+)\n/m.exec(position) ?? [];
    const ends = (text: string): boolean => text.includes(`id: ${run}-${last}\n`);
    const all = await readStream(url, { headers: { 'last-event-id': `${run}-0` }, ends });
    t.match(all, /id: \w+-1\n/);
    const rest = await readStream(url, { headers: { 'last-event-id': `${run}-2` }, ends });
    t.notMatch(rest, /id: \w+-[12]\n/);
    t.notMatch(all + rest, 'event: gap');
  });

  await t.test('says when it cannot resume: ids of another run, of the future, and unreadable ones', async (t) => {
    const position = await readStream(url, { ends: (text) => /^id: /m.test(text) });
    const [, run, last] = /^id: (\w+)-(\d+)\n/m.exec(position) ?? [];
    for (const id of ['0123456789-1', '7', `${run}-${Number(last) + 1000}`, `${run}-`, 'x']) {
      const ends = (text: string): boolean => text.includes('event: gap\n');
      const text = await readStream(url, { headers: { 'last-event-id': id }, ends });
      t.match(text, new RegExp(`^id: ${run}-\\d+\nevent: gap\n`, 'm'), id);
    }
  });

  await t.test('tells deletions of classic services from writes', async (t) => {
    const service = '/11111111-2222-3333-4444-555555555555/services/hostedservices';
    const call = (method: string, path: string, body?: string) =>
      fetch(`${url}${path}`, {
        method,
        headers: { 'x-ms-version': '2014-10-01', 'content-type': 'application/xml' },
        ...(body !== undefined && { body }),
      });
    const xml =
      '<CreateHostedService xmlns="http://schemas.microsoft.com/windowsazure"><ServiceName>old</ServiceName><Label>b2xk</Label><Location>West Europe</Location></CreateHostedService>';
    const text = await readStream(url, {
      ends: (text) => /"change":"deleted"/.test(text),
      once: async () => {
        t.ok((await call('POST', service, xml)).ok);
        t.ok((await call('DELETE', `${service}/old`)).ok);
      },
    });
    const changes = [...text.matchAll(/"id":"[-\d]+\/old","change":"(\w+)"/g)].map(([, change]) => change);
    t.strictSame(changes, ['written', 'deleted']);
  });

  await t.test('is not there for who does not ask for it: health events are', async (t) => {
    const { body } = await cloud.send('GET', '/_lazurite/events');
    t.same(body, { value: [] });
  });
});

t.test('stand-ins answer where a member is expected, and nowhere else', async (t) => {
  const cloud = await Cloud.start(t, { network });
  await cloud.prepare();
  await cloud.put('loadBalancers/lb', balancer(cloud, [4, 5]));
  await until('the rule has its members', async () => (await cloud.backends()).length === 2);
  const [azureAddress, other] = [4, 5].map(cloud.azureAddress);
  const list = async () => ((await cloud.send('GET', '/_lazurite/stand-ins')).body as { value: unknown[] }).value;
  const start = (body: unknown) => cloud.send('POST', '/_lazurite/stand-ins', body);
  for (const elsewhere of [{ azureAddress, port: 8081 }, { azureAddress: '127.0.0.1', port: 8080 }, {}]) {
    t.equal((await start(elsewhere)).status, 400);
  }
  const { status, body } = await start({ azureAddress, port: 8080 });
  const standIn = { id: `${azureAddress}:8080`, azureAddress, address: cloud.localAddress(4), port: 8080, calls: 0 };
  t.strictSame([status, body], [201, standIn]);
  t.equal((await start({ azureAddress, port: 8080 })).status, 201, 'once more is harmless');
  t.match(await (await fetch(`http://${cloud.localAddress(4)}:8080/`)).text(), `backend ${cloud.localAddress(4)}:8080`);
  t.strictSame(await list(), [{ ...standIn, calls: 1 }]);
  await cloud.membersUp(4);
  await cloud.machine(t, 5, 8080);
  t.equal((await start({ azureAddress: other, port: 8080 })).status, 400, 'somebody listens there');
  t.equal((await cloud.send('DELETE', `/_lazurite/stand-ins/${azureAddress}:8080`)).status, 204);
  t.strictSame(await list(), []);
  await start({ azureAddress, port: 8080 });
  await cloud.send('POST', '/_lazurite/reset');
  t.strictSame(await list(), [], 'a reset ends them');
});

t.test('a simulation asks the selection that forwards', async (t) => {
  const cloud = await Cloud.start(t, { network });
  await cloud.prepare();
  const backends = [4, 5, 6];
  for (const host of backends) await cloud.machine(t, host, 8080);
  await cloud.put('loadBalancers/lb', balancer(cloud, backends));
  await cloud.membersUp(...backends);
  const [frontend] = await cloud.frontends();
  const to = `${frontend?.azureAddress}:${frontend?.port}`;
  const { status, body } = await cloud.send('POST', '/_lazurite/simulate', {
    proto: 'tcp',
    to,
    clients: 500,
    connections: 3,
  });
  t.equal(status, 200);
  const { value } = body as {
    value: { distribution: string; members: { connections: number }[]; clientsOnOneMember: number }[];
  };
  t.strictSame(
    value.map(({ distribution }) => distribution),
    ['Default', 'SourceIP', 'SourceIPProtocol'],
  );
  for (const { members } of value)
    t.equal(
      members.reduce((sum, { connections }) => sum + connections, 0),
      1500,
    );
  t.ok((value[0]?.clientsOnOneMember ?? 500) < 250, 'the 5-tuple spreads the connections of one client');
  t.equal(value[1]?.clientsOnOneMember, 500);
  t.equal(value[2]?.clientsOnOneMember, 500);
  t.equal((await cloud.send('POST', '/_lazurite/simulate', { to: '10.9.9.9:1' })).status, 400);

  await t.test('and lets other requests be answered meanwhile', async (t) => {
    const answered: string[] = [];
    const ask = async (path: string, options: RequestInit = {}): Promise<void> => {
      const answer = await fetch(`${cloud.emulator.httpUrl}/_lazurite/${path}`, options);
      await answer.text();
      answered.push(path);
    };
    const body = JSON.stringify({ to, clients: 6000, connections: 3 });
    const headers = { 'content-type': 'application/json' };
    await Promise.all([ask('simulate', { method: 'POST', headers, body }), ask('ready')]);
    t.strictSame(answered, ['ready', 'simulate']);
  });
  t.equal((await cloud.send('POST', '/_lazurite/simulate', { to, clients: 10_000, connections: 9 })).status, 400);
});
