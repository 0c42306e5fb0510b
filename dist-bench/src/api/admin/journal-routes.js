import { shownText, unsigned } from '../../support/secrets.js';
import { adminRoute, badRequest, queryText } from './requests.js';
/** JSON as it was meant, anything else as text; without secrets. */
const understood = (body) => (body === undefined || body === '' ? null : shownText(body));
/** Azure's code of a refusal, in JSON of either form or in classic XML. */
function errorCodeOf({ status, responseBody = '' }) {
    if (status < 400)
        return null;
    return /"code"\s*:\s*"([^"]+)"|<Code>([^<]+)<\/Code>/.exec(responseBody)?.slice(1).find(Boolean) ?? null;
}
const view = ({ id, record }) => ({
    id,
    time: record.time,
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
function readFilter(query) {
    const { method, path, status, since, top } = query;
    const sinceMs = since === undefined ? undefined : Date.parse(since);
    if (Number.isNaN(sinceMs))
        throw badRequest("'since' must be an ISO 8601 instant of Azure time");
    if (status !== undefined && !/^(\d{1,3}|\dxx)$/i.test(status)) {
        throw badRequest("'status' must be a number like 404 or a class like 4xx");
    }
    if (top !== undefined && !/^\d+$/.test(top))
        throw badRequest("'top' must be a number");
    return { method, path, status, sinceMs, top: top === undefined ? undefined : Number(top) };
}
/** Registers the journal's routes. */
export function addJournalRoutes(app, journal) {
    app.get('/_lazurite/requests', adminRoute('requests'), (request) => ({
        value: journal.select(readFilter(queryText(request))).map(view),
    }));
    app.delete('/_lazurite/requests', adminRoute('clearRequests'), (_request, reply) => {
        journal.clear();
        return reply.code(204).send();
    });
}
//# sourceMappingURL=journal-routes.js.map