/** Shorthand for tests of the classic model: deployments without HTTP and without a store. */
import { newGuid } from '../../src/ids.js';
import type { ModelContext } from '../../src/resources/Microsoft.ClassicCompute/addresses.js';
import { createVmDeployment } from '../../src/resources/Microsoft.ClassicCompute/deployments.js';
import type {
  HostedService,
  InputEndpointRequest,
  VmDeployment,
} from '../../src/resources/Microsoft.ClassicCompute/types.js';
import type { NetworkRequest, VmRoleRequest } from '../../src/resources/Microsoft.ClassicCompute/vm-roles.js';

/** A context that counts addresses up. */
export function modelContext(): ModelContext {
  let [publicCount, privateCount] = [0, 0];
  return {
    nowMs: Date.UTC(2015, 3, 8),
    newGuid,
    addresses: {
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
