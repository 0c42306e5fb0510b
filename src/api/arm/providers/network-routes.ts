/**
 * What Microsoft.Network answers besides the routes of its types: operations, DNS names, quotas and the swap of two
 * frontends' public addresses per location, and lists that join two types.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { azureError } from '../../../errors/index.js';
import { swapPublicIPAddresses, swapSchema } from '../../../resources/Microsoft.Network/loadBalancers/actions.js';
import { loadBalancersOfNetworkInterface } from '../../../resources/Microsoft.Network/networkInterfaces.js';
import { isVisibleTo, serviceWithAlias } from '../../../resources/Microsoft.Network/privateLinkServices.js';
import { checkDnsNameAvailability } from '../../../resources/Microsoft.Network/publicIPAddresses.js';
import {
  checkIpAddressAvailability,
  virtualNetworkUsages,
} from '../../../resources/Microsoft.Network/virtualNetworks.js';
import { findResourceType } from '../../../resources/registry.js';
import { rootKey } from '../../../resources/resource-id.js';
import type { Resource, ResourceType } from '../../../resources/resource-type.js';
import { normalizeLocation } from '../../../resources/validation.js';
import type { Operation } from '../../../store/operation-store.js';
import { send } from '../resources/answers.js';
import { absoluteUrl, apiVersionOf, parametersOf, queryOf, subscriptionOf } from '../resources/request.js';
import { RequestBody, readBody } from '../resources/request-body.js';
import { requestAbout } from '../resources/resource-routes.js';
import type { ResourceService } from '../resources/resource-service.js';
import { operation } from '../resources/route-schemas.js';
import { catalogues, networkUsages } from './network-catalogues.js';

/** The operation in the path. Throws `OperationIdNotFound`. */
function operationOf(request: FastifyRequest, { context }: ResourceService): Operation {
  subscriptionOf(request, context);
  const operationId = parametersOf(request).operationId as string;
  const found = context.store.operations.operation(operationId);
  if (!found) throw azureError('OperationIdNotFound', { values: { operationId } });
  return found;
}

/** `GET …/operations/{id}`: `{"status"}`, with the error of a failed one. */
function answerOperation({ status, error }: Operation, reply: FastifyReply) {
  if (status === 'InProgress') reply.header('retry-after', '1');
  return reply.send(error === undefined ? { status } : { status, error });
}

