/** `/_lazurite/requests`: what came, what was answered, and which client it was. */
import type { FastifyInstance } from 'fastify';
import { shownText, unsigned } from '../../support/secrets.js';
import type { JournalFilter, JournalRecord, RequestJournal } from './journal.js';
import { adminRoute, badRequest, queryText } from './requests.js';
import type { RequestView } from './views.js';

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
