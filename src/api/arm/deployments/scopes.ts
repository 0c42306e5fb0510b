/** Where deployments go (resource group, subscription, management group, tenant), where they are stored, how their deletion is polled. */
import type { FastifyRequest } from 'fastify';
import { azureError } from '../../../errors/index.js';
import type { StoredDeployment } from '../../../store/deployment-store.js';
import type { ArmContext } from '../resources/arm-context.js';
import { apiVersionOf, groupOf, parametersOf, subscriptionOf } from '../resources/request.js';
import type { DeploymentScope } from '../template/context.js';
import { scopeId } from '../template/resource-ids.js';
import type { DeploymentRequest } from './request.js';

/** The paths of all scopes, with the end of their operations' names. */
export const deploymentScopes = [
  { path: '/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName', suffix: '' },
  { path: '/subscriptions/:subscriptionId', suffix: 'AtSubscriptionScope' },
  { path: '/providers/Microsoft.Management/managementGroups/:groupId', suffix: 'AtManagementGroupScope' },
  { path: '', suffix: 'AtTenantScope' },
] as const;

/**
 * The scope in the path of `request`. Throws `ResourceGroupNotFound`; any subscription and any management group exists
 * at its first use.
 */
export function scopeOf(request: FastifyRequest, context: ArmContext): DeploymentScope {
  const { subscriptionId, resourceGroupName, groupId } = parametersOf(request);
  if (subscriptionId === undefined) {
    apiVersionOf(request);
    return groupId === undefined ? { kind: 'tenant' } : { kind: 'managementGroup', managementGroup: groupId };
  }
  if (resourceGroupName === undefined) {
    return { kind: 'subscription', subscriptionId: subscriptionOf(request, context) };
  }
  const { name: resourceGroup } = groupOf(request, context);
  return { kind: 'resourceGroup', subscriptionId, resourceGroup };
}

export const deploymentId = (scope: DeploymentScope, name: string): string =>
  `${scopeId(scope)}/providers/Microsoft.Resources/deployments/${name}`;

/** The deployment in the path of `request`. Throws what `scopeOf` throws, `DeploymentNameTooLong` or `InvalidDeploymentName`. */
export function targetOf(request: FastifyRequest, context: ArmContext) {
  const scope = scopeOf(request, context);
  const name = parametersOf(request).deploymentName as string;
  const { length } = name;
  if (length > 64) throw azureError('DeploymentNameTooLong', { values: { name, length } });
  if (!/^[-\w.()]+$/.test(name)) throw azureError('InvalidDeploymentName', { values: { name } });
  const id = deploymentId(scope, name);
  return { scope, name, id, key: id.toLowerCase() };
}

/** The stored deployment in the path of `request`. Throws `DeploymentNotFound` besides. */
export function existingDeployment(request: FastifyRequest, context: ArmContext): StoredDeployment {
  const { name, key } = targetOf(request, context);
  const stored = context.store.deployments.deployment(key);
  if (!stored) throw azureError('DeploymentNotFound', { values: { name } });
  return stored;
}

/** Where jobs of a scope are polled: those of a group at its subscription. */
export const jobScope = (scope: DeploymentScope): string =>
  scope.kind === 'resourceGroup' ? `/subscriptions/${scope.subscriptionId}` : scopeId(scope);

export interface KeptUnder {
  /** A subscription, or the id of the management group; empty for the tenant. */
  readonly subscriptionId: string;
  readonly resourceGroup: string | undefined;
}

/** Where the deployment with this `id`, or the deployments of a scope with this id, are kept. */
export function keptUnder(id: string): KeptUnder {
  const [, subscriptionId, resourceGroup] = /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?/i.exec(id) ?? [];
  if (subscriptionId !== undefined) return { subscriptionId, resourceGroup };
  const above = id.replace(/\/providers\/Microsoft\.Resources\/deployments(\/.*)?$/i, '');
  return { subscriptionId: above.toLowerCase(), resourceGroup: undefined };
}

/** Above resource groups a deployment has a location and keeps it. Throws what Azure refuses, such as `InvalidDeployment`. */
export function checkDeploymentLocation(
  { name, location: given }: Pick<DeploymentRequest, 'name' | 'location'>,
  { scope, existing }: { scope: DeploymentScope; existing: string | undefined },
): void {
  if (scope.kind === 'resourceGroup') {
    if (given !== undefined) throw azureError('InvalidDeployment', { values: { name } });
    return;
  }
  if (given === undefined) throw azureError('DeploymentLocationRequired', { values: { name } });
  if (existing !== undefined && normal(existing) !== normal(given)) {
    throw azureError('InvalidDeploymentLocation', { values: { name, location: given, existing } });
  }
}

const normal = (location: string): string => location.replaceAll(' ', '').toLowerCase();
