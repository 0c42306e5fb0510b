/**
 * A plan and the probes' health as a ruleset: the same plan twice gives the same objects, so that only differences reach
 * the kernel. Remembers nothing but numbers, which the kernel's flow tables contain.
 */
import { eligibleKeys, type HealthOf, SlotTables } from '../decision.js';
import type { PlanFrontend, PlanMember, PlanRule } from '../engine.js';
import type { IndexedPlan } from '../plan-changes.js';
import { ChainSets, type OpenSet } from './chain-sets.js';
import { type Family, familyOf } from './family.js';
import type { Fragment, Ruleset } from './fragment.js';
import { closedDoorFragment, connectionsFragment, frontDoorFragment } from './frontend-fragments.js';
import { hex, mostMembers } from './marks.js';
import { poolFragment } from './pool.js';
import { tableFragment } from './table.js';

interface Pool {
  readonly number: number;
  readonly slotCount: number;
  /** What the fragment was made from. */
  readonly eligible: string;
  readonly fragment: Fragment;
}

/** Which members a rule chooses among, and what decides about each. */
const poolKeys = new WeakMap<PlanRule, string>();
function poolKeyOf({ address, rule }: PlanFrontend): string {
  let key = poolKeys.get(rule);
  if (key === undefined) {
    const members = rule.members.map(({ key, address, adminState, probe }) => [key, address, adminState, probe]);
    key = JSON.stringify([rule.noHealthyBackends, ...members]);
    poolKeys.set(rule, key);
  }
  return `${familyOf(address).ip} ${key}`;
}

function connectionsOf(one: OpenSet): Fragment {
  one.connections ??= connectionsFragment(one.set, one.ports);
  return one.connections;
}

function doorOf(one: OpenSet): Fragment | undefined {
  if (one.state === 'open' && one.choice) one.door ??= frontDoorFragment(one.set, one.choice);
  else if (one.state === 'closed' && one.set.frontend.transport === 'tcp') one.door ??= closedDoorFragment(one.set);
  else one.door = undefined;
  return one.door;
}

export class RulesetModel {
  readonly #scale: number;
  readonly #tables = new SlotTables();
  readonly #members = new Map<string, { number: number; fragment: Fragment }>();
  readonly #tableFragments = new Map<Family, Fragment>();
  readonly sets: ChainSets;
  #pools = new Map<string, Pool>();
  #nextPool = 1;

  /** `scale`: Azure milliseconds in a real one. */
  constructor(scale: number) {
    this.#scale = scale;
    this.sets = new ChainSets(scale);
  }

  /** The ruleset for a plan; frontends that left it keep what their flows need until `sets.forget`. */
  compile(plan: IndexedPlan, healthOf: HealthOf): Ruleset {
    const open: { frontend: PlanFrontend; set: OpenSet; poolKey: string }[] = [];
    for (const frontend of plan.frontends.values()) {
      // A member of the other family cannot be reached without rewriting the whole header.
      const set = this.sets.open(frontend, (address) => this.#memberNumber(address));
      open.push({ frontend, set, poolKey: poolKeyOf(frontend) });
    }
    this.sets.closeOthers(plan.frontends);
    this.#renamePools(open);
    const ruleset = new Map<string, Fragment>();
    for (const { set } of this.sets.all()) this.#tableOf(set.family, ruleset);
    for (const [address, { fragment }] of this.#members) {
      if (ruleset.has(`table ${familyOf(address).ip}`)) ruleset.set(`member ${address}`, fragment);
    }
    const pools = new Map<string, Pool>();
    for (const { frontend, set, poolKey } of open) {
      const pool = pools.get(poolKey) ?? this.#poolOf(poolKey, { frontend, healthOf });
      pools.set(poolKey, pool);
      ruleset.set(`pool ${pool.number}`, pool.fragment);
      set.choose({ pool: pool.number, slotCount: pool.slotCount }, frontend.rule);
    }
    this.#pools = pools;
    for (const one of this.sets.all()) {
      ruleset.set(`connections ${one.set.number}`, connectionsOf(one));
      const door = doorOf(one);
      if (door) ruleset.set(`door ${one.set.number}`, door);
    }
    return ruleset;
  }

  /** The address behind a member's number. */
  addressOf(number: number): string | undefined {
    return [...this.#members.keys()][number - 1];
  }

  #tableOf(family: Family, ruleset: Map<string, Fragment>): void {
    const known = this.#tableFragments.get(family) ?? tableFragment(family, this.#scale);
    this.#tableFragments.set(family, known);
    ruleset.set(`table ${family.ip}`, known);
  }

  #memberNumber(address: string): number {
    const known = this.#members.get(address);
    if (known) return known.number;
    const number = this.#members.size + 1;
    if (number >= mostMembers) throw new Error(`The nftables engine knows at most ${mostMembers} backend addresses.`);
    const { table } = familyOf(address);
    const shared = [{ map: 'members', key: hex(number), value: address }];
    this.#members.set(address, { number, fragment: { table, sets: [], chains: [], shared } });
    return number;
  }

  #poolOf(key: string, { frontend, healthOf }: { frontend: PlanFrontend; healthOf: HealthOf }): Pool {
    const { rule } = frontend;
    const family = familyOf(frontend.address);
    const byKey = new Map<string, PlanMember>(rule.members.map((member) => [member.key, member]));
    const keys = eligibleKeys(rule, healthOf);
    const known = this.#pools.get(key);
    const eligible = JSON.stringify(keys.map((each) => [each, byKey.get(each)?.address]));
    if (known?.eligible === eligible && known.fragment) return known;
    const number = known?.number ?? this.#nextPool++;
    const table = this.#tables.of(keys);
    const members = keys.map((each) => this.#memberNumber(byKey.get(each)?.address ?? ''));
    return { number, slotCount: table.length, eligible, fragment: poolFragment({ number, family, table, members }) };
  }

  /** A pool whose members changed keeps its number when all its rules agree, so that only changed slots are rewritten. */
  #renamePools(open: readonly { set: OpenSet; poolKey: string }[]): void {
    const successors = new Map<number, Set<string>>();
    for (const { set, poolKey } of open) {
      if (!set.choice) continue;
      const of = successors.get(set.choice.pool) ?? new Set();
      successors.set(set.choice.pool, of.add(poolKey));
    }
    for (const [key, pool] of [...this.#pools]) {
      const [successor, ...others] = successors.get(pool.number) ?? [];
      if (successor === undefined || successor === key || others.length > 0 || this.#pools.has(successor)) continue;
      this.#pools.delete(key);
      this.#pools.set(successor, pool);
    }
  }
}
