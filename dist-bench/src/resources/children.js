/** Finds child resources, which live in arrays of their parent's document and are matched by name in any casing. */
import { parseResourceId, rootKey } from './resource-id.js';
/** The children in `collection` of a parent's `properties`; empty when there are none. */
export const childrenIn = (properties, collection) => properties?.[collection] ?? [];
/** Whether `child` is called `name`, whatever the casing. */
export const isNamed = (child, name) => name !== undefined && child.name?.toLowerCase() === name.toLowerCase();
/** The child called `name`, whatever the casing. */
export const childNamed = (children, name) => children?.find((child) => isNamed(child, name));
/** The child of one collection that `id` names by its last segment. */
export const childWithId = (children, id) => (id === undefined ? undefined : childNamed(children, id.slice(id.lastIndexOf('/') + 1)));
/** The properties of `child`, made when it has none. */
export function propertiesOf(child) {
    child.properties ??= {};
    return child.properties;
}
/**
 * The children that `id` leads through below the document of its top-level resource: `[pool]` for a pool, `[set, machine]`
 * for what lies two levels down, empty for the top-level resource itself. Undefined when one of them is not there.
 */
export function childrenOnPath({ properties }, { types, names }) {
    const found = [];
    let parent = properties;
    for (let depth = 1; depth < types.length; depth++) {
        const collection = types[depth].toLowerCase();
        const member = Object.keys(parent ?? {}).find((name) => name.toLowerCase() === collection);
        const children = member === undefined ? undefined : parent?.[member];
        const child = Array.isArray(children) ? childNamed(children, names[depth]) : undefined;
        if (!child)
            return undefined;
        found.push(child);
        parent = child.properties;
    }
    return found;
}
/** The child, or child of a child, that `id` names, with the resource whose document it lies in. */
export function lookUpChild(lookup, id) {
    const parsed = parseResourceId(id);
    const parent = lookup.resource(rootKey(id));
    const child = parsed && parent && childrenOnPath(parent.document, parsed)?.at(-1);
    return child && { parent: parent, child };
}
//# sourceMappingURL=children.js.map