/**
 * Backend pools of a load balancer, their addresses (`loadBalancers/backendAddressPools`) and who is in them: the addresses
 * written on the pool and the NIC ipConfigurations that name it. The view, the NAT port mappings, the health action and the
 * forwarding plan all ask here, so that they never disagree.
 */

import { type AzureError, azureError } from '../../../errors/index.js';
import { stableGuid } from '../../../support/ids.js';
import { machineOf, powerStateOfIPConfiguration } from '../../Microsoft.Compute/common-members.js';
import { childNamed, childrenIn, childWithId, lookUpChild } from '../../references.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { Link, Lookup, Resource, ResourceDocument, ShowContext, WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { childOf, loadBalancerChild } from '../common-members.js';
import { versions } from '../member-versions.js';

const lb = 'Microsoft.Network/loadBalancers';

export const backendAddress = Schema.envelope('name id etag properties type', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      adminState: Schema.oneOf(['None', 'Up', 'Down', 'Drain'], {
        ...versions.backendAddress.adminState,
        clrType: 'LoadBalancerBackendAddressAdminState',
      }),
      // Published templates write it; Azure takes it and shows it never.
      probeAdministrativeState: Schema.oneOf(
        ['InService', 'OutOfService'],
        versions.backendAddress.probeAdministrativeState,
      ),
      networkInterfaceIPConfiguration: Schema.reference('Microsoft.Network/networkInterfaces/ipConfigurations', {
        readOnly: true,
        echoed: true,
      }),
      ipAddress: Schema.string(),
      virtualNetwork: Schema.reference('Microsoft.Network/virtualNetworks'),
      subnet: Schema.reference('Microsoft.Network/virtualNetworks/subnets', versions.backendAddress.subnet),
      // A Global load balancer has those of every region.
      loadBalancerFrontendIPConfiguration: Schema.reference(`${lb}/frontendIPConfigurations`, {
        ...versions.backendAddress.loadBalancerFrontendIPConfiguration,
        anyRegion: true,
      }),
      inboundNatRulesPortMapping: Schema.array(
        Schema.object({
          inboundNatRuleName: Schema.string(),
          frontendPort: Schema.integer(),
          backendPort: Schema.integer(),
        }),
        { readOnly: true, ...versions.backendAddress.inboundNatRulesPortMapping },
      ),
    },
    { clrType: 'LoadBalancerBackendAddressProperties' },
  ),
});
export type BackendAddress = Schema.Static<typeof backendAddress>;

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

type Tunnel = NonNullable<NonNullable<BackendAddressPool['properties']>['tunnelInterfaces']>[number];

const chosenPort = ({ type }: Tunnel): number => (type === 'External' ? externalTunnelPort : gatewayTunnel.port);

/** The tunnels that a pool of this name had in the document that was there before. */
const tunnelsBefore = (document: ResourceDocument | undefined, { name }: BackendAddressPool): readonly Tunnel[] =>
  (childNamed(childrenIn(document?.properties, 'backendAddressPools'), name) as BackendAddressPool | undefined)
    ?.properties?.tunnelInterfaces ?? [];

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
  const before = tunnelsBefore(context.existing?.document, pool);
  for (const [index, tunnel] of (pool.properties.tunnelInterfaces ?? []).entries()) {
    // Sent back as it was shown, a port that Azure chose is still one.
    const isChosen = before[index]?.port === 0 && tunnel.port === chosenPort(tunnel);
    if (isChosen) tunnel.port = 0;
    tunnel.port ??= 0;
  }
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

/** A pool with the ports that Azure chose for its tunnels, stored as 0, which it shows when the write is done. */
export function viewTunnels(pool: BackendAddressPool, { resource, answerTo }: ShowContext): BackendAddressPool {
  const { tunnelInterfaces = [] } = pool.properties ?? {};
  if (resource.provisioningState !== 'Succeeded' || tunnelInterfaces.length === 0) return pool;
  const known = answerTo && tunnelsBefore(answerTo.before, pool);
  const shown = tunnelInterfaces.map((tunnel, index) => {
    const isNew = known !== undefined && known[index]?.port !== 0;
    return { ...tunnel, port: tunnel.port || (isNew ? 0 : chosenPort(tunnel)) };
  });
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
    yield azureError('ModificationOfBackendAddressesInPoolIsNotSupportedWhenSyncModeIsAutomatic');
  }
}

