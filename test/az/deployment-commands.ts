/** Templates through az: deployed, looked at, and compared with what is there. */
import type { Test } from 'tap';
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
}
