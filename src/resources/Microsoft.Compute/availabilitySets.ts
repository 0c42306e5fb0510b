/**
 * Availability sets (`Microsoft.Compute/availabilitySets`), as
 * https://learn.microsoft.com/azure/virtual-machines/availability-set-overview describes them.
 */

import { azureError } from '../../errors/index.js';
import { type ResourceDocument, resourceType, type WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';
import { checkSettled, computeApiVersions, type Settled, sizesAction } from './common-members.js';

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

const settled: Settled = {
  platformFaultDomainCount: ({ platformFaultDomainCount: count }) => count,
  platformUpdateDomainCount: ({ platformUpdateDomainCount: count }) => count,
};

export const availabilitySets = resourceType<AvailabilitySetDocument>({
  type: 'Microsoft.Compute/availabilitySets',
  apiVersions: computeApiVersions,
  schema,
  inUse: [
    {
      by: 'Microsoft.Compute/virtualMachines',
      path: 'availabilitySet',
      refuse: ({ name }) => azureError('AvailabilitySetInUse', { values: { name } }),
    },
  ],
  defaults: ({ document, existing }: WriteContext<AvailabilitySetDocument>) => {
    const before = existing?.document as AvailabilitySetDocument | undefined;
    document.sku ??= before?.sku ?? { name: 'Classic' };
    document.properties.platformUpdateDomainCount ??= before?.properties.platformUpdateDomainCount ?? 5;
    document.properties.platformFaultDomainCount ??= before?.properties.platformFaultDomainCount ?? 3;
  },
  *check(context) {
    const { document, existing } = context;
    const { sku: { name: from } = {} } = existing?.document ?? {};
    const { sku: { name: to = '' } = {} } = document;
    if (from === 'Aligned' && to !== from)
      yield azureError('AvailabilitySetSkuCannotBeChanged', { values: { from, to } });
    yield* checkSettled(context, settled);
    const { platformUpdateDomainCount: update, platformFaultDomainCount: fault } = document.properties;
    for (const [what, value, maximum, property] of [
      ['fault domain count', fault, 3, 'platformFaultDomainCount'],
      ['update domain count', update, 20, 'platformUpdateDomainCount'],
    ] as const) {
      if (typeof value !== 'number' || (value >= 1 && value <= maximum)) continue;
      yield azureError('MachineCountOutOfRange', { values: { what, value, minimum: 1, maximum, property } });
    }
  },
  requests: {
    nameParameter: 'availabilitySetName',
    patchesAll: true,
    actions: [sizesAction],
    statuses: { put: () => 200, putIsDone: () => true, delete: () => 200 },
  },
});
