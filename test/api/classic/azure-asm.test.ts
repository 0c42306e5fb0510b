/**
 * Azure's own Node clients of the classic API, unmodified: azure-asm-compute, azure-asm-mgmt and azure-asm-network make a
 * load-balanced pair and change its distribution, and real connections show it.
 */
import { readFileSync } from 'node:fs';
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
