/**
 * The kernel engine: Azure's load balancer as nftables rules. Packets keep their source address and port, a SYN
 * without an eligible member is dropped, every port can be forwarded. Linux with CAP_NET_ADMIN, or a sandbox.
 *
 * Probes run in a userspace engine's worker thread that forwards nothing.
 */
import { Clock } from '../../support/clock.js';
import { Mutex } from '../../support/mutex.js';
import type {
  CounterSample,
  Engine,
  EngineEvents,
  Explanation,
  FlowInfo,
  FlowTuple,
  FrontendState,
  ProbeHealth,
} from '../model/engine.js';
import type { ThreadFailure } from '../model/faults.js';
import type { ForwardingPlan, PlanFrontend, PlanMember, PlanProbe } from '../model/plan.js';
import { emptyPlan, IndexedPlan } from '../model/plan.js';
import { allProbedDown, candidatesOf, ProbeUsers } from '../selection/decision.js';
import { Explainer } from '../selection/explain.js';
import { Drains } from '../userspace/drains.js';
import { collisionState, newCollisions, UserspaceEngine } from '../userspace/engine.js';
import { reasonFor } from '../userspace/frontend-binder.js';
import type { LoadingThread } from '../userspace/worker-thread.js';
import { indistinct } from './answers.js';
import { type Family, familyOf } from './family.js';
import { alone, hasOthers, type NodeOptions } from './frontend.js';
import { KernelTables } from './kernel-tables.js';
import { refuseWhereImpossible } from './loader.js';

interface NftablesEngineOptions {
  /** The emulator's clock; `advanceClock` is to be called with every `advance`. */
  readonly clock: Clock;
  readonly events?: EngineEvents;
  /**
   * Where it is one of several nodes; `nodesChanged` is then to be called when others have come or gone, and no outbound rule
   * runs before `runOutbound`.
   */
  readonly node?: NodeOptions;
  /** The first thread of what probes, if it is there already. */
  readonly thread?: LoadingThread | undefined;
}

/** Real time between two checks for open flows while closing. */
const closingPollMs = 50;

export class NftablesEngine implements Engine {
  readonly name = 'nftables';
  readonly #realClock = new Clock();
  readonly #events: EngineEvents;
  readonly #node: NodeOptions;
  readonly #clock: Clock;
  readonly #prober: UserspaceEngine;
  readonly #kernel: KernelTables;
  readonly #drains: Drains;
  /** As last loaded into the kernel. */
  readonly #health = new Map<string, ProbeHealth>();
  #plan = new IndexedPlan(emptyPlan);
  /** The newest plan, of which the prober has been told. */
  #probed = new IndexedPlan(emptyPlan);
  /** The part of the plan that the kernel carries out, whether outbound rules run here or not, and what it does now. */
  #own: ForwardingPlan = emptyPlan;
  #served = new IndexedPlan(emptyPlan);
  #hasOutbound: boolean;
  /** Frontends that another node could not answer for, by their keys, with the reasons. */
  #indistinct: ReadonlyMap<string, string> = new Map();
  /** Frontends whose flows end when all members are probed down. */
  readonly #ending = new ProbeUsers<PlanFrontend>();
  /** Not announced yet. */
  #flips: ProbeHealth[] = [];
  #explainer = new Explainer(this.#plan);
  readonly #mutex = new Mutex();
  #closing = false;

