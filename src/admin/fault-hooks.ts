/** The server hook that carries API faults out, before any route sees the request. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.js';
import { newGuid } from '../ids.js';
import { type ApiFault, type ApiFaults, type Refusal, refusalOf } from './api-faults.js';
import { isAzurePath, type JournalHooks, pathOf } from './journal-hooks.js';

export interface FaultHookOptions {
  readonly faults: ApiFaults;
  readonly journal: JournalHooks;
  readonly clock: Clock;
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

function cut(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  const { socket } = request;
  // Below TLS there is another socket; without its RST the client would see a clean end.
  const plain = (socket as unknown as { _parent?: typeof socket | null })._parent ?? socket;
  plain.resetAndDestroy();
}

/** To be called before routes are registered, and after the journal's hooks. */
export function installFaults(app: FastifyInstance, { faults, journal, clock }: FaultHookOptions): void {
  const carryOut = async (fault: ApiFault, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    journal.faulted(request, fault.id);
    if (fault.delayMs > 0) await clock.wait(fault.delayMs);
    if (fault.effect === 'reset') {
      journal.cut(request, reply);
      return cut(request, reply);
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
