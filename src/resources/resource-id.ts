/**
 * Azure resource ids: `/subscriptions/{s}/resourceGroups/{g}/providers/{namespace}/{type}/{name}[/{type}/{name}…]`.
 * Ids compare case-insensitively; `key` is the folded form by which everything is stored and looked up.
 */

export interface ResourceId {
  readonly subscriptionId: string;
  /** Absent for resources that live in the subscription itself. */
  readonly resourceGroup: string | undefined;
  readonly namespace: string;
  /** Type segments after the namespace: `['loadBalancers', 'probes']`. */
  readonly types: readonly string[];
  /** One name per type segment. */
  readonly names: readonly string[];
}

const pattern = /^\/subscriptions\/([^/]+)(?:\/resourcegroups\/([^/]+))?\/providers\/([^/]+)\/(.+)$/i;

/** Reads an id in any casing; undefined when `text` is none. */
export function parseResourceId(text: string): ResourceId | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, subscriptionId, resourceGroup, namespace, rest] = match as unknown as [
    string,
    string,
    string | undefined,
    string,
    string,
  ];
  const segments = rest.split('/');
  if (segments.length % 2 !== 0 || segments.some((segment) => segment === '')) return undefined;
  return {
    subscriptionId,
    resourceGroup,
    namespace,
    types: segments.filter((_, index) => index % 2 === 0),
    names: segments.filter((_, index) => index % 2 === 1),
  };
}

/** The folded form of an id: what is stored, indexed and compared. */
export const idKey = (id: string): string => id.toLowerCase();

/** `Microsoft.Network/loadBalancers/probes`. */
export const typeOf = (id: ResourceId): string => [id.namespace, ...id.types].join('/');

/** The id as Azure writes it. */
export function formatResourceId(id: ResourceId): string {
  const group = id.resourceGroup === undefined ? '' : `/resourceGroups/${id.resourceGroup}`;
  const pairs = id.types.map((type, index) => `/${type}/${id.names[index]}`).join('');
  return `/subscriptions/${id.subscriptionId}${group}/providers/${id.namespace}${pairs}`;
}

/** What follows the last slash: the name in an id or a qualified name, the last segment of a type. */
export const lastSegment = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Id of the top-level resource that `id` is or lies in. */
export function rootOf(id: ResourceId): ResourceId {
  return id.types.length === 1 ? id : { ...id, types: id.types.slice(0, 1), names: id.names.slice(0, 1) };
}

/** Folded key of the top-level resource that the folded key or id `id` lies in; cheaper than parsing. */
export function rootKey(id: string): string {
  const key = id.toLowerCase();
  const providers = key.indexOf('/providers/');
  if (providers < 0) return key;
  let slash = providers + '/providers/'.length - 1;
  for (let segment = 0; segment < 3; segment++) {
    slash = key.indexOf('/', slash + 1);
    if (slash < 0) return key;
  }
  return key.slice(0, slash);
}

export const resourceGroupId = (subscriptionId: string, resourceGroup: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
