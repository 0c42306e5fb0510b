import t from 'tap';
import { AzureInMemory, idOf, writeBack } from '../azure-in-memory.js';

const id = idOf('Microsoft.Network/networkSecurityGroups', 'nsg');
const vnet = idOf('Microsoft.Network/virtualNetworks', 'vnet');
const azureWith = () => new AzureInMemory();

const rule = (name: string, changes: object = {}) => ({
  name,
  properties: {
    protocol: 'Tcp',
    sourcePortRange: '*',
    destinationPortRange: '80',
    sourceAddressPrefix: '*',
    destinationAddressPrefix: '*',
    access: 'allow',
    priority: 100,
    direction: 'inbound',
    ...changes,
  },
});
const group = (...securityRules: object[]) => ({ location: 'westus', properties: { securityRules } });
const refusals = (changes: object) => azureWith().refusals(id, group(rule('web', changes)));

t.test('a network security group has Azure’s six rules', async (t) => {
  const azure = azureWith();
  azure.put(id, { location: 'westus' });
  const rules = azure.at(id, 'properties.defaultSecurityRules') as { name: string; properties: object }[];
  t.same(
    rules.map(({ name }) => name),
    [
      'AllowVnetInBound',
      'AllowAzureLoadBalancerInBound',
      'DenyAllInBound',
      'AllowVnetOutBound',
      'AllowInternetOutBound',
      'DenyAllOutBound',
    ],
  );
  t.same(rules[1], {
    name: 'AllowAzureLoadBalancerInBound',
    id: `${id}/defaultSecurityRules/AllowAzureLoadBalancerInBound`,
    etag: azure.at(id, 'etag'),
    type: 'Microsoft.Network/networkSecurityGroups/defaultSecurityRules',
    properties: {
      provisioningState: 'Succeeded',
      description: 'Allow inbound traffic from azure load balancer',
      protocol: '*',
      sourcePortRange: '*',
      destinationPortRange: '*',
      sourceAddressPrefix: 'AzureLoadBalancer',
      destinationAddressPrefix: '*',
      access: 'Allow',
      priority: 65001,
      direction: 'Inbound',
      sourcePortRanges: [],
      destinationPortRanges: [],
      sourceAddressPrefixes: [],
      destinationAddressPrefixes: [],
    },
  });
  const [before, after] = writeBack(azure, id);
  t.same(before, after, 'writing them back changes nothing');
});

t.test('a rule keeps the casing of its protocol and gets empty lists', async (t) => {
  const azure = azureWith();
  azure.put(id, group(rule('web', { protocol: 'TCP' })));
  t.same(azure.at(id, 'properties.securityRules.0.properties'), {
    provisioningState: 'Succeeded',
    protocol: 'TCP',
    sourcePortRange: '*',
    destinationPortRange: '80',
    sourceAddressPrefix: '*',
    destinationAddressPrefix: '*',
    access: 'Allow',
    priority: 100,
    direction: 'Inbound',
    sourcePortRanges: [],
    destinationPortRanges: [],
    sourceAddressPrefixes: [],
    destinationAddressPrefixes: [],
  });
  const old = Object.keys(azure.at(id, 'properties.securityRules.0.properties', '2017-03-01') as object);
  t.equal(old.at(-1), 'direction', 'the lists came with 2017-06-01');
  const [before, after] = writeBack(azure, id);
  t.same(before, after, 'writing it back changes nothing');
});

t.test('Azure refuses rules out of range', async (t) => {
  t.same(refusals({ priority: 99 }), [
    'SecurityRuleInvalidPriority: Security rule has invalid Priority. Value provided: 99 Allowed range 100-4096.',
  ]);
  t.same(refusals({ destinationPortRange: '66600' }), [
    "SecurityRuleInvalidPortRange: Security rule has invalid Port range. Value provided: 66600. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.",
  ]);
  t.same(refusals({ sourceAddressPrefix: '10.0.0.0/42' }), [
    `SecurityRuleInvalidAddressPrefix: Security rule ${id}/securityRules/web has invalid Address prefix. Value provided: 10.0.0.0/42`,
  ]);
  t.same(refusals({ description: 'x'.repeat(141) }), [
    'SecurityRuleDescriptionTooLong: Security rule description cannot exceed 140 chars.',
  ]);
  t.same(refusals({ protocol: 'Sctp' }), [
    'SecurityRuleInvalidProtocol: Security rule has invalid Protocol. Value provided: Sctp Allowed values: Icmp,Tcp,Udp,Esp,Ah,*.',
  ]);
  t.same(refusals({ sourcePortRange: '23-45', sourceAddressPrefix: 'Internet', destinationAddressPrefix: '1234' }), []);
  const destinations = { destinationAddressPrefix: undefined, destinationAddressPrefixes: ['10.0.0.0/8', 'fd00::/8'] };
  t.same(refusals({ sourceAddressPrefix: 'Storage.WestUS', ...destinations }), []);
});

t.test('two rules of one direction need different priorities', async (t) => {
  t.same(azureWith().refusals(id, group(rule('A'), rule('B'))), [
    'SecurityRuleConflict: Security rule A conflicts with rule B. Rules cannot have the same Priority and Direction.',
  ]);
  t.same(azureWith().refusals(id, group(rule('A'), rule('B', { direction: 'Outbound' }))), []);
});

t.test('a group shows who uses it, and cannot be deleted while anybody does', async (t) => {
  const azure = azureWith();
  const nic = idOf('Microsoft.Network/networkInterfaces', 'nic');
  azure.put(id, { location: 'westus' });
  const networkSecurityGroup = { id };
  azure.put(vnet, {
    location: 'westus',
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [{ name: 'subnet', properties: { addressPrefix: '10.0.0.0/24', networkSecurityGroup } }],
    },
  });
  const subnet = { id: `${vnet}/subnets/subnet` };
  azure.put(nic, {
    location: 'westus',
    properties: { networkSecurityGroup, ipConfigurations: [{ name: 'ipconfig1', properties: { subnet } }] },
  });
  t.same(azure.at(id, 'properties.networkInterfaces'), [{ id: nic }]);
  t.same(azure.at(id, 'properties.subnets'), [subnet]);
  t.throws(() => azure.delete(id), {
    code: 'InUseNetworkSecurityGroupCannotBeDeleted',
    message: `Network security group ${id} cannot be deleted because it is in use by the following resources: ${nic}, ${subnet.id}. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.`,
  });
});
