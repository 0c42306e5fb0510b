/** Frontends at further addresses, as a container's published ports want them. */
import t from 'tap';
import { createLog } from '../../src/support/log.js';
import { tcpBackend } from '../data-plane/network.js';
import { until } from '../turns.js';
import { Cloud } from './cloud.js';
import { loadBalancer } from './load-balancer.js';

const network = 237;
const port = 8080;

t.test('a frontend is reached at a further address too, and a second balancer on its port is told so', async (t) => {
  const lines: string[] = [];
  const further = `127.${network}.9.9`;
  const argv = ['--in-memory', '--also-at', further];
  const cloud = await Cloud.start(t, { network, argv, log: createLog((line) => lines.push(line)) });
  const machine = await cloud.machine(t, 4, port);
  const ip = await cloud.prepare();
  await cloud.publicIp('second');
  const addresses = [cloud.azureAddress(4)];
  const rules = [{ name: 'web', frontendPort: 5000, backendPort: port }];
  await cloud.put('loadBalancers/lb', loadBalancer({ rules, addresses }));
  await cloud.put('loadBalancers/lb2', loadBalancer({ name: 'lb2', publicIp: 'second', rules, addresses }));

  t.equal(await tcpBackend({ address: further, port: 5000 }), cloud.localAddress(4));
  t.equal(await tcpBackend({ address: ip, port: 5000 }), cloud.localAddress(4));
  t.ok(machine.accepted >= 2);
  t.strictSame(
    (await cloud.frontends()).map(({ state }) => state),
    ['Bound', 'Bound'],
    'Azure knows nothing of the further address',
  );
  const collision = new RegExp(
    `tcp/${further}/5000 rule=\\S+/lb2/\\S+ state=Unbound reason=.*lb/loadBalancingRules/web`,
  );
  await until('the line about the second balancer', () => lines.some((line) => collision.test(line)));

  await cloud.delete('loadBalancers/lb');
  t.equal(
    await tcpBackend({ address: further, port: 5000 }),
    cloud.localAddress(4),
    'which has it when the first is gone',
  );
});
