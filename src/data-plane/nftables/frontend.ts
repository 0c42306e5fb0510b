/** What the chains of one frontend are made from; rules that TCP and UDP have in common. */

import type { AclEntry, PlanFrontend } from '../model/plan.js';
import { seedOf } from '../selection/distribution.js';
import { type Family, forwardKey, nftDuration } from './family.js';
import type { Chain } from './fragment.js';
import { countedAs, hex, markOf, memberBits } from './marks.js';
import { leave, swallow } from './table.js';

/** What a kernel engine does as one of several nodes that announce the same frontends. */
export interface NodeOptions {
  /** Whether flows that other nodes have carried go on here: always, or for an idle timeout after the nodes have changed. */
  readonly adopt: 'never' | 'after-change' | 'always';
  /** Whether the site returns a flow the way it came, so that answers come to the node that carries their flow. */
  readonly symmetric: boolean;
}

/** There is no other node. */
export const alone: NodeOptions = { adopt: 'never', symmetric: true };

/** Whether flows or answers may come that another node knows. */
export const hasOthers = ({ adopt, symmetric }: NodeOptions): boolean => adopt !== 'never' || !symmetric;

/** Properties that flows of a frontend keep until they end, even if the rule changes. */
export interface ChainSet {
  /** Its number in the mark and in the names of its chains. */
  readonly number: number;
  readonly family: Family;
  readonly frontend: PlanFrontend;
  /** Real time after which a silent flow is forgotten by the kernel. */
  readonly idleMs: number;
  /** The port of every member, 0 to keep the client's, or undefined when members differ and a map holds the ports. */
  readonly port: number | undefined;
  readonly node: NodeOptions;
}

/** The slots that new flows are distributed by. */
export interface SlotChoice {
  /** Number of the pool whose slots and members these are. */
  readonly pool: number;
  readonly slotCount: number;
}

/** Real time for which a forgotten flow's late replies are still recognised. */
export const repliesLastMs = 600_000;

/** Only the tuple of the mode is hashed; the seed carries the protocol. */
export function hashOf({ family: { ip }, frontend: { rule, transport } }: ChainSet, slotCount: number): string {
  const tuple =
    rule.distribution === 'Default'
      ? `${ip} saddr . ${transport} sport . ${ip} daddr . ${transport} dport`
      : `${ip} saddr . ${ip} daddr`;
  return `jhash ${tuple} mod ${slotCount} seed ${hex(seedOf(rule.distribution, transport))}`;
}

/** Rules that end in `allowed` or `denied`, in the order of the list. */
function accessRules({ family: { ip }, number }: ChainSet, acl: readonly AclEntry[]): string[] {
  const verdict = (action: AclEntry['action']): string =>
    action === 'permit' ? `goto choose_${number}` : `goto denied_${number}`;
  // An entry of the other address family matches nothing here.
  const entries = acl.filter(({ remoteSubnet }) => remoteSubnet.includes(':') === (ip === 'ip6'));
  const others = acl.some(({ action }) => action === 'permit') ? 'deny' : 'permit';
  return [
    ...entries.map(({ action, remoteSubnet }) => `${ip} saddr ${remoteSubnet} ${verdict(action)}`),
    verdict(others),
  ];
}

/** Counts a packet that gets no member, or a flow that another node began. */
export const count = (number: number, as: keyof typeof countedAs): string[] => [
  `meta mark set ${hex(markOf(number, countedAs[as]))}`,
  'update @arrivals { meta mark }',
];

/** Chains through which a new flow comes to its member. */
export function choosingChains(set: ChainSet, choice: SlotChoice) {
  const { number, frontend } = set;
  const tcp = frontend.transport === 'tcp';
  const unanswered = tcp ? 'meta mark set 0 drop' : swallow;
  const deny = tcp && frontend.rule.aclDeny === 'reset' ? 'meta mark set 0 reject with tcp reset' : unanswered;
  return [
    { name: `new_${number}`, rules: accessRules(set, frontend.rule.acl) },
    {
      name: `choose_${number}`,
      rules: [
        `meta mark set ${hashOf(set, choice.slotCount)} map @slots_${choice.pool} goto assign_${number}`,
        ...count(number, 'noEligibleMember'),
        unanswered,
      ],
    },
    { name: `denied_${number}`, rules: [...count(number, 'denied'), deny] },
  ] as const;
}

/** The member that was chosen for a flow of its own at an internal frontend gets no answer, as in Azure. */
export function hairpinChains({ number, frontend: { internal, transport } }: ChainSet): Chain[] {
  const unanswered = transport === 'tcp' ? 'meta mark set 0 drop' : swallow;
  return internal ? [{ name: `hairpin_${number}`, rules: [...count(number, 'hairpin'), unanswered] }] : [];
}

/** Leads to `hairpinChains`, when the mark is the member's number alone. */
export const refuseHairpin = ({ family: { ip }, number, frontend: { internal } }: ChainSet): string[] =>
  internal ? [`${ip} saddr . meta mark @hairpins goto hairpin_${number}`] : [];

export const countLate = (number: number): string[] => [...count(number, 'late'), 'meta mark set 0'];

/** Rewrites a packet's destination from frontend to member, and counts it. */
export const toMember = (set: ChainSet): string[] => ['update @sent { meta mark }', ...rewriteToMember(set)];

export function rewriteToMember({ family: { ip }, number, port, frontend: { transport } }: ChainSet): string[] {
  const member = `meta mark and ${hex(memberBits)} map`;
  const rewritten = [`${ip} daddr set ${member} @targets`];
  if (port === 0) return rewritten;
  return [...rewritten, `${transport} dport set ${port === undefined ? `${member} @ports_${number}` : port}`];
}

/** Undoes `rewriteToMember`. */
export const backToFrontend = ({ family: { ip }, frontend: { address, port, transport } }: ChainSet): string[] => [
  `${ip} daddr set ${address}`,
  ...(port === 0 ? [] : [`${transport} dport set ${port}`]),
];

/** Rewrites a reply's source from member to frontend. */
export const fromFrontend = ({ family: { ip }, frontend: { address, port, transport } }: ChainSet): string[] => [
  `${ip} saddr set ${address}`,
  ...(port === 0 ? [] : [`${transport} sport set ${port}`]),
];

/** Undoes `fromFrontend`, for a packet that has to be answered instead of delivered. */
export function backToMember({ family: { ip }, number, port, frontend: { transport } }: ChainSet): string[] {
  const member = `meta mark and ${hex(memberBits)} map`;
  return [
    `${ip} saddr set ${member} @targets`,
    ...(port === 0
      ? []
      : [`${transport} sport set ${port === undefined ? `${member} @ports_${number}` : String(port)}`]),
  ];
}

/** Begins a flow: deletes what an earlier one with the same addresses and ports has left. */
export function begin({ family, idleMs, frontend: { transport } }: ChainSet): string[] {
  const key = forwardKey(family);
  // differs: a handshake has no shorter timeout of its own, because idle time is computed from the timeout of the element.
  const timeout = nftDuration(idleMs);
  return [
    `delete @${transport}_flows { ${key} : meta mark }`,
    `add @${transport}_flows { ${key} timeout ${timeout} : meta mark }`,
    // Every later packet is counted when it is looked up, and again when the flow's time is renewed.
    `update @${transport}_flows { ${key} timeout ${timeout} : meta mark }`,
  ];
}

export const finish = leave;
