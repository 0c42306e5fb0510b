/**
 * What azure-cli 0.10 and Azure PowerShell send, in their elements and their order. Both read a machine or a set, change
 * what they were asked to, and send back all of it. The requests were captured from azure-cli, and those of PowerShell are
 * as Azure recorded them.
 */
import t, { type Test } from 'tap';
import { azureXmlns, type Classic, createServiceXml, deploymentXml, endpointXml, roleXml, setsXml } from './harness.js';
import { dep, errorOf, services, start } from './my-service.js';

const version = '2017-01-01';
const declaration = '<?xml version="1.0" encoding="utf-8" standalone="yes"?>';

/** `endpoint` as a client sends it that read it as Azure shows it: LoadBalancerName comes before EndpointAcl. */
const sentBack = (endpoint: string): string =>
  endpoint.replace(/(<EndpointAcl>.*<\/EndpointAcl>)(<LoadBalancerName>.*<\/LoadBalancerName>)/, '$2$1');

/** Lines and two blanks per level, as .NET's XML writers put them. */
const indented = (xml: string): string => {
  let level = 0;
  return xml.replace(/<(\/?)[^>]*?(\/?)>(?=(<)?)/g, (tag, end, empty, more) => {
    if (end) level--;
    else if (!empty) level++;
    const next = more === undefined ? '' : `\r\n${'  '.repeat(level)}`;
    return tag.replace('/>', ' />') + next;
  });
};

/** A client that changes one machine's endpoints, or one set. */
class Client {
  readonly #classic: Classic;
  readonly #written: (xml: string) => string;

  constructor(classic: Classic, written: (xml: string) => string) {
    this.#classic = classic;
    this.#written = written;
  }

  /** The endpoints of a machine as Get Role shows them. */
  async endpoints(role: string): Promise<string[]> {
    const { body } = await this.#classic.get(`${dep}/roles/${role}`, { version });
    return body.match(/<InputEndpoint>.*?<\/InputEndpoint>/g) ?? [];
  }

  /** Sends the machine back with its endpoints changed: `202`, or the refusal. */
  async update(role: string, change: (endpoints: string[]) => string[]): Promise<string> {
    const { body } = await this.#classic.get(`${dep}/roles/${role}`, { version });
    const [disks = ''] = /<DataVirtualHardDisks.*(?=<\/PersistentVMRole>)/.exec(body) ?? [];
    const endpoints = change((await this.endpoints(role)).map(sentBack)).join('');
    const set = `<ConfigurationSet><ConfigurationSetType>NetworkConfiguration</ConfigurationSetType><InputEndpoints>${endpoints}</InputEndpoints><SubnetNames/><PublicIPs/><NetworkInterfaces/><StoredCertificateSettings/></ConfigurationSet>`;
    const whole = `<PersistentVMRole ${azureXmlns}><RoleName>${role}</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets>${set}</ConfigurationSets>${disks}</PersistentVMRole>`;
    return this.#outcome(await this.#classic.put(`${dep}/roles/${role}`, this.#written(whole), { version }));
  }

  /** Sends the set's first member back with some elements changed: `202`, or the refusal. */
  async updateSet(name: string, change: (endpoint: string) => string): Promise<string> {
    const { body } = await this.#classic.get(`${services}/mySvc/deploymentslots/Production`, { version });
    const all = body.match(/<InputEndpoint>.*?<\/InputEndpoint>/g) ?? [];
    const [first = ''] = all.filter((endpoint) => endpoint.includes(`SetName>${name}<`));
    const without = first.includes('<EndpointAcl>')
      ? first
      : first.replace('</EnableDirectServerReturn>', '$&<EndpointAcl/>');
    const sent = this.#written(setsXml(change(without)));
    return this.#outcome(await this.#classic.post(`${dep}?comp=UpdateLbSet`, sent, { version }));
  }

  async #outcome(response: Awaited<ReturnType<Classic['put']>>): Promise<string> {
    if (response.statusCode !== 202) return errorOf(response.body);
    const operation = await this.#classic.operation(response);
    return operation.children.find(({ name }) => name === 'Status')?.text ?? '';
  }
}

