/** The chains of one TCP frontend. */
import { backwardKey, backwardTuple, type Family, forwardKey, forwardTuple, nftDuration } from './family.js';
import type { Chain } from './fragment.js';
import {
  backToFrontend,
  backToMember,
  begin,
  type ChainSet,
  choosingChains,
  count,
  countLate,
  finish,
  fromFrontend,
  hairpinChains,
  hashOf,
  refuseHairpin,
  repliesLastMs,
  rewriteToMember,
  type SlotChoice,
  toMember,
} from './frontend.js';
import { clientEnded, flowBits, hex, markOf, memberBits } from './marks.js';
import { halfLastsMs, sinceLastsMs } from './table.js';

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
    ...(set.node.adopt === 'never' ? [overChain(set, 'late')] : adoptingChains(set, choice)),
  ];
}

/** Entry of a removed frontend: new connections are not handled, ended ones stay ended. */
export const tcpClosedEntryChains = (set: ChainSet): Chain[] => [
  {
    name: `front_${set.number}`,
    rules: [`${isSyn} return`, ...findFlow(set.family), `goto late_${set.number}`],
  },
  overChain(set, 'late'),
];

function assign(set: ChainSet): Chain {
  const { number, family, node } = set;
  const forward = forwardKey(family);
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
      ...(node.adopt === 'never' ? [] : [`delete @tcp_adopted { ${forward} : meta mark }`]),
      ...remember(set),
    ],
  };
}

/** The end of a flow's first packet: it is sent to the member, and its replies will be recognised. */
const remember = (set: ChainSet): string[] => {
  const { family, idleMs } = set;
  const backward = backwardKey(family);
  return [
    ...(family.hashesKeys ? [`add @tcp_since { ${forwardTuple(family)} timeout ${nftDuration(sinceLastsMs)} }`] : []),
    ...toMember(set),
    `delete @tcp_replies { ${backward} : meta mark }`,
    `add @tcp_replies { ${backward} timeout ${nftDuration(idleMs + repliesLastMs)} : meta mark }`,
    finish,
  ];
};

/** So long a flow is remembered of which one packet was seen; real time. */
const adoptedMs = 10_000;

/**
 * Packets in the middle of a flow that is not known here: another node may have carried it. The hash chooses the member
 * that it chose there. The member's answer makes it a flow like others; so does a second packet of the client where the
 * answer may come by another node.
 *
 * Whether a flow is over that this node has carried is known from its replies, which are recognised for longer.
 */
function adoptingChains(set: ChainSet, choice: SlotChoice): Chain[] {
  const { number, family, node, idleMs } = set;
  const { adopt, symmetric } = node;
  const forward = forwardKey(family);
  const backward = backwardKey(family);
  const whenOpen = [`meta mark set ${adoptionKey(idleMs)}`, `meta mark != @adopting goto unknown_${number}`];
  return [
    {
      name: `late_${number}`,
      rules: [
        `${forwardTuple(family)} @tcp_ended goto over_${number}`,
        `tcp flags & syn != 0 goto over_${number}`,
        `meta mark set ${forward} map @tcp_adopted goto noted_${number}`,
        ...(adopt === 'after-change' ? whenOpen : []),
        `meta mark set ${hashOf(set, choice.slotCount)} map @slots_${choice.pool} goto adopt_${number}`,
        `goto over_${number}`,
      ],
    },
    {
      name: `adopt_${number}`,
      rules: [
        ...refuseHairpin(set),
        `meta mark set meta mark or ${hex(markOf(number))}`,
        `tcp flags & fin != 0 meta mark set meta mark or ${hex(clientEnded)}`,
        `tcp flags & rst == 0 add @tcp_adopted { ${forward} timeout ${nftDuration(adoptedMs)} : meta mark }`,
        `meta mark set meta mark and ${hex(flowBits)}`,
        ...rewriteToMember(set),
        `${backward} @tcp_replies goto stale_${number}`,
        'update @sent { meta mark }',
        `tcp flags & rst != 0 ${finish}`,
        // Keeps the member's number, too, from being given away.
        `add @tcp_replies { ${backward} timeout ${nftDuration(adoptedMs)} : meta mark }`,
        ...count(number, 'adopted'),
        finish,
      ],
    },
    {
      name: `stale_${number}`,
      rules: [...backToFrontend(set), `delete @tcp_adopted { ${forward} : meta mark }`, `goto over_${number}`],
    },
    symmetric ? awaitingChain(set) : settlingChain(set),
    {
      name: `pass_${number}`,
      rules: [`meta mark set meta mark and ${hex(flowBits)}`, ...toMember(set), finish],
    },
    overChain(set, 'over'),
    // No reset: a node that has ended is missed a little later than its flows arrive here.
    ...(adopt === 'after-change'
      ? [{ name: `unknown_${number}`, rules: [...countLate(number), 'meta mark set 0 drop'] }]
      : []),
  ];
}

