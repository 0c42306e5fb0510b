/**
 * Azure's own Node clients of the classic API, unmodified: azure-asm-compute, azure-asm-mgmt and azure-asm-network make a
 * load-balanced pair and change its distribution, and real connections show it.
 */
import { readFileSync } from 'node:fs';
import type { Client } from 'azure-asm-common-types';
import type { Machine, OperationStatus } from 'azure-asm-compute';
import type { Locations } from 'azure-asm-mgmt';
import type { ReservedIp } from 'azure-asm-network';
import t, { type Test } from 'tap';
import { inParallel, tcpBackend } from '../../data-plane/network.js';
import { engineOfRun } from '../../data-plane/nftables/in-namespace.js';
import { Cloud, subscriptionId } from '../../emulator/cloud.js';
import { clientAddresses } from '../../emulator/load-balancer.js';
import {
  type AsmClients,
  ask,
  certificateCredentials,
  connectAsm,
  makeManagementCertificate,
  refusal,
  tokenCredentials,
} from './asm-clients.js';

const network = 230;
const engine = engineOfRun(t, import.meta.url);
const clients = clientAddresses('127.230.201', 24);
const hosts = [4, 5];
const set = { loadBalancedEndpointSetName: 'LBSet1', localPort: 8080, port: 5080, protocol: 'tcp' };

/** The machine that listens on port 8080 of the virtual network's nth address. */
const machine = (host: number) => ({
  roleName: `vm${host}`,
  roleSize: 'Small',
  roleType: 'PersistentVMRole',
  configurationSets: [
    {
      configurationSetType: 'NetworkConfiguration',
      subnetNames: ['vms'],
      inputEndpoints: [{ ...set, name: 'HttpIn', enableDirectServerReturn: false }],
    },
  ],
  oSVirtualHardDisk: { sourceImageName: 'ubuntu', mediaLink: 'https://store.blob.example/vhds/os.vhd' },
});

const virtualNetwork = `<NetworkConfiguration xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"><VirtualNetworkConfiguration><VirtualNetworkSites><VirtualNetworkSite name="VNet" Location="West US"><AddressSpace><AddressPrefix>10.${network}.0.0/16</AddressPrefix></AddressSpace><Subnets><Subnet name="vms"><AddressPrefix>10.${network}.0.0/24</AddressPrefix></Subnet></Subnets></VirtualNetworkSite></VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>`;

/** How many clients met the same machine in every one of several connections, and all machines that were met. */
async function meetings(address: string): Promise<{ stayed: number; met: string[] }> {
  const met = new Map<string, Set<string>>(clients.map((client) => [client, new Set()]));
  await inParallel(
    Array.from({ length: 6 }, () => clients).flat(),
    16,
    async (from) => void met.get(from)?.add(await tcpBackend({ address, port: set.port }, { from })),
  );
  const sets = [...met.values()];
  return {
    stayed: sets.filter(({ size }) => size === 1).length,
    met: [...new Set(sets.flatMap((one) => [...one]))].sort(),
  };
}

