/**
 * Frontend ports that Azure hands out to inbound NAT rules. A rule v2 gives each pool member one port of its range; an
 * inbound NAT pool becomes one rule per scale set instance, called `<pool>.<instance>`. A member keeps its port for as long
 * as it stays; one that joins gets the lowest free port.
 */
import { type AzureError, azureError } from '../../../errors/index.js';
import { childNamed, childWithId } from '../../references.js';
import { idKey, parseResourceId } from '../../resource-id.js';
import type { Link, Lookup } from '../../resource-type.js';
import { loadBalancerChild } from '../common-members.js';
import { membersOfPool } from './backendAddressPools.js';
import type { InboundNatPool } from './inboundNatPools.js';
import type { InboundNatRule } from './inboundNatRules.js';
import type { LoadBalancerDocument } from './parts.js';

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
    const { [member]: _before, ...properties } = rule.properties as typeof rule.properties & { [member]?: PortMapping };
    // An empty mapping is left out: a body that is put back has none either.
    const own = Object.keys(mapping).length > 0 ? { [member]: mapping } : {};
    return { ...rule, properties: { ...properties, ...own } };
  });
  if (!changed || !inboundNatRules) return document;
  return { ...document, properties: { ...document.properties, inboundNatRules } };
}

/** A range with fewer ports than the pool has members is refused. */
export function* checkPortRange(
  { name, properties = {} }: InboundNatRule,
  { loadBalancer, members }: { readonly loadBalancer: string; readonly members: number },
): Generator<AzureError> {
  const { backendAddressPool: pool, frontendPortRangeStart: start, frontendPortRangeEnd: end } = properties;
  if (!pool || start === undefined || end === undefined) return;
  const available = end - Math.max(lowestPort, start) + 1;
  if (members <= available) return;
  const id = loadBalancerChild(loadBalancer, 'inboundNatRules', name);
  yield azureError('InboundNatRuleFrontendPortRangeTooSmall', { values: { id, available, members, pool: pool.id } });
}

/** Where such a rule forwards to. Stored, because the instance refers to the pool and not to the rule. */
export const instanceBehind = (rule: InboundNatRule): string | undefined =>
  (rule.properties?.backendIPConfiguration as { id: string } | undefined)?.id;

interface Placement {
  readonly pool: InboundNatPool;
  readonly link: Link;
  readonly name: string;
}

/**
 * The rules of two scale sets at one pool have names of their own: who has one keeps it, others take the instance's
 * number or, where that is taken, the next one that is free.
 */
function withOwnNames(placed: readonly Placement[], rules: readonly InboundNatRule[]): Placement[] {
  const held = new Map<string, string>(
    rules.flatMap((rule) => {
      const instance = instanceBehind(rule);
      return instance === undefined ? [] : ([[`${idKey(instance)}|${poolOf(rule)}`, rule.name ?? '']] as const);
    }),
  );
  const keyOf = ({ link, pool }: Placement): string => `${idKey(link.sourceId)}|${(pool.name ?? '').toLowerCase()}`;
  const taken = new Set(placed.flatMap((one) => held.get(keyOf(one))?.toLowerCase() ?? []));
  return placed.map((one) => {
    let name = held.get(keyOf(one)) ?? one.name;
    if (!held.has(keyOf(one))) {
      for (let next = 0; taken.has(name.toLowerCase()); next++) name = `${one.pool.name}.${next}`;
    }
    taken.add(name.toLowerCase());
    return { ...one, name };
  });
}

/** The folded name of the pool that a made rule belongs to. */
const poolOf = ({ name = '' }: InboundNatRule): string => name.slice(0, name.lastIndexOf('.')).toLowerCase();

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

/** The free ports of a pool, from the lowest to the highest; each is asked for once. */
function* freePorts({ properties }: InboundNatPool, taken: ReadonlySet<number>): Generator<number, undefined> {
  const { frontendPortRangeStart: start = 0, frontendPortRangeEnd: end = -1 } = properties ?? {};
  for (let port = start; port <= end; port++) if (!taken.has(port)) yield port;
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
  const placed = withOwnNames(placements(document, id, lookup), before.properties.inboundNatRules ?? []);
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
  const freeOf = new Map(placed.map(({ pool }) => [pool, freePorts(pool, taken)]));
  const made = placed.flatMap((placement) => {
    const port = known.get(placement.name) ?? freeOf.get(placement.pool)?.next().value;
    if (port === undefined) return [];
    taken.add(port);
    return [ruleFor(placement, port)];
  });
  return { ...document, properties: { ...document.properties, inboundNatRules: [...own, ...made] } };
}
