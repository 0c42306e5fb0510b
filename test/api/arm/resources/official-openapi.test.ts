import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ArmClient, group, inboundRule, loadBalancer, network, networkInterface, rule } from './arm-client.js';
import { OfficialOpenApi, type OfficialOperation, officialDocuments } from './official-openapi.js';

const version = '2024-03-01';
const skip = officialDocuments === undefined ? 'the official OpenAPI documents are not here' : false;

/** The documents of the load balancer family, and names for what their paths leave open. */
const documents = [
  'loadBalancer.json',
  'publicIpAddress.json',
  'publicIpPrefix.json',
  'virtualNetwork.json',
  'networkInterface.json',
  'networkSecurityGroup.json',
];

const names: Record<string, string> = {
  subscriptionId: group.split('/')[2] as string,
  resourceGroupName: group.split('/')[4] as string,
  loadBalancerName: 'lb',
  backendAddressPoolName: 'pool',
  frontendIPConfigurationName: 'frontend',
  inboundNatRuleName: 'nat',
  loadBalancingRuleName: 'rule',
  outboundRuleName: 'outbound',
  probeName: 'probe',
  publicIpAddressName: 'ip',
  publicIpPrefixName: 'prefix',
  virtualNetworkName: 'vnet',
  subnetName: 'default',
  networkInterfaceName: 'nic',
  ipConfigurationName: 'ipconfig',
  networkSecurityGroupName: 'nsg',
  securityRuleName: 'web',
  defaultSecurityRuleName: 'AllowVnetInBound',
  location: 'westeurope',
  groupName: 'lb',
};

/** What a GET of this path answers; undefined for paths with names of things that nobody made here. */
function urlOf({ path }: OfficialOperation): string | undefined {
  let known = true;
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    known &&= name in names;
    return names[name] ?? '';
  });
  return known ? url : undefined;
}

/** Reads that belong to other services, or to what has no model. */
const elsewhere =
  /^(VirtualNetworkPeerings_Get|VirtualNetworks_ListDdos|ResourceNavigationLinks|ServiceAssociationLinks|NetworkInterfaceTapConfigurations|NetworkInterfaces_(ListVirtual|GetVirtual)|PublicIPAddresses_(ListVirtual|GetVirtual|ListCloud|GetCloud))/;

async function makeEverything(azure: ArmClient): Promise<void> {
  await azure.makeLoadBalancer();
  const child = (collection: string, name: string) => ({ id: `${network}/loadBalancers/lb/${collection}/${name}` });
  const nat = {
    frontendIPConfiguration: child('frontendIPConfigurations', 'frontend'),
    frontendPort: 5000,
    backendPort: 22,
    protocol: 'Tcp',
  };
  const outbound = {
    frontendIPConfigurations: [child('frontendIPConfigurations', 'frontend')],
    backendAddressPool: child('backendAddressPools', 'pool'),
    protocol: 'All',
  };
  await azure.made(
    `${network}/loadBalancers/lb`,
    loadBalancer({
      loadBalancingRules: [rule('rule', { disableOutboundSnat: true })],
      inboundNatRules: [{ name: 'nat', properties: nat }],
      outboundRules: [{ name: 'outbound', properties: outbound }],
    }),
  );
  const location = 'westeurope';
  await azure.made(
    `${network}/networkInterfaces/nic`,
    networkInterface({ pools: [child('backendAddressPools', 'pool').id] }),
  );
  await azure.made(`${network}/publicIPPrefixes/prefix`, {
    location,
    sku: { name: 'Standard' },
    properties: { prefixLength: 30 },
  });
  await azure.made(`${network}/networkSecurityGroups/nsg`, {
    location,
    properties: { securityRules: [{ name: 'web', properties: inboundRule('80') }] },
  });
}

