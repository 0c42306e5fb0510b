/** Deployments that take time: polled, cancelled, interrupted; and what of them is never kept. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { until } from '../../../turns.js';
import { ArmClient, at, balancerId, type Json, refusal } from '../resources/arm-client.js';
import {
  balancer,
  deploy,
  deployment,
  deployments,
  names,
  nestedDeployment,
  publicIp,
  template,
} from './deployment-client.js';

const delayMs = 1000;
const delayed = ['--operation-delay', String(delayMs)];
const chain = deployment(template({ resources: [publicIp('first'), publicIp('second', { dependsOn: ['first'] })] }));

/** Lets Azure time pass until `poll` says that the deployment is no longer going on. */
const advanceToEnd = (azure: ArmClient, poll: () => Promise<Json>): Promise<Json> =>
  until('the end of a deployment', async () => {
    const body = await poll();
    if (body.status !== 'Accepted' && body.status !== 'Running') return body;
    await azure.emulator.advance(delayMs);
    return undefined;
  });

t.test('A deployment waits for the operation of each resource before it begins the next', async (t) => {
  const azure = await ArmClient.start(t, { argv: delayed });
  await azure.makeGroup();
  const accepted = await azure.put(`${deployments}/d1`, chain);
  const poll = await azure.poll(accepted);
  t.equal(poll.headers['retry-after'], '1');
  t.match(poll.body, { status: 'Running' });
  t.same(await names(azure, 'publicIPAddresses'), ['first']);
  t.match(
    refusal(await azure.put(`${deployments}/d1`, chain)),
    /^409 DeploymentActive: Unable to edit or replace deployment 'd1'/,
  );
  t.match(refusal(await azure.delete(`${deployments}/d1`)), /^409 DeploymentActive/);
  t.same(await advanceToEnd(azure, async () => (await azure.poll(accepted)).body), { status: 'Succeeded' });
  t.same(await names(azure, 'publicIPAddresses'), ['first', 'second']);
  t.equal((await azure.put(`${deployments}/d1`, chain)).status, 200);
});

t.test('Children of one balancer that are deployed at the same time wait for each other', async (t) => {
  const azure = await ArmClient.start(t, { argv: delayed });
  await azure.makeGroup();
  const pool = (name: string) => ({
    type: 'Microsoft.Network/loadBalancers/backendAddressPools',
    apiVersion: '2023-09-01',
    name: `lb/${name}`,
    dependsOn: ['lb'],
    properties: {},
  });
  const balanced = template({ resources: [publicIp('ip'), balancer('lb'), pool('second'), pool('third')] });
  const accepted = await azure.put(`${deployments}/d1`, deployment(balanced));
  t.same(await advanceToEnd(azure, async () => (await azure.poll(accepted)).body), { status: 'Succeeded' });
  const { body } = await azure.get(`${balancerId}/backendAddressPools`);
  t.match(body, { value: [{ name: 'pool' }, { name: 'second' }, { name: 'third' }] });
});

t.test('A cancelled deployment starts nothing further', async (t) => {
  const azure = await ArmClient.start(t, { argv: delayed });
  await azure.makeGroup();
  const accepted = await azure.put(`${deployments}/d1`, chain);
  t.equal((await azure.post(`${deployments}/d1/cancel`)).status, 204);
  t.match(await advanceToEnd(azure, async () => (await azure.poll(accepted)).body), { status: 'Canceled' });
  t.same(await names(azure, 'publicIPAddresses'), ['first']);
  t.match((await azure.get(`${deployments}/d1`)).body, { properties: { provisioningState: 'Canceled' } });
  t.match(refusal(await azure.post(`${deployments}/d1/cancel`)), /^409 DeploymentCannotBeCancelled/);
});

t.test('Deployments survive a restart; one that was running has failed and says why', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const argv = ['--data', folder];
  const before = await ArmClient.start(t, { argv });
  await before.makeGroup();
  const done = await deploy(before, `${deployments}/done`, deployment(template({ resources: [publicIp('ip')] })));
  await before.close();
  const delaying = await ArmClient.start(t, { argv: [...argv, ...delayed] });
  const accepted = await delaying.put(`${deployments}/running`, chain);
  await delaying.close();
  const after = await ArmClient.start(t, { argv });
  t.same((await after.get(`${deployments}/done`, { apiVersion: '2022-09-01' })).body, done);
  const { body } = await after.get(`${deployments}/running`);
  t.match(body, {
    properties: {
      provisioningState: 'Failed',
      error: { code: 'DeploymentInterrupted', message: /was running when Lazurite was stopped/ },
    },
  });
  const { pathname } = new URL(accepted.headers['azure-asyncoperation'] as string);
  t.match((await after.get(pathname)).body, { status: 'Failed', error: at(body, 'properties.error') });
  t.equal((await after.put(`${deployments}/running`, chain)).status, 200, 'it can be deployed again');
});

