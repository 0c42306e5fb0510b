/** Azure Resource Manager: every route of it, as one Fastify plugin. The only file of its folder that knows all others. */
import type { FastifyInstance } from 'fastify';
import { resourceTypes } from '../resources/registry.js';
import type { ArmContext } from './arm-context.js';
import { addDeploymentRoutes } from './deployments/routes.js';
import { DeploymentRuns } from './deployments/runs.js';
import { ServiceHost } from './deployments/service-host.js';
import { addGenericResourceRoutes } from './generic-resources.js';
import { addNetworkRoutes } from './network-routes.js';
import { addProviderRoutes } from './providers.js';
import { addRequestHeaders } from './request-headers.js';
import { addResourceGroupRoutes, ResourceGroups } from './resource-groups.js';
import { addResourceRoutes } from './resource-routes.js';
import { ResourceService } from './resource-service.js';
import { addSubscriptionRoutes } from './subscriptions.js';

/** What Azure Resource Manager is made of. */
export class Arm {
  readonly service: ResourceService;
  readonly deployments: DeploymentRuns;
  readonly groups: ResourceGroups;

  constructor(readonly context: ArmContext) {
    this.service = new ResourceService(context);
    this.deployments = new DeploymentRuns(context);
    this.groups = new ResourceGroups(this.service, ({ subscriptionId, name }) =>
      this.deployments.removeGroup(subscriptionId, name),
    );
  }

  /** Goes on with what was running when the process ended. */
  resume(): void {
    this.service.operations.resume();
    this.groups.resume();
    this.deployments.endInterrupted();
  }
}

/** Registers Azure Resource Manager on `app`. */
export function addArmRoutes(app: FastifyInstance, { context, service, groups, deployments }: Arm): void {
  addRequestHeaders(app, context.clock);
  addSubscriptionRoutes(app, context);
  addProviderRoutes(app, context);
  addResourceGroupRoutes(app, groups);
  addNetworkRoutes(app, service);
  for (const type of resourceTypes) addResourceRoutes(app, type, service);
  addDeploymentRoutes(app, {
    context,
    runs: deployments,
    hostFor: (caller) => new ServiceHost({ service, groups, ...caller, saveDeployment: deployments.saveNested }),
  });
  addGenericResourceRoutes(app, service);
}