t.test('every answer of the load balancer family is what the official OpenAPI documents say', { skip }, async (t) => {
  const azure = await ArmClient.start(t);
  await makeEverything(azure);
  const official = new OfficialOpenApi(officialDocuments as string, version);
  let checked = 0;
  for (const file of documents) {
    for (const operation of official.operations(file)) {
      const { method, operationId } = operation;
      const url = urlOf(operation);
      if (url === undefined || elsewhere.test(operationId)) continue;
      if (method === 'GET') {
        const query = operationId.endsWith('CheckIPAddressAvailability') ? '?ipAddress=10.0.0.9' : '';
        const { status, body } = await azure.get(`${url}${query}`, { apiVersion: version });
        t.ok(operation.statuses.includes(String(status)), `${operationId} answers ${status}`);
        check(operation, { file, status, body });
      } else if (method === 'PUT') {
        // Writing back what was read is a PUT of everything that the document knows.
        const read = await azure.get(url, { apiVersion: version });
        const { status, body } = await azure.put(url, read.body, { apiVersion: version });
        t.ok(operation.statuses.includes(String(status)), `${operationId} answers ${status}`);
        check(operation, { file, status, body });
      } else if (method === 'PATCH') {
        const { status, body } = await azure.patch(url, { tags: { a: 'b' } }, { apiVersion: version });
        t.ok(operation.statuses.includes(String(status)), `${operationId} answers ${status}`);
        check(operation, { file, status, body });
      }
    }
  }
  t.ok(checked >= 50, `${checked} answers have been compared`);

  function check(
    operation: OfficialOperation,
    { file, status, body }: { file: string; status: number; body: unknown },
  ) {
    const validate = official.validator(file, operation, status);
    if (!validate) return;
    checked++;
    const valid = validate(body);
    t.ok(valid, operation.operationId, valid ? {} : { errors: validate.errors?.slice(0, 5) });
  }
});

t.test('every delete of the load balancer family answers with a documented status', { skip }, async (t) => {
  const azure = await ArmClient.start(t);
  await makeEverything(azure);
  // Nothing may refer to the pool any more.
  await azure.made(`${network}/loadBalancers/lb`, loadBalancer({ loadBalancingRules: [], outboundRules: [] }));
  const official = new OfficialOpenApi(officialDocuments as string, version);
  const deletes = documents
    .flatMap((file) => official.operations(file))
    .filter(({ method, operationId }) => method === 'DELETE' && !elsewhere.test(operationId))
    // Children first, and what others hold last.
    .sort((a, b) => b.path.split('/').length - a.path.split('/').length);
  const order = ['NetworkInterfaces', 'InboundNatRules', 'LoadBalancerBackendAddressPools', 'LoadBalancers'];
  const rank = ({ operationId }: OfficialOperation) => order.indexOf(operationId.split('_')[0] as string) + 1 || 99;
  for (const operation of deletes.sort((a, b) => rank(a) - rank(b))) {
    const url = urlOf(operation);
    if (url === undefined) continue;
    const { status, text } = await azure.delete(url, { apiVersion: version });
    t.ok(
      operation.statuses.includes(String(status)),
      `${operation.operationId} answers ${status} ${text.slice(0, 200)}`,
    );
  }
});

t.test(
  'every path of Microsoft.Network has an answer of Azure’s kind, or says that it is not emulated',
  { skip },
  async (t) => {
    const azure = await ArmClient.start(t);
    await makeEverything(azure);
    const folder = officialDocuments as string;
    const official = new OfficialOpenApi(folder, version);
    const files = readdirSync(join(folder, version)).filter((file) => file.endsWith('.json'));
    let asked = 0;
    for (const operation of files.flatMap((file) => official.operations(file))) {
      // Only in management groups is there nothing.
      if (!/^(GET|POST)$/.test(operation.method) || operation.path.includes('{managementGroupId}')) continue;
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? 'one');
      const { status, body } =
        operation.method === 'GET'
          ? await azure.get(path, { apiVersion: version })
          : await azure.post(path, {}, { apiVersion: version });
      asked++;
      const { code = '', message = '' } = (body?.error ?? {}) as { code?: string; message?: string };
      const isMissing = status === 405 || code === 'InvalidResourceType' || message.startsWith('Nothing answers');
      t.notOk(isMissing, `${operation.operationId} answers ${status} ${code}`);
    }
    t.ok(asked > 300, `${asked} paths were asked`);
  },
);
