/** Shorthand for tests of the classic model: deployments without HTTP and without a store. */
import { compileHostedService } from '../../../src/compiler/classic-plan.js';
import { defaultChoices } from '../../../src/config/undocumented.js';
import type { PlanPart, PlanRule } from '../../../src/data-plane/model/plan.js';
import type { ModelContext } from '../../../src/resources/Microsoft.ClassicCompute/addresses.js';
import { createVmDeployment } from '../../../src/resources/Microsoft.ClassicCompute/deployments.js';
import type {
  HostedService,
  InputEndpointRequest,
  VmDeployment,
} from '../../../src/resources/Microsoft.ClassicCompute/types.js';
import type { NetworkRequest, VmRoleRequest } from '../../../src/resources/Microsoft.ClassicCompute/vm-roles.js';
import { newGuid } from '../../../src/support/ids.js';

/** A context that counts addresses up. */
export function modelContext(): ModelContext {
  let [publicCount, privateCount] = [0, 0];
  return {
    nowMs: Date.UTC(2015, 3, 8),
    newGuid,
    addresses: {
      checkPlace: () => {},
      publicAddress: () => `127.255.0.${++publicCount}`,
      privateAddress: () => `10.64.0.${3 + ++privateCount}`,
      claimPrivateAddress: () => {},
    },
  };
}

/** A role with endpoints, as a request has it. */
export const roleRequestOf = (
  RoleName: string,
  InputEndpoints: readonly InputEndpointRequest[],
  network: Partial<NetworkRequest> = {},
): VmRoleRequest => ({
  RoleName,
  network: { InputEndpoints, SubnetNames: [], PublicIPs: [], ...network },
  operatingSystem: 'Linux',
  settings: { RoleSize: 'Small' },
});

/** A deployment of virtual machines with these endpoints. */
export const deploymentWith = ({
  roles,
  loadBalancers = [],
}: {
  roles: Readonly<Record<string, readonly InputEndpointRequest[]>>;
  loadBalancers?: readonly string[];
}): VmDeployment =>
  createVmDeployment(
    {
      Name: 'dep1',
      Label: '',
      roles: Object.entries(roles).map(([name, endpoints]) => roleRequestOf(name, endpoints)),
      LoadBalancers: loadBalancers.map((Name) => ({ Name, FrontendIpConfiguration: { Type: 'Private' } })),
    },
    modelContext(),
  );

/** What the deployments of hosted services contribute to the plan, in Azure's addresses. */
export function planOf(...services: HostedService[]): Pick<PlanPart, 'frontends' | 'probes'> {
  const parts = services.map((service) => compileHostedService(service, { addressMap: [], choices: defaultChoices }));
  return { frontends: parts.flatMap(({ frontends }) => frontends), probes: parts.flatMap(({ probes }) => probes) };
}

/** Addresses of the machines behind a rule, with whether each is started, by the last number of the address. */
export function startedMembers(rule: PlanRule | undefined): [string, boolean][] {
  const members = [
    ...(rule?.members ?? []).map(({ azureAddress }): [string, boolean] => [azureAddress, true]),
    ...(rule?.stopped ?? []).map(({ azureAddress }): [string, boolean] => [azureAddress, false]),
  ];
  const last = (address: string) => Number(address.split('.').at(-1));
  return members.sort(([a], [b]) => last(a) - last(b));
}

/** A hosted service with deployments. */
export const serviceWith = (...deployments: HostedService['deployments']): HostedService => ({
  subscriptionId: '11111111-2222-3333-4444-555555555555',
  ServiceName: 'mySvc',
  Label: '',
  Description: null,
  Location: 'West US',
  ExtendedProperties: [],
  createdMs: 0,
  modifiedMs: 0,
  deployments,
});
