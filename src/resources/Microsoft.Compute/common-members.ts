/**
 * What machines and scale sets share: api-versions, profiles and power states. Of the profiles, what Lazurite reads is
 * modelled; the rest is stored and shown as it was sent.
 */

import { isDeepStrictEqual } from 'node:util';
import { type AzureError, azureError } from '../../errors/index.js';
import { childNamed } from '../references.js';
import { rootKey } from '../resource-id.js';
import type { Action, Lookup, Resource, ResourceDocument, WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';

export const osProfileMembers = () => ({
  computerName: Schema.string(),
  computerNamePrefix: Schema.string(),
  adminUsername: Schema.string(),
  adminPassword: Schema.string(),
  customData: Schema.string(),
  windowsConfiguration: Schema.anyObject(),
  linuxConfiguration: Schema.anyObject(),
  secrets: Schema.array(Schema.anything()),
  allowExtensionOperations: Schema.boolean({ since: '2018-06-01' }),
  requireGuestProvisionSignal: Schema.boolean({ since: '2018-10-01' }),
});

export const osProfile = () => Schema.object(osProfileMembers());

export const storageProfile = () =>
  Schema.object({
    imageReference: Schema.anything(),
    osDisk: Schema.object({
      osType: Schema.string(),
      name: Schema.string(),
      createOption: Schema.string(),
      encryptionSettings: Schema.anything(),
      image: Schema.anything(),
      vhd: Schema.anything(),
      vhdContainers: Schema.anything(),
      caching: Schema.string(),
      writeAcceleratorEnabled: Schema.boolean(),
      diffDiskSettings: Schema.anything(),
      managedDisk: Schema.anything(),
      deleteOption: Schema.string(),
      diskSizeGB: Schema.integer(),
    }),
    dataDisks: Schema.array(Schema.anything()),
    diskControllerType: Schema.string(),
    alignRegionalDisksToVMZone: Schema.boolean(),
  });

interface Profiles {
  osProfile?: Record<string, unknown>;
  storageProfile?: Record<string, unknown> & { osDisk?: Record<string, unknown>; imageReference?: unknown };
}

/** Fills in what Azure fills in, and forgets the secrets that it never shows. */
export function completeProfiles({ osProfile: os, storageProfile: storage }: Profiles): void {
  const isWindows = JSON.stringify(storage?.imageReference ?? '').includes('Windows') || os?.windowsConfiguration;
  if (os) {
    delete os.adminPassword;
    delete os.customData;
    const configuration = isWindows ? 'windowsConfiguration' : 'linuxConfiguration';
    os[configuration] ??= {};
    const own = os[configuration] as Record<string, unknown>;
    own.provisionVMAgent ??= true;
    if (isWindows) own.enableAutomaticUpdates ??= true;
    os.secrets ??= [];
    os.allowExtensionOperations ??= true;
    os.requireGuestProvisionSignal ??= true;
  }
  if (!storage) return;
  storage.dataDisks ??= [];
  if (storage.osDisk) storage.osDisk.osType ??= isWindows ? 'Windows' : 'Linux';
}

/** What stays as it was created, of the properties of a resource, by the name that Azure refuses a change with. */
export type Settled = Readonly<Record<string, (properties: Record<string, unknown>) => unknown>>;

/** A value whose casing says nothing. */
const folded = (value: unknown): unknown => JSON.parse(JSON.stringify(value).toLowerCase());

/** Refuses another value for what is settled. What a write leaves out, it does not change. */
export function* checkSettled({ document, existing }: WriteContext, settled: Settled): Generator<AzureError> {
  if (!existing) return;
  for (const [property, valueIn] of Object.entries(settled)) {
    const [before, now] = [existing.document.properties, document.properties].map(valueIn);
    if (before === undefined || now === undefined) continue;
    if (isDeepStrictEqual(folded(before), folded(now))) continue;
    yield azureError('PropertyChangeNotAllowed', { values: { property } });
  }
}

export const computeApiVersions: readonly string[] = `
  2015-05-01-preview 2015-06-15
  2016-03-30 2016-04-30-preview 2016-08-30
  2017-03-30 2017-12-01
  2018-04-01 2018-06-01 2018-10-01
  2019-03-01 2019-07-01 2019-12-01
  2020-06-01 2020-12-01
  2021-03-01 2021-04-01 2021-07-01 2021-11-01
  2022-03-01 2022-08-01 2022-11-01
  2023-03-01 2023-07-01 2023-09-01
  2024-03-01 2024-07-01 2024-11-01
  2025-04-01
`
  .trim()
  .split(/\s+/);

/** Sizes that machines can have: name, cores, memory and temporary disk in MB, data disks. A few of Azure's several hundred. */
const sizes = [
  ['Standard_B1s', 1, 1024, 4096, 2],
  ['Standard_B2s', 2, 4096, 8192, 4],
  ['Standard_DS1_v2', 1, 3584, 7168, 4],
  ['Standard_DS2_v2', 2, 7168, 14336, 8],
  ['Standard_D2s_v3', 2, 8192, 16384, 4],
  ['Standard_D4s_v3', 4, 16384, 32768, 8],
] as const;

/** What `GET …/vmSizes` answers, of a location, a machine or an availability set. */
export const listSizes = () => ({
  value: sizes.map(([name, numberOfCores, memoryInMB, resourceDiskSizeInMB, maxDataDiskCount]) => ({
    name,
    numberOfCores,
    osDiskSizeInMB: 1047552,
    resourceDiskSizeInMB,
    memoryInMB,
    maxDataDiskCount,
  })),
});

export const sizesAction: Action = {
  path: 'vmSizes',
  method: 'GET',
  since: '2015-06-15',
  answer: 'sync',
  run: () => ({ body: listSizes() }),
};

export type PowerState = 'running' | 'stopped' | 'deallocated';

/** The machine's power state; kept beside what Azure shows, since only the instance view tells it. */
export const powerStateOf = (document: ResourceDocument): PowerState =>
  (document.powerState as PowerState | undefined) ?? 'running';

/** The machine that has the network interface with this folded id; undefined when none has. */
export function machineOf(lookup: Lookup, nicKey: string): Resource | undefined {
  const link = lookup
    .linksInto(nicKey)
    .find(({ path, sourceType }) => path === 'networkInterfaces' && sourceType.startsWith('Microsoft.Compute/'));
  return link && lookup.resource(rootKey(link.sourceId));
}

interface InstanceWithPower {
  readonly name: string;
  readonly properties: { readonly powerState?: PowerState };
}

/** Power state of the machine, or of the scale set's instance, that has the ipConfiguration with this id. */
export function powerStateOfIPConfiguration(lookup: Lookup, id: string): PowerState | undefined {
  const [, instanceId] = /\/virtualMachineScaleSets\/[^/]+\/virtualMachines\/([^/]+)\//i.exec(id) ?? [];
  if (instanceId === undefined) {
    const machine = machineOf(lookup, rootKey(id));
    return machine && powerStateOf(machine.document);
  }
  const instances = lookup.resource(rootKey(id))?.document.properties.virtualMachines as
    | InstanceWithPower[]
    | undefined;
  return childNamed(instances, instanceId)?.properties.powerState;
}

/** What an instance view says about a machine: `statuses` of `GET …/instanceView`. */
export const powerStatuses = (document: ResourceDocument): readonly Record<string, unknown>[] => [
  { code: 'ProvisioningState/succeeded', level: 'Info', displayStatus: 'Provisioning succeeded' },
  { code: `PowerState/${powerStateOf(document)}`, level: 'Info', displayStatus: `VM ${powerStateOf(document)}` },
];
