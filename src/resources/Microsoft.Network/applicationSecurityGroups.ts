/**
 * Application security groups (`Microsoft.Network/applicationSecurityGroups`): names that ipConfigurations and security
 * rules share, as https://learn.microsoft.com/azure/virtual-network/application-security-groups describes them.
 */

import { azureError } from '../../errors/index.js';
import { type InUse, resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import { networkApiVersionsSince } from './member-versions.js';

const schema = Schema.envelope('name id etag type location tags properties', {
  // The model has a resourceGuid, which Azure does not show.
  properties: Schema.object({ provisioningState: Schema.provisioningState(), resourceGuid: Schema.resourceGuid() }),
});

const usedBy = (path: string): InUse => ({
  by: 'Microsoft.Network/*',
  path,
  refuse: ({ id, links }) =>
    azureError('InUseApplicationSecurityGroupCannotBeDeleted', { values: { id, user: links[0]?.sourceId ?? '' } }),
});

export const applicationSecurityGroups = resourceType({
  type: 'Microsoft.Network/applicationSecurityGroups',
  apiVersions: networkApiVersionsSince('2017-09-01'),
  schema,
  inUse: [
    usedBy('applicationSecurityGroups'),
    usedBy('sourceApplicationSecurityGroups'),
    usedBy('destinationApplicationSecurityGroups'),
  ],
});
