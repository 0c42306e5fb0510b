/** A load balancer's body, as short as a test wants to write it. */
import { addressMembers, balancerBody } from '../balancer-body.js';
import { idOf, ref } from './cloud.js';

export interface Rule {
  readonly name: string;
  readonly protocol?: 'Tcp' | 'Udp' | 'All';
  readonly frontendPort: number;
  readonly backendPort: number;
  /** In any casing, as PowerShell and people write it. */
  readonly loadDistribution?: string;
}

export interface LoadBalancer {
  readonly name?: string;
  readonly rules: readonly Rule[];
  /** The public frontend's address; without it the frontend is `internal`. */
  readonly publicIp?: string;
  readonly internal?: { readonly privateIPAddress: string };
  /** Port of a TCP probe that all rules use. */
  readonly probePort?: number;
  /** IP-based members of the pool; NIC-based ones join by their NICs. */
  readonly addresses?: readonly string[];
  readonly natRules?: readonly { readonly name: string; readonly properties: Record<string, unknown> }[];
}

const frontendProperties = ({ publicIp = 'ip', internal }: LoadBalancer): Record<string, unknown> =>
  internal
    ? { subnet: ref('virtualNetworks/vnet/subnets/vms'), privateIPAllocationMethod: 'Static', ...internal }
    : { publicIPAddress: ref(`publicIPAddresses/${publicIp}`) };

/** The frontend of the load balancer that `loadBalancer` makes. */
export const frontendRef = (name = 'lb') => ref(`loadBalancers/${name}/frontendIPConfigurations/front`);
export const poolRef = (name = 'lb') => ref(`loadBalancers/${name}/backendAddressPools/pool`);

/** Standard SKU, one frontend, one pool, at most one probe. */
export function loadBalancer(of: LoadBalancer): Record<string, unknown> {
  const { name = 'lb', rules, probePort, addresses, natRules = [] } = of;
  const probe = probePort === undefined ? {} : { probe: 'probe' };
  return balancerBody(idOf(`loadBalancers/${name}`), {
    frontends: { front: frontendProperties(of) },
    pools: { pool: addresses ? addressMembers(addresses, ref('virtualNetworks/vnet')) : {} },
    probes: probePort === undefined ? {} : { probe: { port: probePort } },
    rules: Object.fromEntries(rules.map(({ name: rule, ...properties }) => [rule, { ...probe, ...properties }])),
    natRules: Object.fromEntries(natRules.map(({ name: rule, properties }) => [rule, properties])),
  });
}

/** The addresses of this machine that the tests' clients have: 127.A.B.1 and on. */
export const clientAddresses = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}.${index + 1}`);
