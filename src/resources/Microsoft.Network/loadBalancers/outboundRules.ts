/** Outbound rules and their SNAT port arithmetic (`loadBalancers/outboundRules`). */
import { type AzureError, azureError } from '../../../errors.js';
import { idKey } from '../../resource-id.js';
import type { WriteContext } from '../../resource-type.js';
import {
  array,
  boolean,
  envelope,
  integer,
  object,
  oneOf,
  provisioningState,
  reference,
  type Static,
} from '../../schema.js';
import { loadBalancerChild } from './child.js';
import type { LoadBalancerDocument } from './document.js';
import { membersOfPool } from './members.js';

const lb = 'Microsoft.Network/loadBalancers';

export const outboundRule = envelope('name id etag type properties', {
  properties: object(
    {
      provisioningState: provisioningState(),
      allocatedOutboundPorts: integer(),
      protocol: oneOf(['Tcp', 'Udp', 'All'], { clrType: 'LoadBalancerOutboundRuleProtocol' }),
      enableTcpReset: boolean(),
      idleTimeoutInMinutes: integer(),
      backendAddressPool: reference(`${lb}/backendAddressPools`),
      frontendIPConfigurations: array(reference(`${lb}/frontendIPConfigurations`)),
    },
    { clrType: 'OutboundRuleProperties' },
  ),
});
export type OutboundRule = Static<typeof outboundRule>;

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

/** SNAT ports per instance of a pool with `members` instances when nobody says how many. */
export const defaultOutboundPorts = (members: number): number =>
  defaultPorts.find((row) => members <= row.members)?.ports ?? 32;

export function completeOutboundRule(rule: OutboundRule, context: WriteContext<LoadBalancerDocument>): void {
  rule.properties ??= {};
  const pool = rule.properties.backendAddressPool;
  const members = pool ? membersOfPool(context.document, pool.id, context).length : 0;
  rule.properties.allocatedOutboundPorts ??= defaultOutboundPorts(members);
  rule.properties.protocol ??= 'All';
  rule.properties.enableTcpReset ??= false;
  rule.properties.idleTimeoutInMinutes ??= 4;
}

/** What Azure refuses about one outbound rule. */
export function* checkOutboundRule(
  rule: OutboundRule,
  context: WriteContext<LoadBalancerDocument>,
): Generator<AzureError> {
  const id = loadBalancerChild(context.idText, 'outboundRules', rule.name);
  const { allocatedOutboundPorts: value = 0, idleTimeoutInMinutes = 4 } = rule.properties ?? {};
  const { frontendIPConfigurations: frontends = [], backendAddressPool: pool } = rule.properties ?? {};
  if (context.document.sku?.name === 'Basic') {
    yield azureError('OutboundRulesNotSupportedOnBasicSku', { values: { id } });
  }
  if (idleTimeoutInMinutes < 4 || idleTimeoutInMinutes > 120) {
    const values = { name: rule.name ?? '', minimum: 4, maximum: 120 };
    yield azureError('RuleIdleTimeoutIsOutOfRange', { values });
  }
  if (value % 8 !== 0 || value < 0 || value > portsPerFrontend) {
    yield azureError('AllocatedOutboundPortsMustBeMultipleOf8', { values: { id, value } });
  }
  const members = pool ? membersOfPool(context.document, pool.id, context).length : 0;
  const available = portsPerFrontend * frontends.length;
  if (value * members > available) {
    const values = { id, required: value * members, members, available };
    yield azureError('OutboundRuleExceedsFrontendPorts', { values });
  }
}

const overlap = (a: string | undefined, b: string | undefined): boolean => a === b || a === 'All' || b === 'All';

/** Outbound rules and load balancing rules that share a frontend. */
export function* checkOutboundFrontends(context: WriteContext<LoadBalancerDocument>): Generator<AzureError> {
  const { outboundRules = [], loadBalancingRules = [] } = context.document.properties;
  const idOf = (rule: OutboundRule): string => loadBalancerChild(context.idText, 'outboundRules', rule.name);
  for (const [index, rule] of outboundRules.entries()) {
    for (const { id: frontend } of rule.properties?.frontendIPConfigurations ?? []) {
      const sharing = outboundRules
        .slice(0, index)
        .filter((other) => overlap(other.properties?.protocol, rule.properties?.protocol))
        .filter((other) => other.properties?.frontendIPConfigurations?.some(({ id }) => idKey(id) === idKey(frontend)));
      if (sharing.length > 0) {
        const rules = [...sharing, rule].map(idOf).join(',');
        yield azureError('MoreThanOneOutboundRuleUsingSameFrontendIPConfigurationAndProtocolIsNotSupported', {
          values: { frontend, rules },
        });
      }
      for (const balancing of loadBalancingRules) {
        const used = balancing.properties?.frontendIPConfiguration;
        if (!used || idKey(used.id) !== idKey(frontend) || balancing.properties?.disableOutboundSnat) continue;
        const values = {
          rule: loadBalancerChild(context.idText, 'loadBalancingRules', balancing.name),
          frontend,
          outboundRule: idOf(rule),
        };
        yield azureError('LoadBalancingRuleMustDisableSNATSinceSameFrontendIPConfigurationIsReferencedByOutboundRule', {
          values,
        });
      }
    }
  }
}
