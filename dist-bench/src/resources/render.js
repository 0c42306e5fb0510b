/**
 * Writes a stored resource as Azure shows it: members in Azure's order, ids, types and etags of every child, computed
 * back-references, and only what the request's api-version knows.
 */
import { linksOf } from './references.js';
const visibleMembers = new WeakMap();
function membersOf(node, apiVersion) {
    let byVersion = visibleMembers.get(node);
    if (!byVersion) {
        byVersion = new Map();
        visibleMembers.set(node, byVersion);
    }
    let members = byVersion.get(apiVersion);
    if (!members) {
        members = Object.entries(node.properties ?? {}).filter(([, { since, until, absentIn }]) => (since === undefined || apiVersion >= since) &&
            (until === undefined || apiVersion < until) &&
            !absentIn?.includes(apiVersion));
        byVersion.set(apiVersion, members);
    }
    return members;
}
class Renderer {
    resource;
    options;
    #incoming = new Map();
    constructor(resource, options) {
        this.resource = resource;
        this.options = options;
        const own = linksOf(options.document, options.schema, resource);
        for (const link of [...own, ...options.links]) {
            const links = this.#incoming.get(link.target);
            if (links)
                links.push(link);
            else
                this.#incoming.set(link.target, [link]);
        }
    }
    #backReference(node, self) {
        const wanted = node.backReference;
        const links = this.#incoming.get(self.key);
        if (!links)
            return undefined;
        const ids = new Map();
        for (const link of links) {
            if (link.path === wanted.path && wanted.types.includes(link.sourceType))
                ids.set(link.sourceId.toLowerCase(), link.sourceId);
        }
        if (ids.size === 0)
            return undefined;
        const references = [...ids.values()].map((id) => ({ id }));
        return wanted.single ? references[0] : references;
    }
    #computed(name, parent, self) {
        const node = parent.properties?.[name];
        if (node?.backReference)
            return this.#backReference(node, self);
        if (parent.envelope && name === 'id')
            return self.id;
        if (parent.envelope && name === 'etag')
            return this.resource.etag;
        if (parent.envelope && name === 'type')
            return self.type;
        if (parent.envelope && name === 'name')
            return self.name;
        if (name === 'provisioningState')
            return this.resource.provisioningState;
        return undefined;
    }
    /** `value` as `node` shows it. */
    render(value, node, self) {
        if (Array.isArray(value)) {
            return node.items ? value.map((item) => this.#renderItem(item, node, self)) : value;
        }
        if (value === null || typeof value !== 'object' || !node.properties || node.reference)
            return value;
        const stored = value;
        const shown = {};
        for (const [name, member] of membersOf(node, this.options.apiVersion)) {
            const known = stored[name];
            const written = known === undefined ? this.#computed(name, node, self) : this.render(known, member, self);
            if (written !== undefined)
                shown[name] = written;
        }
        return shown;
    }
    #renderItem(item, node, self) {
        const items = node.items;
        if (!node.child)
            return this.render(item, items, self);
        const name = String(item.name);
        const id = `${self.id}/${node.child}/${name}`;
        return this.render(item, items, {
            id,
            key: id.toLowerCase(),
            type: `${self.type}/${node.child}`,
            name,
        });
    }
}
/** The whole resource as a GET shows it. */
export function renderResource(resource, options) {
    const self = { id: resource.id, key: resource.id.toLowerCase(), type: resource.type, name: resource.name };
    return new Renderer(resource, options).render(options.document, options.schema, self);
}
//# sourceMappingURL=render.js.map