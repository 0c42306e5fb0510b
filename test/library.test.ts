/** `import { startLazurite } from 'lazurite'`: the emulator inside a Node process. */
import { existsSync, readFileSync } from 'node:fs';
import https from 'node:https';
import { test } from 'tap';
import { startLazurite, UsageError } from '../src/index.js';

const groups = '/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups';
const version = 'api-version=2024-03-01';

interface Reply {
  readonly status: number;
  readonly body: { readonly value?: readonly { readonly name: string }[] };
}

async function send(httpUrl: string, method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetch(`${httpUrl}${path}?${version}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: 'Bearer any' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Reply['body'] };
}

const statusOver = (url: string, ca: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    https.get(url, { ca, agent: false }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });

test('A Lazurite starts in this process, speaks Azure, and is empty again after a reset', async (t) => {
  const lazurite = await startLazurite({ engine: 'none' });
  t.teardown(() => lazurite.close());
  t.equal(await statusOver(`${lazurite.url}/_lazurite/ready`, lazurite.caPem), 200);
  t.equal((await send(lazurite.httpUrl, 'PUT', `${groups}/one`, { location: 'westeurope' })).status, 201);
  const names = async () => (await send(lazurite.httpUrl, 'GET', groups)).body.value?.map(({ name }) => name);
  t.strictSame(await names(), ['one']);
  await lazurite.reset();
  t.strictSame(await names(), []);
});

test('Its environment points tools at it, and is gone when it is closed', async (t) => {
  const lazurite = await startLazurite({ engine: 'none', operationDelayMs: 1000, strictTypes: true });
  const { env, url, caPem } = lazurite;
  t.match(env, { LAZURITE_URL: url, AZURE_AUTHORITY_HOST: url, ARM_METADATA_HOSTNAME: new URL(url).host });
  t.ok(readFileSync(String(env.SSL_CERT_FILE), 'utf8').includes(caPem));
  await Promise.all([lazurite.close(), lazurite.close()]);
  t.notOk(existsSync(String(env.SSL_CERT_FILE)));
  await t.rejects(fetch(lazurite.httpUrl));
});

test('Two run side by side, each with its own clock and resources', async (t) => {
  const [one, other] = await Promise.all([
    startLazurite({ engine: 'none' }),
    startLazurite({ engine: 'none', timeScale: 60, addressMap: 'none', publicIpPool: '127.250.0.0/16' }),
  ]);
  t.not(one.url, other.url);
  await one.advance(3_600_000);
  const clock = async ({ httpUrl }: { httpUrl: string }) =>
    (await (await fetch(`${httpUrl}/_lazurite/clock`)).json()) as { now?: string };
  const [first, second] = await Promise.all([clock(one), clock(other)]);
  t.ok(Date.parse(String(first.now)) - Date.parse(String(second.now)) > 3_000_000, JSON.stringify([first, second]));
  await Promise.all([one.close(), other.close()]);
});

test('What cannot be used is refused in one sentence', async (t) => {
  await t.rejects(startLazurite({ publicIpPool: 'here' }), UsageError);
  await t.rejects(startLazurite({ engin: 'none' } as object), { message: "startLazurite has no option 'engin'" });
});