/** A later packet of a flow whose member has not answered: it goes the same way, and is no reason to remember the flow. */
function awaitingChain({ number, family }: ChainSet): Chain {
  const note = `@tcp_adopted { ${forwardKey(family)}`;
  return {
    name: `noted_${number}`,
    rules: [
      `tcp flags & (fin|rst) == 0 goto pass_${number}`,
      `delete ${note} : meta mark }`,
      `tcp flags & rst != 0 goto pass_${number}`,
      `meta mark set meta mark or ${hex(clientEnded)}`,
      `add ${note} timeout ${nftDuration(adoptedMs)} : meta mark }`,
      `goto pass_${number}`,
    ],
  };
}

/** A later packet of a flow that the member may answer by another node. */
function settlingChain(set: ChainSet): Chain {
  const { number, family } = set;
  const forward = forwardKey(family);
  return {
    name: `noted_${number}`,
    rules: [
      `delete @tcp_adopted { ${forward} : meta mark }`,
      `tcp flags & rst != 0 goto pass_${number}`,
      `tcp flags & fin != 0 meta mark set meta mark or ${hex(clientEnded)}`,
      `meta mark and ${hex(clientEnded)} != 0 add @tcp_half { ${forward} timeout ${nftDuration(halfLastsMs)} : meta mark }`,
      `meta mark set meta mark and ${hex(memberBits)}`,
      `meta mark set meta mark or ${hex(markOf(number))}`,
      ...begin(set),
      ...remember(set),
    ],
  };
}

/** The key in `adopting` of flows with this idle timeout. */
export const adoptionKey = (idleMs: number): string => hex(Math.round(idleMs));

/** Packets of a connection that is over: Azure answers with RST when TCP reset is enabled, and else drops them. */
function overChain({ number, family, frontend }: ChainSet, name: 'late' | 'over'): Chain {
  return {
    name: `${name}_${number}`,
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
  const adopts = set.node.adopt !== 'never';
  /** A reply whose flow is not known here, or known by one packet. `next`: the chain of one that is known. */
  const late = (next: string): string[] => [
    ...(adopts
      ? [
          `meta mark set ${backward} map @tcp_adopted jump answered_${number}`,
          `meta mark set ${backward} map @tcp_flows goto ${next}`,
        ]
      : []),
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
        ...late(`deliver_${number}`),
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
        ...late('backend_ends'),
      ],
    },
    { name: `last_reply_${number}`, rules: [...fromFrontend(set), finish] },
    ...(adopts ? [answeredChain(set)] : []),
    { name: `reject_${number}`, rules: [...backToMember(set), 'meta mark set 0 reject with tcp reset'] },
  ];
}

/** The member has answered to a flow that another node began: it is remembered like others. */
function answeredChain({ number, family, idleMs }: ChainSet): Chain {
  const backward = backwardKey(family);
  const flow = `@tcp_flows { ${backward} timeout ${nftDuration(idleMs)} : meta mark }`;
  return {
    name: `answered_${number}`,
    rules: [
      `delete @tcp_adopted { ${backward} : meta mark }`,
      `meta mark and ${hex(clientEnded)} != 0 add @tcp_half { ${backward} timeout ${nftDuration(halfLastsMs)} : meta mark }`,
      `meta mark set meta mark and ${hex(flowBits)}`,
      `add ${flow}`,
      `update ${flow}`,
      ...(family.hashesKeys
        ? [`add @tcp_since { ${backwardTuple(family)} timeout ${nftDuration(sinceLastsMs)} }`]
        : []),
    ],
  };
}
