import t from 'tap';
import { azureXmlns, type Classic, createServiceXml, deploymentXml, roleXml } from './harness.js';
import { dep, http, services, start, startWithSet } from './my-service.js';

const reservedIps = '/services/networking/reservedips';
const reserve = (classic: Classic, name: string) =>
  classic.post(reservedIps, `<ReservedIP ${azureXmlns}><Name>${name}</Name><Location>West US</Location></ReservedIP>`);
const firstVip = async (classic: Classic, path = dep) =>
  /<VirtualIP>(.*?)<\/VirtualIP>/.exec((await classic.get(path)).body)?.[1] ?? '';

t.test('a load-balanced set moves to an additional virtual IP and back', async (t) => {
  const classic = await startWithSet(t);
  const move = (name: string) =>
    classic.post(
      `${dep}?comp=UpdateLbSet`,
      `<LoadBalancedEndpointList ${azureXmlns}><InputEndpoint><LoadBalancedEndpointSetName>LBSet1</LoadBalancedEndpointSetName><Vip>192.0.2.1</Vip><VirtualIPName>${name}</VirtualIPName></InputEndpoint></LoadBalancedEndpointList>`,
    );
  const vips = async () => /<VirtualIPs>.*<\/VirtualIPs>/.exec((await classic.get(dep)).body)?.[0] ?? '';
  const frontends = () => [...new Set(classic.plan().frontends.map(({ azureAddress }) => azureAddress))];
  const [first] = frontends();
  t.equal((await move('vip2')).statusCode, 404, 'a virtual IP that is not there');
  t.equal((await classic.post(`${dep}/vip2`, '')).statusCode, 202);
  t.match(await vips(), /<VirtualIP><Name>vip2<\/Name><IsSecondaryVip>true<\/IsSecondaryVip><\/VirtualIP>/);
  t.equal((await classic.post(`${dep}/vip2`, '')).statusCode, 409, 'names are unique');
  t.equal((await move('vip2')).statusCode, 202);
  const body = (await classic.get(dep)).body;
  const address = /<Address>([^<]*)<\/Address><Name>vip2</.exec(body)?.[1] as string;
  t.ok(frontends().includes(address), 'traffic is taken on the address of the other virtual IP');
  t.equal(body.match(/<VirtualIPName>vip2</g)?.length, 2, 'on all machines of the set');
  t.notMatch(body, /192\.0\.2\.1/, 'a stale Vip means nothing');
  t.equal((await classic.delete(`${dep}/virtualIPs/vip2`)).statusCode, 400, 'it is in use');
  const name = /<IsDnsProgrammed>true<\/IsDnsProgrammed><Name>([^<]*)</.exec(body)?.[1] as string;
  t.equal((await move(name)).statusCode, 202);
  t.same(frontends().includes(address), false);
  t.ok(frontends().includes(first as string));
  t.equal((await classic.delete(`${dep}/virtualIPs/vip2`)).statusCode, 202);
  t.notMatch(await vips(), /vip2/);
  t.equal((await classic.delete(`${dep}/virtualIPs/vip2`)).statusCode, 404);
});

t.test('a deployment made with a reserved IP has its virtual IP named after it, and keeps the name', async (t) => {
  const classic = await start(t);
  await classic.post(services, createServiceXml('mySvc'));
  await reserve(classic, 'rip1');
  const roles = roleXml('Role', { name: 'vm1', endpoints: http() });
  const rest = '<ReservedIPName>rip1</ReservedIPName>';
  await classic.post(`${services}/mySvc/deployments`, deploymentXml({ name: 'mySvc', roles, rest }));
  t.match(
    await firstVip(classic),
    /<Name>rip1<\/Name><IsReserved>true<\/IsReserved><ReservedIPName>rip1<\/ReservedIPName>$/,
  );
  t.match((await classic.get(`${reservedIps}/rip1`)).body, /<InUse>true<.*<VirtualIPName>rip1<\/VirtualIPName>/);
  const association = `<ReservedIPAssociation ${azureXmlns}><ServiceName>mySvc</ServiceName><DeploymentName>mySvc</DeploymentName></ReservedIPAssociation>`;
  t.equal((await classic.post(`${reservedIps}/rip1/operations/disassociate`, association)).statusCode, 202);
  t.match(await firstVip(classic), /<Name>rip1<\/Name>$/, 'recorded: the name stays, the address goes');
  t.notMatch((await classic.get(`${reservedIps}/rip1`)).body, /InUse|VirtualIPName/);
});

t.test('the only machine of a deployment can be captured and deleted, and the deployment goes with it', async (t) => {
  const classic = await startWithSet(t);
  const capture = (machine: string) =>
    classic.post(
      `${dep}/roleinstances/${machine}/Operations`,
      `<CaptureRoleOperation ${azureXmlns}><OperationType>CaptureRoleOperation</OperationType><PostCaptureAction>Delete</PostCaptureAction><TargetImageLabel>l</TargetImageLabel><TargetImageName>i</TargetImageName></CaptureRoleOperation>`,
    );
  t.equal((await capture('vm9')).statusCode, 404);
  t.equal((await capture('vm1')).statusCode, 202);
  t.equal((await classic.get(dep)).statusCode, 200);
  t.equal((await capture('vm2')).statusCode, 202);
  t.equal((await classic.get(dep)).statusCode, 404);
  t.same(classic.plan().frontends, []);
});
