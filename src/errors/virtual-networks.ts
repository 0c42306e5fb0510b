/** What the network resource provider refuses of what stands around a load balancer: networks, rules, routes, NAT gateways. */
import type { ErrorDefinition } from './error-definition.js';

const unknown = 'code and text are not documented';
const textUnknown = 'the text is not documented';

export const virtualNetworkErrors = {
  AddressPrefixIsReserved: {
    status: 400,
    origin: 'network',
    message:
      'Address prefix {prefix} of virtual network {id} overlaps with {reserved}, which no virtual network can have.',
    differs: unknown,
  },
  AddressPrefixesOverlap: {
    status: 400,
    origin: 'network',
    message: 'Address prefixes {first} and {second} of virtual network {id} overlap.',
    differs: unknown,
  },
  AnotherInternalLoadBalancerExists: {
    status: 400,
    origin: 'network',
    message:
      'Network interface {nic} cannot use internal load balancers {first} and {second}: another internal load balancer exists.',
    differs: textUnknown,
  },
  AnotherPeeringAlreadyReferencesRemoteVnet: {
    status: 400,
    origin: 'network',
    message:
      'Peering {other} already references remote virtual network {remote}. Cannot add another peering {id} referencing the same remote virtual network.',
    differs: 'the end of the text is from memory',
  },
  FlowTimeoutIsOutOfRange: {
    status: 400,
    origin: 'network',
    message: 'Virtual network {id} has invalid flow timeout. The value must be between 4 and 30.',
    differs: unknown,
  },
  InboundNatPoolFrontendPortRangeInvalid: {
    status: 400,
    origin: 'network',
    message: 'Inbound NAT pool {id} has an invalid frontend port range {start}-{end}.',
    differs: unknown,
  },
  LoadBalancerRuleCountLimitReachedForNic: {
    status: 400,
    origin: 'network',
    message: 'Network interface {nic} is used by {rules} load balancer rules, more than the {limit} that are allowed.',
    differs: textUnknown,
  },
  MaxAvailabilitySetsInLoadBalancerReached: {
    status: 400,
    origin: 'network',
    message:
      'Backend address pool {pool} has network interfaces of {sets} availability sets, more than the {limit} that are allowed. A virtual machine outside availability sets counts as one of its own.',
    differs: textUnknown,
  },
  MissingNextHopIpAddress: {
    status: 400,
    origin: 'network',
    message: 'NextHopIpAddress cannot be Null or Empty in route {name} when NextHopType is VirtualAppliance.',
  },
  NatGatewayCannotBeUsedBySubnetsBelongingToDifferentVirtualNetworks: {
    status: 400,
    origin: 'network',
    message:
      'NAT Gateway cannot be configured on multiple virtual networks. NAT Gateway {id} is currently used on virtual network {first} and cannot be added to virtual network {second}.',
  },
  NatGatewayDoesNotSupport: {
    status: 400,
    origin: 'network',
    message: 'NAT gateway {id} does not support {what}.',
    differs: unknown,
  },
  NetworkSecurityGroupInUseByVirtualMachineScaleSet: {
    status: 400,
    origin: 'network',
    message: 'Cannot delete network security group {id} since it is in use by virtual machine scale set {scaleSet}.',
    differs: 'the end of the text is from memory',
  },
  NetworkInterfaceCannotHave: {
    status: 400,
    origin: 'network',
    message: 'Network interface {id} cannot have {what}.',
    differs: unknown,
  },
  NetworkInterfaceAndLoadBalancerAreInDifferentAvailabilitySets: {
    status: 400,
    origin: 'network',
    message:
      'Network interface {nic} uses load balancer {loadBalancer} associated with different availability set ({set}).',
  },
  NextHopIpAddressInvalid: {
    status: 400,
    origin: 'network',
    message: 'Next hop IP address {value} of route {name} is no IP address, or its next hop type {type} has none.',
    differs: unknown,
  },
  PeeringFlagsInvalid: {
    status: 400,
    origin: 'network',
    message: 'Peering {id} cannot both allow gateway transit and use remote gateways.',
    differs: unknown,
  },
  PeeringRemoteVirtualNetworkCannotBeChanged: {
    status: 400,
    origin: 'network',
    message: 'Remote virtual network of peering {id} must be set, and cannot be changed on resource update.',
    differs: unknown,
  },
  PublicIPAddressAndPrefixDoNotMatch: {
    status: 400,
    origin: 'network',
    message: 'Public IP address {id} and public IP prefix {prefix} must have the same {what}.',
    differs: unknown,
  },
  PublicIPPrefixOfAddressCannotBeChanged: {
    status: 400,
    origin: 'network',
    message: 'Public IP prefix of public IP address {id} cannot be changed on resource update.',
    differs: unknown,
  },
  ResourceNotPermittedOnDelegatedSubnet: {
    status: 400,
    origin: 'network',
    message: 'Resource {id} is not permitted on subnet {subnet}, which is delegated to {service}.',
    differs: textUnknown,
  },
  MachineCannotHave: {
    code: 'InvalidParameter',
    status: 400,
    origin: 'gateway',
    message: '{id} cannot have {what}.',
    differs: unknown,
  },
  MachineCountOutOfRange: {
    code: 'InvalidParameter',
    status: 400,
    origin: 'gateway',
    target: 'property',
    message: 'The specified {what} {value} must fall in the range {minimum} to {maximum}.',
    differs: 'the text is documented for fault domains',
  },
  PropertyChangeNotAllowed: {
    status: 409,
    origin: 'gateway',
    target: 'property',
    message: "Changing property '{property}' is not allowed.",
  },
  CannotModifyNicAttachedToPrivateEndpoint: {
    status: 400,
    origin: 'network',
    message: 'Network interface {id} is attached to private endpoint {endpoint}. It can not be modified by user.',
    differs: 'the beginning of the text is not documented',
  },
  MissingParameterOnPrivateLinkServiceConnection: {
    status: 400,
    origin: 'network',
    message: "Private link service connection {id} is missing required parameter '{parameter}'.",
  },
  PrivateEndpointCannotHave: {
    status: 400,
    origin: 'network',
    message: 'Private endpoint {id} cannot have {what}.',
    differs: unknown,
  },
  PrivateEndpointCreationNotAllowedAsSubnetIsDelegated: {
    status: 400,
    origin: 'network',
    message: 'Private endpoint {id} cannot be created as subnet {subnet} is delegated.',
  },
  PrivateLinkServiceWithPrivateEndpointConnectionsCannotBeDeleted: {
    status: 400,
    origin: 'network',
    message: 'Private link service {id} cannot be deleted since it has private endpoint connections: {connections}.',
    differs: textUnknown,
  },
  PrivateLinkServiceCannotHave: {
    status: 400,
    origin: 'network',
    message: 'Private link service {id} cannot have {what}.',
    differs: unknown,
  },
  RouteConflict: {
    status: 400,
    origin: 'network',
    message: 'Route: {name} conflicts with Route: {other}. Routes cannot have the same AddressPrefix.',
  },
  RouteParametersMissing: {
    status: 400,
    origin: 'network',
    message: 'Route {name} must have an address prefix and a next hop type.',
    differs: unknown,
  },
  SecurityRuleParameterContainsUnsupportedValue: {
    status: 400,
    origin: 'network',
    message:
      "Security rule parameter {parameter} for rule with Id {id} cannot specify existing VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: {value}.",
  },
  SecurityRuleParameterContainsInvalidPortRanges: {
    status: 400,
    origin: 'network',
    message: 'Security rule parameter {parameter} for rule with Id {id} contains invalid port ranges: {value}.',
    differs: 'the text is not documented',
  },
  OverlappingSubnetsNotPermittedInSecurityRule: {
    status: 400,
    origin: 'network',
    message:
      'Security rule parameter {parameter} for rule with Id {id} contains overlapping subnets [{first}, {second}], which is not permitted.',
  },
  SecurityRuleParametersConflict: {
    status: 400,
    origin: 'network',
    message: 'Security rule {id} cannot specify both {one} and {other}.',
    differs: unknown,
  },
  SecurityRuleParametersMissing: {
    status: 400,
    origin: 'network',
    message:
      'Required security rule parameters are missing for security rule with Id: {id}. Security rule must specify {parameters}.',
  },
  SubnetAddressPrefixesDiffer: {
    status: 400,
    origin: 'network',
    message: 'Invalid configuration on subnet {id}; cannot populate both address prefix and address prefixes.',
    differs: 'the code is not documented',
  },
  InvalidServiceNameOnDelegation: {
    status: 400,
    origin: 'network',
    message: 'The service name {service} specified on delegation {id} is not valid. Valid value(s) are: {services}',
  },
  SubnetDelegationsCannotChangeWhenSubnetUsedByResource: {
    status: 400,
    origin: 'network',
    message:
      'Delegations of subnet {id} cannot be changed from [{from}] to [{to}] because it is being used by the resource {user}.',
  },
  AddressPrefixStringCannotBeNullOrEmpty: {
    status: 400,
    origin: 'network',
    message: 'Address prefix string for resource {id} cannot be null or empty.',
  },
  AddressSpaceHasNoAddressPrefixes: {
    status: 400,
    origin: 'network',
    message:
      'AddressSpace of the virtual network {id} does not have any address prefixes in addressPrefixes array. AddressSpace and prefixes must be specified within properties object.',
    differs: 'the code is not known',
  },
  SecondaryNetworkInterfaceInUseCannotChangeSubnet: {
    status: 400,
    origin: 'network',
    message: 'Cannot change subnet of network interface {id} while it is in use as a secondary network interface.',
  },
  SubnetDelegatedTwice: {
    status: 400,
    origin: 'network',
    message: 'Subnet {id} cannot be delegated to more than one service.',
    differs: unknown,
  },
  SubnetTooSmall: {
    code: 'NetcfgInvalidSubnet',
    status: 400,
    origin: 'network',
    message: "Subnet '{name}' is not valid in virtual network '{virtualNetwork}'.",
    differs: 'the code is not known',
  },
  SubnetsNotInSameVnet: {
    status: 400,
    origin: 'network',
    message: 'Network interfaces of {id} must be in subnets of one virtual network.',
    differs: 'code and text are from memory',
  },
  NetworkInterfaceMustHavePrimaryPropertySet: {
    status: 400,
    origin: 'network',
    message: 'Network interface {name} must have Primary property set.',
  },
  VirtualMachineMustHaveOneNetworkInterfaceAsPrimary: {
    status: 400,
    origin: 'network',
    message: 'Virtual machine {id} must have one network interface set as the primary.',
    differs: 'code and text are from memory',
  },
  DifferentSkuLoadBalancerAndPublicIPAddressNotAllowedInVMSS: {
    status: 400,
    origin: 'network',
    message: 'Different basic sku and standard sku load balancer or public Ip resources in VMSS is not allowed.',
  },
  VMScaleSetCannotReferenceLoadbalancerWhenLargeScaleOrCrossAZ: {
    status: 400,
    origin: 'network',
    message:
      'VM scale set cannot use a basic SKU load balancer when LargeScale property is enabled, or when the VMSS spans multiple availability zones. Please use standard SKU load balancer instead.',
  },
  VnetAddressSpaceOverlapsWithAlreadyPeeredVnet: {
    status: 400,
    origin: 'network',
    message:
      'Cannot create or update peering {id}. Virtual networks {local} and {remote} cannot be peered because address space of the first virtual network overlaps with address space of virtual network {other} already peered with the second virtual network. Overlapping address prefixes: {prefixes}.',
  },
  VnetAddressSpacesOverlap: {
    status: 400,
    origin: 'network',
    message:
      'Cannot create or update peering {id}. Virtual networks {local} and {remote} cannot be peered because their address spaces overlap. Overlapping address prefixes: {prefixes}',
  },
} as const satisfies Record<string, ErrorDefinition>;
