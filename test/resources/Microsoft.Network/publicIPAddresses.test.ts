import t from 'tap';
import { checkDnsNameAvailability } from '../../../src/resources/Microsoft.Network/publicIPAddresses.js';
import { AzureInMemory, guid, idOf, writeBack } from '../azure-in-memory.js';

const id = idOf('Microsoft.Network/publicIPAddresses', 'ip');
const standard = { location: 'westus', sku: { name: 'Standard' }, properties: { publicIPAllocationMethod: 'Static' } };
const azureWith = () => new AzureInMemory();

const attach = (azure: AzureInMemory, nic = 'nic', publicIP = id) => {
  azure.putNetwork();
  azure.put(idOf('Microsoft.Network/networkInterfaces', nic), {
    location: 'westus',
    properties: {
      ipConfigurations: [
        {
          name: 'ipconfig1',
          properties: {
            subnet: { id: idOf('Microsoft.Network/virtualNetworks', 'vnet', 'subnets', 'subnet') },
            publicIPAddress: { id: publicIP },
          },
        },
      ],
    },
  });
};

t.test('a Basic public IP address gets Azure’s defaults', async (t) => {
  const azure = azureWith();
  azure.put(id, { location: 'West US' });
  const { etag, ...shown } = azure.get(id);
  const resourceGuid = azure.at(id, 'properties.resourceGuid');
  t.match(resourceGuid, guid);
  t.match(etag, /^W\/"[0-9a-f-]{36}"$/);
  t.same(shown, {
    name: 'ip',
    id,
    location: 'westus',
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid,
      publicIPAddressVersion: 'IPv4',
      publicIPAllocationMethod: 'Dynamic',
      idleTimeoutInMinutes: 4,
      ipTags: [],
    },
    type: 'Microsoft.Network/publicIPAddresses',
    sku: { name: 'Basic', tier: 'Regional' },
  });
  t.same(Object.keys(azure.get(id)), ['name', 'id', 'etag', 'location', 'properties', 'type', 'sku']);
});

t.test('a Standard public IP address has its address and DDoS settings at once', async (t) => {
  const azure = azureWith();
  azure.put(id, { ...standard, zones: ['1', '2', '3'] });
  t.match(azure.get(id), {
    zones: ['1', '2', '3'],
    properties: { ipAddress: '127.255.0.4', ddosSettings: { protectionMode: 'VirtualNetworkInherited' } },
    sku: { name: 'Standard', tier: 'Regional' },
  });
  t.same(writeBack(azure, id)[0], writeBack(azure, id)[1], 'writing it back changes nothing');
});

t.test('old api-versions do not show what came later', async (t) => {
  const azure = azureWith();
  azure.put(id, { ...standard, zones: ['1'] });
  t.same(Object.keys(azure.get(id, '2015-06-15')), ['name', 'id', 'etag', 'location', 'properties', 'type']);
  t.same(Object.keys(azure.at(id, 'properties', '2015-06-15') as object), [
    'provisioningState',
    'resourceGuid',
    'ipAddress',
    'publicIPAllocationMethod',
    'idleTimeoutInMinutes',
  ]);
});

t.test('a Dynamic address shows while something uses it, and stays the same', async (t) => {
  const azure = azureWith();
  azure.put(id, { location: 'westus' });
  t.equal(azure.at(id, 'properties.ipAddress'), undefined);
  attach(azure);
  t.equal(azure.at(id, 'properties.ipAddress'), '127.255.0.4');
  t.same(azure.at(id, 'properties.ipConfiguration'), {
    id: idOf('Microsoft.Network/networkInterfaces', 'nic', 'ipConfigurations', 'ipconfig1'),
  });
  t.throws(() => azure.delete(id), {
    code: 'PublicIPAddressCannotBeDeleted',
    message: `Public IP address ${id} can not be deleted since it is still allocated to resource ${idOf('Microsoft.Network/networkInterfaces', 'nic', 'ipConfigurations', 'ipconfig1')}. In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip.`,
  });
  azure.delete(idOf('Microsoft.Network/networkInterfaces', 'nic'));
  t.equal(azure.at(id, 'properties.ipAddress'), undefined);
  azure.delete(id);
});

t.test('an address in use cannot become Dynamic', async (t) => {
  const azure = azureWith();
  azure.put(id, { location: 'westus', properties: { publicIPAllocationMethod: 'Static' } });
  attach(azure);
  const user = idOf('Microsoft.Network/networkInterfaces', 'nic', 'ipConfigurations', 'ipconfig1');
  t.same(azure.refusals(id, { location: 'westus' }), [
    `PublicIPAddressInUseCannotUpdateToDynamic: Public IP address ${id} is in use by ipconfig ${user} and cannot be updated from static to dynamic.`,
  ]);
});

t.test('a public IP address belongs to one ipConfiguration', async (t) => {
  const azure = azureWith();
  azure.put(id, { location: 'westus' });
  attach(azure);
  const nic = (name: string) => idOf('Microsoft.Network/networkInterfaces', name, 'ipConfigurations', 'ipconfig1');
  t.throws(() => attach(azure, 'other'), {
    code: 'PublicIPAddressInUse',
    message: `Resource ${nic('other')} is referencing public IP address ${id} that is already allocated to resource ${nic('nic')}.`,
  });
});

