/**
 * Frontends at the addresses of an interface, as in a container. The tests run in a network namespace of their own, in
 * which this file is started once more.
 */
import { spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { tcpBackend } from '../data-plane/network.js';
import { until } from '../turns.js';
import { Cloud } from './cloud.js';
import { loadBalancer } from './load-balancer.js';

const inside = process.env.TEST_INTERFACE !== undefined;
const port = 8080;
const rules = [{ name: 'web', frontendPort: 5000, backendPort: port }];
const setUp = `ip link set lo up
ip link add eth0 type veth peer name peer0
ip link set peer0 up
ip address add 10.238.255.4/16 dev eth0
ip address add 10.238.0.4/16 dev eth0
ip link set eth0 up
exec "$0" --enable-source-maps "$1"`;

/** The arguments of `unshare` that this machine permits. */
const namespace = ['-n', '-Urn'].find(
  (flag) => spawnSync('unshare', [flag, 'ip', 'link', 'set', 'lo', 'up']).status === 0,
);
const impossible = namespace || process.env.LAZURITE_TEST_ALL === '1' ? false : 'network namespaces are not permitted';

const addresses = (): string[] =>
  (networkInterfaces().eth0 ?? []).map(({ address }) => address).filter((one) => !one.includes(':'));

if (!inside) {
  t.test('in a namespace with an interface', { skip: impossible, timeout: 120_000 }, async (t) => {
    const argv = [namespace ?? '-n', 'sh', '-c', setUp, process.execPath, fileURLToPath(import.meta.url)];
    const env = { ...process.env, TEST_INTERFACE: 'eth0', TAP: '0' };
    const { status, stdout, stderr } = spawnSync('unshare', argv, { env, encoding: 'utf8' });
    t.equal(status, 0, `${stdout}\n${stderr}`);
  });
} else {
  t.test('with also-at own, a frontend is reached at every address of the interface', async (t) => {
    const cloud = await Cloud.start(t, { network: 238, argv: ['--in-memory', '--also-at', 'own'] });
    await cloud.machine(t, 4, port);
    await cloud.prepare();
    await cloud.put('loadBalancers/lb', loadBalancer({ rules, addresses: [cloud.azureAddress(4)] }));
    for (const address of addresses())
      t.equal(await tcpBackend({ address, port: 5000 }), cloud.localAddress(4), address);
    t.equal(addresses().length, 2);
  });

  t.test('with add-addresses, an interface that is not there ends the start', async (t) => {
    await t.rejects(Cloud.start(t, { network: 238, argv: ['--in-memory', '--add-addresses', 'eth7'] }), {
      message: "--add-addresses: this machine has no network interface 'eth7'",
    });
  });

  t.test('with add-addresses, addresses of frontends come to the interface and go with them', async (t) => {
    const argv = [
      '--in-memory',
      '--address-map',
      'none',
      '--add-addresses',
      'eth0',
      '--public-ip-pool',
      '10.238.255.0/24',
    ];
    const cloud = await Cloud.start(t, { network: 238, argv });
    const before = addresses();
    const [first, second] = [await cloud.prepare(), await cloud.publicIp('second')];
    t.strictSame([first, second], ['10.238.255.4', '10.238.255.5']);
    const pool = { rules, addresses: [cloud.azureAddress(4)] };
    await cloud.put('loadBalancers/lb', loadBalancer(pool));
    await cloud.put('loadBalancers/lb2', loadBalancer({ name: 'lb2', publicIp: 'second', ...pool }));
    t.strictSame(addresses().sort(), [...before, second].sort(), 'what is there already is not added');
    t.match(await cloud.frontends(), [{ state: 'Bound' }, { state: 'Bound', boundAddress: second }]);
    await cloud.delete('loadBalancers/lb2');
    await until('its address to go', () => addresses().join() === before.join());
    await cloud.put('loadBalancers/lb2', loadBalancer({ name: 'lb2', publicIp: 'second', ...pool }));
    await cloud.close();
    t.strictSame(addresses(), before, 'the end takes the rest away');
  });
}
