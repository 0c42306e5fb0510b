/**
 * The only Fastify() call: one port for HTTPS and HTTP, paths made tidy, bodies handed on as they came, and every error
 * in Azure's envelope. ARM, classic, identity, admin and the portal are plugins of it.
 *
 * And who may speak to this server by which name (`OwnNames`). A web page reaches a server on its user's machine in two ways:
 * under a name of its own that resolves to that machine (DNS rebinding), and as a foreign page that sends requests across
 * origins. Requests of both kinds are refused before any route sees them.
 * https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchema,
  LogController,
  type RouteOptions,
} from 'fastify';
import { AzureError, azureError, storageRefusal } from '../errors/index.js';
import { Clock } from '../support/clock.js';
import { newGuid } from '../support/ids.js';
import { isLoopbackHost } from '../support/ip-address.js';
import { type Log, type LogFields, stderrLog } from '../support/log.js';
import { OnePort, type Timeouts, type TlsOptions } from './one-port.js';

/** Besides localhost and loopback addresses, the server answers to `host` and `tlsNames`. */
export interface ServerOptions extends OwnNamesOptions {
  /** Without it, the port speaks HTTP only. */
  readonly tls?: TlsOptions;
  readonly log?: Log;
  readonly clock?: Clock;
  readonly timeouts?: Partial<Timeouts>;
  /** Stands before everything else: it has the request answered here, or answers it by other means. */
  readonly edge?: EdgeHandler | undefined;
  /** Answers a GET before a route is looked for, or does nothing: false. Called once the caller may speak to this server. */
  readonly shortcut?: Shortcut | undefined;
}

/** An answer that was given in front of the routes. */
export interface Sent {
  readonly status: number;
  readonly correlationId: string | undefined;
  readonly responseBody: unknown;
}

export type Shortcut = (request: IncomingMessage, response: ServerResponse) => boolean;

export type EdgeHandler = (request: IncomingMessage, response: ServerResponse, answer: RequestListener) => void;

/** Answers requests that no route is found for, in the form of the API that they are meant for. */
export interface UnroutedAnswer {
  /** Of the path, with the slash at its beginning. */
  readonly under: RegExp;
  /** A path like `/%zz`. */
  undecodable(request: FastifyRequest, reply: FastifyReply): void;
  /** A path, or a verb, that has no route. */
  notFound(request: FastifyRequest, reply: FastifyReply): unknown;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the OpenAPI documents say of a route, for a route without a schema: made when they are drawn. */
    readonly described?: () => FastifySchema;
  }
  interface FastifyInstance {
    /** The first that matches answers; without one the server itself does. */
    readonly unrouted: UnroutedAnswer[];
    /** Routes that are made at the first request for them: Fastify does not know them. */
    readonly lateRoutes: {
      /** The routes that stand for them. */
      readonly places: readonly string[];
      readonly routes: readonly RouteOptions[];
    }[];
  }
}

export interface LazuriteServer {
  readonly app: FastifyInstance;
  /** Makes the plugins ready, then listens. `localhost` is 127.0.0.1 and ::1; port 0 is any free one. */
  listen(place: { host: string; port: number }): Promise<{ port: number; addresses: string[] }>;
  /** Lets requests in progress finish for a few seconds, then ends every connection. May be called twice. */
  close(): Promise<void>;
}

/** On every answer: a browser takes it for what it says it is, and for nothing else. */
export const noSniffing = ['x-content-type-options', 'nosniff'] as const;
const megabyte = 1024 * 1024;
const bodyLimitBytes = 8 * megabyte;
/**
 * A resource id may be longer than Fastify expects of a parameter. Patterns in paths are those of the source, which no
 * caller can change; to examine each for every method takes a fortieth of a start.
 */
export const routerOptions = { caseSensitive: false, maxParamLength: 2048, allowUnsafeRegex: true };

// Swagger UI's page finds its files relative to a path with a slash at the end.
const keepsTrailingSlash = /^\/openapi\/?$/i;

