/** The kernel, the pure decision and `explain` choose the same member: by real traffic, flow by flow. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { Selector, SlotTables } from '../../../src/forwarding/decision.js';
import type { Distribution, PlanFrontend, Transport } from '../../../src/forwarding/engine.js';
import { addressWords } from '../../../src/forwarding/ip-address.js';
import { NftablesEngine } from '../../../src/forwarding/nftables/engine.js';
import { inParallel } from '../network.js';
import { frontend, rule } from '../plans.js';
import { membersOf, World } from '../world.js';
import { isInNamespace } from './in-namespace.js';

const modes: readonly Distribution[] = ['Default', 'SourceIP', 'SourceIPProtocol'];
const flowsPerKind = 600;

interface Caller {
  readonly address: string;
  readonly port: number;
}

/** Neighbours with ports in a row, as one machine or one NAT makes them. */
const sequential: readonly Caller[] = Array.from({ length: flowsPerKind }, (_, index) => ({
  address: `127.90.${Math.floor(index / 200)}.${1 + (index % 200)}`,
  port: 20_000 + index,
}));

/** Anybody, from anywhere; reproducible. */
function scattered(): Caller[] {
  let state = 4711;
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: flowsPerKind }, () => ({
    address: `${[10, 52, 127, 203][next(4)]}.${next(256)}.${next(256)}.${1 + next(254)}`,
    port: 10_000 + next(50_000),
  }));
}

async function overTcp({ address, port }: Caller, at: PlanFrontend): Promise<string> {
  const socket = connect({ host: at.address, port: at.port, localAddress: address, localPort: port });
  const [greeting] = (await once(socket, 'data')) as [Buffer];
  socket.resetAndDestroy();
  const [backend = '', seenAs = ''] = String(greeting).trimEnd().split(' ');
  return seenAs === `${address}:${port}` ? backend : `sees ${seenAs} instead of ${address}:${port}`;
}

async function overUdp({ address, port }: Caller, at: PlanFrontend): Promise<string> {
  const socket = createSocket('udp4');
  socket.bind({ address, port, exclusive: true });
  await once(socket, 'listening');
  socket.send('who are you?', at.port, at.address);
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  const [backend = '', seenAs = ''] = String(answer).split(' ');
  return seenAs === `${address}:${port}` ? backend : `sees ${seenAs} instead of ${address}:${port}`;
}

if (isInNamespace(t, import.meta.url)) {
  t.test('In every mode each flow reaches the member that explain names', async (t) => {
    const world = new World((options) => new NftablesEngine(options));
    t.teardown(() => world.close());
    const backends = await world.backends('127.91.0', { count: 7, port: 28080 });
    for (const [index, distribution] of modes.entries()) {
      const shared = rule(membersOf(backends), { distribution });
      const places = (['tcp', 'udp'] as const).map((transport) =>
        frontend(transport, `20.1.2.3:${23000 + index}`, shared),
      );
      await world.apply(places);
      const wrong: string[] = [];
      const used = new Set<string>();
      for (const place of places) {
        const selector = new Selector(place, { healthOf: () => undefined, tables: new SlotTables() });
        const call = place.transport === 'tcp' ? overTcp : overUdp;
        await inParallel([...sequential, ...scattered()], 16, async (caller) => {
          const reached = await call(caller, place);
          const decided = selector.words(addressWords(caller.address) ?? Uint32Array.of(0), caller.port)?.address;
          const told = world.engine.explain({
            transport: place.transport as Transport,
            sourceAddress: caller.address,
            sourcePort: caller.port,
            destinationAddress: place.address,
            destinationPort: place.port,
          }).choice?.address;
          used.add(reached);
          if (reached !== told || reached !== decided)
            wrong.push(
              `${place.key} from ${caller.address}:${caller.port}: ${reached}, told ${told}, decided ${decided}`,
            );
        });
      }
      t.strictSame(
        wrong.slice(0, 5),
        [],
        `${distribution}: ${4 * flowsPerKind} flows, TCP and UDP, in a row and scattered`,
      );
      t.equal(used.size, backends.length, 'every member was reached, and nobody else');
    }
  });
}
