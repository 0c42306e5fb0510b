/** Turns a role as a request has it into what the model works with. Imitates "Add Role", element ConfigurationSets. */
import { azureError } from '../../errors.js';
import type { NetworkRequest, VmRoleRequest } from '../../resources/Microsoft.ClassicCompute/vm-roles.js';
import type { PersistentVmRole } from '../contracts/role.js';
import type { ValueOf } from '../xml/contract.js';

type RoleBody = ValueOf<typeof PersistentVmRole>;
type ConfigurationSets = NonNullable<RoleBody['ConfigurationSets']>;

/** The network set; clients leave `i:type` out, so ConfigurationSetType tells the sets apart. */
function networkOf(sets: ConfigurationSets): NetworkRequest {
  const set = sets.find(({ ConfigurationSetType }) => ConfigurationSetType.toLowerCase() === 'networkconfiguration');
  return {
    InputEndpoints: set?.InputEndpoints ?? [],
    SubnetNames: set?.SubnetNames ?? [],
    StaticVirtualNetworkIPAddress: set?.StaticVirtualNetworkIPAddress,
    PublicIPs: (set?.PublicIPs ?? []).map(({ Name, IdleTimeoutInMinutes, DomainNameLabel }) => ({
      Name,
      IdleTimeoutInMinutes,
      DomainNameLabel,
    })),
  };
}

function operatingSystemOf(sets: ConfigurationSets): 'Windows' | 'Linux' | undefined {
  const types = sets.map(({ ConfigurationSetType }) => ConfigurationSetType.toLowerCase());
  if (types.includes('windowsprovisioningconfiguration')) return 'Windows';
  return types.includes('linuxprovisioningconfiguration') ? 'Linux' : undefined;
}

/** The role of a request; `name` is the path's, when the request may leave its own out. */
export function roleRequest(body: RoleBody, name = body.RoleName): VmRoleRequest {
  if (name === undefined) throw azureError('ClassicMalformedElement', { values: { type: 'Role' } });
  const sets = body.ConfigurationSets;
  return {
    RoleName: name,
    network: sets && networkOf(sets),
    operatingSystem: sets && operatingSystemOf(sets),
    settings: {
      RoleSize: body.RoleSize,
      AvailabilitySetName: body.AvailabilitySetName,
      ProvisionGuestAgent: body.ProvisionGuestAgent,
      VMImageName: body.VMImageName,
      ResourceExtensionReferences: body.ResourceExtensionReferences,
      DataVirtualHardDisks: body.DataVirtualHardDisks,
      OSVirtualHardDisk: body.OSVirtualHardDisk,
    },
  };
}
