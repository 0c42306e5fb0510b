/** POST actions about load balancers: port mapping query, rule health, migration to IP-based pools, exchange of public addresses. */

import { type AzureError, azureError } from '../../../errors/index.js';
import { childNamed, lookUpChild } from '../../references.js';
import { idKey, parseResourceId, rootKey } from '../../resource-id.js';
import type { Action, ActionContext, ActionResult, Lookup, ResourceDocument } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { childOf, loadBalancerChild } from '../common-members.js';
import { membersOfPool } from './backendAddressPools.js';
import { portMappingOf } from './nat-ports.js';
import type { LoadBalancerDocument } from './parts.js';

const documentOf = (context: ActionContext): LoadBalancerDocument => context.resource.document as LoadBalancerDocument;

const notFound = (id: string): AzureError => azureError('NotFound', { values: { id } });

function existingChild(context: ActionContext, collection: string, name: string | undefined) {
  const child = childOf(context.resource, collection, name);
  if (!child) throw notFound(loadBalancerChild(context.resource.id, collection, name));
  return child;
}

interface PortMappingQuery {
  ipAddress?: string;
  ipConfiguration?: { id: string };
}

/** `POST …/backendAddressPools/{pool}/queryInboundNatRulePortMapping`: the frontend ports of one member. */
const queryInboundNatRulePortMapping: Action = {
  path: 'backendAddressPools/{pool}/queryInboundNatRulePortMapping',
  since: '2021-05-01',
  answer: 'sync',
  requestSchema: Schema.object({
    ipAddress: Schema.string(),
    ipConfiguration: Schema.reference('Microsoft.Network/networkInterfaces/ipConfigurations'),
  }),
  run(context) {
    const pool = existingChild(context, 'backendAddressPools', context.parameters.pool);
    const poolId = loadBalancerChild(context.resource.id, 'backendAddressPools', pool.name);
    const query = (context.body ?? {}) as PortMappingQuery;
    const wanted = query.ipConfiguration ? idKey(query.ipConfiguration.id) : query.ipAddress;
    const member = membersOfPool(documentOf(context), poolId, context).find(
      (one) => one.key === wanted || one.ipAddress === wanted,
    );
    const inboundNatRulePortMappings = [];
    for (const rule of documentOf(context).properties.inboundNatRules ?? []) {
      const target = rule.properties?.backendAddressPool;
      const frontendPort = member && portMappingOf(rule)[member.key];
      if (!target || idKey(target.id) !== idKey(poolId) || frontendPort === undefined) continue;
      inboundNatRulePortMappings.push({
        inboundNatRuleName: rule.name,
        protocol: rule.properties?.protocol,
        frontendPort,
        backendPort: rule.properties?.backendPort,
      });
    }
    return { body: { inboundNatRulePortMappings } };
  },
};

/** `POST …/loadBalancingRules/{rule}/health`: what the prober says about every member of the rule's pool. */
const health: Action = {
  path: 'loadBalancingRules/{rule}/health',
  since: '2024-05-01',
  answer: 'async',
  run(context): ActionResult {
    const { properties = {} } = existingChild(context, 'loadBalancingRules', context.parameters.rule);
    const pools = (properties.backendAddressPools as { id: string }[] | undefined) ?? [];
    const ruleId = loadBalancerChild(context.resource.id, 'loadBalancingRules', context.parameters.rule);
    const backends = context.health.rule(ruleId);
    // Azure answers for rules with a probe only.
    const members = properties.probe ? pools.flatMap(({ id }) => membersOfPool(documentOf(context), id, context)) : [];
    const loadBalancerBackendAddresses = members.flatMap(({ ipAddress, networkInterfaceIPConfigurationId = '' }) => {
      if (ipAddress === undefined) return [];
      const { state, reason } = backends.get(ipAddress) ?? { state: 'Down', reason: 'NA' };
      return [{ ipAddress, networkInterfaceIPConfigurationId, state, reason }];
    });
    const count = (wanted: string): number =>
      loadBalancerBackendAddresses.filter(({ state }) => state === wanted).length;
    return { body: { up: count('Up'), down: count('Down'), loadBalancerBackendAddresses } };
  },
};

