import { EventEmitter } from 'node:events';
import t, { type Test } from 'tap';
import { nextEvent } from '../../turns.js';
import {
  azureXmlns,
  type Classic,
  createServiceXml,
  deploymentXml,
  endpointXml,
  roleXml,
  startClassic,
} from './harness.js';
import { dep, errorOf, http, services, start, startWithSet } from './my-service.js';

const networks = '/services/networking/media';
const networkXml = `<NetworkConfiguration xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"><VirtualNetworkConfiguration><VirtualNetworkSites><VirtualNetworkSite name="VNet" Location="West US"><AddressSpace><AddressPrefix>10.1.0.0/16</AddressPrefix></AddressSpace><Subnets><Subnet name="vms"><AddressPrefix>10.1.0.0/24</AddressPrefix></Subnet></Subnets></VirtualNetworkSite></VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>`;

/** A classic API with the service mySvc, the network VNet and the reserved IP rip. */
async function startWithNetwork(t: Test, packageText?: string): Promise<Classic> {
  const classic = await start(t, packageText === undefined ? {} : { packages: async () => Buffer.from(packageText) });
  await classic.post(services, createServiceXml('mySvc'));
  await classic.put(networks, networkXml);
  await classic.post(
    '/services/networking/reservedips',
    `<ReservedIP ${azureXmlns}><Name>rip</Name><Location>West US</Location></ReservedIP>`,
  );
  return classic;
}

t.test('a reference of a virtual machine that resolves to nothing is refused, and nothing is deployed', async (t) => {
  const classic = await startWithNetwork(t);
  const refusal = async ({ network = '', rest = '', endpoints = http() } = {}) => {
    const roles = roleXml('Role', { name: 'vm1', endpoints, network });
    const { statusCode, body } = await classic.post(
      `${services}/mySvc/deployments`,
      deploymentXml({ name: 'd', roles, rest }),
    );
    return statusCode === 202 ? 'accepted' : `${statusCode} ${errorOf(body)}`;
  };
  const inNetwork = '<VirtualNetworkName>VNet</VirtualNetworkName>';
  const subnet = (name: string) => `<SubnetNames><SubnetName>${name}</SubnetName></SubnetNames>`;
  const fixed = (address: string) => `<StaticVirtualNetworkIPAddress>${address}</StaticVirtualNetworkIPAddress>`;
  const needsEndpoint =
    '400 BadRequest: Deployment d uses ReservedIP rip but does not contain any endpoints. Deployment must contain at least one endpoint in order to use a ReservedIP.';
  const rest = '<ReservedIPName>rip</ReservedIPName>';
  const internal = endpointXml({ LocalPort: 1433, Name: 'Sql', Port: 1433, Protocol: 'tcp', LoadBalancerName: 'ilb' });
  const loadBalancers =
    '<LoadBalancers><LoadBalancer><Name>ilb</Name><FrontendIpConfiguration><Type>Private</Type></FrontendIpConfiguration></LoadBalancer></LoadBalancers>';
  t.equal(await refusal({ endpoints: '', rest }), needsEndpoint);
  t.equal(await refusal({ endpoints: internal, rest: rest + loadBalancers }), needsEndpoint, 'none of them is public');
  t.equal(
    await refusal({ rest: '<VirtualNetworkName>NoSuchNet</VirtualNetworkName>' }),
    '400 BadRequest: The virtual network NoSuchNet does not exist.',
  );
  t.match(
    await refusal({ rest: inNetwork, network: subnet('nope') }),
    /^400 BadRequest: The subnet nope does not exist/,
  );
  t.match(await refusal({ network: subnet('vms') }), /^400 BadRequest: .*'SubnetName' needs a deployment in a virtual/);
  t.match(await refusal({ network: fixed('10.1.0.9') }), /^400 BadRequest: .*'StaticVirtualNetworkIPAddress' needs/);
  t.match(
    await refusal({ rest: inNetwork, network: subnet('vms') + fixed('10.1.1.9') }),
    /^400 BadRequest: The static IP address 10\.1\.1\.9 is not in the address range 10\.1\.0\.0\/24/,
  );
  t.equal((await classic.get(`${services}/mySvc/deploymentslots/Production`)).statusCode, 404);
  t.notMatch((await classic.get('/services/networking/reservedips/rip')).body, /InUse/);
  t.equal(await refusal({ rest: inNetwork, network: subnet('VMS') + fixed('10.1.0.9') }), 'accepted');
  const moved = roleXml('PersistentVMRole', { name: 'vm1', endpoints: http(), network: subnet('nope') });
  t.equal((await classic.put(`${services}/mySvc/deployments/d/roles/vm1`, moved)).statusCode, 400);
});

