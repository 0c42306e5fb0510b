/** The admin API's twins on the command line, against a running emulator; and what `--seed` brings. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { readSeconds } from '../../../src/cli/control-commands.js';
import { parseConfig } from '../../../src/config/config.js';
import { Emulator } from '../../../src/emulator.js';
import { createLog, silentLog } from '../../../src/support/log.js';
import { runLazurite } from '../../cli/harness.js';
import { openStream } from '../../data-plane/network.js';
import { Cloud, idOf } from '../../emulator/cloud.js';
import { loadBalancer } from '../../emulator/load-balancer.js';

const port = 7301;
const hosts = [30, 31];

const seeded = async (t: Test, argv: readonly string[], log = silentLog): Promise<Emulator> => {
  const emulator = await Emulator.start(parseConfig(['--port', '0', ...argv], {}), { log });
  t.teardown(() => emulator.close());
  return emulator;
};

test('commands that ask a running emulator', async (t) => {
  const argv = ['--in-memory', '--public-ip-pool', '127.240.121.0/24'];
  const cloud = await Cloud.start(t, { network: 240, argv });
  const run = (...words: string[]) => runLazurite([...words, '--url', cloud.emulator.url]);
  const ip = await cloud.prepare();
  for (const host of hosts) await cloud.machine(t, host, port);
  const rules = [{ name: 'web', frontendPort: 5000, backendPort: port, loadDistribution: 'SourceIP' }];
  await cloud.put(
    'loadBalancers/lb',
    loadBalancer({ rules, probePort: port, addresses: hosts.map(cloud.azureAddress) }),
  );
  await cloud.membersUp(...hosts);

  await t.test('explain prints the flow, the rule, the hash, and every member', async (t) => {
    const { exitCode, out } = await run('explain', '--from', '10.240.9.9:1234', '--to', `${ip}:5000`);
    t.equal(exitCode, 0);
    t.match(out, `flow          tcp 127.240.9.9:1234 → ${ip}:5000`);
    t.match(out, 'rule          lb/loadBalancingRules/web');
    t.match(out, `distribution  SourceIP (127.240.9.9, ${ip})`);
    t.match(out, /hash {10}\d+ → slot \d+/);
    t.match(out, /backend {7}10\.240\.0\.3[01] at 127\.240\.0\.3[01]:7301/);
    t.match(out, /10\.240\.0\.30 {2}yes {7}Up_Probe_Success/);
    t.match(out, /chosen/);
  });

  await t.test('explain says why there is no backend, and ends with 1', async (t) => {
    const { exitCode, out } = await run('explain', '--proto', 'udp', '--from', '127.0.0.1:1', '--to', `${ip}:5000`);
    t.equal(exitCode, 1);
    t.match(out, /no backend {4}No rule answers on udp/);
    await t.rejects(run('explain', '--to', `${ip}:80`), { name: 'UsageError', message: /--from IP:PORT/ });
    await t.rejects(run('explain', '--from', 'x', '--to', `${ip}:80`), { message: /'from' must be IP:PORT/ });
    await t.rejects(run('explain', '--nonsense'), { name: 'UsageError', message: /--nonsense/ });
  });

  await t.test('backends and flows print tables, or JSON', async (t) => {
    t.match(await run('backends'), { out: /lb\/loadBalancingRules\/web {2}10\.240\.0\.30 .* Up +Up_Probe_Success/ });
    t.match(await run('flows'), { out: 'There are no flows.' });
    const stream = await openStream(await cloud.place(ip, 5000), { from: '127.240.9.9' });
    t.match(await run('flows'), { out: /tcp +127\.240\.9\.9:\d+ +127\.240\.121\.\d+:5000 +10\.240\.0\.3[01]/ });
    const { out } = await run('flows', '--json');
    t.match(JSON.parse(out), { value: [{ transport: 'tcp' }] });
    stream.socket.destroy();
  });

  await t.test('clock prints the time and moves it', async (t) => {
    t.match(await run('clock'), { out: /^\d{4}-.*Z \(time scale 1, moved forward by 0 s so far\)$/ });
    t.match(await run('clock', '1m30s'), { out: /moved forward by 90 s so far/ });
    await t.rejects(run('clock', 'soon'), { name: 'UsageError', message: /not 'soon'/ });
    await t.rejects(run('clock', '1', '2'), { name: 'UsageError' });
    t.strictSame(['90', '4m', '1h30m', '2d'].map(readSeconds), [90, 240, 5400, 172_800]);
  });

  await t.test('requests shows the journal, filtered, and clears it', async (t) => {
    await cloud.send('GET', `${idOf('loadBalancers/gone')}?api-version=2024-05-01`);
    const { out } = await run('requests', '--status', '4xx', '--method', 'GET', '--path', '**/loadBalancers/*');
    t.match(out, /GET +\S+loadBalancers\/gone +2024-05-01 +404 +ResourceNotFound/);
    t.match(await run('requests', 'clear'), { out: 'the journal is empty' });
    t.match(await run('requests'), { out: 'No calls match.' });
    await t.rejects(run('requests', 'burn'), { name: 'UsageError' });
    await t.rejects(run('requests', '--status', 'x'), { message: /'status' must be/ });
  });

  await t.test('faults adds, lists and ends', async (t) => {
    t.match(await run('faults'), { out: 'There are no faults: all goes well.' });
    const added = await run('faults', 'add', 'api', '--status', '429', '--path', '/subscriptions', '--next', '2');
    t.match(added.out, /^fault-1 is in force: api path=\/subscriptions status=429 effect=answer next=2/);
    t.equal((await cloud.send('GET', '/subscriptions?api-version=2021-01-01')).status, 429);
    t.match(await run('faults'), { out: /fault-1 +api +path=\/subscriptions status=429 effect=answer next=1/ });
    t.match(await run('faults', 'end', 'fault-1'), { out: 'fault-1 has ended' });
    await t.rejects(run('faults', 'end', 'fault-1'), { message: /There is no fault 'fault-1'/ });
    t.match(await run('faults', 'end', 'all'), { out: 'all faults have ended' });
    await t.rejects(run('faults', 'add', 'weather'), { name: 'UsageError' });
    await t.rejects(run('faults', 'stop'), { name: 'UsageError' });
  });

  await t.test('snapshot saves to a file and loads from it; --seed starts with it', async (t) => {
    const folder = t.testdir();
    const file = join(folder, 'cloud.json');
    t.match(await run('snapshot', 'save', file), { out: /^\d resources saved to / });
    t.equal(statSync(file).mode & 0o777, 0o600, 'which only its owner may read');
    chmodSync(file, 0o644);
    await run('snapshot', 'save', file);
    t.equal(statSync(file).mode & 0o777, 0o600);
    t.match(await run('reset'), { out: /is as new/ });
    t.match(await run('snapshot', 'load', file), { out: /^\d resources restored from / });
    t.equal((await cloud.frontends()).length, 1);
    await t.rejects(run('snapshot', 'load', join(folder, 'missing.json')), { name: 'UsageError' });
    await t.rejects(run('snapshot', 'burn'), { name: 'UsageError' });

    const inMemory = ['--in-memory', '--engine', 'none', '--seed', file];
    const frontends = async (emulator: Emulator) =>
      (await emulator.server.app.inject({ url: '/_lazurite/frontends' })).json() as { value: unknown[] };
    t.match(await frontends(await seeded(t, inMemory)), { value: [{ azureAddress: ip, port: 5000 }] });

    const lines: string[] = [];
    const data = join(folder, 'data');
    const withData = ['--data', data, '--engine', 'none', '--seed', file];
    const first = await Emulator.start(parseConfig(['--port', '0', ...withData], {}), { log: silentLog });
    await first.server.app.inject({ method: 'POST', url: '/_lazurite/reset' });
    await first.server.app.inject({
      method: 'PUT',
      url: `${idOf('x').split('/providers')[0]}?api-version=2021-04-01`,
      payload: '{"location":"westeurope"}',
    });
    await first.close();
    const log = createLog((line) => lines.push(line));
    const second = await seeded(t, withData, log);
    t.strictSame(await frontends(second), { value: [] }, 'what the data folder keeps is not replaced');
    t.match(lines.join(''), 'the snapshot was not applied');

    const older = { ...JSON.parse(readFileSync(file, 'utf8')), schemaVersion: 0 };
    writeFileSync(file, JSON.stringify(older));
    await t.rejects(Emulator.start(parseConfig(['--port', '0', ...inMemory], {}), { log: silentLog }), {
      name: 'UsageError',
      message: /taken with schema 0/,
    });
  });
});

test('--seed deploys an ARM template into the resource group seed', async (t) => {
  const template = `{
    // Templates may have comments.
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [{
      "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "vnet",
      "location": "[resourceGroup().location]",
      "properties": { "addressSpace": { "addressPrefixes": ["10.240.0.0/16"] } }
    }]
  }`;
  const folder = t.testdir({
    'good.json': template,
    'bad.json': template.replace('10.240.0.0/16', 'x'),
    'no.json': '7',
    'no.bicep': 'param location string',
  });
  const argv = (file: string) => ['--in-memory', '--engine', 'none', '--seed', join(folder, file)];
  const emulator = await seeded(t, argv('good.json'));
  const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/seed';
  const url = `${group}/providers/Microsoft.Network/virtualNetworks/vnet?api-version=2024-05-01`;
  t.match((await emulator.server.app.inject({ url })).json(), { name: 'vnet', location: 'westeurope' });

  for (const [file, message] of [
    ['bad.json', /--seed .*bad.json: /],
    ['no.json', /neither a snapshot of Lazurite's nor an ARM template/],
    ['no.bicep', /is no JSON; .az bicep build. compiles it/],
    ['missing.json', /--seed .*missing.json cannot be read/],
  ] as const) {
    const start = Emulator.start(parseConfig(['--port', '0', ...argv(file)], {}), { log: silentLog });
    await t.rejects(start, { name: 'UsageError', message }, file);
  }
});
