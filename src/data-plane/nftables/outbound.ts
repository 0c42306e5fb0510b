/**
 * Outbound rules as source NAT: connections that a backend opens towards the outside leave from the rule's public address,
 * with a port out of the backend's block. Here the kernel tracks connections: it finds ports that are free.
 *
 * Each port of a block is used once per destination, as in Azure. When all are in use, packets of new connections are
 * dropped on their way out. Datagrams from this machine are dropped as they are sent, so that their sender sees no error.
 */
import type { PlanOutbound, Transport } from '../model/plan.js';
import { familyOf, ipv4 } from './family.js';
import { type Chain, type Fragment, type NamedSet, noElements, type SharedElement } from './fragment.js';
import { swallow } from './table.js';

/** Before other tables' source NAT: the first rule that matches a connection decides. */
const priority = 90;
/** After the engine's own chain that looks at what is sent here, and before connection tracking. */
const sendingPriority = -305;
const backendLimit = 65_536;
const destinationLimit = 65_536;
/** How long the kernel keeps the port of a connection that has ended. */
const keptSeconds = 1;

/** Sets that count new connections by backend and protocol: with a port, and without one. */
export const outboundCounts = [
  ['set', 'outbound_opened'],
  ['set', 'outbound_exhausted'],
] as const;

const { table } = ipv4;

const countExhausted = 'update @outbound_exhausted { ip saddr . meta l4proto }';

/** The key under which a backend's connections of one protocol are found and counted. */
export const backendElement = ({ address, transport }: PlanOutbound): string => `${address} . ${transport}`;

/** A sender and its destination. */
const datagram = 'ip saddr . udp sport . ip daddr . udp dport';

/** Whole seconds: the kernel has no finer unit here. */
const idleSeconds = ({ idleTimeoutMs }: PlanOutbound, scale: number): number =>
  Math.max(1, Math.round(idleTimeoutMs / scale / 1000));

const timeoutName = (transport: Transport, seconds: number): string => `outbound_${transport}_${seconds}s`;

function timeoutPolicy(transport: Transport, seconds: number): NamedSet {
  const policy =
    transport === 'tcp'
      ? `established : ${seconds}, time_wait : ${keptSeconds}, close : ${keptSeconds}`
      : `unreplied : ${seconds}, replied : ${seconds}`;
  return {
    kind: 'ct timeout',
    name: timeoutName(transport, seconds),
    spec: `protocol ${transport}; l3proto ip; policy = { ${policy} };`,
    elements: noElements,
  };
}

/** `127.0.0.4` and its protocol in the names of chains and sets. */
const nameOf = ({ transport, address }: PlanOutbound): string =>
  `outbound_${transport}_${address.replaceAll('.', '_')}`;

function backendFragment(one: PlanOutbound, scale: number): Fragment {
  const { transport, address, frontendAddress, firstPort, lastPort, inside } = one;
  const count = lastPort - firstPort + 1;
  const name = nameOf(one);
  // An element keeps the count that it was created with, so another count needs another set.
  const lent = `${name}_${count}`;
  const destination = `ip daddr . ${transport} dport`;
  const seconds = idleSeconds(one, scale);
  const staysInside = `ip daddr { ${[...new Set(inside)].sort().join(', ')} } return`;
  const noneLeft = `add @${lent} { ${destination} ct count over ${count} }`;
  const isUdp = transport === 'udp';
  const leaving: Chain = {
    name,
    rules: [
      staysInside,
      // The kernel would count a connection twice if it were asked twice in one moment.
      `${isUdp ? `${datagram} != @outbound_sent ` : ''}${noneLeft} goto outbound_without_port`,
      'update @outbound_opened { ip saddr . meta l4proto }',
      `ct timeout set "${timeoutName(transport, seconds)}"`,
      `meta l4proto ${transport} snat to ${frontendAddress}:${firstPort}-${lastPort}`,
    ],
  };
  const noted = `{ ${datagram} timeout ${seconds}s }`;
  const sending: Chain = {
    name: `${name}_sends`,
    rules: [
      staysInside,
      `${datagram} @outbound_sent update @outbound_sent ${noted} return`,
      `${noneLeft} goto outbound_unsent`,
      `add @outbound_sent ${noted}`,
    ],
  };
  const shared: SharedElement[] = [{ map: 'outbound_of', key: backendElement(one), value: `goto ${name}` }];
  if (isUdp) shared.push({ map: 'outbound_sends', key: address, value: `goto ${sending.name}` });
  return {
    table,
    sets: [
      {
        kind: 'set',
        name: lent,
        spec: `typeof ${destination}; size ${destinationLimit}; flags dynamic;`,
        elements: noElements,
      },
    ],
    chains: isUdp ? [leaving, sending] : [leaving],
    shared,
  };
}