t.test('a domain name label makes a DNS name that is unique in its region', async (t) => {
  const azure = azureWith();
  const labelled = (label: string) => ({ location: 'westus', properties: { dnsSettings: { domainNameLabel: label } } });
  azure.put(id, labelled('dns'));
  t.same(azure.at(id, 'properties.dnsSettings'), {
    domainNameLabel: 'dns',
    fqdn: 'dns.westus.cloudapp.azure.com',
  });
  const other = idOf('Microsoft.Network/publicIPAddresses', 'other');
  t.same(azure.refusals(id, labelled('dns')), [], 'its own name is no conflict');
  t.same(azure.refusals(other, labelled('dns')), [
    'DnsRecordInUse: DNS record dns.westus.cloudapp.azure.com is already used by another public IP.',
  ]);
  t.same(azure.refusals(other, { ...labelled('dns'), location: 'eastus' }), []);
  t.same(azure.refusals(other, labelled('l-a_b-1-e')), [
    'InvalidDomainNameLabel: The domain name label l-a_b-1-e is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.',
  ]);
  const asked = { location: 'westus' };
  t.same(checkDnsNameAvailability(azure, { ...asked, domainNameLabel: 'dns' }), { available: false });
  t.same(checkDnsNameAvailability(azure, { ...asked, domainNameLabel: 'free' }), { available: true });
  t.throws(() => checkDnsNameAvailability(azure, { ...asked, domainNameLabel: 'NO' }), {
    code: 'InvalidDomainNameLabel',
  });
});

t.test('a reuse scope puts a hash into the DNS name', async (t) => {
  const azure = azureWith();
  const dnsSettings = { domainNameLabel: 'woot1', domainNameLabelScope: 'TenantReuse' };
  azure.put(id, { location: 'eastus', properties: { dnsSettings } });
  t.match(azure.at(id, 'properties.dnsSettings.fqdn'), /^woot1\.[0-9a-z]{16}\.eastus\.cloudapp\.azure\.com$/);
});

t.test('a Standard public IP address must be Static', async (t) => {
  t.same(azureWith().refusals(id, { location: 'westus', sku: { name: 'standard' } }), [
    `StandardAndStandardV2SkuPublicIPAddressesMustBeStatic: Standard sku publicIp ${id} must have AllocationMethod set to Static.`,
  ]);
});

t.test('the Global tier needs the Standard sku', async (t) => {
  const body = { location: 'eastus2', sku: { name: 'Basic', tier: 'Global' } };
  t.same(azureWith().refusals(id, body), [
    `GlobalPublicIPAddressNotSupportedForBasicPublicIpAddress: Global publicIP addresses are only supported for standard SKU public IP addresses. Public IP address ${id} is not standard SKU.`,
  ]);
});

t.test('the idle timeout is 4 to 30 minutes', async (t) => {
  const refusals = (idleTimeoutInMinutes: number) =>
    azureWith().refusals(id, { location: 'westus', properties: { idleTimeoutInMinutes } });
  const text =
    'PublicIPIdleTimeoutIsOutOfRange: Public IP address ip has invalid Idle Timeout. The value must be between 4 and 30.';
  t.same([refusals(3), refusals(4), refusals(30), refusals(31)], [[text], [], [], [text]]);
});

t.test('sku, zones and version are fixed at creation', async (t) => {
  const azure = azureWith();
  azure.put(id, standard);
  t.same(azure.refusals(id, { ...standard, sku: { name: 'Basic' } }), [
    `SkuCannotBeChangedOnUpdate: Sku property is set at creation time and cannot be changed from Standard to Basic on resource update for resource ${id}.`,
  ]);
  t.same(azure.refusals(id, { ...standard, zones: ['3', '1', '2'] }), [
    `ResourceAvailabilityZonesCannotBeModified: Resource ${id} has an existing availability zone constraint {} and the request has availability zone constraint 1, 2, 3, which do not match. Zones cannot be added/updated/removed once the resource is created. The resource cannot be updated from regional to zonal or vice-versa.`,
  ]);
  const ipv6 = { ...standard.properties, publicIPAddressVersion: 'ipv6' };
  t.same(azure.refusals(id, { ...standard, properties: ipv6 }), [
    `PublicIPAddressVersionCannotBeChanged: Public IP address version of ${id} cannot be changed from IPv4 to IPv6 on resource update.`,
  ]);
});

t.test('an allocation method that does not exist is refused in the words of Azure’s reader', async (t) => {
  t.throws(() => azureWith().put(id, { properties: { publicIPAllocationMethod: 'X' } }), {
    code: 'InvalidRequestFormat',
    details: [
      {
        code: 'InvalidJson',
        message:
          /^Error converting value "X" to type 'Microsoft\.WindowsAzure\.Networking\.Nrp\.Frontend\.Contract\.Csm\.Public\.IpAllocationMethod'\. Path 'properties\.publicIPAllocationMethod', line 1, position \d+\.$/,
      },
    ],
  });
});

t.test('a prefix hands out all of its addresses, and no more', async (t) => {
  const azure = azureWith();
  const prefix = idOf('Microsoft.Network/publicIPPrefixes', 'prefix');
  azure.put(prefix, { location: 'westus', properties: { prefixLength: 31 } });
  const ip = (name: string) => idOf('Microsoft.Network/publicIPAddresses', name);
  const body = { ...standard, properties: { ...standard.properties, publicIPPrefix: { id: prefix } } };
  azure.put(ip('a'), body);
  azure.put(ip('b'), body);
  t.match(
    [azure.at(ip('a'), 'properties.ipAddress'), azure.at(ip('b'), 'properties.ipAddress')],
    ['127.255.0.2', '127.255.0.3'],
  );
  t.same(azure.refusals(ip('c'), body), [
    `PublicIpPrefixOutOfIpAddresses: Public IP prefix ${prefix} has no free address.`,
  ]);
  azure.put(ip('single'), standard);
  t.equal(azure.at(ip('single'), 'properties.ipAddress'), '127.255.0.4', 'others get addresses beside the prefix');
});
