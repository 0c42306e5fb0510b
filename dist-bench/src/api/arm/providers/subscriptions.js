import { defaultSubscriptionId, defaultTenantId as tenantId } from '../../../config/tenant.js';
import { azureLocations } from '../resources/locations.js';
import { apiVersionOf, subscriptionOf } from '../resources/request.js';
import { operation } from '../resources/route-schemas.js';
/** A subscription as Azure shows it. */
export const showSubscription = (subscriptionId) => ({
    id: `/subscriptions/${subscriptionId}`,
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId,
    tenantId,
    displayName: subscriptionId === defaultSubscriptionId ? 'Lazurite' : `Lazurite ${subscriptionId.slice(0, 8)}`,
    state: 'Enabled',
    subscriptionPolicies: {
        locationPlacementId: 'Public_2014-09-01',
        quotaId: 'PayAsYouGo_2014-09-01',
        spendingLimit: 'Off',
    },
});
/** Registers the routes of tenants and subscriptions. */
export function addSubscriptionRoutes(app, context) {
    const schema = (operationId) => operation('Microsoft.Resources', operationId);
    app.get('/tenants', schema('Tenants_list'), (request) => {
        apiVersionOf(request);
        const tenant = { id: `/tenants/${tenantId}`, tenantId, countryCode: 'US', displayName: 'Lazurite' };
        return { value: [{ ...tenant, domains: ['lazurite.localhost'], tenantCategory: 'Home', tenantType: 'AAD' }] };
    });
    app.get('/subscriptions', schema('Subscriptions_list'), (request) => {
        apiVersionOf(request);
        const used = new Set([defaultSubscriptionId, ...context.store.resources.subscriptions()]);
        return { value: [...used].map(showSubscription), count: { type: 'Total', value: used.size } };
    });
    app.get('/subscriptions/:subscriptionId', schema('Subscriptions_get'), (request) => showSubscription(subscriptionOf(request, context).toLowerCase()));
    app.get('/subscriptions/:subscriptionId/locations', schema('Subscriptions_listLocations'), (request) => {
        const subscriptionId = subscriptionOf(request, context);
        const value = azureLocations.map(({ name, displayName }) => ({
            id: `/subscriptions/${subscriptionId}/locations/${name}`,
            name,
            type: 'Region',
            displayName,
            regionalDisplayName: displayName,
            metadata: { regionType: 'Physical', regionCategory: 'Recommended', geographyGroup: 'Local', pairedRegion: [] },
        }));
        return { value };
    });
}
//# sourceMappingURL=subscriptions.js.map