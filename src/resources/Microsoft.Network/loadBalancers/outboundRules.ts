/** Outbound rules and their SNAT port arithmetic (`loadBalancers/outboundRules`). */

import { type AzureError, azureError } from '../../../errors/index.js';
import type { Lookup, ResourceDocument, WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { loadBalancerChild } from '../common-members.js';
import { versions } from '../member-versions.js';
import { membersOfPool } from './backendAddressPools.js';

const lb = 'Microsoft.Network/loadBalancers';

export const outboundRule = Schema.envelope('name id etag type properties', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      allocatedOutboundPorts: Schema.integer(),
      protocol: Schema.oneOf(['Tcp', 'Udp', 'All'], { clrType: 'LoadBalancerOutboundRuleProtocol' }),
      enableTcpReset: Schema.boolean(),
      idleTimeoutInMinutes: Schema.integer(),
      allocationPolicy: Schema.object(
        { onDemandAllocation: Schema.boolean(), portReuse: Schema.string() },
        { readOnly: true, ...versions.outboundRule.allocationPolicy },
      ),
      backendAddressPool: Schema.reference(`${lb}/backendAddressPools`),
      frontendIPConfigurations: Schema.array(Schema.reference(`${lb}/frontendIPConfigurations`)),
    },
    { clrType: 'LoadBalancerOutboundRuleProperties' },
  ),
});
export type OutboundRule = Schema.Static<typeof outboundRule>;

/** SNAT ports that one frontend IP address has to give. */
const portsPerFrontend = 64_000;

/** Ports per instance that Azure gives of its own accord, by the size of the pool. */
const defaultPorts = [
  { members: 50, ports: 1024 },
  { members: 100, ports: 512 },
  { members: 200, ports: 256 },
  { members: 400, ports: 128 },
  { members: 800, ports: 64 },
] as const;

/** SNAT ports per instance of a pool with `members` instances when the rule does not set a number. */
export const defaultOutboundPorts = (members: number): number =>
  defaultPorts.find((row) => members <= row.members)?.ports ?? 32;

/** Members that take SNAT ports: network interfaces do, bare IP addresses do not. */
const instancesOf = (document: ResourceDocument, poolId: string, { lookup }: { readonly lookup: Lookup }): number =>
  membersOfPool(document, poolId, { lookup }).filter((member) => member.networkInterfaceIPConfigurationId !== undefined)
    .length;

export function completeOutboundRule(rule: OutboundRule, context: WriteContext): void {
  rule.properties ??= {};
  const pool = rule.properties.backendAddressPool;
  const members = pool ? instancesOf(context.document, pool.id, context) : 0;
  rule.properties.allocatedOutboundPorts ??= defaultOutboundPorts(members);
  rule.properties.enableTcpReset ??= false;
  rule.properties.idleTimeoutInMinutes ??= 4;
  rule.properties.allocationPolicy = { onDemandAllocation: false, portReuse: 'FirstAvailable' };
}

/** What Azure refuses about one outbound rule. */
export function* checkOutboundRule(rule: OutboundRule, context: WriteContext): Generator<AzureError> {
  const id = loadBalancerChild(context.idText, 'outboundRules', rule.name);
  const { allocatedOutboundPorts: value = 0, idleTimeoutInMinutes = 4 } = rule.properties ?? {};
  if (context.document.sku?.name === 'Basic') {
    yield azureError('OutboundRulesNotSupportedOnBasicSku', { values: { id } });
  }
  if (idleTimeoutInMinutes < 4 || idleTimeoutInMinutes > 120) {
    const values = { name: rule.name ?? '', minimum: 4, maximum: 120 };
    yield azureError('RuleIdleTimeoutIsOutOfRange', { values });
  }
  if (value % 8 !== 0 || value < 0)
    yield azureError('SpecifiedAllocatedOutboundPortsForOutboundRuleIsNotAMultipleOfEight', { values: { id, value } });
  if (value > portsPerFrontend)
    yield azureError('SpecifiedAllocatedOutboundPortsForOutboundRuleExceedsTotalNumberOfAllowedPortsPerRule', {
      values: { id, value },
    });
}

/** Numbers that Azure gives of its own accord shrink with every size of the pool, so they are never too many. */
const isAutomatic = (ports: number): boolean => ports <= 32 || defaultPorts.some((row) => row.ports === ports);

/** A rule cannot give every member more ports than its frontends have. */
export function* checkOutboundPorts(
  { name, properties = {} }: OutboundRule,
  { loadBalancer, members }: { readonly loadBalancer: string; readonly members: number },
): Generator<AzureError> {
  const { allocatedOutboundPorts: value = 0, frontendIPConfigurations: frontends = [] } = properties;
  const available = portsPerFrontend * frontends.length;
  if (isAutomatic(value) || value * members <= available) return;
  const values = {
    id: loadBalancerChild(loadBalancer, 'outboundRules', name),
    required: value * members,
    members,
    available,
  };
  yield azureError('SpecifiedAllocatedOutboundPortsForOutboundRuleExceedsTotalNumberOfAvailablePorts', { values });
}

/** What outbound rules were before 2018-07-01 (`outboundNatRules` in the load balancer); stored and shown, never more. */
export const outboundNatRule = Schema.envelope('name id etag properties', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      allocatedOutboundPorts: Schema.integer(),
      backendAddressPool: Schema.reference(`${lb}/backendAddressPools`),
      frontendIPConfigurations: Schema.array(Schema.reference(`${lb}/frontendIPConfigurations`)),
    },
    { clrType: 'OutboundNatRuleProperties' },
  ),
});