/** From nothing to a balanced pair, through its distributions, and back to nothing. */
async function journey(t: Test, { cloud, asm }: { cloud: Cloud; asm: AsmClients }): Promise<void> {
  const { compute, mgmt, network } = asm;
  const { locations } = await ask<Locations>((done) => mgmt.locations.list(done));
  t.ok(locations.some(({ name }) => name === 'West US'));
  t.match(await ask((done) => compute.hostedServices.checkNameAvailability('mySvc', done)), { isAvailable: true });
  const service = { serviceName: 'mySvc', label: 'my service', location: 'West US' };
  await ask((done) => compute.hostedServices.create(service, done));
  t.match(await ask((done) => compute.hostedServices.get('mySvc', done)), {
    serviceName: 'mySvc',
    properties: { status: 'Created', location: 'West US' },
  });
  t.match(await ask((done) => mgmt.subscriptions.get(done)), { currentHostedServices: 1 });
  t.equal(await refusal((done) => compute.hostedServices.create(service, done)), '409 ConflictError');

  await ask((done) => network.networks.setConfiguration({ configuration: virtualNetwork }, done));
  t.match(await ask((done) => network.networks.list(done)), { virtualNetworkSites: [{ name: 'VNet' }] });
  await ask((done) => network.reservedIPs.create({ name: 'ip', label: 'ip', location: 'West US' }, done));
  const { address } = await ask<ReservedIp>((done) => network.reservedIPs.get('ip', done));

  const deployment = {
    name: 'mySvc',
    deploymentSlot: 'Production',
    label: 'mySvc',
    virtualNetworkName: 'VNet',
    reservedIPName: 'ip',
    roles: [machine(4)],
  };
  await ask((done) => compute.virtualMachines.createDeployment('mySvc', deployment, done));
  await ask((done) => compute.virtualMachines.create('mySvc', 'mySvc', machine(5), done));
  t.match(await ask((done) => compute.deployments.getBySlot('mySvc', 'Production', done)), {
    name: 'mySvc',
    status: 'Running',
    roleInstances: hosts.map((host) => ({ instanceName: `vm${host}`, iPAddress: cloud.azureAddress(host) })),
    virtualIPAddresses: [{ address }],
  });

  const all = hosts.map(cloud.localAddress);
  const spread = await meetings(address);
  t.ok(spread.stayed < clients.length / 2, 'without a distribution every port counts');
  t.strictSame(spread.met, all);

  const change = async (loadBalancerDistribution: string) => {
    const sets = { loadBalancedEndpoints: [{ ...set, idleTimeoutInMinutes: 15, loadBalancerDistribution }] };
    const { status } = await ask<OperationStatus>((done) =>
      compute.virtualMachines.updateLoadBalancedEndpointSet('mySvc', 'mySvc', sets, done),
    );
    t.equal(status, 'Succeeded');
    for (const host of hosts) {
      const role = await ask<Machine>((done) => compute.virtualMachines.get('mySvc', 'mySvc', `vm${host}`, done));
      t.match(role.configurationSets[0]?.inputEndpoints, [
        { ...set, name: 'HttpIn', idleTimeoutInMinutes: 15, loadBalancerDistribution },
      ]);
    }
    return meetings(address);
  };
  for (const distribution of ['sourceIP', 'sourceIPProtocol']) {
    const { stayed, met } = await change(distribution);
    t.equal(stayed, clients.length, `${distribution}: every client stays with its machine`);
    t.strictSame(met, all);
  }
  t.ok((await change('none')).stayed < clients.length / 2, 'none is the 5-tuple again');
  const bogus = { loadBalancedEndpoints: [{ ...set, loadBalancerDistribution: 'bogus' }] };
  t.equal(
    await refusal((done) => compute.virtualMachines.updateLoadBalancedEndpointSet('mySvc', 'mySvc', bogus, done)),
    '400 BadRequest',
  );

  await ask((done) => compute.deployments.deleteByName('mySvc', 'mySvc', true, done));
  await ask((done) => compute.hostedServices.deleteMethod('mySvc', done));
  await ask((done) => network.reservedIPs.deleteMethod('ip', done));
  t.equal(await refusal((done) => compute.hostedServices.get('mySvc', done)), '404 ResourceNotFound');
}

t.test('over http nobody asks who calls', async (t) => {
  const cloud = await Cloud.start(t, { network, argv: ['--in-memory', '--engine', engine] });
  for (const host of hosts) await cloud.machine(t, host, 8080);
  const certificate = await makeManagementCertificate('anybody');
  await journey(t, {
    cloud,
    asm: connectAsm(certificateCredentials(certificate), { baseUri: cloud.emulator.httpUrl }),
  });
});

/** A call of a client by its name: `networks.setConfiguration`. Of requests without a body, the caller ends the stream. */
function callOf(client: Client, name: string): (...args: unknown[]) => Promise<Answer> {
  const [group = '', method = ''] = name.split('.');
  const groups = client as unknown as Record<
    string,
    Record<string, (...args: unknown[]) => { end(): void } | undefined>
  >;
  return (...args) => ask((done) => void groups[group]?.[method]?.(...args, done)?.end?.());
}

type Answer = Readonly<Record<string, unknown>> & { readonly statusCode: number };

