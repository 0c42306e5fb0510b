/**
 * Availability sets (`Microsoft.Compute/availabilitySets`), as
 * https://learn.microsoft.com/azure/virtual-machines/availability-set-overview describes them.
 */
import { azureError } from '../../errors/index.js';
import { type ResourceDocument, resourceType, type WriteContext } from '../resource-type.js';
import { anything, array, backReferences, envelope, integer, object, oneOf, reference } from '../schema.js';
import { computeApiVersions } from './api-versions.js';

interface AvailabilitySetDocument extends ResourceDocument {
  properties: Record<string, unknown> & { platformUpdateDomainCount?: number; platformFaultDomainCount?: number };
}

const schema = envelope('name id type location tags properties sku', {
  properties: object({
    platformUpdateDomainCount: integer(),
    platformFaultDomainCount: integer(),
    virtualMachines: backReferences('Microsoft.Compute/virtualMachines', 'availabilitySet'),
    proximityPlacementGroup: reference('Microsoft.Compute/proximityPlacementGroups', { since: '2018-04-01' }),
    virtualMachineScaleSetMigrationInfo: anything({ readOnly: true, since: '2024-11-01' }),
    scheduledEventsPolicy: anything({ since: '2024-07-01' }),
    statuses: array(anything(), { readOnly: true }),
  }),
  sku: object({ name: oneOf(['Classic', 'Aligned']), tier: anything(), capacity: integer() }, { since: '2016-04-30' }),
});

export const availabilitySets = resourceType<AvailabilitySetDocument>({
  type: 'Microsoft.Compute/availabilitySets',
  apiVersions: computeApiVersions,
  schema,
  inUse: [
    {
      by: 'Microsoft.Compute/virtualMachines',
      path: 'availabilitySet',
      refuse: ({ name, links }) =>
        azureError('AvailabilitySetInUse', {
          values: { name, users: links.map(({ sourceId }) => sourceId).join(', ') },
        }),
    },
  ],
  defaults: ({ document }: WriteContext<AvailabilitySetDocument>) => {
    document.sku ??= { name: 'Classic' };
    document.properties.platformUpdateDomainCount ??= 5;
    document.properties.platformFaultDomainCount ??= 3;
  },
});
