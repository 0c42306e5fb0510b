/**
 * What Azure fills in on well-known types that have no model here, and which status their writes have. Nothing stands
 * behind the values: they are made up, follow from the resource's id, and stay the same.
 */
import { stableGuid } from '../support/ids.js';
import type { Resource } from './resource-type.js';

type Members = Record<string, unknown>;

/** A resource whose members are asked for. */
export interface MadeUpContext {
  readonly resource: Resource;
  /** The last segment of its name. */
  readonly name: string;
  /** As the client wrote them. */
  readonly given: Members;
  /** The document of what an id names; undefined when that is not stored. */
  readonly propertiesOf: (id: string) => Members | undefined;
}

/** The tenant of every subscription here. */
export interface Tenancy {
  readonly tenantId: string;
}

const folded = (name: string): string => name.toLowerCase();
const location = ({ resource }: MadeUpContext): string => resource.document.location ?? 'westeurope';
const unique = (id: string, part = ''): string => stableGuid(`${id}#${part}`).replaceAll('-', '');
const short = ({ resource }: MadeUpContext): string => unique(resource.id).slice(0, 8);

/** The identity of a resource, or of a user-assigned identity, in the directory. */
export const principalIdOf = (id: string): string => stableGuid(`${id}#principal`);
const clientIdOf = (id: string): string => stableGuid(`${id}#client`);

const storageHost = (kind: string) => (name: string) => `https://${folded(name)}.${kind}.core.windows.net/`;
const storageKinds = ['blob', 'dfs', 'file', 'queue', 'table'] as const;

/** The members of a value that clients write as they like: none of what is no object. */
const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};

/** The address that a service takes in the subnet of its first ipConfiguration: the first that Azure hands out. */
function firstAddress({ propertiesOf }: MadeUpContext, subnetId: unknown): string {
  const { addressPrefix, addressPrefixes } = membersOf(
    typeof subnetId === 'string' ? propertiesOf(subnetId) : undefined,
  );
  const prefix = addressPrefix ?? (Array.isArray(addressPrefixes) ? addressPrefixes[0] : undefined);
  const [address = ''] = (typeof prefix === 'string' ? prefix : '10.0.0.0/24').split('/');
  const [a, b, c, d] = address.split('.').map(Number);
  return [a, b, c, (d ?? 0) + 4].join('.');
}

const subnetIdIn = (configuration: unknown): unknown =>
  membersOf(membersOf(membersOf(configuration).properties).subnet).id;

/** ipConfigurations with ids, and the private addresses that the service took. */
const addressed = (context: MadeUpContext): Members[] | undefined => {
  const { ipConfigurations } = context.given;
  if (!Array.isArray(ipConfigurations)) return undefined;
  return ipConfigurations.map((one: unknown, index) => {
    const configuration = membersOf(one);
    const { name } = configuration;
    const given = membersOf(configuration.properties);
    const taken = index === 0 || given.subnet ? firstAddress(context, subnetIdIn(one)) : undefined;
    const privateIPAddress = given.privateIPAddress ?? taken;
    return {
      ...configuration,
      ...(typeof name === 'string' ? { id: `${context.resource.id}/ipConfigurations/${name}` } : {}),
      properties: { ...given, ...(privateIPAddress === undefined ? {} : { privateIPAddress }) },
    };
  });
};

const withHost = (member: string, host: string) => (context: MadeUpContext) => ({
  [member]: `${folded(context.name)}.${host}`,
});

const databaseServer = (host: string) => (context: MadeUpContext) => ({
  ...withHost('fullyQualifiedDomainName', host)(context),
  state: 'Ready',
});

const messaging = ({ resource, name }: MadeUpContext) => ({
  serviceBusEndpoint: `https://${folded(name)}.servicebus.windows.net:443/`,
  metricId: `${resource.subscriptionId}:${folded(name)}`,
  status: 'Active',
});

