/** Templates through az: deployed, looked at, and compared with what is there. */
import type { Test } from 'tap';
import type { AzureCli } from './azure-cli.js';
import { type Change, quickstarts, unexpectedChanges } from './quickstarts.js';

const group = 'templates';

interface Deployed {
  readonly properties: {
    readonly provisioningState: string;
    readonly outputs: Readonly<Record<string, { value: unknown }>>;
  };
}

export async function deploymentCommands(t: Test, { cli }: { readonly cli: AzureCli }): Promise<void> {
  await cli.json(`group create -n ${group} -l westeurope`);
  const all = quickstarts();
  for (const { name, file, outputs = {} } of all) {
    await t.test(`The template ${name}`, async (t) => {
      const where = `-g ${group} -n ${name} -f '${file}'`;
      const { properties } = (await cli.json(`deployment group create ${where}`)) as Deployed;
      t.equal(properties.provisioningState, 'Succeeded');
      const values = Object.entries(properties.outputs).map(([key, { value }]) => [key, value]);
      t.match(Object.fromEntries(values), outputs);
      const compared = await cli.json(`deployment group what-if ${where} --no-pretty-print`);
      t.same(unexpectedChanges((compared as { changes: Change[] }).changes), []);
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
