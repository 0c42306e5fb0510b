/** What the network resource provider refuses: of every type, and of the types around a load balancer. */
import type { ErrorDefinition } from './error-definition.js';

export const networkErrors = {
  NotFound: {
    status: 404,
    origin: 'network',
    message: 'Resource {id} not found.',
  },
  InvalidResourceReference: {
    status: 400,
    origin: 'network',
    message:
      'Resource {referenced} referenced by resource {id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.',
  },
  InvalidRequestFormat: {
    status: 400,
    origin: 'network',
    message: 'Cannot parse the request.',
  },
  InvalidResourceName: {
    status: 400,
    origin: 'network',
    message:
      "Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.",
  },
  InvalidEntityName: {
    code: 'InvalidParameter',
    status: 400,
    origin: 'gateway',
    message:
      "The entity name '{parameter}' is invalid according to its validation rule: ^[^_\\W][\\w-._]{0,79}(?<![-.])$.",
  },
  DuplicateResourceName: {
    status: 400,
    origin: 'network',
    message: 'Resource {id} has two child resources with the same name ({name}).',
  },
  PreconditionFailed: {
    status: 412,
    origin: 'network',
    message: 'Precondition failed.',
  },
  PrivateIPAddressMissing: {
    status: 400,
    origin: 'network',
    message: 'Private IP address is required when privateIPAllocationMethod is Static in IP configuration {id}.',
  },
  AnotherOperationInProgress: {
    status: 409,
    origin: 'network',
    message:
      'Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: {uri}.',
  },
  RetryableError: {
    status: 429,
    origin: 'network',
    message: 'A retryable error occurred.',
  },
  Canceled: {
    status: 200,
    origin: 'network',
    message: 'Operation was canceled.',
  },
  ParentResourceIsInFailedState: {
    status: 400,
    origin: 'network',
    message:
      'PUT operation on child resource {id} is blocked because last operation ({operationId}) on parent resource failed leaving it in failed state. Run PUT operation on the parent, then retry operation on the child.',
  },
  SkuCannotBeChangedOnUpdate: {
    status: 400,
    origin: 'network',
    message:
      'Sku property is set at creation time and cannot be changed from {from} to {to} on resource update for resource {id}.',
    differs: 'the code is from memory, the text is recorded',
  },
  SubscriptionNotRegisteredForFeature: {
    status: 400,
    origin: 'network',
    message:
      'Subscription {subscriptionId} is not registered for feature Microsoft.Network/{feature} required to carry out the requested operation.',
  },
  ResourceAvailabilityZonesCannotBeModified: {
    status: 400,
    origin: 'network',
    message:
      'Resource {id} has an existing availability zone constraint {existing} and the request has availability zone constraint {requested}, which do not match. Zones cannot be added/updated/removed once the resource is created. The resource cannot be updated from regional to zonal or vice-versa.',
  },
  FrontendBindFailed: {
    status: 409,
    origin: 'lazurite',
    message: 'Frontend {frontend} is {state}: {reason}. The emulator runs with --strict-bind.',
    differs: 'only Lazurite has sockets that can be taken',
  },
  PublicIPAddressCannotBeDeleted: {
    status: 400,
    origin: 'network',
    message:
      'Public IP address {id} can not be deleted since it is still allocated to resource {user}. In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip.',
  },
  PublicIPAddressInUse: {
    status: 400,
    origin: 'network',
    message: 'Resource {id} is referencing public IP address {publicIP} that is already allocated to resource {user}.',
  },
  PublicIPReferencedByMultipleIPConfigs: {
    status: 400,
    origin: 'network',
    message: 'Public ip address {publicIP} is referenced by multiple ipconfigs in resource {id}.',
    differs: 'the text is from memory',
  },
  PublicIPAddressInUseCannotUpdateToDynamic: {
    status: 400,
    origin: 'network',
    message: 'Public IP address {id} is in use by ipconfig {user} and cannot be updated from static to dynamic.',
  },
  StandardAndStandardV2SkuPublicIPAddressesMustBeStatic: {
    status: 400,
    origin: 'network',
    message: 'Standard sku publicIp {id} must have AllocationMethod set to Static.',
  },
  PublicIPCountLimitReached: {
    status: 400,
    origin: 'network',
    message: 'Cannot create more than {limit} public IP addresses for this subscription in this region.',
  },
  PublicIPIdleTimeoutIsOutOfRange: {
    status: 400,
    origin: 'network',
    message: 'Public IP address {name} has invalid Idle Timeout. The value must be between 4 and 30.',
  },
  InvalidDomainNameLabel: {
    status: 400,
    origin: 'network',
    message:
      'The domain name label {label} is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.',
  },
  DnsRecordInUse: {
    status: 400,
    origin: 'network',
    message: 'DNS record {fqdn} is already used by another public IP.',
  },
  GlobalPublicIPAddressNotSupportedForBasicPublicIpAddress: {
    status: 400,
    origin: 'network',
    message:
      'Global publicIP addresses are only supported for standard SKU public IP addresses. Public IP address {id} is not standard SKU.',
  },
  PublicIPAddressVersionCannotBeChanged: {
    status: 400,
    origin: 'network',
    message: 'Public IP address version of {id} cannot be changed from {from} to {to} on resource update.',
    differs: 'code and text are not documented',
  },
  PublicIPPrefixLengthCannotBeChanged: {
    status: 400,
    origin: 'network',
    message: 'Prefix length of public IP prefix {id} cannot be changed from {from} to {to} on resource update.',
    differs: 'code and text are not documented',
  },
  AvailabilitySetInUse: {
    code: 'OperationNotAllowed',
    status: 409,
    origin: 'gateway',
    message:
      "Availability Set '{name}' cannot be deleted. Before deleting an Availability Set please ensure that it does not contain any VM.",
  },
  AvailabilitySetSkuCannotBeChanged: {
    code: 'OperationNotAllowed',
    status: 409,
    origin: 'gateway',
    message: "Changing availability set SKU from '{from}' to '{to}' is not allowed.",
  },
  CannotDeleteNatGatewayAssociatedToSubnet: {
    status: 400,
    origin: 'network',
    message:
      'NAT Gateway {id} is still configured on {count} subnets. Remove NAT Gateway from all referenced subnets and then delete NAT Gateway.',
  },
  NatGatewayIdleTimeoutIsOutOfRange: {
    status: 400,
    origin: 'network',
    message: 'NAT gateway {id} has invalid Idle Timeout. The value must be between 4 and 120.',
    differs: 'code and text are not documented',
  },
  NatGatewayRequiresStandardPublicIP: {
    status: 400,
    origin: 'network',
    message: 'NAT gateway {id} cannot reference Basic sku publicIP {publicIP}.',
    differs: 'code and text are not documented',
  },
  InUseApplicationSecurityGroupCannotBeDeleted: {
    status: 400,
    origin: 'network',
    message: 'Application Security Group {name} cannot be deleted because it is referenced by {users}.',
    differs: 'the code is not documented, nor the text for security rules',
  },
  InUseRouteTableCannotBeDeleted: {
    status: 400,
    origin: 'network',
    message: 'Route table {name} is in use and cannot be deleted.',
  },
  EitherOneLoadBalancerFrontendIpConfigurationOrDestinationIPAddressRequiredOnPrivateLinkService: {
    status: 400,
    origin: 'network',
    message:
      'Private Link Service {name} requires either one LoadBalancerFrontendIpConfiguration if PLS with LB based scenario or DestinationIPAddress if PLS UDR and NSG scenario.',
  },
  PrivateLinkServiceCannotBeCreatedInSubnetThatHasNetworkPoliciesEnabled: {
    status: 400,
    origin: 'network',
    message:
      'Private link service {id} cannot be created in a subnet {subnet} since it has private link service network policies enabled.',
  },
  PublicIPPrefixInUse: {
    code: 'InUsePublicIpPrefixCannotBeDeleted',
    status: 400,
    origin: 'network',
    message: 'Public IP prefix {id} is in use by {user} and cannot be deleted.',
    differs: 'the text is not documented',
  },
  PublicIPPrefixLengthIsOutOfRange: {
    status: 400,
    origin: 'network',
    message:
      'Public IP prefix {id} has invalid prefix length {length}. The value must be between {minimum} and {maximum}.',
    differs: 'code and text are not documented',
  },
  PublicIPPrefixIsFull: {
    code: 'PublicIpPrefixOutOfIpAddresses',
    status: 400,
    origin: 'network',
    message: 'Public IP prefix {id} has no free address.',
    differs: 'the text is not documented',
  },
  InUseSubnetCannotBeDeleted: {
    status: 400,
    origin: 'network',
    message:
      'Subnet {name} is in use by {user} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.',
  },
  InUsePrefixCannotBeDeleted: {
    status: 400,
    origin: 'network',
    message: 'IpPrefix {prefix} on Subnet {name} has active allocations and cannot be deleted.',
  },
  NetcfgSubnetRangesOverlap: {
    status: 400,
    origin: 'network',
    message:
      "Subnet '{name}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '{virtualNetwork}'.",
  },
  NetcfgInvalidSubnet: {
    status: 400,
    origin: 'network',
    message: "Subnet '{name}' is not valid in virtual network '{virtualNetwork}'.",
  },
  InvalidAddressPrefixFormat: {
    status: 400,
    origin: 'network',
    message:
      'Address prefix {prefix} of resource {id} is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.',
  },
  InvalidCIDRNotation: {
    status: 400,
    origin: 'network',
    message:
      'The address prefix {prefix} in resource {id} has an invalid CIDR notation. For the given prefix length, the address prefix should be {expected}.',
  },
  NetcfgInvalidDnsServer: {
    status: 400,
    origin: 'network',
    message: "DNS server is not valid as specified with the name '{name}'.",
  },
  SubnetIsFull: {
    status: 400,
    origin: 'network',
    message: 'Subnet {name} with address prefix {prefix} does not have enough capacity for {count} IP addresses.',
  },
  PrivateIPAddressInReservedRange: {
    status: 400,
    origin: 'network',
    message: 'Private static IP address {address} falls within reserved IP range of subnet prefix {prefix}.',
  },
  PrivateIPAddressNotInSubnet: {
    status: 400,
    origin: 'network',
    message: 'Private static IP address {address} does not belong to the range of subnet prefix {prefix}.',
  },
  PrivateIPAddressNotInAnySubnet: {
    status: 400,
    origin: 'network',
    message:
      'Private static IP address {address} does not belong to the range of any subnet in the virtual network {virtualNetwork}.',
  },
  PrivateIPAddressIsAllocated: {
    status: 400,
    origin: 'network',
    message:
      'IP configuration {id} is using the private IP address {address} which is already allocated to resource {holder}.',
  },
  InvalidPrivateIPAddressFormat: {
    status: 400,
    origin: 'network',
    message: 'Private static IP address value {address} is invalid.',
  },
  NicInUse: {
    status: 400,
    origin: 'network',
    message:
      'Network Interface {id} is used by existing resource {user}. In order to delete the network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.',
  },
  InvalidIPConfigCount: {
    status: 400,
    origin: 'network',
    message: 'Network interface {name} must have one or more IP configurations.',
  },
  NetworkInterfaceMustHaveOneOneIPConfigAsPrimary: {
    status: 400,
    origin: 'network',
    message:
      'Network Interface {name} specifies multiple IPConfigurations but none of the IPConfigurations is specified as Primary.',
  },
  ApplicationGatewayLoadBalancingNotSupportedOnSecondaryIpConfigurations: {
    status: 400,
    origin: 'network',
    message:
      'Network Interface with Id: {id} has a secondary IpConfigurations {name} is using ApplicationGatewayAddressPools. ApplicationGateway loadbalancing is not supported for secondary IpConfigurations.',
  },
  NetworkInterfaceHasSeveralPrimaryIPConfigs: {
    code: 'NetworkInterfaceMustHaveOneOneIPConfigAsPrimary',
    status: 400,
    origin: 'network',
    message: 'Network Interface {name} specifies more than one IPConfiguration as Primary.',
    differs: 'code and text are not documented',
  },
  IPConfigurationMustHaveSubnet: {
    status: 400,
    origin: 'network',
    message: 'Subnet reference is required for ipconfiguration {id}.',
    differs: 'the code is not documented',
  },
  IpConfigurationsOnSameNicCannotUseDifferentSubnets: {
    status: 400,
    origin: 'network',
    message: 'IPConfigurations on a Nic {id} cannot belong to different subnets. Subnets referred: {subnets}',
  },
  NicMustBeAttachedToRunningVmToGetEffectiveRoutes: {
    status: 400,
    origin: 'network',
    message:
      'A network interface must be attached to a running virtual machine to get effective routes. The network interface {id} is not attached to a running virtual machine.',
  },
  NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups: {
    status: 400,
    origin: 'network',
    message:
      'A network interface must be attached to a running virtual machine to get effective security groups. The network interface {id} is not attached to a running virtual machine.',
  },
  InUseNetworkSecurityGroupCannotBeDeleted: {
    status: 400,
    origin: 'network',
    message:
      'Network security group {id} cannot be deleted because it is in use by the following resources: {users}. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.',
  },
  SecurityRuleInvalidPriority: {
    status: 400,
    origin: 'network',
    message: 'Security rule has invalid Priority. Value provided: {value} Allowed range 100-4096.',
  },
  SecurityRuleConflict: {
    status: 400,
    origin: 'network',
    message: 'Security rule {first} conflicts with rule {second}. Rules cannot have the same Priority and Direction.',
  },
  SecurityRuleInvalidProtocol: {
    status: 400,
    origin: 'network',
    message: 'Security rule has invalid Protocol. Value provided: {value} Allowed values: Icmp,Tcp,Udp,Esp,Ah,*.',
  },
  SecurityRuleInvalidPortRange: {
    status: 400,
    origin: 'network',
    message:
      "Security rule has invalid Port range. Value provided: {value}. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.",
  },
  SecurityRuleInvalidAddressPrefix: {
    status: 400,
    origin: 'network',
    message: 'Security rule {id} has invalid Address prefix. Value provided: {value}',
  },
  SecurityRuleDescriptionTooLong: {
    status: 400,
    origin: 'network',
    message: 'Security rule description cannot exceed 140 chars.',
  },
} as const satisfies Record<string, ErrorDefinition>;
