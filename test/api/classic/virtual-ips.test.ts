import t from 'tap';
import { azureXmlns } from './harness.js';
import { dep, startWithSet } from './my-service.js';

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
