/** Load balancing rules (`loadBalancers/loadBalancingRules`), among them the distribution mode. */

import { type AzureError, azureError } from '../../../errors/index.js';
import { idKey } from '../../resource-id.js';
import type { WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { checkIdleTimeout, checkRange, forwardingMembers, loadBalancerChild } from '../common-members.js';
import { versions } from '../member-versions.js';

const lb = 'Microsoft.Network/loadBalancers';

export const loadBalancingRule = Schema.envelope('name id etag type properties', {
  properties: Schema.object(
    {
      ...forwardingMembers,
      protocol: Schema.oneOf(['Udp', 'Tcp', 'All', 'Quic'], { clrType: 'TransportProtocol' }),
      // Not in Azure's documents, but in every answer.
      enableDestinationServiceEndpoint: Schema.boolean({
        readOnly: true,
        ...versions.loadBalancingRule.enableDestinationServiceEndpoint,
      }),
      enableTcpReset: Schema.boolean(versions.loadBalancingRule.enableTcpReset),
      allowBackendPortConflict: Schema.boolean({
        readOnly: true,
        ...versions.loadBalancingRule.allowBackendPortConflict,
      }),
      loadDistribution: Schema.oneOf(['Default', 'SourceIP', 'SourceIPProtocol'], { clrType: 'LoadDistribution' }),
      disableOutboundSnat: Schema.boolean(versions.loadBalancingRule.disableOutboundSnat),
      enableConnectionTracking: Schema.boolean(versions.loadBalancingRule.enableConnectionTracking),
      backendAddressPool: Schema.reference(`${lb}/backendAddressPools`),
      backendAddressPools: Schema.array(
        Schema.reference(`${lb}/backendAddressPools`),
        versions.loadBalancingRule.backendAddressPools,
      ),
      probe: Schema.reference(`${lb}/probes`),
    },
    { clrType: 'LoadBalancingRuleProperties' },
  ),
});
export type LoadBalancingRule = Schema.Static<typeof loadBalancingRule>;

/** Fills in Azure's defaults; the pool is kept in both of its spellings. */
export function completeLoadBalancingRule(rule: LoadBalancingRule, { document, idText }: WriteContext): void {
  const id = loadBalancerChild(idText, 'loadBalancingRules', rule.name);
  rule.properties ??= {};
  const properties = rule.properties;
  properties.enableFloatingIP ??= false;
  properties.idleTimeoutInMinutes ??= 4;
  properties.enableDestinationServiceEndpoint = false;
  properties.enableTcpReset ??= false;
  properties.allowBackendPortConflict = false;
  properties.loadDistribution ??= 'Default';
  // Basic has no outbound rules that a rule could make way for, and does not show the member.
  if (document.sku?.name === 'Basic') delete properties.disableOutboundSnat;
  else properties.disableOutboundSnat ??= false;
  properties.frontendPort ??= 0;
  properties.backendPort ??= 0;
  const pools = properties.backendAddressPools ?? [];
  const single = properties.backendAddressPool;
  if (single && pools.length > 0 && !pools.some(({ id: pool }) => idKey(pool) === idKey(single.id))) {
    const code = 'LoadBalancingRuleBackendAdressPoolAndBackendAddressPoolsCannotBeSetAtTheSameTimeWithDifferentValue';
    throw azureError(code, { values: { id } });
  }
  if (pools.length > 0) properties.backendAddressPool = { id: (pools[0] as { id: string }).id };
  else if (properties.backendAddressPool) properties.backendAddressPools = [{ id: properties.backendAddressPool.id }];
}

/** What Azure refuses about one rule. */
export function* checkLoadBalancingRule(rule: LoadBalancingRule, context: WriteContext): Generator<AzureError> {
  const name = rule.name ?? '';
  const { frontendPort, backendPort, idleTimeoutInMinutes, protocol } = rule.properties ?? {};
  yield* checkRange({ name, property: 'BackendPort', value: backendPort, minimum: 0, maximum: 65535 });
  yield* checkRange({ name, property: 'FrontendPort', value: frontendPort, minimum: 0, maximum: 65534 });
  yield* checkIdleTimeout(name, idleTimeoutInMinutes, context.apiVersion);
  // Rules for all ports were a feature to register for, until they became those with protocol All.
  if (frontendPort === 0 && protocol !== 'All' && context.apiVersion < '2018-07-01') {
    const values = { subscriptionId: context.id.subscriptionId, feature: 'AllowILBAllPortsRule' };
    yield azureError('SubscriptionNotRegisteredForFeature', { values });
  }
}
