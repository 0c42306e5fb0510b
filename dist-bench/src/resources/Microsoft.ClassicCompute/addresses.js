/** Which addresses classic resources hold, and the lowest free one of a range. */
import { formatIpAddress, formatIpPrefix, networkOf, parseIpv4Prefix, sizeOf } from '../../support/ip-address.js';
/** `cidr` with its host bits cleared; any other text is returned unchanged. */
export function canonicalCidr(cidr) {
    const prefix = parseIpv4Prefix(cidr);
    return prefix ? formatIpPrefix(networkOf(prefix)) : cidr;
}
/** The lowest free address of `cidr`. Azure keeps the first four and the last one of a subnet for itself. */
export function lowestFreeAddress(cidr, taken) {
    const prefix = parseIpv4Prefix(cidr);
    if (!prefix)
        return undefined;
    const first = networkOf(prefix).value;
    const last = first + sizeOf(prefix) - 1n;
    for (let value = first + 4n; value < last; value++) {
        const address = formatIpAddress({ version: 4, value });
        if (!taken.has(address))
            return address;
    }
    return undefined;
}
/** Public addresses that `services` and `reservedIps` hold. */
export function publicAddressesOf(services, reservedIps) {
    const held = new Set();
    for (const service of services) {
        for (const deployment of service.deployments) {
            held.add(deployment.vip);
            for (const { Address } of deployment.additionalVips ?? [])
                if (Address !== undefined)
                    held.add(Address);
            for (const instance of deployment.instances)
                for (const address of instance.publicAddresses)
                    held.add(address);
        }
    }
    for (const { Address } of reservedIps)
        held.add(Address);
    return held;
}
/** Private addresses that instances and internal load balancers of `services` hold. */
export function privateAddressesOf(services) {
    const held = new Set();
    for (const service of services) {
        for (const deployment of service.deployments) {
            for (const { IpAddress } of deployment.instances)
                held.add(IpAddress);
            for (const { address } of deployment.LoadBalancers)
                held.add(address);
        }
    }
    return held;
}
//# sourceMappingURL=addresses.js.map