/** The collections in the order in which Azure shows them; always present, even when empty. */
export const collections = [
    'frontendIPConfigurations',
    'backendAddressPools',
    'loadBalancingRules',
    'probes',
    'inboundNatRules',
    'outboundRules',
    'inboundNatPools',
];
//# sourceMappingURL=document.js.map