/**
 * Compiles the classic deployments of one hosted service into the plan: endpoints of virtual machines and load-balanced
 * sets, endpoints of web and worker roles, and public addresses of instances.
 */
import { type Choices, defaultChoices } from '../config/undocumented.js';
import {
  type AclEntry,
  frontendKey,
  type PlanFrontend,
  type PlanMember,
  type PlanPart,
  type PlanProbe,
  type PlanRule,
  probeKey,
  type Transport,
} from '../data-plane/model/plan.js';
import { transportOf } from '../resources/Microsoft.ClassicCompute/cloud-services.js';
import { aclSubnet, additionalVip, instancePort, sameName } from '../resources/Microsoft.ClassicCompute/endpoints.js';
import type {
  AclRule,
  CloudServiceDeployment,
  CloudServiceEndpoint,
  Deployment,
  HostedService,
  InputEndpoint,
  LoadBalancerDistribution,
  LoadBalancerProbe,
  PublicIp,
  RoleDefinition,
  RoleInstance,
  VmDeployment,
} from '../resources/Microsoft.ClassicCompute/types.js';
import { type AddressMapping, mapAddress, mapNetwork } from '../support/ip-address.js';
import { deepFreeze } from '../support/plain-data.js';
import { halfOpenMs, withChoices } from './load-balancer-plan.js';

export interface ClassicPlanOptions {
  readonly addressMap: readonly AddressMapping[];
  readonly choices: Choices;
}

const minuteMs = 60_000;
const defaultIdleTimeoutInMinutes = 4;
const distributions = { sourceIP: 'SourceIP', sourceIPProtocol: 'SourceIPProtocol', none: 'Default' } as const;

/**
 * An endpoint's ACL by ascending order. Azure denies all other clients as soon as one rule permits, and permits all
 * others when every rule denies; the last entry says so. Without rules it is empty.
 */
function aclEntries(rules: readonly AclRule[]): AclEntry[] {
  if (rules.length === 0) return [];
  const entries = [...rules]
    .sort((a, b) => a.Order - b.Order)
    .map((rule) => ({ action: rule.Action, remoteSubnet: aclSubnet(rule) }));
  const others = entries.some(({ action }) => action === 'permit') ? 'deny' : 'permit';
  return [...entries, { action: others, remoteSubnet: '0.0.0.0/0' }];
}

/** An instance behind a rule, and the port that it gets the traffic on. */
interface Target {
  readonly instance: RoleInstance;
  /** Whose traffic it is, below the deployment: `roles/vm1`. */
  readonly path: string;
  /** 0 keeps the port that the client used (instance public IPs). */
  readonly port: number;
}

interface Endpoint {
  /** Below the deployment: `lbsets/web`. */
  readonly path: string;
  readonly targets: readonly Target[];
  readonly probe?: LoadBalancerProbe | undefined;
  readonly distribution?: LoadBalancerDistribution | undefined;
  readonly idleTimeoutInMinutes?: number | undefined;
  readonly floatingIp?: boolean;
  readonly acl?: readonly AclRule[];
}

/** An address of the deployment: its virtual IP, an internal load balancer, or the public IP of an instance. */
interface FrontendAddress {
  readonly azureAddress: string;
  /** Below the deployment: `virtualip`. */
  readonly path: string;
  readonly internal?: true;
}

/** A port that the frontend answers on; 0 is every port. */
interface Port {
  readonly transport: Transport;
  readonly port: number;
}

class DeploymentCompiler {
  readonly #frontends: PlanFrontend[] = [];
  readonly #probes = new Map<string, PlanProbe>();
  /** What people recognise the rules of the deployment by. */
  readonly #scope: string;

  constructor(
    { subscriptionId, ServiceName }: HostedService,
    readonly deployment: Deployment,
    readonly options: ClassicPlanOptions,
  ) {
    this.#scope = `/${subscriptionId}/services/hostedservices/${ServiceName}/deployments/${deployment.Name}`;
  }

