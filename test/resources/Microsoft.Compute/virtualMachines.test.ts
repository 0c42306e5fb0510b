import t from 'tap';
import { powerStateOfIPConfiguration } from '../../../src/resources/Microsoft.Compute/common-members.js';
import { virtualMachineInstanceView } from '../../../src/resources/Microsoft.Compute/virtualMachines.js';
import type { Resource } from '../../../src/resources/resource-type.js';
import { AzureInMemory, idOf, ids, writeBack } from '../azure-in-memory.js';

const { vm: id, nic, vnet, set, nsg, table } = ids;

function azureWith(): AzureInMemory {
  const azure = new AzureInMemory();
  azure.put(nsg, { location: 'westus' });
  azure.put(table, {
    location: 'westus',
    properties: {
      routes: [
        {
          name: 'out',
          properties: { addressPrefix: '0.0.0.0/0', nextHopType: 'VirtualAppliance', nextHopIpAddress: '10.0.0.9' },
        },
      ],
    },
  });
  azure.putNetwork({ routeTable: { id: table } });
  const subnet = { id: `${vnet}/subnets/subnet` };
  azure.put(nic, {
    location: 'westus',
    properties: {
      networkSecurityGroup: { id: nsg },
      ipConfigurations: [{ name: 'ipconfig1', properties: { subnet } }],
    },
  });
  azure.put(set, { location: 'westus', sku: { name: 'aligned' }, properties: { platformFaultDomainCount: 2 } });
  return azure;
}

const machine = {
  location: 'West US',
  tags: {},
  properties: {
    availabilitySet: { id: set },
    hardwareProfile: { vmSize: 'Standard_A1' },
    storageProfile: {
      imageReference: { publisher: 'Canonical', offer: 'UbuntuServer', sku: '14.04.4-LTS', version: 'latest' },
      osDisk: { caching: 'ReadWrite', createOption: 'FromImage', managedDisk: { storageAccountType: 'Standard_LRS' } },
    },
    osProfile: {
      computerName: 'vm',
      adminUsername: 'user',
      adminPassword: 'secret',
      linuxConfiguration: { disablePasswordAuthentication: false },
    },
    networkProfile: { networkInterfaces: [{ id: nic, properties: { primary: true } }] },
  },
};

t.test('a virtual machine shows what Azure shows, and never its password', async (t) => {
  const azure = azureWith();
  azure.put(id, machine, { apiVersion: '2020-06-01' });
  t.same(azure.get(id, '2020-06-01'), {
    name: 'vm',
    id,
    type: 'Microsoft.Compute/virtualMachines',
    location: 'westus',
    tags: {},
    properties: {
      vmId: azure.at(id, 'properties.vmId'),
      availabilitySet: { id: set },
      hardwareProfile: { vmSize: 'Standard_A1' },
      storageProfile: {
        imageReference: { publisher: 'Canonical', offer: 'UbuntuServer', sku: '14.04.4-LTS', version: 'latest' },
        osDisk: {
          osType: 'Linux',
          createOption: 'FromImage',
          caching: 'ReadWrite',
          managedDisk: { storageAccountType: 'Standard_LRS' },
        },
        dataDisks: [],
      },
      osProfile: {
        computerName: 'vm',
        adminUsername: 'user',
        linuxConfiguration: { disablePasswordAuthentication: false, provisionVMAgent: true },
        secrets: [],
        allowExtensionOperations: true,
        requireGuestProvisionSignal: true,
      },
      networkProfile: { networkInterfaces: [{ id: nic, properties: { primary: true } }] },
      provisioningState: 'Succeeded',
    },
  });
  const [before, after] = writeBack(azure, id, '2020-06-01');
  t.same(before, after, 'writing it back changes nothing');
});

t.test('a configuration of the operating system that is no object is refused', async (t) => {
  const azure = azureWith();
  for (const name of ['linuxConfiguration', 'windowsConfiguration']) {
    const properties = { ...machine.properties, osProfile: { computerName: 'vm', [name]: 'text' } };
    t.throws(() => azure.put(id, { ...machine, properties }), { code: 'InvalidRequestFormat' }, name);
  }
});

