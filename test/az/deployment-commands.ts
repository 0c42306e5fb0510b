/** Templates through az: deployed, looked at, and compared with what is there. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { defaultSubscriptionId } from '../../src/config/config-values.js';
import type { AzureCli } from './azure-cli.js';
import { type Change, type Quickstart, quickstarts, unexpectedChanges } from './quickstarts.js';

const group = 'templates';

interface Deployed {
  readonly properties: {
    readonly provisioningState: string;
    readonly outputs: Readonly<Record<string, { value: unknown }>>;
  };
}

interface Outcome {
  readonly deployed: Deployed;
  readonly changes: readonly Change[];
}

async function deploy(cli: AzureCli, { name, file }: Quickstart): Promise<Outcome> {
  const where = `-g ${group} -n ${name} -f '${file}'`;
  const deployed = (await cli.json(`deployment group create ${where}`)) as Deployed;
  const compared = await cli.json(`deployment group what-if ${where} --no-pretty-print`);
  return { deployed, changes: (compared as { changes: Change[] }).changes };
}

/** Deploys templates two at a time: nearly all that az costs is the start of its interpreter. */
async function deployAll(cli: AzureCli, all: readonly Quickstart[]): Promise<Map<string, Outcome | Error>> {
  const outcomes = new Map<string, Outcome | Error>();
  const waiting = [...all];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      outcomes.set(next.name, await deploy(cli, next).catch((error: Error) => error));
    }
  };
  await Promise.all([lane(), lane()]);
  return outcomes;
}

export async function deploymentCommands(t: Test, { cli }: { readonly cli: AzureCli }): Promise<void> {
  await cli.json(`group create -n ${group} -l westeurope`);
  const all = quickstarts();
  const outcomes = await deployAll(cli, all);
  for (const { name, outputs = {} } of all) {
    await t.test(`The template ${name}`, async (t) => {
      const outcome = outcomes.get(name);
      if (!outcome || outcome instanceof Error) throw outcome;
      const { properties } = outcome.deployed;
      t.equal(properties.provisioningState, 'Succeeded');
      const values = Object.entries(properties.outputs).map(([key, { value }]) => [key, value]);
      t.match(Object.fromEntries(values), outputs);
      t.same(unexpectedChanges(outcome.changes), []);
    });
  }
  const [{ name } = { name: '' }] = all;
  t.match(await cli.json(`deployment group show -g ${group} -n ${name}`), { name });
  const operations = await cli.json(`deployment operation group list -g ${group} -n ${name}`);
  t.match(operations, [{ properties: { provisioningState: 'Succeeded' } }]);
  const listed = (await cli.json(`deployment group list -g ${group} --query "[].name"`)) as string[];
  t.ok(
    all.every((one) => listed.includes(one.name)),
    'every deployment is listed',
  );
  t.same(await cli.json('deployment sub list'), []);
  await elsewhere(t, cli);
}

/** Templates that a server serves, deployments above subscriptions, and what the preflight says. */
async function elsewhere(t: Test, cli: AzureCli): Promise<void> {
  const address = {
    type: 'Microsoft.Network/publicIPAddresses',
    apiVersion: '2023-09-01',
    name: 'linked',
    location: 'westeurope',
  };
  const linked = (properties: object): object => ({
    type: 'Microsoft.Resources/deployments',
    apiVersion: '2022-09-01',
    name: 'inner',
    properties: { mode: 'Incremental', ...properties },
  });
  const leaf = template([{ ...address, properties: {} }]);
  const above = { ...linked({ template: leaf }), subscriptionId: defaultSubscriptionId, resourceGroup: group };
  const files: Readonly<Record<string, object>> = {
    'main.json': template([linked({ templateLink: { relativePath: 'leaf.json' } })]),
    'leaf.json': leaf,
    'above.json': template([above]),
    'wrong.json': template([{ ...address, properties: { colour: 'blue' } }]),
  };
  const server = createServer(({ url = '' }, reply) => reply.end(JSON.stringify(files[url.slice(1)])));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const uri = (file: string) => `--template-uri http://127.0.0.1:${(server.address() as AddressInfo).port}/${file}`;
  const ids = `--query "properties.outputResources[].id" -o tsv`;
  const id = new RegExp(`/resourceGroups/${group}/providers/Microsoft.Network/publicIPAddresses/linked`);
  const az = (command: string) => cli.shell(`az deployment ${command}`);
  t.match(await az(`group create -g ${group} -n linking ${uri('main.json')} ${ids}`), { code: 0, stdout: id });
  const scope = `--management-group-id mg -l westeurope -n above ${uri('above.json')} ${ids}`;
  t.match(await az(`mg create ${scope}`), { code: 0, stdout: id });
  const refused = await az(`group create -g ${group} -n wrong ${uri('wrong.json')}`);
  t.equal(refused.code, 1);
  for (const code of ['InvalidTemplateDeployment', 'InvalidRequestFormat', 'InvalidJson']) {
    t.match(refused.stderr, code);
  }
}

const template = (resources: object[]): object => ({
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources,
});
