/** The chains of one UDP frontend. A flow keeps its member until that member may have no new flows. */
import { backwardKey, duration, forwardKey } from './family.js';
import type { Chain } from './fragment.js';
import {
  begin,
  type ChainSet,
  type Choice,
  choosingChains,
  finish,
  fromFrontend,
  repliesLastMs,
  toMember,
} from './frontend.js';
import { chainBits, hex, markOf, memberBits } from './marks.js';
import { sinceLastsMs } from './table.js';

/** Where datagrams to the frontend arrive, and how new flows choose; replaced with the rule. */
export function udpFrontDoor(set: ChainSet, choice: Choice): Chain[] {
  const { number, family, idleMs } = set;
  const backward = backwardKey(family, 'udp');
  return [
    {
      name: `front_${number}`,
      rules: [`meta mark set ${forwardKey(family, 'udp')} map @udp_flows goto known_${number}`, `goto new_${number}`],
    },
    {
      name: `known_${number}`,
      rules: [
        `meta mark and ${hex(chainBits)} != ${hex(markOf(number))} goto new_${number}`,
        `meta mark and ${hex(memberBits)} @eligible_${choice.pool} goto forward_${number}`,
        `goto new_${number}`,
      ],
    },
    ...choosingChains(set, choice),
    {
      name: `assign_${number}`,
      rules: [
        `meta mark set meta mark or ${hex(markOf(number))}`,
        'update @arrivals { meta mark }',
        ...begin(set),
        `delete @udp_since { ${forwardKey(family, 'udp')} }`,
        `add @udp_since { ${forwardKey(family, 'udp')} timeout ${duration(sinceLastsMs)} }`,
        ...toMember(set),
        `delete @udp_replies { ${backward} : meta mark }`,
        `add @udp_replies { ${backward} timeout ${duration(idleMs + repliesLastMs)} : meta mark }`,
        finish,
      ],
    },
  ];
}

/** Chains of flows that have a member. */
export function udpFlowChains(set: ChainSet): Chain[] {
  const { number, family, idleMs } = set;
  const forward = forwardKey(family, 'udp');
  const backward = backwardKey(family, 'udp');
  const repliesMs = duration(idleMs + repliesLastMs);
  return [
    {
      name: `forward_${number}`,
      rules: [
        `update @udp_flows { ${forward} timeout ${duration(idleMs)} : meta mark }`,
        ...toMember(set),
        `${backward} != @udp_replies add @udp_replies { ${backward} timeout ${repliesMs} : meta mark }`,
        finish,
      ],
    },
    {
      name: `reply_${number}`,
      rules: [
        'meta mark @answered',
        `update @udp_replies { ${forward} timeout ${repliesMs} : meta mark }`,
        ...fromFrontend(set),
        `meta mark set ${backward} map @udp_flows goto deliver_${number}`,
        'meta mark set 0 drop',
      ],
    },
    {
      name: `deliver_${number}`,
      rules: [`update @udp_flows { ${backward} timeout ${duration(idleMs)} : meta mark }`, finish],
    },
  ];
}