/** The cloud service mySvc with two machines that have no endpoints yet. */
async function startWithMachines(t: Test): Promise<Classic> {
  const classic = await start(t);
  await classic.post(services, createServiceXml('mySvc'));
  const roles = ['MyVM1', 'MyVM2'].map((name) => roleXml('Role', { name })).join('');
  await classic.post(`${services}/mySvc/deployments`, deploymentXml({ name: 'mySvc', roles }));
  return classic;
}

const shownDirect = '<EnableDirectServerReturn>false</EnableDirectServerReturn>';
const probe = '<Path>/health</Path><Port>8080</Port><Protocol>http</Protocol>';
const timing = '<IntervalInSeconds>15</IntervalInSeconds><TimeoutInSeconds>31</TimeoutInSeconds>';

t.test('azure-cli: endpoints are created, set, created several at once, given rules and deleted', async (t) => {
  const classic = await startWithMachines(t);
  const cli = new Client(classic, (xml) => declaration + xml);
  const named = (name: string) => (endpoint: string) => endpoint.includes(`<Name>${name}</Name>`);
  const shown = async (name: string) => (await cli.endpoints('MyVM1')).find(named(name));
  const expect = async (outcome: Promise<string>, name: string, endpoint: string | undefined) => {
    t.equal(await outcome, 'Succeeded');
    t.equal(await shown(name), endpoint);
  };
  const add = (endpoint: string) => cli.update('MyVM1', (all) => [...all, endpoint]);
  const change = (name: string, edit: (endpoint: string) => string) =>
    cli.update('MyVM1', (all) => all.map((endpoint) => (named(name)(endpoint) ? edit(endpoint) : endpoint)));

  // vm endpoint create MyVM1 9000 9001 --name other
  const other = endpointXml({ LocalPort: 9001, Name: 'other', Port: 9000, Protocol: 'tcp' });
  const asShown = (endpoint: string) =>
    endpoint.replace('</Protocol></InputEndpoint>', `</Protocol>${shownDirect}</InputEndpoint>`);
  await expect(add(other), 'other', asShown(other));
  // vm endpoint set MyVM1 other --public-port 9100 --local-port 9101 --load-balancer-distribution sourceIPProtocol
  const distribution = '<LoadBalancerDistribution>sourceIPProtocol</LoadBalancerDistribution>';
  const moved = asShown(other)
    .replace('9000', '9100')
    .replace('9001', '9101')
    .replace(shownDirect, `$&${distribution}`);
  await expect(
    change('other', () => moved),
    'other',
    moved,
  );
  // vm endpoint acl-rule create, set and delete
  const rules = (inner: string) => `${shownDirect}<EndpointAcl>${inner}</EndpointAcl>`;
  const rule = (order: number, subnet: string) =>
    `<Rules><Rule><Order>${order}</Order><Action>permit</Action><RemoteSubnet>${subnet}</RemoteSubnet><Description>corp</Description></Rule></Rules>`;
  for (const inner of [rule(1, '10.0.0.0/8'), rule(2, '11.0.0.0/8')]) {
    const ruled = moved.replace(shownDirect, rules(inner));
    await expect(
      change('other', () => ruled),
      'other',
      ruled,
    );
  }
  await expect(
    change('other', () => moved.replace(shownDirect, rules('<Rules/>'))),
    'other',
    moved,
  );
  // vm endpoint create-multiple MyVM1 443:8443:tcp:10:Disabled:http:8443:/h:15:31:lbs443::sourceIP,53:53:udp::::::::::
  const several = [
    `<InputEndpoint><LoadBalancedEndpointSetName>lbs443</LoadBalancedEndpointSetName><LocalPort>8443</LocalPort><Name>tcp-443-8443</Name><Port>443</Port><LoadBalancerProbe><Path>/h</Path><Port>8443</Port><Protocol>http</Protocol>${timing}</LoadBalancerProbe><Protocol>tcp</Protocol>${shownDirect}<IdleTimeoutInMinutes>10</IdleTimeoutInMinutes><LoadBalancerDistribution>sourceIP</LoadBalancerDistribution></InputEndpoint>`,
    endpointXml({ LocalPort: 53, Name: 'udp-53-53', Port: 53, Protocol: 'udp' }),
  ];
  t.equal(await cli.update('MyVM1', (all) => [...all, ...several]), 'Succeeded');
  t.strictSame(await cli.endpoints('MyVM1'), [moved, several[0], asShown(several[1] ?? '')]);
  // vm endpoint create MyVM1 1433 1433 --name sql --internal-load-balancer-name ilb1 --load-balanced-set-name sqlset
  const ilb = `<LoadBalancer ${azureXmlns}><Name>ilb1</Name><FrontendIpConfiguration><Type>Private</Type></FrontendIpConfiguration></LoadBalancer>`;
  t.equal((await classic.post(`${dep}/loadbalancers`, declaration + ilb, { version })).statusCode, 202);
  const sql = `<InputEndpoint><LoadBalancedEndpointSetName>sqlset</LoadBalancedEndpointSetName><LocalPort>1433</LocalPort><Name>sql</Name><Port>1433</Port><LoadBalancerProbe><Port>1433</Port><Protocol>tcp</Protocol></LoadBalancerProbe><Protocol>tcp</Protocol><LoadBalancerName>ilb1</LoadBalancerName></InputEndpoint>`;
  const sqlShown = sql
    .replace('</Protocol></LoadBalancerProbe>', `</Protocol>${timing}</LoadBalancerProbe>`)
    .replace('<LoadBalancerName>', `${shownDirect}$&`);
  await expect(add(sql), 'sql', sqlShown);
  // vm endpoint acl-rule create on it: LoadBalancerName comes first, then the rules
  const guarded = sqlShown.replace(shownDirect, rules(rule(1, '10.0.0.0/8')));
  await expect(
    change('sql', () => sentBack(guarded)),
    'sql',
    guarded,
  );
  // vm endpoint delete MyVM1 sql, and the others
  for (const name of ['sql', 'other', 'tcp-443-8443', 'udp-53-53']) {
    await expect(
      cli.update('MyVM1', (all) => all.filter((endpoint) => !named(name)(endpoint))),
      name,
      undefined,
    );
  }
  t.strictSame(await cli.endpoints('MyVM1'), []);
});