/** `POST …/migrateToIpBased`: NIC members of the named pools become addresses of the pool. */
const migrateToIpBased: Action = {
  path: 'migrateToIpBased',
  since: '2023-04-01',
  answer: 'sync',
  requestSchema: Schema.object({ pools: Schema.array(Schema.string()) }),
  run(context) {
    const document = documentOf(context);
    const all = document.properties.backendAddressPools ?? [];
    const names = (context.body as { pools?: string[] } | undefined)?.pools ?? all.map(({ name }) => name ?? '');
    for (const name of names) existingChild(context, 'backendAddressPools', name);
    const migrating = new Set(names.map((name) => name.toLowerCase()));
    const leaving = new Map<string, Set<string>>();
    const backendAddressPools = all.map((pool) => {
      if (!migrating.has((pool.name ?? '').toLowerCase())) return pool;
      const poolId = loadBalancerChild(context.resource.id, 'backendAddressPools', pool.name);
      const loadBalancerBackendAddresses = membersOfPool(document, poolId, context).map((member) => {
        const nicId = member.networkInterfaceIPConfigurationId;
        if (nicId === undefined) {
          return childNamed(pool.properties?.loadBalancerBackendAddresses, member.name) ?? {};
        }
        // An instance of a scale set is in the pools of its profile, and stays there.
        if (!isNetworkInterface(context, rootKey(nicId))) {
          const code = 'CannotMixIPBasedAddressesAndIPConfigurationsOnLoadBalancerBackendAddressPool';
          throw azureError(code, { values: { id: poolId } });
        }
        leaving.set(rootKey(nicId), (leaving.get(rootKey(nicId)) ?? new Set()).add(idKey(poolId)));
        const subnet = subnetOf(context, nicId);
        const virtualNetwork = subnet && { id: subnet.slice(0, subnet.toLowerCase().lastIndexOf('/subnets/')) };
        const properties = { ...(virtualNetwork ? { virtualNetwork } : {}), ipAddress: member.ipAddress ?? '' };
        return { name: member.name, properties };
      });
      return { ...pool, properties: { ...pool.properties, loadBalancerBackendAddresses } };
    });
    const changed = { ...document, properties: { ...document.properties, backendAddressPools } };
    const nics = [...leaving].flatMap(([key, pools]) => withoutPools(context, key, pools));
    return {
      body: { migratedPools: names },
      writes: [{ key: context.resource.key, document: changed }, ...nics],
    };
  },
};

const isNetworkInterface = ({ lookup }: ActionContext, key: string): boolean =>
  lookup.resource(key)?.document.properties.ipConfigurations !== undefined;

const subnetOf = ({ lookup }: ActionContext, ipConfigurationId: string): string | undefined =>
  (lookUpChild(lookup, ipConfigurationId)?.child.properties?.subnet as { id: string } | undefined)?.id;

function withoutPools(context: ActionContext, nicKey: string, pools: ReadonlySet<string>) {
  const nic = context.lookup.resource(nicKey);
  if (!nic) return [];
  const ipConfigurations = (nic.document.properties.ipConfigurations as { properties?: object }[]).map((one) => {
    const properties = { ...one.properties } as { loadBalancerBackendAddressPools?: { id: string }[] };
    const staying = properties.loadBalancerBackendAddressPools?.filter(({ id }) => !pools.has(idKey(id))) ?? [];
    if (staying.length > 0) properties.loadBalancerBackendAddressPools = staying;
    else delete properties.loadBalancerBackendAddressPools;
    return { ...one, properties };
  });
  return [{ key: nicKey, document: { ...nic.document, properties: { ...nic.document.properties, ipConfigurations } } }];
}

export const loadBalancerActions: readonly Action[] = [queryInboundNatRulePortMapping, health, migrateToIpBased];

const publicIPAddress = Schema.reference('Microsoft.Network/publicIPAddresses');

export const swapSchema = Schema.object({
  frontendIPConfigurations: Schema.array(
    Schema.object({ id: Schema.string(), properties: Schema.object({ publicIPAddress }) }),
  ),
});

interface SwapRequest {
  frontendIPConfigurations?: { id?: string; properties?: { publicIPAddress?: { id: string } } }[];
}

/** The documents of the load balancers concerned, with their frontends' addresses exchanged. */
export function swapPublicIPAddresses(
  body: SwapRequest,
  lookup: Lookup,
): { key: string; document: ResourceDocument }[] {
  const documents = new Map<string, LoadBalancerDocument>();
  const changing = new Set((body.frontendIPConfigurations ?? []).map(({ id = '' }) => idKey(id)));
  const users = new Map<string, string>();
  for (const wanted of body.frontendIPConfigurations ?? []) {
    const id = wanted.id ?? '';
    const notFound = azureError('NotFound', { values: { id } });
    const key = rootKey(id);
    const name = parseResourceId(id)?.names[1];
    const document = documents.get(key) ?? (lookup.resource(key)?.document as LoadBalancerDocument | undefined);
    const address = wanted.properties?.publicIPAddress;
    if (!document || !address) throw notFound;
    const publicIP = lookup.resource(idKey(address.id));
    if (!publicIP) throw azureError('InvalidResourceReference', { values: { referenced: address.id, id } });
    const holders = lookup.linksInto(publicIP.key).filter(({ path }) => path === 'publicIPAddress');
    const staying = holders.find(({ sourceId }) => !changing.has(idKey(sourceId)))?.sourceId;
    const user = users.get(publicIP.key) ?? staying;
    if (user) throw azureError('PublicIPAddressInUse', { values: { id, publicIP: publicIP.id, user } });
    users.set(publicIP.key, id);
    const frontends = document.properties.frontendIPConfigurations ?? [];
    const frontend = childNamed(frontends, name);
    if (!frontend) throw notFound;
    const frontendIPConfigurations = frontends.map((one) =>
      one === frontend ? { ...one, properties: { ...one.properties, publicIPAddress: { id: publicIP.id } } } : one,
    );
    documents.set(key, { ...document, properties: { ...document.properties, frontendIPConfigurations } });
  }
  return [...documents].map(([key, document]) => ({ key, document }));
}
