/**
 * The journal of API calls: the last ones, in memory, bounded by number and by bytes, and the hooks that fill it. Bodies are
 * parsed only when they are read.
 */
import { pathMatcher } from '../../support/path-pattern.js';
import { shortened } from '../../support/secrets.js';
/** Room that an entry takes beside its bodies. */
const entryBytes = 512;
const usualLimits = { entries: 1000, bytes: 16 * 1024 * 1024, bodyBytes: 64 * 1024 };
export class RequestJournal {
    limits;
    /** A ring would save the shift; at a thousand entries an array is as fast. */
    #kept = [];
    #bytes = 0;
    #sequence = 0;
    #answered = new Map();
    constructor(limits = {}) {
        this.limits = { ...usualLimits, ...limits };
    }
    add(record) {
        const requestBody = this.#bounded(record.requestBody);
        const responseBody = this.#bounded(record.responseBody);
        const bytes = entryBytes + (requestBody?.length ?? 0) + (responseBody?.length ?? 0);
        this.#kept.push({ sequence: ++this.#sequence, record: { ...record, requestBody, responseBody }, bytes });
        this.#bytes += bytes;
        const answer = `${record.method} ${record.status}`;
        this.#answered.set(answer, (this.#answered.get(answer) ?? 0) + 1);
        while (this.#kept.length > this.limits.entries || this.#bytes > this.limits.bytes)
            this.#dropFirst();
    }
    /** Calls that match, oldest first. */
    select({ method, path, status, sinceMs, top } = {}) {
        const matchesPath = path === undefined ? undefined : pathMatcher(path);
        const found = this.#kept.filter(({ record }) => (method === undefined || record.method === method.toUpperCase()) &&
            (matchesPath?.(record.path) ?? true) &&
            (status === undefined || matchesStatus(record.status, status)) &&
            (sinceMs === undefined || record.timeMs >= sinceMs));
        const wanted = top === undefined ? found : top === 0 ? [] : found.slice(-top);
        return wanted.map(({ sequence, record }) => ({ id: sequence, record }));
    }
    /** How many calls there were since the start or `clear`, kept or not, as `PUT 200` → number. */
    get answered() {
        return this.#answered;
    }
    clear() {
        this.#kept = [];
        this.#bytes = 0;
        this.#answered.clear();
    }
    #bounded(body) {
        if (body === undefined || body.length <= this.limits.bodyBytes)
            return body;
        return shortened(body, this.limits.bodyBytes);
    }
    #dropFirst() {
        this.#bytes -= this.#kept.shift()?.bytes ?? 0;
    }
}
const matchesStatus = (status, wanted) => /^\dxx$/i.test(wanted) ? Math.floor(status / 100) === Number(wanted[0]) : status === Number(wanted);
/** Contains a secret or token. */
const confidential = /\/oauth2\/|\/token$|\/msi\//i;
/** Whether a path belongs to Azure's APIs. Below a GUID there is the classic one. */
export const isAzurePath = (path) => !/^\/(?:_lazurite|openapi|portal|assets)(?:\/|$)|^\/$/i.test(path);
const textOf = (payload) => typeof payload === 'string' ? payload : Buffer.isBuffer(payload) ? payload.toString() : undefined;
const single = (value) => {
    const first = Array.isArray(value) ? value[0] : value;
    return first === undefined ? undefined : String(first);
};
/** The path of a request without its query. */
export const pathOf = ({ url }) => url.split('?', 1)[0];
export class JournalHooks {
    journal;
    clock;
    events;
    #calls = new WeakMap();
    constructor(journal, clock, events) {
        this.journal = journal;
        this.clock = clock;
        this.events = events;
    }
    /** To be called before routes are registered, so that they all inherit the hooks. */
    install(app) {
        app.addHook('onRequest', (request, _reply, done) => {
            if (isAzurePath(pathOf(request))) {
                this.#calls.set(request, { startedMs: this.clock.now(), responseBody: undefined, fault: undefined });
            }
            done();
        });
        app.addHook('onSend', (request, _reply, payload, done) => {
            const call = this.#calls.get(request);
            if (call)
                call.responseBody = textOf(payload);
            done(null, payload);
        });
        app.addHook('onResponse', (request, reply, done) => {
            this.#record(request, reply, reply.statusCode);
            done();
        });
    }
    /** Notes which fault answers a request. */
    faulted(request, fault) {
        const call = this.#calls.get(request);
        if (call)
            call.fault = fault;
    }
    /** The connection was cut without an answer. */
    cut(request, reply) {
        this.#record(request, reply, 0);
    }
    #record(request, reply, status) {
        const call = this.#calls.get(request);
        if (!call)
            return;
        this.#calls.delete(request);
        const path = pathOf(request);
        const hidden = confidential.test(path);
        this.journal.add({
            time: new Date(call.startedMs).toISOString(),
            timeMs: call.startedMs,
            method: request.method,
            path,
            query: request.url.slice(path.length + 1),
            userAgent: single(request.headers['user-agent']),
            remoteAddress: request.socket.remoteAddress,
            status,
            durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
            correlationId: single(reply.getHeader('x-ms-correlation-request-id')) ??
                single(reply.getHeader('x-ms-request-id')) ??
                single(request.headers['x-ms-correlation-request-id']),
            fault: call.fault,
            requestBody: hidden ? undefined : textOf(request.body),
            responseBody: hidden ? undefined : call.responseBody,
        });
        this.events.emit('request', { method: request.method, path, status });
    }
}
//# sourceMappingURL=journal.js.map