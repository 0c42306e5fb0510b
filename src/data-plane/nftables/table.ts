/**
 * The part of the ruleset that is always there: the hooks, the flow tables, and what happens to packets of known flows.
 *
 * Packets are translated before connection tracking and not tracked at all: the flow tables are maps of ours that
 * packets fill. So a flow keeps its member whatever changes, its idle time can be read and moved with Azure's clock, it
 * can be ended, and other tables' connection tracking is left alone.
 */

import { addressWords } from '../selection/ip-address.js';
import {
  backwardKey,
  backwardTuple,
  type Family,
  forwardKey,
  forwardTuple,
  keyType,
  nftDuration,
  withMark,
} from './family.js';
import type { Fragment, NamedSet } from './fragment.js';
import { noElements } from './fragment.js';
import { backendEnded, chainBits, clientEnded, flowBits, hex } from './marks.js';

/** Before connection tracking, and before other tables' rules at the same hook. */
const priority = -310;
/**
 * Lookups are faster in a set of fixed size. Not used for verdict maps: the kernel walks all their buckets at every
 * change.
 */
const addressLimit = 16_384;
const flowLimit = 1_048_576;
const countLimit = 262_144;
/** A flow whose both sides have ended: late acknowledgements are still forwarded. Real time. */
const lastingMs = 10_000;
/** How long it is known which side has ended; longer than any idle timeout. Real time. */
export const halfLastsMs = 7_200_000;
/** How long the beginning of a flow is remembered; real time, and longer than any flow of a test. */
export const sinceLastsMs = 86_400_000;

/** What is counted by the frontend and the member of a packet: new flows, packets to the member, its replies. */
export const countingSets = ['arrivals', 'sent', 'replied'] as const;

const set = (name: string, spec: string): NamedSet => ({ kind: 'set', name, spec, elements: noElements });
const map = (name: string, spec: string): NamedSet => ({ kind: 'map', name, spec, elements: noElements });

/** Leaves the engine's chains: untracked and with the mark cleared. */
export const leave = 'meta mark set 0 notrack accept';

/** What a packet of a local sender bears that Azure would drop: it is dropped on arrival, where the sender is not told. */
const swallowedMark = hex(0x7fffffff);
/** Drops a datagram without an error for a local sender. */
export const swallow = 'goto swallowed';

const dynamic = (size: number): string => `size ${size}; flags dynamic,timeout;`;

/** A TCP flow has one member; a UDP client may have flows to several. */
function flowSets(family: Family): NamedSet[] {
  const key = keyType(family);
  const tuple = forwardTuple(family);
  const flows = `typeof ${key} : meta mark; counter; ${dynamic(flowLimit)}`;
  const udpFlows = `typeof ${withMark(tuple)}; counter; ${dynamic(flowLimit)}`;
  return [
    map('tcp_flows', flows),
    map('tcp_replies', flows),
    set('udp_flows', udpFlows),
    set('udp_since', udpFlows),
    map('udp_replies', flows),
    map('udp_tracked', `typeof ${key} : meta mark; ${dynamic(flowLimit)}`),
    // Whose flows they are that only hashes stand for.
    ...(family.hashesKeys ? [set('tcp_since', `typeof ${tuple}; ${dynamic(flowLimit)}`)] : []),
  ];
}

function pokeSets({ ip }: Family): NamedSet[] {
  return [
    map('poke_source', `typeof tcp dport : ${ip} saddr;`),
    map('poke_source_port', 'typeof tcp dport : tcp sport;'),
    map('poke_destination', `typeof tcp dport : ${ip} daddr;`),
    map('poke_port', 'typeof tcp dport : tcp dport;'),
  ];
}

const pokeRules = ({ ip }: Family): string[] => [
  `${ip} saddr set tcp dport map @poke_source`,
  `${ip} daddr set tcp dport map @poke_destination`,
  'tcp sport set tcp dport map @poke_source_port',
  'tcp dport set tcp dport map @poke_port notrack accept',
];

/**
 * Replies of an ended flow are recognised for a while longer and their timeout is not renewed. The mark says so; changing
 * it means recreating the element.
 */
const endReplies = (key: string): string[] => [
  `delete @tcp_replies { ${key} : meta mark }`,
  `meta mark set meta mark or ${hex(clientEnded)}`,
  `add @tcp_replies { ${key} timeout ${nftDuration(lastingMs)} : meta mark }`,
];

/**
 * The first FIN is noted in `tcp_half`; the second one, or RST, moves the flow to `tcp_done`. It is added there before it
 * leaves `tcp_flows`, so that a packet on another processor finds it in one of them.
 */
