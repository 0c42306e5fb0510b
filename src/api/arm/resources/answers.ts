/**
 * How answers of Azure Resource Manager become HTTP: the headers of all of them, those by which clients poll, and reads
 * whose answers are kept.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { noSniffing, protocolOf, requestBaseUrl, type Sent } from '../../../http/server.js';
import type { AnswerCache } from '../../../store/answer-cache.js';
import type { ResourceStore } from '../../../store/resource-store.js';
import type { Clock } from '../../../support/clock.js';
import { newGuid } from '../../../support/ids.js';
import { type PollPlace, pollUrl } from './operations.js';

/** What Azure answers, before it is put into HTTP. */
export interface Answer {
  readonly status: number;
  /** The resource, child or result; undefined for an empty answer. */
  readonly body?: unknown;
  /** The body as JSON, where it has been written already. */
  readonly text?: string | undefined;
  readonly etag?: string;
  /** The operation that began. */
  readonly operation?: PollPlace;
  /** The operation's result has a URL of its own, as that of a deletion or an action has. */
  readonly hasResult?: boolean;
  /** The answer says that it could have been asynchronous, though no operation began. */
  readonly asyncNotification?: boolean;
}

/** Sends what the service answered, with the headers by which the operation that began is polled. */
export function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const { status, body, text, etag, operation, asyncNotification } = answer;
  if (etag !== undefined) reply.header('etag', etag);
  if (asyncNotification) reply.header('azure-asyncnotification', 'Enabled');
  if (operation) {
    const baseUrl = requestBaseUrl(request);
    reply.headers({
      'azure-asyncoperation': pollUrl(baseUrl, 'operations', operation),
      'azure-asyncnotification': 'Enabled',
      [serviceRequestId]: operation.operationId,
      // The first poll need not wait.
      'retry-after': '0',
    });
    if (answer.hasResult) reply.header('location', pollUrl(baseUrl, 'operationResults', operation));
  }
  return text === undefined ? reply.code(status).send(body) : reply.code(status).type(json).send(text);
}

const json = 'application/json; charset=utf-8';

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
  return reply.type(json).send(content);
}

/**
 * Gives a GET the answer that `sendShown` has kept for it, with the same headers and before any route is looked for.
 * Undefined, and nothing done, where none is kept. For callers who have found that no refusal and no fault is due.
 */
export function sendKept(
  request: IncomingMessage,
  response: ServerResponse,
  { answers, clock }: { readonly answers: AnswerCache; readonly clock: Clock },
): Sent | undefined {
  const { headers, socket, url = '' } = request;
  const baseUrl = requestBaseUrl({ protocol: protocolOf(socket), host: headers.host ?? '', socket });
  const kept = answers.kept(`${baseUrl}${url}`);
  if (!kept) return undefined;
  const { etag, content, encoding, bytes } = kept;
  const common = commonHeaders(request, clock);
  // Node writes a list of names and values much faster than an object that is made for one answer.
  const all = [
    ...noSniffing,
    ...common,
    'content-type',
    json,
    serviceRequestId,
    newGuid(),
    'content-length',
    String(bytes),
  ];
  if (etag !== undefined) all.push('etag', etag);
  response.writeHead(200, all);
  response.end(content, encoding);
  return { status: 200, correlationId: common[1], responseBody: content };
}

const strictTransport = ['strict-transport-security', 'max-age=31536000; includeSubDomains'] as const;

/** What stands on every answer, names and values in turn. */
const constantHeaders = [
  ...['cache-control', 'no-cache', 'pragma', 'no-cache', 'expires', '-1'],
  // Terraform's and Go's pollers wait ten seconds before the first look unless told otherwise.
  ...['x-go-azure-sdk-skip-polling-delay', 'true'],
] as const;

const serviceRequestId = 'x-ms-arm-service-request-id';

const remainingRequests = {
  GET: ['x-ms-ratelimit-remaining-subscription-global-reads', '16499'],
  HEAD: ['x-ms-ratelimit-remaining-subscription-global-reads', '16499'],
  DELETE: ['x-ms-ratelimit-remaining-subscription-global-deletes', '11999'],
} as const;
const remainingWrites = ['x-ms-ratelimit-remaining-subscription-global-writes', '11999'] as const;

type Asked = Pick<IncomingMessage, 'headers' | 'method'>;

const header = ({ headers }: Asked, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** Azure's headers of every answer to this request: names and values in turn, the correlation id first. */
function commonHeaders(request: Asked, clock: Clock): string[] {
  const requestId = newGuid();
  const correlationId = header(request, 'x-ms-correlation-request-id') ?? newGuid();
  const all = ['x-ms-correlation-request-id', correlationId, 'x-ms-request-id', requestId];
  all.push('x-ms-routing-request-id', `LAZURITE:${compactTime(clock)}:${requestId}`);
  all.push(...(remainingRequests[request.method as keyof typeof remainingRequests] ?? remainingWrites));
  all.push(...constantHeaders);
  // A browser would keep this for localhost as a whole, and reach no other server of its machine over HTTP any more.
  if (header(request, 'sec-fetch-site') === undefined) all.push(...strictTransport);
  const clientRequestId = header(request, 'x-ms-client-request-id');
  const wanted = header(request, 'x-ms-return-client-request-id')?.toLowerCase() === 'true';
  if (clientRequestId !== undefined && wanted) all.push('x-ms-client-request-id', clientRequestId);
  return all;
}

let compactSecond: readonly [second: number, text: string] = [Number.NaN, ''];

/** `20210805T213330Z`. */
function compactTime(clock: Clock): string {
  const second = Math.floor(clock.now() / 1000);
  if (compactSecond[0] !== second) {
    const time = new Date(second * 1000).toISOString();
    compactSecond = [second, `${time.slice(0, 19).replace(/[-:]/g, '')}Z`];
  }
  return compactSecond[1];
}

/** Adds Azure's headers to every answer of the routes registered on `app`. */
export function addRequestHeaders(app: FastifyInstance, clock: Clock): void {
  app.addHook('onRequest', (request, reply, done) => {
    const all = commonHeaders(request, clock);
    for (let at = 0; at < all.length; at += 2) reply.header(all[at] as string, all[at + 1]);
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
    } else if (!reply.hasHeader(serviceRequestId)) {
      reply.header(serviceRequestId, newGuid());
    }
    done(null, payload);
  });
}
