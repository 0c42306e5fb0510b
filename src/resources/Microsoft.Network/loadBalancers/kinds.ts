/**
 * What the kinds of load balancers do not have: Global ones serve public addresses of tier Global and balancers of
 * regions, Gateway ones are internal, and those in front of a private link service have network interfaces behind them.
 */
import { type AzureError, azureError } from '../../../errors/index.js';
import { childWithId } from '../../children.js';
import { idKey } from '../../resource-id.js';
import type { Lookup, WriteContext } from '../../resource-type.js';
import { loadBalancerChild } from './child.js';
import type { LoadBalancerDocument } from './document.js';
import type { FrontendIPConfiguration } from './frontendIPConfigurations.js';

type Context = WriteContext<LoadBalancerDocument>;

function* checkFrontendTiers({ document, idText, lookup }: Context): Generator<AzureError> {
  const tier = document.sku?.tier ?? 'Regional';
  for (const { name, properties } of document.properties.frontendIPConfigurations ?? []) {
    const id = loadBalancerChild(idText, 'frontendIPConfigurations', name);
    if (document.sku?.name === 'Gateway' && !properties?.subnet) {
      yield azureError('GatewayLoadBalancerNeedsInternalFrontend', { values: { id } });
    }
    if (tier === 'Global' && properties?.subnet) {
      yield azureError('GlobalLoadBalancerNeedsPublicFrontend', { values: { id } });
    }
    const publicIP = properties?.publicIPAddress && lookup.resource(idKey(properties.publicIPAddress.id));
    const theirs = publicIP?.document.sku?.tier ?? 'Regional';
    if (publicIP && theirs !== tier) {
      const values = { id: idText, tier, publicIP: publicIP.id, theirs };
      yield azureError('PublicIPAndLoadBalancerTierDoNotMatch', { values });
    }
  }
}

/** Azure has these of regional balancers only. */
const notOfGlobal = ['inboundNatRules', 'inboundNatPools', 'outboundRules'] as const;

function* checkGlobal({ document, idText }: Context): Generator<AzureError> {
  if (document.sku?.tier !== 'Global') return;
  for (const collection of notOfGlobal) {
    if (!document.properties[collection]?.length) continue;
    yield azureError('GlobalLoadBalancerDoesNotSupport', { values: { id: idText, collection } });
  }
  for (const { name, properties } of document.properties.backendAddressPools ?? []) {
    if (!properties?.loadBalancerBackendAddresses?.some((one) => one.properties?.ipAddress)) continue;
    const id = loadBalancerChild(idText, 'backendAddressPools', name);
    yield azureError('GlobalLoadBalancerPoolNeedsFrontends', { values: { id } });
  }
}

/** A Gateway balancer forwards everything that comes. */
function* checkGateway({ document, idText }: Context): Generator<AzureError> {
  if (document.sku?.name !== 'Gateway') return;
  for (const { name, properties } of document.properties.loadBalancingRules ?? []) {
    if (properties?.protocol === 'All' && !properties.frontendPort && !properties.backendPort) continue;
    const id = loadBalancerChild(idText, 'loadBalancingRules', name);
    yield azureError('GatewayLoadBalancerRuleNeedsAllPorts', { values: { id } });
  }
}

/** `IPv4` or `IPv6`, by the frontend's public address or its own word. */
export function versionOf({ properties }: FrontendIPConfiguration, { lookup }: { readonly lookup: Lookup }): unknown {
  const used = properties?.publicIPAddress?.id;
  const publicIP = used === undefined ? undefined : lookup.resource(idKey(used));
  return publicIP?.document.properties.publicIPAddressVersion ?? properties?.privateIPAddressVersion ?? 'IPv4';
}

/** A rule does not translate between the versions of IP. */
function* checkVersions(context: Context): Generator<AzureError> {
  const { loadBalancingRules, frontendIPConfigurations, backendAddressPools } = context.document.properties;
  for (const { name, properties } of loadBalancingRules ?? []) {
    const frontend = childWithId(frontendIPConfigurations, properties?.frontendIPConfiguration?.id);
    const version = frontend && versionOf(frontend, context);
    for (const { id } of properties?.backendAddressPools ?? []) {
      const addresses = childWithId(backendAddressPools, id)?.properties?.loadBalancerBackendAddresses ?? [];
      const other = addresses
        .flatMap((one) => one.properties?.ipAddress ?? [])
        .find((address) => version !== undefined && (version === 'IPv6') !== address.includes(':'));
      if (other === undefined) continue;
      const values = {
        id: loadBalancerChild(context.idText, 'loadBalancingRules', name),
        version: String(version),
        pool: id,
      };
      yield azureError('FrontendAndBackendPoolIPVersionDoNotMatch', { values });
    }
  }
}

/** Whether a pool holds addresses instead of network interfaces. */
export const hasIPBasedPool = (document: LoadBalancerDocument): boolean =>
  document.properties.backendAddressPools?.some(({ properties }) =>
    properties?.loadBalancerBackendAddresses?.some((one) => one.properties?.ipAddress !== undefined),
  ) ?? false;

function* checkPrivateLinkService({ document, idText, lookup }: Context): Generator<AzureError> {
  if (!hasIPBasedPool(document)) return;
  const link = lookup.linksInto(idKey(idText)).find(({ path }) => path === 'loadBalancerFrontendIpConfigurations');
  if (!link) return;
  const values = { id: link.sourceId, loadBalancer: idText };
  yield azureError('PrivateLinkServiceIsNotSupportedForIPBasedLoadBalancer', { values });
}

/** What Azure refuses about a load balancer of its kind. */
export function* checkKind(context: Context): Generator<AzureError> {
  yield* checkFrontendTiers(context);
  yield* checkGlobal(context);
  yield* checkGateway(context);
  yield* checkVersions(context);
  yield* checkPrivateLinkService(context);
}