  compile(): PlanPart {
    const { deployment } = this;
    if (deployment.kind === 'virtualMachines') this.#virtualMachines(deployment);
    else for (const role of deployment.definition.roles) this.#role(deployment, role);
    for (const instance of deployment.instances) this.#publicIps(instance);
    return { frontends: this.#frontends, probes: [...this.#probes.values()], outbound: [] };
  }

  #map(address: string): string {
    return mapAddress(address, this.options.addressMap);
  }

  /** Registers the probe of one instance and answers its key. */
  #probeOf(probe: LoadBalancerProbe, id: string, azureAddress: string): string {
    const { IntervalInSeconds: interval, TimeoutInSeconds: timeout } = probe;
    const address = this.#map(azureAddress);
    const key = probeKey(id, address);
    this.#probes.set(key, {
      key,
      id,
      protocol: probe.Protocol === 'http' ? 'Http' : 'Tcp',
      azureAddress,
      address,
      port: probe.Port,
      requestPath: probe.Path,
      intervalMs: interval * 1000,
      timeoutMs: Math.min(interval, timeout) * 1000,
      // The classic timeout is how long an instance may stay silent: 31 s at every 15 s are two unanswered probes.
      threshold: Math.max(1, Math.floor(timeout / interval)),
    });
    return key;
  }

  #rule(endpoint: Endpoint, frontend: FrontendAddress): PlanRule {
    const id = `${this.#scope}/${endpoint.path}`;
    const { addressMap } = this.options;
    const members = new Map<string, PlanMember>();
    const stopped: PlanMember[] = [];
    for (const { instance, path, port } of endpoint.targets) {
      const { IpAddress: azureAddress } = instance;
      const started = instance.power === 'Started';
      const probe = endpoint.probe && started ? this.#probeOf(endpoint.probe, `${id}/probe`, azureAddress) : undefined;
      const member: PlanMember = {
        key: azureAddress,
        id: `${this.#scope}/${path}`,
        azureAddress,
        address: this.#map(azureAddress),
        port,
        adminState: 'None',
        probe,
      };
      if (started) members.set(member.key, member);
      else stopped.push(member);
    }
    return {
      id,
      frontendId: `${this.#scope}/${frontend.path}`,
      loadBalancerId: this.#scope,
      distribution: distributions[endpoint.distribution ?? 'none'],
      idleTimeoutMs: (endpoint.idleTimeoutInMinutes ?? defaultIdleTimeoutInMinutes) * minuteMs,
      halfOpenMs,
      tcpReset: false,
      floatingIp: endpoint.floatingIp ?? false,
      // Classic deployments stand behind what later became the Basic balancer.
      allProbedDown: 'endEstablished',
      noHealthyBackends: 'AllProbedDown',
      acl: aclEntries(endpoint.acl ?? []).map(({ action, remoteSubnet }) => ({
        action,
        remoteSubnet: mapNetwork(remoteSubnet, addressMap),
      })),
      members: [...members.values()],
      ...(stopped.length > 0 && { stopped }),
    };
  }

  #add(endpoint: Endpoint, frontend: FrontendAddress | undefined, ports: readonly Port[]): void {
    if (!frontend) return;
    const rule = this.#rule(endpoint, frontend);
    const { azureAddress, internal } = frontend;
    const address = this.#map(azureAddress);
    for (const { transport, port } of ports) {
      const key = frontendKey({ transport, address, port });
      this.#frontends.push({ key, azureAddress, transport, port, ...(internal && { internal }), address, rule });
    }
  }

  /** The internal load balancer or additional VIP of that name, else the first VIP; undefined when it has no address. */
  #frontend(name: string | undefined, vipName?: string): FrontendAddress | undefined {
    const vip = name === undefined ? additionalVip(this.deployment, vipName) : undefined;
    if (vip) return vip.Address ? { azureAddress: vip.Address, path: `virtualips/${vip.Name}` } : undefined;
    if (name === undefined) return { azureAddress: this.deployment.vip, path: 'virtualip' };
    const found = this.deployment.LoadBalancers.find((loadBalancer) => sameName(loadBalancer.Name, name));
    return found && { azureAddress: found.address, path: `loadbalancers/${found.Name}`, internal: true };
  }

  #virtualMachines(deployment: VmDeployment): void {
    for (const { path, members } of endpointsOf(deployment)) {
      const [{ endpoint: first }] = members;
      this.#add(
        {
          path,
          targets: members.map(({ endpoint, instance }) => ({
            instance,
            path: `roles/${instance.RoleName}`,
            port: endpoint.LocalPort,
          })),
          // A standalone endpoint forwards to its one machine, probe or not: there is none to take over.
          probe: first.LoadBalancedEndpointSetName === undefined ? undefined : first.LoadBalancerProbe,
          distribution: first.LoadBalancerDistribution,
          idleTimeoutInMinutes: first.IdleTimeoutInMinutes,
          floatingIp: first.EnableDirectServerReturn,
          acl: first.EndpointAcl?.Rules ?? [],
        },
        this.#frontend(first.LoadBalancerName, first.VirtualIPName),
        [{ transport: first.Protocol, port: first.Port }],
      );
    }
  }

  /** An InputEndpoint spreads over all instances of its role, an InstanceInputEndpoint gives each a public port. */
  #role(deployment: CloudServiceDeployment, role: RoleDefinition): void {
    const instances = deployment.instances.filter(({ RoleName }) => RoleName === role.name);
    const target = (instance: RoleInstance, port: number): Target => ({
      instance,
      path: `roleinstances/${instance.InstanceName}`,
      port,
    });
    const aclOf = (endpoint: string) => aclRules(deployment, { role: role.name, endpoint });
    for (const endpoint of role.inputEndpoints) {
      this.#add(
        {
          path: `roles/${role.name}/endpoints/${endpoint.name}`,
          targets: instances.map((instance) => target(instance, endpoint.localPort)),
          probe: probeOfEndpoint(deployment, endpoint),
          distribution: endpoint.loadBalancerDistribution,
          idleTimeoutInMinutes: endpoint.idleTimeoutInMinutes,
          acl: aclOf(endpoint.name),
        },
        this.#frontend(endpoint.loadBalancer),
        [{ transport: transportOf(endpoint.protocol), port: endpoint.port }],
      );
    }
    for (const endpoint of role.instanceInputEndpoints) {
      for (const instance of instances) {
        const port = instancePort(endpoint, instance);
        if (port === undefined) continue;
        const path = `roleinstances/${instance.InstanceName}/endpoints/${endpoint.name}`;
        const targets = [target(instance, endpoint.localPort)];
        this.#add({ path, targets, acl: aclOf(endpoint.name) }, this.#frontend(undefined), [
          { transport: endpoint.protocol, port },
        ]);
      }
    }
  }

  /** Connections to the public IP address of an instance reach that instance, past endpoints and their ACLs. */
  #publicIps(instance: RoleInstance): void {
    const { publicIps, ports } = publicPorts(this.deployment, instance.RoleName);
    for (const [index, azureAddress] of instance.publicAddresses.entries()) {
      const own = `roleinstances/${instance.InstanceName}`;
      const path = `${own}/publicips/${publicIps[index]?.Name ?? index}`;
      const idleTimeoutInMinutes = publicIps[index]?.IdleTimeoutInMinutes;
      const targets = [{ instance, path: own, port: 0 }];
      this.#add({ path, targets, idleTimeoutInMinutes }, { azureAddress, path }, ports);
    }
  }
}

