/**
 * Virtual machines of a deployment: joining, changing and leaving it. Imitates "Add Role", "Update Role" and "Delete
 * Role".
 */
import { azureError } from '../../errors/index.js';
import type { ModelContext } from './addresses.js';
import {
  automaticPort,
  byName,
  checkEndpoint,
  checkedVipName,
  checkNamesAreUnique,
  inRange,
  portKey,
  sameName,
} from './endpoints.js';
import { joinSet, membersOfSet } from './load-balanced-sets.js';
import type {
  DataVirtualHardDisk,
  InputEndpoint,
  InputEndpointRequest,
  OsVirtualHardDisk,
  PublicIp,
  RoleInstance,
  VirtualMachineSettings,
  VmDeployment,
  VmRole,
} from './types.js';

/** The network configuration set of a role as a request has it. */
export interface NetworkRequest {
  readonly InputEndpoints: readonly InputEndpointRequest[];
  readonly SubnetNames: readonly string[];
  readonly StaticVirtualNetworkIPAddress?: string | undefined;
  readonly PublicIPs: readonly PublicIp[];
}

/** A role as a request has it. */
export interface VmRoleRequest {
  readonly RoleName: string;
  /** Undefined when the request has no ConfigurationSets at all. */
  readonly network: NetworkRequest | undefined;
  readonly operatingSystem: 'Windows' | 'Linux' | undefined;
  readonly settings: { readonly [K in keyof VirtualMachineSettings]?: VirtualMachineSettings[K] | undefined };
}

const noNetwork: NetworkRequest = { InputEndpoints: [], SubnetNames: [], PublicIPs: [] };

/** Finds `name` among the roles of `deployment`. */
export function findRole(deployment: VmDeployment, name: string): VmRole {
  const role = deployment.roles.find(({ RoleName }) => sameName(RoleName, name));
  if (!role) throw azureError('ClassicRoleNotFound', { values: { role: name } });
  return role;
}

function placeEndpoints(deployment: VmDeployment, others: readonly VmRole[], network: NetworkRequest): InputEndpoint[] {
  const taken = new Set(others.flatMap((role) => role.InputEndpoints.map(portKey)));
  const placed = network.InputEndpoints.map((request): InputEndpoint => {
    const { LoadBalancedEndpointSetName: set } = request;
    const [member] = set === undefined ? [] : membersOfSet(others, set);
    const loadBalancer = request.LoadBalancerName ?? member?.endpoint.LoadBalancerName;
    const VirtualIPName = checkedVipName(deployment, request.VirtualIPName, { loadBalancer });
    const checked = checkEndpoint({ ...request, VirtualIPName });
    if (loadBalancer && !deployment.LoadBalancers.some(({ Name }) => sameName(Name, loadBalancer))) {
      throw azureError('ClassicLoadBalancerUnknown', { values: { endpoint: checked.Name, name: loadBalancer } });
    }
    if (member) return joinSet(request, { ...checked, Port: checked.Port ?? member.endpoint.Port }, member.endpoint);
    const endpoint = { ...checked, Port: checked.Port ?? automaticPort(checked, taken) };
    const key = portKey(endpoint);
    if (taken.has(key)) throw azureError('ClassicPortInUse', { values: { port: endpoint.Port } });
    taken.add(key);
    return endpoint;
  });
  return placed.sort(byName);
}

const diskName = (
  deployment: string,
  role: string,
  { lun = 0, context }: { lun?: number; context: ModelContext },
): string => `${deployment}-${role}-${lun}-${new Date(context.nowMs).toISOString().replace(/\D/g, '')}`;

function placeDisks(deployment: VmDeployment, request: VmRoleRequest, context: ModelContext) {
  const { OSVirtualHardDisk: os, DataVirtualHardDisks: data = [] } = request.settings;
  const DiskName = diskName(deployment.Name, request.RoleName, { context });
  const osDisk: OsVirtualHardDisk = {
    HostCaching: os?.HostCaching ?? 'ReadWrite',
    DiskName: os?.DiskName ?? DiskName,
    MediaLink: os?.MediaLink,
    SourceImageName: os?.SourceImageName,
    OS: os?.OS ?? request.operatingSystem ?? 'Linux',
    IOType: 'Standard',
  };
  return { OSVirtualHardDisk: osDisk, DataVirtualHardDisks: data.map((disk) => placeDataDisk(disk, DiskName)) };
}

