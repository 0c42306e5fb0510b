/** The ruleset as text, and what a change of the plan sends to the kernel: only what differs. */
import t from 'tap';
import type { PlanFrontend, PlanRule } from '../../../src/data-plane/model/plan.js';
import { IndexedPlan } from '../../../src/data-plane/model/plan.js';
import { indistinct } from '../../../src/data-plane/nftables/answers.js';
import { findUnreferenced } from '../../../src/data-plane/nftables/collector.js';
import type { Ruleset } from '../../../src/data-plane/nftables/fragment.js';
import { alone, type NodeOptions } from '../../../src/data-plane/nftables/frontend.js';
import { readListing } from '../../../src/data-plane/nftables/listing.js';
import { RulesetModel } from '../../../src/data-plane/nftables/ruleset.js';
import { changesBetween, transactions } from '../../../src/data-plane/nftables/transaction.js';
import type { HealthOf } from '../../../src/data-plane/selection/decision.js';
import { frontend, member, outbound, plan, rule } from '../plans.js';

const everybodyUp: HealthOf = () => ({ up: true, reason: 'Up_Probe_Success' });
const members = [member('127.0.0.4', 8080), member('127.0.0.5', 8080)];
const onPort80 = (of: PlanRule, transport: 'tcp' | 'udp' = 'tcp') =>
  new IndexedPlan(plan([frontend(transport, '127.255.0.4:80', of)]));

const isNat = ({ hook = '' }: { readonly hook?: string }): boolean => hook.startsWith('type nat');

function start(of: PlanRule, transport: 'tcp' | 'udp' = 'tcp', node: NodeOptions = alone) {
  const model = new RulesetModel(1, { node });
  const ruleset = model.compile(onPort80(of, transport), { healthOf: everybodyUp });
  const chain = (name: string): readonly string[] =>
    [...ruleset.values()].flatMap(({ chains }) => chains).find((each) => each.name === name)?.rules ?? [];
  return { model, ruleset, chain };
}

t.test('A TCP rule: new connections are hashed over the five-tuple, and nothing else', (t) => {
  const { chain } = start(rule(members));
  t.strictSame(chain('front_1').slice(0, 2), [
    'tcp flags & (fin|syn|rst|ack) == syn goto new_1',
    'meta mark set ip saddr . th sport . ip daddr . th dport map @tcp_flows goto known_tcp',
  ]);
  t.strictSame(chain('new_1'), ['goto choose_1']);
  t.strictSame(chain('choose_1'), [
    'meta mark set jhash ip saddr . tcp sport . ip daddr . tcp dport mod 4096 seed 0x4c617a7b map @slots_1 goto assign_1',
    'meta mark set 0x0001ffff',
    'update @arrivals { meta mark }',
    'meta mark set 0 drop',
  ]);
  t.strictSame(chain('forward_1'), [
    'update @tcp_flows { ip saddr . th sport . ip daddr . th dport timeout 240000ms : meta mark }',
    'update @sent { meta mark }',
    'ip daddr set meta mark and 0x0000ffff map @targets',
    'tcp dport set 8080',
    'meta mark set 0 notrack accept',
  ]);
  t.end();
});

t.test(
  'An established connection is found before any rule is asked; whatever goes to no frontend can only be a reply',
  (t) => {
    const { ruleset, chain } = start(rule(members));
    t.strictSame(chain('translate'), [
      'ip daddr @frontend_addresses goto to_frontend',
      'meta l4proto tcp goto of_tcp',
      'meta l4proto udp goto of_udp',
      'icmp type destination-unreachable icmp code 3 ip saddr @frontend_addresses drop',
    ]);
    t.strictSame([...(ruleset.get('addresses ip')?.sets[0]?.elements.keys() ?? [])], ['127.255.0.4']);
    t.equal(
      chain('tcp_to_frontend')[0],
      'tcp flags & (fin|syn|rst) == 0 meta mark set ip saddr . th sport . ip daddr . th dport map @tcp_flows goto established',
    );
    t.end();
  },
);

