/** Nodes with the kernel engine: when one comes or goes, flows that it may have carried go on at the others. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import * as armKit from '../api/arm/resources/arm-client.js';
import { isInNamespace } from '../data-plane/nftables/in-namespace.js';
import { Place } from '../data-plane/nftables/place.js';
import { Postgres, withoutPostgres } from '../postgres.js';
import { untilTrue } from '../turns.js';
import { Machine } from './machines.js';

const command = [...process.execArgv, fileURLToPath(new URL('../../src/main.js', import.meta.url))];
const database = 'LAZURITE_TEST_DATABASE';

const pools = ['pool', 'other'] as const;
const addresses = [...pools, 'out'] as const;

/** Two frontends that share one member and port, each through a pool of its own; what the member opens leaves by a third. */
const balancer = armKit.loadBalancer({
  frontendIPConfigurations: addresses.map((name) => armKit.publicFrontend(name, name)),
  backendAddressPools: pools.map((name) => ({
    name,
    properties: {
      loadBalancerBackendAddresses: [
        {
          name: 'member',
          properties: {
            ipAddress: '10.0.0.4',
            virtualNetwork: { id: `${armKit.network}/virtualNetworks/vnet` },
          },
        },
      ],
    },
  })),
  probes: [],
  loadBalancingRules: pools.map((name) =>
    armKit.rule(name, {
      frontendIPConfiguration: { id: armKit.childId('frontendIPConfigurations', name) },
      backendAddressPool: { id: armKit.childId('backendAddressPools', name) },
      probe: undefined,
      disableOutboundSnat: true,
    }),
  ),
  outboundRules: [
    {
      name: 'out',
      properties: {
        protocol: 'Tcp',
        allocatedOutboundPorts: 8,
        frontendIPConfigurations: [{ id: armKit.childId('frontendIPConfigurations', 'out') }],
        backendAddressPool: { id: armKit.childId('backendAddressPools', 'pool') },
      },
    },
  ],
});

async function send(machine: Machine, path: string, of: { method: string; body?: armKit.Json }): Promise<armKit.Json> {
  const { method, body } = of;
  const sent = { method, path, ...(body && { body: Buffer.from(JSON.stringify(body)) }) };
  const { status, text } = await machine.send(sent).catch((error: Error) => {
    throw new Error(`${method} ${path}: ${error.message}; the node said: ${machine.lines.join(' | ')}`);
  });
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  return JSON.parse(text || '{}') as armKit.Json;
}

async function make(machine: Machine): Promise<void> {
  const put = (path: string, body: armKit.Json, version = armKit.newestApiVersion) =>
    send(machine, `${path}?api-version=${version}`, { method: 'PUT', body });
  await put(armKit.group, { location: 'westeurope' }, '2021-04-01');
  await put(`${armKit.network}/virtualNetworks/vnet`, armKit.virtualNetwork());
  for (const name of addresses) await put(armKit.publicIPAddressId(name), armKit.publicIPAddress());
  await put(armKit.balancerId, balancer);
}

