export const member = (address, port, rest = {}) => ({
    key: address,
    id: `nic-${address}`,
    azureAddress: address.replace(/^127/, '10'),
    address,
    port,
    adminState: 'None',
    probe: undefined,
    ...rest,
});
export const rule = (members, rest = {}) => ({
    id: 'rule-1',
    frontendId: 'frontend-1',
    loadBalancerId: 'lb-1',
    distribution: 'Default',
    idleTimeoutMs: 240_000,
    tcpReset: false,
    floatingIp: false,
    sku: 'Standard',
    allProbedDown: 'keepEstablished',
    noHealthyBackends: 'AllProbedDown',
    acl: [],
    halfOpenMs: 60_000,
    members,
    ...rest,
});
export const frontend = (transport, place, rule) => {
    const at = place.lastIndexOf(':');
    const address = place.slice(0, at);
    const port = Number(place.slice(at + 1));
    return { key: `${transport}/${address}/${port}`, transport, azureAddress: address, address, port, rule };
};
export const tcpProbe = (address, port, rest = {}) => ({
    key: `probe-1|${address}`,
    id: 'probe-1',
    protocol: 'Tcp',
    azureAddress: address,
    address,
    port,
    requestPath: undefined,
    intervalMs: 5000,
    timeoutMs: 5000,
    threshold: 1,
    ...rest,
});
export const plan = (frontends, probes = [], outbound = []) => ({ version: 1, frontends, probes, outbound });
/** `lastPort` included; the virtual network is the member's /16. */
export const outbound = (transport, address, rest = {}) => ({
    key: `outbound/${transport}/${address}`,
    transport,
    rule: 'outbound-1',
    loadBalancerId: 'lb-1',
    azureAddress: address.replace(/^127/, '10'),
    address,
    frontendAzureAddress: '127.255.0.4',
    frontendAddress: '127.255.0.4',
    firstPort: 1024,
    lastPort: 1031,
    idleTimeoutMs: 240_000,
    inside: [`${address.split('.').slice(0, 2).join('.')}.0.0/16`, '168.63.129.16/32'],
    ...rest,
});
//# sourceMappingURL=plans.js.map