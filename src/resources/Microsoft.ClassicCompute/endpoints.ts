/**
 * Input endpoints of virtual machines, and the virtual IPs they are on: what Azure checks and fills in. Imitates "Add
 * Role", elements InputEndpoint and VirtualIPName, "Add Virtual IP", "Delete Virtual IP", and the Azure PowerShell cmdlet
 * Add-AzureEndpoint.
 */
import { azureError } from '../../errors/index.js';
import { dnsLabels } from '../../support/ids.js';
import { parseIpv4Prefix } from '../../support/ip-address.js';
import { canonicalCidr, type ModelContext } from './addresses.js';
import type {
  AclRule,
  AdditionalVip,
  Deployment,
  InputEndpoint,
  InputEndpointRequest,
  InstanceInputEndpoint,
  LoadBalancerProbe,
  PublicIp,
  RoleInstance,
  ServiceDefinition,
  VmDeployment,
  VmRole,
} from './types.js';

/** Azure's documented limit of rules in one endpoint's ACL. */
const maxAclRules = 50;

/** Where Azure takes a public port from when the request has none. */
const firstAutomaticPort = 49152;

interface NumberRange {
  readonly parameter: string;
  readonly min: number;
  readonly max: number;
}

/** `value` when it lies in the range; otherwise Azure's refusal, which names parameter and range. */
export function inRange(value: number, { parameter, min, max }: NumberRange): number {
  if (value >= min && value <= max) return value;
  const allowed = `a number between ${min} to ${max}`;
  throw azureError('ClassicInvalidParameterValue', { values: { value, parameter, allowed } });
}

export const portRange = (parameter: string): NumberRange => ({ parameter, min: 1, max: 65535 });
export const idleTimeoutRange = (parameter: string): NumberRange => ({ parameter, min: 4, max: 30 });

const missing = (parameter: string) => azureError('ClassicMissingParameterValue', { values: { parameter } });

/** A probe with Azure's defaults (15 s, 31 s) filled in. */
export function checkEndpointProbe(probe: NonNullable<InputEndpointRequest['LoadBalancerProbe']>): LoadBalancerProbe {
  const { Path, Port, Protocol, IntervalInSeconds = 15, TimeoutInSeconds = 31 } = probe;
  if (Protocol === undefined) throw missing('LoadBalancerProbe.Protocol');
  if (Port === undefined) throw missing('LoadBalancerProbe.Port');
  if ((Protocol === 'http') !== (Path !== undefined)) throw azureError('ClassicProbePath');
  const seconds = (name: string, min: number) => ({ parameter: `LoadBalancerProbe.${name}`, min, max: 2147483647 });
  return {
    Path,
    Port: inRange(Port, portRange('LoadBalancerProbe.Port')),
    Protocol,
    IntervalInSeconds: inRange(IntervalInSeconds, seconds('IntervalInSeconds', 5)),
    TimeoutInSeconds: inRange(TimeoutInSeconds, seconds('TimeoutInSeconds', 11)),
  };
}

/** A public address of instances, whose label can be part of a domain name. */
export function checkPublicIp(publicIp: PublicIp): PublicIp {
  const { IdleTimeoutInMinutes, DomainNameLabel: value } = publicIp;
  checkEndpointIdleTimeout(IdleTimeoutInMinutes);
  if (value === undefined || dnsLabels.cloudService.test(value)) return publicIp;
  const values = { value, parameter: 'DomainNameLabel', allowed: 'letters, digits and hyphens' };
  throw azureError('ClassicInvalidParameterValue', { values });
}

/** An ACL in order of evaluation, or undefined when it has no rule. */
export function checkAcl(acl: InputEndpointRequest['EndpointAcl'], endpoint: string): InputEndpoint['EndpointAcl'] {
  const rules = acl?.Rules ?? [];
  if (rules.length === 0) return undefined;
  if (rules.length > maxAclRules) {
    throw azureError('ClassicTooManyAclRules', { values: { endpoint, count: rules.length } });
  }
  const orders = new Set<number>();
  const checked = rules.map(({ Order, Action, RemoteSubnet, Description }): AclRule => {
    if (Order === undefined) throw missing('EndpointAcl.Rules.Rule.Order');
    if (Action === undefined) throw missing('EndpointAcl.Rules.Rule.Action');
    if (RemoteSubnet === undefined) throw missing('EndpointAcl.Rules.Rule.RemoteSubnet');
    inRange(Order, { parameter: 'EndpointAcl.Rules.Rule.Order', min: 0, max: 65535 });
    if (orders.has(Order)) throw azureError('ClassicDuplicateAclOrder', { values: { endpoint, order: Order } });
    orders.add(Order);
    if (!parseIpv4Prefix(RemoteSubnet)) {
      const values = { value: RemoteSubnet, parameter: 'EndpointAcl.Rules.Rule.RemoteSubnet', allowed: 'an IPv4 CIDR' };
      throw azureError('ClassicInvalidParameterValue', { values });
    }
    return { Order, Action, RemoteSubnet, Description };
  });
  return { Rules: checked.sort((a, b) => a.Order - b.Order) };
}

