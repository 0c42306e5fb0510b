/** Azure Resource Manager: every route of it, as one Fastify plugin. The only file of its folder that knows all others. */
import type { FastifyInstance } from 'fastify';
import {
  deleteInstance,
  instanceActions,
} from '../../resources/Microsoft.Compute/virtualMachineScaleSets/instance-actions.js';
import { virtualMachineScaleSets } from '../../resources/Microsoft.Compute/virtualMachineScaleSets.js';
import { resourceTypes } from '../../resources/registry.js';
import { newGuid } from '../../support/ids.js';
import type { HostAnswer, HostPut } from './deployments/host.js';
import { deploymentRequest } from './deployments/request.js';
import { addDeploymentRoutes, type DeploymentParts, deploy } from './deployments/routes.js';
import { DeploymentRuns } from './deployments/runs.js';
import { ServiceHost } from './deployments/service-host.js';
import { addNetworkRoutes } from './providers/network-routes.js';
import { addProviderRoutes } from './providers/providers.js';
import { addSubscriptionRoutes } from './providers/subscriptions.js';
import { send } from './resources/answers.js';
import type { ArmContext } from './resources/arm-context.js';
import { addGenericResourceRoutes } from './resources/generic-resources.js';
import { parametersOf, queryOf } from './resources/request.js';
import { RequestBody } from './resources/request-body.js';
import { addResourceGroupRoutes, ResourceGroups } from './resources/resource-groups.js';
import { addResourceRoutes, requestAbout } from './resources/resource-routes.js';
import { ResourceService } from './resources/resource-service.js';
import { hiddenOperation } from './resources/route-schemas.js';
import { addTagNameRoutes } from './resources/tags-resource.js';
import type { Json } from './template/json.js';

/** A template that is deployed in process. */
export interface TemplateDeployment {
  readonly name: string;
  readonly subscriptionId: string;
  /** Created when it is not there. */
  readonly resourceGroup: string;
  readonly location: string;
  readonly template: Json;
}

const inProcess = () => ({ baseUrl: 'http://localhost', correlationId: newGuid() });

/** What Azure Resource Manager is made of. */
export class Arm {
  readonly service: ResourceService;
  readonly groups: ResourceGroups;
  readonly deployments: DeploymentParts;

  constructor(readonly context: ArmContext) {
    const service = new ResourceService(context);
    const runs = new DeploymentRuns(context);
    const groups = new ResourceGroups(service, ({ key }) => runs.groupRemoved(key));
    this.service = service;
    this.groups = groups;
    this.deployments = {
      context,
      runs,
      hostFor: (caller) => new ServiceHost({ service, groups, ...caller, saveDeployment: runs.saveNested }),
    };
  }

  /** Goes on with what was running when the process ended. */
  async resume(): Promise<void> {
    await this.service.operations.resume();
    this.groups.resume();
    this.deployments.runs.endInterrupted();
  }

  /** Deploys a template to a resource group; resolves with the deployment as it ended. Throws Azure's refusals. */
  async deploy(deployment: TemplateDeployment): Promise<Record<string, unknown>> {
    const { name, subscriptionId, resourceGroup, location, template } = deployment;
    const group = { subscriptionId, name: resourceGroup, apiVersion: '2021-04-01' };
    await this.groups.put(group, RequestBody.ofValue({ location }));
    const scope = { kind: 'resourceGroup', subscriptionId, resourceGroup } as const;
    const wanted = deploymentRequest({ properties: { mode: 'Incremental', template } }, { name, scope });
    return deploy(wanted, inProcess(), this.deployments);
  }

  /** Creates a resource or a resource group; resolves with the answer once its operation has ended. */
  put(request: HostPut): Promise<HostAnswer> {
    return this.deployments.hostFor(inProcess()).put(request);
  }
}

/** The instances of a virtual machine scale set, with their network interfaces and addresses, below its path. */
function addScaleSetRoutes(app: FastifyInstance, service: ResourceService): void {
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

/** Each route of Azure Resource Manager is one of these paths, or below one. */
export const armPaths = ['/subscriptions', '/providers', '/tenants', '/operationresults'];

/** Registers Azure Resource Manager on `app`. */
export function addArmRoutes(app: FastifyInstance, { context, service, groups, deployments }: Arm): void {
  addSubscriptionRoutes(app, context);
  addProviderRoutes(app, context);
  addResourceGroupRoutes(app, groups);
  addTagNameRoutes(app, service);
  addNetworkRoutes(app, service);
  addScaleSetRoutes(app, service);
  for (const type of resourceTypes) addResourceRoutes(app, type, service);
  addDeploymentRoutes(app, deployments);
  addGenericResourceRoutes(app, service);
}