t.test('A datagram chooses its member anew; with connection tracking its client keeps an eligible one', (t) => {
  const probed = members.map((each) => ({ ...each, probe: `probe-1|${each.address}` }));
  const untracked = start(rule(probed), 'udp');
  t.match(untracked.chain('choose_1')[0], /^meta mark set jhash .* map @slots_1 goto assign_1$/);
  t.notOk(untracked.ruleset.has('tracked 1'));
  const tracked = rule(probed, { connectionTracking: true });
  const { model, ruleset, chain } = start(tracked, 'udp');
  const key = 'ip saddr . th sport . ip daddr . th dport';
  t.strictSame(chain('choose_1'), [`meta mark set ${key} map @udp_tracked goto tracked_1`, 'goto select_1']);
  t.strictSame(chain('tracked_1'), [
    'meta mark set meta mark and 0x0000ffff',
    'meta mark @tracked_1 goto assign_1',
    'goto select_1',
  ]);
  t.strictSame([...(ruleset.get('tracked 1')?.sets[0]?.elements.keys() ?? [])], ['0x00000001', '0x00000002']);
  const oneDown: HealthOf = (key) => ({ up: key !== 'probe-1|127.0.0.5', reason: 'Down_Probe_TcpProbeTimeout' });
  const next = model.compile(onPort80(tracked, 'udp'), { healthOf: oneDown });
  const lines = transactions(changesBetween(ruleset, next));
  t.match(lines.at(-1), /delete element ip lazurite tracked_1 \{ 0x00000002 \}/);
  t.equal(model.compile(onPort80(tracked, 'udp'), { healthOf: oneDown }).get('tracked 1'), next.get('tracked 1'));
  t.end();
});

t.test("The other modes hash the two addresses; SourceIPProtocol's seed carries the protocol", (t) => {
  const first = (distribution: PlanRule['distribution'], transport: 'tcp' | 'udp') =>
    start(rule(members, { distribution }), transport).chain('choose_1')[0];
  const text = (seed: string) =>
    `meta mark set jhash ip saddr . ip daddr mod 4096 seed ${seed} map @slots_1 goto assign_1`;
  t.equal(first('SourceIP', 'tcp'), text('0x4c617a75'));
  t.equal(first('SourceIP', 'udp'), text('0x4c617a75'));
  t.equal(first('SourceIPProtocol', 'tcp'), text('0x4c617a7b'));
  t.equal(first('SourceIPProtocol', 'udp'), text('0x4c617a86'));
  t.end();
});

t.test('Late packets are dropped, or answered with RST when TCP reset is enabled', (t) => {
  t.equal(start(rule(members)).chain('late_1').at(-1), 'drop');
  t.equal(
    start(rule(members, { tcpReset: true }))
      .chain('late_1')
      .at(-1),
    'reject with tcp reset',
  );
  t.end();
});

t.test('An access control list is a chain, in its order, with the default of the list at its end', (t) => {
  const { chain } = start(
    rule(members, {
      acl: [
        { action: 'deny', remoteSubnet: '127.9.0.0/16' },
        { action: 'permit', remoteSubnet: '127.0.0.0/8' },
      ],
    }),
  );
  t.strictSame(chain('new_1'), [
    'ip saddr 127.9.0.0/16 goto denied_1',
    'ip saddr 127.0.0.0/8 goto choose_1',
    'goto denied_1',
  ]);
  t.end();
});

t.test('HA ports: one element for all ports, and no port is rewritten', (t) => {
  const model = new RulesetModel(1);
  const all = rule([member('127.0.0.4', 0)]);
  const ruleset = model.compile(new IndexedPlan(plan([frontend('tcp', '127.0.0.100:0', all)])), {
    healthOf: everybodyUp,
  });
  t.match(ruleset.get('entry 1')?.shared, [{ map: 'all_ports', key: '127.0.0.100 . tcp' }]);
  const rules = [...(ruleset.get('connections 1')?.chains ?? [])].flatMap((chain) => chain.rules);
  t.notOk(rules.some((text) => /tcp (dport|sport) set/.test(text)));
  t.end();
});

t.test('The same plan again changes nothing', (t) => {
  const { model, ruleset } = start(rule(members));
  t.strictSame(changesBetween(ruleset, model.compile(onPort80(rule(members)), { healthOf: everybodyUp })), []);
  t.end();
});

t.test('Another mode rewrites one chain, in one transaction', (t) => {
  const { model, ruleset } = start(rule(members));
  const next = model.compile(onPort80(rule(members, { distribution: 'SourceIP' })), { healthOf: everybodyUp });
  const [line, ...others] = transactions(changesBetween(ruleset, next));
  t.match(
    line,
    /^flush chain ip lazurite choose_1; add rule ip lazurite choose_1 meta mark set jhash ip saddr \. ip daddr/,
  );
  t.notMatch(line, /element|flush chain.*flush chain/);
  t.strictSame(others, []);
  t.end();
});

