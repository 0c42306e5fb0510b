/**
 * IP configurations of a network interface (`networkInterfaces/ipConfigurations`): its private addresses, and its
 * membership in backend pools and NAT rules. Imitates
 * https://learn.microsoft.com/azure/virtual-network/ip-services/virtual-network-network-interface-addresses.
 */

import { type AzureError, azureError } from '../../../errors/index.js';
import { childNamed, childrenIn, lookUpChild } from '../../references.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { dropEmptyLists, fillIn, ipAllocationMethod, ipVersion } from '../common-members.js';
import { versions } from '../member-versions.js';
import { claimPrivateAddress, subnetPrefixes } from '../private-address.js';

const lb = 'Microsoft.Network/loadBalancers';

export const ipConfiguration = Schema.envelope('name id etag type properties', {
  type: Schema.string({ readOnly: true }),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      privateIPAddress: Schema.string(),
      privateIPAddressPrefixLength: Schema.integer(versions.ipConfiguration.privateIPAddressPrefixLength),
      privateIPAllocationMethod: ipAllocationMethod(),
      publicIPAddress: Schema.reference('Microsoft.Network/publicIPAddresses'),
      subnet: Schema.reference('Microsoft.Network/virtualNetworks/subnets'),
      primary: Schema.boolean(),
      privateIPAddressVersion: ipVersion(versions.ipConfiguration.privateIPAddressVersion),
      gatewayLoadBalancer: Schema.reference(
        `${lb}/frontendIPConfigurations`,
        versions.ipConfiguration.gatewayLoadBalancer,
      ),
      applicationSecurityGroups: Schema.array(
        Schema.reference('Microsoft.Network/applicationSecurityGroups'),
        versions.ipConfiguration.applicationSecurityGroups,
      ),
      applicationGatewayBackendAddressPools: Schema.array(
        Schema.reference('Microsoft.Network/applicationGateways/backendAddressPools'),
        versions.ipConfiguration.applicationGatewayBackendAddressPools,
      ),
      loadBalancerBackendAddressPools: Schema.array(Schema.reference(`${lb}/backendAddressPools`)),
      loadBalancerInboundNatRules: Schema.array(Schema.reference(`${lb}/inboundNatRules`)),
      virtualNetworkTaps: Schema.array(
        Schema.reference('Microsoft.Network/virtualNetworkTaps'),
        versions.ipConfiguration.virtualNetworkTaps,
      ),
      isInUseWithService: Schema.boolean({ readOnly: true, ...versions.ipConfiguration.isInUseWithService }),
      privateLinkConnectionProperties: Schema.anything({
        readOnly: true,
        ...versions.ipConfiguration.privateLinkConnectionProperties,
      }),
    },
    { clrType: 'NetworkInterfaceIPConfigurationProperties' },
  ),
});
export type IPConfiguration = Schema.Static<typeof ipConfiguration>;

const listsLeftOutWhenEmpty = [
  'applicationSecurityGroups',
  'applicationGatewayBackendAddressPools',
  'loadBalancerBackendAddressPools',
  'loadBalancerInboundNatRules',
  'virtualNetworkTaps',
];

const propertiesOf = (one: IPConfiguration): NonNullable<IPConfiguration['properties']> => {
  one.properties ??= {};
  return one.properties;
};

function heldAddress(one: IPConfiguration, context: WriteContext): string | undefined {
  const all = childrenIn(context.existing?.document.properties, 'ipConfigurations');
  const before = childNamed(all, one.name)?.properties as IPConfiguration['properties'];
  const subnet = one.properties?.subnet;
  const same = before?.subnet !== undefined && subnet !== undefined && idKey(before.subnet.id) === idKey(subnet.id);
  return same ? before.privateIPAddress : undefined;
}

/** A whole block of addresses, which Azure shows as a prefix in `privateIPAddress`. */
function claimAddressBlock(one: IPConfiguration, context: WriteContext, length: number): string | undefined {
  const subnet = lookUpChild(context.lookup, one.properties?.subnet?.id ?? '')?.child;
  if (!subnet) return undefined;
  for (const prefix of subnetPrefixes(subnet)) {
    const result = context.addresses.claimBlock({
      pool: idKey(one.properties?.subnet?.id ?? ''),
      owner: `${context.idText}/ipConfigurations/${one.name}`,
      prefix,
      length,
      preferred: heldAddress(one, context),
    });
    if ('prefix' in result) return result.prefix;
  }
  const prefix = subnetPrefixes(subnet).join(', ');
  throw azureError('SubnetIsFull', { values: { name: subnet.name ?? '', prefix, count: 2 ** (32 - length) } });
}

