/**
 * What people do with Microsoft's JavaScript SDK: create, read, change, list and delete everything that belongs to a load
 * balancer, and send traffic through it. Written for the methods that the old and the new generation of the SDK share.
 */

import { ResourceManagementClient } from '@azure/arm-resources';
import { ClientSecretCredential } from '@azure/identity';
import type { NetworkManagementClient } from 'arm-network-36';
import type { Test } from 'tap';
import { inboundRule } from '../api/arm/resources/arm-client.js';
import { tcpBackend } from '../data-plane/network.js';
import { Cloud, ref, subscriptionId } from '../emulator/cloud.js';

const group = 'test';
const location = 'westeurope';
const quickly = { updateIntervalInMs: 20 };

/** How a client of the SDK is told where Azure is and whom to trust. */
export interface Connection {
  readonly credential: ClientSecretCredential;
  readonly subscriptionId: string;
  readonly options: {
    readonly endpoint: string;
    readonly tlsOptions: { readonly ca: string };
    readonly retryOptions: { readonly maxRetries: number };
  };
}

export async function connectionTo(cloud: Cloud): Promise<Connection> {
  const ca = String((await cloud.send('GET', '/_lazurite/ca.pem')).body);
  // A refusal is to be seen at once: nothing here gets better by trying again.
  return connectionAt(cloud.emulator.url, { ca, maxRetries: 0 });
}

/** A connection that trusts this CA, and asks again so often where a server is busy. */
export function connectionAt(
  url: string,
  { ca, maxRetries }: { readonly ca: string; readonly maxRetries: number },
): Connection {
  const tlsOptions = { ca };
  const credential = new ClientSecretCredential('33333333-4444-5555-6666-777777777777', 'client', 'secret', {
    authorityHost: url,
    disableInstanceDiscovery: true,
    tlsOptions,
  });
  const options = { endpoint: url, tlsOptions, retryOptions: { maxRetries } };
  return { credential, subscriptionId, options };
}

async function everything<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of pages) all.push(one);
  return all;
}

const names = async (pages: AsyncIterable<{ name?: string }>): Promise<(string | undefined)[]> =>
  (await everything(pages)).map(({ name }) => name);

interface Clients {
  readonly network: NetworkManagementClient;
  readonly resources: ResourceManagementClient;
}

interface Journey extends Clients {
  readonly t: Test;
  readonly cloud: Cloud;
}

/** The journey without packets: the API may be that of several machines. */
interface ApiJourney extends Clients {
  readonly t: Test;
  /** Second number of the virtual network 10.N.0.0/24. */
  readonly numbered: number;
}

/** Runs the whole journey with the client that `connect` makes. */
export async function journey(
  t: Test,
  { network, connect }: { network: number; connect: (connection: Connection) => NetworkManagementClient },
): Promise<void> {
  const cloud = await Cloud.start(t, { network });
  const connection = await connectionTo(cloud);
  const resources = new ResourceManagementClient(connection.credential, subscriptionId, connection.options);
  const of = { cloud, numbered: network, resources, network: connect(connection) };
  await makeAndChange({ t, ...of });
  await t.test('real traffic goes through', (t) => traffic({ t, ...of }));
  await refuseAndDelete({ t, ...of });
  t.strictSame(await cloud.frontends(), []);
}

/** Runs all of the journey that needs no data plane. */
export async function apiJourney(
  t: Test,
  { network, connection }: { network: NetworkManagementClient; connection: Connection },
) {
  const resources = new ResourceManagementClient(connection.credential, subscriptionId, connection.options);
  const of = { numbered: 206, resources, network };
  await makeAndChange({ t, ...of });
  await refuseAndDelete({ t, ...of });
}

async function makeAndChange({ t, ...of }: ApiJourney): Promise<void> {
  await t.test('resource groups', (t) => groups({ t, ...of }));
  await t.test('networks, addresses and interfaces', (t) => neighbours({ t, ...of }));
  await t.test('a load balancer and its children', (t) => balancer({ t, ...of }));
  await t.test('pools and inbound NAT rules on their own', (t) => children({ t, ...of }));
}

