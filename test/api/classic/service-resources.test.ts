import t from 'tap';
import { azureXmlns, createServiceXml, deploymentXml, endpointXml, roleXml, setsXml } from './harness.js';
import { startedMembers } from './model.js';
import { dep, errorOf, http, services, start, startWithSet } from './my-service.js';

t.test('a machine that is shut down leaves rotation and comes back when started', async (t) => {
  const classic = await startWithSet(t);
  const started = () =>
    startedMembers(classic.plan().frontends.find(({ port }) => port === 80)?.rule).map(([, isStarted]) => isStarted);
  const operate = (name: string, inner = '') =>
    classic.post(
      `${dep}/roleinstances/vm1/Operations`,
      `<${name} ${azureXmlns}><OperationType>${name}</OperationType>${inner}</${name}>`,
    );
  t.equal(
    (await operate('ShutdownRoleOperation', '<PostShutdownAction>StoppedDeallocated</PostShutdownAction>')).statusCode,
    202,
  );
  t.same(started(), [false, true]);
  t.match((await classic.get(dep)).body, /<InstanceStatus>StoppedDeallocated<.*<PowerState>Stopped</);
  await operate('StartRoleOperation');
  t.same(started(), [true, true]);
  await operate('RestartRoleOperation');
  const several = (name: string) =>
    classic.post(
      `${dep}/Roles/Operations`,
      `<${name} ${azureXmlns}><Roles><Name>vm1</Name><Name>vm2</Name></Roles></${name}>`,
    );
  await several('ShutdownRolesOperation');
  t.same(started(), [false, false]);
  await several('StartRolesOperation');
  t.same(started(), [true, true]);
  t.equal((await operate('CaptureRoleOperation', '<PostCaptureAction>Delete</PostCaptureAction>')).statusCode, 202);
  t.same(started(), [true], 'a captured machine is gone');
  t.equal((await operate('ExplodeRoleOperation')).statusCode, 400);
  t.equal(
    (await classic.post(`${dep}/roleinstances/vm2?comp=reboot`, '')).statusCode,
    400,
    'machines are restarted by operation',
  );
});

t.test('an internal load balancer has an address of its own and belongs to one deployment', async (t) => {
  const classic = await startWithSet(t);
  const path = `${dep}/loadbalancers`;
  const body = (name: string, frontend = '') =>
    `<LoadBalancer ${azureXmlns}><Name>${name}</Name><FrontendIpConfiguration><Type>private</Type>${frontend}</FrontendIpConfiguration></LoadBalancer>`;
  t.equal(
    (await classic.post(path, body('ilb1', '<SubnetName>S</SubnetName>'))).statusCode,
    400,
    'outside a virtual network',
  );
  t.equal((await classic.post(path, body('ilb1'))).statusCode, 202);
  const second = await classic.post(path, body('ilb2'));
  t.equal(
    errorOf(second.body),
    'BadRequest: LoadBalancer already exists: ilb1. Only one internal load balancer allowed per deployment.',
  );
  await classic.post(
    `${dep}?comp=UpdateLbSet`,
    setsXml(endpointXml({ LoadBalancedEndpointSetName: 'LBSet1', LoadBalancerName: 'ILB1' })),
  );
  t.equal(classic.plan().frontends.find(({ port }) => port === 80)?.azureAddress, '10.64.0.6');
  t.equal((await classic.put(`${path}/ilb1`, body('ilb1'))).statusCode, 202);
  t.equal((await classic.delete(`${path}/ilb1`)).statusCode, 400, 'in use');
  t.equal((await classic.delete(`${path}/other`)).statusCode, 404);
});

