/** Data contracts of internal load balancers. Imitates "Add Load Balancer". */
import { contract } from '../xml/contract.js';
import { enumeration, nested, optional, required, text } from '../xml/contract-types.js';

export const FrontendIpConfiguration = contract('FrontendIpConfiguration', {
  Type: required(enumeration('FrontendIpConfiguration.Type', ['Private'])),
  SubnetName: optional(text),
  StaticVirtualNetworkIPAddress: optional(text),
});

export const LoadBalancer = contract('LoadBalancer', {
  Name: required(text),
  FrontendIpConfiguration: required(nested(FrontendIpConfiguration)),
});
