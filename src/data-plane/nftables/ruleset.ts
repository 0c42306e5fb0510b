/**
 * A plan and the probes' health as a ruleset: the same plan twice gives the same objects, so that only differences reach
 * the kernel. Keeps only the numbers that the kernel's flow tables contain.
 */

import type { IndexedPlan, PlanFrontend, PlanMember } from '../model/plan.js';
import { eligibleKeys, type HealthOf, largePool, ProbeUsers, SlotTables } from '../selection/decision.js';
import { Answers } from './answers.js';
import { ChainSets, type OpenSet } from './chain-sets.js';
import { type Family, familyOf, ipv4 } from './family.js';
import type { Fragment, Ruleset } from './fragment.js';
import { alone, hasOthers, type NodeOptions } from './frontend.js';
import {
  closedEntryFragment,
  connectionsFragment,
  entryFragment,
  poolFragment,
  trackedFragment,
} from './frontend-fragments.js';
import { MemberNumbers, mostMembers } from './marks.js';
import { OutboundModel } from './outbound.js';
import { addressesFragment, membersFragment, tableFragment } from './table.js';

/** Members that rules choose among; all rules that agree about them share one. */
interface Pool {
  readonly number: number;
  /** One of those that use it. */
  readonly user: PlanFrontend;
  readonly slotCount: number;
  /** What the fragment was made from. */
  readonly eligible: string;
  /** Numbers of the eligible members. */
  readonly members: readonly number[];
  readonly fragment: Fragment;
  /** For rules with connection tracking. */
  tracked?: Fragment;
}

/** A frontend of the plan, with what it has in the kernel. */
interface Served {
  readonly frontend: PlanFrontend;
  readonly set: OpenSet;
  readonly poolKey: string;
}

/** By members, then by what else decides. */
const poolKeys = new WeakMap<readonly PlanMember[], Map<string, string>>();

/** Identifies the members that a rule chooses among and what decides about each. The text may be long: it is made once. */
function poolKeyOf({ address, rule: { members, noHealthyBackends } }: PlanFrontend): string {
  const keys = poolKeys.get(members) ?? new Map<string, string>();
  poolKeys.set(members, keys);
  const how = `${familyOf(address).ip} ${noHealthyBackends}`;
  let key = keys.get(how);
  if (key === undefined) {
    key = JSON.stringify([
      how,
      ...members.map(({ key, address, adminState, probe }) => [key, address, adminState, probe]),
    ]);
    keys.set(how, key);
  }
  return key;
}

function entryOf(one: OpenSet): Fragment | undefined {
  if (one.state === 'open' && one.choice) one.entry ??= entryFragment(one.set, one.choice);
  else if (one.state === 'closed' && one.set.frontend.transport === 'tcp') one.entry ??= closedEntryFragment(one.set);
  else one.entry = undefined;
  return one.entry;
}

/** What the probes say. */
export interface MemberHealth {
  readonly healthOf: HealthOf;
  /** Probes about which `healthOf` may answer differently than at the last `compile`; without it, all. */
  readonly flipped?: readonly string[];
}

export class RulesetModel {
  readonly #tables = new SlotTables();
  readonly #members: MemberNumbers;
  /** Undefined where no flows and answers of other nodes come. */
  readonly #answers: Answers | undefined;
  readonly #tableFragments = new Map<string, Fragment>();
  readonly #addressFragments = new Map<Family, { readonly text: string; readonly fragment: Fragment }>();
  readonly #memberFragments = new Map<Family, { readonly version: number; readonly fragment: Fragment }>();
  readonly sets: ChainSets;
  readonly #outbound: OutboundModel;
  readonly #families = new Set<Family>();
  /** By the key of the frontend. */
  #served = new Map<string, Served>();
  #pools = new Map<string, Pool>();
  /** Pools by their keys. */
  readonly #byProbe = new ProbeUsers<string>();
  #nextPool = 1;

