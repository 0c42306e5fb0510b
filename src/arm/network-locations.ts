/** What Microsoft.Network answers per location: operations, DNS names, and the swap of two frontends' public addresses. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { normalizeLocation } from '../resources/canonical.js';
import {
  swapPublicIPAddresses,
  swapSchema,
} from '../resources/Microsoft.Network/loadBalancers/swap-public-ip-addresses.js';
import { apiVersionOf, queryOf } from './api-versions.js';
import { acceptedHeaders, answerOperation, answerOperationResult } from './async-operations.js';
import { networkUsages } from './network-usages.js';
import { readBody } from './request-body.js';
import { parametersOf, subscriptionOf } from './resource-scope.js';
import type { ResourceService } from './resource-service.js';
import { operation } from './route-schemas.js';

async function swap(request: FastifyRequest, reply: FastifyReply, service: ResourceService) {
  const subscriptionId = subscriptionOf(request, service.context);
  const body = readBody(request.body, swapSchema);
  const { touched, operationId } = service.store.transaction(() => {
    const touched = service.writer.replace(swapPublicIPAddresses(body, service.store));
    const resource = { key: touched[0] ?? '', subscriptionId };
    return { touched, operationId: service.writer.recordOperation(resource, 'SwapPublicIpAddressesOperation') };
  });
  await service.operations.settle({ resource: { key: touched[0] ?? '' }, operationId, touched });
  const { location = '' } = parametersOf(request);
  acceptedHeaders(request, reply, { subscriptionId, location, operationId, apiVersion: apiVersionOf(request) });
  return reply.code(202).send();
}

function checkDnsName(request: FastifyRequest, service: ResourceService) {
  subscriptionOf(request, service.context);
  const wanted = `${queryOf(request).domainnamelabel ?? ''}.${parametersOf(request).location}.cloudapp.azure.com`;
  const taken = service.store.everyOfType('Microsoft.Network/publicIPAddresses').some(({ document }) => {
    const settings = document.properties.dnsSettings as { fqdn?: string } | undefined;
    return settings?.fqdn?.toLowerCase() === wanted.toLowerCase();
  });
  return { available: !taken };
}

/** Registers the per-location routes. */
export function addNetworkLocationRoutes(app: FastifyInstance, service: ResourceService): void {
  const location = '/subscriptions/:subscriptionId/providers/Microsoft.Network/locations/:location';
  const schema = (operationId: string) => operation('Microsoft.Network/locations', operationId);
  app.get(`${location}/operations/:operationId`, schema('Operations_get'), (request, reply) => {
    subscriptionOf(request, service.context);
    const id = parametersOf(request).operationId as string;
    return reply.send(answerOperation(service.context.store.operations.operation(id), id, reply));
  });
  app.get(`${location}/operationResults/:operationId`, schema('OperationResults_get'), (request, reply) => {
    subscriptionOf(request, service.context);
    const id = parametersOf(request).operationId as string;
    return answerOperationResult(service.context.store.operations.operation(id), { id, request, reply });
  });
  app.get(`${location}/CheckDnsNameAvailability`, schema('CheckDnsNameAvailability'), (request) =>
    checkDnsName(request, service),
  );
  app.get(`${location}/usages`, schema('Usages_list'), (request) => {
    const subscriptionId = subscriptionOf(request, service.context);
    const { location: name = '' } = parametersOf(request);
    return networkUsages(service.store, { subscriptionId, location: normalizeLocation(name) });
  });
  // Nobody else's services exist here to be approved.
  app.get(`${location}/autoApprovedPrivateLinkServices`, schema('AutoApprovedPrivateLinkServices_list'), (request) => {
    subscriptionOf(request, service.context);
    return { value: [] };
  });
  app.post(
    `${location}/setLoadBalancerFrontendPublicIpAddresses`,
    schema('LoadBalancers_swapPublicIpAddresses'),
    (request, reply) => swap(request, reply, service),
  );
}
