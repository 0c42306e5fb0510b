/** Reads resources and their children as Azure shows them at an api-version. */
import { childNamed } from '../../../resources/children.js';
import { findResourceType } from '../../../resources/registry.js';
import { renderResource } from '../../../resources/render.js';
import { idKey, rootKey } from '../../../resources/resource-id.js';
import { schemaOf } from '../../../resources/resource-type.js';
import { showOpaque } from './opaque-resources.js';
export class ResourceReader {
    store;
    constructor(store) {
        this.store = store;
    }
    /** The whole resource. `expand` is Azure's `$expand`: a path to references to be shown in full. */
    show(resource, apiVersion, expand) {
        const type = findResourceType(resource.type);
        if (!type)
            return showOpaque(resource, this.store);
        const document = type.view?.({ resource, lookup: this.store, apiVersion, expand }) ?? resource.document;
        const links = this.store.linksInto(resource.key);
        const shown = renderResource(resource, { schema: schemaOf(type), apiVersion, document, links });
        this.#expandAll(shown, expand, apiVersion);
        return shown;
    }
    /** The children in one collection of a resource. */
    children(resource, collection, apiVersion) {
        const properties = this.show(resource, apiVersion).properties;
        return properties[collection] ?? [];
    }
    /** One child, by its name in any casing. */
    child(resource, { collection, name, apiVersion, expand }) {
        const child = childNamed(this.children(resource, collection, apiVersion), name);
        if (child)
            this.#expandAll(child, expand, apiVersion);
        return child;
    }
    #expandAll(shown, expand, apiVersion) {
        for (const path of expand?.split(',') ?? [])
            this.#expand(shown, path.trim().split('/'), apiVersion);
    }
    /** Replaces `{id}` at `path` below a resource or child by what it refers to. */
    #expand(shown, path, apiVersion) {
        const [step, ...rest] = path;
        if (step === undefined)
            return;
        const properties = (shown.properties ?? {});
        const member = Object.keys(properties).find((name) => name.toLowerCase() === step.toLowerCase());
        if (member === undefined)
            return;
        const value = properties[member];
        if (Array.isArray(value)) {
            properties[member] = value.map((item) => this.#expandItem(item, rest, apiVersion));
        }
        else
            properties[member] = this.#expandItem(value, rest, apiVersion);
    }
    #expandItem(item, rest, apiVersion) {
        const isReference = typeof item.id === 'string' && Object.keys(item).length === 1;
        const whole = isReference ? (this.#byId(item.id, apiVersion) ?? item) : item;
        this.#expand(whole, rest, apiVersion);
        return whole;
    }
    /** The resource or child with this id; undefined when there is none. */
    #byId(id, apiVersion) {
        const root = this.store.resource(rootKey(id));
        if (!root)
            return undefined;
        if (root.key === idKey(id))
            return this.show(root, apiVersion);
        const [collection = '', name = ''] = id.slice(root.key.length + 1).split('/');
        const type = findResourceType(root.type);
        const known = type?.children?.find((child) => child.name.toLowerCase() === collection.toLowerCase());
        return known && this.child(root, { collection: known.name, name, apiVersion });
    }
}
/** Schema of one child of a type's collection. */
export const childSchema = (type, collection) => schemaOf(type).properties?.properties?.properties?.[collection]?.items;
//# sourceMappingURL=resource-reader.js.map