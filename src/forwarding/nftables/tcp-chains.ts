/** The chains of one TCP frontend. */
import { backwardKey, duration, forwardKey } from './family.js';
import type { Chain } from './fragment.js';
import {
  backToMember,
  begin,
  type ChainSet,
  type Choice,
  choosingChains,
  countLate,
  finish,
  fromFrontend,
  repliesLastMs,
  toMember,
} from './frontend.js';
import { bothEnded, hex, markOf } from './marks.js';
import { countsLastMs } from './table.js';

const isSyn = 'tcp flags & (fin|syn|rst|ack) == syn';

/** Where packets to the frontend arrive, and how new connections choose; replaced with the rule. */
export function tcpFrontDoor(set: ChainSet, choice: Choice): Chain[] {
  const { number, family } = set;
  return [
    {
      name: `front_${number}`,
      rules: [
        `${isSyn} goto new_${number}`,
        `meta mark set ${forwardKey(family, 'tcp')} map @tcp_flows goto known_tcp`,
        `goto late_${number}`,
      ],
    },
    ...choosingChains(set, choice),
    assign(set),
    lateChain(set),
  ];
}

/** What is left of a frontend that was removed: new connections are none of our business, those that were ended stay so. */
export const tcpClosedDoor = (set: ChainSet): Chain[] => [
  {
    name: `front_${set.number}`,
    rules: [
      `${isSyn} return`,
      `meta mark set ${forwardKey(set.family, 'tcp')} map @tcp_flows goto known_tcp`,
      `goto late_${set.number}`,
    ],
  },
  lateChain(set),
];

function assign(set: ChainSet): Chain {
  const { number, family, idleMs } = set;
  const backward = backwardKey(family, 'tcp');
  return {
    name: `assign_${number}`,
    rules: [
      `meta mark set meta mark or ${hex(markOf(number))}`,
      'update @arrivals { meta mark }',
      'update @traffic_in { meta mark }',
      ...begin(set),
      `delete @tcp_ended { ${forwardKey(family, 'tcp')} }`,
      `add @tcp_in { ${forwardKey(family, 'tcp')} timeout ${duration(countsLastMs)} }`,
      ...toMember(set),
      `delete @tcp_replies { ${backward} : meta mark }`,
      `add @tcp_replies { ${backward} timeout ${duration(idleMs + repliesLastMs)} : meta mark }`,
      finish,
    ],
  };
}

/** Packets of a connection that is over: Azure answers with RST when TCP reset is enabled, and else not at all. */
function lateChain({ number, family, frontend }: ChainSet): Chain {
  return {
    name: `late_${number}`,
    rules: [
      ...countLate(number),
      `${forwardKey(family, 'tcp')} @tcp_ended reject with tcp reset`,
      frontend.rule.tcpReset ? 'reject with tcp reset' : 'drop',
    ],
  };
}

/** Chains of established connections; they stay while there may be any. */
export function tcpConnectionChains(set: ChainSet): Chain[] {
  const { number, family, idleMs, frontend } = set;
  const forward = forwardKey(family, 'tcp');
  const backward = backwardKey(family, 'tcp');
  const reject = `goto reject_${number}`;
  return [
    {
      name: `forward_${number}`,
      rules: [
        `update @tcp_flows { ${forward} timeout ${duration(idleMs)} : meta mark }`,
        `add @tcp_in { ${forward} timeout ${duration(countsLastMs)} }`,
        'update @traffic_in { meta mark }',
        ...toMember(set),
        finish,
      ],
    },
    {
      name: `ending_${number}`,
      rules: [
        ...toMember(set),
        `meta mark and ${hex(bothEnded)} == ${hex(bothEnded)} goto last_of_client`,
        'meta mark set meta mark and 0x3fffffff',
        'update @traffic_in { meta mark }',
        finish,
      ],
    },
    {
      name: `reply_${number}`,
      rules: [
        `update @tcp_replies { ${forward} timeout ${duration(idleMs + repliesLastMs)} : meta mark }`,
        ...fromFrontend(set),
        `meta mark set ${backward} map @tcp_flows goto deliver_${number}`,
        `${backward} @tcp_ended ${reject}`,
        frontend.rule.tcpReset ? reject : 'meta mark set 0 drop',
      ],
    },
    {
      name: `deliver_${number}`,
      rules: [
        `meta mark and ${hex(bothEnded)} != 0 goto backend_ends`,
        'tcp flags & (fin|rst) != 0 goto backend_ends',
        `update @tcp_flows { ${backward} timeout ${duration(idleMs)} : meta mark }`,
        `add @tcp_out { ${backward} timeout ${duration(countsLastMs)} }`,
        'update @traffic_out { meta mark }',
        finish,
      ],
    },
    { name: `reject_${number}`, rules: [...backToMember(set), 'meta mark set 0 reject with tcp reset'] },
  ];
}
