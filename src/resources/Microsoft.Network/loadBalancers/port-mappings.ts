/**
 * Frontend ports of inbound NAT rules v2: every pool member gets one port of the rule's range and keeps it for as long
 * as it stays. The lowest free port goes to whoever joins; nobody else's port changes when a member leaves.
 */

import { type AzureError, azureError } from '../../../errors/index.js';
import { childNamed } from '../../children.js';
import type { Lookup, WriteContext } from '../../resource-type.js';
import { loadBalancerChild } from './child.js';
import type { LoadBalancerDocument } from './document.js';
import type { InboundNatRule } from './inboundNatRules.js';
import { membersOfPool } from './members.js';

/** Frontend port by member key. Kept in the stored document; the schema does not know it, so it is never shown. */
export type PortMapping = Readonly<Record<string, number>>;

const member = '$frontendPorts';
const lowestPort = 1;

export const portMappingOf = (rule: InboundNatRule): PortMapping =>
  ((rule.properties as Record<string, unknown> | undefined)?.[member] as PortMapping | undefined) ?? {};

function assign(rule: InboundNatRule, before: PortMapping, memberKeys: readonly string[]): PortMapping {
  const { frontendPortRangeStart = 0, frontendPortRangeEnd: end = -1 } = rule.properties ?? {};
  const start = Math.max(lowestPort, frontendPortRangeStart);
  const mapping: Record<string, number> = {};
  const taken = new Set<number>();
  for (const key of memberKeys) {
    const port = before[key];
    if (port === undefined || port < start || port > end) continue;
    mapping[key] = port;
    taken.add(port);
  }
  let next = start;
  for (const key of memberKeys) {
    if (mapping[key] !== undefined) continue;
    while (taken.has(next)) next++;
    if (next > end) break;
    mapping[key] = next;
    taken.add(next);
  }
  return mapping;
}

/** The document with the port mappings brought up to date; the same object when nothing changed. */
export function withPortMappings(
  document: LoadBalancerDocument,
  { lookup, before = document }: { lookup: Lookup; before?: LoadBalancerDocument | undefined },
): LoadBalancerDocument {
  let changed = false;
  const inboundNatRules = document.properties.inboundNatRules?.map((rule) => {
    const pool = rule.properties?.backendAddressPool;
    if (!pool) return rule;
    const known = childNamed(before.properties.inboundNatRules, rule.name);
    const keys = membersOfPool(document, pool.id, { lookup }).map(({ key }) => key);
    const mapping = assign(rule, known ? portMappingOf(known) : {}, keys);
    if (JSON.stringify(mapping) === JSON.stringify(portMappingOf(rule))) return rule;
    changed = true;
    return { ...rule, properties: { ...rule.properties, [member]: mapping } };
  });
  if (!changed || !inboundNatRules) return document;
  return { ...document, properties: { ...document.properties, inboundNatRules } };
}

/** A range with fewer ports than the pool has members is refused. */
export function* checkPortRanges(context: WriteContext<LoadBalancerDocument>): Generator<AzureError> {
  for (const rule of context.document.properties.inboundNatRules ?? []) {
    const {
      backendAddressPool: pool,
      frontendPortRangeStart: start,
      frontendPortRangeEnd: end,
    } = rule.properties ?? {};
    if (!pool || start === undefined || end === undefined) continue;
    const members = membersOfPool(context.document, pool.id, context).length;
    const available = end - Math.max(lowestPort, start) + 1;
    if (members > available) {
      const id = loadBalancerChild(context.idText, 'inboundNatRules', rule.name);
      yield azureError('InboundNatRuleFrontendPortRangeTooSmall', {
        values: { id, available, members, pool: pool.id },
      });
    }
  }
}
