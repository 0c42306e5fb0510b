/**
 * Azure's time goes back: a start after the clock was moved forward, on a machine whose clock was set back, with a smaller
 * time scale, or a snapshot of another time. Nothing waits for the time that had been reached before.
 */
import fc from 'fast-check';
import t from 'tap';
import { Clock, systemTime, type TimeSource } from '../../src/support/clock.js';
import { ArmClient, at, type Json, network } from '../api/arm/resources/arm-client.js';
import { manualTime } from '../manual-time.js';
import { until } from '../turns.js';

const delayMs = 10_000;
const noonMs = Date.UTC(2026, 0, 1, 12);
const classicSubscription = '00000000-0000-0000-0000-00000000000b';

const clockAt = (startMs: number): Clock => new Clock({ source: manualTime(startMs) });

const start = (data: string, clock: Clock): Promise<ArmClient> =>
  ArmClient.start(t, { argv: ['--data', data, '--operation-delay', String(delayMs)], clock });

const nextName = (() => {
  let count = 0;
  return () => `r${++count}`;
})();

/** Begins an operation of each kind that a client can wait for; answers where each is polled. */
const begin = {
  async put(client: ArmClient) {
    const answer = await client.put(`${network}/routeTables/${nextName()}`, { location: 'westeurope' });
    return [answer.headers['azure-asyncoperation'] as string];
  },
  async delete(client: ArmClient) {
    const { body } = await client.get(`${network}/routeTables`);
    const [last] = (body.value as Json[]).slice(-1);
    if (!last) return [];
    const { status, headers } = await client.delete(String(last.id));
    return status === 202 ? [headers['azure-asyncoperation'] as string] : [];
  },
  async groups(client: ArmClient) {
    const path = `/subscriptions/00000000-0000-0000-0000-00000000000c/resourceGroups/${nextName()}`;
    await client.makeGroup(path);
    await client.delete(path);
    return [path];
  },
  async classic(client: ArmClient) {
    const name = nextName();
    const services = `/${classicSubscription}/services/hostedservices`;
    const options = { apiVersion: undefined, headers: { 'x-ms-version': '2014-10-01' } };
    const text = `<CreateHostedService xmlns="http://schemas.microsoft.com/windowsazure"><ServiceName>${name}</ServiceName><Label>bGFi</Label><Location>West Europe</Location></CreateHostedService>`;
    const created = await client.post(services, undefined, { ...options, text });
    const deleted = await client.delete(`${services}/${name}?comp=media`, options);
    if (created.status !== 201 || deleted.status !== 202) throw new Error(`${created.text} ${deleted.text}`);
    return [`/${classicSubscription}/operations/${deleted.headers['x-ms-request-id']}`];
  },
} as const;

type Step =
  | { readonly do: keyof typeof begin }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'restart'; readonly byMs: number };

const hours = (most: number) => fc.integer({ min: -most, max: most }).map((n) => n * 3_600_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom(...(Object.keys(begin) as (keyof typeof begin)[])) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 2 * delayMs }) }),
  fc.record({ do: fc.constant('restart' as const), byMs: hours(48) }),
);

/** Whether what is polled at this place has come to its end. */
async function hasEnded(client: ArmClient, place: string): Promise<boolean> {
  const path = place.replace(/^https?:\/\/[^/]*/, '');
  const headers = { 'x-ms-version': '2014-10-01' };
  const { status, text, body } = await client.get(path, path.includes('operations/') ? { headers } : {});
  if (path.includes('/resourceGroups/')) return status === 404;
  if (/<Status>/.test(text)) return !/<Status>InProgress/.test(text);
  return status === 200 && body.status !== 'InProgress';
}

t.test('whatever the clock does between two starts, every operation ends after the delay', async (t) => {
  let folders = 0;
  const folder = t.testdir();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), hours(48), async (steps, lastMs) => {
      const data = `${folder}/${++folders}`;
      let clock = clockAt(noonMs);
      let client = await start(data, clock);
      await client.makeGroup();
      const places: string[] = [];
      const restart = async (byMs: number): Promise<void> => {
        await client.close();
        clock = clockAt(clock.now() + byMs);
        client = await start(data, clock);
      };
      for (const one of steps) {
        if (one.do === 'advance') await client.emulator.advance(one.ms);
        else if (one.do === 'restart') await restart(one.byMs);
        else places.push(...(await begin[one.do](client)));
      }
      await restart(lastMs);
      await client.emulator.advance(delayMs);
      for (const place of places) await until(`the end of ${place}`, () => hasEnded(client, place));
      const { body } = await client.get(`${network}/routeTables`);
      for (const { properties } of body.value as { properties: Json }[])
        t.equal(properties.provisioningState, 'Succeeded');
      await client.close();
    }),
    { numRuns: 8, seed: 1, endOnFailure: true },
  );
});

t.test('a resource that was written an hour ahead is not Updating for that hour', async (t) => {
  const data = `${t.testdir()}/data`;
  const first = await start(data, clockAt(noonMs));
  await first.makeGroup();
  await first.emulator.advance(3_600_000);
  const accepted = await first.put(`${network}/routeTables/ahead`, { location: 'westeurope' });
  const { body } = await first.get(`${network}/routeTables/ahead`);
  t.equal(at(body, 'properties.provisioningState'), 'Updating');
  await first.close();
  const second = await start(data, clockAt(noonMs + 1000));
  await second.emulator.advance(delayMs);
  const place = accepted.headers['azure-asyncoperation'] as string;
  await until('the end of the operation', () => hasEnded(second, place));
});

t.test('a snapshot of a later time shows no operation that waits for it', async (t) => {
  const later = await start(`${t.testdir()}/data`, clockAt(noonMs + 86_400_000));
  await later.makeGroup();
  const accepted = await later.put(`${network}/routeTables/later`, { location: 'westeurope' });
  const { body: snapshot } = await later.get('/_lazurite/snapshot');
  await later.close();
  const earlier = await start(`${t.testdir({})}/other`, clockAt(noonMs));
  t.equal((await earlier.put('/_lazurite/snapshot', snapshot)).status, 204);
  await earlier.emulator.advance(delayMs);
  const place = accepted.headers['azure-asyncoperation'] as string;
  await until('the end of the operation', () => hasEnded(earlier, place));
});

t.test('a thread that starts after the machine was set back shows the time of the clock that it follows', (t) => {
  const aheadMs = Number(systemTime.aheadMs);
  /** The machine's time in a thread that begins after its clock was moved by `byMs`. */
  const threadAfter = (byMs: number): TimeSource => ({
    ...systemTime,
    now: () => systemTime.now() + byMs,
    aheadMs: aheadMs + byMs,
  });
  const clock = new Clock({ scale: 60 });
  for (const byMs of [-3_600_000, 3_600_000]) {
    const follower = new Clock({ origin: clock.origin, source: threadAfter(byMs) });
    const third = new Clock({ origin: follower.origin });
    for (const other of [follower, third]) t.ok(Math.abs(other.now() - clock.now()) < 60_000, `${byMs}`);
  }
  t.end();
});