t.test('a network configuration says where subnets are', async (t) => {
  const classic = await start(t);
  const configuration = `<NetworkConfiguration xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"><VirtualNetworkConfiguration><VirtualNetworkSites><VirtualNetworkSite name="VNet" Location="West US"><AddressSpace><AddressPrefix>10.1.0.0/16</AddressPrefix></AddressSpace><Subnets><Subnet name="Subnet-1"><AddressPrefix>10.1.0.0/24</AddressPrefix></Subnet></Subnets></VirtualNetworkSite></VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>`;
  t.equal((await classic.put('/services/networking/media', configuration)).statusCode, 202);
  t.equal((await classic.get('/services/networking/media')).body, configuration);
  await classic.post(services, createServiceXml('mySvc'));
  const network = '<SubnetNames><SubnetName>Subnet-1</SubnetName></SubnetNames>';
  const fixed = `${network}<StaticVirtualNetworkIPAddress>10.1.0.9</StaticVirtualNetworkIPAddress>`;
  const roles = roleXml('Role', { name: 'vm1', network }) + roleXml('Role', { name: 'vm2', network: fixed });
  const rest = `<VirtualNetworkName>VNet</VirtualNetworkName><LoadBalancers><LoadBalancer><Name>ilb</Name><FrontendIpConfiguration><Type>Private</Type><SubnetName>Subnet-1</SubnetName><StaticVirtualNetworkIPAddress>10.1.0.100</StaticVirtualNetworkIPAddress></FrontendIpConfiguration></LoadBalancer></LoadBalancers>`;
  t.equal(
    (await classic.post(`${services}/mySvc/deployments`, deploymentXml({ name: 'mySvc', roles, rest }))).statusCode,
    202,
  );
  const { body } = await classic.get(dep);
  t.match(body, /<IpAddress>10\.1\.0\.4<.*<IpAddress>10\.1\.0\.9</);
  t.match(body, /<VirtualNetworkName>VNet<.*<StaticVirtualNetworkIPAddress>10\.1\.0\.100<.*<VirtualNetworkId>/);
  t.match(
    (await classic.get('/services/networking/virtualnetwork')).body,
    /<Name>VNet<.*<InUse>true<.*<AddressPrefix>10\.1\.0\.0\/24</,
  );
  const clash = roleXml('PersistentVMRole', { name: 'vm3', network: fixed });
  t.match((await classic.post(`${dep}/roles`, clash)).body, /static IP address 10\.1\.0\.9 is already in use/);
  const wrong = roleXml('PersistentVMRole', { name: 'vm3', network: fixed.replace('10.1.0.9', '10.1.0.900') });
  t.equal((await classic.post(`${dep}/roles`, wrong)).statusCode, 400);
  const put = async (change: (text: string) => string) => {
    const answer = await classic.put('/services/networking/media', change(configuration));
    return answer.statusCode === 202 ? '202' : errorOf(answer.body);
  };
  const inUse = (what: string) => `ConflictError: The ${what} is in use by deployment mySvc.`;
  t.equal(
    await put((text) => text.replace(/<VirtualNetworkSite .*<\/VirtualNetworkSite>/, '')),
    inUse('virtual network VNet'),
  );
  t.equal(await put((text) => text.replace('Subnet-1', 'Subnet-2')), inUse('subnet Subnet-1'));
  t.equal(await put((text) => text.replace('10.1.0.0/24', '10.1.7.0/24')), inUse('subnet Subnet-1'));
  t.equal(await put((text) => text.replace('10.1.0.0/24', '10.1.0.0/22')), '202', 'its machines are still in it');
});

