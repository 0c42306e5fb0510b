/** What must hold before a resource is written or deleted: the client saw its newest state, and nobody uses what goes. */
import { azureError } from '../../../errors/index.js';
import { childrenIn } from '../../../resources/children.js';
import { findResourceType } from '../../../resources/registry.js';
import { idKey, rootKey } from '../../../resources/resource-id.js';
const weakEtag = (given) => (given.startsWith('W/') ? given : `W/"${given.replaceAll('"', '')}"`);
/** Throws `PreconditionFailed` when `existing`, which is or would be `id`, is not what the client expects. */
export function checkPreconditions(id, existing, { ifMatch, ifNoneMatch }) {
    const mismatch = (given, etag) => azureError('PreconditionFailed', {
        details: [
            {
                code: 'PreconditionFailedEtagMismatch',
                message: `Etag provided in if-match header ${given} does not match etag ${etag} of resource ${id} in NRP data store.`,
            },
        ],
    });
    if (ifMatch !== undefined && ifMatch !== '*' && weakEtag(ifMatch) !== existing?.etag) {
        throw mismatch(weakEtag(ifMatch), existing?.etag ?? 'null');
    }
    if (ifMatch === '*' && !existing)
        throw mismatch('*', 'null');
    if (ifNoneMatch === '*' && existing)
        throw mismatch('*', existing.etag);
}
const comesFrom = ({ by, path }, link) => (by.endsWith('*') ? link.sourceType.startsWith(by.slice(0, -1)) : link.sourceType === by) &&
    (path === '*' || link.path === path);
function refusal(lookup, { id, name, rules, resource }) {
    if (!rules?.length)
        return undefined;
    const key = idKey(id);
    const root = rootKey(id);
    const links = lookup
        .linksInto(root)
        .filter(({ target }) => key === root || target === key || target.startsWith(`${key}/`));
    for (const rule of rules) {
        const users = links.filter((link) => comesFrom(rule, link));
        if (users.length > 0)
            return rule.refuse({ id, name, links: users, resource });
    }
    return undefined;
}
/** Why `existing` cannot become `document`: a child that would be gone is in use, as its type declares. */
export function refusalToDropChildren(lookup, existing, document) {
    if (!existing)
        return undefined;
    for (const { name: collection, inUse: rules } of findResourceType(existing.type)?.children ?? []) {
        if (!rules)
            continue;
        const staying = new Set(childrenIn(document.properties, collection).map(({ name = '' }) => name.toLowerCase()));
        for (const { name = '' } of childrenIn(existing.document.properties, collection)) {
            if (staying.has(name.toLowerCase()))
                continue;
            const refused = refusal(lookup, { id: `${existing.id}/${collection}/${name}`, name, rules, resource: existing });
            if (refused)
                return refused;
        }
    }
    return undefined;
}
/** Why `existing` cannot be deleted; undefined when nothing refers to it. */
export function refusalToDelete(lookup, existing) {
    const { id, name } = existing;
    const rules = findResourceType(existing.type)?.inUse;
    return (refusal(lookup, { id, name, rules, resource: existing }) ??
        refusalToDropChildren(lookup, existing, { properties: {} }));
}
//# sourceMappingURL=preconditions.js.map