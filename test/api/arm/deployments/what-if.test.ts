/** What-if: what Azure says a deployment would change, property by property. */
import t from 'tap';
import { delta, whatIf } from '../../../../src/api/arm/deployments/what-if.js';
import type { Json, JsonObject } from '../../../../src/api/arm/template/json.js';
import { plan, template } from './deploy-for-tests.js';
import { nestedDeployment } from './deployment-client.js';
import { groupId } from './evaluate-for-tests.js';
import { FakeHost } from './fake-host.js';

const lbId = `${groupId}/providers/Microsoft.Network/loadBalancers/lb`;
const lb = (properties: JsonObject, more: JsonObject = {}) => ({
  type: 'Microsoft.Network/loadBalancers',
  apiVersion: '2023-09-01',
  name: 'lb',
  location: 'westeurope',
  ...more,
  properties,
});

const changes = async (host: FakeHost, source: JsonObject, options = {}) => {
  const answer = await whatIf(plan(source, options), host, 'c');
  t.equal(answer.status, 'Succeeded');
  return (answer.properties as JsonObject).changes as JsonObject[];
};

t.test('What does not exist is created, what is not in the template is ignored', async (t) => {
  const host = new FakeHost();
  const other = `${groupId}/providers/Microsoft.Network/publicIPAddresses/ip`;
  host.resources.set(other.toLowerCase(), { id: other, name: 'ip' });
  t.same(await changes(host, template({ resources: [lb({ probes: [] })] })), [
    {
      resourceId: lbId,
      changeType: 'Create',
      after: {
        apiVersion: '2023-09-01',
        id: lbId,
        name: 'lb',
        type: 'Microsoft.Network/loadBalancers',
        location: 'westeurope',
        properties: { probes: [] },
      },
    },
    { resourceId: other, changeType: 'Ignore', before: { id: other, name: 'ip' } },
  ]);
  t.match(await changes(host, template({ resources: [lb({})] }), { mode: 'Complete' }), [
    { changeType: 'Create' },
    { changeType: 'Delete', resourceId: other },
  ]);
  t.equal(host.log.length, 0, 'nothing was touched');
});

t.test('What exists is compared: NoChange, or Modify with the difference', async (t) => {
  const host = new FakeHost();
  const existing = {
    id: lbId,
    name: 'lb',
    type: 'Microsoft.Network/loadBalancers',
    etag: 'W/"1"',
    location: 'westeurope',
    tags: { a: '1', old: 'x' },
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid: 'g',
      inboundNatRules: [],
      probes: [
        { name: 'p1', id: `${lbId}/probes/p1`, properties: { port: 80, protocol: 'Tcp', probeThreshold: 1 } },
        { name: 'p2', id: `${lbId}/probes/p2`, properties: { port: 81 } },
      ],
    },
  };
  host.resources.set(lbId.toLowerCase(), existing);
  const same = lb(
    {
      probes: [
        { name: 'p1', properties: { port: 80 } },
        { name: 'p2', properties: { port: 81 } },
      ],
    },
    { tags: { a: '1', old: 'x' } },
  );
  t.match(await changes(host, template({ resources: [same] })), [{ changeType: 'NoChange', delta: undefined }]);
  const changed = lb(
    {
      probes: [
        { name: 'p1', properties: { port: 8080 } },
        { name: 'p3', properties: {} },
      ],
      extra: true,
    },
    { tags: { a: '2' } },
  );
  const [modify] = await changes(host, template({ resources: [changed] }));
  t.equal(modify?.changeType, 'Modify');
  t.same(modify?.delta, [
    { path: 'tags.a', propertyChangeType: 'Modify', before: '1', after: '2' },
    { path: 'tags.old', propertyChangeType: 'Delete', before: 'x' },
    {
      path: 'properties.probes',
      propertyChangeType: 'Array',
      children: [
        {
          path: '0',
          propertyChangeType: 'Modify',
          children: [{ path: 'properties.port', propertyChangeType: 'Modify', before: 80, after: 8080 }],
        },
        { path: '1', propertyChangeType: 'Create', after: { name: 'p3', properties: {} } },
        { path: '1', propertyChangeType: 'Delete', before: existing.properties.probes[1] },
      ],
    },
    { path: 'properties.extra', propertyChangeType: 'Create', after: true },
  ]);
  t.same(
    await changes(host, template({ resources: [changed] }), { whatIfSettings: { resultFormat: 'ResourceIdOnly' } }),
    [{ resourceId: lbId, changeType: 'Deploy' }],
  );
});

