/** Azure's regions, by name and display name (`GET /subscriptions/{id}/locations`), in every cloud. */
import { azureError } from '../../../errors/index.js';
const displayNames = [
    'East US',
    'East US 2',
    'South Central US',
    'West US 2',
    'West US 3',
    'Australia East',
    'Southeast Asia',
    'North Europe',
    'Sweden Central',
    'UK South',
    'West Europe',
    'Central US',
    'South Africa North',
    'Central India',
    'East Asia',
    'Indonesia Central',
    'Japan East',
    'Japan West',
    'Korea Central',
    'Malaysia West',
    'New Zealand North',
    'Canada Central',
    'Austria East',
    'France Central',
    'Germany West Central',
    'Italy North',
    'Norway East',
    'Poland Central',
    'Spain Central',
    'Switzerland North',
    'Mexico Central',
    'UAE North',
    'Brazil South',
    'Chile Central',
    'Israel Central',
    'Qatar Central',
    'Central US EUAP',
    'East US 2 EUAP',
    'East US STG',
    'South Central US STG',
    'North Central US',
    'West US',
    'Jio India West',
    'Jio India Central',
    'West Central US',
    'South Africa West',
    'Australia Central',
    'Australia Central 2',
    'Australia Southeast',
    'Korea South',
    'South India',
    'West India',
    'Canada East',
    'France South',
    'Germany North',
    'Norway West',
    'Switzerland West',
    'UK West',
    'UAE Central',
    'Brazil Southeast',
    'Belgium Central',
    'Denmark East',
    'Sweden South',
    'Taiwan North',
    'Taiwan Northwest',
    'Southeast US',
    'Southeast US 3',
    'Southwest US',
    'Northeast US 5',
    'East US 3',
    'Israel Northwest',
    'China East',
    'China East 2',
    'China East 3',
    'China North',
    'China North 2',
    'China North 3',
    'US Gov Virginia',
    'US Gov Arizona',
    'US Gov Texas',
    'US Gov Iowa',
    'US DoD Central',
    'US DoD East',
    'USSec East',
    'USSec West',
    'USNat East',
    'USNat West',
    'Germany Central',
    'Germany Northeast',
    'Global',
    'Local',
];
export const azureLocations = displayNames.map((displayName) => ({
    name: displayName.replaceAll(' ', '').toLowerCase(),
    displayName,
}));
const names = new Set(azureLocations.map(({ name }) => name));
/** `location` is the normalised name of a region. */
export const isAzureLocation = (location) => names.has(location);
export const locationNames = azureLocations.map(({ name }) => name).join(',');
const legal = /^[\w\s(),-]*$/;
/** Refuses a location, as the client wrote it, with characters that no region's name has. */
export function checkLocationForm(given) {
    if (typeof given !== 'string' || legal.test(given))
        return;
    throw azureError('InvalidResourceLocationFormat', { values: { location: given } });
}
/** Refuses a location that no region has. `given` is what the client wrote, `location` its normalised form. */
export function checkLocation(given, { location, type }) {
    if (location === undefined || location === '')
        throw azureError('LocationRequired');
    checkLocationForm(given);
    if (isAzureLocation(location))
        return;
    const values = { location: String(given), type, available: locationNames };
    throw type === 'resourceGroups'
        ? azureError('LocationNotAvailableForResourceGroup', { values })
        : azureError('LocationNotAvailableForResourceType', { values });
}
//# sourceMappingURL=locations.js.map