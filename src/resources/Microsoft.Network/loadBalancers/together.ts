/**
 * What Azure refuses about a load balancer together with those behind it, whichever of both is written: ports that one
 * ipConfiguration would receive twice, pools of addresses that a network interface joins, virtual networks that do not
 * match, availability sets and SKUs that do not, and ports that are too few for another member.
 */
import { type AzureError, azureError } from '../../../errors/index.js';
import { machineOf } from '../../Microsoft.Compute/common-members.js';
import { childrenIn, childWithId, linksFromOthers, lookUpChild } from '../../references.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { Link, Lookup, Resource } from '../../resource-type.js';
import { loadBalancerChild } from '../common-members.js';
import { isInternal } from './frontendIPConfigurations.js';
import { checkPortRange } from './nat-ports.js';
import { checkOutboundPorts } from './outboundRules.js';
import { type LoadBalancerDocument, versionOf } from './parts.js';

type LoadBalancer = Pick<Resource, 'id'> & { readonly document: LoadBalancerDocument };

/** A rule that sends a protocol and port to the members of its target. */
interface Use {
  readonly loadBalancer: string;
  readonly rule: string;
  readonly protocol: string;
  readonly port: number;
  readonly internal: boolean;
}

interface Member {
  privateIPAddressVersion?: string;
  subnet?: { id: string };
  publicIPAddress?: { id: string };
  loadBalancerBackendAddressPools?: { id: string }[];
  loadBalancerInboundNatRules?: { id: string }[];
  loadBalancerInboundNatPools?: { id: string }[];
}

const targetsOf = (member: Member): string[] =>
  [member.loadBalancerBackendAddressPools, member.loadBalancerInboundNatRules, member.loadBalancerInboundNatPools]
    .flatMap((references) => references ?? [])
    .map(({ id }) => id);

const loadBalancerAt = (lookup: Lookup, key: string): LoadBalancer | undefined => lookup.resource(key) as LoadBalancer;

/** The rules without floating IP of a load balancer, by the folded id of the pool, NAT rule or NAT pool they serve. */
function usesByTarget({ id, document }: LoadBalancer): Map<string, Use[]> {
  const { frontendIPConfigurations = [], loadBalancingRules, inboundNatRules, inboundNatPools } = document.properties;
  const internal = frontendIPConfigurations.some(isInternal);
  const uses = new Map<string, Use[]>();
  interface Rule {
    enableFloatingIP?: boolean;
    protocol?: string;
    backendPort?: number;
  }
  const add = (target: string, rule: string, { enableFloatingIP, protocol = 'Tcp', backendPort = 0 }: Rule): void => {
    if (enableFloatingIP) return;
    const key = idKey(target);
    uses.set(key, [...(uses.get(key) ?? []), { loadBalancer: id, rule, protocol, port: backendPort, internal }]);
  };
  for (const { name, properties } of loadBalancingRules ?? []) {
    const rule = loadBalancerChild(id, 'loadBalancingRules', name);
    for (const pool of properties?.backendAddressPools ?? []) add(pool.id, rule, properties ?? {});
  }
  for (const { name, properties } of inboundNatRules ?? []) {
    const rule = loadBalancerChild(id, 'inboundNatRules', name);
    add(properties?.backendAddressPool?.id ?? rule, rule, properties ?? {});
  }
  for (const { name, properties } of inboundNatPools ?? []) {
    const pool = loadBalancerChild(id, 'inboundNatPools', name);
    add(pool, pool, properties ?? {});
  }
  return uses;
}

type UsesOf = (target: string) => readonly Use[];

function usesIn(lookup: Lookup): UsesOf {
  const known = new Map<string, Map<string, Use[]>>();
  return (target) => {
    const root = rootKey(target);
    const loadBalancer = known.has(root) ? undefined : loadBalancerAt(lookup, root);
    if (loadBalancer) known.set(root, usesByTarget(loadBalancer));
    return known.get(root)?.get(idKey(target)) ?? [];
  };
}

const isOfScaleSet = (id: string): boolean => /\/virtualMachineScaleSets\//i.test(id);

