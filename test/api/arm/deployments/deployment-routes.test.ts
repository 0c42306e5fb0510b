/** Template deployments over the wire: what clients send, poll and read. */
import t, { type Test } from 'tap';
import {
  ArmClient,
  at,
  balancerId,
  group,
  type Json,
  network,
  refusal,
  subscriptionId,
} from '../resources/arm-client.js';
import {
  balancer,
  deploy,
  deployment,
  deployments,
  names,
  nestedDeployment,
  publicIp,
  send,
  subscriptionDeployments,
  template,
} from './deployment-client.js';

const balanced = template({
  resources: [publicIp('ip'), balancer('lb')],
  outputs: { loadBalancer: { type: 'object', value: "[reference('lb')]" } },
});

const start = async (test: Test) => {
  const azure = await ArmClient.start(test);
  await azure.makeGroup();
  return azure;
};

t.test('A deployment is accepted, polled to its end, and then shows outputs and what it deployed', async (t) => {
  const azure = await start(t);
  const accepted = await send(azure, 'PUT', `${deployments}/d1`, deployment(balanced));
  t.equal(accepted.status, 201);
  t.equal(at(accepted.body, 'properties.provisioningState'), 'Accepted');
  t.equal(at(accepted.body, 'properties.outputs'), undefined);
  t.match(accepted.headers, {
    'azure-asyncoperation':
      /^http:\/\/127\.0\.0\.1:\d+\/subscriptions\/.+\/deployments\/d1\/operationStatuses\/\d{20}\?api-version=2022-09-01$/,
    'retry-after': '0',
    'x-ms-deployment-engine-version': /^\d+\.\d+\.\d+$/,
  });
  t.same((await azure.poll(accepted)).body, { status: 'Succeeded' });
  const { body } = await azure.get(`${deployments}/d1`);
  t.match(body, {
    id: `${deployments}/d1`,
    name: 'd1',
    type: 'Microsoft.Resources/deployments',
    properties: {
      provisioningState: 'Succeeded',
      mode: 'Incremental',
      correlationId: accepted.headers['x-ms-correlation-request-id'],
      outputs: { loadBalancer: { type: 'Object', value: { backendAddressPools: [{ name: 'pool' }] } } },
      outputResources: [{ id: balancerId }, { id: `${network}/publicIPAddresses/ip` }],
      providers: [{ namespace: 'Microsoft.Network' }],
      dependencies: [{ resourceName: 'lb', dependsOn: [{ resourceName: 'ip' }] }],
    },
  });
  t.equal((await azure.get(balancerId)).status, 200, 'the balancer is a resource like any other');
  const again = await send(azure, 'PUT', `${deployments}/d1`, deployment(balanced));
  t.equal(again.status, 200, 'a deployment of the same name is replaced');
  t.not(again.headers['azure-asyncoperation'], accepted.headers['azure-asyncoperation']);
  t.same((await azure.poll(accepted)).body, { status: 'Succeeded' }, 'the earlier run can still be polled');
});

t.test('Early api-versions show no type, and the earliest name what was deployed by type and name', async (t) => {
  const azure = await start(t);
  await deploy(azure, `${deployments}/d1`, deployment(template({ resources: [publicIp('ip')] })));
  const at2018 = (await azure.get(`${deployments}/d1`, { apiVersion: '2018-02-01' })).body;
  t.notOk('type' in at2018);
  t.same(at(at2018, 'properties.outputResources'), [{ id: `${network}/publicIPAddresses/ip` }]);
  const at2016 = (await azure.get(`${deployments}/d1`, { apiVersion: '2016-02-01' })).body;
  t.same(at(at2016, 'properties.outputResources'), [{ id: 'Microsoft.Network/publicIPAddresses/ip' }]);
});

t.test('az sends its template unquoted, with comments and strings over several lines', async (t) => {
  const azure = await start(t);
  const text = `{"properties": {"parameters": {"name": {"value": "ip"}}, "mode": "incremental", template:{
    // a comment
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
    "parameters": {"name": {"type": "string"}}, /* another */
    "resources": [{"type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2023-09-01", "name": "[concat(
      parameters('name'), '1')]", "location": "[resourceGroup().location]"}]
  }}}`;
  t.equal((await azure.send('POST', `${deployments}/d1/validate`, undefined, { text })).status, 200);
  t.equal((await azure.send('PUT', `${deployments}/d1`, undefined, { text })).status, 201);
  t.same(await names(azure, 'publicIPAddresses'), ['ip1']);
});

