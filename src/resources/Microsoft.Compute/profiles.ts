/**
 * The profiles that machines and scale sets share: what Lazurite reads is modelled, the rest is stored and shown as it
 * was sent.
 */
import { anything, array, boolean, integer, object, string } from '../schema.js';

export const osProfileMembers = () => ({
  computerName: string(),
  computerNamePrefix: string(),
  adminUsername: string(),
  adminPassword: string(),
  customData: string(),
  windowsConfiguration: anything(),
  linuxConfiguration: anything(),
  secrets: array(anything()),
  allowExtensionOperations: boolean({ since: '2018-06-01' }),
  requireGuestProvisionSignal: boolean({ since: '2018-10-01' }),
});

export const osProfile = () => object(osProfileMembers());

export const storageProfile = () =>
  object({
    imageReference: anything(),
    osDisk: object({
      osType: string(),
      name: string(),
      createOption: string(),
      encryptionSettings: anything(),
      image: anything(),
      vhd: anything(),
      vhdContainers: anything(),
      caching: string(),
      writeAcceleratorEnabled: boolean(),
      diffDiskSettings: anything(),
      managedDisk: anything(),
      deleteOption: string(),
      diskSizeGB: integer(),
    }),
    dataDisks: array(anything()),
    diskControllerType: string(),
    alignRegionalDisksToVMZone: boolean(),
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
