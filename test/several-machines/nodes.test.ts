import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type Test, test } from 'tap';
import { runCommand } from '../../src/cli/commands.js';
import { parseConfig } from '../../src/config/config.js';
import { defaultSubscriptionId } from '../../src/config/config-values.js';
import { Emulator } from '../../src/emulator.js';
import { openDatabase } from '../../src/store/database.js';
import type { RowImage } from '../../src/store/row-images.js';
import { silentLog } from '../../src/support/log.js';
import * as armKit from '../api/arm/resources/arm-client.js';
import type { Answer } from '../built-emulator.js';
import { Postgres, withoutPostgres } from '../postgres.js';
import { nextEvent, repeatUntil, until, untilTrue } from '../turns.js';
import { type Machine, Machines } from './machines.js';

const command = [...process.execArgv, fileURLToPath(new URL('../../src/main.js', import.meta.url))];

const newest = openDatabase().pragma('user_version', { simple: true }) as number;

const versioned = (path: string): string =>
  `${path}?api-version=${path === armKit.group ? '2021-04-01' : '2024-05-01'}`;

/** Through this node; again while no node writes, also after one that stood still with the request in its hands. */
async function sendAgain(machine: Machine, sent: Parameters<Machine['send']>[0]) {
  let last: unknown;
  return until(
    () => `an answer of node ${machine.number} to ${sent.method} ${sent.path}, after ${last}`,
    async () => {
      const answer = await machine.send(sent).catch((error: Error) => {
        last = error;
      });
      if (answer && answer.status !== 503 && answer.status !== 429) return answer;
      last = answer?.status ?? last;
      return undefined;
    },
  );
}

const bytesOf = (body: armKit.Json): Buffer => Buffer.from(JSON.stringify(body));

const frontendsOf = (machine: Machine): Promise<armKit.Json> => bodyOf(machine, '/_lazurite/frontends');

async function put(machine: Machine, path: string, body: armKit.Json): Promise<Answer> {
  const answer = await sendAgain(machine, { method: 'PUT', path: versioned(path), body: bytesOf(body) });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer;
}

async function bodyOf(machine: Machine, path: string): Promise<armKit.Json> {
  const { status, text } = await sendAgain(machine, { method: 'GET', path });
  return status === 200 ? (JSON.parse(text) as armKit.Json) : {};
}

test('every node follows what is written through any, and a new writer goes on with what was running', {
  skip: withoutPostgres,
}, async (t) => {
  const machines = new Machines(command, 2);
  t.teardown(() => machines.remove());
  await machines.start(['--operation-delay', '2000']);
  const [first, second] = machines.all as [Machine, Machine];
  await put(first, armKit.group, { location: 'westeurope' });
  await put(second, `${armKit.network}/virtualNetworks/vnet`, armKit.virtualNetwork());
  const balancer = armKit.loadBalancer({ frontendIPConfigurations: [armKit.internalFrontend()] });
  await put(first, `${armKit.network}/loadBalancers/lb`, balancer);
  for (const machine of machines.all) {
    await untilTrue(async () => ((await frontendsOf(machine)).value as armKit.Json[]).length === 1);
  }
  const lines: string[] = [];
  const ask = ['frontends', '--all-nodes', '--url', `http://127.0.0.1:${first.port}`, '--data', first.data];
  const context = { env: {}, printError() {}, signal: new AbortController().signal };
  // A node that was silent for three seconds, on a machine with other work, is not listed until it is heard again.
  const asksBoth = async (): Promise<boolean> => {
    const code = await runCommand(ask, { ...context, print: (line) => lines.push(line) });
    const shown = lines.splice(0).join();
    return code === 0 && machines.all.every(({ port }) => shown.includes(`127.0.0.1:${port}\nAzure address`));
  };
  await untilTrue(asksBoth);
  const nodes = async () => (await bodyOf(second, '/_lazurite/nodes')).value as armKit.Json[];
  await untilTrue(async () => (await nodes()).filter(({ writes }) => writes).length === 1);
  t.match((await nodes())[0], { schema: Number, version: /\d/, behind: Number });

  const writer = await machines.writer();
  const other = machines.all.find((machine) => machine !== writer) as Machine;
  await writer?.signal('SIGKILL');
  const shown = async () =>
    (await bodyOf(other, versioned(`${armKit.network}/loadBalancers/lb`))).properties as armKit.Json | undefined;
  await untilTrue(async () => (await shown())?.provisioningState === 'Succeeded');
  t.equal((await machines.writer())?.number, other.number);

  await writer?.start(machines.postgres.url, ['--operation-delay', '2000']);
  const { text: snapshot } = await sendAgain(first, { method: 'GET', path: '/_lazurite/snapshot' });
  const haveFrontends = async (count: number): Promise<void> => {
    for (const machine of machines.all) {
      await untilTrue(
        async () => ((await bodyOf(machine, '/_lazurite/frontends')).value as armKit.Json[]).length === count,
      );
    }
  };
  t.equal((await sendAgain(other, { method: 'POST', path: '/_lazurite/reset' })).status, 204);
  await haveFrontends(0);
  const loaded = { method: 'PUT', path: '/_lazurite/snapshot', body: Buffer.from(snapshot) };
  t.equal((await sendAgain(first, loaded)).status, 204);
  await haveFrontends(1);
  const changes = await machines.postgres.query('SELECT entries FROM lazurite.changes ORDER BY seq');
  const controls = changes
    .map(({ entries }) => JSON.parse(gunzipSync(entries as Buffer).toString()) as armKit.Json)
    .filter(({ control }) => control !== undefined);
  for (const kind of ['reset', 'restored']) {
    const entry = controls.find(({ control }) => (control as armKit.Json).kind === kind);
    t.strictSame(entry, { schema: newest, rows: [], control: { kind } }, 'an entry that lists no row');
  }
});

