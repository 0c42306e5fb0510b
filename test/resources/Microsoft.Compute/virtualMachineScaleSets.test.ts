import t from 'tap';
import { powerStateOfIPConfiguration } from '../../../src/resources/Microsoft.Compute/common-members.js';
import {
  instanceIPConfigurations,
  type PlacedIPConfiguration,
} from '../../../src/resources/Microsoft.Compute/virtualMachineScaleSets/instances.js';
import { lookUpChild } from '../../../src/resources/references.js';
import type { Resource } from '../../../src/resources/resource-type.js';
import { AzureInMemory, idOf, writeBack } from '../azure-in-memory.js';

const id = idOf('Microsoft.Compute/virtualMachineScaleSets', 'vmss');
const vnet = idOf('Microsoft.Network/virtualNetworks', 'vnet');
const lb = idOf('Microsoft.Network/loadBalancers', 'lb');
const subnet = { id: `${vnet}/subnets/subnet` };
const pool = { id: `${lb}/backendAddressPools/pool` };
const apiVersion = '2024-07-01';

function azureWith(): AzureInMemory {
  const azure = new AzureInMemory();
  azure.putNetwork();
  azure.put(lb, {
    location: 'westus',
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [
        { name: 'fe', properties: { subnet, privateIPAddress: '10.0.0.100', privateIPAllocationMethod: 'Static' } },
      ],
      backendAddressPools: [{ name: 'pool' }],
    },
  });
  return azure;
}

const scaleSet = (capacity: number, changes: object = {}) => ({
  location: 'westus',
  sku: { name: 'Standard_DS1_v2', capacity },
  properties: {
    upgradePolicy: { mode: 'Manual' },
    virtualMachineProfile: {
      networkProfile: {
        networkInterfaceConfigurations: [
          {
            name: 'nic1',
            properties: {
              primary: true,
              ipConfigurations: [{ name: 'ip1', properties: { subnet, loadBalancerBackendAddressPools: [pool] } }],
            },
          },
        ],
      },
    },
    ...changes,
  },
});

const placed = (azure: AzureInMemory): PlacedIPConfiguration[] =>
  instanceIPConfigurations(azure.resource(id.toLowerCase()) as Resource);
const addresses = (azure: AzureInMemory) =>
  placed(azure).map(({ ipConfiguration }) => ipConfiguration.properties?.privateIPAddress);
const instance = (index: number) => `${id}/virtualMachines/${index}/networkInterfaces/nic1/ipConfigurations/ip1`;

t.test('every instance has an address of its own and keeps it when the set grows', async (t) => {
  const azure = azureWith();
  azure.put(id, scaleSet(2), { apiVersion });
  t.same(addresses(azure), ['10.0.0.4', '10.0.0.5']);
  t.same(
    placed(azure).map((one) => one.id),
    [instance(0), instance(1)],
  );
  t.equal(lookUpChild(azure, instance(1))?.child.properties?.privateIPAddress, '10.0.0.5');
  azure.put(id, scaleSet(3), { apiVersion });
  t.same(addresses(azure), ['10.0.0.4', '10.0.0.5', '10.0.0.6']);
  azure.put(id, scaleSet(1), { apiVersion });
  t.same(addresses(azure), ['10.0.0.4']);
});

t.test('instances are members of the pool and addresses of the subnet, and are not shown on the set', async (t) => {
  const azure = azureWith();
  azure.put(id, scaleSet(2), { apiVersion });
  t.same(
    azure
      .linksInto(lb.toLowerCase())
      .filter(({ sourceType }) => sourceType.endsWith('/ipConfigurations'))
      .map(({ sourceId, path }) => [sourceId, path]),
    [
      [instance(0), 'loadBalancerBackendAddressPools'],
      [instance(1), 'loadBalancerBackendAddressPools'],
    ],
  );
  t.match(azure.at(vnet, 'properties.subnets.0.properties.ipConfigurations'), [
    { id: instance(0) },
    { id: instance(1) },
    { id: `${lb}/frontendIPConfigurations/fe` },
  ]);
  t.match(azure.get(id, apiVersion), { sku: { name: 'Standard_DS1_v2', tier: 'Standard', capacity: 2 } });
  t.equal(azure.at(id, 'properties.virtualMachines', apiVersion), undefined);
  const [before, after] = writeBack(azure, id, apiVersion);
  t.same(before, after, 'writing it back changes nothing');
});

t.test('a load balancer that a scale set uses cannot be deleted', async (t) => {
  const azure = azureWith();
  azure.put(id, scaleSet(2), { apiVersion });
  t.throws(() => azure.delete(vnet), { code: 'InUseSubnetCannotBeDeleted' });
  azure.delete(id);
  azure.delete(lb);
  azure.delete(vnet);
});

t.test('a flexible scale set has virtual machines of their own instead of instances', async (t) => {
  const azure = azureWith();
  azure.put(id, scaleSet(2, { orchestrationMode: 'Flexible' }), { apiVersion });
  t.same(addresses(azure), []);
  t.match(azure.at(id, 'properties', apiVersion), {
    singlePlacementGroup: false,
    orchestrationMode: 'Flexible',
    platformFaultDomainCount: 1,
  });
  azure.put(id, scaleSet(2), { apiVersion });
  t.match(azure.at(id, 'properties', apiVersion), { orchestrationMode: 'Flexible', platformFaultDomainCount: 1 });
  t.throws(() => azure.put(id, scaleSet(2, { orchestrationMode: 'Uniform' }), { apiVersion }), {
    message: "Changing property 'orchestrationMode' is not allowed.",
  });
  t.throws(() => azure.put(id, scaleSet(2, { platformFaultDomainCount: 5 }), { apiVersion }), {
    message: "Changing property 'platformFaultDomainCount' is not allowed.",
    target: 'platformFaultDomainCount',
  });
});

t.test('what a write of a scale set leaves out stays', async (t) => {
  const azure = azureWith();
  azure.put(id, { ...scaleSet(1, { overprovision: false }), zones: ['1'] }, { apiVersion });
  const before = azure.get(id, apiVersion) as { properties: object };
  azure.put(id, { location: 'westus', sku: { name: 'Standard_DS1_v2', capacity: 2 } }, { apiVersion });
  t.equal(addresses(azure).length, 2);
  t.same(azure.get(id, apiVersion), { ...before, sku: { name: 'Standard_DS1_v2', tier: 'Standard', capacity: 2 } });
  azure.put(id, { location: 'westus', properties: { overprovision: true } }, { apiVersion });
  t.match(azure.get(id, apiVersion), { sku: { capacity: 2 }, properties: { overprovision: true } });
  t.equal(addresses(azure).length, 2);
});

t.test('a deallocated scale set stays so until it is started', async (t) => {
  const azure = azureWith();
  azure.put(id, scaleSet(1), { apiVersion });
  const instance = `${id}/virtualMachines/0/networkInterfaces/nic/ipConfigurations/ip`;
  const state = () => powerStateOfIPConfiguration(azure, instance);
  azure.act(id, 'deallocate');
  t.equal(state(), 'deallocated');
  azure.put(id, scaleSet(1), { apiVersion });
  t.equal(state(), 'deallocated', 'writing a scale set does not start it');
  azure.act(id, 'start');
  t.equal(state(), 'running');
});
