/**
 * Keeps the engine at what the stored resources say: gathers the changes of a burst, compiles only what they concern,
 * and hands the engine one plan.
 */

import type { Choices } from '../config/undocumented.js';
import type { Engine } from '../data-plane/model/engine.js';
import type { ForwardingPlan, PlanFrontend, PlanMember, PlanPart, SnatAllocation } from '../data-plane/model/plan.js';
import { emptyPlan, inconsistency, mergePlan } from '../data-plane/model/plan.js';
import { backendsOfRule } from '../data-plane/selection/decision.js';
import { azureError } from '../errors/index.js';
import type { HostedService } from '../resources/Microsoft.ClassicCompute/types.js';
import { idKey, rootKey } from '../resources/resource-id.js';
import type { ApplyOutcome, BackendHealth, HealthReader, Lookup, Resource } from '../resources/resource-type.js';
import type { ResourceStore } from '../store/resource-store.js';
import type { EventShapes, Events } from '../support/events.js';
import type { AddressMapping } from '../support/ip-address.js';
import { alike } from '../support/plain-data.js';
import { compileHostedService } from './classic-plan.js';
import { compileLoadBalancer } from './load-balancer-plan.js';
import { snatAllocationsOf } from './outbound-plan.js';

const othersFirst = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Of one load balancer: compiling more takes several milliseconds. */
const manyRules = 200;

const loadBalancerType = 'Microsoft.Network/loadBalancers';

export interface ReconcilerOptions {
  readonly store: ResourceStore;
  readonly engine: Engine;
  readonly addressMap: readonly AddressMapping[];
  readonly hostedServices: HostedServiceSource;
  /** The network around an address of this machine that another Lazurite has leased; undefined for every other address. */
  readonly leasedElsewhere?: (address: string) => string | undefined;
  /** What the engine is given in place of the plan. */
  readonly adapt?: ((plan: ForwardingPlan) => Promise<ForwardingPlan>) | undefined;
  /** A frontend that is not exactly bound fails the operation that wanted it. */
  readonly strictBind: boolean;
  readonly choices: Choices;
  /** Told which resources changed, and the switch of a rule's mode once the engine distributes by the new one. */
  readonly events: Events;
}

/** The stored hosted services of the classic API. */
export interface HostedServiceSource {
  /** Keys of all. */
  hostedServiceKeys(): readonly string[];
  hostedService(key: string): HostedService | undefined;
}

/** What a load balancer or a hosted service contributes, and since when it exists. */
interface Owned {
  readonly part: PlanPart;
  /** Azure time; of two owners that want one address and port, the one created first has it. */
  readonly createdMs: number;
}

interface Compiled extends Owned {
  /** Worked out when it is first asked for. */
  readonly snat: () => readonly SnatAllocation[];
  /** Folded ids of the top-level resources that the compilation looked at, or whose incoming references it read. */
  readonly read: ReadonlySet<string>;
}

export class Reconciler implements HealthReader {
  /** By the folded id of the load balancer. */
  readonly #compiled = new Map<string, Compiled>();
  /** Load balancers by what their last compilation has read. */
  readonly #readers = new Map<string, Set<string>>();
  readonly #changed = new Set<string>();
  /** By the key of the hosted service. */
  readonly #classic = new Map<string, Owned>();
  readonly #classicChanged = new Set<string>();
  readonly #switched: EventShapes['mode'][] = [];
  #plan: ForwardingPlan = emptyPlan;
  #partsChanged = false;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(readonly options: ReconcilerOptions) {}

  /** What the engine was last told. */
  get plan(): ForwardingPlan {
    return this.#plan;
  }

