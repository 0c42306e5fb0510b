/**
 * Availability sets (`Microsoft.Compute/availabilitySets`), as
 * https://learn.microsoft.com/azure/virtual-machines/availability-set-overview describes them.
 */

import { azureError } from '../../errors/index.js';
import { type ResourceDocument, resourceType, type WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';
import { computeApiVersions } from './common-members.js';

interface AvailabilitySetDocument extends ResourceDocument {
  properties: Record<string, unknown> & { platformUpdateDomainCount?: number; platformFaultDomainCount?: number };
}

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
  sku: Schema.object(
    { name: Schema.oneOf(['Classic', 'Aligned']), tier: Schema.anything(), capacity: Schema.integer() },
    { since: '2016-04-30' },
  ),
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
  *check({ document }) {
    const { platformUpdateDomainCount: update, platformFaultDomainCount: fault } = document.properties;
    for (const [what, value, maximum] of [
      ['fault domain count', fault, 3],
      ['update domain count', update, 20],
    ] as const) {
      if (typeof value !== 'number' || (value >= 1 && value <= maximum)) continue;
      yield azureError('MachineCountOutOfRange', { values: { what, value, minimum: 1, maximum } });
    }
  },
  requests: {
    nameParameter: 'availabilitySetName',
    statuses: { put: () => 200, putIsDone: () => true, delete: () => 200 },
  },
});
