/** Frontend IP configurations of a load balancer (`loadBalancers/frontendIPConfigurations`). */

import { type AzureError, azureError } from '../../../errors/index.js';
import { childrenIn, childWithId } from '../../references.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { Lookup, Resource, WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { checkZonesKnown } from '../../validation.js';
import { checkNoNatGateway, childOf, loadBalancerChild } from '../common-members.js';
import { versions } from '../member-versions.js';
import { claimPrivateAddress } from '../private-address.js';

const lb = 'Microsoft.Network/loadBalancers';

export const frontendIPConfiguration = Schema.envelope('name id etag type properties zones', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      privateIPAddress: Schema.string(),
      privateIPAllocationMethod: Schema.oneOf(['Static', 'Dynamic'], { clrType: 'IpAllocationMethod' }),
      publicIPAddress: Schema.reference('Microsoft.Network/publicIPAddresses'),
      subnet: Schema.reference('Microsoft.Network/virtualNetworks/subnets'),
      gatewayLoadBalancer: Schema.reference(
        `${lb}/frontendIPConfigurations`,
        versions.frontendIPConfiguration.gatewayLoadBalancer,
      ),
      publicIPPrefix: Schema.reference(
        'Microsoft.Network/publicIPPrefixes',
        versions.frontendIPConfiguration.publicIPPrefix,
      ),
      ddosSettings: Schema.object(
        { ddosCustomPolicy: Schema.reference('Microsoft.Network/ddosCustomPolicies') },
        versions.frontendIPConfiguration.ddosSettings,
      ),
      outboundRules: Schema.backReferences(
        `${lb}/outboundRules`,
        'frontendIPConfigurations',
        versions.frontendIPConfiguration.outboundRules,
      ),
      loadBalancingRules: Schema.backReferences(`${lb}/loadBalancingRules`, 'frontendIPConfiguration'),
      inboundNatRules: Schema.backReferences(`${lb}/inboundNatRules`, 'frontendIPConfiguration'),
      outboundNatRules: Schema.backReferences(
        `${lb}/outboundNatRules`,
        'frontendIPConfigurations',
        versions.frontendIPConfiguration.outboundNatRules,
      ),
      inboundNatPools: Schema.backReferences(`${lb}/inboundNatPools`, 'frontendIPConfiguration'),
      privateIPAddressVersion: Schema.oneOf(['IPv4', 'IPv6'], {
        ...versions.frontendIPConfiguration.privateIPAddressVersion,
        clrType: 'IPVersion',
      }),
    },
    { clrType: 'FrontendIPConfigurationProperties' },
  ),
  zones: Schema.zones(versions.frontendIPConfiguration.zones),
});
export type FrontendIPConfiguration = Schema.Static<typeof frontendIPConfiguration>;

const frontendWithId = (loadBalancer: Resource, id: string) =>
  childWithId(childrenIn(loadBalancer.document.properties, 'frontendIPConfigurations'), id) as
    | FrontendIPConfiguration
    | undefined;

/** The public IP address of a frontend; undefined for an internal one. */
export function publicIPOf(loadBalancer: Resource, frontendId: string, lookup: Lookup): Resource | undefined {
  const publicIP = frontendWithId(loadBalancer, frontendId)?.properties?.publicIPAddress;
  return publicIP && lookup.resource(idKey(publicIP.id));
}

/** Address of a frontend as Azure shows it; undefined while it has none. */
export function frontendAddress(loadBalancer: Resource, frontendId: string, lookup: Lookup): string | undefined {
  const frontend = frontendWithId(loadBalancer, frontendId)?.properties;
  if (!frontend?.publicIPAddress) return frontend?.privateIPAddress;
  return publicIPOf(loadBalancer, frontendId, lookup)?.document.properties.ipAddress as string | undefined;
}

/** The frontend has an address inside a virtual network. */
export const isInternal = (frontend: FrontendIPConfiguration): boolean => frontend.properties?.subnet !== undefined;

const storedFrontend = (name: string | undefined, context: WriteContext) =>
  childOf(context.existing, 'frontendIPConfigurations', name) as FrontendIPConfiguration | undefined;

/**
 * Frontends in the order in which they claim addresses: those that name one, those that hold one, then the new ones, so
 * that no frontend is given an address that another one names or holds.
 */
export function inOrderOfClaims(
  frontends: readonly FrontendIPConfiguration[],
  context: WriteContext,
): FrontendIPConfiguration[] {
  const rank = ({ name, properties }: FrontendIPConfiguration): number => {
    if (properties?.privateIPAllocationMethod === 'Static') return 0;
    return storedFrontend(name, context)?.properties?.privateIPAddress === undefined ? 2 : 1;
  };
  return [...frontends].sort((a, b) => rank(a) - rank(b));
}

