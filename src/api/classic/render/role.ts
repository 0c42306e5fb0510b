/** Virtual machines and running instances as Azure shows them. Imitates "Get Role" and "Get Deployment". */
import { additionalVip, instancePort, virtualIpName } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import type {
  CloudServiceDeployment,
  Deployment,
  HostedService,
  InputEndpoint,
  PublicIp,
  RoleInstance,
  RolePowerState,
  VmDeployment,
  VmRole,
} from '../../../resources/Microsoft.ClassicCompute/types.js';
import type { RoleInstance as RoleInstanceContract } from '../contracts/deployment.js';
import type { VmRole as RoleContract } from '../contracts/role.js';
import type { ValueOf } from '../xml/contract.js';

type RoleView = 'alone' | 'inDeployment';
type RoleValue = ValueOf<typeof RoleContract>;

/** The address that an endpoint is reached at: the deployment's VIP, or its internal load balancer. */
export function vipOf(deployment: Deployment, loadBalancer: string | undefined, vipName?: string): string | undefined {
  const vip = loadBalancer === undefined ? additionalVip(deployment, vipName) : undefined;
  if (vip) return vip.Address;
  const internal = deployment.LoadBalancers.find(({ Name }) => Name.toLowerCase() === loadBalancer?.toLowerCase());
  return internal?.address ?? deployment.vip;
}

function networkSet(deployment: VmDeployment, role: VmRole, { view }: { view: RoleView }) {
  const endpoint = (value: InputEndpoint) => {
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

function roleValue(deployment: VmDeployment, role: VmRole, { view }: { view: RoleView }): RoleValue {
  return {
    RoleName: role.RoleName,
    OsVersion: '',
    RoleType: 'PersistentVMRole',
    ConfigurationSets: [networkSet(deployment, role, { view })],
    ...role.settings,
    ...(view === 'inDeployment' && { MigrationState: deployment.migrationState }),
  };
}

/** The document of Get Role: endpoints without their Vip. */
export const roleDocument = (deployment: VmDeployment, role: VmRole): RoleValue =>
  roleValue(deployment, role, { view: 'alone' });

/** The role within Get Deployment. */
export const roleInDeployment = (deployment: VmDeployment, role: VmRole): RoleValue =>
  roleValue(deployment, role, { view: 'inDeployment' });

type InstanceValue = ValueOf<typeof RoleInstanceContract>;
type EndpointValue = NonNullable<InstanceValue['InstanceEndpoints']>[number];

const statuses: Readonly<Record<RolePowerState, string>> = {
  Started: 'ReadyRole',
  Stopped: 'StoppedVM',
  StoppedDeallocated: 'StoppedDeallocated',
};

const byName = (a: EndpointValue, b: EndpointValue): number => {
  const [left, right] = [(a.Name ?? '').toLowerCase(), (b.Name ?? '').toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
};

function vmEndpoints(deployment: VmDeployment, instance: RoleInstance): EndpointValue[] {
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

function cloudServiceEndpoints(deployment: CloudServiceDeployment, instance: RoleInstance): EndpointValue[] {
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

function publicIpsOf(deployment: Deployment, instance: RoleInstance): readonly PublicIp[] {
  if (deployment.kind === 'virtualMachines') {
    return deployment.roles.find(({ RoleName }) => RoleName === instance.RoleName)?.PublicIPs ?? [];
  }
  const name = instance.RoleName.toLowerCase();
  const assignment = deployment.configuration.instanceAddresses.find(({ roleName }) => roleName.toLowerCase() === name);
  return assignment?.publicIps ?? [];
}

function fqdns(
  { service, deployment }: { service: HostedService; deployment: Deployment },
  { label, instance }: { label: string; instance: RoleInstance },
) {
  const siblings = deployment.instances.filter(({ RoleName }) => RoleName === instance.RoleName);
  const domain = `${service.ServiceName.toLowerCase()}.cloudapp.net`;
  return [`${label}.${domain}`, `${label}.${siblings.indexOf(instance)}.${domain}`];
}

/** One instance of `deployment`. */
export function instanceValue(
  { service, deployment }: { service: HostedService; deployment: Deployment },
  instance: RoleInstance,
): InstanceValue {
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
