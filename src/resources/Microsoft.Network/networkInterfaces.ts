/**
 * Network interfaces (`Microsoft.Network/networkInterfaces`), as
 * https://learn.microsoft.com/azure/virtual-network/virtual-network-network-interface describes them.
 */

import { createHash } from 'node:crypto';
import { type AzureError, azureError } from '../../errors/index.js';
import { parseIpAddress } from '../../support/ip-address.js';
import { machineOf } from '../Microsoft.Compute/common-members.js';
import { childrenIn, lookUpChild } from '../references.js';
import { idKey, rootKey } from '../resource-id.js';
import type { InUse, Lookup, Resource, ResourceDocument, ViewContext, WriteContext } from '../resource-type.js';
import { resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import { checkNoNatGateway, fillIn, keepResourceGuid, readOnlyReference } from './common-members.js';
import { checkLoadBalancersAhead } from './loadBalancers/together.js';
import { networkApiVersions, versions } from './member-versions.js';
import { effectiveActions } from './networkInterfaces/effective.js';
import {
  checkIPConfigurations,
  completeIPConfigurations,
  type IPConfiguration,
  ipConfiguration,
  loadBalancersOf,
} from './networkInterfaces/ipConfigurations.js';
import { checkPublicIPAddressesFree } from './publicIPAddresses.js';

interface DnsSettings {
  dnsServers?: string[];
  appliedDnsServers?: string[];
  internalDnsNameLabel?: string;
  internalFqdn?: string;
  internalDomainNameSuffix?: string;
}

interface NetworkInterfaceProperties extends Record<string, unknown> {
  resourceGuid?: string;
  ipConfigurations?: IPConfiguration[];
  dnsSettings?: DnsSettings;
}

interface NetworkInterfaceDocument extends ResourceDocument {
  properties: NetworkInterfaceProperties;
}

const schema = Schema.envelope('name id etag tags properties type location extendedLocation managedBy kind', {
  managedBy: Schema.string({ readOnly: true }),
  extendedLocation: Schema.extendedLocation(versions.networkInterface.extendedLocation),
  kind: Schema.string({ readOnly: true, ...versions.networkInterface.kind }),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      ipConfigurations: Schema.children('ipConfigurations', ipConfiguration),
      dnsSettings: Schema.object({
        dnsServers: Schema.array(Schema.string()),
        appliedDnsServers: Schema.array(Schema.string(), { readOnly: true }),
        internalDnsNameLabel: Schema.string(),
        internalFqdn: Schema.string({ readOnly: true }),
        internalDomainNameSuffix: Schema.string({
          readOnly: true,
          ...versions.networkInterface.internalDomainNameSuffix,
        }),
      }),
      macAddress: Schema.string({ readOnly: true }),
      enableAcceleratedNetworking: Schema.boolean(versions.networkInterface.enableAcceleratedNetworking),
      vnetEncryptionSupported: Schema.boolean({ readOnly: true, ...versions.networkInterface.vnetEncryptionSupported }),
      enableIPForwarding: Schema.boolean(),
      disableTcpStateTracking: Schema.boolean(versions.networkInterface.disableTcpStateTracking),
      networkSecurityGroup: Schema.reference('Microsoft.Network/networkSecurityGroups'),
      primary: Schema.boolean({ readOnly: true }),
      virtualMachine: Schema.backReferences('Microsoft.Compute/virtualMachines', 'networkInterfaces', { single: true }),
      services: Schema.anything({ readOnly: true, ...versions.networkInterface.services }),
      hostedWorkloads: Schema.array(Schema.string(), { readOnly: true, ...versions.networkInterface.hostedWorkloads }),
      tapConfigurations: Schema.array(Schema.anything(), {
        readOnly: true,
        ...versions.networkInterface.tapConfigurations,
      }),
      nicType: Schema.oneOf(['Standard', 'Elastic'], versions.networkInterface.nicType),
      privateEndpoint: readOnlyReference(
        'Microsoft.Network/privateEndpoints',
        versions.networkInterface.privateEndpoint,
      ),
      privateLinkService: readOnlyReference(
        'Microsoft.Network/privateLinkServices',
        versions.networkInterface.privateLinkService,
      ),
      dscpConfiguration: readOnlyReference(
        'Microsoft.Network/dscpConfigurations',
        versions.networkInterface.dscpConfiguration,
      ),
      migrationPhase: Schema.oneOf(
        ['None', 'Prepare', 'Commit', 'Abort', 'Committed'],
        versions.networkInterface.migrationPhase,
      ),
      workloadType: Schema.string(versions.networkInterface.workloadType),
      allowPort25Out: Schema.boolean({ readOnly: true, ...versions.networkInterface.allowPort25Out }),
      defaultOutboundConnectivityEnabled: Schema.boolean({
        readOnly: true,
        ...versions.networkInterface.defaultOutboundConnectivityEnabled,
      }),
      auxiliaryMode: Schema.oneOf(
        ['None', 'MaxConnections', 'Floating', 'AcceleratedConnections'],
        versions.networkInterface.auxiliaryMode,
      ),
      auxiliarySku: Schema.oneOf(['None', 'A1', 'A2', 'A4', 'A8'], versions.networkInterface.auxiliarySku),
      virtualNetworkTapProvisioningState: Schema.string({
        readOnly: true,
        ...versions.networkInterface.virtualNetworkTapProvisioningState,
      }),
    },
    { clrType: 'NetworkInterfaceProperties' },
  ),
});

