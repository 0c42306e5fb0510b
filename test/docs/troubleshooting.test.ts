/** docs/troubleshooting.md is true: each symptom that can be provoked here says what the page says. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config/config.js';
import { Emulator } from '../../src/emulator.js';
import { silentLog } from '../../src/support/log.js';
import { runLazurite } from '../cli/harness.js';
import { Cloud } from '../emulator/cloud.js';

const network = 241;
const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');
/** What the first column has in code letters; `4567 of 127.0.0.1` and the like are examples. */
const symptoms = page
  .split('\n')
  .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text));

/** The one symptom of the page that `text` contains, where numbers are those of the example. */
function symptomIn(text: string): string | undefined {
  const plain = (one: string): string => one.replaceAll(/\d+/g, 'N');
  return symptoms.find((symptom) => plain(text).includes(plain(symptom)));
}

/** The code of the error that a client without Lazurite's CA, or without a server, gets. */
const failureOf = (url: string): Promise<string> =>
  new Promise((resolve) => {
    request(url, { ca: [] }, () => resolve('none'))
      .on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(code))
      .end();
  });

async function refusalOf(argv: readonly string[]): Promise<string> {
  const start = Emulator.start(parseConfig(argv, {}), { log: silentLog });
  return start.then(
    () => 'started',
    ({ message }: Error) => message,
  );
}

t.test('what Node says without trust, or without a server', async (t) => {
  const { emulator } = await Cloud.start(t, { network });
  t.equal(symptomIn(await failureOf(emulator.url)), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  t.equal(symptomIn(await failureOf(`https://127.0.0.1:${port}/`)), 'ECONNREFUSED');
});

t.test('what the API says of names, origins, types and tokens', async (t) => {
  const answerOf = async (cloud: Cloud, url: string, headers: Record<string, string> = {}): Promise<string> =>
    (await cloud.emulator.server.app.inject({ method: 'PUT', url, headers, payload: { location: 'westeurope' } })).body;
  const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g';
  const version = '?api-version=2024-05-01';
  const cloud = await Cloud.start(t, { network });
  await answerOf(cloud, group + version);
  const one = `${group}/providers/Microsoft.Network/loadBalancer/lb${version}`;
  t.equal(symptomIn(await answerOf(cloud, one)), 'InvalidResourceType');
  t.equal(symptomIn(await answerOf(cloud, one, { host: 'foo.example' })), 'InvalidHostname');
  t.equal(symptomIn(await answerOf(cloud, one, { origin: 'http://foo.example' })), 'Forbidden');
  const closed = await Cloud.start(t, { network, argv: ['--in-memory', '--auth', 'token'] });
  t.equal(symptomIn(await answerOf(closed, one)), 'AuthenticationFailed');
  t.equal(symptomIn(await answerOf(closed, one, { authorization: 'Bearer x' })), 'InvalidAuthenticationToken');
});

t.test('what a start says', async (t: Test) => {
  const folder = t.testdir({ 'no.txt': 'no', 'other.json': '7' });
  const { emulator } = await Cloud.start(t, { network, argv: ['--data', `${folder}/data`] });
  const { port } = new URL(emulator.url);
  const options = ['--engine', 'none'];
  for (const [argv, symptom] of [
    [['--in-memory', '--port', port], 'port 4567 of 127.0.0.1 is taken'],
    [['--data', `${folder}/data`, '--port', '0'], 'lazurite.sqlite is in use by another Lazurite'],
    [['--in-memory', '--port', '0', '--seed', `${folder}/no.txt`], 'is no JSON'],
    [
      ['--in-memory', '--port', '0', '--seed', `${folder}/other.json`],
      "is neither a snapshot of Lazurite's nor an ARM template",
    ],
  ] as const) {
    t.equal(symptomIn(await refusalOf([...options, ...argv])), symptom);
  }
  for (const [argv, symptom] of [
    [['strat'], 'there is no command'],
    [['start', '--prot'], 'Unknown option'],
  ] as const) {
    const said = await runLazurite(argv).catch(({ message }: Error) => message);
    t.equal(symptomIn(String(said)), symptom);
  }
});
