/**
 * The userspace engine: Azure's load balancer on plain sockets, on any system and without privilege.
 *
 * This side keeps the plan, mirrors what the worker reports and answers questions from that; the worker thread does
 * all socket work.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../support/clock.js';
import { modulesFolder } from '../../support/package-folder.js';
import { CounterScope } from '../model/counters.js';
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
import type { DataPlaneFault } from '../model/faults.js';
import { type Collision, emptyPlan, type ForwardingPlan, IndexedPlan } from '../model/plan.js';
import { Explainer } from '../selection/explain.js';
import { collisionReason, noOutboundReason } from './frontend-binder.js';
import type { Answer, Applied, Ask, Report, Request, WorkerSetup } from './messages.js';
import { defaultDescriptorLimit } from './socket-limits.js';

interface UserspaceEngineOptions {
  /** The emulator's clock; the worker follows it, and `advanceClock` is to be called with every `advance`. */
  readonly clock: Clock;
  readonly events?: EngineEvents;
  /** How many file descriptors the data plane may use; by default what the process may open, less a reserve. */
  readonly descriptorLimit?: number;
  /** Entry of the thread; another one only in tests. */
  readonly worker?: URL;
}

interface Pending {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

const maxYoungGenerationSizeMb = 64;

export class UserspaceEngine implements Engine {
  readonly name = 'userspace';
  readonly whyNoOutbound = noOutboundReason;
  readonly #worker: Worker;
  readonly #events: EngineEvents;
  readonly #pending = new Map<number, Pending>();
  readonly #scopes = new Map<string, CounterScope>();
  readonly #health = new Map<string, ProbeHealth>();
  readonly #states = new Map<string, FrontendState>();
  #collisions: readonly Collision[] = [];
  #plan = new IndexedPlan(emptyPlan);
  #explainer = new Explainer(this.#plan);
  #nextId = 0;
  #closing = false;
  #failure: Error | undefined;

  constructor({
    clock,
    events = {},
    descriptorLimit = defaultDescriptorLimit(),
    worker = new URL('data-plane/userspace/worker.js', modulesFolder),
  }: UserspaceEngineOptions) {
    this.#events = events;
    const workerData: WorkerSetup = { origin: clock.origin, descriptorLimit };
    this.#worker = new Worker(worker, {
      workerData,
      name: 'lazurite-data-plane',
      // Connections are short-lived objects by the thousand: a larger nursery copies fewer of them.
      resourceLimits: { maxYoungGenerationSizeMb },
    });
    this.#worker.on('message', (report: Report) => this.#receive(report));
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`The data plane's thread ended with code ${code}.`)));
  }

  async apply(plan: ForwardingPlan): Promise<void> {
    const next = new IndexedPlan(plan);
    const changes = next.changesFrom(this.#plan);
    this.#plan = next;
    this.#explainer = new Explainer(this.#plan);
    for (const key of changes.removedFrontends) this.#states.delete(key);
    for (const key of changes.removedProbes) this.#health.delete(key);
    const { frontends, health } = (await this.#ask({ type: 'apply', changes })) as Applied;
    for (const state of frontends) if (this.#plan.frontends.has(state.key)) this.#states.set(state.key, state);
    for (const each of health) if (this.#plan.probes.has(each.key)) this.#health.set(each.key, each);
    this.#explainer.healthChanged();
    this.#announceCollisions(next.collisions);
  }

  /** Frontends that collide are listed too, after the one that has the address. */
  frontends(): readonly FrontendState[] {
    return [...this.#states.values(), ...this.#collisions.map(collisionState)];
  }

  health(): readonly ProbeHealth[] {
    return [...this.#health.values()];
  }

  healthOf(key: string): ProbeHealth | undefined {
    return this.#health.get(key);
  }

  explain(tuple: FlowTuple): Explanation {
    return this.#explainer.explain(tuple, {
      healthOf: (key) => this.#health.get(key),
      whyUnbound: (key) => {
        const state = this.#states.get(key);
        return state?.state === 'Unbound'
          ? `The frontend has no place here. ${state.reason ?? ''}`.trimEnd()
          : undefined;
      },
    });
  }

  async flows(): Promise<readonly FlowInfo[]> {
    return (await this.#ask({ type: 'flows' })) as readonly FlowInfo[];
  }

  counters(): readonly CounterSample[] {
    return [...this.#scopes.values()].flatMap((scope) => scope.samples());
  }

  async setFaults(faults: readonly DataPlaneFault[]): Promise<void> {
    await this.#ask({ type: 'setFaults', faults });
  }

  async advanceClock(azureMs: number): Promise<void> {
    await this.#ask({ type: 'advance', azureMs });
  }

  async close(graceMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#failure) return;
    const exited = once(this.#worker, 'exit');
    // Requests that are still pending are rejected when the thread ends.
    this.#ask({ type: 'close', graceMs }).catch(() => {});
    await exited;
  }

  #ask(request: Request): Promise<Answer> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const ask: Ask = { id: this.#nextId++, request };
      this.#pending.set(ask.id, { resolve, reject });
      this.#worker.postMessage(ask);
    });
  }

  #receive(report: Report): void {
    switch (report.type) {
      case 'answer':
      case 'error': {
        const pending = this.#pending.get(report.id);
        this.#pending.delete(report.id);
        if (report.type === 'answer') pending?.resolve(report.answer);
        else pending?.reject(report.error);
        return;
      }
      case 'health':
        this.#receiveHealth(report.changes);
        return;
      case 'frontend':
        if (!this.#plan.frontends.has(report.state.key)) return;
        this.#states.set(report.state.key, report.state);
        this.#events.onFrontendState?.(report.state);
        return;
      case 'scope':
        this.#scopes.set(report.location.scope, new CounterScope(report.location));
        return;
      case 'scopeGone':
        this.#scopes.delete(report.scope);
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

  #announceCollisions(collisions: readonly Collision[]): void {
    const known = new Set(this.#collisions.map(({ frontend }) => frontend.rule.id));
    this.#collisions = collisions;
    for (const collision of collisions)
      if (!known.has(collision.frontend.rule.id)) this.#events.onFrontendState?.(collisionState(collision));
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    if (!this.#closing) this.#events.onFailure?.(error);
  }
}

/** The state of a frontend whose address and port belong to another rule. */
export const collisionState = ({ frontend, owner }: Collision): FrontendState => ({
  key: frontend.key,
  state: 'Unbound',
  boundAddress: undefined,
  boundPort: undefined,
  reason: collisionReason(owner),
});