t.test('A member that goes down gives its slots away, and no other slot is written', (t) => {
  const many = Array.from({ length: 100 }, (_, index) =>
    member(`127.0.1.${index + 1}`, 8080, { probe: `probe-1|127.0.1.${index + 1}` }),
  );
  const { model, ruleset } = start(rule(many));
  const oneDown: HealthOf = (key) => ({ up: key !== 'probe-1|127.0.1.50', reason: 'Down_Probe_TcpProbeTimeout' });
  const lines = transactions(changesBetween(ruleset, model.compile(onPort80(rule(many)), { healthOf: oneDown })));
  t.equal(lines.length, 1);
  const [, slots = ''] = /delete element ip lazurite slots_1 \{ ([^}]*) \}/.exec(lines[0] ?? '') ?? [];
  const count = slots.split(', ').length;
  t.ok(count >= 40 && count <= 100, `${count} of 4096 slots`);
  t.notMatch(lines[0], 'chain');
  t.end();
});

t.test('The number of a backend that is forgotten is given to another one, and never before', (t) => {
  const model = new RulesetModel(1, { members: 3 });
  const compile = (...last: number[]) =>
    model.compile(onPort80(rule(last.map((each) => member(`127.0.0.${each}`, 8080)))), { healthOf: everybodyUp });
  compile(4, 5);
  compile(5, 6);
  t.throws(() => compile(6, 7), /at most 3 backend addresses/, 'its flows may still be there');
  const addresses = (): (string | undefined)[] => [1, 2, 3].map((number) => model.addressOf(number));
  t.strictSame(addresses(), ['127.0.0.4', '127.0.0.5', '127.0.0.6']);
  model.sets.forgetMembers(1, [1]);
  compile(6, 7);
  t.strictSame(addresses(), ['127.0.0.7', '127.0.0.5', '127.0.0.6']);
  t.end();
});

t.test('What was still used when the flows were read is not forgotten, although it is unused now', (t) => {
  const model = new RulesetModel(1);
  const { sets } = model;
  const compile = (...frontends: PlanFrontend[]) =>
    model.compile(new IndexedPlan(plan(frontends)), { healthOf: everybodyUp });
  const web = (...last: number[]) =>
    frontend('tcp', '127.255.0.4:80', rule(last.map((each) => member(`127.0.0.${each}`, 8080))));
  const other = frontend('udp', '127.255.0.4:53', rule(members));
  /** The flows were read after the change with this number; none refers to anything. */
  const goneAfter = (carriedOut: number) =>
    findUnreferenced({ sets: new Set(), marks: new Set(), places: new Set() }, { sets, carriedOut });
  const nothing = { sets: new Set(), members: new Map() };
  compile(web(4, 5), other);
  t.strictSame(goneAfter(sets.changes), nothing);
  const before = sets.changes;
  compile(web(5));
  const after = sets.changes;
  t.strictSame(goneAfter(before), nothing, 'a member and a frontend that left meanwhile');
  t.strictSame(goneAfter(after), { sets: new Set([2]), members: new Map([[1, new Set([1])]]) });
  compile(web(4, 5));
  t.strictSame(goneAfter(after).members, new Map(), 'a member that has come again');
  compile(web(5));
  t.strictSame(goneAfter(after).members, new Map(), 'which has left once more meanwhile');
  t.strictSame(goneAfter(sets.changes).members, new Map([[1, new Set([1])]]));
  t.end();
});