/** Shared by all backends. Absent without outbound rules, so that no connection is tracked. */
function commonFragment(timeouts: readonly NamedSet[]): Fragment {
  const counting = `typeof ip saddr . meta l4proto; counter; size ${backendLimit}; flags dynamic;`;
  return {
    table,
    sets: [
      { kind: 'map', name: 'outbound_of', spec: 'typeof ip saddr . meta l4proto : verdict;', elements: noElements },
      { kind: 'map', name: 'outbound_sends', spec: 'typeof ip saddr : verdict;', elements: noElements },
      // UDP flows from this machine that have a port, so that none is counted twice.
      {
        kind: 'set',
        name: 'outbound_sent',
        spec: `typeof ${datagram}; size ${destinationLimit}; flags dynamic,timeout;`,
        elements: noElements,
      },
      ...outboundCounts.map(([kind, name]) => ({ kind, name, spec: counting, elements: noElements })),
      ...timeouts,
    ],
    chains: [
      { name: 'outbound_without_port', rules: [countExhausted, 'drop'] },
      { name: 'outbound_unsent', rules: [countExhausted, swallow] },
      {
        name: 'sending',
        hook: `type route hook output priority ${sendingPriority};`,
        rules: ['meta l4proto udp ip saddr vmap @outbound_sends'],
      },
      {
        name: 'leaving',
        hook: `type nat hook postrouting priority ${priority};`,
        rules: ['ip saddr . meta l4proto vmap @outbound_of'],
      },
    ],
    shared: [],
  };
}

/** Blocks of ports as fragments; the same plan again gives the same objects. */
export class OutboundModel {
  readonly #scale: number;
  #common: { readonly timeouts: string; readonly fragment: Fragment } | undefined;
  #backends = new Map<string, { readonly one: PlanOutbound; readonly text: string; readonly fragment: Fragment }>();

  /** `scale`: Azure milliseconds in a real one. */
  constructor(scale: number) {
    this.#scale = scale;
  }

  /** Fragments by id; none without outbound ports. IPv6 connections leave as they are. */
  compile(plan: Iterable<PlanOutbound>): ReadonlyMap<string, Fragment> {
    const served = [...plan].filter(({ address, frontendAddress }) =>
      [address, frontendAddress].every((each) => familyOf(each) === ipv4),
    );
    const before = this.#backends;
    this.#backends = new Map();
    for (const one of served) {
      const known = before.get(one.key);
      const text = known?.one === one ? known.text : JSON.stringify(one);
      const fragment = known?.text === text ? known.fragment : backendFragment(one, this.#scale);
      this.#backends.set(one.key, { one, text, fragment });
    }
    if (served.length === 0) return new Map();
    const fragments = [...this.#backends].map(([key, { fragment }]) => [key, fragment] as const);
    return new Map([['outbound', this.#commonOf(served)], ...fragments]);
  }

  #commonOf(served: readonly PlanOutbound[]): Fragment {
    const policies = new Map(
      served.map((one) => {
        const policy = timeoutPolicy(one.transport, idleSeconds(one, this.#scale));
        return [policy.name, policy];
      }),
    );
    const timeouts = [...policies.keys()].sort().join();
    if (this.#common?.timeouts !== timeouts) {
      this.#common = { timeouts, fragment: commonFragment([...policies.values()]) };
    }
    return this.#common.fragment;
  }
}
