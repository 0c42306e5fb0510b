/** Azure Resource Manager: every route of it, as one Fastify plugin. */
import type { FastifyInstance } from 'fastify';
import { resourceTypes } from '../resources/registry.js';
import type { ResourceStore } from '../store/resource-store.js';
import type { ArmContext } from './arm-context.js';
import { OperationRunner } from './async-operations.js';
import { addDeploymentRoutes } from './deployment-routes.js';
import { DeploymentRuns } from './deployment-runs.js';
import { addGenericResourceRoutes } from './generic-resources.js';
import { addNetworkLocationRoutes } from './network-locations.js';
import { addNetworkNeighbourRoutes } from './network-neighbours.js';
import { addProviderRoutes } from './providers.js';
import { addRequestHeaders } from './request-headers.js';
import { addResourceGroupRoutes, resumeGroupDeletions } from './resource-groups.js';
import { ResourceReader } from './resource-reader.js';
import { addResourceRoutes } from './resource-routes.js';
import { ResourceWriter } from './resource-writer.js';
import { addSubscriptionRoutes } from './subscriptions.js';

/** What every ARM route works with. */
export class Arm {
  readonly store: ResourceStore;
  readonly reader: ResourceReader;
  readonly writer: ResourceWriter;
  readonly operations: OperationRunner;
  readonly deployments: DeploymentRuns;

  constructor(readonly context: ArmContext) {
    this.store = context.store.resources;
    this.reader = new ResourceReader(this.store);
    this.writer = new ResourceWriter(context);
    this.operations = new OperationRunner(context, this.writer);
    this.deployments = new DeploymentRuns(context);
  }

  /** Goes on with what was running when the process ended. */
  resume(): void {
    this.operations.resume();
    resumeGroupDeletions(this);
    this.deployments.endInterrupted();
  }
}

/** Registers Azure Resource Manager on `app`. */
export function addArmRoutes(app: FastifyInstance, arm: Arm): void {
  addRequestHeaders(app, arm.context.clock);
  addSubscriptionRoutes(app, arm);
  addProviderRoutes(app, arm);
  addResourceGroupRoutes(app, arm);
  addNetworkLocationRoutes(app, arm);
  for (const type of resourceTypes) addResourceRoutes(app, type, arm);
  addNetworkNeighbourRoutes(app, arm);
  addDeploymentRoutes(app, arm);
  addGenericResourceRoutes(app, arm);
}
