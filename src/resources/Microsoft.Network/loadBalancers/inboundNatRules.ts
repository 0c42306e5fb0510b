/** Inbound NAT rules, to one NIC (v1) or to every member of a pool (v2) (`loadBalancers/inboundNatRules`). */
import { type AzureError, azureError } from '../../../errors.js';
import { alike } from '../../../plain-data.js';
import { idKey } from '../../resource-id.js';
import type { Link, WriteContext } from '../../resource-type.js';
import {
  backReferences,
  boolean,
  envelope,
  integer,
  object,
  oneOf,
  provisioningState,
  reference,
  type Static,
} from '../../schema.js';
import { childNamed, loadBalancerChild } from './child.js';
import type { LoadBalancerDocument } from './document.js';
import { checkIdleTimeout, checkRange } from './limits.js';

const lb = 'Microsoft.Network/loadBalancers';

export const inboundNatRule = envelope('name id etag type properties', {
  properties: object(
    {
      provisioningState: provisioningState(),
      frontendIPConfiguration: reference(`${lb}/frontendIPConfigurations`),
      frontendPort: integer(),
      backendPort: integer(),
      enableFloatingIP: boolean(),
      idleTimeoutInMinutes: integer(),
      protocol: oneOf(['Udp', 'Tcp', 'All'], { clrType: 'TransportProtocol' }),
      enableDestinationServiceEndpoint: boolean({ readOnly: true, since: '2017-11-01' }),
      enableTcpReset: boolean({ since: '2018-07-01' }),
      allowBackendPortConflict: boolean({ readOnly: true, since: '2018-11-01' }),
      frontendPortRangeStart: integer({ since: '2021-03-01' }),
      frontendPortRangeEnd: integer({ since: '2021-03-01' }),
      backendIPConfiguration: backReferences(
        'Microsoft.Network/networkInterfaces/ipConfigurations',
        'loadBalancerInboundNatRules',
        { single: true },
      ),
      backendAddressPool: reference(`${lb}/backendAddressPools`, { since: '2021-03-01' }),
    },
    { clrType: 'InboundNatRuleProperties' },
  ),
});
export type InboundNatRule = Static<typeof inboundNatRule>;

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
export function* checkInboundNatRule(
  rule: InboundNatRule,
  context: WriteContext<LoadBalancerDocument>,
): Generator<AzureError> {
  const name = rule.name ?? '';
  const { backendPort, frontendPort, idleTimeoutInMinutes } = rule.properties ?? {};
  const { frontendPortRangeStart: start, frontendPortRangeEnd: end } = rule.properties ?? {};
  yield* checkRange({ name, property: 'BackendPort', value: backendPort, minimum: 0, maximum: 65535 });
  yield* checkRange({ name, property: 'FrontendPort', value: frontendPort, minimum: 0, maximum: 65534 });
  yield* checkIdleTimeout(name, idleTimeoutInMinutes, context.apiVersion);
  const isRange = start !== undefined || end !== undefined;
  // Azure takes a range that starts at 0, though no member ever gets that port.
  if (isRange && (start === undefined || end === undefined || start < 0 || end > 65534 || start > end)) {
    const id = loadBalancerChild(context.idText, 'inboundNatRules', name);
    yield azureError('InboundNatRuleFrontendPortRangeInvalid', {
      values: { id, start: start ?? '', end: end ?? '' },
    });
  }
}

/** While a scale set uses an inbound NAT pool, the inbound NAT rules are its own and cannot be touched. */
export function* checkNatRulesBesideNatPool(context: WriteContext<LoadBalancerDocument>): Generator<AzureError> {
  const { inboundNatRules = [], inboundNatPools = [] } = context.document.properties;
  const usedByScaleSet = context.lookup
    .linksInto(idKey(context.idText))
    .some(({ path }) => path === 'loadBalancerInboundNatPools');
  if (inboundNatPools.length === 0 || !usedByScaleSet) return;
  const unchanged = inboundNatRules.every((rule) => {
    const before = childNamed(context.existing, 'inboundNatRules', rule.name);
    return before !== undefined && alike(before.properties, rule.properties);
  });
  if (!unchanged) {
    yield azureError('AddingOrUpdatingNatRulesWhenNatPoolIsPresentOnLoadbalancerIsNotSupported', {
      values: { id: context.idText },
    });
  }
}

function* backendsOf(rule: InboundNatRule, id: string, links: readonly Link[]): Generator<string> {
  for (const link of links) {
    if (link.path === 'loadBalancerInboundNatRules' && link.target === idKey(id)) yield link.sourceId;
    const pool = rule.properties?.backendAddressPool;
    if (pool && link.path === 'loadBalancerBackendAddressPools' && link.target === idKey(pool.id)) yield link.sourceId;
  }
}

/** Without floating IP, an ipConfiguration can receive a protocol and port from one rule only. */
export function* checkNatBackendPorts(context: WriteContext<LoadBalancerDocument>): Generator<AzureError> {
  const links = context.lookup.linksInto(idKey(context.idText));
  const taken = new Map<string, string>();
  for (const rule of context.document.properties.inboundNatRules ?? []) {
    const { enableFloatingIP, protocol = 'Tcp', backendPort: port = 0 } = rule.properties ?? {};
    if (enableFloatingIP) continue;
    const second = loadBalancerChild(context.idText, 'inboundNatRules', rule.name);
    for (const ipConfiguration of backendsOf(rule, second, links)) {
      const key = `${idKey(ipConfiguration)}|${protocol}|${port}`;
      const first = taken.get(key);
      if (first !== undefined) {
        const values = { first, second, port, protocol, ipConfiguration };
        yield azureError('RulesUseSameBackendPortProtocolAndIPConfig', { values });
      } else taken.set(key, second);
    }
  }
}
