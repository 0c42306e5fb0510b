/** What outbound rules were before 2018-07-01 (`outboundNatRules` in the load balancer); stored and shown, never more. */
import { array, envelope, integer, object, provisioningState, reference } from '../../schema.js';

const lb = 'Microsoft.Network/loadBalancers';

export const outboundNatRule = envelope('name id etag properties', {
  properties: object(
    {
      provisioningState: provisioningState(),
      allocatedOutboundPorts: integer(),
      backendAddressPool: reference(`${lb}/backendAddressPools`),
      frontendIPConfigurations: array(reference(`${lb}/frontendIPConfigurations`)),
    },
    { clrType: 'OutboundNatRuleProperties' },
  ),
});
