/**
 * Inbound NAT rules that Azure makes out of an inbound NAT pool: one per scale set instance, called `<pool>.<instance>`,
 * each with a frontend port of the pool's range that the instance keeps for as long as it exists.
 */

import { childWithId } from '../../children.js';
import { idKey, parseResourceId } from '../../resource-id.js';
import type { Link, Lookup } from '../../resource-type.js';
import type { LoadBalancerDocument } from './document.js';
import type { InboundNatPool } from './inboundNatPools.js';
import type { InboundNatRule } from './inboundNatRules.js';

/** Where such a rule forwards to. Stored, because the instance refers to the pool and not to the rule. */
export const instanceBehind = (rule: InboundNatRule): string | undefined =>
  (rule.properties?.backendIPConfiguration as { id: string } | undefined)?.id;

interface Placement {
  readonly pool: InboundNatPool;
  readonly link: Link;
  readonly name: string;
}

function placements(document: LoadBalancerDocument, id: string, lookup: Lookup): Placement[] {
  const pools = document.properties.inboundNatPools ?? [];
  if (pools.length === 0) return [];
  return lookup
    .linksInto(idKey(id))
    .filter(
      ({ path, sourceType }) => path === 'loadBalancerInboundNatPools' && sourceType.endsWith('/ipConfigurations'),
    )
    .flatMap((link) => {
      const pool = childWithId(pools, link.target);
      const source = parseResourceId(link.sourceId);
      const instance = source?.names[source.types.findIndex((type) => type.toLowerCase() === 'virtualmachines')];
      return pool && instance !== undefined ? [{ pool, link, name: `${pool.name}.${instance}` }] : [];
    });
}

function freePort(pool: InboundNatPool, taken: ReadonlySet<number>): number | undefined {
  const { frontendPortRangeStart: start = 0, frontendPortRangeEnd: end = -1 } = pool.properties ?? {};
  for (let port = start; port <= end; port++) if (!taken.has(port)) return port;
  return undefined;
}

function ruleFor({ pool, link, name }: Placement, frontendPort: number): InboundNatRule {
  const { frontendIPConfiguration, backendPort, protocol, idleTimeoutInMinutes, enableFloatingIP, enableTcpReset } =
    pool.properties ?? {};
  const properties = {
    ...(frontendIPConfiguration ? { frontendIPConfiguration } : {}),
    frontendPort,
    backendPort: backendPort ?? 0,
    enableFloatingIP: enableFloatingIP ?? false,
    idleTimeoutInMinutes: idleTimeoutInMinutes ?? 4,
    protocol: protocol ?? 'Tcp',
    enableDestinationServiceEndpoint: false,
    enableTcpReset: enableTcpReset ?? false,
    allowBackendPortConflict: false,
    backendIPConfiguration: { id: link.sourceId },
  };
  return { name, properties };
}

/**
 * The document with the rules of its NAT pools brought up to date; the same object when there is nothing to do. Rules
 * in `before` keep their ports.
 */
export function withNatPoolRules(
  document: LoadBalancerDocument,
  { id, lookup, before = document }: { id: string; lookup: Lookup; before?: LoadBalancerDocument | undefined },
): LoadBalancerDocument {
  const placed = placements(document, id, lookup);
  const rules = document.properties.inboundNatRules ?? [];
  const names = new Set(placed.map(({ name }) => name.toLowerCase()));
  const isMade = (rule: InboundNatRule): boolean =>
    instanceBehind(rule) !== undefined || names.has((rule.name ?? '').toLowerCase());
  if (placed.length === 0 && !rules.some(isMade)) return document;
  const own = rules.filter((rule) => !isMade(rule));
  const known = new Map(
    (before.properties.inboundNatRules ?? []).map((rule) => [rule.name, rule.properties?.frontendPort]),
  );
  const taken = new Set<number>(own.map((rule) => rule.properties?.frontendPort ?? 0));
  for (const { name } of placed) taken.add(known.get(name) ?? 0);
  const made = placed.flatMap((placement) => {
    const port = known.get(placement.name) ?? freePort(placement.pool, taken);
    if (port === undefined) return [];
    taken.add(port);
    return [ruleFor(placement, port)];
  });
  return { ...document, properties: { ...document.properties, inboundNatRules: [...own, ...made] } };
}
