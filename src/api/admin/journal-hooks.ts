/** Hooks of the server that write the journal. What is Lazurite's own (admin API, portal, documents) is not recorded. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../support/clock.js';
import type { RequestJournal } from './journal.js';

interface Call {
  readonly startedMs: number;
  responseBody: string | undefined;
  fault: string | undefined;
}

/** Somebody's secret or token is in there. */
const confidential = /\/oauth2\/|\/token$|\/msi\//i;

/** Whether a path belongs to Azure's APIs. Below a GUID there is the classic one. */
export const isAzurePath = (path: string): boolean =>
  !/^\/(?:_lazurite|openapi|portal|assets)(?:\/|$)|^\/$/i.test(path);

const textOf = (payload: unknown): string | undefined =>
  typeof payload === 'string' ? payload : Buffer.isBuffer(payload) ? payload.toString() : undefined;

const single = (value: unknown): string | undefined => {
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? undefined : String(first);
};

/** The path of a request without its query. */
export const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0] as string;

export class JournalHooks {
  readonly #calls = new WeakMap<FastifyRequest, Call>();

  constructor(
    readonly journal: RequestJournal,
    readonly clock: Clock,
  ) {}

  /** To be called before routes are registered, so that they all inherit the hooks. */
  install(app: FastifyInstance): void {
    app.addHook('onRequest', (request, _reply, done) => {
      if (isAzurePath(pathOf(request))) {
        this.#calls.set(request, { startedMs: this.clock.now(), responseBody: undefined, fault: undefined });
      }
      done();
    });
    app.addHook('onSend', (request, _reply, payload, done) => {
      const call = this.#calls.get(request);
      if (call) call.responseBody = textOf(payload);
      done(null, payload);
    });
    app.addHook('onResponse', (request, reply, done) => {
      this.#record(request, reply, reply.statusCode);
      done();
    });
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

  #record(request: FastifyRequest, reply: FastifyReply, status: number): void {
    const call = this.#calls.get(request);
    if (!call) return;
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
      correlationId:
        single(reply.getHeader('x-ms-correlation-request-id')) ??
        single(reply.getHeader('x-ms-request-id')) ??
        single(request.headers['x-ms-correlation-request-id']),
      fault: call.fault,
      requestBody: hidden ? undefined : textOf(request.body),
      responseBody: hidden ? undefined : call.responseBody,
    });
  }
}
