/** UDP of the userspace engine: which flow a datagram belongs to, and how many flows there may be. */
import type { RemoteInfo } from 'node:dgram';
import type { Clock } from '../../support/clock.js';
import { Counter } from '../model/counters.js';
import type { FlowInfo } from '../model/engine.js';
import { addressWords, ipv4Word } from '../selection/ip-address.js';
import type { Frontend } from './frontend.js';
import type { InjectedFaults } from './injected-faults.js';
import type { Descriptors, SourcePorts } from './socket-limits.js';
import { IdleWatch } from './timeouts.js';
import { type FrontendSocket, UdpFlow, type UdpFlowHost } from './udp-flow.js';

/** Flows of all frontends together; beyond it the least recently used one is closed. Well below the usual limit of descriptors. */
const flowLimit = 8192;

export class UdpForwarder implements UdpFlowHost {
  readonly sourcePorts: SourcePorts;
  readonly clock: Clock;
  readonly #faults: InjectedFaults;
  readonly #descriptors: Descriptors;
  readonly #watch: IdleWatch<UdpFlow>;
  readonly #tables = new Map<Frontend, Map<number | string, UdpFlow>>();
  #newest: UdpFlow | undefined;
  #oldest: UdpFlow | undefined;

  constructor(shared: { clock: Clock; faults: InjectedFaults; sourcePorts: SourcePorts; descriptors: Descriptors }) {
    this.clock = shared.clock;
    this.#faults = shared.faults;
    this.sourcePorts = shared.sourcePorts;
    this.#descriptors = shared.descriptors;
    this.#watch = new IdleWatch(shared.clock);
  }

  nowMs(): number {
    return this.clock.now();
  }

  /** Other faults are in force than before. */
  faultsChanged(): void {
    for (const flow of this.#watch) flow.fault = this.#faults.ofFlow(flow.frontend.plan, flow.backend.member);
  }

  /** A datagram has arrived at a frontend. */
  receive(frontend: Frontend, arrival: { datagram: Buffer; from: RemoteInfo; via: FrontendSocket }): void {
    const { datagram, from, via } = arrival;
    const word = ipv4Word(from.address);
    const key = word < 0 ? `${from.address}/${from.port}` : word * 65536 + from.port;
    const flow = this.#tables.get(frontend)?.get(key) ?? this.#open(frontend, { key, word, from, via });
    if (!flow) return;
    if (flow !== this.#newest) this.#touch(flow);
    flow.via = via;
    flow.forward(datagram);
  }

  expired(flow: UdpFlow): void {
    this.#forget(flow);
  }

  failed(flow: UdpFlow): void {
    this.#forget(flow);
  }

  /** The frontend's members have changed: flows of members that may have no new ones move with their next datagram. */
  reconsider(frontend: Frontend): void {
    const table = this.#tables.get(frontend);
    if (!table) return;
    const eligible = new Set(frontend.selector.members.map((member) => frontend.backendOf(member)));
    for (const flow of [...table.values()]) {
      if (eligible.has(flow.backend)) continue;
      frontend.counters.count(Counter.flowsMoved);
      this.#forget(flow);
    }
  }

  removed(frontend: Frontend): void {
    for (const flow of [...(this.#tables.get(frontend)?.values() ?? [])]) {
      frontend.counters.count(Counter.endedByRemoval);
      this.#forget(flow);
    }
    this.#tables.delete(frontend);
  }

  flows(): FlowInfo[] {
    return [...this.#watch].map((flow) => flow.info());
  }

  stop(): void {
    this.#watch.stop();
    for (const flow of [...this.#watch]) this.#forget(flow);
  }

  #open(
    frontend: Frontend,
    of: { key: number | string; word: number; from: RemoteInfo; via: FrontendSocket },
  ): UdpFlow | undefined {
    const { key, word, from, via } = of;
    const source = addressWords(from.address) as Uint32Array;
    const member = this.#memberFor(frontend, { source, address: from.address, port: from.port });
    if (!member) return undefined;
    if (this.#watch.size >= flowLimit && this.#oldest) this.#evict(this.#oldest);
    if (!this.#descriptors.take(1)) {
      if (!this.#oldest) {
        frontend.counters.count(Counter.descriptorLimit);
        return undefined;
      }
      this.#evict(this.#oldest);
      this.#descriptors.take(1);
    }
    const flow = new UdpFlow({
      host: this,
      key,
      frontend,
      backend: frontend.backendOf(member),
      client: { address: from.address, port: from.port, word },
      via,
    });
    flow.fault = this.#faults.ofFlow(frontend.plan, member);
    const table = this.#tables.get(frontend) ?? new Map<number | string, UdpFlow>();
    this.#tables.set(frontend, table.set(key, flow));
    this.#watch.add(flow);
    return flow;
  }

  #memberFor(frontend: Frontend, { source, address, port }: { source: Uint32Array; address: string; port: number }) {
    if (!frontend.accessControl.open && !frontend.accessControl.permits(source)) {
      frontend.counters.count(Counter.datagramsDenied);
      return undefined;
    }
    const member = frontend.selector.words(source, port);
    if (!member) frontend.counters.count(Counter.datagramsWithoutMember);
    else if (frontend.plan.internal && member.address === address) {
      frontend.counters.count(Counter.datagramsHairpin);
      return undefined;
    }
    return member;
  }

  #evict(flow: UdpFlow): void {
    flow.frontend.counters.count(Counter.flowsEvicted);
    this.#forget(flow);
  }

  #forget(flow: UdpFlow): void {
    const table = this.#tables.get(flow.frontend);
    if (table?.get(flow.key) !== flow) return;
    table.delete(flow.key);
    this.#watch.delete(flow);
    this.#unlink(flow);
    this.#descriptors.give(1);
    flow.close();
  }

  #touch(flow: UdpFlow): void {
    this.#unlink(flow);
    flow.older = this.#newest;
    if (this.#newest) this.#newest.newer = flow;
    this.#newest = flow;
    this.#oldest ??= flow;
  }

  #unlink(flow: UdpFlow): void {
    if (flow.newer) flow.newer.older = flow.older;
    else if (this.#newest === flow) this.#newest = flow.older;
    if (flow.older) flow.older.newer = flow.newer;
    else if (this.#oldest === flow) this.#oldest = flow.newer;
    flow.newer = flow.older = undefined;
  }
}
