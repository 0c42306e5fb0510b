/** The engine inside its thread: carries plans out, follows the probes, moves the packets. */
import { setImmediate } from 'node:timers/promises';
import { Clock } from '../../clock.js';
import { CounterMemory, type ScopeReaders } from '../../metrics/counters.js';
import { probeSource } from '../../probing/probe-source.js';
import { Prober } from '../../probing/prober.js';
import { eligibleKeys, largePool, type SelectorContext, SlotTables } from '../decision.js';
import { Drains } from '../drains.js';
import type { FlowInfo, FrontendState, PlanRule, ProbeHealth } from '../engine.js';
import type { DataPlaneFault } from '../faults.js';
import type { PlanChanges } from '../plan-changes.js';
import { Turns } from '../turns.js';
import { Descriptors } from './descriptors.js';
import { Faults } from './faults.js';
import { Frontend } from './frontend.js';
import { FrontendBinder } from './frontend-binder.js';
import { Listeners } from './listeners.js';
import type { Applied, WorkerSetup } from './messages.js';
import { SourcePorts } from './source-ports.js';
import { TcpForwarder } from './tcp.js';
import { UdpForwarder } from './udp.js';

export interface DataPlaneReaders extends ScopeReaders {
  health(health: ProbeHealth): void;
  frontend(state: FrontendState): void;
}

/** Real time that one jump of the clock may spend on waiting for probes. */
const settleBudgetMs = 5000;
const pollMs = 10;
/** Real time that a probe may hold the clock up: longer than the moment which every attempt is given. */
const settleMs = 120;

export class DataPlane {
  readonly #clock: Clock;
  readonly #realClock = new Clock();
  readonly #readers: DataPlaneReaders;
  readonly #memory: CounterMemory;
  readonly #faults: Faults;
  readonly #prober: Prober;
  readonly #tcp: TcpForwarder;
  readonly #udp: UdpForwarder;
  readonly #binder: FrontendBinder;
  readonly #drains: Drains;
  readonly #frontends = new Map<string, Frontend>();
  readonly #context: SelectorContext;
  /** Frontends that have to choose anew because a probe of theirs has flipped. */
  readonly #stale = new Set<string>();
  readonly #turns = new Turns();