/** Without floating IP, an ipConfiguration receives a protocol and port from one rule, and of one type of balancer. */
function* checkBackendPortsOf(ipConfiguration: string, member: Member, usesOf: UsesOf): Generator<AzureError> {
  const taken = new Map<string, Use>();
  for (const use of targetsOf(member).flatMap((target) => [...usesOf(target)])) {
    const { protocol, port, rule: second } = use;
    const key = `${use.internal}|${protocol}|${port}`;
    const other = taken.get(key);
    if (!other) taken.set(key, use);
    else if (other.rule !== second) {
      const values = { first: other.rule, second, protocol, port, ipConfiguration };
      if (isOfScaleSet(ipConfiguration)) {
        yield azureError('RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndVmssIPConfig', { values });
      } else if (other.loadBalancer === use.loadBalancer) {
        yield azureError('RulesUseSameBackendPortProtocolAndIPConfig', { values });
      } else yield azureError('RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndIPConfig', { values });
    }
  }
}

const virtualNetworkOf = (lookup: Lookup, subnet: string): string =>
  lookup.resource(rootKey(subnet))?.id ?? rootKey(subnet);

const ownerOf = (lookup: Lookup, ipConfiguration: string): string =>
  lookup.resource(rootKey(ipConfiguration))?.id ?? ipConfiguration;

/** An internal load balancer and the network interfaces behind it share a virtual network. */
function* checkVirtualNetwork(ipConfiguration: string, member: Member, lookup: Lookup): Generator<AzureError> {
  if (!member.subnet) return;
  for (const key of new Set(targetsOf(member).map(rootKey))) {
    const loadBalancer = loadBalancerAt(lookup, key);
    for (const { properties } of loadBalancer?.document.properties.frontendIPConfigurations ?? []) {
      const theirs = properties?.subnet?.id;
      if (!loadBalancer || theirs === undefined || rootKey(theirs) === rootKey(member.subnet.id)) continue;
      const virtualNetwork = virtualNetworkOf(lookup, theirs);
      const nic = ownerOf(lookup, ipConfiguration);
      const values = { nic, loadBalancer: loadBalancer.id, virtualNetwork };
      yield azureError('NetworkInterfaceAndInternalLoadBalancerMustUseSameVnet', { values });
    }
  }
}

const isMember = ({ sourceType }: Link): boolean =>
  /^Microsoft\.(Network\/networkInterfaces|Compute\/virtualMachineScaleSets)\/.*ipConfigurations$/.test(sourceType);

function joins(pool: string, lookup: Lookup): readonly Link[] {
  const key = idKey(pool);
  return lookup
    .linksInto(rootKey(pool))
    .filter(({ path, target }) => path === 'loadBalancerBackendAddressPools' && target === key);
}

/** Each of `joined` has the IP version of the frontends that serve the pool. */
function* checkVersionsOfMembers(
  { id, document }: LoadBalancer,
  { joined, pool, lookup }: { joined: readonly Link[]; pool: string; lookup: Lookup },
): Generator<AzureError> {
  const versions = new Set(
    joined
      .filter(({ sourceType }) => sourceType === 'Microsoft.Network/networkInterfaces/ipConfigurations')
      .map(({ sourceId }) => (lookUpChild(lookup, sourceId)?.child.properties as Member)?.privateIPAddressVersion),
  );
  if (versions.size === 0) return;
  const key = idKey(pool);
  for (const { name, properties } of document.properties.loadBalancingRules ?? []) {
    if (!properties?.backendAddressPools?.some((one) => idKey(one.id) === key)) continue;
    const frontend = childWithId(document.properties.frontendIPConfigurations, properties.frontendIPConfiguration?.id);
    const version = frontend && versionOf(frontend, { lookup });
    if (version === undefined || [...versions].every((one) => (one ?? 'IPv4') === version)) continue;
    const values = { id: loadBalancerChild(id, 'loadBalancingRules', name), version: String(version), pool };
    yield azureError('FrontendAndBackendPoolIPVersionDoNotMatch', { values });
  }
}

