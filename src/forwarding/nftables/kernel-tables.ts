/** The tables as they are in the kernel: what was loaded, and everything that is done to flows. */
import type { Clock, Timer } from '../../clock.js';
import type { HealthOf } from '../decision.js';
import { type CounterSample, emptyPlan, type FlowInfo } from '../engine.js';
import { IndexedPlan } from '../plan-changes.js';
import { KernelCounters } from './counters.js';
import { ageFlows, forgetFlows, resetFlows } from './end-flows.js';
import { type Family, ipv4, ipv6 } from './family.js';
import { describeFlows, type KernelFlow, kernelFlows } from './flows.js';
import type { Ruleset } from './fragment.js';
import { repliesLastMs } from './frontend.js';
import { IdleWatch, silenceLimitMs, wantsReset } from './idle.js';
import { Loader } from './loader.js';
import { explainLoadFailure } from './refusal.js';
import { RulesetModel } from './ruleset.js';
import { changesBetween } from './transaction.js';

export interface KernelTablesOptions {
  readonly clock: Clock;
  readonly realClock: Clock;
  readonly onFailure: (error: Error) => void;
}

/** Real time between two readings of the counters. */
const readEveryMs = 1000;

export class KernelTables {
  readonly #clock: Clock;
  readonly #realClock: Clock;
  readonly #onFailure: (error: Error) => void;
  readonly #loader: Loader;
  readonly #model: RulesetModel;
  readonly #counters = new KernelCounters();
  readonly #idle: IdleWatch;
  readonly #families = new Set<Family>();
  readonly #closedSinceMs = new Map<number, number>();
  readonly #firstListedMs = new Map<string, number>();
  #loaded: Ruleset = new Map();
  #outbound: IndexedPlan['outbound'] = new Map();
  #reading: Timer | undefined;
  #closed = false;

