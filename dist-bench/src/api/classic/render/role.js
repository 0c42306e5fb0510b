/** Virtual machines and running instances as Azure shows them. Imitates "Get Role" and "Get Deployment". */
import { instancePort } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import { additionalVip, virtualIpName } from '../../../resources/Microsoft.ClassicCompute/virtual-ips.js';
/** The address that an endpoint is reached at: the deployment's VIP, or its internal load balancer. */
export function vipOf(deployment, loadBalancer, vipName) {
    const vip = loadBalancer === undefined ? additionalVip(deployment, vipName) : undefined;
    if (vip)
        return vip.Address;
    const internal = deployment.LoadBalancers.find(({ Name }) => Name.toLowerCase() === loadBalancer?.toLowerCase());
    return internal?.address ?? deployment.vip;
}
function networkSet(deployment, role, { view }) {
    const endpoint = (value) => {
        const { LoadBalancerName, VirtualIPName } = value;
        const shown = LoadBalancerName === undefined && deployment.namesVips ? virtualIpName(deployment) : undefined;
        const named = { ...value, VirtualIPName: VirtualIPName ?? shown };
        return view === 'alone' ? named : { ...named, Vip: vipOf(deployment, LoadBalancerName, VirtualIPName) };
    };
    return {
        ConfigurationSetType: 'NetworkConfiguration',
        ...(role.InputEndpoints.length > 0 && { InputEndpoints: role.InputEndpoints.map(endpoint) }),
        // Get Role leaves the element out when there are none, Get Deployment never does.
        ...((view === 'inDeployment' || role.SubnetNames.length > 0) && { SubnetNames: role.SubnetNames }),
        StaticVirtualNetworkIPAddress: role.StaticVirtualNetworkIPAddress,
        ...(role.PublicIPs.length > 0 && { PublicIPs: role.PublicIPs }),
    };
}
function roleValue(deployment, role, { view }) {
    return {
        RoleName: role.RoleName,
        OsVersion: '',
        RoleType: 'PersistentVMRole',
        ConfigurationSets: [networkSet(deployment, role, { view })],
        ...role.settings,
    };
}
/** The document of Get Role: endpoints without their Vip. */
export const roleDocument = (deployment, role) => roleValue(deployment, role, { view: 'alone' });
/** The role within Get Deployment. */
export const roleInDeployment = (deployment, role) => roleValue(deployment, role, { view: 'inDeployment' });
const statuses = {
    Started: 'ReadyRole',
    Stopped: 'StoppedVM',
    StoppedDeallocated: 'StoppedDeallocated',
};
const byName = (a, b) => {
    const [left, right] = [(a.Name ?? '').toLowerCase(), (b.Name ?? '').toLowerCase()];
    return left < right ? -1 : left > right ? 1 : 0;
};
function vmEndpoints(deployment, instance) {
    const role = deployment.roles.find(({ RoleName }) => RoleName === instance.RoleName);
    return (role?.InputEndpoints ?? []).map((endpoint) => ({
        Name: endpoint.Name,
        Vip: vipOf(deployment, endpoint.LoadBalancerName, endpoint.VirtualIPName),
        PublicPort: endpoint.Port,
        LocalPort: endpoint.LocalPort,
        Protocol: endpoint.Protocol,
        IdleTimeoutInMinutes: endpoint.IdleTimeoutInMinutes,
    }));
}
function cloudServiceEndpoints(deployment, instance) {
    const role = deployment.definition.roles.find(({ name }) => name === instance.RoleName);
    const shared = (role?.inputEndpoints ?? []).map((endpoint) => ({
        Name: endpoint.name,
        Vip: vipOf(deployment, endpoint.loadBalancer),
        PublicPort: endpoint.port,
        LocalPort: endpoint.localPort,
        Protocol: endpoint.protocol,
        IdleTimeoutInMinutes: endpoint.idleTimeoutInMinutes,
    }));
    const own = (role?.instanceInputEndpoints ?? []).map((endpoint) => ({
        Name: endpoint.name,
        Vip: deployment.vip,
        PublicPort: instancePort(endpoint, instance),
        LocalPort: endpoint.localPort,
        Protocol: endpoint.protocol,
    }));
    return [...shared, ...own].sort(byName);
}
function publicIpsOf(deployment, instance) {
    if (deployment.kind === 'virtualMachines') {
        return deployment.roles.find(({ RoleName }) => RoleName === instance.RoleName)?.PublicIPs ?? [];
    }
    const name = instance.RoleName.toLowerCase();
    const assignment = deployment.configuration.instanceAddresses.find(({ roleName }) => roleName.toLowerCase() === name);
    return assignment?.publicIps ?? [];
}
function fqdns({ service, deployment }, { label, instance }) {
    const siblings = deployment.instances.filter(({ RoleName }) => RoleName === instance.RoleName);
    const domain = `${service.ServiceName.toLowerCase()}.cloudapp.net`;
    return [`${label}.${domain}`, `${label}.${siblings.indexOf(instance)}.${domain}`];
}
/** One instance of `deployment`. */
export function instanceValue({ service, deployment }, instance) {
    const isVm = deployment.kind === 'virtualMachines';
    const endpoints = isVm ? vmEndpoints(deployment, instance) : cloudServiceEndpoints(deployment, instance);
    const publicIps = publicIpsOf(deployment, instance).map(({ Name, IdleTimeoutInMinutes, DomainNameLabel }, index) => ({
        Name,
        Address: instance.publicAddresses[index],
        IdleTimeoutInMinutes,
        DomainNameLabel: DomainNameLabel ?? null,
        ...(DomainNameLabel && { Fqdns: fqdns({ service, deployment }, { label: DomainNameLabel, instance }) }),
    }));
    return {
        RoleName: instance.RoleName,
        InstanceName: instance.InstanceName,
        InstanceStatus: statuses[instance.power],
        InstanceUpgradeDomain: instance.InstanceUpgradeDomain,
        InstanceFaultDomain: instance.InstanceFaultDomain,
        InstanceSize: instance.InstanceSize,
        InstanceStateDetails: '',
        IpAddress: instance.IpAddress,
        ...(endpoints.length > 0 && { InstanceEndpoints: endpoints }),
        PowerState: instance.power === 'Started' ? 'Started' : 'Stopped',
        ...(isVm && instance.power === 'Started' && { HostName: instance.InstanceName }),
        ...(publicIps.length > 0 && { PublicIPs: publicIps }),
    };
}
//# sourceMappingURL=role.js.map