/** Fills in what Azure fills in, and claims the private address of an internal frontend. */
export function completeFrontend(frontend: FrontendIPConfiguration, context: WriteContext): void {
  frontend.properties ??= {};
  const properties = frontend.properties;
  // Azure shows Dynamic for public frontends too.
  properties.privateIPAllocationMethod ??= 'Dynamic';
  if (!properties.subnet || properties.publicIPAddress) {
    delete properties.privateIPAddress;
    return;
  }
  properties.privateIPAddressVersion ??= 'IPv4';
  const before = storedFrontend(frontend.name, context);
  const sameSubnet =
    before?.properties?.subnet !== undefined && idKey(before.properties.subnet.id) === idKey(properties.subnet.id);
  properties.privateIPAddress = claimPrivateAddress(context, {
    owner: loadBalancerChild(context.idText, 'frontendIPConfigurations', frontend.name),
    subnetId: properties.subnet.id,
    address: properties.privateIPAllocationMethod === 'Static' ? properties.privateIPAddress : undefined,
    method: properties.privateIPAllocationMethod,
    version: properties.privateIPAddressVersion,
    preferred: sameSubnet ? before?.properties?.privateIPAddress : undefined,
  });
}

const zonesText = (given: readonly string[] | undefined): string => (given?.length ? [...given].sort().join(', ') : '');

function* checkPublicIPAddress(frontend: FrontendIPConfiguration, context: WriteContext): Generator<AzureError> {
  const used = frontend.properties?.publicIPAddress;
  const publicIP = used && context.lookup.resource(idKey(used.id));
  if (!used || !publicIP) return;
  const id = loadBalancerChild(context.idText, 'frontendIPConfigurations', frontend.name);
  const ipSku = publicIP.document.sku?.name ?? 'Basic';
  const lbSku = context.document.sku?.name ?? 'Basic';
  // differs: a Basic balancer may use a Standard address, because `sku` is left out by clients that mean Standard.
  if (ipSku === 'Basic' && lbSku !== 'Basic') {
    yield azureError('PublicIPAndLBSkuDoNotMatch', {
      values: { lbSku, ipSku, id: context.idText, publicIP: publicIP.id },
    });
  }
  for (const link of context.lookup.linksInto(publicIP.key)) {
    if (!/^publicIPAddress(es)?$/i.test(link.path) || rootKey(link.sourceId) === idKey(context.idText)) continue;
    yield azureError('PublicIPAddressInUse', { values: { id, publicIP: publicIP.id, user: link.sourceId } });
  }
}

/** What Azure refuses about one frontend. */
export function* checkFrontend(frontend: FrontendIPConfiguration, context: WriteContext): Generator<AzureError> {
  const id = loadBalancerChild(context.idText, 'frontendIPConfigurations', frontend.name);
  const { subnet, publicIPAddress, publicIPPrefix } = frontend.properties ?? {};
  if (subnet && (publicIPAddress || publicIPPrefix)) {
    yield azureError('FrontendIPConfigHasBothSubnetAndPublicIP', { values: { id } });
  }
  if (!subnet && !publicIPAddress && !publicIPPrefix) {
    yield azureError('FrontendIPConfigHasNoSubnetOrPublicIP', { values: { id } });
  }
  yield* checkPublicIPAddress(frontend, context);
  yield* checkZonesKnown(frontend.zones, { resource: id, location: context.document.location });
  if (subnet && context.document.sku?.name === 'Basic') yield* checkNoNatGateway([{ id, subnet }], context);
  const before = storedFrontend(frontend.name, context);
  if (before && zonesText(before.zones) !== zonesText(frontend.zones)) {
    const existing = before.zones?.length ? zonesText(before.zones) : '{}';
    const requested = frontend.zones?.length ? zonesText(frontend.zones) : '{}';
    yield azureError('ResourceAvailabilityZonesCannotBeModified', { values: { id, existing, requested } });
  }
  if (frontend.zones?.length && publicIPAddress) {
    const code = 'LoadBalancerFrontendIPConfigCannotHaveZoneWhenReferencingPublicIPAddress';
    yield azureError(code, { values: { id } });
  }
}

/** Two frontends of one load balancer cannot share a public IP address. */
export function* checkFrontendsTogether(
  frontends: readonly FrontendIPConfiguration[],
  context: WriteContext,
): Generator<AzureError> {
  const seen = new Set<string>();
  for (const frontend of frontends) {
    const publicIP = frontend.properties?.publicIPAddress?.id;
    if (publicIP === undefined) continue;
    if (seen.has(idKey(publicIP))) {
      yield azureError('PublicIPReferencedByMultipleIPConfigs', { values: { publicIP, id: context.idText } });
    }
    seen.add(idKey(publicIP));
  }
}
