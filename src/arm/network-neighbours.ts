/** Lists across types: the NICs of a load balancer, the load balancers of a NIC, and what a virtual network says about addresses. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { loadBalancersOfNetworkInterface } from '../resources/Microsoft.Network/networkInterfaces.js';
import { checkIpAddressAvailability, virtualNetworkUsages } from '../resources/Microsoft.Network/virtualNetworks.js';
import { findResourceType } from '../resources/registry.js';
import { rootKey } from '../resources/resource-id.js';
import type { Resource, ResourceType } from '../resources/resource-type.js';
import { queryOf } from './api-versions.js';
import { existingResource } from './resource-request.js';
import type { ResourceService } from './resource-service.js';
import { operation } from './route-schemas.js';

const network = '/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/providers/Microsoft.Network';

/** Registers the lists that join two types. */
export function addNetworkNeighbourRoutes(app: FastifyInstance, service: ResourceService): void {
  const schema = (type: string, action: string) => operation(`Microsoft.Network/${type}`, action);
  const typeNamed = (name: string) => findResourceType(`Microsoft.Network/${name}`) as ResourceType;
  const shown = (keys: Iterable<string>, apiVersion: string) => {
    const resources = [...new Set(keys)]
      .map((key) => service.store.resource(key))
      .filter((one): one is Resource => !!one);
    return { value: resources.map((one) => service.reader.show(one, apiVersion)) };
  };
  app.get(
    `${network}/loadBalancers/:name/networkInterfaces`,
    schema('loadBalancers', 'LoadBalancerNetworkInterfaces_list'),
    (request) => {
      const { resource, apiVersion } = existingResource(request, typeNamed('loadBalancers'), service);
      const nics = service.store
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
      const { resource, apiVersion } = existingResource(request, typeNamed('networkInterfaces'), service);
      return shown(loadBalancersOfNetworkInterface(resource), apiVersion);
    },
  );
  const virtualNetwork = (request: FastifyRequest) => existingResource(request, typeNamed('virtualNetworks'), service);
  app.get(
    `${network}/virtualNetworks/:name/CheckIPAddressAvailability`,
    schema('virtualNetworks', 'VirtualNetworks_checkIPAddressAvailability'),
    (request) => {
      const { resource, apiVersion } = virtualNetwork(request);
      const ipAddress = queryOf(request).ipaddress ?? '';
      return checkIpAddressAvailability({ resource, lookup: service.store }, { ipAddress, apiVersion });
    },
  );
  app.get(
    `${network}/virtualNetworks/:name/usages`,
    schema('virtualNetworks', 'VirtualNetworks_listUsage'),
    (request) => virtualNetworkUsages({ resource: virtualNetwork(request).resource, lookup: service.store }),
  );
}
