import t from 'tap';
import { AzureInMemory, idOf, ids } from '../azure-in-memory.js';

type Body = Record<string, unknown>;

const subnet = { id: `${ids.vnet}/subnets/subnet` };
const network = (type: string, name: string): string => idOf(`Microsoft.Network/${type}`, name);
const compute = (type: string, name: string): string => idOf(`Microsoft.Compute/${type}`, name);
const nicId = (name: string): string => network('networkInterfaces', name);
const poolOf = (balancer: string): Body => ({ id: `${balancer}/backendAddressPools/pool` });

const balancer = (sku: string): Body => ({
  location: 'westus',
  sku: { name: sku },
  properties: {
    frontendIPConfigurations: [{ name: 'frontend', properties: { subnet } }],
    backendAddressPools: [{ name: 'pool' }],
    inboundNatRules: [
      {
        name: 'ssh',
        properties: {
          frontendIPConfiguration: { id: `${ids.lb}/frontendIPConfigurations/frontend` },
          protocol: 'Tcp',
          frontendPort: 22,
          backendPort: 22,
        },
      },
    ],
  },
});

const networkInterface = (own: Body = {}): Body => ({
  location: 'westus',
  properties: { ipConfigurations: [{ name: 'ip', properties: { subnet, ...own } }] },
});
const joining: Body = { loadBalancerBackendAddressPools: [poolOf(ids.lb)] };

const machine = (nic: string, set?: string): Body => ({
  location: 'westus',
  properties: {
    networkProfile: { networkInterfaces: [{ id: nicId(nic) }] },
    ...(set === undefined ? {} : { availabilitySet: { id: compute('availabilitySets', set) } }),
  },
});

const scaleSet = (own: Body = {}, ipConfiguration: Body = joining, more: Body = {}): Body => ({
  location: 'westus',
  sku: { name: 'Standard_B1s', capacity: 1 },
  ...more,
  properties: {
    ...own,
    virtualMachineProfile: {
      networkProfile: {
        networkInterfaceConfigurations: [
          {
            name: 'nic',
            properties: {
              primary: true,
              ipConfigurations: [{ name: 'ip', properties: { subnet, ...ipConfiguration } }],
            },
          },
        ],
      },
    },
  },
});

function azureWith(sku: string): AzureInMemory {
  const azure = new AzureInMemory();
  azure.putNetwork();
  azure.put(ids.lb, balancer(sku));
  for (const name of ['set', 'other']) {
    azure.put(compute('availabilitySets', name), { location: 'westus', sku: { name: 'Aligned' } });
  }
  return azure;
}

const refused = (azure: AzureInMemory, id: string, body: Body): string[] => {
  try {
    azure.put(id, body);
    return [];
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return [code, message];
  }
};

const differentSets = 'NetworkInterfaceAndLoadBalancerAreInDifferentAvailabilitySets';

t.test('machines of one availability set are behind a Basic load balancer, whichever is written last', (t) => {
  const azure = azureWith('Basic');
  for (const name of ['first', 'second', 'third']) azure.put(nicId(name), networkInterface(joining));
  azure.put(compute('virtualMachines', 'first'), machine('first', 'set'));
  azure.put(compute('virtualMachines', 'second'), machine('second', 'set'));
  const text = (set: string, nic: string): string =>
    `Network interface ${nicId(nic)} uses load balancer ${ids.lb} associated with different availability set (${set}).`;
  const set = compute('availabilitySets', 'set');
  t.same(refused(azure, compute('virtualMachines', 'third'), machine('third', 'other')), [
    differentSets,
    text(set, 'third'),
  ]);
  t.same(refused(azure, compute('virtualMachines', 'third'), machine('third')), [differentSets, text(set, 'third')]);
  azure.put(nicId('third'), networkInterface());
  azure.put(compute('virtualMachines', 'third'), machine('third', 'other'));
  t.same(refused(azure, nicId('third'), networkInterface(joining)), [differentSets, text(set, 'third')]);
  const rule = { loadBalancerInboundNatRules: [{ id: `${ids.lb}/inboundNatRules/ssh` }] };
  t.same(refused(azure, nicId('third'), networkInterface(rule)), [differentSets, text(set, 'third')]);
  t.same(refused(azure, compute('virtualMachineScaleSets', 'scale'), scaleSet())[0], differentSets);
  t.same(refused(azure, nicId('second'), networkInterface(joining)), [], 'who is there stays');
  t.same(refused(azure, ids.lb, balancer('Basic')), []);
  t.end();
});

t.test('a machine outside availability sets is alone behind a Basic load balancer', (t) => {
  const azure = azureWith('Basic');
  for (const name of ['first', 'second']) azure.put(nicId(name), networkInterface(joining));
  azure.put(compute('virtualMachines', 'first'), machine('first'));
  const [code, message] = refused(azure, compute('virtualMachines', 'second'), machine('second'));
  t.equal(code, differentSets);
  t.match(message, `different availability set (${compute('virtualMachines', 'first')})`);
  azure.delete(compute('virtualMachines', 'first'));
  t.same(refused(azure, compute('virtualMachines', 'second'), machine('second')), []);
  t.end();
});

