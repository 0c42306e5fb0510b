/** Refusals of classic input endpoints, load-balanced sets, ACLs and internal load balancers. */
import type { ErrorDefinition } from './error-definition.js';

export const classicLoadBalancingErrors = {
  ClassicLoadBalancedSetMismatch: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message:
      "Endpoint name '{endpoint}', property '{property}'. \nThe value '{specified}' does not match '{existing}' for LB set '{set}'.",
  },
  ClassicLoadBalancedSetHasNoAcl: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: "Existing endpoints in LB set '{set}' do not contain ACL.",
  },
  ClassicAclRuleCountMismatch: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message:
      "ACL rules do not match for endpoint in '{set}'. Mismatch in rule count. Specified '{specified}'. Existing '{existing}'.",
  },
  ClassicAclRuleMismatch: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: "ACL rules do not match for endpoint in '{set}'. Mismatch in rule with order '{order}'.",
    differs: 'Only the text for a different number of rules is known.',
  },
  ClassicTooManyAclRules: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: "Endpoint '{endpoint}' has {count} ACL rules. At most 50 are allowed.",
    differs: 'The limit is documented, the text is not known.',
  },
  ClassicDuplicateAclOrder: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: "The ACL of endpoint '{endpoint}' has more than one rule with order '{order}'.",
    differs: 'The text is not known.',
  },
  ClassicPortInUse: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message:
      'Port {port} is already in use by one of the endpoints in this deployment. Ensure that the port numbers are unique across endpoints within a deployment.',
  },
  ClassicLocalPortInUse: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: "Local port {port} is already in use by endpoint '{endpoint}' of role '{role}'.",
    differs: 'The refusal is documented, the text is not known.',
  },
  ClassicDuplicateEndpointName: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: "Role '{role}' has more than one endpoint with the name '{endpoint}'.",
    differs: 'The text is not known.',
  },
  ClassicDuplicateEndpointPort: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: "The request has more than one endpoint with port '{port}' and protocol '{protocol}'.",
    differs: 'The rule is documented, the text is not known.',
  },
  ClassicLoadBalancedSetNotFound: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: "No endpoint of the deployment belongs to LB set '{set}'.",
    differs: 'The code is documented, the text is not known.',
  },
  ClassicProbePath: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message:
      "The value for parameter 'LoadBalancerProbe.Path' is required for protocol 'http' and not allowed for 'tcp'.",
    differs: 'The rule is documented, the text is not known.',
  },
  ClassicLoadBalancerExists: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: 'LoadBalancer already exists: {existing}. Only one internal load balancer allowed per deployment.',
  },
  ClassicLoadBalancerNotFound: {
    code: 'ResourceNotFound',
    status: 404,
    origin: 'classic',
    message: 'The load balancer {name} does not exist.',
    differs: 'The text is not known.',
  },
  ClassicLoadBalancerUnknown: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: "Endpoint '{endpoint}' names the load balancer '{name}', which the deployment does not have.",
    differs: 'The text is not known.',
  },
  ClassicLoadBalancerInUse: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: "The load balancer {name} is in use by endpoint '{endpoint}' of role '{role}'.",
    differs: 'The text is not known.',
  },
  ClassicLoadBalancerAddress: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message:
      'A load balancer in a virtual network needs SubnetName; StaticVirtualNetworkIPAddress comes with SubnetName; outside a virtual network neither is allowed.',
    differs: 'The rule is documented, the text is not known.',
  },
  ClassicAddressInUse: {
    code: 'BadRequest',
    status: 400,
    origin: 'classic',
    message: 'The static IP address {address} is already in use.',
    differs: 'The text is not known.',
  },
} as const satisfies Record<string, ErrorDefinition>;