t.test('When one of many pools changes, nothing else is made anew', (t) => {
  const model = new RulesetModel(1);
  const pools = Array.from({ length: 20 }, (_, pool) =>
    [1, 2, 3].map((last) => {
      const address = `127.1.${pool}.${last}`;
      return member(address, 8080, { probe: `probe-${pool}|${address}` });
    }),
  );
  const frontends = pools.map((of, pool) => frontend('tcp', `127.255.0.4:${1000 + pool}`, rule(of)));
  const [known] = frontends;
  if (!known) throw new Error('there are twenty frontends');
  const asked: string[] = [];
  const down = new Set<string>();
  const healthOf: HealthOf = (probe) => {
    asked.push(probe);
    return { up: !down.has(probe), reason: 'Up_Probe_Success' };
  };
  const all = new IndexedPlan(plan(frontends));
  const before = model.compile(all, { healthOf });
  const changesTo = (after: Ruleset): string[] =>
    [...after].filter(([id, of]) => before.get(id) !== of).map(([id]) => id);
  asked.length = 0;
  const flipped = ['probe-7|127.1.7.2'];
  for (const probe of flipped) down.add(probe);
  t.strictSame(changesTo(model.compile(all, { healthOf, flipped })), ['pool 8']);
  t.strictSame(
    asked,
    pools[7]?.map(({ probe }) => probe),
    'only probes of its pool are asked for',
  );
  asked.length = 0;
  const moved = frontends.map((one) => (one === known ? { ...one, rule: rule((pools[0] ?? []).slice(1)) } : one));
  const next = model.compile(new IndexedPlan(plan(moved)), { healthOf, flipped: [] });
  t.strictSame(changesTo(next), ['pool 1', 'pool 8'], 'the pool that a plan has changed, and the one from before');
  t.strictSame(
    [...new Set(asked)],
    (pools[0] ?? []).slice(1).map(({ probe }) => probe),
  );
  t.end();
});

t.test('Rules that share their members share all that is kept of them, and a new member is written once', (t) => {
  const sharing = Array.from({ length: 100 }, (_, last) => member(`127.1.0.${last + 1}`, 8080));
  const planOf = (rules: number, of: number) => {
    const present = sharing.slice(0, of);
    const frontends = Array.from({ length: rules }, (_, index) => ({
      ...frontend('udp', `127.255.0.4:${1000 + index}`, rule(present, { connectionTracking: true })),
      internal: true as const,
    }));
    return new IndexedPlan(plan(frontends));
  };
  const elementsOf = (ruleset: Ruleset): number =>
    [...ruleset.values()].reduce(
      (sum, { sets, shared }) => sum + shared.length + sets.reduce((own, { elements }) => own + elements.size, 0),
      0,
    );
  const size = (rules: number, of: number) =>
    elementsOf(new RulesetModel(1).compile(planOf(rules, of), { healthOf: everybodyUp }));
  t.equal(size(20, 100) - size(20, 50), size(2, 100) - size(2, 50), 'members cost the same under 20 rules and under 2');
  const model = new RulesetModel(1);
  const before = model.compile(planOf(20, 99), { healthOf: everybodyUp });
  const after = model.compile(planOf(20, 100), { healthOf: everybodyUp });
  t.strictSame(
    [...after].filter(([id, of]) => before.get(id) !== of).map(([id]) => id),
    ['members ip', 'pool 1', 'tracked 1'],
  );
  t.end();
});

t.test('When the last frontend is gone and forgotten, what lists flows and counters still finds its sets', (t) => {
  const { model, ruleset } = start(rule(members));
  const nothing = new IndexedPlan(plan([]));
  model.compile(nothing, { healthOf: everybodyUp });
  model.sets.forget(1);
  const left = model.compile(nothing, { healthOf: everybodyUp });
  t.strictSame([...left.keys()], ['table ip', 'addresses ip', 'members ip']);
  t.equal(left.get('table ip'), ruleset.get('table ip'));
  t.end();
});

t.test('Another idle timeout makes chains of its own: what flows were promised stays', (t) => {
  const { model, ruleset } = start(rule(members));
  const next = model.compile(onPort80(rule(members, { idleTimeoutMs: 600_000 })), { healthOf: everybodyUp });
  t.ok(next.has('connections 1') && next.has('connections 2'));
  t.notOk(next.has('entry 1'));
  const text = changesBetween(ruleset, next)
    .map((command) => command.text)
    .join('\n');
  t.match(text, 'delete element ip lazurite frontends { 127.255.0.4 . tcp . 80 }; add element ip lazurite frontends');
  t.notMatch(text, 'flush chain ip lazurite forward_1');
  t.end();
});

