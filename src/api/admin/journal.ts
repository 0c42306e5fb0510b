/**
 * The journal of API calls: the last ones, in memory, bounded by number and by bytes, the hooks that fill it, and
 * `/_lazurite/requests`, which shows it. Bodies are parsed only when they are read.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Sent, Shortcut } from '../../http/server.js';
import { type Clock, systemTime } from '../../support/clock.js';
import type { Events } from '../../support/events.js';
import { shortened, shownText, unsigned } from '../../support/secrets.js';
import { adminRoute, badRequest, pathMatcher, queryText } from './requests.js';
import type { RequestView } from './views.js';

/** One call as it is kept: bodies are text, parsed only when they are read. */
export interface JournalRecord {
  /** Azure time. */
  readonly timeMs: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly userAgent: string | undefined;
  readonly remoteAddress: string | undefined;
  /** 0 when the connection was cut instead. */
  readonly status: number;
  readonly durationMs: number;
  readonly correlationId: string | undefined;
  /** The injected fault that answered. */
  readonly fault: string | undefined;
  readonly requestBody: string | undefined;
  readonly responseBody: string | undefined;
}

export interface JournalLimits {
  readonly entries: number;
  readonly bytes: number;
  /** Of one body; the rest is cut off. */
  readonly bodyBytes: number;
}

export interface JournalFilter {
  readonly method?: string | undefined;
  /** A pattern of `pathMatcher`. */
  readonly path?: string | undefined;
  /** `404`, or a class: `4xx`. */
  readonly status?: string | undefined;
  readonly sinceMs?: number | undefined;
  /** Only the last so many of those that match. */
  readonly top?: number | undefined;
}

interface Kept {
  readonly sequence: number;
  readonly record: JournalRecord;
  readonly bytes: number;
}

/** Room that an entry takes beside its bodies. */
const entryBytes = 512;
const usualLimits: JournalLimits = { entries: 1000, bytes: 16 * 1024 * 1024, bodyBytes: 64 * 1024 };

export class RequestJournal {
  readonly limits: JournalLimits;
  /** A ring would save the shift; at a thousand entries an array is as fast. */
  #kept: Kept[] = [];
  #bytes = 0;
  #sequence = 0;
  readonly #answered = new Map<string, number>();

  constructor(limits: Partial<JournalLimits> = {}) {
    this.limits = { ...usualLimits, ...limits };
  }

  add(record: JournalRecord): void {
    const requestBody = this.bounded(record.requestBody);
    const responseBody = this.bounded(record.responseBody);
    const bytes = entryBytes + (requestBody?.length ?? 0) + (responseBody?.length ?? 0);
    const isWhole = requestBody === record.requestBody && responseBody === record.responseBody;
    const kept = isWhole ? record : { ...record, requestBody, responseBody };
    this.#kept.push({ sequence: ++this.#sequence, record: kept, bytes });
    this.#bytes += bytes;
    const answer = `${record.method} ${record.status}`;
    this.#answered.set(answer, (this.#answered.get(answer) ?? 0) + 1);
    while (this.#kept.length > this.limits.entries || this.#bytes > this.limits.bytes) this.#dropFirst();
  }

  /** Calls that match, oldest first. */
  select({ method, path, status, sinceMs, top }: JournalFilter = {}): readonly { id: number; record: JournalRecord }[] {
    const matchesPath = path === undefined ? undefined : pathMatcher(path);
    const found = this.#kept.filter(
      ({ record }) =>
        (method === undefined || record.method === method.toUpperCase()) &&
        (matchesPath?.(record.path) ?? true) &&
        (status === undefined || matchesStatus(record.status, status)) &&
        (sinceMs === undefined || record.timeMs >= sinceMs),
    );
    const wanted = top === undefined ? found : top === 0 ? [] : found.slice(-top);
    return wanted.map(({ sequence, record }) => ({ id: sequence, record }));
  }

  /** How many calls there were since the start or `clear`, kept or not, as `PUT 200` → number. */
  get answered(): ReadonlyMap<string, number> {
    return this.#answered;
  }

