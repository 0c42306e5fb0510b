/**
 * Which member serves a flow: the one function behind every engine and behind `explain`. Pure, no I/O.
 *
 * Eligibility follows https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview and
 * https://learn.microsoft.com/azure/load-balancer/admin-state-overview; access control lists are those of classic endpoints.
 */
import type { HealthReason, ProbeHealth } from '../model/engine.js';
import type { AclEntry, PlanFrontend, PlanMember, PlanRule } from '../model/plan.js';
import { slotOf, TupleHash } from './distribution.js';
import { addressWords, swapWord } from './ip-address.js';
import { buildSlotTable, type SlotTable, slotTableSlices } from './slot-table.js';

/** What the prober last said about a probe, by key; undefined when it has said nothing. */
export type HealthOf = (probe: string) => Pick<ProbeHealth, 'up' | 'reason'> | undefined;

/** One member of a rule and whether new flows may go there. */
export interface Candidate {
  readonly member: PlanMember;
  readonly eligible: boolean;
  readonly reason: HealthReason;
  /** Its machine is stopped. */
  readonly stopped?: true;
}

/** What an administrator has decided about a member of a probed rule; undefined leaves it to the probe. */
export function administrated({ probe, adminState }: PlanMember): boolean | undefined {
  // Azure: admin state has no effect on rules without a probe.
  return probe === undefined || adminState === 'None' ? undefined : adminState === 'Up';
}

function candidate(member: PlanMember, healthOf: HealthOf): Candidate {
  if (member.probe === undefined) return { member, eligible: true, reason: 'Up_Platform' };
  const decided = administrated(member);
  if (decided !== undefined) return { member, eligible: decided, reason: decided ? 'Up_Admin' : 'Down_Admin' };
  const health = healthOf(member.probe);
  return { member, eligible: health?.up ?? false, reason: health?.reason ?? 'NA' };
}

const byKey = (a: Candidate, b: Candidate): number =>
  a.member.key < b.member.key ? -1 : a.member.key > b.member.key ? 1 : 0;

/** All members of the rule in their stable order, each with its eligibility. */
export function candidatesOf(rule: PlanRule, healthOf: HealthOf): readonly Candidate[] {
  const candidates = rule.members.map((member) => candidate(member, healthOf)).sort(byKey);
  if (rule.noHealthyBackends === 'AllProbedDown' || candidates.some((each) => each.eligible)) return candidates;
  // A member that was never probed is not "down": it waits for its first answer even here.
  return candidates.map((each) =>
    each.reason === 'Down_Admin' || each.reason === 'NA'
      ? each
      : { ...each, eligible: true, reason: 'Up_Probe_AllDownIsUp' },
  );
}

/** As `candidatesOf`, and behind them the members whose machine is stopped: for reports and metrics. */
export const backendsOfRule = (rule: PlanRule, healthOf: HealthOf): readonly Candidate[] => [
  ...candidatesOf(rule, healthOf),
  ...(rule.stopped ?? []).map((member) => ({ member, eligible: false, reason: 'NA', stopped: true }) as const),
];

/** Every member was probed and none is up: what ends established flows on a Basic load balancer. */
export const allProbedDown = (candidates: readonly Candidate[]): boolean =>
  candidates.length > 0 && candidates.every((each) => !each.eligible && each.reason !== 'NA');

/** Building the table of a pool this large takes about two milliseconds. */
export const largePool = 100;

/** Slot tables by the keys of the eligible members, so that all rules of a pool share one. */
export class SlotTables {
  readonly #tables = new Map<string, SlotTable>();
  readonly #limit = 64;

  /** The table for these keys, built at the first request. */
  of(keys: readonly string[]): SlotTable {
    const name = keys.join('\n');
    const table = this.#tables.get(name) ?? buildSlotTable(keys);
    this.#keep(name, table);
    return table;
  }

  /** Builds the table of a large pool in slices, so that packets move meanwhile; `of` then finds it. */
  async prepare(keys: readonly string[], pause: () => Promise<void>): Promise<void> {
    const name = keys.join('\n');
    if (keys.length <= largePool || this.#tables.has(name)) return;
    const slices = slotTableSlices(keys);
    for (;;) {
      const step = slices.next();
      if (step.done) {
        this.#keep(name, step.value);
        return;
      }
      await pause();
    }
  }

  #keep(name: string, table: SlotTable): void {
    this.#tables.delete(name);
    this.#tables.set(name, table);
    if (this.#tables.size <= this.#limit) return;
    for (const oldest of this.#tables.keys()) {
      this.#tables.delete(oldest);
      return;
    }
  }
}

/** The keys of the members that may have new flows, as the slot table wants them. */
export const eligibleKeys = (rule: PlanRule, healthOf: HealthOf): readonly string[] =>
  candidatesOf(rule, healthOf)
    .filter((each) => each.eligible)
    .map((each) => each.member.key);

/** Chooses members for the new flows of one frontend, in constant time and without allocating. */
export class Selector {
  readonly candidates: readonly Candidate[];
  readonly members: readonly PlanMember[];
  readonly hash: TupleHash;
  readonly table: SlotTable;

