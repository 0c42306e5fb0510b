/** Azure Resource Manager: every route of it, as one Fastify plugin. The only file of its folder that knows all others. */
import type { FastifyInstance } from 'fastify';
import { resourceTypes } from '../resources/registry.js';
import type { ArmContext } from './arm-context.js';
import { DeploymentClient } from './deployment-client.js';
import { addDeploymentRoutes } from './deployments/routes.js';
import { DeploymentRuns } from './deployments/runs.js';
import { addGenericResourceRoutes } from './generic-resources.js';
import { addNetworkLocationRoutes } from './network-locations.js';
import { addNetworkNeighbourRoutes } from './network-neighbours.js';
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
  addNetworkLocationRoutes(app, service);
  for (const type of resourceTypes) addResourceRoutes(app, type, service);
  addNetworkNeighbourRoutes(app, service);
  addDeploymentRoutes(app, {
    context,
    runs: deployments,
    hostFor: ({ baseUrl, correlationId, authorization }) =>
      new DeploymentClient({
        app,
        service,
        groups,
        headers: {
          host: new URL(baseUrl).host,
          'x-ms-correlation-request-id': correlationId,
          ...(authorization ? { authorization } : {}),
        },
        saveDeployment: deployments.saveNested,
      }),
  });
  addGenericResourceRoutes(app, service);
}