/** `GET …/operationResults/{id}`: 202 while it runs, then its result, or 204 when it has none. */
function answerResult(request: FastifyRequest, reply: FastifyReply, { status, error, result }: Operation) {
  const location = absoluteUrl(request);
  reply.headers({ location, 'azure-asyncoperation': location.replace(/\/operationresults\//i, '/operations/') });
  if (status === 'InProgress') return reply.code(202).header('retry-after', '1').send();
  if (status === 'Failed') return reply.send({ error });
  return result === undefined ? reply.code(204).send() : reply.send(result);
}

/** Where an operation of the location in the path is polled. */
const pollAt = (request: FastifyRequest, { context }: ResourceService) => ({
  subscriptionId: subscriptionOf(request, context),
  location: parametersOf(request).location as string,
  apiVersion: apiVersionOf(request),
});

async function swap(request: FastifyRequest, reply: FastifyReply, service: ResourceService) {
  const poll = pollAt(request, service);
  const body = readBody(RequestBody.ofText(request.body), swapSchema);
  const run = () => ({ writes: swapPublicIPAddresses(body, service.store) });
  return send(request, reply, await service.change({ operation: 'SwapPublicIpAddressesOperation', poll, run }));
}

/** Whether a private link service is visible to the subscription, which asks by its alias. */
async function checkVisibility(request: FastifyRequest, reply: FastifyReply, service: ResourceService) {
  const poll = pollAt(request, service);
  const { subscriptionId } = poll;
  const alias = String(RequestBody.ofText(request.body).value.privateLinkServiceAlias);
  const run = () => {
    const found = serviceWithAlias(service.store, alias);
    return { body: { visible: found !== undefined && isVisibleTo(found, subscriptionId) } };
  };
  return send(request, reply, await service.change({ operation: 'CheckPrivateLinkServiceVisibility', poll, run }));
}

function checkDnsName(request: FastifyRequest, { context, store }: ResourceService) {
  subscriptionOf(request, context);
  const { location = '' } = parametersOf(request);
  return checkDnsNameAvailability(store, { location, domainNameLabel: queryOf(request).domainnamelabel ?? '' });
}

const network = '/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/providers/Microsoft.Network';

function addLocationRoutes(app: FastifyInstance, service: ResourceService): void {
  const { context, store } = service;
  const location = '/subscriptions/:subscriptionId/providers/Microsoft.Network/locations/:location';
  const schema = (operationId: string) => operation('Microsoft.Network/locations', operationId);
  app.get(`${location}/operations/:operationId`, schema('Operations_get'), (request, reply) =>
    answerOperation(operationOf(request, service), reply),
  );
  app.get(`${location}/operationResults/:operationId`, schema('OperationResults_get'), (request, reply) =>
    answerResult(request, reply, operationOf(request, service)),
  );
  app.get(`${location}/CheckDnsNameAvailability`, schema('CheckDnsNameAvailability'), (request) =>
    checkDnsName(request, service),
  );
  app.get(`${location}/usages`, schema('Usages_list'), (request) => {
    const subscriptionId = subscriptionOf(request, context);
    const { location: name = '' } = parametersOf(request);
    return networkUsages(store, { subscriptionId, location: normalizeLocation(name) });
  });
  const inGroup = `${network}/locations/:location`;
  for (const { name, operationId, inGroups = false, list } of catalogues) {
    const places: [path: string, id: string][] = [[location, `${operationId}_list`]];
    if (inGroups) places.push([inGroup, `${operationId}_listByResourceGroup`]);
    for (const [path, id] of places) {
      app.get(`${path}/${name}`, schema(id), (request) => {
        const subscriptionId = subscriptionOf(request, context);
        const { location: name = '', resourceGroupName: resourceGroup } = parametersOf(request);
        return list({ subscriptionId, location: name, resourceGroup });
      });
    }
  }
  for (const [path, id] of [
    [location, 'PrivateLinkServices_checkVisibility'],
    [inGroup, 'PrivateLinkServices_checkVisibilityByResourceGroup'],
  ] as const) {
    app.post(`${path}/checkPrivateLinkServiceVisibility`, schema(id), (request, reply) =>
      checkVisibility(request, reply, service),
    );
  }
  app.post(
    `${location}/setLoadBalancerFrontendPublicIpAddresses`,
    schema('LoadBalancers_swapPublicIpAddresses'),
    (request, reply) => swap(request, reply, service),
  );
}

/** Lists across types: the NICs of a load balancer and the load balancers of a NIC. */
function addJoiningLists(app: FastifyInstance, service: ResourceService): void {
  const { store, reader } = service;
  const schema = (type: string, action: string) => operation(`Microsoft.Network/${type}`, action);
  const existing = (request: FastifyRequest, type: string) =>
    service.existing(requestAbout(request, findResourceType(`Microsoft.Network/${type}`) as ResourceType));
  const shown = (keys: Iterable<string>, apiVersion: string) => {
    const resources = [...new Set(keys)].map((key) => store.resource(key)).filter((one): one is Resource => !!one);
    return { value: resources.map((one) => reader.show(one, apiVersion)) };
  };
  app.get(
    `${network}/loadBalancers/:name/networkInterfaces`,
    schema('loadBalancers', 'LoadBalancerNetworkInterfaces_list'),
    (request) => {
      const { resource, apiVersion } = existing(request, 'loadBalancers');
      const nics = store
        .linksInto(resource.key)
        .filter(({ sourceType }) => sourceType.startsWith('Microsoft.Network/networkInterfaces'))
        .map(({ sourceId }) => rootKey(sourceId));
      return shown(nics, apiVersion);
    },
  );
  app.get(
    `${network}/networkInterfaces/:name/loadBalancers`,
    schema('networkInterfaces', 'NetworkInterfaceLoadBalancers_list'),
    (request) => {
      const { resource, apiVersion } = existing(request, 'networkInterfaces');
      return shown(loadBalancersOfNetworkInterface(resource), apiVersion);
    },
  );
  app.get(
    `${network}/virtualNetworks/:name/CheckIPAddressAvailability`,
    schema('virtualNetworks', 'VirtualNetworks_checkIPAddressAvailability'),
    (request) => {
      const { resource, apiVersion } = existing(request, 'virtualNetworks');
      const ipAddress = queryOf(request).ipaddress ?? '';
      return checkIpAddressAvailability({ resource, lookup: store }, { ipAddress, apiVersion });
    },
  );
  app.get(
    `${network}/virtualNetworks/:name/usages`,
    schema('virtualNetworks', 'VirtualNetworks_listUsage'),
    (request) => virtualNetworkUsages({ resource: existing(request, 'virtualNetworks').resource, lookup: store }),
  );
}

/** Registers the routes of Microsoft.Network that belong to no single type. */
export function addNetworkRoutes(app: FastifyInstance, service: ResourceService): void {
  addLocationRoutes(app, service);
  addJoiningLists(app, service);
}
