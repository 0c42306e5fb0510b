/** What the kernel keeps does not grow: a load balancer that is changed a thousand times costs what it cost at first. */
import { execFileSync } from 'node:child_process';
import t, { type Test } from 'tap';
import type { PlanFrontend, PlanOutbound } from '../../../src/data-plane/model/plan.js';
import { NftablesEngine } from '../../../src/data-plane/nftables/engine.js';
import { readListing } from '../../../src/data-plane/nftables/listing.js';
import { Backend, echoes, openStream, tcpBackend, UdpClient } from '../network.js';
import { frontend, member, outbound, plan, rule } from '../plans.js';
import { membersOf, World } from '../world.js';
import { isInNamespace } from './in-namespace.js';

const changes = 1000;
/** Each time a rule and a block of ports come, and others go. */
const rounds = changes / 4;
/** Longer than anything of an ended flow lasts. */
const patience = 1000;
const trafficEvery = 50;

/** Objects, rules and elements of the table; elements of flows are not counted, which end by themselves. */
function sizeOfRuleset(): number {
  const text = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const flows = /^(tcp|udp)_(flows|replies|half|done|since|ended)$/;
  let size = text.replaceAll(/elements = \{.*?\}/gs, '').split('\n').length;
  for (const [name, elements] of readListing(text)) if (!flows.test(name)) size += elements.length;
  return size;
}

/** Listing the flows is when the engine looks for what is over. */
async function returnsTo(world: World, size: number): Promise<number> {
  let now = sizeOfRuleset();
  for (let look = 0; now > size && look < patience; look++) {
    await world.engine.flows();
    now = sizeOfRuleset();
  }
  return now;
}

interface Stage {
  readonly world: World;
  readonly apply: (frontends: readonly PlanFrontend[], outbound?: readonly PlanOutbound[]) => Promise<void>;
}

async function stage(t: Test): Promise<Stage> {
  const world = new World((options) => new NftablesEngine(options));
  t.teardown(() => world.close());
  return { world, apply: (frontends, rules = []) => world.engine.apply(plan(frontends, [], rules)) };
}

/** What the kernel's map of this name contains. */
const elementsOf = (map: string) =>
  readListing(execFileSync('nft', ['list', 'map', 'ip', 'lazurite', map], { encoding: 'utf8' })).get(map) ?? [];

if (isInNamespace(t, import.meta.url)) {
  t.test(
    'A connection that was closed leaves the map of replies within seconds, and so does one that was refused',
    async (t) => {
      const { world, apply } = await stage(t);
      const backends = await world.backends('127.71.8', { count: 1, port: 28080 });
      const refusing = rule([member('127.71.8.4', 28_999)]);
      await apply([
        frontend('tcp', '127.71.8.100:80', rule(membersOf(backends))),
        frontend('tcp', '127.71.8.100:81', refusing),
      ]);
      const at = { address: '127.71.8.100', port: 80 };
      const open = await openStream(at, { from: '127.71.8.200' });
      for (let index = 0; index < 20; index++) await tcpBackend(at, { from: '127.71.8.201' });
      for (let index = 0; index < 5; index++)
        await t.rejects(tcpBackend({ ...at, port: 81 }, { from: '127.71.8.202' }));
      const refused = elementsOf('tcp_replies').filter(({ key }) =>
        key.startsWith('127.71.8.4 . 28999 . 127.71.8.202'),
      );
      t.equal(refused.length, 5, 'the refusals came through the load balancer');
      const lasting = () => elementsOf('tcp_replies').filter(({ expiresMs }) => expiresMs > 10_000);
      // The last packet of a connection may still be on its way when its client is told.
      for (let look = 0; lasting().length > 1 && look < patience; look++);
      t.equal(lasting().length, 1);
      t.match(
        lasting().map(({ key }) => key),
        [/^127\.71\.8\.4 \. 28080 \. 127\.71\.8\.200 \. /],
      );
      t.ok(await echoes(open, 'which goes on'));
      open.socket.destroy();
    },
  );

  t.test('A rule whose idle timeout, ports and members change a thousand times leaves nothing behind', async (t) => {
    const { world, apply } = await stage(t);
    const backends = await world.backends('127.71.0', { count: 2, port: 28080 });
    const members = membersOf(backends);
    const steady = frontend('tcp', '127.71.0.100:80', rule(members));
    const changing = (change: number): PlanFrontend => {
      const guest = change % 20 === 0 && change > 0 ? [member(`127.72.${change >> 8}.${change & 255}`, 28080)] : [];
      const idleTimeoutMs = 240_000 + 60_000 * (change % 26);
      return frontend('tcp', '127.71.0.100:81', rule([...members, ...guest], { idleTimeoutMs }));
    };
    const place = { address: '127.71.0.100', port: 81 };
    await apply([steady, changing(0)]);
    const old = await openStream({ ...place, port: 80 });
    (await openStream(place)).socket.resetAndDestroy();
    const before = sizeOfRuleset();

    for (let change = 1; change <= changes; change++) {
      await apply([steady, changing(change)]);
      if (change % trafficEvery === 1) (await openStream(place)).socket.resetAndDestroy();
    }
    await apply([steady, changing(0)]);
    t.ok((await returnsTo(world, before)) <= before);
    t.ok(await echoes(old, 'a connection from before all this goes on'));
    old.socket.destroy();
    t.equal(world.count('connections', 'tcp/127.71.0.100/81'), 1 + changes / trafficEvery, 'no count is lost');
    t.strictSame(world.failures, []);
  });

  t.test('Rules that come and go a thousand times leave nothing behind, nor do their counters', async (t) => {
    const { world, apply } = await stage(t);
    const internet = await Backend.start('198.51.100.9', 443);
    t.teardown(() => internet.stop());
    const backends = await world.backends('127.73.0', { count: 2, port: 28080 });
    const steady = frontend('udp', '127.73.0.100:53', rule(membersOf(backends)));
    const steadyBlock = outbound('tcp', '127.73.0.200', { firstPort: 2048, lastPort: 2055 });
    await apply([steady], [steadyBlock]);
    (await openStream(internet, { from: '127.73.0.200' })).socket.resetAndDestroy();
    const client = await UdpClient.open({ from: '127.73.0.201' });
    t.teardown(() => client.close());
    const { backend } = await client.ask({ address: '127.73.0.100', port: 53 });
    const before = sizeOfRuleset();

    for (let change = 1; change <= rounds; change++) {
      const port = 1024 + change;
      const passing = outbound('tcp', `127.73.${1 + (change >> 8)}.${change & 255}`);
      await apply([steady, frontend('tcp', `127.73.0.100:${port}`, rule(membersOf(backends)))], [steadyBlock, passing]);
      if (change % trafficEvery !== 0) continue;
      (await openStream({ address: '127.73.0.100', port })).socket.resetAndDestroy();
      (await openStream(internet, { from: passing.address })).socket.resetAndDestroy();
    }
    await apply([steady], [steadyBlock]);
    t.ok((await returnsTo(world, before)) <= before);
    t.equal((await client.ask({ address: '127.73.0.100', port: 53 })).backend, backend, 'a UDP flow stays where it is');
    const scopes = new Set(world.engine.counters().map(({ scope }) => scope.split('|', 1)[0]));
    t.strictSame([...scopes].sort(), [steadyBlock.key, steady.key]);
    t.strictSame(world.failures, []);
  });
}