t.test('Outbound rules: a chain for each backend and protocol, and nothing without them', (t) => {
  const model = new RulesetModel(1);
  t.notOk(
    [...model.compile(onPort80(rule(members)), { healthOf: everybodyUp }).values()].some(({ chains }) =>
      chains.some(isNat),
    ),
  );
  const block = outbound('tcp', '127.0.0.4', { idleTimeoutMs: 600_000 });
  const ruleset = model.compile(new IndexedPlan(plan([], [], [block])), { healthOf: everybodyUp });
  t.strictSame(ruleset.get('outbound/tcp/127.0.0.4'), {
    table: 'ip lazurite',
    sets: [
      {
        kind: 'set',
        name: 'outbound_tcp_127_0_0_4_8',
        spec: 'typeof ip daddr . tcp dport; size 65536; flags dynamic;',
        elements: new Map(),
      },
    ],
    chains: [
      {
        name: 'outbound_tcp_127_0_0_4',
        rules: [
          'ip daddr { 127.0.0.0/16, 168.63.129.16/32 } return',
          'add @outbound_tcp_127_0_0_4_8 { ip daddr . tcp dport ct count over 8 } goto outbound_without_port',
          'update @outbound_opened { ip saddr . meta l4proto }',
          'ct timeout set "outbound_tcp_600s"',
          'meta l4proto tcp snat to 127.255.0.4:1024-1031',
        ],
      },
    ],
    shared: [{ map: 'outbound_of', key: '127.0.0.4 . tcp', value: 'goto outbound_tcp_127_0_0_4' }],
  });
  t.match(ruleset.get('outbound')?.sets.at(-1), {
    kind: 'ct timeout',
    name: 'outbound_tcp_600s',
    spec: 'protocol tcp; l3proto ip; policy = { established : 600, time_wait : 1, close : 1 };',
  });
  t.ok(ruleset.get('outbound')?.chains.some(isNat));
  t.end();
});

t.test('Networks of many prefixes are loaded in transactions that an unprivileged process may send', (t) => {
  const inside = Array.from({ length: 200 }, (_, index) => `127.${index}.0.0/16`);
  const blocks = Array.from({ length: 50 }, (_, last) => outbound('udp', `127.0.0.${last + 4}`, { inside }));
  const ruleset = new RulesetModel(1).compile(new IndexedPlan(plan([], [], blocks)), { healthOf: everybodyUp });
  const lines = transactions(changesBetween(new Map(), ruleset));
  // In a message a rule takes two to three bytes for each of these, of the 200 KiB that one may have.
  t.ok(lines.every((line) => line.length < 32_000));
  t.end();
});

t.test('Another block of ports rewrites the chain of its backend, and of nobody else', (t) => {
  const model = new RulesetModel(1);
  const blocks = [outbound('tcp', '127.0.0.4'), outbound('tcp', '127.0.0.5', { firstPort: 1032, lastPort: 1039 })];
  const compile = (...of: typeof blocks) => model.compile(new IndexedPlan(plan([], [], of)), { healthOf: everybodyUp });
  const [first, second] = blocks as [(typeof blocks)[0], (typeof blocks)[0]];
  const before = compile(first, second);
  const text = (after: ReturnType<typeof compile>) => transactions(changesBetween(before, after)).join('\n');
  t.equal(text(compile(first, { ...second })), '', 'the same blocks again');
  const moved = text(compile(first, { ...second, firstPort: 2048, lastPort: 2055 }));
  t.match(
    moved,
    /^flush chain ip lazurite outbound_tcp_127_0_0_5; add rule ip lazurite outbound_tcp_127_0_0_5 .*2048-2055$/,
  );
  t.notMatch(moved, '127_0_0_4');
  const gone = text(compile(first));
  t.match(gone, 'delete element ip lazurite outbound_of { 127.0.0.5 . tcp }');
  t.match(gone, 'delete chain ip lazurite outbound_tcp_127_0_0_5; delete set ip lazurite outbound_tcp_127_0_0_5_8');
  t.notMatch(gone, '127_0_0_4');
  t.end();
});

t.test('What nft lists is read: keys, marks, times and counts', (t) => {
  const listing = readListing(`table ip lazurite {
	map tcp_flows {
		typeof ip saddr . tcp sport . ip daddr . tcp dport : meta mark
		size 1048576
		flags dynamic,timeout
		counter
		elements = { 127.0.9.1 . 44093 . 127.255.0.4 . 80 counter packets 4 bytes 240 timeout 4m expires 3m59s984ms : 0x00010002,
			     127.0.9.1 . 60247 . 127.255.0.4 . 80 counter packets 0 bytes 0 timeout 1d2h3m4s5ms : 0x00010001 }
	}
}
table ip lazurite {
	set answered {
		typeof meta mark
		counter
		elements = { 0x00010001 counter packets 5 bytes 270 }
	}
}
`);
  t.match(listing.get('tcp_flows'), [
    {
      key: '127.0.9.1 . 44093 . 127.255.0.4 . 80',
      mark: 0x10002,
      timeoutMs: 240_000,
      expiresMs: 239_984,
      packets: 4,
      bytes: 240,
    },
    { mark: 0x10001, expiresMs: 93_784_005 },
  ]);
  t.match(listing.get('answered'), [{ mark: 0x10001, packets: 5, bytes: 270 }]);
  t.end();
});