t.test(
  'a network configuration that contradicts itself, or says what is unknown, is refused by its names',
  async (t) => {
    const classic = await start(t);
    const site = (name: string, subnets: string, rest = '') =>
      `<VirtualNetworkSite name="${name}" Location="West US"><AddressSpace><AddressPrefix>10.1.0.0/16</AddressPrefix></AddressSpace><Subnets>${subnets}</Subnets>${rest}</VirtualNetworkSite>`;
    const subnet = (name: string, prefix: string) =>
      `<Subnet name="${name}"><AddressPrefix>${prefix}</AddressPrefix></Subnet>`;
    const first = subnet('a', '10.1.0.0/24');
    const file = (sites: string, rest = '') =>
      `<NetworkConfiguration xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"><VirtualNetworkConfiguration>${rest}<VirtualNetworkSites>${sites}</VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>`;
    const invalid = (reason: string) => `BadRequest: The network configuration is invalid. ${reason} (line 1)`;
    const malformed = 'BadRequest: NetworkConfiguration has a missing, misspelled or out of order element.';
    const gateway = (local: string) =>
      `<Gateway><ConnectionsToLocalNetwork><LocalNetworkSiteRef name="${local}"><Connection type="IPsec"/></LocalNetworkSiteRef></ConnectionsToLocalNetwork></Gateway>`;
    const refused: [body: string, answer: string][] = [
      ['<Other/>', malformed],
      [file(site('v', first)).replace('ServiceHosting/2011/07/NetworkConfiguration', 'other'), malformed],
      ['no XML', 'InvalidXmlRequest: The request body’s XML was invalid or not correctly specified.'],
      [file(site('', first)), invalid('Element VirtualNetworkSite has no attribute name.')],
      [
        file(site('v', first) + site('V', first)),
        invalid('There are two elements VirtualNetworkSite with the name V.'),
      ],
      [file(site('v', first + subnet('A', '10.1.1.0/24'))), invalid('There are two elements Subnet with the name A.')],
      [file(site('v', first + subnet('b', '10.1.0.128/25'))), invalid('10.1.0.128/25 overlaps another subnet of v.')],
      [file(site('v', subnet('b', '10.2.0.0/24'))), invalid('10.2.0.0/24 is not in the address space of v.')],
      [file(site('v', subnet('b', '10.0.0.0/8'))), invalid('10.0.0.0/8 is not in the address space of v.')],
      [file(site('v', subnet('b', '10.1.0.0'))), invalid('10.1.0.0 is no IPv4 prefix like 10.0.0.0/16.')],
      [file(site('v', '<Subnet name="b"/>')), invalid('A Subnet needs an AddressPrefix.')],
      [
        file(site('v', first, '<DnsServersRef><DnsServerRef name="d"/></DnsServersRef>')),
        invalid('DnsServerRef d is not defined.'),
      ],
      [file(site('v', first, gateway('office'))), invalid('LocalNetworkSiteRef office is not defined.')],
      [
        file(site('v', first), '<Dns><DnsServer name="d" IPAddress="10.1.0.4"/></Dns>'),
        'BadRequest: The network configuration is invalid. Element DnsServer is unknown in Dns.',
      ],
      [
        file(site('v', first).replace('Location', 'Region')),
        invalid('Attribute Region is unknown in VirtualNetworkSite.'),
      ],
    ];
    for (const [body, answer] of refused) {
      t.equal(errorOf((await classic.put('/services/networking/media', body)).body), answer);
    }
    t.equal((await classic.get('/services/networking/media')).statusCode, 404, 'nothing was stored');
    const whole = file(
      site('v', first, `<DnsServersRef><DnsServerRef name="D"/></DnsServersRef>${gateway('Office')}`) +
        site('w', first),
      '<Dns><DnsServers><DnsServer name="d" IPAddress="10.1.0.4"/></DnsServers></Dns><LocalNetworkSites><LocalNetworkSite name="office"><AddressSpace><AddressPrefix>192.168.0.0/16</AddressPrefix></AddressSpace><VPNGatewayAddress>203.0.113.1</VPNGatewayAddress></LocalNetworkSite></LocalNetworkSites>',
    );
    t.equal((await classic.put('/services/networking/media', whole)).statusCode, 202);
    t.equal((await classic.get('/services/networking/media')).body, whole);
  },
);

