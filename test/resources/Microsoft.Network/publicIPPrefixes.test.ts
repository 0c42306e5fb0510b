import t from 'tap';
import { AzureInMemory, idOf, writeBack } from '../azure-in-memory.js';

const id = idOf('Microsoft.Network/publicIPPrefixes', 'prefix');
const azureWith = () => new AzureInMemory();
const body = (properties: object) => ({ location: 'westus', properties });

t.test('a public IP prefix is a Standard block of addresses', async (t) => {
  const azure = azureWith();
  azure.put(id, body({ prefixLength: 31 }));
  t.match(azure.get(id), {
    properties: { prefixLength: 31, publicIPAddressVersion: 'IPv4', ipPrefix: '127.255.0.2/31', ipTags: [] },
    sku: { name: 'Standard', tier: 'Regional' },
  });
  t.same(Object.keys(azure.get(id)), ['name', 'id', 'etag', 'type', 'location', 'properties', 'sku']);
  const [before, after] = writeBack(azure, id);
  t.same(before, after, 'writing it back changes nothing');
});

t.test('blocks are aligned and do not overlap', async (t) => {
  const azure = azureWith();
  const names = ['a', 'b', 'c'].map((name) => idOf('Microsoft.Network/publicIPPrefixes', name));
  for (const name of names) azure.put(name, body({ prefixLength: 28 }));
  t.same(
    names.map((name) => azure.at(name, 'properties.ipPrefix')),
    ['127.255.0.16/28', '127.255.0.32/28', '127.255.0.48/28'],
  );
});

t.test('a prefix shows its addresses, and cannot be deleted while it has any', async (t) => {
  const azure = azureWith();
  const ip = idOf('Microsoft.Network/publicIPAddresses', 'ip');
  azure.put(id, body({ prefixLength: 30 }));
  azure.put(ip, {
    location: 'westus',
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static', publicIPPrefix: { id } },
  });
  t.same(azure.at(id, 'properties.publicIPAddresses'), [{ id: ip }]);
  t.throws(() => azure.delete(id), {
    code: 'InUsePublicIpPrefixCannotBeDeleted',
    message: `Public IP prefix ${id} is in use by ${ip} and cannot be deleted.`,
  });
  azure.delete(ip);
  azure.delete(id);
});

t.test('the length of a prefix is limited by its version, and fixed', async (t) => {
  const azure = azureWith();
  const refused = (length: number, minimum: number, maximum: number) => [
    `PublicIPPrefixLengthIsOutOfRange: Public IP prefix ${id} has invalid prefix length ${length}. The value must be between ${minimum} and ${maximum}.`,
  ];
  t.same(azure.refusals(id, body({ prefixLength: 27 })), refused(27, 28, 31));
  t.same(azure.refusals(id, body({ prefixLength: 32 })), refused(32, 28, 31));
  t.same(azure.refusals(id, body({ prefixLength: 31, publicIPAddressVersion: 'IPv6' })), refused(31, 124, 127));
  azure.put(id, body({ prefixLength: 31 }));
  t.same(azure.refusals(id, body({ prefixLength: 30 })), [
    `PublicIPPrefixLengthCannotBeChanged: Prefix length of public IP prefix ${id} cannot be changed from 31 to 30 on resource update.`,
  ]);
});

t.test('an IPv6 prefix comes out of the IPv6 pool', async (t) => {
  const azure = azureWith();
  azure.put(id, body({ prefixLength: 126, publicIPAddressVersion: 'IPv6' }));
  t.equal(azure.at(id, 'properties.ipPrefix'), 'fd7f:1a2b::4/126');
});
