/**
 * Virtual machines (`Microsoft.Compute/virtualMachines`): they own network interfaces and can be switched off. No
 * machine runs; whatever listens on the interface's mapped address stands in for it.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { checkNetworkInterfacesAhead } from '../Microsoft.Network/loadBalancers/together.js';
import { childrenIn } from '../references.js';
import { idKey, lastSegment, rootKey } from '../resource-id.js';
import type {
  Action,
  Lookup,
  Resource,
  ResourceDocument,
  ShowContext,
  ViewContext,
  WriteContext,
} from '../resource-type.js';
import { resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import type { PowerState } from './common-members.js';
import {
  checkSettled,
  completeProfiles,
  computeApiVersions,
  osProfile,
  powerStatuses,
  type Settled,
  sizesAction,
  storageProfile,
} from './common-members.js';

interface VirtualMachineDocument extends ResourceDocument {
  powerState?: PowerState;
  properties: Record<string, unknown> & {
    vmId?: string;
    networkProfile?: { networkInterfaces?: { id: string; properties?: { primary?: boolean } }[] };
    osProfile?: Record<string, unknown>;
    storageProfile?: Record<string, unknown>;
  };
}

/** A reference that says more than the id: whether the interface is the primary one. */
const networkInterface = () => {
  const target = Schema.reference('Microsoft.Network/networkInterfaces');
  const properties = Schema.object({ primary: Schema.anything(), deleteOption: Schema.string() });
  const given = (target as unknown as { properties: object }).properties;
  return Object.assign(target, { properties: { ...given, properties }, additionalProperties: false });
};

const schema = Schema.envelope('name id type location extendedLocation tags identity plan zones properties resources', {
  resources: Schema.array(Schema.anything(), { readOnly: true }),
  extendedLocation: Schema.extendedLocation({ since: '2020-12-01' }),
  identity: Schema.anything(),
  plan: Schema.anything(),
  zones: Schema.zones({ since: '2017-03-30' }),
  properties: Schema.object({
    vmId: Schema.string({ readOnly: true }),
    availabilitySet: Schema.reference('Microsoft.Compute/availabilitySets'),
    virtualMachineScaleSet: Schema.reference('Microsoft.Compute/virtualMachineScaleSets', { since: '2019-07-01' }),
    proximityPlacementGroup: Schema.reference('Microsoft.Compute/proximityPlacementGroups', { since: '2018-04-01' }),
    host: Schema.reference('Microsoft.Compute/hostGroups/hosts'),
    hostGroup: Schema.reference('Microsoft.Compute/hostGroups'),
    priority: Schema.string({ since: '2019-03-01' }),
    evictionPolicy: Schema.string({ since: '2019-03-01' }),
    billingProfile: Schema.anything({ since: '2019-03-01' }),
    hardwareProfile: Schema.anything(),
    scheduledEventsPolicy: Schema.anything(),
    storageProfile: storageProfile(),
    additionalCapabilities: Schema.anything(),
    osProfile: osProfile(),
    networkProfile: Schema.object({
      networkApiVersion: Schema.string(),
      networkInterfaceConfigurations: Schema.anything(),
      networkInterfaces: Schema.array(networkInterface()),
    }),
    securityProfile: Schema.anything(),
    diagnosticsProfile: Schema.anything(),
    licenseType: Schema.string(),
    extensionsTimeBudget: Schema.string(),
    platformFaultDomain: Schema.integer(),
    scheduledEventsProfile: Schema.anything(),
    userData: Schema.string(),
    capacityReservation: Schema.anything(),
    applicationProfile: Schema.anything(),
    provisioningState: Schema.provisioningState(),
    timeCreated: Schema.string({ readOnly: true }),
    instanceView: Schema.anything({ readOnly: true }),
  }),
});

function completeVirtualMachine(context: WriteContext<VirtualMachineDocument>): void {
  const { document, existing } = context;
  const properties = document.properties;
  properties.vmId = (existing?.document.properties.vmId as string | undefined) ?? context.newGuid();
  // A machine keeps its power state when it is written, and starts when it is created.
  document.powerState = (existing?.document.powerState as PowerState | undefined) ?? 'running';
  completeProfiles(properties);
  // Azure takes the password and never shows it again.
  if (properties.userData !== undefined) delete properties.userData;
}

interface Profiles {
  osProfile?: {
    computerName?: string;
    adminUsername?: string;
    linuxConfiguration?: { ssh?: { publicKeys?: unknown } };
  };
  storageProfile?: {
    imageReference?: Record<string, unknown>;
    osDisk?: { name?: string; createOption?: string; vhd?: { uri?: string } };
  };
}

const imageOf = ({ storageProfile: { imageReference } = {} }: Profiles): unknown =>
  imageReference && ['publisher', 'offer', 'sku', 'version', 'id'].map((name) => imageReference[name] ?? '');

const settled: Settled = {
  imageReference: imageOf,
  'osDisk.name': ({ storageProfile: storage }: Profiles) => storage?.osDisk?.name,
  'osDisk.createOption': ({ storageProfile: storage }: Profiles) => storage?.osDisk?.createOption,
  'osDisk.vhd.uri': ({ storageProfile: storage }: Profiles) => storage?.osDisk?.vhd?.uri,
  'osProfile.computerName': ({ osProfile: os }: Profiles) => os?.computerName,
  'osProfile.adminUsername': ({ osProfile: os }: Profiles) => os?.adminUsername,
  'linuxConfiguration.ssh.publicKeys': ({ osProfile: os }: Profiles) => os?.linuxConfiguration?.ssh?.publicKeys,
};

