/**
 * Additional virtual IPs of a deployment. Imitates "Add Virtual IP", "Delete Virtual IP" and, of "Add Role", the element
 * VirtualIPName.
 */
import { azureError } from '../../errors/index.js';
import { sameName } from './endpoints.js';
/** How Azure calls the deployment's first public address. */
export function virtualIpName(deployment) {
    if (deployment.vipName !== undefined)
        return deployment.vipName;
    if (deployment.kind === 'cloudService') {
        const name = deployment.configuration.serviceName || deployment.definition.name;
        return `${name}ContractContract`;
    }
    const isPublic = deployment.roles.some((role) => role.InputEndpoints.some((e) => e.LoadBalancerName === undefined));
    if (isPublic)
        return `${deployment.Name}ContractContract`;
    return deployment.hadPublicEndpoints ? `${deployment.Name}ContractVip` : '__PseudoBackEndContractVip';
}
/** The additional VIP called `name`; undefined for the first one. */
export const additionalVip = (deployment, name) => deployment.additionalVips?.find((vip) => sameName(vip.Name, name));
const notFound = (name) => azureError('ClassicVirtualIpNotFound', { values: { name } });
const isFirst = (deployment, name) => [virtualIpName(deployment), `${deployment.Name}ContractContract`].some((known) => sameName(known, name));
/**
 * The VIP that a request names, as endpoints keep it: undefined is the first. A name that no VIP has is refused, unless
 * the endpoint is on an internal load balancer, where it means nothing.
 */
export function checkedVipName(deployment, name, { loadBalancer } = {}) {
    if (loadBalancer !== undefined)
        return name;
    if (name === undefined || isFirst(deployment, name))
        return undefined;
    const found = additionalVip(deployment, name);
    if (!found)
        throw notFound(name);
    return found.Name;
}
/** The deployment with one more VIP, which has no address yet. */
export function addVip(deployment, name) {
    if (isFirst(deployment, name) || additionalVip(deployment, name)) {
        throw azureError('ClassicNameTaken', { values: { name } });
    }
    return { ...deployment, additionalVips: [...(deployment.additionalVips ?? []), { Name: name }] };
}
const namesOfUsedVips = ({ roles }) => roles.flatMap((role) => role.InputEndpoints.map(({ VirtualIPName }) => VirtualIPName));
/** The deployment without the additional VIP; one that endpoints use, and the first, stay. */
export function deleteVip(deployment, name) {
    const vip = additionalVip(deployment, name);
    if (!vip)
        throw notFound(name);
    if (deployment.kind === 'virtualMachines' && namesOfUsedVips(deployment).some((used) => sameName(used, name))) {
        throw azureError('ClassicVirtualIpInUse', { values: { name: vip.Name } });
    }
    return { ...deployment, additionalVips: deployment.additionalVips?.filter((other) => other !== vip) };
}
/** The deployment with addresses for all additional VIPs that endpoints use. */
export function withVipAddresses(deployment, { addresses }) {
    if (deployment.kind !== 'virtualMachines' || !deployment.additionalVips?.length)
        return deployment;
    const used = namesOfUsedVips(deployment);
    const addressed = (vip) => vip.Address === undefined && used.some((name) => sameName(name, vip.Name))
        ? { ...vip, Address: addresses.publicAddress() }
        : vip;
    const additionalVips = deployment.additionalVips.map(addressed);
    const namesVips = deployment.namesVips || additionalVips.some(({ Address }) => Address !== undefined) || undefined;
    return { ...deployment, additionalVips, namesVips };
}
/** The address of a VIP and its reserved IP; `name` undefined is the first VIP. */
export function addressOfVip(deployment, name) {
    const vip = additionalVip(deployment, name);
    return vip ?? { Address: deployment.vip, ReservedIPName: deployment.ReservedIPName };
}
/** The deployment with another address on one of its VIPs; `name` undefined is the first VIP. */
export function withAddress(deployment, name, { Address, ReservedIPName }) {
    const vip = additionalVip(deployment, name);
    if (!vip)
        return { ...deployment, vip: Address, ReservedIPName };
    const changed = { Name: vip.Name, Address, ReservedIPName };
    return {
        ...deployment,
        additionalVips: deployment.additionalVips?.map((other) => (other === vip ? changed : other)),
    };
}
//# sourceMappingURL=virtual-ips.js.map