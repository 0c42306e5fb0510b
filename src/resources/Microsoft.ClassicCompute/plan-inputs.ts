/**
 * What the data plane needs to know about classic deployments: frontends with their rule, members and probes, in Azure's
 * addresses. Imitates nothing; `forwarding/plan.ts` maps the addresses and merges this with Resource Manager's plan.
 */
import { cloudServiceFrontends } from './plan-cloud-services.js';
import { publicIpFrontends } from './plan-public-ips.js';
import type { ClassicFrontend, ClassicMember, ClassicPlanInputs, ClassicProbe } from './plan-types.js';
import { pathOf, planAcl, planProbe, planRule } from './plan-types.js';
import type { HostedService, InputEndpoint, RoleInstance, VmDeployment } from './types.js';

export type { ClassicFrontend, ClassicMember, ClassicPlanInputs, ClassicProbe, ClassicRule } from './plan-types.js';

interface Scope {
  readonly service: HostedService;
  readonly deployment: VmDeployment;
}

interface VmEndpoint {
  readonly endpoint: InputEndpoint;
  readonly instance: RoleInstance;
}

/** Endpoints of the deployment, those of one load-balanced set together. */
function groups(deployment: VmDeployment): { key: string; group: VmEndpoint[] }[] {
  const found = new Map<string, { key: string; group: VmEndpoint[] }>();
  for (const role of deployment.roles) {
    const instance = deployment.instances.find(({ RoleName }) => RoleName === role.RoleName);
    if (!instance) continue;
    for (const endpoint of role.InputEndpoints) {
      const set = endpoint.LoadBalancedEndpointSetName;
      const key = set === undefined ? `roles/${role.RoleName}/endpoints/${endpoint.Name}` : `lbsets/${set}`;
      const entry = found.get(key.toLowerCase()) ?? { key, group: [] };
      entry.group.push({ endpoint, instance });
      found.set(key.toLowerCase(), entry);
    }
  }
  return [...found.values()];
}

function groupFrontend(
  { service, deployment }: Scope,
  key: string,
  group: readonly VmEndpoint[],
): ClassicFrontend | undefined {
  const first = group[0]?.endpoint;
  if (!first) return undefined;
  const scope = pathOf(service, deployment);
  const loadBalancer = deployment.LoadBalancers.find(
    ({ Name }) => Name.toLowerCase() === first.LoadBalancerName?.toLowerCase(),
  );
  if (first.LoadBalancerName !== undefined && !loadBalancer) return undefined;
  const id = `${scope}/${key}`;
  // A standalone endpoint forwards to its one machine, probe or not: there is nobody else to take over.
  const probe = first.LoadBalancedEndpointSetName === undefined ? undefined : first.LoadBalancerProbe;
  const members = group.map(
    ({ endpoint, instance }): ClassicMember => ({
      key: instance.IpAddress,
      id: `${scope}/roles/${instance.RoleName}`,
      azureAddress: instance.IpAddress,
      port: endpoint.LocalPort,
      started: instance.power === 'Started',
      probe: probe && planProbe(probe, { id: `${id}/probe`, address: instance.IpAddress }),
    }),
  );
  return {
    azureAddress: loadBalancer?.address ?? deployment.vip,
    transport: first.Protocol,
    port: first.Port,
    ...(loadBalancer && { internal: true as const }),
    rule: planRule({
      id,
      frontendId: loadBalancer ? `${scope}/loadbalancers/${loadBalancer.Name}` : `${scope}/virtualip`,
      loadBalancerId: scope,
      distribution: first.LoadBalancerDistribution,
      idleTimeoutInMinutes: first.IdleTimeoutInMinutes,
      floatingIp: first.EnableDirectServerReturn,
      acl: planAcl(first.EndpointAcl?.Rules ?? []),
      members,
    }),
  };
}

function vmFrontends(scope: Scope): ClassicFrontend[] {
  const frontends: ClassicFrontend[] = [];
  for (const { key, group } of groups(scope.deployment)) {
    const frontend = groupFrontend(scope, key, group);
    if (frontend) frontends.push(frontend);
  }
  return frontends;
}

/** Every frontend of every classic deployment, and each probe once. Pure: the same documents give the same answer. */
export function endpointsForPlan(services: Iterable<HostedService>): ClassicPlanInputs {
  const frontends: ClassicFrontend[] = [];
  for (const service of services) {
    for (const deployment of service.deployments) {
      frontends.push(
        ...(deployment.kind === 'virtualMachines'
          ? vmFrontends({ service, deployment })
          : cloudServiceFrontends(service, deployment)),
        ...publicIpFrontends(service, deployment),
      );
    }
  }
  const probes = new Map<string, ClassicProbe>();
  for (const { rule } of frontends) {
    for (const { probe } of rule.members) if (probe) probes.set(probe.key, probe);
  }
  return { frontends, probes: [...probes.values()] };
}
