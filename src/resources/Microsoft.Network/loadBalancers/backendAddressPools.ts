/** Backend pools of a load balancer and their addresses (`loadBalancers/backendAddressPools`). */
import { type AzureError, azureError } from '../../../errors/index.js';
import { idKey } from '../../resource-id.js';
import type { Resource, WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { versions } from '../member-versions.js';
import { childOf, loadBalancerChild } from './child.js';
import { backendAddress, membersOfPool } from './members.js';

const lb = 'Microsoft.Network/loadBalancers';

export const backendAddressPool = Schema.envelope('name id etag properties type', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      location: Schema.location(),
      drainPeriodInSeconds: Schema.integer(versions.backendAddressPool.drainPeriodInSeconds),
      tunnelInterfaces: Schema.array(
        Schema.object({
          port: Schema.integer(),
          identifier: Schema.integer(),
          protocol: Schema.oneOf(['None', 'Native', 'VXLAN'], { clrType: 'GatewayLoadBalancerTunnelProtocol' }),
          type: Schema.oneOf(['None', 'Internal', 'External'], { clrType: 'GatewayLoadBalancerTunnelInterfaceType' }),
        }),
        versions.backendAddressPool.tunnelInterfaces,
      ),
      virtualNetwork: Schema.reference('Microsoft.Network/virtualNetworks', versions.backendAddressPool.virtualNetwork),
      syncMode: Schema.oneOf(['Automatic', 'Manual'], { ...versions.backendAddressPool.syncMode, clrType: 'SyncMode' }),
      outboundRules: Schema.backReferences(
        `${lb}/outboundRules`,
        'backendAddressPool',
        versions.backendAddressPool.outboundRules,
      ),
      outboundRule: Schema.backReferences(`${lb}/outboundRules`, 'backendAddressPool', {
        ...versions.backendAddressPool.outboundRule,
        single: true,
      }),
      outboundNatRule: Schema.backReferences(`${lb}/outboundNatRules`, 'backendAddressPool', {
        ...versions.backendAddressPool.outboundNatRule,
        single: true,
      }),
      loadBalancerBackendAddresses: Schema.children(
        'loadBalancerBackendAddresses',
        backendAddress,
        versions.backendAddressPool.loadBalancerBackendAddresses,
      ),
      backendIPConfigurations: Schema.backReferences(
        [
          'Microsoft.Network/networkInterfaces/ipConfigurations',
          'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/ipConfigurations',
        ],
        'loadBalancerBackendAddressPools',
      ),
      inboundNatRules: Schema.backReferences(
        `${lb}/inboundNatRules`,
        'backendAddressPool',
        versions.backendAddressPool.inboundNatRules,
      ),
      loadBalancingRules: Schema.backReferences(`${lb}/loadBalancingRules`, 'backendAddressPools'),
    },
    { clrType: 'BackendAddressPoolProperties' },
  ),
});
export type BackendAddressPool = Schema.Static<typeof backendAddressPool>;

/** A Gateway load balancer's pool has an internal VXLAN tunnel unless it says otherwise. */
const gatewayTunnel = { port: 10800, identifier: 800, protocol: 'VXLAN', type: 'Internal' } as const;
const externalTunnelPort = 10801;

/**
 * NIC members belong to their NICs: a request may repeat them, each once, and one on the pool's own path must repeat
 * all of them. Checked before they are dropped from the document.
 */
