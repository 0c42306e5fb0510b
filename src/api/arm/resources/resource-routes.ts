/**
 * The routes that every modelled resource type has: one, list, create-or-update, tags, delete, children, actions and metrics.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AzureError, azureError } from '../../../errors/index.js';
import { requestBaseUrl } from '../../../http/server.js';
import { answerMetrics } from '../../../metrics/azure-monitor.js';
import { metricDefinitions, showDefinition } from '../../../metrics/metric-definitions.js';
import { parseMetricQuery } from '../../../metrics/metric-query.js';
import type { Monitor } from '../../../metrics/monitor.js';
import { idKey, resourceGroupId } from '../../../resources/resource-id.js';
import type { ChildCollection, Resource, ResourceType } from '../../../resources/resource-type.js';
import { send, sendShown } from './answers.js';
import type { ArmContext } from './arm-context.js';
import {
  apiVersionWritten,
  groupOf,
  type PutRequest,
  page,
  parametersOf,
  preconditionsOf,
  queryOf,
  type ResourceRequest,
  servedApiVersion,
  subscriptionOf,
} from './request.js';
import { RequestBody } from './request-body.js';
import type { DeleteRequest, ResourceService } from './resource-service.js';
import { hiddenOperation, routeSchema } from './route-schemas.js';

/** The resource that a request is about, or its child in `collection`. */
export function requestAbout(
  request: FastifyRequest,
  type: ResourceType,
  collection?: ChildCollection,
): ResourceRequest {
  const { subscriptionId = '', resourceGroupName, name = '', childName = '' } = parametersOf(request);
  const [namespace = '', shortType = ''] = type.type.split('/');
  const id = {
    subscriptionId,
    resourceGroup: resourceGroupName,
    namespace,
    types: collection ? [shortType, collection.name] : [shortType],
    names: collection ? [name, childName] : [name],
  };
  return { id, apiVersion: apiVersionWritten(request) };
}

/** What a PUT or DELETE says besides what it is about. */
export const writeAbout = (request: FastifyRequest, about: ResourceRequest): PutRequest & DeleteRequest => ({
  body: RequestBody.ofText(request.body),
  conditions: preconditionsOf(request),
  baseUrl: requestBaseUrl(request),
  answerAs: 'text',
  ...about,
});

interface Handler {
  readonly type: ResourceType;
  readonly service: ResourceService;
  /** The path of one resource. */
  readonly path: string;
}

function addChildRoutes(app: FastifyInstance, { type, service, path }: Handler): void {
  for (const collection of type.children ?? []) {
    const all = `${path}/${collection.name}`;
    const one = `${all}/:childName`;
    const described = (operation: Parameters<typeof routeSchema>[1]) => ({
      config: { described: () => routeSchema(type, operation, collection.name) },
    });
    const about = (request: FastifyRequest) => requestAbout(request, type, collection);
    app.get(all, described('list'), (request, reply) => {
      const children = () => service.children(requestAbout(request, type), collection.name);
      return sendShown(request, reply, { store: service.store, make: () => ({ body: { value: children() } }) });
    });
    const show = (request: FastifyRequest) => service.get(about(request), queryOf(request).$expand);
    app.get(one, described('get'), (request, reply) =>
      sendShown(request, reply, { store: service.store, make: () => show(request) }),
    );
    if (collection.methods !== 'write') continue;
    app.put(one, described('createOrUpdate'), async (request, reply) =>
      send(request, reply, await service.put(writeAbout(request, about(request)))),
    );
    app.delete(one, described('delete'), async (request, reply) =>
      send(request, reply, await service.delete(writeAbout(request, about(request)))),
    );
  }
}