function claimAddress(one: IPConfiguration, context: WriteContext): void {
  const properties = propertiesOf(one);
  // An IPv6 configuration of the first kind has no subnet and no address of its own.
  if (!properties.subnet) return;
  const length = properties.privateIPAddressPrefixLength;
  const address =
    length !== undefined && length < 32
      ? claimAddressBlock(one, context, length)
      : claimPrivateAddress(context, {
          owner: `${context.idText}/ipConfigurations/${one.name}`,
          subnetId: properties.subnet.id,
          address: properties.privateIPAddress,
          method: properties.privateIPAllocationMethod ?? 'Dynamic',
          version: properties.privateIPAddressVersion ?? 'IPv4',
          preferred: heldAddress(one, context),
        });
  if (address === undefined) delete properties.privateIPAddress;
  else properties.privateIPAddress = address;
}

/** Fills in what Azure fills in, and claims every address. */
export function completeIPConfigurations(all: IPConfiguration[], context: WriteContext): void {
  for (const one of all) {
    const properties = propertiesOf(one);
    fillIn(properties, { privateIPAllocationMethod: 'Dynamic', privateIPAddressVersion: 'IPv4' });
    (properties as Record<string, unknown>).isInUseWithService = false;
    if (all.length === 1) properties.primary = true;
    dropEmptyLists(properties, listsLeftOutWhenEmpty);
  }
  const versionFour = all.filter((one) => propertiesOf(one).privateIPAddressVersion !== 'IPv6');
  // Beside IPv6 configurations the only IPv4 one is primary when no other is, even if the request says no (recorded).
  if (versionFour.length === 1 && !all.some((one) => propertiesOf(one).primary)) {
    for (const one of versionFour) propertiesOf(one).primary = true;
  }
  for (const one of all) propertiesOf(one).primary ??= false;
  // Schema.Static addresses first, then those held already: no new one takes what the request names or another one has.
  const rank = (one: IPConfiguration): number => {
    if (propertiesOf(one).privateIPAllocationMethod === 'Static') return 0;
    return heldAddress(one, context) === undefined ? 2 : 1;
  };
  for (const one of [...all].sort((a, b) => rank(a) - rank(b))) claimAddress(one, context);
}

/** What Azure refuses about the configurations of one network interface. */
export function* checkIPConfigurations(all: readonly IPConfiguration[], context: WriteContext): Generator<AzureError> {
  const name = context.id.names[0] ?? '';
  if (all.length === 0) yield azureError('InvalidIPConfigCount', { values: { name } });
  if (!all.some((one) => one.properties?.primary)) {
    yield azureError('NetworkInterfaceMustHaveOneOneIPConfigAsPrimary', { values: { name } });
  }
  if (all.filter((one) => one.properties?.primary).length > 1) {
    yield azureError('NetworkInterfaceHasSeveralPrimaryIPConfigs', { values: { name } });
  }
  for (const { name: secondary = '', properties } of all) {
    if (properties?.primary || !properties?.applicationGatewayBackendAddressPools?.length) continue;
    const values = { id: context.idText, name: secondary };
    yield azureError('ApplicationGatewayLoadBalancingNotSupportedOnSecondaryIpConfigurations', { values });
  }
  const subnets = new Map<string, string>();
  for (const one of all) {
    const subnet = one.properties?.subnet?.id;
    if (subnet !== undefined) {
      subnets.set(idKey(subnet), subnet);
      yield* checkNotDelegated(subnet, context);
    } else if (one.properties?.privateIPAddressVersion !== 'IPv6') {
      const id = `${context.idText}/ipConfigurations/${one.name}`;
      yield azureError('IPConfigurationMustHaveSubnet', { values: { id } });
    }
  }
  if (subnets.size > 1) {
    yield azureError('IpConfigurationsOnSameNicCannotUseDifferentSubnets', {
      values: { id: context.idText, subnets: [...subnets.values()].join(';') },
    });
  }
  yield* checkSecondary(all, context);
}

/** In a subnet that belongs to a service only the service has network interfaces. */
function* checkNotDelegated(subnet: string, { idText: id, lookup }: WriteContext): Generator<AzureError> {
  const [delegation] = childrenIn(lookUpChild(lookup, subnet)?.child.properties, 'delegations');
  if (!delegation) return;
  const service = String(delegation.properties?.serviceName);
  yield azureError('ResourceNotPermittedOnDelegatedSubnet', { values: { id, subnet, service } });
}

/** Until 2016-03-30 only the primary configuration could be load balanced. */
function* checkSecondary(all: readonly IPConfiguration[], context: WriteContext): Generator<AzureError> {
  if (context.apiVersion > '2016-03-30') return;
  for (const { name = '', properties } of all) {
    if (properties?.primary || !properties?.loadBalancerBackendAddressPools?.length) continue;
    yield azureError('LoadBalancingRulesNotSupportedOnSecondaryIpConfigurations', {
      values: { nic: context.idText, name },
    });
  }
}

/** Ids of the load balancers that the configurations name, folded. */
export function loadBalancersOf(all: readonly IPConfiguration[]): string[] {
  const keys = all.flatMap(({ properties }) =>
    [...(properties?.loadBalancerBackendAddressPools ?? []), ...(properties?.loadBalancerInboundNatRules ?? [])].map(
      ({ id }) => rootKey(id),
    ),
  );
  return [...new Set(keys)];
}
