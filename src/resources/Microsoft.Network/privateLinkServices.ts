/**
 * Private link services (`Microsoft.Network/privateLinkServices`), as
 * https://learn.microsoft.com/azure/private-link/private-link-service-overview describes them. Stored and shown: they
 * tie a load balancer's frontend to them, no endpoint connects to one.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { stableGuid } from '../../support/ids.js';
import { lookUpChild } from '../references.js';
import { formatResourceId, rootKey } from '../resource-id.js';
import { type Lookup, type ResourceDocument, resourceType, type WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';
import { fillIn, ipAllocationMethod, ipVersion, keepResourceGuid } from './common-members.js';
import type { LoadBalancerDocument } from './loadBalancers/document.js';
import { hasIPBasedPool } from './loadBalancers/parts.js';
import { networkApiVersionsSince, versions } from './member-versions.js';
import { claimPrivateAddress } from './private-address.js';

const ipConfiguration = Schema.envelope('name id etag type properties', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      privateIPAddress: Schema.string(),
      privateIPAllocationMethod: ipAllocationMethod(),
      subnet: Schema.reference('Microsoft.Network/virtualNetworks/subnets'),
      primary: Schema.boolean(),
      privateIPAddressVersion: ipVersion(),
    },
    { clrType: 'PrivateLinkServiceIpConfigurationProperties' },
  ),
});
type IpConfiguration = Schema.Static<typeof ipConfiguration>;

interface PrivateLinkServiceDocument extends ResourceDocument {
  properties: Record<string, unknown> & {
    loadBalancerFrontendIpConfigurations?: { id: string }[];
    destinationIPAddress?: string;
    ipConfigurations?: IpConfiguration[];
    networkInterfaces?: { id: string }[];
  };
}

interface VisibleTo {
  subscriptions?: string[];
}

const subscriptions = () => Schema.object({ subscriptions: Schema.array(Schema.string()) });

const schema = Schema.envelope('name id etag type location extendedLocation tags properties', {
  extendedLocation: Schema.extendedLocation(versions.privateLinkService.extendedLocation),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      fqdns: Schema.array(Schema.string()),
      alias: Schema.string({ readOnly: true }),
      visibility: subscriptions(),
      autoApproval: subscriptions(),
      enableProxyProtocol: Schema.boolean(versions.privateLinkService.enableProxyProtocol),
      accessMode: Schema.oneOf(['Default', 'Restricted'], versions.privateLinkService.accessMode),
      destinationIPAddress: Schema.string(versions.privateLinkService.destinationIPAddress),
      loadBalancerFrontendIpConfigurations: Schema.array(
        Schema.reference('Microsoft.Network/loadBalancers/frontendIPConfigurations'),
      ),
      ipConfigurations: Schema.children('ipConfigurations', ipConfiguration),
      privateEndpointConnections: Schema.array(Schema.anything(), { readOnly: true }),
      networkInterfaces: Schema.array(Schema.reference('Microsoft.Network/networkInterfaces'), { readOnly: true }),
    },
    { clrType: 'PrivateLinkServiceProperties' },
  ),
});

/** Every configuration takes an address of its subnet, which Azure gives to the service's own network interface. */
function completeIpConfiguration(one: IpConfiguration, context: WriteContext, before: object): void {
  one.properties ??= {};
  const properties = one.properties;
  fillIn(properties, { privateIPAllocationMethod: 'Dynamic', privateIPAddressVersion: 'IPv4' });
  if (!properties.subnet) return;
  const claim = {
    owner: `${context.idText}/ipConfigurations/${one.name}`,
    subnetId: properties.subnet.id,
    address: properties.privateIPAddress,
    method: properties.privateIPAllocationMethod ?? 'Dynamic',
    version: properties.privateIPAddressVersion ?? 'IPv4',
    preferred: (before as Record<string, string>)[one.name ?? ''],
  };
  const address = claimPrivateAddress(context, claim);
  (before as Record<string, string>)[one.name ?? ''] = address;
  if (properties.privateIPAllocationMethod === 'Static') properties.privateIPAddress = address;
  else delete properties.privateIPAddress;
}

