/** The service behind routes and deployments: what a write answers, who counts as a client, and absolute URLs. */
import { test } from 'tap';
import type { RequestView } from '../../../../src/api/admin/views.js';
import { RequestBody } from '../../../../src/api/arm/resources/request-body.js';
import { ResourceGroups } from '../../../../src/api/arm/resources/resource-groups.js';
import { parseResourceId, type ResourceId } from '../../../../src/resources/resource-id.js';
import type { ApplyOutcome } from '../../../../src/resources/resource-type.js';
import { serviceInMemory } from '../../../resources/azure-in-memory.js';
import { untilTrue } from '../../../turns.js';
import {
  balancer,
  deploy,
  deployment,
  deployments,
  names,
  publicIp,
  template,
} from '../deployments/deployment-client.js';
import { ArmClient, at, type Json, network, newestApiVersion, subscriptionId } from './arm-client.js';

/** A service whose data plane follows a write only when the test says so. */
async function createService() {
  const waiting: ((outcome: ApplyOutcome) => void)[] = [];
  const service = serviceInMemory({ changed: () => new Promise((resolve) => waiting.push(resolve)) });
  const { store } = service.context;
  const groups = new ResourceGroups(service, () => {});
  const scope = { subscriptionId, apiVersion: newestApiVersion };
  await groups.put({ ...scope, name: 'rg' }, RequestBody.ofValue({ location: 'westeurope' }));
  const id = parseResourceId(`${network}/routeTables/routes`) as ResourceId;
  const put = (tags: Json) =>
    service.put({
      id,
      apiVersion: newestApiVersion,
      body: RequestBody.ofValue({ location: 'westeurope', tags }),
      baseUrl: 'https://localhost',
    });
  return { store, waiting, service, id, put };
}

test('a PUT answers with the document that it wrote, whatever was written while the data plane followed', async (t) => {
  const { store, waiting, service, id, put } = await createService();
  t.teardown(() => store.close());
  const first = put({ turn: 'first' });
  const second = put({ turn: 'second' });
  // Both may run in one turn of the store, or each in its own.
  await untilTrue(() => waiting.length === 2);
  for (const follow of waiting.reverse()) follow({});
  t.match(await first, { status: 201, body: { tags: { turn: 'first' } } });
  t.match(await second, { status: 200, body: { tags: { turn: 'second' } } });
  t.match(service.get({ id, apiVersion: newestApiVersion }), { body: { tags: { turn: 'second' } } });
});

test('a PUT that the data plane could not follow answers with what it wrote, as Failed', async (t) => {
  const { store, waiting, service, id, put } = await createService();
  t.teardown(() => store.close());
  const writing = put({ turn: 'first' });
  await untilTrue(() => waiting.length === 1);
  waiting[0]?.({ failure: { code: 'FrontendNotBound', message: 'port 80 is taken' } });
  const answer = await writing;
  t.match(answer, { status: 201, body: { tags: { turn: 'first' }, properties: { provisioningState: 'Failed' } } });
  t.match(service.get({ id, apiVersion: newestApiVersion }), { etag: String(at(answer.body, 'etag')) });
});

test('a write that the data plane could not follow leaves alone what a later one wrote', async (t) => {
  const { store, waiting, service, id, put } = await createService();
  t.teardown(() => store.close());
  const first = put({ turn: 'first' });
  await untilTrue(() => waiting.length === 1);
  const second = put({ turn: 'second' });
  await untilTrue(() => waiting.length === 2);
  waiting[0]?.({ failure: { code: 'FrontendNotBound', message: 'port 80 is taken' } });
  await first;
  const kept = { body: { tags: { turn: 'second' }, properties: { provisioningState: 'Succeeded' } } };
  t.match(service.get({ id, apiVersion: newestApiVersion }), kept);
  waiting[1]?.({});
  t.match(await second, { status: 200, ...kept });
});

test('what a deployment writes is no request of a client', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  await azure.delete('/_lazurite/requests');
  const fault = { kind: 'api', method: 'PUT', path: network, status: 500, next: 1 };
  t.equal((await azure.post('/_lazurite/faults', fault)).status, 201);

  const body = deployment(template({ resources: [publicIp('ip'), balancer('lb')] }));
  const deployed = await deploy(azure, `${deployments}/two`, body);
  t.equal(at(deployed, 'properties.provisioningState'), 'Succeeded');

  t.test('it stands in no journal', async (t) => {
    const journal = (await azure.get('/_lazurite/requests')).body.value as RequestView[];
    const writes = journal.filter(({ method }) => method === 'PUT');
    t.strictSame(
      writes.map(({ path }) => path),
      [`${deployments}/two`],
    );
  });
  t.test('it uses up no fault that was meant for a client', async (t) => {
    const left = (await azure.get('/_lazurite/faults')).body.value as Json[];
    t.match(left, [{ next: 1 }]);
    t.equal((await azure.put(`${network}/publicIPAddresses/other`, {})).status, 500);
    t.strictSame(await names(azure, 'loadBalancers'), ['lb']);
  });
});

test('absolute URLs begin with the host that the client named, and what names none is refused', async (t) => {
  const azure = await ArmClient.start(t, { argv: ['--tls-name', 'azure.example'] });
  await azure.makeGroup();
  for (const name of ['one', 'two']) await azure.makePublicIPAddress(name);
  const list = `${network}/publicIPAddresses?$top=1`;
  const routes = `${network}/routeTables/routes`;
  for (const host of ['a"b', 'evil host', 'evil.example/path', 'user@evil.example', 'a\\b']) {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? { location: 'westeurope' } : undefined;
      const answer = await azure.send(method, method === 'GET' ? list : routes, body, { headers: { host } });
      t.match(answer, { status: 400, body: { error: { code: 'BadRequest' } } }, `${method} with Host: ${host}`);
      t.notOk(JSON.stringify(answer.headers).includes(host), 'no header repeats it');
    }
  }
  const headers = { host: 'azure.example:8443' };
  const written = await azure.put(routes, { location: 'westeurope' }, { headers });
  const deleted = await azure.delete(routes, { headers });
  const accepted = await azure.put(`${deployments}/empty`, deployment(template({})), { headers });
  const urls = [
    (await azure.get(list, { headers })).body.nextLink,
    written.headers['azure-asyncoperation'],
    deleted.headers.location,
    accepted.headers['azure-asyncoperation'],
  ];
  for (const url of urls) t.match(url, /^http:\/\/azure\.example:8443\/subscriptions\//);
});
