/** Template deployments to management groups and to the tenant, and from there into subscriptions. */
import t, { type Test } from 'tap';
import { ArmClient, at, type Json, network, refusal, subscriptionId } from '../resources/arm-client.js';
import {
  deployment,
  deployments,
  nestedDeployment,
  publicIp,
  subscriptionDeployments,
  template,
} from './deployment-client.js';

const tenantDeployments = '/providers/Microsoft.Resources/deployments';
const managementGroup = '/providers/Microsoft.Management/managementGroups/mg';
const groupDeployments = `${managementGroup}${tenantDeployments}`;

const start = async (test: Test) => {
  const azure = await ArmClient.start(test);
  await azure.makeGroup();
  return azure;
};

const located = (sections: Json): Json => deployment(template(sections), { location: 'westeurope' });

for (const [scope, path] of [
  ['a management group', groupDeployments],
  ['the tenant', tenantDeployments],
] as const) {
  t.test(`A deployment to ${scope} is kept there, and deploys into subscriptions`, async (t) => {
    const azure = await start(t);
    const body = located({
      resources: [
        nestedDeployment('into', { resources: [publicIp('ip')] }, { subscriptionId, resourceGroup: 'rg' }),
        nestedDeployment('above', { resources: [], outputs: {} }, { scope: '/', location: 'westeurope' }),
      ],
      outputs: { id: { type: 'string', value: "[tenantResourceId('Microsoft.Management/managementGroups', 'mg')]" } },
    });
    t.match((await azure.post(`${path}/d1/validate`, body)).body, {
      properties: {
        validatedResources: [
          { id: `${deployments}/into` },
          { id: `${tenantDeployments}/above` },
          { id: `${network}/publicIPAddresses/ip` },
        ],
      },
    });
    t.match((await azure.post(`${path}/d1/whatIf`, body)).body, {
      properties: { changes: [{ resourceId: `${network}/publicIPAddresses/ip`, changeType: 'Create' }] },
    });
    const accepted = await azure.put(`${path}/d1`, body);
    t.equal(accepted.status, 201);
    t.ok(accepted.headers['azure-asyncoperation']?.startsWith(`${azure.origin}${path}/d1/operationStatuses/`));
    t.same((await azure.poll(accepted)).body, { status: 'Succeeded' });
    t.match((await azure.get(`${path}/d1`)).body, {
      id: `${path}/d1`,
      location: 'westeurope',
      properties: {
        provisioningState: 'Succeeded',
        outputs: { id: { value: managementGroup } },
        outputResources: [{ id: `${network}/publicIPAddresses/ip` }],
      },
    });
    t.equal((await azure.head(`${path}/d1`)).status, 204);
    t.equal((await azure.get(`${deployments}/into`)).status, 200);
    t.equal((await azure.get(`${tenantDeployments}/above`)).status, 200);
    const listed = (await azure.get(path)).body.value as Json[];
    t.ok(listed.some(({ name }) => name === 'd1'));
    t.notOk(
      listed.some(({ name }) => name === 'into'),
      'what lies below is listed below',
    );
    t.same((await azure.get(subscriptionDeployments)).body, { value: [] });
    t.match((await azure.get(`${path}/d1/operations`)).body, { value: [{}, {}, {}] });
    t.match((await azure.post(`${path}/d1/exportTemplate`)).body, { template: { resources: [{}, {}] } });
    const deleted = await azure.delete(`${path}/d1`);
    t.equal((await azure.poll(deleted, 'location')).status, 204);
    t.match(refusal(await azure.get(`${path}/d1`)), /^404 DeploymentNotFound/);
  });
}

t.test(
  'Above resource groups a deployment needs a location, and a template what has no scope there cannot use',
  async (t) => {
    const azure = await start(t);
    const validate = async (sections: Json, path = groupDeployments): Promise<string> =>
      refusal(await azure.post(`${path}/d1/validate`, located(sections)));
    t.match(
      refusal(await azure.put(`${groupDeployments}/d1`, deployment(template({})))),
      /^400 InvalidDeployment: The 'location' property must be specified for 'd1'/,
    );
    t.match(
      await validate({ outputs: { o: { type: 'object', value: '[subscription()]' } } }),
      /'subscription' is not expected/,
    );
    t.match(
      await validate({ resources: [nestedDeployment('x', {}, { resourceGroup: 'rg' })] }),
      /'subscriptionId' is missing/,
    );
    t.match(await validate({ resources: [] }, `${tenantDeployments}`), /^200/);
    const role = {
      type: 'Microsoft.Authorization/roleDefinitions',
      apiVersion: '2022-04-01',
      name: 'role',
      properties: {},
    };
    const { body } = await azure.post(`${groupDeployments}/d1/validate`, located({ resources: [role] }));
    t.match(at(body, 'error.details'), [
      {
        message: `The resource '${managementGroup}/providers/Microsoft.Authorization/roleDefinitions/role' lies above subscriptions, where Lazurite keeps nothing but deployments.`,
      },
    ]);
  },
);

t.test('A nested deployment into a group that is nowhere is refused before anything is deployed', async (t) => {
  const azure = await start(t);
  const into = (resourceGroup: string, members: Json = {}): Json =>
    deployment(
      template({
        resources: [
          publicIp('outer'),
          { ...nestedDeployment('inner', { resources: [publicIp('ip')] }, { resourceGroup }), ...members },
        ],
      }),
    );
  for (const answer of [
    await azure.post(`${deployments}/d1/validate`, into('nowhere')),
    await azure.put(`${deployments}/d1`, into('nowhere')),
  ]) {
    t.match(refusal(answer), /^404 ResourceGroupNotFound: Resource group 'nowhere' could not be found/);
  }
  t.equal((await azure.get(`${network}/publicIPAddresses/outer`)).status, 404);
  const waiting = into('nowhere', { dependsOn: ["[resourceId('Microsoft.Network/publicIPAddresses', 'outer')]"] });
  t.equal(
    (await azure.post(`${deployments}/d1/validate`, waiting)).status,
    200,
    'what it waits for may make the group',
  );
});

t.test('Validation shows nested deployments beside their resources, whole in old versions', async (t) => {
  const azure = await start(t);
  const source = template({
    resources: [nestedDeployment('inner', { resources: [publicIp('ip')] }, { resourceGroup: 'rg' }), publicIp('outer')],
  });
  const validated = async (apiVersion: string): Promise<Json[]> => {
    const { body } = await azure.post(`${deployments}/d1/validate?api-version=${apiVersion}`, deployment(source));
    return at(body, 'properties.validatedResources') as Json[];
  };
  const ids = [`${deployments}/inner`, `${network}/publicIPAddresses/outer`, `${network}/publicIPAddresses/ip`];
  t.strictSame(
    await validated('2019-07-01'),
    ids.map((id) => ({ id })),
  );
  const whole = await validated('2018-05-01');
  t.strictSame(
    whole.map(({ id }) => id),
    ids,
  );
  const { properties, ...envelope } = whole[0] as Json;
  t.strictSame(envelope, {
    apiVersion: '2022-09-01',
    id: ids[0],
    name: 'inner',
    type: 'Microsoft.Resources/deployments',
  });
  t.match(properties, { mode: 'Incremental', template: { resources: [{ name: 'ip' }] } });
});
