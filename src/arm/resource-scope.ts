/** Subscriptions and resource groups in which requests are made. */
import { azureError } from '../errors.js';
import { isGuid } from '../ids.js';
import type { ResourceGroup } from '../store/resource-store.js';
import { wellFormedApiVersion } from './api-versions.js';
import type { ArmContext } from './arm-context.js';

/** Where a request is made, as the client wrote it. */
export interface ScopeRequest {
  readonly subscriptionId: string;
  readonly apiVersion: string | undefined;
}

/**
 * Any GUID is a subscription, from its first use. The api-version is checked first, as Azure does. Throws what
 * `wellFormedApiVersion` throws, or `InvalidSubscriptionId`.
 */
export function checkSubscription({ subscriptionId, apiVersion }: ScopeRequest, { store, clock }: ArmContext): void {
  wellFormedApiVersion(apiVersion);
  if (!isGuid(subscriptionId)) throw azureError('InvalidSubscriptionId', { values: { subscriptionId } });
  store.resources.rememberSubscription(subscriptionId, clock.timestamp());
}

/** The resource group `name`. Throws as `checkSubscription` does, or `ResourceGroupNotFound`. */
export function existingGroup(request: ScopeRequest & { readonly name: string }, context: ArmContext): ResourceGroup {
  checkSubscription(request, context);
  const { subscriptionId, name } = request;
  const group = context.store.resources.group(subscriptionId, name);
  if (!group) throw azureError('ResourceGroupNotFound', { values: { resourceGroup: name } });
  return group;
}

/** The same for a request that creates something in the group. Throws `ResourceGroupBeingDeleted` besides. */
export function writableGroup(request: ScopeRequest & { readonly name: string }, context: ArmContext): ResourceGroup {
  const group = existingGroup(request, context);
  if (group.provisioningState === 'Deleting') {
    throw azureError('ResourceGroupBeingDeleted', { values: { resourceGroup: group.name } });
  }
  return group;
}