  clear(): void {
    this.#kept = [];
    this.#bytes = 0;
    this.#answered.clear();
  }

  /** `body` without what is beyond the limit of one body, and without secrets where something is. */
  bounded(body: string | undefined): string | undefined {
    if (body === undefined || body.length <= this.limits.bodyBytes) return body;
    return shortened(body, this.limits.bodyBytes);
  }

  #dropFirst(): void {
    this.#bytes -= this.#kept.shift()?.bytes ?? 0;
  }
}

const matchesStatus = (status: number, wanted: string): boolean =>
  /^\dxx$/i.test(wanted) ? Math.floor(status / 100) === Number(wanted[0]) : status === Number(wanted);

interface Call {
  /** Azure time. */
  readonly startedMs: number;
  responseBody: unknown;
  fault: string | undefined;
}

/** Faults that calls can be hit by. */
export interface CallFaults {
  readonly inForce: ReadonlyMap<string, unknown>;
  /** Answers a call that has just come in as a fault says, or lets it go on. */
  readonly meet: (request: FastifyRequest, reply: FastifyReply, goOn: (error?: Error) => void) => void;
}

/** A call that is answered. */
interface AnsweredCall extends Sent, Omit<Call, keyof Sent> {
  /** Real time. */
  readonly durationMs: number;
  readonly requestBody: unknown;
}

/** Contains a secret or token. */
const confidential = /\/oauth2\/|\/token$|\/msi\//i;

/** Whether a path belongs to Azure's APIs. Below a GUID there is the classic one. */
const isAzurePath = (path: string): boolean => !/^\/(?:_lazurite|openapi|portal|assets)(?:\/|$)|^\/$/i.test(path);

const single = (value: unknown): string | undefined => {
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? undefined : String(first);
};

/** The path of a request without its query. */
export function pathOf({ url }: Pick<FastifyRequest, 'url'>): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

export class JournalHooks {
  readonly #calls = new WeakMap<FastifyRequest, Call>();
  /** Of answers as bytes, which are often given again. */
  readonly #texts = new WeakMap<Buffer, string | undefined>();

  constructor(
    readonly journal: RequestJournal,
    readonly clock: Clock,
    readonly events: Events,
  ) {}

  /** To be called before routes are registered, so that they all inherit the hooks. */
  install(app: FastifyInstance, faults: CallFaults): void {
    app.addHook('onRequest', (request, reply, done) => {
      if (!isAzurePath(pathOf(request))) return done();
      this.#calls.set(request, { startedMs: this.clock.now(), responseBody: undefined, fault: undefined });
      if (faults.inForce.size > 0) faults.meet(request, reply, done);
      else done();
    });
    app.addHook('onSend', (request, _reply, payload, done) => {
      const call = this.#calls.get(request);
      if (call) call.responseBody = payload;
      done(null, payload);
    });
    app.addHook('onResponse', (request, reply, done) => {
      this.#record(request, reply, reply.statusCode);
      done();
    });
  }

  /** Notes what `answer` answers without a route. */
  around(answer: (request: IncomingMessage, response: ServerResponse) => Sent | undefined): Shortcut {
    return (request, response) => {
      const startedMs = this.clock.now();
      const before = systemTime.now();
      const sent = answer(request, response);
      if (!sent) return false;
      const { status, correlationId, responseBody } = sent;
      const durationMs = systemTime.now() - before;
      // A copy of `sent` would cost more than the entry.
      const requestBody = undefined;
      this.#add(request, { startedMs, durationMs, status, correlationId, fault: undefined, requestBody, responseBody });
      return true;
    };
  }

  /** Notes which fault answers a request. */
  faulted(request: FastifyRequest, fault: string): void {
    const call = this.#calls.get(request);
    if (call) call.fault = fault;
  }

  /** The connection was cut without an answer. */
  cut(request: FastifyRequest, reply: FastifyReply): void {
    this.#record(request, reply, 0);
  }

  #textOf(payload: unknown): string | undefined {
    if (typeof payload === 'string') return payload;
    if (!Buffer.isBuffer(payload)) return undefined;
    if (!this.#texts.has(payload)) this.#texts.set(payload, this.journal.bounded(payload.toString()));
    return this.#texts.get(payload);
  }

