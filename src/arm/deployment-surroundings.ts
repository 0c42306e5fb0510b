/** What templates can ask of the world around them: `environment()`, `subscription()`, `resourceGroup()`, the time. */
import { cloudMetadata } from '../identity/cloud-metadata.js';
import { defaultTenantId } from '../identity/tenant.js';
import { newGuid } from '../ids.js';
import { findResourceType } from '../resources/registry.js';
import type { Arm } from './arm.js';
import type { Json, JsonObject, Surroundings } from './deployments/index.js';
import { azureLocations } from './locations.js';
import { showGroup } from './resource-groups.js';

/** The surroundings of a deployment whose client reached us at `origin`. */
export const deploymentSurroundings = (arm: Arm, origin: string): Surroundings => ({
  tenantId: defaultTenantId,
  environment: cloudMetadata('2022-09-01', origin) as JsonObject,
  subscription: (subscriptionId) => ({
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    tenantId: defaultTenantId,
    displayName: 'Lazurite',
  }),
  resourceGroup(subscriptionId, name) {
    const group = arm.store.group(subscriptionId, name);
    return group && (showGroup(group) as JsonObject);
  },
  provider(namespace, resourceType) {
    const type = findResourceType(`${namespace}/${resourceType}`);
    if (!type) return undefined;
    const locations: Json = azureLocations.map(({ displayName }) => displayName);
    return { resourceType, locations, apiVersions: [...type.apiVersions].reverse() };
  },
  now: () => arm.context.clock.timestamp(),
  newGuid,
});
