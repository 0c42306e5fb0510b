/** The tables in the kernel: loads rulesets, ends flows, reads counters and collects what is unreferenced. */
import type { Clock, Timer } from '../../support/clock.js';
import type { CounterSample, FlowInfo, FlowTuple } from '../model/engine.js';
import { emptyPlan, IndexedPlan, type PlanFrontend, type Transport } from '../model/plan.js';
import type { Ending } from '../userspace/drains.js';
import {
  collectReferences,
  countCandidates,
  deleteCounts,
  deleteOutboundCounts,
  findUnreferenced,
  isNothing,
  isUnreferenced,
  markKeys,
  type Unreferenced,
} from './collector.js';
import { type CounterReading, KernelCounters, type SaveCounts } from './counters.js';
import {
  ageFlows,
  forgetElements,
  forgetFlows,
  IdleResets,
  resetFlows,
  silenceLimitMs,
  wantsReset,
} from './end-flows.js';
import { type Family, familyOf, ipv4, ipv6, keyOfTuple, nftDuration } from './family.js';
import { describeFlows, type KernelFlow, kernelFlows } from './flows.js';
import type { Ruleset } from './fragment.js';
import type { NodeOptions } from './frontend.js';
import { getElement } from './listing.js';
import { Loader, throwExplained } from './loader.js';
import { readMark } from './marks.js';
import { backendElement } from './outbound.js';
import { type MemberHealth, RulesetModel } from './ruleset.js';
import { adoptionKey } from './tcp-chains.js';
import { changesBetween } from './transaction.js';

interface KernelTablesOptions {
  readonly clock: Clock;
  readonly realClock: Clock;
  readonly onFailure: (error: Error) => void;
  /** Runs a task when no other one changes the tables. */
  readonly inTurn: (task: () => Promise<void>) => Promise<void>;
  readonly node: NodeOptions;
}

/** Real time between two readings of the counters, and how many times longer than a reading it is at least. */
const readEveryMs = 1000;
const restShare = 3;
/** Garbage is collected after this much real time, and at once beyond this number of candidates. */
const collectAfterMs = 10_000;
const collectAtOnce = 64;

export class KernelTables {
  readonly #clock: Clock;
  readonly #realClock: Clock;
  readonly #onFailure: (error: Error) => void;
  readonly #loader: Loader;
  readonly #model: RulesetModel;
  readonly #counters = new KernelCounters();
  readonly #idle: IdleResets;
  /** Those whose table is there, with everything that is read from it. */
  readonly #families = new Set<Family>();
  readonly #created = new Set<Family>();
  readonly #inTurn: KernelTablesOptions['inTurn'];
  /** Closed sets whose flows have been ended. */
  readonly #ended = new Set<number>();
  readonly #firstListedMs = new Map<string, number>();
  readonly #adopt: NodeOptions['adopt'];
  /** In real time. */
  #nodesChangedMs = Number.NEGATIVE_INFINITY;
  /** Elements that have been added to `adopting` since then, by table. */
  readonly #adopting = new Map<string, Set<string>>();
  #loaded: Ruleset = new Map();
  #outbound: IndexedPlan['outbound'] = new Map();
  /** Backends that had outbound ports and have been removed since. */
  readonly #leftOutbound = new Set<string>();
  #compileAgain: () => Ruleset = () => this.#loaded;
  /** Candidates that the last collection found in use. */
  #stillNeeded = 0;
  #reading: Timer | undefined;
  /** The number of the change that the kernel has carried out, see `ChainSets.changes`. */
  #carriedOut = 0;
  #collection: Promise<void> | undefined;
  #collecting: Timer | undefined;
  #closed = false;

