/**
 * Outbound rules: which backend's connections leave from which public address, with which of its ports, and how many
 * ports Azure reserves. https://learn.microsoft.com/azure/load-balancer/outbound-rules: 64,000 ports per address, given
 * out from the lowest to the highest, one address after the other; a load balancing or inbound NAT rule takes the eight
 * ports around its own.
 */
import {
  outboundKey,
  type PlanFrontend,
  type PlanOutbound,
  type SnatAllocation,
  type Transport,
} from '../data-plane/model/plan.js';
import { loadBalancerChild } from '../resources/Microsoft.Network/common-members.js';
import { membersOfPool, type PoolMember } from '../resources/Microsoft.Network/loadBalancers/backendAddressPools.js';
import { frontendAddress } from '../resources/Microsoft.Network/loadBalancers/frontendIPConfigurations.js';
import { defaultOutboundPorts, type OutboundRule } from '../resources/Microsoft.Network/loadBalancers/outboundRules.js';
import type { LoadBalancerDocument } from '../resources/Microsoft.Network/loadBalancers/parts.js';
import { childWithId, lookUpChild } from '../resources/references.js';
import { rootKey } from '../resources/resource-id.js';
import type { Lookup, Resource } from '../resources/resource-type.js';
import { type AddressMapping, mapAddress, mapNetwork, parseIpv4Network } from '../support/ip-address.js';

export interface OutboundOptions {
  readonly lookup: Lookup;
  readonly addressMap: readonly AddressMapping[];
  /** What the same load balancer forwards: its ports are taken. */
  readonly frontends: readonly PlanFrontend[];
}

const minuteMs = 60_000;
/** Ports below belong to services. */
const firstSnatPort = 1024;
const lastSnatPort = 65_535;
const portsTogether = 8;

/** Never outside: this machine, the platform's address, and link-local services such as instance metadata. */
const alwaysInside = ['127.0.0.1/32', '168.63.129.16/32', '169.254.0.0/16'];

export interface PortBlock {
  readonly address: string;
  readonly firstPort: number;
  readonly lastPort: number;
}

/** Blocks of `size` ports, first come, first served; fewer than `count` when the addresses have no more to give. */
export function portBlocks({
  count,
  size,
  addresses,
  takenPorts,
}: {
  readonly count: number;
  readonly size: number;
  readonly addresses: readonly string[];
  readonly takenPorts: (address: string) => readonly number[];
}): PortBlock[] {
  const blocks: PortBlock[] = [];
  for (const address of addresses) {
    const taken = takenPorts(address)
      .map((port) => port - (port % portsTogether))
      .sort((a, b) => a - b);
    let firstPort = firstSnatPort;
    while (blocks.length < count && firstPort + size - 1 <= lastSnatPort) {
      const inTheWay = taken.findLast((port) => port + portsTogether > firstPort && port < firstPort + size);
      if (inTheWay === undefined) blocks.push({ address, firstPort, lastPort: firstPort + size - 1 });
      firstPort = inTheWay === undefined ? firstPort + size : inTheWay + portsTogether;
    }
  }
  return blocks;
}

class OutboundCompiler {
  readonly #document: LoadBalancerDocument;

  constructor(
    readonly loadBalancer: Resource,
    readonly options: OutboundOptions,
  ) {
    this.#document = loadBalancer.document as LoadBalancerDocument;
  }

  compile(): PlanOutbound[] {
    return (this.#document.properties.outboundRules ?? []).flatMap((rule) => this.#rule(rule));
  }

  #rule({ name = '', properties = {} }: OutboundRule): PlanOutbound[] {
    const { backendAddressPool: pool, frontendIPConfigurations = [], allocatedOutboundPorts, protocol } = properties;
    if (!pool) return [];
    const members = membersOfPool(this.#document, pool.id, this.options);
    const addresses = frontendIPConfigurations.flatMap(
      ({ id }) => frontendAddress(this.loadBalancer, id, this.options.lookup) ?? [],
    );
    return transportsOf(protocol).flatMap((transport) => {
      const blocks = portBlocks({
        count: members.length,
        size: allocatedOutboundPorts || defaultOutboundPorts(members.length),
        addresses,
        takenPorts: (address) => this.#takenPorts(address, transport),
      });
      return blocks.flatMap((block, index) =>
        this.#entry(members[index] as PoolMember, {
          block,
          transport,
          rule: loadBalancerChild(this.loadBalancer.id, 'outboundRules', name),
          idleTimeoutMs: (properties.idleTimeoutInMinutes ?? 4) * minuteMs,
        }),
      );
    });
  }

  #takenPorts(address: string, transport: Transport): number[] {
    return this.options.frontends
      .filter((frontend) => frontend.azureAddress === address && frontend.transport === transport)
      .map(({ port }) => port);
  }

  #entry(
    member: PoolMember,
    { block, transport, ...rule }: { block: PortBlock; transport: Transport; rule: string; idleTimeoutMs: number },
  ): PlanOutbound[] {
    const inside = this.#networkOf(member);
    if (member.ipAddress === undefined || inside.length === 0) return [];
    const address = mapAddress(member.ipAddress, this.options.addressMap);
    return [
      {
        key: outboundKey(transport, address),
        transport,
        loadBalancerId: this.loadBalancer.id,
        azureAddress: member.ipAddress,
        address,
        frontendAzureAddress: block.address,
        frontendAddress: mapAddress(block.address, this.options.addressMap),
        firstPort: block.firstPort,
        lastPort: block.lastPort,
        inside: [...inside, ...alwaysInside],
        ...rule,
      },
    ];
  }

  /** IPv4 networks of the member's virtual network, as they are on this machine. */
  #networkOf({ id, networkInterfaceIPConfigurationId: nic }: PoolMember): string[] {
    const { lookup, addressMap } = this.options;
    const reference = (nic === undefined ? this.#writtenNetwork(id) : subnetOf(lookup, nic)) as Reference | undefined;
    const network = reference && lookup.resource(rootKey(reference.id))?.document.properties;
    const { addressPrefixes = [] } = (network?.addressSpace ?? {}) as { addressPrefixes?: string[] };
    return addressPrefixes.filter((prefix) => parseIpv4Network(prefix)).map((prefix) => mapNetwork(prefix, addressMap));
  }

  /** Of an address that is written on its pool. */
  #writtenNetwork(memberId: string): Reference | undefined {
    for (const { name: pool = '', properties } of this.#document.properties.backendAddressPools ?? []) {
      if (!memberId.toLowerCase().includes(`/backendaddresspools/${pool.toLowerCase()}/`)) continue;
      const written = properties?.loadBalancerBackendAddresses ?? [];
      const found = childWithId(written, memberId);
      if (found) return found.properties?.virtualNetwork ?? found.properties?.subnet ?? properties?.virtualNetwork;
    }
    return undefined;
  }
}

