/** Load balancers (`Microsoft.Network/loadBalancers`): one aggregate, its children inside the document. */

import { type AzureError, azureError } from '../../errors/index.js';
import { childrenOnPath } from '../references.js';
import { idKey, parseResourceId, type ResourceId, rootKey } from '../resource-id.js';
import type { InUse, Lookup, Resource, ResourceDocument, ShowContext, WriteContext } from '../resource-type.js';
import { resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import { checkSkuUnchanged, childrenOf, loadBalancerChild, sku } from './common-members.js';
import { loadBalancerActions } from './loadBalancers/actions.js';
import {
  backendAddressPool,
  checkPool,
  completePool,
  membersOfPool,
  viewTunnels,
} from './loadBalancers/backendAddressPools.js';
import {
  checkBackendPorts,
  checkFrontendPorts,
  checkHaPorts,
  checkNatRulesBesideNatPool,
  checkOutboundFrontends,
  checkPartsInUse,
} from './loadBalancers/conflicts.js';
import {
  checkFrontend,
  checkFrontendsTogether,
  completeFrontend,
  frontendAddress,
  frontendIPConfiguration,
  inOrderOfClaims,
} from './loadBalancers/frontendIPConfigurations.js';
import { checkInboundNatPool, completeInboundNatPool, inboundNatPool } from './loadBalancers/inboundNatPools.js';
import { checkInboundNatRule, completeInboundNatRule, inboundNatRule } from './loadBalancers/inboundNatRules.js';
import {
  checkLoadBalancingRule,
  completeLoadBalancingRule,
  loadBalancingRule,
} from './loadBalancers/loadBalancingRules.js';
import { portMappingOf, withNatPoolRules, withPortMappings } from './loadBalancers/nat-ports.js';
import {
  checkOutboundRule,
  completeOutboundRule,
  outboundNatRule,
  outboundRule,
} from './loadBalancers/outboundRules.js';
import { checkKind, checkParts, collections, type LoadBalancerDocument } from './loadBalancers/parts.js';
import { checkProbe, completeProbe, probe } from './loadBalancers/probes.js';
import { checkThoseBehind } from './loadBalancers/together.js';
import { networkApiVersions, versions } from './member-versions.js';

const schema = Schema.envelope('name id etag type location tags extendedLocation properties sku', {
  extendedLocation: Schema.extendedLocation(versions.loadBalancer.extendedLocation),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      scope: Schema.oneOf(['Public', 'Private'], { ...versions.loadBalancer.scope, clrType: 'LoadBalancerScope' }),
      mode: Schema.oneOf(['Advanced'], { ...versions.loadBalancer.mode, clrType: 'LoadBalancerMode' }),
      frontendIPConfigurations: Schema.children('frontendIPConfigurations', frontendIPConfiguration),
      backendAddressPools: Schema.children('backendAddressPools', backendAddressPool),
      loadBalancingRules: Schema.children('loadBalancingRules', loadBalancingRule),
      probes: Schema.children('probes', probe),
      inboundNatRules: Schema.children('inboundNatRules', inboundNatRule),
      outboundRules: Schema.children('outboundRules', outboundRule, versions.loadBalancer.outboundRules),
      outboundNatRules: Schema.children('outboundNatRules', outboundNatRule, versions.loadBalancer.outboundNatRules),
      inboundNatPools: Schema.children('inboundNatPools', inboundNatPool),
    },
    { clrType: 'LoadBalancerProperties' },
  ),
  sku: sku(['Basic', 'Standard', 'Gateway', 'Service'], versions.loadBalancer.sku),
});

