/** Inbound NAT pools for scale sets (in the load balancer only: Azure gives them no path of their own). */

import type { AzureError } from '../../../errors/index.js';
import type { WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { checkIdleTimeout, checkRange } from '../common-members.js';
import { versions } from '../member-versions.js';

export const inboundNatPool = Schema.envelope('name id etag properties type', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      frontendPortRangeStart: Schema.integer(),
      frontendPortRangeEnd: Schema.integer(),
      backendPort: Schema.integer(),
      protocol: Schema.oneOf(['Udp', 'Tcp', 'All'], { clrType: 'TransportProtocol' }),
      idleTimeoutInMinutes: Schema.integer(versions.inboundNatPool.idleTimeoutInMinutes),
      enableFloatingIP: Schema.boolean(versions.inboundNatPool.enableFloatingIP),
      enableDestinationServiceEndpoint: Schema.boolean({
        readOnly: true,
        ...versions.inboundNatPool.enableDestinationServiceEndpoint,
      }),
      enableTcpReset: Schema.boolean(versions.inboundNatPool.enableTcpReset),
      allowBackendPortConflict: Schema.boolean({ readOnly: true, ...versions.inboundNatPool.allowBackendPortConflict }),
      frontendIPConfiguration: Schema.reference('Microsoft.Network/loadBalancers/frontendIPConfigurations'),
    },
    { clrType: 'InboundNatPoolProperties' },
  ),
});
export type InboundNatPool = Schema.Static<typeof inboundNatPool>;

export function completeInboundNatPool(pool: InboundNatPool): void {
  pool.properties ??= {};
  pool.properties.protocol ??= 'Tcp';
  pool.properties.idleTimeoutInMinutes ??= 4;
  pool.properties.enableFloatingIP ??= false;
  pool.properties.enableDestinationServiceEndpoint = false;
  pool.properties.enableTcpReset ??= false;
  pool.properties.allowBackendPortConflict = false;
}

/** What Azure refuses about one NAT pool. */
export function* checkInboundNatPool(pool: InboundNatPool, context: WriteContext): Generator<AzureError> {
  const name = pool.name ?? '';
  const { backendPort, frontendPortRangeStart, frontendPortRangeEnd, idleTimeoutInMinutes } = pool.properties ?? {};
  const ports = { name, minimum: 1, maximum: 65534 };
  yield* checkRange({ ...ports, property: 'BackendPort', value: backendPort, maximum: 65535 });
  yield* checkRange({ ...ports, property: 'FrontendPortRangeStart', value: frontendPortRangeStart });
  yield* checkRange({ ...ports, property: 'FrontendPortRangeEnd', value: frontendPortRangeEnd });
  yield* checkIdleTimeout(name, idleTimeoutInMinutes, context.apiVersion);
}
