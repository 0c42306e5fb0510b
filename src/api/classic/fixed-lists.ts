/**
 * Lists of the classic API that do not depend on what is stored: regions, machine sizes, and the values of `x-ms-version` with
 * the elements and operations that they brought. Imitates "List Locations", "List Role Sizes" and "Service Management versioning".
 */

/** Regions by display name. */
export const locations: readonly string[] = [
  'South Central US',
  'West US',
  'East US',
  'East US 2',
  'Central US',
  'North Central US',
  'North Europe',
  'West Europe',
  'Southeast Asia',
  'East Asia',
  'Japan East',
  'Japan West',
  'Brazil South',
  'Australia East',
  'Australia Southeast',
];

interface Size {
  readonly name: string;
  readonly cores: number;
  readonly memoryInMb: number;
  readonly dataDisks: number;
}

const size = (name: string, [cores, memoryInMb, dataDisks]: readonly [number, number, number]): Size => ({
  name,
  cores,
  memoryInMb,
  dataDisks,
});

/** Sizes that web and worker roles may have too. */
const sharedSizes: readonly Size[] = [
  size('A5', [2, 14336, 4]),
  size('A6', [4, 28672, 8]),
  size('A7', [8, 57344, 16]),
  size('ExtraLarge', [8, 14336, 16]),
  size('ExtraSmall', [1, 768, 1]),
  size('Large', [4, 7168, 8]),
  size('Medium', [2, 3584, 4]),
  size('Small', [1, 1792, 2]),
  size('Standard_D1', [1, 3584, 2]),
  size('Standard_D2', [2, 7168, 4]),
  size('Standard_D3', [4, 14336, 8]),
  size('Standard_D4', [8, 28672, 16]),
];

const vmSizes: readonly Size[] = [
  size('Basic_A0', [1, 768, 1]),
  size('Basic_A1', [1, 1792, 2]),
  size('Basic_A2', [2, 3584, 4]),
  size('Basic_A3', [4, 7168, 8]),
  size('Basic_A4', [8, 14336, 16]),
];

const names = (sizes: readonly Size[]): string[] => sizes.map(({ name }) => name).sort();

/** What every region offers. */
export const computeCapabilities = {
  WebWorkerRoleSizes: names(sharedSizes),
  VirtualMachinesRoleSizes: names([...sharedSizes, ...vmSizes]),
};

/** The document of List Locations. */
export const locationValues = locations.map((Name) => ({
  Name,
  DisplayName: Name,
  AvailableServices: ['Compute', 'Storage', 'PersistentVMRole', 'HighMemory'],
  ComputeCapabilities: computeCapabilities,
  StorageCapabilities: { StorageAccountTypes: ['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_RAGRS'] },
}));

/** The document of List Role Sizes. */
export const roleSizeValues = [...sharedSizes, ...vmSizes].map(({ name, cores, memoryInMb, dataDisks }) => ({
  Name: name,
  Label: `${name} (${cores} cores, ${memoryInMb} MB)`,
  Cores: cores,
  MemoryInMb: memoryInMb,
  SupportedByWebWorkerRoles: sharedSizes.some((shared) => shared.name === name),
  SupportedByVirtualMachines: true,
  MaxDataDiskCount: dataDisks,
}));

const sortedWords = (name: string): string => [...name.toLowerCase().replaceAll(' ', '')].sort().join('');

/** A region as Azure returns it. Clients write `West US`, `westus` and the service's internal `uswest`. */
export const canonicalLocation = (name: string): string =>
  locations.find((location) => sortedWords(location) === sortedWords(name)) ?? name;

/**
 * Documented versions to 2015-04-01 and, after it, those that real clients send. Versions order as their dates do.
 */
export const serviceVersions: readonly string[] = [
  '2009-10-01',
  '2010-04-01',
  '2010-10-28',
  '2011-02-25',
  '2011-06-01',
  '2011-08-01',
  '2011-10-01',
  '2011-12-01',
  '2012-03-01',
  '2012-08-01',
  '2012-12-01',
  '2013-03-01',
  '2013-06-01',
  '2013-07-01',
  '2013-08-01',
  '2013-10-01',
  '2013-11-01',
  '2014-01-01',
  '2014-02-01',
  '2014-04-01',
  '2014-05-01',
  '2014-06-01',
  '2014-07-01',
  '2014-08-01',
  '2014-09-01',
  '2014-10-01',
  '2014-11-01',
  '2015-02-01',
  '2015-04-01',
  '2015-07-01',
  '2015-09-01',
  '2016-03-01',
  '2016-06-01',
  '2016-07-01',
  '2016-11-01',
  '2017-01-01',
];

/** When elements and operations arrived. */
export const since = {
  virtualMachines: '2012-03-01',
  updateLoadBalancedSet: '2013-06-01',
  internalLoadBalancers: '2014-05-01',
  idleTimeout: '2014-06-01',
  loadBalancerDistribution: '2014-09-01',
  reservedIpAssociation: '2015-02-01',
  virtualIps: '2015-04-01',
  /** The oldest of the versions that clients send with it; when exactly it arrived is not known. */
  migration: '2016-03-01',
  /** Recorded in answers to 2017-01-01, not in those to 2015-04-01. */
  cloudServiceVirtualIpName: '2015-07-01',
} as const;
