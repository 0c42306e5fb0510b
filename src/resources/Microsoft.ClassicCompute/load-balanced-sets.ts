/**
 * Load-balanced sets: endpoints of several virtual machines that share one public port. A set has no document of its
 * own; it is its members. Imitates "Update Load-Balanced Endpoint Set" and the Azure PowerShell cmdlet
 * Set-AzureLoadBalancedEndpoint.
 */
import { azureError } from '../../errors/index.js';
import {
  checkAcl,
  checkEndpointIdleTimeout,
  checkEndpointProbe,
  checkedVipName,
  inRange,
  portKey,
  portRange,
  sameName,
} from './endpoints.js';
import type {
  AclRule,
  InputEndpoint,
  InputEndpointRequest,
  SharedEndpointSettings,
  VmDeployment,
  VmRole,
} from './types.js';

/** A member of a set together with the role it belongs to. */
export interface SetMember {
  readonly role: VmRole;
  readonly endpoint: InputEndpoint;
}

/** The members of set `name` among `roles`. */
export function membersOfSet(roles: readonly VmRole[], name: string): SetMember[] {
  const members: SetMember[] = [];
  for (const role of roles) {
    for (const endpoint of role.InputEndpoints) {
      const set = endpoint.LoadBalancedEndpointSetName;
      if (set !== undefined && sameName(set, name)) members.push({ role, endpoint });
    }
  }
  return members;
}

const sharedOf = (endpoint: InputEndpoint): SharedEndpointSettings => {
  const { LoadBalancedEndpointSetName, LocalPort, Name, ...shared } = endpoint;
  return shared;
};

/** Every shared property as Azure names it in a refusal, with its value. */
function* comparable(
  settings: Partial<SharedEndpointSettings>,
): Generator<[string, string | number | boolean | undefined]> {
  const { LoadBalancerProbe: probe } = settings;
  yield ['Port', settings.Port];
  yield ['Protocol', settings.Protocol];
  yield ['LoadBalancerProbe.Path', probe?.Path];
  yield ['LoadBalancerProbe.Port', probe?.Port];
  yield ['LoadBalancerProbe.Protocol', probe?.Protocol];
  yield ['LoadBalancerProbe.IntervalInSeconds', probe?.IntervalInSeconds];
  yield ['LoadBalancerProbe.TimeoutInSeconds', probe?.TimeoutInSeconds];
  yield ['EnableDirectServerReturn', settings.EnableDirectServerReturn];
  yield ['LoadBalancerName', settings.LoadBalancerName?.toLowerCase()];
  yield ['IdleTimeoutInMinutes', settings.IdleTimeoutInMinutes === 4 ? undefined : settings.IdleTimeoutInMinutes];
  yield ['LoadBalancerDistribution', settings.LoadBalancerDistribution];
  yield ['VirtualIPName', settings.VirtualIPName?.toLowerCase()];
}

function checkSameAcl(set: string, specified: readonly AclRule[], existing: readonly AclRule[]): void {
  if (existing.length === 0) throw azureError('ClassicLoadBalancedSetHasNoAcl', { values: { set } });
  if (specified.length !== existing.length) {
    const values = { set, specified: specified.length, existing: existing.length };
    throw azureError('ClassicAclRuleCountMismatch', { values });
  }
  for (const [index, rule] of specified.entries()) {
    const other = existing[index] as AclRule;
    const same = rule.Order === other.Order && rule.Action === other.Action && rule.RemoteSubnet === other.RemoteSubnet;
    if (!same) throw azureError('ClassicAclRuleMismatch', { values: { set, order: rule.Order } });
  }
}

/**
 * `request` as a member of the set that `existing` belongs to: what the request leaves out is the set's, what it says
 * must be the same, since one member cannot change what all share.
 */
export function joinSet(request: InputEndpointRequest, checked: InputEndpoint, existing: InputEndpoint): InputEndpoint {
  const set = existing.LoadBalancedEndpointSetName as string;
  const shared = sharedOf(existing);
  const said: Partial<SharedEndpointSettings> = {
    ...sharedOf(checked),
    ...(request.EnableDirectServerReturn === undefined && {
      EnableDirectServerReturn: shared.EnableDirectServerReturn,
    }),
  };
  const existingValues = new Map(comparable(shared));
  const saysDefaultIdleTimeout = request.IdleTimeoutInMinutes === 4;
  for (const [property, specified] of comparable(said)) {
    const value = existingValues.get(property);
    const silent = specified === undefined && !(property === 'IdleTimeoutInMinutes' && saysDefaultIdleTimeout);
    // A probe is said as a whole: one without a path is a statement about the path.
    const ofSaidProbe = property.startsWith('LoadBalancerProbe.') && said.LoadBalancerProbe !== undefined;
    const means = (distribution: typeof specified) => (distribution === 'none' ? undefined : distribution);
    if ((silent && !ofSaidProbe) || means(specified) === means(value)) continue;
    const values = { endpoint: checked.Name, property, specified: specified ?? '', existing: value ?? '', set };
    throw azureError('ClassicLoadBalancedSetMismatch', { values: stringified(values) });
  }
  if (said.EndpointAcl?.Rules) checkSameAcl(set, said.EndpointAcl.Rules, shared.EndpointAcl?.Rules ?? []);
  const { LocalPort, Name } = checked;
  return { ...shared, LoadBalancedEndpointSetName: set, LocalPort, Name };
}

