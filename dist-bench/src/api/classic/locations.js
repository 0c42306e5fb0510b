/** Azure's regions and machine sizes of the classic years. Imitates "List Locations" and "List Role Sizes". */
/** Regions by display name. */
export const locations = [
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
const size = (name, [cores, memoryInMb, dataDisks]) => ({
    name,
    cores,
    memoryInMb,
    dataDisks,
});
/** Sizes that web and worker roles may have too. */
const sharedSizes = [
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
const vmSizes = [
    size('Basic_A0', [1, 768, 1]),
    size('Basic_A1', [1, 1792, 2]),
    size('Basic_A2', [2, 3584, 4]),
    size('Basic_A3', [4, 7168, 8]),
    size('Basic_A4', [8, 14336, 16]),
];
const names = (sizes) => sizes.map(({ name }) => name).sort();
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
const sortedWords = (name) => [...name.toLowerCase().replaceAll(' ', '')].sort().join('');
/** A region as Azure returns it. Clients write `West US`, `westus` and the service's internal `uswest`. */
export const canonicalLocation = (name) => locations.find((location) => sortedWords(location) === sortedWords(name)) ?? name;
//# sourceMappingURL=locations.js.map