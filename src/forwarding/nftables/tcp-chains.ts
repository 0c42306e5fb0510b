/** The chains of one TCP frontend. */
import { backwardKey, duration, type Family, forwardKey } from './family.js';
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
import { flowBits, hex, markOf } from './marks.js';

const isSyn = 'tcp flags & (fin|syn|rst|ack) == syn';

/** A packet towards a frontend goes on with its flow, in whichever state that is. */
const findFlow = (family: Family): string[] => {
  const key = forwardKey(family);
  return [`meta mark set ${key} map @tcp_flows goto known_tcp`, `meta mark set ${key} map @tcp_done goto to_member`];
};

/** Where packets to the frontend arrive, and how new connections choose; replaced with the rule. */
export function tcpFrontDoor(set: ChainSet, choice: Choice): Chain[] {
  const { number, family } = set;
  return [
    {
      name: `front_${number}`,
      rules: [`${isSyn} goto new_${number}`, ...findFlow(family), `goto late_${number}`],
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
    rules: [`${isSyn} return`, ...findFlow(set.family), `goto late_${set.number}`],
  },
  lateChain(set),
];

function assign(set: ChainSet): Chain {
  const { number, family, idleMs } = set;
  const forward = forwardKey(family);
  const backward = backwardKey(family);
  return {
    name: `assign_${number}`,
    rules: [
      `meta mark set meta mark or ${hex(markOf(number))}`,
      'update @arrivals { meta mark }',
      ...begin(set),
      `delete @tcp_half { ${forward} : meta mark }`,
      `delete @tcp_done { ${forward} : meta mark }`,
      `delete @tcp_ended { ${forward} }`,
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
      `${forwardKey(family)} @tcp_ended reject with tcp reset`,
      frontend.rule.tcpReset ? 'reject with tcp reset' : 'drop',
    ],
  };
}

/** Chains of established connections; they stay while there may be any. */
export function tcpConnectionChains(set: ChainSet): Chain[] {
  const { number, family, idleMs, frontend } = set;
  const forward = forwardKey(family);
  const backward = backwardKey(family);
  const reject = `goto reject_${number}`;
  /** A reply whose flow is over. */
  const late = [
    `meta mark set ${backward} map @tcp_done goto of_done_flow`,
    `${backward} @tcp_ended ${reject}`,
    frontend.rule.tcpReset ? reject : 'meta mark set 0 drop',
  ];
  return [
    {
      name: `forward_${number}`,
      rules: [`update @tcp_flows { ${forward} timeout ${duration(idleMs)} : meta mark }`, ...toMember(set), finish],
    },
    {
      name: `ending_${number}`,
      // Which sides have ended is of no concern to where the packet goes.
      rules: [`meta mark set meta mark and ${hex(flowBits)}`, ...toMember(set), 'goto last_of_client'],
    },
    {
      name: `reply_${number}`,
      rules: [
        `tcp flags & (fin|rst) != 0 goto reply_ends_${number}`,
        `update @tcp_replies { ${forward} timeout ${duration(idleMs + repliesLastMs)} : meta mark }`,
        ...fromFrontend(set),
        `meta mark set ${backward} map @tcp_flows goto deliver_${number}`,
        ...late,
      ],
    },
    {
      name: `deliver_${number}`,
      rules: [`update @tcp_flows { ${backward} timeout ${duration(idleMs)} : meta mark }`, finish],
    },
    {
      name: `reply_ends_${number}`,
      rules: [
        'tcp flags & rst != 0 jump replies_end',
        ...fromFrontend(set),
        `meta mark set ${backward} map @tcp_flows goto backend_ends`,
        ...late,
      ],
    },
    { name: `last_reply_${number}`, rules: [...fromFrontend(set), finish] },
    { name: `reject_${number}`, rules: [...backToMember(set), 'meta mark set 0 reject with tcp reset'] },
  ];
}
