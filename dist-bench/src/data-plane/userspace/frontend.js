/** One frontend of the plan: its rule, the selection among its members, and its counters. */
import { Counter } from '../model/counters.js';
import { memberScope, portOf } from '../model/plan.js';
import { AccessControl } from '../selection/access-control.js';
import { allProbedDown, Selector } from '../selection/decision.js';
import { addressWords } from '../selection/ip-address.js';
/** A member as flows see it. It is kept after it has left the plan for as long as it has flows. */
export class Backend {
    member;
    /** 0 keeps the port that the client used. */
    port;
    counters;
    /** Its IPv4 address; 0 for IPv6. */
    word;
    flows = 0;
    inPlan = true;
    constructor(member, { port, counters }) {
        this.member = member;
        this.port = port;
        this.counters = counters;
        const words = addressWords(member.address);
        this.word = words?.length === 1 ? words[0] : 0;
    }
}
export class Frontend {
    key;
    counters;
    plan;
    selector;
    accessControl;
    flows = 0;
    inPlan = true;
    #memory;
    #backends = new Map();
    #gone = false;
    constructor(plan, { context, memory }) {
        this.key = plan.key;
        this.plan = plan;
        this.#memory = memory;
        this.counters = memory.open(plan.key);
        this.accessControl = new AccessControl(plan.rule.acl);
        this.selector = new Selector(plan, context);
    }
    /** Applies a changed rule; only new flows are affected. */
    update(plan, context) {
        this.plan = plan;
        this.accessControl = new AccessControl(plan.rule.acl);
        this.selector = new Selector(plan, context);
        if (this.#backends.size === 0)
            return;
        const members = new Map(plan.rule.members.map((member) => [member.key, member]));
        for (const [key, backend] of this.#backends) {
            const member = members.get(key);
            backend.inPlan = member !== undefined;
            if (member && !this.#isAt(backend, member))
                this.#addBackend(member);
            this.#releaseBackendIfUnused(backend);
        }
    }
    /** The health of a member has changed. */
    refresh(context) {
        this.selector = new Selector(this.plan, context);
    }
    /** A Basic load balancer ends its established flows when all members are probed down. */
    get endsEstablished() {
        return this.plan.rule.allProbedDown === 'endEstablished' && allProbedDown(this.selector.candidates);
    }
    /** A member as flows see it, from its first flow on. */
    backendOf(member) {
        return this.#backends.get(member.key) ?? this.#addBackend(member);
    }
    /** Whether new flows may go to this backend. */
    mayServe(backend) {
        return this.selector.members.some(({ key }) => this.#backends.get(key) === backend);
    }
    /** A connection has arrived, whether or not a backend will be found for it. */
    arrived() {
        this.flows++;
        this.counters.count(Counter.connections);
    }
    left() {
        this.flows--;
        this.counters.count(Counter.connectionsClosed);
        this.#releaseIfUnused();
    }
    /** A connection that has arrived goes to this backend. */
    assigned(backend) {
        backend.flows++;
        backend.counters.count(Counter.connections);
    }
    released(backend) {
        backend.flows--;
        backend.counters.count(Counter.connectionsClosed);
        this.#releaseBackendIfUnused(backend);
    }
    /** The frontend has left the plan. Its counters stay until its last flow has ended. */
    retire() {
        this.inPlan = false;
        for (const backend of this.#backends.values())
            backend.inPlan = false;
        for (const backend of [...this.#backends.values()])
            this.#releaseBackendIfUnused(backend);
        this.#releaseIfUnused();
    }
    #addBackend(member) {
        const counters = this.#backends.get(member.key)?.counters ?? this.#memory.open(memberScope(this.key, member.key));
        const backend = new Backend(member, { port: portOf(this.plan.rule, member), counters });
        this.#backends.set(member.key, backend);
        return backend;
    }
    #isAt({ member, port }, now) {
        return member.address === now.address && port === portOf(this.plan.rule, now);
    }
    #releaseBackendIfUnused(backend) {
        if (backend.inPlan || backend.flows > 0 || this.#backends.get(backend.member.key) !== backend)
            return;
        this.#backends.delete(backend.member.key);
        this.#memory.release(backend.counters);
    }
    #releaseIfUnused() {
        if (this.inPlan || this.flows > 0 || this.#gone)
            return;
        this.#gone = true;
        this.#memory.release(this.counters);
    }
}
//# sourceMappingURL=frontend.js.map