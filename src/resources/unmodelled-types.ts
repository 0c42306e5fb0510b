/**
 * What Azure fills in on well-known types that have no model here. Nothing stands behind the values: they are made up,
 * follow from the resource's id, and stay the same.
 */
import { stableGuid } from '../support/ids.js';
import {
  clientIdOf,
  clusterIdentities,
  folded,
  location,
  type MadeUpContext,
  type Members,
  membersOf,
  nodeGroup,
  principalIdOf,
  type Tenancy,
} from './made-up-identities.js';

const unique = (id: string, part = ''): string => stableGuid(`${id}#${part}`).replaceAll('-', '');
const short = ({ resource }: MadeUpContext): string => unique(resource.id).slice(0, 8);

const storageHost = (kind: string) => (name: string) => `https://${folded(name)}.${kind}.core.windows.net/`;
const storageKinds = ['blob', 'dfs', 'file', 'queue', 'table'] as const;

/** The address that a service takes in the subnet of its first ipConfiguration: the first that Azure hands out. */
function firstAddress({ propertiesOf }: MadeUpContext, subnetId: unknown): string {
  const { addressPrefix, addressPrefixes } = membersOf(
    typeof subnetId === 'string' ? propertiesOf(subnetId) : undefined,
  );
  const prefix = addressPrefix ?? (Array.isArray(addressPrefixes) ? addressPrefixes[0] : undefined);
  return addressesIn(prefix, [4])[0] as string;
}

const subnetIdIn = (configuration: unknown): unknown =>
  membersOf(membersOf(membersOf(configuration).properties).subnet).id;

/** ipConfigurations with ids, and the private addresses that the service took. */
const addressed = (context: MadeUpContext): Members[] | undefined => {
  const { ipConfigurations } = context.given;
  if (!Array.isArray(ipConfigurations)) return undefined;
  return ipConfigurations.map((one: unknown, index) => {
    const configuration = membersOf(one);
    const given = membersOf(configuration.properties);
    const taken = index === 0 || given.subnet ? firstAddress(context, subnetIdIn(one)) : undefined;
    const privateIPAddress = given.privateIPAddress ?? taken;
    return {
      ...configuration,
      properties: { ...given, ...(privateIPAddress === undefined ? {} : { privateIPAddress }) },
    };
  });
};

/** The addresses of `prefix` that lie so far above its first. */
function addressesIn(prefix: unknown, offsets: readonly number[]): string[] {
  const [address = ''] = (typeof prefix === 'string' ? prefix : '10.0.0.0/24').split('/');
  const [a, b, c, d] = address.split('.').map(Number);
  return offsets.map((offset) => [a, b, c, (d ?? 0) + offset].join('.'));
}

/** The addresses of the virtual hub in which a gateway or a firewall is. */
function hubPrefix({ given, propertiesOf }: MadeUpContext): unknown {
  const { id } = membersOf(given.virtualHub);
  return typeof id === 'string' ? membersOf(propertiesOf(id)).addressPrefix : undefined;
}

/** What a firewall in a virtual hub gets from it. */
function hubAddresses(context: MadeUpContext): Members {
  if (!context.given.virtualHub) return {};
  const wanted = membersOf(context.given.hubIPAddresses);
  const publicIPs = membersOf(wanted.publicIPs);
  const { count } = publicIPs;
  const length = typeof count === 'number' && count < 100 ? count : 1;
  const addresses = Array.from({ length }, (_, index) => ({ address: `192.0.2.${60 + index}` }));
  const [privateIPAddress] = addressesIn(hubPrefix(context), [132]);
  return { hubIPAddresses: { privateIPAddress, ...wanted, publicIPs: { addresses, ...publicIPs } } };
}

/** Accounts whose copy in another region may be read have endpoints for that. */
function secondaryEndpoints({ resource, name }: MadeUpContext): Members {
  const sku = membersOf(resource.document.sku).name;
  if (typeof sku !== 'string' || !/_RAGZ?RS$/i.test(sku)) return {};
  const kinds = storageKinds.filter((kind) => kind !== 'file');
  return {
    secondaryEndpoints: Object.fromEntries(kinds.map((kind) => [kind, storageHost(kind)(`${name}-secondary`)])),
  };
}

const withHost = (member: string, host: string) => (context: MadeUpContext) => ({
  [member]: `${folded(context.name)}.${host}`,
});

const databaseServer = (host: string) => (context: MadeUpContext) => ({
  ...withHost('fullyQualifiedDomainName', host)(context),
  state: 'Ready',
});