t.test('A deployment can be listed, filtered, looked for, exported and deleted', async (t) => {
  const azure = await start(t);
  t.equal(refusal(await azure.get(`${deployments}/d1`)), "404 DeploymentNotFound: Deployment 'd1' could not be found.");
  t.equal((await azure.head(`${deployments}/d1`)).status, 404);
  await deploy(azure, `${deployments}/d1`, deployment(balanced));
  t.equal((await azure.head(`${deployments}/d1`)).status, 204);
  for (const path of [deployments, `${deployments}/`, `${deployments}?$filter=provisioningState eq 'Succeeded'`]) {
    t.match((await azure.get(path)).body, { value: [{ name: 'd1' }] }, path);
  }
  t.same((await azure.get(`${deployments}?$filter=provisioningState eq 'Failed'`)).body, { value: [] });
  t.match(refusal(await azure.get(`${deployments}?$filter=name eq 'x'`)), /^400 InvalidFilterInQueryString/);
  t.same((await azure.post(`${deployments}/d1/exportTemplate`)).body, { template: balanced });
  const deleted = await azure.delete(`${deployments}/d1`);
  t.equal(deleted.status, 202);
  t.equal((await azure.poll(deleted, 'location')).status, 204);
  t.equal((await azure.head(`${deployments}/d1`)).status, 404);
  t.equal((await azure.delete(`${deployments}/d1`)).status, 204, 'there was none');
  t.equal((await azure.get(balancerId)).status, 200, 'what it deployed stays');
});

t.test("A deployment's operations have two paths, and one each", async (t) => {
  const azure = await start(t);
  await deploy(azure, `${deployments}/d1`, deployment(balanced));
  const { body } = await azure.get(`${group}/deployments/d1/operations`);
  t.same(body, (await azure.get(`${deployments}/d1/operations`)).body);
  const operations = body.value as Json[];
  t.match(
    operations.map(({ properties }) => properties),
    [
      { provisioningOperation: 'Create', statusCode: 'Created', targetResource: { resourceName: 'ip' } },
      { provisioningOperation: 'Create', statusCode: 'Created', targetResource: { resourceName: 'lb' } },
      { provisioningOperation: 'EvaluateDeploymentOutput', statusCode: 'OK' },
    ],
  );
  const { operationId } = operations[0] as Json;
  t.same((await azure.get(`${deployments}/d1/operations/${operationId}`)).body, operations[0]);
  t.match(refusal(await azure.get(`${deployments}/d1/operations/0`)), /^404 DeploymentOperationNotFound/);
  t.match(refusal(await azure.get(`${deployments}/d1/operationStatuses/0`)), /^404 OperationIdNotFound/);
});

t.test('A template that Azure refuses is refused before anything is touched', async (t) => {
  const azure = await start(t);
  const circular = template({
    resources: [publicIp('a', { dependsOn: ['b'] }), publicIp('b', { dependsOn: ['a'] })],
  });
  for (const [method, path] of [
    ['PUT', 'd1'],
    ['POST', 'd1/validate'],
    ['POST', 'd1/whatIf'],
  ] as const) {
    t.match(
      refusal(await azure.send(method, `${deployments}/${path}`, deployment(circular))),
      /^400 InvalidTemplate: Deployment template validation failed: 'Circular dependency detected/,
    );
  }
  t.equal((await azure.head(`${deployments}/d1`)).status, 404);
  t.same(await names(azure, 'publicIPAddresses'), []);
  t.match(refusal(await azure.put(`${deployments}/d1`, {})), /^400 InvalidRequestContent/);
  t.match(
    refusal(await azure.put(`${deployments}/d1`, deployment(template({}), { location: 'westeurope' }))),
    /^400 InvalidDeployment: The 'location' property is not allowed for 'd1' at resource group scope/,
  );
  t.match(
    refusal(await azure.put(`${deployments}/${'d'.repeat(65)}`, deployment(template({})))),
    /^400 InvalidDeployment/,
  );
  const elsewhere = deployments.replace('/rg/', '/nowhere/');
  t.match(refusal(await azure.put(`${elsewhere}/d1`, deployment(template({})))), /^404 ResourceGroupNotFound/);
});

t.test('When one resource fails, the deployment fails with its error and the others stay', async (t) => {
  const azure = await start(t);
  const probe = { id: "[resourceId('Microsoft.Network/loadBalancers/probes', 'lb', 'none')]" };
  const rule = { name: 'rule', properties: { protocol: 'Tcp', frontendPort: 80, backendPort: 80, probe } };
  const failing = template({ resources: [publicIp('ip'), balancer('lb', { loadBalancingRules: [rule] })] });
  const accepted = await azure.put(`${deployments}/d1`, deployment(failing));
  t.equal(accepted.status, 201);
  const status = (await azure.poll(accepted)).body;
  const { body } = await azure.get(`${deployments}/d1`);
  t.equal(status.status, 'Failed');
  t.same(status.error, at(body, 'properties.error'));
  t.match(status.error, {
    code: 'DeploymentFailed',
    target: `${deployments}/d1`,
    details: [{ code: 'InvalidResourceReference', message: /rule/ }],
  });
  t.same(await names(azure, 'publicIPAddresses'), ['ip']);
  const operations = (await azure.get(`${deployments}/d1/operations`)).body.value as Json[];
  t.match(operations.at(-1), {
    properties: { provisioningState: 'Failed', statusCode: 'BadRequest', statusMessage: { error: { code: String } } },
  });
});

