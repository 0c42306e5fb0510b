import { requestBaseUrl } from '../../../http/server.js';
import { newGuid } from '../../../support/ids.js';
import { pollUrl } from './operations.js';
import { checkSubscription, existingGroup, wellFormedApiVersion, writableGroup } from './request-scope.js';
export const parametersOf = (request) => request.params;
/** Query parameters of a request, names folded, first value of each. */
export function queryOf(request) {
    const query = {};
    for (const [name, value] of Object.entries(request.query)) {
        query[name.toLowerCase()] = Array.isArray(value) ? value[0] : value;
    }
    return query;
}
/** The request's api-version, folded. Throws as `wellFormedApiVersion` does. */
export const apiVersionOf = (request) => wellFormedApiVersion(queryOf(request)['api-version']);
/** The request's api-version as the client wrote it; undefined without one. */
export const apiVersionWritten = (request) => queryOf(request)['api-version'];
const scopeOf = (request) => ({
    subscriptionId: parametersOf(request).subscriptionId,
    apiVersion: apiVersionWritten(request),
});
/** The subscription in the path. Throws as `checkSubscription` does. */
export function subscriptionOf(request, context) {
    const scope = scopeOf(request);
    checkSubscription(scope, context);
    return scope.subscriptionId;
}
/** The resource group in the path. Throws when there is none, or (for a PUT) while it is being deleted. */
export function groupOf(request, context) {
    const wanted = { ...scopeOf(request), name: parametersOf(request).resourceGroupName };
    return request.method === 'PUT' ? writableGroup(wanted, context) : existingGroup(wanted, context);
}
export const preconditionsOf = (request) => ({
    ifMatch: request.headers['if-match'],
    ifNoneMatch: request.headers['if-none-match'],
});
/** The request's own URL, absolute. */
export const absoluteUrl = (request) => `${requestBaseUrl(request)}${request.url}`;
/** The URL of the page of a list that begins at `start`. */
export function nextPage(request, start) {
    const url = new URL(absoluteUrl(request));
    url.searchParams.set('$skiptoken', String(start));
    return url.toString();
}
/** Pages of a list: `$top` resources, and an absolute `nextLink` when there are more. */
export function page(request, all, show) {
    const query = queryOf(request);
    const top = Number(query.$top);
    const start = Number(query.$skiptoken ?? 0) || 0;
    if (!Number.isInteger(top) || top < 1)
        return { value: all.slice(start).map(show) };
    const value = all.slice(start, start + top).map(show);
    return start + top >= all.length ? { value } : { value, nextLink: nextPage(request, start + top) };
}
/** Sends what the service answered, with the headers by which the operation that began is polled. */
export function send(request, reply, answer) {
    const { status, body, etag, operation, asyncNotification } = answer;
    if (etag !== undefined)
        reply.header('etag', etag);
    if (asyncNotification)
        reply.header('azure-asyncnotification', 'Enabled');
    if (operation) {
        const baseUrl = requestBaseUrl(request);
        reply.headers({
            'azure-asyncoperation': pollUrl(baseUrl, 'operations', operation),
            'azure-asyncnotification': 'Enabled',
            'x-ms-arm-service-request-id': operation.operationId,
            // The first poll need not wait.
            'retry-after': '0',
        });
        if (answer.hasResult)
            reply.header('location', pollUrl(baseUrl, 'operationResults', operation));
    }
    return reply.code(status).send(body);
}
/** What stands on every answer. */
const constantHeaders = {
    'cache-control': 'no-cache',
    pragma: 'no-cache',
    expires: '-1',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    // Terraform's and Go's pollers wait ten seconds before the first look unless told otherwise.
    'x-go-azure-sdk-skip-polling-delay': 'true',
};
const remainingRequests = {
    GET: ['x-ms-ratelimit-remaining-subscription-global-reads', '16499'],
    HEAD: ['x-ms-ratelimit-remaining-subscription-global-reads', '16499'],
    DELETE: ['x-ms-ratelimit-remaining-subscription-global-deletes', '11999'],
};
const remainingWrites = ['x-ms-ratelimit-remaining-subscription-global-writes', '11999'];
const header = (request, name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
};
function identify(request, reply, clock) {
    const correlationId = header(request, 'x-ms-correlation-request-id') ?? newGuid();
    const requestId = newGuid();
    const time = clock.timestamp().replaceAll(/[-:]|\.\d+/g, '');
    const [name, value] = remainingRequests[request.method] ?? remainingWrites;
    reply.headers({
        ...constantHeaders,
        'x-ms-request-id': requestId,
        'x-ms-correlation-request-id': correlationId,
        'x-ms-routing-request-id': `LAZURITE:${time}:${requestId}`,
        [name]: value,
    });
    // A browser would keep this for localhost as a whole, and reach no other server of its machine over HTTP any more.
    if (header(request, 'sec-fetch-site') !== undefined)
        reply.removeHeader('strict-transport-security');
    const clientRequestId = header(request, 'x-ms-client-request-id');
    const wanted = header(request, 'x-ms-return-client-request-id')?.toLowerCase() === 'true';
    if (clientRequestId !== undefined && wanted)
        reply.header('x-ms-client-request-id', clientRequestId);
}
/** Adds Azure's headers to every answer of the routes registered on `app`. */
export function addRequestHeaders(app, clock) {
    app.addHook('onRequest', async (request, reply) => identify(request, reply, clock));
    app.addHook('onSend', async (_request, reply, payload) => {
        const failedAtGateway = reply.getHeader('x-ms-failure-cause') === 'gateway';
        if (failedAtGateway) {
            // The front door answered: no resource provider saw the request.
            reply.header('x-ms-request-id', reply.getHeader('x-ms-correlation-request-id'));
            for (const name of Object.keys(reply.getHeaders())) {
                if (name.startsWith('x-ms-ratelimit-'))
                    reply.removeHeader(name);
            }
        }
        else if (!reply.hasHeader('x-ms-arm-service-request-id')) {
            reply.header('x-ms-arm-service-request-id', newGuid());
        }
        return payload;
    });
}
//# sourceMappingURL=request.js.map