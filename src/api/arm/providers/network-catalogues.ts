/**
 * What Microsoft.Network offers in a location: lists that are the same everywhere. They are short and true: what Azure
 * lists beside it concerns services that are not here.
 */
import { availableDelegations } from '../../../resources/Microsoft.Network/virtualNetworks/subnets.js';

interface Place {
  readonly subscriptionId: string;
  readonly location: string;
  /** When the list is asked for below a resource group. */
  readonly resourceGroup: string | undefined;
}

interface Catalogue {
  /** The last segment of the path. */
  readonly name: string;
  readonly operationId: string;
  /** Also answered below resource groups. */
  readonly inGroups?: boolean;
  readonly list: (place: Place) => object;
}

const entry = (type: string, name: string, subscriptionId: string) => ({
  name,
  id: `/subscriptions/${subscriptionId}/providers/Microsoft.Network/${type}/${name}`,
  type: `Microsoft.Network/${type}`,
});

/** Services that a subnet reaches by service endpoints. */
const endpointServices = [
  'Microsoft.AzureActiveDirectory',
  'Microsoft.AzureCosmosDB',
  'Microsoft.CognitiveServices',
  'Microsoft.ContainerRegistry',
  'Microsoft.EventHub',
  'Microsoft.KeyVault',
  'Microsoft.ServiceBus',
  'Microsoft.Sql',
  'Microsoft.Storage',
  'Microsoft.Storage.Global',
  'Microsoft.Web',
];

/** Tags whose addresses are the same in every region and do not change. */
const serviceTags = {
  AzureLoadBalancer: ['168.63.129.16/32'],
  AzurePlatformDNS: ['168.63.129.16/32'],
  AzurePlatformIMDS: ['169.254.169.254/32'],
};

const privateEndpointTypes = ['Microsoft.Network/privateLinkServices'];

export const catalogues: readonly Catalogue[] = [
  {
    name: 'availableDelegations',
    operationId: 'AvailableDelegations',
    inGroups: true,
    list: ({ subscriptionId, resourceGroup }) =>
      // Azure writes the group so.
      availableDelegations(
        `/subscriptions/${subscriptionId}${resourceGroup === undefined ? '' : `/resourceGroup/${resourceGroup}`}`,
      ),
  },
  {
    name: 'availablePrivateEndpointTypes',
    operationId: 'AvailablePrivateEndpointTypes',
    inGroups: true,
    list: ({ subscriptionId }) => ({
      value: privateEndpointTypes.map((resourceName) => ({
        ...entry('AvailablePrivateEndpointTypes', resourceName.replace('/', '.'), subscriptionId),
        resourceName,
        displayName: resourceName,
        apiVersion: '2018-08-01',
      })),
    }),
  },
  {
    name: 'virtualNetworkAvailableEndpointServices',
    operationId: 'AvailableEndpointServices',
    list: ({ subscriptionId }) => ({
      value: endpointServices.map((name) => entry('virtualNetworkEndpointServices', name, subscriptionId)),
    }),
  },
  {
    name: 'serviceTags',
    operationId: 'ServiceTags',
    list: ({ subscriptionId, location }) => ({
      ...entry('serviceTags', 'Public', subscriptionId),
      id: `/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/${location}/serviceTags/Public`,
      changeNumber: '1',
      cloud: 'Public',
      values: Object.entries(serviceTags).map(([name, addressPrefixes]) => ({
        name,
        id: name,
        properties: { changeNumber: '1', region: '', systemService: name, addressPrefixes },
      })),
    }),
  },
  // There are no services of other subscriptions that could be approved.
  {
    name: 'autoApprovedPrivateLinkServices',
    operationId: 'AutoApprovedPrivateLinkServices',
    inGroups: true,
    list: () => ({ value: [] }),
  },
];