  /** Compiles everything anew: at start, after a reset, after a snapshot. */
  async loadAll(): Promise<void> {
    for (const key of this.#compiled.keys()) this.#changed.add(key);
    for (const { key } of this.options.store.everyOfType(loadBalancerType)) this.#changed.add(key);
    for (const key of this.#classic.keys()) this.#classicChanged.add(key);
    for (const key of this.options.hostedServices.hostedServiceKeys()) this.#classicChanged.add(key);
    this.#partsChanged = true;
    await this.#schedule();
  }

  /** Gives the engine the plan once more: what `adapt` makes of it has changed. */
  async again(): Promise<void> {
    this.#partsChanged = true;
    await this.#schedule();
  }

  /** Follows changes of these top-level resources (folded ids); resolves when the engine has them. */
  readonly changed = async (keys: readonly string[]): Promise<ApplyOutcome> => {
    const { events, store } = this.options;
    for (const key of keys) {
      const resource = store.resource(key);
      events.emit('resource', { id: resource?.id ?? key, change: resource ? 'written' : 'deleted' });
    }
    const concerned = this.#loadBalancersConcernedBy(keys);
    if (concerned.size === 0) return {};
    for (const key of concerned) this.#changed.add(key);
    await this.#schedule();
    return this.options.strictBind ? this.#strictOutcome(concerned) : {};
  };

  /** Follows changes of these hosted services; resolves when the engine has them. */
  async classicChanged(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const { events, hostedServices } = this.options;
    for (const key of keys) {
      events.emit('resource', { id: key, change: hostedServices.hostedService(key) ? 'written' : 'deleted' });
      this.#classicChanged.add(key);
    }
    await this.#schedule();
  }

  /**
   * Balancers among the keys, balancers whose last compilation has read one of them, and balancers whose compilation
   * would find a reference that one of them holds now.
   */
  #loadBalancersConcernedBy(keys: readonly string[]): Set<string> {
    const { store } = this.options;
    const concerned = new Set<string>();
    for (const key of new Set(keys)) {
      if (store.resource(key)?.type === loadBalancerType) concerned.add(key);
      const targets = store.linksFrom(key).map(({ target }) => rootKey(target));
      for (const read of [key, ...targets])
        for (const balancer of this.#readers.get(read) ?? []) concerned.add(balancer);
    }
    return concerned;
  }

  #compile(key: string): void {
    const { store, addressMap, choices } = this.options;
    const before = this.#compiled.get(key);
    const loadBalancer = store.resource(key);
    for (const read of before?.read ?? []) {
      const readers = this.#readers.get(read);
      readers?.delete(key);
      if (readers?.size === 0) this.#readers.delete(read);
    }
    if (!loadBalancer) {
      if (this.#compiled.delete(key)) this.#partsChanged = true;
      return;
    }
    const lookup = new RecordingLookup(store, key);
    const compiled = compileLoadBalancer(loadBalancer, { lookup, addressMap, choices });
    const part = this.#partAfter(before, compiled);
    let allocations: readonly SnatAllocation[] | undefined;
    // It reads nothing that the compilation has not read: a change of that comes back here.
    const snat = () => (allocations ??= snatAllocationsOf(loadBalancer, store));
    for (const read of lookup.read) {
      const readers = this.#readers.get(read);
      if (readers) readers.add(key);
      else this.#readers.set(read, new Set([key]));
    }
    const createdMs = Date.parse(loadBalancer.createdTime);
    this.#compiled.set(key, { part, snat, createdMs, read: lookup.read });
    this.#partsChanged ||= part !== before?.part || createdMs !== before.createdMs;
  }

  /** One application at a time; everything that changes meanwhile goes into the next one together. */
  #schedule(): Promise<void> {
    // What failed has been told to those who waited for it; the next change gets its own chance.
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => (this.#isLong() ? othersFirst() : undefined))
      .then(() => {
        this.#next = undefined;
        this.#running = this.#apply();
        return this.#running;
      });
    return this.#next;
  }

  /** Whether what waits takes so long to compile that others go first: what was stored has held them already. */
  #isLong(): boolean {
    const { store } = this.options;
    const rulesOf = (key: string): number => {
      const { loadBalancingRules: rules } = store.resource(key)?.document.properties ?? {};
      return Array.isArray(rules) ? rules.length : 0;
    };
    return [...this.#changed].some((key) => rulesOf(key) > manyRules);
  }

  async #apply(): Promise<void> {
    const failures: unknown[] = [];
    const attempt = (compile: () => void): void => {
      try {
        compile();
      } catch (error) {
        failures.push(error);
      }
    };
    for (const key of this.#changed) attempt(() => this.#compile(key));
    this.#changed.clear();
    for (const key of this.#classicChanged) attempt(() => this.#compileHostedService(key));
    this.#classicChanged.clear();
    if (this.#partsChanged) await this.#tellEngine();
    // One load balancer that cannot be compiled keeps no other from being carried out.
    if (failures.length > 0) throw failures[0];
  }

  #compileHostedService(key: string): void {
    const { hostedServices, addressMap, choices } = this.options;
    const before = this.#classic.get(key);
    const service = hostedServices.hostedService(key);
    if (!service) {
      if (this.#classic.delete(key)) this.#partsChanged = true;
      return;
    }
    const part = this.#partAfter(before, compileHostedService(service, { addressMap, choices }));
    const { createdMs } = service;
    this.#classic.set(key, { part, createdMs });
    this.#partsChanged ||= part !== before?.part || createdMs !== before.createdMs;
  }

  /** The part as the plan has it; what has not changed since `before` is the same object. */
  #partAfter(before: Owned | undefined, compiled: PlanPart): PlanPart {
    const part = unchangedOf(before?.part, this.#checked(before?.part, compiled));
    if (before && part !== before.part) this.#switched.push(...modeSwitches(before.part, part));
    return part;
  }

  /** Frontends whose addresses another Lazurite has leased are marked. An address that was found free stays so. */
  #checked(before: PlanPart | undefined, part: PlanPart): PlanPart {
    const problem = inconsistency(part);
    if (problem !== undefined) throw new Error(`The plan is inconsistent: ${problem}`);
    const isFree = (frontend: PlanPart['frontends'][number]) => frontend.leasedElsewhere === undefined;
    const free = new Set(before?.frontends.filter(isFree).map(({ address }) => address));
    const frontends = part.frontends.map((frontend) => {
      const { address } = frontend;
      const leasedElsewhere = free.has(address) ? undefined : this.options.leasedElsewhere?.(address);
      return leasedElsewhere === undefined ? frontend : Object.freeze({ ...frontend, leasedElsewhere });
    });
    return Object.freeze({ ...part, frontends: Object.freeze(frontends) });
  }

  async #tellEngine(): Promise<void> {
    this.#partsChanged = false;
    const inOrder = [...this.#compiled, ...this.#classic].sort(byCreation).map(([, { part }]) => part);
    this.#plan = mergePlan(inOrder, this.#plan.version + 1);
    const { engine, adapt } = this.options;
    await engine.apply(adapt ? await adapt(this.#plan) : this.#plan);
    for (const change of this.#switched.splice(0)) this.options.events.emit('mode', change);
  }

  #strictOutcome(loadBalancers: ReadonlySet<string>): ApplyOutcome {
    // Two rules may want one place; only the later one's state says that it has none.
    const keyOf = (key: string, rule: string): string => `${key} ${rule}`;
    const states = new Map(this.options.engine.frontends().map((state) => [keyOf(state.key, state.rule), state]));
    for (const key of loadBalancers) {
      for (const frontend of this.#compiled.get(key)?.part.frontends ?? []) {
        const state = states.get(keyOf(frontend.key, frontend.rule.id));
        if (state === undefined || state.state === 'Bound') continue;
        const place = `${frontend.azureAddress}:${frontend.port}/${frontend.transport}`;
        const values = { frontend: place, state: state.state, reason: state.reason ?? 'no reason known' };
        return { failure: azureError('FrontendBindFailed', { values }) };
      }
    }
    return {};
  }

  /** The SNAT ports of all load balancers. */
  snatAllocations(): readonly SnatAllocation[] {
    return [...this.#compiled.values()].flatMap(({ snat }) => snat());
  }

  rule(ruleId: string): ReadonlyMap<string, BackendHealth> {
    const { engine } = this.options;
    const wanted = idKey(ruleId);
    const frontends = this.#compiled.get(rootKey(ruleId))?.part.frontends;
    const rule = frontends?.find((frontend) => idKey(frontend.rule.id) === wanted)?.rule;
    const backends = rule ? backendsOfRule(rule, (key) => engine.healthOf(key)) : [];
    return new Map(
      backends.map(({ member, eligible, reason, stopped }): [string, BackendHealth] => [
        member.azureAddress,
        // Azure answers empty values for a machine that is off.
        stopped ? { state: '', reason: '' } : { state: eligible ? 'Up' : 'Down', reason },
      ]),
    );
  }
}

/** A lookup that notes what is read through it. */
class RecordingLookup implements Lookup {
  readonly read: Set<string>;
  readonly #of: Lookup;

  /** `own` is read in any case. */
  constructor(of: Lookup, own: string) {
    this.#of = of;
    this.read = new Set([own]);
  }

  resource(key: string): Resource | undefined {
    this.read.add(key);
    return this.#of.resource(key);
  }

  linksInto(key: string) {
    this.read.add(key);
    return this.#of.linksInto(key);
  }

  everyOfType(type: string) {
    return this.#of.everyOfType(type);
  }
}

/** `now` with everything out of `before` that has not changed; `before` itself when nothing has. */
function unchangedOf(before: PlanPart | undefined, now: PlanPart): PlanPart {
  if (!before) return now;
  const part = {
    frontends: unchangedAmong(before.frontends, withMembersOf(before.frontends, now.frontends)),
    probes: unchangedAmong(before.probes, now.probes),
    outbound: unchangedAmong(before.outbound, now.outbound),
  };
  const same =
    part.frontends === before.frontends && part.probes === before.probes && part.outbound === before.outbound;
  return same ? before : Object.freeze(part);
}

/**
 * `now` with the members of `before` that have not changed, and with its lists where none has. Many rules share a list, so it
 * is compared once here, and behind this only by what objects are in it.
 */
function withMembersOf(before: readonly PlanFrontend[], now: readonly PlanFrontend[]): readonly PlanFrontend[] {
  const old = new Map(before.map(({ key, rule: { members } }) => [key, members]));
  const known = new Map<readonly PlanMember[], readonly PlanMember[]>();
  return now.map((frontend) => {
    const { members } = frontend.rule;
    let same = known.get(members);
    if (!same) {
      const others = old.get(frontend.key);
      same = others ? unchangedAmong(others, members) : members;
      known.set(members, same);
    }
    return same === members
      ? frontend
      : Object.freeze({ ...frontend, rule: Object.freeze({ ...frontend.rule, members: same }) });
  });
}

/** Each rule of both whose mode differs, once, whatever the number of its frontends. */
function modeSwitches(before: PlanPart, now: PlanPart): Iterable<EventShapes['mode']> {
  const old = new Map(before.frontends.map(({ rule }) => [rule.id, rule.distribution]));
  const switched = now.frontends.flatMap(({ rule: { id, distribution: to } }) => {
    const from = old.get(id);
    return from === undefined || from === to ? [] : [[id, { rule: id, from, to }] as const];
  });
  return new Map(switched).values();
}

function unchangedAmong<T extends { readonly key: string }>(before: readonly T[], now: readonly T[]): readonly T[] {
  const known = new Map(before.map((one) => [one.key, one]));
  const merged = now.map((one) => {
    const old = known.get(one.key);
    return old !== undefined && alike(old, one) ? old : one;
  });
  const same = merged.length === before.length && merged.every((one, index) => one === before[index]);
  return same ? before : Object.freeze(merged);
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** By the stored time, then by the key: neither depends on the order in which this process has heard of them. */
const byCreation = ([keyA, a]: [string, Owned], [keyB, b]: [string, Owned]): number =>
  a.createdMs - b.createdMs || compareText(keyA, keyB);
