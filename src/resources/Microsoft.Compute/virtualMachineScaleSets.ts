/**
 * Virtual machine scale sets (`Microsoft.Compute/virtualMachineScaleSets`), as far as load balancing goes: their
 * instances are members of backend pools and targets of NAT pools, as
 * https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-networking describes.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { checkLoadBalancersOfScaleSet } from '../Microsoft.Network/loadBalancers/conflicts.js';
import { checkLoadBalancersAhead } from '../Microsoft.Network/loadBalancers/together.js';
import { rootKey } from '../resource-id.js';
import { type Lookup, type ResourceDocument, resourceType, type WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';
import {
  checkSettled,
  completeProfiles,
  computeApiVersions,
  osProfile,
  type Settled,
  storageProfile,
} from './common-members.js';
import { scaleSetActions } from './virtualMachineScaleSets/instance-actions.js';
import {
  type Instance,
  instanceIPConfigurationMembers,
  instanceIPConfigurations,
  instances,
  type ProfileNetworkInterface,
  placeInstances,
} from './virtualMachineScaleSets/instances.js';

interface VirtualMachineProfile extends Record<string, unknown> {
  osProfile?: Record<string, unknown>;
  storageProfile?: Record<string, unknown>;
  networkProfile?: { networkInterfaceConfigurations?: ProfileNetworkInterface[]; healthProbe?: { id: string } };
  extensionProfile?: { extensions?: { properties?: Record<string, unknown> }[] };
}

interface VirtualMachineScaleSetDocument extends ResourceDocument {
  sku?: { name?: string; tier?: string; capacity?: number };
  properties: Record<string, unknown> & {
    virtualMachineProfile?: VirtualMachineProfile;
    virtualMachines?: Instance[];
    uniqueId?: string;
  };
}

const ipConfiguration = Schema.object({
  name: Schema.string(),
  id: Schema.string(),
  properties: Schema.object({
    primary: Schema.boolean(),
    publicIPAddressConfiguration: Schema.anything(),
    privateIPAddressVersion: Schema.string(),
    ...instanceIPConfigurationMembers(),
    applicationSecurityGroups: Schema.array(Schema.reference('Microsoft.Network/applicationSecurityGroups')),
    applicationGatewayBackendAddressPools: Schema.array(
      Schema.reference('Microsoft.Network/applicationGateways/backendAddressPools'),
    ),
  }),
});

const networkInterfaceConfiguration = Schema.object({
  name: Schema.string(),
  id: Schema.string(),
  tags: Schema.anything(),
  properties: Schema.object({
    primary: Schema.boolean(),
    enableAcceleratedNetworking: Schema.boolean(),
    disableTcpStateTracking: Schema.boolean(),
    enableFpga: Schema.boolean(),
    networkSecurityGroup: Schema.reference('Microsoft.Network/networkSecurityGroups'),
    dnsSettings: Schema.anything(),
    ipConfigurations: Schema.array(ipConfiguration),
    enableIPForwarding: Schema.boolean(),
    deleteOption: Schema.string(),
    auxiliaryMode: Schema.string(),
    auxiliarySku: Schema.string(),
  }),
});

const virtualMachineProfile = Schema.object({
  osProfile: osProfile(),
  storageProfile: storageProfile(),
  additionalCapabilities: Schema.anything(),
  networkProfile: Schema.object({
    healthProbe: Schema.reference('Microsoft.Network/loadBalancers/probes'),
    networkApiVersion: Schema.string(),
    networkInterfaceConfigurations: Schema.array(networkInterfaceConfiguration),
  }),
  securityProfile: Schema.anything(),
  diagnosticsProfile: Schema.anything(),
  extensionProfile: Schema.anything(),
  licenseType: Schema.string(),
  priority: Schema.string(),
  evictionPolicy: Schema.string(),
  billingProfile: Schema.anything(),
  scheduledEventsProfile: Schema.anything(),
  userData: Schema.string(),
  capacityReservation: Schema.anything(),
  applicationProfile: Schema.anything(),
  hardwareProfile: Schema.anything(),
  serviceArtifactReference: Schema.anything(),
  securityPostureReference: Schema.anything(),
  timeCreated: Schema.string({ readOnly: true }),
});

const schema = Schema.envelope('name id type location extendedLocation tags sku identity plan zones properties', {
  extendedLocation: Schema.extendedLocation({ since: '2020-12-01' }),
  sku: Schema.object({ name: Schema.string(), tier: Schema.string(), capacity: Schema.integer() }),
  identity: Schema.anything(),
  plan: Schema.anything(),
  zones: Schema.zones({ since: '2017-03-30' }),
  properties: Schema.object({
    singlePlacementGroup: Schema.boolean(),
    orchestrationMode: Schema.string({ since: '2020-12-01' }),
    upgradePolicy: Schema.anything(),
    scaleInPolicy: Schema.anything(),
    automaticRepairsPolicy: Schema.anything(),
    virtualMachineProfile,
    provisioningState: Schema.provisioningState(),
    overprovision: Schema.boolean(),
    doNotRunExtensionsOnOverprovisionedVMs: Schema.boolean(),
    uniqueId: Schema.string({ readOnly: true }),
    zoneBalance: Schema.boolean(),
    platformFaultDomainCount: Schema.integer(),
    proximityPlacementGroup: Schema.reference('Microsoft.Compute/proximityPlacementGroups'),
    hostGroup: Schema.reference('Microsoft.Compute/hostGroups'),
    additionalCapabilities: Schema.anything(),
    spotRestorePolicy: Schema.anything(),
    priorityMixPolicy: Schema.anything(),
    constrainedMaximumCapacity: Schema.boolean(),
    resiliencyPolicy: Schema.anything(),
    zonalPlatformFaultDomainAlignMode: Schema.string(),
    skuProfile: Schema.anything(),
    highSpeedInterconnectPlacement: Schema.string(),
    scheduledEventsPolicy: Schema.anything(),
    timeCreated: Schema.string({ readOnly: true }),
    virtualMachines: instances(),
  }),
});

function completeScaleSet(context: WriteContext<VirtualMachineScaleSetDocument>): void {
  const { document, existing } = context;
  const properties = document.properties;
  const before = existing?.document.properties as VirtualMachineScaleSetDocument['properties'] | undefined;
  // What a write leaves out stays: `az vmss scale` sends the location and the SKU alone.
  const { virtualMachines: _, ...kept } = structuredClone(before ?? {});
  for (const [name, value] of Object.entries(kept)) properties[name] ??= value;
  for (const name of ['sku', 'zones'] as const) {
    if (document[name] === undefined && existing?.document[name] !== undefined) {
      Object.assign(document, { [name]: structuredClone(existing.document[name]) });
    }
  }
  properties.orchestrationMode ??= 'Uniform';
  const isFlexible = properties.orchestrationMode === 'Flexible';
  properties.uniqueId = before?.uniqueId ?? context.newGuid();
  if (document.sku) document.sku.tier ??= 'Standard';
  properties.singlePlacementGroup ??= !isFlexible;
  if (!isFlexible) properties.overprovision ??= true;
  properties.platformFaultDomainCount ??= isFlexible ? 1 : 5;
  completeProfiles(properties.virtualMachineProfile ?? {});
  // Azure takes what extensions must not show, and never shows it again.
  for (const extension of properties.virtualMachineProfile?.extensionProfile?.extensions ?? []) {
    delete extension.properties?.protectedSettings;
  }
  // Instances of a flexible scale set are virtual machines of their own, with network interfaces of their own.
  const profile = properties.virtualMachineProfile?.networkProfile?.networkInterfaceConfigurations ?? [];
  const capacity = isFlexible ? 0 : (document.sku?.capacity ?? 0);
  properties.virtualMachines = placeInstances(context, { capacity, profile });
}

const settled: Settled = {
  orchestrationMode: ({ orchestrationMode: mode }) => mode,
  platformFaultDomainCount: ({ platformFaultDomainCount: count }) => count,
};

const wellFormed = /^\w([\w.-]{0,78}\w)?$/;

/** Names in a profile become names of network interfaces and ipConfigurations, and are checked like those. */
function* checkNamesOf(
  all: readonly { name?: string | undefined; properties?: { ipConfigurations?: readonly { name?: string }[] } }[],
  id: string,
): Generator<AzureError> {
  for (const [index, { name = '', properties }] of all.entries()) {
    if (!wellFormed.test(name)) yield azureError('InvalidResourceName', { values: { name } });
    const isTwice = all.slice(0, index).some((one) => one.name?.toLowerCase() === name.toLowerCase());
    if (isTwice) yield azureError('DuplicateResourceName', { values: { id, name } });
    const inside = properties?.ipConfigurations ?? [];
    if (inside.length > 0) yield* checkNamesOf(inside, `${id}/networkInterfaceConfigurations/${name}`);
  }
}

