/** `--stand-ins`: backends for members that nobody serves, which give way to whoever does. */
import { createSocket } from 'node:dgram';
import t from 'tap';
import { Backend, dial } from '../data-plane/network.js';
import { nextEvent, until } from '../turns.js';
import { Cloud } from './cloud.js';
import { loadBalancer } from './load-balancer.js';

const network = 208;
const port = 8080;
const rules = [{ name: 'web', frontendPort: 5000, backendPort: port }];

t.test('a load balancer whose backends nobody has started answers with their names', async (t) => {
  const cloud = await Cloud.start(t, { network, argv: ['--in-memory', '--stand-ins'] });
  const ip = await cloud.prepare();
  const addresses = [4, 5].map(cloud.azureAddress);
  await cloud.put('loadBalancers/lb', loadBalancer({ rules, addresses, probePort: port }));
  await cloud.membersUp(4, 5);

  const standIn = (host: number) => {
    const address = cloud.azureAddress(host);
    return `backend ${address} (loadBalancers/lb/backendAddressPools/pool/loadBalancerBackendAddresses/${address})`;
  };
  const answers = new Set<string>();
  await until('both have answered', async () => answers.add(await answerAt(ip)).size === 2);
  t.strictSame([...answers].sort(), [standIn(4), standIn(5)]);

  const machines = await Promise.all([4, 5].map((host) => Backend.start(cloud.localAddress(host), port)));
  await until('the machines that somebody started get the connections', async () => /^127/.test(await answerAt(ip)));
  for (const machine of machines) machine.stop();
  await until('the stand-ins are back', async () => /^backend/.test(await answerAt(ip)));
});

/** The first that a backend says to a client that sends an HTTP request: a stand-in's name, or a machine's address. */
async function answerAt(address: string): Promise<string> {
  const socket = await dial({ address, port: 5000 }).catch(() => undefined);
  // Nobody listened while the plan was on its way to the engine.
  if (!socket) return '';
  socket.write('GET /any/path HTTP/1.0\r\n\r\n');
  const answer = await new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(String(data)));
    for (const end of ['end', 'close']) socket.once(end, () => resolve(''));
    socket.on('error', () => {});
  });
  socket.destroy();
  return (answer.split('\r\n\r\n').at(-1) ?? '').split(' saw ')[0] ?? '';
}

t.test('UDP is answered too, and an HTTPS probe finds a stand-in healthy', async (t) => {
  const cloud = await Cloud.start(t, { network, argv: ['--in-memory', '--stand-ins'] });
  const ip = await cloud.prepare();
  const body = loadBalancer({
    rules: [{ name: 'dns', protocol: 'Udp', frontendPort: 5001, backendPort: port }],
    addresses: [cloud.azureAddress(4)],
    probePort: port,
  }) as {
    properties: { probes: { properties: object }[] };
  };
  body.properties.probes[0] = {
    ...body.properties.probes[0],
    properties: { protocol: 'Https', port, requestPath: '/ok', intervalInSeconds: 5 },
  };
  await cloud.put('loadBalancers/lb', body);
  await cloud.membersUp(4);
  const client = createSocket('udp4');
  t.teardown(() => client.close());
  const answer = nextEvent(client, 'message');
  client.send('who are you?', 5001, ip);
  t.match(String((await answer)[0]), new RegExp(`^backend ${cloud.azureAddress(4)} `));
  t.match(await cloud.backends(), [{ state: 'Up', address: cloud.localAddress(4), port }]);
});
