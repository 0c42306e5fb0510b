import { resourceTypes } from '../../resources/registry.js';
import { newGuid } from '../../support/ids.js';
import { deploymentRequest } from './deployments/request.js';
import { addDeploymentRoutes, deploy } from './deployments/routes.js';
import { DeploymentRuns } from './deployments/runs.js';
import { ServiceHost } from './deployments/service-host.js';
import { addNetworkRoutes } from './providers/network-routes.js';
import { addProviderRoutes } from './providers/providers.js';
import { addScaleSetRoutes } from './providers/scale-set-routes.js';
import { addSubscriptionRoutes } from './providers/subscriptions.js';
import { addGenericResourceRoutes } from './resources/generic-resources.js';
import { addRequestHeaders } from './resources/request.js';
import { RequestBody } from './resources/request-body.js';
import { addResourceGroupRoutes, ResourceGroups } from './resources/resource-groups.js';
import { addResourceRoutes } from './resources/resource-routes.js';
import { ResourceService } from './resources/resource-service.js';
/** What Azure Resource Manager is made of. */
export class Arm {
    context;
    service;
    groups;
    deployments;
    constructor(context) {
        this.context = context;
        const service = new ResourceService(context);
        const runs = new DeploymentRuns(context);
        const groups = new ResourceGroups(service, ({ subscriptionId, name }) => runs.removeGroup(subscriptionId, name));
        this.service = service;
        this.groups = groups;
        this.deployments = {
            context,
            runs,
            hostFor: (caller) => new ServiceHost({ service, groups, ...caller, saveDeployment: runs.saveNested }),
        };
    }
    /** Goes on with what was running when the process ended. */
    async resume() {
        await this.service.operations.resume();
        this.groups.resume();
        this.deployments.runs.endInterrupted();
    }
    /** Deploys a template to a resource group; resolves with the deployment as it ended. Throws Azure's refusals. */
    async deploy(deployment) {
        const { name, subscriptionId, resourceGroup, location, template } = deployment;
        const group = { subscriptionId, name: resourceGroup, apiVersion: '2021-04-01' };
        await this.groups.put(group, RequestBody.ofValue({ location }));
        const scope = { kind: 'resourceGroup', subscriptionId, resourceGroup };
        const wanted = deploymentRequest({ properties: { mode: 'Incremental', template } }, { name, scope });
        return deploy(wanted, { baseUrl: 'http://localhost', correlationId: newGuid() }, this.deployments);
    }
}
/** Registers Azure Resource Manager on `app`. */
export function addArmRoutes(app, { context, service, groups, deployments }) {
    addRequestHeaders(app, context.clock);
    addSubscriptionRoutes(app, context);
    addProviderRoutes(app, context);
    addResourceGroupRoutes(app, groups);
    addNetworkRoutes(app, service);
    addScaleSetRoutes(app, service);
    for (const type of resourceTypes)
        addResourceRoutes(app, type, service);
    addDeploymentRoutes(app, deployments);
    addGenericResourceRoutes(app, service);
}
//# sourceMappingURL=arm.js.map