export interface PoolMember {
  /** What identifies the member for as long as it stays: the folded ipConfiguration id, or the address. */
  readonly key: string;
  /** Name of the backend address; a made-up GUID for NIC members, as Azure shows it. */
  readonly name: string;
  /** Resource id of the ipConfiguration, or of the backend address. */
  readonly id: string;
  /** Azure address; undefined for members of Global load balancers. */
  readonly ipAddress: string | undefined;
  readonly adminState: 'None' | 'Up' | 'Down';
  /** Its virtual machine is running, as far as there is one. */
  readonly running: boolean;
  readonly networkInterfaceIPConfigurationId: string | undefined;
  /** A regional load balancer's frontend, for Global load balancers. */
  readonly frontendId: string | undefined;
}

/** Private address of a NIC's, or a scale set instance's, ipConfiguration. */
export const addressOfIPConfiguration = (lookup: Lookup, id: string): string | undefined =>
  lookUpChild(lookup, id)?.child.properties?.privateIPAddress as string | undefined;

function writtenMember(address: BackendAddress, poolId: string): PoolMember {
  const { ipAddress, adminState, loadBalancerFrontendIPConfiguration: frontend } = address.properties ?? {};
  return {
    key: ipAddress ?? (frontend ? idKey(frontend.id) : idKey(address.name ?? '')),
    name: address.name ?? '',
    id: `${poolId}/loadBalancerBackendAddresses/${address.name}`,
    ipAddress,
    adminState: adminState === 'Up' || adminState === 'Down' ? adminState : adminState === 'Drain' ? 'Down' : 'None',
    running: true,
    networkInterfaceIPConfigurationId: undefined,
    frontendId: frontend?.id,
  };
}

/** A member of a pool, and the stored resources that it was read from. */
interface Joined {
  readonly root: string;
  readonly owner: Resource | undefined;
  readonly machine: Resource | undefined;
  readonly poolId: string;
  readonly member: PoolMember;
}

/** By the link that joins it. A link or resource stays the same object until it is written. */
const joinedBy = new WeakMap<Link, Joined>();

/** The member that `link` joins to the pool: the same object until something changes that it was read from. */
function joinedMember(link: Link, poolId: string, lookup: Lookup): PoolMember {
  const known = joinedBy.get(link);
  const root = known?.root ?? rootKey(link.sourceId);
  const owner = lookup.resource(root);
  const machine = machineOf(lookup, root);
  if (known?.owner === owner && known?.machine === machine && known?.poolId === poolId) return known.member;
  const member: PoolMember = {
    key: idKey(link.sourceId),
    // Only where it is shown: a pool may have thousands of members.
    get name() {
      return stableGuid(`${poolId}|${link.sourceId}`);
    },
    id: link.sourceId,
    ipAddress: addressOfIPConfiguration(lookup, link.sourceId),
    adminState: 'None',
    running: (powerStateOfIPConfiguration(lookup, link.sourceId) ?? 'running') === 'running',
    networkInterfaceIPConfigurationId: link.sourceId,
    frontendId: undefined,
  };
  joinedBy.set(link, { root, owner, machine, poolId, member });
  return member;
}

const memberPath = 'loadBalancerBackendAddressPools';
const isMember = (sourceType: string): boolean => sourceType.endsWith('/ipConfigurations');

/** The members of the pool `poolId` of the load balancer whose document this is. */
export function membersOfPool(
  document: ResourceDocument,
  poolId: string,
  { lookup }: { readonly lookup: Lookup },
): readonly PoolMember[] {
  const pool = childWithId(childrenIn(document.properties, 'backendAddressPools'), poolId);
  const addresses = childrenIn(pool?.properties, 'loadBalancerBackendAddresses') as BackendAddress[];
  const written = addresses.map((one) => writtenMember(one, poolId));
  const key = idKey(poolId);
  const joined = lookup
    .linksInto(rootKey(poolId))
    // A scale set's profile names the pool too; its instances are the members.
    .filter(({ path, target, sourceType }) => path === memberPath && target === key && isMember(sourceType))
    .map((link) => joinedMember(link, poolId, lookup));
  return [...written, ...joined];
}
