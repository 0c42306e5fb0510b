/**
 * The part of the ruleset that is always there: the hooks, the flow tables, and what happens to packets of known flows.
 *
 * Packets are translated before connection tracking and not tracked at all: the flow tables are maps of ours that
 * packets fill. So a flow keeps its member whatever changes, its idle time can be read and moved with Azure's clock, it
 * can be ended, and other tables' connection tracking is left alone.
 */
import { backwardKey, duration, type Family, forwardKey } from './family.js';
import type { Fragment, NamedSet } from './fragment.js';
import { noElements } from './fragment.js';
import { backendEnded, bothEnded, chainBits, clientEnded, hex } from './marks.js';

/** Before connection tracking, and before everybody else's rules at the same place. */
const priority = -310;
const flowLimit = 1_048_576;
const memberLimit = 262_144;
/** A flow whose both sides have ended: late acknowledgements still find their way. Real time. */
const lastingMs = 10_000;
/** A flow with one side ended, when nobody speaks. Azure time. */
const halfOpenMs = 240_000;
/** How long what a flow counted stays readable; real time, and longer than any flow of a test. */
export const countsLastMs = 86_400_000;

/** Connections to this address and a port are rewritten by the `poke` maps; nothing else should live there. */
export const pokeAddress = '127.254.254.254';

const set = (name: string, spec: string): NamedSet => ({ kind: 'set', name, spec, elements: noElements });
const map = (name: string, spec: string): NamedSet => ({ kind: 'map', name, spec, elements: noElements });

/** Leaves our chains: untracked, and without our mark. */
export const leave = 'meta mark set 0 notrack accept';

const dynamic = (size: number): string => `size ${size}; flags dynamic,timeout;`;

function flowSets(family: Family, transport: 'tcp' | 'udp'): NamedSet[] {
  const key = `typeof ${forwardKey(family, transport)}`;
  return [
    map(`${transport}_flows`, `${key} : meta mark; ${dynamic(flowLimit)}`),
    map(`${transport}_replies`, `${key} : meta mark; ${dynamic(flowLimit)}`),
    set(`${transport}_in`, `${key}; ${dynamic(flowLimit)} counter;`),
    set(`${transport}_out`, `${key}; ${dynamic(flowLimit)} counter;`),
  ];
}

const counted = (name: string): NamedSet => set(name, `typeof meta mark; size ${memberLimit}; flags dynamic; counter;`);

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

/** FIN and RST of either side move a flow from state to state; what remains of it is short-lived. */
function endingChains(family: Family, scale: number) {
  const forward = forwardKey(family, 'tcp');
  const backward = backwardKey(family, 'tcp');
  const both = hex(bothEnded);
  const enter = (key: string): string[] => [
    `tcp flags & rst != 0 meta mark set meta mark or ${both}`,
    `delete @tcp_flows { ${key} : meta mark }`,
    `meta mark and ${both} != ${both} add @tcp_flows { ${key} timeout ${duration(halfOpenMs / scale)} : meta mark }`,
    `meta mark and ${both} == ${both} add @tcp_flows { ${key} timeout ${duration(lastingMs)} : meta mark }`,
    `meta mark and ${both} == ${both} delete @tcp_in { ${key} }`,
    `meta mark and ${both} == ${both} delete @tcp_out { ${key} }`,
  ];
  return [
    {
      name: 'client_ends',
      rules: [
        `add @tcp_in { ${forward} timeout ${duration(countsLastMs)} }`,
        `tcp flags & fin != 0 meta mark set meta mark or ${hex(clientEnded)}`,
        ...enter(forward),
        `meta mark and ${hex(chainBits)} vmap @client_ends_of`,
      ],
    },
    {
      name: 'last_of_client',
      rules: [
        'meta mark set meta mark and 0x3fffffff',
        'update @traffic_in { meta mark }',
        `update @tcp_replies { ${backward} timeout ${duration(lastingMs)} : meta mark }`,
        leave,
      ],
    },
    {
      name: 'backend_ends',
      rules: [
        `add @tcp_out { ${backward} timeout ${duration(countsLastMs)} }`,
        `tcp flags & fin != 0 meta mark set meta mark or ${hex(backendEnded)}`,
        ...enter(backward),
        'meta mark set meta mark and 0x3fffffff',
        'update @traffic_out { meta mark }',
        leave,
      ],
    },
  ];
}

/** `scale`: Azure milliseconds in a real one. */
export function tableFragment(family: Family, scale: number): Fragment {
  const { ip, table } = family;
  const key = forwardKey(family, 'tcp');
  const sides = hex(bothEnded);
  return {
    table,
    sets: [
      map('frontends', `typeof ${ip} daddr . meta l4proto . th dport : verdict;`),
      map('all_ports', `typeof ${ip} daddr . meta l4proto : verdict;`),
      map('members', `typeof meta mark : ${ip} daddr;`),
      map('established_of', 'typeof meta mark : verdict;'),
      map('client_ends_of', 'typeof meta mark : verdict;'),
      map('replies_of', 'typeof meta mark : verdict;'),
      ...flowSets(family, 'tcp'),
      ...flowSets(family, 'udp'),
      set('tcp_ended', `typeof ${key}; ${dynamic(flowLimit)}`),
      counted('arrivals'),
      counted('traffic_in'),
      counted('traffic_out'),
      ...pokeSets(family),
    ],
    chains: [
      { name: 'poke_ends', rules: pokeRules(family) },
      ...endingChains(family, scale),
      {
        name: 'known_tcp',
        rules: [
          `meta mark and ${sides} != 0 goto client_ends`,
          'tcp flags & (fin|rst) != 0 goto client_ends',
          `meta mark and ${hex(chainBits)} vmap @established_of`,
          'meta mark set 0 drop',
        ],
      },
      { name: 'of_reply', rules: [`meta mark and ${hex(chainBits)} vmap @replies_of`, 'meta mark set 0'] },
      { name: 'of_tcp', rules: [`meta mark set ${key} map @tcp_replies goto of_reply`] },
      { name: 'of_udp', rules: [`meta mark set ${forwardKey(family, 'udp')} map @udp_replies goto of_reply`] },
      {
        name: 'translate',
        rules: [
          `${ip} daddr . meta l4proto . th dport vmap @frontends`,
          `${ip} daddr . meta l4proto vmap @all_ports`,
          'meta l4proto vmap { tcp : goto of_tcp, udp : goto of_udp }',
        ],
      },
      {
        name: 'sent_here',
        hook: `type route hook output priority ${priority};`,
        rules: [...(ip === 'ip' ? [`ip daddr ${pokeAddress} tcp flags syn goto poke_ends`] : []), 'jump translate'],
      },
      {
        name: 'passing_through',
        hook: `type filter hook prerouting priority ${priority};`,
        // What was sent here has been through already.
        rules: ['iif lo accept', 'jump translate'],
      },
    ],
    shared: [],
  };
}