t.test('the other calls of the clients are answered as they expect', async (t) => {
  const cloud = await Cloud.start(t, { network, argv: ['--in-memory', '--engine', 'none'] });
  const {
    compute,
    mgmt,
    network: net,
  } = connectAsm(certificateCredentials(await makeManagementCertificate('anybody')), {
    baseUri: cloud.emulator.httpUrl,
  });
  const [ofCompute, ofNetwork, ofMgmt] = [compute, net, mgmt].map(
    (client) => (name: string, args: unknown[], expected: object) => async () =>
      t.match(await callOf(client, name)(...args), expected, name),
  ) as [Step, Step, Step];
  type Step = (name: string, args: unknown[], expected: object) => () => Promise<boolean>;
  const done = { status: 'Succeeded' };
  const accepted = { statusCode: 202 };
  const names = ['mySvc', 'mySvc'];
  const balancer = (host: number) => ({
    name: 'ilb',
    frontendIPConfiguration: {
      type: 'Private',
      subnetName: 'vms',
      staticVirtualNetworkIPAddress: cloud.azureAddress(host),
    },
  });
  const deployment = {
    name: 'mySvc',
    deploymentSlot: 'Production',
    label: 'mySvc',
    virtualNetworkName: 'VNet',
    roles: [machine(4), machine(5)],
  };
  const association = { serviceName: 'mySvc', deploymentName: 'mySvc' };
  const destination = {
    destinationVirtualNetwork: 'New',
    resourceGroupName: 'g',
    virtualNetworkName: 'v',
    subNetName: 's',
  };
  const machines = { roles: ['vm4', 'vm5'] };
  const period = { startTime: new Date(0), endTime: new Date(Date.UTC(2100, 0)) };
  const steps = [
    ofCompute('hostedServices.create', [{ serviceName: 'mySvc', label: 'x', location: 'West US' }], {
      statusCode: 201,
    }),
    ofCompute('hostedServices.update', ['mySvc', { label: 'y', description: 'd' }], { statusCode: 200 }),
    ofNetwork('networks.setConfiguration', [{ configuration: virtualNetwork }], done),
    ofNetwork('networks.getConfiguration', [], { configuration: virtualNetwork }),
    ofCompute('virtualMachines.createDeployment', ['mySvc', deployment], done),
    ofCompute('loadBalancers.create', [...names, balancer(100)], done),
    ofCompute('loadBalancers.update', [...names, 'ilb', balancer(101)], done),
    ofCompute('deployments.getByName', names, { loadBalancers: [balancer(101)] }),
    ofNetwork('staticIPs.check', ['VNet', cloud.azureAddress(101)], { isAvailable: false }),
    ofNetwork('staticIPs.check', ['VNet', cloud.azureAddress(102)], { isAvailable: true }),
    ofCompute('loadBalancers.deleteMethod', [...names, 'ilb'], done),
    ofCompute('dnsServer.addDNSServer', [...names, { name: 'd', address: '10.0.0.4' }], done),
    ofCompute('dnsServer.updateDNSServer', [...names, 'd', { name: 'd', address: '10.0.0.5' }], done),
    ofCompute('dnsServer.deleteDNSServer', [...names, 'd'], done),
    ofNetwork('virtualIPs.beginAdding', [...names, 'vip2'], accepted),
    ofNetwork('virtualIPs.remove', [...names, 'vip2'], done),
    ofNetwork('reservedIPs.create', [{ name: 'ip', label: 'ip', location: 'West US' }], done),
    ofNetwork('reservedIPs.associate', ['ip', association], done),
    ofNetwork('reservedIPs.list', [], { reservedIPs: [{ name: 'ip', inUse: true, ...association }] }),
    ofNetwork('reservedIPs.disassociate', ['ip', association], done),
    ofNetwork('reservedIPs.validateMigration', ['ip'], { validationMessages: [] }),
    ofNetwork('reservedIPs.beginPrepareMigration', ['ip'], accepted),
    ofNetwork('reservedIPs.beginCommitMigration', ['ip'], accepted),
    ofNetwork('networks.validateMigration', ['VNet'], { validationMessages: [] }),
    ofNetwork('networks.beginPrepareMigration', ['VNet'], accepted),
    ofNetwork('networks.list', [], { virtualNetworkSites: [{ name: 'VNet', migrationState: 'Prepared' }] }),
    ofNetwork('networks.beginAbortMigration', ['VNet'], accepted),
    ofCompute('deployments.validateMigration', [...names, destination], { statusCode: 200 }),
    ofCompute('deployments.prepareMigration', [...names, destination], done),
    ofCompute('deployments.beginAbortMigration', names, accepted),
    ofCompute('virtualMachines.shutdown', [...names, 'vm4', { postShutdownAction: 'StoppedDeallocated' }], done),
    ofCompute('virtualMachines.start', [...names, 'vm4'], done),
    ofCompute('virtualMachines.restart', [...names, 'vm4'], done),
    ofCompute('virtualMachines.redeploy', [...names, 'vm4'], done),
    ofCompute('virtualMachines.initiateMaintenance', [...names, 'vm4'], done),
    ofCompute('virtualMachines.shutdownRoles', [...names, { ...machines, postShutdownAction: 'Stopped' }], done),
    ofCompute('virtualMachines.startRoles', [...names, machines], done),
    ofCompute('virtualMachines.update', [...names, 'vm4', machine(4)], done),
    ofCompute('deployments.listEvents', [...names, period.startTime, period.endTime], { deploymentEvents: [] }),
    ofCompute('hostedServices.getDetailed', ['mySvc'], { deployments: [{ name: 'mySvc' }] }),
    ofCompute('hostedServices.list', [], { hostedServices: [{ serviceName: 'mySvc' }] }),
    ofCompute('hostedServices.listExtensions', ['mySvc'], { extensions: [] }),
    ofCompute('hostedServices.listAvailableExtensions', [], { statusCode: 200 }),
    ofCompute('serviceCertificates.list', ['mySvc'], { certificates: [] }),
    ofCompute('operatingSystems.list', [], { operatingSystems: [] }),
    ofCompute('operatingSystems.listFamilies', [], { operatingSystemFamilies: [] }),
    ofCompute('virtualMachineDisks.listDisks', [], { disks: [] }),
    ofCompute('virtualMachineOSImages.list', [], { images: [] }),
    ofCompute('virtualMachineVMImages.list', [], { vMImages: [] }),
    ofCompute('virtualMachineExtensions.list', [], { resourceExtensions: [] }),
    ofNetwork('networkSecurityGroups.list', [], { networkSecurityGroups: [] }),
    ofNetwork('routes.listRouteTables', [], { routeTables: [] }),
    ofNetwork('gateways.listVirtualNetworkGateways', [], { statusCode: 200 }),
    ofNetwork('gateways.listLocalNetworkGateways', [], { statusCode: 200 }),
    ofMgmt('roleSizes.list', [], { statusCode: 200 }),
    ofMgmt('affinityGroups.list', [], { affinityGroups: [] }),
    ofMgmt('subscriptions.listOperations', [period], { statusCode: 200 }),
    ofCompute('virtualMachines.deleteMethod', [...names, 'vm5', true], done),
    ofCompute('deployments.deleteBySlot', ['mySvc', 'Production'], done),
    ofCompute('hostedServices.deleteAll', ['mySvc'], done),
  ];
  for (const step of steps) await step();
});

