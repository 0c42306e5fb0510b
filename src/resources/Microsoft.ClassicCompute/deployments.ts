/**
 * Deployments: the contents of a hosted service's two slots, and the reserved IPs they use. Imitates "Create Virtual
 * Machine Deployment", "Delete Deployment", "Swap Deployment", the role instance operations, "Associate Reserved IP" and
 * "Disassociate Reserved IP".
 */
import { azureError } from '../../errors/index.js';
import { parseIpAddress } from '../../support/ip-address.js';
import type { ModelContext } from './addresses.js';
import { sameName, virtualIpName } from './endpoints.js';
import { addInternalLoadBalancer, type InternalLoadBalancerRequest } from './internal-load-balancers.js';
import type {
  CloudServiceDeployment,
  Deployment,
  DeploymentSlot,
  DnsServer,
  HostedService,
  MigrationState,
  ReservedIp,
  RolePowerState,
  VmDeployment,
} from './types.js';
import { addRole, findRole, type VmRoleRequest } from './vm-roles.js';

/** The deployment called `name`. */
export function findDeployment(service: HostedService, name: string): Deployment {
  const deployment = service.deployments.find(({ Name }) => sameName(Name, name));
  if (!deployment) throw azureError('ClassicDeploymentNotFound', { values: { name } });
  return deployment;
}

/** The deployment in `slot`. */
export function deploymentInSlot(service: HostedService, slot: DeploymentSlot): Deployment {
  const deployment = service.deployments.find(({ DeploymentSlot }) => DeploymentSlot === slot);
  if (!deployment) throw azureError('ClassicNoDeployments');
  return deployment;
}

/** `deployment` as one of virtual machines; the operation makes no sense for web and worker roles. */
export function asVmDeployment(deployment: Deployment): VmDeployment {
  if (deployment.kind === 'virtualMachines') return deployment;
  throw azureError('ClassicNeedsVirtualMachines', { values: { deployment: deployment.Name } });
}

/** `deployment` as one of web and worker roles. */
export function asCloudService(deployment: Deployment): CloudServiceDeployment {
  if (deployment.kind === 'cloudService') return deployment;
  throw azureError('ClassicNeedsCloudService', { values: { deployment: deployment.Name } });
}

/** Refuses a second deployment in `slot`, or a second one called `name`. */
export function checkSlotIsFree(service: HostedService, { slot, name }: { slot: DeploymentSlot; name: string }): void {
  if (service.deployments.some(({ DeploymentSlot }) => DeploymentSlot === slot)) {
    throw azureError('ClassicSlotOccupied', { values: { slot } });
  }
  if (service.deployments.some((deployment) => sameName(deployment.Name, name))) {
    throw azureError('ClassicNameTaken', { values: { name } });
  }
}

/** `service` with `deployment` in place of the one with the same PrivateID, or added. */
export function withDeployment(service: HostedService, deployment: Deployment): HostedService {
  const known = service.deployments.some(({ PrivateID }) => PrivateID === deployment.PrivateID);
  const replace = (other: Deployment) => (other.PrivateID === deployment.PrivateID ? deployment : other);
  const deployments = known ? service.deployments.map(replace) : [...service.deployments, deployment];
  return { ...service, hadDeployment: true, deployments };
}

/** `service` without `deployment`. */
export const withoutDeployment = (service: HostedService, deployment: Deployment): HostedService => ({
  ...service,
  deployments: service.deployments.filter(({ PrivateID }) => PrivateID !== deployment.PrivateID),
});

export interface VmDeploymentRequest {
  readonly Name: string;
  /** Base64. */
  readonly Label: string;
  readonly roles: readonly VmRoleRequest[];
  readonly VirtualNetworkName?: string | undefined;
  readonly dnsServers?: readonly DnsServer[] | undefined;
  readonly LoadBalancers: readonly InternalLoadBalancerRequest[];
  /** A reserved address to use as VIP, with its name. */
  readonly reservedIp?: { readonly Name: string; readonly Address: string } | undefined;
}

function withDnsServer(servers: readonly DnsServer[], server: DnsServer): readonly DnsServer[] {
  if (parseIpAddress(server.Address)?.version !== 4) {
    const values = { value: server.Address, parameter: 'DnsServer.Address', allowed: 'an IPv4 address' };
    throw azureError('ClassicInvalidParameterValue', { values });
  }
  if (servers.some(({ Name }) => sameName(Name, server.Name)))
    throw azureError('ClassicNameTaken', { values: { name: server.Name } });
  return [...servers, server];
}

function dnsServerOf({ dnsServers = [] }: VmDeployment, name: string): DnsServer {
  const server = dnsServers.find(({ Name }) => sameName(Name, name));
  if (!server) throw azureError('ClassicResourceNotFound');
  return server;
}

/** The deployment with one more name server; names are unique. */
export const addDnsServer = (deployment: VmDeployment, server: DnsServer): VmDeployment => ({
  ...deployment,
  dnsServers: withDnsServer(deployment.dnsServers ?? [], server),
});