function endingChains(family: Family) {
  const forward = forwardKey(family);
  const backward = backwardKey(family);
  const lasting = nftDuration(lastingMs);
  const sides = [
    {
      side: 'client',
      key: forward,
      tuple: forwardTuple(family),
      bit: clientEnded,
      other: backendEnded,
      next: 'established_of',
    },
    {
      side: 'backend',
      key: backward,
      tuple: backwardTuple(family),
      bit: backendEnded,
      other: clientEnded,
      next: undefined,
    },
  ];
  return [
    { name: 'to_member', rules: [`meta mark and ${hex(chainBits)} vmap @client_ends_of`] },
    ...sides.flatMap(({ side, key, tuple, bit, other, next }) => [
      {
        name: `${side}_ends`,
        rules: [
          `tcp flags & rst != 0 goto ${side}_over`,
          `meta mark set ${key} map @tcp_half`,
          `meta mark and ${hex(other)} != 0 goto ${side}_over`,
          `meta mark set meta mark or ${hex(bit)}`,
          `add @tcp_half { ${key} timeout ${nftDuration(halfLastsMs)} : meta mark }`,
          ...(next
            ? [`meta mark set meta mark and ${hex(flowBits)}`, `meta mark and ${hex(chainBits)} vmap @${next}`]
            : [leave]),
        ],
      },
      {
        name: `${side}_over`,
        rules: [
          `add @tcp_done { ${key} timeout ${lasting} : meta mark }`,
          `delete @tcp_flows { ${key} : meta mark }`,
          `delete @tcp_half { ${key} : meta mark }`,
          ...(family.hashesKeys ? [`delete @tcp_since { ${tuple} }`] : []),
          next ? 'goto to_member' : leave,
        ],
      },
    ]),
    { name: 'of_done_flow', rules: [leave] },
    { name: 'last_of_client', rules: [...endReplies(backward), leave] },
    { name: 'replies_end', rules: [...endReplies(forward), `meta mark set meta mark and ${hex(flowBits)}`] },
    {
      name: 'of_ended_reply',
      rules: [
        `meta mark set meta mark and ${hex(flowBits)}`,
        `meta mark and ${hex(chainBits)} vmap @last_replies_of`,
        'meta mark set 0',
      ],
    },
  ];
}

/** An IPv6 address as nft writes a number. */
const numberOf = (address: string): string =>
  `0x${Buffer.from(addressWords(address)?.buffer ?? new ArrayBuffer(16)).toString('hex')}`;

/** Where, in an ICMPv6 error, the destination of the packet is that it is about. */
const refusedAddress = '@th,256,128';

/** Addresses of frontends: packets to other addresses can only be replies. */
export function addressesFragment({ ip, table }: Family, addresses: ReadonlySet<string>): Fragment {
  const addressSet = (name: string, type: string, keyOf: (address: string) => string): NamedSet => ({
    kind: 'set',
    name,
    spec: `typeof ${type}; size ${addressLimit};`,
    elements: new Map([...addresses].map((address) => [keyOf(address), ''])),
  });
  return {
    table,
    sets: [
      addressSet('frontend_addresses', `${ip} daddr`, (address) => address),
      ...(ip === 'ip6' ? [addressSet('refused_addresses', refusedAddress, numberOf)] : []),
    ],
    chains: [],
    shared: [],
  };
}

/** Where packets of a member's flows go, by its number, and from where they would come back to itself. */
export function membersFragment({ ip, table }: Family, members: ReadonlyMap<number, string>): Fragment {
  const own = [...members].map(([number, address]) => [hex(number), address] as const);
  const hairpins = own.map(([number, address]) => [`${address} . ${number}`, ''] as const);
  return {
    table,
    sets: [
      { ...map('targets', `typeof meta mark : ${ip} daddr;`), elements: new Map(own) },
      { ...set('hairpins', `typeof ${ip} saddr . meta mark;`), elements: new Map(hairpins) },
    ],
    chains: [],
    shared: [],
  };
}

/** How the kernel answers a datagram that no socket takes; over IPv6 it may answer from another address. */
const portUnreachable = {
  ip: 'icmp type destination-unreachable icmp code 3 ip saddr @frontend_addresses',
  ip6: `icmpv6 type destination-unreachable icmpv6 code 4 ${refusedAddress} @refused_addresses`,
} as const;

interface TableOptions {
  /** Whether some frontend has all ports; without one the lookup is left out. */
  readonly allPorts: boolean;
  /** Whether flows and answers of other nodes may come. */
  readonly hasOthers: boolean;
}

/**
 * Flows that another node began, of which one packet was seen; the idle timeouts that have not passed since the nodes
 * changed; where answers belong.
 */
const nodeSets = (family: Family): NamedSet[] => [
  map('tcp_adopted', `typeof ${keyType(family)} : meta mark; ${dynamic(flowLimit)}`),
  set('adopting', 'typeof meta mark; flags timeout;'),
  map('answers', `typeof ${family.ip} saddr . meta l4proto . th sport : verdict;`),
];

/** An answer whose request another node has carried. Those to this machine are of its own probes. */
const toAnswers = ({ ip }: Family): string =>
  `fib daddr type != local ${ip} saddr . meta l4proto . th sport vmap @answers`;

