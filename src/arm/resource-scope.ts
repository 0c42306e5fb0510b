/** Where a request points: its subscription, its resource group, and that both exist. */
import type { FastifyRequest } from 'fastify';
import { azureError } from '../errors.js';
import { isGuid } from '../ids.js';
import type { ResourceGroup } from '../store/resource-store.js';
import { apiVersionOf } from './api-versions.js';
import type { ArmContext } from './arm-context.js';
import { isAzureLocation, isWellFormedLocation, locationNames } from './locations.js';

export type Parameters = Record<string, string>;

export const parametersOf = (request: FastifyRequest): Parameters => request.params as Parameters;

/** The subscription in the path: any GUID, from its first use. The api-version is checked first, as Azure does. */
export function subscriptionOf(request: FastifyRequest, { store, clock }: ArmContext): string {
  apiVersionOf(request);
  const subscriptionId = parametersOf(request).subscriptionId as string;
  if (!isGuid(subscriptionId)) throw azureError('InvalidSubscriptionId', { values: { subscriptionId } });
  store.resources.rememberSubscription(subscriptionId, clock.timestamp());
  return subscriptionId;
}

/** The resource group in the path; throws when there is none, or (for writes) while it is being deleted. */
export function groupOf(request: FastifyRequest, context: ArmContext): ResourceGroup {
  const subscriptionId = subscriptionOf(request, context);
  const name = parametersOf(request).resourceGroupName as string;
  const group = context.store.resources.group(subscriptionId, name);
  if (!group) throw azureError('ResourceGroupNotFound', { values: { resourceGroup: name } });
  if (group.provisioningState === 'Deleting' && request.method === 'PUT') {
    throw azureError('ResourceGroupBeingDeleted', { values: { resourceGroup: group.name } });
  }
  return group;
}

/** Refuses a location that no region has. `given` is what the client wrote, `location` its normalised form. */
export function checkLocation(
  given: unknown,
  { location, type }: { location: string | undefined; type: string },
): void {
  if (location === undefined || location === '') throw azureError('LocationRequired');
  if (typeof given === 'string' && !isWellFormedLocation(given)) {
    throw azureError('InvalidResourceLocationFormat', { values: { location: given } });
  }
  if (isAzureLocation(location)) return;
  const values = { location: String(given), type, available: locationNames };
  throw type === 'resourceGroups'
    ? azureError('LocationNotAvailableForResourceGroup', { values })
    : azureError('LocationNotAvailableForResourceType', { values });
}