const loadedText = (ruleset: Ruleset): string => transactions(changesBetween(new Map(), ruleset)).join('; ');

t.test('A machine alone, and a node to which nothing of others comes, has no rule for flows of other nodes', (t) => {
  for (const transport of ['tcp', 'udp'] as const) {
    const { ruleset } = start(rule(members), transport);
    t.notMatch(loadedText(ruleset), /adopt|answer|noted|over_1|turn_|hold_/);
    const node = new RulesetModel(1, { node: { adopt: 'never', symmetric: true } });
    t.equal(
      loadedText(node.compile(onPort80(rule(members), transport), { healthOf: everybodyUp })),
      loadedText(ruleset),
    );
  }
  t.end();
});

t.test(
  'A node that adopts sends a packet of an unknown flow where the hash says, always or while that is open',
  (t) => {
    const choose =
      'meta mark set jhash ip saddr . tcp sport . ip daddr . tcp dport mod 4096 seed 0x4c617a7b map @slots_1 goto adopt_1';
    const refused = [
      'ip saddr . th sport . ip daddr . th dport @tcp_ended goto over_1',
      'tcp flags & syn != 0 goto over_1',
      'meta mark set ip saddr . th sport . ip daddr . th dport map @tcp_adopted goto noted_1',
    ];
    const always = start(rule(members), 'tcp', { adopt: 'always', symmetric: true }).chain;
    t.strictSame(always('late_1'), [...refused, choose, 'goto over_1']);
    t.strictSame(always('unknown_1'), []);
    const afterChange = start(rule(members), 'tcp', { adopt: 'after-change', symmetric: true }).chain;
    t.strictSame(afterChange('late_1'), [
      ...refused,
      'meta mark set 0x0003a980',
      'meta mark != @adopting goto unknown_1',
      choose,
      'goto over_1',
    ]);
    t.equal(afterChange('unknown_1').at(-1), 'meta mark set 0 drop', 'and without RST before it is open');
    t.strictSame(start(rule(members), 'tcp', { adopt: 'never', symmetric: false }).chain('adopt_1'), []);
    t.end();
  },
);

t.test('Answers are turned back by member and port, and nothing is remembered of them', (t) => {
  for (const transport of ['tcp', 'udp'] as const) {
    const { ruleset, chain } = start(rule(members), transport, { adopt: 'never', symmetric: false });
    const { shared = [] } = ruleset.get('answers 1') ?? {};
    t.strictSame(
      shared.map(({ map, key, value }) => [map, key, value]),
      members.map(({ address }) => ['answers', `${address} . ${transport} . 8080`, 'goto turn_1']),
    );
    t.strictSame(chain('turn_1'), [
      'ip saddr set 127.255.0.4',
      `${transport} sport set 80`,
      'meta mark set 0 notrack accept',
    ]);
    t.match(
      chain(`of_${transport}`).join(),
      /fib daddr type != local ip saddr . meta l4proto . th sport vmap @answers/,
    );
  }
  t.end();
});

t.test('Of frontends that share a member and port the first has the answers; one with all ports has none', (t) => {
  const here = rule(members);
  const [first, second, all] = [
    frontend('tcp', '127.255.0.4:80', here),
    frontend('tcp', '127.255.0.5:80', here),
    frontend('tcp', '127.255.0.6:0', rule([member('127.0.0.9', 0)])),
  ];
  const reasons = indistinct([first, second, frontend('udp', '127.255.0.4:80', here), all]);
  t.strictSame([...reasons.keys()], [second.key, all.key]);
  t.match(reasons.get(second.key), 'those of 127.0.0.4:8080 belong to rule-1 at 127.255.0.4:80');
  t.match(reasons.get(all.key), '--symmetric');
  const model = new RulesetModel(1, { node: { adopt: 'after-change', symmetric: true } });
  const ruleset = model.compile(new IndexedPlan(plan([first, second])), { healthOf: everybodyUp });
  const held = [...ruleset.values()].flatMap(({ shared }) => shared).filter(({ map }) => map === 'answers');
  t.strictSame([...new Set(held.map(({ value }) => value))], ['goto hold_1'], 'it may be of either: it is sent again');
  t.end();
});
