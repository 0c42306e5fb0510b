/** The chains of one UDP frontend. */
import { backwardKey, forwardKey, nftDuration } from './family.js';
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
import { hex, markOf } from './marks.js';
import { sinceLastsMs } from './table.js';

/** Selection for new flows; replaced with the rule. */
export function udpEntryChains(set: ChainSet, choice: Choice): Chain[] {
  const { number, family, idleMs } = set;
  const forward = forwardKey(family);
  const backward = backwardKey(family);
  return [
    ...choosingChains(set, choice),
    {
      name: `assign_${number}`,
      rules: [
        `meta mark set meta mark or ${hex(markOf(number))}`,
        'update @arrivals { meta mark }',
        ...begin(set),
        `delete @udp_since { ${forward} }`,
        `add @udp_since { ${forward} timeout ${nftDuration(sinceLastsMs)} }`,
        ...toMember(set),
        `delete @udp_replies { ${backward} : meta mark }`,
        `add @udp_replies { ${backward} timeout ${nftDuration(idleMs + repliesLastMs)} : meta mark }`,
        finish,
      ],
    },
  ];
}

/** Chains of flows that have a member. */
export function udpFlowChains(set: ChainSet): Chain[] {
  const { number, family, idleMs } = set;
  const forward = forwardKey(family);
  const backward = backwardKey(family);
  const repliesMs = nftDuration(idleMs + repliesLastMs);
  return [
    {
      name: `forward_${number}`,
      rules: [
        `update @udp_flows { ${forward} timeout ${nftDuration(idleMs)} : meta mark }`,
        ...toMember(set),
        `${backward} != @udp_replies add @udp_replies { ${backward} timeout ${repliesMs} : meta mark }`,
        finish,
      ],
    },
    {
      name: `reply_${number}`,
      rules: [
        `update @udp_replies { ${forward} timeout ${repliesMs} : meta mark }`,
        ...fromFrontend(set),
        `meta mark set ${backward} map @udp_flows goto deliver_${number}`,
        'meta mark set 0 drop',
      ],
    },
    {
      name: `deliver_${number}`,
      rules: [`update @udp_flows { ${backward} timeout ${nftDuration(idleMs)} : meta mark }`, finish],
    },
  ];
}