/** Instances are up to 1,000, each with one primary network interface, all in subnets of one virtual network. */
function* checkConfigurations(
  all: readonly ProfileNetworkInterface[],
  { document, idText: id }: WriteContext<VirtualMachineScaleSetDocument>,
): Generator<AzureError> {
  const value = document.sku?.capacity ?? 0;
  if (value < 0 || value > 1000) {
    const values = { what: 'capacity', value, minimum: 0, maximum: 1000, property: 'sku.capacity' };
    yield azureError('MachineCountOutOfRange', { values });
  }
  const primary = all.filter(({ properties }) => (properties as { primary?: boolean } | undefined)?.primary);
  if (all.length > 1 && primary.length !== 1) {
    yield azureError('VirtualMachineMustHaveOneNetworkInterfaceAsPrimary', { values: { id } });
  }
  const configurations = all.flatMap(({ properties }) => properties?.ipConfigurations ?? []);
  const subnets = configurations.flatMap(({ properties }) => properties?.subnet?.id ?? []);
  if (subnets.length === 0 && configurations.length > 0) {
    yield azureError('MachineCannotHave', { values: { id, what: 'network interfaces without a subnet' } });
  }
  if (new Set(subnets.map(rootKey)).size > 1) yield azureError('SubnetsNotInSameVnet', { values: { id } });
}

