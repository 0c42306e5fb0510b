/**
 * Where an Azure address is on this machine: a developer's machine is no virtual network, so the address 10.0.0.4 of a
 * VNet is reached at 127.0.0.4 (replace the first number by 127), unless `--address-map` says otherwise.
 */
import { contains, formatIpAddress, formatIpPrefix, parseIpAddress, parseIpv4Network, } from '../support/ip-address.js';
/**
 * The address of this machine that stands for an Azure address. The first mapping that contains it decides; an IPv4
 * address that none contains, and every IPv6 address, stays as it is.
 */
export function mapAddress(address, maps) {
    const parsed = address.includes(':') ? undefined : parseIpAddress(address);
    const mapping = parsed && maps.find(({ from }) => contains(from, parsed));
    if (!parsed || !mapping)
        return address;
    return formatIpAddress({ version: 4, value: mapping.to.value + (parsed.value - mapping.from.value) });
}
/** The network of this machine that stands for one of Azure's, as long as one mapping covers it whole; else the same. */
export function mapNetwork(network, maps) {
    const prefix = parseIpv4Network(network);
    const mapping = prefix && maps.find(({ from }) => prefix.length >= from.length && contains(from, prefix));
    if (!prefix || !mapping)
        return network;
    return formatIpPrefix({ ...prefix, value: mapping.to.value + (prefix.value - mapping.from.value) });
}
//# sourceMappingURL=address-map.js.map