function completePrivateLinkService(context: WriteContext<PrivateLinkServiceDocument>): void {
  const { document, id, idText, existing } = context;
  const properties = document.properties;
  keepResourceGuid(context);
  const guid = stableGuid(`${idText}|${String(properties.resourceGuid)}`);
  const [name = ''] = id.names;
  const nic = { ...id, types: ['networkInterfaces'], names: [`${name}.nic.${guid}`] };
  fillIn(properties, {
    fqdns: [],
    alias: `${name}.${guid}.${document.location}.azure.privatelinkservice`,
    enableProxyProtocol: false,
    loadBalancerFrontendIpConfigurations: [],
    ipConfigurations: [],
    privateEndpointConnections: [],
    networkInterfaces: [{ id: formatResourceId(nic) }],
  });
  const all = properties.ipConfigurations ?? [];
  // Addresses that Azure does not show are kept beside what it shows.
  const held = { ...(existing?.document.heldAddresses as object | undefined) };
  for (const one of all) completeIpConfiguration(one, context, held);
  document.heldAddresses = held;
  const primary = all.find((one) => one.properties?.primary) ?? all[0];
  for (const one of all) fillIn(one.properties ?? {}, { primary: one === primary });
}

function* checkPrivateLinkService(context: WriteContext<PrivateLinkServiceDocument>): Generator<AzureError> {
  const { document, id, idText, lookup } = context;
  const {
    loadBalancerFrontendIpConfigurations: frontends = [],
    destinationIPAddress,
    ipConfigurations = [],
  } = document.properties;
  if (frontends.length > 0 === (destinationIPAddress !== undefined)) {
    yield azureError('EitherOneLoadBalancerFrontendIpConfigurationOrDestinationIPAddressRequiredOnPrivateLinkService', {
      values: { name: id.names[0] ?? '' },
    });
  }
  const refusal = (what: string) => azureError('PrivateLinkServiceCannotHave', { values: { id: idText, what } });
  if (ipConfigurations.length === 0) yield refusal('no IP configuration');
  if (ipConfigurations.length > 8) yield refusal('more than 8 IP configurations');
  if (new Set(frontends.map(({ id: frontend }) => rootKey(frontend))).size > 1) {
    yield refusal('frontends of more than one load balancer');
  }
  for (const { id: frontend } of frontends) {
    const loadBalancer = lookup.resource(rootKey(frontend));
    if (!loadBalancer) continue;
    const values = { id: idText, loadBalancer: loadBalancer.id };
    if (loadBalancer.document.sku?.name === 'Basic') {
      yield azureError('PrivateLinkServiceIsNotSupportedForBasicLoadBalancer', { values });
    }
    if (loadBalancer.document.sku?.name === 'Gateway') yield refusal('a frontend of a Gateway load balancer');
    // differs: its documents want an internal frontend, but Azure was seen to take a public one.
    if (hasIPBasedPool(loadBalancer.document as LoadBalancerDocument)) {
      yield azureError('PrivateLinkServiceIsNotSupportedForIPBasedLoadBalancer', { values });
    }
  }
  for (const { properties } of ipConfigurations) {
    const subnet = properties?.subnet?.id;
    const policies = subnet && lookUpChild(lookup, subnet)?.child.properties?.privateLinkServiceNetworkPolicies;
    if (subnet === undefined || policies !== 'Enabled') continue;
    yield azureError('PrivateLinkServiceCannotBeCreatedInSubnetThatHasNetworkPoliciesEnabled', {
      values: { id: idText, subnet },
    });
  }
}

/** Whether a subscription sees the private link service with this alias: its own, and those that show themselves to it. */
export function isVisible(
  lookup: Pick<Lookup, 'everyOfType'>,
  { subscriptionId, alias }: { subscriptionId: string; alias: string },
): boolean {
  for (const one of lookup.everyOfType('Microsoft.Network/privateLinkServices')) {
    const { alias: own, visibility } = one.document.properties as { alias?: string; visibility?: VisibleTo };
    if (own?.toLowerCase() !== alias.toLowerCase()) continue;
    const allowed = visibility?.subscriptions ?? [];
    return (
      one.subscriptionId === subscriptionId.toLowerCase() || allowed.some((id) => id === '*' || id === subscriptionId)
    );
  }
  return false;
}

export const privateLinkServices = resourceType<PrivateLinkServiceDocument>({
  type: 'Microsoft.Network/privateLinkServices',
  apiVersions: networkApiVersionsSince('2019-04-01'),
  schema,
  defaults: completePrivateLinkService,
  check: checkPrivateLinkService,
});