async function refuseAndDelete({ t, ...of }: ApiJourney): Promise<void> {
  await t.test('what Azure refuses arrives as an error with its code', (t) => refusals({ t, ...of }));
  await t.test('all of it is deleted again', (t) => deletion({ t, ...of }));
}

const azureAddress = (numbered: number, host: number): string => `10.${numbered}.0.${host}`;

async function groups({ t, resources }: ApiJourney): Promise<void> {
  t.equal((await resources.resourceGroups.checkExistence(group)).body, false);
  const created = await resources.resourceGroups.createOrUpdate(group, { location: 'West Europe', tags: { a: 'b' } });
  t.match(created, { name: group, location, properties: { provisioningState: 'Succeeded' }, tags: { a: 'b' } });
  t.equal((await resources.resourceGroups.checkExistence(group)).body, true);
  t.strictSame(await names(resources.resourceGroups.list()), [group]);
  t.match(await resources.providers.register('Microsoft.Network'), { registrationState: 'Registered' });
}

async function neighbours({ t, numbered, network }: ApiJourney): Promise<void> {
  const prefix = `10.${numbered}.0.0/24`;
  const vnet = await network.virtualNetworks.beginCreateOrUpdateAndWait(
    group,
    'vnet',
    { location, addressSpace: { addressPrefixes: [prefix] } },
    quickly,
  );
  t.match(vnet, { name: 'vnet', provisioningState: 'Succeeded', addressSpace: { addressPrefixes: [prefix] } });
  const subnet = { addressPrefix: prefix };
  await network.subnets.beginCreateOrUpdateAndWait(group, 'vnet', 'vms', subnet, quickly);
  t.strictSame(await names(network.subnets.list(group, 'vnet')), ['vms']);
  const free = await network.virtualNetworks.checkIPAddressAvailability(group, 'vnet', azureAddress(numbered, 4));
  t.equal(free.available, true);
  const nsg = await network.networkSecurityGroups.beginCreateOrUpdateAndWait(
    group,
    'nsg',
    {
      location,
      securityRules: [{ name: 'web', ...inboundRule('8080') }],
    },
    quickly,
  );
  t.equal(nsg.defaultSecurityRules?.length, 6);
  const publicIp = await network.publicIPAddresses.beginCreateOrUpdateAndWait(
    group,
    'ip',
    { location, sku: { name: 'Standard' }, publicIPAllocationMethod: 'Static', idleTimeoutInMinutes: 10 },
    quickly,
  );
  t.match(publicIp, { ipAddress: /^127\.250\./, publicIPAddressVersion: 'IPv4', idleTimeoutInMinutes: 10 });
  for (const host of [4, 5]) {
    const nic = await network.networkInterfaces.beginCreateOrUpdateAndWait(
      group,
      `vm${host}`,
      {
        location,
        networkSecurityGroup: nsg.id ? { id: nsg.id } : {},
        ipConfigurations: [{ name: 'ip', subnet: ref('virtualNetworks/vnet/subnets/vms') }],
      },
      quickly,
    );
    t.match(nic.ipConfigurations, [{ privateIPAddress: azureAddress(numbered, host), primary: true }]);
  }
  t.strictSame(await names(network.networkInterfaces.listAll()), ['vm4', 'vm5']);
  t.match(await network.networkInterfaces.updateTags(group, 'vm4', { tags: { role: 'web' } }), {
    tags: { role: 'web' },
  });
}

