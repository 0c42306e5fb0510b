/** Clients that people have, unchanged, against a balancer that gives each of their requests to another of three nodes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NetworkManagementClient } from 'arm-network-36';
import { type Test, test } from 'tap';
import { AzureCli, azPath } from '../az/azure-cli.js';
import { balancerCommands } from '../az/balancer-commands.js';
import { withoutPostgres } from '../postgres.js';
import { apiJourney, connectionAt } from '../sdk/journey.js';
import { untilTrue } from '../turns.js';
import { Machines } from './machines.js';
import { RoundRobin } from './round-robin.js';

const command = [...process.execArgv, fileURLToPath(new URL('../../src/main.js', import.meta.url))];
const az = azPath();
const everything = process.env.LAZURITE_TEST_ALL === '1';
// az is Python: its commands take long on a busy machine.
const timeout = 1_800_000;

/** Three nodes behind a balancer: its URL, and the file of the CA that it is trusted by. */
async function stage(t: Test) {
  const machines = new Machines(command);
  t.teardown(() => machines.remove());
  await machines.start(['--public-ip-pool', '127.250.206.0/24']);
  await untilTrue(async () => (await machines.writer()) !== undefined);
  const [first] = machines.all;
  const file = (name: string): string => join(first?.data ?? '', name);
  const [cert = '', key = '', ca = ''] = ['server.pem', 'server-key.pem', 'ca.pem'].map((name) =>
    readFileSync(file(name), 'utf8'),
  );
  const ports = machines.all.map(({ port }) => port);
  const balanced = new RoundRobin(ports, { cert, key, ca });
  t.teardown(() => balanced.close());
  return { url: `https://localhost:${await balanced.listen()}`, ca, caFile: file('ca.pem') };
}

test("Microsoft's JavaScript SDK makes, changes and deletes all of it at three nodes as at one", {
  skip: withoutPostgres,
  timeout,
}, async (t) => {
  const { url, ca } = await stage(t);
  // A writer that stood still on a loaded machine is replaced meanwhile: the SDK asks again, as it does of Azure.
  const connection = connectionAt(url, { ca, maxRetries: 5 });
  const { credential, subscriptionId, options } = connection;
  await apiJourney(t, { connection, network: new NetworkManagementClient(credential, subscriptionId, options) });
});

test("az's commands of load balancing answer at three nodes as at one", {
  skip: withoutPostgres || (az || everything ? false : 'az is not installed'),
  timeout,
}, async (t) => {
  if (!az) return t.fail('az is not installed');
  const { url, caFile } = await stage(t);
  const cli = await AzureCli.start(t, az);
  cli.setEnvironment({ REQUESTS_CA_BUNDLE: caFile });
  const signIn = [
    `az cloud register -n Lazurite --endpoint-resource-manager ${url}`,
    'az cloud set -n Lazurite',
    'az login --service-principal -u 22222222-2222-2222-2222-222222222222 -p lazurite --tenant 11111111-1111-1111-1111-111111111111',
  ];
  const { code, stderr } = await cli.shell(signIn.join('\n'));
  t.equal(code, 0, stderr);
  await balancerCommands(t, cli);
});