/** Properties by folded type; what the client wrote itself wins, but for `alwaysOwn`. */
const properties: Readonly<Record<string, (context: MadeUpContext, tenancy: Tenancy) => Members>> = {
  'microsoft.storage/storageaccounts': (context) => ({
    primaryLocation: location(context),
    statusOfPrimary: 'available',
    supportsHttpsTrafficOnly: true,
    primaryEndpoints: {
      ...Object.fromEntries(storageKinds.map((kind) => [kind, storageHost(kind)(context.name)])),
      web: storageHost('z6.web')(context.name),
    },
  }),
  'microsoft.managedidentity/userassignedidentities': ({ resource }, { tenantId }) => ({
    tenantId,
    principalId: principalIdOf(resource.id),
    clientId: clientIdOf(resource.id),
  }),
  'microsoft.insights/components': (context, { tenantId }) => {
    const InstrumentationKey = stableGuid(`${context.resource.id}#instrumentation`);
    const ingestion = `https://${location(context)}-0.in.applicationinsights.azure.com/`;
    return {
      ApplicationId: context.name,
      AppId: stableGuid(`${context.resource.id}#application`),
      InstrumentationKey,
      ConnectionString: `InstrumentationKey=${InstrumentationKey};IngestionEndpoint=${ingestion}`,
      Name: context.name,
      TenantId: tenantId,
    };
  },
  'microsoft.keyvault/vaults': ({ name }) => ({ vaultUri: `https://${folded(name)}.vault.azure.net/` }),
  'microsoft.keyvault/vaults/secrets': (context) => vaultItem(context, 'secret'),
  'microsoft.keyvault/vaults/keys': (context) => vaultItem(context, 'key'),
  'microsoft.operationalinsights/workspaces': ({ resource }) => ({
    customerId: stableGuid(`${resource.id}#customer`),
    publicNetworkAccessForIngestion: 'Enabled',
    publicNetworkAccessForQuery: 'Enabled',
    retentionInDays: 30,
  }),
  'microsoft.network/dnszones': () => ({
    nameServers: [1, 2, 3, 4].map((n) => `ns${n}-01.azure-dns.${['com', 'net', 'org', 'info'][n - 1]}.`),
    numberOfRecordSets: 2,
    maxNumberOfRecordSets: 10_000,
  }),
  'microsoft.network/privatednszones': () => ({
    numberOfRecordSets: 1,
    maxNumberOfRecordSets: 25_000,
    numberOfVirtualNetworkLinks: 0,
    maxNumberOfVirtualNetworkLinks: 1000,
  }),
  'microsoft.network/privatednszones/virtualnetworklinks': () => ({ virtualNetworkLinkState: 'Completed' }),
  'microsoft.network/ipgroups': () => ({ firewalls: [], firewallPolicies: [] }),
  'microsoft.network/firewallpolicies': () => ({ childPolicies: [], firewalls: [], ruleCollectionGroups: [] }),
  'microsoft.network/azurefirewalls': (context) => {
    const ipConfigurations = addressed(context);
    return { ...(ipConfigurations ? { ipConfigurations } : {}), threatIntelMode: 'Alert' };
  },
  'microsoft.network/bastionhosts': (context) => ({
    dnsName: `bst-${stableGuid(context.resource.id)}.bastion.azure.com`,
    scaleUnits: 2,
  }),
  'microsoft.network/virtualnetworkgateways': (context) => ({
    bgpSettings: { asn: 65515, bgpPeeringAddress: firstAddress(context, gatewaySubnet(context)), peerWeight: 0 },
  }),
  'microsoft.network/trafficmanagerprofiles': ({ given }) => {
    const dns = membersOf(given.dnsConfig);
    const { relativeName } = dns;
    const fqdn = typeof relativeName === 'string' ? { fqdn: `${folded(relativeName)}.trafficmanager.net` } : {};
    return { profileStatus: 'Enabled', dnsConfig: { ...dns, ...fqdn } };
  },
  'microsoft.network/virtualhubs': () => ({ routingState: 'Provisioned', virtualRouterAsn: 65515 }),
  'microsoft.network/privateendpoints': ({ resource, name, given }) => {
    const { customNetworkInterfaceName: wanted } = given;
    const nic = typeof wanted === 'string' && wanted !== '' ? wanted : `${name}.nic.${stableGuid(resource.id)}`;
    return {
      customDnsConfigs: [],
      manualPrivateLinkServiceConnections: [],
      networkInterfaces: [{ id: resource.id.replace(/privateEndpoints\/[^/]+$/i, `networkInterfaces/${nic}`) }],
    };
  },
  'microsoft.network/expressroutecircuits': ({ resource }) => ({
    serviceKey: stableGuid(`${resource.id}#service`),
    circuitProvisioningState: 'Enabled',
    serviceProviderProvisioningState: 'NotProvisioned',
  }),
  'microsoft.network/frontdoors': (context) => ({ cname: `${folded(context.name)}.azurefd.net` }),
  'microsoft.cdn/profiles': ({ resource }) => ({
    frontDoorId: stableGuid(`${resource.id}#door`),
    resourceState: 'Active',
  }),
  'microsoft.cdn/profiles/endpoints': withHost('hostName', 'azureedge.net'),
  'microsoft.cdn/profiles/afdendpoints': (context) => ({
    hostName: `${folded(context.name)}-${short(context)}.z01.azurefd.net`,
  }),
  'microsoft.web/sites': (context) => ({
    ...withHost('defaultHostName', 'azurewebsites.net')(context),
    hostNames: [`${folded(context.name)}.azurewebsites.net`],
    enabledHostNames: ['', 'scm.'].map((part) => `${folded(context.name)}.${part}azurewebsites.net`),
    state: 'Running',
    enabled: true,
    customDomainVerificationId: unique(context.resource.id, 'domain').toUpperCase(),
    outboundIpAddresses: '192.0.2.10,192.0.2.11',
    possibleOutboundIpAddresses: '192.0.2.10,192.0.2.11,192.0.2.12',
    inboundIpAddress: '192.0.2.9',
  }),
  'microsoft.web/staticsites': (context) => ({ defaultHostname: `${short(context)}.azurestaticapps.net` }),
  'microsoft.sql/servers': databaseServer('database.windows.net'),
  'microsoft.sql/managedinstances': databaseServer('database.windows.net'),
  'microsoft.dbformysql/servers': databaseServer('mysql.database.azure.com'),
  'microsoft.dbformysql/flexibleservers': databaseServer('mysql.database.azure.com'),
  'microsoft.dbforpostgresql/servers': databaseServer('postgres.database.azure.com'),
  'microsoft.dbforpostgresql/flexibleservers': databaseServer('postgres.database.azure.com'),
  'microsoft.dbformariadb/servers': databaseServer('mariadb.database.azure.com'),
  'microsoft.documentdb/databaseaccounts': ({ name }) => ({
    documentEndpoint: `https://${folded(name)}.documents.azure.com:443/`,
  }),
  'microsoft.cache/redis': (context) => ({
    ...withHost('hostName', 'redis.cache.windows.net')(context),
    port: 6379,
    sslPort: 6380,
  }),
  'microsoft.servicefabric/clusters': ({ resource }) => ({
    clusterId: stableGuid(`${resource.id}#cluster`),
    clusterEndpoint: `https://${location({ resource } as MadeUpContext)}.servicefabric.azure.com/runtime/clusters/${stableGuid(`${resource.id}#cluster`)}`,
    clusterState: 'WaitingForNodes',
  }),
  'microsoft.containerregistry/registries': withHost('loginServer', 'azurecr.io'),
  'microsoft.containerservice/managedclusters': (context) => ({
    fqdn: `${folded(context.name)}-${short(context)}.hcp.${location(context)}.azmk8s.io`,
    nodeResourceGroup: `MC_${context.resource.resourceGroup}_${context.name}_${location(context)}`,
    powerState: { code: 'Running' },
  }),
  'microsoft.containerinstance/containergroups': (context) => {
    const { ipAddress } = context.given;
    const { dnsNameLabel } = membersOf(ipAddress);
    const fqdn =
      typeof dnsNameLabel !== 'string' ? {} : { fqdn: `${dnsNameLabel}.${location(context)}.azurecontainer.io` };
    return ipAddress ? { ipAddress: { ip: '192.0.2.20', ...membersOf(ipAddress), ...fqdn } } : {};
  },
  'microsoft.app/containerapps': (context) => {
    const fqdn = `${folded(context.name)}.${short(context)}.${location(context)}.azurecontainerapps.io`;
    const configuration = membersOf(context.given.configuration);
    return {
      latestRevisionName: `${folded(context.name)}--0000001`,
      latestRevisionFqdn: fqdn,
      ...(configuration.ingress
        ? { configuration: { ...configuration, ingress: { ...membersOf(configuration.ingress), fqdn } } }
        : {}),
    };
  },
  'microsoft.insights/datacollectionrules': ({ resource }) => ({ immutableId: `dcr-${unique(resource.id)}` }),
  'microsoft.eventgrid/topics': (context) => ({
    endpoint: `https://${folded(context.name)}.${location(context)}-1.eventgrid.azure.net/api/events`,
  }),
  'microsoft.app/managedenvironments': (context) => ({
    defaultDomain: `${short(context)}.${location(context)}.azurecontainerapps.io`,
    staticIp: '192.0.2.30',
  }),
  'microsoft.eventhub/namespaces': messaging,
  'microsoft.servicebus/namespaces': messaging,
  'microsoft.relay/namespaces': messaging,
  'microsoft.cognitiveservices/accounts': ({ name }) => ({
    endpoint: `https://${folded(name)}.cognitiveservices.azure.com/`,
  }),
  'microsoft.appconfiguration/configurationstores': ({ name }) => ({ endpoint: `https://${folded(name)}.azconfig.io` }),
  'microsoft.search/searchservices': () => ({ status: 'running', replicaCount: 1, partitionCount: 1 }),
  'microsoft.batch/batchaccounts': (context) => ({
    accountEndpoint: `${folded(context.name)}.${location(context)}.batch.azure.com`,
  }),
  'microsoft.automation/automationaccounts': (context) => ({
    state: 'Ok',
    automationHybridServiceUrl: `https://${stableGuid(context.resource.id)}.jrds.${location(context)}.azure-automation.net/automationAccounts/${stableGuid(context.resource.id)}`,
  }),
  'microsoft.devices/iothubs': (context) => ({
    ...withHost('hostName', 'azure-devices.net')(context),
    state: 'Active',
  }),
  'microsoft.signalrservice/signalr': withHost('hostName', 'service.signalr.net'),
  'microsoft.databricks/workspaces': (context) => ({
    workspaceId: String(Number.parseInt(short(context), 16)),
    workspaceUrl: `adb-${Number.parseInt(short(context), 16)}.1.azuredatabricks.net`,
  }),
  'microsoft.compute/disks': ({ resource }) => ({ diskState: 'Unattached', uniqueId: stableGuid(resource.id) }),
  'microsoft.compute/galleries': ({ resource, name }) => ({
    identifier: { uniqueName: `${resource.subscriptionId}-${name.toUpperCase()}` },
  }),
  'microsoft.apimanagement/service': ({ name }) => ({ gatewayUrl: `https://${folded(name)}.azure-api.net` }),
  'microsoft.authorization/roleassignments': ({ resource }) => ({
    scope: resource.id.slice(0, resource.id.toLowerCase().lastIndexOf('/providers/')),
  }),
};