function place(deployment: VmDeployment, request: VmRoleRequest, others: readonly VmRole[]): Omit<VmRole, 'settings'> {
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
function privateAddress(deployment: VmDeployment, role: Omit<VmRole, 'settings'>, context: ModelContext): string {
  const { StaticVirtualNetworkIPAddress: fixed, SubnetNames } = role;
  const place = { virtualNetwork: deployment.VirtualNetworkName, subnet: SubnetNames[0] };
  if (fixed === undefined) return context.addresses.privateAddress(place);
  context.addresses.claimPrivateAddress(fixed, place);
  return fixed;
}

/** Members of an availability set are spread over five upgrade domains and two fault domains. */
function domains(deployment: VmDeployment, availabilitySet: string | undefined) {
  const others = deployment.roles.filter(({ settings }) => settings.AvailabilitySetName !== undefined);
  const index = others.filter(({ settings }) => sameName(settings.AvailabilitySetName, availabilitySet)).length;
  const position = availabilitySet === undefined ? 0 : index;
  return { InstanceUpgradeDomain: position % 5, InstanceFaultDomain: position % 2 };
}

/** What every change of roles may change for the deployment. */
const withRoles = (deployment: VmDeployment, change: Pick<VmDeployment, 'roles' | 'instances'>): VmDeployment => ({
  ...deployment,
  ...change,
  hadPublicEndpoints:
    deployment.hadPublicEndpoints ||
    change.roles.some((role) => role.InputEndpoints.some((endpoint) => endpoint.LoadBalancerName === undefined)),
});

/** The deployment with one more virtual machine, which is running. */
export function addRole(deployment: VmDeployment, request: VmRoleRequest, context: ModelContext): VmDeployment {
  if (deployment.roles.some(({ RoleName }) => sameName(RoleName, request.RoleName))) {
    throw azureError('ClassicNameTaken', { values: { name: request.RoleName } });
  }
  const placed = place(deployment, request, deployment.roles);
  const settings: VirtualMachineSettings = {
    ...request.settings,
    RoleSize: request.settings.RoleSize ?? 'Small',
    ...placeDisks(deployment, request, context),
  };
  const instance: RoleInstance = {
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
export function updateRole(deployment: VmDeployment, request: VmRoleRequest, context: ModelContext): VmDeployment {
  const before = findRole(deployment, request.RoleName);
  const others = deployment.roles.filter((role) => role !== before);
  const asked: VmRoleRequest = { ...request, RoleName: before.RoleName };
  const placed = request.network ? place(deployment, asked, others) : before;
  const virtualNetwork = deployment.VirtualNetworkName;
  for (const subnet of request.network?.SubnetNames ?? []) context.addresses.checkPlace({ virtualNetwork, subnet });
  const { settings: wanted } = request;
  const disks = placeDisks(deployment, asked, context);
  const settings: VirtualMachineSettings = {
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
  const instances = deployment.instances.map((instance): RoleInstance => {
    if (instance.RoleName !== before.RoleName) return instance;
    const addressOf = (name: string) => {
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
  const updated: VmRole = { ...placed, settings };
  const roles = deployment.roles.map((role) => (role === before ? updated : role));
  return withRoles(deployment, { roles, instances });
}

/** Recorded: the first disk's Lun, 0, is never shown, and links to disks become https. */
const placeDataDisk = ({ Lun, ...disk }: DataVirtualHardDisk, newName: string): DataVirtualHardDisk => ({
  ...disk,
  ...(Lun && { Lun }),
  DiskName: disk.DiskName ?? newName,
  MediaLink: disk.MediaLink?.replace(/^http:/, 'https:'),
  IOType: 'Standard',
});

/** The data disk of a role at a logical unit number. */
export function findDataDisk(role: VmRole, lun: number): DataVirtualHardDisk {
  const disk = role.settings.DataVirtualHardDisks.find(({ Lun = 0 }) => Lun === lun);
  if (!disk) throw azureError('ClassicResourceNotFound');
  return disk;
}

const withDataDisks = (
  deployment: VmDeployment,
  name: string,
  change: (role: VmRole) => readonly DataVirtualHardDisk[],
): VmDeployment => {
  const role = findRole(deployment, name);
  const changed = { ...role, settings: { ...role.settings, DataVirtualHardDisks: change(role) } };
  return { ...deployment, roles: deployment.roles.map((other) => (other === role ? changed : other)) };
};

const lunRange = { parameter: 'DataVirtualHardDisk.Lun', min: 0, max: 63 };

/** The deployment with one more data disk on the role; without a Lun, it gets the lowest free one. */
export const addDataDisk = (
  deployment: VmDeployment,
  { role: name, disk }: { role: string; disk: DataVirtualHardDisk },
  context: ModelContext,
): VmDeployment =>
  withDataDisks(deployment, name, (role) => {
    const { DataVirtualHardDisks: disks } = role.settings;
    const taken = new Set(disks.map(({ Lun = 0 }) => Lun));
    let lowest = 0;
    while (taken.has(lowest)) lowest++;
    const Lun = inRange(disk.Lun ?? lowest, lunRange);
    if (taken.has(Lun)) throw azureError('ClassicNameTaken', { values: { name: `Lun ${Lun}` } });
    return [...disks, placeDataDisk({ ...disk, Lun }, diskName(deployment.Name, role.RoleName, { lun: Lun, context }))];
  });

/** The deployment with the role's data disk changed: its caching, its label, or its Lun. */
export const updateDataDisk = (
  deployment: VmDeployment,
  { role: name, lun, disk }: { role: string; lun: number; disk: DataVirtualHardDisk },
): VmDeployment =>
  withDataDisks(deployment, name, (role) => {
    const before = findDataDisk(role, lun);
    const Lun = inRange(disk.Lun ?? lun, lunRange);
    const { HostCaching = before.HostCaching, DiskLabel = before.DiskLabel } = disk;
    const changed = placeDataDisk({ ...before, HostCaching, DiskLabel, Lun }, '');
    return role.settings.DataVirtualHardDisks.map((other) => (other === before ? changed : other));
  });

/** The deployment without the role's data disk. */
export const deleteDataDisk = (
  deployment: VmDeployment,
  { role: name, lun }: { role: string; lun: number },
): VmDeployment =>
  withDataDisks(deployment, name, (role) => {
    const gone = findDataDisk(role, lun);
    return role.settings.DataVirtualHardDisks.filter((disk) => disk !== gone);
  });

/** The deployment without the role; the last one stays, because a deployment is its roles. */
export function deleteRole(deployment: VmDeployment, name: string): VmDeployment {
  const role = findRole(deployment, name);
  if (deployment.roles.length === 1) throw azureError('ClassicLastRole', { values: { role: role.RoleName } });
  return {
    ...deployment,
    roles: deployment.roles.filter((other) => other !== role),
    instances: deployment.instances.filter(({ RoleName }) => RoleName !== role.RoleName),
  };
}
