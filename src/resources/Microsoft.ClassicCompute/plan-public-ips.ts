/**
 * Frontends of instance-level public IP addresses: whoever calls one reaches that instance, past endpoints and their
 * ACLs. Imitates "Instance Level Public IP (Classic) overview".
 */
import { transportOf } from './cloud-services.js';
import type { ClassicFrontend, ClassicMember } from './plan-types.js';
import { pathOf, planRule } from './plan-types.js';
import type { Deployment, EndpointProtocol, HostedService, PublicIp, RoleInstance } from './types.js';

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

interface Door {
  readonly transport: EndpointProtocol;
  readonly port: number;
}

interface Reach {
  readonly publicIps: readonly PublicIp[];
  /** What is known to listen on the instances of the role. */
  readonly doors: readonly Door[];
}

function reachOf(deployment: Deployment, { RoleName }: RoleInstance): Reach {
  if (deployment.kind === 'virtualMachines') {
    const role = deployment.roles.find((one) => same(one.RoleName, RoleName));
    const doors = role?.InputEndpoints.map(({ Protocol, LocalPort }) => ({ transport: Protocol, port: LocalPort }));
    return { publicIps: role?.PublicIPs ?? [], doors: doors ?? [] };
  }
  const { definition, configuration } = deployment;
  const role = definition.roles.find(({ name }) => same(name, RoleName));
  const endpoints = [...(role?.inputEndpoints ?? []), ...(role?.instanceInputEndpoints ?? [])];
  return {
    publicIps: configuration.instanceAddresses.find(({ roleName }) => same(roleName, RoleName))?.publicIps ?? [],
    doors: endpoints.map(({ protocol, localPort }) => ({ transport: transportOf(protocol), port: localPort })),
  };
}

/**
 * Every port of both transports, and again by name those on which the instance's endpoints say that it listens: an
 * engine of sockets can listen on these only.
 */
function doorsOf({ doors }: Reach): Door[] {
  const all: Door[] = [{ transport: 'tcp', port: 0 }, { transport: 'udp', port: 0 }, ...doors];
  return [...new Map(all.map((door) => [`${door.transport}/${door.port}`, door])).values()];
}

/** The frontends of every public IP address that an instance of the deployment has. */
export function publicIpFrontends(service: HostedService, deployment: Deployment): ClassicFrontend[] {
  const scope = pathOf(service, deployment);
  return deployment.instances.flatMap((instance) => {
    const reach = reachOf(deployment, instance);
    return instance.publicAddresses.flatMap((azureAddress, index) => {
      const publicIp = reach.publicIps[index];
      const id = `${scope}/roleinstances/${instance.InstanceName}/publicips/${publicIp?.Name ?? index}`;
      const member: ClassicMember = {
        key: instance.IpAddress,
        id: `${scope}/roleinstances/${instance.InstanceName}`,
        azureAddress: instance.IpAddress,
        port: 0,
        started: instance.power === 'Started',
        probe: undefined,
      };
      const idleTimeoutInMinutes = publicIp?.IdleTimeoutInMinutes;
      const rule = planRule({ id, frontendId: id, loadBalancerId: scope, idleTimeoutInMinutes, members: [member] });
      return doorsOf(reach).map(({ transport, port }) => ({ azureAddress, transport, port, rule }));
    });
  });
}
