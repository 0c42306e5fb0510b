/**
 * The userspace engine: Azure's load balancer on plain sockets, on any system and without privilege.
 *
 * This side keeps the plan, mirrors what the worker reports and answers questions from that; the worker thread does
 * all socket work. A thread that throws or hangs is started anew with the current plan; its flows are lost.
 */
import { Clock } from '../../support/clock.js';
import { CounterScope } from '../model/counters.js';
import type {
  CounterSample,
  Engine,
  EngineEvents,
  Explanation,
  FlowInfo,
  FlowTuple,
  FrontendState,
  PlaceState,
  ProbeHealth,
} from '../model/engine.js';
import { type DataPlaneFault, sortFaults, type ThreadFailure } from '../model/faults.js';
import {
  type Collision,
  emptyPlan,
  type ForwardingPlan,
  IndexedPlan,
  keysOfScope,
  type PlanFrontend,
} from '../model/plan.js';
import { Explainer } from '../selection/explain.js';
import { collisionReason, noOutboundReason } from './frontend-binder.js';
import { type Applied, type Report, type Request, toSend, type WorkerAnswer } from './messages.js';
import { defaultDescriptorLimit } from './socket-limits.js';
import { LoadingThread, ThreadEnded, WorkerThread } from './worker-thread.js';

interface UserspaceEngineOptions {
  /** The emulator's clock; the worker follows it, and `advanceClock` is to be called with every `advance`. */
  readonly clock: Clock;
  readonly events?: EngineEvents;
  /** How many file descriptors the data plane may use; by default what the process may open, less a reserve. */
  readonly descriptorLimit?: number;
  /** The first thread; it is started here if it was not before. */
  readonly thread?: LoadingThread | undefined;
  /** By which the thread is watched and started anew. */
  readonly realClock?: Clock;
}

/** Real time before the first and the second restart within a minute; there is no third. */
const restartsAfterMs = [250, 1000];
const failuresCountMs = 60_000;
/** Real time that the thread gets to end, beyond the time for its flows. */
const closeWithinMs = 1000;

/** Resolves when the plan is carried out again after a failure; rejects when there is no further try. */
interface Recovery {
  readonly done: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function newRecovery(): Recovery {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const done = new Promise<void>((succeed, fail) => {
    resolve = succeed;
    reject = fail;
  });
  // It may have no reader.
  done.catch(() => {});
  return { done, resolve, reject };
}

export class UserspaceEngine implements Engine {
  readonly name = 'userspace';
  readonly whyNoOutbound = noOutboundReason;
  readonly #options: Required<Omit<UserspaceEngineOptions, 'events' | 'thread'>> & { readonly entry: URL };
  readonly #events: EngineEvents;
  #thread: WorkerThread;
  readonly #scopes = new Map<string, CounterScope>();
  /** By scope, what threads that have failed had counted. */
  readonly #countedBefore = new Map<string, Map<string, number>>();
  readonly #health = new Map<string, ProbeHealth>();
  readonly #states = new Map<string, PlaceState>();
  #plan = new IndexedPlan(emptyPlan);
  #explainer = new Explainer(this.#plan);
  #faults: readonly DataPlaneFault[] = [];
  #advancedMs: number;
  #restarts = 0;
  /** Real times of the last failures. */
  #failures: number[] = [];
  /** While the thread is started anew, and from when that was given up. */
  #recovery: Recovery | undefined;
  #closing = false;

  constructor({
    clock,
    events = {},
    descriptorLimit = defaultDescriptorLimit(),
    thread = new LoadingThread(),
    realClock = new Clock(),
  }: UserspaceEngineOptions) {
    this.#options = { clock, descriptorLimit, entry: thread.entry, realClock };
    this.#events = events;
    this.#advancedMs = clock.origin.advancedMs;
    this.#thread = this.#takeThread(thread);
  }

  get running(): boolean {
    return this.#recovery === undefined;
  }

