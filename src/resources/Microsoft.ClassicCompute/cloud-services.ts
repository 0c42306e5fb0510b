/**
 * Web and worker roles: deployments made of a service definition and a service configuration. Imitates "Create
 * Deployment", "Change Deployment Configuration", "Upgrade Deployment" and "Update Deployment Status".
 */
import { azureError } from '../../errors/index.js';
import type { ModelContext } from './addresses.js';
import { hasPublicEndpoints, portKey, sameName } from './endpoints.js';
import { addInternalLoadBalancer } from './internal-load-balancers.js';
import type {
  CloudServiceDeployment,
  DeploymentSlot,
  ExtendedProperty,
  ExtensionConfiguration,
  RoleDefinition,
  RoleInstance,
  ServiceConfiguration,
  ServiceDefinition,
} from './types.js';

export interface CloudServiceRequest {
  readonly Name: string;
  readonly slot: DeploymentSlot;
  /** Base64. */
  readonly Label: string;
  /** Base64, returned as it is. */
  readonly Configuration: string;
  readonly definition: ServiceDefinition;
  readonly configuration: ServiceConfiguration;
  readonly StartDeployment: boolean;
  readonly ExtendedProperties: readonly ExtendedProperty[];
  readonly extensions?: ExtensionConfiguration | undefined;
  readonly reservedIp?: { readonly Name: string; readonly Address: string } | undefined;
}

/** The transport that an endpoint's protocol runs on. */
export const transportOf = (protocol: string): 'tcp' | 'udp' => (protocol === 'udp' ? 'udp' : 'tcp');

function checkPorts({ roles }: ServiceDefinition): void {
  const taken = new Set<string>();
  for (const { inputEndpoints } of roles) {
    for (const { protocol, port, loadBalancer } of inputEndpoints) {
      const key = portKey({ LoadBalancerName: loadBalancer, Protocol: transportOf(protocol), Port: port });
      if (taken.has(key)) throw azureError('ClassicPortInUse', { values: { port } });
      taken.add(key);
    }
  }
}

function checkReferences(definition: ServiceDefinition, configuration: ServiceConfiguration): void {
  const refuse = (reason: string) => azureError('ClassicServiceConfiguration', { values: { reason } });
  if (!sameName(configuration.serviceName, definition.name)) {
    throw refuse(
      `The service name ${configuration.serviceName} is not ${definition.name}, as in the service definition.`,
    );
  }
  const isRole = (wanted: string) => definition.roles.some(({ name }) => sameName(name, wanted));
  for (const { name } of configuration.roles) {
    if (!isRole(name)) throw refuse(`Role ${name} is not in the service definition.`);
  }
  for (const { roleName } of configuration.instanceAddresses) {
    if (!isRole(roleName)) throw refuse(`InstanceAddress names the role ${roleName}, which does not exist.`);
  }
  for (const { role, endpoint } of configuration.endpointAcls) {
    const found = definition.roles.find(({ name }) => sameName(name, role));
    const endpoints = [...(found?.inputEndpoints ?? []), ...(found?.instanceInputEndpoints ?? [])];
    if (!definition.unread && !endpoints.some(({ name }) => sameName(name, endpoint))) {
      throw refuse(`EndpointAcl names the endpoint ${endpoint} of the role ${role}, which does not exist.`);
    }
  }
  for (const role of definition.roles) {
    const count = configuration.roles.find(({ name }) => sameName(name, role.name))?.instances ?? 0;
    for (const { name, minPort, maxPort } of role.instanceInputEndpoints) {
      const ports = maxPort - minPort + 1;
      if (ports < count) {
        throw refuse(
          `InstanceInputEndpoint ${name} has ${ports} ports for the ${count} instances of role ${role.name}.`,
        );
      }
    }
    if (!configuration.roles.some(({ name }) => sameName(name, role.name))) {
      throw refuse(`Role ${role.name} of the service definition is missing.`);
    }
    for (const { loadBalancer, name } of role.inputEndpoints) {
      const known = configuration.loadBalancers.some(({ Name }) => sameName(Name, loadBalancer));
      if (loadBalancer !== undefined && !known) {
        throw azureError('ClassicLoadBalancerUnknown', { values: { endpoint: name, name: loadBalancer } });
      }
    }
  }
  const [reservedIp] = configuration.reservedIps;
  if (reservedIp !== undefined && !definition.unread && !hasPublicEndpoints(definition)) {
    throw azureError('ClassicReservedIpNotMapped', { values: { name: reservedIp } });
  }
  for (const { accessControl } of configuration.endpointAcls) {
    if (!configuration.accessControls.some(({ name }) => sameName(name, accessControl))) {
      throw refuse(`There is no AccessControl ${accessControl}.`);
    }
  }
}

const assignmentOf = (configuration: ServiceConfiguration, role: string) =>
  configuration.instanceAddresses.find(({ roleName }) => sameName(roleName, role));

