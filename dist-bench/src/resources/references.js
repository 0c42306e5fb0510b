class Found {
    holder;
    node;
    place;
    constructor(holder, node, place) {
        this.holder = holder;
        this.node = node;
        this.place = place;
    }
    get types() {
        return this.node.reference ?? [];
    }
    get anyRegion() {
        return this.node.anyRegion ?? false;
    }
    get path() {
        return this.place.path;
    }
    get sourceId() {
        return this.place.id;
    }
    get sourceType() {
        return this.place.type;
    }
    get jsonPath() {
        const steps = [];
        for (let place = this.place; place; place = place.within) {
            if (place.key !== undefined)
                steps.push(place.key);
        }
        return steps.reverse();
    }
}
// Every write and every answer walks a whole document. As nested generators, this was an eighth of the API's time.
function walk(value, { node, place, found }) {
    if (node.reference) {
        found.push(new Found(value, node, place));
        return;
    }
    if (Array.isArray(value)) {
        if (node.items)
            walkItems(value, { node, place, found });
        return;
    }
    if (!node.properties)
        return;
    for (const name of Object.keys(value)) {
        const member = value[name];
        if (member === null || typeof member !== 'object')
            continue;
        const schema = node.properties[name];
        if (!schema || schema.readOnly || !mayHoldReference(schema))
            continue;
        const { id, type } = place;
        walk(member, { node: schema, place: { id, type, path: name, key: name, within: place }, found });
    }
}
function walkItems(items, at) {
    const { node, place, found } = at;
    for (let key = 0; key < items.length; key++) {
        const item = items[key];
        if (item === null || typeof item !== 'object')
            continue;
        const inner = node.child
            ? {
                id: `${place.id}/${node.child}/${String(item.name)}`,
                type: `${place.type}/${node.child}`,
                path: '',
                key,
                within: place,
            }
            : { ...place, key, within: place };
        walk(item, { node: node.items, place: inner, found });
    }
}
const holdsReference = new WeakMap();
/** Most members are scalars; remembering which subtrees hold references keeps the walk short. */
function mayHoldReference(node) {
    const known = holdsReference.get(node);
    if (known !== undefined)
        return known;
    const holds = node.reference !== undefined ||
        (node.items !== undefined && mayHoldReference(node.items)) ||
        Object.values(node.properties ?? {}).some((member) => !member.readOnly && mayHoldReference(member));
    holdsReference.set(node, holds);
    return holds;
}
/** Every reference in `document` of the resource `id` of type `type`, in the document's order. */
export function referencesIn(document, schema, { id, type }) {
    const found = [];
    const place = { id, type, path: '', key: undefined, within: undefined };
    walk(document, { node: schema, place, found });
    return found;
}
/** The document's references as links. */
export function linksOf(document, schema, source) {
    return referencesIn(document, schema, source).map(({ sourceId, sourceType, path, holder }) => ({
        sourceId,
        sourceType,
        path,
        target: holder.id.toLowerCase(),
    }));
}
//# sourceMappingURL=references.js.map