export function tableFragment(family: Family, { allPorts, hasOthers }: TableOptions): Fragment {
  const { ip, table, pokeAddress } = family;
  const key = forwardKey(family);
  const backward = backwardKey(family);
  const entries = [
    `${ip} daddr . meta l4proto . th dport vmap @frontends`,
    ...(allPorts ? [`${ip} daddr . meta l4proto vmap @all_ports`] : []),
  ];
  return {
    table,
    sets: [
      map('frontends', `typeof ${ip} daddr . meta l4proto . th dport : verdict;`),
      map('all_ports', `typeof ${ip} daddr . meta l4proto : verdict;`),
      set('frontend_ports', `typeof ${ip} saddr . tcp sport;`),
      map('established_of', 'typeof meta mark : verdict;'),
      map('client_ends_of', 'typeof meta mark : verdict;'),
      map('last_replies_of', 'typeof meta mark : verdict;'),
      ...flowSets(family),
      map('tcp_half', `typeof ${keyType(family)} : meta mark; ${dynamic(flowLimit)}`),
      map('tcp_done', `typeof ${keyType(family)} : meta mark; ${dynamic(flowLimit)}`),
      set('tcp_ended', `typeof ${forwardTuple(family)}; ${dynamic(flowLimit)}`),
      map('replies_of', 'typeof meta mark : verdict;'),
      ...countingSets.map((name) => set(name, `typeof meta mark; counter; size ${countLimit}; flags dynamic;`)),
      ...pokeSets(family),
      ...(hasOthers ? nodeSets(family) : []),
    ],
    chains: [
      ...(hasOthers ? [{ name: 'no_answer', rules: ['meta mark set 0'] }] : []),
      { name: 'poke_ends', rules: pokeRules(family) },
      ...endingChains(family),
      {
        name: 'known_tcp',
        rules: ['tcp flags & (fin|rst) != 0 goto client_ends', 'goto established'],
      },
      {
        name: 'established',
        rules: [`meta mark and ${hex(chainBits)} vmap @established_of`, 'meta mark set 0 drop'],
      },
      {
        name: 'of_reply',
        rules: [
          `meta mark and ${hex(clientEnded)} != 0 goto of_ended_reply`,
          'update @replied { meta mark }',
          `meta mark and ${hex(chainBits)} vmap @replies_of`,
          'meta mark set 0',
        ],
      },
      // A client that contacts a member directly is answered directly, even if its port was load balanced before.
      {
        name: 'of_tcp',
        rules: [
          `meta mark set ${key} map @tcp_replies goto of_reply`,
          `tcp flags & (fin|syn|rst|ack) == syn delete @tcp_replies { ${backward} : meta mark }`,
          ...(hasOthers ? [`tcp flags & (syn|ack) != syn ${toAnswers(family)}`] : []),
          // A frontend's port without a rule is silent: the kernel's answer to a SYN is not sent.
          `tcp flags & (fin|syn|rst|ack) == rst|ack tcp sequence 0 ${ip} saddr @frontend_addresses ${ip} saddr . tcp sport != @frontend_ports drop`,
        ],
      },
      {
        name: 'of_udp',
        rules: [
          `meta mark set ${key} map @udp_replies goto of_reply`,
          `delete @udp_replies { ${backward} : meta mark }`,
          ...(hasOthers ? [toAnswers(family)] : []),
        ],
      },
      { name: 'frontend_entry', rules: entries },
      // The lookup for established connections comes first.
      {
        name: 'tcp_to_frontend',
        rules: [
          `tcp flags & (fin|syn|rst) == 0 meta mark set ${key} map @tcp_flows goto established`,
          'jump frontend_entry',
          'goto of_tcp',
        ],
      },
      {
        name: 'udp_to_frontend',
        rules: ['jump frontend_entry', 'goto of_udp'],
      },
      {
        name: 'to_frontend',
        rules: ['meta l4proto tcp goto tcp_to_frontend', 'meta l4proto udp goto udp_to_frontend'],
      },
      {
        name: 'translate',
        rules: [
          `${ip} daddr @frontend_addresses goto to_frontend`,
          'meta l4proto tcp goto of_tcp',
          'meta l4proto udp goto of_udp',
          `${portUnreachable[ip]} drop`,
        ],
      },
      {
        name: 'swallowed',
        rules: [
          `meta oif != 0 ${ip} daddr set ${ip === 'ip' ? pokeAddress : '::1'} meta mark set ${swallowedMark} notrack accept`,
          'meta mark set 0 drop',
        ],
      },
      {
        name: 'sent_here',
        hook: `type route hook output priority ${priority};`,
        rules: [`${ip} daddr ${pokeAddress} tcp flags syn goto poke_ends`, 'goto translate'],
      },
      {
        name: 'passing_through',
        hook: `type filter hook prerouting priority ${priority};`,
        // Packets sent from here have passed the output hook already.
        rules: ['iif != lo goto translate', `meta mark ${swallowedMark} drop`],
      },
    ],
    shared: [],
  };
}
