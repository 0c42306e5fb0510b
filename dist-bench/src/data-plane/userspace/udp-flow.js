/** The datagrams of one client of a frontend to one member: a socket whose replies go back from the frontend's address. */
import { createSocket } from 'node:dgram';
import { Counter } from '../model/counters.js';
import { DatagramPacer } from './pacer.js';
import { isPortTaken, keepsSource, sourcePortAttempts } from './socket-limits.js';
/** Datagrams kept while the socket to the backend is being opened. */
const queueLimit = 256;
/** Room for bursts in the kernel, each direction; the system may grant less (net.core.rmem_max). */
export const udpBufferBytes = 4 * 1024 * 1024;
export class UdpFlow {
    frontend;
    backend;
    rule;
    /** In the frontend's table of flows: a number for IPv4 clients, text for IPv6. */
    key;
    lastActivityMs;
    /** The selector that last selected this member for the client. */
    selector;
    /** The client's next flow, to another member. */
    sibling;
    /** Next newer and older flow in order of use. */
    newer;
    older;
    #host;
    #startedMs;
    #client;
    /** Changes when the frontend moves from a fallback to its own address. */
    via;
    /** The fault of its datagrams. */
    fault;
    #pacers;
    #socket;
    #queue = [];
    #attempts = 0;
    #closed = false;
    #bytesIn = 0;
    #bytesOut = 0;
    constructor(of) {
        this.#host = of.host;
        this.key = of.key;
        this.frontend = of.frontend;
        this.backend = of.backend;
        this.rule = of.frontend.plan.rule;
        this.#client = of.client;
        this.via = of.via;
        this.lastActivityMs = this.#startedMs = of.host.nowMs();
        this.frontend.arrived();
        this.frontend.assigned(this.backend);
        this.#open();
    }
    get idleTimeoutMs() {
        return this.rule.idleTimeoutMs;
    }
    /** Passes a datagram of the client on. */
    forward(datagram) {
        this.lastActivityMs = this.#host.nowMs();
        this.#bytesIn += datagram.length;
        this.frontend.counters.add(Counter.bytesIn, datagram.length);
        this.frontend.counters.count(Counter.packetsIn);
        this.backend.counters.add(Counter.bytesIn, datagram.length);
        if (this.fault)
            this.#slow('in', { bytes: datagram.length, send: () => this.#pass(datagram) });
        else
            this.#pass(datagram);
    }
    /** Delays a datagram as the fault says, or drops it. */
    #slow(direction, datagram) {
        const { clock } = this.#host;
        this.#pacers ??= { in: new DatagramPacer(clock), out: new DatagramPacer(clock) };
        const passed = this.fault === undefined || this.#pacers[direction].pass(this.fault, datagram);
        if (!passed)
            this.frontend.counters.count(Counter.faultDropped);
    }
    #pass(datagram) {
        if (this.#closed)
            return;
        if (!this.#queue)
            this.#send(datagram);
        else if (this.#queue.length < queueLimit)
            this.#queue.push(datagram);
        else
            this.frontend.counters.count(Counter.datagramsQueueFull);
    }
    expire() {
        this.frontend.counters.count(Counter.flowsIdle);
        this.#host.expired(this);
    }
    close() {
        if (this.#closed)
            return;
        this.#closed = true;
        this.#queue = undefined;
        this.#socket?.close();
        this.frontend.released(this.backend);
        this.frontend.left();
    }
    info() {
        const nowMs = this.#host.nowMs();
        return {
            transport: 'udp',
            frontend: this.frontend.key,
            rule: this.rule.id,
            source: `${this.#client.address}:${this.#client.port}`,
            backend: this.backend.member.key,
            ageMs: nowMs - this.#startedMs,
            idleMs: nowMs - this.lastActivityMs,
            bytesIn: this.#bytesIn,
            bytesOut: this.#bytesOut,
        };
    }
    #open() {
        const { member, word } = this.backend;
        const port = this.backend.port || this.frontend.plan.port;
        const socket = createSocket({
            type: member.address.includes(':') ? 'udp6' : 'udp4',
            lookup: resolveNothing,
            recvBufferSize: udpBufferBytes,
            sendBufferSize: udpBufferBytes,
        });
        this.#socket = socket;
        socket.on('error', (error) => this.#failed(socket, error.code));
        socket.on('connect', () => {
            this.#host.drops.watch(socket, this.frontend.counters);
            this.#flush();
        });
        socket.on('message', (datagram) => this.#answer(datagram));
        if (!keepsSource(this.#client.word, word)) {
            socket.connect(port, member.address);
            return;
        }
        socket.once('listening', () => {
            if (!this.#closed)
                socket.connect(port, member.address);
        });
        const localPort = this.#host.sourcePorts.next(this.#client.word);
        socket.bind({ address: this.#client.address, port: localPort, exclusive: true });
    }
    #flush() {
        const queue = this.#queue;
        this.#queue = undefined;
        for (const datagram of queue ?? [])
            this.#send(datagram);
    }
    #send(datagram) {
        this.#socket?.send(datagram);
    }
    #answer(datagram) {
        if (this.#closed)
            return;
        this.lastActivityMs = this.#host.nowMs();
        this.#bytesOut += datagram.length;
        this.frontend.counters.add(Counter.bytesOut, datagram.length);
        this.frontend.counters.count(Counter.packetsOut);
        this.backend.counters.add(Counter.bytesOut, datagram.length);
        if (this.fault)
            this.#slow('out', { bytes: datagram.length, send: () => this.#reply(datagram) });
        else
            this.#reply(datagram);
    }
    #reply(datagram) {
        // No callback: it would cost a turn of the event loop per datagram.
        if (this.via.open)
            this.via.socket.send(datagram, this.#client.port, this.#client.address);
        else
            this.frontend.counters.count(Counter.datagramsUnsendable);
    }
    #failed(socket, code) {
        if (this.#closed || socket !== this.#socket)
            return;
        if (this.#queue && isPortTaken(code) && ++this.#attempts < sourcePortAttempts) {
            this.frontend.counters.count(Counter.sourcePortTaken);
            socket.close();
            this.#open();
            return;
        }
        // The backend refuses (ICMP port unreachable): that datagram is lost, the flow stays, as on a network.
        if (code === 'ECONNREFUSED') {
            this.frontend.counters.count(Counter.flowsRefusedByBackend);
            return;
        }
        this.frontend.counters.count(Counter.flowsFailed);
        this.#host.failed(this);
    }
}
/** A `lookup` that answers at once, so that sending to an address takes no detour through the event loop. */
export function resolveNothing(hostname, _options, callback) {
    callback(null, hostname, hostname.includes(':') ? 6 : 4);
}
//# sourceMappingURL=udp-flow.js.map