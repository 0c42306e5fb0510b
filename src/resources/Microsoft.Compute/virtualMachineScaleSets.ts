/**
 * Virtual machine scale sets (`Microsoft.Compute/virtualMachineScaleSets`), as far as load balancing goes: their
 * instances are members of backend pools and targets of NAT pools, as
 * https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-networking describes.
 */
import { type ResourceDocument, resourceType, type WriteContext } from '../resource-type.js';
import {
  anything,
  array,
  boolean,
  envelope,
  extendedLocation,
  integer,
  object,
  provisioningState,
  reference,
  string,
  zones,
} from '../schema.js';
import { computeApiVersions } from './api-versions.js';
import type { PowerState } from './power-state.js';
import { completeProfiles, osProfile, storageProfile } from './profiles.js';
import {
  type Instance,
  instanceIPConfigurationMembers,
  instances,
  type ProfileNetworkInterface,
  placeInstances,
} from './virtualMachineScaleSets/instances.js';

interface VirtualMachineProfile extends Record<string, unknown> {
  osProfile?: Record<string, unknown>;
  storageProfile?: Record<string, unknown>;
  networkProfile?: { networkInterfaceConfigurations?: ProfileNetworkInterface[] };
  extensionProfile?: { extensions?: { properties?: Record<string, unknown> }[] };
}

interface VirtualMachineScaleSetDocument extends ResourceDocument {
  powerState?: PowerState;
  sku?: { name?: string; tier?: string; capacity?: number };
  properties: Record<string, unknown> & {
    virtualMachineProfile?: VirtualMachineProfile;
    virtualMachines?: Instance[];
    uniqueId?: string;
  };
}

const ipConfiguration = object({
  name: string(),
  id: string(),
  properties: object({
    primary: boolean(),
    publicIPAddressConfiguration: anything(),
    privateIPAddressVersion: string(),
    ...instanceIPConfigurationMembers(),
    applicationSecurityGroups: array(reference('Microsoft.Network/applicationSecurityGroups')),
    applicationGatewayBackendAddressPools: array(
      reference('Microsoft.Network/applicationGateways/backendAddressPools'),
    ),
  }),
});

const networkInterfaceConfiguration = object({
  name: string(),
  id: string(),
  tags: anything(),
  properties: object({
    primary: boolean(),
    enableAcceleratedNetworking: boolean(),
    disableTcpStateTracking: boolean(),
    enableFpga: boolean(),
    networkSecurityGroup: reference('Microsoft.Network/networkSecurityGroups'),
    dnsSettings: anything(),
    ipConfigurations: array(ipConfiguration),
    enableIPForwarding: boolean(),
    deleteOption: string(),
    auxiliaryMode: string(),
    auxiliarySku: string(),
  }),
});

const virtualMachineProfile = object({
  osProfile: osProfile(),
  storageProfile: storageProfile(),
  additionalCapabilities: anything(),
  networkProfile: object({
    healthProbe: reference('Microsoft.Network/loadBalancers/probes'),
    networkApiVersion: string(),
    networkInterfaceConfigurations: array(networkInterfaceConfiguration),
  }),
  securityProfile: anything(),
  diagnosticsProfile: anything(),
  extensionProfile: anything(),
  licenseType: string(),
  priority: string(),
  evictionPolicy: string(),
  billingProfile: anything(),
  scheduledEventsProfile: anything(),
  userData: string(),
  capacityReservation: anything(),
  applicationProfile: anything(),
  hardwareProfile: anything(),
  serviceArtifactReference: anything(),
  securityPostureReference: anything(),
  timeCreated: string({ readOnly: true }),
});

const schema = envelope('name id type location extendedLocation tags sku identity plan zones properties', {
  extendedLocation: extendedLocation('2020-12-01'),
  sku: object({ name: string(), tier: string(), capacity: integer() }),
  identity: anything(),
  plan: anything(),
  zones: zones('2017-03-30'),
  properties: object({
    singlePlacementGroup: boolean(),
    orchestrationMode: string({ since: '2020-12-01' }),
    upgradePolicy: anything(),
    scaleInPolicy: anything(),
    automaticRepairsPolicy: anything(),
    virtualMachineProfile,
    provisioningState: provisioningState(),
    overprovision: boolean(),
    doNotRunExtensionsOnOverprovisionedVMs: boolean(),
    uniqueId: string({ readOnly: true }),
    zoneBalance: boolean(),
    platformFaultDomainCount: integer(),
    proximityPlacementGroup: reference('Microsoft.Compute/proximityPlacementGroups'),
    hostGroup: reference('Microsoft.Compute/hostGroups'),
    additionalCapabilities: anything(),
    spotRestorePolicy: anything(),
    priorityMixPolicy: anything(),
    constrainedMaximumCapacity: boolean(),
    resiliencyPolicy: anything(),
    zonalPlatformFaultDomainAlignMode: string(),
    skuProfile: anything(),
    highSpeedInterconnectPlacement: string(),
    scheduledEventsPolicy: anything(),
    timeCreated: string({ readOnly: true }),
    virtualMachines: instances(),
  }),
});

function completeScaleSet(context: WriteContext<VirtualMachineScaleSetDocument>): void {
  const { document, existing } = context;
  const properties = document.properties;
  const isFlexible = properties.orchestrationMode === 'Flexible';
  properties.uniqueId = (existing?.document.properties.uniqueId as string | undefined) ?? context.newGuid();
  document.powerState = (existing?.document.powerState as PowerState | undefined) ?? 'running';
  if (document.sku) document.sku.tier ??= 'Standard';
  properties.singlePlacementGroup ??= !isFlexible;
  properties.orchestrationMode ??= 'Uniform';
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

export const virtualMachineScaleSets = resourceType<VirtualMachineScaleSetDocument>({
  type: 'Microsoft.Compute/virtualMachineScaleSets',
  apiVersions: computeApiVersions,
  schema,
  defaults: completeScaleSet,
  requests: {
    actions: (
      [
        ['start', 'running'],
        ['restart', 'running'],
        ['powerOff', 'stopped'],
        ['deallocate', 'deallocated'],
      ] as const
    ).map(([path, powerState]) => ({
      path,
      since: '2015-06-15',
      answer: 'async' as const,
      run: ({ resource }) => ({ writes: [{ key: resource.key, document: { ...resource.document, powerState } }] }),
    })),
  },
});