test('nodes write in the schema of the store until it is upgraded', { skip: withoutPostgres }, async (t) => {
  const machines = new Machines(command, 2);
  t.teardown(() => machines.remove());
  const { postgres, all } = machines;
  await machines.start();
  await Promise.all(all.map((machine) => machine.signal('SIGTERM')));
  // As nodes of the version before would have left it.
  await postgres.query('UPDATE lazurite.head SET schema = 5');
  await Promise.all(all.map((machine) => machine.start(postgres.url)));
  const [first, second] = all as [Machine, Machine];
  const deployment = `${armKit.group}/providers/Microsoft.Resources/deployments/one`;
  // A writer that stood still on a loaded machine is replaced: the deployment has then failed, and is begun again.
  const deploy = async (machine: Machine): Promise<void> => {
    const path = `${deployment}?api-version=2021-04-01`;
    const body = bytesOf({ properties: { mode: 'Incremental', template: withOneAddress } });
    let state: unknown;
    await repeatUntil(() => state === 'Succeeded', {
      what: () => `a deployment that succeeds; the last one ${state}`,
      async step() {
        await sendAgain(machine, { method: 'PUT', path, body });
        await untilTrue(async () => {
          state = ((await bodyOf(machine, path)).properties as armKit.Json | undefined)?.provisioningState;
          return state === 'Succeeded' || state === 'Failed';
        });
      },
    });
  };
  const tablesOf = async (schema: number) =>
    (await postgres.query('SELECT entries FROM lazurite.changes ORDER BY seq'))
      .map(
        ({ entries }) => JSON.parse(gunzipSync(entries as Buffer).toString()) as { schema: number; rows: RowImage[] },
      )
      .filter((one) => one.schema === schema)
      .flatMap(({ rows }) => rows.map(({ table }) => table));
  await put(first, armKit.group, { location: 'westeurope' });
  await deploy(second);
  t.ok((await tablesOf(5)).includes('deployments'));
  t.notOk((await tablesOf(5)).includes('deployment_operations'));

  const context = { env: {}, printError() {}, signal: new AbortController().signal };
  const upgrade = async (): Promise<string> => {
    const lines: string[] = [];
    const argv = ['store', 'upgrade', '--url', `http://127.0.0.1:${second.port}`, '--data', second.data];
    await runCommand(argv, { ...context, print: (line) => lines.push(line) });
    return lines.join();
  };
  // While no node writes, it is asked again.
  const outcome = async (): Promise<string> => {
    let said = '';
    return until(
      () => `an upgrade by a node that writes, after: ${said}`,
      async () => {
        said = await upgrade().catch((error: Error) => error.message);
        return !/unavailable|reset|hang up/i.test(said) && said;
      },
    );
  };
  await postgres.query(
    "INSERT INTO lazurite.nodes VALUES ('10.0.0.9:4567', 'old', '0.0.9', 5, 0, clock_timestamp() + interval '1 hour')",
  );
  t.match(await outcome(), /10\.0\.0\.9:4567 \(0\.0\.9\) would not know the newer schema/);
  await postgres.query("DELETE FROM lazurite.nodes WHERE name = 'old'");
  t.match(await outcome(), `the store is written in schema ${newest}`);
  t.match(await outcome(), 'already');
  t.match(await postgres.query('SELECT schema FROM lazurite.head'), [{ schema: newest }]);
  await deploy(first);
  t.ok((await tablesOf(newest)).includes('deployment_operations'));
  await Promise.all(all.map((machine) => machine.signal('SIGTERM')));
  await Promise.all(all.map((machine) => machine.start(postgres.url)));
  await Promise.all(all.map((machine) => machine.signal('SIGTERM')));
  const [one, other] = all.map((machine) => machine.snapshot());
  t.strictSame(other, one);
  t.ok((one?.tables.deployment_operations ?? []).length > 0);
});

