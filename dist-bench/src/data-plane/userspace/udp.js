import { Counter } from '../model/counters.js';
import { addressWords, ipv4Word } from '../selection/ip-address.js';
import { IdleWatch } from './timeouts.js';
import { UdpDrops } from './udp-drops.js';
import { UdpFlow } from './udp-flow.js';
/** Flows of all frontends together; beyond it the least recently used one is closed. Well below the descriptor limit. */
const flowLimit = 8192;
export class UdpForwarder {
    sourcePorts;
    clock;
    drops;
    #faults;
    #descriptors;
    #watch;
    #tables = new Map();
    #newest;
    #oldest;
    constructor(shared) {
        this.clock = shared.clock;
        this.#faults = shared.faults;
        this.sourcePorts = shared.sourcePorts;
        this.#descriptors = shared.descriptors;
        this.#watch = new IdleWatch(shared.clock);
        this.drops = new UdpDrops(shared.realClock);
    }
    nowMs() {
        return this.clock.now();
    }
    /** Other faults are in force than before. */
    faultsChanged() {
        for (const flow of this.#watch)
            flow.fault = this.#faults.ofFlow(flow.frontend.plan, flow.backend.member);
    }
    /** Counts what the kernel drops at a listening socket of this frontend, until the socket is closed. */
    listening(frontend, socket) {
        this.drops.watch(socket, frontend.counters);
    }
    /**
     * A datagram has arrived at a frontend. Azure keeps no state of UDP: each datagram goes to the member that is selected
     * now. The sockets towards members are kept per client and member.
     */
    receive(frontend, { datagram, from, via }) {
        const { word, key } = clientOf(from);
        const last = this.#tables.get(frontend)?.get(key);
        // The same selector selects the same member for the same client.
        const flow = last?.selector === frontend.selector
            ? last
            : this.#select({ frontend, last, via, client: { key, word, address: from.address, port: from.port } });
        if (!flow)
            return;
        if (flow !== this.#newest)
            this.#touch(flow);
        flow.via = via;
        flow.forward(datagram);
        this.drops.noteTraffic();
    }
    /** The key of the member that a client had last; with connection tracking it stays there. */
    noted(frontend, client) {
        return this.#tables.get(frontend)?.get(clientOf(client).key)?.backend.member.key;
    }
    expired(flow) {
        this.#forget(flow);
    }
    failed(flow) {
        this.#forget(flow);
    }
    removed(frontend) {
        for (const flow of [...this.#watch]) {
            if (flow.frontend !== frontend)
                continue;
            frontend.counters.count(Counter.endedByRemoval);
            this.#forget(flow);
        }
        this.#tables.delete(frontend);
    }
    flows() {
        return [...this.#watch].map((flow) => flow.info());
    }
    stop() {
        this.drops.stop();
        this.#watch.stop();
        for (const flow of [...this.#watch])
            this.#forget(flow);
    }
    /** The flow for a datagram whose member has to be selected; undefined when it goes nowhere. */
    #select(of) {
        const { frontend, last, via, client } = of;
        const { selector } = frontend;
        const source = addressWords(client.address);
        if (!frontend.accessControl.open && !frontend.accessControl.permits(source)) {
            frontend.counters.count(Counter.datagramsDenied);
            return undefined;
        }
        if (last && frontend.plan.rule.connectionTracking && isEligible(last, frontend)) {
            last.selector = selector;
            return last;
        }
        const member = selector.words(source, client.port);
        if (!member) {
            frontend.counters.count(Counter.datagramsWithoutMember);
            return undefined;
        }
        if (frontend.plan.internal && member.address === client.address) {
            frontend.counters.count(Counter.datagramsHairpin);
            return undefined;
        }
        const flow = this.#flowTo({ frontend, member, last, client, via });
        if (!flow)
            return undefined;
        if (last && last !== flow)
            frontend.counters.count(Counter.flowsMoved);
        flow.selector = selector;
        return flow;
    }
    /** The client's flow to this member, which becomes its last one; opened if there is none. */
    #flowTo(of) {
        const { frontend, member, last, client, via } = of;
        const backend = frontend.backendOf(member);
        for (let flow = last; flow; flow = flow.sibling) {
            if (flow.backend !== backend)
                continue;
            if (flow !== last)
                this.#makeLast(flow);
            return flow;
        }
        if (!this.#makeRoom(frontend))
            return undefined;
        const flow = new UdpFlow({ host: this, key: client.key, frontend, backend, client, via });
        flow.fault = this.#faults.ofFlow(frontend.plan, member);
        this.#makeLast(flow);
        this.#watch.add(flow);
        return flow;
    }
    /** Takes a descriptor for one more flow; the least recently used one is closed where there is no room. */
    #makeRoom(frontend) {
        if (this.#watch.size >= flowLimit && this.#oldest)
            this.#evict(this.#oldest);
        if (this.#descriptors.take(1))
            return true;
        if (!this.#oldest) {
            frontend.counters.count(Counter.descriptorLimit);
            return false;
        }
        this.#evict(this.#oldest);
        return this.#descriptors.take(1);
    }
    /** Puts a flow first among the flows of its client. */
    #makeLast(flow) {
        const table = this.#tables.get(flow.frontend) ?? new Map();
        this.#tables.set(flow.frontend, table);
        const first = withoutFlow(table.get(flow.key), flow);
        flow.sibling = first;
        table.set(flow.key, flow);
    }
    #evict(flow) {
        flow.frontend.counters.count(Counter.flowsEvicted);
        this.#forget(flow);
    }
    #forget(flow) {
        const table = this.#tables.get(flow.frontend);
        const first = withoutFlow(table?.get(flow.key), flow);
        if (first)
            table?.set(flow.key, first);
        else
            table?.delete(flow.key);
        this.#watch.delete(flow);
        this.#unlink(flow);
        this.#descriptors.give(1);
        flow.close();
    }
    #touch(flow) {
        this.#unlink(flow);
        flow.older = this.#newest;
        if (this.#newest)
            this.#newest.newer = flow;
        this.#newest = flow;
        this.#oldest ??= flow;
    }
    #unlink(flow) {
        if (flow.newer)
            flow.newer.older = flow.older;
        else if (this.#newest === flow)
            this.#newest = flow.older;
        if (flow.older)
            flow.older.newer = flow.newer;
        else if (this.#oldest === flow)
            this.#oldest = flow.newer;
        flow.newer = flow.older = undefined;
    }
}
/** How a client is known; `word` is -1 for an IPv6 one. */
function clientOf({ address, port }) {
    const word = ipv4Word(address);
    return { word, key: word < 0 ? `${address}/${port}` : word * 65536 + port };
}
/** With connection tracking a client stays with its member while that one may have new flows. */
const isEligible = ({ backend }, frontend) => frontend.mayServe(backend);
/** A client's list of flows without one of them. */
function withoutFlow(first, flow) {
    if (first === flow)
        return flow.sibling;
    for (let at = first; at; at = at.sibling)
        if (at.sibling === flow)
            at.sibling = flow.sibling;
    return first;
}
//# sourceMappingURL=udp.js.map