interface SetMember {
  readonly endpoint: InputEndpoint;
  readonly instance: RoleInstance;
}

/** Endpoints of the deployment, those of one load-balanced set together. */
function endpointsOf(deployment: VmDeployment): { path: string; members: [SetMember, ...SetMember[]] }[] {
  const found = new Map<string, { path: string; members: [SetMember, ...SetMember[]] }>();
  for (const role of deployment.roles) {
    const instance = deployment.instances.find(({ RoleName }) => RoleName === role.RoleName);
    if (!instance) continue;
    for (const endpoint of role.InputEndpoints) {
      const set = endpoint.LoadBalancedEndpointSetName;
      const path = set === undefined ? `roles/${role.RoleName}/endpoints/${endpoint.Name}` : `lbsets/${set}`;
      const known = found.get(path.toLowerCase());
      if (known) known.members.push({ endpoint, instance });
      else found.set(path.toLowerCase(), { path, members: [{ endpoint, instance }] });
    }
  }
  return [...found.values()];
}

/** The ACL that the service configuration gives to an endpoint. */
function aclRules(deployment: CloudServiceDeployment, { role, endpoint }: { role: string; endpoint: string }) {
  const { endpointAcls, accessControls } = deployment.configuration;
  const assigned = endpointAcls.find((entry) => sameName(entry.role, role) && sameName(entry.endpoint, endpoint));
  return accessControls.find(({ name }) => assigned && sameName(name, assigned.accessControl))?.rules ?? [];
}

