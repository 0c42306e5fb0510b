/** One function decides: what `explain` says, what the packet path chooses, and what both are made of. */
import fc from 'fast-check';
import t from 'tap';
import type { FlowTuple } from '../../../src/data-plane/model/engine.js';
import type { Distribution, PlanMember, Transport } from '../../../src/data-plane/model/plan.js';
import { IndexedPlan } from '../../../src/data-plane/model/plan.js';
import { NoneEngine } from '../../../src/data-plane/none/engine.js';
import { candidatesOf, Selector, SlotTables } from '../../../src/data-plane/selection/decision.js';
import { Explainer } from '../../../src/data-plane/selection/explain.js';
import { ipv4Word } from '../../../src/data-plane/selection/ip-address.js';
import { frontend, member, plan, rule } from '../plans.js';

const modes: readonly Distribution[] = ['Default', 'SourceIP', 'SourceIPProtocol'];
const transports: readonly Transport[] = ['tcp', 'udp'];
const pool = (count: number): PlanMember[] =>
  Array.from({ length: count }, (_, index) => member(`127.0.${index >> 8}.${index & 255}`, 80));
const explainerOf = (of: ReturnType<typeof plan>): Explainer => new Explainer(new IndexedPlan(of));
const allUp = () => ({ up: true, reason: 'Up_Probe_Success' as const });