async function balancer({ t, network }: ApiJourney): Promise<void> {
  const lb = (path: string): { id: string } => ref(`loadBalancers/lb/${path}`);
  const created = await network.loadBalancers.beginCreateOrUpdateAndWait(
    group,
    'lb',
    {
      location,
      sku: { name: 'Standard' },
      frontendIPConfigurations: [{ name: 'front', publicIPAddress: ref('publicIPAddresses/ip') }],
      backendAddressPools: [{ name: 'pool' }],
      probes: [{ name: 'probe', protocol: 'Tcp', port: 8080, intervalInSeconds: 5, probeThreshold: 1 }],
      loadBalancingRules: [
        {
          name: 'web',
          protocol: 'Tcp',
          frontendPort: 5000,
          backendPort: 8080,
          frontendIPConfiguration: lb('frontendIPConfigurations/front'),
          backendAddressPool: lb('backendAddressPools/pool'),
          probe: lb('probes/probe'),
          disableOutboundSnat: true,
        },
      ],
      outboundRules: [
        {
          name: 'out',
          protocol: 'All',
          frontendIPConfigurations: [lb('frontendIPConfigurations/front')],
          backendAddressPool: lb('backendAddressPools/pool'),
        },
      ],
    },
    quickly,
  );
  t.match(created, { provisioningState: 'Succeeded', type: 'Microsoft.Network/loadBalancers', resourceGuid: /-/ });
  t.match(created.loadBalancingRules, [{ loadDistribution: 'Default', idleTimeoutInMinutes: 4 }]);
  const read = await network.loadBalancers.get(group, 'LB');
  t.equal(read.etag, created.etag, 'names are found in any casing');
  t.strictSame(await names(network.loadBalancers.list(group)), ['lb']);
  t.strictSame(await names(network.loadBalancers.listAll()), ['lb']);
  t.strictSame(await names(network.loadBalancerFrontendIPConfigurations.list(group, 'lb')), ['front']);
  t.match(await network.loadBalancerFrontendIPConfigurations.get(group, 'lb', 'front'), {
    loadBalancingRules: [lb('loadBalancingRules/web')],
  });
  t.strictSame(await names(network.loadBalancerLoadBalancingRules.list(group, 'lb')), ['web']);
  t.match(await network.loadBalancerLoadBalancingRules.get(group, 'lb', 'web'), { frontendPort: 5000 });
  t.strictSame(await names(network.loadBalancerProbes.list(group, 'lb')), ['probe']);
  t.match(await network.loadBalancerProbes.get(group, 'lb', 'probe'), { port: 8080 });
  t.strictSame(await names(network.loadBalancerOutboundRules.list(group, 'lb')), ['out']);
  t.match(await network.loadBalancerOutboundRules.get(group, 'lb', 'out'), { protocol: 'All' });

  const [web] = read.loadBalancingRules ?? [];
  if (web) web.loadDistribution = 'SourceIP';
  const changed = await network.loadBalancers.beginCreateOrUpdateAndWait(group, 'lb', read, quickly);
  t.equal(changed.loadBalancingRules?.[0]?.loadDistribution, 'SourceIP');
  t.equal(changed.resourceGuid, created.resourceGuid);
  t.not(changed.etag, created.etag);
  t.match(await network.loadBalancers.updateTags(group, 'lb', { tags: { stage: 'test' } }), {
    tags: { stage: 'test' },
  });
}

async function children({ t, numbered, network }: ApiJourney): Promise<void> {
  const pools = network.loadBalancerBackendAddressPools;
  const pool = await pools.beginCreateOrUpdateAndWait(
    group,
    'lb',
    'addresses',
    {
      loadBalancerBackendAddresses: [
        { name: 'one', ipAddress: azureAddress(numbered, 9), virtualNetwork: ref('virtualNetworks/vnet') },
      ],
    },
    quickly,
  );
  t.match(pool, { name: 'addresses', loadBalancerBackendAddresses: [{ ipAddress: azureAddress(numbered, 9) }] });
  t.strictSame(await names(pools.list(group, 'lb')), ['pool', 'addresses']);
  t.equal((await pools.get(group, 'lb', 'addresses')).etag, (await network.loadBalancers.get(group, 'lb')).etag);
  await pools.beginDeleteAndWait(group, 'lb', 'addresses', quickly);

  const rules = network.inboundNatRules;
  const frontendIPConfiguration = ref('loadBalancers/lb/frontendIPConfigurations/front');
  const rule = { protocol: 'Tcp', frontendPort: 50004, backendPort: 8080, frontendIPConfiguration };
  await rules.beginCreateOrUpdateAndWait(group, 'lb', 'ssh', rule, quickly);
  t.match(await rules.get(group, 'lb', 'ssh'), { frontendPort: 50004, idleTimeoutInMinutes: 4 });
  t.strictSame(await names(rules.list(group, 'lb')), ['ssh']);
  await rules.beginDeleteAndWait(group, 'lb', 'ssh', quickly);
  t.strictSame(await names(rules.list(group, 'lb')), []);
}

