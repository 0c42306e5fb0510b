/**
 * An ipConfiguration behind several load balancers of one type, public or internal: without floating IP it can receive
 * a protocol and backend port from one of them only.
 */
import { type AzureError, azureError } from '../../../errors/index.js';
import { childWithId, lookUpChild } from '../../children.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { Lookup, WriteContext } from '../../resource-type.js';
import { loadBalancerChild } from './child.js';
import type { LoadBalancerDocument } from './document.js';
import { isInternal } from './frontendIPConfigurations.js';

interface Membership {
  /** Id of the ipConfiguration. */
  readonly id: string;
  readonly pools: readonly string[];
  readonly natRules: readonly string[];
}

interface Use {
  readonly loadBalancer: string;
  readonly rule: string;
  readonly protocol: string;
  readonly port: number;
}

interface Member {
  loadBalancerBackendAddressPools?: readonly { id: string }[];
  loadBalancerInboundNatRules?: readonly { id: string }[];
}

const membershipOf = (id: string, properties: Member | undefined): Membership => ({
  id,
  pools: (properties?.loadBalancerBackendAddressPools ?? []).map((one) => one.id),
  natRules: (properties?.loadBalancerInboundNatRules ?? []).map((one) => one.id),
});

type Find = (key: string) => { readonly id: string; readonly document: LoadBalancerDocument } | undefined;

function* usesOf({ pools, natRules }: Membership, find: Find): Generator<Use> {
  for (const pool of pools) {
    const found = find(rootKey(pool));
    for (const { name, properties } of found?.document.properties.loadBalancingRules ?? []) {
      const named = properties?.backendAddressPools?.some(({ id }) => idKey(id) === idKey(pool));
      if (!found || !named || properties?.enableFloatingIP) continue;
      const { protocol = 'Tcp', backendPort: port = 0 } = properties ?? {};
      const rule = loadBalancerChild(found.id, 'loadBalancingRules', name);
      yield { loadBalancer: found.id, rule, protocol, port };
    }
  }
  for (const id of natRules) {
    const found = find(rootKey(id));
    const rules = found?.document.properties.inboundNatRules ?? [];
    const named = childWithId(rules, id);
    if (!found || !named || named.properties?.enableFloatingIP) continue;
    const { protocol = 'Tcp', backendPort: port = 0 } = named.properties ?? {};
    yield { loadBalancer: found.id, rule: loadBalancerChild(found.id, 'inboundNatRules', named.name), protocol, port };
  }
}

function* conflicts(membership: Membership, find: Find): Generator<AzureError> {
  const taken = new Map<string, Use>();
  for (const use of usesOf(membership, find)) {
    const frontends = find(idKey(use.loadBalancer))?.document.properties.frontendIPConfigurations ?? [];
    const key = `${frontends.some(isInternal)}|${use.protocol}|${use.port}`;
    const other = taken.get(key);
    if (!other) taken.set(key, use);
    else if (other.loadBalancer !== use.loadBalancer) {
      const { protocol, port, rule: second } = use;
      yield azureError('RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndIPConfig', {
        values: { first: other.rule, second, protocol, port, ipConfiguration: membership.id },
      });
    }
  }
}

const findIn =
  (lookup: Lookup): Find =>
  (key) =>
    lookup.resource(key) as ReturnType<Find>;

/** What Azure refuses about ipConfigurations that join load balancers. */
export function* checkLoadBalancersOf(
  ipConfigurations: readonly { readonly name?: string | undefined; readonly properties?: Member | undefined }[],
  { idText, lookup }: Pick<WriteContext, 'idText' | 'lookup'>,
): Generator<AzureError> {
  for (const { name, properties } of ipConfigurations) {
    yield* conflicts(membershipOf(`${idText}/ipConfigurations/${name}`, properties), findIn(lookup));
  }
}

/** What Azure refuses about a load balancer whose members are behind others too. */
export function* checkOtherLoadBalancers(context: WriteContext<LoadBalancerDocument>): Generator<AzureError> {
  const self = idKey(context.idText);
  const others = findIn(context.lookup);
  const find: Find = (key) => (key === self ? { id: context.idText, document: context.document } : others(key));
  const members = new Set(
    context.lookup
      .linksInto(self)
      .filter(({ sourceType }) => sourceType === 'Microsoft.Network/networkInterfaces/ipConfigurations')
      .map(({ sourceId }) => sourceId),
  );
  for (const id of members) {
    const membership = membershipOf(id, lookUpChild(context.lookup, id)?.child.properties as Member | undefined);
    const elsewhere = [...membership.pools, ...membership.natRules].some((one) => rootKey(one) !== self);
    if (elsewhere) yield* conflicts(membership, find);
  }
}
