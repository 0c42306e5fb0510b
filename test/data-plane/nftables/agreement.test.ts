/**
 * Both engines, the pure decision and `explain` choose the same member: by real traffic, flow by flow. One plan for all;
 * the kernel is given it while the other engine still listens, and takes the packets away from it.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import t from 'tap';
import type { FlowTuple } from '../../../src/data-plane/model/engine.js';
import type { Distribution, PlanFrontend } from '../../../src/data-plane/model/plan.js';
import { NftablesEngine } from '../../../src/data-plane/nftables/engine.js';
import { Selector, SlotTables } from '../../../src/data-plane/selection/decision.js';
import { addressWords } from '../../../src/data-plane/selection/ip-address.js';
import { UserspaceEngine } from '../../../src/data-plane/userspace/engine.js';
import { nextEvent } from '../../turns.js';
import { Backend, inParallel } from '../network.js';
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

const callers: readonly Caller[] = [...sequential, ...scattered()];

/** Who answered, and whom it saw. */
interface Met {
  readonly backend: string;
  readonly seenAs: string;
}

const readGreeting = (greeting: Buffer): Met => {
  const [backend = '', seenAs = ''] = String(greeting).trimEnd().split(' ');
  return { backend, seenAs };
};

async function overTcp({ address, port }: Caller, at: PlanFrontend): Promise<Met> {
  const socket = connect({ host: at.address, port: at.port, localAddress: address, localPort: port });
  const [greeting] = (await nextEvent(socket, 'data')) as [Buffer];
  socket.resetAndDestroy();
  return readGreeting(greeting);
}

async function overUdp({ address, port }: Caller, at: PlanFrontend): Promise<Met> {
  const socket = createSocket('udp4');
  socket.bind({ address, port, exclusive: true });
  await nextEvent(socket, 'listening');
  socket.send('who are you?', at.port, at.address);
  const [answer] = (await nextEvent(socket, 'message')) as [Buffer];
  socket.close();
  return readGreeting(answer);
}

const nameOf = (place: PlanFrontend, { address, port }: Caller): string => `${place.key} from ${address}:${port}`;

/** Whom every caller meets at every frontend. */
async function traffic(places: readonly PlanFrontend[]): Promise<ReadonlyMap<string, Met>> {
  const met = new Map<string, Met>();
  for (const place of places) {
    const call = place.transport === 'tcp' ? overTcp : overUdp;
    await inParallel(callers, 16, async (caller) => void met.set(nameOf(place, caller), await call(caller, place)));
  }
  return met;
}

const tupleOf = (place: PlanFrontend, caller: Caller): FlowTuple => ({
  transport: place.transport,
  sourceAddress: caller.address,
  sourcePort: caller.port,
  destinationAddress: place.address,
  destinationPort: place.port,
});

if (isInNamespace(t, import.meta.url)) {
  t.test('In every mode each flow reaches the member that explain names, whichever engine forwards it', async (t) => {
    const userspace = new World((options) => new UserspaceEngine(options));
    const kernel = new World((options) => new NftablesEngine(options));
    const backends = await Promise.all(
      Array.from({ length: 7 }, (_, index) => Backend.start(`127.91.0.${4 + index}`, 28080)),
    );
    t.teardown(async () => {
      for (const backend of backends) backend.stop();
      await kernel.close();
      await userspace.close();
    });
    const places = modes.flatMap((distribution, index) => {
      const shared = rule(membersOf(backends), { distribution });
      return (['tcp', 'udp'] as const).map((transport) => frontend(transport, `20.1.2.3:${23000 + index}`, shared));
    });
    await userspace.apply(places);
    t.ok(userspace.engine.frontends().every(({ state }) => state === 'Bound'));
    const bySockets = await traffic(places);
    await kernel.apply(places);
    const byKernel = await traffic(places);

    const wrong: string[] = [];
    const used = new Set<string>();
    const flows = new Map<Distribution, number>();
    for (const place of places) {
      const { distribution } = place.rule;
      const selector = new Selector(place, { healthOf: () => undefined, tables: new SlotTables() });
      for (const caller of callers) {
        const flow = nameOf(place, caller);
        const decided = selector.words(addressWords(caller.address) ?? Uint32Array.of(0), caller.port)?.address;
        const answers = {
          userspace: bySockets.get(flow)?.backend,
          nftables: byKernel.get(flow)?.backend,
          explain: (await kernel.engine.explain(tupleOf(place, caller))).choice?.address,
          'explain of userspace': (await userspace.engine.explain(tupleOf(place, caller))).choice?.address,
        };
        if (Object.values(answers).some((answer) => answer !== decided)) {
          wrong.push(`${distribution}, ${flow}: ${decided}, but ${JSON.stringify(answers)}`);
        }
        const seenAs = byKernel.get(flow)?.seenAs;
        if (seenAs !== `${caller.address}:${caller.port}`) wrong.push(`${flow}: the backend saw ${seenAs}`);
        used.add(String(decided));
        flows.set(distribution, (flows.get(distribution) ?? 0) + 1);
      }
    }
    t.strictSame(wrong.slice(0, 5), [], 'not one flow differs, TCP and UDP, in a row and scattered');
    t.strictSame(
      [...flows],
      modes.map((mode) => [mode, 4 * flowsPerKind] as const),
    );
    t.equal(used.size, backends.length, 'every member was reached');
  });
}
