/**
 * A stand-in for a virtual machine behind a load balancer: it says who it is and who called, over HTTP, raw TCP and UDP
 * on one port, and answers health probes.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import http from 'node:http';
import net, { isIPv6 } from 'node:net';
const endpoint = (address, port) => `${isIPv6(address) ? `[${address}]` : address}:${port}`;
const startsLikeHttp = (bytes) => /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /.test(bytes.subarray(0, 8).toString('latin1'));
export class EchoBackend {
    address;
    port;
    #tcp;
    #udp;
    #http;
    #sockets = new Set();
    #onCall;
    #name;
    #closed;
    constructor(tcp, udp, { address, name, onCall = () => { } }) {
        this.address = address;
        this.port = tcp.address().port;
        this.#tcp = tcp;
        this.#udp = udp;
        this.#onCall = onCall;
        this.#name = name ?? endpoint(this.address, this.port);
        this.#http = http.createServer((request, response) => this.#answer(request, response));
        tcp.on('connection', (socket) => this.#accept(socket));
        udp.on('message', (_message, { address: sourceAddress, port: sourcePort }) => {
            udp.send(`${this.#call({ transport: 'udp', sourceAddress, sourcePort })}\n`, sourcePort, sourceAddress);
        });
        udp.on('error', () => { });
    }
    /** Binds TCP and UDP to one port. */
    static async start(options) {
        for (let attempt = 0;; attempt++) {
            const tcp = net.createServer({ allowHalfOpen: true, noDelay: true });
            tcp.listen(options.port, options.address);
            await once(tcp, 'listening');
            const udp = createSocket(isIPv6(options.address) ? 'udp6' : 'udp4');
            udp.bind(tcp.address().port, options.address);
            try {
                await once(udp, 'listening');
                return new EchoBackend(tcp, udp, options);
            }
            catch (error) {
                tcp.close();
                udp.close();
                if (options.port !== 0 || attempt === 20)
                    throw error;
            }
        }
    }
    /** Ends every connection; may be called twice. */
    close() {
        this.#closed ??= this.#close();
        return this.#closed;
    }
    async #close() {
        const closed = [once(this.#tcp, 'close'), once(this.#udp, 'close')];
        this.#tcp.close();
        this.#udp.close();
        for (const socket of this.#sockets)
            socket.destroy();
        await Promise.all(closed);
    }
    /** The line that a caller gets. */
    #call(call) {
        this.#onCall(call);
        return `backend ${this.#name} saw ${endpoint(call.sourceAddress, call.sourcePort)}`;
    }
    #callOf(socket) {
        return { transport: 'tcp', sourceAddress: socket.remoteAddress ?? '', sourcePort: socket.remotePort ?? 0 };
    }
    #accept(socket) {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
        socket.on('error', () => socket.destroy());
        socket.once('readable', () => {
            const received = socket.read();
            // A connection that sends nothing, such as a TCP probe, is not counted as a caller.
            if (!received) {
                socket.end();
                return;
            }
            socket.unshift(received);
            if (startsLikeHttp(received)) {
                this.#http.emit('connection', socket);
                return;
            }
            socket.write(`${this.#call(this.#callOf(socket))}\n`);
            socket.pipe(socket);
        });
    }
    #answer(request, response) {
        request.resume();
        const isProbe = request.url?.startsWith('/health');
        response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
        response.end(isProbe ? 'healthy\n' : `${this.#call(this.#callOf(request.socket))}\n`);
    }
}
//# sourceMappingURL=echo-backend.js.map