  /** Throws a `UsageError` where the kernel engine cannot run. */
  constructor({ clock, events = {}, thread, node }: NftablesEngineOptions) {
    refuseWhereImpossible();
    this.#events = events;
    this.#node = node ?? alone;
    this.#hasOutbound = node === undefined;
    this.#clock = clock;
    const onFailure = (error: Error): void => {
      if (!this.#closing) events.onFailure?.(error);
    };
    this.#kernel = new KernelTables({
      clock,
      realClock: this.#realClock,
      onFailure,
      inTurn: (task) => this.#mutex.run(task),
      node: this.#node,
    });
    this.#drains = new Drains(clock, (ending) => {
      if (!this.#closing) void this.#mutex.run(() => this.#kernel.end([ending])).catch(onFailure);
    });
    this.#prober = new UserspaceEngine({
      clock,
      thread,
      events: {
        ...events,
        onHealth: (changes) => void this.#healthChanged(changes).catch(onFailure),
        onFailure,
      },
    });
  }

  async apply(plan: ForwardingPlan): Promise<void> {
    const frontends = plan.frontends.map(withinFamily);
    const next = new IndexedPlan({ ...plan, frontends });
    await this.#updateProber(next, plan.probes);
    await this.#mutex.run(async () => {
      if (this.#closing) return;
      const before = this.#plan;
      const changes = next.changesFrom(before);
      this.#plan = next;
      const unbound = this.#indistinct;
      const own = frontends.filter(isServed);
      this.#indistinct = this.#node.symmetric ? new Map() : indistinct(own);
      const served = own.filter(({ key }) => !this.#indistinct.has(key));
      this.#own = { ...plan, frontends: served };
      const isWhole = served.length === frontends.length && (this.#hasOutbound || plan.outbound.length === 0);
      this.#served = isWhole ? next : this.#indexed();
      this.#explainer = new Explainer(next);
      await this.#load([...changes.removedProbes, ...changes.probes.map(({ key }) => key)]);
      const changed = [...changes.frontends.map(({ key }) => key), ...changes.removedFrontends];
      for (const key of changed) this.#frontendChanged(before.frontends.get(key), next.frontends.get(key));
      this.#announce(before, unbound);
    });
  }

  #indexed(): IndexedPlan {
    return new IndexedPlan(this.#hasOutbound ? this.#own : { ...this.#own, outbound: emptyPlan.outbound });
  }

  #frontendChanged(before: PlanFrontend | undefined, now: PlanFrontend | undefined): void {
    if (before) this.#drains.changed(before, now);
    if (before && endsWhenAllAreDown(before)) this.#ending.remove(before, before.rule.members);
    if (now && endsWhenAllAreDown(now)) this.#ending.add(now, now.rule.members);
  }

  /** The kernel forwards every packet addressed to a frontend: only another rule can prevent that. */
  frontends(): readonly FrontendState[] {
    return [
      ...[...this.#plan.frontends.values()].map((one) => this.#stateOf(one)),
      ...this.#plan.collisions.map(collisionState),
    ];
  }

  /** A probe counts as flipped once the kernel has been updated; before the first load its state is NA. */
  health(): readonly ProbeHealth[] {
    return this.#prober.health().map((now) => this.#inKernel(now));
  }

  healthOf(key: string): ProbeHealth | undefined {
    const now = this.#prober.healthOf(key);
    return now && this.#inKernel(now);
  }

  #inKernel(now: ProbeHealth): ProbeHealth {
    const known = this.#health.get(now.key) ?? { ...now, up: false, reason: 'NA' };
    return known.up === now.up ? now : known;
  }

  async explain(tuple: FlowTuple): Promise<Explanation> {
    const tracking = this.#explainer.tracking(tuple);
    const noted = tracking && (await this.#kernel.noted(tracking, tuple));
    const answer = this.#explainer.explain(tuple, {
      noted,
      healthOf: (key) => this.healthOf(key),
      whyUnbound: (key) => {
        const frontend = this.#plan.frontends.get(key);
        return frontend && this.#stateOf(frontend).reason;
      },
    });
    return answer.choice && tuple.transport === 'tcp' && hasOthers(this.#node)
      ? { ...answer, unknownFlow: this.#unknownFlow(answer.frontend) }
      : answer;
  }

  #unknownFlow(key: string | undefined): string {
    const idleMs = this.#plan.frontends.get(key ?? '')?.rule.idleTimeoutMs ?? 0;
    const isAdopted = this.#kernel.adopts(idleMs / this.#clock.scale);
    const { adopt } = this.#node;
    const happens = {
      never: 'is refused: --adopt is never',
      always: 'goes to this backend too: another node may have carried it',
      'after-change': isAdopted
        ? 'goes to this backend too: a node has come or gone within the idle timeout'
        : 'is dropped: no node has come or gone within the idle timeout',
    };
    return `A packet in the middle of a connection that this node does not know ${happens[adopt]}.`;
  }

  async flows(): Promise<readonly FlowInfo[]> {
    return this.#kernel.describeFlows();
  }

  /** As read a second ago, or by the last `flows`; where reading takes long, a little longer ago. */
  counters(): readonly CounterSample[] {
    return [...this.#kernel.counters(), ...this.#prober.counters()];
  }

  get running(): boolean {
    return this.#prober.running;
  }

  /** The thread that probes; the kernel forwards on by what was known. */
  failThread(how: ThreadFailure): void {
    this.#prober.failThread(how);
  }

  async advanceClock(azureMs: number): Promise<void> {
    await this.#prober.advanceClock(azureMs);
    await this.#mutex.run(() => this.#kernel.advance(azureMs));
  }

  async nodesChanged(): Promise<void> {
    await this.#mutex.run(() => this.#kernel.nodesChanged());
  }

  get whyNoOutbound(): string | undefined {
    return this.#hasOutbound ? undefined : noOutboundHere;
  }

  async runOutbound(isHere: boolean): Promise<void> {
    await this.#mutex.run(async () => {
      if (this.#closing || this.#hasOutbound === isHere) return;
      this.#hasOutbound = isHere;
      if (this.#own.outbound.length === 0) return;
      this.#served = this.#indexed();
      await this.#load([]);
    });
  }

  async close(graceMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.#prober.close(0);
    await this.#mutex.run(() => this.#kernel.stopAccepting()).catch(() => {});
    const endMs = this.#realClock.now() + graceMs;
    while (this.#realClock.now() < endMs && (await this.#kernel.hasFlows())) await this.#realClock.wait(closingPollMs);
    await this.#kernel.close();
    this.#realClock.close();
  }

  /** A message to the worker costs more than a change in the kernel, so it is sent only when probes change. */
  async #updateProber(next: IndexedPlan, probes: readonly PlanProbe[]): Promise<void> {
    const changes = next.changesFrom(this.#probed);
    this.#probed = next;
    if (changes.probes.length + changes.removedProbes.length > 0) await this.#prober.apply({ ...emptyPlan, probes });
  }

  /** Makes the kernel follow the plan and what these probes have found. */
  async #load(flipped: readonly string[]): Promise<void> {
    const found = new Map(flipped.map((key) => [key, this.#prober.healthOf(key)]));
    const healthOf = (key: string): ProbeHealth | undefined =>
      found.has(key) ? found.get(key) : this.#health.get(key);
    await this.#kernel.load(this.#served, { healthOf, flipped });
    for (const [key, health] of found) {
      if (health) this.#health.set(key, health);
      else this.#health.delete(key);
    }
    this.#explainer.healthChanged();
  }

  /** Health is announced after the kernel has been updated; what flips while it is being updated goes in together. */
  async #healthChanged(changes: readonly ProbeHealth[]): Promise<void> {
    this.#flips.push(...changes);
    await this.#mutex.run(async () => {
      if (this.#closing || this.#flips.length === 0) return;
      const flips = this.#flips;
      this.#flips = [];
      const keys = flips.map(({ key }) => key);
      await this.#load(keys);
      await this.#endWhereAllAreDown(keys);
      this.#events.onHealth?.(flips);
    });
  }

  async #endWhereAllAreDown(flipped: readonly string[]): Promise<void> {
    const affected = new Set(flipped.flatMap((key) => [...this.#ending.of(key)]));
    const down = new Map<readonly PlanMember[], boolean>();
    const ending = [...affected].filter(({ rule }) => {
      const isDown = down.get(rule.members) ?? allProbedDown(candidatesOf(rule, (key) => this.#health.get(key)));
      down.set(rule.members, isDown);
      return isDown;
    });
    if (ending.length === 0) return;
    await this.#kernel.end(ending.map(({ key }) => ({ frontend: key, why: 'endedAllProbedDown' })));
  }

  #stateOf(frontend: PlanFrontend): FrontendState {
    const { key, address, port, rule } = frontend;
    const own = { key, rule: rule.id };
    const reason = isServed(frontend) ? this.#indistinct.get(key) : reasonFor('LEASED', frontend);
    if (reason !== undefined)
      return { ...own, state: 'Unbound', boundAddress: undefined, boundPort: undefined, reason };
    return { ...own, state: 'Bound', boundAddress: address, boundPort: port, reason };
  }

  #announce(before: IndexedPlan, unbound: ReadonlyMap<string, string>): void {
    for (const frontend of this.#plan.frontends.values()) {
      const owner = before.frontends.get(frontend.key);
      const isSame =
        owner?.rule.id === frontend.rule.id && unbound.get(frontend.key) === this.#indistinct.get(frontend.key);
      if (!isSame) this.#events.onFrontendState?.(this.#stateOf(frontend));
    }
    for (const collision of newCollisions(this.#plan, before))
      this.#events.onFrontendState?.(collisionState(collision));
  }
}

const noOutboundHere =
  'Outbound rules run on one node at a time, the one that writes: GET /_lazurite/nodes says which, and it runs this rule.';

const withinFamilies = new WeakMap<PlanFrontend, PlanFrontend>();
const membersWithin = new WeakMap<readonly PlanMember[], Map<Family, readonly PlanMember[]>>();

/** A frontend with the members of its own address family: a packet's header is not exchanged for the other one's. */
function withinFamily(frontend: PlanFrontend): PlanFrontend {
  const { rule } = frontend;
  const members = ofFamily(rule.members, familyOf(frontend.address));
  if (members === rule.members) return frontend;
  const known = withinFamilies.get(frontend) ?? { ...frontend, rule: { ...rule, members } };
  withinFamilies.set(frontend, known);
  return known;
}

/** Rules that share their members share the result too. */
function ofFamily(members: readonly PlanMember[], family: Family): readonly PlanMember[] {
  const byFamily = membersWithin.get(members) ?? new Map<Family, readonly PlanMember[]>();
  membersWithin.set(members, byFamily);
  let own = byFamily.get(family);
  if (!own) {
    own = members.filter(({ address }) => familyOf(address) === family);
    if (own.length === members.length) own = members;
    byFamily.set(family, own);
  }
  return own;
}

const endsWhenAllAreDown = ({ transport, rule }: PlanFrontend): boolean =>
  transport === 'tcp' && rule.allProbedDown === 'endEstablished';

/** Not where another process has the address. */
const isServed = ({ leasedElsewhere }: PlanFrontend): boolean => leasedElsewhere === undefined;