  constructor(setup: WorkerSetup, readers: DataPlaneReaders) {
    this.#clock = new Clock({ origin: setup.origin });
    this.#readers = readers;
    this.#memory = new CounterMemory(readers);
    this.#faults = new Faults(this.#clock);
    this.#prober = new Prober({
      clock: this.#clock,
      realClock: this.#realClock,
      onChange: (health) => this.#healthChanged(health),
      verdict: this.#faults.verdict,
      sourceAddress: probeSource(),
    });
    this.#context = { healthOf: (key) => this.#prober.healthOf(key), tables: new SlotTables() };
    const shared = {
      clock: this.#clock,
      faults: this.#faults,
      sourcePorts: new SourcePorts(),
      descriptors: new Descriptors(setup.descriptorLimit),
    };
    this.#tcp = new TcpForwarder(shared);
    this.#udp = new UdpForwarder(shared);
    this.#drains = new Drains(this.#clock, (ending) => this.#tcp.end(ending));
    this.#binder = new FrontendBinder({
      listeners: new Listeners({ tcp: this.#tcp, udp: this.#udp }),
      realClock: this.#realClock,
      announce: (state) => readers.frontend(state),
    });
  }

  /** One after the other: tables of large pools are built in between packets. */
  async apply(changes: PlanChanges): Promise<Applied> {
    const { size } = this.#frontends;
    const isNew = changes.frontends.some(({ key }) => !this.#frontends.has(key));
    await this.#turns.take(() => this.#take(changes));
    // Other rules at the same places need no other sockets.
    if (isNew || this.#frontends.size !== size) await this.#binder.apply([...this.#frontends.values()]);
    return {
      frontends: changes.frontends.flatMap(({ key }) => this.#binder.stateOf(this.#frontends.get(key)) ?? []),
      health: changes.probes.flatMap(({ key }) => this.#prober.healthOf(key) ?? []),
    };
  }

  async #take(changes: PlanChanges): Promise<void> {
    for (const key of changes.removedProbes) this.#prober.remove(key);
    for (const probe of changes.probes) this.#prober.put(probe);
    for (const key of changes.removedFrontends) this.#remove(key);
    for (const plan of changes.frontends) {
      await this.#prepare(plan.rule);
      const known = this.#frontends.get(plan.key);
      if (!known) {
        this.#frontends.set(plan.key, new Frontend(plan, { context: this.#context, memory: this.#memory }));
        continue;
      }
      this.#drains.changed(known.plan, plan);
      known.update(plan, this.#context);
      this.#udp.reconsider(known);
    }
  }

  /** Moves the clock from timer to timer, and lets probes that were started on the way hear their answers. */
  async advance(azureMs: number): Promise<void> {
    const targetMs = this.#clock.now() + azureMs;
    const giveUpMs = this.#realClock.now() + settleBudgetMs;
    while (this.#clock.nextDueMs < targetMs && this.#realClock.now() < giveUpMs) {
      this.#clock.advance(Math.max(0, this.#clock.nextDueMs - this.#clock.now()));
      await this.#settle();
    }
    this.#clock.advance(Math.max(0, targetMs - this.#clock.now()));
    await this.#settle();
    await this.#turns.take(() => this.#refreshStale());
  }

  /** Puts exactly these faults in force, for what is open too. */
  async setFaults(faults: readonly DataPlaneFault[]): Promise<void> {
    const before = new Set(this.#probesWithFaults());
    this.#faults.set(faults);
    this.#tcp.faultsChanged();
    this.#udp.faultsChanged();
    const after = new Set(this.#probesWithFaults());
    this.#prober.hurry(({ key }) => before.has(key) || after.has(key));
    await this.#settle();
    await this.#turns.take(() => this.#refreshStale());
  }

  flows(): FlowInfo[] {
    return [...this.#tcp.flows(), ...this.#udp.flows()];
  }

  async close(graceMs: number): Promise<void> {
    this.#prober.stop();
    this.#binder.stop();
    const endMs = this.#realClock.now() + graceMs;
    while (this.#tcp.openFlows > 0 && this.#realClock.now() < endMs) await this.#realClock.wait(pollMs);
    this.#tcp.stop();
    this.#udp.stop();
    this.#clock.close();
  }

  /** A probe that nobody answers holds the clock up only for a moment: it times out at a later step. */
  async #settle(): Promise<void> {
    await Promise.race([this.#prober.settled(), this.#realClock.wait(settleMs)]);
  }

  #probesWithFaults(): string[] {
    return this.#prober.probes().flatMap((probe) => (this.#faults.concernsProbe(probe) ? [probe.key] : []));
  }

  #remove(key: string): void {
    const frontend = this.#frontends.get(key);
    if (!frontend) return;
    this.#frontends.delete(key);
    this.#drains.changed(frontend.plan, undefined);
    this.#tcp.removed(frontend);
    this.#udp.removed(frontend);
    frontend.retire();
  }

  #healthChanged(health: ProbeHealth): void {
    for (const [key, frontend] of this.#frontends) if (frontend.probes.has(health.key)) this.#stale.add(key);
    // Many probes flip together; their frontends choose anew once. What is announced has already come true.
    void this.#turns.take(async () => {
      await this.#refreshStale();
      this.#readers.health(health);
    });
  }

  async #refreshStale(): Promise<void> {
    for (const key of this.#stale) {
      this.#stale.delete(key);
      const frontend = this.#frontends.get(key);
      if (!frontend) continue;
      await this.#prepare(frontend.plan.rule);
      frontend.refresh(this.#context);
      if (frontend.plan.transport === 'udp') this.#udp.reconsider(frontend);
      else if (frontend.endsEstablished) this.#tcp.end({ frontend: frontend.key, why: 'endedAllProbedDown' });
    }
  }

  #prepare(rule: PlanRule): Promise<void> | undefined {
    if (rule.members.length <= largePool) return undefined;
    return this.#context.tables.prepare(eligibleKeys(rule, this.#context.healthOf), () => setImmediate());
  }
}