/** Without a probe of its own the guest agent decides, which here is: the instance is started. */
function probeOfEndpoint({ definition }: CloudServiceDeployment, { loadBalancerProbe, port }: CloudServiceEndpoint) {
  const probe = definition.probes.find(({ name }) => sameName(name, loadBalancerProbe));
  return probe && { ...probe, Port: probe.Port || port };
}

/**
 * The public IPs of a role's instances, and the ports on which they answer: every port of both transports, and again by
 * number those of the role's endpoints, because an engine of sockets can listen on these only.
 */
function publicPorts(deployment: Deployment, roleName: string): { publicIps: readonly PublicIp[]; ports: Port[] } {
  const { publicIps, endpoints } = publicIpsOf(deployment, roleName);
  const all: Port[] = [{ transport: 'tcp', port: 0 }, { transport: 'udp', port: 0 }, ...endpoints];
  const ports = [...new Map(all.map((one) => [`${one.transport}/${one.port}`, one])).values()];
  return { publicIps, ports };
}

function publicIpsOf(deployment: Deployment, roleName: string): { publicIps: readonly PublicIp[]; endpoints: Port[] } {
  if (deployment.kind === 'virtualMachines') {
    const role = deployment.roles.find(({ RoleName }) => sameName(RoleName, roleName));
    const endpoints = (role?.InputEndpoints ?? []).map(({ Protocol, LocalPort }) => ({
      transport: Protocol,
      port: LocalPort,
    }));
    return { publicIps: role?.PublicIPs ?? [], endpoints };
  }
  const { definition, configuration } = deployment;
  const role = definition.roles.find(({ name }) => sameName(name, roleName));
  const assigned = configuration.instanceAddresses.find((entry) => sameName(entry.roleName, roleName));
  const endpoints = [...(role?.inputEndpoints ?? []), ...(role?.instanceInputEndpoints ?? [])];
  return {
    publicIps: assigned?.publicIps ?? [],
    endpoints: endpoints.map(({ protocol, localPort }) => ({ transport: transportOf(protocol), port: localPort })),
  };
}

/** What the deployments of a hosted service contribute to the plan. Pure: the same document gives the same part. */
export function compileHostedService(service: HostedService, options: ClassicPlanOptions): PlanPart {
  const parts = service.deployments.map((deployment) => new DeploymentCompiler(service, deployment, options).compile());
  const part = {
    frontends: parts.flatMap(({ frontends }) => frontends),
    probes: parts.flatMap(({ probes }) => probes),
    outbound: [],
  };
  return deepFreeze(options.choices === defaultChoices ? part : withChoices(part, options.choices));
}
