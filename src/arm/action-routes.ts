/** POST actions of resource types, answered at once or through `operationResults`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Action, ResourceType } from '../resources/resource-type.js';
import { queryOf } from './api-versions.js';
import { acceptedHeaders } from './async-operations.js';
import { readBody } from './request-body.js';
import { existingResource, pollPlaceOf } from './resource-request.js';
import { parametersOf } from './resource-scope.js';
import type { ResourceService } from './resource-service.js';
import { routeSchema } from './route-schemas.js';

interface ActionHandler {
  readonly type: ResourceType;
  readonly action: Action;
  readonly service: ResourceService;
}

async function run(request: FastifyRequest, reply: FastifyReply, { type, action, service }: ActionHandler) {
  const { resource, apiVersion } = existingResource(request, type, service);
  const body = action.requestSchema && request.body ? readBody(request.body, action.requestSchema) : undefined;
  const { result, touched, operationId } = service.store.transaction(() => {
    const result = action.run({
      resource,
      lookup: service.store,
      parameters: parametersOf(request),
      query: queryOf(request),
      body,
      health: service.context.health,
    });
    const touched = service.writer.replace(result.writes ?? []);
    const name = `${(action.path.split('/').at(-1) as string).replace(/^./, (first) => first.toUpperCase())}Operation`;
    const operationId =
      action.answer === 'async' ? service.writer.recordOperation(resource, name, result.body) : undefined;
    return { result, touched, operationId };
  });
  await service.operations.settle({ resource, operationId: operationId ?? '', touched });
  if (operationId === undefined) return reply.send(result.body);
  acceptedHeaders(request, reply, pollPlaceOf(resource, { operationId, apiVersion }));
  return reply.code(202).send();
}

/** Registers the actions of a type below `path`. */
export function addActionRoutes(
  app: FastifyInstance,
  { type, service, path }: { type: ResourceType; service: ResourceService; path: string },
): void {
  for (const action of type.actions ?? []) {
    const url = `${path}/${action.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    app.post(url, { schema: routeSchema(type, 'action', action.path) }, (request, reply) =>
      run(request, reply, { type, action, service }),
    );
  }
}
