/** Inbound NAT rules, to one NIC (v1) or to every member of a pool (v2) (`loadBalancers/inboundNatRules`). */

import { type AzureError, azureError } from '../../../errors/index.js';
import type { WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { checkIdleTimeout, checkRange, forwardingMembers, loadBalancerChild } from '../common-members.js';
import { versions } from '../member-versions.js';

const lb = 'Microsoft.Network/loadBalancers';

export const inboundNatRule = Schema.envelope('name id etag type properties', {
  properties: Schema.object(
    {
      ...forwardingMembers,
      protocol: Schema.oneOf(['Udp', 'Tcp', 'All'], { clrType: 'TransportProtocol' }),
      enableDestinationServiceEndpoint: Schema.boolean({
        readOnly: true,
        ...versions.inboundNatRule.enableDestinationServiceEndpoint,
      }),
      enableTcpReset: Schema.boolean(versions.inboundNatRule.enableTcpReset),
      allowBackendPortConflict: Schema.boolean({ readOnly: true, ...versions.inboundNatRule.allowBackendPortConflict }),
      frontendPortRangeStart: Schema.integer(versions.inboundNatRule.frontendPortRangeStart),
      frontendPortRangeEnd: Schema.integer(versions.inboundNatRule.frontendPortRangeEnd),
      backendIPConfiguration: Schema.backReferences(
        'Microsoft.Network/networkInterfaces/ipConfigurations',
        'loadBalancerInboundNatRules',
        { single: true },
      ),
      backendAddressPool: Schema.reference(`${lb}/backendAddressPools`, versions.inboundNatRule.backendAddressPool),
    },
    { clrType: 'InboundNatRuleProperties' },
  ),
});
export type InboundNatRule = Schema.Static<typeof inboundNatRule>;

export function completeInboundNatRule(rule: InboundNatRule): void {
  rule.properties ??= {};
  const properties = rule.properties;
  properties.frontendPort ??= 0;
  properties.backendPort ??= 0;
  properties.enableFloatingIP ??= false;
  properties.idleTimeoutInMinutes ??= 4;
  properties.protocol ??= 'Tcp';
  properties.enableDestinationServiceEndpoint = false;
  properties.enableTcpReset ??= false;
  properties.allowBackendPortConflict = false;
}

/** What Azure refuses about one inbound NAT rule. */
export function* checkInboundNatRule(rule: InboundNatRule, context: WriteContext): Generator<AzureError> {
  const name = rule.name ?? '';
  const { backendPort, frontendPort, idleTimeoutInMinutes } = rule.properties ?? {};
  const { frontendPortRangeStart: start, frontendPortRangeEnd: end } = rule.properties ?? {};
  yield* checkRange({ name, property: 'BackendPort', value: backendPort, minimum: 0, maximum: 65535 });
  yield* checkIdleTimeout(name, idleTimeoutInMinutes, context.apiVersion);
  const isRange = start !== undefined || end !== undefined;
  // Only a load balancing rule can be for every port.
  const minimum = isRange || rule.properties?.backendAddressPool ? 0 : 1;
  yield* checkRange({ name, property: 'FrontendPort', value: frontendPort, minimum, maximum: 65534 });
  if (rule.properties?.backendAddressPool && start === undefined && end === undefined) {
    yield azureError('MissedInboundNatRuleV2Properties');
  }
  if (isRange && frontendPort) {
    const values = { port: frontendPort };
    yield azureError('UnsupportedSetOfInboundNatRulePropertiesWhenFrontendPortIsSpecified', { values });
  }
  const id = loadBalancerChild(context.idText, 'inboundNatRules', name);
  // Azure takes a range that starts at 0, though no member ever gets that port.
  if (isRange && (start === undefined || end === undefined || start < 0 || end > 65534 || start > end)) {
    yield azureError('InboundNatRuleFrontendPortRangeInvalid', {
      values: { id, start: start ?? '', end: end ?? '' },
    });
  }
}
