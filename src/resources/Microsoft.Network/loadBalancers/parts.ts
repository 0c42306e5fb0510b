/**
 * The stored form of a load balancer: one document, its children inside. And what the parts must say, whichever of them is
 * written: where a rule comes from and goes to, parts of the same balancer, internal frontends of one virtual network,
 * addresses that a pool can have; and what the kinds of load balancers do not have: Global ones serve public addresses of
 * tier Global and balancers of regions, Gateway ones are internal, and those in front of a private link service have network
 * interfaces behind them.
 */
import { type AzureError, azureError } from '../../../errors/index.js';
import { parseIpAddress } from '../../../support/ip-address.js';
import { childWithId, onceForEach } from '../../references.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { Lookup, ResourceDocument, WriteContext } from '../../resource-type.js';
import { childOf, loadBalancerChild } from '../common-members.js';
import type { BackendAddressPool } from './backendAddressPools.js';
import { type FrontendIPConfiguration, isInternal } from './frontendIPConfigurations.js';
import type { InboundNatPool } from './inboundNatPools.js';
import type { InboundNatRule } from './inboundNatRules.js';
import type { LoadBalancingRule } from './loadBalancingRules.js';
import type { OutboundRule } from './outboundRules.js';
import type { Probe } from './probes.js';

export interface LoadBalancerProperties extends Record<string, unknown> {
  resourceGuid?: string;
  scope?: 'Public' | 'Private';
  frontendIPConfigurations?: FrontendIPConfiguration[];
  backendAddressPools?: BackendAddressPool[];
  loadBalancingRules?: LoadBalancingRule[];
  probes?: Probe[];
  inboundNatRules?: InboundNatRule[];
  outboundRules?: OutboundRule[];
  inboundNatPools?: InboundNatPool[];
}

export interface LoadBalancerDocument extends ResourceDocument {
  properties: LoadBalancerProperties;
}

/** The collections in the order in which Azure shows them; always present, even when empty. */
export const collections = [
  'frontendIPConfigurations',
  'backendAddressPools',
  'loadBalancingRules',
  'probes',
  'inboundNatRules',
  'outboundRules',
  'inboundNatPools',
] as const;

type Context = WriteContext<LoadBalancerDocument>;
type Reference = { id: string } | undefined;

/** A part that needs some members, and which of them it has. */
function checkSaid(id: string, members: Readonly<Record<string, unknown>>): readonly AzureError[] {
  const refusals: AzureError[] = [];
  for (const what in members) {
    const value = members[what];
    const isSaid = Array.isArray(value) ? value.length > 0 : value !== undefined;
    if (!isSaid) refusals.push(azureError('LoadBalancerPartIsIncomplete', { values: { id, what } }));
  }
  return refusals;
}

type IsOwn = (id: string) => boolean;

/** Parts refer to parts of their own balancer. */
function checkOwn(id: string, references: readonly Reference[], isOwn: IsOwn): readonly AzureError[] {
  const refusals: AzureError[] = [];
  for (const reference of references) {
    if (!reference || isOwn(reference.id)) continue;
    refusals.push(azureError('InvalidResourceReference', { values: { id, referenced: reference.id } }));
  }
  return refusals;
}

function* checkRules(context: Context): Generator<AzureError> {
  const { probes, loadBalancingRules, outboundRules, inboundNatRules, inboundNatPools } = context.document.properties;
  const own = idKey(context.idText);
  const isOwn = onceForEach((id) => rootKey(id) === own);
  const child = (collection: string, name: string | undefined) => loadBalancerChild(context.idText, collection, name);
  for (const { name, properties } of probes ?? []) {
    yield* checkSaid(child('probes', name), { protocol: properties?.protocol });
  }
  for (const { name, properties = {} } of loadBalancingRules ?? []) {
    const id = child('loadBalancingRules', name);
    const {
      frontendIPConfiguration,
      protocol,
      backendAddressPools = [],
      probe,
      frontendPort,
      backendPort,
    } = properties;
    yield* checkSaid(id, { frontendIPConfiguration, protocol });
    yield* checkOwn(id, [frontendIPConfiguration, probe, ...backendAddressPools], isOwn);
    const isEvery = protocol === 'All' || protocol === 'Quic';
    if (protocol === 'All' && (frontendPort || backendPort))
      yield azureError('HaPortsRuleNotSupported', { values: { id } });
    if (!isEvery && (!frontendPort || !backendPort)) {
      const what = 'frontendPort and backendPort';
      yield azureError('LoadBalancerPartIsIncomplete', { values: { id, what } });
    }
  }
  for (const { name, properties = {} } of outboundRules ?? []) {
    const id = child('outboundRules', name);
    const { frontendIPConfigurations, backendAddressPool, protocol } = properties;
    yield* checkSaid(id, { frontendIPConfigurations, backendAddressPool, protocol });
    yield* checkOwn(id, [...(frontendIPConfigurations ?? []), backendAddressPool], isOwn);
  }
  for (const { name, properties = {} } of inboundNatRules ?? []) {
    const id = child('inboundNatRules', name);
    const { frontendIPConfiguration, backendAddressPool } = properties;
    yield* checkSaid(id, { frontendIPConfiguration });
    yield* checkOwn(id, [frontendIPConfiguration, backendAddressPool], isOwn);
  }
  for (const { name, properties = {} } of inboundNatPools ?? []) {
    const id = child('inboundNatPools', name);
    const { frontendIPConfiguration, frontendPortRangeStart: start = 0, frontendPortRangeEnd: end = 0 } = properties;
    yield* checkSaid(id, { frontendIPConfiguration });
    yield* checkOwn(id, [frontendIPConfiguration], isOwn);
    if (start > end) yield azureError('InboundNatPoolFrontendPortRangeInvalid', { values: { id, start, end } });
  }
}