  #record(request: FastifyRequest, reply: FastifyReply, status: number): void {
    const call = this.#calls.get(request);
    if (!call) return;
    this.#calls.delete(request);
    this.#add(request.raw, {
      startedMs: call.startedMs,
      durationMs: reply.elapsedTime,
      status,
      correlationId:
        single(reply.getHeader('x-ms-correlation-request-id')) ??
        single(reply.getHeader('x-ms-request-id')) ??
        single(request.headers['x-ms-correlation-request-id']),
      fault: call.fault,
      requestBody: request.body,
      responseBody: call.responseBody,
    });
  }

  #add({ url = '', method = '', headers, socket }: IncomingMessage, call: AnsweredCall): void {
    const path = pathOf({ url });
    const hidden = confidential.test(path);
    const { startedMs: timeMs, status } = call;
    this.journal.add({
      timeMs,
      method,
      path,
      query: url.slice(path.length + 1),
      userAgent: headers['user-agent'],
      remoteAddress: socket.remoteAddress,
      status,
      durationMs: Math.round(call.durationMs * 1000) / 1000,
      correlationId: call.correlationId,
      fault: call.fault,
      requestBody: hidden ? undefined : this.#textOf(call.requestBody),
      responseBody: hidden ? undefined : this.#textOf(call.responseBody),
    });
    this.events.emit('request', { method, path, status });
  }
}

/** JSON as it was meant, anything else as text; without secrets. */
const understood = (body: string | undefined): unknown => (body === undefined || body === '' ? null : shownText(body));

/** Azure's code of a refusal, in JSON of either form or in classic XML. */
function errorCodeOf({ status, responseBody = '' }: JournalRecord): string | null {
  if (status < 400) return null;
  return /"code"\s*:\s*"([^"]+)"|<Code>([^<]+)<\/Code>/.exec(responseBody)?.slice(1).find(Boolean) ?? null;
}

const view = ({ id, record }: { id: number; record: JournalRecord }): RequestView => ({
  id,
  time: new Date(record.timeMs).toISOString(),
  method: record.method,
  path: record.path,
  query: unsigned(record.query),
  apiVersion: new URLSearchParams(record.query.toLowerCase()).get('api-version'),
  client: { userAgent: record.userAgent ?? null, address: record.remoteAddress ?? null },
  status: record.status,
  durationMs: record.durationMs,
  errorCode: errorCodeOf(record),
  correlationId: record.correlationId ?? null,
  fault: record.fault ?? null,
  requestBody: understood(record.requestBody),
  responseBody: understood(record.responseBody),
});

function readFilter(query: Readonly<Record<string, string | undefined>>): JournalFilter {
  const { method, path, status, since, top } = query;
  const sinceMs = since === undefined ? undefined : Date.parse(since);
  if (Number.isNaN(sinceMs)) throw badRequest("'since' must be an ISO 8601 instant of Azure time");
  if (status !== undefined && !/^(\d{1,3}|\dxx)$/i.test(status)) {
    throw badRequest("'status' must be a number like 404 or a class like 4xx");
  }
  if (top !== undefined && !/^\d+$/.test(top)) throw badRequest("'top' must be a number");
  return { method, path, status, sinceMs, top: top === undefined ? undefined : Number(top) };
}

/** Registers the journal's routes. */
export function addJournalRoutes(app: FastifyInstance, journal: RequestJournal): void {
  app.get(
    '/_lazurite/requests',
    adminRoute('requests', {
      summary: 'The journal of requests to the APIs of Azure',
      query: { method: 'PUT', path: '**/loadBalancers/*', status: '4xx', since: '2025-01-01T00:00:00Z', top: '10' },
    }),
    (request) => ({
      value: journal.select(readFilter(queryText(request))).map(view),
    }),
  );
  app.delete(
    '/_lazurite/requests',
    adminRoute('clearRequests', { summary: 'Empty the journal' }),
    (_request, reply) => {
      journal.clear();
      return reply.code(204).send();
    },
  );
}