function completeLoadBalancer(context: WriteContext<LoadBalancerDocument>): void {
  const { document, existing } = context;
  // A version that does not know the member cannot mean another one by leaving it out.
  if (context.apiVersion < '2017-08-01') document.sku ??= { ...existing?.document.sku };
  document.sku ??= {};
  document.sku.name ??= 'Basic';
  document.sku.tier ??= 'Regional';
  const properties = document.properties;
  const before = existing?.document.properties as LoadBalancerDocument['properties'] | undefined;
  properties.resourceGuid = before?.resourceGuid ?? context.newGuid();
  if (properties.inboundNatRules === undefined && before?.inboundNatPools?.length) {
    // Left out beside a NAT pool, the scale set's NAT rules stay.
    properties.inboundNatRules = structuredClone(before.inboundNatRules ?? []);
  }
  properties.outboundNatRules ??= [];
  for (const collection of collections) properties[collection] ??= [];
  for (const one of inOrderOfClaims(properties.frontendIPConfigurations ?? [], context)) completeFrontend(one, context);
  for (const one of properties.backendAddressPools ?? []) completePool(one, context);
  for (const one of properties.loadBalancingRules ?? []) completeLoadBalancingRule(one, context);
  for (const one of properties.probes ?? []) completeProbe(one);
  for (const one of properties.inboundNatRules ?? []) completeInboundNatRule(one);
  for (const one of properties.outboundRules ?? []) completeOutboundRule(one, context);
  for (const one of properties.inboundNatPools ?? []) completeInboundNatPool(one);
  const followed = { id: context.idText, lookup: context.lookup, before: existing?.document as LoadBalancerDocument };
  const mapped = withPortMappings(withNatPoolRules(document, followed), followed);
  if (mapped !== document) document.properties = mapped.properties;
}

function* checkHasFrontend({
  document,
  existing,
  idText: id,
}: WriteContext<LoadBalancerDocument>): Generator<AzureError> {
  if (document.properties.frontendIPConfigurations?.length) return;
  if (childrenOf(existing?.document, 'frontendIPConfigurations').length > 0) {
    yield azureError('DeletingAllIpConfigsInLoadbalancerNotSupported', { values: { id } });
  }
  const needing = ['loadBalancingRules', 'probes', 'inboundNatRules', 'outboundRules', 'inboundNatPools'] as const;
  if (needing.some((collection) => document.properties[collection]?.length)) {
    yield azureError('LoadBalancerWithoutFrontendIPCantHaveChildResources', { values: { id } });
  }
}

function* checkLoadBalancer(context: WriteContext<LoadBalancerDocument>, after: Lookup): Generator<AzureError> {
  const properties = context.document.properties;
  yield* checkSkuUnchanged(context);
  yield* checkHasFrontend(context);
  for (const one of properties.frontendIPConfigurations ?? []) yield* checkFrontend(one, context);
  yield* checkFrontendsTogether(properties.frontendIPConfigurations ?? [], context);
  for (const one of properties.backendAddressPools ?? []) yield* checkPool(one, context);
  for (const one of properties.probes ?? []) yield* checkProbe(one, context);
  for (const one of properties.loadBalancingRules ?? []) yield* checkLoadBalancingRule(one, context);
  for (const one of properties.inboundNatRules ?? []) yield* checkInboundNatRule(one, context);
  for (const one of properties.inboundNatPools ?? []) yield* checkInboundNatPool(one, context);
  for (const one of properties.outboundRules ?? []) yield* checkOutboundRule(one, context);
  yield* checkHaPorts(context);
  yield* checkBackendPorts(context);
  yield* checkFrontendPorts(context);
  yield* checkOutboundFrontends(context);
  yield* checkNatRulesBesideNatPool(context);
  yield* checkPartsInUse(context);
  yield* checkKind(context);
  yield* checkThoseBehind(context.idText, after);
  yield* checkParts(context);
}

/**
 * Pools show their NIC members as backend addresses too, each with the frontend ports it has; a member of a Global load
 * balancer shows the address of the regional frontend that it stands for.
 */