t.test('azure-cli: a set is joined by sending its settings, and changed on all its machines', async (t) => {
  const classic = await startWithMachines(t);
  const cli = new Client(classic, (xml) => declaration + xml);
  // vm endpoint create MyVM1 80 8080 --load-balanced-set-name LBSet1 …, then the same for MyVM2, with what was read
  const member = (probed: string) =>
    `<InputEndpoint><LoadBalancedEndpointSetName>LBSet1</LoadBalancedEndpointSetName><LocalPort>8080</LocalPort><Name>HttpIn</Name><Port>80</Port><LoadBalancerProbe>${probed}</LoadBalancerProbe><Protocol>tcp</Protocol><IdleTimeoutInMinutes>20</IdleTimeoutInMinutes></InputEndpoint>`;
  t.equal(await cli.update('MyVM1', () => [member(probe)]), 'Succeeded');
  t.equal(await cli.update('MyVM2', () => [member(probe + timing)]), 'Succeeded');
  const asShown = member(probe + timing).replace('<IdleTimeout', `${shownDirect}$&`);
  // service load-balanced-set set mySvc LBSet1 --load-balancer-distribution …
  const set = (distribution: string) =>
    cli.updateSet('LBSet1', (first) =>
      first
        .replace(/<LoadBalancerDistribution>.*<\/LoadBalancerDistribution>/, '')
        .replace(
          '</InputEndpoint>',
          `<LoadBalancerDistribution>${distribution}</LoadBalancerDistribution></InputEndpoint>`,
        ),
    );
  for (const [typed, echoed] of [
    ['sourceIP', 'sourceIP'],
    ['SOURCEIPPROTOCOL', 'sourceIPProtocol'],
    ['None', 'none'],
  ]) {
    t.equal(await set(typed ?? ''), 'Succeeded');
    const expected = asShown.replace(
      '</InputEndpoint>',
      `<LoadBalancerDistribution>${echoed}</LoadBalancerDistribution>$&`,
    );
    for (const role of ['MyVM1', 'MyVM2']) t.strictSame(await cli.endpoints(role), [expected]);
  }
  t.equal(
    await set('bogus'),
    "BadRequest: Value 'bogus' specified for parameter 'LoadBalancerDistribution' is invalid. Allowed values are 'sourceIP, sourceIPProtocol, none'.",
  );
});

