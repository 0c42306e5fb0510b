/**
 * Which member serves a flow: the one function behind every engine and behind `explain`. Pure, no I/O.
 *
 * Eligibility follows https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview and
 * https://learn.microsoft.com/azure/load-balancer/admin-state-overview.
 */

import type { HealthReason, ProbeHealth } from '../model/engine.js';
import type { PlanFrontend, PlanMember, PlanRule } from '../model/plan.js';
import { slotOf, TupleHash } from './distribution.js';
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
    this.candidates = candidatesOf(rule, context.healthOf);
    this.members = this.candidates.filter((each) => each.eligible).map((each) => each.member);
    this.hash = new TupleHash({ ...frontend, distribution: rule.distribution });
    this.table = context.tables.of(this.members.map((member) => member.key));
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
}

/** Who depends on which probe, so that a flip costs only what it concerns. */
export class ProbeUsers<T> {
  readonly #users = new Map<string, Set<T>>();

  add(user: T, probes: Iterable<string>): void {
    for (const probe of probes) {
      const users = this.#users.get(probe);
      if (users) users.add(user);
      else this.#users.set(probe, new Set([user]));
    }
  }

  remove(user: T, probes: Iterable<string>): void {
    for (const probe of probes) {
      const users = this.#users.get(probe);
      users?.delete(user);
      if (users?.size === 0) this.#users.delete(probe);
    }
  }

  of(probe: string): Iterable<T> {
    return this.#users.get(probe) ?? [];
  }
}