/** The path as clients mean it: an absolute URI's path, single slashes, none at the end, no empty query. */
export function tidyUrl(url: string): string {
  const [, local = url] = /^https?:\/\/[^/?]*(.*)$/i.exec(url) ?? [];
  const mark = local.indexOf('?');
  const path = (mark < 0 ? local : local.slice(0, mark)).replace(/\/{2,}/g, '/') || '/';
  const query = mark < 0 ? '' : local.slice(mark);
  const tidy = path.length > 1 && path.endsWith('/') && !keepsTrailingSlash.test(path) ? path.slice(0, -1) : path;
  return query === '?' ? tidy : tidy + query;
}

/** A server without routes: register plugins on `app`, then `listen`. */
export function createServer(options: ServerOptions): LazuriteServer {
  const { tls, log = stderrLog, clock = new Clock(), timeouts, edge, shortcut } = options;
  const ownNames = new OwnNames(options);
  const ports: OnePort[] = [];
  let isEnding = false;
  let hasEnded = false;
  const unrouted: UnroutedAnswer[] = [];
  const ownAnswer = ({ url }: FastifyRequest) => unrouted.find(({ under }) => under.test(url));
  const app: FastifyInstance = fastify({
    serverFactory(routes) {
      const answer: RequestListener = (request, response) => {
        const { headers, method, socket, url = '' } = request;
        const asked = { headers, method: method ?? '', protocol: protocolOf(socket), socket, url };
        const isShort = shortcut && method === 'GET' && !isEnding && !ownNames.refusal(asked);
        if (!isShort || !shortcut(request, response)) routes(request, response);
      };
      const handler: RequestListener = edge ? (request, response) => edge(request, response, answer) : answer;
      const port = new OnePort({ handler, tls, timeouts, log, onClientError });
      ports.push(port);
      return port.http;
    },
    clientErrorHandler: onClientError,
    frameworkErrors: (error, request, reply) => {
      const own = ownAnswer(request);
      if (own) own.undecodable(request, reply);
      else void sendError(error, { request, reply });
    },
    loggerInstance: fastifyLogger(log),
    logController: new LogController({ disableRequestLogging: true }),
    // Plugins validate with schemas of their own; those of routes are there for the OpenAPI documents.
    schemaController: {
      compilersFactory: {
        buildValidator: () => () => () => true,
        buildSerializer: () => () => JSON.stringify,
      } as object,
    },
    requestIdHeader: false,
    // No plugin waits for anything, and a timer for each takes time.
    pluginTimeout: 0,
    // A load balancer may be larger than Fastify allows.
    bodyLimit: bodyLimitBytes,
    routerOptions,
    // Azure answers HEAD for a few resources only.
    exposeHeadRoutes: false,
    rewriteUrl: (request: IncomingMessage) => tidyUrl(request.url ?? '/'),
  });

  app.decorate('unrouted', unrouted);
  app.decorate('lateRoutes', []);
  // Plugins read bodies themselves (ARM with positions, for its error messages).
  app.removeAllContentTypeParsers();
  // A byte order mark, which editors and PowerShell write, is no part of the text.
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    done(null, String(body).replace(/^\uFEFF/, '')),
  );

  const sendError = (error: unknown, { request, reply }: { request: FastifyRequest; reply: FastifyReply }) => {
    const known = toAzureError(error) ?? internalError(error, { request, reply });
    // What is refused before any hook runs has no other place for it.
    reply.header(...noSniffing);
    if (known.origin === 'gateway') reply.header('x-ms-failure-cause', 'gateway');
    return reply.code(known.status).headers(known.headers).type('application/json; charset=utf-8').send(known.toBody());
  };

  const internalError = (error: unknown, { request, reply }: { request: FastifyRequest; reply: FastifyReply }) => {
    // Its connection is gone: it was not finished within the grace, and what it needs is being given back.
    if (hasEnded) return azureError('ServiceUnavailable');
    const trackingId = newGuid();
    log.error('a request failed', { method: request.method, url: request.url, trackingId }, error);
    const correlationId = String(reply.getHeader('x-ms-correlation-request-id') ?? trackingId);
    return azureError('InternalServerError', { values: { timestamp: clock.timestamp(), trackingId, correlationId } });
  };

  app.setErrorHandler((error, request, reply) => sendError(error, { request, reply }));
  app.setNotFoundHandler((request, reply) => {
    const own = ownAnswer(request);
    if (own) return own.notFound(request, reply);
    const path = request.url.split('?', 1)[0] ?? '';
    return sendError(azureError('PathNotFound', { values: { method: request.method, path } }), { request, reply });
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(...noSniffing);
    done(ownNames.refusal(request));
  });
  app.addHook('preClose', async () => {
    isEnding = true;
    await Promise.all(ports.map((port) => port.close()));
    hasEnded = true;
  });

  return {
    app,
    async listen(place) {
      await app.ready();
      const [port] = ports;
      if (!port) throw new TypeError('Fastify made no server');
      return port.listen(place);
    },
    close: () => app.close(),
  };
}

