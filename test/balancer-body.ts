/** The body of a load balancer out of the names of its parts, for every test and bench that needs one. */

type Properties = Readonly<Record<string, unknown>>;

/** A rule names its parts: `front`, `pool` and no probe when it does not. Everything else is written as in ARM. */
export interface RuleParts extends Properties {
  readonly frontend?: string;
  readonly pool?: string;
  readonly probe?: string;
}

/** Each member is a collection: names, and what stands in `properties`. */
export interface BalancerParts {
  readonly sku?: 'Standard' | 'Basic';
  readonly frontends: Readonly<Record<string, Properties>>;
  readonly pools?: Readonly<Record<string, Properties>>;
  readonly probes?: Readonly<Record<string, Properties>>;
  readonly rules?: Readonly<Record<string, RuleParts>>;
  readonly natRules?: Readonly<Record<string, RuleParts>>;
  readonly outboundRules?: Readonly<Record<string, Properties>>;
}

const named = <T>(of: Readonly<Record<string, T>> = {}, properties: (one: T) => Properties) =>
  Object.entries(of).map(([name, one]) => ({ name, properties: properties(one) }));

const asWritten = (properties: Properties): Properties => properties;

/** The members of a pool that are addresses of a virtual network; each is named like its address. */
export const addressMembers = (addresses: readonly string[], virtualNetwork: { readonly id: string }): Properties => ({
  loadBalancerBackendAddresses: addresses.map((ipAddress) => ({
    name: ipAddress,
    properties: { ipAddress, virtualNetwork },
  })),
});

/** A load balancer whose id is `id`: rules are for TCP, outbound rules for all protocols and `front`, when they do not say. */
export function balancerBody(id: string, parts: BalancerParts) {
  const { sku = 'Standard', pools = { pool: {} } } = parts;
  const child = (collection: string, name: string) => ({ id: `${id}/${collection}/${name}` });
  const frontendOf = (name = 'front') => child('frontendIPConfigurations', name);
  const poolOf = (name = 'pool') => child('backendAddressPools', name);
  return {
    location: 'westeurope',
    sku: { name: sku },
    properties: {
      frontendIPConfigurations: named(parts.frontends, asWritten),
      backendAddressPools: named(pools, asWritten),
      probes: named(parts.probes, (properties) => ({ protocol: 'Tcp', intervalInSeconds: 5, ...properties })),
      loadBalancingRules: named(parts.rules, ({ frontend, pool, probe, ...properties }) => ({
        protocol: 'Tcp',
        frontendIPConfiguration: frontendOf(frontend),
        backendAddressPool: poolOf(pool),
        ...(probe !== undefined && { probe: child('probes', probe) }),
        ...properties,
      })),
      inboundNatRules: named(parts.natRules, ({ frontend, pool, ...properties }) => ({
        protocol: 'Tcp',
        frontendIPConfiguration: frontendOf(frontend),
        ...(pool !== undefined && { backendAddressPool: poolOf(pool) }),
        ...properties,
      })),
      outboundRules: named(parts.outboundRules, (properties) => ({
        protocol: 'All',
        frontendIPConfigurations: [frontendOf()],
        backendAddressPool: poolOf(),
        ...properties,
      })),
    },
  };
}