/** The deployment without the name server. */
export function deleteDnsServer(deployment: VmDeployment, name: string): VmDeployment {
  const gone = dnsServerOf(deployment, name);
  return { ...deployment, dnsServers: deployment.dnsServers?.filter((server) => server !== gone) };
}

/** The deployment with the name server's address replaced. */
export function updateDnsServer(deployment: VmDeployment, { Name, Address }: DnsServer): VmDeployment {
  const before = dnsServerOf(deployment, Name);
  const [changed] = withDnsServer([], { Name: before.Name, Address });
  const dnsServers = deployment.dnsServers?.map((server) => (server === before && changed ? changed : server));
  return { ...deployment, dnsServers };
}

/** A running deployment of virtual machines with a VIP of its own. */
export function createVmDeployment(request: VmDeploymentRequest, context: ModelContext): VmDeployment {
  const empty: VmDeployment = {
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
    dnsServers: request.dnsServers?.reduce<readonly DnsServer[]>(withDnsServer, []),
    LoadBalancers: [],
    instances: [],
    hadPublicEndpoints: false,
    roles: [],
  };
  const balanced = request.LoadBalancers.reduce<VmDeployment>(
    (deployment, loadBalancer) => addInternalLoadBalancer(deployment, loadBalancer, context),
    empty,
  );
  const deployed = request.roles.reduce((deployment, role) => addRole(deployment, role, context), balanced);
  if (request.reservedIp && !deployed.hadPublicEndpoints) {
    const values = { deployment: request.Name, name: request.reservedIp.Name };
    throw azureError('ClassicReservedIpNeedsEndpoint', { values });
  }
  return deployed;
}

export type MigrationStep = 'prepare' | 'commit' | 'abort';

/** How far the migration of `what` to Resource Manager is after a step. The steps are only noted: nothing moves. */
export function migrated(
  { what, state }: { what: string; state: MigrationState | undefined },
  step: MigrationStep,
): MigrationState | undefined {
  // Azure's documentation: preparing may be repeated, what is committed is final.
  if (step === 'prepare' ? state === 'Committed' : state !== 'Prepared') {
    throw azureError('ClassicMigrationState', { values: { what, step, state: state ?? 'None' } });
  }
  return ({ prepare: 'Prepared', commit: 'Committed', abort: undefined } as const)[step];
}

/** The deployment with the named virtual machines switched on or off. */
export function setPower(deployment: VmDeployment, names: readonly string[], power: RolePowerState): VmDeployment {
  const roles = new Set(names.map((name) => findRole(deployment, name).RoleName));
  const instances = deployment.instances.map((instance) =>
    roles.has(instance.RoleName) ? { ...instance, power } : instance,
  );
  return { ...deployment, instances };
}

/** Staging becomes production and the other way round; each slot keeps its VIP. */
export function swapDeployments(service: HostedService, source: string): HostedService {
  const staging = findDeployment(service, source);
  if (staging.DeploymentSlot !== 'Staging') throw azureError('ClassicDeploymentNotFound', { values: { name: source } });
  const production = service.deployments.find(({ DeploymentSlot }) => DeploymentSlot === 'Production');
  const addressOf = (deployment: Deployment) => ({
    vip: deployment.vip,
    ReservedIPName: deployment.ReservedIPName,
    vipName: deployment.vipName,
    additionalVips: deployment.additionalVips,
  });
  const swapped: Deployment[] = [
    { ...staging, DeploymentSlot: 'Production', ...(production && addressOf(production)) },
    ...(production ? [{ ...production, DeploymentSlot: 'Staging', ...addressOf(staging) } satisfies Deployment] : []),
  ];
  return { ...service, deployments: swapped };
}

/** A deployment and the hosted service it is in. */
export interface DeploymentPlace {
  readonly service: HostedService;
  readonly deployment: Deployment;
}

/** Whether `reservedIp` is the address of `deployment`. */
export const isUsedBy = (reservedIp: ReservedIp, { service, deployment }: DeploymentPlace): boolean =>
  reservedIp.DeploymentName !== undefined &&
  sameName(reservedIp.ServiceName, service.ServiceName) &&
  sameName(reservedIp.DeploymentName, deployment.Name);

/** Refuses an address that is some deployment's already. */
export function checkIsFree(reservedIp: ReservedIp): void {
  const { Name, DeploymentName } = reservedIp;
  if (DeploymentName === undefined) return;
  throw azureError('ClassicReservedIpInUse', { values: { name: Name, deployment: DeploymentName } });
}

/** `reservedIp` as the address of a virtual IP of `deployment`. */
export function associate(
  reservedIp: ReservedIp,
  { service, deployment, vip }: DeploymentPlace & { readonly vip: string | undefined },
): ReservedIp {
  checkIsFree(reservedIp);
  const { ServiceName } = service;
  const VirtualIPName = vip ?? virtualIpName(deployment);
  return { ...reservedIp, ServiceName, DeploymentName: deployment.Name, VirtualIPName };
}

/** `reservedIp` without a deployment. */
export const disassociate = (reservedIp: ReservedIp): ReservedIp => {
  const { ServiceName, DeploymentName, VirtualIPName, ...free } = reservedIp;
  return free;
};
