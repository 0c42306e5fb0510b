/** TCP of the userspace engine: from an accepted connection to the flow that forwards it. */
import type { Clock } from '../../support/clock.js';
import { Counter, type CounterIndex } from '../model/counters.js';
import type { FlowInfo } from '../model/engine.js';
import { addressWords } from '../selection/ip-address.js';
import type { Ending } from './drains.js';
import type { Frontend } from './frontend.js';
import type { InjectedFaults } from './injected-faults.js';
import type { TcpHandle } from './private-handle.js';
import type { Descriptors, SourcePorts } from './socket-limits.js';
import { ClientSocket, type FlowHost, TcpFlow } from './tcp-flow.js';
import { ExpiryQueue, IdleWatch } from './timeouts.js';

/** Azure drops the SYN of a client without a member; here it is accepted already, and held unanswered this long. */
const unservedMs = 20_000;
/** How long the sockets of a silently dropped flow stay. */
const droppedMs = 240_000;
const waitingLimit = 2048;

interface Unserved {
  readonly client: ClientSocket;
  readonly frontend: Frontend;
}

export class TcpForwarder implements FlowHost {
  readonly clock: Clock;
  readonly sourcePorts: SourcePorts;
  readonly #faults: InjectedFaults;
  readonly #descriptors: Descriptors;
  readonly #flows: IdleWatch<TcpFlow>;
  readonly #unserved: ExpiryQueue<Unserved>;
  readonly #dropped: ExpiryQueue<TcpFlow>;

  constructor(shared: { clock: Clock; faults: InjectedFaults; sourcePorts: SourcePorts; descriptors: Descriptors }) {
    this.clock = shared.clock;
    this.sourcePorts = shared.sourcePorts;
    this.#faults = shared.faults;
    this.#descriptors = shared.descriptors;
    this.#flows = new IdleWatch(shared.clock);
    this.#unserved = new ExpiryQueue({
      clock: shared.clock,
      keepMs: unservedMs,
      capacity: waitingLimit,
      release: ({ client, frontend }, evicted) => {
        frontend.counters.count(evicted ? Counter.heldEvicted : Counter.heldReset);
        client.leg.reset();
      },
    });
    this.#dropped = new ExpiryQueue({
      clock: shared.clock,
      keepMs: droppedMs,
      capacity: waitingLimit,
      release: (flow) => flow.reset(),
    });
  }

  /** A connection has arrived at a frontend. The choice is made here, once. */
  accept(frontend: Frontend, handle: TcpHandle): void {
    const client = new ClientSocket(handle);
    frontend.arrived();
    const why = this.#obstacle(client);
    if (why !== undefined) {
      frontend.counters.count(why);
      client.leg.reset();
      frontend.left();
      return;
    }
    const source = addressWords(client.address) as Uint32Array;
    const permitted = frontend.accessControl.open || frontend.accessControl.permits(source);
    const member = permitted ? frontend.selector.words(source, client.port) : undefined;
    if (!member) {
      frontend.counters.count(permitted ? Counter.noEligibleMember : Counter.deniedByAcl);
      this.#hold(client, frontend);
      if (!permitted && frontend.plan.rule.aclDeny === 'reset') client.leg.reset();
      return;
    }
    if (frontend.plan.internal && member.address === client.address) {
      frontend.counters.count(Counter.hairpin);
      this.#hold(client, frontend);
      return;
    }
    const fault = this.#faults.ofFlow(frontend.plan, member);
    if (fault && (fault.drop || fault.reset)) {
      frontend.counters.count(fault.drop ? Counter.faultDropped : Counter.faultReset);
      this.#hold(client, frontend);
      if (!fault.drop) client.leg.reset();
      return;
    }
    client.leg.socket?.setNoDelay(true);
    const flow = new TcpFlow({ host: this, frontend, backend: frontend.backendOf(member), client });
    this.#flows.add(flow);
    if (fault) flow.setFault(fault);
    flow.begin();
  }

  dropped(flow: TcpFlow): void {
    this.#flows.delete(flow);
    this.#dropped.add(flow);
  }

  ended(flow: TcpFlow): void {
    this.#flows.delete(flow);
    this.#dropped.remove(flow);
    this.#descriptors.give(2);
  }

  /** The rule, load balancer or frontend is gone: forwarding stops. */
  removed(frontend: Frontend): void {
    for (const flow of [...this.#flows]) {
      if (flow.frontend !== frontend) continue;
      frontend.counters.count(Counter.endedByRemoval);
      if (frontend.plan.rule.resetOn?.includes('ruleRemoval')) flow.reset();
      else flow.cut();
    }
  }

  /** Resets these flows. */
  end({ frontend, member, why }: Ending): void {
    for (const flow of [...this.#flows]) {
      if (flow.frontend.key !== frontend || (member !== undefined && flow.backend.member.key !== member)) continue;
      flow.frontend.counters.count(Counter[why]);
      flow.reset();
    }
  }

  /** Other faults are in force than before: established flows are affected too. */
  faultsChanged(): void {
    for (const flow of [...this.#flows]) {
      const fault = this.#faults.ofFlow(flow.frontend.plan, flow.backend.member);
      if (fault?.reset) {
        flow.frontend.counters.count(Counter.faultReset);
        flow.reset();
      } else flow.setFault(fault);
    }
  }

  flows(): FlowInfo[] {
    return [...this.#flows].map((flow) => flow.info());
  }

  get openFlows(): number {
    return this.#flows.size;
  }

  /** Ends everything that is left. */
  stop(): void {
    this.#flows.stop();
    this.#unserved.clear();
    this.#dropped.clear();
    for (const flow of [...this.#flows]) {
      flow.frontend.counters.count(Counter.endedAtClose);
      flow.reset();
    }
  }

  #obstacle(client: ClientSocket): CounterIndex | undefined {
    if (client.address === '') return Counter.clientGone;
    // Two sockets per flow: refused here, before opening a socket fails elsewhere.
    return this.#descriptors.take(2) ? undefined : Counter.descriptorLimit;
  }

  #hold(client: ClientSocket, frontend: Frontend): void {
    const unserved = { client, frontend };
    client.owner = {
      moved: () => false,
      connected: () => {},
      failed: () => {},
      closed: () => {
        this.#unserved.remove(unserved);
        this.#descriptors.give(2);
        frontend.left();
      },
    };
    this.#unserved.add(unserved);
  }
}