  async apply(plan: ForwardingPlan): Promise<void> {
    const next = new IndexedPlan(plan);
    const before = this.#plan;
    const changes = next.changesFrom(before);
    this.#plan = next;
    this.#explainer = new Explainer(this.#plan);
    for (const key of changes.removedFrontends) this.#states.delete(key);
    for (const key of changes.removedProbes) this.#health.delete(key);
    const applied = (await this.#ask({ type: 'apply', changes: toSend(changes, before) })) as Applied | undefined;
    if (applied) this.#take(applied);
    for (const { key } of takenOver(changes.frontends, before)) this.#announce(key);
    for (const collision of newCollisions(next, before)) this.#events.onFrontendState?.(collisionState(collision));
  }

  /** Frontends that collide are listed too, after the one that has the address. */
  frontends(): readonly FrontendState[] {
    const states = [...this.#states.keys()].flatMap((key) => this.#stateOf(key) ?? []);
    return [...states, ...this.#plan.collisions.map(collisionState)];
  }

  health(): readonly ProbeHealth[] {
    return [...this.#health.values()];
  }

  healthOf(key: string): ProbeHealth | undefined {
    return this.#health.get(key);
  }

  async explain(tuple: FlowTuple): Promise<Explanation> {
    const { sourceAddress: address, sourcePort: port } = tuple;
    const tracking = this.#explainer.tracking(tuple);
    const noted = tracking && (await this.#ask({ type: 'noted', frontend: tracking.key, client: { address, port } }));
    return this.#explainer.explain(tuple, {
      noted: noted as string | undefined,
      faults: sortFaults(this.#faults).traffic,
      healthOf: (key) => this.#health.get(key),
      whyUnbound: (key) => {
        const state = this.#stateOf(key);
        return state?.state === 'Unbound'
          ? `The frontend has no place here. ${state.reason ?? ''}`.trimEnd()
          : undefined;
      },
    });
  }

  async flows(): Promise<readonly FlowInfo[]> {
    // A thread that has failed has no flows any more.
    return ((await this.#ask({ type: 'flows' })) as readonly FlowInfo[] | undefined) ?? [];
  }

  counters(): readonly CounterSample[] {
    const samples: CounterSample[] = [];
    for (const scope of new Set([...this.#countedBefore.keys(), ...this.#scopes.keys()])) {
      for (const [name, value] of this.#countsOf(scope)) samples.push({ name, scope, value });
    }
    if (this.#restarts > 0) samples.push({ name: 'threadRestarts', scope: '', value: this.#restarts });
    return samples;
  }

  async setFaults(faults: readonly DataPlaneFault[]): Promise<void> {
    this.#faults = faults;
    await this.#ask({ type: 'setFaults', faults });
  }

  failThread(how: ThreadFailure): void {
    this.#thread.ask({ type: 'fail', how }).catch(() => {});
  }

  async advanceClock(azureMs: number): Promise<void> {
    this.#advancedMs += azureMs;
    await this.#ask({ type: 'advance', azureMs });
  }

  async close(graceMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#recovery?.resolve();
    this.#thread.ask({ type: 'close', graceMs }).catch(() => {});
    await this.#thread.end(this.running ? graceMs + closeWithinMs : 0);
    this.#options.realClock.close();
  }

  #takeThread(thread: LoadingThread): WorkerThread {
    const { clock, descriptorLimit, realClock } = this.#options;
    return new WorkerThread({
      thread,
      setup: {
        origin: { ...clock.origin, advancedMs: this.#advancedMs },
        descriptorLimit,
        health: [...this.#health.values()],
      },
      realClock,
      receive: (report) => this.#receive(report),
      failed: (error) => this.#threadFailed(error),
    });
  }

  /**
   * The thread's answer; undefined when it failed meanwhile and the next one has taken over, or when the engine is closed:
   * then nothing is left to carry out, and who waits for it has nothing to do about it.
   */
  async #ask(request: Request): Promise<WorkerAnswer> {
    if (!this.#recovery) {
      try {
        return await this.#thread.ask(request);
      } catch (error) {
        if (!(error instanceof ThreadEnded)) throw error;
      }
    }
    if (this.#closing) return undefined;
    await this.#recovery?.done;
    return undefined;
  }

  #take({ frontends, health }: Applied): void {
    for (const state of frontends) if (this.#plan.frontends.has(state.key)) this.#states.set(state.key, state);
    for (const each of health) if (this.#plan.probes.has(each.key)) this.#health.set(each.key, each);
    this.#explainer.healthChanged();
  }

  #stateOf(key: string): FrontendState | undefined {
    const state = this.#states.get(key);
    const frontend = this.#plan.frontends.get(key);
    if (!state || !frontend) return undefined;
    const rule = frontend.rule.id;
    if (this.running) return { ...state, rule };
    const reason = 'The thread of the data plane has failed and is started anew.';
    return { key, rule, state: 'Unbound', boundAddress: undefined, boundPort: undefined, reason };
  }

  #announce(key: string): void {
    const state = this.#stateOf(key);
    if (state) this.#events.onFrontendState?.(state);
  }

  #receive(report: Exclude<Report, { type: 'answer' | 'error' }>): void {
    switch (report.type) {
      case 'health':
        this.#receiveHealth(report.changes);
        return;
      case 'frontend':
        if (!this.#plan.frontends.has(report.state.key)) return;
        this.#states.set(report.state.key, report.state);
        this.#announce(report.state.key);
        return;
      case 'scope':
        this.#scopes.set(report.location.scope, new CounterScope(report.location));
        return;
      case 'scopeGone':
        if (this.#scopes.get(report.scope)?.location.number !== report.number) return;
        this.#scopes.delete(report.scope);
        this.#countedBefore.delete(report.scope);
    }
  }

  #receiveHealth(changes: readonly ProbeHealth[]): void {
    const transitions = changes.filter((health) => {
      if (!this.#plan.probes.has(health.key)) return false;
      const before = this.#health.get(health.key);
      this.#health.set(health.key, health);
      // The first answer of a probe is a transition out of NA.
      return !before || before.up !== health.up || before.reason === 'NA';
    });
    this.#explainer.healthChanged();
    if (transitions.length > 0) this.#events.onHealth?.(transitions);
  }

  #threadFailed(error: Error): void {
    if (this.#closing) return;
    this.#recovery ??= newRecovery();
    const nowMs = this.#options.realClock.now();
    this.#failures = [...this.#failures.filter((atMs) => nowMs - atMs < failuresCountMs), nowMs];
    const lostFlows = this.#keepCounts();
    const restartsInMs = restartsAfterMs[this.#failures.length - 1];
    if (restartsInMs === undefined) {
      this.#recovery.reject(error);
      this.#events.onFailure?.(error);
      return;
    }
    this.#events.onInterrupted?.({ error, lostFlows, restartsInMs });
    void this.#restart(restartsInMs);
  }

  async #restart(afterMs: number): Promise<void> {
    await Promise.all([this.#thread.end(), this.#options.realClock.wait(afterMs)]);
    if (this.#closing) return;
    this.#restarts++;
    const startedAtMs = this.#advancedMs;
    this.#thread = this.#takeThread(new LoadingThread(this.#options.entry));
    try {
      await this.#catchUp(this.#thread, startedAtMs);
    } catch (error) {
      // A thread that has ended has begun the next restart already.
      if (!(error instanceof ThreadEnded)) this.#threadFailed(error as Error);
      return;
    }
    for (const scope of this.#countedBefore.keys()) if (!this.#scopes.has(scope)) this.#countedBefore.delete(scope);
    this.#recovery?.resolve();
    this.#recovery = undefined;
    this.#events.onRestarted?.();
  }

  /** Brings a new thread, whose clock has been moved by `advancedMs`, to faults, plan and time as they are now. */
  async #catchUp(thread: WorkerThread, advancedMs: number): Promise<void> {
    let carried = new IndexedPlan(emptyPlan);
    let faults: readonly DataPlaneFault[] = [];
    // Everything may change once more while the thread is being told.
    while (carried !== this.#plan || faults !== this.#faults || advancedMs !== this.#advancedMs) {
      const [next, nextFaults, nextMs] = [this.#plan, this.#faults, this.#advancedMs];
      if (nextMs > advancedMs) await thread.ask({ type: 'advance', azureMs: nextMs - advancedMs });
      if (nextFaults.length + faults.length > 0) await thread.ask({ type: 'setFaults', faults: nextFaults });
      const changes = toSend(next.changesFrom(carried), carried);
      this.#take((await thread.ask({ type: 'apply', changes })) as Applied);
      [carried, faults, advancedMs] = [next, nextFaults, nextMs];
    }
  }

  /** Adds what a failed thread has counted to what those before it had; returns how many flows it had. */
  #keepCounts(): number {
    let lostFlows = 0;
    for (const scope of this.#scopes.keys()) {
      const counts = this.#countsOf(scope);
      const arrived = counts.get('connections') ?? 0;
      const lost = arrived - (counts.get('connectionsClosed') ?? 0);
      this.#countedBefore.set(scope, counts);
      if (lost === 0) continue;
      counts.set('connectionsClosed', arrived);
      counts.set('endedByFailure', (counts.get('endedByFailure') ?? 0) + lost);
      if (keysOfScope(scope).member === undefined) lostFlows += lost;
    }
    this.#scopes.clear();
    return lostFlows;
  }

  #countsOf(scope: string): Map<string, number> {
    const counts = new Map(this.#countedBefore.get(scope));
    for (const { name, value } of this.#scopes.get(scope)?.samples() ?? [])
      counts.set(name, (counts.get(name) ?? 0) + value);
    return counts;
  }
}

/** Those of these frontends whose place another rule had before. */
export const takenOver = (frontends: Iterable<PlanFrontend>, before: IndexedPlan): PlanFrontend[] =>
  [...frontends].filter(({ key, rule }) => (before.frontends.get(key)?.rule.id ?? rule.id) !== rule.id);

/** Collisions that were not there before, or with another owner. */
export function newCollisions(now: IndexedPlan, before: IndexedPlan): Collision[] {
  const nameOf = ({ frontend, owner }: Collision): string =>
    JSON.stringify([frontend.key, frontend.rule.id, owner.rule.id]);
  const known = new Set(before.collisions.map(nameOf));
  return now.collisions.filter((collision) => !known.has(nameOf(collision)));
}

/** The state of a frontend whose address and port belong to another rule. */
export const collisionState = ({ frontend, owner }: Collision): FrontendState => ({
  key: frontend.key,
  rule: frontend.rule.id,
  state: 'Unbound',
  boundAddress: undefined,
  boundPort: undefined,
  reason: collisionReason(owner),
});
