/** Template functions that ask resources: what `list…` answers in a running deployment. */
import t from 'tap';
import { ArmClient, at, network } from '../resources/arm-client.js';
import { deploy, deployment, deployments, publicIp, template } from './deployment-client.js';

const account = {
  type: 'Contoso.Vaults/accounts',
  apiVersion: '2023-01-01',
  name: 'account',
};
const notEmulated =
  "The template function 'listKeys' is not emulated for resources of type 'Contoso.Vaults/accounts': Lazurite keeps no keys or secrets. Give the value as a parameter.";

t.test('Keys of a type of which nothing is known cannot be listed, and the deployment says so by name', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const needing = (key: string) => publicIp('ip', { tags: { key: `[${key}]` } });
  const failure = async (source: Parameters<typeof template>[0]): Promise<unknown> =>
    at(await deploy(azure, `${deployments}/d1`, deployment(template(source))), 'properties.error');
  const key = "listKeys('account', '2023-01-01').keys[0].value";
  t.match(await failure({ resources: [account, needing(key)] }), {
    code: 'DeploymentFailed',
    details: [{ code: 'InvalidTemplate', message: notEmulated }],
  });
  t.match(await failure({ resources: [account], outputs: { key: { type: 'string', value: `[${key}]` } } }), {
    code: 'DeploymentOutputEvaluationFailed',
    details: [{ target: 'key', message: `The template output 'key' is not valid: ${notEmulated}.` }],
  });
  const missing = "listKeys(resourceId('Contoso.Vaults/accounts', 'none'), '2023-01-01').keys[0].value";
  t.match(await failure({ resources: [needing(missing)] }), { details: [{ code: 'ResourceNotFound' }] });
});

t.test('A list function asks the resource as any client would, and fails as that would', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  await azure.makePublicIPAddress('ip');
  const action = `list('${network}/publicIPAddresses/ip', '2023-09-01')`;
  const body = deployment(template({ outputs: { all: { type: 'object', value: `[${action}]` } } }));
  t.match(
    at(await deploy(azure, `${deployments}/d1`, body), 'properties.error.details.0.message'),
    /'list' is not emulated/,
  );
  const dated = deployment(
    template({
      outputs: { all: { type: 'object', value: `[listKeys('${network}/publicIPAddresses/none', '2023-09-01')]` } },
    }),
  );
  t.match(at(await deploy(azure, `${deployments}/d2`, dated), 'properties.error.details.0.message'), /was not found/);
});

t.test('deployer() is the identity that the token of the request names', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const body = deployment(template({ outputs: { who: { type: 'object', value: '[deployer()]' } } }));
  const deployerOf = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
    await azure.put(`${deployments}/d1`, body, { headers });
    return at((await azure.get(`${deployments}/d1`)).body, 'properties.outputs.who.value');
  };
  const claims = { oid: 'an object', tid: 'a tenant', upn: 'me@example.com' };
  const token = ['{}', JSON.stringify(claims), ''].map((part) => Buffer.from(part).toString('base64url')).join('.');
  t.same(await deployerOf({ authorization: `Bearer ${token}` }), {
    objectId: 'an object',
    tenantId: 'a tenant',
    userPrincipalName: 'me@example.com',
  });
  for (const headers of [{}, { authorization: 'Bearer opaque' }, { authorization: 'Bearer a.bnVsbA.c' }]) {
    t.match(await deployerOf(headers), { objectId: /^[\da-f-]{36}$/, tenantId: /^1{8}-/ }, JSON.stringify(headers));
  }
});

t.test('Host names that templates put together end as the endpoints of their resources do', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const storage = {
    type: 'Microsoft.Storage/storageAccounts',
    apiVersion: '2023-01-01',
    name: 'acct',
    location: 'westeurope',
  };
  const outputs = {
    read: { type: 'string', value: "[reference('acct').primaryEndpoints.blob]" },
    made: { type: 'string', value: "[format('https://acct.blob.{0}/', environment().suffixes.storage)]" },
    vault: { type: 'string', value: '[environment().suffixes.keyvaultDns]' },
  };
  const deployed = await deploy(azure, `${deployments}/d1`, deployment(template({ resources: [storage], outputs })));
  const blob = 'https://acct.blob.core.windows.net/';
  t.match(at(deployed, 'properties.outputs'), {
    read: { value: blob },
    made: { value: blob },
    vault: { value: '.vault.azure.net' },
  });
});