const ipConfigurationsOf = (document: ResourceDocument): IPConfiguration[] =>
  (document.properties as NetworkInterfaceProperties).ipConfigurations ?? [];

/** 26 characters that every network interface of a virtual network shares, as Azure's internal DNS zones have. */
function internalDomainNameSuffix(virtualNetwork: string): string {
  const digest = createHash('sha256').update(virtualNetwork).digest();
  const zone = [...digest.subarray(0, 26)].map((byte) => 'abcdefghijklmnopqrstuvwxyz012345'[byte % 32]).join('');
  return `${zone}.bx.internal.cloudapp.net`;
}

function completeDnsSettings({ document, idText, existing }: WriteContext<NetworkInterfaceDocument>): void {
  const properties = document.properties;
  const subnet = ipConfigurationsOf(document).find((one) => one.properties?.subnet)?.properties?.subnet;
  const network = rootKey(subnet?.id ?? idText);
  const before = existing?.document.properties as NetworkInterfaceProperties | undefined;
  // A network that has moved to another group keeps its suffix.
  const stays = rootKey(subnetOf(existing?.document) ?? idText) === network;
  const kept = stays ? before?.dnsSettings?.internalDomainNameSuffix : undefined;
  const suffix = kept ?? internalDomainNameSuffix(network);
  properties.dnsSettings ??= {};
  const label = properties.dnsSettings.internalDnsNameLabel;
  fillIn(properties.dnsSettings, { dnsServers: [] });
  properties.dnsSettings.appliedDnsServers = [];
  properties.dnsSettings.internalDomainNameSuffix = suffix;
  if (label !== undefined) properties.dnsSettings.internalFqdn = `${label}.${suffix}`;
}

function completeNetworkInterface(context: WriteContext<NetworkInterfaceDocument>): void {
  const { document } = context;
  const properties = document.properties;
  keepResourceGuid(context);
  document.kind = 'Regular';
  properties.ipConfigurations ??= [];
  completeIPConfigurations(properties.ipConfigurations, context);
  completeDnsSettings(context);
  properties.services = null;
  fillIn(properties, {
    enableAcceleratedNetworking: false,
    vnetEncryptionSupported: false,
    enableIPForwarding: false,
    disableTcpStateTracking: false,
    hostedWorkloads: [],
    tapConfigurations: [],
    nicType: 'Standard',
    allowPort25Out: true,
    defaultOutboundConnectivityEnabled: false,
    auxiliaryMode: 'None',
    auxiliarySku: 'None',
    virtualNetworkTapProvisioningState: 'NotProvisioned',
  });
}

