/**
 * What the routes of Azure Resource Manager read off a request and write onto an answer: parameters, scope, pages, and
 * the headers by which clients poll. Absolute URLs begin with the request's own scheme and host.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requestBaseUrl } from '../../../http/server.js';
import type { ResourceGroup, ResourceStore } from '../../../store/resource-store.js';
import type { Clock } from '../../../support/clock.js';
import { newGuid } from '../../../support/ids.js';
import type { ArmContext } from './arm-context.js';
import { pollUrl } from './operations.js';
import type { Preconditions } from './preconditions.js';
import { checkSubscription, existingGroup, wellFormedApiVersion, writableGroup } from './request-scope.js';
import type { Answer } from './resource-service.js';

export const parametersOf = (request: FastifyRequest): Record<string, string> =>
  request.params as Record<string, string>;

/** Query parameters of a request, names folded, first value of each. */
export function queryOf(request: FastifyRequest): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.query as Record<string, string | string[]>)) {
    query[name.toLowerCase()] = Array.isArray(value) ? (value[0] as string) : value;
  }
  return query;
}

/** The request's api-version, folded. Throws as `wellFormedApiVersion` does. */
export const apiVersionOf = (request: FastifyRequest): string => wellFormedApiVersion(queryOf(request)['api-version']);

/** The request's api-version as the client wrote it; undefined without one. */
export const apiVersionWritten = (request: FastifyRequest): string | undefined => queryOf(request)['api-version'];

const scopeOf = (request: FastifyRequest) => ({
  subscriptionId: parametersOf(request).subscriptionId as string,
  apiVersion: apiVersionWritten(request),
});

/** The subscription in the path. Throws as `checkSubscription` does. */
export function subscriptionOf(request: FastifyRequest, context: ArmContext): string {
  const scope = scopeOf(request);
  checkSubscription(scope, context);
  return scope.subscriptionId;
}

/** The resource group in the path. Throws when there is none, or (for a PUT) while it is being deleted. */
export function groupOf(request: FastifyRequest, context: ArmContext): ResourceGroup {
  const wanted = { ...scopeOf(request), name: parametersOf(request).resourceGroupName as string };
  return request.method === 'PUT' ? writableGroup(wanted, context) : existingGroup(wanted, context);
}

export const preconditionsOf = (request: FastifyRequest): Preconditions => ({
  ifMatch: request.headers['if-match'],
  ifNoneMatch: request.headers['if-none-match'],
});

/** The request's own URL, absolute. */
export const absoluteUrl = (request: FastifyRequest): string => `${requestBaseUrl(request)}${request.url}`;

/** The URL of the page of a list that begins at `start`. */
export function nextPage(request: FastifyRequest, start: number): string {
  const url = new URL(absoluteUrl(request));
  url.searchParams.set('$skiptoken', String(start));
  return url.toString();
}

/** Pages of a list: `$top` resources, and an absolute `nextLink` when there are more. */
export function page<T>(request: FastifyRequest, all: readonly T[], show: (one: T) => unknown) {
  const query = queryOf(request);
  const top = Number(query.$top);
  const start = Number(query.$skiptoken ?? 0) || 0;
  if (!Number.isInteger(top) || top < 1) return { value: all.slice(start).map(show) };
  const value = all.slice(start, start + top).map(show);
  return start + top >= all.length ? { value } : { value, nextLink: nextPage(request, start + top) };
}

/** Sends what the service answered, with the headers by which the operation that began is polled. */
export function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const { status, body, etag, operation, asyncNotification } = answer;
  if (etag !== undefined) reply.header('etag', etag);
  if (asyncNotification) reply.header('azure-asyncnotification', 'Enabled');
  if (operation) {
    const baseUrl = requestBaseUrl(request);
    reply.headers({
      'azure-asyncoperation': pollUrl(baseUrl, 'operations', operation),
      'azure-asyncnotification': 'Enabled',
      'x-ms-arm-service-request-id': operation.operationId,
      // The first poll need not wait.
      'retry-after': '0',
    });
    if (answer.hasResult) reply.header('location', pollUrl(baseUrl, 'operationResults', operation));
  }
  return reply.code(status).send(body);
}

/**
 * Sends what a GET shows. `make` decides by the URL, the host it was reached by and the stored resources alone: while
 * nothing that it has read changes, its answer is given again.
 */
export function sendShown(
  request: FastifyRequest,
  reply: FastifyReply,
  { store, make }: { readonly store: ResourceStore; readonly make: () => Pick<Answer, 'etag' | 'body'> },
): FastifyReply {
  const { etag, content } = store.answers.answer(`${requestBaseUrl(request)}${request.url}`, make);
  if (etag !== undefined) reply.header('etag', etag);
  return reply.type('application/json; charset=utf-8').send(content);
}

/** What stands on every answer. */
const constantHeaders = {
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  expires: '-1',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  // Terraform's and Go's pollers wait ten seconds before the first look unless told otherwise.
  'x-go-azure-sdk-skip-polling-delay': 'true',
} as const;

const remainingRequests = {
  GET: ['x-ms-ratelimit-remaining-subscription-global-reads', '16499'],
  HEAD: ['x-ms-ratelimit-remaining-subscription-global-reads', '16499'],
  DELETE: ['x-ms-ratelimit-remaining-subscription-global-deletes', '11999'],
} as const;
const remainingWrites = ['x-ms-ratelimit-remaining-subscription-global-writes', '11999'] as const;

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

function identify(request: FastifyRequest, reply: FastifyReply, clock: Clock): void {
  const correlationId = header(request, 'x-ms-correlation-request-id') ?? newGuid();
  const requestId = newGuid();
  const [name, value] = remainingRequests[request.method as keyof typeof remainingRequests] ?? remainingWrites;
  reply.headers(constantHeaders);
  reply.header('x-ms-request-id', requestId);
  reply.header('x-ms-correlation-request-id', correlationId);
  reply.header('x-ms-routing-request-id', `LAZURITE:${compactTime(clock)}:${requestId}`);
  reply.header(name, value);
  // A browser would keep this for localhost as a whole, and reach no other server of its machine over HTTP any more.
  if (header(request, 'sec-fetch-site') !== undefined) reply.removeHeader('strict-transport-security');
  const clientRequestId = header(request, 'x-ms-client-request-id');
  const wanted = header(request, 'x-ms-return-client-request-id')?.toLowerCase() === 'true';
  if (clientRequestId !== undefined && wanted) reply.header('x-ms-client-request-id', clientRequestId);
}

/** `20210805T213330Z`. */
function compactTime(clock: Clock): string {
  const time = clock.timestamp();
  return `${time.slice(0, 4)}${time.slice(5, 7)}${time.slice(8, 13)}${time.slice(14, 16)}${time.slice(17, 19)}Z`;
}

/** Adds Azure's headers to every answer of the routes registered on `app`. */
export function addRequestHeaders(app: FastifyInstance, clock: Clock): void {
  app.addHook('onRequest', (request, reply, done) => {
    identify(request, reply, clock);
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    const failedAtGateway = reply.getHeader('x-ms-failure-cause') === 'gateway';
    if (failedAtGateway) {
      // The front door answered: no resource provider saw the request.
      reply.header('x-ms-request-id', reply.getHeader('x-ms-correlation-request-id') as string);
      for (const name of Object.keys(reply.getHeaders())) {
        if (name.startsWith('x-ms-ratelimit-')) reply.removeHeader(name);
      }
    } else if (!reply.hasHeader('x-ms-arm-service-request-id')) {
      reply.header('x-ms-arm-service-request-id', newGuid());
    }
    done(null, payload);
  });
}
