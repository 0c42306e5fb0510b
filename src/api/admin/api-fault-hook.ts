/** The server hook that carries out faults of the API, before any route sees the request. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AzureError, azureError } from '../../errors/index.js';
import type { Clock } from '../../support/clock.js';
import { newGuid } from '../../support/ids.js';
import type { ApiFault } from './fault-schema.js';
import type { Faults } from './faults.js';
import { isAzurePath, type JournalHooks, pathOf } from './journal-hooks.js';

interface Call {
  readonly method: string;
  readonly path: string;
}

/** What a faulted call is answered. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `GET/SUBSCRIPTIONS/RESOURCEGROUPS/PROVIDERS/MICROSOFT.NETWORK/LOADBALANCERS`: the path without its names. */
function operationName({ method, path }: Call): string {
  const segments = path.split('/').filter(Boolean);
  const start = segments.findIndex((segment) => segment.toLowerCase() === 'providers');
  const kept = segments.filter((_, index) =>
    start < 0 || index < start ? index % 2 === 0 : index <= start + 1 || (index - start) % 2 === 0,
  );
  return [method, ...kept].join('/').toUpperCase();
}

function usualRefusal({ status, retryAfterSeconds = 0 }: ApiFault, call: Call): AzureError | undefined {
  if (status === 503) return azureError('ServiceUnavailable');
  if (status !== 429) return undefined;
  const subscriptionId = /^\/(?:subscriptions\/)?([0-9a-f-]{36})(?=\/|$)/i.exec(call.path)?.[1] ?? '';
  const values = { subscriptionId, operation: operationName(call), seconds: Math.ceil(retryAfterSeconds) };
  return azureError('SubscriptionRequestsThrottled', { values });
}

/** Azure's own texts for 429 and 503, unless the fault has others. */
function refusalOf(fault: ApiFault, call: Call): Refusal {
  const { id, status = 500, code, message, retryAfterSeconds } = fault;
  const usual = usualRefusal(fault, call);
  return {
    status,
    code: code ?? usual?.code ?? 'InjectedFault',
    message: message ?? usual?.message ?? `Injected by the fault ${id}.`,
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) },
  };
}

const classicPath = /^\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\/|$)/i;

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** In the envelope of the API that was called. */
function answer(reply: FastifyReply, { status, code, message, headers }: Refusal, path: string): FastifyReply {
  const requestId = newGuid();
  reply.code(status).headers({ ...headers, 'x-ms-request-id': requestId, 'x-ms-correlation-request-id': requestId });
  if (!classicPath.test(path)) {
    reply.header('x-ms-failure-cause', 'gateway');
    return reply.type('application/json; charset=utf-8').send({ error: { code, message } });
  }
  const body =
    '<Error xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">' +
    `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`;
  return reply.type('application/xml; charset=utf-8').send(body);
}

function resetConnection(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  const { socket } = request;
  // Below TLS there is another socket; without its RST the client would see a clean end.
  const plain = (socket as unknown as { _parent?: typeof socket | null })._parent ?? socket;
  plain.resetAndDestroy();
}

export interface ApiFaultHookOptions {
  readonly faults: Faults;
  readonly journal: JournalHooks;
  readonly clock: Clock;
}

/** To be called before routes are registered, and after the journal's hooks. */
export function installApiFaults(app: FastifyInstance, { faults, journal, clock }: ApiFaultHookOptions): void {
  const carryOut = async (fault: ApiFault, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    journal.faulted(request, fault.id);
    if (fault.delayMs) await clock.wait(fault.delayMs);
    if (fault.effect === 'reset') {
      journal.cut(request, reply);
      return resetConnection(request, reply);
    }
    if (fault.status === undefined) return undefined;
    const path = pathOf(request);
    return answer(reply, refusalOf(fault, { method: request.method, path }), path);
  };
  app.addHook('onRequest', (request, reply, done) => {
    const path = pathOf(request);
    const fault = isAzurePath(path) ? faults.hit({ method: request.method, path }) : undefined;
    if (!fault) {
      done();
      return;
    }
    carryOut(fault, request, reply).then(
      () => {
        if (!reply.sent) done();
      },
      (error: Error) => done(error),
    );
  });
}
