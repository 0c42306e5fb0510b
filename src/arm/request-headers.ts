/** The headers that Azure Resource Manager puts on every answer. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.js';
import { newGuid } from '../ids.js';

const constant = {
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  expires: '-1',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  // Terraform's and Go's pollers wait ten seconds before the first look unless told otherwise.
  'x-go-azure-sdk-skip-polling-delay': 'true',
} as const;

const remaining = {
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
  const time = clock.timestamp().replaceAll(/[-:]|\.\d+/g, '');
  const [name, value] = remaining[request.method as keyof typeof remaining] ?? remainingWrites;
  reply.headers({
    ...constant,
    'x-ms-request-id': requestId,
    'x-ms-correlation-request-id': correlationId,
    'x-ms-routing-request-id': `LAZURITE:${time}:${requestId}`,
    [name]: value,
  });
  const clientRequestId = header(request, 'x-ms-client-request-id');
  const wanted = header(request, 'x-ms-return-client-request-id')?.toLowerCase() === 'true';
  if (clientRequestId !== undefined && wanted) reply.header('x-ms-client-request-id', clientRequestId);
}

/** Adds Azure's headers to every answer of the routes registered on `app`. */
export function addRequestHeaders(app: FastifyInstance, clock: Clock): void {
  app.addHook('onRequest', async (request, reply) => identify(request, reply, clock));
  app.addHook('onSend', async (_request, reply, payload) => {
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
    return payload;
  });
}
