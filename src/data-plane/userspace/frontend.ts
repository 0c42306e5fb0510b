/** One frontend of the plan: its rule, the selection among its members, and its counters. */
import { Counter, type CounterMemory, type CounterScope } from '../model/counters.js';
import { memberScope, type PlanFrontend, type PlanMember, portOf } from '../model/plan.js';
import { AccessControl, allProbedDown, Selector, type SelectorContext } from '../selection/decision.js';
import { addressWords } from '../selection/ip-address.js';

/** A member as flows see it. It is kept after it has left the plan for as long as it has flows. */
export class Backend {
  readonly member: PlanMember;
  /** 0 keeps the port that the client used. */
  readonly port: number;
  readonly counters: CounterScope;
  /** Its IPv4 address; 0 for IPv6. */
  readonly word: number;
  flows = 0;
  inPlan = true;

  constructor(member: PlanMember, { port, counters }: { port: number; counters: CounterScope }) {
    this.member = member;
    this.port = port;
    this.counters = counters;
    const words = addressWords(member.address);
    this.word = words?.length === 1 ? (words[0] as number) : 0;
  }
}

export class Frontend {
  readonly key: string;
  readonly counters: CounterScope;
  plan: PlanFrontend;
  selector: Selector;
  accessControl: AccessControl;
  flows = 0;
  inPlan = true;
  readonly #memory: CounterMemory;
  readonly #backends = new Map<string, Backend>();
  #gone = false;

  constructor(plan: PlanFrontend, { context, memory }: { context: SelectorContext; memory: CounterMemory }) {
    this.key = plan.key;
    this.plan = plan;
    this.#memory = memory;
    this.counters = memory.open(plan.key);
    this.accessControl = new AccessControl(plan.rule.acl);
    this.selector = new Selector(plan, context);
  }

  /** Applies a changed rule; only new flows are affected. */
  update(plan: PlanFrontend, context: SelectorContext): void {
    this.plan = plan;
    this.accessControl = new AccessControl(plan.rule.acl);
    this.selector = new Selector(plan, context);
    if (this.#backends.size === 0) return;
    const members = new Map(plan.rule.members.map((member) => [member.key, member]));
    for (const [key, backend] of this.#backends) {
      const member = members.get(key);
      backend.inPlan = member !== undefined;
      if (member && !this.#isAt(backend, member)) this.#addBackend(member);
      this.#releaseBackendIfUnused(backend);
    }
  }

  /** The health of a member has changed. */
  refresh(context: SelectorContext): void {
    this.selector = new Selector(this.plan, context);
  }

  /** A Basic load balancer ends its established flows when all members are probed down. */
  get endsEstablished(): boolean {
    return this.plan.rule.allProbedDown === 'endEstablished' && allProbedDown(this.selector.candidates);
  }

  /** A member as flows see it, from its first flow on. */
  backendOf(member: PlanMember): Backend {
    return this.#backends.get(member.key) ?? this.#addBackend(member);
  }

  /** Whether new flows may go to this backend. */
  mayServe(backend: Backend): boolean {
    return this.selector.members.some(({ key }) => this.#backends.get(key) === backend);
  }

  /** A connection has arrived, whether or not a backend will be found for it. */
  arrived(): void {
    this.flows++;
    this.counters.count(Counter.connections);
  }

  left(): void {
    this.flows--;
    this.counters.count(Counter.connectionsClosed);
    this.#releaseIfUnused();
  }

  /** A connection that has arrived goes to this backend. */
  assigned(backend: Backend): void {
    backend.flows++;
    backend.counters.count(Counter.connections);
  }

  released(backend: Backend): void {
    backend.flows--;
    backend.counters.count(Counter.connectionsClosed);
    this.#releaseBackendIfUnused(backend);
  }

  /** The frontend has left the plan. Its counters stay until its last flow has ended. */
  retire(): void {
    this.inPlan = false;
    for (const backend of this.#backends.values()) backend.inPlan = false;
    for (const backend of [...this.#backends.values()]) this.#releaseBackendIfUnused(backend);
    this.#releaseIfUnused();
  }

  #addBackend(member: PlanMember): Backend {
    const counters = this.#backends.get(member.key)?.counters ?? this.#memory.open(memberScope(this.key, member.key));
    const backend = new Backend(member, { port: portOf(this.plan.rule, member), counters });
    this.#backends.set(member.key, backend);
    return backend;
  }

  #isAt({ member, port }: Backend, now: PlanMember): boolean {
    return member.address === now.address && port === portOf(this.plan.rule, now);
  }

  #releaseBackendIfUnused(backend: Backend): void {
    if (backend.inPlan || backend.flows > 0 || this.#backends.get(backend.member.key) !== backend) return;
    this.#backends.delete(backend.member.key);
    this.#memory.release(backend.counters);
  }

  #releaseIfUnused(): void {
    if (this.inPlan || this.flows > 0 || this.#gone) return;
    this.#gone = true;
    this.#memory.release(this.counters);
  }
}
