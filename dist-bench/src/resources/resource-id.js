/**
 * Azure resource ids: `/subscriptions/{s}/resourceGroups/{g}/providers/{namespace}/{type}/{name}[/{type}/{name}…]`.
 * Ids compare case-insensitively; `key` is the folded form by which everything is stored and looked up.
 */
const pattern = /^\/subscriptions\/([^/]+)(?:\/resourcegroups\/([^/]+))?\/providers\/([^/]+)\/(.+)$/i;
/** Reads an id in any casing; undefined when `text` is none. */
export function parseResourceId(text) {
    const match = pattern.exec(text);
    if (!match)
        return undefined;
    const [, subscriptionId, resourceGroup, namespace, rest] = match;
    const segments = rest.split('/');
    if (segments.length % 2 !== 0 || segments.some((segment) => segment === ''))
        return undefined;
    return {
        subscriptionId,
        resourceGroup,
        namespace,
        types: segments.filter((_, index) => index % 2 === 0),
        names: segments.filter((_, index) => index % 2 === 1),
    };
}
/** The folded form of an id: what is stored, indexed and compared. */
export const idKey = (id) => id.toLowerCase();
/** `Microsoft.Network/loadBalancers/probes`. */
export const typeOf = (id) => [id.namespace, ...id.types].join('/');
/** The id as Azure writes it. */
export function formatResourceId(id) {
    const group = id.resourceGroup === undefined ? '' : `/resourceGroups/${id.resourceGroup}`;
    const pairs = id.types.map((type, index) => `/${type}/${id.names[index]}`).join('');
    return `/subscriptions/${id.subscriptionId}${group}/providers/${id.namespace}${pairs}`;
}
/** Id of the top-level resource that `id` is or lies in. */
export function rootOf(id) {
    return id.types.length === 1 ? id : { ...id, types: id.types.slice(0, 1), names: id.names.slice(0, 1) };
}
/** Folded key of the top-level resource that the folded key or id `id` lies in; cheaper than parsing. */
export function rootKey(id) {
    const key = id.toLowerCase();
    const providers = key.indexOf('/providers/');
    if (providers < 0)
        return key;
    let slash = providers + '/providers/'.length - 1;
    for (let segment = 0; segment < 3; segment++) {
        slash = key.indexOf('/', slash + 1);
        if (slash < 0)
            return key;
    }
    return key.slice(0, slash);
}
export const resourceGroupId = (subscriptionId, resourceGroup) => `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
//# sourceMappingURL=resource-id.js.map