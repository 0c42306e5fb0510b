/** The body of a load balancer out of the names of its parts, for every test and bench that needs one. */
const named = (of = {}, properties) => Object.entries(of).map(([name, one]) => ({ name, properties: properties(one) }));
const asWritten = (properties) => properties;
/** The members of a pool that are addresses of a virtual network; each is named like its address. */
export const addressMembers = (addresses, virtualNetwork) => ({
    loadBalancerBackendAddresses: addresses.map((ipAddress) => ({
        name: ipAddress,
        properties: { ipAddress, virtualNetwork },
    })),
});
/** A load balancer whose id is `id`: rules are for TCP, outbound rules for all protocols and `front`, when they do not say. */
export function balancerBody(id, parts) {
    const { sku = 'Standard', pools = { pool: {} } } = parts;
    const child = (collection, name) => ({ id: `${id}/${collection}/${name}` });
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
//# sourceMappingURL=balancer-body.js.map