/** What belongs to one frontend, as fragments: its door, which follows the rule, and the chains of its flows. */
import type { Elements, Fragment, SharedElement } from './fragment.js';
import type { ChainSet, Choice } from './frontend.js';
import { hex, markOf } from './marks.js';
import { tcpClosedDoor, tcpConnectionChains, tcpFrontDoor } from './tcp-chains.js';
import { udpFlowChains, udpFrontDoor } from './udp-chains.js';

function doorElement({ number, frontend: { address, port, transport } }: ChainSet): SharedElement {
  const value = `goto ${transport === 'tcp' ? 'front' : 'new'}_${number}`;
  return port === 0
    ? { map: 'all_ports', key: `${address} . ${transport}`, value }
    : { map: 'frontends', key: `${address} . ${transport} . ${port}`, value };
}

/** How new flows come in. */
export const frontDoorFragment = (set: ChainSet, choice: Choice): Fragment => ({
  table: set.family.table,
  sets: [],
  chains: set.frontend.transport === 'tcp' ? tcpFrontDoor(set, choice) : udpFrontDoor(set, choice),
  shared: [doorElement(set)],
});

/** For a while after its frontend was removed, late packets of its connections are still known for what they are. */
export const closedDoorFragment = (set: ChainSet): Fragment => ({
  table: set.family.table,
  sets: [],
  chains: tcpClosedDoor(set),
  shared: [doorElement(set)],
});

/** Members that datagrams of known flows still go to. */
export const datagramsFragment = ({ number, family }: ChainSet, members: readonly number[]): Fragment => ({
  table: family.table,
  sets: [],
  chains: [],
  shared: members.map((member) => ({
    map: 'datagrams_of',
    key: hex(markOf(number, member)),
    value: `goto forward_${number}`,
  })),
});

/** How packets of flows go on, in both directions. `members`: addresses by number, of all that ever belonged. */
export function connectionsFragment(
  set: ChainSet,
  { ports, members }: { ports: Elements; members: ReadonlyMap<number, string> },
): Fragment {
  const { number, family, frontend } = set;
  const mark = hex(markOf(number));
  const shared: SharedElement[] = [];
  for (const [member, address] of members) {
    const key = hex(markOf(number, member));
    shared.push({ map: 'targets', key, value: address });
    shared.push({ map: 'replies_of', key, value: `goto reply_${number}` });
  }
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
