/**
 * The profiles that machines and scale sets share: what Lazurite reads is modelled, the rest is stored and shown as it
 * was sent.
 */
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
