/** How types, names, scopes and ids of resources belong together. */
import type { DeploymentScope } from './context.js';

/** The id under which the resources of `scope` live; empty for the tenant. */
export function scopeId(scope: DeploymentScope): string {
  switch (scope.kind) {
    case 'resourceGroup':
      return `/subscriptions/${scope.subscriptionId}/resourceGroups/${scope.resourceGroup}`;
    case 'subscription':
      return `/subscriptions/${scope.subscriptionId}`;
    case 'managementGroup':
      return `/providers/Microsoft.Management/managementGroups/${scope.managementGroup}`;
    case 'tenant':
      return '';
  }
}

/** The id of the resource `name` of `type` under `parentId`. */
export function resourceIdOf(parentId: string, type: string, name: string): string {
  if (type.toLowerCase() === 'microsoft.resources/resourcegroups') return `${parentId}/resourceGroups/${name}`;
  const [namespace = '', ...types] = type.split('/');
  const names = name.split('/');
  return `${parentId}/providers/${namespace}${types.map((segment, index) => `/${segment}/${names[index] ?? ''}`).join('')}`;
}

/** A root type has one segment more than its name; so has every child type after the join with its parent's. */
export const segmentsMatch = (type: string, name: string): boolean =>
  type.split('/').length === name.split('/').length + 1;

/** No id of Azure's is as long. */
const maxIdLength = 4096;

export interface ParsedResourceId {
  readonly subscriptionId: string | undefined;
  readonly resourceGroup: string | undefined;
  readonly type: string;
  /** The names of the resource and its parents, joined by slashes. */
  readonly name: string;
}

/** The parts of a resource id; undefined when `id` is none. */
export function splitResourceId(id: string): ParsedResourceId | undefined {
  if (id.length > maxIdLength) return undefined;
  const match =
    /^(?:\/subscriptions\/([^/]+))?(?:\/resourceGroups\/([^/]+))?(?:.*)\/providers\/([^/]+)((?:\/[^/]+\/[^/]+)+)\/?$/i.exec(
      id,
    );
  if (!match) return undefined;
  const [, subscriptionId, resourceGroup, namespace = '', rest = ''] = match;
  const segments = rest.slice(1).split('/');
  return {
    subscriptionId,
    resourceGroup,
    type: [namespace, ...segments.filter((_, index) => index % 2 === 0)].join('/'),
    name: segments.filter((_, index) => index % 2 === 1).join('/'),
  };
}

/** The scope that an id such as `/subscriptions/…/resourceGroups/…` names. */
export function parseScopeId(id: string): DeploymentScope | undefined {
  if (id === '/' || id === '') return { kind: 'tenant' };
  const group = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/?$/i.exec(id);
  if (group) return { kind: 'resourceGroup', subscriptionId: group[1] as string, resourceGroup: group[2] as string };
  const subscription = /^\/subscriptions\/([^/]+)\/?$/i.exec(id);
  if (subscription) return { kind: 'subscription', subscriptionId: subscription[1] as string };
  const management = /^\/?(?:providers\/)?Microsoft\.Management\/managementGroups\/([^/]+)\/?$/i.exec(id);
  return management ? { kind: 'managementGroup', managementGroup: management[1] as string } : undefined;
}