t.test('over https with --auth token, a registered management certificate is who one is', async (t) => {
  const folder = t.testdir();
  const cloud = await Cloud.start(t, { network, argv: ['--data', folder, '--auth', 'token', '--engine', engine] });
  for (const host of hosts) await cloud.machine(t, host, 8080);
  const baseUri = cloud.emulator.url;
  const ca = readFileSync(`${folder}/ca.pem`, 'utf8');
  const [mine, another] = [await makeManagementCertificate('mine'), await makeManagementCertificate('another')];
  const asm = connectAsm(certificateCredentials(mine), { baseUri, ca });
  const stranger = connectAsm(certificateCredentials(another), { baseUri, ca });
  const list = ({ mgmt }: AsmClients) => refusal((done) => mgmt.managementCertificates.list(done));
  t.equal(await list(asm), '403 AuthenticationFailed', 'nothing is registered yet');

  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'me', client_secret: 'secret' });
  const tenant = '33333333-4444-5555-6666-777777777777';
  const answer = await fetch(`${cloud.emulator.httpUrl}/${tenant}/oauth2/token`, { method: 'POST', body: form });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const admin = connectAsm(tokenCredentials(token), { baseUri, ca });
  t.equal(await list(connectAsm(tokenCredentials('forged'), { baseUri, ca })), '403 AuthenticationFailed');
  const { der, thumbprint } = mine;
  await ask((done) => admin.mgmt.managementCertificates.create({ publicKey: der, thumbprint, data: der }, done));
  t.match(await ask((done) => asm.mgmt.managementCertificates.list(done)), {
    subscriptionCertificates: [{ thumbprint }],
  });

  t.equal(await list(stranger), '403 AuthenticationFailed');
  const plain = connectAsm(certificateCredentials(mine), { baseUri: cloud.emulator.httpUrl });
  t.equal(await list(plain), '403 AuthenticationFailed', 'plain http shows no certificate');
  const bare = await fetch(`${cloud.emulator.httpUrl}/${subscriptionId}`, {
    headers: { 'x-ms-version': '2015-04-01' },
  });
  t.match(
    await bare.text(),
    /<Code>AuthenticationFailed<\/Code><Message>The server failed to authenticate the request\. Verify that the certificate is valid and is associated with this subscription\.<\/Message>/,
  );

  await journey(t, { cloud, asm });
  await ask((done) => asm.mgmt.managementCertificates.deleteMethod(thumbprint, done));
  t.equal(await list(asm), '403 AuthenticationFailed', 'a certificate that is deleted is worth nothing');
});
