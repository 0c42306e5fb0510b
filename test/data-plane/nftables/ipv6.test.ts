/** The kernel engine keeps the engine contract with IPv6 too, and both families at once. */
import t from 'tap';
import { NftablesEngine } from '../../../src/data-plane/nftables/engine.js';
import { engineContract } from '../engine-contract.js';
import { tcpBackend } from '../network.js';
import { frontend, member, rule } from '../plans.js';
import { World } from '../world.js';
import { isInNamespace } from './in-namespace.js';

if (isInNamespace(t, import.meta.url)) {
  t.test('A frontend leads to the members of its own address family', async (t) => {
    const world = new World((options) => new NftablesEngine(options));
    t.teardown(() => world.close());
    const [four] = await world.backends('127.84.0', { count: 1, port: 28080 });
    const [six] = await world.backends('::127.84.0', { count: 1, port: 28080 });
    const both = rule([member(four?.address ?? '', 28080), member(six?.address ?? '', 28080)]);
    for (const address of ['127.84.0.100', 'fd7f:1a2b::100']) {
      await world.apply([frontend('tcp', `${address}:20080`, both)]);
      const own = address.includes(':') ? six : four;
      for (let call = 0; call < 10; call++) t.equal(await tcpBackend({ address, port: 20080 }), own?.address, address);
    }
    t.match(world.engine.frontends(), [{ state: 'Bound', boundAddress: 'fd7f:1a2b::100' }]);
    t.strictSame(world.failures, []);
  });

  engineContract(t, (options) => new NftablesEngine(options), { within: '::127.77' });
}
