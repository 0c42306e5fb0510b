/** Data contracts of input endpoints. Imitates "Add Role" and "Update Load-Balanced Endpoint Set", element InputEndpoint. */
import { since } from '../versions.js';
import { contract } from '../xml/contract.js';
import { boolean, enumeration, integer, listOf, nested, optional, required, text } from '../xml/contract-types.js';

const Protocol = enumeration('Protocol', ['tcp', 'udp']);
const LoadBalancerDistribution = enumeration('LoadBalancerDistribution', ['sourceIP', 'sourceIPProtocol', 'none']);

export const LoadBalancerProbe = contract(
  'LoadBalancerProbe',
  {
    Path: optional(text),
    Port: optional(integer),
    Protocol: optional(enumeration('LoadBalancerProbe.Protocol', ['tcp', 'http'])),
    IntervalInSeconds: optional(integer),
    TimeoutInSeconds: optional(integer),
  },
  { anyOrderFrom: 'Path' },
);

export const AclRule = contract(
  'Rule',
  {
    Order: optional(integer),
    Action: optional(enumeration('EndpointAcl.Rules.Rule.Action', ['permit', 'deny'])),
    RemoteSubnet: optional(text),
    Description: optional(text),
  },
  { anyOrderFrom: 'Order' },
);

export const EndpointAcl = contract('EndpointAcl', { Rules: optional(listOf('Rule', AclRule)) });

/** From LoadBalancerProbe on, clients and Microsoft's own samples use several orders, and Azure took them. */
const tail = {
  LoadBalancerProbe: optional(nested(LoadBalancerProbe)),
  Protocol: optional(Protocol),
  Vip: optional(text),
  EnableDirectServerReturn: optional(boolean),
  EndpointAcl: optional(nested(EndpointAcl), { aliases: ['EndpointACL'] }),
  LoadBalancerName: optional(text, { since: since.internalLoadBalancers }),
  IdleTimeoutInMinutes: optional(integer, { since: since.idleTimeout }),
  LoadBalancerDistribution: optional(LoadBalancerDistribution, { since: since.loadBalancerDistribution }),
  VirtualIPName: optional(text, { since: since.virtualIps }),
};

/** An endpoint on a role: Name, LocalPort and Protocol are required. */
export const InputEndpoint = contract(
  'InputEndpoint',
  {
    LoadBalancedEndpointSetName: optional(text),
    LocalPort: required(integer),
    Name: required(text),
    Port: optional(integer),
    ...tail,
    Protocol: required(Protocol),
  },
  { anyOrderFrom: 'LoadBalancerProbe' },
);

/** An element of UpdateLbSet: only the set's name is required. */
export const LoadBalancedEndpoint = contract(
  'InputEndpoint',
  {
    LoadBalancedEndpointSetName: required(text),
    LocalPort: optional(integer),
    Name: optional(text),
    Port: optional(integer),
    ...tail,
  },
  { anyOrderFrom: 'LoadBalancerProbe' },
);

export const LoadBalancedEndpointList = listOf('InputEndpoint', LoadBalancedEndpoint);
