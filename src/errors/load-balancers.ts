/** What the network resource provider refuses about load balancers. */
import type { ErrorDefinition } from './error-definition.js';

export const loadBalancerErrors = {
  FrontendIPConfigHasNoSubnetOrPublicIP: {
    status: 400,
    origin: 'network',
    message: 'Frontend IP Configuration {id} must reference either a Subnet or a Public IP Address.',
  },
  FrontendIPConfigHasBothSubnetAndPublicIP: {
    status: 400,
    origin: 'network',
    message: 'Frontend IP Configuration {id} must not reference both a Subnet and a Public IP Address.',
  },
  DeletingAllIpConfigsInLoadbalancerNotSupported: {
    status: 400,
    origin: 'network',
    message: 'Deleting all frontendIPConfigs from load balancer {id} is not supported.',
    differs: 'the end of the text is not known',
  },
  LoadBalancerWithoutFrontendIPCantHaveChildResources: {
    status: 400,
    origin: 'network',
    message:
      'Load Balancer {id} does not have Frontend IP Configuration, but it has other child resources. This setup is not supported.',
  },
  RulesUseSameBackendPortProtocolAndPool: {
    status: 400,
    origin: 'network',
    message:
      'Load balancing rules {first} and {second} with floating IP disabled use the same protocol {protocol} and backend port {port}, and must not be used with the same backend address pool {pool}.',
  },
  RulesUseSameBackendPortProtocolAndIPConfig: {
    status: 400,
    origin: 'network',
    message:
      'Load balancer rules {first} and {second} with floating IP disabled use the same backend port {port} and protocol {protocol}, and must not be used with the same backend IP {ipConfiguration}.',
  },
  RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndIPConfig: {
    status: 400,
    origin: 'network',
    message:
      'Load balancer rules {first} and {second} belong to the load balancer of the same type and use the same backend port ({port}) and protocol ({protocol}), and must not be used with the same backend ip ({ipConfiguration}).',
    differs: 'the middle of the text is not known',
  },
  RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndVmssIPConfig: {
    status: 400,
    origin: 'network',
    message:
      'Load balancer rules {first} and {second} belong to the load balancer of the same type and use the same backend port {port} and protocol {protocol}, and must not be used with the same virtual machine scale set IP configuration {ipConfiguration}.',
    differs: 'the text is not documented',
  },
  NetworkInterfacesOfLoadBalancerMustUseSameVnet: {
    status: 400,
    origin: 'network',
    message:
      'Network interface {nic} uses load balancer {loadBalancer} but does not use the same VNET ({virtualNetwork}) as other network interfaces already using the load balancer.',
    differs: 'the code and the end of the text are not known',
  },
  BackendAddressPoolInUseByVirtualMachineScaleSet: {
    status: 400,
    origin: 'network',
    message:
      'Cannot remove backend address pool {name} from load balancer since it is in use by virtual machine scale set {scaleSet}.',
    differs: 'the code is not documented',
  },
  InboundNatPoolInUseByVirtualMachineScaleSet: {
    status: 400,
    origin: 'network',
    message:
      'Cannot remove inbound nat pool {name} from load balancer since it is in use by virtual machine scale set {scaleSet}.',
    differs: 'the code is not documented',
  },
  ProbeInUseByVirtualMachineScaleSet: {
    status: 400,
    origin: 'network',
    message:
      'Cannot remove probe {name} from load balancer since it is in use by virtual machine scale set {scaleSet}.',
    differs: 'code and text are not documented',
  },
  CannotRemoveRuleUsedByProbeUsedByVMSS: {
    status: 400,
    origin: 'network',
    message:
      'Load balancer rule {rule} cannot be removed because the rule references the load balancer probe {probe} that used as health probe by VM scale set {scaleSet}. To remove this rule, please update VM scale set to remove the reference to the probe.',
  },
  CannotModifyRuleUsedByProbeUsedByVMSS: {
    status: 400,
    origin: 'network',
    message:
      'The backend port of load balancer rule {rule} cannot be changed because the rule references the load balancer probe {probe} that is used as health probe by VM scale set {scaleSet}.',
    differs: 'code and text are not documented',
  },
  CannotUseInactiveHealthProbe: {
    status: 400,
    origin: 'network',
    message:
      'Probe {probe} cannot be used as health probe of VM scale set {id} because no load balancing rule uses it.',
    differs: 'the text is not documented',
  },
  VMScaleSetCannotUseMultipleLoadBalancersOfSameType: {
    status: 400,
    origin: 'network',
    message:
      'VM scale set {id} cannot use load balancers {first} and {second} of the same type. It can use one internal and one public load balancer.',
    differs: 'the text is not documented',
  },
  GatewayLoadBalancerNeedsInternalFrontend: {
    status: 400,
    origin: 'network',
    message: 'Frontend IP configuration {id} of a load balancer of sku Gateway must reference a subnet.',
    differs: 'code and text are not documented',
  },
  GatewayLoadBalancerRuleNeedsAllPorts: {
    status: 400,
    origin: 'network',
    message: 'Load balancing rule {id} of a load balancer of sku Gateway must have protocol All and ports 0.',
    differs: 'code and text are not documented',
  },
  GlobalLoadBalancerNeedsPublicFrontend: {
    status: 400,
    origin: 'network',
    message: 'Frontend IP configuration {id} of a load balancer of tier Global must reference a public IP address.',
    differs: 'code and text are not documented',
  },
  GlobalLoadBalancerDoesNotSupport: {
    status: 400,
    origin: 'network',
    message: 'Load balancer {id} of tier Global does not support {collection}.',
    differs: 'code and text are not documented',
  },
  GlobalLoadBalancerPoolNeedsFrontends: {
    status: 400,
    origin: 'network',
    message:
      'Backend address pool {id} of a load balancer of tier Global takes frontend IP configurations of regional load balancers only.',
    differs: 'code and text are not documented',
  },
  PublicIPAndLoadBalancerTierDoNotMatch: {
    status: 400,
    origin: 'network',
    message: '{tier} tier load balancer {id} cannot reference {theirs} tier publicIP {publicIP}.',
    differs: 'code and text are not documented',
  },
  FrontendAndBackendPoolIPVersionDoNotMatch: {
    status: 400,
    origin: 'network',
    message:
      'Load balancing rule {id} has an {version} frontend, and backend address pool {pool} has addresses of the other version.',
    differs: 'code and text are not documented',
  },
  PrivateLinkServiceIsNotSupportedForIPBasedLoadBalancer: {
    status: 400,
    origin: 'network',
    message:
      'Private link service is not supported for load balancer {loadBalancer} with backend addresses set by (virtualNetwork, ipAddress) or (subnet, ipAddress).',
  },
  PrivateLinkServiceIsNotSupportedForBasicLoadBalancer: {
    status: 400,
    origin: 'network',
    message: 'Private link service {id} is not supported for load balancer {loadBalancer} of sku Basic.',
    differs: 'code and text are not documented',
  },
  RulesUseSameFrontendPortProtocolAndIPConfig: {
    status: 400,
    origin: 'network',
    message:
      'Load balancing rules {first} and {second} use the same frontend IP configuration {frontend}, protocol {protocol} and frontend port {port}.',
    differs: 'code and text are from memory',
  },
  PublicIPAndLBSkuDoNotMatch: {
    status: 400,
    origin: 'network',
    message: '{lbSku} sku load balancer {id} cannot reference {ipSku} sku publicIP {publicIP}.',
  },
  DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed: {
    status: 400,
    origin: 'network',
    message:
      'Different basic sku and standard sku load balancer or public Ip resources in availability set is not allowed {first} and {second}.',
  },
  LoadBalancingRuleMustDisableSNATSinceSameFrontendIPConfigurationIsReferencedByOutboundRule: {
    status: 400,
    origin: 'network',
    message:
      'Load Balancing Rules {rule} must have disableOutboundSNAT set to true when same FrontendIPConfiguration {frontend} is referenced by Outbound Rules {outboundRule}.',
  },
  MoreThanOneOutboundRuleUsingSameFrontendIPConfigurationAndProtocolIsNotSupported: {
    status: 400,
    origin: 'network',
    message:
      'Is is not supported to have more than a single outbound rule using frontendIPConfiguration {frontend} with same or overlapping protocol. This frontendIPConfiguration is used by the following outbound rules: {rules}',
  },
  AddingOrUpdatingNatRulesWhenNatPoolIsPresentOnLoadbalancerIsNotSupported: {
    status: 400,
    origin: 'network',
    message:
      'Adding or updating NAT Rules when NAT pool is present on loadbalancer {id} is not supported. To modify the load balancer, pass in all NAT rules unchanged or remove the LoadBalancerInboundNatRules property from your PUT request.',
  },
  ModificationOfNICIpConfigBackendPoolNotSupported: {
    status: 400,
    origin: 'network',
    message:
      'Operation on backend pool {id} not allowed since it adds/modifies/deletes backend address pool members that are specified with a network interface IP configuration.',
  },
  CannotMixIPBasedAddressesAndIPConfigurationsOnLoadBalancerBackendAddressPool: {
    status: 400,
    origin: 'network',
    message: 'Backend address pool {id} cannot mix IP based addresses and network interface IP configurations.',
    differs: 'the text is not documented',
  },
  PortValueIsOutOfRange: {
    status: 400,
    origin: 'network',
    message:
      'Resource {name} has invalid value of {property} ({value}). The value must be between {minimum} and {maximum}.',
  },
  RuleIdleTimeoutIsOutOfRange: {
    status: 400,
    origin: 'network',
    message: 'Rule {name} has invalid Idle Timeout. The value must be between {minimum} and {maximum}.',
  },
  ProbeIntervalIsOutOfRange: {
    status: 400,
    origin: 'network',
    message: 'Probe Interval for probe {name} must be between 5 and 2147483646.',
  },
  NumberOfProbesIsOutOfRange: {
    status: 400,
    origin: 'network',
    message:
      'NumberOfProbes value for probe {name} is out of range. When IntervalInSeconds is {interval}, the value must be between 1 and {maximum}.',
  },
  ProbeThresholdIsOutOfRange: {
    status: 400,
    origin: 'network',
    message: 'ProbeThreshold value for probe {name} is out of range. The value must be between 1 and 100.',
    differs: 'code and text are not documented',
  },
  ProbeRequestPathIsNotNull: {
    status: 400,
    origin: 'network',
    message: 'Request path for probe {id} must be null when its protocol is Tcp.',
  },
  ProbeRequestPathIsNull: {
    status: 400,
    origin: 'network',
    message: 'Request path for probe {id} must not be null when its protocol is {protocol}.',
    differs: 'code and text are not documented',
  },
  HttpsProbeNotSupportedOnBasicSku: {
    status: 400,
    origin: 'network',
    message: 'Probe with https protocol is only supported on standard SKU load balancer.',
    differs: 'the code is not documented',
  },
  HaPortsRuleNotSupported: {
    status: 400,
    origin: 'network',
    message:
      'Rule {id} uses protocol All with frontend port 0, which is supported only on internal frontends of Standard sku load balancers.',
    differs: 'code and text are not documented',
  },
  SpecifiedAllocatedOutboundPortsForOutboundRuleIsNotAMultipleOfEight: {
    status: 400,
    origin: 'network',
    message: 'Outbound rule {id} allocates {value} outbound ports, which is not a multiple of 8.',
    differs: 'the text is not documented',
  },
  SpecifiedAllocatedOutboundPortsForOutboundRuleExceedsTotalNumberOfAllowedPortsPerRule: {
    status: 400,
    origin: 'network',
    message: 'Outbound rule {id} allocates {value} outbound ports, more than the 64000 that a rule may allocate.',
    differs: 'the text is not documented',
  },
  SpecifiedAllocatedOutboundPortsForOutboundRuleExceedsTotalNumberOfAvailablePorts: {
    status: 400,
    origin: 'network',
    message:
      'Outbound rule {id} allocates {required} ports for {members} backend instances, which exceeds the {available} ports of its frontend IP configurations.',
    differs: 'the text is not documented',
  },
  MissedInboundNatRuleV2Properties: {
    status: 400,
    origin: 'network',
    message: 'For inbound Nat rule V2 properties FrontendPortRangeStart, FrontendPortRangeEnd should not be null.',
  },
  UnsupportedSetOfInboundNatRulePropertiesWhenFrontendPortIsSpecified: {
    status: 400,
    origin: 'network',
    message: 'If FrontendPort {port} is set, properties FrontendPortRangeStart, FrontendPortRangeEnd should be null.',
  },
  LoadBalancerFrontendIPConfigCannotHaveZoneWhenReferencingPublicIPAddress: {
    status: 400,
    origin: 'network',
    message:
      'Frontend ipConfiguration {id} has a zone specified and is referencing a publicIPAddress. Networking supports zones only for frontendIpconfigurations which reference a subnet.',
  },
  LoadBalancingRuleBackendAdressPoolAndBackendAddressPoolsCannotBeSetAtTheSameTimeWithDifferentValue: {
    status: 400,
    origin: 'network',
    message:
      'Load balancing rule {id} has a backendAddressPool that is none of its backendAddressPools. Both cannot be set with different values.',
    differs: 'the text is not known',
  },
  ModificationOfBackendAddressesInPoolIsNotSupportedWhenSyncModeIsAutomatic: {
    status: 400,
    origin: 'network',
    message: 'Modification of backend addresses in pools is not supported when sync mode is set as Automatic.',
  },
  BackendAddressPoolSyncModeNotSupported: {
    status: 400,
    origin: 'network',
    message: 'The sync mode of backend address pool {id} needs a virtual network and cannot be changed once it is set.',
    differs: 'code and text are not documented',
  },
  OutboundRulesNotSupportedOnBasicSku: {
    status: 400,
    origin: 'network',
    message: 'Outbound rule {id} is not supported by load balancers of sku Basic.',
    differs: 'code and text are not documented',
  },
  InboundNatRuleFrontendPortRangeInvalid: {
    status: 400,
    origin: 'network',
    message: 'Inbound NAT rule {id} has an invalid frontend port range {start}-{end}.',
    differs: 'code and text are not documented',
  },
  InboundNatRuleFrontendPortRangeTooSmall: {
    status: 400,
    origin: 'network',
    message: 'Inbound NAT rule {id} has {available} frontend ports for {members} backend instances of pool {pool}.',
    differs: 'code and text are not documented',
  },
  NotAllowedToDeleteLoadBalancerWithFrontendIpConfigurationInUseByGlobalLB: {
    status: 400,
    origin: 'network',
    message:
      "It is not allowed to delete load balancer {id} that has a load balancer frontend IP configuration {frontend} referenced by global load balancer's pool {pool}. Please remove from global load balancing configuration first.",
  },
  LoadBalancerInUseByVirtualMachineScaleSet: {
    status: 400,
    origin: 'network',
    message:
      'Cannot delete load balancer {id} since its child resources {children} are in use by virtual machine scale set {scaleSet}.',
  },
  CannotDeleteLoadBalancerWithPrivateLinkService: {
    status: 400,
    origin: 'network',
    message: 'Load balancer {id} cannot be deleted because it is used by private link service {service}.',
    differs: 'the text is not documented',
  },
  NetworkInterfaceAndInternalLoadBalancerMustUseSameVnet: {
    status: 400,
    origin: 'network',
    message:
      'Network interface {nic} uses internal load balancer {loadBalancer} but does not use the same VNET ({virtualNetwork}) as the load balancer.',
    differs: 'the text is from memory',
  },
  LoadBalancerPartIsIncomplete: {
    status: 400,
    origin: 'network',
    message: '{id} must have {what}.',
    differs: 'code and text are not documented',
  },
  LoadBalancerDoesNotSupport: {
    status: 400,
    origin: 'network',
    message: 'Load balancer {id} does not support {what}.',
    differs: 'code and text are not documented',
  },
  InboundNatPoolFrontendPortRangeSmallerThanRequestedPorts: {
    status: 400,
    origin: 'network',
    message: 'Inbound NAT pool {id} has {available} frontend ports, fewer than the {instances} requested ones.',
    differs: 'the text is not documented',
  },
  LoadBalancerPoolCannotHave: {
    status: 400,
    origin: 'network',
    message: 'Backend address pool {id} cannot have {what}.',
    differs: 'code and text are not documented',
  },
  LoadBalancingRulesNotSupportedOnSecondaryIpConfigurations: {
    status: 400,
    origin: 'network',
    message:
      'Network Interface with Id: {nic} has a secondary IpConfiguration {name} which is using LoadBalancerBackendAddressPools. LoadBalancingRules are not supported for secondary IpConfigurations.',
  },
} as const satisfies Record<string, ErrorDefinition>;
