/** Backends that say who they are, and clients with loopback addresses of their own. */
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv6 } from 'node:net';
/** The type of a datagram socket at an address. */
export const datagramsOf = (address = '127.0.0.1') => (isIPv6(address) ? 'udp6' : 'udp4');
/**
 * A stand-in VM. TCP: greets with `<its address> <client address>:<port>\n`, then echoes, and ends when the client ends.
 * UDP: answers each datagram with the same greeting and what was asked.
 */
export class Backend {
    address;
    port;
    sockets = new Set();
    accepted = 0;
    #server;
    #udp;
    constructor(of) {
        this.address = of.address;
        this.port = of.port;
        this.#server = of.server;
        this.#udp = of.udp;
        of.server.on('connection', (socket) => this.#greet(socket));
        of.udp.on('message', (question, from) => of.udp.send(`${of.address} ${from.address}:${from.port} ${question}`, from.port, from.address));
    }
    static async start(address, port) {
        const server = createServer({ allowHalfOpen: true, noDelay: true });
        server.listen(port, address);
        const udp = createSocket(datagramsOf(address));
        udp.bind(port, address);
        await Promise.all([once(server, 'listening'), once(udp, 'listening')]);
        return new Backend({ address, server, udp, port });
    }
    /** Refuses new TCP connections from now on; UDP and established connections go on. */
    refuse() {
        this.#server.close();
    }
    async acceptAgain() {
        this.#server.listen(this.port, this.address);
        await once(this.#server, 'listening');
    }
    stop() {
        this.#server.close();
        this.#udp.close();
        for (const socket of this.sockets)
            socket.destroy();
    }
    #greet(socket) {
        this.accepted++;
        this.sockets.add(socket);
        socket.on('close', () => this.sockets.delete(socket));
        socket.on('error', () => { });
        socket.write(`${this.address} ${socket.remoteAddress}:${socket.remotePort}\n`);
        socket.pipe(socket);
    }
}
const local = ({ from, fromPort }) => ({
    ...(from === undefined ? {} : { localAddress: from }),
    ...(fromPort === undefined ? {} : { localPort: fromPort }),
});
/** Connects without waiting for anything but the handshake. */
export async function dial(at, from = {}) {
    const socket = connect({ host: at.address, port: at.port, allowHalfOpen: true, noDelay: true, ...local(from) });
    await once(socket, 'connect');
    return socket;
}
/** Connects and reads the greeting; rejects when the connection ends before. */
export function openStream(at, from = {}) {
    return new Promise((resolve, reject) => {
        const socket = connect({ host: at.address, port: at.port, allowHalfOpen: true, noDelay: true, ...local(from) });
        let text = '';
        const read = (chunk) => {
            text += chunk;
            if (!text.includes('\n'))
                return;
            const [backend = '', seenAs = ''] = text.trimEnd().split(' ');
            socket.off('data', read);
            socket.off('error', reject);
            socket.off('close', ended);
            socket.pause();
            resolve({ socket, backend, seenAs });
        };
        const ended = () => reject(new Error('The connection ended before the backend greeted.'));
        socket.on('data', read);
        socket.on('error', reject);
        socket.on('close', ended);
    });
}
/** Which backend answers a new TCP connection. */
export async function tcpBackend(at, from = {}) {
    const { socket, backend } = await openStream(at, from);
    socket.destroy();
    return backend;
}
/** Sends text over a stream and waits until it has come back. */
export async function echoes({ socket }, text) {
    socket.write(text);
    let back = '';
    while (back.length < text.length) {
        const [chunk] = (await once(socket.resume(), 'data'));
        back += chunk;
    }
    return back === text;
}
/** A UDP client with an address of its own. */
export class UdpClient {
    socket;
    #asked = 0;
    constructor(socket) {
        this.socket = socket;
    }
    static async open(from = {}) {
        const socket = createSocket(datagramsOf(from.from));
        socket.bind({ address: from.from ?? '127.0.0.1', port: from.fromPort ?? 0, exclusive: true });
        await once(socket, 'listening');
        return new UdpClient(socket);
    }
    get port() {
        return this.socket.address().port;
    }
    /** Asks, and asks again every second of real time, because datagrams may be lost. */
    async ask(at) {
        const question = `ask-${String(this.#asked++).padStart(8, '0')}`;
        const ask = () => this.socket.send(question, at.port, at.address);
        const again = setInterval(ask, 1000);
        ask();
        for (;;) {
            const [answer, from] = (await once(this.socket, 'message'));
            const [backend = '', seenAs = '', asked = question] = String(answer).split(' ');
            // An earlier question that was asked twice is answered twice.
            if (asked !== question)
                continue;
            clearInterval(again);
            return { backend, seenAs, answeredFrom: `${from.address}:${from.port}` };
        }
    }
    close() {
        this.socket.close();
    }
}
/** Which backend answers a new UDP client. */
export async function udpBackend(at, from = {}) {
    const client = await UdpClient.open(from);
    const { backend } = await client.ask(at);
    client.close();
    return backend;
}
/** Everything until the other side ends; leaves this side open, as `for await` would not. */
export function readAll(socket) {
    return new Promise((resolve, reject) => {
        const chunks = [];
        socket.on('data', (chunk) => chunks.push(chunk));
        socket.on('end', () => resolve(Buffer.concat(chunks)));
        socket.on('error', reject);
        socket.resume();
    });
}
/** How a socket ends: `end` after a FIN, else the error's code. */
export function ending(socket) {
    return new Promise((resolve) => {
        socket.on('error', (error) => resolve(error.code ?? String(error)));
        socket.on('end', () => resolve('end'));
        socket.on('close', () => resolve('close'));
        socket.resume();
    });
}
/** Calls `task` for each item, at most `limit` at a time. */
export async function inParallel(items, limit, task) {
    const queue = [...items];
    const worker = async () => {
        for (let item = queue.shift(); item !== undefined; item = queue.shift())
            await task(item);
    };
    await Promise.all(Array.from({ length: limit }, worker));
}
export const sha256 = (data) => createHash('sha256').update(data).digest('hex');
//# sourceMappingURL=network.js.map