/** A pool has addresses or network interfaces, and ports for all its members; `written` are those that the write is about. */
function* checkPool(
  id: string,
  { lookup, written }: { lookup: Lookup; written: ReadonlySet<string> },
): Generator<AzureError> {
  const loadBalancer = loadBalancerAt(lookup, rootKey(id));
  const { backendAddressPools, outboundRules, inboundNatRules } = loadBalancer?.document.properties ?? {};
  const pool = childWithId(backendAddressPools, id);
  if (!loadBalancer || !pool) return;
  const poolId = loadBalancerChild(loadBalancer.id, 'backendAddressPools', pool.name);
  const joined = joins(poolId, lookup);
  const addresses = childrenIn(pool.properties, 'loadBalancerBackendAddresses');
  if (joined.length > 0 && addresses.some(({ properties }) => properties?.ipAddress !== undefined)) {
    const code = 'CannotMixIPBasedAddressesAndIPConfigurationsOnLoadBalancerBackendAddressPool';
    yield azureError(code, { values: { id: poolId } });
  }
  const lengths = new Set([...written].map(({ length }) => length));
  const concerned = joined.filter(({ sourceId }) => lengths.has(sourceId.length) && written.has(idKey(sourceId)));
  yield* checkVersionsOfMembers(loadBalancer, { joined: concerned, pool: poolId, lookup });
  if (!outboundRules?.length && !inboundNatRules?.length) return;
  // A scale set's profile names the pool too; its instances are the members.
  const members = joined.filter(({ sourceType }) => sourceType.endsWith('/ipConfigurations')).length;
  for (const rule of outboundRules ?? []) {
    const own = rule.properties?.backendAddressPool;
    if (own && idKey(own.id) === idKey(id)) yield* checkOutboundPorts(rule, { loadBalancer: loadBalancer.id, members });
  }
  for (const rule of inboundNatRules ?? []) {
    const own = rule.properties?.backendAddressPool;
    if (!own || idKey(own.id) !== idKey(id)) continue;
    yield* checkPortRange(rule, { loadBalancer: loadBalancer.id, members: members + addresses.length });
  }
}

/** A NAT pool has a port for every instance of the scale sets that use it. */
function* checkNatPool(id: string, lookup: Lookup): Generator<AzureError> {
  const { inboundNatPools } = loadBalancerAt(lookup, rootKey(id))?.document.properties ?? {};
  const { frontendPortRangeStart: start, frontendPortRangeEnd: end } =
    childWithId(inboundNatPools, id)?.properties ?? {};
  if (start === undefined || end === undefined) return;
  const key = idKey(id);
  const instances = lookup
    .linksInto(rootKey(id))
    .filter(({ path, target }) => path === 'loadBalancerInboundNatPools' && target === key)
    .filter(({ sourceType }) => sourceType.endsWith('/ipConfigurations')).length;
  if (instances === 0 || instances <= end - start + 1) return;
  const values = { id, available: end - start + 1, instances };
  yield azureError('InboundNatPoolFrontendPortRangeSmallerThanRequestedPorts', { values });
}

/** The network interfaces of a pool are in one virtual network; who joins is compared with one who is there. */
function* checkNeighbours(ipConfiguration: string, member: Member, lookup: Lookup): Generator<AzureError> {
  if (!member.subnet) return;
  for (const { id: pool } of member.loadBalancerBackendAddressPools ?? []) {
    const [other] = linksFromOthers(joins(pool, lookup), rootKey(ipConfiguration));
    const theirs = other && (lookUpChild(lookup, other.sourceId)?.child.properties as Member | undefined)?.subnet?.id;
    if (theirs === undefined || rootKey(theirs) === rootKey(member.subnet.id)) continue;
    const loadBalancer = lookup.resource(rootKey(pool))?.id ?? pool;
    const virtualNetwork = virtualNetworkOf(lookup, theirs);
    const values = { nic: ownerOf(lookup, ipConfiguration), loadBalancer, virtualNetwork };
    yield azureError('NetworkInterfacesOfLoadBalancerMustUseSameVnet', { values });
  }
}

/**
 * Folded id of the availability set or scale set whose machine has an ipConfiguration; a machine outside of both is a set
 * of its own. Undefined while no machine has it.
 */
function setOf(ipConfiguration: string, lookup: Lookup): string | undefined {
  const owner = rootKey(ipConfiguration);
  if (isOfScaleSet(ipConfiguration)) return owner;
  const machine = machineOf(lookup, owner);
  const { availabilitySet, virtualMachineScaleSet } = (machine?.document.properties ?? {}) as {
    availabilitySet?: { id: string };
    virtualMachineScaleSet?: { id: string };
  };
  const set = availabilitySet ?? virtualMachineScaleSet;
  return set ? idKey(set.id) : machine?.key;
}