t.test('azure-cli: reserved IPs, static addresses and Remote Desktop files', async (t) => {
  const classic = await startWithMachines(t);
  const reserved = '/services/networking/reservedips';
  const ip = `${declaration}<ReservedIP ${azureXmlns}><Name>rip1</Name><Label>l</Label><Location>West US</Location></ReservedIP>`;
  t.equal((await classic.post(reserved, ip, { version })).statusCode, 202);
  t.match(
    (await classic.get(`${reserved}/rip1`, { version })).body,
    /^<ReservedIP [^>]*><Name>rip1<\/Name><Address>[\d.]+<\/Address><Id>[\w-]+<\/Id><Label>l<\/Label><State>Created<\/State><Location>West US<\/Location><\/ReservedIP>$/,
  );
  t.equal((await classic.delete(`${reserved}/rip1`, { version })).statusCode, 202);
  t.match((await classic.get(reserved, { version })).body, /^<ReservedIPs [^>]*\/>$/);

  const networks = `<NetworkConfiguration xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"><VirtualNetworkConfiguration><Dns /><VirtualNetworkSites><VirtualNetworkSite name="vnet1" Location="West US"><AddressSpace><AddressPrefix>10.50.0.0/16</AddressPrefix></AddressSpace><Subnets><Subnet name="s1"><AddressPrefix>10.50.0.0/29</AddressPrefix></Subnet></Subnets></VirtualNetworkSite></VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>`;
  t.equal((await classic.put('/services/networking/media', networks, { version })).statusCode, 202);
  await classic.post(services, createServiceXml('other'));
  const network = '<SubnetNames><SubnetName>s1</SubnetName></SubnetNames>';
  const endpoints = endpointXml({ LocalPort: 3389, Name: 'rdp', Port: 63638, Protocol: 'tcp' });
  const roles = roleXml('Role', { name: 'vm', endpoints, network });
  const rest = '<VirtualNetworkName>vnet1</VirtualNetworkName>';
  await classic.post(`${services}/other/deployments`, deploymentXml({ name: 'other', roles, rest }));
  // vm static-ip check
  const check = async (address: string, of = 'VNET1') => {
    const path = `/services/networking/${of}?op=checkavailability&address=${address}`;
    const { statusCode, body } = await classic.get(path, { version });
    return statusCode === 200 ? body.replace(/^<\w+ [^>]*>|<\/\w+>$/g, '') : errorOf(body);
  };
  t.equal(await check('10.50.0.5'), '<IsAvailable>true</IsAvailable>');
  t.equal(
    await check('10.50.0.4'),
    '<IsAvailable>false</IsAvailable><AvailableAddresses><AvailableAddress>10.50.0.5</AvailableAddress><AvailableAddress>10.50.0.6</AvailableAddress></AvailableAddresses>',
  );
  t.equal(
    await check('10.51.0.4'),
    'BadRequest: The static IP address 10.51.0.4 is not in the address range 10.50.0.0/16.',
  );
  t.equal(await check('10.50.0.4', 'nothing'), 'ResourceNotFound: The specified resource does not exist.');
  t.equal((await classic.get('/services/networking/vnet1')).statusCode, 404);

  // vm show asks for the file of every machine
  const file = (path: string) => classic.get(`${services}/${path}/ModelFile?FileType=RDP`, { version });
  const rdp = await file('other/deployments/other/roleinstances/vm');
  t.match(rdp.headers, { 'content-type': 'application/x-rdp' });
  t.equal(rdp.body, 'full address:s:other.cloudapp.net:63638\r\nprompt for credentials:i:1\r\n');
  t.equal(
    errorOf((await file('mySvc/deployments/mySvc/roleinstances/MyVM1')).body),
    'BadRequest: An external endpoint to the Remote Desktop port (3389) must first be added to the role.',
  );
  t.equal(
    errorOf((await file('mySvc/deploymentslots/Production/roleinstances/none')).body),
    'ResourceNotFound: Role none was not found in the currently deployed service.',
  );
});