t.test('a network interface of a machine has a MAC address, is primary and cannot be deleted', async (t) => {
  const azure = azureWith();
  t.equal(azure.at(nic, 'properties.macAddress'), undefined);
  azure.put(id, machine);
  t.match(azure.at(nic, 'properties.macAddress'), /^00-0D-3A(-[0-9A-F]{2}){3}$/);
  t.equal(azure.at(nic, 'properties.primary'), true);
  t.same(azure.at(nic, 'properties.virtualMachine'), { id });
  const [before, after] = writeBack(azure, nic);
  t.same(before, after, 'writing it back changes nothing');
  const message = `Network Interface ${nic} is used by existing resource ${id}. In order to delete the network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.`;
  t.throws(() => azure.delete(nic), { code: 'NicInUse', message });
  t.same(azure.refusals(idOf('Microsoft.Compute/virtualMachines', 'other'), machine), [`NicInUse: ${message}`]);
});

t.test('a deallocated machine keeps its interface, and start brings it back', async (t) => {
  const azure = azureWith();
  azure.put(id, machine);
  const state = () => powerStateOfIPConfiguration(azure, nic.toLowerCase());
  t.equal(state(), 'running');
  azure.act(id, 'deallocate');
  t.equal(state(), 'deallocated');
  azure.put(id, machine);
  t.equal(state(), 'deallocated', 'writing a machine does not start it');
  t.throws(() => azure.act(nic, 'effectiveRouteTable'), { code: 'NicMustBeAttachedToRunningVmToGetEffectiveRoutes' });
  azure.act(id, 'start');
  t.equal(state(), 'running');
  azure.act(id, 'powerOff');
  const resource = azure.resource(id.toLowerCase()) as Resource;
  t.match(virtualMachineInstanceView({ resource, lookup: azure }), {
    computerName: 'vm',
    statuses: [{ code: 'ProvisioningState/succeeded' }, { code: 'PowerState/stopped', displayStatus: 'VM stopped' }],
  });
  azure.delete(id);
  t.equal(state(), undefined);
});

t.test('a running machine’s interface tells its effective routes and rules', async (t) => {
  const azure = azureWith();
  azure.put(id, machine);
  const routes = azure.act(nic, 'effectiveRouteTable').body as { value: { addressPrefix: string[] }[] };
  t.same(routes.value[0], {
    disableBgpRoutePropagation: false,
    source: 'Default',
    state: 'Active',
    hasBgpOverride: false,
    addressPrefix: ['10.0.0.0/16'],
    nextHopType: 'VnetLocal',
    nextHopIpAddress: [],
    destinationServiceTags: [],
    tagMap: {},
  });
  t.match(routes.value.at(-1), { name: 'out', source: 'User', nextHopIpAddress: ['10.0.0.9'] });
  const groups = azure.act(nic, 'effectiveNetworkSecurityGroups').body as { value: object[] };
  t.match(groups.value, [{ networkSecurityGroup: { id: nsg }, association: { networkInterface: { id: nic } } }]);
});