async function traffic({ t, cloud, network }: Journey): Promise<void> {
  for (const host of [4, 5]) {
    await cloud.machine(t, host, 8080);
    const nic = await network.networkInterfaces.get(group, `vm${host}`);
    const [ipConfiguration] = nic.ipConfigurations ?? [];
    if (!ipConfiguration) throw new Error('no ipConfiguration');
    ipConfiguration.loadBalancerBackendAddressPools = [ref('loadBalancers/lb/backendAddressPools/pool')];
    await network.networkInterfaces.beginCreateOrUpdateAndWait(group, `vm${host}`, nic, quickly);
  }
  await cloud.membersUp(4, 5);
  t.strictSame(await names(network.loadBalancerNetworkInterfaces.list(group, 'lb')), ['vm4', 'vm5']);
  t.strictSame(await names(network.networkInterfaceLoadBalancers.list(group, 'vm4')), ['lb']);
  const health = await network.loadBalancerLoadBalancingRules.beginHealthAndWait(group, 'lb', 'web', quickly);
  t.match(health, { up: 2, down: 0 });
  const { ipAddress = '' } = await network.publicIPAddresses.get(group, 'ip');
  const at = await cloud.place(ipAddress, 5000);
  const backends = new Set<string>();
  for (let client = 1; client <= 20; client++) {
    const from = `127.34.1.${client}`;
    const first = await tcpBackend(at, { from });
    t.equal(await tcpBackend(at, { from }), first, `SourceIP: ${from} stays`);
    backends.add(first);
  }
  t.strictSame([...backends].sort(), [cloud.localAddress(4), cloud.localAddress(5)]);
}

async function refusals({ t, network }: ApiJourney): Promise<void> {
  await t.rejects(network.loadBalancers.get(group, 'none'), { statusCode: 404, code: 'ResourceNotFound' });
  await t.rejects(network.loadBalancerProbes.get(group, 'lb', 'none'), { statusCode: 404, code: 'NotFound' });
  await t.rejects(network.publicIPAddresses.beginDeleteAndWait(group, 'ip', quickly), {
    statusCode: 400,
    code: 'PublicIPAddressCannotBeDeleted',
  });
  await t.rejects(network.loadBalancers.list('nowhere').next(), { statusCode: 404, code: 'ResourceGroupNotFound' });
}

async function deletion({ t, network, resources }: ApiJourney): Promise<void> {
  for (const host of [4, 5]) await network.networkInterfaces.beginDeleteAndWait(group, `vm${host}`, quickly);
  await network.loadBalancers.beginDeleteAndWait(group, 'lb', quickly);
  await network.loadBalancers.beginDeleteAndWait(group, 'lb', quickly);
  t.pass('deleting what is not there is no error');
  await network.publicIPAddresses.beginDeleteAndWait(group, 'ip', quickly);
  await network.networkSecurityGroups.beginDeleteAndWait(group, 'nsg', quickly);
  t.strictSame(await names(resources.resources.listByResourceGroup(group)), ['vnet']);
  await resources.resourceGroups.beginDeleteAndWait(group, quickly);
  t.strictSame(await names(resources.resourceGroups.list()), []);
  t.strictSame(await names(network.virtualNetworks.listAll()), []);
}
