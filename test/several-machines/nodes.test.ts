import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { parseConfig } from '../../src/config/config.js';
import { Emulator } from '../../src/emulator.js';
import { silentLog } from '../../src/support/log.js';
import {
  group,
  internalFrontend,
  type Json,
  network,
  probe,
  rule,
  virtualNetwork,
} from '../api/arm/resources/arm-client.js';
import { Postgres, withoutPostgres } from '../postgres.js';
import { type Machine, Machines } from './machines.js';

const command = [...process.execArgv, fileURLToPath(new URL('../../src/main.js', import.meta.url))];

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const versioned = (path: string): string => `${path}?api-version=${path === group ? '2021-04-01' : '2024-05-01'}`;

/** Through this node; again while no node writes, or what it refers to is not done. */
async function put(machine: Machine, path: string, body: Json): Promise<number> {
  for (;;) {
    const { status, text } = await machine.send({
      ...{ method: 'PUT', path: versioned(path), body: Buffer.from(JSON.stringify(body)) },
    });
    if (status !== 503 && status !== 429) {
      if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
      return status;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function bodyOf(machine: Machine, path: string): Promise<Json> {
  const { status, text } = await machine.send({ method: 'GET', path });
  return status === 200 ? (JSON.parse(text) as Json) : {};
}

test('every node follows what is written through any, and a new writer goes on with what was running', {
  skip: withoutPostgres,
}, async (t) => {
  const machines = new Machines(command, 2);
  t.teardown(() => machines.remove());
  await machines.start(['--operation-delay', '2000']);
  const [first, second] = machines.all as [Machine, Machine];
  await put(first, group, { location: 'westeurope' });
  await put(second, `${network}/virtualNetworks/vnet`, virtualNetwork());
  const balancer = {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [internalFrontend()],
      backendAddressPools: [{ name: 'pool' }],
      probes: [probe()],
      loadBalancingRules: [rule()],
    },
  };
  await put(first, `${network}/loadBalancers/lb`, balancer);
  for (const machine of machines.all) {
    await until(async () => ((await bodyOf(machine, '/_lazurite/frontends')).value as Json[]).length === 1);
  }
  t.pass('the data plane of both carries it');

  const writer = await machines.writer();
  const other = machines.all.find((machine) => machine !== writer) as Machine;
  await writer?.signal('SIGKILL');
  const shown = async () =>
    (await bodyOf(other, versioned(`${network}/loadBalancers/lb`))).properties as Json | undefined;
  await until(async () => (await shown())?.provisioningState === 'Succeeded');
  t.equal((await machines.writer())?.number, other.number);

  await writer?.start(machines.postgres.url, ['--operation-delay', '2000']);
  const clock = await other.send({
    method: 'POST',
    path: '/_lazurite/clock',
    body: Buffer.from('{"advanceSeconds":1}'),
  });
  t.equal(clock.status, 400);
  t.equal((await other.send({ method: 'POST', path: '/_lazurite/reset' })).status, 204);
  for (const machine of machines.all) {
    await until(async () => ((await bodyOf(machine, '/_lazurite/frontends')).value as Json[]).length === 0);
  }
});

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
  t.match(await refusalOf(t, '--store', url), /the database of --store cannot be reached/);
  await postgres.start();
  t.match(await refusalOf(t, '--store', url, '--seed', 'file'), /--seed cannot be used with --store/);
  t.equal(await refusalOf(t, '--store', url), '');
  t.match(await refusalOf(t, '--store', url, '--time-scale', '2'), /configured otherwise than the store/);
  t.match(await refusalOf(t, '--store', url, '--tls-name', 'lb.example.net'), /CA of the store is not good/);
  await postgres.query("DELETE FROM lazurite.keys WHERE name = 'ca-key.pem'");
  t.match(await refusalOf(t, '--store', url), /the store has no key 'ca-key.pem'/);
  t.throws(() => parseConfig(['--store', 'mysql://x'], {}), { message: '--store must begin with postgresql://' });
});