const definition = (inner: string) =>
  `<ServiceDefinition name="S" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceDefinition"><WorkerRole name="W">${inner}</WorkerRole></ServiceDefinition>`;
const endpoint = '<Endpoints><InputEndpoint name="A" protocol="tcp" port="18101"/></Endpoints>';
const settings = (network: string, count = 0) =>
  `<ServiceConfiguration serviceName="S" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration"><Role name="W"><Instances count="${count}"/></Role>${network}</ServiceConfiguration>`;
const network = (inner: string) => `<NetworkConfiguration>${inner}</NetworkConfiguration>`;

t.test(
  'a reference of a service configuration that resolves to nothing is refused, with no instance too',
  async (t) => {
    const deployed = async (csdef: string, cscfg: string) => {
      const classic = await startWithNetwork(t, csdef);
      const body = `<CreateDeployment ${azureXmlns}><Name>d</Name><PackageUrl>http://store.example/app.cspkg</PackageUrl><Label>bA==</Label><Configuration>${Buffer.from(cscfg).toString('base64')}</Configuration></CreateDeployment>`;
      const answer = await classic.post(`${services}/mySvc/deploymentslots/production`, body);
      return answer.statusCode === 202 ? 'accepted' : errorOf(answer.body);
    };
    const site = (name: string) => `<VirtualNetworkSite name="${name}"/>`;
    const subnet = (name: string) =>
      `<AddressAssignments><InstanceAddress roleName="W"><Subnets><Subnet name="${name}"/></Subnets></InstanceAddress></AddressAssignments>`;
    const reserved = '<AddressAssignments><ReservedIPs><ReservedIP name="rip"/></ReservedIPs></AddressAssignments>';
    const web = definition(endpoint);
    t.equal(
      await deployed(web, settings(network(site('NoSuchNet')))),
      'BadRequest: The virtual network NoSuchNet does not exist.',
    );
    t.match(await deployed(web, settings(network(site('VNet') + subnet('nope')))), /The subnet nope does not exist/);
    t.match(await deployed(web, settings(network(subnet('vms')))), /needs a deployment in a virtual network/);
    t.equal(
      await deployed(definition(''), settings(network(reserved))),
      "BadRequest: ReservedIP 'rip' was not mapped to an endpoint. The service definition must contain atleast one endpoint that maps to the ReservedIP.",
    );
    const secured = (certificate: string) =>
      definition(
        `<Endpoints><InputEndpoint name="A" protocol="https" port="443" certificate="${certificate}"/></Endpoints><Certificates><Certificate name="tls" storeLocation="LocalMachine" storeName="My"/></Certificates>`,
      );
    t.match(
      await deployed(secured('other'), settings('')),
      /names the certificate other, which its role does not have/,
    );
    t.equal(await deployed(secured('TLS'), settings('')), 'accepted');
    t.equal(await deployed(web, settings(network(site('VNet') + subnet('vms')))), 'accepted');
    t.equal(await deployed(web, settings(network(reserved), 1)), 'accepted');
  },
);

