import * as Schema from '../../schema.js';
import { versions } from '../member-versions.js';
import { checkIdleTimeout, checkRange } from './child.js';
export const inboundNatPool = Schema.envelope('name id etag properties type', {
    properties: Schema.object({
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
    }, { clrType: 'InboundNatPoolProperties' }),
});
export function completeInboundNatPool(pool) {
    pool.properties ??= {};
    pool.properties.protocol ??= 'Tcp';
    pool.properties.idleTimeoutInMinutes ??= 4;
    pool.properties.enableFloatingIP ??= false;
    pool.properties.enableDestinationServiceEndpoint = false;
    pool.properties.enableTcpReset ??= false;
    pool.properties.allowBackendPortConflict = false;
}
/** What Azure refuses about one NAT pool. */
export function* checkInboundNatPool(pool, context) {
    const name = pool.name ?? '';
    const { backendPort, frontendPortRangeStart, frontendPortRangeEnd, idleTimeoutInMinutes } = pool.properties ?? {};
    const ports = { name, minimum: 1, maximum: 65534 };
    yield* checkRange({ ...ports, property: 'BackendPort', value: backendPort, maximum: 65535 });
    yield* checkRange({ ...ports, property: 'FrontendPortRangeStart', value: frontendPortRangeStart });
    yield* checkRange({ ...ports, property: 'FrontendPortRangeEnd', value: frontendPortRangeEnd });
    yield* checkIdleTimeout(name, idleTimeoutInMinutes, context.apiVersion);
}
//# sourceMappingURL=inboundNatPools.js.map