t.test('For a million flows explain and the packet path name the same member', (t) => {
  let wrong = 0;
  let state = 7;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  for (const distribution of modes) {
    for (const transport of transports) {
      const place = frontend(transport, '127.255.0.4:443', rule(pool(13), { distribution }));
      const explainer = explainerOf(plan([place]));
      const selector = new Selector(place, { healthOf: allUp, tables: new SlotTables() });
      const flows = 1_000_000 / (modes.length * transports.length);
      for (let flow = 0; flow < flows; flow++) {
        // Half of them random, half of them sequential addresses and ports.
        const bits = flow % 2 === 0 ? random() : flow;
        const sourceAddress = `127.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
        const sourcePort = 1 + (flow % 2 === 0 ? random() % 65535 : flow % 65535);
        const told = explainer.explain(
          { transport, sourceAddress, sourcePort, destinationAddress: '127.255.0.4', destinationPort: 443 },
          { healthOf: allUp },
        );
        if (told.choice?.key !== selector.ipv4(ipv4Word(sourceAddress), sourcePort)?.key) wrong++;
      }
    }
  }
  t.equal(wrong, 0);
  t.end();
});

const tuple: FlowTuple = {
  transport: 'tcp',
  sourceAddress: '127.77.0.9',
  sourcePort: 40001,
  destinationAddress: '127.255.0.4',
  destinationPort: 443,
};

t.test('explain shows the tuple of the mode, the hash, the slot, the candidates and the choice', (t) => {
  const members = [member('127.0.0.6', 80), member('127.0.0.4', 80), member('127.0.0.5', 8080)];
  for (const [distribution, fields] of [
    ['Default', ['127.77.0.9', '40001', '127.255.0.4', '443', 'tcp']],
    ['SourceIP', ['127.77.0.9', '127.255.0.4']],
    ['SourceIPProtocol', ['127.77.0.9', '127.255.0.4', 'tcp']],
  ] as const) {
    const told = explainerOf(plan([frontend('tcp', '127.255.0.4:443', rule(members, { distribution }))])).explain(
      tuple,
      { healthOf: allUp },
    );
    t.strictSame(told.tuple, fields);
    t.strictSame(
      told.candidates.map(({ key }) => key),
      ['127.0.0.4', '127.0.0.5', '127.0.0.6'],
      'in their stable order',
    );
    t.equal(told.slot, Math.floor(((told.hash ?? 0) * 4096) / 2 ** 32));
    t.ok(told.choice);
  }
  t.end();
});

t.test('explain says why there is no choice', (t) => {
  const explainer = explainerOf(plan([frontend('tcp', '127.255.0.4:443', rule([]))]));
  t.match(
    explainer.explain({ ...tuple, destinationPort: 80 }, { healthOf: allUp }).reason,
    'No rule answers on tcp 127.255.0.4:80',
  );
  t.match(explainer.explain({ ...tuple, sourceAddress: 'nobody' }, { healthOf: allUp }).reason, 'not an IP address');
  t.match(explainer.explain(tuple, { healthOf: allUp }).reason, 'no members');
  const down = rule([member('127.0.0.4', 80, { probe: 'p' })]);
  t.match(explainerOf(plan([frontend('tcp', '127.255.0.4:443', down)])).explain(tuple, { healthOf: () => undefined }), {
    reason: 'No member of the backend pool is eligible. A client waits without an answer.',
    candidates: [{ eligible: false, reason: 'NA' }],
  });
  t.end();
});

t.test('Under HA ports every port is answered, hashed with the port used, and kept on the way to the backend', (t) => {
  const haPorts = frontend('tcp', '127.0.0.100:0', rule([member('127.0.0.4', 0), member('127.0.0.5', 0)]));
  const explainer = explainerOf(plan([haPorts, frontend('tcp', '127.0.0.100:22', rule([member('127.0.0.9', 22)]))]));
  const ask = (destinationPort: number) =>
    explainer.explain({ ...tuple, destinationAddress: '127.0.0.100', destinationPort }, { healthOf: allUp });
  t.equal(ask(1000).choice?.port, 1000);
  t.not(ask(1000).hash, ask(2000).hash);
  t.equal(ask(22).choice?.key, '127.0.0.9', 'a rule for the port itself comes first');
  t.end();
});

t.test('An IPv6 client of an IPv6 frontend is explained too', (t) => {
  const six = frontend('tcp', 'fd7f:1a2b::5:443', rule(pool(3)));
  const told = explainerOf(plan([six])).explain(
    { ...tuple, sourceAddress: 'fd7f:1a2b::9', destinationAddress: 'fd7f:1a2b::5' },
    { healthOf: allUp },
  );
  t.ok(told.choice);
  t.end();
});

t.test('The order in which a pool lists its members does not matter', (t) => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(pool(9), { minLength: 9 }),
      fc.nat(0xffffffff),
      fc.nat(65535),
      (members, word, port) => {
        const of = (members: readonly PlanMember[]) =>
          new Selector(frontend('tcp', '127.255.0.4:443', rule(members)), {
            healthOf: allUp,
            tables: new SlotTables(),
          });
        return of(members).ipv4(word, port)?.key === of(pool(9)).ipv4(word, port)?.key;
      },
    ),
    { numRuns: 20 },
  );
  t.end();
});

t.test('adminState and probes decide as Azure says; a rule without a probe knows neither', (t) => {
  const health: Record<string, { up: boolean; reason: 'Up_Probe_Success' | 'Down_Probe_TcpProbeTimeout' | 'NA' }> = {
    up: { up: true, reason: 'Up_Probe_Success' },
    down: { up: false, reason: 'Down_Probe_TcpProbeTimeout' },
    new: { up: false, reason: 'NA' },
  };
  const reasons = (members: PlanMember[], noHealthyBackends: 'AllProbedDown' | 'AllProbedUp' = 'AllProbedDown') =>
    candidatesOf(rule(members, { noHealthyBackends }), (key) => health[key]).map(
      ({ eligible, reason }) => `${eligible} ${reason}`,
    );
  t.strictSame(
    reasons([
      member('1', 80, { probe: 'up' }),
      member('2', 80, { probe: 'down' }),
      member('3', 80, { probe: 'up', adminState: 'Down' }),
      member('4', 80, { probe: 'down', adminState: 'Up' }),
      member('5', 80, { adminState: 'Down' }),
      member('6', 80, { probe: 'never heard of' }),
    ]),
    [
      'true Up_Probe_Success',
      'false Down_Probe_TcpProbeTimeout',
      'false Down_Admin',
      'true Up_Admin',
      'true Up_Platform',
      'false NA',
    ],
  );
  const allDown = [
    member('1', 80, { probe: 'down' }),
    member('2', 80, { probe: 'down', adminState: 'Down' }),
    member('3', 80, { probe: 'new' }),
  ];
  t.strictSame(reasons(allDown, 'AllProbedUp'), ['true Up_Probe_AllDownIsUp', 'false Down_Admin', 'false NA']);
  t.strictSame(reasons(allDown), ['false Down_Probe_TcpProbeTimeout', 'false Down_Admin', 'false NA']);
  t.end();
});

t.test('Without a data plane everything is Unbound, and explain takes every member for healthy', async (t) => {
  const engine = new NoneEngine();
  const probed = rule([member('127.0.0.4', 80, { probe: 'p' })]);
  await engine.apply(plan([frontend('tcp', '127.255.0.4:443', probed)]));
  t.match(engine.frontends(), [{ state: 'Unbound', reason: /engine none/ }]);
  t.equal((await engine.explain(tuple)).choice?.key, '127.0.0.4');
  t.strictSame([engine.health(), await engine.flows(), engine.counters()], [[], [], []]);
  await engine.advanceClock();
  await engine.close();
});

t.test('Only what differs between two plans is told to the engine', (t) => {
  const [a, b, c] = [1, 2, 3].map((port) => frontend('tcp', `127.255.0.4:${port}`, rule(pool(2))));
  if (!a || !b || !c) throw new Error('three frontends');
  const before = new IndexedPlan(plan([a, b]));
  const changed = { ...b, rule: { ...b.rule, distribution: 'SourceIP' as const } };
  const collides = { ...a, rule: { ...a.rule, id: 'late' } };
  const after = new IndexedPlan(plan([a, changed, c, collides]));
  t.strictSame(after.changesFrom(before), {
    frontends: [changed, c],
    removedFrontends: [],
    probes: [],
    removedProbes: [],
  });
  t.strictSame(after.collisions, [{ frontend: collides, owner: a }]);
  t.strictSame(new IndexedPlan(plan([])).changesFrom(after).removedFrontends, [a.key, b.key, c.key]);
  t.end();
});

t.test('explain says what an access control list denies, and what the client sees then', (t) => {
  const acl = [{ action: 'deny', remoteSubnet: '127.77.0.9/32' }] as const;
  const ask = (transport: Transport, rest: { aclDeny?: 'reset' } = {}) => {
    const explainer = explainerOf(plan([frontend(transport, '127.255.0.4:443', rule(pool(2), { acl, ...rest }))]));
    return (sourceAddress: string) => explainer.explain({ ...tuple, transport, sourceAddress }, { healthOf: allUp });
  };
  t.match(ask('tcp')('127.77.0.9'), { choice: undefined, reason: /denies 127.77.0.9: packets get no answer/ });
  t.match(ask('tcp', { aclDeny: 'reset' })('127.77.0.9'), { choice: undefined, reason: /the connection is reset/ });
  t.match(ask('udp', { aclDeny: 'reset' })('127.77.0.9'), { choice: undefined, reason: /packets get no answer/ });
  t.match(ask('tcp')('127.77.0.8'), { choice: { port: 80 }, reason: undefined });
  t.end();
});

t.test(
  'explain names no backend for a frontend that has no place, and says what a client meets without members',
  (t) => {
    const whyUnbound = (key: string): string | undefined =>
      key === 'tcp/127.255.0.4/443' ? 'The frontend has no place here.' : undefined;
    const explainer = explainerOf(
      plan([frontend('tcp', '127.255.0.4:443', rule(pool(2))), frontend('udp', '127.255.0.4:443', rule([]))]),
    );
    t.match(explainer.explain(tuple, { healthOf: allUp, whyUnbound }), {
      rule: 'rule-1',
      choice: undefined,
      reason: 'The frontend has no place here.',
    });
    const datagram = explainer.explain({ ...tuple, transport: 'udp' }, { healthOf: allUp, whyUnbound });
    t.equal(datagram.reason, 'The backend pool has no members. Datagrams are dropped.');
    t.end();
  },
);