t.test('an element that a service configuration does not have is refused by its name', async (t) => {
  const classic = await startWithNetwork(t, definition(endpoint));
  const wrong: [string, string][] = [
    [network('<Mystery/>'), 'Element Mystery is unknown in NetworkConfiguration.'],
    [
      network('<AddressAssignments><VirtualIPs/></AddressAssignments>'),
      'Element VirtualIPs is unknown in AddressAssignments.',
    ],
    ['<Roles/>', 'Element Roles is unknown in ServiceConfiguration.'],
  ];
  for (const [inner, reason] of wrong) {
    const body = `<CreateDeployment ${azureXmlns}><Name>d</Name><PackageUrl>http://store.example/app.cspkg</PackageUrl><Label>bA==</Label><Configuration>${Buffer.from(settings(inner)).toString('base64')}</Configuration></CreateDeployment>`;
    const answer = await classic.post(`${services}/mySvc/deploymentslots/production`, body);
    t.match([answer.statusCode, answer.body], [400, reason]);
  }
});

t.test('the name servers of a deployment are added, changed, removed and shown', async (t) => {
  const classic = await startWithSet(t);
  const server = (name: string, address: string) =>
    `<DnsServer ${azureXmlns}><Name>${name}</Name><Address>${address}</Address></DnsServer>`;
  const shown = async () => /<Dns>.*<\/Dns>/.exec((await classic.get(dep)).body)?.[0];
  t.equal(await shown(), undefined);
  t.equal((await classic.post(`${dep}/dnsservers`, server('dns1', '10.0.0.4'))).statusCode, 202);
  t.equal((await classic.post(`${dep}/dnsservers`, server('DNS1', '10.0.0.5'))).statusCode, 409);
  t.equal((await classic.post(`${dep}/dnsservers`, server('dns2', 'x'))).statusCode, 400);
  t.equal((await classic.put(`${dep}/dnsservers/dns1`, server('dns1', '10.0.0.6'))).statusCode, 202);
  t.equal(
    await shown(),
    '<Dns><DnsServers><DnsServer><Name>dns1</Name><Address>10.0.0.6</Address></DnsServer></DnsServers></Dns>',
  );
  t.equal((await classic.delete(`${dep}/dnsservers/dns9`)).statusCode, 404);
  t.equal((await classic.delete(`${dep}/dnsservers/dns1`)).statusCode, 202);
  t.equal(await shown(), undefined);
  t.equal((await classic.delete(dep)).statusCode, 202);
  const roles = roleXml('Role', { name: 'vm1', endpoints: http() });
  const rest = `<Dns><DnsServers>${server('dns1', '10.0.0.4').replace(` ${azureXmlns}`, '')}</DnsServers></Dns>`;
  await classic.post(`${services}/mySvc/deployments`, deploymentXml({ name: 'mySvc', roles, rest }));
  t.match(await shown(), /dns1.*10\.0\.0\.4/);
});

t.test('a package is no longer downloaded once its client has left', async (t) => {
  const events = new EventEmitter();
  const classic = startClassic({
    packages: (_url, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          events.emit('ended');
          reject(new Error('nobody waits'));
        });
        events.emit('asked', signal);
      }),
  });
  t.teardown(() => classic.close());
  await classic.post(services, createServiceXml('mySvc'));
  const base = await classic.app.listen({ host: '127.0.0.1', port: 0 });
  const client = new AbortController();
  const asked = nextEvent(events, 'asked');
  const ended = nextEvent(events, 'ended');
  const request = fetch(
    `${base}/11111111-2222-3333-4444-555555555555/services/hostedservices/mySvc/deploymentslots/production`,
    {
      method: 'POST',
      headers: { 'x-ms-version': '2015-04-01', 'content-type': 'application/xml' },
      body: `<CreateDeployment ${azureXmlns}><Name>d</Name><PackageUrl>http://store.example/app.cspkg</PackageUrl><Label>bA==</Label><Configuration>${Buffer.from(settings('')).toString('base64')}</Configuration></CreateDeployment>`,
      signal: client.signal,
    },
  );
  const [signal] = (await asked) as [AbortSignal];
  t.equal(signal.aborted, false);
  client.abort();
  await t.rejects(request);
  await ended;
  t.equal(signal.aborted, true);
});
