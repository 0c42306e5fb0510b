/** Tenants, subscriptions and their locations (`/tenants`, `/subscriptions`). */
import type { FastifyInstance } from 'fastify';
import { defaultSubscriptionId, defaultTenantId as tenantId } from '../../../config/config-values.js';
import { lastSegment } from '../../../resources/resource-id.js';
import type { ArmContext } from '../resources/arm-context.js';
import { azureLocations } from '../resources/locations.js';
import { apiVersionOf, subscriptionOf } from '../resources/request.js';
import { RequestBody } from '../resources/request-body.js';
import { operation } from '../resources/route-schemas.js';

/** A subscription as Azure shows it. */
export const showSubscription = (subscriptionId: string): object => ({
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
export function addSubscriptionRoutes(app: FastifyInstance, context: ArmContext): void {
  const schema = (operationId: string) => operation('Microsoft.Resources', operationId);
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
  app.get('/subscriptions/:subscriptionId', schema('Subscriptions_get'), (request) =>
    showSubscription(subscriptionOf(request, context).toLowerCase()),
  );
  app.get('/subscriptions/:subscriptionId/locations', schema('Subscriptions_listLocations'), (request) => {
    const subscriptionId = subscriptionOf(request, context);
    const value = azureLocations.map(({ name, displayName }) => ({
      id: `/subscriptions/${subscriptionId}/locations/${name}`,
      name,
      type: 'Region',
      displayName,
      regionalDisplayName: displayName,
      availabilityZoneMappings: ['1', '2', '3'].map((zone) => ({
        logicalZone: zone,
        physicalZone: `${name}-az${zone}`,
      })),
      metadata: { regionType: 'Physical', regionCategory: 'Recommended', geographyGroup: 'Local', pairedRegion: [] },
    }));
    return { value };
  });
  // Zones have the same numbers in every subscription here.
  app.post(
    '/subscriptions/:subscriptionId/providers/Microsoft.Resources/checkZonePeers',
    schema('Subscriptions_checkZonePeers'),
    (request) => {
      const subscriptionId = subscriptionOf(request, context);
      const { location, subscriptionIds } = RequestBody.ofText(request.body).value;
      const asked = Array.isArray(subscriptionIds) ? subscriptionIds.map((id) => lastSegment(String(id))) : [];
      const availabilityZonePeers = ['1', '2', '3'].map((availabilityZone) => ({
        availabilityZone,
        peers: asked.map((id) => ({ subscriptionId: id, availabilityZone })),
      }));
      return { subscriptionId, location, availabilityZonePeers };
    },
  );
}
