import fastify, { LogController, } from 'fastify';
import { AzureError, azureError, storageRefusal } from '../errors/index.js';
import { Clock } from '../support/clock.js';
import { newGuid } from '../support/ids.js';
import { stderrLog } from '../support/log.js';
import { OnePort } from './one-port.js';
import { isHostHeader, OwnNames } from './own-names.js';
/** On every answer: a browser takes it for what it says it is, and for nothing else. */
const noSniffing = ['x-content-type-options', 'nosniff'];
const bodyLimitBytes = 8 * 1024 * 1024;
// Swagger UI's page finds its files relative to a path with a slash at the end.
const keepsTrailingSlash = /^\/openapi\/?$/i;
/** The path as clients mean it: an absolute URI's path, single slashes, none at the end, no empty query. */
export function tidyUrl(url) {
    const [, local = url] = /^https?:\/\/[^/?]*(.*)$/i.exec(url) ?? [];
    const mark = local.indexOf('?');
    const path = (mark < 0 ? local : local.slice(0, mark)).replace(/\/{2,}/g, '/') || '/';
    const query = mark < 0 ? '' : local.slice(mark);
    const tidy = path.length > 1 && path.endsWith('/') && !keepsTrailingSlash.test(path) ? path.slice(0, -1) : path;
    return query === '?' ? tidy : tidy + query;
}
/** A server without routes: register plugins on `app`, then `listen`. */
export function createServer(options) {
    const { tls, log = stderrLog, clock = new Clock(), timeouts } = options;
    const ownNames = new OwnNames(options);
    const ports = [];
    const app = fastify({
        serverFactory(handler) {
            const port = new OnePort({ handler, tls, timeouts, log, onClientError });
            ports.push(port);
            return port.http;
        },
        clientErrorHandler: onClientError,
        frameworkErrors: (error, request, reply) => {
            void sendError(error, { request, reply });
        },
        loggerInstance: fastifyLogger(log),
        logController: new LogController({ disableRequestLogging: true }),
        requestIdHeader: false,
        // A resource id may be longer than Fastify expects of a parameter, and a load balancer larger than it allows.
        bodyLimit: bodyLimitBytes,
        routerOptions: { caseSensitive: false, maxParamLength: 2048 },
        // Azure answers HEAD for a few resources only.
        exposeHeadRoutes: false,
        rewriteUrl: (request) => tidyUrl(request.url ?? '/'),
    });
    // Plugins read bodies themselves (ARM with positions, for its error messages), and validate with their own schemas;
    // the schemas of routes are there for the OpenAPI documents.
    app.removeAllContentTypeParsers();
    // A byte order mark, which editors and PowerShell write, is no part of the text.
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, String(body).replace(/^\uFEFF/, '')));
    app.setValidatorCompiler(() => () => true);
    app.setSerializerCompiler(() => JSON.stringify);
    const sendError = (error, { request, reply }) => {
        const known = toAzureError(error) ?? internalError(error, { request, reply });
        // What is refused before any hook runs has no other place for it.
        reply.header(...noSniffing);
        if (known.origin === 'gateway')
            reply.header('x-ms-failure-cause', 'gateway');
        return reply.code(known.status).headers(known.headers).type('application/json; charset=utf-8').send(known.toBody());
    };
    const internalError = (error, { request, reply }) => {
        const trackingId = newGuid();
        log.error('a request failed', { method: request.method, url: request.url, trackingId }, error);
        const correlationId = String(reply.getHeader('x-ms-correlation-request-id') ?? trackingId);
        return azureError('InternalServerError', { values: { timestamp: clock.timestamp(), trackingId, correlationId } });
    };
    app.setErrorHandler((error, request, reply) => sendError(error, { request, reply }));
    app.setNotFoundHandler((request, reply) => {
        const path = request.url.split('?', 1)[0] ?? '';
        return sendError(azureError('PathNotFound', { values: { method: request.method, path } }), { request, reply });
    });
    app.addHook('onRequest', (request, reply, done) => {
        reply.header(...noSniffing);
        done(ownNames.refusal(request));
    });
    app.addHook('preClose', async () => {
        await Promise.all(ports.map((port) => port.close()));
    });
    return {
        app,
        async listen(place) {
            await app.ready();
            const [port] = ports;
            if (!port)
                throw new TypeError('Fastify made no server');
            return port.listen(place);
        },
        close: () => app.close(),
    };
}
/** The Azure error for a request that Fastify itself refuses; `undefined` for any other error. */
function toAzureError(error) {
    if (error instanceof AzureError)
        return error;
    const storage = storageRefusal(error);
    if (storage)
        return storage;
    const { code, statusCode = 500, message } = error;
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
        return azureError('RequestContentTooLarge', { values: { limit: bodyLimitBytes } });
    }
    if (statusCode < 400 || statusCode > 499)
        return undefined;
    return azureError('BadRequest', { values: { reason: message ?? 'no reason given' } });
}
const clientErrors = {
    ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive.'],
    HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', "The request's headers are too large."],
};
/** Answers what is not HTTP, or not in time. */
function onClientError(error, socket) {
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
function fastifyLogger(log) {
    const say = (level) => (first, second) => {
        if (typeof first === 'string') {
            level(first);
            return;
        }
        const { err, error = err } = (first ?? {});
        const cause = error ?? (first instanceof Error ? first : undefined);
        level(String(second ?? 'server'), cause instanceof Error ? { reason: cause.message } : {});
    };
    const quiet = () => { };
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
    };
    return logger;
}
/**
 * The scheme and host by which a request reached the server, without a slash at the end: `https://localhost:4567`.
 * Absolute URLs (operations, metadata, issuer, nextLink) begin with it, so that they hold through port mappings and
 * container names. Without a Host header (HTTP/1.0) it names the address that the
 * client connected to.
 */
export function requestBaseUrl(request) {
    if (isHostHeader(request.host))
        return `${request.protocol}://${request.host}`;
    const { localAddress = '127.0.0.1', localPort } = request.socket;
    const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
    return `${request.protocol}://${host}${localPort ? `:${localPort}` : ''}`;
}
//# sourceMappingURL=server.js.map