/** Addresses, networks and NAT rules that no network interface can have. */
function* checkWhatItCannotHave(all: readonly IPConfiguration[], context: WriteContext): Generator<AzureError> {
  const { document, idText: id, lookup } = context;
  const refusal = (what: string) => azureError('NetworkInterfaceCannotHave', { values: { id, what } });
  const { dnsSettings } = document.properties as { dnsSettings?: { dnsServers?: string[] } };
  const server = dnsSettings?.dnsServers?.find((text) => !parseIpAddress(text));
  if (server !== undefined && server !== 'AzureProvidedDNS') yield refusal(`the DNS server ${server}`);
  if (all.every(({ properties }) => properties?.privateIPAddressVersion === 'IPv6')) {
    yield refusal('IPv6 configurations only');
  }
  for (const { properties } of all) {
    const publicIP = lookup.resource(idKey(properties?.publicIPAddress?.id ?? ''))?.document;
    const { publicIPAddressVersion: version = 'IPv4' } = publicIP?.properties ?? {};
    if (publicIP?.sku?.tier === 'Global') yield refusal('a public IP address of tier Global');
    if (publicIP && version !== properties?.privateIPAddressVersion) {
      yield refusal(`a public IP address of version ${version} beside a private one of the other`);
    }
    for (const { id: pool } of properties?.loadBalancerBackendAddressPools ?? []) {
      const tier = lookup.resource(rootKey(pool))?.document.sku?.tier;
      if (tier === 'Global') yield refusal('a place in a pool of a Global load balancer');
    }
    for (const { id: rule } of properties?.loadBalancerInboundNatRules ?? []) {
      if (lookUpChild(lookup, rule)?.child.properties?.backendAddressPool)
        yield refusal(`the NAT rule ${rule} of a pool`);
      const other = lookup
        .linksInto(rootKey(rule))
        .find(
          ({ path, target, sourceId }) =>
            path === 'loadBalancerInboundNatRules' && target === idKey(rule) && rootKey(sourceId) !== idKey(id),
        );
      if (other) yield refusal(`the NAT rule ${rule}, which ${other.sourceId} has`);
    }
  }
}

const subnetOf = (document: ResourceDocument | undefined): string | undefined =>
  ipConfigurationsOf(document ?? { properties: {} }).find((one) => one.properties?.subnet)?.properties?.subnet?.id;

/** While a machine has it, a network interface stays in its virtual network, and a secondary one in its subnet. */
function* checkSubnetChange({ existing, document, idText: id, lookup }: WriteContext): Generator<AzureError> {
  const before = subnetOf(existing?.document);
  const after = subnetOf(document);
  if (!existing || before === undefined || after === undefined || idKey(before) === idKey(after)) return;
  const attached = attachment(existing, lookup);
  if (attached && rootKey(before) !== rootKey(after)) {
    const what = 'another virtual network than before while a virtual machine has it';
    yield azureError('NetworkInterfaceCannotHave', { values: { id, what } });
  }
  if (attached?.primary === false) {
    yield azureError('SecondaryNetworkInterfaceInUseCannotChangeSubnet', { values: { id } });
  }
}

const belongsToEndpoint = (id: string, endpoint: string): AzureError =>
  azureError('CannotModifyNicAttachedToPrivateEndpoint', { values: { id, endpoint } });

function* checkNetworkInterface(context: WriteContext<NetworkInterfaceDocument>, after: Lookup): Generator<AzureError> {
  const all = ipConfigurationsOf(context.document);
  const endpoint = context.existing?.document.properties.privateEndpoint as { id: string } | undefined;
  // No client can write whose it is.
  if (endpoint && !context.document.properties.privateEndpoint) yield belongsToEndpoint(context.idText, endpoint.id);
  yield* checkIPConfigurations(all, context);
  yield* checkSubnetChange(context);
  const users = all.map(({ name, properties }) => ({
    id: `${context.idText}/ipConfigurations/${name}`,
    publicIPAddress: properties?.publicIPAddress,
  }));
  yield* checkPublicIPAddressesFree(context, users);
  const basic = all.flatMap(({ name, properties }) => {
    const publicIP = context.lookup.resource(idKey(properties?.publicIPAddress?.id ?? ''));
    const subnet = publicIP?.document.sku?.name === 'Basic' ? properties?.subnet : undefined;
    return subnet ? [{ id: `${context.idText}/ipConfigurations/${name}`, subnet }] : [];
  });
  yield* checkNoNatGateway(basic, context);
  yield* checkWhatItCannotHave(all, context);
  yield* checkLoadBalancersAhead(
    users.map(({ id }) => id),
    after,
  );
}

