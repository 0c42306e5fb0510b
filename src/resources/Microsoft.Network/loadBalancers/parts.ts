/**
 * What the parts of a load balancer must say, whichever of them is written: where a rule comes from and goes to, parts of
 * the same balancer, internal frontends of one virtual network, and addresses that a pool can have.
 */
import { type AzureError, azureError } from '../../../errors/index.js';
import { parseIpAddress } from '../../../support/ip-address.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { WriteContext } from '../../resource-type.js';
import { loadBalancerChild } from './child.js';
import type { LoadBalancerDocument } from './document.js';
import { isInternal } from './frontendIPConfigurations.js';

type Context = WriteContext<LoadBalancerDocument>;
type Reference = { id: string } | undefined;

/** A part that needs some members, and which of them it has. */
function* checkSaid(id: string, members: Readonly<Record<string, unknown>>): Generator<AzureError> {
  for (const [what, value] of Object.entries(members)) {
    const isSaid = Array.isArray(value) ? value.length > 0 : value !== undefined;
    if (!isSaid) yield azureError('LoadBalancerPartIsIncomplete', { values: { id, what } });
  }
}

/** Parts refer to parts of their own balancer. */
function* checkOwn(id: string, references: readonly Reference[], { idText }: Context): Generator<AzureError> {
  for (const reference of references) {
    if (!reference || rootKey(reference.id) === idKey(idText)) continue;
    yield azureError('InvalidResourceReference', { values: { id, referenced: reference.id } });
  }
}

function* checkRules(context: Context): Generator<AzureError> {
  const { loadBalancingRules, outboundRules, inboundNatRules, inboundNatPools } = context.document.properties;
  const child = (collection: string, name: string | undefined) => loadBalancerChild(context.idText, collection, name);
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
    yield* checkOwn(id, [frontendIPConfiguration, probe, ...backendAddressPools], context);
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
    const { frontendIPConfigurations, backendAddressPool } = properties;
    yield* checkSaid(id, { frontendIPConfigurations, backendAddressPool });
    yield* checkOwn(id, [...(frontendIPConfigurations ?? []), backendAddressPool], context);
  }
  for (const { name, properties = {} } of inboundNatRules ?? []) {
    const id = child('inboundNatRules', name);
    const { frontendIPConfiguration, backendAddressPool } = properties;
    yield* checkSaid(id, { frontendIPConfiguration });
    yield* checkOwn(id, [frontendIPConfiguration, backendAddressPool], context);
  }
  for (const { name, properties = {} } of inboundNatPools ?? []) {
    const id = child('inboundNatPools', name);
    const { frontendIPConfiguration, frontendPortRangeStart: start = 0, frontendPortRangeEnd: end = 0 } = properties;
    yield* checkSaid(id, { frontendIPConfiguration });
    yield* checkOwn(id, [frontendIPConfiguration], context);
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
  const isInternalOnly = internal.length > 0 && internal.length === all.length;
  if (isInternalOnly && document.properties.outboundRules?.length) {
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
    if (networks.size > 1) yield refusal('addresses of more than one virtual network');
    if (seen.size > 0 && networks.size === 0) yield refusal('addresses without a virtual network');
  }
}

/** What Azure refuses of the parts of a load balancer by themselves. */
export function* checkParts(context: Context): Generator<AzureError> {
  yield* checkRules(context);
  yield* checkFrontends(context);
  yield* checkPoolAddresses(context);
}