/** The CIDR that an ACL rule means: `10.1.2.3/8` is 10.0.0.0/8. */
export const aclSubnet = (rule: AclRule): string => canonicalCidr(rule.RemoteSubnet);

/** Azure echoes an idle timeout that the client gave, the default of 4 minutes too. */
export const checkEndpointIdleTimeout = (minutes: number | undefined): number | undefined =>
  minutes === undefined ? undefined : inRange(minutes, idleTimeoutRange('IdleTimeoutInMinutes'));

/** The identity of a frontend port: every VIP and every internal load balancer has a port space of its own. */
export const portKey = (
  endpoint: Pick<InputEndpoint, 'LoadBalancerName' | 'Protocol' | 'Port' | 'VirtualIPName'>,
): string => {
  const frontend = endpoint.LoadBalancerName ?? endpoint.VirtualIPName ?? '';
  return `${frontend.toLowerCase()}|${endpoint.Protocol}|${endpoint.Port}`;
};

/** Compares names as Azure does. */
export const sameName = (a: string | undefined, b: string | undefined): boolean =>
  (a ?? '').toLowerCase() === (b ?? '').toLowerCase();

/** Whether the request leaves the public port to Azure. */
export type UnassignedEndpoint = Omit<InputEndpoint, 'Port'> & { readonly Port: number | undefined };

/** Checks one endpoint of a role and fills in what Azure fills in; the port may still be open. */
export function checkEndpoint(request: InputEndpointRequest): UnassignedEndpoint {
  const { Name, LocalPort, Port, Protocol } = request;
  if (Name === undefined || LocalPort === undefined || Protocol === undefined) {
    throw azureError('ClassicMalformedElement', { values: { type: 'InputEndpoint' } });
  }
  return {
    LoadBalancedEndpointSetName: request.LoadBalancedEndpointSetName,
    LocalPort: inRange(LocalPort, portRange('LocalPort')),
    Name,
    Port: Port === undefined || Port === 0 ? undefined : inRange(Port, portRange('Port')),
    LoadBalancerProbe: request.LoadBalancerProbe && checkEndpointProbe(request.LoadBalancerProbe),
    Protocol,
    EnableDirectServerReturn: request.EnableDirectServerReturn ?? false,
    EndpointAcl: checkAcl(request.EndpointAcl, Name),
    LoadBalancerName: request.LoadBalancerName,
    IdleTimeoutInMinutes: checkEndpointIdleTimeout(request.IdleTimeoutInMinutes),
    LoadBalancerDistribution: request.LoadBalancerDistribution,
    VirtualIPName: request.VirtualIPName,
  };
}

/** A public port that `taken` (port keys) does not have, for an endpoint whose request names none. */
export function automaticPort(
  endpoint: Pick<UnassignedEndpoint, 'LoadBalancerName' | 'Protocol' | 'VirtualIPName'>,
  taken: ReadonlySet<string>,
): number {
  let port = firstAutomaticPort;
  while (port < 65535 && taken.has(portKey({ ...endpoint, Port: port }))) port++;
  return port;
}

/** The public port of an instance: its number counts up from the range's first port. Undefined beyond the range. */
export function instancePort(
  { minPort, maxPort }: InstanceInputEndpoint,
  { InstanceName }: RoleInstance,
): number | undefined {
  const port = minPort + Number(InstanceName.split('_').at(-1));
  return port <= maxPort ? port : undefined;
}

/** Azure lists endpoints by name, whatever the order of the request. */
export const byName = (a: InputEndpoint, b: InputEndpoint): number => {
  const [left, right] = [a.Name.toLowerCase(), b.Name.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
};

/** Endpoint names are unique within a virtual machine. */
export function checkNamesAreUnique(role: VmRole): void {
  const names = new Set<string>();
  for (const { Name } of role.InputEndpoints) {
    const key = Name.toLowerCase();
    if (names.has(key)) {
      throw azureError('ClassicDuplicateEndpointName', { values: { role: role.RoleName, endpoint: Name } });
    }
    names.add(key);
  }
}

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
