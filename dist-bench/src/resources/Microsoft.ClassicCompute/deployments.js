/**
 * Deployments: the contents of a hosted service's two slots, and the reserved IPs they use. Imitates "Create Virtual
 * Machine Deployment", "Delete Deployment", "Swap Deployment", the role instance operations, "Associate Reserved IP" and
 * "Disassociate Reserved IP".
 */
import { azureError } from '../../errors/index.js';
import { parseIpAddress } from '../../support/ip-address.js';
import { sameName } from './endpoints.js';
import { addInternalLoadBalancer } from './internal-load-balancers.js';
import { virtualIpName } from './virtual-ips.js';
import { addRole, findRole } from './vm-roles.js';
/** The deployment called `name`. */
export function findDeployment(service, name) {
    const deployment = service.deployments.find(({ Name }) => sameName(Name, name));
    if (!deployment)
        throw azureError('ClassicDeploymentNotFound', { values: { name } });
    return deployment;
}
/** The deployment in `slot`. */
export function deploymentInSlot(service, slot) {
    const deployment = service.deployments.find(({ DeploymentSlot }) => DeploymentSlot === slot);
    if (!deployment)
        throw azureError('ClassicNoDeployments');
    return deployment;
}
/** `deployment` as one of virtual machines; the operation makes no sense for web and worker roles. */
export function asVmDeployment(deployment) {
    if (deployment.kind === 'virtualMachines')
        return deployment;
    throw azureError('ClassicNeedsVirtualMachines', { values: { deployment: deployment.Name } });
}
/** `deployment` as one of web and worker roles. */
export function asCloudService(deployment) {
    if (deployment.kind === 'cloudService')
        return deployment;
    throw azureError('ClassicNeedsCloudService', { values: { deployment: deployment.Name } });
}
/** Refuses a second deployment in `slot`, or a second one called `name`. */
export function checkSlotIsFree(service, { slot, name }) {
    if (service.deployments.some(({ DeploymentSlot }) => DeploymentSlot === slot)) {
        throw azureError('ClassicSlotOccupied', { values: { slot } });
    }
    if (service.deployments.some((deployment) => sameName(deployment.Name, name))) {
        throw azureError('ClassicNameTaken', { values: { name } });
    }
}
/** `service` with `deployment` in place of the one with the same PrivateID, or added. */
export function withDeployment(service, deployment) {
    const known = service.deployments.some(({ PrivateID }) => PrivateID === deployment.PrivateID);
    const replace = (other) => (other.PrivateID === deployment.PrivateID ? deployment : other);
    const deployments = known ? service.deployments.map(replace) : [...service.deployments, deployment];
    return { ...service, hadDeployment: true, deployments };
}
/** `service` without `deployment`. */
export const withoutDeployment = (service, deployment) => ({
    ...service,
    deployments: service.deployments.filter(({ PrivateID }) => PrivateID !== deployment.PrivateID),
});
function withDnsServer(servers, server) {
    if (parseIpAddress(server.Address)?.version !== 4) {
        const values = { value: server.Address, parameter: 'DnsServer.Address', allowed: 'an IPv4 address' };
        throw azureError('ClassicInvalidParameterValue', { values });
    }
    if (servers.some(({ Name }) => sameName(Name, server.Name)))
        throw azureError('ClassicNameTaken', { values: { name: server.Name } });
    return [...servers, server];
}
function dnsServerOf({ dnsServers = [] }, name) {
    const server = dnsServers.find(({ Name }) => sameName(Name, name));
    if (!server)
        throw azureError('ClassicResourceNotFound');
    return server;
}
/** The deployment with one more name server; names are unique. */
export const addDnsServer = (deployment, server) => ({
    ...deployment,
    dnsServers: withDnsServer(deployment.dnsServers ?? [], server),
});
/** The deployment without the name server. */
export function deleteDnsServer(deployment, name) {
    const gone = dnsServerOf(deployment, name);
    return { ...deployment, dnsServers: deployment.dnsServers?.filter((server) => server !== gone) };
}
/** The deployment with the name server's address replaced. */
export function updateDnsServer(deployment, { Name, Address }) {
    const before = dnsServerOf(deployment, Name);
    const [changed] = withDnsServer([], { Name: before.Name, Address });
    const dnsServers = deployment.dnsServers?.map((server) => (server === before && changed ? changed : server));
    return { ...deployment, dnsServers };
}
/** A running deployment of virtual machines with a VIP of its own. */
export function createVmDeployment(request, context) {
    const empty = {
        kind: 'virtualMachines',
        Name: request.Name,
        DeploymentSlot: 'Production',
        PrivateID: context.newGuid().replaceAll('-', ''),
        Label: request.Label,
        Status: 'Running',
        createdMs: context.nowMs,
        modifiedMs: context.nowMs,
        vip: request.reservedIp?.Address ?? context.addresses.publicAddress(),
        ReservedIPName: request.reservedIp?.Name,
        vipName: request.reservedIp?.Name,
        VirtualNetworkName: request.VirtualNetworkName,
        dnsServers: request.dnsServers?.reduce(withDnsServer, []),
        LoadBalancers: [],
        instances: [],
        hadPublicEndpoints: false,
        roles: [],
    };
    const balanced = request.LoadBalancers.reduce((deployment, loadBalancer) => addInternalLoadBalancer(deployment, loadBalancer, context), empty);
    const deployed = request.roles.reduce((deployment, role) => addRole(deployment, role, context), balanced);
    if (request.reservedIp && !deployed.hadPublicEndpoints) {
        const values = { deployment: request.Name, name: request.reservedIp.Name };
        throw azureError('ClassicReservedIpNeedsEndpoint', { values });
    }
    return deployed;
}
/** The deployment with the named virtual machines switched on or off. */
export function setPower(deployment, names, power) {
    const roles = new Set(names.map((name) => findRole(deployment, name).RoleName));
    const instances = deployment.instances.map((instance) => roles.has(instance.RoleName) ? { ...instance, power } : instance);
    return { ...deployment, instances };
}
/** Staging becomes production and the other way round; each slot keeps its VIP. */
export function swapDeployments(service, source) {
    const staging = findDeployment(service, source);
    if (staging.DeploymentSlot !== 'Staging')
        throw azureError('ClassicDeploymentNotFound', { values: { name: source } });
    const production = service.deployments.find(({ DeploymentSlot }) => DeploymentSlot === 'Production');
    const addressOf = (deployment) => ({
        vip: deployment.vip,
        ReservedIPName: deployment.ReservedIPName,
        vipName: deployment.vipName,
        additionalVips: deployment.additionalVips,
    });
    const swapped = [
        { ...staging, DeploymentSlot: 'Production', ...(production && addressOf(production)) },
        ...(production ? [{ ...production, DeploymentSlot: 'Staging', ...addressOf(staging) }] : []),
    ];
    return { ...service, deployments: swapped };
}
/** Whether `reservedIp` is the address of `deployment`. */
export const isUsedBy = (reservedIp, { service, deployment }) => reservedIp.DeploymentName !== undefined &&
    sameName(reservedIp.ServiceName, service.ServiceName) &&
    sameName(reservedIp.DeploymentName, deployment.Name);
/** Refuses an address that is some deployment's already. */
export function checkIsFree(reservedIp) {
    const { Name, DeploymentName } = reservedIp;
    if (DeploymentName === undefined)
        return;
    throw azureError('ClassicReservedIpInUse', { values: { name: Name, deployment: DeploymentName } });
}
/** `reservedIp` as the address of a virtual IP of `deployment`. */
export function associate(reservedIp, { service, deployment, vip }) {
    checkIsFree(reservedIp);
    const { ServiceName } = service;
    const VirtualIPName = vip ?? virtualIpName(deployment);
    return { ...reservedIp, ServiceName, DeploymentName: deployment.Name, VirtualIPName };
}
/** `reservedIp` without a deployment. */
export const disassociate = (reservedIp) => {
    const { ServiceName, DeploymentName, VirtualIPName, ...free } = reservedIp;
    return free;
};
//# sourceMappingURL=deployments.js.map