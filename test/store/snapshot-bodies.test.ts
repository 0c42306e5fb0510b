/** Snapshots that are broken in some place are refused as bodies are, before anything changes; what is taken can be read. */
import { type Test, test } from 'tap';
import type { Snapshot } from '../../src/store/snapshot.js';
import { ArmClient, group, type Json, network } from '../api/arm/resources/arm-client.js';
import { subscription } from '../api/classic/harness.js';
import { mutateValue } from '../fuzz/mutate.js';
import { Random } from '../fuzz/random.js';
import { beginning } from '../fuzz/surfaces.js';

const deployment = {
  properties: {
    mode: 'Incremental',
    template: {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [
        { type: 'Microsoft.Network/routeTables', apiVersion: '2024-05-01', name: 'routes', location: 'westeurope' },
      ],
      outputs: { text: { type: 'string', value: 'x' } },
    },
  },
};

/** An emulator with a resource of every kind, of both APIs, and what it has as a snapshot. */
async function filled(t: Test): Promise<{ client: ArmClient; snapshot: Snapshot }> {
  const client = await ArmClient.start(t);
  for (const { method, path, headers, body } of beginning)
    await client.send(method, path, undefined, { headers, text: String(body), apiVersion: undefined });
  await client.put(`${group}/providers/Microsoft.Resources/deployments/deployment`, deployment, {
    apiVersion: '2021-04-01',
  });
  const { body } = await client.get('/_lazurite/snapshot');
  return { client, snapshot: body as unknown as Snapshot };
}

/** Every place that shows something of what is stored. */
async function readAll(client: ArmClient): Promise<{ path: string; status: number }[]> {
  const { body } = await client.get('/_lazurite/snapshot');
  const { resources = [], deployments = [], resource_groups: groups = [] } = (body as unknown as Snapshot).tables;
  const services = `/${subscription}/services`;
  const paths = [
    ...resources.map(({ id }) => String(id)),
    ...resources.map(({ id }) => String(id).replace(/\/[^/]*$/, '')),
    ...groups.map(({ key }) => String(key)),
    ...deployments.flatMap(({ document }) => {
      const id = String((document as Json | undefined)?.id);
      return [id, `${id}/operations`];
    }),
    `${group}/resources`,
    `${network}/loadBalancers/lb/loadBalancingRules`,
    `${network}/networkInterfaces/nic/loadBalancers`,
    `${services}/hostedservices`,
    `${services}/networking/reservedips`,
    `${services}/networking/media`,
    `/${subscription}/certificates`,
    ...['own', 'fuzz'].map((name) => `${services}/hostedservices/${name}?embed-detail=true`),
    '/_lazurite/frontends',
    '/_lazurite/backends',
  ];
  return Promise.all(
    [...new Set(paths)]
      .filter((path) => path.startsWith('/'))
      .map(async (path) => {
        const classic = path.startsWith(`/${subscription}`);
        const options = classic
          ? { apiVersion: undefined, headers: { 'x-ms-version': '2015-04-01' } }
          : path.includes('/deployments/') || !path.includes('/providers/')
            ? { apiVersion: '2021-04-01' }
            : {};
        return { path, status: (await client.get(encodeURI(path), options)).status };
      }),
  );
}

test('a snapshot that is wrong anywhere is refused or can be read, and a refused one changes nothing', async (t) => {
  const { client, snapshot } = await filled(t);
  t.equal((await client.put('/_lazurite/snapshot', snapshot)).status, 204, 'as it was taken it is taken back');
  const attempts = 150;
  const outcomes = new Map<number, number>();
  for (let number = 0; number < attempts; number++) {
    const random = new Random(1, number);
    const tables = Object.fromEntries(Object.entries(snapshot.tables).filter(([, rows]) => rows.length > 0));
    const table = random.of(Object.keys(tables));
    const rows = [...(tables[table] as Json[])];
    const at = random.below(rows.length);
    rows[at] = mutateValue(random, rows[at], [`${network}/loadBalancers/lb`]) as Json;
    const row = { ...snapshot, tables: { ...snapshot.tables, [table]: rows } };
    const broken = random.oneIn(8) ? mutateValue(random, snapshot, []) : row;
    const { status, text } = await client.put('/_lazurite/snapshot', broken);
    outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
    if (![204, 400, 409].includes(status))
      t.fail(`${number} ${table}: ${status} ${text} ${JSON.stringify(rows[at]).slice(0, 3000)}`);
    if (status === 204) {
      for (const { path, status } of await readAll(client))
        if (status >= 500) t.fail(`${number} ${table}: ${status} ${path} ${JSON.stringify(rows[at]).slice(0, 3000)}`);
      await client.put('/_lazurite/snapshot', snapshot);
    }
  }
  t.ok((outcomes.get(400) ?? 0) > attempts / 5, JSON.stringify([...outcomes]));
  t.same(((await client.get('/_lazurite/snapshot')).body as unknown as Snapshot).tables, snapshot.tables);
});

test('what a body may not say, a snapshot may not either', async (t) => {
  const { client, snapshot } = await filled(t);
  const refuse = async (table: string, id: RegExp, change: (row: Json) => unknown, reason: RegExp): Promise<void> => {
    const rows = structuredClone(snapshot.tables[table] ?? []) as Json[];
    change(rows.find((row) => id.test(String(row.key ?? row.name ?? row.deployment))) as Json);
    const answer = await client.put('/_lazurite/snapshot', {
      ...snapshot,
      tables: { ...snapshot.tables, [table]: rows },
    });
    t.equal(answer.status, 400);
    t.match(answer.text, /InvalidSnapshot.*nothing has changed/);
    t.match(answer.text, reason);
  };
  const documentOf = (row: Json) => row.document as { location: unknown; properties: Record<string, Json[]> };
  const portOf = (row: Json) => documentOf(row).properties.loadBalancingRules?.[0]?.properties as Json;
  const balancer = /loadbalancers\/lb$/;
  await refuse('resources', balancer, (row) => Object.assign(portOf(row), { frontendPort: 'many' }), /frontendPort/);
  await refuse(
    'resources',
    balancer,
    (row) => Object.assign(documentOf(row), { location: { toString: 1 } }),
    /location/,
  );
  await refuse('resources', balancer, (row) => Object.assign(row, { name: 'other' }), /column 'name'/);
  await refuse('resources', balancer, (row) => Object.assign(row, { document: '{' }), /is no JSON/);
  await refuse('resources', balancer, (row) => Object.assign(row, { changed: 'yesterday' }), /is no instant/);
  await refuse('resource_groups', /rg$/, (row) => Object.assign(row, { tags: { a: 1 } }), /tags|Tags/);
  await refuse('deployments', /deployment$/, (row) => Object.assign(row, { document: [] }), /is no JSON object/);
  await refuse('deployment_operations', /./, (row) => Object.assign(row, { document: [] }), /is no JSON object/);
  await refuse(
    'classic_documents',
    /./,
    (row) => Object.assign(row.document as Json, { createdMs: 'now' }),
    /createdMs/,
  );
  t.same(((await client.get('/_lazurite/snapshot')).body as unknown as Snapshot).tables, snapshot.tables);
});