/** Internal frontends are in one virtual network, and nothing leaves by them. */
function* checkFrontends({ document, idText: id, lookup }: Context): Generator<AzureError> {
  const all = document.properties.frontendIPConfigurations ?? [];
  const internal = all.filter(isInternal);
  const refusal = (what: string) => azureError('LoadBalancerDoesNotSupport', { values: { id, what } });
  const networks = new Set(internal.map(({ properties }) => rootKey(properties?.subnet?.id ?? '')));
  if (networks.size > 1) yield refusal('frontends in more than one virtual network');
  if (internal.length > 0 && internal.length < all.length) yield refusal('public and internal frontends at once');
  if (internal.length > 0 && document.properties.outboundRules?.length) {
    yield refusal('outbound rules of internal frontends');
  }
  for (const { properties } of all) {
    const gateway = properties?.gatewayLoadBalancer?.id;
    const sku = gateway === undefined ? undefined : lookup.resource(rootKey(gateway))?.document.sku?.name;
    if (sku !== undefined && sku !== 'Gateway') yield refusal(`the gateway ${gateway} of sku ${sku}`);
  }
}

/** Addresses of a pool are addresses, each once, in one virtual network. */
function* checkPoolAddresses(context: Context): Generator<AzureError> {
  for (const { name, properties } of context.document.properties.backendAddressPools ?? []) {
    const id = loadBalancerChild(context.idText, 'backendAddressPools', name);
    const refusal = (what: string) => azureError('LoadBalancerPoolCannotHave', { values: { id, what } });
    const before = childOf(context.existing, 'backendAddressPools', name)?.properties as typeof properties;
    const isMoved = before?.virtualNetwork && properties?.virtualNetwork;
    if (isMoved && idKey(before.virtualNetwork?.id ?? '') !== idKey(properties.virtualNetwork?.id ?? '')) {
      yield refusal(`another virtual network than ${before.virtualNetwork?.id}`);
    }
    if ((properties?.drainPeriodInSeconds ?? 0) < 0) yield refusal('a drain period below 0');
    const tunnels = properties?.tunnelInterfaces ?? [];
    if (tunnels.length > 0 && context.document.sku?.name !== 'Gateway') {
      yield refusal(`tunnel interfaces under sku ${context.document.sku?.name}`);
    }
    for (const member of ['type', 'identifier'] as const) {
      const values = tunnels.map((one) => one[member]);
      if (new Set(values).size < values.length) yield refusal(`two tunnel interfaces of the same ${member}`);
    }
    const seen = new Set<string>();
    const networks = new Set(properties?.virtualNetwork ? [idKey(properties.virtualNetwork.id)] : []);
    for (const { properties: one } of properties?.loadBalancerBackendAddresses ?? []) {
      if (one?.ipAddress === undefined) continue;
      if (!parseIpAddress(one.ipAddress)) yield refusal(`the address ${one.ipAddress}, which is none`);
      if (seen.has(one.ipAddress)) yield refusal(`the address ${one.ipAddress} twice`);
      seen.add(one.ipAddress);
      if (one.virtualNetwork) networks.add(idKey(one.virtualNetwork.id));
      else if (one.subnet) networks.add(rootKey(one.subnet.id));
    }
    if (seen.size > 0 && context.document.sku?.name === 'Basic') yield refusal('IP addresses under sku Basic');
    if (networks.size > 1) yield refusal('addresses of more than one virtual network');
    if (seen.size > 0 && networks.size === 0) yield refusal('addresses without a virtual network');
  }
}

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
  const hasAddresses = backendAddressPools?.some(({ properties }) => properties?.loadBalancerBackendAddresses?.length);
  if (!hasAddresses) return;
  const frontendOf = onceForEach((id) => {
    const frontend = childWithId(frontendIPConfigurations, id);
    return { version: frontend && versionOf(frontend, context) };
  });
  /** Whether a pool has addresses of IPv6, and of IPv4. */
  const poolOf = onceForEach((id) => {
    const members = childWithId(backendAddressPools, id)?.properties?.loadBalancerBackendAddresses ?? [];
    const addresses = members.flatMap((one) => one.properties?.ipAddress ?? []);
    return [true, false].map((isIPv6) => addresses.some((address) => address.includes(':') === isIPv6));
  });
  for (const { name, properties } of loadBalancingRules ?? []) {
    const { version } = frontendOf(properties?.frontendIPConfiguration?.id ?? '');
    for (const { id } of properties?.backendAddressPools ?? []) {
      const [hasIPv6, hasIPv4] = poolOf(id);
      if (version === undefined || !(version === 'IPv6' ? hasIPv4 : hasIPv6)) continue;
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
  const links = lookup.linksInto(idKey(idText));
  if (!links.some(({ path }) => path === 'loadBalancerFrontendIpConfigurations')) return;
  const values = { loadBalancer: idText };
  yield azureError('PrivateLinkServiceIsNotSupportedForIPBasedLoadBalancer', { values });
}

/** What Azure refuses of the parts of a load balancer by themselves. */
export function* checkParts(context: Context): Generator<AzureError> {
  yield* checkRules(context);
  yield* checkFrontends(context);
  yield* checkPoolAddresses(context);
}

/** What Azure refuses about a load balancer of its kind. */
export function* checkKind(context: Context): Generator<AzureError> {
  yield* checkFrontendTiers(context);
  yield* checkGlobal(context);
  yield* checkGateway(context);
  yield* checkVersions(context);
  yield* checkPrivateLinkService(context);
}