t.test('a reserved IP outlives the deployments that have it', async (t) => {
  const classic = await startWithSet(t);
  const path = '/services/networking/reservedips';
  const create = (inner: string) =>
    classic.post(path, `<ReservedIP ${azureXmlns}><Name>rip1</Name>${inner}</ReservedIP>`);
  t.equal((await create('<Label>l</Label><Location>uswest</Location>')).statusCode, 202);
  t.equal((await create('<Location>uswest</Location>')).statusCode, 409);
  t.match(
    (await classic.get(`${path}/rip1`)).body,
    /<Address>127\.255\.0\.5<.*<State>Created<\/State><Location>West US</,
  );
  const association = `<ReservedIPAssociation ${azureXmlns}><ServiceName>mySvc</ServiceName><DeploymentName>mySvc</DeploymentName></ReservedIPAssociation>`;
  t.equal(
    (await classic.post(`${path}/rip1/operations/associate`, association, { version: '2014-10-01' })).statusCode,
    400,
  );
  t.equal((await classic.post(`${path}/rip1/operations/associate`, association)).statusCode, 202);
  t.equal((await classic.post(`${path}/rip1/operations/associate`, association)).statusCode, 409);
  t.match(
    (await classic.get(dep)).body,
    /<Address>127\.255\.0\.5<.*<IsReserved>true<\/IsReserved><ReservedIPName>rip1</,
  );
  t.match((await classic.get(path)).body, /<InUse>true<.*<VirtualIPName>mySvcContractContract</);
  t.equal((await classic.delete(`${path}/rip1`)).statusCode, 409);
  t.equal((await classic.post(`${path}/rip1/operations/disassociate`, association)).statusCode, 202);
  t.equal((await classic.post(`${path}/rip1/operations/disassociate`, association)).statusCode, 404);
  t.match((await classic.get(dep)).body, /<Address>127\.255\.0\.4</);
  await classic.delete(dep);
  const roles = roleXml('Role', { name: 'vm1', endpoints: http() });
  const rest = '<ReservedIPName>rip1</ReservedIPName>';
  t.equal(
    (await classic.post(`${services}/mySvc/deployments`, deploymentXml({ name: 'mySvc', roles, rest }))).statusCode,
    202,
  );
  t.equal(classic.plan().frontends[0]?.azureAddress, '127.255.0.5');
  await classic.delete(dep);
  t.notMatch((await classic.get(`${path}/rip1`)).body, /InUse/);
  t.equal((await classic.delete(`${path}/rip1`)).statusCode, 202);
});

t.test('management certificates are known by their thumbprint', async (t) => {
  const classic = await start(t);
  const certificate = (data: string) =>
    `<SubscriptionCertificate ${azureXmlns}><SubscriptionCertificatePublicKey>key</SubscriptionCertificatePublicKey><SubscriptionCertificateThumbprint>x</SubscriptionCertificateThumbprint><SubscriptionCertificateData>${data}</SubscriptionCertificateData></SubscriptionCertificate>`;
  t.equal((await classic.post('/certificates', certificate('AAEC'))).statusCode, 200);
  t.equal((await classic.post('/certificates', certificate('%%%'))).statusCode, 400);
  const thumbprint = '0C7A623FD2BBC05B06423BE359E4021D36E721AD';
  t.match((await classic.get('/certificates')).body, new RegExp(`<SubscriptionCertificateThumbprint>${thumbprint}<`));
  t.equal((await classic.get(`/certificates/${thumbprint.toLowerCase()}`)).statusCode, 200);
  t.equal((await classic.delete(`/certificates/${thumbprint}`)).statusCode, 200);
  t.equal((await classic.get(`/certificates/${thumbprint}`)).statusCode, 404);
  for (let index = 0; index < 25; index++) {
    await classic.post('/certificates', certificate(Buffer.from([index]).toString('base64')));
  }
  t.equal((await classic.post('/certificates', certificate('AAEC'))).statusCode, 409);
});
