/** Connections of private endpoints at their private link service, over the wire: decided about, taken away, brought along. */
import t from 'tap';
import { ArmClient, at, group, type Json, network } from './arm-client.js';

const service = `${network}/privateLinkServices/pls`;
const endpoint = `${network}/privateEndpoints/pe`;
const location = 'westeurope';
const state = (status: string, more: Json = {}) => ({
  properties: { privateLinkServiceConnectionState: { status, ...more } },
});

/** A private link service, and the way to put an endpoint of it. */
async function start(t: Parameters<typeof ArmClient.start>[0]) {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const subnet = { id: `${network}/virtualNetworks/vnet/subnets/subnet` };
  const properties = { addressPrefix: '10.0.0.0/24', privateLinkServiceNetworkPolicies: 'Disabled' };
  await azure.put(`${network}/virtualNetworks/vnet`, {
    location,
    properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] }, subnets: [{ name: 'subnet', properties }] },
  });
  await azure.put(service, {
    location,
    properties: { destinationIPAddress: '10.0.0.9', ipConfigurations: [{ name: 'one', properties: { subnet } }] },
  });
  const connect = (list = 'privateLinkServiceConnections') =>
    azure.put(endpoint, {
      location,
      properties: { subnet, [list]: [{ name: 'link', properties: { privateLinkServiceId: service } }] },
    });
  const stateOf = async (list = 'privateLinkServiceConnections') =>
    at((await azure.get(endpoint)).body, `properties.${list}.0.properties.privateLinkServiceConnectionState`) as Json;
  return { azure, connect, stateOf };
}

t.test('A PUT of a connection decides about it, and the endpoint shows the decision', async (t) => {
  const { azure, connect, stateOf } = await start(t);
  const list = 'manualPrivateLinkServiceConnections';
  const made = await connect(list);
  t.equal(made.status, 201);
  t.ok(made.headers['azure-asyncoperation']);
  const all = (await azure.get(`${service}/privateEndpointConnections`)).body.value as Json[];
  t.match(all, [{ properties: { privateEndpoint: { id: endpoint }, ...state('Pending').properties } }]);
  const id = all[0]?.id as string;
  const { status, body } = await azure.put(id, state('Approved', { description: 'welcome' }));
  t.equal(status, 200);
  const approved = { status: 'Approved', description: 'welcome', actionsRequired: 'None' };
  t.same(body.properties, {
    ...(all[0]?.properties as Json),
    privateLinkServiceConnectionState: approved,
  });
  t.same((await azure.get(id)).body.properties, body.properties);
  t.same(await stateOf(list), approved);
  t.equal((await azure.put(id, state('Rejected', { actionsRequired: 'ask again' }))).status, 200);
  t.same(await stateOf(list), { status: 'Rejected', description: 'welcome', actionsRequired: 'ask again' });
  t.equal((await azure.put(id, state('Maybe'))).status, 400);
});

t.test('An endpoint whose connection was taken away is disconnected for good', async (t) => {
  const { azure, connect, stateOf } = await start(t);
  await connect();
  const id = at((await azure.get(service)).body, 'properties.privateEndpointConnections.0.id') as string;
  t.equal((await azure.delete(service)).status, 400, 'not while there is a connection');
  t.equal((await azure.delete(id)).status, 202);
  t.equal((await azure.get(id)).status, 404);
  t.match(await stateOf(), { status: 'Disconnected' });
  t.equal((await connect()).status, 200);
  t.match(await stateOf(), { status: 'Disconnected' });
  t.same(at((await azure.get(service)).body, 'properties.privateEndpointConnections'), []);
  t.equal((await azure.delete(endpoint)).status, 202);
  await connect();
  t.match(await stateOf(), { status: 'Approved' }, 'another endpoint of that name is connected');
  t.equal((await azure.delete(endpoint)).status, 202);
  t.equal((await azure.delete(service)).status, 202);
});

t.test('A client may bring a connection along, of an endpoint that is elsewhere or here', async (t) => {
  const { azure, connect, stateOf } = await start(t);
  const foreign = `${service}/privateEndpointConnections/far.one`;
  t.equal((await azure.put(foreign, state('Pending'))).status, 200);
  await connect();
  t.match(at((await azure.get(service)).body, 'properties.privateEndpointConnections'), [
    { name: 'far.one', properties: { linkIdentifier: /^\d+$/ } },
    { name: /^pe\./ },
  ]);
  const body = { properties: { privateEndpoint: { id: endpoint }, ...state('Rejected').properties } };
  t.equal((await azure.put(`${service}/privateEndpointConnections/pe.recorded`, body)).status, 200);
  t.match(await stateOf(), { status: 'Rejected' });
  t.same(
    (at((await azure.get(service)).body, 'properties.privateEndpointConnections') as Json[]).map(({ name }) => name),
    ['far.one', 'pe.recorded'],
    'an endpoint has one connection',
  );
});

t.test('Zone groups of a private endpoint are stored, and go with it', async (t) => {
  const { azure, connect } = await start(t);
  await connect();
  const zones = `${endpoint}/privateDnsZoneGroups/default`;
  const properties = {
    privateDnsZoneConfigs: [{ name: 'config', properties: { privateDnsZoneId: `${network}/privateDnsZones/zone` } }],
  };
  t.equal((await azure.put(zones, { properties })).status, 201);
  t.match((await azure.get(`${endpoint}/privateDnsZoneGroups`)).body.value, [{ name: 'default', properties }]);
  t.equal((await azure.delete(endpoint)).status, 202);
  t.equal((await azure.get(zones)).status, 404);
  await connect();
  t.equal((await azure.delete(group)).status, 202, 'a group goes with its endpoints');
});
