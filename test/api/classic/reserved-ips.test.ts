/** Reserved IPs of web and worker roles, which their service configuration names. */
import t from 'tap';
import { azureXmlns, createServiceXml } from './harness.js';
import { errorOf, services, start } from './my-service.js';

const reservedIps = '/services/networking/reservedips';
const slot = `${services}/mySvc/deploymentslots/Production`;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const csdef =
  '<ServiceDefinition name="s" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceDefinition"><WorkerRole name="w"><Endpoints><InputEndpoint name="e" protocol="tcp" port="80"/></Endpoints></WorkerRole></ServiceDefinition>';
const reserved = (name: string) =>
  `<NetworkConfiguration><AddressAssignments><ReservedIPs>${name
    .split(' ')
    .map((one) => `<ReservedIP name="${one}"/>`)
    .join('')}</ReservedIPs></AddressAssignments></NetworkConfiguration>`;
const cscfg = (network = '') =>
  `<ServiceConfiguration serviceName="s" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration"><!-- made by hand --><Role name="w"><Instances count="1"/></Role>${network}</ServiceConfiguration>`;
const configuration = (network = '') => `<Configuration>${base64(cscfg(network))}</Configuration>`;
const create = (name: string, network = '') =>
  `<CreateDeployment ${azureXmlns}><Name>${name}</Name><PackageUrl>http://store.example/app.cspkg</PackageUrl><Label>bA==</Label>${configuration(network)}</CreateDeployment>`;

async function startReserved(t: Parameters<typeof start>[0]) {
  const classic = await start(t, { packages: async () => Buffer.from(csdef) });
  await classic.post(services, createServiceXml('mySvc'));
  const address = new Map<string, string | undefined>();
  for (const name of ['one', 'two']) {
    await classic.post(
      reservedIps,
      `<ReservedIP ${azureXmlns}><Name>${name}</Name><Location>West US</Location></ReservedIP>`,
    );
    address.set(name, /<Address>([\d.]+)</.exec((await classic.get(`${reservedIps}/${name}`)).body)?.[1]);
  }
  /** The address of a slot, the reserved IP's name, and what the configuration names. */
  const shown = async (path = slot) => {
    const { body } = await classic.get(path);
    const [, vip] = /<VirtualIP><Address>([\d.]+)</.exec(body) ?? [];
    const [, name] = /<ReservedIPName>(\w+)<\/ReservedIPName><LoadBalancers/.exec(body) ?? [];
    const [, encoded = ''] = /<Configuration>([^<]*)</.exec(body) ?? [];
    const [, named] = /<ReservedIP name="(\w+)"/.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
    return { vip, name, named };
  };
  const users = async () =>
    Object.fromEntries(
      await Promise.all(
        ['one', 'two'].map(async (name) => {
          const { body } = await classic.get(`${reservedIps}/${name}`);
          return [name, /<DeploymentName>(\w+)</.exec(body)?.[1]];
        }),
      ),
    );
  return { classic, address, shown, users };
}

t.test(
  'a configuration change and an upgrade take the reserved IP that they name, and free the one before',
  async (t) => {
    const { classic, address, shown, users } = await startReserved(t);
    t.equal((await classic.post(slot, create('d', reserved('one')))).statusCode, 202);
    t.same(await shown(), { vip: address.get('one'), name: 'one', named: 'one' });
    const change = async (network: string) => {
      const answer = await classic.post(
        `${slot}?comp=config`,
        `<ChangeConfiguration ${azureXmlns}>${configuration(network)}</ChangeConfiguration>`,
      );
      return answer.statusCode === 202 ? 'accepted' : errorOf(answer.body);
    };
    t.equal(await change(reserved('two')), 'accepted');
    t.same(await shown(), { vip: address.get('two'), name: 'two', named: 'two' });
    t.same(await users(), { one: undefined, two: 'd' });
    t.equal(await change(reserved('three')), 'ResourceNotFound: The specified resource does not exist.');
    t.match(await change(reserved('one two')), /A deployment has one ReservedIP at most/);
    t.same(await users(), { one: undefined, two: 'd' }, 'what is refused changes nothing');
    const upgraded = await classic.post(
      `${slot}?comp=upgrade`,
      `<UpgradeDeployment ${azureXmlns}><Mode>Auto</Mode><PackageUrl>http://store.example/app.cspkg</PackageUrl>${configuration(reserved('one'))}<Label>bA==</Label></UpgradeDeployment>`,
    );
    t.equal(upgraded.statusCode, 202, upgraded.body);
    t.same(await users(), { one: 'd', two: undefined });
    t.equal(await change(''), 'accepted');
    const { vip, ...rest } = await shown();
    t.notOk([...address.values()].includes(vip), 'an address as any other');
    t.same(rest, { name: undefined, named: undefined });
    t.same(await users(), { one: undefined, two: undefined });
  },
);

t.test('an association writes the name into the configuration, and a disassociation takes it out', async (t) => {
  const { classic, shown } = await startReserved(t);
  await classic.post(slot, create('d'));
  const association = `<ReservedIPAssociation ${azureXmlns}><ServiceName>mySvc</ServiceName><DeploymentName>d</DeploymentName></ReservedIPAssociation>`;
  t.equal((await classic.post(`${reservedIps}/one/operations/associate`, association)).statusCode, 202);
  t.match(await shown(), { name: 'one', named: 'one' });
  const [, encoded = ''] = /<Configuration>([^<]*)</.exec((await classic.get(slot)).body) ?? [];
  t.equal(
    Buffer.from(encoded, 'base64').toString(),
    [
      '<ServiceConfiguration serviceName="s" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration">',
      '  <Role name="w">',
      '    <Instances count="1" />',
      '  </Role>',
      '  <NetworkConfiguration>',
      '    <AddressAssignments>',
      '      <ReservedIPs>',
      '        <ReservedIP name="one" />',
      '      </ReservedIPs>',
      '    </AddressAssignments>',
      '  </NetworkConfiguration>',
      '</ServiceConfiguration>',
    ].join('\r\n'),
    'as recorded: in lines, without comments',
  );
  const again = `<ChangeConfiguration ${azureXmlns}><Configuration>${encoded}</Configuration></ChangeConfiguration>`;
  t.equal((await classic.post(`${slot}?comp=config`, again)).statusCode, 202);
  t.match(await shown(), { name: 'one', named: 'one' });
  t.equal((await classic.post(`${reservedIps}/one/operations/disassociate`, association)).statusCode, 202);
  t.match(await shown(), { name: undefined, named: undefined });
});

t.test('the slots of a service keep their reserved IPs when their contents change places', async (t) => {
  const { classic, address, shown, users } = await startReserved(t);
  const staging = slot.replace('Production', 'Staging');
  await classic.post(slot, create('p', reserved('one')));
  await classic.post(staging, create('s'));
  const swap = `<Swap ${azureXmlns}><Production>p</Production><SourceDeployment>s</SourceDeployment></Swap>`;
  t.equal((await classic.post(`${services}/mySvc`, swap)).statusCode, 202);
  t.same(await shown(), { vip: address.get('one'), name: 'one', named: 'one' });
  t.match(await shown(staging), { name: undefined, named: undefined });
  t.same(await users(), { one: 's', two: undefined });
});
