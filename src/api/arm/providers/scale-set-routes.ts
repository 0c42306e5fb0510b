/** The instances of a virtual machine scale set, with their network interfaces and addresses, below its path. */
import type { FastifyInstance } from 'fastify';
import {
  deleteInstance,
  instanceActions,
} from '../../../resources/Microsoft.Compute/virtualMachineScaleSets/instance-actions.js';
import { virtualMachineScaleSets } from '../../../resources/Microsoft.Compute/virtualMachineScaleSets.js';
import { send } from '../resources/answers.js';
import { parametersOf, queryOf } from '../resources/request.js';
import { RequestBody } from '../resources/request-body.js';
import { requestAbout } from '../resources/resource-routes.js';
import type { ResourceService } from '../resources/resource-service.js';
import { hiddenOperation } from '../resources/route-schemas.js';

/** Registers the routes of instances. */
export function addScaleSetRoutes(app: FastifyInstance, service: ResourceService): void {
  const type = virtualMachineScaleSets;
  const scaleSet = `/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/providers/${type.type}/:name`;
  const routes = [
    ...instanceActions.map((action) => ({ action, method: action.method ?? 'POST' })),
    { action: deleteInstance, method: 'DELETE' },
  ];
  for (const { action, method } of routes) {
    app.route({
      method,
      url: `${scaleSet}/${action.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ...hiddenOperation,
      handler: async (request, reply) => {
        const parameters = parametersOf(request);
        const asked = { action, parameters, query: queryOf(request), body: RequestBody.ofText(request.body) };
        return send(request, reply, await service.act({ ...requestAbout(request, type), ...asked }));
      },
    });
  }
}