  constructor({ clock, realClock, onFailure }: KernelTablesOptions) {
    this.#clock = clock;
    this.#realClock = realClock;
    this.#onFailure = onFailure;
    this.#loader = new Loader(onFailure);
    this.#model = new RulesetModel(clock.scale);
    this.#idle = new IdleWatch({
      realClock,
      sets: this.#model.sets,
      flows: () => this.#flows(),
      expire: (flows) => this.#expire(flows),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Makes the kernel forward by this plan; ends the flows of frontends that are not in it any more. */
  async load(plan: IndexedPlan, healthOf: HealthOf): Promise<void> {
    this.#forgetOld();
    const ruleset = this.#model.compile(plan, healthOf);
    await this.#send(ruleset);
    this.#outbound = plan.outbound;
    await this.#endRemoved();
    this.#idle.planChanged();
    if (!this.#reading) this.#readSoon();
  }

  counters(): CounterSample[] {
    return this.#counters.samples();
  }

  async describeFlows(): Promise<FlowInfo[]> {
    const { sets } = this.#model;
    const { flows, stale } = await describeFlows([...this.#families], {
      sets,
      scale: this.#clock.scale,
      nowMs: this.#realClock.now(),
      firstListedMs: this.#firstListedMs,
    });
    for (const { family, set, key } of stale) {
      await this.#loader.transaction(`delete element ${family.table} ${set} { ${key} }`).catch(() => {});
    }
    await this.#readCounters();
    return flows;
  }

  /** Azure's clock was moved: flows that would have been silent for too long end, the others have less time left. */
  async advance(azureMs: number): Promise<void> {
    const byMs = azureMs / this.#clock.scale;
    const flows = await this.#flows();
    const isOver = (flow: KernelFlow): boolean => flow.silentMs + byMs >= silenceLimitMs(flow);
    await this.#expire(flows.filter(isOver));
    await ageFlows(
      flows.filter((flow) => !isOver(flow)),
      byMs,
      this.#loader,
    );
  }

  /** Ends all TCP connections of these frontends with resets. */
  async endEstablished(frontends: ReadonlySet<string>): Promise<void> {
    const flows = (await this.#flows()).filter(
      ({ transport, set }) => transport === 'tcp' && frontends.has(set.set.frontend.key),
    );
    for (const { set } of flows) this.#counters.count(set.set.frontend, 'endedAllProbedDown');
    await this.#reset(flows);
  }

  /** A member's drain period at a frontend is over; both by their keys. */
  async endDrained(frontend: string, member: string): Promise<void> {
    const flows = (await this.#flows()).filter(
      (flow) => flow.transport === 'tcp' && flow.set.set.frontend.key === frontend && flow.member === member,
    );
    for (const { set } of flows) this.#counters.count(set.set.frontend, 'endedByDrain');
    await this.#reset(flows);
  }

  /** New connections are none of ours any more; those that are there go on. */
  async closeDoors(): Promise<void> {
    await this.#send(this.#model.compile(new IndexedPlan(emptyPlan), () => undefined));
  }

  async hasFlows(): Promise<boolean> {
    return (await this.#flows()).some(({ transport }) => transport === 'tcp');
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#idle.stop();
    this.#reading?.cancel();
    await this.#loader.close();
  }

  async #send(ruleset: Ruleset): Promise<void> {
    for (const family of [ipv4, ipv6]) {
      if (this.#families.has(family) || !ruleset.has(`table ${family.ip}`)) continue;
      await this.#loader.transaction(`create table ${family.table} { flags owner; }`).catch((error: Error) => {
        throw explainLoadFailure(error);
      });
      this.#families.add(family);
    }
    try {
      await this.#loader.run(changesBetween(this.#loaded, ruleset));
    } catch (error) {
      await this.#startOver(ruleset, error as Error);
    }
    this.#loaded = ruleset;
  }

  /** A refused transaction leaves nobody knowing what is loaded: everything is loaded anew, once. */
  async #startOver(ruleset: Ruleset, error: Error): Promise<void> {
    const tables = [...this.#families].map(({ table }) => `delete table ${table}; add table ${table} { flags owner; }`);
    await this.#loader.transaction(tables.join('; ')).catch(() => {
      throw error;
    });
    await this.#loader.run(changesBetween(new Map(), ruleset));
  }

  #flows(): Promise<KernelFlow[]> {
    return kernelFlows([...this.#families], this.#model.sets);
  }

  /** Azure resets both ends where TCP reset is enabled, and else says nothing to anybody. */
  async #expire(flows: readonly KernelFlow[]): Promise<void> {
    const reset = flows.filter(wantsReset);
    const silently = flows.filter((flow) => !wantsReset(flow));
    for (const { set, transport } of flows) {
      const name = transport === 'udp' ? 'flowsIdle' : set.set.frontend.rule.tcpReset ? 'idleReset' : 'idleDropped';
      this.#counters.count(set.set.frontend, name);
    }
    await forgetFlows(silently, this.#loader);
    await this.#reset(reset);
  }

  async #reset(flows: readonly KernelFlow[]): Promise<void> {
    await resetFlows(flows, { loader: this.#loader, addressOf: (number) => this.#model.addressOf(number) });
  }

  async #endRemoved(): Promise<void> {
    const closed = new Set<number>();
    for (const { set, state } of this.#model.sets.all()) {
      if (state === 'open' || this.#model.sets.isCurrent(set.frontend.key)) continue;
      if (this.#closedSinceMs.has(set.number)) continue;
      this.#closedSinceMs.set(set.number, this.#realClock.now());
      closed.add(set.number);
    }
    if (closed.size === 0) return;
    const flows = (await this.#flows()).filter(({ set }) => closed.has(set.set.number));
    for (const { set } of flows) this.#counters.count(set.set.frontend, 'endedByRemoval');
    await forgetFlows(
      flows.filter((flow) => !wantsReset(flow)),
      this.#loader,
    );
    await this.#reset(flows.filter(wantsReset));
  }

  /** Chains of frontends that are long gone, with all that may still have mentioned them. */
  #forgetOld(): void {
    const nowMs = this.#realClock.now();
    for (const [number, sinceMs] of this.#closedSinceMs) {
      const idleMs = this.#model.sets.of(number)?.set.idleMs ?? 0;
      if (nowMs - sinceMs < 2 * (idleMs + repliesLastMs)) continue;
      this.#closedSinceMs.delete(number);
      this.#model.sets.forget(number);
    }
  }

  #readCounters(): Promise<void> {
    const { sets } = this.#model;
    return this.#counters.read({ families: [...this.#families], chainSets: sets, outbound: this.#outbound });
  }

  #readSoon(): void {
    if (this.#closed) return;
    this.#reading = this.#realClock.setTimeout(() => {
      this.#readCounters().then(
        () => this.#readSoon(),
        (error: Error) => this.#fail(error),
      );
    }, readEveryMs);
  }

  #fail(error: Error): void {
    if (!this.#closed) this.#onFailure(error);
  }
}
