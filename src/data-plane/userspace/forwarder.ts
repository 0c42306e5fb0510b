/** The userspace data plane inside its worker thread: applies plans, runs the probes and forwards the traffic. */
import { setImmediate } from 'node:timers/promises';
import { Clock } from '../../support/clock.js';
import { Mutex } from '../../support/mutex.js';
import { CounterMemory, type ScopeReaders } from '../model/counters.js';
import type { FlowInfo, PlaceState, ProbeHealth } from '../model/engine.js';
import type { DataPlaneFault } from '../model/faults.js';
import type { PlanChanges, PlanRule } from '../model/plan.js';
import { Prober, probeSource } from '../probing/prober.js';
import {
  eligibleKeys,
  largePool,
  PoolChoices,
  ProbeUsers,
  type SelectorContext,
  SlotTables,
} from '../selection/decision.js';
import { Drains } from './drains.js';
import { Frontend } from './frontend.js';
import { FrontendBinder } from './frontend-binder.js';
import { InjectedFaults } from './injected-faults.js';
import { Listeners } from './listeners.js';
import { type Applied, received, type SentChanges, type WorkerSetup } from './messages.js';
import { Descriptors, type SharedResources, SourcePorts } from './socket-limits.js';
import { TcpForwarder } from './tcp.js';
import { UdpForwarder } from './udp.js';

interface ForwarderEvents extends ScopeReaders {
  health(changes: readonly ProbeHealth[]): void;
  frontend(state: PlaceState): void;
}

/** Real time that one jump of the clock may wait for probes. */
const settleBudgetMs = 5000;
const pollMs = 10;
/** Real time in which flips are gathered. */
const gatherFlipsMs = 5;
/** As many as one message to the other thread may carry without holding it up. */
const flipsPerReport = 2000;
/** Backends looked at between two pauses: a few milliseconds. */
const sliceBackends = 1000;
/** Real time that one probe may delay the clock: longer than the shortest timeout of an attempt. */
const settleMs = 120;

export class Forwarder {
  readonly #clock: Clock;
  readonly #realClock = new Clock();
  readonly #readers: ForwarderEvents;
  readonly #memory: CounterMemory;
  readonly #faults: InjectedFaults;
  readonly #prober: Prober;
  readonly #tcp: TcpForwarder;
  readonly #udp: UdpForwarder;
  readonly #binder: FrontendBinder;
  readonly #drains: Drains;
  readonly #frontends = new Map<string, Frontend>();
  readonly #choices = new PoolChoices();
  readonly #context: SelectorContext;
  /** Frontends whose selector must be rebuilt because one of their probes has flipped. */
  readonly #stale = new Set<string>();
  /** Keys of frontends by the probes of their members. */
  readonly #byProbe = new ProbeUsers<string>();
  /** What probes have found since it was last reported. */
  #flips: ProbeHealth[] = [];
  readonly #mutex = new Mutex();

