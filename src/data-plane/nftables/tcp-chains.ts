/** The chains of one TCP frontend. */
import { backwardKey, backwardTuple, type Family, forwardKey, forwardTuple, nftDuration } from './family.js';
import type { Chain } from './fragment.js';
import {
  backToMember,
  begin,
  type ChainSet,
  choosingChains,
  countLate,
  finish,
  fromFrontend,
  hairpinChains,
  refuseHairpin,
  repliesLastMs,
  type SlotChoice,
  toMember,
} from './frontend.js';
import { flowBits, hex, markOf } from './marks.js';
import { sinceLastsMs } from './table.js';

const isSyn = 'tcp flags & (fin|syn|rst|ack) == syn';

/** Finds the flow of a packet towards a frontend, in any state. */
const findFlow = (family: Family): string[] => {
  const key = forwardKey(family);
  return [`meta mark set ${key} map @tcp_flows goto known_tcp`, `meta mark set ${key} map @tcp_done goto to_member`];
};

/** Entry of packets to the frontend and selection for new connections; replaced with the rule. */
export function tcpEntryChains(set: ChainSet, choice: SlotChoice): Chain[] {
  const { number, family } = set;
  return [
    {
      name: `front_${number}`,
      rules: [`${isSyn} goto new_${number}`, ...findFlow(family), `goto late_${number}`],
    },
    ...choosingChains(set, choice),
    ...hairpinChains(set),
    assign(set),
    lateChain(set),
  ];
}

/** Entry of a removed frontend: new connections are not handled, ended ones stay ended. */
export const tcpClosedEntryChains = (set: ChainSet): Chain[] => [
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
      ...refuseHairpin(set),
      `meta mark set meta mark or ${hex(markOf(number))}`,
      'update @arrivals { meta mark }',
      ...begin(set),
      `delete @tcp_half { ${forward} : meta mark }`,
      `delete @tcp_done { ${forward} : meta mark }`,
      `delete @tcp_ended { ${forwardTuple(family)} }`,
      ...(family.hashesKeys ? [`add @tcp_since { ${forwardTuple(family)} timeout ${nftDuration(sinceLastsMs)} }`] : []),
      ...toMember(set),
      `delete @tcp_replies { ${backward} : meta mark }`,
      `add @tcp_replies { ${backward} timeout ${nftDuration(idleMs + repliesLastMs)} : meta mark }`,
      finish,
    ],
  };
}

/** Packets of a connection that is over: Azure answers with RST when TCP reset is enabled, and else drops them. */
function lateChain({ number, family, frontend }: ChainSet): Chain {
  return {
    name: `late_${number}`,
    rules: [
      ...countLate(number),
      `${forwardTuple(family)} @tcp_ended reject with tcp reset`,
      frontend.rule.tcpReset ? 'reject with tcp reset' : 'drop',
    ],
  };
}

/** Chains of established connections; kept while there may be any. */
export function tcpConnectionChains(set: ChainSet): Chain[] {
  const { number, family, idleMs, frontend } = set;
  const forward = forwardKey(family);
  const backward = backwardKey(family);
  const reject = `goto reject_${number}`;
  /** A reply whose flow is over. */
  const late = [
    `meta mark set ${backward} map @tcp_done goto of_done_flow`,
    `${backwardTuple(family)} @tcp_ended ${reject}`,
    frontend.rule.tcpReset ? reject : 'meta mark set 0 drop',
  ];
  return [
    {
      name: `forward_${number}`,
      rules: [`update @tcp_flows { ${forward} timeout ${nftDuration(idleMs)} : meta mark }`, ...toMember(set), finish],
    },
    {
      name: `ending_${number}`,
      // Clears which sides have ended: that does not decide where the packet goes.
      rules: [`meta mark set meta mark and ${hex(flowBits)}`, ...toMember(set), 'goto last_of_client'],
    },
    {
      name: `reply_${number}`,
      rules: [
        `tcp flags & (fin|rst) != 0 goto reply_ends_${number}`,
        `update @tcp_replies { ${forward} timeout ${nftDuration(idleMs + repliesLastMs)} : meta mark }`,
        ...fromFrontend(set),
        `meta mark set ${backward} map @tcp_flows goto deliver_${number}`,
        ...late,
      ],
    },
    {
      name: `deliver_${number}`,
      rules: [`update @tcp_flows { ${backward} timeout ${nftDuration(idleMs)} : meta mark }`, finish],
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