  constructor(frontend: Pick<PlanFrontend, 'transport' | 'address' | 'port' | 'rule'>, context: SelectorContext) {
    const { rule } = frontend;
    const choice = context.choices?.of(rule, context) ?? choiceOf(rule, context);
    this.candidates = choice.candidates;
    this.members = choice.members;
    this.hash = new TupleHash({ distribution: rule.distribution, ...frontend });
    this.table = choice.table;
  }

  /** The member of a hash; undefined when none is eligible. */
  member(hash: number): PlanMember | undefined {
    return this.members[this.table[slotOf(hash, this.table.length)] as number];
  }

  /** The member for an IPv4 client. */
  ipv4(source: number, sourcePort: number): PlanMember | undefined {
    return this.member(this.hash.ipv4(source, sourcePort));
  }

  /** The member for a client of either family. */
  words(source: Uint32Array, sourcePort: number): PlanMember | undefined {
    return this.member(this.hash.words(source, sourcePort));
  }
}

export interface SelectorContext {
  readonly healthOf: HealthOf;
  readonly tables: SlotTables;
  readonly choices?: PoolChoices;
}

/** What the rules of a pool choose from. */
interface PoolChoice {
  readonly candidates: readonly Candidate[];
  readonly members: readonly PlanMember[];
  readonly table: SlotTable;
}

function choiceOf(rule: PlanRule, { healthOf, tables }: SelectorContext): PoolChoice {
  const candidates = candidatesOf(rule, healthOf);
  const members = candidates.filter((each) => each.eligible).map((each) => each.member);
  return { candidates, members, table: tables.of(members.map((member) => member.key)) };
}

/** Choices by the members, so that all rules of a pool share one; a pool may have 1,500 rules. */
export class PoolChoices {
  readonly #known = new Map<readonly PlanMember[], Map<PlanRule['noHealthyBackends'], PoolChoice>>();

  of(rule: PlanRule, context: SelectorContext): PoolChoice {
    const ofMembers = this.#known.get(rule.members) ?? new Map<PlanRule['noHealthyBackends'], PoolChoice>();
    this.#known.set(rule.members, ofMembers);
    const known = ofMembers.get(rule.noHealthyBackends) ?? choiceOf(rule, context);
    ofMembers.set(rule.noHealthyBackends, known);
    return known;
  }

  /** To be called when a probe's health, or the plan, has changed. */
  forget(): void {
    this.#known.clear();
  }
}

/** Who depends on which probe, so that a flip costs only what it concerns. Users with the same members are together. */
export class ProbeUsers<T> {
  readonly #byMembers = new Map<readonly PlanMember[], Set<T>>();
  readonly #byProbe = new Map<string, Set<Set<T>>>();

  add(user: T, members: readonly PlanMember[]): void {
    const known = this.#byMembers.get(members);
    if (known) {
      known.add(user);
      return;
    }
    const users = new Set([user]);
    this.#byMembers.set(members, users);
    for (const { probe } of members) {
      if (probe === undefined) continue;
      const groups = this.#byProbe.get(probe);
      if (groups) groups.add(users);
      else this.#byProbe.set(probe, new Set([users]));
    }
  }

  remove(user: T, members: readonly PlanMember[]): void {
    const users = this.#byMembers.get(members);
    users?.delete(user);
    if (!users || users.size > 0) return;
    this.#byMembers.delete(members);
    for (const { probe = '' } of members) {
      const groups = this.#byProbe.get(probe);
      groups?.delete(users);
      if (groups?.size === 0) this.#byProbe.delete(probe);
    }
  }

  *of(probe: string): Iterable<T> {
    for (const users of this.#byProbe.get(probe) ?? []) yield* users;
  }
}

interface CompiledEntry {
  readonly permit: boolean;
  readonly network: Uint32Array;
  readonly prefixLength: number;
}

/** Answers whether a client may use an endpoint. */
export class AccessControl {
  readonly #entries: readonly CompiledEntry[];
  readonly #permitOthers: boolean;

  constructor(entries: readonly AclEntry[]) {
    this.#entries = entries.map(compile);
    this.#permitOthers = !this.#entries.some((entry) => entry.permit);
  }

  /** Nothing to check: the packet path skips the call. */
  get open(): boolean {
    return this.#entries.length === 0;
  }

  /** `source` as `addressWords` gives it. */
  permits(source: Uint32Array): boolean {
    for (const entry of this.#entries) if (contains(entry, source)) return entry.permit;
    return this.#permitOthers;
  }
}

function compile(entry: AclEntry): CompiledEntry {
  const [address = '', prefix] = entry.remoteSubnet.split('/');
  const network = addressWords(address) ?? Uint32Array.of(0);
  return {
    permit: entry.action === 'permit',
    network,
    prefixLength: prefix === undefined ? 32 * network.length : Number(prefix),
  };
}

function contains(entry: CompiledEntry, source: Uint32Array): boolean {
  if (source.length !== entry.network.length) return false;
  for (let index = 0, bits = entry.prefixLength; bits > 0; index++, bits -= 32) {
    const shift = bits >= 32 ? 0 : 32 - bits;
    if (swapWord(source[index] as number) >>> shift !== swapWord(entry.network[index] as number) >>> shift)
      return false;
  }
  return true;
}
