import { Counter } from '../model/counters.js';
import { addressWords } from '../selection/ip-address.js';
import { ClientSocket, TcpFlow } from './tcp-flow.js';
import { ExpiryQueue, IdleWatch } from './timeouts.js';
/** How long the kernel of a client waits after each unanswered SYN: 1 s after the first one, and so on. */
const synIntervalsMs = [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000];
/** Clients that wait at one frontend for an eligible member; further ones are refused. */
const heldLimit = 1024;
/** Silently dropped flows that keep their sockets, at most; the oldest is reset when there are more. */
const droppedLimit = 2048;
export class TcpForwarder {
    clock;
    sourcePorts;
    #current;
    #faults;
    #descriptors;
    #flows;
    /** By the number of SYNs that a client's kernel would have sent until now. */
    #held;
    #heldAt = new Map();
    /** Oldest first. */
    #dropped = new Set();
    #droppedLimit;
    /** `current`: the frontend in the plan with this key. */
    constructor(shared, current) {
        this.#current = current;
        this.clock = shared.clock;
        this.sourcePorts = shared.sourcePorts;
        this.#faults = shared.faults;
        this.#descriptors = shared.descriptors;
        this.#flows = new IdleWatch(shared.clock);
        // At most a quarter of the descriptors: there are two per flow.
        this.#droppedLimit = Math.min(droppedLimit, Math.floor(shared.descriptors.limit / 8));
        this.#held = synIntervalsMs.map((keepMs, sent) => new ExpiryQueue({ clock: shared.clock, keepMs, release: (held) => this.#retry(held, sent + 1) }));
    }
    /** A connection has arrived at a frontend. The choice is made here, once. */
    accept(frontend, handle) {
        const client = new ClientSocket(handle);
        frontend.arrived();
        const why = this.#obstacle(client);
        if (why !== undefined) {
            frontend.counters.count(why);
            client.leg.reset();
            frontend.left();
            return;
        }
        const decision = this.#decide(frontend, client);
        if ('member' in decision) {
            this.#serve({ client, frontend }, decision);
            return;
        }
        frontend.counters.count(decision.why);
        this.#hold({ client, frontend });
        if (decision.reset)
            client.leg.reset();
    }
    dropped(flow) {
        this.#flows.delete(flow);
        this.#dropped.add(flow);
        for (const oldest of this.#dropped) {
            if (this.#dropped.size <= this.#droppedLimit)
                break;
            this.#dropped.delete(oldest);
            oldest.frontend.counters.count(Counter.droppedEvicted);
            oldest.reset();
        }
    }
    ended(flow) {
        this.#flows.delete(flow);
        this.#dropped.delete(flow);
        this.#descriptors.give(2);
    }
    /** The rule, load balancer or frontend is gone: forwarding stops. */
    removed(frontend) {
        for (const flow of [...this.#flows]) {
            if (flow.frontend !== frontend)
                continue;
            frontend.counters.count(Counter.endedByRemoval);
            if (frontend.plan.rule.resetOn?.includes('ruleRemoval'))
                flow.reset();
            else
                flow.cut();
        }
    }
    /** Resets these flows. */
    end({ frontend, member, why }) {
        for (const flow of [...this.#flows]) {
            if (flow.frontend.key !== frontend || (member !== undefined && flow.backend.member.key !== member))
                continue;
            flow.frontend.counters.count(Counter[why]);
            flow.reset();
        }
    }
    /** Other faults are in force than before: established flows are affected too. */
    faultsChanged() {
        for (const flow of [...this.#flows]) {
            const fault = this.#faults.ofFlow(flow.frontend.plan, flow.backend.member);
            if (fault?.reset) {
                flow.frontend.counters.count(Counter.faultReset);
                flow.reset();
            }
            else
                flow.setFault(fault);
        }
    }
    flows() {
        return [...this.#flows].map((flow) => flow.info());
    }
    get openFlows() {
        return this.#flows.size;
    }
    /** Ends everything that is left. */
    stop() {
        this.#flows.stop();
        for (const queue of this.#held)
            for (const { client } of queue.clear())
                client.leg.reset();
        for (const flow of [...this.#dropped])
            flow.reset();
        for (const flow of [...this.#flows]) {
            flow.frontend.counters.count(Counter.endedAtClose);
            flow.reset();
        }
    }
    #obstacle(client) {
        if (client.address === '')
            return Counter.clientGone;
        // Two sockets per flow: refused here, before opening a socket fails elsewhere.
        return this.#descriptors.take(2) ? undefined : Counter.descriptorLimit;
    }
    /** What Azure would do with a SYN of this client now. */
    #decide(frontend, { address, port }) {
        const { plan, accessControl, selector } = frontend;
        const source = addressWords(address);
        if (!accessControl.open && !accessControl.permits(source)) {
            return { why: Counter.deniedByAcl, reset: plan.rule.aclDeny === 'reset' };
        }
        const member = selector.words(source, port);
        if (!member)
            return { why: Counter.noEligibleMember, reset: false };
        if (plan.internal && member.address === address)
            return { why: Counter.hairpin, reset: false };
        const fault = this.#faults.ofFlow(plan, member);
        if (fault?.drop)
            return { why: Counter.faultDropped, reset: false };
        if (fault?.reset)
            return { why: Counter.faultReset, reset: true };
        return { member, fault };
    }
    #serve({ client, frontend }, { member, fault }) {
        client.leg.socket?.setNoDelay(true);
        const flow = new TcpFlow({ host: this, frontend, backend: frontend.backendOf(member), client });
        this.#flows.add(flow);
        if (fault)
            flow.setFault(fault);
        flow.begin();
    }
    /**
     * Keeps a client whose SYN Azure would drop. It is served when one of the SYNs that its kernel would send again finds a
     * member, and closed when its kernel would give up.
     */
    #hold(held) {
        const { client, frontend } = held;
        const waiting = this.#heldAt.get(frontend) ?? 0;
        client.owner = {
            moved: () => false,
            connected: () => { },
            failed: () => { },
            closed: () => {
                for (const queue of this.#held)
                    queue.remove(held);
                this.#leaveHeld(held.frontend);
                this.#descriptors.give(2);
                held.frontend.left();
            },
        };
        this.#heldAt.set(frontend, waiting + 1);
        if (waiting < heldLimit) {
            this.#held[0]?.add(held);
            return;
        }
        frontend.counters.count(Counter.heldRefused);
        client.leg.reset();
    }
    /** The moment of a client's next SYN; `sent` of them were not answered. */
    #retry(held, sent) {
        const { client } = held;
        const frontend = this.#follow(held);
        const next = this.#held[sent];
        if (!next) {
            held.frontend.counters.count(Counter.heldTimedOut);
            client.leg.reset();
            return;
        }
        const decision = frontend && this.#decide(frontend, client);
        if (frontend && decision && 'member' in decision) {
            frontend.counters.count(Counter.heldServed);
            this.#leaveHeld(frontend);
            this.#serve({ client, frontend }, decision);
            return;
        }
        next.add(held);
        if (decision && 'reset' in decision && decision.reset)
            client.leg.reset();
    }
    /** The frontend that answers the next SYN, which may have been made again; undefined while there is none. */
    #follow(held) {
        const before = held.frontend;
        if (before.inPlan)
            return before;
        const now = this.#current(before.key);
        if (!now)
            return undefined;
        now.arrived();
        this.#heldAt.set(now, (this.#heldAt.get(now) ?? 0) + 1);
        held.frontend = now;
        this.#leaveHeld(before);
        before.left();
        return now;
    }
    #leaveHeld(frontend) {
        const waiting = (this.#heldAt.get(frontend) ?? 0) - 1;
        if (waiting > 0)
            this.#heldAt.set(frontend, waiting);
        else
            this.#heldAt.delete(frontend);
    }
}
//# sourceMappingURL=tcp.js.map