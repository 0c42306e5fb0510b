/**
 * Input endpoints of virtual machines: what Azure checks and fills in. Imitates "Add Role", element InputEndpoint, and
 * the Azure PowerShell cmdlet Add-AzureEndpoint.
 */
import { azureError } from '../../errors/index.js';
import { dnsLabels } from '../../support/ids.js';
import { parseIpv4Prefix } from '../../support/ip-address.js';
import { canonicalCidr } from './addresses.js';
import type {
  AclRule,
  InputEndpoint,
  InputEndpointRequest,
  InstanceInputEndpoint,
  LoadBalancerProbe,
  PublicIp,
  RoleInstance,
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
export function checkProbe(probe: NonNullable<InputEndpointRequest['LoadBalancerProbe']>): LoadBalancerProbe {
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
  checkIdleTimeout(IdleTimeoutInMinutes);
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
export const checkIdleTimeout = (minutes: number | undefined): number | undefined =>
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
    LoadBalancerProbe: request.LoadBalancerProbe && checkProbe(request.LoadBalancerProbe),
    Protocol,
    EnableDirectServerReturn: request.EnableDirectServerReturn ?? false,
    EndpointAcl: checkAcl(request.EndpointAcl, Name),
    LoadBalancerName: request.LoadBalancerName,
    IdleTimeoutInMinutes: checkIdleTimeout(request.IdleTimeoutInMinutes),
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