t.test('What-if tells what a deployment would create, change and delete, and changes nothing', async (t) => {
  const azure = await start(t);
  const changes = async (source: Json, mode: 'Incremental' | 'Complete' = 'Incremental') => {
    const answer = await azure.post(`${deployments}/d1/whatIf`, deployment(source, { mode }));
    t.equal(answer.status, 200);
    t.equal(answer.body.status, 'Succeeded');
    return at(answer.body, 'properties.changes') as Json[];
  };
  t.match(await changes(balanced), [
    { changeType: 'Create', resourceId: balancerId },
    { changeType: 'Create', resourceId: `${network}/publicIPAddresses/ip` },
  ]);
  t.same(await names(azure, 'loadBalancers'), []);
  await deploy(azure, `${deployments}/d1`, deployment(balanced));
  const etag = (await azure.get(balancerId)).body.etag;
  t.match(await changes(balanced), [{ changeType: 'NoChange' }, { changeType: 'NoChange' }]);
  const probe = { name: 'probe', properties: { protocol: 'Tcp', port: 80 } };
  const [change, address] = await changes(
    template({ resources: [balancer('lb', { probes: [probe] }, { dependsOn: [] })] }),
  );
  t.match(change, {
    changeType: 'Modify',
    delta: [{ path: 'properties.probes', propertyChangeType: 'Array', children: [{ propertyChangeType: 'Create' }] }],
  });
  t.match(address, { changeType: 'Ignore' });
  t.match(await changes(template({ resources: [publicIp('ip')] }), 'Complete'), [
    { changeType: 'Delete', resourceId: balancerId },
    { changeType: 'NoChange' },
  ]);
  t.equal((await azure.get(balancerId)).body.etag, etag, 'nothing was written');
});

t.test('Complete mode deletes what the template does not have, users before what they use', async (t) => {
  const azure = await start(t);
  await deploy(azure, `${deployments}/d1`, deployment(balanced));
  const only = deployment(template({ resources: [publicIp('other')] }), { mode: 'Complete' });
  t.match(await deploy(azure, `${deployments}/d2`, only), { properties: { provisioningState: 'Succeeded' } });
  t.same(await names(azure, 'loadBalancers'), []);
  t.same(await names(azure, 'publicIPAddresses'), ['other']);
  t.equal((await azure.head(`${deployments}/d1`)).status, 204, 'deployments are no resources of the group');
});

t.test('A deployment to a subscription creates groups and deploys into them', async (t) => {
  const azure = await start(t);
  const resources = [publicIp('ip', { location: '[resourceGroup().location]' })];
  const nested = nestedDeployment(
    'inner',
    { resources },
    {
      resourceGroup: 'made',
      dependsOn: ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'made')]"],
    },
  );
  const made = {
    type: 'Microsoft.Resources/resourceGroups',
    apiVersion: '2022-09-01',
    name: 'made',
    location: 'northeurope',
  };
  const body = deployment(template({ resources: [made, nested] }), { location: 'westeurope' });
  t.match(await deploy(azure, `${subscriptionDeployments}/d1`, body), {
    id: `${subscriptionDeployments}/d1`,
    location: 'westeurope',
    properties: { provisioningState: 'Succeeded' },
  });
  const inMade = `/subscriptions/${subscriptionId}/resourceGroups/made/providers`;
  t.match((await azure.get(`${inMade}/Microsoft.Network/publicIPAddresses/ip`)).body, { location: 'northeurope' });
  t.match((await azure.get(`${inMade}/Microsoft.Resources/deployments/inner`)).body, {
    properties: {
      provisioningState: 'Succeeded',
      outputResources: [{ id: `${inMade}/Microsoft.Network/publicIPAddresses/ip` }],
    },
  });
  t.match((await azure.get(`${subscriptionDeployments}/`)).body, { value: [{ name: 'd1' }] });
  t.match((await azure.get(`${subscriptionDeployments}/d1/operations`)).body, { value: [{}, {}] });
  t.match(
    refusal(await azure.put(`${subscriptionDeployments}/d2`, deployment(template({})))),
    /^400 InvalidDeployment: The 'location' property must be specified/,
  );
  t.match(
    refusal(await azure.put(`${subscriptionDeployments}/d1`, deployment(template({}), { location: 'eastus' }))),
    /^409 InvalidDeploymentLocation/,
  );
});

t.test('Deleting a resource group deletes its deployments', async (t) => {
  const azure = await start(t);
  await deploy(azure, `${deployments}/d1`, deployment(balanced));
  await azure.delete(group);
  await azure.makeGroup();
  t.same((await azure.get(deployments)).body, { value: [] });
});

t.test('The hash of a template is the same for templates that say the same', async (t) => {
  const azure = await start(t);
  const hash = async (source: unknown) =>
    (await azure.post('/providers/Microsoft.Resources/calculateTemplateHash', source)).body;
  const one = await hash({ contentVersion: '1.0.0.0', resources: [] });
  t.match(one, { minifiedTemplate: '{"contentVersion":"1.0.0.0","resources":[]}', templateHash: /^\d+$/ });
  t.equal((await hash({ resources: [], contentVersion: '1.0.0.0' })).templateHash, one.templateHash);
  t.not((await hash({ contentVersion: '1.0.0.1', resources: [] })).templateHash, one.templateHash);
});
