/** The demo's clients: real connections and datagrams, each from an address of its own. */
import { createSocket } from 'node:dgram';
import net from 'node:net';
/** Longer than a busy machine needs: what has not come by then never will. */
const patienceMs = 10_000;
/** The backend that a reply names, if it saw the client's own address. */
function backendIn(reply, source) {
    const [, backend, seen] = /backend ([\d.]+):\d+ saw ([\d.]+):\d+/.exec(reply) ?? [];
    return seen === source ? backend : undefined;
}
/** Opens a TCP connection from `source`, asks who is there, and waits for the end. Rejects when it fails. */
export const callTcp = (target, source) => new Promise((resolve, reject) => {
    let reply = '';
    const socket = net.connect({ host: target.address, port: target.port, localAddress: source });
    socket.setTimeout(patienceMs, () => socket.destroy(new Error('timed out')));
    socket.setEncoding('utf8').on('data', (text) => {
        reply += text;
    });
    socket.on('error', reject);
    socket.on('close', () => {
        const backend = backendIn(reply, source);
        if (backend)
            resolve(backend);
        else
            reject(new Error(`no backend in '${reply}'`));
    });
    socket.write('GET / HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n');
});
/**
 * A caller that sends each datagram from a port of its own and waits for the reply. No port is used twice in a run: a
 * flow that the load balancer still knows stays with its backend whatever the mode is by now, as in Azure.
 */
export function createUdpCaller(firstPort = 20_000) {
    let nextPort = firstPort;
    const call = (target, source) => new Promise((resolve, reject) => {
        const socket = createSocket('udp4');
        const finish = (outcome) => {
            clearTimeout(patience);
            socket.close();
            if (outcome instanceof Error)
                reject(outcome);
            else
                resolve(outcome);
        };
        const patience = setTimeout(() => finish(new Error('no reply')), patienceMs);
        socket.on('error', (error) => {
            if (error.code !== 'EADDRINUSE' || nextPort > 60_000)
                return finish(error);
            clearTimeout(patience);
            socket.close();
            call(target, source).then(resolve, reject);
        });
        socket.on('message', (message) => {
            finish(backendIn(message.toString(), source) ?? new Error(`no backend in '${message}'`));
        });
        socket.bind(nextPort++, source, () => socket.send('who is there?', target.port, target.address));
    });
    return call;
}
/** Lets every client call as often as the round says, some dozens at a time. */
export async function runRound({ target, clients, callsPerClient }, call) {
    const backendsOf = new Map(clients.map((client) => [client, []]));
    const queue = Array.from({ length: callsPerClient }, () => clients).flat();
    let failed = 0;
    const work = async () => {
        for (let client = queue.pop(); client !== undefined; client = queue.pop()) {
            try {
                backendsOf.get(client)?.push(await call(target, client));
            }
            catch {
                failed++;
            }
        }
    };
    await Promise.all(Array.from({ length: 32 }, work));
    return { backendsOf, failed };
}
/** A connection that stays open through every switch. */
export class HeldConnection {
    #socket;
    #received = '';
    #expect;
    constructor(target, source) {
        this.#socket = net.connect({ host: target.address, port: target.port, localAddress: source });
        this.#socket.setEncoding('utf8').on('data', (text) => {
            this.#received += text;
            if (this.#expect && this.#received.endsWith(this.#expect.text))
                this.#settle(true);
        });
        this.#socket.on('error', () => { });
        this.#socket.on('close', () => this.#settle(false));
    }
    /** Sends a line and waits for its echo; `false` when the connection is gone. */
    isAlive() {
        if (this.#socket.destroyed)
            return Promise.resolve(false);
        const text = `still there after ${this.#received.length} bytes?\n`;
        return new Promise((resolve) => {
            this.#expect = { text, resolve };
            this.#socket.setTimeout(patienceMs, () => this.#settle(false));
            this.#socket.write(text);
        });
    }
    /** The backend that has it: named once, in the first line. */
    get backend() {
        return /^backend ([\d.]+):/.exec(this.#received)?.[1];
    }
    close() {
        this.#socket.destroy();
    }
    #settle(alive) {
        this.#expect?.resolve(alive);
        this.#expect = undefined;
    }
}
//# sourceMappingURL=traffic.js.map