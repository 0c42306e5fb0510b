/**
 * The services to which a subnet can be delegated, and what each may do in it, as
 * https://learn.microsoft.com/azure/virtual-network/subnet-delegation-overview describes them.
 */
import { type AzureError, azureError } from '../../../errors/index.js';
import type { ChildDocument } from '../../references.js';

const inSubnet = (action: string): string => `Microsoft.Network/virtualNetworks/subnets/${action}`;
const join = inSubnet('join/action');
const interfaces = 'Microsoft.Network/networkinterfaces/*';
const readNetwork = 'Microsoft.Network/virtualNetworks/read';
const policies = [inSubnet('prepareNetworkPolicies/action'), inSubnet('unprepareNetworkPolicies/action')];

/** What services other than those that only join may do in a subnet that is delegated to them, as recorded. */
const actionsOfServices: readonly (readonly [service: RegExp, actions: readonly string[]])[] = [
  [/^microsoft\.(web|containerinstance|servicefabricmesh|logic|batch)\//i, [inSubnet('action')]],
  [/^microsoft\.avs\//i, [interfaces]],
  [/^(microsoft\.(baremetal|apollo|singularity|aisupercomputer)|oracle\.database)\//i, [interfaces, join]],
  [/^microsoft\.(netapp\/volumes|hardwaresecuritymodules\/dedicatedhsms)$/i, [interfaces, join]],
  [/^microsoft\.(sql|databricks|kusto)\//i, [join, ...policies]],
  [/^microsoft\.apimanagement\//i, [join, policies[0] as string]],
  [/^microsoft\.network\/virtualnetworkgateways$/i, [readNetwork, inSubnet('*')]],
  [/^microsoft\.storagepool\//i, [readNetwork]],
  [
    /^microsoft\.orbital\//i,
    ['Microsoft.Network/publicIPAddresses/join/action', join, readNetwork, 'Microsoft.Network/publicIPAddresses/read'],
  ],
];

/** The actions of a delegation, which Azure fills in by the service. */
export const delegatedActions = (serviceName: string): readonly string[] =>
  actionsOfServices.find(([service]) => service.test(serviceName))?.[1] ?? [join];

/** What Azure offered at the end of 2023. */
const services = `
    Dell.Storage/fileSystems GitHub.Network/networkSettings Microsoft.ApiManagement/service Microsoft.Apollo/npu
    Microsoft.App/environments Microsoft.App/testClients Microsoft.AVS/PrivateClouds
    Microsoft.AzureCosmosDB/clusters Microsoft.BareMetal/AzureHostedService Microsoft.BareMetal/AzureVMware
    Microsoft.BareMetal/CrayServers Microsoft.Batch/batchAccounts Microsoft.CloudTest/hostedpools
    Microsoft.CloudTest/images Microsoft.CloudTest/pools Microsoft.Codespaces/plans
    Microsoft.ContainerInstance/containerGroups Microsoft.ContainerService/managedClusters
    Microsoft.Databricks/workspaces Microsoft.DBforMySQL/flexibleServers Microsoft.DBforMySQL/servers
    Microsoft.DBforMySQL/serversv2 Microsoft.DBforPostgreSQL/flexibleServers Microsoft.DBforPostgreSQL/serversv2
    Microsoft.DBforPostgreSQL/singleServers Microsoft.DelegatedNetwork/controller
    Microsoft.DevCenter/networkConnection Microsoft.DocumentDB/cassandraClusters Microsoft.Fidalgo/networkSettings
    Microsoft.HardwareSecurityModules/dedicatedHSMs Microsoft.Kusto/clusters Microsoft.LabServices/labplans
    Microsoft.Logic/integrationServiceEnvironments Microsoft.MachineLearningServices/workspaces
    Microsoft.Netapp/scaleVolumes Microsoft.Netapp/volumes Microsoft.Network/dnsResolvers
    Microsoft.Network/networkWatchers Microsoft.Orbital/orbitalGateways Microsoft.PowerPlatform/enterprisePolicies
    Microsoft.PowerPlatform/vnetaccesslinks Microsoft.ServiceFabricMesh/networks
    Microsoft.ServiceNetworking/trafficControllers Microsoft.Singularity/accounts/networks
    Microsoft.Singularity/accounts/npu Microsoft.Sql/managedInstances Microsoft.StoragePool/diskPools
    Microsoft.StreamAnalytics/streamingJobs Microsoft.Synapse/workspaces Microsoft.Web/hostingEnvironments
    Microsoft.Web/serverFarms NGINX.NGINXPLUS/nginxDeployments Oracle.Database/networkAttachments
    PaloAltoNetworks.Cloudngfw/firewalls Qumulo.Storage/fileSystems`
  .trim()
  .split(/\s+/);

/** What Azure takes besides: services that came later, and those that it does not offer. */
const furtherServices = `
    Informatica.DataManagement/organizations Microsoft.BareMetal/AzureHPC Microsoft.BareMetal/AzurePaymentHSM
    Microsoft.BareMetal/MonitoringServers Microsoft.ContainerService/TestClients Microsoft.DevOpsInfrastructure/pools
    Microsoft.Network/applicationGateways Microsoft.Network/fpgaNetworkInterfaces
    Microsoft.Network/managedResolvers Microsoft.Network/virtualNetworkGateways Microsoft.PowerAutomate/hostedRpa
    Microsoft.Sql/managedInstancesOnebox Microsoft.Sql/managedInstancesStage Microsoft.Sql/managedInstancesTest
    Microsoft.Sql/servers PureStorage.Block/storagePools Microsoft.AISupercomputer/accounts/jobs
    Microsoft.AISupercomputer/accounts/models Microsoft.AISupercomputer/accounts/npu
    Microsoft.Singularity/accounts/jobs Microsoft.Singularity/accounts/models`
  .trim()
  .split(/\s+/);

const known = new Set([...services, ...furtherServices].map((service) => service.toLowerCase()));

/** Refuses the delegations of the subnet `id` that no service has, and changes while `user` holds an address in it. */
export function* checkDelegations(id: string, { before, after, user }: Delegations): Generator<AzureError> {
  const servicesOf = (all: readonly ChildDocument[]): string[] => all.map((one) => String(one.properties?.serviceName));
  for (const { name, properties } of after) {
    const service = String(properties?.serviceName);
    if (known.has(service.toLowerCase())) continue;
    const values = { id: `${id}/delegations/${name}`, service, services: [...services, ...furtherServices].join(',') };
    yield azureError('InvalidServiceNameOnDelegation', { values });
  }
  const from = servicesOf(before).join(', ');
  const to = servicesOf(after).join(', ');
  if (user === undefined || from.toLowerCase() === to.toLowerCase()) return;
  yield azureError('SubnetDelegationsCannotChangeWhenSubnetUsedByResource', { values: { id, from, to, user } });
}

interface Delegations {
  readonly before: readonly ChildDocument[];
  readonly after: readonly ChildDocument[];
  /** Who holds an address in the subnet. */
  readonly user: string | undefined;
}

/** `availableDelegations` of a location. */
export const availableDelegations = (subscriptionId: string) => ({
  value: services.map((serviceName) => {
    const name = serviceName.replaceAll('/', '.');
    return {
      name,
      id: `/subscriptions/${subscriptionId}/providers/Microsoft.Network/availableDelegations/${name}`,
      type: 'Microsoft.Network/availableDelegations',
      serviceName,
      actions: delegatedActions(serviceName),
    };
  }),
});
