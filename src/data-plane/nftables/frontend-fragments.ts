/** The fragments of one frontend (entry chains, which follow the rule, and the chains of its flows) and of one pool. */
import type { SlotTable } from '../selection/slot-table.js';
import type { Family } from './family.js';
import { type Elements, type Fragment, noElements, type SharedElement } from './fragment.js';
import type { ChainSet, SlotChoice } from './frontend.js';
import { hex, markOf } from './marks.js';
import { tcpClosedEntryChains, tcpConnectionChains, tcpEntryChains } from './tcp-chains.js';
import { udpEntryChains, udpFlowChains } from './udp-chains.js';

function entryElement(
  { number, frontend: { address, port, transport } }: ChainSet,
  verdict: 'goto' | 'jump' = 'goto',
): SharedElement {
  const value = `${verdict} ${transport === 'tcp' ? 'front' : 'new'}_${number}`;
  return port === 0
    ? { map: 'all_ports', key: `${address} . ${transport}`, value }
    : { map: 'frontends', key: `${address} . ${transport} . ${port}`, value };
}

/** The port of a TCP rule: the kernel may answer from there. */
const portElement = ({ frontend: { address, port, transport } }: ChainSet): SharedElement[] =>
  transport === 'tcp' && port !== 0 ? [{ map: 'frontend_ports', key: `${address} . ${port}`, value: '' }] : [];

/** The entry chains for new flows. */
export const entryFragment = (set: ChainSet, choice: SlotChoice): Fragment => ({
  table: set.family.table,
  sets: [],
  chains: set.frontend.transport === 'tcp' ? tcpEntryChains(set, choice) : udpEntryChains(set, choice),
  shared: [entryElement(set), ...portElement(set)],
});

/**
 * For a while after its frontend was removed, late packets of its connections are still recognised. New ones come back
 * from there, for HA ports at the same address.
 */
export const closedEntryFragment = (set: ChainSet): Fragment => ({
  table: set.family.table,
  sets: [],
  chains: tcpClosedEntryChains(set),
  shared: [entryElement(set, 'jump')],
});

/** How packets of flows go on, in both directions. */
export function connectionsFragment(set: ChainSet, ports: Elements): Fragment {
  const { number, family, frontend } = set;
  const mark = hex(markOf(number));
  const shared: SharedElement[] = [{ map: 'replies_of', key: mark, value: `goto reply_${number}` }];
  if (frontend.transport === 'tcp') {
    shared.push({ map: 'established_of', key: mark, value: `goto forward_${number}` });
    shared.push({ map: 'client_ends_of', key: mark, value: `goto ending_${number}` });
    shared.push({ map: 'last_replies_of', key: mark, value: `goto last_reply_${number}` });
  }
  return {
    table: family.table,
    sets:
      set.port === undefined
        ? [
            {
              kind: 'map',
              name: `ports_${number}`,
              spec: `typeof meta mark : ${frontend.transport} dport;`,
              elements: ports,
            },
          ]
        : [],
    chains: frontend.transport === 'tcp' ? tcpConnectionChains(set) : udpFlowChains(set),
    shared,
  };
}

/** A pool at one moment. `members` are the numbers of the eligible ones, in the order of the table. */
interface PoolState {
  readonly number: number;
  readonly family: Family;
  readonly table: SlotTable;
  readonly members: readonly number[];
}

/** The members of a pool that clients with connection tracking may stay with. */
export const trackedFragment = ({ number, family, members }: Omit<PoolState, 'table'>): Fragment => ({
  table: family.table,
  sets: [
    {
      kind: 'set',
      name: `tracked_${number}`,
      spec: 'typeof meta mark;',
      elements: new Map(members.map((member) => [hex(member), ''])),
    },
  ],
  chains: [],
  shared: [],
});

/** `typeof numgen`: the way to declare a plain number in nft; it cannot print `typeof jhash`. */
export function poolFragment({ number, family, table, members }: PoolState): Fragment {
  const marks = members.map(hex);
  const slots: string[] = [];
  if (marks.length > 0) for (const member of table) slots.push(marks[member] as string);
  return {
    table: family.table,
    sets: [
      {
        kind: 'map',
        name: `slots_${number}`,
        spec: 'typeof numgen inc mod 65536 : meta mark;',
        elements: noElements,
        slots,
      },
    ],
    chains: [],
    shared: [],
  };
}