const eventEndpoint = (context: MadeUpContext) => ({
  endpoint: `https://${folded(context.name)}.${location(context)}-1.eventgrid.azure.net/api/events`,
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
    ...secondaryEndpoints(context),
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
    return { ...(ipConfigurations ? { ipConfigurations } : {}), ...hubAddresses(context), threatIntelMode: 'Alert' };
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
  'microsoft.network/virtualhubs': (context) => ({
    routingState: 'Provisioned',
    virtualRouterAsn: 65515,
    virtualRouterIps: addressesIn(context.given.addressPrefix, [4, 5]),
  }),
  'microsoft.network/vpngateways': (context) => {
    const ipConfigurations = addressesIn(hubPrefix(context), [12, 13]).map((privateIpAddress, index) => ({
      id: `Instance${index}`,
      publicIpAddress: `192.0.2.${50 + index}`,
      privateIpAddress,
    }));
    const bgpPeeringAddresses = ipConfigurations.map(({ id, publicIpAddress, privateIpAddress }) => ({
      ipconfigurationId: id,
      defaultBgpIpAddresses: [privateIpAddress],
      customBgpIpAddresses: [],
      tunnelIpAddresses: [publicIpAddress, privateIpAddress],
    }));
    const bgpSettings = { asn: 65515, peerWeight: 0, ...membersOf(context.given.bgpSettings), bgpPeeringAddresses };
    return { bgpSettings, ipConfigurations, connections: [], vpnGatewayScaleUnit: 1 };
  },
  'microsoft.network/dnsresolvers': () => ({ dnsResolverState: 'Connected' }),
  'microsoft.network/dnsresolvers/inboundendpoints': (context) => {
    const { ipConfigurations } = context.given;
    if (!Array.isArray(ipConfigurations)) return {};
    return {
      ipConfigurations: ipConfigurations.map((one: unknown) => {
        const configuration = membersOf(one);
        const privateIpAddress = firstAddress(context, membersOf(configuration.subnet).id);
        return { privateIpAllocationMethod: 'Dynamic', privateIpAddress, ...configuration };
      }),
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
    nodeResourceGroup: nodeGroup(context),
    powerState: { code: 'Running' },
    ...clusterIdentities(context),
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
  'microsoft.eventgrid/topics': eventEndpoint,
  'microsoft.eventgrid/domains': eventEndpoint,
  'microsoft.servicefabric/managedclusters': (context) => {
    const { dnsName } = context.given;
    const host = folded(typeof dnsName === 'string' ? dnsName : context.name);
    const fqdn = `${host}.${location(context)}.cloudapp.azure.com`;
    const clusterId = stableGuid(context.resource.id);
    return { fqdn, clusterId, clientConnectionPort: 19_000, httpGatewayConnectionPort: 19_080 };
  },
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
    RegistrationUrl: `https://${stableGuid(context.resource.id)}.agentsvc.${location(context)}.azure-automation.net/accounts/${stableGuid(context.resource.id)}`,
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
  'microsoft.apimanagement/service': (context) => {
    const urls = { gatewayUrl: '', developerPortalUrl: '.developer', managementApiUrl: '.management', scmUrl: '.scm' };
    const { virtualNetworkType, virtualNetworkConfiguration } = context.given;
    const subnetId = membersOf(virtualNetworkConfiguration).subnetResourceId;
    return {
      ...Object.fromEntries(
        Object.entries(urls).map(([url, part]) => [url, `https://${folded(context.name)}${part}.azure-api.net`]),
      ),
      publicIPAddresses: ['192.0.2.40'],
      ...(virtualNetworkType === 'Internal' ? { privateIPAddresses: [firstAddress(context, subnetId)] } : {}),
    };
  },
  'microsoft.desktopvirtualization/hostpools': ({ resource, given }) => ({
    ...(given.registrationInfo
      ? { registrationInfo: { ...membersOf(given.registrationInfo), token: `NotARealToken.${unique(resource.id)}` } }
      : {}),
    objectId: stableGuid(resource.id),
  }),
  'microsoft.authorization/roleassignments': ({ resource }) => ({
    scope: resource.id.slice(0, resource.id.toLowerCase().lastIndexOf('/providers/')),
  }),
};

/** Members that the service says, whatever a client writes. */
const alwaysOwn = new Set(
  'ipConfigurations dnsConfig principalId clientId bgpSettings ipAddress configuration hubIPAddresses addonProfiles oidcIssuerProfile registrationInfo'.split(
    ' ',
  ),
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
