import { AzureError, azureError } from '../../../errors/index.js';
import { answerMetrics } from '../../../metrics/azure-monitor.js';
import { metricDefinitions, showDefinition } from '../../../metrics/metric-definitions.js';
import { parseMetricQuery } from '../../../metrics/metric-query.js';
import { idKey, resourceGroupId } from '../../../resources/resource-id.js';
import { parametersOf, queryOf, subscriptionOf } from './request.js';
import { hiddenOperation } from './route-schemas.js';
const insights = '/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/providers/Microsoft.Network/loadBalancers/:name/providers/microsoft.insights';
function loadBalancerOf(request, context) {
    const subscriptionId = subscriptionOf(request, context);
    const { resourceGroupName = '', name = '' } = parametersOf(request);
    const id = `${resourceGroupId(subscriptionId, resourceGroupName)}/providers/Microsoft.Network/loadBalancers/${name}`;
    const resource = context.store.resources.resource(idKey(id));
    if (!resource)
        throw azureError('MetricResourceNotFound', { values: { id } });
    return resource;
}
/** Answers what `make` makes, or its refusal in Azure Monitor's form. */
function answer(reply, make) {
    try {
        return reply.send(make());
    }
    catch (error) {
        if (!(error instanceof AzureError) || error.origin === 'gateway')
            throw error;
        return reply.code(error.status).send({ code: error.code, message: error.message });
    }
}
/** Registers the metric routes on `app`, which has the routes of Azure Resource Manager too. */
export function addMetricRoutes(app, { context, monitor }) {
    app.get(`${insights}/metrics`, hiddenOperation, (request, reply) => answer(reply, () => {
        const { id, document } = loadBalancerOf(request, context);
        const nowMs = context.clock.now();
        const query = parseMetricQuery(queryOf(request), nowMs);
        monitor.collect();
        return answerMetrics(monitor.store, { subject: { id, location: document.location ?? '' }, query, nowMs });
    }));
    app.get(`${insights}/metricDefinitions`, hiddenOperation, (request, reply) => answer(reply, () => {
        const { id } = loadBalancerOf(request, context);
        return { value: metricDefinitions.map((definition) => showDefinition(definition, id)) };
    }));
}
//# sourceMappingURL=metric-routes.js.map