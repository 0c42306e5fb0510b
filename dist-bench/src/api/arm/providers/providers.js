import { knownTypesOf } from '../../../resources/known-types.js';
import { findResourceType, resourceTypes } from '../../../resources/registry.js';
import { azureLocations } from '../resources/locations.js';
import { apiVersionOf, parametersOf, subscriptionOf } from '../resources/request.js';
import { operation } from '../resources/route-schemas.js';
const locations = azureLocations.map(({ displayName }) => displayName);
/** Namespaces that clients look up though nothing of them is modelled. */
const alwaysThere = ['Microsoft.Network', 'Microsoft.Compute', 'Microsoft.Resources', 'Microsoft.ClassicCompute'];
/** Regions with availability zones, as far as clients ask; every zone is taken everywhere. */
const zoneMappings = locations.map((location) => ({ location, zones: ['3', '1', '2'] }));
const zonal = /\/(loadBalancers|publicIP\w+|natGateways|virtualMachine\w*|networkInterfaces)$/i;
function showProvider(namespace, subscriptionId, state = 'Registered') {
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
const known = (namespace) => alwaysThere.find((one) => one.toLowerCase() === namespace.toLowerCase()) ?? namespace;
const namespaces = [...new Set([...alwaysThere, ...resourceTypes.map(({ type }) => type.split('/')[0])])];
/** What may be done with a type, as roles name it. */
const operationsOf = ({ type }) => ['read', 'write', 'delete'].map((action) => ({
    name: `${type}/${action}`,
    display: { provider: 'Microsoft Network', resource: type.split('/')[1], operation: action },
}));
/** Registers the routes of providers. */
export function addProviderRoutes(app, context) {
    const schema = (action) => operation('Microsoft.Resources', `Providers_${action}`);
    const inSubscription = '/subscriptions/:subscriptionId/providers';
    app.get(inSubscription, schema('list'), (request) => {
        const subscriptionId = subscriptionOf(request, context);
        return { value: namespaces.map((namespace) => showProvider(namespace, subscriptionId)) };
    });
    // Clients wait for what they asked for; nothing else depends on it.
    const unregistered = new Set();
    app.get(`${inSubscription}/:namespace`, schema('get'), (request) => {
        const subscriptionId = subscriptionOf(request, context);
        const { namespace = '' } = parametersOf(request);
        const isOff = unregistered.has(`${subscriptionId}/${namespace}`.toLowerCase());
        return showProvider(namespace, subscriptionId, isOff ? 'Unregistered' : 'Registered');
    });
    const states = { register: 'Registered', unregister: 'Unregistered' };
    for (const [action, state] of Object.entries(states)) {
        app.post(`${inSubscription}/:namespace/${action}`, schema(action), (request) => {
            const subscriptionId = subscriptionOf(request, context);
            const { namespace = '' } = parametersOf(request);
            const key = `${subscriptionId}/${namespace}`.toLowerCase();
            if (state === 'Unregistered')
                unregistered.add(key);
            else
                unregistered.delete(key);
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
        return showProvider(parametersOf(request).namespace, undefined);
    });
}
//# sourceMappingURL=providers.js.map