function addActionRoutes(app: FastifyInstance, { type, service, path }: Handler): void {
  for (const action of type.requests?.actions ?? []) {
    const url = `${path}/${action.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    app.route({
      method: action.method ?? 'POST',
      url,
      config: { described: () => routeSchema(type, 'action', action.path) },
      handler: async (request, reply) => {
        const parameters = parametersOf(request);
        const asked = { action, parameters, query: queryOf(request), body: RequestBody.ofText(request.body) };
        return send(request, reply, await service.act({ ...requestAbout(request, type), ...asked }));
      },
    });
  }
}

/** Registers all routes of one type. */
export function addResourceRoutes(app: FastifyInstance, type: ResourceType, service: ResourceService): void {
  const { context } = service;
  const path = `/providers/${type.type}`;
  const inSubscription = `/subscriptions/:subscriptionId${path}`;
  const inGroup = `/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName${path}`;
  const one = `${inGroup}/:name`;
  const described = (operation: Parameters<typeof routeSchema>[1]) => ({
    config: { described: () => routeSchema(type, operation) },
  });
  const about = (request: FastifyRequest) => requestAbout(request, type);
  const shownPage = (request: FastifyRequest, scope: { subscriptionId: string; resourceGroup?: string }) => {
    const apiVersion = servedApiVersion(type, apiVersionWritten(request), context);
    const show = (resource: Resource) => service.reader.show(resource, apiVersion);
    return page(request, service.store.list({ ...scope, type: type.type }), show);
  };

  const { store } = service;
  app.get(inSubscription, described('listAll'), (request, reply) => {
    const all = () => shownPage(request, { subscriptionId: subscriptionOf(request, context) });
    return sendShown(request, reply, { store, make: () => ({ body: all() }) });
  });
  app.get(inGroup, described('list'), (request, reply) => {
    const all = () => {
      const { subscriptionId, name: resourceGroup } = groupOf(request, context);
      return shownPage(request, { subscriptionId, resourceGroup });
    };
    return sendShown(request, reply, { store, make: () => ({ body: all() }) });
  });
  const show = (request: FastifyRequest) => service.get(about(request), queryOf(request).$expand);
  app.get(one, described('get'), (request, reply) => sendShown(request, reply, { store, make: () => show(request) }));
  app.put(one, described('createOrUpdate'), async (request, reply: FastifyReply) =>
    send(request, reply, await service.put(writeAbout(request, about(request)))),
  );
  app.patch(one, described('updateTags'), async (request, reply) =>
    send(request, reply, await service.patch(writeAbout(request, about(request)))),
  );
  app.delete(one, described('delete'), async (request, reply) =>
    send(request, reply, await service.delete(writeAbout(request, about(request)))),
  );
  const handler = { type, service, path: one };
  addChildRoutes(app, handler);
  addActionRoutes(app, handler);
}

const insights =
  '/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/providers/Microsoft.Network/loadBalancers/:name/providers/microsoft.insights';

function loadBalancerOf(request: FastifyRequest, context: ArmContext): Resource {
  const subscriptionId = subscriptionOf(request, context);
  const { resourceGroupName = '', name = '' } = parametersOf(request);
  const id = `${resourceGroupId(subscriptionId, resourceGroupName)}/providers/Microsoft.Network/loadBalancers/${name}`;
  const resource = context.store.resources.resource(idKey(id));
  if (!resource) throw azureError('MetricResourceNotFound', { values: { id } });
  return resource;
}

/** Answers what `make` makes, or its refusal in Azure Monitor's form. */
function answer(reply: FastifyReply, make: () => object): FastifyReply {
  try {
    return reply.send(make());
  } catch (error) {
    if (!(error instanceof AzureError) || error.origin === 'gateway') throw error;
    return reply.code(error.status).send({ code: error.code, message: error.message });
  }
}

/** Registers the metric routes on `app`, which has the routes of Azure Resource Manager too. */
export function addMonitorRoutes(
  app: FastifyInstance,
  { context, monitor }: { context: ArmContext; monitor: Monitor },
): void {
  app.get(`${insights}/metrics`, hiddenOperation, (request, reply) =>
    answer(reply, () => {
      const { id, document } = loadBalancerOf(request, context);
      const nowMs = context.clock.now();
      const query = parseMetricQuery(queryOf(request), nowMs);
      monitor.collect();
      return answerMetrics(monitor.store, { subject: { id, location: document.location ?? '' }, query, nowMs });
    }),
  );
  app.get(`${insights}/metricDefinitions`, hiddenOperation, (request, reply) =>
    answer(reply, () => {
      const { id } = loadBalancerOf(request, context);
      return { value: metricDefinitions.map((definition) => showDefinition(definition, id)) };
    }),
  );
}
