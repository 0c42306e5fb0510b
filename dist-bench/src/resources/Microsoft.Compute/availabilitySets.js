/**
 * Availability sets (`Microsoft.Compute/availabilitySets`), as
 * https://learn.microsoft.com/azure/virtual-machines/availability-set-overview describes them.
 */
import { azureError } from '../../errors/index.js';
import { resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import { computeApiVersions } from './api-versions.js';
const schema = Schema.envelope('name id type location tags properties sku', {
    properties: Schema.object({
        platformUpdateDomainCount: Schema.integer(),
        platformFaultDomainCount: Schema.integer(),
        managed: Schema.boolean({ until: '2016-08-30' }),
        virtualMachines: Schema.backReferences('Microsoft.Compute/virtualMachines', 'availabilitySet'),
        proximityPlacementGroup: Schema.reference('Microsoft.Compute/proximityPlacementGroups', { since: '2018-04-01' }),
        virtualMachineScaleSetMigrationInfo: Schema.anything({ readOnly: true, since: '2024-11-01' }),
        scheduledEventsPolicy: Schema.anything({ since: '2024-07-01' }),
        statuses: Schema.array(Schema.anything(), { readOnly: true }),
    }),
    sku: Schema.object({ name: Schema.oneOf(['Classic', 'Aligned']), tier: Schema.anything(), capacity: Schema.integer() }, { since: '2016-04-30' }),
});
export const availabilitySets = resourceType({
    type: 'Microsoft.Compute/availabilitySets',
    apiVersions: computeApiVersions,
    schema,
    inUse: [
        {
            by: 'Microsoft.Compute/virtualMachines',
            path: 'availabilitySet',
            refuse: ({ name, links }) => azureError('AvailabilitySetInUse', {
                values: { name, users: links.map(({ sourceId }) => sourceId).join(', ') },
            }),
        },
    ],
    defaults: ({ document }) => {
        document.sku ??= { name: 'Classic' };
        document.properties.platformUpdateDomainCount ??= 5;
        document.properties.platformFaultDomainCount ??= 3;
    },
    requests: {
        nameParameter: 'availabilitySetName',
        statuses: { put: () => 200, putIsDone: () => true, delete: () => 200 },
    },
});
//# sourceMappingURL=availabilitySets.js.map