/**
 * The messages between the engine and its worker thread. Of a large pool in which a few members have changed, only these
 * are sent, and where the others are in what the thread has.
 */
import type { ClockOrigin } from '../../support/clock.js';
import type { ScopeLocation } from '../model/counters.js';
import type { FlowInfo, PlaceState, ProbeHealth } from '../model/engine.js';
import type { DataPlaneFault, ThreadFailure } from '../model/faults.js';
import type { IndexedPlan, PlanChanges, PlanFrontend, PlanMember, PlanRule } from '../model/plan.js';

/** What the worker is started with. */
export interface WorkerSetup {
  readonly origin: ClockOrigin;
  /** How many file descriptors the data plane may use. */
  readonly descriptorLimit: number;
  /** What an earlier thread has found out: its probes go on from there. */
  readonly health: readonly ProbeHealth[];
}

export type Request =
  | { readonly type: 'apply'; readonly changes: SentChanges }
  | { readonly type: 'advance'; readonly azureMs: number }
  | { readonly type: 'setFaults'; readonly faults: readonly DataPlaneFault[] }
  | { readonly type: 'flows' }
  /** The key of the member that connection tracking has noted for a UDP client. */
  | { readonly type: 'noted'; readonly frontend: string; readonly client: { address: string; port: number } }
  /** Answered at once by a thread that is alive. */
  | { readonly type: 'ping' }
  /** Makes the thread fail, as an injected fault. */
  | { readonly type: 'fail'; readonly how: ThreadFailure }
  | { readonly type: 'close'; readonly graceMs: number };

export interface Ask {
  readonly id: number;
  readonly request: Request;
}

/** The answer to `apply`: the state of everything named in it. Later changes are reported as they happen. */
export interface Applied {
  readonly frontends: readonly PlaceState[];
  readonly health: readonly ProbeHealth[];
}

export type WorkerAnswer = Applied | readonly FlowInfo[] | string | undefined;

export type Report =
  | { readonly type: 'answer'; readonly id: number; readonly answer: WorkerAnswer }
  | { readonly type: 'error'; readonly id: number; readonly error: Error }
  | { readonly type: 'health'; readonly changes: readonly ProbeHealth[] }
  | { readonly type: 'frontend'; readonly state: PlaceState }
  | { readonly type: 'scope'; readonly location: ScopeLocation }
  | { readonly type: 'scopeGone'; readonly scope: string; readonly number: number };

/** Members as they are in another list: those that differ, and first and number of those that do not. */
interface MembersFrom {
  /** Key of the frontend whose members, before this message, are the other list. */
  readonly of: string;
  readonly parts: readonly (PlanMember | readonly [first: number, count: number])[];
}

type SentRule = Omit<PlanRule, 'members'> & { readonly members: readonly PlanMember[] | MembersFrom };
type SentFrontend = Omit<PlanFrontend, 'rule'> & { readonly rule: SentRule };

/** Changes of a plan as they are sent to a thread that carries out the plan before. */
export type SentChanges = Omit<PlanChanges, 'frontends'> & { readonly frontends: readonly SentFrontend[] };

const isSent = (rule: SentRule): rule is PlanRule => Array.isArray(rule.members);

/** Shorter lists are sent as they are. */
const longMembers = 16;

/** The parts that `now` consists of; both lists are in the order of their keys, or else there are more parts. */
function partsOf(now: readonly PlanMember[], before: readonly PlanMember[]): MembersFrom['parts'] {
  const parts: (PlanMember | [first: number, count: number])[] = [];
  let at = 0;
  let run: [first: number, count: number] | undefined;
  for (const member of now) {
    while (at < before.length && (before[at] as PlanMember).key < member.key) at++;
    const isKept = before[at] === member;
    if (!isKept) {
      run = undefined;
      parts.push(member);
    } else if (run && run[0] + run[1] === at) run[1]++;
    else {
      run = [at, 1];
      parts.push(run);
    }
    if (before[at]?.key === member.key) at++;
  }
  return parts;
}

/** `changes` as they are sent to a thread that carries out `before`. */
export function toSend(changes: PlanChanges, before: IndexedPlan): SentChanges {
  const lists = new Map<readonly PlanMember[], readonly PlanMember[] | MembersFrom>();
  const rules = new Map<PlanRule, SentRule>();
  const membersOf = ({ key, rule: { members } }: PlanFrontend): readonly PlanMember[] | MembersFrom => {
    const known = lists.get(members);
    if (known) return known;
    const old = before.frontends.get(key)?.rule.members ?? [];
    const parts = members.length < longMembers || old.length === 0 ? members : partsOf(members, old);
    const sent = parts.length < members.length / 2 ? { of: key, parts } : members;
    lists.set(members, sent);
    return sent;
  };
  const frontends = changes.frontends.map((frontend): SentFrontend => {
    const members = membersOf(frontend);
    if (members === frontend.rule.members) return frontend;
    const rule = rules.get(frontend.rule) ?? { ...frontend.rule, members };
    rules.set(frontend.rule, rule);
    return { ...frontend, rule };
  });
  return { ...changes, frontends };
}

/** The changes that were sent; `membersOf` tells the members of a frontend as they were before. */
export function received(sent: SentChanges, membersOf: (key: string) => readonly PlanMember[]): PlanChanges {
  const lists = new Map<MembersFrom, readonly PlanMember[]>();
  const rules = new Map<SentRule, PlanRule>();
  const listOf = (from: MembersFrom): readonly PlanMember[] => {
    const before = membersOf(from.of);
    return from.parts.flatMap((part) => ('key' in part ? part : before.slice(part[0], part[0] + part[1])));
  };
  const frontends = sent.frontends.map((frontend): PlanFrontend => {
    const { rule } = frontend;
    if (isSent(rule)) return frontend as PlanFrontend;
    const from = rule.members as MembersFrom;
    const members = lists.get(from) ?? listOf(from);
    lists.set(from, members);
    const whole = rules.get(rule) ?? { ...rule, members };
    rules.set(rule, whole);
    return { ...frontend, rule: whole };
  });
  return { ...sent, frontends };
}
