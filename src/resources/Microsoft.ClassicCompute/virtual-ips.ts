/**
 * Additional virtual IPs of a deployment. Imitates "Add Virtual IP", "Delete Virtual IP" and, of "Add Role", the element
 * VirtualIPName.
 */
import { azureError } from '../../errors/index.js';
import type { ModelContext } from './addresses.js';
import { sameName } from './endpoints.js';
import type { AdditionalVip, Deployment, ServiceDefinition, VmDeployment } from './types.js';

/** Whether some endpoint of the roles is on the public VIP. */
export const hasPublicEndpoints = ({ roles }: ServiceDefinition): boolean =>
  roles.some(
    ({ inputEndpoints, instanceInputEndpoints }) =>
      instanceInputEndpoints.length > 0 || inputEndpoints.some(({ loadBalancer }) => loadBalancer === undefined),
  );

/** How Azure calls the deployment's first public address. */
export function virtualIpName(deployment: Deployment): string {
  if (deployment.vipName !== undefined) return deployment.vipName;
  if (deployment.kind === 'cloudService') {
    const name = deployment.configuration.serviceName || deployment.definition.name;
    return hasPublicEndpoints(deployment.definition) ? `${name}ContractContract` : '__PseudoBackEndContractVip';
  }
  const isPublic = deployment.roles.some((role) => role.InputEndpoints.some((e) => e.LoadBalancerName === undefined));
  if (isPublic) return `${deployment.Name}ContractContract`;
  return deployment.hadPublicEndpoints ? `${deployment.Name}ContractVip` : '__PseudoBackEndContractVip';
}

/** The additional VIP called `name`; undefined for the first one. */
export const additionalVip = (deployment: Deployment, name: string | undefined): AdditionalVip | undefined =>
  deployment.additionalVips?.find((vip) => sameName(vip.Name, name));

const notFound = (name: string) => azureError('ClassicVirtualIpNotFound', { values: { name } });

const isFirst = (deployment: Deployment, name: string): boolean =>
  [virtualIpName(deployment), `${deployment.Name}ContractContract`].some((known) => sameName(known, name));

/**
 * The VIP that a request names, as endpoints keep it: undefined is the first. A name that no VIP has is refused, unless
 * the endpoint is on an internal load balancer, where it means nothing.
 */
export function checkedVipName(
  deployment: Deployment,
  name: string | undefined,
  { loadBalancer }: { loadBalancer?: string | undefined } = {},
): string | undefined {
  if (loadBalancer !== undefined) return name;
  if (name === undefined || isFirst(deployment, name)) return undefined;
  const found = additionalVip(deployment, name);
  if (!found) throw notFound(name);
  return found.Name;
}

/** The deployment with one more VIP, which has no address yet. */
export function addVip(deployment: Deployment, name: string): Deployment {
  if (isFirst(deployment, name) || additionalVip(deployment, name)) {
    throw azureError('ClassicNameTaken', { values: { name } });
  }
  return { ...deployment, additionalVips: [...(deployment.additionalVips ?? []), { Name: name }] };
}

const namesOfUsedVips = ({ roles }: VmDeployment): (string | undefined)[] =>
  roles.flatMap((role) => role.InputEndpoints.map(({ VirtualIPName }) => VirtualIPName));

/** The deployment without the additional VIP; one that endpoints use, and the first, stay. */
export function deleteVip(deployment: Deployment, name: string): Deployment {
  const vip = additionalVip(deployment, name);
  if (!vip) throw notFound(name);
  if (deployment.kind === 'virtualMachines' && namesOfUsedVips(deployment).some((used) => sameName(used, name))) {
    throw azureError('ClassicVirtualIpInUse', { values: { name: vip.Name } });
  }
  return { ...deployment, additionalVips: deployment.additionalVips?.filter((other) => other !== vip) };
}

/** The deployment with addresses for all additional VIPs that endpoints use. */
export function withVipAddresses(deployment: Deployment, { addresses }: ModelContext): Deployment {
  if (deployment.kind !== 'virtualMachines' || !deployment.additionalVips?.length) return deployment;
  const used = namesOfUsedVips(deployment);
  const addressed = (vip: AdditionalVip): AdditionalVip =>
    vip.Address === undefined && used.some((name) => sameName(name, vip.Name))
      ? { ...vip, Address: addresses.publicAddress() }
      : vip;
  const additionalVips = deployment.additionalVips.map(addressed);
  const namesVips = deployment.namesVips || additionalVips.some(({ Address }) => Address !== undefined) || undefined;
  return { ...deployment, additionalVips, namesVips };
}

/** The address of a VIP and its reserved IP; `name` undefined is the first VIP. */
export function addressOfVip(deployment: Deployment, name: string | undefined): Omit<AdditionalVip, 'Name'> {
  const vip = additionalVip(deployment, name);
  return vip ?? { Address: deployment.vip, ReservedIPName: deployment.ReservedIPName };
}

/** The deployment with another address on one of its VIPs; `name` undefined is the first VIP. */
export function withAddress(
  deployment: Deployment,
  name: string | undefined,
  { Address, ReservedIPName }: { Address: string; ReservedIPName: string | undefined },
): Deployment {
  const vip = additionalVip(deployment, name);
  if (!vip) return { ...deployment, vip: Address, ReservedIPName };
  const changed = { Name: vip.Name, Address, ReservedIPName };
  return {
    ...deployment,
    additionalVips: deployment.additionalVips?.map((other) => (other === vip ? changed : other)),
  };
}