const isBasic = (resource: Resource | undefined): boolean => (resource?.document.sku?.name ?? 'Basic') === 'Basic';

/** Behind a Basic load balancer are the machines of one set; who joins is compared with those who are there. */
function* checkSetOfBasic(ipConfiguration: string, member: Member, lookup: Lookup): Generator<AzureError> {
  const own = setOf(ipConfiguration, lookup);
  if (own === undefined) return;
  for (const key of new Set(targetsOf(member).map(rootKey))) {
    const loadBalancer = lookup.resource(key);
    if (!loadBalancer || !isBasic(loadBalancer)) continue;
    for (const { sourceId } of lookup.linksInto(key).filter(isMember)) {
      const theirs = setOf(sourceId, lookup);
      if (theirs === undefined || theirs === own) continue;
      const set = lookup.resource(theirs)?.id ?? theirs;
      const values = { nic: ownerOf(lookup, ipConfiguration), loadBalancer: loadBalancer.id, set };
      yield azureError('NetworkInterfaceAndLoadBalancerAreInDifferentAvailabilitySets', { values });
    }
  }
}

const setsPerPool = 150;

/** The machines of a pool are in so many availability sets, counted when who joins is in a set that is new to it. */
function* checkSetsOf(pool: string, ipConfigurations: readonly string[], lookup: Lookup): Generator<AzureError> {
  const own = new Set(ipConfigurations.flatMap((id) => setOf(id, lookup) ?? []));
  const joined = own.size === 0 ? [] : joins(pool, lookup).filter(isMember);
  if (joined.length <= setsPerPool) return;
  const joining = new Set(ipConfigurations.map(idKey));
  const others = joined.filter(({ sourceId }) => !joining.has(idKey(sourceId)));
  if (others.some(({ sourceId }) => own.delete(setOf(sourceId, lookup) ?? '') && own.size === 0)) return;
  const sets = new Set(joined.flatMap(({ sourceId }) => setOf(sourceId, lookup) ?? [])).size;
  if (sets <= setsPerPool) return;
  yield azureError('MaxAvailabilitySetsInLoadBalancerReached', { values: { pool, sets, limit: setsPerPool } });
}

const membersIn = (nic: Resource | undefined): Member[] =>
  childrenIn(nic?.document.properties, 'ipConfigurations').flatMap(({ properties }) => (properties as Member) ?? []);

/** Folded ids of the network interfaces of a machine, or of every machine of its availability set. */
function besides(nic: string, lookup: Lookup): string[] {
  const machine = machineOf(lookup, nic);
  if (!machine) return [nic];
  const { availabilitySet } = machine.document.properties as { availabilitySet?: { id: string } };
  const machines = availabilitySet
    ? lookup
        .linksInto(idKey(availabilitySet.id))
        .filter(({ path }) => path === 'availabilitySet')
        .flatMap(({ sourceId }) => lookup.resource(rootKey(sourceId)) ?? [])
    : [machine];
  const referencesOf = ({ document }: Resource) =>
    (document.properties.networkProfile as { networkInterfaces?: { id: string }[] } | undefined)?.networkInterfaces ??
    [];
  return [nic, ...machines.flatMap(referencesOf).map(({ id }) => idKey(id))];
}

/** Network interfaces of one availability set are not behind Basic and Standard at once, nor have addresses of both. */
function* checkSkus(ipConfigurations: readonly string[], lookup: Lookup): Generator<AzureError> {
  for (const nic of new Set(ipConfigurations.filter((id) => !isOfScaleSet(id)).map(rootKey))) {
    const keysOf = (key: string): string[] =>
      membersIn(lookup.resource(key))
        .flatMap((member) => [...targetsOf(member), member.publicIPAddress?.id ?? []].flat())
        .map(rootKey);
    const [first] = keysOf(nic).flatMap((key) => lookup.resource(key) ?? []);
    if (!first) continue;
    const second = [...new Set(besides(nic, lookup).flatMap(keysOf))]
      .flatMap((key) => lookup.resource(key) ?? [])
      .find((resource) => isBasic(resource) !== isBasic(first));
    if (!second) continue;
    const values = { first: first.id, second: second.id };
    yield azureError('DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed', { values });
  }
}

interface Together {
  /** Ids of the ipConfigurations that are or come to be behind load balancers. */
  readonly ipConfigurations: Iterable<string>;
  /** Ids of the pools that are written or joined. */
  readonly pools: Iterable<string>;
  /** Ids of the NAT pools that are written or used. */
  readonly natPools: Iterable<string>;
}

