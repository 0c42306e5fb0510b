/** Several emulators on one machine: each has public addresses of its own, and none answers another's traffic. */
import t from 'tap';
import { AddressBlocks } from '../../src/store/address-store.js';
import { Store } from '../../src/store/store.js';
import { formatIpPrefix, type IpPrefix, parseIpv4Network } from '../../src/support/ip-address.js';
import { tcpBackend } from '../data-plane/network.js';
import { Cloud } from './cloud.js';
import { loadBalancer } from './load-balancer.js';

const network = 204;
const rule = { name: 'web', frontendPort: 5000, backendPort: 8080 };

const stateAt = async (cloud: Cloud, address: string) =>
  (await cloud.frontends()).find(({ azureAddress }) => azureAddress === address);

t.test('the same template in two emulators gives two addresses, each with its own backend', async (t) => {
  const clouds = [await Cloud.start(t, { network }), await Cloud.start(t, { network })] as const;
  const machines = [await clouds[0].machine(t, 4, 8080), await clouds[0].machine(t, 5, 8080)] as const;
  const addresses = [await clouds[0].prepare(), await clouds[1].prepare()] as const;
  for (const [index, cloud] of clouds.entries()) {
    await cloud.put('loadBalancers/lb', loadBalancer({ rules: [rule], addresses: [cloud.azureAddress(4 + index)] }));
  }
  t.not(addresses[0], addresses[1]);
  for (const [index, machine] of machines.entries()) {
    const [cloud, address] = [clouds[index] as Cloud, String(addresses[index])];
    t.match(await stateAt(cloud, address), { state: 'Bound', boundAddress: address, boundPort: 5000 });
    t.equal(await tcpBackend({ address, port: 5000 }), machine.address);
  }
});

t.test('a lease ends with its emulator, and a data folder keeps its addresses', async (t) => {
  const argv = ['--data', t.testdir()];
  const first = await Cloud.start(t, { network });
  const firstAddress = await first.prepare();
  const second = await Cloud.start(t, { network, argv });
  const kept = await second.prepare();
  await second.close();
  await first.close();

  const again = await Cloud.start(t, { network, argv });
  t.equal((await again.get('publicIPAddresses/ip')).properties.ipAddress, kept);
  const another = await again.publicIp('another');
  t.equal(blockOf(another), blockOf(kept), 'though the first block is free again');
  const third = await Cloud.start(t, { network });
  t.equal(await third.prepare(), firstAddress);
});

t.test('a data folder whose addresses another emulator has now is told, and does not answer at them', async (t) => {
  const argv = ['--data', t.testdir()];
  const first = await Cloud.start(t, { network, argv });
  const address = await first.prepare();
  await first.put('loadBalancers/lb', loadBalancer({ rules: [rule], addresses: [first.azureAddress(4)] }));
  await first.close();
  const other = await Cloud.start(t, { network });
  t.equal(await other.prepare(), address);

  const again = await Cloud.start(t, { network, argv });
  const state = await stateAt(again, address);
  t.match(state, { state: 'Fallback', boundAddress: '127.0.0.1', reason: /Another Lazurite .* had the addresses/ });
  await t.rejects(tcpBackend({ address, port: 5000 }), 'nobody listens there');
  t.not(blockOf(await again.publicIp('another')), blockOf(address), 'new addresses come from a block of its own');
});

t.test('where mapped private addresses collide, the second operation fails with --strict-bind', async (t) => {
  const internal = { privateIPAddress: `10.${network}.0.100` };
  const first = await Cloud.start(t, { network });
  const second = await Cloud.start(t, { network, argv: ['--in-memory', '--strict-bind'] });
  await first.prepare();
  await second.prepare();
  await first.put('loadBalancers/lb', loadBalancer({ rules: [rule], internal }));
  const end = await second.tryPut('loadBalancers/lb', loadBalancer({ rules: [rule], internal }));
  t.match(end, /Failed .*127\.204\.0\.100:5000 is taken/);
});

t.test('who needs more addresses than a block has leases another one', async (t) => {
  const pool = parseIpv4Network('127.249.9.0/24') as IpPrefix;
  const stores = [0, 1].map(() => {
    const blocks = new AddressBlocks(pool);
    t.teardown(() => blocks.close());
    return new Store({ publicPrefix: { IPv4: formatIpPrefix(pool), IPv6: 'fd7f:1a2b::/48' }, blocks });
  });
  const claim = (store: Store, owner: string) =>
    store.addresses.claim({ pool: 'public', owner, prefix: formatIpPrefix(pool), reserved: 4 });
  const given = new Set<string>();
  let failed = 0;
  for (let count = 0; count < 100; count++) {
    for (const store of stores) {
      const result = claim(store, `/owner/${count}`);
      if ('address' in result) given.add(result.address);
      else failed++;
    }
  }
  // 16 blocks of 16 addresses, of which 11 are handed out singly.
  t.equal(given.size, 16 * 11, 'no address is handed out twice');
  t.equal(failed, 200 - 16 * 11, 'until all are in use');
});

const blockOf = (address: string): number => Number(address.split('.')[3]) >> 4;