t.test('effective rules name every port range by both ends and every tag by what is behind it', async (t) => {
  const azure = azureWith();
  const rule = (priority: number, own: object) => ({
    name: `rule${priority}`,
    properties: {
      protocol: '*',
      access: 'Allow',
      direction: 'Inbound',
      priority,
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      ...own,
    },
  });
  const securityRules = [
    rule(100, { destinationPortRange: '22', sourceAddressPrefix: '10.1.0.0/16' }),
    rule(200, { destinationPortRanges: ['80', '8000-8080'], sourceAddressPrefixes: ['10.1.0.0/16', '10.2.0.0/16'] }),
  ];
  azure.put(nsg, { location: 'westus', properties: { securityRules } });
  azure.put(id, machine);
  const { body } = azure.act(nic, 'effectiveNetworkSecurityGroups');
  const [group] = (
    body as { value: { effectiveSecurityRules: { name: string }[]; tagMap: Record<string, string[]> }[] }
  ).value;
  const named = (name: string) => group?.effectiveSecurityRules.find((one) => one.name.endsWith(`/${name}`));
  t.match(named('rule100'), {
    protocol: 'All',
    sourcePortRange: '0-65535',
    destinationPortRanges: ['22-22'],
    sourceAddressPrefixes: ['10.1.0.0/16'],
    destinationAddressPrefix: '0.0.0.0/0',
    destinationAddressPrefixes: ['0.0.0.0/0', '0.0.0.0/0'],
  });
  t.match(named('rule200'), {
    destinationPortRange: '80-80',
    destinationPortRanges: ['80-80', '8000-8080'],
    sourceAddressPrefix: '10.1.0.0/16',
    sourceAddressPrefixes: ['10.1.0.0/16', '10.2.0.0/16'],
  });
  const inNetwork = ['10.0.0.0/16', '168.63.129.16/32'];
  t.match(named('AllowVnetInBound'), { sourceAddressPrefix: 'VirtualNetwork', expandedSourceAddressPrefix: inNetwork });
  t.same(group?.tagMap.VirtualNetwork, inNetwork);
  const internet = group?.tagMap.Internet ?? [];
  t.equal(internet.length, 273, 'as many ranges as Azure names');
  t.same(internet.slice(0, 5), ['1.0.0.0/8', '2.0.0.0/7', '4.0.0.0/9', '4.144.0.0/12', '4.160.0.0/11']);
  t.ok(internet.includes('11.0.0.0/8') && !internet.some((text) => text.startsWith('10.')));
});

t.test('an availability set knows its machines and cannot be deleted while it has any', async (t) => {
  const azure = azureWith();
  azure.put(id, machine);
  t.same(azure.at(set, 'properties.virtualMachines', '2020-06-01'), [{ id }]);
  t.match(azure.get(set, '2020-06-01'), {
    properties: { platformUpdateDomainCount: 5, platformFaultDomainCount: 2 },
    sku: { name: 'Aligned' },
  });
  t.throws(() => azure.delete(set), {
    code: 'OperationNotAllowed',
    message: `Availability Set 'set' cannot be deleted. Before deleting an Availability Set please ensure that it does not contain any VM.`,
  });
});

t.test('what a virtual machine was created with stays as it is', async (t) => {
  const azure = azureWith();
  const publicKeys = [{ path: '/home/user/.ssh/authorized_keys', keyData: 'ssh-rsa AAAA' }];
  const { storageProfile, osProfile } = machine.properties;
  const withChanges = (storage: object, os: object = {}) => ({
    ...machine,
    properties: {
      ...machine.properties,
      storageProfile: { ...storageProfile, ...storage },
      osProfile: { ...osProfile, linuxConfiguration: { ssh: { publicKeys } }, ...os },
    },
  });
  const disk = { ...storageProfile.osDisk, name: 'disk' };
  azure.put(id, withChanges({ osDisk: disk }));
  azure.put(id, withChanges({ osDisk: disk, imageReference: undefined }, { computerName: undefined }));
  azure.put(id, withChanges({ osDisk: { ...disk, createOption: 'fromImage', diskSizeGB: 64 } }));
  const reordered = publicKeys.map(({ path, keyData }) => ({ keyData, path }));
  azure.put(id, withChanges({ osDisk: disk }, { linuxConfiguration: { ssh: { publicKeys: reordered } } }));
  const keys = [{ path: '/home/user/.ssh/authorized_keys', keyData: 'ssh-rsa BBBB' }];
  for (const [property, body] of [
    ['imageReference', withChanges({ imageReference: { ...storageProfile.imageReference, sku: '16.04-LTS' } })],
    ['osDisk.name', withChanges({ osDisk: { ...disk, name: 'another' } })],
    ['osDisk.createOption', withChanges({ osDisk: { ...disk, createOption: 'Attach' } })],
    ['osProfile.computerName', withChanges({ osDisk: disk }, { computerName: 'another' })],
    ['osProfile.adminUsername', withChanges({ osDisk: disk }, { adminUsername: 'another' })],
    [
      'linuxConfiguration.ssh.publicKeys',
      withChanges({ osDisk: disk }, { linuxConfiguration: { ssh: { publicKeys: keys } } }),
    ],
  ] as const) {
    const message = `Changing property '${property}' is not allowed.`;
    t.throws(() => azure.put(id, body), { code: 'PropertyChangeNotAllowed', message, target: property }, property);
  }
});