function checkNicMembers(pool: BackendAddressPool, context: WriteContext): void {
  const id = loadBalancerChild(context.idText, 'backendAddressPools', pool.name);
  const sent = new Map<string, string>();
  for (const { name, properties } of pool.properties?.loadBalancerBackendAddresses ?? []) {
    const ipConfiguration = properties?.networkInterfaceIPConfiguration?.id;
    if (ipConfiguration === undefined) continue;
    const address = `${id}/loadBalancerBackendAddresses/${name}`;
    const other = sent.get(idKey(ipConfiguration));
    if (other !== undefined) {
      const message = `Found duplicate ipConfiguration reference ${ipConfiguration} on backend pool addresses ${other} and ${address}.`;
      const details = [{ code: 'DuplicateIpConfigurationReferenceOnBackendAddressPool', message }];
      throw azureError('InvalidRequestFormat', { details });
    }
    sent.set(idKey(ipConfiguration), address);
  }
  const { child } = context;
  if (child?.collection !== 'backendAddressPools' || child.method !== 'Put') return;
  if (child.name.toLowerCase() !== pool.name?.toLowerCase()) return;
  const joined = membersOfPool(context.document, id, context)
    .flatMap(({ networkInterfaceIPConfigurationId: member }) => member ?? [])
    .map(idKey);
  if (joined.length !== sent.size || joined.some((member) => !sent.has(member))) {
    throw azureError('ModificationOfNICIpConfigBackendPoolNotSupported', { values: { id } });
  }
}

export function completePool(pool: BackendAddressPool, context: WriteContext): void {
  pool.properties ??= {};
  checkNicMembers(pool, context);
  // Azure shows NIC members among the addresses; sent back, they are no addresses of the pool's own.
  pool.properties.loadBalancerBackendAddresses = (pool.properties.loadBalancerBackendAddresses ?? []).filter(
    ({ properties }) => properties?.ipAddress !== undefined || properties?.loadBalancerFrontendIPConfiguration,
  );
  for (const tunnel of pool.properties.tunnelInterfaces ?? []) tunnel.port ??= 0;
  if (context.document.sku?.name === 'Gateway') pool.properties.tunnelInterfaces ??= [{ ...gatewayTunnel }];
  for (const address of pool.properties.loadBalancerBackendAddresses) {
    address.properties ??= {};
    delete address.properties.networkInterfaceIPConfiguration;
    // The regional frontend has the address, now and when it changes.
    if (address.properties.loadBalancerFrontendIPConfiguration) delete address.properties.ipAddress;
    // `None` leaves the decision to the probe, which is what no value does; Azure shows neither.
    if (address.properties.adminState === 'None') delete address.properties.adminState;
  }
}

/** A pool with the ports that Azure chose for its tunnels, which it shows when the write is done. */
export function viewTunnels(pool: BackendAddressPool, { provisioningState }: Resource): BackendAddressPool {
  const { tunnelInterfaces = [] } = pool.properties ?? {};
  if (provisioningState !== 'Succeeded' || tunnelInterfaces.length === 0) return pool;
  const shown = tunnelInterfaces.map((tunnel) => ({
    ...tunnel,
    port: tunnel.port || (tunnel.type === 'External' ? externalTunnelPort : gatewayTunnel.port),
  }));
  return { ...pool, properties: { ...pool.properties, tunnelInterfaces: shown } };
}

/** What Azure refuses about one pool. */
export function* checkPool(pool: BackendAddressPool, context: WriteContext): Generator<AzureError> {
  const id = loadBalancerChild(context.idText, 'backendAddressPools', pool.name);
  const addressed = (pool.properties?.loadBalancerBackendAddresses ?? []).some(
    (address) => address.properties?.ipAddress !== undefined,
  );
  const before = childOf(context.existing, 'backendAddressPools', pool.name)?.properties;
  const { syncMode, virtualNetwork } = pool.properties ?? {};
  const changed = before?.syncMode !== undefined && before.syncMode !== syncMode;
  if (changed || (syncMode && !virtualNetwork)) {
    yield azureError('BackendAddressPoolSyncModeNotSupported', { values: { id } });
  }
  if (syncMode === 'Automatic' && addressed) {
    const code = 'ModificationOfBackendAddressesInPoolIsNotSupportedWhenSyncModeIsAutomatic';
    yield azureError(code, { values: { id } });
  }
}
