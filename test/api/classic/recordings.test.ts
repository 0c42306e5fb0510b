import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Clock } from '../../../src/support/clock.js';
import { newGuid } from '../../../src/support/ids.js';
import { manualTime } from '../../manual-time.js';
import { type Classic, startClassic } from './harness.js';
import { answeredAt, differenceOfAnswer, header, type Interaction, readRecording } from './recording.js';

const folder = join(process.env.LAZURITE_SHARED ?? '../shared', 'classic-recordings');
const skip = existsSync(folder) ? false : `no recordings of the real service in ${folder}`;

/** The package that the recorded deployments were made of, as far as their answers show it. */
const recordedDefinition = `<ServiceDefinition name="OneWebOneWorker" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceDefinition">
  <WebRole name="WebRole1" vmsize="Small"><Endpoints><InputEndpoint name="Endpoint1" protocol="http" port="80" localPort="80"/></Endpoints></WebRole>
  <WorkerRole name="WorkerRole1" vmsize="Small"/>
</ServiceDefinition>`;

const operationId = (path: string): string | undefined => /\/operations\/([0-9a-f]{32})$/.exec(path)?.[1];
const requestIdOf = ({ responseHeaders }: Interaction): string => header(responseHeaders, 'x-ms-request-id') ?? '';

interface Replay {
  readonly interactions: Interaction[];
  readonly matched: Interaction[];
  readonly differences: string[];
  readonly outOfScope: string[];
}

/** Azure milliseconds that an operation took, from the polls that follow it. */
function durationOf(write: Interaction, all: readonly Interaction[]): number {
  const polls = all.filter(({ path }) => operationId(path) === requestIdOf(write));
  const done = polls.find(({ responseBody }) => !responseBody?.includes('<Status>InProgress</Status>'));
  return done ? Math.max(1, answeredAt(done) - answeredAt(write)) : 0;
}

/**
 * Replays one recording. It is sorted by URI, and Date has whole seconds, so what happened within one second is put in
 * the only order that makes sense: a read that shows the present state comes now, else the next write does.
 */
async function replay(file: string): Promise<Replay> {
  const all = readRecording(file);
  const written = new Set(all.filter(({ method }) => method !== 'GET').map(requestIdOf));
  const isFollowed = ({ path }: Interaction) =>
    operationId(path) === undefined || written.has(operationId(path) as string);
  const outOfScope = all.filter((interaction) => !isFollowed(interaction)).map(({ path }) => path);
  const interactions = all.filter(isFollowed).sort((a, b) => answeredAt(a) - answeredAt(b));
  const clock = new Clock({ source: manualTime(answeredAt(interactions[0] as Interaction)) });
  const config = { operationDelayMs: 0 };
  // The first name a request makes up is its own: it gets the recorded one, so that operations are found under it.
  let requestId: string | undefined;
  const [baseUrl] = interactions.flatMap(
    ({ responseHeaders }) => header(responseHeaders, 'location')?.split('/subscriptions/') ?? [],
  );
  const classic = startClassic({
    clock,
    config,
    newGuid() {
      const id = requestId ?? newGuid();
      requestId = undefined;
      return id;
    },
    packages: async () => Buffer.from(recordedDefinition),
    baseUrl: () => baseUrl ?? '',
  });
  const matched: Interaction[] = [];
  const differences: string[] = [];

  const send = async (interaction: Interaction) => {
    config.operationDelayMs = interaction.method === 'GET' ? 0 : durationOf(interaction, interactions);
    requestId = requestIdOf(interaction);
    const response = await request(classic, interaction);
    const actual = {
      status: response.statusCode,
      headers: response.headers as Record<string, string>,
      body: response.body,
    };
    return differenceOfAnswer(interaction, actual);
  };
  const settle = (interaction: Interaction, difference: string | undefined) => {
    if (difference === undefined) matched.push(interaction);
    else
      differences.push(
        `${all.indexOf(interaction)} ${interaction.method} ${interaction.path.slice(37)}\n      ${difference}`,
      );
  };

  for (let at = 0; at < interactions.length; ) {
    const now = answeredAt(interactions[at] as Interaction);
    clock.advance(now - clock.now());
    const second = interactions.slice(at).filter((interaction) => answeredAt(interaction) === now);
    at += second.length;
    while (second.length > 0) {
      let index = -1;
      for (const [candidate, interaction] of second.entries()) {
        if (interaction.method !== 'GET') continue;
        if ((await send(interaction)) === undefined) {
          index = candidate;
          break;
        }
      }
      if (index < 0)
        index = Math.max(
          0,
          second.findIndex(({ method }) => method !== 'GET'),
        );
      const [interaction] = second.splice(index, 1) as [Interaction];
      settle(interaction, await send(interaction));
    }
  }
  await classic.close();
  return { interactions, matched, differences, outOfScope };
}

function request(classic: Classic, { method, path, requestHeaders, requestBody }: Interaction) {
  const [, subscriptionId = ''] = path.split('/');
  const version = header(requestHeaders, 'x-ms-version');
  return classic.call(method, path.slice(subscriptionId.length + 1), { subscriptionId, version, body: requestBody });
}

t.test('Lazurite answers as the recorded service did', { skip }, async (t) => {
  const files = readdirSync(folder).filter((name) => name.startsWith('net__'));
  let [total, matches] = [0, 0];
  for (const file of files) {
    const { interactions, matched, differences, outOfScope } = await replay(join(folder, file));
    total += interactions.length;
    matches += matched.length;
    t.comment(`${file}: ${matched.length} of ${interactions.length} match, ${outOfScope.length} without their write`);
    for (const difference of differences) t.comment(`  ${difference}`);
  }
  const score = (100 * matches) / total;
  t.comment(`recordings with request bodies: ${matches} of ${total} interactions match (${score.toFixed(1)} %)`);
  t.ok(score >= 99, `${score.toFixed(1)} % of the recorded interactions match`);
});
