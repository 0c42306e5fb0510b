/** `/_lazurite/faults`: bad days of the API, to order. */
import { type Test, test } from 'tap';
import type { RequestView } from '../../../src/api/admin/views.js';
import { createHttpClient } from '../../../src/cli/http-client.js';
import { parseConfig } from '../../../src/config/config.js';
import { Emulator } from '../../../src/emulator.js';
import { silentLog } from '../../../src/support/log.js';
import { untilTrue } from '../../turns.js';

const group = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/test';
const groupUrl = `${group}?api-version=2021-04-01`;
const balancers = `${group}/providers/Microsoft.Network/loadBalancers`;
const balancersUrl = `${balancers}?api-version=2024-05-01`;

async function start(t: Test) {
  const emulator = await Emulator.start(parseConfig(['--port', '0', '--in-memory', '--engine', 'none'], {}), {
    log: silentLog,
  });
  const client = createHttpClient({ url: emulator.httpUrl });
  t.teardown(async () => {
    client.close();
    await emulator.close();
  });
  await client.send('PUT', groupUrl, { location: 'westeurope' });
  return { emulator, send: client.send };
}

test('faults of the API', async (t) => {
  const { emulator, send } = await start(t);
  const inject = (fault: Record<string, unknown>) => send('POST', '/_lazurite/faults', { kind: 'api', ...fault });
  const list = async () => ((await send('GET', '/_lazurite/faults')).body as { value: { id: string }[] }).value;
  t.afterEach(() => send('DELETE', '/_lazurite/faults'));

  await t.test('429 is answered as Azure throttles, for as many calls as were asked for', async (t) => {
    const { status, body } = await inject({
      method: 'get',
      path: balancers,
      status: 429,
      retryAfterSeconds: 7,
      next: 2,
    });
    t.match({ status, body }, { status: 201, body: { id: /^fault-\d+$/, kind: 'api', method: 'GET', next: 2 } });
    t.equal((await send('GET', groupUrl)).status, 200, 'other paths are left alone');
    const throttled = await send('GET', balancersUrl);
    t.match(throttled, {
      status: 429,
      headers: { 'retry-after': '7', 'x-ms-failure-cause': 'gateway' },
      body: {
        error: {
          code: 'SubscriptionRequestsThrottled',
          message:
            "Number of requests for subscription '11111111-2222-3333-4444-555555555555' and operation 'GET/SUBSCRIPTIONS/RESOURCEGROUPS/PROVIDERS/MICROSOFT.NETWORK/LOADBALANCERS' exceeded the backend storage limit. Please try again after '7' seconds.",
        },
      },
    });
    t.match(await list(), [{ next: 1 }]);
    t.equal((await send('GET', balancersUrl)).status, 429);
    t.equal((await send('GET', balancersUrl)).status, 200);
    t.strictSame(await list(), []);
  });

  await t.test('status, code and message may be chosen', async (t) => {
    await inject({ path: '/subscriptions/*/resourcegroups/**', status: 500, code: 'Boom', message: 'It went {bang}.' });
    t.match(await send('GET', balancersUrl), {
      status: 500,
      body: { error: { code: 'Boom', message: 'It went {bang}.' } },
    });
    t.match(await send('GET', '/subscriptions?api-version=2021-01-01'), { status: 200 });
  });

  await t.test('503 has Azure’s text', async (t) => {
    await inject({ status: 503 });
    t.match(await send('GET', groupUrl), { status: 503, body: { error: { code: 'ServiceUnavailable' } } });
  });

  await t.test('the classic API answers in XML', async (t) => {
    await inject({ status: 503 });
    const { headers, body } = await send('GET', '/11111111-2222-3333-4444-555555555555/services/hostedservices');
    t.match(headers['content-type'], 'application/xml');
    t.match(body, '<Code>ServiceUnavailable</Code><Message>The service is unavailable.</Message>');
  });

  await t.test('a connection is reset', async (t) => {
    await inject({ path: group, effect: 'reset', next: 1 });
    await t.rejects(send('GET', groupUrl), /ECONNRESET/);
    t.equal((await send('GET', groupUrl)).status, 200);
    const { value } = (await send('GET', '/_lazurite/requests?status=0')).body as { value: RequestView[] };
    t.match(value, [{ method: 'GET', status: 0, fault: /^fault-/ }]);
  });

  await t.test('a delay passes on Azure’s clock, and the answer is the usual one', async (t) => {
    await inject({ path: group, delayMs: 3_600_000, next: 1 });
    let answered = false;
    const pending = send('GET', groupUrl).then(({ status }) => {
      answered = true;
      return status;
    });
    // The fault is used up as soon as the request has arrived.
    await untilTrue(async () => (await list()).length === 0);
    t.notOk(answered);
    await emulator.advance(3_600_000);
    t.equal(await pending, 200);
  });

  await t.test('the journal says which fault answered', async (t) => {
    const { body } = await inject({ status: 418, path: '/tea' });
    await send('GET', '/tea');
    const { value } = (await send('GET', '/_lazurite/requests?path=/tea')).body as { value: RequestView[] };
    t.match(value, [{ status: 418, errorCode: 'InjectedFault', fault: (body as { id: string }).id }]);
  });

  await t.test('the admin API has no bad days', async (t) => {
    await inject({ status: 503 });
    t.equal((await send('GET', '/_lazurite/clock')).status, 200);
  });

  await t.test('one fault ends by its id, all of them together', async (t) => {
    const { body } = await inject({ status: 503, path: '/a' });
    await inject({ status: 503, path: '/b' });
    const { id } = body as { id: string };
    t.equal((await send('DELETE', `/_lazurite/faults/${id}`)).status, 204);
    t.equal((await list()).length, 1);
    t.match(await send('DELETE', `/_lazurite/faults/${id}`), {
      status: 404,
      body: { error: { code: 'FaultNotFound' } },
    });
    t.equal((await send('DELETE', '/_lazurite/faults')).status, 204);
    t.strictSame(await list(), []);
  });

  await t.test('what cannot be injected is refused with the reason', async (t) => {
    const wrong: [Record<string, unknown>, RegExp][] = [
      [{}, /needs a 'status'/],
      [{ kind: 'weather' }, /'kind' must be one of api, dataPlane, probe/],
      [{ kind: null }, /needs a 'kind'/],
      [{ status: 99 }, /'status' must be a number from 200 to 599/],
      [{ status: 503, path: 7 }, /'path' must be text/],
      [{ status: 503, effect: { toString: 1 } }, /'effect' must be one of answer, reset/],
      [{ status: 503, path: '*'.repeat(2000) }, /at most 1024 characters/],
      [{ status: 503, retryafter: 3 }, /no 'retryafter'; it may have kind, method/],
      [{ kind: 'dataPlane' }, /needs an 'effect'/],
      [{ kind: 'dataPlane', effect: 'slow' }, /slow needs 'latencyMs' or 'bytesPerSecond'/],
      [{ kind: 'dataPlane', effect: 'drop', latencyMs: 1 }, /drop takes no/],
      [{ kind: 'probe' }, /needs a 'verdict'/],
      [{ kind: 'probe', verdict: 'flap' }, /flap needs 'flapEverySeconds'/],
      [{ kind: 'probe', verdict: 'up', flapEverySeconds: 3 }, /only flap takes/],
      [{ kind: 'probe', verdict: 'up' }, /the engine 'none' has no data plane faults/],
    ];
    for (const [fault, reason] of wrong) {
      const { status, body } = await inject(fault);
      t.match({ status, body }, { status: 400, body: { error: { code: 'InvalidFault', message: reason } } });
    }
    t.strictSame(await list(), []);
  });
});
