/**
 * Application security groups (`Microsoft.Network/applicationSecurityGroups`): names that ipConfigurations and security
 * rules share, as https://learn.microsoft.com/azure/virtual-network/application-security-groups describes them.
 */

import { azureError } from '../../errors/index.js';
import { lastSegment } from '../resource-id.js';
import { type InUse, resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import { networkApiVersionsSince } from './member-versions.js';

const schema = Schema.envelope('name id etag type location tags properties', {
  // The model has a resourceGuid, which Azure does not show.
  properties: Schema.object({ provisioningState: Schema.provisioningState(), resourceGuid: Schema.resourceGuid() }),
});

const usedBy = (path: string, users: 'IpConfiguration(s)' | 'SecurityRule(s)'): InUse => ({
  by: 'Microsoft.Network/*',
  path,
  refuse({ name, links }) {
    const names = links.map(({ sourceId }) => lastSegment(sourceId)).join(', ');
    return azureError('InUseApplicationSecurityGroupCannotBeDeleted', { values: { name, users: `${users} ${names}` } });
  },
});

export const applicationSecurityGroups = resourceType({
  type: 'Microsoft.Network/applicationSecurityGroups',
  apiVersions: networkApiVersionsSince('2017-09-01'),
  schema,
  inUse: [
    usedBy('applicationSecurityGroups', 'IpConfiguration(s)'),
    usedBy('sourceApplicationSecurityGroups', 'SecurityRule(s)'),
    usedBy('destinationApplicationSecurityGroups', 'SecurityRule(s)'),
  ],
});