type Reference = { readonly id: string };

const subnetOf = (lookup: Lookup, ipConfigurationId: string): Reference | undefined =>
  lookUpChild(lookup, ipConfigurationId)?.child.properties?.subnet as Reference | undefined;

/** The outbound rules of a load balancer, one entry for each backend and protocol. */
export const compileOutbound = (loadBalancer: Resource, options: OutboundOptions): PlanOutbound[] =>
  new OutboundCompiler(loadBalancer, options).compile();

/** `All` is both; Azure carries QUIC as the UDP that it is. */
export const transportsOf = (protocol: string | undefined): readonly Transport[] =>
  protocol === 'All' ? ['tcp', 'udp'] : protocol === 'Udp' || protocol === 'Quic' ? ['udp'] : ['tcp'];

const portsPerAddress = 64_000;

interface Grant {
  readonly protocol: string | undefined;
  readonly poolId: string;
  readonly frontendIds: readonly string[];
  /** Per backend; 0 leaves it to Azure. */
  readonly ports: number;
}

/** Outbound rules, or else the public rules that do not disable outbound SNAT. */
function grantsOf({ properties }: LoadBalancerDocument): Grant[] {
  const { outboundRules = [], loadBalancingRules = [], frontendIPConfigurations = [] } = properties;
  const explicit = outboundRules.flatMap(({ properties: rule }) =>
    rule?.backendAddressPool
      ? [
          {
            protocol: rule.protocol,
            poolId: rule.backendAddressPool.id,
            frontendIds: (rule.frontendIPConfigurations ?? []).map(({ id }) => id),
            ports: rule.allocatedOutboundPorts ?? 0,
          },
        ]
      : [],
  );
  if (explicit.length > 0 || !frontendIPConfigurations.some((one) => one.properties?.publicIPAddress)) return explicit;
  const implicit = new Map<string, Grant>();
  for (const { properties: rule } of loadBalancingRules) {
    const frontend = rule?.frontendIPConfiguration;
    if (!rule || !frontend || rule.disableOutboundSnat) continue;
    for (const { id: poolId } of rule.backendAddressPools ?? []) {
      const grant = { protocol: rule.protocol, poolId, frontendIds: [frontend.id], ports: 0 };
      implicit.set(`${frontend.id}|${poolId}|${rule.protocol}`.toLowerCase(), grant);
    }
  }
  return [...implicit.values()];
}

const protocolsOf = (protocol: string | undefined): readonly ('TCP' | 'UDP')[] =>
  protocol === 'Tcp' ? ['TCP'] : protocol === 'Udp' ? ['UDP'] : ['TCP', 'UDP'];

function* allocationsOf(loadBalancer: Resource, lookup: Lookup): Generator<SnatAllocation> {
  const document = loadBalancer.document as LoadBalancerDocument;
  for (const { protocol, poolId, frontendIds, ports } of grantsOf(document)) {
    const addresses = frontendIds.flatMap((id) => frontendAddress(loadBalancer, id, lookup) ?? []);
    const backends = membersOfPool(document, poolId, { lookup }).flatMap(({ ipAddress }) => ipAddress ?? []);
    for (const [index, backendAddress] of backends.entries()) {
      // Azure uses up one frontend address after the other; what it grants of its own accord, it grants on each.
      const first = Math.floor((index * ports) / portsPerAddress);
      const granting = ports === 0 ? addresses : addresses.slice(first, first + 1);
      for (const frontendAddress of granting) {
        for (const transport of protocolsOf(protocol)) {
          yield {
            loadBalancerId: loadBalancer.id,
            frontendAddress,
            backendAddress,
            protocol: transport,
            ports: ports || defaultOutboundPorts(backends.length),
          };
        }
      }
    }
  }
}

/** What a load balancer reserves; nothing unless it is Standard. */
export const snatAllocationsOf = (loadBalancer: Resource, lookup: Lookup): SnatAllocation[] =>
  loadBalancer.document.sku?.name === 'Standard' ? [...allocationsOf(loadBalancer, lookup)] : [];
