/** The OpenAPI document of everything that is registered, at `/openapi/arm.json`, with a page to try it at `/openapi/`. */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

const description =
  'Azure Resource Manager as Lazurite answers it: the load balancer family of Microsoft.Network, and what it needs.';

/** Registers the document before the routes it describes; the page is loaded when somebody first looks at it. */
export async function addOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Lazurite', version: '0.1.0', description },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    hideUntagged: true,
  });
  app.get('/openapi/arm.json', { schema: { hide: true } as object }, (_request, reply) => reply.send(app.swagger()));
}