  constructor({ clock, realClock, onFailure, inTurn, node }: KernelTablesOptions) {
    this.#clock = clock;
    this.#realClock = realClock;
    this.#onFailure = onFailure;
    this.#inTurn = inTurn;
    this.#loader = new Loader(onFailure);
    this.#model = new RulesetModel(clock.scale, { node });
    this.#adopt = node.adopt;
    this.#idle = new IdleResets({
      realClock,
      sets: this.#model.sets,
      flows: () => this.#flows('tcp'),
      expire: (flows) => this.#expire(flows),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Makes the kernel forward by this plan; ends the flows of frontends that are not in it any more. */
  async load(plan: IndexedPlan, health: MemberHealth): Promise<void> {
    await this.#model.prepare(plan, health, () => new Promise((resolve) => setImmediate(resolve)));
    const ruleset = this.#model.compile(plan, health);
    this.#compileAgain = () => this.#model.compile(plan, { ...health, flipped: [] });
    await this.#send(ruleset);
    for (const [key, one] of this.#outbound) if (!plan.outbound.has(key)) this.#leftOutbound.add(backendElement(one));
    for (const one of plan.outbound.values()) this.#leftOutbound.delete(backendElement(one));
    this.#outbound = plan.outbound;
    await this.#endRemoved();
    this.#idle.planChanged();
    if (!this.#reading) this.#readSoon();
    await this.#collectInTime();
  }

  counters(): CounterSample[] {
    return this.#counters.samples();
  }

  /** Lists the flows; not in turn, because a long list would hold changes up. */
  async describeFlows(): Promise<FlowInfo[]> {
    const { flows, stale } = await describeFlows([...this.#families], {
      sets: this.#model.sets,
      addressOf: (number) => this.#model.addressOf(number),
      scale: this.#clock.scale,
      nowMs: this.#realClock.now(),
      firstListedMs: this.#firstListedMs,
    });
    await forgetElements(stale, this.#loader);
    await this.#readCounters();
    await this.#collect();
    return flows;
  }

  /** The key of the member that connection tracking has noted for a UDP client. */
  async noted({ key, address }: PlanFrontend, tuple: FlowTuple): Promise<string | undefined> {
    const family = familyOf(address);
    const { sourceAddress, sourcePort, destinationAddress, destinationPort } = tuple;
    const text = `${sourceAddress} . ${sourcePort} . ${destinationAddress} . ${destinationPort}`;
    const element = await getElement(family.table, { set: 'udp_tracked', key: keyOfTuple(family, text) });
    const { chains, member } = readMark(element?.mark ?? 0);
    const set = this.#model.sets.of(chains);
    return set?.set.frontend.key === key ? set.members.get(member) : undefined;
  }

  /** Azure's clock was moved: flows that would have been silent for too long end, the others have less time left. */
  async advance(azureMs: number): Promise<void> {
    const byMs = azureMs / this.#clock.scale;
    const flows = await this.#flows('tcp', 'udp');
    const isOver = (flow: KernelFlow): boolean => flow.silentMs + byMs >= silenceLimitMs(flow);
    await this.#expire(flows.filter(isOver));
    await ageFlows(
      flows.filter((flow) => !isOver(flow)),
      byMs,
      this.#loader,
    );
    await this.#nodesHadChangedAt(this.#nodesChangedMs - byMs);
  }

  /** Flows that other nodes have carried may come to this one from now on, for an idle timeout. */
  nodesChanged(): Promise<void> {
    return this.#nodesHadChangedAt(this.#realClock.now());
  }

  /** Whether a flow with this idle timeout (real time) that other nodes have carried goes on here now. */
  adopts(idleMs: number): boolean {
    const sinceMs = this.#realClock.now() - this.#nodesChangedMs;
    return this.#adopt === 'always' || (this.#adopt === 'after-change' && idleMs > sinceMs);
  }

  async #nodesHadChangedAt(ms: number): Promise<void> {
    this.#nodesChangedMs = ms;
    await this.#closeAdoption();
    await this.#adoptInTime();
  }

  async #closeAdoption(): Promise<void> {
    const flushes = [...this.#adopting.keys()].map((table) => `flush set ${table} adopting`);
    this.#adopting.clear();
    if (flushes.length > 0) await this.#loader.transaction(flushes.join('; '));
  }

  /** For each idle timeout, flows with it are adopted until it has passed since the change; the kernel ends that by itself. */
  async #adoptInTime(): Promise<void> {
    if (this.#adopt !== 'after-change') return;
    const sinceMs = this.#realClock.now() - this.#nodesChangedMs;
    const commands: string[] = [];
    for (const { set, family } of this.#model.sets.all()) {
      const added = this.#adopting.get(family.table) ?? new Set();
      const key = adoptionKey(set.idleMs);
      if (set.idleMs <= sinceMs || added.has(key) || !this.#families.has(family)) continue;
      this.#adopting.set(family.table, added.add(key));
      commands.push(`add element ${family.table} adopting { ${key} timeout ${nftDuration(set.idleMs - sinceMs)} }`);
    }
    if (commands.length > 0) await this.#loader.transaction(commands.join('; '));
  }

  /** Resets these TCP connections. */
  async end(endings: readonly Ending[]): Promise<void> {
    const tcp = await this.#flows('tcp');
    for (const { frontend, member, why } of endings) {
      const flows = tcp.filter(
        (flow) => flow.set.set.frontend.key === frontend && (member === undefined || flow.member === member),
      );
      for (const { set } of flows) this.#counters.count(set.set.frontend, why);
      await this.#reset(flows);
    }
  }

  /** Stops forwarding new connections; established ones go on. */
  async stopAccepting(): Promise<void> {
    this.#compileAgain = () => this.#model.compile(new IndexedPlan(emptyPlan), { healthOf: () => undefined });
    await this.#send(this.#compileAgain());
  }

  async hasFlows(): Promise<boolean> {
    return (await this.#flows('tcp')).length > 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#idle.stop();
    this.#reading?.cancel();
    this.#collecting?.cancel();
    await this.#loader.close();
  }

  async #send(ruleset: Ruleset): Promise<void> {
    for (const family of [ipv4, ipv6]) {
      if (this.#created.has(family) || !ruleset.has(`table ${family.ip}`)) continue;
      await this.#loader.transaction(`create table ${family.table} { flags owner; }`).catch(throwExplained);
      this.#created.add(family);
    }
    try {
      await this.#loader.run(changesBetween(this.#loaded, ruleset));
    } catch (error) {
      await this.#reloadAll(ruleset, error as Error);
    }
    for (const family of this.#created) this.#families.add(family);
    this.#loaded = ruleset;
    this.#carriedOut = this.#model.sets.changes;
    await this.#adoptInTime();
  }

  /** After a refused transaction the loaded state is unknown: everything is loaded again, once. */
  async #reloadAll(ruleset: Ruleset, error: Error): Promise<void> {
    const tables = [...this.#created].map(({ table }) => `delete table ${table}; add table ${table} { flags owner; }`);
    await this.#loader.transaction(tables.join('; ')).catch(() => {
      throw error;
    });
    await this.#loader.run(changesBetween(new Map(), ruleset));
    this.#adopting.clear();
  }

  #flows(...transports: readonly Transport[]): Promise<KernelFlow[]> {
    return kernelFlows([...this.#families], { sets: this.#model.sets, transports: new Set(transports) });
  }

  /** Azure resets both ends where TCP reset is enabled, and else drops the flow silently. */
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
    const closed = { tcp: new Set<number>(), udp: new Set<number>() };
    for (const { set, state } of this.#model.sets.all()) {
      if (state === 'open' || this.#model.sets.isCurrent(set.frontend.key)) continue;
      if (this.#ended.has(set.number)) continue;
      this.#ended.add(set.number);
      closed[set.frontend.transport].add(set.number);
    }
    // Datagrams have found no member since the change. The map of their flows may be long, so the change does not wait for it.
    if (closed.udp.size > 0) this.#endFlowsOf(closed.udp, 'udp').catch((error: Error) => this.#fail(error));
    if (closed.tcp.size > 0) await this.#endFlowsOf(closed.tcp, 'tcp');
  }

  async #endFlowsOf(closed: ReadonlySet<number>, transport: Transport): Promise<void> {
    const flows = (await this.#flows(transport)).filter(({ set }) => closed.has(set.set.number));
    for (const { set } of flows) this.#counters.count(set.set.frontend, 'endedByRemoval');
    const resets = (flow: KernelFlow): boolean =>
      wantsReset(flow) ||
      (flow.transport === 'tcp' && flow.set.set.frontend.rule.resetOn?.includes('ruleRemoval') === true);
    await forgetFlows(
      flows.filter((flow) => !resets(flow)),
      this.#loader,
    );
    await this.#reset(flows.filter(resets));
  }

  #candidates(): number {
    return countCandidates(this.#model.sets) + this.#leftOutbound.size;
  }

  async #collectInTime(): Promise<void> {
    if (this.#candidates() === 0 || this.#closed) return;
    const soon = this.#candidates() - this.#stillNeeded >= collectAtOnce;
    if (soon) this.#collecting?.cancel();
    else if (this.#collecting) return;
    this.#collecting = this.#realClock.setTimeout(
      () => {
        this.#collecting = undefined;
        this.#collect()
          .then(() => this.#collectInTime())
          .catch((error: Error) => this.#fail(error));
      },
      soon ? 0 : collectAfterMs,
    );
  }

  /** Removes what was kept for flows that have ended; their counts are preserved. */
  #collect(): Promise<void> {
    this.#collection ??= this.#collectOnce().finally(() => {
      this.#collection = undefined;
    });
    return this.#collection;
  }

  async #collectOnce(): Promise<void> {
    const { sets } = this.#model;
    if (this.#leftOutbound.size > 0) await this.#inTurn(() => this.#collectOutbound());
    if (this.#closed || countCandidates(sets) === 0) return;
    // The maps may be long, so changes go on while they are read.
    const carriedOut = this.#carriedOut;
    const references = await collectReferences([...this.#families]);
    await this.#counters.retire(this.#counterReading(), (save) =>
      this.#inTurn(async () => {
        if (this.#closed) return;
        const gone = findUnreferenced(references, { sets, carriedOut });
        if (!isNothing(gone)) await this.#forget(gone, save);
        this.#stillNeeded = countCandidates(sets);
      }),
    );
  }

  async #collectOutbound(): Promise<void> {
    if (this.#closed) return;
    await deleteOutboundCounts(this.#loader, { left: this.#leftOutbound, outbound: this.#outbound });
    this.#leftOutbound.clear();
  }

  async #forget(gone: Unreferenced, save: SaveCounts): Promise<void> {
    const { sets } = this.#model;
    const counted = save({
      isUnreferenced: (mark) => isUnreferenced(gone, mark),
      isCurrent: (frontend) => sets.isCurrent(frontend),
    });
    for (const number of gone.sets) {
      sets.forget(number);
      this.#ended.delete(number);
    }
    for (const [number, members] of gone.members) sets.forgetMembers(number, members);
    await this.#send(this.#compileAgain());
    for (const { table, set, marks } of counted) {
      await deleteCounts(this.#loader, { table, set, keys: markKeys(marks) });
    }
  }

  #readCounters(): Promise<void> {
    return this.#counters.read(this.#counterReading());
  }

  #counterReading(): CounterReading {
    const { sets } = this.#model;
    return { families: [...this.#families], chainSets: sets, outbound: this.#outbound };
  }

  #readSoon(afterMs = 0): void {
    if (this.#closed) return;
    this.#reading = this.#realClock.setTimeout(
      () => {
        const fromMs = this.#realClock.now();
        this.#readCounters().then(
          () => this.#readSoon(restShare * (this.#realClock.now() - fromMs)),
          (error: Error) => this.#fail(error),
        );
      },
      Math.max(readEveryMs, afterMs),
    );
  }

  #fail(error: Error): void {
    if (!this.#closed) this.#onFailure(error);
  }
}