function viewPools(context: ShowContext): LoadBalancerDocument {
  const { resource, lookup } = context;
  const document = resource.document as LoadBalancerDocument;
  const { backendAddressPools = [], inboundNatRules = [] } = document.properties;
  if (backendAddressPools.length === 0) return document;
  const shown = backendAddressPools.map((stored) => {
    const pool = viewTunnels(stored, context);
    const poolId = loadBalancerChild(resource.id, 'backendAddressPools', pool.name);
    const rules = inboundNatRules.filter(
      (rule) => rule.properties?.backendAddressPool && idKey(rule.properties.backendAddressPool.id) === idKey(poolId),
    );
    const written = new Map((pool.properties?.loadBalancerBackendAddresses ?? []).map((one) => [one.name, one]));
    const loadBalancerBackendAddresses = membersOfPool(document, poolId, { lookup }).map((member) => {
      const inboundNatRulesPortMapping = rules.flatMap((rule) => {
        const frontendPort = portMappingOf(rule)[member.key];
        if (frontendPort === undefined) return [];
        return [{ inboundNatRuleName: rule.name ?? '', frontendPort, backendPort: rule.properties?.backendPort ?? 0 }];
      });
      const nicId = member.networkInterfaceIPConfigurationId;
      const own = nicId ? { networkInterfaceIPConfiguration: { id: nicId } } : written.get(member.name)?.properties;
      const { frontendId = '' } = member;
      const regional = lookup.resource(rootKey(frontendId));
      const ipAddress = regional && frontendAddress(regional, frontendId, lookup);
      const properties = { ...own, ...(ipAddress === undefined ? {} : { ipAddress }), inboundNatRulesPortMapping };
      return { name: member.name, properties };
    });
    return { ...pool, properties: { ...pool.properties, loadBalancerBackendAddresses } };
  });
  return { ...document, properties: { ...document.properties, backendAddressPools: shown } };
}

/** From 2019-04-01 until 2020-11-01 Azure told the IP version of public frontends too, asked or not. */
function viewLoadBalancer(context: ShowContext): ResourceDocument {
  const document = viewPools(context);
  if (context.apiVersion < '2019-04-01' || context.apiVersion >= '2020-11-01') return document;
  const frontendIPConfigurations = document.properties.frontendIPConfigurations?.map((one) => ({
    ...one,
    properties: { ...one.properties, privateIPAddressVersion: one.properties?.privateIPAddressVersion ?? 'IPv4' },
  }));
  return { ...document, properties: { ...document.properties, frontendIPConfigurations } } as ResourceDocument;
}

/** The name, in its own case, of the child that a folded id leads to. */
const nameOfChild = (resource: Resource, target: string): string =>
  childrenOnPath(resource.document, parseResourceId(target) as ResourceId)?.at(-1)?.name ?? target;

const globalMember: InUse = {
  by: 'Microsoft.Network/loadBalancers/backendAddressPools/loadBalancerBackendAddresses',
  path: 'loadBalancerFrontendIPConfiguration',
  refuse: ({ id, links, resource }) => {
    const [{ target = '', sourceId = '' } = {}] = links;
    const pool = sourceId.slice(0, sourceId.lastIndexOf('/loadBalancerBackendAddresses/'));
    return azureError('NotAllowedToDeleteLoadBalancerWithFrontendIpConfigurationInUseByGlobalLB', {
      values: { id, frontend: `${id}/frontendIPConfigurations/${nameOfChild(resource, target)}`, pool },
    });
  },
};

const privateLinkService: InUse = {
  by: 'Microsoft.Network/privateLinkServices',
  path: 'loadBalancerFrontendIpConfigurations',
  refuse: ({ id, links }) =>
    azureError('CannotDeleteLoadBalancerWithPrivateLinkService', { values: { id, service: links[0]?.sourceId ?? '' } }),
};

const scaleSet: InUse = {
  by: 'Microsoft.Compute/virtualMachineScaleSets',
  path: '*',
  refuse: ({ id, links, resource }) =>
    azureError('LoadBalancerInUseByVirtualMachineScaleSet', {
      values: {
        id,
        children: [...new Set(links.map(({ target }) => nameOfChild(resource, target)))].join(', '),
        scaleSet: links[0]?.sourceId ?? '',
      },
    }),
};

export const loadBalancers = resourceType<LoadBalancerDocument>({
  type: 'Microsoft.Network/loadBalancers',
  apiVersions: networkApiVersions,
  schema,
  children: collections
    .filter((name) => name !== 'inboundNatPools')
    .map((name) => ({
      name,
      methods: name === 'backendAddressPools' || name === 'inboundNatRules' ? ('write' as const) : ('read' as const),
      ...(name === 'frontendIPConfigurations' ? { inUse: [privateLinkService] } : {}),
    })),
  inUse: [globalMember, privateLinkService, scaleSet],
  defaults: completeLoadBalancer,
  check: checkLoadBalancer,
  view: viewLoadBalancer,
  onLinksChanged: ({ resource, lookup }) => {
    const document = withNatPoolRules(resource.document as LoadBalancerDocument, { id: resource.id, lookup });
    return withPortMappings(document, { lookup });
  },
  requests: { actions: loadBalancerActions },
});