  constructor(setup: WorkerSetup, readers: ForwarderEvents) {
    this.#clock = new Clock({ origin: setup.origin });
    this.#readers = readers;
    this.#memory = new CounterMemory(readers);
    this.#faults = new InjectedFaults(this.#clock);
    this.#prober = new Prober({
      clock: this.#clock,
      realClock: this.#realClock,
      onChange: (health) => this.#healthChanged(health),
      verdict: this.#faults.verdict,
      sourceAddress: probeSource(),
      found: setup.health,
    });
    this.#context = { healthOf: (key) => this.#prober.healthOf(key), tables: new SlotTables(), choices: this.#choices };
    const shared: SharedResources = {
      clock: this.#clock,
      realClock: this.#realClock,
      faults: this.#faults,
      sourcePorts: new SourcePorts(),
      descriptors: new Descriptors(setup.descriptorLimit),
    };
    this.#tcp = new TcpForwarder(shared, (key) => this.#frontends.get(key));
    this.#udp = new UdpForwarder(shared);
    this.#drains = new Drains(this.#clock, (ending) => this.#tcp.end(ending));
    this.#binder = new FrontendBinder({
      listeners: new Listeners({ tcp: this.#tcp, udp: this.#udp }),
      realClock: this.#realClock,
      announce: (state) => readers.frontend(state),
    });
  }

  /** One plan at a time: slot tables of large pools are built in slices between packets. */
  async apply(changes: SentChanges): Promise<Applied> {
    const { size } = this.#frontends;
    const isNew = changes.frontends.some(({ key }) => !this.#frontends.has(key));
    await this.#mutex.run(() =>
      this.#take(received(changes, (key) => this.#frontends.get(key)?.plan.rule.members ?? [])),
    );
    // A changed rule at the same address and port needs no new socket.
    if (isNew || this.#frontends.size !== size) await this.#binder.apply([...this.#frontends.values()]);
    // What the probes have found meanwhile is reported before the answer, which would hide that it is news.
    await this.#mutex.run(() => this.#followFlips());
    return {
      frontends: changes.frontends.flatMap(({ key }) => this.#binder.stateOf(this.#frontends.get(key)) ?? []),
      health: changes.probes.flatMap(({ key }) => this.#prober.healthOf(key) ?? []),
    };
  }

  async #take(changes: PlanChanges): Promise<void> {
    for (const key of changes.removedProbes) this.#prober.remove(key);
    for (const probe of changes.probes) this.#prober.put(probe);
    this.#choices.forget();
    for (const key of changes.removedFrontends) this.#remove(key);
    for (const plan of changes.frontends) {
      await this.#prepare(plan.rule);
      const known = this.#frontends.get(plan.key);
      if (!known) {
        const frontend = new Frontend(plan, { context: this.#context, memory: this.#memory });
        this.#frontends.set(plan.key, frontend);
        this.#byProbe.add(plan.key, plan.rule.members);
        continue;
      }
      this.#byProbe.remove(plan.key, known.plan.rule.members);
      this.#drains.changed(known.plan, plan);
      known.update(plan, this.#context);
      this.#byProbe.add(plan.key, plan.rule.members);
    }
  }

  /** Moves the clock from timer to timer and waits for the probes that start on the way. */
  async advance(azureMs: number): Promise<void> {
    const targetMs = this.#clock.now() + azureMs;
    const giveUpMs = this.#realClock.now() + settleBudgetMs;
    while (this.#clock.nextDueMs < targetMs && this.#realClock.now() < giveUpMs) {
      this.#clock.advance(Math.max(0, this.#clock.nextDueMs - this.#clock.now()));
      await this.#settle();
    }
    this.#clock.advance(Math.max(0, targetMs - this.#clock.now()));
    await this.#settle();
    await this.#mutex.run(() => this.#followFlips());
  }

  /** Replaces all faults; open flows are affected too. */
  async setFaults(faults: readonly DataPlaneFault[]): Promise<void> {
    const before = new Set(this.#probesWithFaults());
    this.#faults.set(faults);
    this.#tcp.faultsChanged();
    this.#udp.faultsChanged();
    const after = new Set(this.#probesWithFaults());
    this.#prober.attemptNow(({ key }) => before.has(key) || after.has(key));
    await this.#settle();
    await this.#mutex.run(() => this.#followFlips());
  }

  /** All flows; the kernel's drops are counted up to now. */
  async flows(): Promise<FlowInfo[]> {
    await this.#udp.drops.read();
    return [...this.#tcp.flows(), ...this.#udp.flows()];
  }

  /** The key of the member that connection tracking has noted for a UDP client. */
  noted(key: string, client: { readonly address: string; readonly port: number }): string | undefined {
    const frontend = this.#frontends.get(key);
    return frontend && this.#udp.noted(frontend, client);
  }

  /** What was asked for before is carried out first. */
  async close(graceMs: number): Promise<void> {
    await this.#mutex.run(async () => this.#prober.stop());
    this.#binder.stop();
    const endMs = this.#realClock.now() + graceMs;
    while (this.#tcp.openFlows > 0 && this.#realClock.now() < endMs) await this.#realClock.wait(pollMs);
    this.#tcp.stop();
    this.#udp.stop();
    this.#clock.close();
  }

  /** An unanswered probe delays the clock only briefly; it times out at a later step. */
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
    this.#byProbe.remove(key, frontend.plan.rule.members);
    this.#drains.changed(frontend.plan, undefined);
    this.#tcp.removed(frontend);
    this.#udp.removed(frontend);
    frontend.retire();
  }

  /** Probes that flip together cause one rebuild per frontend and one report, after traffic follows them. */
  #healthChanged(health: ProbeHealth): void {
    this.#choices.forget();
    for (const key of this.#byProbe.of(health.key)) this.#stale.add(key);
    this.#flips.push(health);
    if (this.#flips.length > 1) return;
    this.#realClock.setTimeout(() => void this.#mutex.run(() => this.#followFlips()), gatherFlipsMs);
  }

  async #followFlips(): Promise<void> {
    if (this.#flips.length === 0) return;
    const flips = this.#flips;
    this.#flips = [];
    await this.#refreshStale();
    for (let at = 0; at < flips.length; at += flipsPerReport) {
      if (at > 0) await setImmediate();
      this.#readers.health(flips.slice(at, at + flipsPerReport));
    }
  }

  async #refreshStale(): Promise<void> {
    let left = sliceBackends;
    for (const key of this.#stale) {
      this.#stale.delete(key);
      const frontend = this.#frontends.get(key);
      if (!frontend) continue;
      const { rule, transport } = frontend.plan;
      await this.#prepare(rule);
      frontend.refresh(this.#context);
      if (transport === 'tcp' && frontend.endsEstablished) {
        this.#tcp.end({ frontend: frontend.key, why: 'endedAllProbedDown' });
      }
      left -= 1 + rule.members.length;
      if (left > 0) continue;
      left = sliceBackends;
      await setImmediate();
    }
  }

  #prepare(rule: PlanRule): Promise<void> | undefined {
    if (rule.members.length <= largePool) return undefined;
    return this.#context.tables.prepare(eligibleKeys(rule, this.#context.healthOf), () => setImmediate());
  }
}