/** What `Get-AzureVM | Get-AzureEndpoint` prints of a machine: it reads Get Deployment. */
async function getAzureEndpoint(classic: Classic, role: string): Promise<string> {
  const { body } = await classic.get(`${services}/mySvc/deploymentslots/Production`);
  const [, ofRole = ''] =
    new RegExp(`<RoleName>${role}</RoleName><OsVersion/>(.*?)</ConfigurationSets>`).exec(body) ?? [];
  const blocks = (ofRole.match(/<InputEndpoint>.*?<\/InputEndpoint>/g) ?? []).map((endpoint) => {
    const [, probed = ''] = /<LoadBalancerProbe>(.*)<\/LoadBalancerProbe>/.exec(endpoint) ?? [];
    const own = endpoint.replace(/<LoadBalancerProbe>.*<\/LoadBalancerProbe>/, '');
    const text = (name: string, within = own) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(within)?.[1] ?? '';
    const direct = text('EnableDirectServerReturn');
    return [
      `LBSetName : ${text('LoadBalancedEndpointSetName')}`,
      `LocalPort : ${text('LocalPort')}`,
      `Name : ${text('Name')}`,
      `Port : ${text('Port')}`,
      `Protocol : ${text('Protocol')}`,
      `Vip : ${text('Vip')}`,
      `ProbePath : ${text('Path', probed)}`,
      `ProbePort : ${text('Port', probed)}`,
      `ProbeProtocol : ${text('Protocol', probed)}`,
      `ProbeIntervalInSeconds : ${text('IntervalInSeconds', probed)}`,
      `ProbeTimeoutInSeconds : ${text('TimeoutInSeconds', probed)}`,
      `EnableDirectServerReturn : ${direct.charAt(0).toUpperCase()}${direct.slice(1)}`,
      `Acl : {${[...own.matchAll(/<Rule>/g)].map(() => 'rule').join(', ')}}`,
      `InternalLoadBalancerName : ${text('LoadBalancerName')}`,
      `IdleTimeoutInMinutes : ${text('IdleTimeoutInMinutes')}`,
      `LoadBalancerDistribution : ${text('LoadBalancerDistribution')}`,
    ].join('\n');
  });
  return blocks.join('\n\n');
}

t.test('PowerShell: the cmdlets of the documentation, and what Get-AzureEndpoint prints after them', async (t) => {
  const classic = await startWithMachines(t);
  const ps = new Client(classic, indented);
  // Add-AzureEndpoint -Name "HttpIn" -Protocol "tcp" -PublicPort 80 -LocalPort 8080 -LoadBalancerDistribution "sourceIP"
  const httpIn =
    '<InputEndpoint><LocalPort>8080</LocalPort><Name>HttpIn</Name><Port>80</Port><Protocol>tcp</Protocol><LoadBalancerDistribution>sourceIP</LoadBalancerDistribution></InputEndpoint>';
  t.equal(await ps.update('MyVM1', (all) => [...all, httpIn]), 'Succeeded');
  t.strictSame(await ps.endpoints('MyVM1'), [httpIn.replace('<LoadBalancerD', `${shownDirect}$&`)]);
  t.equal(await ps.update('MyVM1', () => []), 'Succeeded', 'Remove-AzureEndpoint');

  // Add-AzureEndpoint -LBSetName -ProbePort -ProbeProtocol: once for each machine, and once more to change nothing
  const member = (name: string) =>
    `<InputEndpoint><LoadBalancedEndpointSetName>MyLoadBalancedSet</LoadBalancedEndpointSetName><LocalPort>8080</LocalPort><Name>${name}</Name><Port>80</Port><LoadBalancerProbe><Port>8080</Port><Protocol>tcp</Protocol></LoadBalancerProbe><Protocol>tcp</Protocol></InputEndpoint>`;
  t.equal(await ps.update('MyVM1', (all) => [...all, member('HTTP')]), 'Succeeded');
  t.equal(await ps.update('MyVM2', (all) => [...all, member('HTTP2')]), 'Succeeded');
  t.equal(await ps.update('MyVM2', (all) => all), 'Succeeded', 'Update-AzureVM of what was read changes nothing');

  // Set-AzureLoadBalancedEndpoint -Protocol tcp -LocalPort 80 -ProbeProtocolTCP -ProbePort 80 …
  const replaced = (endpoint: string) =>
    endpoint
      .replace('<LocalPort>8080<', '<LocalPort>80<')
      .replace('<Port>8080</Port><Protocol>tcp', '<Port>80</Port><Protocol>tcp')
      .replace(
        '</InputEndpoint>',
        '<IdleTimeoutInMinutes>15</IdleTimeoutInMinutes><LoadBalancerDistribution>SourceIP</LoadBalancerDistribution></InputEndpoint>',
      );
  t.equal(await ps.updateSet('MyLoadBalancedSet', replaced), 'Succeeded');
  const vip = /<VirtualIP><Address>([\d.]+)</.exec((await classic.get(dep)).body)?.[1];
  const printed = (name: string) => `LBSetName : MyLoadBalancedSet
LocalPort : 80
Name : ${name}
Port : 80
Protocol : tcp
Vip : ${vip}
ProbePath : 
ProbePort : 80
ProbeProtocol : tcp
ProbeIntervalInSeconds : 15
ProbeTimeoutInSeconds : 31
EnableDirectServerReturn : False
Acl : {}
InternalLoadBalancerName : 
IdleTimeoutInMinutes : 15
LoadBalancerDistribution : sourceIP`;
  t.equal(await getAzureEndpoint(classic, 'MyVM1'), printed('HTTP'));
  t.equal(await getAzureEndpoint(classic, 'MyVM2'), printed('HTTP2'));

  // Set-AzureEndpoint cannot change what machines share.
  t.equal(
    await ps.update('MyVM1', (all) =>
      all.map((one) => one.replace('<Port>80</Port><Protocol>tcp', '<Port>81</Port><Protocol>tcp')),
    ),
    "BadRequest: Endpoint name 'HTTP', property 'LoadBalancerProbe.Port'. \nThe value '81' does not match '80' for LB set 'MyLoadBalancedSet'.",
  );
});

