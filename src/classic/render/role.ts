/** Virtual machines as Azure shows them, alone and within their deployment. Imitates "Get Role" and "Get Deployment". */
import type {
  Deployment,
  InputEndpoint,
  VmDeployment,
  VmRole,
} from '../../resources/Microsoft.ClassicCompute/types.js';
import type { VmRole as RoleContract } from '../contracts/role.js';
import type { ValueOf } from '../xml/contract.js';

type RoleView = 'alone' | 'inDeployment';
type RoleValue = ValueOf<typeof RoleContract>;

/** The address that an endpoint is reached at: the deployment's VIP, or its internal load balancer. */
export function vipOf(deployment: Deployment, loadBalancer: string | undefined): string {
  const internal = deployment.LoadBalancers.find(({ Name }) => Name.toLowerCase() === loadBalancer?.toLowerCase());
  return internal?.address ?? deployment.vip;
}

function networkSet(deployment: VmDeployment, role: VmRole, { view }: { view: RoleView }) {
  const endpoint = (value: InputEndpoint) =>
    view === 'alone' ? value : { ...value, Vip: vipOf(deployment, value.LoadBalancerName) };
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
  };
}

/** The document of Get Role: endpoints without their Vip. */
export const roleDocument = (deployment: VmDeployment, role: VmRole): RoleValue =>
  roleValue(deployment, role, { view: 'alone' });

/** The role within Get Deployment. */
export const roleInDeployment = (deployment: VmDeployment, role: VmRole): RoleValue =>
  roleValue(deployment, role, { view: 'inDeployment' });