t.test('a Standard load balancer takes machines of several sets and scale sets', (t) => {
  const azure = azureWith('Standard');
  for (const [name, set] of [['first', 'set'], ['second', 'other'], ['third']] as const) {
    azure.put(nicId(name), networkInterface(joining));
    azure.put(compute('virtualMachines', name), machine(name, set));
  }
  t.same(refused(azure, compute('virtualMachineScaleSets', 'scale'), scaleSet({ singlePlacementGroup: false })), []);
  t.end();
});

t.test('a pool has machines of up to 150 availability sets', (t) => {
  const azure = azureWith('Standard');
  const names = Array.from({ length: 151 }, (_, index) => `m${index}`);
  for (const name of names) {
    azure.put(nicId(name), networkInterface(joining));
    if (name !== 'm150') azure.put(compute('virtualMachines', name), machine(name));
  }
  const reached = 'MaxAvailabilitySetsInLoadBalancerReached';
  t.equal(refused(azure, compute('virtualMachines', 'm150'), machine('m150'))[0], reached);
  azure.put(nicId('m150'), networkInterface());
  azure.put(compute('virtualMachines', 'm150'), machine('m150'));
  t.equal(refused(azure, nicId('m150'), networkInterface(joining))[0], reached);
  azure.delete(compute('virtualMachines', 'm149'));
  t.same(refused(azure, nicId('m150'), networkInterface(joining)), []);
  t.end();
});

t.test('one availability set has Basic or Standard, whichever is written last', (t) => {
  const azure = azureWith('Standard');
  azure.put(network('publicIPAddresses', 'basic'), { location: 'westus', sku: { name: 'Basic' }, properties: {} });
  const basic = { publicIPAddress: { id: network('publicIPAddresses', 'basic') } };
  azure.put(nicId('first'), networkInterface(joining));
  azure.put(compute('virtualMachines', 'first'), machine('first', 'set'));
  azure.put(nicId('second'), networkInterface(basic));
  const differ = 'DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed';
  t.same(refused(azure, compute('virtualMachines', 'second'), machine('second', 'set')), [
    differ,
    `Different basic sku and standard sku load balancer or public Ip resources in availability set is not allowed ${basic.publicIPAddress.id} and ${ids.lb}.`,
  ]);
  azure.put(nicId('second'), networkInterface());
  azure.put(compute('virtualMachines', 'second'), machine('second', 'set'));
  t.equal(refused(azure, nicId('second'), networkInterface(basic))[0], differ);
  azure.put(nicId('third'), networkInterface(basic));
  t.same(refused(azure, compute('virtualMachines', 'third'), machine('third', 'other')), []);
  t.end();
});

t.test('a scale set has Basic or Standard, and is not spread behind Basic', (t) => {
  const azure = azureWith('Basic');
  const id = compute('virtualMachineScaleSets', 'scale');
  const spread = 'VMScaleSetCannotReferenceLoadbalancerWhenLargeScaleOrCrossAZ';
  t.equal(refused(azure, id, scaleSet({ singlePlacementGroup: false }))[0], spread);
  t.equal(refused(azure, id, scaleSet({ orchestrationMode: 'Flexible' }))[0], spread);
  t.equal(refused(azure, id, scaleSet({}, joining, { zones: ['1', '2'] }))[0], spread);
  t.same(refused(azure, id, scaleSet({}, joining, { zones: ['1'] })), []);
  const publicIP = (sku?: Body): Body => ({
    publicIPAddressConfiguration: { name: 'public', ...(sku ? { sku } : {}), properties: {} },
  });
  const both = 'DifferentSkuLoadBalancerAndPublicIPAddressNotAllowedInVMSS';
  const zones = { zones: ['1'] };
  t.same(refused(azure, id, scaleSet({}, { ...joining, ...publicIP({ name: 'Standard' }) }, zones)), [
    both,
    'Different basic sku and standard sku load balancer or public Ip resources in VMSS is not allowed.',
  ]);
  t.same(refused(azure, id, scaleSet({}, { ...joining, ...publicIP({ name: 'Basic' }) }, zones)), []);
  t.same(refused(azure, id, scaleSet({}, { ...joining, ...publicIP() }, zones)), []);
  const standard = network('loadBalancers', 'standard');
  azure.put(standard, {
    location: 'westus',
    sku: { name: 'Standard' },
    properties: { backendAddressPools: [{ name: 'pool' }] },
  });
  const pools = { loadBalancerBackendAddressPools: [poolOf(ids.lb), poolOf(standard)] };
  t.equal(refused(azure, id, scaleSet({}, pools, zones))[0], both);
  t.end();
});