  /** `scale`: Azure milliseconds in a real one. `members`: how many may have numbers. */
  constructor(scale: number, { members = mostMembers, node = alone }: { members?: number; node?: NodeOptions } = {}) {
    this.#members = new MemberNumbers(members);
    if (hasOthers(node)) this.#answers = new Answers(node);
    this.sets = new ChainSets({ scale, numbers: this.#members, node });
    this.#outbound = new OutboundModel(scale);
  }

  /** Builds the slot tables of large pools in slices, so that `compile` finds them. */
  async prepare(plan: IndexedPlan, { healthOf, flipped }: MemberHealth, pause: () => Promise<void>): Promise<void> {
    const affected = flipped && this.#poolsOf(flipped);
    const seen = new Set<string>();
    for (const frontend of plan.frontends.values()) {
      if (frontend.rule.members.length <= largePool) continue;
      const key = poolKeyOf(frontend);
      const isKnown = seen.has(key) || (affected && this.#pools.has(key) && !affected.has(key));
      seen.add(key);
      if (!isKnown) await this.#tables.prepare(eligibleKeys(frontend.rule, healthOf), pause);
    }
  }

  /** The ruleset for a plan; frontends that left it keep what their flows need until `sets.forget`. */
  compile(plan: IndexedPlan, { healthOf, flipped }: MemberHealth): Ruleset {
    this.sets.beginChange();
    const served = new Map<string, Served>();
    for (const frontend of plan.frontends.values()) {
      const known = this.#served.get(frontend.key);
      const isSame = known?.frontend === frontend && known.set.state === 'open';
      served.set(frontend.key, isSame ? known : this.#open(frontend));
    }
    this.#served = served;
    this.sets.closeOthers(plan.frontends);
    const open = [...served.values()];
    const renamed = this.#renamePools(open);
    const affected = flipped && this.#poolsOf(flipped);
    const ruleset = new Map<string, Fragment>();
    const allPorts = open.some(({ frontend }) => frontend.port === 0);
    const outbound = this.#outbound.compile(plan.outbound.values());
    for (const { set } of this.sets.all()) this.#families.add(set.family);
    if (outbound.size > 0) this.#families.add(ipv4);
    // A table stays when nothing is left to forward, so that listing flows and counters still works.
    for (const family of this.#families) {
      this.#tableOf(family, { allPorts, ruleset });
      ruleset.set(`addresses ${family.ip}`, this.#addressesOf(family));
      ruleset.set(`members ${family.ip}`, this.#membersOf(family));
    }
    const pools = new Map<string, Pool>();
    for (const { frontend, set, poolKey } of open) {
      let pool = pools.get(poolKey);
      if (!pool) {
        const known = this.#pools.get(poolKey);
        const isSame = known && affected && !affected.has(poolKey) && !renamed.has(poolKey);
        pool = isSame ? known : this.#poolOf(poolKey, { frontend, healthOf });
        pools.set(poolKey, pool);
      }
      ruleset.set(`pool ${pool.number}`, pool.fragment);
      set.choose({ pool: pool.number, slotCount: pool.slotCount }, frontend.rule);
      if (frontend.transport === 'udp' && frontend.rule.connectionTracking) {
        pool.tracked ??= trackedFragment({ ...pool, family: set.family });
        ruleset.set(`tracked ${pool.number}`, pool.tracked);
      }
    }
    this.#followPools(pools);
    for (const one of this.sets.all()) {
      one.connections ??= connectionsFragment(one.set, one.ports);
      ruleset.set(`connections ${one.set.number}`, one.connections);
      const entry = entryOf(one);
      if (entry) ruleset.set(`entry ${one.set.number}`, entry);
    }
    const answers = this.#answers?.compile(open.map(({ set }) => set.set)) ?? [];
    for (const [id, fragment] of [...answers, ...outbound]) ruleset.set(id, fragment);
    return ruleset;
  }

  /** The address behind a member's number. */
  addressOf(number: number): string | undefined {
    return this.#members.addressOf(number);
  }

  #open(frontend: PlanFrontend): Served {
    const set = this.sets.open(frontend);
    return { frontend, set, poolKey: poolKeyOf(frontend) };
  }

  /** Keys of the pools that these probes decide about. */
  #poolsOf(probes: Iterable<string>): Set<string> {
    const keys = new Set<string>();
    for (const probe of probes) for (const key of this.#byProbe.of(probe)) keys.add(key);
    return keys;
  }

  #followPools(pools: Map<string, Pool>): void {
    for (const [key, { user }] of this.#pools) if (!pools.has(key)) this.#byProbe.remove(key, user.rule.members);
    for (const [key, { user }] of pools) {
      const before = this.#pools.get(key)?.user;
      if (before?.rule.members === user.rule.members) continue;
      if (before) this.#byProbe.remove(key, before.rule.members);
      this.#byProbe.add(key, user.rule.members);
    }
    this.#pools = pools;
  }

  #tableOf(family: Family, { allPorts, ruleset }: { allPorts: boolean; ruleset: Map<string, Fragment> }): void {
    const name = `table ${family.ip}`;
    const variant = `${name} ${allPorts}`;
    const known =
      this.#tableFragments.get(variant) ?? tableFragment(family, { allPorts, hasOthers: this.#answers !== undefined });
    this.#tableFragments.set(variant, known);
    ruleset.set(name, known);
  }

  #addressesOf(family: Family): Fragment {
    const addresses = new Set<string>();
    for (const { set } of this.sets.all()) if (set.family === family) addresses.add(set.frontend.address);
    const text = [...addresses].join();
    const known = this.#addressFragments.get(family);
    if (known?.text === text) return known.fragment;
    const fragment = addressesFragment(family, addresses);
    this.#addressFragments.set(family, { text, fragment });
    return fragment;
  }

  #membersOf(family: Family): Fragment {
    const { version } = this.#members;
    let known = this.#memberFragments.get(family);
    if (known?.version !== version) {
      const members = [...this.#members.all()].filter(([, address]) => familyOf(address) === family);
      known = { version, fragment: membersFragment(family, new Map(members)) };
      this.#memberFragments.set(family, known);
    }
    return known.fragment;
  }

  #poolOf(key: string, { frontend, healthOf }: { frontend: PlanFrontend; healthOf: HealthOf }): Pool {
    const { rule } = frontend;
    const family = familyOf(frontend.address);
    const byKey = new Map<string, PlanMember>(rule.members.map((member) => [member.key, member]));
    const keys = eligibleKeys(rule, healthOf);
    const known = this.#pools.get(key);
    const eligible = JSON.stringify(keys.map((each) => [each, byKey.get(each)?.address]));
    if (known?.eligible === eligible) return known;
    const number = known?.number ?? this.#nextPool++;
    const table = this.#tables.of(keys);
    const members = keys.map((each) => this.#members.of(byKey.get(each)?.address ?? ''));
    return {
      number,
      user: known?.user ?? frontend,
      slotCount: table.length,
      eligible,
      members,
      fragment: poolFragment({ number, family, table, members }),
    };
  }

  /**
   * A pool whose members changed keeps its number when all its rules agree, so that only changed slots are rewritten.
   * Answers the new keys of such pools.
   */
  #renamePools(open: readonly Served[]): Set<string> {
    const renamed = new Set<string>();
    const successors = new Map<number, Map<string, PlanFrontend>>();
    for (const { set, poolKey, frontend } of open) {
      if (!set.choice) continue;
      const of = successors.get(set.choice.pool) ?? new Map();
      successors.set(set.choice.pool, of.set(poolKey, frontend));
    }
    for (const [key, pool] of [...this.#pools]) {
      const [successor, ...others] = successors.get(pool.number) ?? [];
      if (successor === undefined || others.length > 0) continue;
      const [next, user] = successor;
      if (next === key || this.#pools.has(next)) continue;
      this.#pools.delete(key);
      this.#byProbe.remove(key, pool.user.rule.members);
      this.#pools.set(next, { ...pool, user });
      this.#byProbe.add(next, user.rule.members);
      renamed.add(next);
    }
    return renamed;
  }
}
