/**
 * One port that speaks HTTPS and HTTP, told apart by the first byte of a connection: Azure's SDKs insist on HTTPS, its
 * managed identity endpoints are plain HTTP by contract, and a user should have to remember one number.
 */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '../support/log.js';
import { UsageError } from '../support/usage-error.js';

export interface OnePortOptions {
  readonly handler: http.RequestListener;
  readonly tls?: TlsOptions | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
  readonly log: Log;
  readonly onClientError: (error: NodeJS.ErrnoException, socket: Duplex) => void;
}

export interface TlsOptions {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Ask for a client certificate, taking any or none; browsers may prompt their user for one. */
  readonly askForClientCertificate?: boolean;
}

/** Real milliseconds: these guard against clients of this machine, not of Azure time. */
export interface Timeouts {
  readonly firstByteMs: number;
  readonly headersMs: number;
  readonly checkEveryMs: number;
  /** How long `close` waits for requests in progress. */
  readonly closeGraceMs: number;
}

const defaultTimeouts: Timeouts = { firstByteMs: 5000, headersMs: 60_000, checkEveryMs: 5000, closeGraceMs: 3000 };
const tlsHandshakeByte = 0x16;

export class OnePort {
  /** Serves the plain connections; also what Fastify takes for its server. */
  readonly http: http.Server;
  /** Makes the server of secure connections at the first one: Node's TLS takes a good part of a start. */
  readonly #makeSecure: (() => https.Server) | undefined;
  #secure: https.Server | undefined;
  readonly #timeouts: Timeouts;
  readonly #log: Log;
  readonly #listeners: net.Server[] = [];
  readonly #sockets = new Set<net.Socket>();
  #requestsInProgress = 0;
  #closed: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor({ handler, tls, timeouts, log, onClientError }: OnePortOptions) {
    this.#timeouts = { ...defaultTimeouts, ...timeouts };
    this.#log = log;
    const common: http.ServerOptions = {
      headersTimeout: this.#timeouts.headersMs,
      connectionsCheckingInterval: this.#timeouts.checkEveryMs,
      // Longer than any client keeps a connection, so that the client is the one who ends it.
      keepAliveTimeout: 72_000,
    };
    this.http = http.createServer(common, handler);
    this.#count(this.http);
    if (!tls) return;
    this.#makeSecure = () => {
      const server = https.createServer(
        {
          ...common,
          cert: tls.certificatePem,
          key: tls.keyPem,
          handshakeTimeout: 10_000,
          ...(tls.askForClientCertificate && { requestCert: true, rejectUnauthorized: false }),
        },
        handler,
      );
      this.#count(server);
      server.on('clientError', onClientError);
      this.#reportDistrust(server);
      startTimeouts(server);
      return server;
    };
  }

  /** Listens; port 0 is any port that is free on every address of `host`. */
  async listen({ host, port }: { host: string; port: number }): Promise<{ port: number; addresses: string[] }> {
    const bound = host === 'localhost' ? await this.#listenOnLoopback(port) : [await this.#bind(host, port)];
    startTimeouts(this.http);
    const places = bound.map((server) => server.address() as net.AddressInfo);
    return {
      port: places[0]?.port ?? port,
      addresses: places.map(({ address, port, family }) => `${family === 'IPv6' ? `[${address}]` : address}:${port}`),
    };
  }

  /** Accepts no more, lets requests in progress finish, then ends every connection, idle ones at once. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    if (this.#requestsInProgress > 0) {
      await new Promise<void>((resolve) => {
        const grace = setTimeout(resolve, this.#timeouts.closeGraceMs);
        this.#idle = () => {
          clearTimeout(grace);
          resolve();
        };
      });
    }
    for (const socket of this.#sockets) socket.destroy();
    this.http.close();
    this.#secure?.close();
  }

  #count(server: http.Server): void {
    // One function for all: a response closes once.
    const closed = (): void => {
      this.#requestsInProgress--;
      if (this.#requestsInProgress === 0) this.#idle?.();
    };
    server.on('request', (_request, response) => {
      this.#requestsInProgress++;
      response.on('close', closed);
    });
  }

  /** A client that does not trust our CA says so only in an alert: tell the user once, who else sees a bare failure. */
  #reportDistrust(server: https.Server): void {
    let told = false;
    server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
      if (told || !/UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN/.test(error.code ?? '')) return;
      told = true;
      this.#log.warn('a client refused the certificate: let it trust the CA (see `lazurite env`)');
    });
  }

  async #listenOnLoopback(port: number): Promise<net.Server[]> {
    // A port that is free on 127.0.0.1 may be taken on ::1; ask for another one then.
    for (let attempt = 0; ; attempt++) {
      const first = await this.#bind('127.0.0.1', port);
      const chosen = (first.address() as net.AddressInfo).port;
      try {
        return [first, await this.#bind('::1', chosen)];
      } catch (error) {
        const { code } = (error as Error).cause as NodeJS.ErrnoException;
        if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') {
          this.#log.info('this machine has no IPv6 loopback; listening on 127.0.0.1 only');
          return [first];
        }
        if (port !== 0 || code !== 'EADDRINUSE' || attempt === 20) throw error;
        this.#listeners.splice(this.#listeners.indexOf(first), 1);
        first.close();
      }
    }
  }

  async #bind(host: string, port: number): Promise<net.Server> {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#sniff(socket));
    server.listen({ host, port, ipv6Only: host === '::1' });
    try {
      await once(server, 'listening');
    } catch (error) {
      throw explain(error as NodeJS.ErrnoException, { host, port });
    }
    this.#listeners.push(server);
    return server;
  }

  #sniff(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const giveUp = (): void => {
      socket.destroy();
    };
    socket.setTimeout(this.#timeouts.firstByteMs, giveUp);
    socket.once('readable', () => {
      const received: Buffer | null = socket.read();
      if (!received) return giveUp();
      socket.setTimeout(0);
      socket.removeListener('timeout', giveUp);
      socket.unshift(received);
      const server = received[0] === tlsHandshakeByte ? this.#secureServer() : this.http;
      if (server) server.emit('connection', socket);
      else giveUp();
    });
  }

  #secureServer(): https.Server | undefined {
    try {
      this.#secure ??= this.#makeSecure?.();
    } catch (error) {
      this.#log.error('TLS cannot be spoken with the certificate', {}, error);
    }
    return this.#secure;
  }
}

/** The servers never listen themselves, and only this event starts their headersTimeout and requestTimeout. */
const startTimeouts = (server: net.Server): void => void server.emit('listening');

function explain(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} of ${host} is taken; stop what listens there, or choose another with --port`,
    EACCES: `port ${port} of ${host} needs more rights than you have; choose one above 1023 with --port`,
    EADDRNOTAVAIL: `this machine has no address ${host}; choose another with --host`,
    ENOTFOUND: `the host ${host} cannot be resolved; choose another with --host`,
  };
  return new UsageError(reasons[error.code ?? ''] ?? `cannot listen on ${host} port ${port}: ${error.message}`, {
    cause: error,
  });
}
