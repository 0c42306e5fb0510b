/**
 * Resource providers (`/subscriptions/{id}/providers`): everything is registered until a client unregisters it. And what
 * Microsoft.Compute offers in a location: sizes and images of machines.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { knownTypesOf } from '../../../resources/known-types.js';
import { listSizes } from '../../../resources/Microsoft.Compute/common-members.js';
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

interface ImageVersion {
  readonly subscriptionId: string;
  readonly location: string;
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  readonly version: string;
}

/** No machine runs an image, so that every publisher has every offer, in one version that stands for the latest. */
function showImage({ subscriptionId, location, publisher, offer, sku, version }: ImageVersion) {
  const parts = `Publishers/${publisher}/ArtifactTypes/VMImage/Offers/${offer}/Skus/${sku}/Versions/${version}`;
  return {
    location,
    name: version,
    id: `/Subscriptions/${subscriptionId}/Providers/Microsoft.Compute/Locations/${location}/${parts}`,
  };
}

/** Offers and SKUs that a list names, of each publisher in it; clients may ask for any other too. */
const images: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Canonical: { '0001-com-ubuntu-server-jammy': ['22_04-lts', '22_04-lts-gen2'], UbuntuServer: ['18.04-LTS'] },
  Debian: { 'debian-12': ['12', '12-gen2'] },
  MicrosoftWindowsServer: { WindowsServer: ['2022-datacenter', '2022-datacenter-g2'] },
};

const named = <T>(all: Readonly<Record<string, T>>, wanted: string): T | undefined =>
  Object.entries(all).find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1];

/** What is below `publisher` and `offer`, as far as they are given: publishers, offers or SKUs. */
function imageNames({ publisher, offer }: Readonly<Record<string, string>>): readonly string[] {
  if (publisher === undefined) return Object.keys(images);
  const offers = named(images, publisher) ?? {};
  return offer === undefined ? Object.keys(offers) : (named(offers, offer) ?? []);
}

/** Clients ask for these before they create a machine or a scale set, `az vm create` among them. */
function addComputeRoutes(app: FastifyInstance, context: ArmContext): void {
  const schema = (operationId: string) => operation('Microsoft.Compute/locations', operationId);
  const location = '/subscriptions/:subscriptionId/providers/Microsoft.Compute/locations/:location';
  const imageOf = (request: FastifyRequest): ImageVersion => {
    subscriptionOf(request, context);
    return { version: '1.0.0', ...(parametersOf(request) as Omit<ImageVersion, 'version'>) };
  };
  app.get(`${location}/vmSizes`, schema('VirtualMachineSizes_list'), (request) => {
    subscriptionOf(request, context);
    return listSizes();
  });
  const publishers = `${location}/publishers`;
  const offers = `${publishers}/:publisher/artifacttypes/vmimage/offers`;
  for (const [path, operationId] of [
    [publishers, 'listPublishers'],
    [offers, 'listOffers'],
    [`${offers}/:offer/skus`, 'listSkus'],
  ] as const) {
    app.get(path, schema(`VirtualMachineImages_${operationId}`), (request) => {
      subscriptionOf(request, context);
      const { location: place, ...parts } = parametersOf(request);
      const above = request.url.split('?')[0];
      return imageNames(parts).map((name) => ({ location: place, name, id: `${above}/${name}` }));
    });
  }
  const versions = `${offers}/:offer/skus/:sku/versions`;
  app.get(versions, schema('VirtualMachineImages_list'), (request) => [showImage(imageOf(request))]);
  app.get(`${versions}/:version`, schema('VirtualMachineImages_get'), (request) => {
    const image = imageOf(request);
    const operatingSystem = /windows/i.test(`${image.publisher} ${image.offer}`) ? 'Windows' : 'Linux';
    const properties = {
      hyperVGeneration: /gen2|-g2/i.test(image.sku) ? 'V2' : 'V1',
      architecture: /arm64/i.test(image.sku) ? 'Arm64' : 'x64',
      automaticOSUpgradeProperties: { automaticOSUpgradeSupported: true },
      osDiskImage: { operatingSystem, sizeInBytes: 32213303808 },
      dataDiskImages: [],
    };
    return { properties, ...showImage(image) };
  });
}

/** Registers the routes of providers. */
export function addProviderRoutes(app: FastifyInstance, context: ArmContext): void {
  const schema = (action: string) => operation('Microsoft.Resources', `Providers_${action}`);
  addComputeRoutes(app, context);
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