const stringified = (values: Readonly<Record<string, string | number | boolean>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

/** The settings that all members of a set have after one element of UpdateLbSet. */
function updatedSettings(
  request: InputEndpointRequest,
  existing: SharedEndpointSettings,
  { set, deployment }: { set: string; deployment: VmDeployment },
): SharedEndpointSettings {
  const { Port, LoadBalancerProbe } = request;
  return {
    Port: Port === undefined ? existing.Port : inRange(Port, portRange('Port')),
    // Documented: an absent probe keeps the existing one, an absent ACL removes it.
    LoadBalancerProbe: LoadBalancerProbe ? checkEndpointProbe(LoadBalancerProbe) : existing.LoadBalancerProbe,
    Protocol: request.Protocol ?? existing.Protocol,
    EnableDirectServerReturn: request.EnableDirectServerReturn ?? existing.EnableDirectServerReturn,
    EndpointAcl: checkAcl(request.EndpointAcl, set),
    // Kept when absent: Azure PowerShell sends it only when asked to, and would move the set to the public VIP.
    LoadBalancerName: request.LoadBalancerName ?? existing.LoadBalancerName,
    // Absent elements are defaults: 4 minutes, 5-tuple. A default that was said is echoed.
    IdleTimeoutInMinutes: checkEndpointIdleTimeout(request.IdleTimeoutInMinutes),
    LoadBalancerDistribution: request.LoadBalancerDistribution,
    VirtualIPName:
      request.VirtualIPName === undefined
        ? existing.VirtualIPName
        : checkedVipName(deployment, request.VirtualIPName, {
            loadBalancer: request.LoadBalancerName ?? existing.LoadBalancerName,
          }),
  };
}

/** A new local port must not be one that another endpoint of the machine listens or is probed on. */
function checkLocalPort(member: SetMember, localPort: number): void {
  const { role, endpoint } = member;
  if (endpoint.LocalPort === localPort) return;
  const other = role.InputEndpoints.find(
    (candidate) =>
      candidate !== endpoint &&
      ((candidate.LocalPort === localPort && candidate.Protocol === endpoint.Protocol) ||
        candidate.LoadBalancerProbe?.Port === localPort),
  );
  if (!other) return;
  const values = { port: localPort, endpoint: other.Name, role: role.RoleName };
  throw azureError('ClassicLocalPortInUse', { values });
}

interface SetUpdate {
  readonly set: string;
  readonly settings: SharedEndpointSettings;
  /** Undefined: every member keeps its own. */
  readonly localPort: number | undefined;
}

function planUpdate(deployment: VmDeployment, request: InputEndpointRequest): SetUpdate {
  const set = request.LoadBalancedEndpointSetName;
  if (set === undefined) throw azureError('ClassicMalformedElement', { values: { type: 'InputEndpoint' } });
  const members = membersOfSet(deployment.roles, set);
  const [first] = members;
  if (!first) throw azureError('ClassicLoadBalancedSetNotFound', { values: { set } });
  const settings = updatedSettings(request, sharedOf(first.endpoint), { set, deployment });
  const { LoadBalancerName: loadBalancer } = settings;
  if (loadBalancer && !deployment.LoadBalancers.some(({ Name }) => sameName(Name, loadBalancer))) {
    throw azureError('ClassicLoadBalancerUnknown', { values: { endpoint: set, name: loadBalancer } });
  }
  const localPort = request.LocalPort ? inRange(request.LocalPort, portRange('LocalPort')) : undefined;
  if (localPort !== undefined) for (const member of members) checkLocalPort(member, localPort);
  return { set, settings, localPort };
}

function checkPorts(deployment: VmDeployment, updates: readonly SetUpdate[]): void {
  const taken = new Set<string>();
  const listed = new Set<string>();
  for (const { settings } of updates) {
    const key = `${settings.Protocol}|${settings.Port}`;
    if (listed.has(key)) {
      const values = { port: settings.Port, protocol: settings.Protocol };
      throw azureError('ClassicDuplicateEndpointPort', { values });
    }
    listed.add(key);
    taken.add(portKey(settings));
  }
  for (const { InputEndpoints } of deployment.roles) {
    for (const endpoint of InputEndpoints) {
      const updated = updates.some(({ set }) => sameName(set, endpoint.LoadBalancedEndpointSetName));
      if (!updated && taken.has(portKey(endpoint))) {
        throw azureError('ClassicPortInUse', { values: { port: endpoint.Port } });
      }
    }
  }
}

/**
 * UpdateLbSet: every set named in `requests` on all its members, or nothing at all. Name and Vip of a request mean
 * nothing. An empty list changes nothing.
 */
export function updateLoadBalancedSets(
  deployment: VmDeployment,
  requests: readonly InputEndpointRequest[],
): VmDeployment {
  const updates = requests.map((request) => planUpdate(deployment, request));
  checkPorts(deployment, updates);
  const update = (endpoint: InputEndpoint): InputEndpoint => {
    const name = endpoint.LoadBalancedEndpointSetName;
    const change = name === undefined ? undefined : updates.find(({ set }) => sameName(set, name));
    if (!change) return endpoint;
    const { Name, LocalPort, LoadBalancedEndpointSetName } = endpoint;
    return { ...change.settings, Name, LoadBalancedEndpointSetName, LocalPort: change.localPort ?? LocalPort };
  };
  const roles = deployment.roles.map((role) => ({ ...role, InputEndpoints: role.InputEndpoints.map(update) }));
  return { ...deployment, roles };
}