t.test('PowerShell: Set-AzureVNetConfig sends a file as it is on disk', async (t) => {
  const classic = await start(t);
  const file = `\uFEFF<?xml version="1.0" encoding="utf-8"?>
<NetworkConfiguration xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration">
  <VirtualNetworkConfiguration>
    <Dns>
      <DnsServers>
        <DnsServer name="dns1" IPAddress="10.1.0.4" />
      </DnsServers>
    </Dns>
    <LocalNetworkSites>
      <LocalNetworkSite name="HQ">
        <AddressSpace>
          <AddressPrefix>192.168.0.0/16</AddressPrefix>
        </AddressSpace>
        <VPNGatewayAddress>203.0.113.1</VPNGatewayAddress>
      </LocalNetworkSite>
    </LocalNetworkSites>
    <VirtualNetworkSites>
      <!-- Machines behind the load balancer -->
      <VirtualNetworkSite name="VNet" Location="West US">
        <AddressSpace>
          <AddressPrefix>10.1.0.0/16</AddressPrefix>
        </AddressSpace>
        <Subnets>
          <Subnet name="Subnet-1">
            <AddressPrefix>10.1.0.0/24</AddressPrefix>
          </Subnet>
          <Subnet name="GatewaySubnet">
            <AddressPrefix>10.1.1.0/29</AddressPrefix>
          </Subnet>
        </Subnets>
        <DnsServersRef>
          <DnsServerRef name="dns1" />
        </DnsServersRef>
        <Gateway>
          <VPNClientAddressPool>
            <AddressPrefix>172.16.0.0/24</AddressPrefix>
          </VPNClientAddressPool>
          <ConnectionsToLocalNetwork>
            <LocalNetworkSiteRef name="HQ">
              <Connection type="IPsec" />
            </LocalNetworkSiteRef>
          </ConnectionsToLocalNetwork>
        </Gateway>
      </VirtualNetworkSite>
    </VirtualNetworkSites>
  </VirtualNetworkConfiguration>
</NetworkConfiguration>
`;
  t.equal((await classic.put('/services/networking/media', file)).statusCode, 202);
  t.equal((await classic.get('/services/networking/media')).body, file.replace('\uFEFF', ''));
  t.match(
    (await classic.get('/services/networking/virtualnetwork')).body,
    /<Name>VNet<.*<AddressPrefix>10\.1\.0\.0\/16<.*<Name>Subnet-1<.*<Name>GatewaySubnet<\/Name><AddressPrefix>10\.1\.1\.0\/29<.*<Location>West US</,
  );
});