/** The second one is in a network of its own, if `entering` says which. */
function twoMachines(t: Test, entering: readonly string[] = []): [Machine, Machine] {
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-machines-'));
  const machines: [Machine, Machine] = [new Machine(command, folder, 1), new Machine(command, folder, 2, entering)];
  t.teardown(async () => {
    for (const machine of machines) machine.pause('SIGCONT');
    await Promise.all(machines.map((machine) => machine.signal('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  });
  return machines;
}

/** What the engine has in the kernel of one network. */
interface Tables {
  readonly forwards: boolean;
  readonly runsOutbound: boolean;
}

async function namespaceTests(url: string): Promise<void> {
  t.test('Flows go on for an idle timeout after a node has begun, another one has come, and it has died', async (t) => {
    const [forwards, other] = twoMachines(t);
    await forwards.start(url, ['--engine', 'nftables']);
    await make(forwards);
    const { value } = await send(forwards, '/_lazurite/frontends', { method: 'GET' });
    const [first, second] = value as (armKit.Json & { azureAddress: string })[];
    t.match(first, { state: 'Bound' });
    t.match(second, { state: 'Unbound', reason: /those of 127\.0\.0\.4:8080 belong to .* start with --symmetric/ });
    const question = `proto=tcp&from=127.0.0.9:4000&to=${first?.azureAddress}:80`;
    const unknownFlow = async (): Promise<string> =>
      String((await send(forwards, `/_lazurite/explain?${question}`, { method: 'GET' })).unknownFlow);
    const goesOn = async (): Promise<boolean> => /goes to this backend too/.test(await unknownFlow());
    // A node that is slow on a loaded machine may go and come meanwhile.
    const pass = (): Promise<void> =>
      untilTrue(async () => {
        await send(forwards, '/_lazurite/clock', { method: 'POST', body: { advanceSeconds: 300 } });
        return /is dropped: no node has come or gone within the idle timeout/.test(await unknownFlow());
      });
    t.ok(await goesOn(), 'it has begun: flows of the one before go on');
    await pass();
    await other.start(url);
    await untilTrue(goesOn);
    await pass();
    await other.signal('SIGKILL');
    await untilTrue(goesOn);
    await pass();
    await t.rejects(other.start(url, ['--adopt', 'always']), /did not start/);
    await untilTrue(() => /configured otherwise than the store.*"adopt":"always"/.test(other.lines.join()));
  });

  t.test(
    'Outbound rules run on the node that writes: another one begins when it has ended or stands still',
    async (t) => {
      const place = await Place.start();
      t.teardown(() => place.end());
      const [first, second] = twoMachines(t, place.entering);
      const list = 'nft list table ip lazurite 2>/dev/null || true';
      const tablesOf = (listing: string): Tables => ({
        forwards: /chain front_/.test(listing),
        runsOutbound: /hook postrouting[^}]*vmap @outbound_of/.test(listing),
      });
      const ofFirst = (): Tables => tablesOf(execFileSync('sh', ['-c', list], { encoding: 'utf8' }));
      const ofSecond = (): Tables => tablesOf(place.run(list));
      const outbound = async (): Promise<unknown> =>
        (await send(first, '/_lazurite/outbound', { method: 'GET' })).value;
      const elsewhere = { forwards: true, runsOutbound: false };
      const here = { forwards: true, runsOutbound: true };

      await first.start(url, ['--engine', 'nftables']);
      await make(first);
      t.match(await outbound(), [{ transport: 'tcp', state: 'CarriedOut', reason: null }]);
      t.strictSame(ofFirst(), here);
      await second.start(url, ['--engine', 'nftables']);
      await untilTrue(() => ofSecond().forwards);
      t.strictSame(ofSecond(), elsewhere, 'what follows balances load and runs no outbound rule');

      await first.signal('SIGKILL');
      await untilTrue(() => ofSecond().runsOutbound);
      await first.start(url, ['--engine', 'nftables']);
      await untilTrue(() => ofFirst().forwards);
      t.strictSame(ofFirst(), elsewhere);
      t.match(await outbound(), [{ state: 'Ignored', reason: /run on one node at a time.* GET \/_lazurite\/nodes/ }]);

      second.pause('SIGSTOP');
      await untilTrue(() => ofFirst().runsOutbound);
      t.match(await outbound(), [{ state: 'CarriedOut' }]);
      second.pause('SIGCONT');
      await untilTrue(() => !ofSecond().runsOutbound);
      t.strictSame([ofFirst(), ofSecond()], [here, elsewhere], 'one that went on after a pause has given them up');

      await first.signal('SIGTERM');
      await untilTrue(() => ofSecond().runsOutbound);
    },
  );
}

if (withoutPostgres) t.pass('skipped', { skip: withoutPostgres });
else {
  let postgres: Postgres | undefined;
  if (process.env[database] === undefined) {
    postgres = new Postgres();
    t.teardown(() => postgres?.remove());
    await postgres.start();
    // The server runs outside of the namespace, where its user is known.
    process.env[database] = postgres.url;
  }
  if (isInNamespace(t, import.meta.url)) await namespaceTests(process.env[database] ?? '');
}