function* checkScaleSet(context: WriteContext<VirtualMachineScaleSetDocument>, after: Lookup): Generator<AzureError> {
  const { zones = [], properties } = context.document;
  const { virtualMachineProfile, virtualMachines, singlePlacementGroup } = properties;
  const { networkInterfaceConfigurations = [], healthProbe } = virtualMachineProfile?.networkProfile ?? {};
  const configurations = networkInterfaceConfigurations
    .flatMap((one) => one.properties?.ipConfigurations ?? [])
    .flatMap((one) => one.properties ?? []);
  const publicIPs = configurations.flatMap(
    (one) => (one.publicIPAddressConfiguration as { sku?: { name?: string } } | undefined)?.sku?.name ?? [],
  );
  yield* checkSettled(context, settled);
  yield* checkNamesOf(networkInterfaceConfigurations, context.idText);
  yield* checkConfigurations(networkInterfaceConfigurations, context);
  const use = {
    pools: configurations.flatMap((one) => one.loadBalancerBackendAddressPools ?? []).map(({ id }) => id),
    natPools: configurations.flatMap((one) => one.loadBalancerInboundNatPools ?? []).map(({ id }) => id),
    probe: healthProbe?.id,
    publicIPSkus: publicIPs,
    isSpread: singlePlacementGroup === false || zones.length > 1,
  };
  yield* checkLoadBalancersOfScaleSet(use, context);
  // The instances are alike, so one speaks for all.
  const [first] = virtualMachines ?? [];
  const one = { id: context.idText, document: { properties: { virtualMachines: first ? [first] : [] } } };
  yield* checkLoadBalancersAhead(
    instanceIPConfigurations(one).map(({ id }) => id),
    after,
  );
}

export const virtualMachineScaleSets = resourceType<VirtualMachineScaleSetDocument>({
  type: 'Microsoft.Compute/virtualMachineScaleSets',
  apiVersions: computeApiVersions,
  schema,
  defaults: completeScaleSet,
  check: checkScaleSet,
  requests: { nameParameter: 'vmScaleSetName', patchesAll: true, actions: scaleSetActions },
});
