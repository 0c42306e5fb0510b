/** Resource providers (`/subscriptions/{id}/providers`): everything is registered until a client unregisters it. */
import type { FastifyInstance } from 'fastify';
import { knownTypesOf } from '../../../resources/known-types.js';
import { findResourceType, resourceTypes } from '../../../resources/registry.js';
import type { ResourceType } from '../../../resources/resource-type.js';
import type { ArmContext } from '../resources/arm-context.js';
import { azureLocations } from '../resources/locations.js';
import { apiVersionOf, parametersOf, subscriptionOf } from '../resources/request.js';
import { operation } from '../resources/route-schemas.js';

const locations = azureLocations.map(({ displayName }) => displayName);

/** Namespaces that clients look up though nothing of them is modelled. */
const alwaysThere = ['Microsoft.Network', 'Microsoft.Compute', 'Microsoft.Resources', 'Microsoft.ClassicCompute'];

type State = 'Registered' | 'Unregistered';

/** Regions with availability zones, as far as clients ask; every zone is taken everywhere. */
const zoneMappings = locations.map((location) => ({ location, zones: ['3', '1', '2'] }));
const zonal = /\/(loadBalancers|publicIP\w+|natGateways|virtualMachine\w*|networkInterfaces)$/i;

function showProvider(namespace: string, subscriptionId: string | undefined, state: State = 'Registered'): object {
  const modelled = resourceTypes.filter(({ type }) => type.toLowerCase().startsWith(`${namespace.toLowerCase()}/`));
  const canonical = modelled[0]?.type.split('/')[0] ?? known(namespace);
  const versions = modelled[0]?.apiVersions ?? [];
  // What is stored without a model is accepted too, at any version.
  const others = knownTypesOf(namespace)
    .map((type) => `${canonical}/${type}`)
    .filter((type) => !findResourceType(type))
    .map((type) => ({ type, apiVersions: versions }));
  return {
    ...(subscriptionId === undefined ? {} : { id: `/subscriptions/${subscriptionId}/providers/${canonical}` }),
    namespace: canonical,
    resourceTypes: [...modelled, ...others].map(({ type, apiVersions }) => ({
      resourceType: type.split('/').slice(1).join('/'),
      locations,
      apiVersions: [...apiVersions].reverse(),
      ...(zonal.test(type) ? { zoneMappings } : {}),
      capabilities: 'CrossResourceGroupResourceMove, CrossSubscriptionResourceMove, SupportsTags, SupportsLocation',
    })),
    registrationState: state,
    registrationPolicy: 'RegistrationRequired',
  };
}

const known = (namespace: string): string =>
  alwaysThere.find((one) => one.toLowerCase() === namespace.toLowerCase()) ?? namespace;

const namespaces = [...new Set([...alwaysThere, ...resourceTypes.map(({ type }) => type.split('/')[0] as string)])];

/** What may be done with a type, as roles name it. */
const operationsOf = ({ type }: ResourceType): object[] =>
  ['read', 'write', 'delete'].map((action) => ({
    name: `${type}/${action}`,
    display: { provider: 'Microsoft Network', resource: type.split('/')[1], operation: action },
  }));

/** Registers the routes of providers. */
export function addProviderRoutes(app: FastifyInstance, context: ArmContext): void {
  const schema = (action: string) => operation('Microsoft.Resources', `Providers_${action}`);
  const inSubscription = '/subscriptions/:subscriptionId/providers';
  app.get(inSubscription, schema('list'), (request) => {
    const subscriptionId = subscriptionOf(request, context);
    return { value: namespaces.map((namespace) => showProvider(namespace, subscriptionId)) };
  });
  // Clients wait for what they asked for; nothing else depends on it.
  const unregistered = new Set<string>();
  app.get(`${inSubscription}/:namespace`, schema('get'), (request) => {
    const subscriptionId = subscriptionOf(request, context);
    const { namespace = '' } = parametersOf(request);
    const isOff = unregistered.has(`${subscriptionId}/${namespace}`.toLowerCase());
    return showProvider(namespace, subscriptionId, isOff ? 'Unregistered' : 'Registered');
  });
  const states = { register: 'Registered', unregister: 'Unregistered' } as const;
  for (const [action, state] of Object.entries(states)) {
    app.post(`${inSubscription}/:namespace/${action}`, schema(action), (request) => {
      const subscriptionId = subscriptionOf(request, context);
      const { namespace = '' } = parametersOf(request);
      const key = `${subscriptionId}/${namespace}`.toLowerCase();
      if (state === 'Unregistered') unregistered.add(key);
      else unregistered.delete(key);
      return showProvider(namespace, subscriptionId, state);
    });
  }
  app.get('/providers', schema('listAtTenantScope'), (request) => {
    apiVersionOf(request);
    return { value: namespaces.map((namespace) => showProvider(namespace, undefined)) };
  });
  app.get('/providers/Microsoft.Network/operations', schema('networkOperations'), (request) => {
    apiVersionOf(request);
    return { value: resourceTypes.filter(({ type }) => type.startsWith('Microsoft.Network/')).flatMap(operationsOf) };
  });
  app.get('/providers/:namespace', schema('getAtTenantScope'), (request) => {
    apiVersionOf(request);
    return showProvider(parametersOf(request).namespace as string, undefined);
  });
}
