/**
 * One port that speaks HTTPS and HTTP, told apart by the first byte of a connection: Azure's SDKs insist on HTTPS, its
 * managed identity endpoints are plain HTTP by contract, and a user should have to remember one number.
 */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { UsageError } from '../support/usage-error.js';
const defaultTimeouts = { firstByteMs: 5000, headersMs: 60_000, checkEveryMs: 5000, closeGraceMs: 3000 };
const tlsHandshakeByte = 0x16;
export class OnePort {
    /** Serves the plain connections; also what Fastify takes for its server. */
    http;
    #https;
    #timeouts;
    #log;
    #listeners = [];
    #sockets = new Set();
    #requestsInProgress = 0;
    #closed;
    #idle;
    constructor({ handler, tls, timeouts, log, onClientError }) {
        this.#timeouts = { ...defaultTimeouts, ...timeouts };
        this.#log = log;
        const common = {
            headersTimeout: this.#timeouts.headersMs,
            connectionsCheckingInterval: this.#timeouts.checkEveryMs,
            // Longer than any client keeps a connection, so that the client is the one who ends it.
            keepAliveTimeout: 72_000,
        };
        this.http = http.createServer(common, handler);
        this.#count(this.http);
        if (!tls)
            return;
        this.#https = https.createServer({
            ...common,
            cert: tls.certificatePem,
            key: tls.keyPem,
            handshakeTimeout: 10_000,
            ...(tls.askForClientCertificate && { requestCert: true, rejectUnauthorized: false }),
        }, handler);
        this.#count(this.#https);
        this.#https.on('clientError', onClientError);
        this.#reportDistrust(this.#https);
    }
    /** Listens; port 0 is any port that is free on every address of `host`. */
    async listen({ host, port }) {
        const bound = host === 'localhost' ? await this.#listenOnLoopback(port) : [await this.#bind(host, port)];
        // They never listen themselves, and only this event starts their headersTimeout and requestTimeout.
        this.http.emit('listening');
        this.#https?.emit('listening');
        const places = bound.map((server) => server.address());
        return {
            port: places[0]?.port ?? port,
            addresses: places.map(({ address, port, family }) => `${family === 'IPv6' ? `[${address}]` : address}:${port}`),
        };
    }
    /** Accepts no more, lets requests in progress finish, then ends every connection, idle ones at once. */
    close() {
        this.#closed ??= this.#close();
        return this.#closed;
    }
    async #close() {
        for (const listener of this.#listeners)
            listener.close();
        if (this.#requestsInProgress > 0) {
            await new Promise((resolve) => {
                const grace = setTimeout(resolve, this.#timeouts.closeGraceMs);
                this.#idle = () => {
                    clearTimeout(grace);
                    resolve();
                };
            });
        }
        for (const socket of this.#sockets)
            socket.destroy();
        this.http.close();
        this.#https?.close();
    }
    #count(server) {
        server.on('request', (_request, response) => {
            this.#requestsInProgress++;
            response.once('close', () => {
                this.#requestsInProgress--;
                if (this.#requestsInProgress === 0)
                    this.#idle?.();
            });
        });
    }
    /** A client that does not trust our CA says so only in an alert: tell the user once, who else sees a bare failure. */
    #reportDistrust(server) {
        let told = false;
        server.on('tlsClientError', (error) => {
            if (told || !/UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN/.test(error.code ?? ''))
                return;
            told = true;
            this.#log.warn('a client refused the certificate: let it trust the CA (see `lazurite env`)');
        });
    }
    async #listenOnLoopback(port) {
        // A port that is free on 127.0.0.1 may be taken on ::1; ask for another one then.
        for (let attempt = 0;; attempt++) {
            const first = await this.#bind('127.0.0.1', port);
            const chosen = first.address().port;
            try {
                return [first, await this.#bind('::1', chosen)];
            }
            catch (error) {
                const { code } = error.cause;
                if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') {
                    this.#log.info('this machine has no IPv6 loopback; listening on 127.0.0.1 only');
                    return [first];
                }
                if (port !== 0 || code !== 'EADDRINUSE' || attempt === 20)
                    throw error;
                this.#listeners.splice(this.#listeners.indexOf(first), 1);
                first.close();
            }
        }
    }
    async #bind(host, port) {
        const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#sniff(socket));
        server.listen({ host, port, ipv6Only: host === '::1' });
        try {
            await once(server, 'listening');
        }
        catch (error) {
            throw explain(error, { host, port });
        }
        this.#listeners.push(server);
        return server;
    }
    #sniff(socket) {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
        socket.on('error', () => socket.destroy());
        const giveUp = () => {
            socket.destroy();
        };
        socket.setTimeout(this.#timeouts.firstByteMs, giveUp);
        socket.once('readable', () => {
            const received = socket.read();
            if (!received)
                return giveUp();
            socket.setTimeout(0);
            socket.removeListener('timeout', giveUp);
            socket.unshift(received);
            const server = received[0] === tlsHandshakeByte ? this.#https : this.http;
            if (server)
                server.emit('connection', socket);
            else
                giveUp();
        });
    }
}
function explain(error, { host, port }) {
    const reasons = {
        EADDRINUSE: `port ${port} of ${host} is taken; stop what listens there, or choose another with --port`,
        EACCES: `port ${port} of ${host} needs more rights than you have; choose one above 1023 with --port`,
        EADDRNOTAVAIL: `this machine has no address ${host}; choose another with --host`,
        ENOTFOUND: `the host ${host} cannot be resolved; choose another with --host`,
    };
    return new UsageError(reasons[error.code ?? ''] ?? `cannot listen on ${host} port ${port}: ${error.message}`, {
        cause: error,
    });
}
//# sourceMappingURL=one-port.js.map