/** The role's instances: those that are there stay, the highest numbers go first, missing ones are added. */
function instancesOf(role: RoleDefinition, deployment: CloudServiceDeployment, context: ModelContext): RoleInstance[] {
  const { configuration, definition } = deployment;
  const count = configuration.roles.find(({ name }) => sameName(name, role.name))?.instances ?? 0;
  const assignment = assignmentOf(configuration, role.name);
  const publicIps = assignment?.publicIps ?? [];
  return Array.from({ length: count }, (_, index): RoleInstance => {
    const InstanceName = `${role.name}_IN_${index}`;
    const before = deployment.instances.find((instance) => instance.InstanceName === InstanceName);
    const place = { virtualNetwork: configuration.virtualNetworkSite, subnet: assignment?.subnets[0] };
    return {
      RoleName: role.name,
      InstanceName,
      InstanceSize: role.vmsize,
      InstanceUpgradeDomain: index % definition.upgradeDomainCount,
      InstanceFaultDomain: index % 2,
      IpAddress: before?.IpAddress ?? context.addresses.privateAddress(place),
      power: deployment.Status === 'Running' ? 'Started' : 'Stopped',
      publicAddresses: publicIps.map((_ip, at) => before?.publicAddresses[at] ?? context.addresses.publicAddress()),
    };
  });
}

function realise(deployment: CloudServiceDeployment, context: ModelContext): CloudServiceDeployment {
  const { definition, configuration } = deployment;
  checkPorts(definition);
  checkReferences(definition, configuration);
  const virtualNetwork = configuration.virtualNetworkSite;
  context.addresses.checkPlace({ virtualNetwork });
  for (const { subnets } of configuration.instanceAddresses) {
    for (const subnet of subnets) context.addresses.checkPlace({ virtualNetwork, subnet });
  }
  const kept = deployment.LoadBalancers.filter(({ Name }) =>
    configuration.loadBalancers.some((wanted) => sameName(wanted.Name, Name)),
  );
  const base: CloudServiceDeployment = {
    ...deployment,
    VirtualNetworkName: virtualNetwork,
    LoadBalancers: kept,
    modifiedMs: context.nowMs,
  };
  const balanced = configuration.loadBalancers
    .filter(({ Name }) => !kept.some((existing) => sameName(existing.Name, Name)))
    .reduce((next, wanted) => addInternalLoadBalancer(next, wanted, context), base);
  return { ...balanced, instances: definition.roles.flatMap((role) => instancesOf(role, balanced, context)) };
}

/** What a configuration tells of the definition that it belongs to: its roles, with the schema's defaults. */
export const unreadDefinition = ({ serviceName, roles }: ServiceConfiguration): ServiceDefinition => ({
  name: serviceName,
  unread: true,
  upgradeDomainCount: 5,
  probes: [],
  roles: roles.map(({ name }) => ({
    name,
    type: 'WorkerRole',
    vmsize: 'Small',
    inputEndpoints: [],
    instanceInputEndpoints: [],
  })),
});

/** A deployment of web and worker roles, running or suspended as asked. */
export function createCloudService(request: CloudServiceRequest, context: ModelContext): CloudServiceDeployment {
  const empty: CloudServiceDeployment = {
    kind: 'cloudService',
    Name: request.Name,
    DeploymentSlot: request.slot,
    PrivateID: context.newGuid().replaceAll('-', ''),
    Label: request.Label,
    Status: request.StartDeployment ? 'Running' : 'Suspended',
    createdMs: context.nowMs,
    modifiedMs: context.nowMs,
    vip: request.reservedIp?.Address ?? context.addresses.publicAddress(),
    ReservedIPName: request.reservedIp?.Name,
    vipName: request.reservedIp?.Name,
    LoadBalancers: [],
    instances: [],
    hadPublicEndpoints: true,
    definition: request.definition,
    configuration: request.configuration,
    Configuration: request.Configuration,
    ExtendedProperties: request.ExtendedProperties,
    extensions: request.extensions,
  };
  return realise(empty, context);
}

/** What a configuration change or an upgrade brings; what is undefined stays. */
export interface CloudServiceChange {
  readonly definition?: ServiceDefinition | undefined;
  readonly configuration: ServiceConfiguration;
  readonly Configuration: string;
  readonly Label?: string | undefined;
  readonly ExtendedProperties?: readonly ExtendedProperty[] | undefined;
  readonly extensions?: ExtensionConfiguration | undefined;
}

/** The deployment after a configuration change, or after an upgrade when the change has a definition. */
export const changeCloudService = (
  deployment: CloudServiceDeployment,
  change: CloudServiceChange,
  context: ModelContext,
): CloudServiceDeployment =>
  realise(
    {
      ...deployment,
      configuration: change.configuration,
      Configuration: change.Configuration,
      definition: change.definition ?? deployment.definition,
      Label: change.Label ?? deployment.Label,
      ExtendedProperties: change.ExtendedProperties ?? deployment.ExtendedProperties,
      extensions: change.extensions ?? deployment.extensions,
    },
    context,
  );

/** All instances started or stopped with the deployment's status. */
export function setStatus(deployment: CloudServiceDeployment, Status: 'Running' | 'Suspended'): CloudServiceDeployment {
  const power = Status === 'Running' ? 'Started' : 'Stopped';
  return { ...deployment, Status, instances: deployment.instances.map((instance) => ({ ...instance, power })) };
}

/** The deployment without the named instances. */
export function deleteInstances(deployment: CloudServiceDeployment, names: readonly string[]): CloudServiceDeployment {
  for (const name of names) {
    if (!deployment.instances.some(({ InstanceName }) => sameName(InstanceName, name))) {
      throw azureError('ClassicRoleNotFound', { values: { role: name } });
    }
  }
  const stays = ({ InstanceName }: RoleInstance) => !names.some((name) => sameName(name, InstanceName));
  const instances = deployment.instances.filter(stays);
  const roles = deployment.configuration.roles.map((role) => ({
    ...role,
    instances: instances.filter(({ RoleName }) => sameName(RoleName, role.name)).length,
  }));
  return { ...deployment, instances, configuration: { ...deployment.configuration, roles } };
}