/** Several network interfaces of one machine: one is primary, and all are in one virtual network. */
function* checkNetworkInterfacesTogether(
  all: readonly { id: string; properties?: { primary?: boolean } }[],
  { id, lookup }: { readonly id: string; readonly lookup: Lookup },
): Generator<AzureError> {
  if (all.length < 2) return;
  if (new Set(all.map((one) => idKey(one.id))).size < all.length) {
    yield azureError('MachineCannotHave', { values: { id, what: 'one network interface twice' } });
  }
  const primaries = all.filter(({ properties }) => properties?.primary).length;
  const unsaid = all.find(({ properties }) => properties?.primary === undefined);
  if (primaries === 0 && unsaid) {
    yield azureError('NetworkInterfaceMustHavePrimaryPropertySet', { values: { name: lastSegment(unsaid.id) } });
  }
  if (primaries !== 1) {
    yield azureError('VirtualMachineMustHaveOneNetworkInterfaceAsPrimary', { values: { id } });
  }
  const networks = new Set(
    all
      .flatMap((one) => childrenIn(lookup.resource(idKey(one.id))?.document.properties, 'ipConfigurations'))
      .flatMap(({ properties }) => (properties?.subnet as { id: string } | undefined)?.id ?? [])
      .map(rootKey),
  );
  if (networks.size > 1) yield azureError('SubnetsNotInSameVnet', { values: { id } });
}

/** A machine is in one zone or in one availability set, and stays there. */
function* checkPlacement({
  document,
  existing,
  idText: id,
}: WriteContext<VirtualMachineDocument>): Generator<AzureError> {
  const { zones = [], properties } = document;
  if (zones.length > 1)
    yield azureError('MachineCannotHave', { values: { id, what: 'more than one availability zone' } });
  if (zones.length > 0 && properties.availabilitySet) {
    yield azureError('MachineCannotHave', {
      values: { id, what: 'both an availability zone and an availability set' },
    });
  }
  const before = existing?.document as VirtualMachineDocument | undefined;
  if (!before) return;
  if (zones.join() !== (before.zones ?? []).join()) {
    yield azureError('PropertyChangeNotAllowed', { values: { property: 'zones' } });
  }
  const setOf = ({ properties: { availabilitySet } }: VirtualMachineDocument) =>
    idKey((availabilitySet as { id: string } | undefined)?.id ?? '');
  if (setOf(document) !== setOf(before)) {
    yield azureError('PropertyChangeNotAllowed', { values: { property: 'availabilitySet.id' } });
  }
}

function* checkVirtualMachine(context: WriteContext<VirtualMachineDocument>, after: Lookup): Generator<AzureError> {
  const { document, lookup, idText } = context;
  const networkInterfaces = document.properties.networkProfile?.networkInterfaces ?? [];
  yield* checkPlacement(context);
  yield* checkSettled(context, settled);
  for (const { id } of networkInterfaces) {
    const other = lookup
      .linksInto(idKey(id))
      .find(({ path, sourceId }) => path === 'networkInterfaces' && rootKey(sourceId) !== idKey(idText));
    if (other) yield azureError('NicInUse', { values: { id, user: other.sourceId } });
  }
  yield* checkNetworkInterfacesTogether(networkInterfaces, { id: idText, lookup });
  yield* checkNetworkInterfacesAhead(
    networkInterfaces.map(({ id }) => id),
    after,
  );
}

/** What `GET …/virtualMachines/{name}/instanceView` answers. */
export const virtualMachineInstanceView = ({ resource }: ViewContext): Record<string, unknown> => ({
  computerName: (resource.document as VirtualMachineDocument).properties.osProfile?.computerName,
  disks: [],
  statuses: powerStatuses(resource.document),
});

/** The extensions of a machine, which are stored on their own, as the machine shows them: `az vm extension list` reads them there. */
function extensionsOf({ key }: Resource, lookup: Lookup) {
  return [...lookup.everyOfType('Microsoft.Compute/virtualMachines/extensions')]
    .filter((one) => one.key.startsWith(`${key}/`))
    .map(({ id, type, provisioningState, document: { location, tags, properties } }) => ({
      name: lastSegment(id),
      id,
      type,
      location,
      ...(tags ? { tags } : {}),
      properties: { ...properties, provisioningState },
    }));
}

/** `$expand=instanceView` shows the instance view among the properties. */
function showVirtualMachine({ expand, ...context }: ShowContext): ResourceDocument {
  const resources = extensionsOf(context.resource, context.lookup);
  const document = { ...context.resource.document, ...(resources.length > 0 ? { resources } : {}) };
  const wanted = expand?.split(',').some((part) => part.trim().toLowerCase() === 'instanceview');
  if (!wanted) return document;
  return { ...document, properties: { ...document.properties, instanceView: virtualMachineInstanceView(context) } };
}

const powerAction = (path: string, powerState: PowerState): Action => ({
  path,
  since: '2015-06-15',
  answer: 'async',
  run: ({ resource }) => ({ writes: [{ key: resource.key, document: { ...resource.document, powerState } }] }),
});

export const virtualMachines = resourceType<VirtualMachineDocument>({
  type: 'Microsoft.Compute/virtualMachines',
  apiVersions: computeApiVersions,
  schema,
  defaults: completeVirtualMachine,
  check: checkVirtualMachine,
  view: showVirtualMachine,
  requests: {
    nameParameter: 'vmName',
    patchesAll: true,
    actions: [
      {
        path: 'instanceView',
        method: 'GET',
        since: '2015-06-15',
        answer: 'sync',
        run: (context) => ({ body: virtualMachineInstanceView(context) }),
      },
      sizesAction,
      powerAction('start', 'running'),
      powerAction('restart', 'running'),
      powerAction('redeploy', 'running'),
      powerAction('powerOff', 'stopped'),
      powerAction('deallocate', 'deallocated'),
    ],
  },
});
