/** Resource providers (`/subscriptions/{id}/providers`): everything is registered, and registering always succeeds. */
import type { FastifyInstance } from 'fastify';
import { resourceTypes } from '../../../resources/registry.js';
import type { ArmContext } from '../resources/arm-context.js';
import { azureLocations } from '../resources/locations.js';
import { apiVersionOf, parametersOf, subscriptionOf } from '../resources/request.js';
import { operation } from '../resources/route-schemas.js';

const locations = azureLocations.map(({ displayName }) => displayName);

/** Namespaces that clients look up though nothing of them is modelled. */
const alwaysThere = ['Microsoft.Network', 'Microsoft.Compute', 'Microsoft.Resources', 'Microsoft.ClassicCompute'];

function showProvider(namespace: string, subscriptionId: string | undefined): object {
  const types = resourceTypes.filter(({ type }) => type.toLowerCase().startsWith(`${namespace.toLowerCase()}/`));
  const canonical = types[0]?.type.split('/')[0] ?? known(namespace);
  return {
    ...(subscriptionId === undefined ? {} : { id: `/subscriptions/${subscriptionId}/providers/${canonical}` }),
    namespace: canonical,
    resourceTypes: types.map(({ type, apiVersions }) => ({
      resourceType: type.split('/').slice(1).join('/'),
      locations,
      apiVersions: [...apiVersions].reverse(),
      capabilities: 'CrossResourceGroupResourceMove, CrossSubscriptionResourceMove, SupportsTags, SupportsLocation',
    })),
    registrationState: 'Registered',
    registrationPolicy: 'RegistrationRequired',
  };
}

const known = (namespace: string): string =>
  alwaysThere.find((one) => one.toLowerCase() === namespace.toLowerCase()) ?? namespace;

const namespaces = [...new Set([...alwaysThere, ...resourceTypes.map(({ type }) => type.split('/')[0] as string)])];

/** Registers the routes of providers. */
export function addProviderRoutes(app: FastifyInstance, context: ArmContext): void {
  const schema = (action: string) => operation('Microsoft.Resources', `Providers_${action}`);
  const inSubscription = '/subscriptions/:subscriptionId/providers';
  app.get(inSubscription, schema('list'), (request) => {
    const subscriptionId = subscriptionOf(request, context);
    return { value: namespaces.map((namespace) => showProvider(namespace, subscriptionId)) };
  });
  app.get(`${inSubscription}/:namespace`, schema('get'), (request) =>
    showProvider(parametersOf(request).namespace as string, subscriptionOf(request, context)),
  );
  for (const action of ['register', 'unregister']) {
    app.post(`${inSubscription}/:namespace/${action}`, schema(action), (request) =>
      showProvider(parametersOf(request).namespace as string, subscriptionOf(request, context)),
    );
  }
  app.get('/providers', schema('listAtTenantScope'), (request) => {
    apiVersionOf(request);
    return { value: namespaces.map((namespace) => showProvider(namespace, undefined)) };
  });
  app.get('/providers/:namespace', schema('getAtTenantScope'), (request) => {
    apiVersionOf(request);
    return showProvider(parametersOf(request).namespace as string, undefined);
  });
}