/** The last three bytes come from the resource's GUID, the first three are Microsoft's. */
const macAddressOf = (guid: string): string =>
  [
    '00',
    '0D',
    '3A',
    ...[0, 2, 4].map((at) =>
      guid
        .replaceAll('-', '')
        .slice(at, at + 2)
        .toUpperCase(),
    ),
  ].join('-');

/** How a virtual machine has the network interface; undefined when none does. */
function attachment(resource: Resource, lookup: Lookup): { readonly primary: boolean } | undefined {
  const machine = machineOf(lookup, resource.key);
  if (!machine) return undefined;
  const profile = machine.document.properties.networkProfile as { networkInterfaces?: NicReference[] } | undefined;
  const attached = profile?.networkInterfaces ?? [];
  const own = attached.find(({ id }) => idKey(id) === resource.key);
  return { primary: own?.properties?.primary ?? attached.length <= 1 };
}

/** A network interface has a MAC address, and is primary or not, while a virtual machine has it. */
function viewNetworkInterface({ resource, lookup }: ViewContext): ResourceDocument {
  const attached = attachment(resource, lookup);
  if (!attached) return resource.document;
  const properties = resource.document.properties as NetworkInterfaceProperties;
  return {
    ...resource.document,
    properties: {
      ...properties,
      macAddress: macAddressOf(
        createHash('sha256')
          .update(properties.resourceGuid ?? resource.key)
          .digest('hex'),
      ),
      ...attached,
    },
  };
}

interface NicReference {
  readonly id: string;
  readonly properties?: { readonly primary?: boolean };
}

/** Folded ids of the load balancers a network interface is behind: `GET …/networkInterfaces/{name}/loadBalancers`. */
export const loadBalancersOfNetworkInterface = (nic: Resource): readonly string[] =>
  loadBalancersOf(ipConfigurationsOf(nic.document));

const usedByMachine: InUse = {
  by: 'Microsoft.Compute/*',
  path: 'networkInterfaces',
  refuse: ({ id, links }) => azureError('NicInUse', { values: { id, user: links[0]?.sourceId ?? '' } }),
};

const usedByEndpoint: InUse = {
  by: 'Microsoft.Network/privateEndpoints',
  path: 'networkInterface',
  refuse: ({ id, links }) => belongsToEndpoint(id, links[0]?.sourceId ?? ''),
};

/** Azure makes and takes away a network interface at once, and says so since this version (recorded). */
const isSynchronous = ({ apiVersion }: { readonly apiVersion: string }): boolean => apiVersion >= '2023-11-01';

const memberships = [
  'loadBalancerBackendAddressPools',
  'loadBalancerInboundNatRules',
  'applicationGatewayBackendAddressPools',
  'applicationSecurityGroups',
];

/** Whether a balancer, gateway or group has to follow a change of the interface, for which Azure takes its time. */
const isMember = (document: ResourceDocument | undefined): boolean =>
  childrenIn(document?.properties, 'ipConfigurations').some(({ properties }) =>
    memberships.some((member) => ((properties?.[member] ?? []) as unknown[]).length > 0),
  );

export const networkInterfaces = resourceType<NetworkInterfaceDocument>({
  type: 'Microsoft.Network/networkInterfaces',
  apiVersions: networkApiVersions,
  schema,
  children: [{ name: 'ipConfigurations', methods: 'read' }],
  inUse: [usedByMachine, usedByEndpoint],
  defaults: completeNetworkInterface,
  check: checkNetworkInterface,
  view: viewNetworkInterface,
  requests: {
    actions: effectiveActions,
    statuses: {
      putIsDone: (put) => isSynchronous(put) && !isMember(put.document) && !isMember(put.before),
      delete: (deletion) => (isSynchronous(deletion) ? 200 : undefined),
    },
  },
});
