/** Opens the sockets that frontends listen on. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { Counter } from '../model/counters.js';
import { takeConnections } from './private-handle.js';
import { resolveNothing, udpBufferBytes } from './udp-flow.js';
/** Connections that the kernel completes before we accept them. */
const backlog = 1024;
export class Listeners {
    #tcp;
    #udp;
    constructor(forwarders) {
        this.#tcp = forwarders.tcp;
        this.#udp = forwarders.udp;
    }
    /** Rejects with the system's error when the address cannot be bound. */
    open(frontend, at) {
        return at.transport === 'tcp' ? this.#openTcp(frontend, at) : this.#openUdp(frontend, at);
    }
    #openTcp(frontend, at) {
        return new Promise((resolve, reject) => {
            const server = createServer();
            server.once('error', reject);
            server.listen({ host: at.address, port: at.port, backlog, exclusive: true }, () => {
                server.off('error', reject);
                server.on('error', () => frontend.counters.count(Counter.acceptFailed));
                takeConnections(server, {
                    accept: (handle) => this.#tcp.accept(frontend, handle),
                    fail: () => frontend.counters.count(Counter.acceptFailed),
                });
                const bound = server.address();
                const port = bound && typeof bound === 'object' ? bound.port : at.port;
                resolve({ port, close: () => server.close() });
            });
        });
    }
    #openUdp(frontend, at) {
        return new Promise((resolve, reject) => {
            const socket = createSocket({
                type: at.address.includes(':') ? 'udp6' : 'udp4',
                lookup: resolveNothing,
                recvBufferSize: udpBufferBytes,
                sendBufferSize: udpBufferBytes,
            });
            const refuse = (error) => {
                socket.close();
                reject(error);
            };
            socket.once('error', refuse);
            socket.bind({ address: at.address, port: at.port, exclusive: true }, () => {
                socket.off('error', refuse);
                socket.on('error', () => frontend.counters.count(Counter.datagramsUnsendable));
                const via = { socket, open: true };
                this.#udp.listening(frontend, socket);
                socket.on('message', (datagram, from) => this.#udp.receive(frontend, { datagram, from, via }));
                const close = () => {
                    via.open = false;
                    socket.close();
                };
                resolve({ port: socket.address().port, close });
            });
        });
    }
}
//# sourceMappingURL=listeners.js.map