/** While no data plane would follow them, writes are refused before anything is stored; clients try again. */
export function refuseWritesWhileDown(
  app: FastifyInstance,
  dataPlane: { readonly running: boolean },
  error: 'ServiceUnavailable' | 'ClassicServerBusy',
): void {
  const message = 'The data plane is started anew after a failure. Nothing was stored; the call can be retried.';
  app.addHook('onRequest', (request, _reply, done) => {
    if (dataPlane.running || request.method === 'GET' || request.method === 'HEAD') return done();
    const details = [{ code: 'DataPlaneRestarting', message }];
    return done(azureError(error, { details, headers: { 'retry-after': '1' } }));
  });
}

/** The Azure error for a request that Fastify itself refuses; `undefined` for any other error. */
function toAzureError(error: unknown): AzureError | undefined {
  if (error instanceof AzureError) return error;
  const storage = storageRefusal(error);
  if (storage) return storage;
  const { code, statusCode = 500, message } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return azureError('RequestContentTooLarge', { values: { limit: bodyLimitBytes / megabyte } });
  }
  if (statusCode < 400 || statusCode > 499) return undefined;
  return azureError('BadRequest', { values: { reason: message ?? 'no reason given' } });
}

const clientErrors: Record<string, readonly [status: string, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', "The request's headers are too large."],
};

/** Answers what is not HTTP, or not in time. */
function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = clientErrors[error.code ?? ''] ?? ['400 Bad Request', 'This is not an HTTP request.'];
  const body = JSON.stringify({ error: { code: 'BadRequest', message } });
  const headers = `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\n${noSniffing.join(': ')}\r\nConnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`, () => socket.destroy());
}

/** Fastify's own events: only what is wrong is worth a line. */
function fastifyLogger(log: Log): FastifyBaseLogger {
  type Say = (message: string, fields?: LogFields) => void;
  const say =
    (level: Say) =>
    (first: unknown, second?: unknown): void => {
      if (typeof first === 'string') {
        level(first);
        return;
      }
      const { err, error = err } = (first ?? {}) as { err?: unknown; error?: unknown };
      const cause = error ?? (first instanceof Error ? first : undefined);
      level(String(second ?? 'server'), cause instanceof Error ? { reason: cause.message } : {});
    };
  const quiet = (): void => {};
  const error = say((message, fields) => log.error(message, fields));
  const logger = {
    level: 'warn',
    fatal: error,
    error,
    warn: say((message, fields) => log.warn(message, fields)),
    info: quiet,
    debug: quiet,
    trace: quiet,
    silent: quiet,
    child: () => logger,
  } as unknown as FastifyBaseLogger;
  return logger;
}

/** The scheme of the URLs that a connection asks for. */
export const protocolOf = (socket: Socket & { readonly encrypted?: boolean }): 'https' | 'http' =>
  socket.encrypted ? 'https' : 'http';

/**
 * The scheme and host by which a request reached the server, without a slash at the end: `https://localhost:4567`.
 * Absolute URLs (operations, metadata, issuer, nextLink) begin with it, so that they hold through port mappings and
 * container names. Without a Host header (HTTP/1.0) it names the address that the
 * client connected to.
 */
export function requestBaseUrl(request: Pick<FastifyRequest, 'protocol' | 'host' | 'socket'>): string {
  if (isHostHeader(request.host)) return `${request.protocol}://${request.host}`;
  const { localAddress = '127.0.0.1', localPort } = request.socket;
  const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  return `${request.protocol}://${host}${localPort ? `:${localPort}` : ''}`;
}

