/**
 * Frontends of web and worker roles: an InputEndpoint spreads over all instances of its role, an InstanceInputEndpoint
 * gives each instance a public port. Imitates "Azure Cloud Services definition: WorkerRole, Endpoints".
 */
import { transportOf } from './cloud-services.js';
import type { ClassicFrontend, ClassicMember } from './plan-types.js';
import { pathOf, planAcl, planProbe, planRule } from './plan-types.js';
import type {
  CloudServiceDeployment,
  CloudServiceEndpoint,
  HostedService,
  RoleDefinition,
  RoleInstance,
} from './types.js';

const same = (a: string, b: string | undefined): boolean => a.toLowerCase() === b?.toLowerCase();

/** The ACL that the service configuration gives to an endpoint. */
function aclOf(deployment: CloudServiceDeployment, { role, endpoint }: { role: string; endpoint: string }) {
  const { endpointAcls, accessControls } = deployment.configuration;
  const assigned = endpointAcls.find((entry) => same(entry.role, role) && same(entry.endpoint, endpoint));
  return accessControls.find(({ name }) => same(name, assigned?.accessControl))?.rules ?? [];
}

/** The public port of instance number `index`: the range's first port and up. */
export const instancePort = (
  endpoint: RoleDefinition['instanceInputEndpoints'][number],
  index: number,
): number | undefined => (endpoint.minPort + index <= endpoint.maxPort ? endpoint.minPort + index : undefined);

function frontendOf(
  { service, deployment, role }: { service: HostedService; deployment: CloudServiceDeployment; role: RoleDefinition },
  endpoint: CloudServiceEndpoint,
): ClassicFrontend | undefined {
  const scope = pathOf(service, deployment);
  const id = `${scope}/roles/${role.name}/endpoints/${endpoint.name}`;
  const loadBalancer = deployment.LoadBalancers.find(({ Name }) => same(Name, endpoint.loadBalancer));
  if (endpoint.loadBalancer !== undefined && !loadBalancer) return undefined;
  // Without a probe of its own the guest agent decides, which here is: the instance is started.
  const probe = deployment.definition.probes.find(({ name }) => same(name, endpoint.loadBalancerProbe));
  const wanted = probe && { ...probe, Port: probe.Port || endpoint.port };
  const member = (instance: RoleInstance): ClassicMember => ({
    key: instance.IpAddress,
    id: `${scope}/roleinstances/${instance.InstanceName}`,
    azureAddress: instance.IpAddress,
    port: endpoint.localPort,
    started: instance.power === 'Started',
    probe: wanted && planProbe(wanted, { id: `${id}/probe`, address: instance.IpAddress }),
  });
  return {
    azureAddress: loadBalancer?.address ?? deployment.vip,
    transport: transportOf(endpoint.protocol),
    port: endpoint.port,
    rule: planRule({
      id,
      frontendId: loadBalancer ? `${scope}/loadbalancers/${loadBalancer.Name}` : `${scope}/virtualip`,
      loadBalancerId: scope,
      distribution: endpoint.loadBalancerDistribution,
      idleTimeoutInMinutes: endpoint.idleTimeoutInMinutes,
      acl: planAcl(aclOf(deployment, { role: role.name, endpoint: endpoint.name })),
      members: deployment.instances.filter(({ RoleName }) => RoleName === role.name).map(member),
    }),
  };
}

function* instanceFrontends(service: HostedService, deployment: CloudServiceDeployment, role: RoleDefinition) {
  const scope = pathOf(service, deployment);
  for (const endpoint of role.instanceInputEndpoints) {
    for (const instance of deployment.instances.filter(({ RoleName }) => RoleName === role.name)) {
      const port = instancePort(endpoint, Number(instance.InstanceName.split('_').at(-1)));
      if (port === undefined) continue;
      const id = `${scope}/roleinstances/${instance.InstanceName}`;
      const member: ClassicMember = {
        key: instance.IpAddress,
        id,
        azureAddress: instance.IpAddress,
        port: endpoint.localPort,
        started: instance.power === 'Started',
        probe: undefined,
      };
      const rule = planRule({
        id: `${id}/endpoints/${endpoint.name}`,
        frontendId: `${scope}/virtualip`,
        loadBalancerId: scope,
        acl: planAcl(aclOf(deployment, { role: role.name, endpoint: endpoint.name })),
        members: [member],
      });
      yield { azureAddress: deployment.vip, transport: endpoint.protocol, port, rule } satisfies ClassicFrontend;
    }
  }
}

/** Every frontend of a deployment of web and worker roles. */
export function cloudServiceFrontends(service: HostedService, deployment: CloudServiceDeployment): ClassicFrontend[] {
  return deployment.definition.roles.flatMap((role) => {
    const shared = role.inputEndpoints.map((endpoint) => frontendOf({ service, deployment, role }, endpoint));
    return [...shared.filter((frontend) => frontend !== undefined), ...instanceFrontends(service, deployment, role)];
  });
}
