/**
 * Virtual machines of a deployment: joining, changing and leaving it. Imitates "Add Role", "Update Role" and "Delete
 * Role".
 */
import { azureError } from '../../errors/index.js';
import { automaticPort, byName, checkEndpoint, checkNamesAreUnique, portKey, sameName } from './endpoints.js';
import { joinSet, membersOfSet } from './load-balanced-sets.js';
import { checkedVipName } from './virtual-ips.js';
const noNetwork = { InputEndpoints: [], SubnetNames: [], PublicIPs: [] };
/** Finds `name` among the roles of `deployment`. */
export function findRole(deployment, name) {
    const role = deployment.roles.find(({ RoleName }) => sameName(RoleName, name));
    if (!role)
        throw azureError('ClassicRoleNotFound', { values: { role: name } });
    return role;
}
function placeEndpoints(deployment, others, network) {
    const taken = new Set(others.flatMap((role) => role.InputEndpoints.map(portKey)));
    const placed = network.InputEndpoints.map((request) => {
        const { LoadBalancedEndpointSetName: set } = request;
        const [member] = set === undefined ? [] : membersOfSet(others, set);
        const loadBalancer = request.LoadBalancerName ?? member?.endpoint.LoadBalancerName;
        const VirtualIPName = checkedVipName(deployment, request.VirtualIPName, { loadBalancer });
        const checked = checkEndpoint({ ...request, VirtualIPName });
        if (loadBalancer && !deployment.LoadBalancers.some(({ Name }) => sameName(Name, loadBalancer))) {
            throw azureError('ClassicLoadBalancerUnknown', { values: { endpoint: checked.Name, name: loadBalancer } });
        }
        if (member)
            return joinSet(request, { ...checked, Port: checked.Port ?? member.endpoint.Port }, member.endpoint);
        const endpoint = { ...checked, Port: checked.Port ?? automaticPort(checked, taken) };
        const key = portKey(endpoint);
        if (taken.has(key))
            throw azureError('ClassicPortInUse', { values: { port: endpoint.Port } });
        taken.add(key);
        return endpoint;
    });
    return placed.sort(byName);
}
const diskName = (deployment, role, context) => `${deployment}-${role}-0-${new Date(context.nowMs).toISOString().replace(/\D/g, '')}`;
function placeDisks(deployment, request, context) {
    const { OSVirtualHardDisk: os, DataVirtualHardDisks: data = [] } = request.settings;
    const DiskName = diskName(deployment.Name, request.RoleName, context);
    const osDisk = {
        HostCaching: os?.HostCaching ?? 'ReadWrite',
        DiskName: os?.DiskName ?? DiskName,
        MediaLink: os?.MediaLink,
        SourceImageName: os?.SourceImageName,
        OS: os?.OS ?? request.operatingSystem ?? 'Linux',
        IOType: 'Standard',
    };
    const place = ({ Lun, ...disk }) => ({
        ...disk,
        ...(Lun && { Lun }),
        DiskName: disk.DiskName ?? DiskName,
        MediaLink: disk.MediaLink?.replace(/^http:/, 'https:'),
        IOType: 'Standard',
    });
    return { OSVirtualHardDisk: osDisk, DataVirtualHardDisks: data.map(place) };
}
function place(deployment, request, others) {
    const network = request.network ?? noNetwork;
    const role = {
        RoleName: request.RoleName,
        InputEndpoints: placeEndpoints(deployment, others, network),
        SubnetNames: network.SubnetNames,
        StaticVirtualNetworkIPAddress: network.StaticVirtualNetworkIPAddress,
        PublicIPs: network.PublicIPs,
    };
    checkNamesAreUnique({ ...role, settings: { RoleSize: '', DataVirtualHardDisks: [] } });
    return role;
}
/** The instance's private address: the one asked for, or one of its subnet. */
function privateAddress(deployment, role, context) {
    const { StaticVirtualNetworkIPAddress: fixed, SubnetNames } = role;
    const place = { virtualNetwork: deployment.VirtualNetworkName, subnet: SubnetNames[0] };
    if (fixed === undefined)
        return context.addresses.privateAddress(place);
    context.addresses.claimPrivateAddress(fixed, place);
    return fixed;
}
/** Members of an availability set are spread over five upgrade domains and two fault domains. */
function domains(deployment, availabilitySet) {
    const others = deployment.roles.filter(({ settings }) => settings.AvailabilitySetName !== undefined);
    const index = others.filter(({ settings }) => sameName(settings.AvailabilitySetName, availabilitySet)).length;
    const position = availabilitySet === undefined ? 0 : index;
    return { InstanceUpgradeDomain: position % 5, InstanceFaultDomain: position % 2 };
}
/** What every change of roles may change for the deployment. */
const withRoles = (deployment, change) => ({
    ...deployment,
    ...change,
    hadPublicEndpoints: deployment.hadPublicEndpoints ||
        change.roles.some((role) => role.InputEndpoints.some((endpoint) => endpoint.LoadBalancerName === undefined)),
});
/** The deployment with one more virtual machine, which is running. */
export function addRole(deployment, request, context) {
    if (deployment.roles.some(({ RoleName }) => sameName(RoleName, request.RoleName))) {
        throw azureError('ClassicNameTaken', { values: { name: request.RoleName } });
    }
    const placed = place(deployment, request, deployment.roles);
    const settings = {
        ...request.settings,
        RoleSize: request.settings.RoleSize ?? 'Small',
        ...placeDisks(deployment, request, context),
    };
    const instance = {
        RoleName: request.RoleName,
        InstanceName: request.RoleName,
        InstanceSize: settings.RoleSize,
        ...domains(deployment, settings.AvailabilitySetName),
        IpAddress: privateAddress(deployment, placed, context),
        power: 'Started',
        publicAddresses: placed.PublicIPs.map(() => context.addresses.publicAddress()),
    };
    const roles = [...deployment.roles, { ...placed, settings }];
    return withRoles(deployment, { roles, instances: [...deployment.instances, instance] });
}
/** The deployment with the role's whole network configuration replaced. Disks that the request leaves out stay. */
export function updateRole(deployment, request, context) {
    const before = findRole(deployment, request.RoleName);
    const others = deployment.roles.filter((role) => role !== before);
    const asked = { ...request, RoleName: before.RoleName };
    const placed = request.network ? place(deployment, asked, others) : before;
    const virtualNetwork = deployment.VirtualNetworkName;
    for (const subnet of request.network?.SubnetNames ?? [])
        context.addresses.checkPlace({ virtualNetwork, subnet });
    const { settings: wanted } = request;
    const disks = placeDisks(deployment, asked, context);
    const settings = {
        ...before.settings,
        RoleSize: wanted.RoleSize ?? before.settings.RoleSize,
        AvailabilitySetName: wanted.AvailabilitySetName,
        ProvisionGuestAgent: wanted.ProvisionGuestAgent ?? before.settings.ProvisionGuestAgent,
        // Recorded: an empty list removes no extension.
        ResourceExtensionReferences: wanted.ResourceExtensionReferences?.length
            ? wanted.ResourceExtensionReferences
            : (before.settings.ResourceExtensionReferences ?? wanted.ResourceExtensionReferences),
        ...(wanted.DataVirtualHardDisks && { DataVirtualHardDisks: disks.DataVirtualHardDisks }),
    };
    const moves = placed.StaticVirtualNetworkIPAddress !== before.StaticVirtualNetworkIPAddress;
    const instances = deployment.instances.map((instance) => {
        if (instance.RoleName !== before.RoleName)
            return instance;
        const addressOf = (name) => {
            const index = before.PublicIPs.findIndex((publicIp) => sameName(publicIp.Name, name));
            return instance.publicAddresses[index] ?? context.addresses.publicAddress();
        };
        return {
            ...instance,
            InstanceSize: settings.RoleSize,
            IpAddress: moves ? privateAddress(deployment, placed, context) : instance.IpAddress,
            publicAddresses: placed.PublicIPs.map(({ Name }) => addressOf(Name)),
        };
    });
    const updated = { ...placed, settings };
    const roles = deployment.roles.map((role) => (role === before ? updated : role));
    return withRoles(deployment, { roles, instances });
}
/** The deployment without the role; the last one stays, because a deployment is its roles. */
export function deleteRole(deployment, name) {
    const role = findRole(deployment, name);
    if (deployment.roles.length === 1)
        throw azureError('ClassicLastRole', { values: { role: role.RoleName } });
    return {
        ...deployment,
        roles: deployment.roles.filter((other) => other !== role),
        instances: deployment.instances.filter(({ RoleName }) => RoleName !== role.RoleName),
    };
}
//# sourceMappingURL=vm-roles.js.map