/**
 * Data contracts of endpoints, internal load balancers and reserved IPs. Imitates "Add Role", element InputEndpoint,
 * "Update Load-Balanced Endpoint Set", "Add Load Balancer" and "Create Reserved IP Address".
 */
import { since } from '../fixed-lists.js';
import {
  boolean,
  contract,
  enumeration,
  integer,
  listOf,
  nested,
  optional,
  optionals,
  required,
  text,
} from '../xml/contract.js';

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

export const FrontendIpConfiguration = contract('FrontendIpConfiguration', {
  Type: required(enumeration('FrontendIpConfiguration.Type', ['Private'])),
  SubnetName: optional(text),
  StaticVirtualNetworkIPAddress: optional(text),
});

export const LoadBalancer = contract('LoadBalancer', {
  Name: required(text),
  FrontendIpConfiguration: required(nested(FrontendIpConfiguration)),
});

export const CreateReservedIp = contract(
  'ReservedIP',
  {
    Name: required(text),
    ...optionals(text, 'Label', 'ServiceName', 'DeploymentName', 'Location'),
    VirtualIPName: optional(text, { since: since.virtualIps }),
  },
  { anyOrderFrom: 'Label' },
);

export const ReservedIpAssociation = contract('ReservedIPAssociation', {
  ServiceName: required(text),
  DeploymentName: required(text),
  VirtualIPName: optional(text, { since: since.virtualIps }),
});

export const ReservedIp = contract('ReservedIP', {
  ...optionals(text, 'Name', 'Address', 'Id', 'Label', 'State'),
  InUse: optional(boolean),
  ...optionals(text, 'ServiceName', 'DeploymentName', 'Location'),
  VirtualIPName: optional(text, { since: since.virtualIps }),
  MigrationState: optional(text, { since: since.migration }),
});

export const ReservedIps = listOf('ReservedIP', ReservedIp);
