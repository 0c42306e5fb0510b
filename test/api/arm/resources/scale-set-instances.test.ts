/** The instances of a scale set over the wire: machines, network interfaces, public addresses, power, scaling. */
import t from 'tap';
import { ArmClient, at, group, type Json, network, refusal } from './arm-client.js';

const scaleSet = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/set`;
const subnet = { id: `${network}/virtualNetworks/vnet/subnets/default` };
const pool = { id: `${network}/loadBalancers/lb/backendAddressPools/pool` };

const body = (capacity: number): Json => ({
  location: 'westeurope',
  sku: { name: 'Standard_B1s', capacity },
  properties: {
    virtualMachineProfile: {
      networkProfile: {
        networkInterfaceConfigurations: [
          {
            name: 'nic',
            properties: {
              primary: true,
              ipConfigurations: [
                {
                  name: 'ip',
                  properties: {
                    subnet,
                    loadBalancerBackendAddressPools: [pool],
                    publicIPAddressConfiguration: { name: 'pub', properties: { idleTimeoutInMinutes: 10 } },
                  },
                },
              ],
            },
          },
        ],
      },
    },
  },
});

async function start(t: Test, capacity: number): Promise<ArmClient> {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  await azure.put(`${network}/virtualNetworks/vnet`, {
    location: 'westeurope',
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }],
    },
  });
  await azure.put(`${network}/loadBalancers/lb`, {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [{ name: 'front', properties: { subnet } }],
      backendAddressPools: [{ name: 'pool' }],
    },
  });
  const made = await azure.put(scaleSet, body(capacity), compute);
  if (made.status !== 201) throw new Error(made.text);
  return azure;
}

type Test = Parameters<typeof ArmClient.start>[0];
const compute = { apiVersion: '2024-03-01' };
const list = async (azure: ArmClient, path: string): Promise<Json[]> =>
  (await azure.get(`${scaleSet}/${path}`, compute)).body.value as Json[];
const ids = async (azure: ArmClient) => (await list(azure, 'virtualMachines')).map(({ instanceId }) => instanceId);

t.test('Everything that a pool names below a scale set can be read', async (t) => {
  const azure = await start(t, 2);
  const { body: balancer } = await azure.get(`${network}/loadBalancers/lb`);
  const members = at(balancer, 'properties.backendAddressPools.0.properties.backendIPConfigurations') as Json[];
  t.equal(members.length, 2);
  for (const { id } of members) {
    const { status, body } = await azure.get(String(id), compute);
    t.equal(status, 200);
    t.match(body, { id, properties: { subnet, loadBalancerBackendAddressPools: [pool] } });
    for (let path = String(id); path.length > scaleSet.length; path = path.slice(0, path.lastIndexOf('/'))) {
      t.equal((await azure.get(path, compute)).status, 200, path);
    }
  }
  const [nic] = await list(azure, 'networkInterfaces');
  t.match(nic, { name: 'nic', properties: { virtualMachine: { id: `${scaleSet}/virtualMachines/0` } } });
  const address = await list(azure, 'publicIPAddresses');
  t.equal(new Set(address.map((one) => at(one, 'properties.ipAddress'))).size, 2);
  t.match(address[1], { name: 'pub', properties: { idleTimeoutInMinutes: 10, ipAddress: /^\d+\./ } });
  t.same((await azure.get(String(address[1]?.id), compute)).body, address[1]);
  t.equal((await azure.get(`${scaleSet}/virtualMachines/7`, compute)).status, 404);
});

t.test('A scale set names its size, and what would upgrade it is refused as not emulated', async (t) => {
  const azure = await start(t, 2);
  t.match(await list(azure, 'skus'), [{ sku: { capacity: 2 }, capacity: { minimum: 0 } }]);
  t.same(await list(azure, 'osUpgradeHistory'), []);
  for (const answer of [
    await azure.get(`${scaleSet}/rollingUpgrades/latest`, compute),
    await azure.post(`${scaleSet}/osRollingUpgrade`, undefined, compute),
    await azure.get('/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Compute/skus', compute),
  ])
    t.match(refusal(answer), /^400 OperationNotSupported: Lazurite does not emulate/);
});

t.test('An instance is stopped and started by itself', async (t) => {
  const azure = await start(t, 2);
  const power = async (id: string) =>
    at((await azure.get(`${scaleSet}/virtualMachines/${id}/instanceView`, compute)).body, 'statuses.1.code');
  t.equal((await azure.post(`${scaleSet}/virtualMachines/1/deallocate`, undefined, compute)).status, 202);
  t.same([await power('0'), await power('1')], ['PowerState/running', 'PowerState/deallocated']);
  await azure.post(`${scaleSet}/powerOff`, { instanceIds: ['0'] }, compute);
  t.same([await power('0'), await power('1')], ['PowerState/stopped', 'PowerState/deallocated']);
  await azure.post(`${scaleSet}/start`, undefined, compute);
  t.same([await power('0'), await power('1')], ['PowerState/running', 'PowerState/running']);
  t.match((await azure.get(`${scaleSet}/instanceView`, compute)).body, {
    virtualMachine: { statusesSummary: [{ code: 'ProvisioningState/succeeded', count: 2 }] },
  });
});

t.test('Scaling in and out, and deleting instances, changes the pool’s members', async (t) => {
  const azure = await start(t, 3);
  const members = async () =>
    at((await azure.get(`${network}/loadBalancers/lb`)).body, 'properties.backendAddressPools.0.properties') as Json;
  t.equal((await azure.delete(`${scaleSet}/virtualMachines/0`, compute)).status, 202);
  t.same(await ids(azure), ['1', '2']);
  t.equal(at((await azure.get(scaleSet, compute)).body, 'sku.capacity'), 2);
  t.equal(((await members()).backendIPConfigurations as Json[]).length, 2);
  await azure.put(scaleSet, body(4), compute);
  t.same(await ids(azure), ['1', '2', '3', '4'], 'a number is not given twice');
  await azure.put(scaleSet, body(1), compute);
  t.same(await ids(azure), ['1']);
  await azure.post(`${scaleSet}/delete`, { instanceIds: ['1'] }, compute);
  t.same(await ids(azure), []);
  t.equal((await members()).backendIPConfigurations, undefined);
});

t.test('A pool with instances of a scale set is not migrated to IP addresses', async (t) => {
  const azure = await start(t, 1);
  const { status, body: refused } = await azure.post(`${network}/loadBalancers/lb/migrateToIpBased`, {
    pools: ['pool'],
  });
  t.equal(status, 400);
  t.match(at(refused, 'error.code'), /^CannotMixIPBasedAddresses/);
  const { body: balancer } = await azure.get(`${network}/loadBalancers/lb`);
  t.equal((at(balancer, 'properties.backendAddressPools.0.properties.backendIPConfigurations') as Json[]).length, 1);
});

t.test('A PATCH of a scale set changes what it has, and nothing else', async (t) => {
  const azure = await start(t, 1);
  const before = (await azure.get(scaleSet, compute)).body;
  const identified = await azure.patch(scaleSet, { identity: { type: 'SystemAssigned' } }, compute);
  t.equal(identified.status, 200);
  const { identity, ...rest } = (await azure.get(scaleSet, compute)).body;
  t.match(identity, { type: 'SystemAssigned', principalId: /^[0-9a-f-]{36}$/ });
  t.same(rest, before);
  await azure.patch(scaleSet, { Sku: { capacity: 3 }, tags: { a: 'b' } }, compute);
  t.same(await ids(azure), ['0', '1', '2']);
  const changed = (await azure.patch(scaleSet, { properties: { upgradePolicy: { mode: 'Manual' } } }, compute)).body;
  t.match(changed, { sku: { name: 'Standard_B1s', capacity: 3 }, tags: { a: 'b' } });
  t.match(changed.properties, { upgradePolicy: { mode: 'Manual' }, virtualMachineProfile: { networkProfile: {} } });
  const domains = await azure.patch(scaleSet, { properties: { platformFaultDomainCount: 2 } }, compute);
  t.match(refusal(domains), /^409 PropertyChangeNotAllowed: /);
  t.same(at(domains.body, 'error.target'), 'platformFaultDomainCount');
  const none = await azure.patch(`${scaleSet}none`, { identity: { type: 'None' } }, compute);
  t.match(refusal(none), /^404 ResourceNotFound/);
});

t.test('A PATCH of what stands in Microsoft.Network changes tags alone', async (t) => {
  const azure = await start(t, 1);
  const path = `${network}/loadBalancers/lb`;
  const { properties } = (await azure.get(path)).body;
  const patched = await azure.patch(path, { tags: { a: 'b' }, properties: { backendAddressPools: [] } });
  t.match(patched, { status: 200, body: { tags: { a: 'b' } } });
  t.same(Object.keys(patched.body.properties as Json), Object.keys(properties as Json));
  t.match(at(patched.body, 'properties.backendAddressPools.0'), { name: 'pool' });
});

t.test('What cannot be done with an instance is not taken for a type that Azure does not have', async (t) => {
  const azure = await start(t, 1);
  const instance = `${scaleSet}/virtualMachines/0`;
  const answers = [
    await azure.put(instance, { location: 'westeurope' }, compute),
    await azure.put(`${instance}/networkInterfaces/nic`, { location: 'westeurope' }, compute),
    await azure.post(`${instance}/attachEverything`, undefined, compute),
  ];
  for (const answer of answers) t.match(refusal(answer), /^400 OperationNotSupported/);
  const extension = { location: 'westeurope', properties: { publisher: 'Contoso', type: 'Setup' } };
  const made = await azure.put(`${instance}/extensions/setup`, extension, compute);
  t.equal(made.status, 201, 'what lies in an instance is stored');
});