/** Members that the service says, whatever a client writes. */
const alwaysOwn = new Set(
  'ipConfigurations dnsConfig principalId clientId bgpSettings ipAddress networkInterfaces configuration'.split(' '),
);

const gatewaySubnet = ({ given: { ipConfigurations } }: MadeUpContext): unknown =>
  subnetIdIn(Array.isArray(ipConfigurations) ? ipConfigurations[0] : undefined);

function vaultItem({ resource, name }: MadeUpContext, kind: 'secret' | 'key'): Members {
  const vault = resource.id.split('/')[8] ?? '';
  const uri = `https://${folded(vault)}.vault.azure.net/${kind}s/${name}`;
  return { [`${kind}Uri`]: uri, [`${kind}UriWithVersion`]: `${uri}/${unique(resource.id, 'version')}` };
}

/** What Azure shows in the properties of a resource besides what its client wrote. */
export function madeUpProperties(context: MadeUpContext, tenancy: Tenancy): Members {
  const made = properties[folded(context.resource.type)]?.(context, tenancy) ?? {};
  const wins = Object.entries(made).filter(([name]) => alwaysOwn.has(name) || context.given[name] === undefined);
  return Object.fromEntries(wins);
}

/** A resource's `identity` with the principals that the directory gives it. `id` is the resource's. */
export function completeIdentity(given: unknown, { id, tenantId }: { id: string } & Tenancy): unknown {
  if (given === null || typeof given !== 'object') return given;
  const { principalId: _principal, tenantId: _tenant, ...identity } = given as Members;
  const users = Object.keys(membersOf(identity.userAssignedIdentities));
  const isSystem = typeof identity.type === 'string' && /systemassigned/i.test(identity.type);
  const known = users.map((user) => [user, { principalId: principalIdOf(user), clientId: clientIdOf(user) }]);
  return {
    ...(isSystem ? { principalId: principalIdOf(id), tenantId } : {}),
    ...identity,
    ...(users.length === 0 ? {} : { userAssignedIdentities: Object.fromEntries(known) }),
  };
}

/** Types whose resource provider answers a first PUT with 201; all others say 200, which every client takes. */
const says201 =
  /^microsoft\.(network|compute|authorization)\/(?!(disk|snapshots)|privatednszones|privatelinkservices\/privateendpointconnections)/i;
/** Types that are deleted in the background. */
const deletesLater =
  /^microsoft\.(network\/(?!trafficmanager|dnszones)|compute\/(?!proximityplacementgroups$|hostgroups$|sshpublickeys$))/i;

/** Statuses of the writes of a type without a model. */
export const unmodelledStatuses = (type: string): { readonly created: 200 | 201; readonly deleted: 200 | 202 } => ({
  created: says201.test(type) ? 201 : 200,
  deleted: deletesLater.test(type) ? 202 : 200,
});