t.test('A deployment that was cancelled is so after a restart too', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const argv = ['--data', folder];
  const before = await ArmClient.start(t, { argv: [...argv, ...delayed] });
  await before.makeGroup();
  const accepted = await before.put(`${deployments}/d1`, chain);
  t.equal((await before.post(`${deployments}/d1/cancel`)).status, 204);
  t.same((await before.poll(accepted)).body, { status: 'Running' }, 'what has begun is brought to its end');
  await before.close();
  const after = await ArmClient.start(t, { argv });
  const { body } = await after.get(`${deployments}/d1`);
  t.match(body, { properties: { provisioningState: 'Canceled', error: { code: 'DeploymentCanceled' } } });
  const { pathname } = new URL(accepted.headers['azure-asyncoperation'] as string);
  t.match((await after.get(pathname)).body, { status: 'Canceled', error: at(body, 'properties.error') });
});

t.test(
  'What runs inside a cancelled deployment is cancelled after a restart too, what runs beside it has failed',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'lazurite-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const argv = ['--data', folder];
    const before = await ArmClient.start(t, { argv: [...argv, ...delayed] });
    await before.makeGroup();
    for (const name of ['cancelled', 'other']) {
      const resources = [publicIp(`${name}First`), publicIp(`${name}Second`, { dependsOn: [`${name}First`] })];
      await before.put(
        `${deployments}/${name}`,
        deployment(template({ resources: [nestedDeployment(`${name}Inside`, { resources })] })),
      );
    }
    t.equal((await before.post(`${deployments}/cancelled/cancel`)).status, 204);
    t.match((await before.get(`${deployments}/cancelledInside`)).body, {
      properties: { provisioningState: 'Running' },
    });
    await before.close();
    const after = await ArmClient.start(t, { argv });
    const end = async (name: string) => at((await after.get(`${deployments}/${name}`)).body, 'properties.error.code');
    for (const name of ['cancelled', 'cancelledInside']) t.equal(await end(name), 'DeploymentCanceled', name);
    for (const name of ['other', 'otherInside']) t.equal(await end(name), 'DeploymentInterrupted', name);
  },
);

t.test('A reset forgets deployments, and ends one that is running', async (t) => {
  const azure = await ArmClient.start(t, { argv: delayed });
  await azure.makeGroup();
  await azure.put(`${deployments}/d1`, chain);
  t.equal((await azure.post('/_lazurite/reset')).status < 300, true);
  await azure.makeGroup();
  t.same((await azure.get(deployments)).body, { value: [] });
  await azure.emulator.advance(10 * delayMs);
  t.same(await names(azure, 'publicIPAddresses'), [], 'what would have come next does not');
});

t.test('Secure values are neither shown nor written to disk', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const azure = await ArmClient.start(t, { argv: ['--data', folder] });
  await azure.makeGroup();
  const [given, byDefault] = ['GivenSecretValue1', 'DefaultSecretValue1'];
  const virtualMachine = {
    type: 'Microsoft.Compute/virtualMachines',
    apiVersion: '2023-09-01',
    name: 'vm',
    location: 'westeurope',
    properties: { osProfile: { adminUsername: 'me', adminPassword: "[parameters('password')]" } },
  };
  const databaseServer = {
    type: 'Microsoft.Sql/servers',
    apiVersion: '2021-11-01',
    name: 'sql',
    location: 'westeurope',
    properties: { administratorLogin: 'me', administratorLoginPassword: "[parameters('password')]" },
  };
  const source = template({
    parameters: {
      password: { type: 'securestring' },
      other: { type: 'secureObject', defaultValue: { key: byDefault } },
    },
    resources: [virtualMachine, databaseServer],
    outputs: { password: { type: 'securestring', value: "[parameters('password')]" } },
  });
  const body = deployment(source, { parameters: { password: given } });
  const answers = [
    await azure.post(`${deployments}/d1/whatIf`, body),
    await azure.post(`${deployments}/d1/validate`, body),
    await azure.put(`${deployments}/d1`, body),
    await azure.get(`${deployments}/d1`),
    await azure.post(`${deployments}/d1/exportTemplate`),
    await azure.get(`${deployments}/d1/operations`),
    await azure.post(`${deployments}/d1/whatIf`, body),
    await azure.get(`${deployments.replace('Resources/deployments', 'Compute/virtualMachines')}/vm`),
    await azure.get(`${deployments.replace('Resources/deployments', 'Sql/servers')}/sql`),
  ];
  for (const { status, text } of answers) {
    t.ok(status < 300, text);
    t.notOk(text.includes(given) || text.includes(byDefault), text);
  }
  t.match(answers[3]?.body, {
    properties: { parameters: { password: { type: 'SecureString' } }, outputs: { password: { type: 'SecureString' } } },
  });
  await azure.close();
  for (const file of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, file));
    t.notOk(bytes.includes(given) || bytes.includes(byDefault), file);
  }
});
