/**
 * The chains of one UDP frontend. Azure keeps no state of UDP: every datagram chooses its member, so its chain of entry is
 * also the one of known flows. What is kept per client and member finds the way back for replies, and counts.
 */
import { backwardKey, backwardTuple, forwardKey, forwardTuple, nftDuration, withMark } from './family.js';
import type { Chain } from './fragment.js';
import * as parts from './frontend.js';
import { hex, markOf, memberBits } from './marks.js';
import { sinceLastsMs, swallow } from './table.js';

const isTracked = ({ frontend }: parts.ChainSet): boolean => frontend.rule.connectionTracking === true;

/** Notes the member of a client, or renews the note: with connection tracking it decides about later datagrams. */
const track = (key: string, idleMs: number): string[] => [
  `delete @udp_tracked { ${key} : meta mark }`,
  `add @udp_tracked { ${key} timeout ${nftDuration(idleMs)} : meta mark }`,
];

/** How datagrams choose; replaced with the rule. */
export function udpEntryChains(set: parts.ChainSet, choice: parts.SlotChoice): Chain[] {
  const { number, family, idleMs } = set;
  const forward = forwardKey(family);
  const backward = backwardKey(family);
  const idle = nftDuration(idleMs);
  const flow = withMark(forwardTuple(family));
  const [access, choose, denied] = parts.choosingChains(set, choice);
  const selection = isTracked(set)
    ? [
        {
          name: choose.name,
          rules: [`meta mark set ${forward} map @udp_tracked goto tracked_${number}`, `goto select_${number}`],
        },
        // The note counts while its member may have datagrams.
        {
          name: `tracked_${number}`,
          rules: [
            `meta mark set meta mark and ${hex(memberBits)}`,
            `meta mark @tracked_${choice.pool} goto assign_${number}`,
            `goto select_${number}`,
          ],
        },
        { name: `select_${number}`, rules: choose.rules },
      ]
    : [choose];
  return [
    access,
    ...selection,
    denied,
    ...parts.hairpinChains(set),
    {
      name: `assign_${number}`,
      rules: [
        ...parts.refuseHairpin(set),
        `meta mark set meta mark or ${hex(markOf(number))}`,
        `${flow} @udp_flows goto known_${number}`,
        'update @arrivals { meta mark }',
        `add @udp_flows { ${flow} timeout ${idle} }`,
        // Every later packet is counted when it is looked up, and again when the flow's time is renewed.
        `update @udp_flows { ${flow} timeout ${idle} }`,
        `add @udp_since { ${flow} timeout ${nftDuration(sinceLastsMs)} }`,
        ...(isTracked(set) ? track(forward, idleMs) : []),
        ...parts.toMember(set),
        `delete @udp_replies { ${backward} : meta mark }`,
        `add @udp_replies { ${backward} timeout ${nftDuration(idleMs + parts.repliesLastMs)} : meta mark }`,
        parts.finish,
      ],
    },
    {
      name: `known_${number}`,
      rules: [
        `update @udp_flows { ${flow} timeout ${idle} }`,
        ...(isTracked(set) ? track(forward, idleMs) : []),
        ...parts.toMember(set),
        `${backward} != @udp_replies add @udp_replies { ${backward} timeout ${nftDuration(idleMs + parts.repliesLastMs)} : meta mark }`,
        parts.finish,
      ],
    },
  ];
}

/** Chains of replies; kept while there may be any. */
export function udpFlowChains(set: parts.ChainSet): Chain[] {
  const { number, family, idleMs } = set;
  const forward = forwardKey(family);
  const flow = withMark(backwardTuple(family));
  return [
    {
      name: `reply_${number}`,
      rules: [
        `update @udp_replies { ${forward} timeout ${nftDuration(idleMs + parts.repliesLastMs)} : meta mark }`,
        ...parts.fromFrontend(set),
        `${flow} @udp_flows goto deliver_${number}`,
        swallow,
      ],
    },
    {
      name: `deliver_${number}`,
      rules: [`update @udp_flows { ${flow} timeout ${nftDuration(idleMs)} }`, parts.finish],
    },
  ];
}