test('all nodes have one clock, and the same faults', { skip: withoutPostgres }, async (t) => {
  const machines = new Machines(command, 2);
  t.teardown(() => machines.remove());
  const template = join(t.testdir({ 'group.json': JSON.stringify(seeded) }), 'group.json');
  await machines.start(['--seed', template]);
  const { all } = machines;
  const seedGroup = `/subscriptions/${defaultSubscriptionId}/resourceGroups/seed?api-version=2021-04-01`;
  const groups = all.map(async (machine) => (await bodyOf(machine, seedGroup)).name);
  t.strictSame(await Promise.all(groups), ['seed', 'seed'], 'the seed is there when they are ready');

  const [first, second] = all as [Machine, Machine];
  const post = (machine: Machine, path: string, body: armKit.Json) =>
    sendAgain(machine, { method: 'POST', path, body: bytesOf(body) });
  const clocks = () => Promise.all(all.map(async (one) => (await bodyOf(one, '/_lazurite/clock')).advancedSeconds));
  await Promise.all(all.map((machine) => post(machine, '/_lazurite/clock', { advanceSeconds: 100 })));
  const [advanced] = await clocks();
  t.ok(Number(advanced) >= 200);
  t.strictSame(await clocks(), [advanced, advanced]);
  for (const [index, machine] of all.entries()) {
    const fault = { kind: 'api', method: 'GET', path: `**/${index}`, status: 418 };
    t.equal((await post(machine, '/_lazurite/faults', fault)).status, 201);
  }
  const hits = () =>
    Promise.all(
      [0, 1].flatMap((index) =>
        all.map(
          async (machine) => (await sendAgain(machine, { method: 'GET', path: `${armKit.group}/${index}` })).status,
        ),
      ),
    );
  t.strictSame(await hits(), [418, 418, 418, 418]);

  await (await machines.writer())?.signal('SIGKILL');
  const other = all.find(({ isRunning }) => isRunning) as Machine;
  await untilTrue(async () => (await machines.writer()) === other);
  t.equal(
    (await sendAgain(other, { method: 'GET', path: `${armKit.group}/1` })).status,
    418,
    'the next node that writes',
  );
  t.equal((await bodyOf(other, '/_lazurite/clock')).advancedSeconds, advanced);
  await [first, second].find(({ isRunning }) => !isRunning)?.start(machines.postgres.url, ['--seed', template]);
  t.strictSame(await clocks(), [advanced, advanced]);
  t.strictSame(await hits(), [418, 418, 418, 418]);
  t.equal((await sendAgain(first, { method: 'DELETE', path: '/_lazurite/faults' })).status, 204);
  t.notOk((await hits()).includes(418));
});

const withOneAddress = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources: [
    {
      ...{ type: 'Microsoft.Network/publicIPAddresses', apiVersion: '2024-05-01', name: 'ip', location: 'westeurope' },
      ...{ sku: { name: 'Standard' }, properties: { publicIPAllocationMethod: 'Static' } },
    },
  ],
};

const seeded = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources: [],
};

/** Why an emulator does not start. */
async function refusalOf(t: Test, ...argv: string[]): Promise<string> {
  const config = parseConfig(['--in-memory', '--port', '0', '--engine', 'none', ...argv], {});
  const started = await Emulator.start(config, { log: silentLog }).catch((error: Error) => error);
  if (started instanceof Error) return started.message;
  t.teardown(() => started.close());
  return '';
}

test('a node says why it does not start', { skip: withoutPostgres }, async (t) => {
  const postgres = new Postgres();
  t.teardown(() => postgres.remove());
  const { url } = postgres;
  t.match(
    await refusalOf(t, '--store', url),
    /the database of --store cannot be reached .* is PostgreSQL running there/,
  );
  const stranger = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  stranger.listen(0, '127.0.0.1');
  await nextEvent(stranger, 'listening');
  const { port } = stranger.address() as AddressInfo;
  t.match(await refusalOf(t, '--store', `postgresql://u@127.0.0.1:${port}/db`), /is it PostgreSQL that answers there/);
  stranger.close();
  await postgres.start();
  await postgres.query('CREATE ROLE guest LOGIN');
  t.match(await refusalOf(t, '--store', url.replace('lazurite@', 'guest@')), /lacks a right .*permission denied/);
  t.match(await refusalOf(t, '--store', url.replace('lazurite@', 'nobody@')), /refuses this user .*"nobody"/);
  t.match(await refusalOf(t, '--store', url.replace('/postgres', '/none')), /"none" does not exist: make the database/);
  t.match(await refusalOf(t, '--store', url, '--seed', 'file'), /--seed file cannot be read/);
  t.equal(await refusalOf(t, '--store', url), '');
  t.match(await refusalOf(t, '--store', url, '--time-scale', '2'), /configured otherwise than the store/);
  t.match(await refusalOf(t, '--store', url, '--tls-name', 'lb.example.net'), /CA of the store is not good/);
  await postgres.query("DELETE FROM lazurite.keys WHERE name = 'ca-key.pem'");
  t.match(await refusalOf(t, '--store', url), /the store has no key 'ca-key.pem'/);
  t.throws(() => parseConfig(['--store', 'mysql://x'], {}), { message: '--store must begin with postgresql://' });
});