const rulesPerNetworkInterface = 300;

/** A network interface takes part in so many rules, and is behind one internal load balancer. */
function* checkNetworkInterface(ipConfigurations: readonly string[], lookup: Lookup): Generator<AzureError> {
  const usesOf = usesIn(lookup);
  const byOwner = new Map<string, Use[]>();
  for (const id of ipConfigurations) {
    const member = lookUpChild(lookup, id)?.child.properties as Member | undefined;
    if (!member || isOfScaleSet(id)) continue;
    const owner = ownerOf(lookup, id);
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), ...targetsOf(member).flatMap((target) => [...usesOf(target)])]);
  }
  for (const [nic, uses] of byOwner) {
    const rules = new Set(uses.map(({ rule }) => rule)).size;
    if (rules > rulesPerNetworkInterface) {
      const values = { nic, rules, limit: rulesPerNetworkInterface };
      yield azureError('LoadBalancerRuleCountLimitReachedForNic', { values });
    }
    const [first, second] = new Set(uses.filter(({ internal }) => internal).map(({ loadBalancer }) => loadBalancer));
    if (first && second) yield azureError('AnotherInternalLoadBalancerExists', { values: { nic, first, second } });
  }
}

function* checkTogether({ ipConfigurations, pools, natPools }: Together, after: Lookup): Generator<AzureError> {
  const usesOf = usesIn(after);
  for (const id of ipConfigurations) {
    const member = lookUpChild(after, id)?.child.properties as Member | undefined;
    if (!member) continue;
    yield* checkVirtualNetwork(id, member, after);
    yield* checkBackendPortsOf(id, member, usesOf);
  }
  yield* checkNetworkInterface([...ipConfigurations], after);
  const written = new Set([...ipConfigurations].map(idKey));
  for (const pool of new Set(pools)) yield* checkPool(pool, { lookup: after, written });
  for (const pool of new Set(natPools)) yield* checkNatPool(pool, after);
}

/** Of a write of a load balancer; `after` shows it as it will be. */
export function* checkThoseBehind(id: string, after: Lookup): Generator<AzureError> {
  const ipConfigurations = new Set(
    after
      .linksInto(idKey(id))
      .filter(isMember)
      .map(({ sourceId }) => sourceId),
  );
  const written = loadBalancerAt(after, idKey(id))?.document.properties;
  const idsIn = (collection: 'backendAddressPools' | 'inboundNatPools'): string[] =>
    (written?.[collection] ?? []).map(({ name }) => loadBalancerChild(id, collection, name));
  const pools = idsIn('backendAddressPools');
  yield* checkTogether({ ipConfigurations, pools, natPools: idsIn('inboundNatPools') }, after);
}

/** Of a write of who has these ipConfigurations; `after` shows them as they will be. */
export function* checkLoadBalancersAhead(ipConfigurations: readonly string[], after: Lookup): Generator<AzureError> {
  yield* checkSkus(ipConfigurations, after);
  const members = ipConfigurations.flatMap((id) => {
    const member = lookUpChild(after, id)?.child.properties as Member | undefined;
    return member ? [{ id, member }] : [];
  });
  const pools = members.flatMap(({ member }) => member.loadBalancerBackendAddressPools ?? []).map(({ id }) => id);
  const natPools = members.flatMap(({ member }) => member.loadBalancerInboundNatPools ?? []).map(({ id }) => id);
  yield* checkTogether({ ipConfigurations, pools, natPools }, after);
  for (const { id, member } of members) {
    yield* checkNeighbours(id, member, after);
    yield* checkSetOfBasic(id, member, after);
  }
  for (const pool of new Set(pools)) yield* checkSetsOf(pool, ipConfigurations, after);
}

/** Of a write of who has these network interfaces. */
export function* checkNetworkInterfacesAhead(nics: readonly string[], after: Lookup): Generator<AzureError> {
  const ipConfigurations = nics.flatMap((nic) =>
    childrenIn(after.resource(idKey(nic))?.document.properties, 'ipConfigurations').map(
      ({ name }) => `${nic}/ipConfigurations/${name}`,
    ),
  );
  yield* checkLoadBalancersAhead(ipConfigurations, after);
}