t.test('With a preview of what would be stored, what is missing will be gone', async (t) => {
  const host = Object.assign(new FakeHost(), {
    preview: async ({ body }: { body: JsonObject }) => ({
      ...body,
      id: lbId,
      properties: { ...(body.properties as JsonObject), idleTimeoutInMinutes: 4 },
    }),
  });
  host.resources.set(lbId.toLowerCase(), {
    id: lbId,
    location: 'westeurope',
    properties: { idleTimeoutInMinutes: 4, probes: [{ name: 'p' }] },
  });
  t.match(await changes(host, template({ resources: [lb({})] })), [
    {
      changeType: 'Modify',
      delta: [{ path: 'properties.probes', propertyChangeType: 'Delete', before: [{ name: 'p' }] }],
    },
  ]);
});

t.test('Nested deployments show the resources inside them, references those that exist', async (t) => {
  const host = new FakeHost();
  const ip = `${groupId}/providers/Microsoft.Network/publicIPAddresses/ip`;
  host.resources.set(ip.toLowerCase(), { id: ip, properties: { ipAddress: '127.255.0.1' } });
  const nested = (name: string, parameters: JsonObject) =>
    nestedDeployment(
      name,
      {
        parameters: { x: { type: 'string' } },
        resources: [{ ...lb({ x: "[parameters('x')]" }), name: name }],
      },
      { parameters },
    );
  const found = await changes(
    host,
    template({
      resources: [
        nested('known', { x: { value: 'y' } }),
        nested('unknown', { x: { value: "[reference('known').outputs.o.value]" } }),
        lb({ ip: `[reference('${ip}', '2023-09-01').ipAddress]`, later: "[reference('known').outputs.o.value]" }),
        { ...lb({ ip: `[reference('${ip}', '2023-09-01').ipAddress]` }), name: 'lb2' },
      ],
    }),
  );
  t.match(
    found.map(({ resourceId, changeType }) => [String(resourceId).split('/').at(-1), changeType]),
    [
      ['known', 'Create'],
      ['lb', 'Create'],
      ['lb2', 'Create'],
      ['ip', 'Ignore'],
      ['unknown', 'Unsupported'],
    ],
  );
  t.match(found[1], { after: { properties: { later: "[reference('known').outputs.o.value]" } } });
  t.match(found[2], { after: { properties: { ip: '127.255.0.1' } } });
});

t.test(
  'What the groups of nested deployments hold besides is ignored, or deleted in their Complete mode',
  async (t) => {
    const host = new FakeHost();
    const inGroup = (group: string, name: string) =>
      `${groupId.replace('rg1', group)}/providers/Microsoft.Network/publicIPAddresses/${name}`;
    for (const id of [inGroup('rg1', 'mine'), inGroup('rg2', 'theirs')]) host.resources.set(id.toLowerCase(), { id });
    const into = (mode: string) => ({
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: 'inner',
      resourceGroup: 'rg2',
      properties: { mode, template: template({ resources: [lb({})] }) },
    });
    const found = async (mode: string, rest: JsonObject[]) =>
      (await changes(host, template({ resources: [into(mode), ...rest] }))).map(({ resourceId, changeType }) => [
        String(resourceId).split('/').at(-1),
        changeType,
      ]);
    t.same(await found('Incremental', [lb({})]), [
      ['lb', 'Create'],
      ['mine', 'Ignore'],
      ['lb', 'Create'],
      ['theirs', 'Ignore'],
    ]);
    t.same(await found('Complete', []), [
      ['mine', 'Ignore'],
      ['lb', 'Create'],
      ['theirs', 'Delete'],
    ]);
  },
);

t.test('Differences of arrays and ids are told as Azure tells them', async (t) => {
  const difference = (before: Json, after: Json) =>
    delta({ properties: { v: before } }, { properties: { v: after } }, { complete: false });
  t.same(difference('/subscriptions/A', '/subscriptions/a'), []);
  t.match(difference('a', 'A'), [{ propertyChangeType: 'Modify' }]);
  t.same(difference(['1', '2'], ['2', '1']), []);
  t.match(difference(['1'], ['1', '2']), [
    { propertyChangeType: 'Array', children: [{ path: '1', propertyChangeType: 'Create', after: '2' }] },
  ]);
  t.match(difference([{ a: 1 }], [{ a: 2 }]), [{ children: [{ path: '0', children: [{ path: 'a' }] }] }]);
  t.match(difference([{ a: 1 }], 'x'), [{ propertyChangeType: 'Modify', path: 'properties.v' }]);
  t.match(difference([{ a: 1 }, { a: 2 }], [{ a: 1 }]), [{ children: [{ path: '1', propertyChangeType: 'Delete' }] }]);
  t.same(difference(null, null), []);
});
