import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import * as armKit from '../api/arm/resources/arm-client.js';
import { type Answer, send } from '../built-emulator.js';
import { withoutPostgres } from '../postgres.js';
import { inTime, until, untilTrue } from '../turns.js';
import { Machine, Machines } from './machines.js';
import { RoundRobin } from './round-robin.js';

const command = [...process.execArgv, fileURLToPath(new URL('../../src/main.js', import.meta.url))];
const at = (path: string): string =>
  `${path}?api-version=${path.startsWith(armKit.network) ? '2024-05-01' : '2021-04-01'}`;
const balancer = `${armKit.network}/loadBalancers/lb`;
const deployment = `${armKit.group}/providers/Microsoft.Resources/deployments/one`;
const template = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources: ['a', 'b', 'c'].map((name) => ({
    ...{ type: 'Microsoft.Network/publicIPAddresses', apiVersion: '2024-05-01', name, location: 'westeurope' },
    ...{ sku: { name: 'Standard' }, properties: { publicIPAllocationMethod: 'Static' } },
  })),
};
const classic = `${armKit.group.split('/')[2]}`;

/** One after another, so that each is decided by what the others have left behind. */
const asked: readonly (readonly [method: string, path: string, body?: armKit.Json])[] = [
  ['PUT', at(armKit.group), { location: 'westeurope', tags: { a: 'b' } }],
  ['PUT', at(`${armKit.network}/virtualNetworks/vnet`), armKit.virtualNetwork()],
  ['PUT', at(balancer), armKit.loadBalancer({ frontendIPConfigurations: [armKit.internalFrontend()] })],
  ['GET', at(balancer)],
  ['PATCH', at(balancer), { tags: { c: 'd' } }],
  ['GET', at(`${balancer}/backendAddressPools/pool`)],
  ['PUT', at(`${balancer}/backendAddressPools/other`), { properties: {} }],
  ['GET', at(`${armKit.network}/loadBalancers`)],
  ['DELETE', at(`${armKit.network}/virtualNetworks/vnet`)],
  ['PUT', at(deployment), { properties: { mode: 'Incremental', template } }],
  ['GET', at(`${armKit.network}/publicIPAddresses`)],
  ['PUT', at(`${armKit.network}/publicIPAddresses/a`), { location: 'nowhere' }],
  ['GET', at(`${armKit.network}/publicIPAddresses/none`)],
  ['POST', `/${classic}/services/hostedservices`],
  ['DELETE', at(balancer)],
  ['GET', at(balancer)],
  ['DELETE', at(`${armKit.network}/virtualNetworks/vnet`)],
  ['GET', at(`${armKit.group}/resources`)],
];

/** Without what is another at each call: ids, times, tokens. */
const comparable = ({ status, text }: Answer) => ({
  status,
  text: text
    .replaceAll(/[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}/gi, 'GUID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/PT[\d.]+S/g, 'DURATION'),
});

/** What is answered at `port`, each operation followed to its end. */
async function answersAt(port: number) {
  const agent = new Agent({ keepAlive: true });
  const sent = async (method: string, path: string, body?: armKit.Json): Promise<Answer> => {
    const bytes = body && Buffer.from(JSON.stringify(body));
    const headers = { 'content-type': 'application/json', 'x-ms-version': '2014-06-01' };
    return until(`an answer to ${method} ${path} other than 503`, async () => {
      const answer = await inTime(`${method} ${path}`, send({ method, path, headers, body: bytes }, { port, agent }));
      // A writer that stood still on a loaded machine is replaced, and nothing was stored.
      return answer.status !== 503 && answer;
    });
  };
  const answers = [];
  for (const [method, path, body] of asked) {
    const answer = await sent(method, path, body);
    answers.push({ asked: `${method} ${path}`, ...comparable(answer) });
    const operation = answer.headers?.['azure-asyncoperation'];
    if (typeof operation !== 'string') continue;
    const { pathname, search } = new URL(operation);
    const status = await until(`the end of ${method} ${path}`, async () => {
      const polled = JSON.parse((await sent('GET', pathname + search)).text) as { status: string };
      return !/Progress|Running|Accepted/.test(polled.status) && polled.status;
    });
    answers.push({ asked: `end of ${path}`, status });
  }
  agent.destroy();
  return answers;
}

/** Begins anew where a connection was cut: a writer that stood still with a write in its hands says nothing about it. */
async function wholeAnswersAt(port: number) {
  const agent = new Agent();
  const reset = { method: 'POST', path: '/_lazurite/reset', headers: {} };
  let cut: unknown;
  return until(
    () => `answers of all nodes without a cut, after ${cut}`,
    async () => {
      if (cut !== undefined) {
        await untilTrue(async () => (await send(reset, { port, agent }).catch(() => ({ status: 0 }))).status === 204);
      }
      return answersAt(port).catch((error) => {
        cut = error;
        return undefined;
      });
    },
  );
}

test('three nodes behind a balancer answer as one does', { skip: withoutPostgres }, async (t) => {
  const machines = new Machines(command);
  t.teardown(() => machines.remove());
  const alone = new Machine(command, t.testdir(), 1);
  t.teardown(() => alone.signal('SIGKILL'));
  await Promise.all([machines.start(), alone.start()]);
  const balanced = new RoundRobin(machines.all.map(({ port }) => port));
  t.teardown(() => balanced.close());
  await untilTrue(async () => (await machines.writer()) !== undefined);
  const one = await answersAt(alone.port);
  t.strictSame(await wholeAnswersAt(await balanced.listen()), one);
});