export interface OwnNamesOptions {
  /** `--host`. */
  readonly host?: string;
  /** `--tls-name`: names and addresses; `*.` stands for one label. */
  readonly tlsNames?: readonly string[];
}

type Asked = Pick<FastifyRequest, 'headers' | 'method' | 'protocol' | 'socket' | 'url'>;

/** What a browser may open from a link on a foreign page: pages that change nothing and show nothing by themselves. */
const openPage = /^\/(?:(?:portal|openapi)(?:\/.*)?)?$/i;

/** A host as a URL writes it: in lower case, IPv4 in four numbers, IPv6 in brackets and shortened; without a last dot. */
const hostOf = (text: string): string => new URL(`http://${text}`).hostname.replace(/\.$/, '');

/** A name with `*.`, and the port in a Host header, can be anything. */
const mostRemembered = 1000;

const inBrackets = (address: string): string => (address.includes(':') ? `[${address}]` : address);

const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80');

export class OwnNames {
  readonly #names: ReadonlySet<string>;
  /** By Host header and address connected to: those that were found to be this server's. */
  readonly #own = new Set<string>();

  constructor({ host = 'localhost', tlsNames = [] }: OwnNamesOptions) {
    this.#names = new Set([host, ...tlsNames].map((name) => hostOf(inBrackets(name))));
  }

  /**
   * Whether `name`, a host as in a URL, is this server: localhost, a loopback address, a name or address that it was given,
   * or `localAddress`, the address that the client connected to.
   */
  has(name: string, localAddress?: string): boolean {
    const host = hostOf(name);
    if (isLoopbackHost(host) || this.#names.has(host) || this.#names.has(host.replace(/^[^.]+/, '*'))) return true;
    const connectedTo = localAddress?.replace(/^::ffff:(?=[\d.]+$)/, '');
    return connectedTo !== undefined && !connectedTo.includes('%') && hostOf(inBrackets(connectedTo)) === host;
  }

  /** Why a request is refused: its Host is no name of this server, or it comes from a web page of another origin. */
  refusal(request: Asked): AzureError | undefined {
    const { host, origin, 'sec-fetch-site': site } = request.headers;
    const { localAddress, localPort } = request.socket;
    const asked = `${host} ${localAddress}`;
    if (origin === undefined && site === undefined && this.#own.has(asked)) return undefined;
    if (host !== undefined && !isHostHeader(host)) return azureError('HostHeaderInvalid');
    const place = new URL(`${request.protocol}://${host ?? `localhost:${localPort ?? ''}`}`);
    if (!this.has(place.hostname, localAddress)) {
      return azureError('HostNotOwn', { values: { host: place.hostname.replace(/[[\]]/g, '') } });
    }
    if (this.#own.size < mostRemembered) this.#own.add(asked);
    const isOwnOrigin = (): boolean => {
      const from = origin !== undefined && URL.canParse(origin) ? new URL(origin) : undefined;
      // A page whose referrer policy is no-referrer names no origin when it posts to its own server.
      if (!from || !/^https?:$/.test(from.protocol)) return origin === 'null' && site === 'same-origin';
      return portOf(from) === portOf(place) && this.has(from.hostname, localAddress);
    };
    const isForeign = origin === undefined ? site === 'cross-site' || site === 'same-site' : !isOwnOrigin();
    if (!isForeign || isTopLevelNavigation(request)) return undefined;
    return azureError('ForeignOrigin', { values: { origin: origin ?? `Sec-Fetch-Site: ${site}` } });
  }
}

/** A link to the portal or the OpenAPI page that the user follows, or the redirect after it. */
function isTopLevelNavigation({ headers, method, url }: Asked): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = headers;
  const path = url.split('?', 1)[0] ?? '';
  return method === 'GET' && mode === 'navigate' && destination === 'document' && openPage.test(path);
}

/** Host headers that were found to be good. */
const goodHosts = new Set<string>();

/** Whether a Host header is a name or an address with an optional port, and can stand in a URL. */
export function isHostHeader(text: string): boolean {
  if (goodHosts.has(text)) return true;
  const isGood = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(text) && URL.canParse(`http://${text}`);
  if (isGood && goodHosts.size < mostRemembered) goodHosts.add(text);
  return isGood;
}
