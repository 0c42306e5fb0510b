/** Answers of reads that are kept: never another than one made anew, and never more than there is room for. */
import fc from 'fast-check';
import { test } from 'tap';
import { AnswerCache } from '../../src/store/answer-cache.js';
import {
  type Answer,
  ArmClient,
  balancerId,
  group,
  type Json,
  loadBalancer,
  network,
  publicIPAddressId,
} from '../api/arm/resources/arm-client.js';

test('answers take no more than their limit, and the least recently used ones go', (t) => {
  const answers = new AnswerCache(10_000);
  let made = 0;
  const ask = (key: string) =>
    answers.answer(key, () => {
      answers.read(key);
      return { body: `${++made}`.padEnd(1000) };
    });
  for (let count = 0; count < 100; count++) {
    ask(`key ${count}`);
    ask('often asked');
    t.ok(answers.bytes <= 10_000);
  }
  t.equal(made, 101, 'what is asked for often stays');
  answers.changed('often asked');
  ask('often asked');
  t.equal(made, 102, 'what has changed is made anew');
  answers.answer('too long', () => ({ body: 'x'.repeat(6000) }));
  t.ok(answers.bytes <= 10_000);
  answers.clear();
  t.equal(answers.bytes, 0);
  t.end();
});

/** What a client sees of an answer, without what is another one in each: ids and time. */
function seen({ status, headers, body }: Answer) {
  const changing = /^date$|^x-ms-(?:request-id|correlation-request-id|routing-request-id|arm-service-request-id)$/;
  const shown = Object.entries(headers).map(([name, value]) => [name, changing.test(name) ? typeof value : value]);
  return { status, body, headers: Object.fromEntries(shown) };
}

test('a read never gives another answer than one that is made anew', async (t) => {
  const delayMs = 1000;
  const azure = await ArmClient.start(t, { argv: ['--operation-delay', String(delayMs)] });
  await azure.makeGroup();
  const settle = () => azure.emulator.advance(2 * delayMs);
  await azure.makePublicIPAddress('ip');
  await settle();
  await azure.put(balancerId, loadBalancer());
  await azure.makeNetwork();
  await settle();
  const nicId = `${network}/networkInterfaces/nic`;
  const pools = [`${balancerId}/backendAddressPools/pool`];
  const steps: Record<string, () => Promise<unknown>> = {
    attach: () => azure.makeNetworkInterface('nic', { pools }).catch(() => {}),
    detach: () => azure.makeNetworkInterface('nic', { pools: [] }).catch(() => {}),
    removeNic: () => azure.delete(nicId),
    tags: () => azure.send('PATCH', balancerId, { tags: { at: String(Math.random()) } }),
    put: () => azure.put(balancerId, loadBalancer()),
    remove: () => azure.delete(balancerId),
    removeChild: () => azure.delete(`${balancerId}/probes/probe`),
    address: () => azure.makePublicIPAddress('other').catch(() => {}),
    time: settle,
  };
  const urls = [
    balancerId,
    `${balancerId}?$expand=frontendIPConfigurations/publicIPAddress`,
    `${balancerId}/backendAddressPools`,
    `${balancerId}/backendAddressPools/pool`,
    `${network}/loadBalancers`,
    `${network}/publicIPAddresses`,
    publicIPAddressId('ip'),
    nicId,
  ];
  let fresh = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 8 }),
      async (names) => {
        for (const name of names) {
          await steps[name]?.();
          for (const url of urls) {
            await azure.get(url);
            const kept = await azure.get(url);
            // No answer is kept for a query that was never asked, so a route makes it.
            const anew = await azure.get(`${url}${url.includes('?') ? '&' : '?'}fresh=${++fresh}`);
            t.strictSame(seen(kept), seen(anew), `${name}: ${url}`);
          }
        }
      },
    ),
    { numRuns: 12 },
  );
});

test('a kept answer obeys what every request obeys', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  await azure.makePublicIPAddress('ip');
  const url = publicIPAddressId('ip');
  const { body } = await azure.get(url);
  const same = async (message: string) => t.strictSame((await azure.get(url)).body, body, message);
  await same('kept');

  const fault = { kind: 'api', path: '/subscriptions/**', method: 'GET', status: 503 };
  const added = await azure.post('/_lazurite/faults', fault);
  t.equal((await azure.get(url)).status, 503, 'a fault hits it');
  await azure.delete(`/_lazurite/faults/${added.body.id}`);
  await same('after the fault');

  for (const [status, headers] of [
    [400, { host: 'rebound.example' }],
    [403, { origin: 'https://elsewhere.example' }],
    [403, { 'sec-fetch-site': 'cross-site' }],
  ] as const) {
    t.equal((await azure.get(url, { headers })).status, status, JSON.stringify(headers));
  }
  const { port } = new URL(azure.origin);
  const named = await azure.get(url, { headers: { host: `localhost:${port}` } });
  t.strictSame(named.body, body, 'by another name of this server');

  const asked = {
    'x-ms-client-request-id': 'mine',
    'x-ms-return-client-request-id': 'true',
    'x-ms-correlation-request-id': 'together',
    'sec-fetch-site': 'same-origin',
  };
  const { headers } = await azure.get(url, { headers: asked });
  t.match(headers, { 'x-ms-client-request-id': 'mine', 'x-ms-correlation-request-id': 'together' });
  t.notOk('strict-transport-security' in headers, 'no browser is told to keep to HTTPS');

  const journal = await azure.get('/_lazurite/requests?method=GET');
  const [last, ...others] = (journal.body.value as Json[]).filter(({ path }) => path === url).reverse();
  t.match(last, { status: 200, correlationId: 'together', apiVersion: '2025-05-01', responseBody: body });
  t.equal(others.length, 5, 'the journal has each of them');

  t.equal((await azure.get(url, { apiVersion: undefined })).status, 400, 'without an api-version');
  await azure.reset();
  t.equal((await azure.get(url)).status, 404, 'nothing is kept over a reset');
});

test('with --auth token, a kept answer is given for a token alone', async (t) => {
  const azure = await ArmClient.start(t, { argv: ['--auth', 'token'] });
  const client = new URLSearchParams({
    client_id: 'a',
    client_secret: 'b',
    grant_type: 'client_credentials',
    resource: 'https://management.azure.com/',
  });
  const { body } = await azure.post('/common/oauth2/token', undefined, {
    text: client.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  const authorization = `Bearer ${body.access_token}`;
  const options = { headers: { authorization } };
  await azure.made(group, { location: 'westeurope' }, options);
  const url = `${network}/publicIPAddresses`;
  for (const _ of [1, 2]) t.equal((await azure.get(url, options)).status, 200);
  t.equal((await azure.get(url)).status, 401);
  t.equal((await azure.get(url, { headers: { authorization: 'Bearer wrong' } })).status, 401);
});
